/* planfile: what files state arrives, what is wrong has its place, what is written reads back as the same. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/planfile.h"
#include "client/planfile_kinds.h"
#include "client/planfile_write.h"
#include "common/arena.h"
#include "common/pb.h"
#include "common/str.h"

static struct planfile *plan;
static struct str shown;

static void
setup(void)
{
	struct err err = {0};

	plan = planfile_new(&err);
	ck_assert_ptr_nonnull(plan);
	str_init(&shown, 1u << 22);
}

static void
teardown(void)
{
	planfile_free(plan);
	str_fini(&shown);
}

static bool
load(const char *text)
{
	struct err err = {0};

	planfile_load_text(plan, "p.yaml", text, strlen(text));
	return planfile_finish(plan, &err);
}

static const char *
faults(void)
{
	str_reset(&shown);
	planfile_print_faults(plan, &shown);
	return shown.data;
}

static const Plumb__V1__Item *
item(const char *ref)
{
	const struct planfile_entry *entry = planfile_find(planfile_present(plan), ref);

	ck_assert_msg(entry != NULL, "%s is missing", ref);
	return entry->item;
}

/* ---- what arrives ------------------------------------------------------------------------------------------------- */

START_TEST(fields_of_every_type_arrive)
{
	ck_assert_msg(
	    load("initiatives:\n"
		 "  onboarding-30:\n"
		 "    title: Onboard in 30 days\n"
		 "    owner: person/anna\n"
		 "    objective: objective/faster\n"
		 "    status: active\n"
		 "    estimate: {likely: 12.5d, optimistic: 0d}\n"
		 "    after: [initiative/crm, portal]\n"
		 "    needs:\n"
		 "      - {who: team/it, effort: 3d}\n"
		 "    scope:\n"
		 "      in: [EMEA]\n"
		 "    contributions:\n"
		 "      - {to: faster, effort_share: 0.75}\n"
		 "    links:\n"
		 "      - {type: conflicts, to: initiative/crm}\n"
		 "rules:\n"
		 "  outcome/stale: {severity: error, thresholds: {days: 30, age: 2}, off: true}\n"
		 "calendars:\n"
		 "  de: {working_days: [1, 2, 3], holiday: 2026-05-01}\n"),
	    "%s", faults());
	const Plumb__V1__Item *got = item("initiative/onboarding-30");
	const Plumb__V1__Initiative *body = got->initiative;

	ck_assert_str_eq(got->title, "Onboard in 30 days");
	ck_assert_uint_eq(got->n_owners, 1);
	/* references take their shortest form, so that the same plan is the same text */
	ck_assert_str_eq(got->owners[0], "anna");
	ck_assert_str_eq(body->objective, "faster");
	ck_assert_int_eq(body->status, PLUMB__V1__WORK_STATUS__ACTIVE);
	ck_assert_int_eq(body->estimate->likely, 1250);
	/* a stated zero is stated */
	ck_assert_int_eq(
	    body->estimate->optimistic__case, PLUMB__V1__ESTIMATE__OPTIMISTIC__OPTIMISTIC);
	ck_assert_int_eq(
	    body->estimate->pessimistic__case, PLUMB__V1__ESTIMATE__PESSIMISTIC___NOT_SET);
	ck_assert_str_eq(body->after[0], "crm");
	ck_assert_str_eq(body->after[1], "portal");
	ck_assert_str_eq(body->needs[0]->who, "it");
	ck_assert_int_eq(body->needs[0]->effort, 300);
	ck_assert_str_eq(body->scope->in[0], "EMEA");
	ck_assert_double_eq(body->contributions[0]->effort_share, 0.75);
	/* a link's target has no kind of its own, so that it stays written */
	ck_assert_str_eq(got->links[0]->to, "initiative/crm");
	ck_assert_int_eq(got->links[0]->type, PLUMB__V1__LINK__TYPE__CONFLICTS);

	const Plumb__V1__RuleSetting *rule = item("rule-setting/outcome.stale")->rule_setting;

	ck_assert_str_eq(rule->rule, "outcome/stale");
	ck_assert(rule->off);
	ck_assert_uint_eq(rule->n_thresholds, 2);
	ck_assert_str_eq(rule->thresholds[0]->key, "age"); /* in order of name */
	ck_assert_double_eq(rule->thresholds[1]->value, 30);
	ck_assert_int_eq(item("calendar/de")->calendar->working_days[2], 3);
	ck_assert_str_eq(item("calendar/de")->calendar->holidays[0], "2026-05-01");
}
END_TEST

