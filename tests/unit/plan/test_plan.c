/* The fold: what is taken, what is refused, and that nothing is left of what was undone. */
#include "tests/unit/plan/fixture.h"
#include "tests/unit/plan/random_changes.h"

#include "server/limits.h"
#include "server/plan/plan_internal.h"

static struct plan *plan;

static void
setup(void)
{
	plan = plan_new();
	ck_assert_ptr_nonnull(plan);
}

static void
teardown(void)
{
	plan_free(plan);
	arena_free(fixture_arena);
	fixture_arena = NULL;
}

#define GOAL(id)             PUT(id, "\"title\": \"Goal " id "\", \"goal\": {}")
#define INITIATIVE(id, body) PUT(id, "\"initiative\": {" body "}")
#define TASK(id, part)       PUT(id, "\"task\": {\"initiative\": \"" part "\"}")

START_TEST(an_item_is_there_with_its_envelope_after_a_put)
{
	const struct item *goal;

	take(plan, "[" GOAL("growth") "]");
	goal = find(plan, "goal/growth");
	ck_assert(item_is_live(goal));
	ck_assert_uint_eq(goal->revision, 1);
	ck_assert_uint_eq(goal->created_revision, 1);
	ck_assert_int_eq(goal->updated_us, 1000000);
	ck_assert_int_eq(goal->title_len, 11);
	ck_assert_int_eq(memcmp(item_title(goal), "Goal growth", 11), 0);
	ck_assert_str_eq(view_text(plan_now(plan), goal->created_by), "person/anna");
}
END_TEST

START_TEST(the_same_put_again_changes_nothing_but_the_plans_revision)
{
	take(plan, "[" GOAL("growth") "]");
	take(plan, "[" GOAL("growth") "]");
	ck_assert_uint_eq(plan_revision(plan), 2);
	ck_assert_uint_eq(find(plan, "goal/growth")->revision, 1);
}
END_TEST

START_TEST(a_reference_to_nothing_is_taken_and_resolves_later)
{
	const struct item *task;

	take(plan, "[" TASK("t", "portal") "]");
	task = find(plan, "task/t");
	ck_assert_uint_eq(task->refs_count, 1);
	ck_assert_ptr_null(view_ref(plan_now(plan), task, ROLE_PART_OF));
	take(plan, "[" INITIATIVE("portal", "") "]");
	ck_assert_ptr_eq(
	    view_ref(plan_now(plan), task, ROLE_PART_OF), find(plan, "initiative/portal"));
}
END_TEST

START_TEST(all_faults_of_a_set_are_told_at_once_and_nothing_changes)
{
	struct outcome o = apply(plan, "[" GOAL("fine") ", " PUT("Bad Id", "\"goal\": {}") ", " PUT(
					   "x", "\"task\": {\"due\": \"2026-02-30\", \"effort\": "
						"-1, \"initiative\": \"no/kind\"}") "]");

	ck_assert(!o.ok);
	ck_assert_int_eq(o.err.code, ERR_INVALID);
	ck_assert_uint_eq(o.faults.total, 4);
	ck_assert_str_eq(o.faults.list[0].field, "change_set.changes[1].put.item.id");
	ck_assert_str_eq(o.faults.list[1].field, "change_set.changes[2].put.item.task.initiative");
	ck_assert_str_eq(o.faults.list[2].field, "change_set.changes[2].put.item.task.due");
	ck_assert_str_eq(o.faults.list[3].field, "change_set.changes[2].put.item.task.effort");
	ck_assert_ptr_null(find(plan, "goal/fine"));
	ck_assert_uint_eq(plan_revision(plan), 0);
}
END_TEST

