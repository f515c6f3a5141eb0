/* The alignment score: one plan by hand, what each family gives and takes, and what must hold of every plan. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/check/pass.h"
#include "server/insight/score/score.h"
#include "tests/support/check_text.h"

#define TODAY   "2026-03-31"
#define WRITTEN "2026-01-05"

/* Plans are laid out by hand. */
/* clang-format off */

static void
score_text(struct plan_text *text, size_t keep, struct score *score)
{
	struct index ix;
	struct err err;
	int32_t today;

	ck_assert(date_parse(TODAY, &today));
	if (!index_init(&ix, plan_text_view(text), today, CHECK_IN_ROLES, NULL, NULL, &err) ||
	    !score_run(&ix, keep, NULL, NULL, score, &err))
		ck_abort_msg("%s", err.msg);
	index_fini(&ix);
}

/* "family units earned" of each family that has units, and what is lacking; then the score in millionths. */
static void
expect(struct plan_text *text, const char *expected)
{
	struct score score;
	struct str out;

	str_init(&out, 1u << 20);
	score_text(text, 100, &score);
	for (unsigned f = 0; f < SCORE_FAMILIES; f++) {
		const struct score_family *family = &score.families[f];

		if (family->units == 0)
			continue;
		str_addf(&out, "%s %d/%d\n", family->family, (int)family->earned, (int)family->units);
		for (size_t i = 0; i < family->lacking_count; i++) {
			const struct score_unit *unit = &family->lacking[i];
			const struct item *item = view_item(text->view, unit->slot);

			str_addf(&out, " %.*s %u%s:", item->id_len, item_id(item), unit->earned,
			    unit->unknown ? "?" : "");
			for (unsigned k = 0; k < unit->lacks_count; k++)
				str_addf(&out, "%s %s", k > 0 ? "," : "", unit->lacks[k]);
			str_add(&out, "\n");
		}
	}
	str_addf(&out, "= %lld\n", (long long)score.micros);
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
	score_fini(&score);
}

/* ---- by hand */

/*
 * sight 16, priority 8, outcome 16, scope 8, owner 12, load 8, ask 4, rhythm 8; customer 8, clarity 4; mirror, horizon 4.
 *
 * Units: goal g; objectives o, dry; initiatives i (active), j (approved), adrift (active, serves nothing).
 */
#define BY_HAND                                                                                            \
	"person/a {}\nperson/b {}\nteam/t {}\n"                                                             \
	"period/q1 {'first_day': '2026-01-01', 'last_day': '2026-03-31'}\n"                                 \
	"goal/g {} {'owners': ['a']}\n"                                                                     \
	"objective/o {'goal': 'g', 'targets': [{'measure': 'm', 'baseline': 1, 'target': 5}], 'periods': ['q1']}" \
	" {'owners': ['a']}\n"                                                                              \
	"objective/dry {'goal': 'g'}\n"                                                                     \
	"measure/m {'direction': 'UP'}\n"                                                                   \
	"measurement/m1 {'value': 2} {'about': 'm', 'at': '2026-03-01'}\n"                                  \
	"initiative/i {'objective': 'o', 'status': 'ACTIVE', 'periods': ['q1'], 'scope': {'in': ['x'], 'out': ['y']}," \
	" 'estimate': {'likely': 500}} {'owners': ['a']}\n"                                                 \
	"initiative/j {'objective': 'o', 'status': 'APPROVED', 'scope': {'in': ['x']}} {'owners': ['b']}\n" \
	"initiative/adrift {'status': 'ACTIVE', 'periods': ['q1'], 'scope': {'in': ['x'], 'out': ['y']}}"   \
	" {'owners': ['a']}\n"                                                                              \
	"initiative/idea {'objective': 'o', 'status': 'PROPOSED'}\n"                                        \
	"ask/k {'from': 't', 'to': 't', 'initiative': 'j', 'what': 'x'}\n"                                  \
	"check-in/c {'status': 'ON_TRACK'} {'about': 'initiative/i', 'at': '2026-03-17'}\n"

#define SILENT "none of its owners has accepted the plan in the last 99 days"

START_TEST(a_small_plan_by_hand)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, WRITTEN, BY_HAND);
	plan_text_apply(&text, WRITTEN, "{'place': {'item': 'i', 'last': true}}");
	/*
	 * sight: g, o, i, j whole; dry has no work, adrift no goal: 48 of 6 * 12, 16 * 48 / 72 = 10.666666
	 * priority: only i is ranked: 12 of 36: 2.666666
	 * outcome: o has all four; dry nothing: 12 of 24: 8
	 * scope: i 12, j 4, adrift nothing: 16 of 36: 3.555555
	 * owner: g, o, i, j; not dry, not adrift: 48 of 72: 8
	 * load: i; j states neither effort nor period: 12 of 36: 2.666666
	 * ask: i; j waits for an answer: 12 of 36: 1.333333
	 * rhythm: i, adrift are active: 12 of 24: 4
	 * nothing is said of customers, and nobody accepted anything; no value, no strategy
	 * 10.666666 + 2.666666 + 8 + 3.555555 + 8 + 2.666666 + 1.333333 + 4 = 40.888886
	 */
	expect(&text,
	    "sight 48/6\n dry 0: no running or finished work serves it\n adrift 0: it reaches no goal\n"
	    "priority 12/3\n adrift 0: it has no rank, it reaches no goal\n j 0: it has no rank\n"
	    "outcome 12/2\n dry 0: no measure\n"
	    "scope 16/3\n adrift 0: it reaches no goal\n"
	    " j 4: it does not say what is left out, it states no period\n"
	    "owner 48/6\n dry 0: no person owns it\n adrift 0: it reaches no goal\n"
	    "load 12/3\n adrift 0: it does not say how much work it is, it reaches no goal\n"
	    " j 0?: it does not say how much work it is, it states no period\n"
	    "ask 12/3\n adrift 0: it reaches no goal\n j 0: an ask is not answered\n"
	    "customer 0/2\n dry 0: it answers nothing that customers expect\n o 0: it answers nothing that customers expect\n"
	    "clarity 0/5\n i 0: " SILENT "\n dry 0: " SILENT "\n o 0: " SILENT "\n adrift 0: " SILENT ", it reaches no goal\n"
	    " j 0: " SILENT "\n"
	    "rhythm 12/2\n adrift 0: no check-in, it reaches no goal\n"
	    "= 40888886\n");
	plan_text_fini(&text);
}
END_TEST

START_TEST(the_rules_that_say_more_exist)
{
	struct plan_text text;
	struct score score;

	plan_text_init(&text);
	plan_text_put(&text, WRITTEN, BY_HAND);
	score_text(&text, 100, &score);
	for (unsigned f = 0; f < SCORE_FAMILIES; f++) {
		for (size_t i = 0; i < score.families[f].lacking_count; i++) {
			const struct score_unit *unit = &score.families[f].lacking[i];

			for (unsigned k = 0; k < unit->lacks_count; k++)
				ck_assert_msg(rule_find(unit->rules[k], strlen(unit->rules[k])) >= 0, "%s",
				    unit->rules[k]);
		}
	}
	score_fini(&score);
	plan_text_fini(&text);
}
END_TEST

START_TEST(an_empty_plan_has_nothing)
{
	struct plan_text text;

	plan_text_init(&text);
	expect(&text, "= 0\n");
	plan_text_put(&text, WRITTEN, "goal/g {} {'owners': ['a']}\nperson/a {}\n");
	/* a goal alone is a wish: its owner earns nothing for it either */
	expect(&text, "sight 0/1\n g 0: no open objective serves it\n"
		      "owner 0/1\n g 0: no open objective serves it\n= 0\n");
	plan_text_fini(&text);
}
END_TEST

/* What one family says of the lines; the others are left out. */
static void
expect_family(const char *lines, unsigned family, int earned, int units)
{
	struct plan_text text;
	struct score score;

	plan_text_init(&text);
	plan_text_put(&text, WRITTEN, lines);
	score_text(&text, 0, &score);
	ck_assert_int_eq((int)score.families[family].earned, earned);
	ck_assert_int_eq((int)score.families[family].units, units);
	score_fini(&score);
	plan_text_fini(&text);
}

