/* Traces, compared line by line with what a reader would draw. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/trace.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

static struct plan_text text;
static struct arena *arena;
static struct str drawn;

static void
setup(void)
{
	plan_text_init(&text);
	arena = arena_new((size_t)64 << 20);
	ck_assert_ptr_nonnull(arena);
	str_init(&drawn, 1u << 20);
}

static void
teardown(void)
{
	str_fini(&drawn);
	arena_free(arena);
	plan_text_fini(&text);
}

static void
draw_ref(const struct view *view, uint32_t slot)
{
	const struct item *item = view_item(view, slot);

	str_addf(&drawn, "%s/%.*s", kind_name(item->kind), item->id_len, item_id(item));
}

static struct trace
run(const char *ref, bool up, bool down, uint32_t depth)
{
	struct trace_query query = {.up = up, .down = down, .depth = depth};
	struct trace trace;
	struct err err;

	ck_assert(date_parse("2026-03-31", &query.today));
	query.slot = plan_text_slot(&text, ref);
	if (!trace_run(plan_text_view(&text), &query, arena, &trace, &err))
		ck_abort_msg("%s", err.msg);
	return trace;
}

/* "  relation ref [again] [missing]", indented by level; then "! gap" lines, then "reaches goal" or not. */
static void
expect(const char *ref, bool up, bool down, uint32_t depth, const char *expected)
{
	struct trace trace = run(ref, up, down, depth);
	const struct view *view = text.view;

	str_reset(&drawn);
	for (size_t i = 0; i < trace.nodes_count; i++) {
		const struct trace_node *node = &trace.nodes[i];

		for (int32_t k = 0; k < abs(node->level); k++)
			str_add(&drawn, "  ");
		str_addf(&drawn, "%s%s", node->relation, node->relation[0] != '\0' ? " " : "");
		draw_ref(view, node->slot);
		str_addf(&drawn, "%s%s\n", node->again ? " again" : "", node->missing ? " missing" : "");
		ck_assert_int_eq(node->level == 0, node->parent < 0);
		if (node->parent >= 0) {
			ck_assert_int_lt(node->parent, (int32_t)i);
			ck_assert_int_eq(abs(node->level), abs(trace.nodes[node->parent].level) + 1);
		}
	}
	for (size_t i = 0; i < trace.gaps_count; i++)
		str_addf(&drawn, "! %s\n", trace.gaps[i]);
	if (up)
		str_add(&drawn, trace.reaches_goal ? "reaches a goal\n" : "reaches no goal\n");
	ck_assert_str_eq(drawn.data, expected);
}

START_TEST(a_task_leads_up_to_the_vision)
{
	plan_text_put(&text, "2026-01-05",
	    "vision/v {}\n"
	    "goal/top {}\n"
	    "goal/g {'parent': 'top'}\n"
	    "objective/o {'goal': 'g'}\n"
	    "initiative/i {'objective': 'o'}\n"
	    "workstream/w {'initiative': 'i'}\n"
	    "task/t {'initiative': 'workstream/w'}\n");
	expect("task/t", true, false, 0,
	    "task/t\n"
	    "  is part of workstream/w\n"
	    "    is part of initiative/i\n"
	    "      serves objective/o\n"
	    "        serves goal/g\n"
	    "          is part of goal/top\n"
	    "            leads towards vision/v\n"
	    "reaches a goal\n");
	expect("task/t", true, false, 2,
	    "task/t\n"
	    "  is part of workstream/w\n"
	    "    is part of initiative/i\n"
	    "reaches no goal\n");
}
END_TEST

START_TEST(every_way_up_is_shown_and_shared_ends_once)
{
	plan_text_put(&text, "2026-01-05",
	    "goal/g {}\n"
	    "strategy/s {'goals': ['g']}\n"
	    "objective/a {'goal': 'g'}\n"
	    "objective/b {'parent': 'a', 'further_goals': ['g']}\n"
	    "initiative/i {'objective': 'a', 'contributions': [{'to': 'b'}, {'to': 'a'}], 'strategy': 's'}\n");
	expect("initiative/i", true, false, 0,
	    "initiative/i\n"
	    "  serves objective/a\n"
	    "    serves goal/g\n"
	    "  contributes to objective/b\n"
	    "    serves goal/g again\n"
	    "    is part of objective/a again\n"
	    "  carries out strategy/s\n"
	    "    serves goal/g again\n"
	    "reaches a goal\n");
}
END_TEST