static const struct {
	const char *changes;
	enum err_code code;
	const char *field;
} refusals[] = {
    {"[]", ERR_INVALID, "change_set.changes"},
    {"[{}]", ERR_INVALID, "change_set.changes[0].change"},
    {"[{\"put\": {}}]", ERR_INVALID, "change_set.changes[0].put.item"},
    {"[{\"put\": {\"item\": {\"id\": \"x\"}}}]", ERR_INVALID,
	"change_set.changes[0].put.item.body"},
    {"[" PUT("x", "\"goal\": {\"weight\": 1.5}") "]", ERR_INVALID,
	"change_set.changes[0].put.item.goal.weight"},
    {"[" PUT("x", "\"measure\": {\"low\": 2, \"high\": 1}") "]", ERR_INVALID,
	"change_set.changes[0].put.item.measure.low"},
    {"[" PUT("x", "\"objective\": {\"targets\": [{\"target\": 4}]}") "]", ERR_INVALID,
	"change_set.changes[0].put.item.objective.targets[0]"},
    {"[" PUT("x", "\"waiver\": {\"finding\": \"a\", \"until\": \"2026-01-01\"}") "]", ERR_INVALID,
	"change_set.changes[0].put.item.waiver.reason"},
    {"[{\"remove\": {\"ref\": \"goal/none\"}}]", ERR_NOT_FOUND, "change_set.changes[0].remove.ref"},
    {"[{\"remove\": {\"ref\": \"none\"}}]", ERR_INVALID, "change_set.changes[0].remove.ref"},
    {"[{\"rename\": {\"ref\": \"goal/none\", \"id\": \"x\"}}]", ERR_NOT_FOUND,
	"change_set.changes[0].rename.ref"},
    {"[{\"place\": {\"item\": \"goal/a\", \"first\": true}}]", ERR_INVALID,
	"change_set.changes[0].place.item"},
    {"[{\"place\": {\"item\": \"none\", \"first\": true}}]", ERR_NOT_FOUND,
	"change_set.changes[0].place.item"},
    {"[" INITIATIVE("i", "") ", {\"place\": {\"item\": \"i\"}}]", ERR_INVALID,
	"change_set.changes[1].place"},
    {"[" INITIATIVE("i", "") ", {\"place\": {\"item\": \"i\", \"before\": \"i\"}}]", ERR_INVALID,
	"change_set.changes[1].place.before"},
    {"[{\"add\": {\"record\": {\"about\": \"m\", \"check_in\": {}}}}]", ERR_INVALID,
	"change_set.changes[0].add.record.about"},
    {"[{\"add\": {\"record\": {\"about\": \"m\", \"retracted\": true, \"measurement\": {}}}}]",
	ERR_INVALID, "change_set.changes[0].add.record"},
    {"[{\"retract\": {\"ref\": \"measurement/none\"}}]", ERR_NOT_FOUND,
	"change_set.changes[0].retract.ref"},
    {"[{\"redact\": {\"person\": \"nobody\", \"reason\": \"asked\"}}]", ERR_NOT_FOUND,
	"change_set.changes[0].redact.person"},
    {"[{\"redact\": {\"person\": \"nobody\"}}]", ERR_INVALID,
	"change_set.changes[0].redact.reason"},
};

START_TEST(what_cannot_be_stored_is_refused_with_its_place)
{
	refused(plan, refusals[_i].changes, refusals[_i].code, refusals[_i].field);
	ck_assert_uint_eq(view_slots(plan_now(plan)), 0);
}
END_TEST

START_TEST(a_title_of_the_limit_is_taken_and_one_byte_more_refused)
{
	char title[LIMIT_TITLE + 2], changes[LIMIT_TITLE + 200];

	memset(title, 'x', sizeof title);
	title[LIMIT_TITLE] = '\0';
	snprintf(
	    changes, sizeof changes, "[" PUT("a", "\"title\": \"%s\", \"goal\": {}") "]", title);
	take(plan, changes);
	title[LIMIT_TITLE] = 'x';
	title[LIMIT_TITLE + 1] = '\0';
	snprintf(
	    changes, sizeof changes, "[" PUT("b", "\"title\": \"%s\", \"goal\": {}") "]", title);
	refused(plan, changes, ERR_INVALID, "change_set.changes[0].put.item.title");
}
END_TEST

START_TEST(an_item_cannot_contain_itself)
{
	refused(plan, "[" PUT("a", "\"goal\": {\"parent\": \"a\"}") "]", ERR_INVALID,
	    "change_set.changes[0].put.item");
	take(plan, "[" PUT("a", "\"goal\": {\"parent\": \"b\"}") "," PUT(
		       "b", "\"goal\": {\"parent\": \"c\"}") "]");
	refused(plan, "[" GOAL("z") "," PUT("c", "\"goal\": {\"parent\": \"a\"}") "]", ERR_INVALID,
	    "change_set.changes[1].put.item");
	/* Prerequisites in a circle are a finding, not a refusal. */
	take(plan, "[" INITIATIVE("p", "\"after\": [\"q\"]") "," INITIATIVE(
		       "q", "\"after\": [\"p\"]") "]");
}
END_TEST

