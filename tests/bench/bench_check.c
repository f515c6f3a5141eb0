/*
 * How long a check of all rules takes on a plan of N entries: bench_check [N [ROUNDS]].
 *
 * The plan is made up in memory: per 1,000 entries about 2 objectives with measures, 20 initiatives, 60 workstreams,
 * 400 tasks, 60 people in 6 teams, 100 allocations, 340 records (80 of them check-ins, one for each piece of work under
 * way); one in a hundred has a fault. Three people do the work of an initiative. Some six of a hundred entries are in a
 * finding.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/insight/check/check.h"
#include "server/insight/check/effect.h"
#include "server/insight/check/index.h"
#include "server/insight/check/local.h"
#include "server/insight/score/score.h"
#include "server/insight/trace.h"
#include "server/limits.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"

#define BATCH 5000u

struct maker {
	struct plan *plan;
	struct arena *arena;
	Plumb__V1__Change *changes[BATCH];
	size_t count;
	uint64_t revision;
	unsigned seed;
};

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(
	    CLOCK_PROCESS_CPUTIME_ID, &t); /* one thread: what one core needs, whatever else runs */
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
die(const char *what)
{
	fprintf(stderr, "bench_check: %s\n", what);
	exit(1);
}

static unsigned
any(struct maker *m, unsigned below)
{
	m->seed = m->seed * 1103515245u + 12345u;
	return (m->seed >> 8) % below;
}

static char *
name(struct maker *m, const char *prefix, unsigned n)
{
	char *text = arena_printf(m->arena, "%s%u", prefix, n);

	if (text == NULL)
		die("out of memory");
	return text;
}

static char **
one(struct maker *m, char *text)
{
	char **list = arena_alloc(m->arena, sizeof list[0]);

	if (list == NULL)
		die("out of memory");
	list[0] = text;
	return list;
}

static void *
arena_alloc_or_die(struct maker *m, size_t size)
{
	void *p = arena_alloc(m->arena, size);

	if (p == NULL)
		die("out of memory");
	return p;
}

static void
flush(struct maker *m)
{
	Plumb__V1__ChangeSet set;
	struct faults *faults = arena_alloc_or_die(m, sizeof *faults);
	struct stamp stamp = {m->revision + 1, INT64_C(20500) * DAY_US, "bench", false};
	struct plan_conflict conflict;
	struct patch *patch;
	struct err err;

	if (m->count == 0)
		return;
	plumb__v1__change_set__init(&set);
	set.n_changes = m->count;
	set.changes = m->changes;
	faults_init(faults, m->arena);
	if (!plan_apply(
		m->plan, &set.base, &stamp, false, m->arena, faults, &conflict, &patch, &err))
		die(err.msg);
	plan_settle(m->plan, patch);
	m->revision++;
	m->count = 0;
	arena_reset(m->arena);
}

static Plumb__V1__Change *
next_change(struct maker *m)
{
	Plumb__V1__Change *change;

	if (m->count == BATCH)
		flush(m);
	change = arena_alloc_or_die(m, sizeof *change);
	plumb__v1__change__init(change);
	m->changes[m->count++] = change;
	return change;
}

static Plumb__V1__Item *
put(struct maker *m, const char *prefix, unsigned n)
{
	Plumb__V1__Change *change = next_change(m);
	Plumb__V1__Item *item = arena_alloc_or_die(m, sizeof *item);

	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = arena_alloc_or_die(m, sizeof *change->put);
	plumb__v1__put__init(change->put);
	change->put->item = item;
	plumb__v1__item__init(item);
	item->id = name(m, prefix, n);
	item->title = name(m, "A title of the usual length, number ", n);
	return item;
}

/* Gives the item a body of the kind; body is the variable that points at it then. */
#define BODY(item, kind, lower, body)                                                              \
	do {                                                                                       \
		(body) = arena_alloc_or_die(m, sizeof *(body));                                    \
		plumb__v1__##lower##__init(body);                                                  \
		(item)->body_case = PLUMB__V1__ITEM__BODY_##kind;                                  \
		(item)->lower = (body);                                                            \
	} while (0)

static void
own_by(struct maker *m, Plumb__V1__Item *item, unsigned person, unsigned people)
{
	item->owners = arena_alloc_or_die(m, 2 * sizeof item->owners[0]);
	item->owners[0] = name(m, "p", person % people);
	item->owners[1] = name(m, "p", (person + 1) % people);
	item->n_owners = 1;
}

