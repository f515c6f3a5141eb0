/*
 * Without memory: a change set is refused whole, a view is not to be had; settling and undoing need none, whoever looks on.
 */
#include "tests/support/alloc_fault.h"
#include "tests/unit/plan/fixture.h"
#include "tests/unit/plan/random_changes.h"

static struct plan *plan, *plain;

static void
setup(void)
{
	plan = plan_new();
	plain = plan_new();
	ck_assert(plan != NULL && plain != NULL);
}

static void
teardown(void)
{
	plan_free(plan);
	plan_free(plain);
	arena_free(fixture_arena);
	fixture_arena = NULL;
}

/* As apply(), with count allocations failing from the n-th on. */
static struct outcome
apply_starved(const char *changes, uint64_t n, uint64_t count)
{
	struct outcome o = {0};
	struct str text;
	ProtobufCMessage *set;
	struct stamp stamp = {plan_revision(plan) + 1, 1000000 * (int64_t)(plan_revision(plan) + 1),
	    "person/anna", false};

	arena_free(fixture_arena);
	fixture_arena = arena_new(64u << 20);
	str_init(&text, 16u << 20);
	str_addf(&text, "{\"changes\": %s}", changes);
	set = json_parse(
	    &plumb__v1__change_set__descriptor, text.data, text.len, fixture_arena, &o.err);
	ck_assert_msg(set != NULL, "%s in %s", o.err.msg, text.data);
	str_fini(&text);
	faults_init(&o.faults, fixture_arena);
	alloc_fault_at(n, count);
	o.ok = plan_apply(
	    plan, set, &stamp, false, fixture_arena, &o.faults, &o.conflict, &o.patch, &o.err);
	alloc_fault_end();
	return o;
}

static void
undo_starved(struct patch *patch)
{
	alloc_fault_at(1, UINT64_MAX);
	plan_undo(plan, patch);
	alloc_fault_end();
}

static void
settle_starved(struct patch *patch)
{
	alloc_fault_at(1, UINT64_MAX);
	plan_settle(plan, patch);
	alloc_fault_end();
}

static void
assert_view_is(struct view *view, const char *expected)
{
	char *text;

	alloc_fault_at(1, 1);
	(void)!view_settle(view);
	alloc_fault_end();
	ck_assert(view_settle(view)); /* once more, with memory */
	text = dump(view);
	ck_assert_str_eq(text, expected);
	free(text);
}

/* ---- a walk against a plain second fold -------------------------------------------------------------- */

#define PENDING_MAX 8
#define VIEWS_MAX   4

struct pending {
	char *changes;
	struct patch *patch;
};

struct walk {
	struct pending pending[PENDING_MAX];
	size_t count;
	struct view *views[VIEWS_MAX];
	char *expected[VIEWS_MAX];
	size_t taken;
	size_t starved;
	size_t no_view;
};

static void
walk_apply(struct walk *walk)
{
	struct str changes;
	struct outcome o;

	random_changes(&changes);
	/* Of some sets all is taken; others lose one allocation, or all from there on. */
	o = apply_starved(changes.data, 1 + dice(30),
	    dice(3) == 0   ? 1
	    : dice(2) == 0 ? UINT64_MAX
			   : 0);
	if (o.ok) {
		walk->pending[walk->count++] = (struct pending){str_take(&changes), o.patch};
		walk->taken++;
	} else if (o.err.code == ERR_LIMIT) {
		walk->starved++;
	}
	str_fini(&changes);
}

static void
walk_settle(struct walk *walk)
{
	struct outcome o;

	settle_starved(walk->pending[0].patch);
	o = apply_as(plain, walk->pending[0].changes, "", "person/anna",
	    1000000 * (int64_t)(plan_revision(plain) + 1), true);
	ck_assert_msg(o.ok, "%s", o.err.msg);
	plan_settle(plain, o.patch);
	free(walk->pending[0].changes);
	memmove(walk->pending, walk->pending + 1, --walk->count * sizeof walk->pending[0]);
}

static void
walk_undo(struct walk *walk)
{
	undo_starved(walk->pending[--walk->count].patch);
	free(walk->pending[walk->count].changes);
}

static void
walk_view(struct walk *walk, size_t i)
{
	if (walk->views[i] != NULL) {
		assert_view_is(walk->views[i], walk->expected[i]);
		plan_view_release(plan, walk->views[i]);
		free(walk->expected[i]);
		walk->expected[i] = NULL;
	}
	alloc_fault_at(1 + dice(6), 1);
	walk->views[i] = plan_view(plan);
	alloc_fault_end();
	if (walk->views[i] != NULL)
		walk->expected[i] = dump_durable(plain);
	else
		walk->no_view++;
}