START_TEST(a_tree_of_the_limits_depth_is_taken_and_one_deeper_refused)
{
	char change[200];

	take(plan, "[" GOAL("g0") "]");
	for (unsigned i = 1; i <= LIMIT_DEPTH; i++) {
		snprintf(change, sizeof change,
		    "[" PUT("g%u", "\"goal\": {\"parent\": \"g%u\"}") "]", i, i - 1);
		take(plan, change);
	}
	snprintf(change, sizeof change, "[" PUT("g%u", "\"goal\": {\"parent\": \"g%u\"}") "]",
	    LIMIT_DEPTH + 1, LIMIT_DEPTH);
	refused(plan, change, ERR_INVALID, "change_set.changes[0].put.item");
}
END_TEST

START_TEST(removing_is_refused_while_something_refers_to_it)
{
	take(plan, "[" INITIATIVE("i", "") "," TASK("t", "i") "]");
	refused(plan, "[{\"remove\": {\"ref\": \"initiative/i\"}}]", ERR_PRECONDITION,
	    "change_set.changes[0].remove.ref");
	ck_assert(item_is_live(find(plan, "initiative/i")));
	/* In one set, in whatever order, both may go. */
	take(plan,
	    "[{\"remove\": {\"ref\": \"initiative/i\"}}, {\"remove\": {\"ref\": \"task/t\"}}]");
	ck_assert(!item_is_live(find(plan, "initiative/i")));
	ck_assert(!item_is_live(find(plan, "task/t")));
}
END_TEST

START_TEST(cascade_removes_what_belongs_and_leaves_what_mentions)
{
	take(plan,
	    "[" INITIATIVE("i", "") "," PUT(
		"w", "\"workstream\": {\"initiative\": \"i\"}") "," TASK("t",
		"workstream/w") "," INITIATIVE("next",
		"\"after\": [\"i\"]") ","
				      "{\"add\": {\"record\": {\"id\": \"c1\", \"about\": "
				      "\"task/t\", \"check_in\": {\"status\": \"ON_TRACK\"}}}},"
				      "{\"place\": {\"item\": \"i\", \"first\": true}}, "
				      "{\"place\": {\"item\": \"next\", \"last\": true}}]");
	take(plan, "[{\"remove\": {\"ref\": \"initiative/i\", \"cascade\": true}}]");
	ck_assert(!item_is_live(find(plan, "initiative/i")));
	ck_assert(!item_is_live(find(plan, "workstream/w")));
	ck_assert(!item_is_live(find(plan, "task/t")));
	ck_assert(!item_is_live(find(plan, "check-in/c1")));
	ck_assert(item_is_live(find(plan, "initiative/next")));
	ck_assert_uint_eq(find(plan, "ranking/workspace")->refs_count, 1);
	ck_assert_ptr_null(view_ref(plan_now(plan), find(plan, "initiative/next"), ROLE_AFTER));
}
END_TEST

START_TEST(a_rename_is_followed_by_references_records_and_ranking)
{
	const struct item *was, *now, *task;

	take(plan, "[" INITIATIVE("old", "\"after\": [\"old\"]") "," TASK(
		       "t", "initiative/old") ","
					      "{\"add\": {\"record\": {\"id\": \"c1\", \"about\": "
					      "\"initiative/old\", \"check_in\": {}}}},"
					      "{\"place\": {\"item\": \"old\", \"first\": true}}]");
	take(plan, "[{\"rename\": {\"ref\": \"initiative/old\", \"id\": \"new\"}}]");
	was = find(plan, "initiative/old");
	now = find(plan, "initiative/new");
	task = find(plan, "task/t");
	ck_assert(!item_is_live(was) && (was->flags & ITEM_RENAMED) != 0);
	ck_assert(item_is_live(now));
	ck_assert_uint_eq(now->created_revision, 1);
	ck_assert_uint_eq(now->previous, 1);
	ck_assert_ptr_eq(view_ref(plan_now(plan), task, ROLE_PART_OF), now);
	ck_assert_ptr_eq(view_ref(plan_now(plan), now, ROLE_AFTER), now);
	ck_assert_ptr_eq(view_ref(plan_now(plan), find(plan, "check-in/c1"), ROLE_ABOUT), now);
	ck_assert_uint_eq(find(plan, "ranking/workspace")->refs[0].slot, now->slot);
	/* The task's text says so too, in the form in which it was written. */
	ck_assert_ptr_nonnull(memmem(item_bytes(task), task->bytes_len, "initiative/new", 14));
	refused(plan,
	    "[" INITIATIVE(
		"old", "") ", {\"rename\": {\"ref\": \"initiative/old\", \"id\": \"new\"}}]",
	    ERR_EXISTS, "change_set.changes[1].rename.id");
}
END_TEST