START_TEST(a_measure_inline_is_an_item_and_a_target)
{
	ck_assert_msg(load("objectives:\n"
			   "  faster:\n"
			   "    goal: delight\n"
			   "    targets:\n"
			   "      - {measure: nps, target: 40}\n"
			   "    measures:\n"
			   "      ttv: {title: Time to value, unit: days, direction: down, "
			   "baseline: 45, target: 30, due: 2026-03-31}\n"
			   "      churn: {unit: '%'}\n"),
	    "%s", faults());
	const Plumb__V1__Objective *objective = item("objective/faster")->objective;

	ck_assert_str_eq(item("measure/ttv")->measure->inline_under, "faster");
	ck_assert_str_eq(item("measure/ttv")->measure->unit, "days");
	ck_assert_str_eq(item("measure/ttv")->title, "Time to value");
	ck_assert_uint_eq(objective->n_targets, 3);
	ck_assert_str_eq(objective->targets[0]->measure, "nps");
	ck_assert_str_eq(objective->targets[1]->measure, "ttv");
	ck_assert_double_eq(objective->targets[1]->baseline, 45);
	ck_assert_double_eq(objective->targets[1]->target, 30);
	ck_assert_str_eq(objective->targets[1]->due, "2026-03-31");
	/* without a number it is measured all the same */
	ck_assert_str_eq(objective->targets[2]->measure, "churn");
	ck_assert_int_eq(objective->targets[2]->target__case, PLUMB__V1__TARGET__TARGET___NOT_SET);
}
END_TEST

START_TEST(rankings_have_ties_and_teams)
{
	ck_assert_msg(
	    load("ranking:\n  - a\n  - [b, initiative/c]\n  - d\nrankings:\n  cs: [d, a]\n"), "%s",
	    faults());
	const struct planfile_step *step = planfile_present(plan);

	ck_assert_uint_eq(step->rankings_count, 2);
	ck_assert_uint_eq(step->rankings[0].count, 4);
	ck_assert_str_eq(step->rankings[0].list[2].ref, "initiative/c");
	ck_assert_uint_eq(step->rankings[0].list[0].group, 0);
	ck_assert_uint_eq(step->rankings[0].list[1].group, 1);
	ck_assert_uint_eq(step->rankings[0].list[2].group, 1);
	ck_assert_uint_eq(step->rankings[0].list[3].group, 2);
	ck_assert_str_eq(step->rankings[1].team, "cs");
}
END_TEST