enum { SIGHT, PRIORITY, OUTCOME, SCOPE, OWNER, LOAD, ASK, MIRROR, CUSTOMER, CLARITY, RHYTHM, HORIZON };

START_TEST(sight_follows_chains)
{
	expect_family("goal/g {}\ngoal/under {'parent': 'g'}\n"
		      "objective/o {'goal': 'under'}\n"
		      "objective/p {'parent': 'o'}\n"
		      "initiative/i {'objective': 'p', 'status': 'DONE'}\n", /* finished work counts, and is no unit */
	    SIGHT, 48, 4);
	expect_family("goal/g {}\nobjective/o {'goal': 'g'}\n"
		      "initiative/i {'objective': 'o', 'status': 'PROPOSED'}\n", /* a proposal is no work yet */
	    SIGHT, 12, 2);
	expect_family("goal/g {}\nobjective/o {'goal': 'typo'}\n" /* leads nowhere */
		      "initiative/i {'objective': 'o', 'status': 'ACTIVE'}\n",
	    SIGHT, 0, 3);
	expect_family("goal/g {}\nobjective/o {'goal': 'g', 'status': 'DROPPED'}\n"
		      "objective/p {'parent': 'o'}\n" /* what it is a step to was given up */
		      "initiative/i {'objective': 'p', 'status': 'ACTIVE'}\n",
	    SIGHT, 0, 3);
	expect_family("goal/g {}\nobjective/o {'further_goals': ['g']}\n"
		      "initiative/i {'contributions': [{'to': 'o'}], 'status': 'APPROVED'}\n"
		      "initiative/j {'status': 'ACTIVE'} {'links': [{'type': 'CONTRIBUTES', 'to': 'goal/g'}]}\n"
		      "initiative/k {'status': 'ACTIVE'} {'links': [{'type': 'SUPPORTS', 'to': 'goal/g'}]}\n",
	    SIGHT, 48, 5);
	/* two that name each other as their parts serve nothing by that */
	expect_family("goal/g {}\nobjective/o {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/p'}]}\n"
		      "objective/p {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/o'}]}\n",
	    SIGHT, 0, 3);
}
END_TEST

#define OBJECTIVE(target, more) "goal/g {}\nobjective/o {'goal': 'g', 'targets': [{'measure': 'm'" target "}]" more "}\n"

START_TEST(outcome_gives_three_for_each)
{
	expect_family(OBJECTIVE("", "") "measure/m {'direction': 'UP'}\n", OUTCOME, 0, 1);
	expect_family(OBJECTIVE("", ""), OUTCOME, 0, 1); /* the measure is not there */
	expect_family(OBJECTIVE(", 'baseline': 0", "") "measure/m {'direction': 'UP'}\n", OUTCOME, 3, 1);
	expect_family(OBJECTIVE(", 'baseline': 0", "") "measure/m {}\n", OUTCOME, 0, 1); /* no direction */
	expect_family(OBJECTIVE(", 'target': 0", "") "measure/m {}\n", OUTCOME, 3, 1);
	expect_family(OBJECTIVE(", 'commit': 0", "") "measure/m {}\n", OUTCOME, 3, 1);
	expect_family(OBJECTIVE(", 'text': 'much'", "") "measure/m {}\n", OUTCOME, 0, 1);
	expect_family(OBJECTIVE(", 'due': '2026-01-01'", "") "measure/m {}\n", OUTCOME, 3, 1);
	expect_family(OBJECTIVE("", ", 'periods': ['q']") "measure/m {}\nperiod/q {'last_day': '2026-03-31'}\n",
	    OUTCOME, 3, 1);
	expect_family(OBJECTIVE("", ", 'periods': ['q']") "measure/m {}\n", OUTCOME, 0, 1);
	/* a range is both where it stands and where it shall stand */
	expect_family(OBJECTIVE("", "") "measure/m {'direction': 'HOLD', 'low': 1, 'high': 2}\n", OUTCOME, 6, 1);
	expect_family(OBJECTIVE(", 'baseline': 1, 'target': 2", "") "measure/m {'direction': 'HOLD'}\n", OUTCOME, 0, 1);
	/* the better of two */
	expect_family("goal/g {}\nobjective/o {'goal': 'g', 'targets': [{'measure': 'm', 'target': 1},"
		      " {'measure': 'n', 'target': 1, 'due': '2026-01-01'}]}\nmeasure/m {}\nmeasure/n {}\n",
	    OUTCOME, 6, 1);
}
END_TEST

START_TEST(an_actual_is_fresh_for_92_days_and_a_week)
{
	/* 99 days before 2026-03-31 is 2025-12-22 */
	expect_family(OBJECTIVE("", "") "measure/m {}\nmeasurement/x {'value': 1} {'about': 'm', 'at': '2025-12-22'}\n",
	    OUTCOME, 3, 1);
	expect_family(OBJECTIVE("", "") "measure/m {}\nmeasurement/x {'value': 1} {'about': 'm', 'at': '2025-12-21'}\n",
	    OUTCOME, 0, 1);
	/* where it is taken less often: 100 + 7; taken more often does not make it stale sooner, so that not saying so never pays */
	expect_family(OBJECTIVE("", "") "measure/m {'every_days': 100}\nmeasurement/x {'value': 1} {'about': 'm', 'at': '2025-12-14'}\n",
	    OUTCOME, 3, 1);
	expect_family(OBJECTIVE("", "") "measure/m {'every_days': 100}\nmeasurement/x {'value': 1} {'about': 'm', 'at': '2025-12-13'}\n",
	    OUTCOME, 0, 1);
	expect_family(OBJECTIVE("", "") "measure/m {'every_days': 7}\nmeasurement/x {'value': 1} {'about': 'm', 'at': '2025-12-22'}\n",
	    OUTCOME, 3, 1);
	/* one of tomorrow is none; a recorded target is both number and date */
	expect_family(OBJECTIVE("", "") "measure/m {}\nmeasurement/x {'value': 1} {'about': 'm', 'at': '2026-04-01'}\n",
	    OUTCOME, 0, 1);
	expect_family(OBJECTIVE("", "") "measure/m {}\n"
		      "measurement/x {'value': 1, 'role': 'TARGET_VALUE'} {'about': 'm', 'at': '2026-09-30'}\n",
	    OUTCOME, 6, 1);
	/* the date of the recorded one counts beside a stated number too: else leaving the number out would pay */
	expect_family(OBJECTIVE(", 'target': 2", "") "measure/m {}\n"
		      "measurement/x {'value': 1, 'role': 'TARGET_VALUE'} {'about': 'm', 'at': '2026-09-30'}\n",
	    OUTCOME, 6, 1);
}
END_TEST

#define SERVED "goal/g {}\nobjective/o {'goal': 'g'}\nperson/a {}\nperson/b {}\nperson/c {}\n"
#define WORK(id, owners) "initiative/" id " {'objective': 'o', 'status': 'ACTIVE', 'start': '2026-01-01'," \
	" 'finish': '2026-06-30', 'estimate': {'likely': 100}" owners "\n"

START_TEST(nobody_does_more_than_three_at_once)
{
	/* three are fine, four are not */
	expect_family(SERVED WORK("i", "} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}"), LOAD, 36, 3);
	expect_family(SERVED WORK("i", "} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}") WORK("l", "} {'owners': ['a']}"), LOAD, 0, 4);
	/* to execute counts as to lead: b's one is fine, but a executes it */
	expect_family(SERVED WORK("i", "} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}") WORK("l", ", 'members': ['a']} {'owners': ['b']}"), LOAD, 0, 4);
	/* to lead and execute the same is one */
	expect_family(SERVED WORK("i", ", 'members': ['a']} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}"), LOAD, 36, 3);
	/* what nobody owns could be anybody's: a's fourth */
	expect_family(SERVED WORK("i", "} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}") WORK("l", "}"), LOAD, 0, 4);
	/* of two owners one has room */
	expect_family(SERVED WORK("i", "} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}") WORK("l", "} {'owners': ['a', 'b']}"), LOAD, 48, 4);
	expect_family(SERVED WORK("i", "} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}") WORK("l", "} {'owners': ['b', 'a']}"), LOAD, 48, 4);
	/* an approved one would be the fourth, and takes no room from the others yet */
	expect_family(SERVED WORK("i", "} {'owners': ['a']}") WORK("j", "} {'owners': ['a']}")
			  WORK("k", "} {'owners': ['a']}")
		      "initiative/l {'objective': 'o', 'status': 'APPROVED', 'start': '2026-01-01', 'finish': '2026-06-30',"
		      " 'needs': [{'who': 't', 'effort': 100}]} {'owners': ['a']}\n", LOAD, 36, 4);
}
END_TEST