/* The workspace's order as "a b=c d": "=" joins those that share a rank. */
static const char *
order(void)
{
	static char text[400];
	const struct item *ranking = find(plan, "ranking/workspace");
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < ranking->refs_count; i++) {
		const struct item *item = view_item(plan_now(plan), ranking->refs[i].slot);

		len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s",
		    i == 0                         ? ""
		    : ranking->refs[i].amount != 0 ? "="
						   : " ",
		    item->id_len, item_id(item));
	}
	return text;
}

static void
place(const char *item, const char *where)
{
	char change[200];

	snprintf(change, sizeof change, "[{\"place\": {\"item\": \"%s\", %s}}]", item, where);
	take(plan, change);
}

START_TEST(placing_orders_the_ranking_and_changes_no_item)
{
	take(plan, "[" INITIATIVE("a", "") "," INITIATIVE("b", "") "," INITIATIVE(
		       "c", "") "," INITIATIVE("d", "") "]");
	place("a", "\"first\": true");
	place("b", "\"last\": true");
	place("c", "\"before\": \"b\"");
	ck_assert_str_eq(order(), "a c b");
	place("d", "\"tied_with\": \"c\"");
	ck_assert_str_eq(order(), "a c=d b");
	place("a", "\"after\": \"c\""); /* behind all that share c's rank */
	ck_assert_str_eq(order(), "c=d a b");
	place("b", "\"before\": \"d\""); /* before all that share d's rank */
	ck_assert_str_eq(order(), "b c=d a");
	place("c", "\"last\": true"); /* d leads its tie alone now */
	ck_assert_str_eq(order(), "b d a c");
	place("b", "\"unranked\": true");
	ck_assert_str_eq(order(), "d a c");
	for (const char *id = "abcd"; *id != '\0'; id++)
		ck_assert_uint_eq(plan_find(plan, KIND_INITIATIVE, id, 1)->revision, 1);
}
END_TEST

START_TEST(a_team_has_an_order_of_its_own)
{
	take(plan, "[" INITIATIVE("a", "") "," PUT(
		       "cs", "\"team\": {}") ","
					     "{\"place\": {\"item\": \"a\", \"ranking\": \"cs\", "
					     "\"first\": true}}]");
	ck_assert_uint_eq(find(plan, "ranking/team.cs")->refs_count, 1);
	ck_assert_ptr_null(find(plan, "ranking/workspace"));
	refused(plan, "[{\"place\": {\"item\": \"a\", \"ranking\": \"nobody\", \"first\": true}}]",
	    ERR_NOT_FOUND, "change_set.changes[0].place.ranking");
}
END_TEST

START_TEST(an_expected_revision_that_does_not_hold_is_a_conflict)
{
	struct outcome o;

	take(plan, "[" GOAL("g") "]");
	o = apply(plan, "[{\"put\": {\"item\": {\"id\": \"g\", \"goal\": {\"weight\": 0.5}}}, "
			"\"expected_revision\": 9}]");
	ck_assert(!o.ok);
	ck_assert_int_eq(o.err.code, ERR_CONFLICT);
	ck_assert_str_eq(o.conflict.ref, "goal/g");
	ck_assert_uint_eq(o.conflict.expected, 9);
	ck_assert_uint_eq(o.conflict.actual, 1);
	o = apply(plan,
	    "[{\"put\": {\"item\": {\"id\": \"g\", \"goal\": {}}}, \"expected_absent\": true}]");
	ck_assert_int_eq(o.err.code, ERR_CONFLICT);
	o = apply_as(plan, "[" GOAL("h") "]", ", \"expected_revision\": 0", "a", 2000000, false);
	ck_assert_int_eq(o.err.code, ERR_CONFLICT);
	ck_assert_str_eq(o.conflict.ref, "");
	take(plan, "[{\"put\": {\"item\": {\"id\": \"g\", \"goal\": {\"weight\": 0.5}}}, "
		   "\"expected_revision\": 1}]");
}
END_TEST

