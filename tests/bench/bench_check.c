/*
 * How long a check of all rules takes on a plan of N entries: bench_check [N [ROUNDS]].
 *
 * The plan is made up in memory: per 1,000 entries about 2 objectives with measures, 20 initiatives, 60 workstreams,
 * 400 tasks, 60 people, 100 allocations, 300 measurements; one in a hundred has a fault.
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
#include "server/insight/check/index.h"
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
	struct stamp stamp = {m->revision + 1, INT64_C(20500) * DAY_US, "bench"};
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
own(struct maker *m, Plumb__V1__Item *item, unsigned people)
{
	if (any(m, 100) == 0) /* the fault: nobody */
		return;
	item->owners = one(m, name(m, "p", any(m, people)));
	item->n_owners = 1;
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

static void
make_work(struct maker *m, unsigned initiatives, unsigned objectives, unsigned people)
{
	for (unsigned i = 0; i < initiatives; i++) {
		Plumb__V1__Item *item = put(m, "i", i);
		Plumb__V1__Initiative *body;

		BODY(item, INITIATIVE, initiative, body);
		own(m, item, people);
		body->status =
		    any(m, 5) == 0 ? PLUMB__V1__WORK_STATUS__DONE : PLUMB__V1__WORK_STATUS__ACTIVE;
		body->finish = pb_str("2026-02-01");
		body->outcome_intended = pb_str("Something is better.");
		if (any(m, 100) != 0)
			body->objective = name(m, "o", any(m, objectives));
		if (i > 0 && any(m, 4) == 0) {
			body->after = one(m, name(m, "i", any(m, i)));
			body->n_after = 1;
		}
	}
	for (unsigned i = 0; i < 3 * initiatives; i++) {
		Plumb__V1__Item *item = put(m, "w", i);
		Plumb__V1__Workstream *body;

		BODY(item, WORKSTREAM, workstream, body);
		own(m, item, people);
		body->initiative = name(m, "i", any(m, initiatives));
		body->status = PLUMB__V1__WORK_STATUS__ACTIVE;
	}
	for (unsigned i = 0; i < 20 * initiatives; i++) {
		Plumb__V1__Item *item = put(m, "t", i);
		Plumb__V1__Task *body;

		BODY(item, TASK, task, body);
		own(m, item, people);
		if (any(m, 100) != 0)
			body->initiative = name(m, "workstream/w", any(m, 3 * initiatives));
	}
	for (unsigned i = 0; i < 5 * initiatives; i++) {
		Plumb__V1__Item *item = put(m, "a", i);
		Plumb__V1__Allocation *body;

		BODY(item, ALLOCATION, allocation, body);
		body->who = name(m, "p", any(m, people));
		body->initiative = name(m, "i", any(m, initiatives));
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
	}
}

static void
make_records(struct maker *m, unsigned records, unsigned measures)
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

	make_people(m, people);
	make_ends(m, objectives, people);
	make_work(m, initiatives, objectives, people);
	make_records(m, 340 * thousands, objectives);
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
	double indexed;

	if (!index_init(&ix, view, today, 0, NULL, NULL, &err))
		die(err.msg);
	index_fini(&ix);
	indexed = now_ms();
	check = check_run(view, &query, &err);
	if (check == NULL)
		die(err.msg);
	printf("check_ms=%.1f index_ms=%.1f findings=%zu errors=%u warnings=%u notes=%u unknown=%u "
	       "items=%llu\n",
	    now_ms() - indexed, indexed - start, check_findings(check),
	    check_counts(check)->by_severity[3], check_counts(check)->by_severity[2],
	    check_counts(check)->by_severity[1], check_counts(check)->unknown,
	    (unsigned long long)check_counts(check)->items);
	check_free(check);
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
	round_of_traces(view, today);
	round_of_rules(view, today);
	plan_view_release(m.plan, view);
	plan_free(m.plan);
	arena_free(m.arena);
	return 0;
}