START_TEST(dated_files_continue_what_was_before)
{
	static const char now[] = "initiatives:\n  c: {title: C}\n";
	static const char later[] =
	    "effective: 2026-02-01\nreason: Ben takes over\n"
	    "initiatives:\n  a: {owner: ben, finish: ~}\nremove: [initiative/b]\n";
	static const char early[] =
	    "effective: 2026-01-05T08:00:00Z\ninitiatives:\n"
	    "  a: {title: A, owner: anna, finish: 2026-03-31}\n  b: {title: B}\n"
	    "check_ins:\n  c1: {about: initiative/a, status: on_track}\n";
	struct err err = {0};

	planfile_load_text(plan, "now.yaml", now, strlen(now));
	planfile_load_text(plan, "later.yaml", later, strlen(later));
	planfile_load_text(plan, "early.yaml", early, strlen(early));
	ck_assert_msg(planfile_finish(plan, &err), "%s", faults());
	/* by time, whatever the order of loading; the present last */
	ck_assert_uint_eq(plan->steps_count, 3);
	ck_assert_str_eq(plan->steps[0]->effective, "2026-01-05T08:00:00Z");
	ck_assert_str_eq(plan->steps[1]->effective, "2026-02-01T00:00:00Z");
	ck_assert_str_eq(plan->steps[1]->reason, "Ben takes over");
	ck_assert_ptr_null(plan->steps[2]->effective);
	ck_assert_str_eq(plan->steps[1]->removals[0].ref, "initiative/b");

	const Plumb__V1__Item *a = planfile_find(plan->steps[1], "initiative/a")->item;

	ck_assert_str_eq(a->title, "A");             /* as before */
	ck_assert_str_eq(a->owners[0], "ben");       /* changed */
	ck_assert_str_eq(a->initiative->finish, ""); /* taken away by ~ */
	/* and the step before is untouched */
	ck_assert_str_eq(planfile_find(plan->steps[0], "initiative/a")->item->owners[0], "anna");
	/* a record without a time is of its file's */
	ck_assert_str_eq(
	    planfile_find(plan->steps[0], "check-in/c1")->record->at, "2026-01-05T08:00:00Z");
}
END_TEST

/* ---- what is wrong -------------------------------------------------------------------------------------------------- */

