/*
 * How long a schedule under strict priority takes: bench_schedule [TASKS PEOPLE [TRIES]].
 *
 * A plan is made up: people in teams of eight, initiatives of 25 tasks, each task of 1 to 10 days of one person of the
 * initiative's two teams, behind up to two earlier tasks of the same initiative, and one in a hundred behind one of another. The
 * horizon is twice as long as the work of all by all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/parse.h"
#include "server/insight/schedule/philox.h"
#include "server/insight/schedule/schedule.h"

#define TEAM       8u
#define INITIATIVE 25u
#define DAY        100
#define ROUNDS     9

struct made {
	struct schedule_problem problem;
	int32_t *capacity;
	uint32_t *home;
	uint64_t *streams;
	struct schedule_work *work;
	struct schedule_need *need;
	struct schedule_arc *arc;
};

static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Five days of seven; a team has what its people have. */
static void
make_people(struct made *made, uint32_t people, uint32_t teams)
{
	int32_t days = made->problem.days;

	for (uint32_t t = 0; t < teams; t++)
		made->home[t] = SCHEDULE_NONE;
	for (uint32_t p = 0; p < people; p++) {
		uint32_t giver = teams + p, team = p / TEAM;

		made->home[giver] = team;
		for (int32_t day = 0; day < days; day++) {
			int32_t gives = day % 7 < 5 ? DAY : 0;

			made->capacity[(size_t)giver * (size_t)days + (size_t)day] = gives;
			made->capacity[(size_t)team * (size_t)days + (size_t)day] += gives;
		}
	}
}

static void
make_tasks(struct made *made, uint32_t tasks, uint32_t people, uint32_t teams)
{
	struct schedule_problem *p = &made->problem;
	struct philox random;

	philox_init(&random, 1, 0);
	for (uint32_t w = 0; w < tasks; w++) {
		uint32_t in = w % INITIATIVE;
		uint32_t person =
		    (w / INITIATIVE * TEAM + philox_below(&random, 2 * TEAM)) % people;

		made->work[w] = (struct schedule_work){
		    .initiative = w / INITIATIVE, .needs_first = w, .needs_count = 1};
		made->need[w] = (struct schedule_need){.giver = teams + person,
		    .effort = DAY * (1 + (int64_t)philox_below(&random, 10))};
		for (uint32_t k = in > 0 ? philox_below(&random, 3) : 0; k > 0; k--)
			made->arc[p->arcs++] =
			    (struct schedule_arc){w - 1 - philox_below(&random, in), w, 0};
		if (w > 0 && philox_below(&random, 100) == 0)
			made->arc[p->arcs++] =
			    (struct schedule_arc){philox_below(&random, w), w, 0};
	}
	for (uint32_t i = 0; i < p->initiatives; i++)
		made->streams[i] = i;
}

static bool
make(struct made *made, uint32_t tasks, uint32_t people)
{
	uint32_t teams = (people + TEAM - 1) / TEAM;
	struct schedule_problem *p = &made->problem;

	p->days = (int32_t)(tasks * 11ull / 2 * 7 / 5 * 2 / people) + 60;
	p->givers = teams + people;
	p->works = p->needs = tasks;
	p->initiatives = (tasks + INITIATIVE - 1) / INITIATIVE;
	made->capacity = calloc((size_t)p->givers * (size_t)p->days, sizeof *made->capacity);
	made->home = calloc(p->givers, sizeof *made->home);
	made->streams = calloc(p->initiatives, sizeof *made->streams);
	made->work = calloc(tasks, sizeof *made->work);
	made->need = calloc(tasks, sizeof *made->need);
	made->arc = calloc((size_t)tasks * 3, sizeof *made->arc);
	if (made->capacity == NULL || made->home == NULL || made->streams == NULL ||
	    made->work == NULL || made->need == NULL || made->arc == NULL)
		return false;
	p->capacity = made->capacity;
	p->home = made->home;
	p->streams = made->streams;
	p->work = made->work;
	p->need = made->need;
	p->arc = made->arc;
	make_people(made, people, teams);
	make_tasks(made, tasks, people, teams);
	return true;
}

static void
measure(const struct made *made, uint32_t tries)
{
	const struct schedule_policy policy = {.backfill = true, .tries = tries, .seed = 1};
	double best = 0;
	size_t bookings = 0;
	int32_t last = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct err err = {0};
		double began = cpu_ms();
		struct schedule *schedule = schedule_run(&made->problem, &policy, &err);
		double took = cpu_ms() - began;

		if (schedule == NULL) {
			fprintf(stderr, "bench_schedule: %s\n", err.msg);
			exit(1);
		}
		best = round == 0 || took < best ? took : best;
		bookings = schedule->bookings_count;
		for (uint32_t i = 0; i < schedule->initiatives; i++)
			if (schedule->initiative[i].finish > last)
				last = schedule->initiative[i].finish;
		schedule_free(schedule);
	}
	printf("%u tasks, %u givers, %d days, %u tries: %.2f ms (best of %d), %zu bookings, done "
	       "by day %d\n",
	    made->problem.works, made->problem.givers, made->problem.days, tries, best, ROUNDS,
	    bookings, last);
}

static void
free_made(struct made *made)
{
	free(made->capacity);
	free(made->home);
	free(made->streams);
	free(made->work);
	free(made->need);
	free(made->arc);
}

int
main(int argc, char **argv)
{
	uint64_t tasks = 1000, people = 50, tries = 1;
	struct made made = {0};

	if ((argc > 1 && !parse_u64(argv[1], 1, 1000000, &tasks)) ||
	    (argc > 2 && !parse_u64(argv[2], 1, 10000, &people)) ||
	    (argc > 3 && !parse_u64(argv[3], 1, 1000, &tries))) {
		fputs("usage: bench_schedule [TASKS PEOPLE [TRIES]]\n", stderr);
		return 2;
	}
	if (!make(&made, (uint32_t)tasks, (uint32_t)people)) {
		free_made(&made);
		fputs("bench_schedule: out of memory\n", stderr);
		return 1;
	}
	measure(&made, (uint32_t)tries);
	free_made(&made);
	return 0;
}
