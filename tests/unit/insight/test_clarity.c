/*
 * Clarity: what a survey asks, how it is scored, what of it may be published, who carries a plan and who has accepted it.
 *
 * Plans are of 2026-01-05, today is 2026-03-31 where nothing else is said.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/check/voices.h"
#include "server/insight/clarity/acceptance.h"
#include "server/insight/clarity/questions.h"
#include "server/insight/clarity/score.h"
#include "server/plan/kinds.h"
#include "tests/support/check_text.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/* ---- shares: published values ------------------------------------------------------------------------------- */

/* Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998) 857-872, table I, method 3. */
START_TEST(intervals_of_shares_are_those_published)
{
	static const struct { uint32_t known, asked; double low, high; } rows[] = {
	    {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double low, high;

		clarity_wilson(rows[i].known, rows[i].asked, &low, &high);
		ck_assert_double_eq_tol(low, rows[i].low, 5e-5);
		ck_assert_double_eq_tol(high, rows[i].high, 5e-5);
		/* who did not know is the mirror image */
		clarity_wilson(rows[i].asked - rows[i].known, rows[i].asked, &low, &high);
		ck_assert_double_eq_tol(low, 1 - rows[i].high, 5e-5);
		ck_assert_double_eq_tol(high, 1 - rows[i].low, 5e-5);
	}
}
END_TEST

/* The same author's "Interval estimation for the difference", the same volume, 873-890, table II, method 10. */
START_TEST(intervals_of_differences_are_those_published)
{
	static const struct { struct clarity_count a, b; double low, high; } rows[] = {
	    {{70, 56}, {80, 48}, 0.0524, 0.3339}, {{10, 9}, {10, 3}, 0.1705, 0.8090}, {{7, 6}, {7, 2}, 0.0582, 0.8062},
	    {{56, 5}, {29, 0}, -0.0381, 0.1926}, {{10, 0}, {20, 0}, -0.1611, 0.2775}, {{10, 10}, {20, 0}, 0.6791, 1}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double low, high;

		clarity_difference(&rows[i].a, &rows[i].b, &low, &high);
		ck_assert_double_eq_tol(low, rows[i].low, 5e-5);
		ck_assert_double_eq_tol(high, rows[i].high, 5e-5);
	}
}
END_TEST

/* ---- publishing ------------------------------------------------------------------------------------------------ */

static const clarity_near nobody_near = {false};

/* n people of a level, of whom so many knew everything. */
static void
add_people(struct clarity_tally *tally, uint8_t level, unsigned n, unsigned known)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t result = i < known ? CLARITY_KNEW : CLARITY_MISSED;
		const struct clarity_answer answer = {level, {result, result, result, result}};

		clarity_add(tally, &answer);
	}
}

/* Which levels are shown, then whether everybody is, and how many are withheld: "1 4 all 6". */
static void
expect_shown(const unsigned people[CLARITY_LEVELS], const clarity_near near, const char *expected)
{
	struct clarity_tally tally = {0};
	struct clarity_published out;
	struct str have;

	for (unsigned l = 0; l < CLARITY_LEVELS; l++)
		add_people(&tally, (uint8_t)l, people[l], people[l] / 2);
	clarity_publish(&tally, near, &out);
	str_init(&have, 200);
	for (unsigned l = 0; l < CLARITY_LEVELS; l++) {
		if (out.levels[l].shown)
			str_addf(&have, "%u ", l);
		for (unsigned k = 0; k < CLARITY_SCORES; k++)
			ck_assert_int_eq(out.levels[l].cells[k].shown, out.levels[l].shown);
		ck_assert_uint_eq(out.levels[l].people, out.levels[l].shown ? people[l] : 0);
	}
	str_addf(&have, "%s %u", out.all.shown ? "all" : "-", out.withheld);
	ck_assert_str_eq(have.data, expected);
	str_fini(&have);
}