static const struct wrong {
	const char *text;
	const char *faults;
} wrong[] = {
    {"gaols:\n  a: {}\n",
	"p.yaml:1:1: a plan file has no section 'gaols'; did you mean 'goals'?\n"},
    {"goals: [a]\n", "p.yaml:1:8: goals wants a map of ids, each with the fields of its goal, but "
		     "this is a list\n"},
    {"goals:\n  Delight Customers: {}\n", "p.yaml:2:3: 'Delight Customers' is no id of a goal: 1 "
					  "to 64 of a-z 0-9 . _ -, beginning and ending with a "
					  "letter or digit; for example 'delight-customers'\n"},
    {"goals:\n  a: yes please\n",
	"p.yaml:2:6: goal/a wants a map of fields, but this is 'yes please'\n"},
    {"goals:\n  a:\n    titel: x\n",
	"p.yaml:3:5: a goal has no field 'titel'; did you mean 'title'?\n"},
    {"initiatives:\n  a:\n    scoop: {}\n",
	"p.yaml:3:5: an initiative has no field 'scoop'; did you mean 'scope'?\n"},
    {"initiatives:\n  a:\n    needs:\n      - {whoo: x}\n",
	"p.yaml:4:10: a need has no field 'whoo'; did you mean 'who'?\n"},
    {"goals:\n  a: {id: b}\n", "p.yaml:2:7: the id is the key that these fields stand under\n"},
    {"goals:\n  a: {weight: \"1\"}\n",
	"p.yaml:2:15: weight wants a number, but this is the text '1'\n"},
    {"goals:\n  a: {weight: heavy}\n", "p.yaml:2:15: weight wants a number, but this is 'heavy'\n"},
    {"goals:\n  a: {title: [x]}\n", "p.yaml:2:14: title wants text, but this is a list\n"},
    {"goals:\n  a: {owners: anna}\n",
	"p.yaml:2:15: owners wants a list, as in [a, b], but this is 'anna'\n"},
    {"goals:\n  a: {owners: [anna, ]}\n", ""}, /* YAML takes a comma at the end */
    {"goals:\n  a:\n    owners:\n      - anna\n      -\n",
	"p.yaml:5:8: an empty element in owners\n"},
    {"goals:\n  a: {owner: anna, owners: [ben]}\n",
	"p.yaml:2:7: 'owner' and 'owners' both: state one\n"},
    {"tasks:\n  a: {effort: 3h}\n",
	"p.yaml:2:15: effort wants an effort in days such as 5d or 2.5d, but this is '3h'\n"},
    {"rules:\n  a.b: {off: 1}\n", "p.yaml:2:14: off wants true or false, but this is '1'\n"},
    {"measures:\n  a: {every_days: 1.5}\n",
	"p.yaml:2:19: every_days wants a whole number, but this is '1.5'\n"},
    {"objectives:\n  a: {status: opne}\n",
	"p.yaml:2:15: status wants one of open, closed, dropped, but this is 'opne'\n"},
    {"initiatives:\n  a: {scope: wide}\n",
	"p.yaml:2:14: scope wants a map of fields, but this is 'wide'\n"},
    {"check_ins:\n  a: {retracted: true}\n", "p.yaml:2:7: a check-in has no field 'retracted'\n"},
    {"goals:\n  a: {}\ngoal:\n  a: {}\n",
	"p.yaml:4:3: goal/a is stated a second time, the first is at p.yaml:2:3\n"},
    {"ranking: [a, b, a]\n", "p.yaml:1:17: 'a' has a place in this ranking already, at 1:11\n"},
    {"ranking: {a: 1}\n", "p.yaml:1:10: ranking wants a list of initiatives, the most important "
			  "first, but this is a map\n"},
    {"ranking: [team/a]\n",
	"p.yaml:1:11: ranking wants the id of an initiative, but this is 'team/a'\n"},
    {"effective: soon\n",
	"p.yaml:1:12: effective wants a date (2026-01-05) or a time (2026-01-05T09:00:00Z)\n"},
    {"remove: [goal/a]\n", "p.yaml:1:9: remove is for files with 'effective:'; from the present, "
			   "take it out and apply with --prune\n"},
    {"- a\n", "p.yaml:1:1: a plan file is a map of sections (goals:, objectives:, …)\n"},
    {"exported: 7\n", "p.yaml:1:11: exported wants {workspace: NAME, revision: N}, as export "
		      "writes it, but this is '7'\n"},
    /* all of them at once, in order */
    {"goals:\n  a: {titel: x, weight: y}\n  B: {}\nfoo: 1\n",
	"p.yaml:2:7: a goal has no field 'titel'; did you mean 'title'?\n"
	"p.yaml:2:25: weight wants a number, but this is 'y'\n"
	"p.yaml:3:3: 'B' is no id of a goal: 1 to 64 of a-z 0-9 . _ -, beginning and ending with a "
	"letter or "
	"digit; for example 'b'\n"
	"p.yaml:4:1: a plan file has no section 'foo'\n"},
    {"objectives:\n  a:\n    measures:\n      m: {target: x, measure: n}\n",
	"p.yaml:4:19: target wants a number, but this is 'x'\n"
	"p.yaml:4:22: a measure has no field 'measure'\n"},
};

START_TEST(what_is_wrong_is_told_with_its_place)
{
	bool good = load(wrong[_i].text);

	ck_assert_str_eq(faults(), wrong[_i].faults);
	ck_assert_int_eq(good, wrong[_i].faults[0] == '\0');
}
END_TEST

