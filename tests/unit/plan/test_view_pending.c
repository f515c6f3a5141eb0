/*
 * A view of what is not durable yet: it stays as it was taken, whatever becomes of that.
 */
#include "tests/support/alloc_fault.h"
#include "tests/unit/plan/fixture.h"
#include "tests/unit/plan/random_changes.h"

static struct plan *plan;

static void
setup(void)
{
	plan = plan_new();
	ck_assert(plan != NULL);
}

static void
teardown(void)
{
	plan_free(plan);
	arena_free(fixture_arena);
	fixture_arena = NULL;
}

static struct view *
pending(void)
{
	struct view *view = plan_view_pending(plan);

	ck_assert(view != NULL);
	return view;
}

static struct patch *
applied(const char *changes)
{
	struct outcome o = apply(plan, changes);

	ck_assert_msg(o.ok, "%s", o.err.msg);
	return o.patch;
}

static const struct item *
in_view(const struct view *view, enum kind kind, const char *id)
{
	return view_find(view, kind, id, strlen(id));
}

static const char first[] = "[" PUT("g1", "\"title\": \"one\", \"goal\": {}") "]";
static const char second[] =
    "[" PUT("g1", "\"title\": \"two\", \"goal\": {}") "," PUT("g2", "\"goal\": {}") "]";

/* Without anything on its way it is a view like the others. */
START_TEST(nothing_pending)
{
	struct view *view;
	char *text, *expected = NULL;

	take(plan, first);
	expected = dump_durable(plan);
	view = pending();
	ck_assert(view_settle(view));
	text = dump(view);
	ck_assert_str_eq(text, expected);
	plan_view_release(plan, view);
	free(text);
	free(expected);
}
END_TEST

/* The dry run: what it would have done is still seen after it was undone, by name too. */
START_TEST(undone)
{
	struct view *before, *after;
	struct patch *patch;

	take(plan, first);
	patch = applied(second);
	after = pending();
	plan_undo(plan, patch);
	before = pending();
	/* others go on meanwhile, in the slot that was given back */
	take(plan, "[" PUT("m1", "\"measure\": {}") "]");
	ck_assert(view_settle(after) && view_settle(before));
	ck_assert_uint_eq(view_revision(after), 2);
	ck_assert_uint_eq(view_revision(before), 1);
	ck_assert_int_eq(in_view(after, KIND_GOAL, "g1")->title_len, 3);
	ck_assert(memcmp(item_title(in_view(after, KIND_GOAL, "g1")), "two", 3) == 0);
	ck_assert(memcmp(item_title(in_view(before, KIND_GOAL, "g1")), "one", 3) == 0);
	ck_assert(item_is_live(in_view(after, KIND_GOAL, "g2")));
	ck_assert(in_view(before, KIND_GOAL, "g2") == NULL);
	ck_assert(in_view(after, KIND_MEASURE, "m1") == NULL);
	plan_view_release(plan, _i == 0 ? before : after);
	plan_view_release(plan, _i == 0 ? after : before);
}
END_TEST

/* An author whose name came with the change keeps it, though his number goes to the next new one. */
START_TEST(author_of_what_was_undone)
{
	struct outcome o;
	struct view *view;

	take(plan, first);
	o = apply_as(plan, second, "", "person/ben", 2000000, false);
	ck_assert(o.ok);
	view = pending();
	plan_undo(plan, o.patch);
	o = apply_as(plan, second, "", "person/cleo", 2000000, false);
	ck_assert(o.ok);
	ck_assert(view_settle(view));
	ck_assert_str_eq(view_text(view, in_view(view, KIND_GOAL, "g2")->created_by), "person/ben");
	plan_view_release(plan, view);
	plan_settle(plan, o.patch);
}
END_TEST

/* A random past; at every step a view is taken with one or two changes on their way, which then end in some way. */
static void
random_step(struct view **kept, char **texts, size_t kept_count)
{
	struct patch *patches[2] = {NULL, NULL};
	size_t at = dice((uint32_t)kept_count);

	for (size_t i = 0; i < 2; i++) {
		struct str changes;
		struct outcome o;

		random_changes(&changes);
		o = apply(plan, changes.data);
		str_fini(&changes);
		if (o.ok)
			patches[patches[0] != NULL] = o.patch;
	}
	if (kept[at] != NULL) {
		char *text;

		ck_assert(view_settle(kept[at]));
		text = dump(kept[at]);
		ck_assert_str_eq(text, texts[at]);
		free(text);
		free(texts[at]);
		plan_view_release(plan, kept[at]);
	}
	kept[at] = plan_view_pending(plan);
	ck_assert(kept[at] != NULL);
	texts[at] = dump(plan_now(plan));
	if (patches[0] != NULL && patches[1] != NULL && dice(2) == 0) {
		plan_settle(plan, patches[0]);
		patches[0] = NULL;
	}
	for (size_t i = 2; i-- > 0;) {
		/* undone without any memory half of the times: pages that views share are written in place */
		if (patches[i] == NULL)
			continue;
		if (dice(2) == 0)
			alloc_fault_at(1, UINT64_MAX);
		plan_undo(plan, patches[i]);
		alloc_fault_end();
	}
	for (uint32_t more = dice(2); more > 0; more--) {
		struct str changes;
		struct outcome o;

		random_changes(&changes);
		o = apply(plan, changes.data);
		str_fini(&changes);
		if (o.ok)
			plan_settle(plan, o.patch);
	}
}

START_TEST(whatever_becomes_of_it)
{
	struct view *kept[5] = {NULL};
	char *texts[5] = {NULL};

	seed = 4711 + (uint64_t)_i;
	for (int step = 0; step < 400; step++)
		random_step(kept, texts, 5);
	for (size_t i = 0; i < 5; i++) {
		plan_view_release(plan, kept[i]);
		free(texts[i]);
	}
}
END_TEST

/* Out of memory: no view, and nothing is lost; the next try has one. */
START_TEST(no_memory)
{
	struct patch *patch;
	char *before, *after;

	take(plan, first);
	patch = applied(second);
	before = dump(plan_now(plan));
	for (uint64_t n = 1;; n++) {
		struct view *view;

		alloc_fault_at(n, 1);
		view = plan_view_pending(plan);
		alloc_fault_end();
		plan_view_release(plan, view);
		if (view != NULL)
			break;
		ck_assert_uint_lt(n, 50);
	}
	after = dump(plan_now(plan));
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	plan_undo(plan, patch);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("view_pending");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_pending);
	tcase_add_loop_test(tc, undone, 0, 2);
	tcase_add_test(tc, author_of_what_was_undone);
	tcase_add_loop_test(tc, whatever_becomes_of_it, 0, 10);
	tcase_add_test(tc, no_memory);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