START_TEST(groups_of_five_with_none_or_five_beside_them)
{
	expect_shown((unsigned[]){0, 5, 5, 5, 5}, nobody_near, "1 2 3 4 all 0");
	expect_shown((unsigned[]){0, 5, 0, 0, 0}, nobody_near, "1 all 0");
	expect_shown((unsigned[]){0, 4, 0, 0, 0}, nobody_near, "- 0");
	/* four executives would be everybody less the others: everybody is not told */
	expect_shown((unsigned[]){0, 4, 5, 5, 5}, nobody_near, "2 3 4 - 0");
	/* of 4 and 3 that are withheld together 7 are told */
	expect_shown((unsigned[]){0, 4, 3, 5, 5}, nobody_near, "3 4 all 7");
	/* beside the individuals only four would be left */
	expect_shown((unsigned[]){0, 4, 0, 0, 9}, nobody_near, "all 13");
	expect_shown((unsigned[]){5, 0, 0, 0, 5}, nobody_near, "0 4 all 0");
	expect_shown((unsigned[]){0, 0, 0, 0, 0}, nobody_near, "- 0");
}
END_TEST

START_TEST(what_is_near_another_round_is_withheld)
{
	clarity_near near = {false};

	near[2] = true;
	expect_shown((unsigned[]){0, 5, 5, 5, 5}, near, "1 3 4 all 5");
	near[CLARITY_LEVELS] = true;
	expect_shown((unsigned[]){0, 5, 5, 5, 5}, near, "1 3 4 - 0");
}
END_TEST

/* Of ten managers, `without` were not asked what is theirs; ten individuals all were. */
static bool
shows_yours(unsigned without, bool *all)
{
	struct clarity_tally tally = {0};
	struct clarity_published out;

	add_people(&tally, 4, 10, 5);
	add_people(&tally, 3, 10 - without, 5 - without);
	for (unsigned i = 0; i < without; i++) {
		const struct clarity_answer answer = {3, {CLARITY_KNEW, CLARITY_KNEW, CLARITY_KNEW, CLARITY_NOT_ASKED}};

		clarity_add(&tally, &answer);
	}
	clarity_publish(&tally, nobody_near, &out);
	ck_assert(out.levels[3].shown && out.levels[3].cells[CLARITY_FIRST].shown && out.all.cells[CLARITY_FIRST].shown);
	*all = out.all.cells[CLARITY_YOURS].shown;
	return out.levels[3].cells[CLARITY_YOURS].shown;
}

START_TEST(a_kind_that_some_were_not_asked_is_shown_if_they_are_five)
{
	bool all;

	ck_assert(shows_yours(0, &all) && all);
	ck_assert(!shows_yours(1, &all) && !all);
	ck_assert(!shows_yours(4, &all) && !all);
	ck_assert(shows_yours(5, &all) && all);
}
END_TEST

START_TEST(who_connects_knew_both)
{
	static const struct clarity_answer answers[] = {
	    {4, {CLARITY_KNEW, CLARITY_KNEW, CLARITY_MISSED, CLARITY_NOT_ASKED}},
	    {4, {CLARITY_KNEW, CLARITY_MISSED, CLARITY_KNEW, CLARITY_KNEW}},
	    {4, {CLARITY_MISSED, CLARITY_KNEW, CLARITY_KNEW, CLARITY_KNEW}},
	    {4, {CLARITY_NOT_ASKED, CLARITY_KNEW, CLARITY_KNEW, CLARITY_KNEW}},
	    {4, {CLARITY_MISSED, CLARITY_MISSED, CLARITY_MISSED, CLARITY_MISSED}}};
	struct clarity_tally tally = {0};

	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		clarity_add(&tally, &answers[i]);
	ck_assert_uint_eq(tally.people[4], 5);
	ck_assert_uint_eq(tally.counts[4][CLARITY_CONNECTS].asked, 4);
	ck_assert_uint_eq(tally.counts[4][CLARITY_CONNECTS].known, 1);
	ck_assert_uint_eq(tally.counts[4][CLARITY_YOURS].asked, 4);
	ck_assert_uint_eq(tally.counts[4][CLARITY_YOURS].known, 3);
}
END_TEST

START_TEST(what_is_kept_comes_back_and_nothing_else_does)
{
	const struct clarity_answer answer = {3, {CLARITY_KNEW, CLARITY_MISSED, CLARITY_NOT_ASKED, CLARITY_KNEW}};
	struct clarity_answer back;
	uint8_t bytes[CLARITY_BYTES];

	clarity_encode(&answer, bytes);
	ck_assert(clarity_decode(bytes, sizeof bytes, &back));
	ck_assert_mem_eq(&back, &answer, sizeof back);
	ck_assert(!clarity_decode(bytes, sizeof bytes - 1, &back));
	bytes[1] = CLARITY_LEVELS;
	ck_assert(!clarity_decode(bytes, sizeof bytes, &back));
	bytes[1] = 0;
	bytes[2] = CLARITY_KNEW + 1;
	ck_assert(!clarity_decode(bytes, sizeof bytes, &back));
	bytes[2] = 0;
	bytes[0] = 2;
	ck_assert(!clarity_decode(bytes, sizeof bytes, &back));
}
END_TEST