START_TEST(the_same_id_in_two_files_names_both)
{
	struct err err = {0};

	planfile_load_text(plan, "a.yaml", "goals:\n  x: {}\n", 15);
	planfile_load_text(plan, "b.yaml", "# b\ngoals:\n    x: {}\n", 21);
	ck_assert(!planfile_finish(plan, &err));
	ck_assert_str_eq(
	    faults(), "b.yaml:3:5: goal/x is stated a second time, the first is at a.yaml:2:3\n");
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(faults_are_counted_where_they_are_not_kept)
{
	struct str text;

	str_init(&text, 1u << 20);
	str_add(&text, "goals:\n");
	for (int i = 0; i < PLANFILE_FAULTS_MAX + 5; i++)
		str_addf(&text, "  g%d: 1\n", i);
	ck_assert(!load(text.data));
	ck_assert_uint_eq(plan->faults_total, PLANFILE_FAULTS_MAX + 5);
	ck_assert_ptr_nonnull(strstr(faults(), "and 5 more\n"));
	str_fini(&text);
}
END_TEST

/* ---- places -------------------------------------------------------------------------------------------------------- */

static const struct place {
	const char *ref, *path;
	unsigned line, column;
} places[] = {
    {"objective/faster", "", 2, 3},
    {"objective/faster", "title", 3, 12},
    {"objective/faster", "owners[0]", 4, 12},
    {"objective/faster", "objective.goal", 5, 11},
    {"objective/faster", "goal", 5, 11},
    {"objective/faster", "objective.periods[1]", 6, 19},
    {"objective/faster", "objective.targets[0].due", 8, 30},
    {"objective/faster", "objective.targets[1].target", 10, 22}, /* of the inline measure */
    {"objective/faster", "objective.targets[1]", 10, 12},
    {"objective/faster", "objective.weight", 2, 3}, /* not stated: the entry */
    {"measure/ttv", "measure.unit", 10, 32},
};

START_TEST(fields_are_found_again)
{
	struct planfile_place place;

	ck_assert_msg(load("objectives:\n"
			   "  faster:\n"
			   "    title: Be faster\n"
			   "    owner: anna\n"
			   "    goal: delight\n"
			   "    periods: [q1, q2]\n"
			   "    targets:\n"
			   "      - {measure: nps, due:  2026-03-31}\n"
			   "    measures:\n"
			   "      ttv: {target:  30, unit: days}\n"),
	    "%s", faults());
	place = planfile_field_place(
	    planfile_find(planfile_present(plan), places[_i].ref), places[_i].path);
	ck_assert_uint_eq(place.line, places[_i].line);
	ck_assert_uint_eq(place.column, places[_i].column);
}
END_TEST

/* ---- out and back ------------------------------------------------------------------------------------------------- */

static void
add_all(struct planfile_writer *writer, const struct planfile *from)
{
	const struct planfile_step *step = from->steps[from->steps_count - 1];

	for (size_t i = 0; i < step->count; i++) {
		Plumb__V1__Envelope *envelope = arena_alloc(from->arena, sizeof *envelope);

		ck_assert_ptr_nonnull(envelope);
		plumb__v1__envelope__init(envelope);
		envelope->ref = pb_str(step->entries[i]->ref);
		envelope->kind = step->entries[i]->kind;
		if (step->entries[i]->item != NULL) {
			envelope->entry_case = PLUMB__V1__ENVELOPE__ENTRY_ITEM;
			envelope->item = step->entries[i]->item;
		} else {
			envelope->entry_case = PLUMB__V1__ENVELOPE__ENTRY_RECORD;
			envelope->record = step->entries[i]->record;
		}
		ck_assert(planfile_writer_add(writer, envelope));
	}
}

static char *
write_out(const struct planfile *from)
{
	struct planfile_writer *writer = planfile_writer_new(from->arena);
	const struct planfile_kind *kinds;
	struct str out;
	size_t count;

	ck_assert_ptr_nonnull(writer);
	add_all(writer, from);
	ck_assert(planfile_writer_arrange(writer));
	str_init(&out, 1u << 24);
	kinds = planfile_kinds(&count);
	planfile_write_head(writer, "", 7, &out);
	for (size_t i = 0; i < count; i++)
		planfile_write_section(writer, &kinds[i], &out);
	return str_take(&out);
}

/* Every entry of one present step is in the other, equal field by field. */
static void
assert_same(const struct planfile *left, const struct planfile *right)
{
	const struct planfile_step *a = left->steps[left->steps_count - 1],
				   *b = right->steps[right->steps_count - 1];
	const struct planfile_entry *other;

	ck_assert_uint_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		other = planfile_find(b, a->entries[i]->ref);
		ck_assert_msg(other != NULL, "%s is missing", a->entries[i]->ref);
		if (a->entries[i]->item != NULL)
			ck_assert_msg(pb_equal(&plumb__v1__item__descriptor,
					  &a->entries[i]->item->base, &other->item->base),
			    "%s differs", other->ref);
		else
			ck_assert_msg(pb_equal(&plumb__v1__record__descriptor,
					  &a->entries[i]->record->base, &other->record->base),
			    "%s differs", other->ref);
	}
}