START_TEST(asks_are_met_or_promised_in_time)
{
#define ASKED(state) SERVED WORK("i", "}") "ask/k {'initiative': 'i', " state "}\n"
	expect_family(SERVED WORK("i", "}"), ASK, 12, 1);
	expect_family(ASKED("'state': 'ASKED'"), ASK, 0, 1);
	expect_family(ASKED("'state': 'MET'"), ASK, 12, 1);
	expect_family(ASKED("'state': 'MISSED'"), ASK, 0, 1);
	expect_family(ASKED("'state': 'DECLINED'"), ASK, 0, 1);
	expect_family(ASKED("'state': 'COUNTERED'"), ASK, 0, 1);
	expect_family(ASKED("'state': 'WITHDRAWN'"), ASK, 12, 1);
	expect_family(ASKED("'state': 'COMMITTED'"), ASK, 0, 1);
	expect_family(ASKED("'state': 'COMMITTED', 'needed_by': '2026-04-30', 'promised_for': '2026-04-30'"), ASK, 12, 1);
	expect_family(ASKED("'state': 'COMMITTED', 'needed_by': '2026-04-30', 'promised_for': '2026-05-01'"), ASK, 0, 1);
	expect_family(ASKED("'state': 'COMMITTED', 'needed_by': '2026-04-30', 'promised_for': '2026-03-31'"), ASK, 12, 1);
	expect_family(ASKED("'state': 'COMMITTED', 'needed_by': '2026-04-30', 'promised_for': '2026-03-30'"), ASK, 0, 1);
	/* of a part of it */
	expect_family(SERVED WORK("i", "}") "workstream/w {'initiative': 'i'}\nask/k {'initiative': 'workstream/w'}\n", ASK, 0, 1);
}
END_TEST

START_TEST(active_work_is_heard_of_every_two_weeks)
{
	expect_family(SERVED WORK("i", "}") "check-in/c {} {'about': 'initiative/i', 'at': '2026-03-17'}\n", RHYTHM, 12, 1);
	expect_family(SERVED WORK("i", "}") "check-in/c {} {'about': 'initiative/i', 'at': '2026-03-16'}\n", RHYTHM, 0, 1);
	expect_family(SERVED WORK("i", "}") "check-in/c {} {'about': 'initiative/i', 'at': '2026-04-01'}\n", RHYTHM, 0, 1);
	expect_family(SERVED "initiative/i {'objective': 'o', 'status': 'APPROVED'}\n", RHYTHM, 0, 0);
}
END_TEST

START_TEST(values_are_honoured_by_what_stands)
{
	expect_family("value/v {}\nvalue/w {}\n", MIRROR, 0, 2);
	expect_family("value/v {}\ndecision/d {'honours': ['value/v'], 'status': 'ACCEPTED'}\n", MIRROR, 12, 1);
	expect_family("value/v {}\ndecision/d {'honours': ['value/v']}\n", MIRROR, 0, 1);
	expect_family("value/v {}\ndecision/d {'breaks': ['value/v'], 'status': 'ACCEPTED'}\n", MIRROR, 0, 1);
	expect_family("value/v {}\ncommitment/c {'state': 'KEPT'} {'links': [{'type': 'SUPPORTS', 'to': 'value/v'}]}\n", MIRROR, 12, 1);
	expect_family("value/v {}\ncommitment/c {'state': 'BROKEN'} {'links': [{'type': 'SUPPORTS', 'to': 'value/v'}]}\n", MIRROR, 0, 1);
	expect_family("value/v {} {'links': [{'type': 'RELATES', 'to': 'policy/p'}]}\npolicy/p {}\n", MIRROR, 12, 1);
	expect_family("value/v {} {'links': [{'type': 'RELATES', 'to': 'policy/typo'}]}\n", MIRROR, 0, 1);
	/* a word of honour from what reaches no goal would pay */
	expect_family("value/v {}\nobjective/o {} {'links': [{'type': 'SUPPORTS', 'to': 'value/v'}]}\n", MIRROR, 0, 1);
}
END_TEST

#define FOR(more) "goal/g {}\nobjective/o {'goal': 'g'" more "}\n"
#define STEP      "journey/j {}\nstage/a {'journey': 'j'}\nstep/s {'stage': 'a', 'met_by': 't'}\n"

START_TEST(objectives_answer_what_customers_expect)
{
	expect_family(FOR(""), CUSTOMER, 0, 1);
	expect_family(FOR(", 'expectation': 'quick help'"), CUSTOMER, 4, 1);
	expect_family(FOR(", 'expectations': ['typo']"), CUSTOMER, 0, 1);
	expect_family(FOR(", 'expectations': ['e']") "expectation/e {}\n", CUSTOMER, 4, 1);
	expect_family(FOR(", 'expectations': ['e']") "expectation/e {'importance': 9}\n", CUSTOMER, 4, 1);
	expect_family(FOR(", 'expectations': ['e']") "expectation/e {'importance': 9, 'met': 0}\n", CUSTOMER, 8, 1);
	expect_family(FOR(", 'expectations': ['e']") STEP "team/t {}\nexpectation/e {'step': 's', 'met': 0}\n", CUSTOMER, 8, 1);
	expect_family(FOR(", 'expectations': ['e']") STEP "expectation/e {'step': 's', 'met': 0}\n", CUSTOMER, 4, 1);
	expect_family(FOR(", 'expectations': ['e']") STEP "team/t {}\nexpectation/e {'step': 's', 'importance': 1, 'met': 0}\n",
	    CUSTOMER, 12, 1);
	/* the best of several, not what they come to together; of what it is a part of, too */
	expect_family(FOR(", 'expectations': ['e', 'f']") STEP
	    "team/t {}\nexpectation/e {'step': 's'}\nexpectation/f {'importance': 1, 'met': 0}\n", CUSTOMER, 8, 1);
	expect_family(FOR(", 'expectations': ['e']") "expectation/e {'importance': 1, 'met': 0}\nobjective/p {'parent': 'o'}\n",
	    CUSTOMER, 16, 2);
	/* what reaches no goal */
	expect_family("objective/o {'expectation': 'quick help'}\n", CUSTOMER, 0, 1);
}
END_TEST

#define OWNED                                                                                                                \
	"person/a {}\nbaseline/b {}\ngoal/g {}\nobjective/o {'goal': 'g'} {'owners': ['a']}\n"                                 \
	"initiative/i {'objective': 'o', 'status': 'APPROVED'} {'owners': ['x', 'a']}\n"
#define SAID(answer, about, at) "acceptance/c {'answer': '" answer "', 'in_the_way': 'x'} {'about': '" about "', 'by': 'a', 'at': '" at "'}\n"

START_TEST(owners_accept_the_plan)
{
	expect_family(OWNED, CLARITY, 0, 2);
	expect_family(OWNED SAID("ACCEPTED", "baseline/b", "2026-03-31"), CLARITY, 24, 2);
	expect_family(OWNED SAID("ACCEPTED", "baseline/b", "2025-12-22"), CLARITY, 24, 2); /* 99 days */
	expect_family(OWNED SAID("ACCEPTED", "baseline/b", "2025-12-21"), CLARITY, 0, 2);
	expect_family(OWNED SAID("ACCEPTED", "baseline/b", "2026-04-01"), CLARITY, 0, 2);
	expect_family(OWNED SAID("BLOCKED", "baseline/b", "2026-03-31"), CLARITY, 0, 2);
}
END_TEST