static void
own(struct maker *m, Plumb__V1__Item *item, unsigned people)
{
	if (any(m, 100) != 0) /* the fault: nobody */
		own_by(m, item, any(m, people), people);
}

static void
make_ends(struct maker *m, unsigned objectives, unsigned people)
{
	for (unsigned i = 0; i < objectives / 10 + 1; i++) {
		Plumb__V1__Item *goal = put(m, "g", i);
		Plumb__V1__Goal *body;

		BODY(goal, GOAL, goal, body);
		own(m, goal, people);
	}
	for (unsigned i = 0; i < objectives; i++) {
		Plumb__V1__Item *measure = put(m, "m", i);
		Plumb__V1__Measure *body;

		BODY(measure, MEASURE, measure, body);
		body->direction = PLUMB__V1__MEASURE__DIRECTION__UP;
		body->every_days__case = PLUMB__V1__MEASURE__EVERY_DAYS__EVERY_DAYS;
		body->every_days = 30;
	}
	for (unsigned i = 0; i < objectives; i++) {
		Plumb__V1__Item *item = put(m, "o", i);
		Plumb__V1__Objective *body;
		Plumb__V1__Target *target = arena_alloc_or_die(m, sizeof *target);

		BODY(item, OBJECTIVE, objective, body);
		own(m, item, people);
		plumb__v1__target__init(target);
		target->measure = name(m, "m", i);
		target->baseline__case = PLUMB__V1__TARGET__BASELINE__BASELINE;
		target->baseline = 1;
		if (any(m, 100) != 0) {
			target->target__case = PLUMB__V1__TARGET__TARGET__TARGET;
			target->target = 2;
		}
		target->due = pb_str("2026-06-30");
		body->goal = name(m, "g", any(m, objectives / 10 + 1));
		body->targets = arena_alloc_or_die(m, sizeof body->targets[0]);
		body->targets[0] = target;
		body->n_targets = 1;
	}
}

static Plumb__V1__Scope *
some_scope(struct maker *m)
{
	Plumb__V1__Scope *scope = arena_alloc_or_die(m, sizeof *scope);

	plumb__v1__scope__init(scope);
	scope->in = one(m, pb_str("new customers"));
	scope->n_in = 1;
	scope->out = one(m, pb_str("everybody else"));
	scope->n_out = 1;
	return scope;
}

static void
need(struct maker *m, Plumb__V1__Initiative *body, unsigned team)
{
	body->needs = arena_alloc_or_die(m, sizeof body->needs[0]);
	body->needs[0] = arena_alloc_or_die(m, sizeof *body->needs[0]);
	plumb__v1__need__init(body->needs[0]);
	body->needs[0]->who = name(m, "t", team);
	body->needs[0]->effort__case = PLUMB__V1__NEED__EFFORT__EFFORT;
	body->needs[0]->effort = 500 + any(m, 2000);
	body->n_needs = 1;
}

static void
make_initiatives(struct maker *m, unsigned initiatives, unsigned objectives, unsigned people)
{
	for (unsigned i = 0; i < initiatives; i++) {
		Plumb__V1__Item *item = put(m, "i", i);
		Plumb__V1__Initiative *body;

		BODY(item, INITIATIVE, initiative, body);
		if (any(m, 100) != 0)
			own_by(m, item, 3 * i, people);
		body->status =
		    any(m, 5) == 0 ? PLUMB__V1__WORK_STATUS__DONE : PLUMB__V1__WORK_STATUS__ACTIVE;
		body->start = pb_str("2026-01-05");
		body->finish = pb_str("2026-05-29");
		body->outcome_intended = pb_str("Something is better.");
		body->scope = any(m, 100) != 0 ? some_scope(m) : NULL;
		need(m, body, any(m, people / 10));
		if (any(m, 100) != 0)
			body->objective = name(m, "o", any(m, objectives));
		if (i > 0 && any(m, 4) == 0) {
			body->after = one(m, name(m, "i", any(m, i)));
			body->n_after = 1;
		}
	}
}