START_TEST(a_record_is_completed_and_stays_as_it_is)
{
	const struct item *record;
	struct outcome o;

	take(plan,
	    "[{\"add\": {\"record\": {\"about\": \"nps\", \"measurement\": {\"value\": 41.5}}}}]");
	record = find(plan, "measurement/r1.0");
	ck_assert(item_is_live(record));
	ck_assert_double_eq(record->value, 41.5);
	ck_assert_int_eq(item_at_us(record), 1000000);
	ck_assert_uint_eq(record->refs_count, 2); /* about measure/nps, by person/anna */
	o = apply(plan, "[{\"add\": {\"record\": {\"id\": \"r1.0\", \"about\": \"nps\", "
			"\"measurement\": {\"value\": 42}}}}]");
	ck_assert_int_eq(o.err.code, ERR_EXISTS);
	take(plan, "[{\"add\": {\"record\": {\"id\": \"r1.0\", \"about\": \"nps\", "
		   "\"measurement\": {\"value\": 41.5}}}}]");
	ck_assert_uint_eq(find(plan, "measurement/r1.0")->revision, 1);
	refused(plan, "[{\"remove\": {\"ref\": \"measurement/r1.0\"}}]", ERR_INVALID,
	    "change_set.changes[0].remove.ref");
	take(plan, "[{\"retract\": {\"ref\": \"measurement/r1.0\", \"reason\": \"wrong month\"}}]");
	record = find(plan, "measurement/r1.0");
	ck_assert(item_is_live(record) && (record->flags & ITEM_RETRACTED) != 0);
}
END_TEST

START_TEST(redacting_a_person_takes_name_and_text_out_and_replays_alike)
{
	const struct item *record;

	take(plan, "[{\"add\": {\"record\": {\"id\": \"c\", \"about\": \"goal/g\", \"by\": \"bo\", "
		   "\"note\": \"secret\", "
		   "\"check_in\": {\"status\": \"AT_RISK\"}}}}]");
	take(plan, "[{\"redact\": {\"person\": \"bo\", \"reason\": \"asked for it\"}}]");
	record = find(plan, "check-in/c");
	ck_assert((record->flags & ITEM_REDACTED) != 0);
	ck_assert_ptr_null(memmem(item_bytes(record), record->bytes_len, "secret", 6));
	ck_assert_ptr_null(memmem(item_bytes(record), record->bytes_len, "bo", 2));
	ck_assert_int_eq(record->status, 2);
}
END_TEST

START_TEST(a_source_is_remembered_beside_the_edits_of_others)
{
	const struct item *goal;
	const uint8_t *applied;
	struct outcome o =
	    apply_as(plan, "[" PUT("g", "\"title\": \"from files\", \"goal\": {}") "]",
		", \"source\": {\"name\": \"files:plan\"}", "a", 1, false);
	size_t len;

	ck_assert(o.ok);
	plan_settle(plan, o.patch);
	take(plan, "[" PUT("g", "\"title\": \"by hand\", \"goal\": {}") "]");
	goal = find(plan, "goal/g");
	ck_assert_str_eq(view_text(plan_now(plan), goal->source), "files:plan");
	ck_assert_uint_eq(item_source_revision(goal), 1);
	applied = item_last_applied(goal, &len);
	ck_assert_ptr_nonnull(memmem(applied, len, "from files", 10));
	ck_assert_ptr_nonnull(memmem(item_bytes(goal), goal->bytes_len, "by hand", 7));
}
END_TEST

START_TEST(a_view_shows_the_durable_plan_only)
{
	struct outcome first, second;
	struct view *view;

	take(plan, "[" GOAL("a") "]");
	first = apply(plan, "[" PUT("a", "\"title\": \"new\", \"goal\": {}") "," GOAL("b") "]");
	second = apply(plan, "[{\"remove\": {\"ref\": \"goal/a\"}}]");
	ck_assert(first.ok && second.ok);
	view = plan_view(plan);
	ck_assert(view_settle(view));
	ck_assert_uint_eq(view_revision(view), 1);
	ck_assert_int_eq(view_find(view, KIND_GOAL, "a", 1)->title_len, 6);
	ck_assert_ptr_null(view_find(view, KIND_GOAL, "b", 1));
	plan_undo(plan, second.patch);
	plan_undo(plan, first.patch);
	ck_assert_int_eq(find(plan, "goal/a")->title_len, 6);
	ck_assert_int_eq(view_find(view, KIND_GOAL, "a", 1)->title_len, 6);
	plan_view_release(plan, view);
}
END_TEST