static const char whole[] = "exported: {workspace: main, revision: 7}\n"
			    "\nvisions:\n"
			    "  we:\n"
			    "    text: |-\n"
			    "      Every customer\n"
			    "      at home in a month\n"
			    "\ngoals:\n"
			    "  delight:\n"
			    "    title: \"Delight: always\"\n"
			    "    weight: 0.25\n"
			    "    labels: [cs, q1]\n"
			    "  empty: {}\n"
			    "\nobjectives:\n"
			    "  faster:\n"
			    "    owner: anna\n"
			    "    goal: delight\n"
			    "    targets:\n"
			    "      - measure: nps\n"
			    "        target: 40\n"
			    "    measures:\n"
			    "      ttv:\n"
			    "        title: Time to value\n"
			    "        unit: days\n"
			    "        direction: down\n"
			    "        baseline: 45.5\n"
			    "        target: 0\n"
			    "      churn: {}\n"
			    "\nmeasures:\n"
			    "  nps:\n"
			    "    unit: \"%\"\n"
			    "  other:\n"
			    "    inline_under: faster\n"
			    "\ninitiatives:\n"
			    "  onboarding-30:\n"
			    "    owners: [anna, ben]\n"
			    "    objective: faster\n"
			    "    contributions:\n"
			    "      - to: faster\n"
			    "        effort_share: 1\n"
			    "    scope:\n"
			    "      in: [EMEA]\n"
			    "    needs:\n"
			    "      - who: it\n"
			    "        effort: 3d\n"
			    "    estimate:\n"
			    "      likely: 12.25d\n"
			    "    status: active\n"
			    "    links:\n"
			    "      - type: supports\n"
			    "        to: objective/faster\n"
			    "\npeople:\n"
			    "  anna:\n"
			    "    title: Anna Brandt\n"
			    "    capacity: 4.5d\n"
			    "    absences:\n"
			    "      - first_day: 2026-02-02\n"
			    "        last_day: 2026-02-06\n"
			    "\nrule_settings:\n"
			    "  outcome.stale:\n"
			    "    severity: error\n"
			    "    thresholds:\n"
			    "      days: 30\n"
			    "\nmeasurements:\n"
			    "  m1:\n"
			    "    about: ttv\n"
			    "    by: anna\n"
			    "    at: 2026-01-31\n"
			    "    value: 44\n"
			    "\ncheck_ins:\n"
			    "  c1:\n"
			    "    about: initiative/onboarding-30\n"
			    "    status: on_track\n"
			    "    remaining: 2d\n"
			    "\nacknowledgements:\n"
			    "  a1:\n"
			    "    about: check-in/c1\n";

START_TEST(a_plan_is_written_as_it_was_read)
{
	char *text;

	ck_assert_msg(load(whole), "%s", faults());
	ck_assert_uint_eq(plan->exported_revision, 7);
	text = write_out(plan);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, whole);
	free(text);
}
END_TEST