START_TEST(gaps_say_where_the_chain_ends)
{
	plan_text_put(&text, "2026-01-05",
	    "goal/g {}\n"
	    "objective/o {}\n"
	    "objective/p {'goal': 'g'}\n"
	    "initiative/i {'objective': 'o', 'contributions': [{'to': 'typo'}]}\n"
	    "initiative/j {} {'links': [{'type': 'SUPPORTS', 'to': 'objective/p'}]}\n"
	    "initiative/k {}\n"
	    "measure/m {}\n"
	    "person/idle {}\n");
	expect("initiative/i", true, false, 0,
	    "initiative/i\n"
	    "  serves objective/o\n"
	    "  contributes to objective/typo missing\n"
	    "! objective/o names no goal\n"
	    "! initiative/i names objective/typo, which is not in the plan\n"
	    "reaches no goal\n");
	/* support is shown, but is no way to a goal */
	expect("initiative/j", true, false, 0,
	    "initiative/j\n"
	    "  supports objective/p\n"
	    "! initiative/j names no objective; what it supports is no purpose of its own\n"
	    "reaches no goal\n");
	expect("initiative/k", true, false, 0, "initiative/k\n! initiative/k names no objective\nreaches no goal\n");
	expect("measure/m", true, false, 0, "measure/m\n! measure/m is used by no objective\nreaches no goal\n");
	expect("person/idle", true, false, 0,
	    "person/idle\n! person/idle owns nothing and works on nothing\nreaches no goal\n");
}
END_TEST

START_TEST(a_circle_ends_where_it_began)
{
	plan_text_put(&text, "2026-01-05",
	    "objective/a {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/b'}]}\n"
	    "objective/b {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/a'}]}\n");
	expect("objective/a", true, true, 0,
	    "objective/a\n"
	    "  contributes to objective/b\n"
	    "    contributes to objective/a again\n"
	    "  is contributed to by objective/b\n"
	    "    is contributed to by objective/a again\n"
	    "reaches no goal\n");
}
END_TEST

START_TEST(what_rests_on_a_goal_goes_down_to_tasks_and_people)
{
	plan_text_put(&text, "2026-01-05",
	    "person/anna {}\nperson/ben {}\nteam/eng {'lead': 'ben'}\n"
	    "goal/g {}\n"
	    "objective/o {'goal': 'g', 'targets': [{'measure': 'm'}]} {'owners': ['anna']}\n"
	    "measure/m {}\n"
	    "initiative/second {'objective': 'o'}\n"
	    "initiative/first {'objective': 'o', 'members': ['ben'], 'needs': [{'who': 'eng'}]} {'owners': ['anna']}\n"
	    "workstream/w {'initiative': 'first'}\n"
	    "task/t {'initiative': 'workstream/w'} {'owners': ['ben']}\n"
	    "initiative/later {'after': ['first']}\n");
	plan_text_apply(&text, "2026-01-06",
	    "{'place': {'item': 'first', 'first': true}}, {'place': {'item': 'second', 'last': true}}");
	expect("goal/g", false, true, 0,
	    "goal/g\n"
	    "  is served by objective/o\n"
	    "    is owned by person/anna\n"
	    "    is measured by measure/m\n"
	    "    is served by initiative/first\n"
	    "      is owned by person/anna again\n"
	    "      has the part workstream/w\n"
	    "        has the part task/t\n"
	    "          is owned by person/ben\n"
	    "      is awaited by initiative/later\n"
	    "      is worked on by person/ben again\n"
	    "      needs team/eng\n"
	    "    is served by initiative/second\n");
}
END_TEST

START_TEST(people_and_teams_lead_up_through_their_work)
{
	plan_text_put(&text, "2026-01-05",
	    "person/anna {'team': 'cs'}\nteam/cs {'lead': 'anna'}\n"
	    "goal/g {}\n"
	    "objective/o {'goal': 'g', 'team': 'cs'}\n"
	    "initiative/i {'objective': 'o'} {'owners': ['anna']}\n"
	    "initiative/j {'objective': 'o', 'members': ['anna']}\n");
	expect("person/anna", true, true, 0,
	    "person/anna\n"
	    "  owns initiative/i\n"
	    "    serves objective/o\n"
	    "      serves goal/g\n"
	    "  works on initiative/j\n"
	    "    serves objective/o again\n"
	    "  leads team/cs\n"
	    "reaches a goal\n");
	expect("team/cs", true, true, 0,
	    "team/cs\n"
	    "  answers for objective/o\n"
	    "    serves goal/g\n"
	    "  is led by person/anna\n"
	    "reaches a goal\n");
}
END_TEST