/* ---- random change sets against a plain second fold -------------------------------------------------- */

#define PENDING_MAX 8
#define VIEWS_MAX   4

struct pending {
	char *changes;
	struct patch *patch;
};

START_TEST(views_undo_and_settling_agree_with_a_plain_fold)
{
	struct pending pending[PENDING_MAX];
	struct view *views[VIEWS_MAX] = {0};
	char *expected[VIEWS_MAX] = {0};
	struct plan *plain = plan_new();
	size_t count = 0, taken = 0;

	seed = 77 + (uint64_t)_i;
	for (int step = 0; step < 1500; step++) {
		uint32_t what = dice(10);

		if (what < 5 && count < PENDING_MAX) {
			struct str changes;
			struct outcome o;

			random_changes(&changes);
			o = apply(plan, changes.data);
			if (o.ok) {
				pending[count++] = (struct pending){str_take(&changes), o.patch};
				taken++;
			}
			str_fini(&changes);
		} else if (what < 7 && count > 0) {
			struct outcome o;

			plan_settle(plan, pending[0].patch);
			o = apply_as(plain, pending[0].changes, "", "person/anna",
			    1000000 * (int64_t)(plan_revision(plain) + 1), true);
			ck_assert_msg(o.ok, "%s", o.err.msg);
			plan_settle(plain, o.patch);
			free(pending[0].changes);
			memmove(pending, pending + 1, --count * sizeof pending[0]);
		} else if (what == 7 && count > 0) {
			plan_undo(plan, pending[--count].patch);
			free(pending[count].changes);
		} else {
			size_t i = dice(VIEWS_MAX);

			if (views[i] != NULL) {
				char *text;

				ck_assert(view_settle(views[i]));
				text = dump(views[i]);
				ck_assert_str_eq(text, expected[i]);
				free(text);
				free(expected[i]);
				plan_view_release(plan, views[i]);
			}
			views[i] = plan_view(plan);
			expected[i] = dump_durable(plain);
		}
	}
	ck_assert_uint_gt(taken, 200);
	while (count > 0)
		free(pending[--count].changes);
	for (size_t i = 0; i < VIEWS_MAX; i++) {
		free(expected[i]);
		plan_view_release(plan, views[i]);
	}
	plan_free(plain);
}
END_TEST

/* The way back from a slot must name exactly those who refer to it. */
START_TEST(edges_are_what_a_walk_over_all_references_finds)
{
	size_t walked = 0, edges = 0;

	seed = 5;
	for (int step = 0; step < 800; step++) {
		struct str changes;
		struct outcome o;

		str_init(&changes, 1u << 16);
		str_add(&changes, "[");
		random_change(&changes);
		str_add(&changes, "]");
		o = apply(plan, changes.data);
		if (o.ok && dice(4) == 0)
			plan_undo(plan, o.patch);
		else if (o.ok)
			plan_settle(plan, o.patch);
		str_fini(&changes);
	}
	for (uint32_t slot = 0; slot < view_slots(plan_now(plan)); slot++) {
		const struct item *item = view_item(plan_now(plan), slot);

		walked += item_edges(item);
		FOR_EDGES_IN(plan, slot, edge)
		{
			const struct item *from = view_item(plan_now(plan), plan->edges[edge].from);
			bool found = false;

			edges++;
			for (uint32_t i = 0; i < from->refs_count; i++)
				found |= from->refs[i].slot == slot;
			ck_assert(found);
		}
	}
	ck_assert_uint_gt(walked, 50);
	ck_assert_uint_eq(walked, edges);
}
END_TEST

START_TEST(ten_thousand_names_are_found_again)
{
	char change[100], id[16];

	for (int i = 0; i < 10000; i++) {
		snprintf(change, sizeof change, "[" PUT("v%d", "\"value\": {}") "]", i);
		take(plan, change);
	}
	for (int i = 0; i < 10000; i++) {
		snprintf(id, sizeof id, "v%d", i);
		ck_assert_uint_eq(
		    plan_find(plan, KIND_VALUE, id, strlen(id))->revision, (uint64_t)i + 1);
	}
	ck_assert_ptr_null(plan_find(plan, KIND_VALUE, "v10000", 6));
	ck_assert_ptr_null(plan_find(plan, KIND_GOAL, "v1", 2));
}
END_TEST