/* ---- questions ------------------------------------------------------------------------------------------------- */

/* "priorities 2: objective/a* objective/b …" by name, right ones with *; then why the others can't be asked. */
static void
describe(const struct index *ix, const struct clarity_survey *survey, struct str *out)
{
	static const char *const kinds[] = {"priorities", "serves", "first", "yours"};
	char text[REF_TEXT_LEN];

	for (unsigned i = 0; i < survey->count; i++) {
		const struct clarity_question *q = &survey->questions[i];
		bool named[CLARITY_OPTIONS] = {false};

		str_addf(out, "%s", kinds[q->kind]);
		if (q->about != SLOT_NONE) {
			ref_format(ix->items[q->about], text);
			str_addf(out, " of %s", text);
		}
		str_add(out, ":");
		for (unsigned n = 0; n < q->options_count; n++) {
			unsigned next = CLARITY_OPTIONS;

			for (unsigned k = 0; k < q->options_count; k++) {
				if (!named[k] && (next == CLARITY_OPTIONS ||
						     index_compare(ix, q->options[k].slot, q->options[next].slot) < 0))
					next = k;
			}
			named[next] = true;
			ref_format(ix->items[q->options[next].slot], text);
			str_addf(out, " %s%s", text, q->options[next].right ? "*" : "");
		}
		str_add(out, "\n");
	}
	for (unsigned k = 0; k < CLARITY_KINDS; k++)
		if (survey->cannot[k] != NULL)
			str_addf(out, "no %s: %s\n", kinds[k], survey->cannot[k]);
}

static void
expect_questions(const char *lines, const char *expected)
{
	struct plan_text text;
	struct clarity_survey survey;
	struct index ix;
	struct str have;
	struct err err;
	int32_t today;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	ck_assert(date_parse("2026-03-31", &today));
	ck_assert(index_init(&ix, plan_text_view(&text), today, CLARITY_IN_ROLES, NULL, NULL, &err));
	ck_assert(clarity_questions(&ix, plan_text_slot(&text, "round/r"), 1, plan_text_slot(&text, "person/anna"), &survey, &err));
	str_init(&have, 10000);
	describe(&ix, &survey, &have);
	ck_assert_str_eq(have.data, expected);
	str_fini(&have);
	index_fini(&ix);
	plan_text_fini(&text);
}

#define ROUND "round/r {'type': 'CLARITY', 'opens': '2026-03-01', 'closes': '2026-03-31'}\nperson/anna {}\n"

START_TEST(an_empty_plan_asks_nothing_and_says_why)
{
	expect_questions(ROUND,
	    "no priorities: the plan has fewer than two priorities\n"
	    "no serves: no open objective names a goal\n"
	    "no first: the plan says of no two open objectives which comes first: neither by precedence nor by different weights\n"
	    "no yours: no open work for an objective names you as owner, member or needed\n");
}
END_TEST

/* As few as can be asked: all that there is comes, whatever is drawn. */
START_TEST(a_small_plan_asks_all_it_has)
{
	expect_questions(ROUND
	    "goal/g1 {}\ngoal/g2 {}\ngoal/g3 {}\n"
	    "objective/a {'goal': 'g1', 'precedes': ['b']}\n"
	    "objective/b {'status': 'OPEN'}\n"
	    "objective/gone {'goal': 'g1', 'status': 'DROPPED'}\n"
	    "objective/over {'goal': 'g1', 'status': 'CLOSED'}\n" /* may have been one: not asked about */
	    "initiative/later {'status': 'PROPOSED'}\n"
	    "initiative/mine {'objective': 'a', 'members': ['anna'], 'status': 'PAUSED'}\n"
	    "initiative/not {'objective': 'b', 'status': 'PAUSED'}\n"
	    "workstream/part {'initiative': 'not'}\n"
	    "task/of-mine {'initiative': 'mine'}\n", /* she works on the whole: neither hers nor another's */
	    "priorities: objective/a* objective/b* objective/gone initiative/later\n"
	    "serves of objective/a: goal/g1* goal/g2 goal/g3\n"
	    "first: objective/a* objective/b\n"
	    "yours of objective/a: initiative/later initiative/mine* initiative/not workstream/part\n");
}
END_TEST