START_TEST(measures_and_records_lead_up_too)
{
	plan_text_put(&text, "2026-01-05",
	    "goal/g {}\n"
	    "objective/o {'goal': 'g', 'targets': [{'measure': 'm'}]}\n"
	    "measure/m {}\n"
	    "measurement/x {'value': 1} {'about': 'm', 'at': '2026-01-01'}\n");
	expect("measurement/x", true, false, 0,
	    "measurement/x\n"
	    "  is about measure/m\n"
	    "    measures objective/o\n"
	    "      serves goal/g\n"
	    "reaches a goal\n");
}
END_TEST

START_TEST(the_vision_rests_on_the_top_goals)
{
	plan_text_put(&text, "2026-01-05",
	    "vision/v {}\n"
	    "goal/g {}\n"
	    "goal/h {'parent': 'g'}\n");
	expect("vision/v", false, true, 0,
	    "vision/v\n"
	    "  is led to by goal/g\n"
	    "    has the part goal/h\n");
}
END_TEST

START_TEST(owner_and_status_are_told)
{
	struct trace trace;

	plan_text_put(&text, "2026-01-05",
	    "person/a {}\nperson/b {}\n"
	    "goal/g {} {'owners': ['a', 'b']}\n"
	    "objective/o {'goal': 'g', 'status': 'DROPPED'} {'owners': ['b']}\n");
	trace = run("objective/o", true, false, 0);
	ck_assert_uint_eq(trace.nodes[0].owner, plan_text_slot(&text, "person/b"));
	ck_assert_str_eq(trace.nodes[0].status, "dropped");
	ck_assert_uint_eq(trace.nodes[1].owner, SLOT_NONE); /* two are not one */
	ck_assert_str_eq(trace.nodes[1].status, "");
}
END_TEST

START_TEST(a_trace_is_cut_at_the_limit_and_says_so)
{
	struct str lines;
	struct trace trace;

	plan_text_put(&text, "2026-01-05", "initiative/i {}\n");
	for (unsigned n = 0; n < LIMIT_TRACE_NODES + 5;) {
		str_init(&lines, 4u << 20);
		for (unsigned k = 0; k < 5000 && n < LIMIT_TRACE_NODES + 5; k++, n++)
			str_addf(&lines, "task/t%05u {'initiative': 'i'}\n", n);
		plan_text_put(&text, "2026-01-05", lines.data);
		str_fini(&lines);
	}
	trace = run("initiative/i", false, true, 0);
	ck_assert_uint_eq(trace.nodes_count, LIMIT_TRACE_NODES);
	ck_assert_uint_eq(trace.gaps_count, 1);
	ck_assert_str_eq(trace.gaps[0], "the trace is cut: it has more than 20000 entries");
}
END_TEST

START_TEST(a_chain_deeper_than_any_plan_is_cut_and_says_so)
{
	struct str lines;
	struct trace trace;

	str_init(&lines, 1u << 20);
	for (unsigned n = 0; n < 200; n++)
		str_addf(&lines, "objective/o%u {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/o%u'}]}\n", n, n + 1);
	plan_text_put(&text, "2026-01-05", lines.data);
	str_fini(&lines);
	trace = run("objective/o0", true, false, 0);
	ck_assert_uint_eq(trace.gaps_count, 1);
	ck_assert_str_eq(trace.gaps[0], "the trace is cut: it has more than 96 levels");
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("trace");
	TCase *tc = tcase_create("trace");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_task_leads_up_to_the_vision);
	tcase_add_test(tc, every_way_up_is_shown_and_shared_ends_once);
	tcase_add_test(tc, gaps_say_where_the_chain_ends);
	tcase_add_test(tc, a_circle_ends_where_it_began);
	tcase_add_test(tc, what_rests_on_a_goal_goes_down_to_tasks_and_people);
	tcase_add_test(tc, people_and_teams_lead_up_through_their_work);
	tcase_add_test(tc, measures_and_records_lead_up_too);
	tcase_add_test(tc, the_vision_rests_on_the_top_goals);
	tcase_add_test(tc, owner_and_status_are_told);
	tcase_add_test(tc, a_trace_is_cut_at_the_limit_and_says_so);
	tcase_add_test(tc, a_chain_deeper_than_any_plan_is_cut_and_says_so);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