/* An inline measure that cannot stand behind the others, or is targeted twice, stands by itself: nothing is lost. */
static const char *const odd[] = {
    "objectives:\n  o:\n    measures:\n      m: {target: 1}\n    targets:\n      - {measure: n, "
    "target: 2}\n",
    "objectives:\n  o:\n    targets: [{measure: m, target: 1}, {measure: n}]\nmeasures:\n  m: "
    "{inline_under: o}\n",
    "objectives:\n  o:\n    targets: [{measure: m}, {measure: m, target: 2}]\nmeasures:\n  m: "
    "{inline_under: o}\n",
    "objectives:\n  o:\n    targets: [{text: in words}]\nmeasures:\n  m: {inline_under: o}\n  n: "
    "{inline_under: gone}\n",
    "tasks:\n  t: {title: \"1e5\", description: \" x\\n\\ty: z\\n\"}\n  \"2026\": {title: "
    "\"null\"}\n",
    "goals:\n  g: {external_ids: [\"stratml:_5f3a\", \"a, b\", \"{x}\"], description: "
    "\"a\\n\\n\\nb\\n\\n\"}\n",
    "initiatives:\n  i: {scope: {}, estimate: {likely: 0d}, contributions: [{}]}\n",
};

START_TEST(what_is_written_reads_back_as_the_same)
{
	struct planfile *again;
	struct err err = {0};
	char *text, *twice;

	ck_assert_msg(load(odd[_i]), "%s", faults());
	text = write_out(plan);
	again = planfile_new(&err);
	ck_assert(text != NULL && again != NULL);
	planfile_load_text(again, "again.yaml", text, strlen(text));
	ck_assert_msg(planfile_finish(again, &err), "%s\n%s", err.msg, text);
	assert_same(plan, again);
	twice = write_out(again);
	ck_assert_str_eq(text, twice);
	planfile_free(again);
	free(text);
	free(twice);
}
END_TEST

START_TEST(rankings_and_withdrawn_records_are_written_rightly)
{
	static Plumb__V1__RankedItem items[4];
	static Plumb__V1__RankedItem *list[] = {&items[0], &items[1], &items[2], &items[3]};
	static const char *const refs[] = {
	    "initiative/a", "initiative/b", "initiative/c", "initiative/d"};
	static const unsigned ranks[] = {1, 2, 2, 4};
	struct planfile_writer *writer = planfile_writer_new(plan->arena);
	Plumb__V1__Envelope ranking, record;
	Plumb__V1__RankingList ranked;
	Plumb__V1__Record withdrawn;

	for (size_t i = 0; i < 4; i++) {
		plumb__v1__ranked_item__init(&items[i]);
		items[i].ref = pb_str(refs[i]);
		items[i].rank = ranks[i];
	}
	plumb__v1__ranking_list__init(&ranked);
	ranked.items = list;
	ranked.n_items = 4;
	plumb__v1__envelope__init(&ranking);
	ranking.kind = PLUMB__V1__KIND__RANKING;
	ranking.entry_case = PLUMB__V1__ENVELOPE__ENTRY_RANKING;
	ranking.ranking = &ranked;
	plumb__v1__record__init(&withdrawn);
	withdrawn.retracted = true;
	plumb__v1__envelope__init(&record);
	record.kind = PLUMB__V1__KIND__CHECK_IN;
	record.entry_case = PLUMB__V1__ENVELOPE__ENTRY_RECORD;
	record.record = &withdrawn;
	ck_assert(writer != NULL && planfile_writer_add(writer, &ranking) &&
		  planfile_writer_add(writer, &record));
	ck_assert(planfile_writer_arrange(writer));
	planfile_write_head(writer, "lab", 12, &shown);
	ck_assert_str_eq(shown.data,
	    "exported: {workspace: lab, revision: 12}\n\nranking:\n  - a\n  - [b, c]\n  - d\n");
	ck_assert_uint_eq(planfile_writer_left_out(writer), 1);
	str_reset(&shown);
	planfile_write_section(writer, planfile_kind(PLUMB__V1__KIND__CHECK_IN), &shown);
	ck_assert_str_eq(shown.data, "");
}
END_TEST

