/*
 * What local rules find around a change is what two checks of the whole plan find: random plans, random changes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/json.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/insight/check/check.h"
#include "server/insight/check/local.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "tests/support/alloc_fault.h"

#define TEXT_MAX ((size_t)1 << 20)
#define PLENTY   100000u

static struct plan *plan;
static struct arena *arena;
static uint64_t seed;
static int32_t today;
/* Messages name ranks, which the part around a change does not have: compared where nothing is ranked. */
static bool ranked;

static void
setup(void)
{
	plan = plan_new();
	arena = arena_new((size_t)64 << 20);
	ck_assert(plan != NULL && arena != NULL && date_parse("2026-03-31", &today));
}

static void
teardown(void)
{
	plan_free(plan);
	arena_free(arena);
}

static unsigned
dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

/* ---- random changes over few names, so that they meet; one in ten names something that may not be there */

static unsigned
any(unsigned sides)
{
	return dice(10) == 0 ? dice(3 * sides) : dice(sides);
}

static void
add_names(struct str *out, const char *field, const char *prefix, unsigned sides, unsigned most)
{
	unsigned count = dice(most + 1);

	if (count == 0)
		return;
	str_addf(out, ", '%s': [", field);
	for (unsigned i = 0; i < count; i++)
		str_addf(out, "%s'%s%u'", i > 0 ? "," : "", prefix, any(sides));
	str_add(out, "]");
}

static void
add_name(struct str *out, const char *field, const char *prefix, unsigned sides)
{
	if (dice(3) > 0)
		str_addf(out, ", '%s': '%s%u'", field, prefix, any(sides));
}

static void
add_date(struct str *out, const char *field)
{
	if (dice(3) == 0)
		str_addf(out, ", '%s': '2026-%02u-15'", field, 1 + dice(12));
}

static void
add_work(struct str *out)
{
	static const char *const statuses[] = {
	    "PROPOSED", "APPROVED", "ACTIVE", "ACTIVE", "ACTIVE", "PAUSED", "DONE", "STOPPED"};

	str_addf(out, ", 'status': '%s'", statuses[dice(8)]);
	add_names(out, "members", "p", 6, 3);
	add_names(out, "after", "x", 3, 1);
	/* what has no time of its own takes it from what it is a part of */
	if (dice(2))
		add_names(out, "periods", "q", 3, 2);
	if (dice(4) == 0) {
		add_date(out, "start");
		add_date(out, "finish");
	}
	add_name(out, "objective", "o", 5);
	if (dice(3) == 0)
		str_addf(out, ", 'needs': [{'who': '%s%u'}]", dice(2) ? "person/p" : "t", any(3));
	if (dice(3) == 0)
		str_add(out, ", 'scope': {'in': ['this'], 'out': ['that']}");
}

static const char *
any_work(char *buf, size_t len)
{
	static const char *const works[] = {
	    "initiative/i", "initiative/i", "workstream/w", "task/k"};

	snprintf(buf, len, "%s%u", works[dice(4)], any(6));
	return buf;
}