#define STRATEGY(more) "goal/g {}\nassessment/s {}\nstrategy/y {'goals': ['g']" more "}\n"

START_TEST(strategies_meet_the_outside)
{
	expect_family(STRATEGY(""), HORIZON, 0, 1);
	expect_family(STRATEGY(", 'first_day': '2026-01-01', 'last_day': '2026-12-31'"), HORIZON, 4, 1);
	expect_family(STRATEGY(", 'first_day': '2026-01-01', 'last_day': '2026-12-30'"), HORIZON, 0, 1);
	expect_family(STRATEGY(", 'last_day': '2026-12-31'"), HORIZON, 0, 1);
	expect_family(STRATEGY(", 'first_day': '2024-01-01', 'last_day': '2025-12-31'"), HORIZON, 4, 1); /* over */
	expect_family(STRATEGY(", 'change_areas': [{'title': 'x', 'end_state': 'y'}]"), HORIZON, 0, 1);
	expect_family(STRATEGY(", 'change_areas': [{'title': 'x', 'end_state': 'y', 'timeframe': '2026-12-31'}, {'title': 'z'}]"), HORIZON, 4, 1);
	expect_family(STRATEGY(", 'change_areas': [{'title': 'x', 'answers': ['typo', 's']}]"), HORIZON, 4, 1);
	expect_family("strategy/y {'first_day': '2026-01-01', 'last_day': '2026-12-31'}\n", HORIZON, 0, 1);
}
END_TEST

START_TEST(only_people_own)
{
	expect_family(SERVED "initiative/i {'objective': 'o', 'status': 'ACTIVE'} {'owners': ['team/t']}\nteam/t {}\n", OWNER, 0, 3);
	expect_family(SERVED "initiative/i {'objective': 'o', 'status': 'ACTIVE'} {'owners': ['typo']}\n", OWNER, 0, 3);
	/* several earn as one does: else taking one away would pay */
	expect_family(SERVED "initiative/i {'objective': 'o', 'status': 'ACTIVE'} {'owners': ['a', 'b']}\n", OWNER, 12, 3);
}
END_TEST

START_TEST(waived_units_are_counted_and_not_paid)
{
	struct check_query query = {.waived = true};
	struct plan_text text;
	struct check *check;
	struct score score;
	struct err err;

	plan_text_init(&text);
	plan_text_put(&text, WRITTEN, BY_HAND
	    "waiver/w {'finding': 'owner/none:objective/dry', 'reason': 'soon', 'until': '2026-03-31'}\n"
	    "waiver/old {'finding': 'sight/orphan:initiative/adrift', 'reason': 'soon', 'until': '2026-03-30'}\n"
	    "waiver/other {'finding': 'outcome/no-measure:objective/dry', 'reason': 'soon', 'until': '2026-03-31'}\n");
	plan_text_apply(&text, WRITTEN, "{'place': {'item': 'i', 'last': true}}");
	check = check_text_run(&text, TODAY, &query);
	ck_assert(score_of_check(check, 0, NULL, NULL, &score, &err));
	ck_assert_int_eq((int)score.families[OWNER].waived, 1);
	ck_assert_int_eq((int)score.families[OUTCOME].waived, 1);
	ck_assert_int_eq((int)score.families[SIGHT].waived, 0); /* it is over */
	ck_assert_int_eq((int)score.micros, 40888886);         /* as without them */
	score_fini(&score);
	check_free(check);
	plan_text_fini(&text);
}
END_TEST

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