START_TEST(what_could_be_right_too_is_no_wrong_answer)
{
	expect_questions(ROUND
	    "team/hers {'members': ['anna']}\nteam/theirs {}\n"
	    "goal/top {}\ngoal/g1 {'parent': 'top'}\ngoal/g2 {}\ngoal/g3 {}\ngoal/g4 {}\n"
	    /* the goal above its own, and one that it serves too: only g3 and g4 are wrong */
	    "objective/a {'goal': 'g1', 'furtherGoals': ['g2']}\n"
	    /* below an open one: of another team it is none of ours, of hers it may be */
	    "objective/b {'status': 'OPEN'}\n"
	    "objective/b-theirs {'parent': 'b', 'team': 'theirs'}\n"
	    "objective/b-hers {'parent': 'b', 'team': 'hers'}\n"
	    "objective/dropped {'status': 'DROPPED'}\n",
	    "priorities: objective/a* objective/b* objective/b-theirs objective/dropped\n"
	    "serves of objective/a: goal/g1* goal/g3 goal/g4\n"
	    "no first: the plan says of no two open objectives which comes first: neither by precedence nor by different weights\n"
	    "no yours: no open work for an objective names you as owner, member or needed\n");
}
END_TEST

/* ---- the order in a pinch: one pair of objectives, and who comes first */

static void
expect_first(const char *objectives, const char *expected)
{
	char lines[2000], all[3000];

	snprintf(lines, sizeof lines, ROUND "%s", objectives);
	snprintf(all, sizeof all,
	    "no priorities: the plan knows fewer than two things that are no priorities: nothing is dropped, closed, proposed, another team's or low in the order\n"
	    "no serves: no open objective names a goal\n"
	    "%s"
	    "no yours: no open work for an objective names you as owner, member or needed\n", expected);
	if (strncmp(expected, "first", 5) == 0)
		snprintf(all, sizeof all, "%s"
		    "no priorities: the plan knows fewer than two things that are no priorities: nothing is dropped, closed, proposed, another team's or low in the order\n"
		    "no serves: no open objective names a goal\n"
		    "no yours: no open work for an objective names you as owner, member or needed\n", expected);
	expect_questions(lines, all);
}

#define NO_FIRST "no first: the plan says of no two open objectives which comes first: neither by precedence nor by different weights\n"

START_TEST(what_comes_first_is_what_the_plan_says)
{
	expect_first("objective/a {'weight': 0.6}\nobjective/b {'weight': 0.4}\n", "first: objective/a* objective/b\n");
	/* precedence is said of a pinch, weight in general */
	expect_first("objective/a {'weight': 0.6}\nobjective/b {'weight': 0.4, 'precedes': ['a']}\n", "first: objective/a objective/b*\n");
	expect_first("objective/a {'weight': 0.5}\nobjective/b {'weight': 0.5}\n", NO_FIRST);
	expect_first("objective/a {'precedes': ['b']}\nobjective/b {'precedes': ['a']}\n", NO_FIRST);
	expect_first("objective/a {'precedes': ['a']}\nobjective/b {}\n", NO_FIRST);
}
END_TEST

/* ---- acceptance ------------------------------------------------------------------------------------------------ */

static const char carried_plan[] =
    "person/own {}\nperson/member {}\nperson/needed {}\nperson/lead {}\nperson/idle {}\n"
    "person/left {'lastDay': '2026-02-01'}\nperson/over {}\n"
    "team/t {'lead': 'lead'}\n"
    "objective/o {'team': 't'}\n"
    "initiative/i {'status': 'ACTIVE', 'members': ['member', 'left'], 'needs': [{'who': 'person/needed'}], 'estimate': {'likely': 100}} {'owners': ['own']}\n"
    "task/done {'done': '2026-01-02', 'members': ['over']}\n";

static void
expect_accept(const char *then_lines, const char *now_lines, const char *more, const char *today, const char *rule,
    const char *expected, const char *message)
{
	struct plan_text then, now;

	plan_text_init(&then);
	plan_text_init(&now);
	plan_text_put(&then, "2026-01-05", then_lines);
	plan_text_put(&now, "2026-01-05", then_lines);
	plan_text_put(&now, "2026-01-05", "baseline/q1 {'revision': 1}\n");
	if (now_lines != NULL)
		plan_text_apply(&now, "2026-02-10", now_lines);
	if (more != NULL)
		plan_text_put(&now, "2026-02-10", more);
	check_text_since(&then, &now, "baseline/q1", today, rule, expected, message);
	plan_text_fini(&then);
	plan_text_fini(&now);
}