/* One in twelve tasks has two owners: so that some five of a hundred entries are in a finding. */
static void
make_tasks(struct maker *m, unsigned initiatives, unsigned people)
{
	for (unsigned i = 0; i < 20 * initiatives; i++) {
		Plumb__V1__Item *item = put(m, "t", i);
		unsigned workstream = any(m, 3 * initiatives);
		Plumb__V1__Task *body;

		BODY(item, TASK, task, body);
		own_by(m, item, workstream, people);
		item->n_owners = any(m, 12) == 0 ? 2 : 1;
		body->effort__case = PLUMB__V1__TASK__EFFORT__EFFORT;
		body->effort = 50 + any(m, 300);
		body->members = one(m, name(m, "p", (workstream + any(m, 2)) % people));
		body->n_members = 1;
		if (any(m, 100) != 0)
			body->initiative = name(m, "workstream/w", workstream);
	}
}

/* Workstream 3 * i + k is a part of initiative i, and person 3 * i + k answers for it. */
static void
make_work(struct maker *m, unsigned initiatives, unsigned objectives, unsigned people)
{
	make_initiatives(m, initiatives, objectives, people);
	for (unsigned i = 0; i < 3 * initiatives; i++) {
		Plumb__V1__Item *item = put(m, "w", i);
		Plumb__V1__Workstream *body;

		BODY(item, WORKSTREAM, workstream, body);
		if (any(m, 100) != 0)
			own_by(m, item, i, people);
		body->initiative = name(m, "i", i / 3);
		body->status = PLUMB__V1__WORK_STATUS__ACTIVE;
	}
	make_tasks(m, initiatives, people);
	for (unsigned i = 0; i < 5 * initiatives; i++) {
		Plumb__V1__Item *item = put(m, "a", i);
		unsigned initiative = any(m, initiatives);
		Plumb__V1__Allocation *body;

		BODY(item, ALLOCATION, allocation, body);
		body->who = name(m, "p", (3 * initiative + any(m, 3)) % people);
		body->initiative = name(m, "i", initiative);
		body->period = name(m, "q", 1 + any(m, 2));
		body->share__case = PLUMB__V1__ALLOCATION__SHARE__SHARE;
		body->share = 0.05 * (1 + any(m, 6));
	}
}

static void
make_periods(struct maker *m)
{
	for (unsigned i = 1; i <= 4; i++) {
		Plumb__V1__Item *item = put(m, "q", i);
		Plumb__V1__Period *body;
		char day[DATE_TEXT_LEN];

		BODY(item, PERIOD, period, body);
		date_format(date_from_civil(2026, 3 * (int)i - 2, 1), day);
		body->first_day = arena_strdup(m->arena, day);
		date_format(date_from_civil(2026 + (int)i / 4, 3 * (int)i % 12 + 1, 1) - 1, day);
		body->last_day = arena_strdup(m->arena, day);
	}
}

static void
make_people(struct maker *m, unsigned people)
{
	for (unsigned i = 0; i < people; i++) {
		Plumb__V1__Item *item = put(m, "p", i);
		Plumb__V1__Person *body;

		BODY(item, PERSON, person, body);
		if (i > 0)
			body->manager = name(m, "p", i / 8);
		if (any(m, 100) == 0)
			body->last_day = pb_str("2026-01-31");
		body->team = name(m, "t", i / 10);
	}
	for (unsigned i = 0; i < people / 10; i++) {
		Plumb__V1__Item *item = put(m, "t", i);
		Plumb__V1__Team *body;

		BODY(item, TEAM, team, body);
		body->lead = name(m, "p", 10 * i);
	}
}

/* Of this week, one in a hundred of last month. */
static void
check_in(struct maker *m, Plumb__V1__Record *record, const char *kind, unsigned number)
{
	int age = any(m, 100) == 0 ? 30 : (int)any(m, 4);
	char day[DATE_TEXT_LEN];

	record->about = arena_printf(m->arena, "%s%u", kind, number);
	record->at = arena_strdup(m->arena, date_format(date_from_civil(2026, 3, 30) - age, day));
	record->body_case = PLUMB__V1__RECORD__BODY_CHECK_IN;
	record->check_in = arena_alloc_or_die(m, sizeof *record->check_in);
	plumb__v1__check_in__init(record->check_in);
	record->check_in->status = PLUMB__V1__CHECK_IN__STATUS__ON_TRACK;
	if (record->about == NULL || record->at == NULL)
		die("out of memory");
}

