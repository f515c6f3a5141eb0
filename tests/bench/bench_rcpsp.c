/*
 * The yardstick of the scheduling core on the field's own problems: bench-rcpsp --help.
 *
 * Reads the files named, looks for a short schedule of each with a number of generated schedules, and prints what others can
 * compare and verify. What counts as a schedule is said in server/insight/schedule/rcpsp_search.h.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/parse.h"
#include "common/str.h"
#include "server/insight/schedule/rcpsp_read.h"
#include "server/insight/schedule/rcpsp_search.h"
#include "server/limits.h"

#define THREADS_MAX  64u
#define LINE_MAX_LEN (4u << 20) /* of one instance's starts: 20,000 of them */

enum { EXIT_USAGE = 2, EXIT_FILE = 3 };

static const char usage[] =
    "usage: bench-rcpsp --schedules N --seed S [--starts] [--threads T] FILE...\n"
    "\n"
    "  --schedules N  schedules that are generated for each file, at most\n"
    "  --seed S       the same seed gives the same schedules, on any number of threads\n"
    "  --starts       each start time too, in the order of the file, with commas between them\n"
    "  --threads T    files that are worked on at once (1)\n"
    "  --help\n"
    "\n"
    "FILE is a resource-constrained project scheduling problem: PSPLIB .sm, Patterson .rcp, or "
    "several projects as in\n"
    "MPLIB (.rcmp, .txt); how it begins tells which. Prints a line for each: name, makespan, "
    "critical path, lower bound,\n"
    "schedules generated, CPU time in ms. Exit code 2: wrong use; 3: a file cannot be read (the "
    "others are worked on).\n";

struct job {
	const char *path;
	struct str line;
	bool failed;
	bool done;
};

struct bench {
	struct rcpsp_search search;
	bool starts;
	struct job *jobs;
	size_t count;
	size_t next;
	size_t printed;
	bool failed;
	pthread_mutex_t lock;
};

static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool
read_file(const char *path, struct str *text, struct err *err)
{
	FILE *file = fopen(path, "re");
	char buf[65536];
	size_t len;
	bool ok;

	if (file == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s", strerror(errno));
	while ((len = fread(buf, 1, sizeof buf, file)) > 0 && str_ok(text))
		str_add_len(text, buf, len);
	ok = !ferror(file);
	if (!ok)
		err_set(err, ERR_UNAVAILABLE, "%s", strerror(errno));
	else if (!str_ok(text))
		ok = err_set(
		    err, ERR_LIMIT, "1: the file has more than %u bytes", LIMIT_RCPSP_BYTES);
	fclose(file);
	return ok;
}

/* "j301_1" of "bench/j301_1.sm". */
static void
add_name(struct str *line, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	str_add_len(line, name, dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name));
}

static bool
solve(const struct bench *bench, struct job *job, const struct rcpsp *problem, struct err *err)
{
	int32_t *start = calloc(problem->count, sizeof *start);
	struct rcpsp_result result;
	double began = cpu_ms();

	if (start == NULL)
		return err_oom(err);
	if (!rcpsp_search(problem, &bench->search, start, &result, err)) {
		free(start);
		return false;
	}
	add_name(&job->line, job->path);
	str_addf(&job->line, " %d %d %d %llu %.3f", result.makespan, problem->critical_path,
	    result.lower_bound, (unsigned long long)result.schedules, cpu_ms() - began);
	for (uint32_t i = 0; bench->starts && i < problem->listed; i++)
		str_addf(&job->line, "%c%d", i == 0 ? ' ' : ',', start[i]);
	free(start);
	return str_ok(&job->line) || err_oom(err);
}

static void
work_on(const struct bench *bench, struct job *job)
{
	struct rcpsp *problem = NULL;
	struct err err = {0};
	struct str text;

	str_init(&text, LIMIT_RCPSP_BYTES + 1);
	str_init(&job->line, LINE_MAX_LEN);
	if (read_file(job->path, &text, &err))
		problem = rcpsp_read(text.data, text.len, &err);
	str_fini(&text);
	job->failed = problem == NULL || !solve(bench, job, problem, &err);
	rcpsp_free(problem);
	if (!job->failed)
		return;
	str_reset(&job->line);
	str_addf(&job->line, "bench-rcpsp: %s:%s%s", job->path,
	    err.msg[0] >= '0' && err.msg[0] <= '9' ? "" : " ", err.msg);
}