START_TEST(a_walk_without_memory_agrees_with_a_plain_fold)
{
	struct walk walk = {.count = 0};
	char *text, *expected;

	seed = 177 + (uint64_t)_i;
	for (int step = 0; step < 2500; step++) {
		uint32_t what = dice(10);

		if (what < 5 && walk.count < PENDING_MAX)
			walk_apply(&walk);
		else if (what < 7 && walk.count > 0)
			walk_settle(&walk);
		else if (what == 7 && walk.count > 0)
			walk_undo(&walk);
		else
			walk_view(&walk, dice(VIEWS_MAX));
	}
	ck_assert_uint_gt(walk.taken, 200);
	ck_assert_uint_gt(walk.starved, 50);
	ck_assert_uint_gt(walk.no_view, 50);
	while (walk.count > 0)
		walk_undo(&walk);
	text = dump(plan_now(plan));
	expected = dump(plan_now(plain));
	ck_assert_str_eq(text, expected);
	free(text);
	free(expected);
	for (size_t i = 0; i < VIEWS_MAX; i++) {
		if (walk.views[i] != NULL)
			assert_view_is(walk.views[i], walk.expected[i]);
		free(walk.expected[i]);
		plan_view_release(plan, walk.views[i]);
	}
}
END_TEST

/* ---- names ------------------------------------------------------------------------------------------------ */

/* A list of puts of goals first .. first + count - 1, with a title. */
static char *
many_goals(unsigned first, unsigned count, const char *title)
{
	struct str changes;

	str_init(&changes, 4u << 20);
	for (unsigned i = first; i < first + count; i++)
		str_addf(&changes, "%s" PUT("goal-number-%u", "\"title\": \"%s\", \"goal\": {}"),
		    i == first ? "[" : ",", i, title);
	str_add(&changes, "]");
	return str_take(&changes);
}

static void
assert_goals(const struct view *view, unsigned count, unsigned none_from, unsigned none_to)
{
	char id[32];

	for (unsigned i = 0; i < count; i++) {
		int len = snprintf(id, sizeof id, "goal-number-%u", i);
		const struct item *item = view_find(view, KIND_GOAL, id, (size_t)len);

		ck_assert_msg(item_is_live(item) && item->id_len == len &&
				  memcmp(item_id(item), id, (size_t)len) == 0,
		    "%s is not found", id);
	}
	for (unsigned i = none_from; i < none_to; i++) {
		int len = snprintf(id, sizeof id, "goal-number-%u", i);

		ck_assert_msg(
		    !item_is_live(view_find(view, KIND_GOAL, id, (size_t)len)), "%s is found", id);
	}
}

/* Names that stay behind in pages which views share must neither be found nor hide those that are there. */
START_TEST(names_that_could_not_be_taken_out_do_no_harm)
{
	unsigned there = 0;

	for (unsigned round = 0; round < 6; round++) {
		char *tried = many_goals(there, 1500, "tried");
		char *others = many_goals(100000 + 2000 * round, 700, "others");
		char *taken = many_goals(there, 1500, "taken");
		struct outcome first = apply_starved(tried, 1, 0);
		struct view *between = plan_view(plan);
		struct outcome second = apply_starved(others, 1, 0);
		struct view *after = plan_view(plan);

		ck_assert(first.ok && second.ok && between != NULL && after != NULL);
		undo_starved(second.patch);
		undo_starved(first.patch);
		ck_assert(view_settle(between) && view_settle(after));
		assert_goals(between, there, there, there + 1500);
		assert_goals(after, there, 100000, 100000 + 2000 * round + 700);
		assert_goals(plan_now(plan), there, there, there + 1500);
		/* Slots are used again, for the same names or for others. */
		first = apply_starved(round % 2 == 0 ? taken : others, 1, 0);
		ck_assert(first.ok);
		plan_view_release(plan, between);
		if (round % 2 == 0) {
			settle_starved(first.patch);
			there += 1500;
		} else {
			undo_starved(first.patch);
		}
		plan_view_release(plan, after);
		assert_goals(plan_now(plan), there, there, there + 1500);
		free(tried);
		free(others);
		free(taken);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plan/alloc");
	TCase *cases = tcase_create("alloc");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, a_walk_without_memory_agrees_with_a_plain_fold, 0, 4);
	tcase_add_test(cases, names_that_could_not_be_taken_out_do_no_harm);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