static void
make_records(struct maker *m, unsigned records, unsigned measures, unsigned initiatives)
{
	for (unsigned i = 0; i < records; i++) {
		Plumb__V1__Change *change = next_change(m);
		Plumb__V1__Record *record = arena_alloc_or_die(m, sizeof *record);
		char day[DATE_TEXT_LEN];

		change->change_case = PLUMB__V1__CHANGE__CHANGE_ADD;
		change->add = arena_alloc_or_die(m, sizeof *change->add);
		plumb__v1__add__init(change->add);
		change->add->record = record;
		plumb__v1__record__init(record);
		record->id = name(m, "r", i);
		if (i < initiatives) {
			check_in(m, record, "initiative/i", i);
			continue;
		}
		if (i < 4 * initiatives) {
			check_in(m, record, "workstream/w", i - initiatives);
			continue;
		}
		record->about = name(m, "m", any(m, measures));
		record->at = arena_strdup(m->arena, date_format(20000 + (int32_t)any(m, 540), day));
		record->body_case = PLUMB__V1__RECORD__BODY_MEASUREMENT;
		record->measurement = arena_alloc_or_die(m, sizeof *record->measurement);
		plumb__v1__measurement__init(record->measurement);
		record->measurement->value = any(m, 3);
	}
}

static void
make(struct maker *m, unsigned n)
{
	unsigned thousands = n / 1000 + 1;
	unsigned objectives = 2 * thousands;
	unsigned people = 60 * thousands;
	unsigned initiatives = 20 * thousands;

	make_periods(m);
	make_people(m, people);
	make_ends(m, objectives, people);
	make_work(m, initiatives, objectives, people);
	make_records(m, 340 * thousands, objectives, initiatives);
	flush(m);
}

static void
round_of_checks(const struct view *view, int32_t today)
{
	struct check_query query = {.today = today};
	struct check *check;
	struct index ix;
	struct err err;
	double start = now_ms();
	double indexed, checked, scored;
	struct score score;

	if (!index_init(&ix, view, today, 0, NULL, NULL, &err))
		die(err.msg);
	index_fini(&ix);
	indexed = now_ms();
	check = check_run(view, &query, &err);
	checked = now_ms();
	if (check == NULL || !score_of_check(check, 0, NULL, NULL, &score, &err))
		die(err.msg);
	scored = now_ms();
	printf("score=%.2f score_ms=%.1f ", (double)score.micros / 1e6, scored - checked);
	score_fini(&score);
	printf("check_ms=%.1f index_ms=%.1f findings=%zu errors=%u warnings=%u notes=%u unknown=%u "
	       "items=%llu\n",
	    checked - indexed, indexed - start, check_findings(check),
	    check_counts(check)->by_severity[3], check_counts(check)->by_severity[2],
	    check_counts(check)->by_severity[1], check_counts(check)->unknown,
	    (unsigned long long)check_counts(check)->items);
	check_free(check);
}

/* Two threads: by the clock on the wall. */
static double
wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* An initiative gets two owners; the caller undoes it. */
static struct patch *
try_change(struct maker *m, unsigned number)
{
	Plumb__V1__Item *item = put(m, "i", number);
	Plumb__V1__Initiative *body;
	Plumb__V1__ChangeSet set;
	struct faults *faults = arena_alloc_or_die(m, sizeof *faults);
	struct stamp stamp = {m->revision + 1, INT64_C(20500) * DAY_US, "bench", false};
	struct plan_conflict conflict;
	struct patch *patch;
	struct err err;
	char *owners[2] = {name(m, "p", number), name(m, "p", number + 1)};

	BODY(item, INITIATIVE, initiative, body);
	body->status = PLUMB__V1__WORK_STATUS__ACTIVE;
	item->owners = owners;
	item->n_owners = 2;
	plumb__v1__change_set__init(&set);
	set.n_changes = m->count;
	set.changes = m->changes;
	faults_init(faults, m->arena);
	if (!plan_apply(
		m->plan, &set.base, &stamp, false, m->arena, faults, &conflict, &patch, &err))
		die(err.msg);
	m->count = 0;
	return patch;
}