/* Every string field that item.proto's comments call a reference is in the table, by its name's pattern. */
START_TEST(kinds_and_sections_hold_together)
{
	size_t count;
	const struct planfile_kind *kinds = planfile_kinds(&count);
	unsigned named = 0;

	for (size_t i = 0; i < count; i++) {
		ck_assert_ptr_nonnull(planfile_kind_body(&kinds[i]));
		ck_assert_ptr_eq(planfile_section(kinds[i].section), &kinds[i]);
		ck_assert_ptr_eq(planfile_section(kinds[i].body), &kinds[i]);
	}
	/*
	 * All kinds of the contract but rankings (a list) and what is in no plan have a section: workspaces, tokens,
	 * webhooks, how far these came, anchors of the audit file.
	 */
	for (unsigned i = 0; i < plumb__v1__kind__descriptor.n_values; i++)
		named += plumb__v1__kind__descriptor.values[i].value != 0;
	ck_assert_uint_eq(named, count + 1 + 5);
}
END_TEST

/* ---- from disk ------------------------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/planfile-XXXXXX";

static void
put_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(folders_are_read_in_order_of_name)
{
	char path[128];
	const char *paths[] = {folder};
	struct err err = {0};
	const struct planfile_step *step;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/sub", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	put_file("b.yml", "goals:\n  b: {}\n");
	put_file("a.yaml", "goals:\n  a: {}\n");
	put_file("sub/c.yaml", "goals:\n  c: {}\n");
	put_file(".hidden.yaml", "goals:\n  h: {}\n");
	put_file("notes.txt", "not: [yaml");
	/* a link back up would be read for ever */
	snprintf(path, sizeof path, "%s/sub/loop", folder);
	ck_assert_int_eq(symlink("..", path), 0);
	ck_assert_msg(planfile_load(plan, paths, 1, &err), "%s", faults());
	step = planfile_present(plan);
	ck_assert_uint_eq(step->count, 3);
	ck_assert_str_eq(step->entries[0]->id, "a");
	ck_assert_str_eq(step->entries[1]->id, "b");
	ck_assert_str_eq(step->entries[2]->id, "c");
	snprintf(path, sizeof path, "files:%s", folder + 5);
	ck_assert_str_eq(plan->default_source, path);
	snprintf(path, sizeof path, "rm -r %s", folder);
	ck_assert_int_eq(system(path), 0);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_a_fault)
{
	const char *paths[] = {"/nowhere/plan.yaml"};
	struct err err = {0};

	ck_assert(!planfile_load(plan, paths, 1, &err));
	ck_assert_str_eq(
	    faults(), "/nowhere/plan.yaml: cannot be read: No such file or directory\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("planfile");
	TCase *tc = tcase_create("planfile");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, fields_of_every_type_arrive);
	tcase_add_test(tc, a_measure_inline_is_an_item_and_a_target);
	tcase_add_test(tc, rankings_have_ties_and_teams);
	tcase_add_test(tc, dated_files_continue_what_was_before);
	tcase_add_loop_test(
	    tc, what_is_wrong_is_told_with_its_place, 0, (int)(sizeof wrong / sizeof wrong[0]));
	tcase_add_test(tc, the_same_id_in_two_files_names_both);
	tcase_add_test(tc, faults_are_counted_where_they_are_not_kept);
	tcase_add_loop_test(tc, fields_are_found_again, 0, (int)(sizeof places / sizeof places[0]));
	tcase_add_test(tc, a_plan_is_written_as_it_was_read);
	tcase_add_loop_test(
	    tc, what_is_written_reads_back_as_the_same, 0, (int)(sizeof odd / sizeof odd[0]));
	tcase_add_test(tc, rankings_and_withdrawn_records_are_written_rightly);
	tcase_add_test(tc, kinds_and_sections_hold_together);
	tcase_add_test(tc, folders_are_read_in_order_of_name);
	tcase_add_test(tc, a_file_that_is_not_there_is_a_fault);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