#define YES(who) "acceptance/" who " {'answer': 'ACCEPTED'} {'about': 'baseline/q1', 'by': '" who "', 'at': '2026-01-06'}\n"

START_TEST(who_carries_and_has_not_answered_is_found)
{
	expect_accept(carried_plan, NULL, NULL, "2026-01-19", "clarity/not-accepted", "", NULL); /* the 14th day */
	expect_accept(carried_plan, NULL, NULL, "2026-01-20", "clarity/not-accepted", "clarity/not-accepted:baseline/q1\n",
	    "5 of 5 people who carry the plan of baseline/q1, drawn on 2026-01-05, have neither accepted it nor said what "
	    "stands in the way.");
	/* left since */
	expect_accept(carried_plan, NULL, YES("own") YES("member"), "2026-03-31", "clarity/not-accepted",
	    "clarity/not-accepted:baseline/q1\n",
	    "2 of 4 people who carry the plan of baseline/q1, drawn on 2026-01-05, have neither accepted it nor said what "
	    "stands in the way.");
	expect_accept(carried_plan, NULL, YES("own") YES("member") YES("needed") YES("lead"), "2026-03-31", "clarity/not-accepted", "", NULL);
}
END_TEST

#define BLOCKED(id, day) \
	"acceptance/" id " {'answer': 'BLOCKED', 'inTheWay': 'no tester', 'clearedBy': 'idle'} {'about': 'baseline/q1', 'by': 'own', 'at': '" day "'}\n"

START_TEST(what_stands_in_the_way_is_open_until_the_next_word)
{
	static const char others[] = YES("member") YES("needed") YES("lead");
	char more[2000];

	snprintf(more, sizeof more, "%s" BLOCKED("b1", "2026-03-01"), others);
	expect_accept(carried_plan, NULL, more, "2026-03-15", "clarity/not-accepted", "", NULL); /* 14 days */
	expect_accept(carried_plan, NULL, more, "2026-03-16", "clarity/not-accepted", "clarity/not-accepted:baseline/q1,acceptance/b1\n",
	    "person/own can't accept baseline/q1: what stands in the way has been there for 15 days.");
	/* a yes ends it, a new obstacle begins anew, and what is of tomorrow does not count */
	snprintf(more, sizeof more, "%s" BLOCKED("b1", "2026-03-01")
	    "acceptance/yes {} {'about': 'baseline/q1', 'by': 'own', 'at': '2026-03-02'}\n", others);
	expect_accept(carried_plan, NULL, more, "2026-03-31", "clarity/not-accepted", "", NULL);
	snprintf(more, sizeof more, "%s" BLOCKED("b1", "2026-03-01") BLOCKED("b2", "2026-03-20"), others);
	expect_accept(carried_plan, NULL, more, "2026-03-31", "clarity/not-accepted", "", NULL);
	expect_accept(carried_plan, NULL, more, "2026-03-19", "clarity/not-accepted", "clarity/not-accepted:baseline/q1,acceptance/b1\n", NULL);
}
END_TEST

START_TEST(a_yes_to_what_has_changed_since_is_outdated)
{
#define ALL YES("own") YES("member") YES("needed") YES("lead")
#define RULE "clarity/outdated-acceptance"
	static const char *const same[] = {
	    /* words are no change */
	    "{'put': {'item': {'id': 'i', 'title': 'Another title', 'owners': ['own'], 'initiative': {'status': 'ACTIVE', 'members': "
	    "['member', 'left'], 'needs': [{'who': 'person/needed'}], 'estimate': {'likely': 100}}}}}",
	    "{'put': {'item': {'id': 'o', 'objective': {'team': 't', 'expectation': 'x'}}}}"};
	static const char effort[] =
	    "{'put': {'item': {'id': 'i', 'owners': ['own'], 'initiative': {'status': 'ACTIVE', 'members': "
	    "['member', 'left'], 'needs': [{'who': 'person/needed'}], 'estimate': {'likely': 200}}}}}";

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		expect_accept(carried_plan, same[i], ALL, "2026-03-31", RULE, "", NULL);
	expect_accept(carried_plan, effort, ALL, "2026-02-24", RULE, "", NULL); /* 14 days */
	expect_accept(carried_plan, effort, ALL, "2026-02-25", RULE,
	    RULE ":person/own,baseline/q1\n" RULE ":person/member,baseline/q1\n" RULE ":person/needed,baseline/q1\n", NULL);
	/* only who said yes */
	expect_accept(carried_plan, effort, YES("own"), "2026-03-31", RULE, RULE ":person/own,baseline/q1\n",
	    "person/own accepted baseline/q1 on 2026-01-06; since the baseline 1 of the 1 things they carry have changed or were "
	    "removed.");
	expect_accept(carried_plan, "{'put': {'item': {'id': 'o', 'objective': {'team': 't', 'status': 'DROPPED'}}}}", ALL, "2026-03-31", RULE,
	    RULE ":person/lead,baseline/q1\n", NULL);
	expect_accept(carried_plan, "{'remove': {'ref': 'objective/o'}}", ALL, "2026-03-31", RULE, RULE ":person/lead,baseline/q1\n", NULL);
}
END_TEST