static void
add_body(struct str *out, unsigned kind)
{
	char work[64];

	/* each begins with a field so that the others can begin with a comma */
	switch (kind) {
	case 0:
		str_addf(out, "'initiative': {'outcome_intended': '%s'", dice(2) ? "x" : "");
		add_work(out);
		if (dice(3) == 0)
			str_addf(out, ", 'contributions': [{'to': 'o%u', 'measure': 'm%u'}]",
			    any(5), any(5));
		break;
	case 1:
		str_addf(out, "'workstream': {'initiative': '%s'", any_work(work, sizeof work));
		add_work(out);
		break;
	case 2:
		str_addf(out, "'task': {'initiative': '%s'", any_work(work, sizeof work));
		add_names(out, "members", "p", 6, 2);
		add_date(out, "done");
		break;
	case 3:
		str_addf(out, "'milestone': {'initiative': '%s'", any_work(work, sizeof work));
		add_date(out, "due");
		break;
	case 4:
		str_addf(out, "'allocation': {'initiative': '%s', 'who': 'p%u'",
		    any_work(work, sizeof work), any(6));
		add_name(out, "period", "q", 3);
		break;
	case 5:
		str_addf(out,
		    "'ask': {'initiative': '%s', 'from': 't%u', 'to': 't%u', 'state': '%s'",
		    any_work(work, sizeof work), any(2), any(2), dice(3) ? "ASKED" : "WITHDRAWN");
		break;
	case 6:
		str_addf(out, "'objective': {'goal': 'g%u', 'status': '%s'", any(2),
		    dice(4) ? "OPEN" : "DROPPED");
		add_names(out, "periods", "q", 3, 1);
		if (dice(2))
			str_addf(out, ", 'targets': [{'measure': 'm%u', 'target': 3}]", any(5));
		break;
	case 7:
		str_addf(out, "'measure': {'unit': '%u'", dice(5));
		add_name(out, "inline_under", "o", 5);
		break;
	case 8:
		str_addf(out, "'person': {'manager': 'p%u'", 6 + dice(2));
		add_name(out, "team", "t", 2);
		if (dice(3) == 0)
			add_date(out, "last_day");
		break;
	case 9:
		str_addf(out, "'period': {'first_day': '2026-%02u-01'", 1 + dice(12));
		add_date(out, "last_day");
		break;
	case 10:
		str_addf(out, "'team': {'lead': 'p%u'", any(6));
		break;
	case 11:
		str_addf(out, "'strategy': {'goals': ['g%u']", any(2));
		add_date(out, "first_day");
		add_date(out, "last_day");
		break;
	default:
		str_add(out, "'goal': {'parent': ''");
	}
	str_add(out, "}");
}

static const char ids[] = "iwkmaaomp"
			  "qtsg";
static const unsigned counts[] = {6, 6, 6, 3, 5, 3, 5, 5, 6, 3, 2, 2, 2};

static void
random_put(struct str *out)
{
	unsigned kind = dice(4) > 0 ? dice(5) : dice(4) > 0 ? dice(13) : 9;

	str_addf(out, "{'put': {'item': {'id': '%c%u', 'title': '%u', ", ids[kind],
	    dice(counts[kind]), dice(1000));
	add_body(out, kind);
	add_names(out, "owners", dice(8) ? "p" : "team/t", 6, 3);
	if (dice(3) == 0)
		str_addf(out, ", 'reviewer': 'p%u'", any(6));
	str_add(out, "}}}");
}

static void
random_change(struct str *out)
{
	static const char *const names[] = {"initiative/i", "workstream/w", "task/k",
	    "allocation/a", "objective/o", "measure/m", "person/p", "period/q", "team/t"};
	unsigned kind = dice(9);

	switch (dice(12)) {
	case 0:
	case 1:
		str_addf(out, "{'remove': {'ref': '%s%u', 'cascade': %s}}", names[kind], dice(6),
		    dice(4) ? "true" : "false");
		break;
	case 2:
		str_addf(out, "{'rename': {'ref': '%s%u', 'id': '%c%u'}}", names[kind], dice(6),
		    strchr(names[kind], '/')[1], dice(18));
		break;
	case 3:
		if (ranked)
			str_addf(out, "{'place': {'item': 'i%u', 'first': true}}", dice(6));
		else
			random_put(out);
		break;
	case 4:
		str_addf(out,
		    "{'add': {'record': {'about': '%s%u', 'by': 'p%u', 'check_in': {'status': "
		    "'ON_TRACK'}}}}",
		    names[kind], any(6), any(6));
		break;
	case 5:
		str_addf(out,
		    "{'add': {'record': {'about': 'm%u', 'measurement': {'value': 1, 'role': "
		    "'BASELINE_VALUE'}}}}",
		    any(5));
		break;
	case 6:
		str_addf(out, "{'retract': {'ref': 'check-in/r%u.0'}}", dice(60));
		break;
	default:
		random_put(out);
	}
}