/* In the order of the command line, as soon as all before are there. Under the lock. */
static void
print_ready(struct bench *bench)
{
	for (; bench->printed < bench->count && bench->jobs[bench->printed].done;
	     bench->printed++) {
		struct job *job = &bench->jobs[bench->printed];

		fprintf(job->failed ? stderr : stdout, "%s\n", job->line.data);
		fflush(stdout);
		bench->failed = bench->failed || job->failed;
		str_fini(&job->line);
	}
}

static void *
run(void *arg)
{
	struct bench *bench = arg;

	for (;;) {
		struct job *job = NULL;

		pthread_mutex_lock(&bench->lock);
		if (bench->next < bench->count)
			job = &bench->jobs[bench->next++];
		pthread_mutex_unlock(&bench->lock);
		if (job == NULL)
			return NULL;
		work_on(bench, job);
		pthread_mutex_lock(&bench->lock);
		job->done = true;
		print_ready(bench);
		pthread_mutex_unlock(&bench->lock);
	}
}

static void
run_all(struct bench *bench, uint64_t threads)
{
	pthread_t ids[THREADS_MAX];
	uint64_t started = 0;

	pthread_mutex_init(&bench->lock, NULL);
	printf("# instance makespan critical_path lower_bound schedules cpu_ms%s\n",
	    bench->starts ? " starts" : "");
	fflush(stdout);
	while (started + 1 < threads && started + 1 < bench->count &&
	       pthread_create(&ids[started], NULL, run, bench) == 0)
		started++;
	run(bench);
	while (started > 0)
		pthread_join(ids[--started], NULL);
	pthread_mutex_destroy(&bench->lock);
}

static bool
option_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	if (parse_u64(text, min, max, out))
		return true;
	fprintf(stderr, "bench-rcpsp: --%s %s: expected a number from %llu to %llu\n", name, text,
	    (unsigned long long)min, (unsigned long long)max);
	return false;
}

static bool
take_options(int argc, char **argv, struct bench *bench, uint64_t *threads)
{
	static const struct option options[] = {{"schedules", required_argument, NULL, 'n'},
	    {"seed", required_argument, NULL, 's'}, {"starts", no_argument, NULL, 'a'},
	    {"threads", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	bool ok = true;
	bool has_seed = false;
	int c;

	while (ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n') {
			ok = option_number("schedules", optarg, 1, LIMIT_RCPSP_SCHEDULES,
			    &bench->search.schedules);
		} else if (c == 's') {
			ok = option_number("seed", optarg, 0, UINT64_MAX, &bench->search.seed);
			has_seed = true;
		} else if (c == 't') {
			ok = option_number("threads", optarg, 1, THREADS_MAX, threads);
		} else if (c == 'a') {
			bench->starts = true;
		} else if (c == 'h') {
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		} else {
			ok = false;
		}
	}
	if (ok && (bench->search.schedules == 0 || !has_seed || optind == argc)) {
		fputs("bench-rcpsp: --schedules, --seed and a file are needed\n", stderr);
		ok = false;
	}
	if (!ok)
		fputs("bench-rcpsp --help says more\n", stderr);
	return ok;
}

int
main(int argc, char **argv)
{
	struct bench bench = {0};
	uint64_t threads = 1;

	if (!take_options(argc, argv, &bench, &threads))
		return EXIT_USAGE;
	bench.count = (size_t)(argc - optind);
	bench.jobs = calloc(bench.count, sizeof *bench.jobs);
	if (bench.jobs == NULL) {
		fputs("bench-rcpsp: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < bench.count; i++)
		bench.jobs[i].path = argv[optind + (int)i];
	run_all(&bench, threads);
	free(bench.jobs);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("bench-rcpsp: cannot write the output\n", stderr);
		return EXIT_FAILURE;
	}
	return bench.failed ? EXIT_FILE : EXIT_SUCCESS;
}