START_TEST(a_plan_without_a_baseline_is_not_judged)
{
	check_text_plan(carried_plan, "clarity/not-accepted", "");
	check_text_plan(carried_plan, RULE, "");
}
END_TEST

/* ---- what was published ----------------------------------------------------------------------------------------- */

static struct clarity_tally published_tally;
static bool is_known;
static bool is_unreadable;

static bool
tell(const struct voices *voices, const struct item *round, struct clarity_published *out, struct err *err)
{
	(void)voices;
	ck_assert_int_eq(round->kind, KIND_ROUND);
	clarity_publish(&published_tally, nobody_near, out);
	return is_unreadable ? err_set(err, ERR_UNAVAILABLE, "no disk") : is_known;
}

static bool
tell_pulses(const struct voices *voices, const struct view *view, int32_t today, voices_pulse_fn fn, void *arg, struct err *err)
{
	static const struct voices_pulse pulses[] = {{"team/t", 3, 5, 20500, 20527}, {"team/t", 2, 7, 20500, 20527},
	    {"", 1, 6, 20500, 20527}, {"team/gone", 1, 9, 20500, 20527}};

	(void)voices;
	(void)view;
	(void)today;
	for (size_t i = 0; !is_unreadable && i < sizeof pulses / sizeof pulses[0]; i++)
		fn(arg, &pulses[i]);
	return !is_unreadable || err_set(err, ERR_UNAVAILABLE, "no disk");
}

/* Keys of what a rule finds with these voices, in the order of the check; unknown ones with "? ". */
static void
expect_told(const char *lines, const char *rule, const char *expected, const char *first_message)
{
	static const struct voices voices = {.clarity = tell, .pulses = tell_pulses};
	bool rules[RULES_MAX];
	const char *names[] = {rule};
	struct check_query query = {.rules = rules, .voices = &voices};
	struct plan_text text;
	struct check *check;
	struct str have, message;
	struct err err;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	ck_assert(rules_select(names, 1, rules, &err));
	check = check_text_run(&text, "2026-03-31", &query);
	str_init(&have, 10000);
	str_init(&message, 10000);
	for (size_t i = 0; i < check_findings(check); i++) {
		const struct finding *f = check_finding(check, i);

		str_add(&have, (f->flags & FINDING_UNKNOWN) != 0 ? "? " : "");
		check_key(check, f, &have);
		str_add(&have, "\n");
		if (i == 0)
			check_message(check, f, &message);
	}
	ck_assert_str_eq(have.data, expected);
	if (first_message != NULL)
		ck_assert_str_eq(message.data, first_message);
	str_fini(&have);
	str_fini(&message);
	check_free(check);
	plan_text_fini(&text);
}

#define OVER "round/r {'type': 'CLARITY', 'opens': '2026-03-01', 'closes': '2026-03-30'}\n"
#define STILL "round/r {'type': 'CLARITY', 'opens': '2026-03-01', 'closes': '2026-03-31'}\n"
#define BELOW "clarity/level-below"