/* NULL: refused. */
static struct patch *
apply_text(const char *changes)
{
	struct str json;
	ProtobufCMessage *set;
	struct faults *faults;
	struct plan_conflict conflict;
	struct patch *patch = NULL;
	uint64_t revision = plan_revision(plan) + 1;
	struct stamp stamp = {revision, (20500 + (int64_t)revision) * DAY_US, "person/test", false};
	struct err err;

	arena_reset(arena);
	str_init(&json, TEXT_MAX);
	str_addf(&json, "{'changes': [%s]}", changes);
	for (char *p = json.data; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	set = json_parse(&plumb__v1__change_set__descriptor, json.data, json.len, arena, &err);
	if (set == NULL)
		ck_abort_msg("%s in %s", err.msg, json.data);
	faults = arena_alloc(arena, sizeof *faults);
	faults_init(faults, arena);
	if (!plan_apply(plan, set, &stamp, false, arena, faults, &conflict, &patch, &err))
		patch = NULL;
	str_fini(&json);
	return patch;
}

/* Few at once: one that is refused takes the others along. */
static struct patch *
apply_random(char *said, size_t len)
{
	struct str changes;
	struct patch *patch;

	str_init(&changes, TEXT_MAX);
	random_change(&changes);
	for (unsigned more = dice(4) == 0 ? dice(5) : 0; more > 0; more--) {
		str_add(&changes, ", ");
		random_change(&changes);
	}
	snprintf(said, len, "%s", changes.data);
	patch = apply_text(changes.data);
	str_fini(&changes);
	return patch;
}

/* ---- changes by hand */

static struct patch *
apply_by_hand(const char *changes)
{
	struct patch *patch = apply_text(changes);

	ck_assert_msg(patch != NULL, "%s", changes);
	return patch;
}

static void
take(const char *changes)
{
	plan_settle(plan, apply_by_hand(changes));
}

#define SETTING(id, rule, more)                                                                    \
	"{'put': {'item': {'id': '" id "', 'rule_setting': {'rule': '" rule "'" more "}}}}"

/* ---- both ways */

static void
all_local(struct local_rules *rules)
{
	size_t count;
	const struct rule *const *all = rules_all(&count);
	struct err err;

	ck_assert(local_rules_read(plan_now(plan), rules, &err));
	for (size_t i = 0; i < count; i++)
		rules->selected[i] = all[i]->local;
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keys and messages of the numbered findings, in order of the text. */
static char *
lines(const struct check *check, const uint32_t *numbers, size_t count)
{
	char **list = calloc(count + 1, sizeof *list);
	struct str all;

	for (size_t i = 0; i < count; i++) {
		const struct finding *f = check_finding(check, numbers[i]);
		struct str line;

		str_init(&line, TEXT_MAX);
		str_add(&line, (f->flags & FINDING_UNKNOWN) ? "? " : "");
		check_key(check, f, &line);
		str_add(&line, "  ");
		if (!ranked)
			check_message(check, f, &line);
		list[i] = str_take(&line);
	}
	qsort(list, count, sizeof *list, compare_lines);
	str_init(&all, TEXT_MAX);
	for (size_t i = 0; i < count; i++) {
		str_addf(&all, "%s\n", list[i]);
		free(list[i]);
	}
	free(list);
	return str_take(&all);
}

static struct check *
check_whole(struct view *view, const struct local_rules *rules)
{
	struct check_query query = {.today = today, .rules = rules->selected, .waived = true};
	struct check *check;
	struct err err;

	ck_assert(view != NULL && view_settle(view));
	check = check_run(view, &query, &err);
	ck_assert(check != NULL);
	return check;
}

static size_t seen_appeared, seen_gone;

/* patch is the newest one, and stays. */
static void
assert_same(struct view *before, const struct patch *patch, const char *said)
{
	struct local_rules rules;
	struct local local;
	struct view *after = plan_view_pending(plan);
	struct check *old, *new;
	struct compare compare;
	char *have, *want;
	struct err err;

	all_local(&rules);
	ck_assert_msg(local_run(&local, plan, patch, &rules, today, PLENTY, &err), "%s", err.msg);
	old = check_whole(before, &rules);
	new = check_whole(after, &rules);
	ck_assert(compare_checks(old, new, &compare, &err));
	have = lines(local.after, local.compare.appeared, local.compare.appeared_count);
	want = lines(new, compare.appeared, compare.appeared_count);
	if (strcmp(have, want) != 0)
		ck_abort_msg("%s\nappeared around it:\n%sin all:\n%s", said, have, want);
	free(have);
	free(want);
	have = lines(local.before, local.compare.gone, local.compare.gone_count);
	want = lines(old, compare.gone, compare.gone_count);
	if (strcmp(have, want) != 0)
		ck_abort_msg("%s\ngone around it:\n%sin all:\n%s", said, have, want);
	free(have);
	free(want);
	seen_appeared += compare.appeared_count;
	seen_gone += compare.gone_count;
	compare_fini(&compare);
	check_free(old);
	check_free(new);
	local_fini(&local);
	plan_view_release(plan, after);
}

START_TEST(around_a_change_is_enough)
{
	char said[4096];

	seed = 77 + (uint64_t)_i;
	ranked = _i % 2 == 1;
	seen_appeared = seen_gone = 0;
	snprintf(said, sizeof said,
	    SETTING("load.rule-of-three", "load/rule-of-three",
		", 'refuse': true, 'thresholds': {'most': %d}"),
	    1 + _i % 3);
	take(said);
	for (unsigned step = 0; step < 600; step++) {
		struct view *before = plan_view_pending(plan);
		struct patch *patch = apply_random(said, sizeof said);

		if (patch != NULL) {
			if (step > 60)
				assert_same(before, patch, said);
			plan_settle(plan, patch);
		}
		plan_view_release(plan, before);
	}
	/* enough was found to mean something */
	ck_assert_uint_gt(seen_appeared, 300);
	ck_assert_uint_gt(seen_gone, 200);
}
END_TEST

/* ---- by hand */

#define INITIATIVE(id, owners)                                                                     \
	"{'put': {'item': {'id': '" id "', 'owners': [" owners "], 'initiative': {}}}}"

START_TEST(settings_say_which_rules)
{
	struct local_rules rules;
	struct err err;
	int many = rule_find("owner/many", 10), none = rule_find("owner/none", 10);

	ck_assert(local_rules_read(plan_now(plan), &rules, &err));
	ck_assert_uint_eq(rules.count, 0);
	/* set but not to refuse; to refuse but off; to refuse but not local: none of them */
	take(SETTING("owner.none", "owner/none", ", 'severity': 'NOTE'"));
	take(SETTING("owner.gone", "owner/gone", ", 'refuse': true, 'off': true"));
	take(SETTING("owner.split", "owner/split", ", 'refuse': true"));
	ck_assert(local_rules_read(plan_now(plan), &rules, &err));
	ck_assert_uint_eq(rules.count, 0);
	take(SETTING("owner.many", "owner/many", ", 'refuse': true"));
	ck_assert(local_rules_read(plan_now(plan), &rules, &err));
	ck_assert_uint_eq(rules.count, 1);
	ck_assert(rules.selected[many] && !rules.selected[none]);
}
END_TEST

static size_t
appeared(const char *changes)
{
	struct local_rules rules;
	struct local local;
	struct patch *patch;
	struct err err;
	size_t count;

	ck_assert(local_rules_read(plan_now(plan), &rules, &err));
	patch = apply_by_hand(changes);
	ck_assert(local_run(&local, plan, patch, &rules, today, PLENTY, &err));
	count = local.compare.appeared_count;
	local_fini(&local);
	plan_undo(plan, patch);
	return count;
}

/* Thresholds and severities count as they were before: a change can't let itself through. */
START_TEST(settings_from_before_count)
{
	take(INITIATIVE("a", "'anna'"));
	take(SETTING("owner.many", "owner/many", ", 'refuse': true, 'thresholds': {'most': 2}"));
	ck_assert_uint_eq(appeared(INITIATIVE("a", "'anna','ben'")), 0);
	ck_assert_uint_eq(appeared(INITIATIVE("a", "'anna','ben','cleo'")), 1);
	ck_assert_uint_eq(appeared(SETTING("owner.many", "owner/many",
			      ", 'off': true") ", " INITIATIVE("a", "'anna','ben','cleo'")),
	    1);
	/* stricter limits: what is there already was not added by this change */
	take(INITIATIVE("a", "'anna','ben'"));
	ck_assert_uint_eq(appeared(SETTING("owner.many", "owner/many",
			      ", 'refuse': true, 'thresholds': {'most': 1}")),
	    0);
}
END_TEST

/* 1 initiative with 9 tasks below it: reopening it touches 10 entries, and the person who owns all is the 11th. */
START_TEST(as_many_entries_as_are_allowed)
{
	struct local_rules rules;
	struct local local;
	struct patch *patch;
	struct err err;

	take("{'put': {'item': {'id': 'p', 'person': {}}}}");
	take("{'put': {'item': {'id': 'a', 'owners': ['p'], 'initiative': {'status': 'DONE'}}}}");
	for (unsigned i = 0; i < 9; i++) {
		char text[200];

		snprintf(text, sizeof text,
		    "{'put': {'item': {'id': 't%u', 'owners': ['p'], 'task': {'initiative': "
		    "'a'}}}}",
		    i);
		take(text);
	}
	all_local(&rules);
	patch = apply_by_hand(
	    "{'put': {'item': {'id': 'a', 'owners': ['p'], 'initiative': {'status': 'ACTIVE'}}}}");
	ck_assert(local_run(&local, plan, patch, &rules, today, 11, &err));
	local_fini(&local);
	ck_assert(!local_run(&local, plan, patch, &rules, today, 10, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	plan_undo(plan, patch);
}
END_TEST

/* A hub that nothing is judged by costs nothing: a title in a plan of many. */
START_TEST(words_touch_themselves_alone)
{
	struct local_rules rules;
	struct local local;
	struct patch *patch;
	struct err err;

	take("{'put': {'item': {'id': 't', 'team': {}}}}");
	for (unsigned i = 0; i < 50; i++) {
		char text[200];

		snprintf(text, sizeof text,
		    "{'put': {'item': {'id': 'p%u', 'person': {'team': 't'}}}}", i);
		take(text);
	}
	all_local(&rules);
	patch =
	    apply_by_hand("{'put': {'item': {'id': 't', 'title': 'Another name', 'team': {}}}}");
	ck_assert(local_run(&local, plan, patch, &rules, today, 1, &err));
	local_fini(&local);
	plan_undo(plan, patch);
}
END_TEST

START_TEST(without_memory)
{
	struct local_rules rules;
	struct patch *patch;
	uint64_t n;

	take(INITIATIVE("a", "'anna'") ", " INITIATIVE("b", "'anna'"));
	all_local(&rules);
	patch = apply_by_hand(INITIATIVE("a", "'anna','ben'"));
	for (n = 1;; n++) {
		struct local local;
		struct err err = {0};
		bool ok;

		alloc_fault_at(n, 1);
		ok = local_run(&local, plan, patch, &rules, today, PLENTY, &err);
		alloc_fault_end();
		if (ok) {
			ck_assert_uint_eq(local.compare.appeared_count >= 1, 1);
			local_fini(&local);
			break;
		}
		ck_assert_int_eq(err.code, ERR_LIMIT);
		ck_assert_uint_lt(n, 500);
	}
	ck_assert_uint_gt(n, 20);
	plan_undo(plan, patch);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("insight/local");
	TCase *cases = tcase_create("local");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 300);
	tcase_add_loop_test(cases, around_a_change_is_enough, 0, 24);
	tcase_add_test(cases, settings_say_which_rules);
	tcase_add_test(cases, settings_from_before_count);
	tcase_add_test(cases, as_many_entries_as_are_allowed);
	tcase_add_test(cases, words_touch_themselves_alone);
	tcase_add_test(cases, without_memory);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