START_TEST(kinds_are_those_of_the_contract)
{
	const ProtobufCEnumDescriptor *kinds = &plumb__v1__kind__descriptor;

	for (unsigned i = 0; i < kinds->n_values; i++) {
		int value = kinds->values[i].value;
		char name[40];

		if (value == 0)
			continue;
		ck_assert_ptr_nonnull(kind_name((unsigned)value));
		pb_enum_name(kinds, value, name, sizeof name);
		ck_assert_int_eq(kind_parse(name, strlen(name)), value);
	}
}
END_TEST

START_TEST(every_reference_field_is_one_of_the_contract)
{
	static const ProtobufCMessageDescriptor *const roots[] = {
	    &plumb__v1__item__descriptor, &plumb__v1__record__descriptor};
	const struct ref_field *fields;
	size_t count;

	fields = kind_ref_fields(&count);
	for (size_t i = 0; i < count; i++) {
		const char *dot = strchr(fields[i].field, '.');
		bool found = false;

		for (size_t r = 0; r < 2; r++) {
			for (unsigned f = 0; f < roots[r]->n_fields; f++) {
				const ProtobufCMessageDescriptor *type =
				    roots[r]->fields[f].descriptor;

				if (roots[r]->fields[f].type != PROTOBUF_C_TYPE_MESSAGE)
					continue;
				if (strncmp(type->short_name, fields[i].field,
					(size_t)(dot - fields[i].field)) == 0)
					found |= protobuf_c_message_descriptor_get_field_by_name(
						     type, dot + 1) != NULL;
				for (unsigned g = 0; g < type->n_fields; g++) {
					if (type->fields[g].type == PROTOBUF_C_TYPE_MESSAGE)
						found |=
						    protobuf_c_message_descriptor_get_field_by_name(
							type->fields[g].descriptor, dot + 1) !=
						    NULL;
				}
			}
			if (strncmp(roots[r]->short_name, fields[i].field,
				(size_t)(dot - fields[i].field)) == 0)
				found |= protobuf_c_message_descriptor_get_field_by_name(
					     roots[r], dot + 1) != NULL;
		}
		ck_assert_msg(found, "%s", fields[i].field);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plan");
	TCase *fold = tcase_create("fold");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(fold, setup, teardown);
	tcase_set_timeout(fold, 120);
	tcase_add_test(fold, an_item_is_there_with_its_envelope_after_a_put);
	tcase_add_test(fold, the_same_put_again_changes_nothing_but_the_plans_revision);
	tcase_add_test(fold, a_reference_to_nothing_is_taken_and_resolves_later);
	tcase_add_test(fold, all_faults_of_a_set_are_told_at_once_and_nothing_changes);
	tcase_add_loop_test(fold, what_cannot_be_stored_is_refused_with_its_place, 0,
	    (int)(sizeof refusals / sizeof refusals[0]));
	tcase_add_test(fold, a_title_of_the_limit_is_taken_and_one_byte_more_refused);
	tcase_add_test(fold, an_item_cannot_contain_itself);
	tcase_add_test(fold, a_tree_of_the_limits_depth_is_taken_and_one_deeper_refused);
	tcase_add_test(fold, removing_is_refused_while_something_refers_to_it);
	tcase_add_test(fold, cascade_removes_what_belongs_and_leaves_what_mentions);
	tcase_add_test(fold, a_rename_is_followed_by_references_records_and_ranking);
	tcase_add_test(fold, placing_orders_the_ranking_and_changes_no_item);
	tcase_add_test(fold, a_team_has_an_order_of_its_own);
	tcase_add_test(fold, an_expected_revision_that_does_not_hold_is_a_conflict);
	tcase_add_test(fold, a_record_is_completed_and_stays_as_it_is);
	tcase_add_test(fold, redacting_a_person_takes_name_and_text_out_and_replays_alike);
	tcase_add_test(fold, a_source_is_remembered_beside_the_edits_of_others);
	tcase_add_test(fold, a_view_shows_the_durable_plan_only);
	tcase_add_loop_test(fold, views_undo_and_settling_agree_with_a_plain_fold, 0, 6);
	tcase_add_test(fold, edges_are_what_a_walk_over_all_references_finds);
	tcase_add_test(fold, ten_thousand_names_are_found_again);
	tcase_add_test(fold, kinds_are_those_of_the_contract);
	tcase_add_test(fold, every_reference_field_is_one_of_the_contract);
	suite_add_tcase(suite, fold);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