START_TEST(it_can_be_cancelled)
{
	struct plan_text text;
	struct index ix;
	struct score score;
	struct str lines;
	struct err err = {0};

	plan_text_init(&text);
	str_init(&lines, 1u << 20);
	for (unsigned i = 0; i < 5000; i++)
		str_addf(&lines, "goal/g%u {}\n", i);
	plan_text_put(&text, WRITTEN, lines.data);
	ck_assert(index_init(&ix, plan_text_view(&text), 0, CHECK_IN_ROLES, NULL, NULL, &err));
	ck_assert(!score_run(&ix, 0, always, NULL, &score, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	index_fini(&ix);
	str_fini(&lines);
	plan_text_fini(&text);
}
END_TEST

/* clang-format on */

/* ---- of every plan */

enum {
	GOALS = 2,
	OBJECTIVES = 4,
	MEASURES = 4,
	WORKS = 6,
	PEOPLE = 4,
	PERIODS = 3,
	ASKS = 3,
	TARGETS = 3,
	RECORDS = 3,
	EXPECTATIONS = 3,
	STEPS = 2,
	VALUES = 3,
	ACTS = 3,
	STRATEGIES = 2,
	AREAS = 2,
	ASSESSMENTS = 2
};

struct owned {
	bool people[PEOPLE];
	bool team;
};

struct goal {
	struct owned owned;
};

struct aimed {
	bool there, baseline, target, commit, due;
	unsigned measure;
};

struct objective {
	struct owned owned;
	unsigned goal, parent, status; /* goal, parent: none where too high */
	bool closed, periods[PERIODS], in_words, answers[EXPECTATIONS];
	struct aimed targets[TARGETS];
};

struct record {
	bool there;
	unsigned role;
	int age;
};

struct measure {
	bool there, range, every;
	unsigned direction, every_days, under;
	struct record records[RECORDS];
};

struct work {
	struct owned owned;
	bool members[PEOPLE], periods[PERIODS], start, finish, in, out, estimate, need, contributes;
	unsigned objective, contribution, status, rank; /* rank: 0 none, 1 behind, 2 tied */
	struct record check_ins[RECORDS];
};

struct asked {
	unsigned work, state;
	bool promised, needed;
	int promise, need;
};

struct period {
	bool there, first, last;
};

struct person {
	bool there, last_day;
};

struct expectation {
	bool there, segment, importance, met, step;
	unsigned of;
};

/* Of the first kind a decision, then a policy, then a commitment. */
struct act {
	bool there, stated, reason, due, honours[VALUES], breaks[VALUES];
	unsigned status;
};

struct acceptance {
	bool there;
	unsigned by, answer;
	int age;
};

struct area {
	bool there, end_state, timeframe, answers[ASSESSMENTS];
};

struct strategy {
	bool goal, first, last, last_is_past;
	struct area areas[AREAS];
};

/* What stands around the work. Values and strategies are units, and stay. */
struct around {
	bool segment, journey, stage, steps[STEPS], met_by[STEPS], team, review, attendee,
	    influencer, came_from;
	bool maturity, level, baseline, assessments[ASSESSMENTS], value_links[VALUES];
	struct expectation expectations[EXPECTATIONS];
	struct act acts[ACTS];
	struct acceptance acceptances[PEOPLE];
	struct strategy strategies[STRATEGIES];
};

struct model {
	struct around around;
	struct goal goals[GOALS];
	struct objective objectives[OBJECTIVES];
	struct measure measures[MEASURES];
	struct work works[WORKS];
	struct asked asks[ASKS];
	struct period periods[PERIODS];
	struct person people[PEOPLE];
};

static uint64_t seed;

static unsigned
pick(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void
flip(bool *flags, size_t n, unsigned of_ten)
{
	for (size_t i = 0; i < n; i++)
		flags[i] = pick(10) < of_ten;
}

static void
flip_owned(struct owned *owned)
{
	flip(owned->people, PEOPLE, 3);
	owned->team = pick(6) == 0;
}

static void
make_objective(struct objective *o)
{
	flip_owned(&o->owned);
	o->goal = pick(GOALS + 1);
	o->parent = pick(OBJECTIVES + 1);
	o->status = pick(8);
	o->closed = pick(2);
	o->in_words = pick(3) == 0;
	flip(o->answers, EXPECTATIONS, 4);
	flip(o->periods, PERIODS, 3);
	for (size_t i = 0; i < TARGETS; i++) {
		struct aimed *t = &o->targets[i];

		*t = (struct aimed){
		    pick(2), pick(2), pick(2), pick(4) == 0, pick(2), pick(MEASURES)};
	}
}

static void
make_records(struct record *records, unsigned roles, unsigned days)
{
	for (size_t i = 0; i < RECORDS; i++)
		records[i] = (struct record){pick(2), pick(roles), (int)pick(days) - 5};
}

static void
make_work(struct work *w)
{
	flip_owned(&w->owned);
	flip(w->members, PEOPLE, 2);
	flip(w->periods, PERIODS, 3);
	w->start = pick(2);
	w->finish = pick(2);
	w->in = pick(2);
	w->out = pick(2);
	w->estimate = pick(2);
	w->need = pick(3) == 0;
	w->contributes = pick(4) == 0;
	w->objective = pick(OBJECTIVES + 1);
	w->contribution = pick(2 * OBJECTIVES);
	w->status = 1 + pick(10) % 8; /* mostly active or approved */
	w->rank = pick(3);
	make_records(w->check_ins, 1, 40);
}

static void
make_strategy(struct strategy *y)
{
	*y = (struct strategy){pick(4) != 0, pick(4) != 0, pick(4) != 0, pick(2), {{false}}};
	for (size_t i = 0; i < AREAS; i++) {
		y->areas[i] = (struct area){pick(2), pick(2), pick(2), {false}};
		flip(y->areas[i].answers, ASSESSMENTS, 4);
	}
}

static void
make_around(struct around *a)
{
	bool *flags[] = {&a->segment, &a->journey, &a->stage, &a->team, &a->review, &a->attendee,
	    &a->influencer, &a->came_from, &a->maturity, &a->level, &a->baseline};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		*flags[i] = pick(6) != 0;
	flip(a->steps, STEPS, 8);
	flip(a->met_by, STEPS, 7);
	flip(a->assessments, ASSESSMENTS, 8);
	flip(a->value_links, VALUES, 2);
	for (size_t i = 0; i < EXPECTATIONS; i++)
		a->expectations[i] = (struct expectation){
		    pick(8) != 0, pick(2), pick(3) != 0, pick(3) != 0, pick(3) != 0, pick(STEPS)};
	for (size_t i = 0; i < ACTS; i++) {
		a->acts[i] = (struct act){.there = pick(8) != 0,
		    .stated = pick(6) != 0,
		    .reason = pick(2),
		    .due = pick(2),
		    .status = pick(4)};
		flip(a->acts[i].honours, VALUES, 4);
		flip(a->acts[i].breaks, VALUES, 3);
	}
	for (size_t i = 0; i < PEOPLE; i++)
		a->acceptances[i] =
		    (struct acceptance){pick(2), pick(PEOPLE), pick(3) == 0, (int)pick(130) - 5};
	for (size_t i = 0; i < STRATEGIES; i++)
		make_strategy(&a->strategies[i]);
}

static void
make_model(struct model *m)
{
	memset(m, 0, sizeof *m);
	make_around(&m->around);
	for (size_t i = 0; i < GOALS; i++)
		flip_owned(&m->goals[i].owned);
	for (size_t i = 0; i < OBJECTIVES; i++)
		make_objective(&m->objectives[i]);
	for (size_t i = 0; i < MEASURES; i++) {
		struct measure *e = &m->measures[i];

		*e = (struct measure){.there = pick(8) != 0,
		    .range = pick(2),
		    .every = pick(2),
		    .direction = pick(4),
		    .every_days = 1 + pick(200),
		    .under = pick(2 * OBJECTIVES)};
		make_records(e->records, 3, 240);
	}
	for (size_t i = 0; i < WORKS; i++)
		make_work(&m->works[i]);
	for (size_t i = 0; i < ASKS; i++)
		m->asks[i] = (struct asked){pick(WORKS), pick(7), pick(4) != 0, pick(4) != 0,
		    (int)pick(20) - 4, (int)pick(20) - 4};
	for (size_t i = 0; i < PERIODS; i++)
		m->periods[i] = (struct period){pick(8) != 0, pick(8) != 0, pick(8) != 0};
	for (size_t i = 0; i < PEOPLE; i++)
		m->people[i] = (struct person){pick(8) != 0, pick(4) == 0};
}

/* ---- everything that can be taken away */

struct taken {
	bool *list[1024];
	size_t count;
};

static void
can_go(struct taken *t, bool *flag)
{
	ck_assert_uint_lt(t->count, 1024);
	if (*flag)
		t->list[t->count++] = flag;
}

static void
flags_can_go(struct taken *t, bool *flags, size_t n)
{
	for (size_t i = 0; i < n; i++)
		can_go(t, &flags[i]);
}

static void
owned_can_go(struct taken *t, struct owned *owned)
{
	flags_can_go(t, owned->people, PEOPLE);
	can_go(t, &owned->team);
}

static void
records_can_go(struct taken *t, struct record *records)
{
	for (size_t i = 0; i < RECORDS; i++)
		can_go(t, &records[i].there);
}

static void
objective_can_lose(struct taken *t, struct objective *o)
{
	owned_can_go(t, &o->owned);
	flags_can_go(t, o->periods, PERIODS);
	can_go(t, &o->closed);
	can_go(t, &o->in_words);
	flags_can_go(t, o->answers, EXPECTATIONS);
	for (size_t i = 0; i < TARGETS; i++) {
		can_go(t, &o->targets[i].there);
		can_go(t, &o->targets[i].baseline);
		can_go(t, &o->targets[i].target);
		can_go(t, &o->targets[i].commit);
		can_go(t, &o->targets[i].due);
	}
}

static void
work_can_lose(struct taken *t, struct work *w)
{
	owned_can_go(t, &w->owned);
	flags_can_go(t, w->periods, PERIODS);
	can_go(t, &w->start);
	can_go(t, &w->finish);
	can_go(t, &w->in);
	can_go(t, &w->out);
	can_go(t, &w->estimate);
	can_go(t, &w->need);
	records_can_go(t, w->check_ins);
}

static void
strategy_can_lose(struct taken *t, struct strategy *y)
{
	can_go(t, &y->goal);
	can_go(t, &y->first);
	can_go(t, &y->last);
	for (size_t i = 0; i < AREAS; i++) {
		can_go(t, &y->areas[i].there);
		can_go(t, &y->areas[i].end_state);
		can_go(t, &y->areas[i].timeframe);
		flags_can_go(t, y->areas[i].answers, ASSESSMENTS);
	}
}

static void
around_can_lose(struct taken *t, struct around *a)
{
	bool *flags[] = {&a->segment, &a->journey, &a->stage, &a->team, &a->review, &a->attendee,
	    &a->influencer, &a->came_from, &a->maturity, &a->level, &a->baseline};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		can_go(t, flags[i]);
	flags_can_go(t, a->steps, STEPS);
	flags_can_go(t, a->met_by, STEPS);
	flags_can_go(t, a->assessments, ASSESSMENTS);
	flags_can_go(t, a->value_links, VALUES);
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		can_go(t, &a->expectations[i].there);
		can_go(t, &a->expectations[i].segment);
		can_go(t, &a->expectations[i].importance);
		can_go(t, &a->expectations[i].met);
		can_go(t, &a->expectations[i].step);
	}
	for (size_t i = 0; i < ACTS; i++) {
		can_go(t, &a->acts[i].there);
		can_go(t, &a->acts[i].stated);
		can_go(t, &a->acts[i].reason);
		can_go(t, &a->acts[i].due);
		flags_can_go(t, a->acts[i].honours, VALUES);
		flags_can_go(t, a->acts[i].breaks, VALUES);
	}
	for (size_t i = 0; i < PEOPLE; i++)
		can_go(t, &a->acceptances[i].there);
	for (size_t i = 0; i < STRATEGIES; i++)
		strategy_can_lose(t, &a->strategies[i]);
}

static void
all_that_can_go(struct model *m, struct taken *t)
{
	t->count = 0;
	around_can_lose(t, &m->around);
	for (size_t i = 0; i < GOALS; i++)
		owned_can_go(t, &m->goals[i].owned);
	for (size_t i = 0; i < OBJECTIVES; i++)
		objective_can_lose(t, &m->objectives[i]);
	for (size_t i = 0; i < MEASURES; i++) {
		can_go(t, &m->measures[i].there);
		can_go(t, &m->measures[i].every);
		records_can_go(t, m->measures[i].records);
	}
	for (size_t i = 0; i < WORKS; i++)
		work_can_lose(t, &m->works[i]);
	for (size_t i = 0; i < ASKS; i++) {
		can_go(t, &m->asks[i].promised);
		can_go(t, &m->asks[i].needed);
	}
	for (size_t i = 0; i < PERIODS; i++) {
		can_go(t, &m->periods[i].there);
		can_go(t, &m->periods[i].first);
		can_go(t, &m->periods[i].last);
	}
	for (size_t i = 0; i < PEOPLE; i++) {
		can_go(t, &m->people[i].there);
		can_go(t, &m->people[i].last_day);
	}
}

/* ---- the model as text */

static const char *
day(int days_ago, char *buf)
{
	int32_t today;

	ck_assert(date_parse(TODAY, &today));
	return date_format(today - days_ago, buf);
}

static void
write_owned(const struct owned *owned, struct str *out)
{
	str_add(out, " {'owners': [");
	for (unsigned i = 0; i < PEOPLE; i++) {
		if (owned->people[i])
			str_addf(out, "%s'p%u'", out->data[out->len - 1] == '[' ? "" : ", ", i);
	}
	if (owned->team)
		str_addf(out, "%s'team/t'", out->data[out->len - 1] == '[' ? "" : ", ");
	str_add(out, "]}\n");
}

static void
write_flags(const char *field, const char *name, const bool *flags, size_t n, struct str *out)
{
	str_addf(out, ", '%s': [", field);
	for (size_t i = 0; i < n; i++) {
		if (flags[i])
			str_addf(
			    out, "%s'%s%zu'", out->data[out->len - 1] == '[' ? "" : ", ", name, i);
	}
	str_add(out, "]");
}

static void
write_objective(const struct objective *o, unsigned i, struct str *out)
{
	static const char *const statuses[] = {"OPEN", "CLOSED", "DROPPED"};
	bool any = false;

	str_addf(out, "objective/o%u {'status': '%s'", i, statuses[o->status < 3 ? o->status : 0]);
	if (o->goal < GOALS)
		str_addf(out, ", 'goal': 'g%u'", o->goal);
	if (o->parent < i)
		str_addf(out, ", 'parent': 'o%u'", o->parent);
	if (o->closed)
		str_add(out, ", 'closed': '2026-02-01'");
	str_add(out, o->in_words ? ", 'expectation': 'quick help'" : "");
	write_flags("expectations", "e", o->answers, EXPECTATIONS, out);
	write_flags("periods", "q", o->periods, PERIODS, out);
	str_add(out, ", 'targets': [");
	for (size_t k = 0; k < TARGETS; k++) {
		const struct aimed *t = &o->targets[k];

		if (!t->there)
			continue;
		str_addf(out, "%s{'measure': 'm%u'", any ? ", " : "", t->measure);
		str_add(out, t->baseline ? ", 'baseline': 1" : "");
		str_add(out, t->target ? ", 'target': 5" : "");
		str_add(out, t->commit ? ", 'commit': 4" : "");
		str_add(out, t->due ? ", 'due': '2026-06-30'}" : "}");
		any = true;
	}
	str_add(out, "]}");
	write_owned(&o->owned, out);
}

static void
write_measure(const struct measure *e, unsigned i, struct str *out)
{
	static const char *const directions[] = {"DIRECTION_UNKNOWN", "UP", "DOWN", "HOLD"};
	static const char *const roles[] = {"ACTUAL", "BASELINE_VALUE", "TARGET_VALUE"};
	char text[DATE_TEXT_LEN];

	if (e->there) {
		str_addf(out, "measure/m%u {'direction': '%s'", i, directions[e->direction]);
		str_add(out, e->range ? ", 'low': 1, 'high': 3" : "");
		if (e->every)
			str_addf(out, ", 'every_days': %u", e->every_days);
		if (e->under < OBJECTIVES)
			str_addf(out, ", 'inline_under': 'o%u'", e->under);
		str_add(out, "}\n");
	}
	for (unsigned k = 0; k < RECORDS; k++) {
		if (e->records[k].there)
			str_addf(out,
			    "measurement/m%u-%u {'value': %u, 'role': '%s'} {'about': 'm%u', 'at': "
			    "'%s'}\n",
			    i, k, k, roles[e->records[k].role], i, day(e->records[k].age, text));
	}
}

static void
write_work(const struct work *w, unsigned i, struct str *out)
{
	static const char *const statuses[] = {
	    "", "PROPOSED", "APPROVED", "ACTIVE", "PAUSED", "DONE", "STOPPED", "ACTIVE", "ACTIVE"};
	char text[DATE_TEXT_LEN];

	str_addf(out, "initiative/i%u {'status': '%s'", i, statuses[w->status]);
	if (w->objective < OBJECTIVES)
		str_addf(out, ", 'objective': 'o%u'", w->objective);
	if (w->contribution < OBJECTIVES)
		str_addf(out, ", 'contributions': [{'to': 'o%u'}]", w->contribution);
	str_add(out, w->start ? ", 'start': '2026-01-05'" : "");
	str_add(out, w->finish ? ", 'finish': '2026-05-31'" : "");
	str_addf(out, ", 'scope': {%s%s%s}", w->in ? "'in': ['x']" : "",
	    w->in && w->out ? ", " : "", w->out ? "'out': ['y']" : "");
	str_add(out, w->estimate ? ", 'estimate': {'likely': 300}" : "");
	str_add(out, w->need ? ", 'needs': [{'who': 't', 'effort': 100}]" : "");
	write_flags("members", "p", w->members, PEOPLE, out);
	write_flags("periods", "q", w->periods, PERIODS, out);
	str_add(out, "}");
	write_owned(&w->owned, out);
	for (unsigned k = 0; k < RECORDS; k++) {
		if (w->check_ins[k].there)
			str_addf(out,
			    "check-in/i%u-%u {'status': 'ON_TRACK'} {'about': 'initiative/i%u', "
			    "'at': '%s'}\n",
			    i, k, i, day(w->check_ins[k].age, text));
	}
}

static void
write_people_and_time(const struct model *m, struct str *out)
{
	static const char *const firsts[] = {"2026-01-01", "2026-04-01", "2026-02-01"};
	static const char *const lasts[] = {"2026-03-31", "2026-06-30", "2026-02-28"};

	str_add(out, "team/t {}\n");
	for (unsigned i = 0; i < PEOPLE; i++) {
		if (m->people[i].there)
			str_addf(out, "person/p%u {%s}\n", i,
			    m->people[i].last_day ? "'last_day': '2026-02-28'" : "");
	}
	for (unsigned i = 0; i < PERIODS; i++) {
		const struct period *p = &m->periods[i];

		if (!p->there)
			continue;
		str_addf(out, "period/q%u {", i);
		if (p->first)
			str_addf(out, "'first_day': '%s'%s", firsts[i], p->last ? ", " : "");
		if (p->last)
			str_addf(out, "'last_day': '%s'", lasts[i]);
		str_add(out, "}\n");
	}
}

static void
write_asks(const struct model *m, struct str *out)
{
	static const char *const states[] = {
	    "ASKED", "COMMITTED", "DECLINED", "COMMITTED", "MET", "COMMITTED", "WITHDRAWN"};
	char text[DATE_TEXT_LEN];

	for (unsigned i = 0; i < ASKS; i++) {
		const struct asked *a = &m->asks[i];

		str_addf(out, "ask/a%u {'initiative': 'i%u', 'state': '%s'", i, a->work,
		    states[a->state]);
		if (a->promised)
			str_addf(out, ", 'promised_for': '%s'", day(-a->promise, text));
		if (a->needed)
			str_addf(out, ", 'needed_by': '%s'", day(-a->need, text));
		str_add(out, "}\n");
	}
}

static void
write_customers(const struct around *a, struct str *out)
{
	str_add(out, a->segment ? "segment/s {}\n" : "");
	str_add(out, a->journey ? "journey/j {}\n" : "");
	str_add(out, a->stage ? "stage/a {'journey': 'j'}\n" : "");
	for (unsigned i = 0; i < STEPS; i++) {
		if (a->steps[i])
			str_addf(out, "step/s%u {'stage': 'a'%s}\n", i,
			    a->met_by[i] ? ", 'met_by': 'front'" : "");
	}
	str_add(out, a->team ? "team/front {}\n" : "");
	for (unsigned i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *e = &a->expectations[i];

		if (!e->there)
			continue;
		str_addf(out, "expectation/e%u {'who': ['x']%s%s%s", i,
		    e->segment ? ", 'segment': 's'" : "", e->importance ? ", 'importance': 9" : "",
		    e->met ? ", 'met': 2" : "");
		if (e->step)
			str_addf(out, ", 'step': 's%u'", e->of);
		str_add(out, "}\n");
	}
}

static void
write_act(const struct act *act, unsigned i, struct str *out)
{
	static const char *const statuses[] = {"PROPOSED", "REJECTED", "ACCEPTED", "SUPERSEDED"};
	static const char *const states[] = {"OPEN", "KEPT", "BROKEN", "WITHDRAWN"};
	bool first = true;

	if (i == 0) {
		str_addf(out, "decision/d {'status': '%s'%s",
		    statuses[act->stated ? act->status : 0], act->reason ? ", 'reason': 'x'" : "");
		write_flags("honours", "value/v", act->honours, VALUES, out);
		write_flags("breaks", "value/v", act->breaks, VALUES, out);
		str_add(out, "}\n");
		return;
	}
	if (i == 1)
		str_add(out, "policy/p {}");
	else
		str_addf(out, "commitment/c {'state': '%s'%s}",
		    states[act->stated ? act->status : 0], act->due ? ", 'due': '2026-06-30'" : "");
	str_add(out, " {'links': [");
	for (unsigned v = 0; v < VALUES; v++) {
		if (!act->honours[v])
			continue;
		str_addf(out, "%s{'type': 'SUPPORTS', 'to': 'value/v%u'}", first ? "" : ", ", v);
		first = false;
	}
	str_add(out, "]}\n");
}

static void
write_words(const struct around *a, struct str *out)
{
	char text[DATE_TEXT_LEN];

	for (unsigned i = 0; i < VALUES; i++)
		str_addf(out, "value/v%u {} {'links': [%s]}\n", i,
		    a->value_links[i] ? "{'type': 'RELATES', 'to': 'policy/p'}" : "");
	for (unsigned i = 0; i < ACTS; i++) {
		if (a->acts[i].there)
			write_act(&a->acts[i], i, out);
	}
	str_add(out, a->review ? "review/r {'attendees': [" : "");
	str_add(out, a->review && a->attendee ? "'p0'" : "");
	str_add(out, a->review ? "]}\n" : "");
	str_add(out, a->maturity ? a->level ? "maturity/m {'level': 2}\n" : "maturity/m {}\n" : "");
	str_add(out, a->baseline ? "baseline/b {}\n" : "");
	for (unsigned i = 0; i < PEOPLE; i++) {
		const struct acceptance *c = &a->acceptances[i];

		if (c->there)
			str_addf(out,
			    "acceptance/c%u {'answer': '%s', 'in_the_way': 'x'} {'about': "
			    "'baseline/b', 'by': 'p%u', 'at': '%s'}\n",
			    i, c->answer ? "BLOCKED" : "ACCEPTED", c->by, day(c->age, text));
	}
}

static void
write_strategy(const struct strategy *y, unsigned i, struct str *out)
{
	bool any = false;

	str_addf(out, "strategy/y%u {'goals': [%s]%s", i, y->goal ? "'g0'" : "",
	    y->first ? ", 'first_day': '2025-01-01'" : "");
	if (y->last)
		str_addf(out, ", 'last_day': '%s'", y->last_is_past ? "2026-02-28" : "2027-12-31");
	str_add(out, ", 'change_areas': [");
	for (unsigned k = 0; k < AREAS; k++) {
		const struct area *area = &y->areas[k];

		if (!area->there)
			continue;
		str_addf(out, "%s{'title': 'x'%s%s", any ? ", " : "",
		    area->end_state ? ", 'end_state': 'good'" : "",
		    area->timeframe ? ", 'timeframe': '2026-12-31'" : "");
		write_flags("answers", "s", area->answers, ASSESSMENTS, out);
		str_add(out, "}");
		any = true;
	}
	str_add(out, "]}\n");
}

static void
write_around(const struct around *a, struct str *out)
{
	write_customers(a, out);
	write_words(a, out);
	str_add(out, a->influencer ? "influencer/f {}\n" : "");
	for (unsigned i = 0; i < ASSESSMENTS; i++) {
		if (a->assessments[i])
			str_addf(out, "assessment/s%u {%s}\n", i,
			    a->came_from ? "'influencer': 'f'" : "");
	}
	for (unsigned i = 0; i < STRATEGIES; i++)
		write_strategy(&a->strategies[i], i, out);
}

static void
write_model(const struct model *m, struct str *out)
{
	write_around(&m->around, out);
	write_people_and_time(m, out);
	for (unsigned i = 0; i < GOALS; i++) {
		str_addf(out, "goal/g%u {}", i);
		write_owned(&m->goals[i].owned, out);
	}
	for (unsigned i = 0; i < OBJECTIVES; i++)
		write_objective(&m->objectives[i], i, out);
	for (unsigned i = 0; i < MEASURES; i++)
		write_measure(&m->measures[i], i, out);
	for (unsigned i = 0; i < WORKS; i++)
		write_work(&m->works[i], i, out);
	write_asks(m, out);
}

static void
place(const struct model *m, struct plan_text *text)
{
	struct str out;
	int before = -1;

	str_init(&out, 1u << 16);
	for (unsigned i = 0; i < WORKS; i++) {
		if (m->works[i].rank == 0)
			continue;
		if (m->works[i].rank == 2 && before >= 0)
			str_addf(&out, "%s{'place': {'item': 'i%u', 'tied_with': 'i%d'}}",
			    out.len > 0 ? ", " : "", i, before);
		else
			str_addf(&out, "%s{'place': {'item': 'i%u', 'last': true}}",
			    out.len > 0 ? ", " : "", i);
		before = (int)i;
	}
	if (out.len > 0)
		plan_text_apply(text, WRITTEN, out.data);
	str_fini(&out);
}

/* Lines in another order, in two change sets. */
static void
put_shuffled(struct plan_text *text, char *lines)
{
	char *list[512];
	size_t count = 0;
	char *rest = NULL;
	struct str half;

	for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		list[count++] = line;
	for (size_t i = count; i > 1; i--) {
		size_t k = pick((unsigned)i);
		char *swap = list[i - 1];

		list[i - 1] = list[k];
		list[k] = swap;
	}
	for (size_t part = 0; part < 2; part++) {
		str_init(&half, 1u << 20);
		for (size_t i = part * count / 2; i < (part + 1) * count / 2; i++)
			str_addf(&half, "%s\n", list[i]);
		plan_text_put(text, WRITTEN, half.data);
		str_fini(&half);
	}
}

/* more: further lines; then: changes after all. */
static int64_t
score_model(const struct model *m, const char *more, const char *then, bool shuffled)
{
	struct plan_text text;
	struct score score;
	struct str lines;
	int64_t micros;

	str_init(&lines, 1u << 20);
	write_model(m, &lines);
	str_add(&lines, more);
	plan_text_init(&text);
	if (shuffled)
		put_shuffled(&text, lines.data);
	else
		plan_text_put(&text, WRITTEN, lines.data);
	place(m, &text);
	if (then[0] != '\0')
		plan_text_apply(&text, WRITTEN, then);
	score_text(&text, 3, &score);
	micros = score.micros;
	score_fini(&score);
	plan_text_fini(&text);
	str_fini(&lines);
	return micros;
}

static void
explain_rise(
    const struct model *before, const struct model *after, const char *more, int64_t a, int64_t b)
{
	struct str text;

	str_init(&text, 1u << 20);
	write_model(before, &text);
	str_add(&text, "---- and then\n");
	write_model(after, &text);
	ck_abort_msg("from %lld to %lld:\n%s%s", (long long)a, (long long)b, text.data, more);
}

/* Takes one thing after the other away until nothing is left: no step may raise it. */
static size_t
take_all_away(const struct model *start)
{
	struct model m = *start;
	int64_t before = score_model(&m, "", "", false);
	struct taken all;
	size_t steps = 0;

	for (all_that_can_go(&m, &all); all.count > 0; all_that_can_go(&m, &all)) {
		struct model was = m;
		int64_t after;

		*all.list[pick((unsigned)all.count)] = false;
		after = score_model(&m, "", "", false);
		if (after > before)
			explain_rise(&was, &m, "", before, after);
		before = after;
		steps++;
	}
	return steps;
}

/* From the whole plan, each by itself. */
static size_t
take_each_away(struct model *m)
{
	int64_t before = score_model(m, "", "", false);
	struct taken all;

	all_that_can_go(m, &all);
	for (size_t i = 0; i < all.count; i++) {
		struct model without;
		int64_t after;

		*all.list[i] = false;
		after = score_model(m, "", "", false);
		without = *m;
		*all.list[i] = true;
		if (after > before)
			explain_rise(m, &without, "", before, after);
	}
	return all.count;
}

START_TEST(taking_away_never_pays)
{
	struct model m;
	size_t steps = 0;
	unsigned plans = 0;

	seed = 20260331;
	while (steps < 4000) {
		make_model(&m);
		steps += plans++ % 2 == 0 ? take_each_away(&m) : take_all_away(&m);
	}
}
END_TEST

/* Of every kind, as good as they can be, but leading to no goal. */
static const struct {
	const char *lines, *then;
} strangers[] = {
    {"goal/new {} {'owners': ['p0']}\n", ""},
    {"objective/new {} {'owners': ['p0']}\n", ""},
    {"objective/new {'goal': 'typo', 'targets': [{'measure': 'new', 'baseline': 1, 'target': 2, "
     "'due': '2026-12-31'}]}"
     " {'owners': ['new']}\nperson/new {}\nmeasure/new {'direction': 'UP'}\n"
     "measurement/new {'value': 1} {'about': 'new', 'at': '2026-03-30'}\n"
     "initiative/new {'objective': 'new', 'status': 'ACTIVE'} {'owners': ['new']}\n",
	""},
    {"initiative/new {'status': 'ACTIVE', 'start': '2026-01-01', 'finish': '2026-12-31', "
     "'estimate': {'likely': 1},"
     " 'scope': {'in': ['x'], 'out': ['y']}} {'owners': ['p0']}\n"
     "check-in/new {'status': 'ON_TRACK'} {'about': 'initiative/new', 'at': '2026-03-30'}\n",
	"{'place': {'item': 'new', 'last': true}}"},
    {"initiative/new {'status': 'APPROVED', 'members': ['p1']} {'owners': ['new']}\nperson/new "
     "{}\n",
	"{'place': {'item': 'new', 'first': true}}"},
    {"initiative/new {'status': 'ACTIVE'}\n", ""},
    {"initiative/new {'status': 'DONE'} {'owners': ['p0']}\n", ""},
    {"measure/new {'direction': 'UP', 'every_days': 7}\nmeasurement/new {'value': 3} {'about': "
     "'new', 'at': '2026-03-30'}\n",
	""},
    {"person/new {}\nteam/new {'lead': 'new', 'members': ['p0']}\n", ""},
    {"period/new {'first_day': '2026-01-01', 'last_day': '2026-12-31'}\n", ""},
    {"ask/new {'from': 't', 'to': 'new', 'state': 'MET'}\n", ""},
    {"workstream/new {'initiative': 'typo', 'status': 'ACTIVE'} {'owners': ['p0']}\ntask/new "
     "{'initiative': 'workstream/new'}\n",
	""},
    {"strategy/new {'first_day': '2026-01-01', 'last_day': '2027-12-31', 'goals': ['typo'], "
     "'change_areas': [{'title': 'x', 'end_state': 'y', 'timeframe': '2026-12-31', 'answers': "
     "['new']}]}\nassessment/new {}\n",
	""},
    {"objective/new {'expectations': ['new']} {'links': [{'type': 'SUPPORTS', 'to': 'value/v0'}]}\n"
     "expectation/new {'importance': 9, 'met': 1}\n",
	""},
    {"strategy/new {} {'owners': ['p0']}\nvision/new {'text': 'x'}\nmission/new {'text': "
     "'x'}\nvalue/new {'text': 'x'}\n",
	""},
    {"allocation/new {'who': 'p0', 'initiative': 'typo', 'share': 1}\nmilestone/new {'initiative': "
     "'typo'}\n",
	""},
};

START_TEST(adding_what_serves_no_goal_never_pays)
{
	struct model m;

	seed = 7;
	for (unsigned plan = 0; plan < 60; plan++) {
		int64_t before;

		make_model(&m);
		before = score_model(&m, "", "", false);
		for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
			int64_t after =
			    score_model(&m, strangers[i].lines, strangers[i].then, false);

			if (after > before)
				explain_rise(&m, &m, strangers[i].lines, before, after);
		}
	}
}
END_TEST

START_TEST(neither_order_nor_waivers_nor_settings_change_it)
{
	static const char waived[] = "waiver/a {'finding': 'owner/none:objective/o0', 'reason': "
				     "'x', 'until': '2026-12-31'}\n"
				     "waiver/b {'finding': 'sight/orphan:initiative/i0', 'reason': "
				     "'x', 'until': '2026-12-31'}\n"
				     "rule-setting/owner.none {'rule': 'owner/none', 'off': true}\n"
				     "rule-setting/outcome.stale {'rule': 'outcome/stale', "
				     "'thresholds': {'grace_days': 3000}}\n";
	struct model m;

	seed = 99;
	for (unsigned plan = 0; plan < 150; plan++) {
		int64_t before;

		make_model(&m);
		before = score_model(&m, "", "", false);
		ck_assert_int_eq(score_model(&m, "", "", true), before);
		ck_assert_int_eq(score_model(&m, waived, "", false), before);
	}
}
END_TEST

START_TEST(a_random_plan_is_worth_something)
{
	int64_t least = INT64_MAX, most = 0;
	struct model m;

	seed = 5;
	for (unsigned plan = 0; plan < 200; plan++) {
		int64_t micros;

		make_model(&m);
		micros = score_model(&m, "", "", false);
		least = micros < least ? micros : least;
		most = micros > most ? micros : most;
	}
	/* else the properties above would say little */
	ck_assert_int_lt(least, 20000000);
	ck_assert_int_gt(most, 45000000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("score");
	TCase *hand = tcase_create("by hand");
	TCase *all = tcase_create("of every plan");
	SRunner *runner;
	int failed;

	tcase_add_test(hand, a_small_plan_by_hand);
	tcase_add_test(hand, the_rules_that_say_more_exist);
	tcase_add_test(hand, an_empty_plan_has_nothing);
	tcase_add_test(hand, sight_follows_chains);
	tcase_add_test(hand, outcome_gives_three_for_each);
	tcase_add_test(hand, an_actual_is_fresh_for_92_days_and_a_week);
	tcase_add_test(hand, nobody_does_more_than_three_at_once);
	tcase_add_test(hand, asks_are_met_or_promised_in_time);
	tcase_add_test(hand, active_work_is_heard_of_every_two_weeks);
	tcase_add_test(hand, values_are_honoured_by_what_stands);
	tcase_add_test(hand, objectives_answer_what_customers_expect);
	tcase_add_test(hand, owners_accept_the_plan);
	tcase_add_test(hand, strategies_meet_the_outside);
	tcase_add_test(hand, only_people_own);
	tcase_add_test(hand, waived_units_are_counted_and_not_paid);
	tcase_add_test(hand, it_can_be_cancelled);
	tcase_add_test(all, taking_away_never_pays);
	tcase_add_test(all, adding_what_serves_no_goal_never_pays);
	tcase_add_test(all, neither_order_nor_waivers_nor_settings_change_it);
	tcase_add_test(all, a_random_plan_is_worth_something);
	tcase_set_timeout(all, 300);
	suite_add_tcase(suite, hand);
	suite_add_tcase(suite, all);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