/* What a dry run does beside the loop, and what the loop waits for. */
static void
round_of_effects(struct maker *m, int32_t today)
{
	double start = wall_ms(), taken, settled, cpu;
	struct patch *patch = try_change(m, 7);
	struct view *after = plan_view_pending(m->plan), *before;
	struct effect_side sides[2];
	struct effect effect;
	struct err err;

	plan_undo(m->plan, patch);
	before = plan_view_pending(m->plan);
	taken = wall_ms();
	if (before == NULL || after == NULL || !view_settle(before) || !view_settle(after))
		die("no view");
	settled = wall_ms();
	cpu = now_ms();
	sides[0] = (struct effect_side){before, today, NULL, NULL};
	sides[1] = (struct effect_side){after, today, NULL, NULL};
	if (!effect_run(&sides[0], &sides[1], NULL, NULL, &effect, &err))
		die(err.msg);
	printf("effect_ms=%.1f cpu_ms=%.1f on_loop_ms=%.3f appeared=%zu gone=%zu same=%zu\n",
	    wall_ms() - settled, now_ms() - cpu, taken - start, effect.findings.appeared_count,
	    effect.findings.gone_count, effect.findings.same_count);
	effect_fini(&effect);
	plan_view_release(m->plan, before);
	plan_view_release(m->plan, after);
	arena_reset(m->arena);
}

/* What asking the rules that refuse adds to taking a change. */
static void
round_of_refusals(struct maker *m, int32_t today)
{
	struct local_rules rules = {.count = 0};
	double spent = 0;
	size_t count;
	const struct rule *const *all = rules_all(&count);

	for (size_t i = 0; i < count; i++)
		rules.selected[i] = all[i]->local;
	for (unsigned i = 0; i < 100; i++) {
		struct patch *patch = try_change(m, i);
		struct local local;
		struct err err;
		double start = wall_ms();

		if (!local_run(&local, m->plan, patch, &rules, today, LIMIT_AROUND, &err))
			die(err.msg);
		local_fini(&local);
		spent += wall_ms() - start;
		plan_undo(m->plan, patch);
		arena_reset(m->arena);
	}
	printf("refusing_ms=%.3f for each change of an initiative's owners\n", spent / 100);
}

static void
round_of_rules(const struct view *view, int32_t today)
{
	size_t count;
	const struct rule *const *rules = rules_all(&count);

	for (size_t i = 0; i < count; i++) {
		bool selected[RULES_MAX] = {false};
		struct check_query query = {.today = today, .rules = selected};
		struct err err;
		struct check *check;
		double start = now_ms();

		selected[i] = true;
		check = check_run(view, &query, &err);
		if (check == NULL)
			die(err.msg);
		printf("  %-26s %.1f ms with the index, %zu findings\n", rules[i]->name,
		    now_ms() - start, check_findings(check));
		check_free(check);
	}
}

static void
round_of_traces(const struct view *view, int32_t today)
{
	const struct item *item = view_find(view, KIND_TASK, "t7", 2);
	struct trace_query query = {.slot = item->slot, .today = today, .up = true, .down = true};
	struct arena *arena = arena_new((size_t)64 << 20);
	struct trace trace;
	struct err err;
	double start = now_ms();

	if (arena == NULL || !trace_run(view, &query, arena, &trace, &err))
		die("trace failed");
	printf("trace_ms=%.1f nodes=%zu\n", now_ms() - start, trace.nodes_count);
	arena_free(arena);
}

int
main(int argc, char **argv)
{
	static struct maker m;
	uint64_t n = 1000000;
	uint64_t rounds = 3;
	struct view *view;
	int32_t today;
	double start = now_ms();

	if ((argc > 1 && !parse_u64(argv[1], 1, LIMIT_ENTRIES, &n)) ||
	    (argc > 2 && !parse_u64(argv[2], 1, 1000, &rounds)) ||
	    !date_parse("2026-03-31", &today))
		die("usage: bench_check [entries [rounds]]");
	m.plan = plan_new();
	m.arena = arena_new((size_t)256 << 20);
	m.seed = 7;
	if (m.plan == NULL || m.arena == NULL)
		die("out of memory");
	make(&m, (unsigned)n);
	printf("entries=%llu made_in_ms=%.0f\n", (unsigned long long)n, now_ms() - start);
	view = plan_view(m.plan);
	if (view == NULL || !view_settle(view))
		die("no view");
	for (uint64_t i = 0; i < rounds; i++)
		round_of_checks(view, today);
	for (uint64_t i = 0; i < rounds; i++)
		round_of_effects(&m, today);
	round_of_refusals(&m, today);
	round_of_traces(view, today);
	round_of_rules(view, today);
	plan_view_release(m.plan, view);
	plan_free(m.plan);
	arena_free(m.arena);
	return 0;
}