START_TEST(a_level_that_knows_less_is_found)
{
	is_known = true;
	published_tally = (struct clarity_tally){0};
	add_people(&published_tally, 1, 10, 9);
	add_people(&published_tally, 3, 40, 20); /* 0.9 - 0.5: from 0.09 to 0.56 */
	add_people(&published_tally, 4, 40, 19); /* 0.475: neither less than the managers nor than half */
	expect_told(OVER, BELOW, BELOW ":round/r@managers\n",
	    "20 of 40 managers connect the priorities (50 %), fewer than of the executives (90 %), as round/r has it.");
	expect_told(STILL, BELOW, "", NULL);
	expect_told("round/r {'opens': '2026-03-01', 'closes': '2026-03-30'}\n", BELOW, "", NULL); /* a ballot */
	is_known = false;
	expect_told(OVER, BELOW, "", NULL);
}
END_TEST

/* 9 of 30: at most 0.479; 10 of 30: at most 0.512 [Wilson]. */
START_TEST(a_level_below_what_is_asked_for_is_found)
{
	is_known = true;
	published_tally = (struct clarity_tally){0};
	add_people(&published_tally, 4, 30, 9);
	expect_told(OVER, BELOW, BELOW ":round/r@individuals\n",
	    "9 of 30 individuals connect the priorities (30 %), by chance at most 47.9 %, as round/r has it.");
	published_tally = (struct clarity_tally){0};
	add_people(&published_tally, 4, 30, 10);
	expect_told(OVER, BELOW, "", NULL);
	expect_told(OVER "rule-setting/clarity.level-below {'rule': 'clarity/level-below', 'thresholds': {'percent': 52}}\n", BELOW,
	    BELOW ":round/r@individuals\n", NULL);
}
END_TEST

START_TEST(too_few_answers_are_said_once)
{
	is_known = true;
	published_tally = (struct clarity_tally){0};
	add_people(&published_tally, 4, 4, 4);
	expect_told(OVER, BELOW, "? " BELOW ":round/r\n", NULL);
}
END_TEST

START_TEST(signals_name_what_they_are_about)
{
	expect_told("team/t {}\n", "clarity/signals",
	    "clarity/signals:plan@priorities\nclarity/signals:team/t@no-help\nclarity/signals:team/t@too-much\n",
	    "6 people said of the plan, in confidence: we don't know our priorities (2026-02-16 to 2026-03-15).");
	expect_told("team/t {}\nrule-setting/clarity.signals {'rule': 'clarity/signals', 'thresholds': {'people': 6}}\n", "clarity/signals",
	    "clarity/signals:plan@priorities\nclarity/signals:team/t@no-help\n", NULL);
}
END_TEST

START_TEST(what_cannot_be_read_is_no_silence)
{
	is_unreadable = true;
	expect_told(OVER, BELOW, "? " BELOW ":round/r\n", NULL);
	expect_told("team/t {}\n", "clarity/signals", "? clarity/signals:plan\n", NULL);
	is_unreadable = false;
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clarity");
	TCase *score = tcase_create("score"), *questions = tcase_create("questions"), *rules = tcase_create("rules");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(score, intervals_of_shares_are_those_published);
	tcase_add_test(score, intervals_of_differences_are_those_published);
	tcase_add_test(score, groups_of_five_with_none_or_five_beside_them);
	tcase_add_test(score, what_is_near_another_round_is_withheld);
	tcase_add_test(score, a_kind_that_some_were_not_asked_is_shown_if_they_are_five);
	tcase_add_test(score, who_connects_knew_both);
	tcase_add_test(score, what_is_kept_comes_back_and_nothing_else_does);
	tcase_add_test(questions, an_empty_plan_asks_nothing_and_says_why);
	tcase_add_test(questions, a_small_plan_asks_all_it_has);
	tcase_add_test(questions, what_could_be_right_too_is_no_wrong_answer);
	tcase_add_test(questions, what_comes_first_is_what_the_plan_says);
	tcase_add_test(rules, who_carries_and_has_not_answered_is_found);
	tcase_add_test(rules, what_stands_in_the_way_is_open_until_the_next_word);
	tcase_add_test(rules, a_yes_to_what_has_changed_since_is_outdated);
	tcase_add_test(rules, a_plan_without_a_baseline_is_not_judged);
	tcase_add_test(rules, a_level_that_knows_less_is_found);
	tcase_add_test(rules, a_level_below_what_is_asked_for_is_found);
	tcase_add_test(rules, too_few_answers_are_said_once);
	tcase_add_test(rules, signals_name_what_they_are_about);
	tcase_add_test(rules, what_cannot_be_read_is_no_silence);
	suite_add_tcase(suite, score);
	suite_add_tcase(suite, questions);
	suite_add_tcase(suite, rules);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
