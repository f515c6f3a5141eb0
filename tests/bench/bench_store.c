/*
 * How fast the store makes entries durable, beside this disk's own append + fdatasync, and how fast it reads them
 * back. Usage: bench_store [directory, default /tmp] [seconds per figure, default 2]
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "server/store/snapshot.h"
#include "server/store/store.h"

#define BODY_LEN    150
#define SAMPLES_MAX 2000000

struct bench {
	struct store *store;
	int wake_fd;
	uint64_t revision;
	size_t outstanding;
	size_t done;
	size_t failed;
	double *samples;
	size_t samples_count;
	double started[65536]; /* by revision; more than are ever outstanding */
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all threads: what a busy neighbour doesn't change (much). */
static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y ? 1 : 0;
}

static double
percentile(double *samples, size_t count, double p)
{
	if (count == 0)
		return 0;
	qsort(samples, count, sizeof *samples, by_value);
	return samples[(size_t)((double)(count - 1) * p)];
}

static void
die(const char *what, const struct err *err)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, err ? err->msg : "failed");
	exit(1);
}

static void
on_wake(void *arg)
{
	struct bench *bench = arg;
	uint64_t one = 1;

	if (write(bench->wake_fd, &one, sizeof one) != sizeof one)
		die("wake", NULL);
}

static void
on_done(void *arg, enum store_outcome outcome)
{
	struct bench *bench = arg;

	bench->outstanding--;
	bench->done++;
	bench->failed += outcome != STORE_OK;
}

static void
on_timed(void *arg, enum store_outcome outcome)
{
	struct bench *bench = arg;

	if (bench->samples_count < SAMPLES_MAX)
		bench->samples[bench->samples_count++] =
		    now() - bench->started[(bench->revision - bench->outstanding + 1) % 65536];
	on_done(arg, outcome);
}

static void
append(struct bench *bench)
{
	static uint8_t body[BODY_LEN];
	struct store_entry entry = {.workspace = 2,
	    .author = "person/anna",
	    .key = "",
	    .kind = STORE_CHANGE_SET,
	    .format = 1};
	struct err err;

	memcpy(body, &bench->revision, sizeof bench->revision);
	entry.revision = ++bench->revision;
	entry.time_us = entry.logged_us = 1700000000000000 + (int64_t)bench->revision;
	entry.body = body;
	entry.body_len = sizeof body;
	bench->started[bench->revision % 65536] = now();
	bench->outstanding++;
	if (!store_append(bench->store, &entry, on_timed, bench, &err))
		die("append", &err);
}

static void
wait_for_wake(struct bench *bench)
{
	struct pollfd fd = {.fd = bench->wake_fd, .events = POLLIN};
	uint64_t count;

	if (poll(&fd, 1, 10000) != 1 || read(bench->wake_fd, &count, sizeof count) != sizeof count)
		die("no completion within ten seconds", NULL);
}

static void
bench_appends(struct bench *bench, size_t outstanding, double seconds)
{
	double from = now(), until = from + seconds, cpu_from = cpu(), cpu_used, p50, p99;

	bench->done = 0;
	bench->samples_count = 0;
	while (now() < until) {
		while (bench->outstanding < outstanding)
			append(bench);
		store_flush(bench->store);
		wait_for_wake(bench);
		store_poll(bench->store);
	}
	until = now();
	while (bench->outstanding > 0) {
		wait_for_wake(bench);
		store_poll(bench->store);
	}
	cpu_used = cpu() - cpu_from;
	p50 = percentile(bench->samples, bench->samples_count, 0.5) * 1e6;
	p99 = percentile(bench->samples, bench->samples_count, 0.99) * 1e6;
	printf("append, %5zu outstanding  %9.0f entries/s  p50 %7.0f us  p99 %7.0f us  cpu %5.2f "
	       "us/entry%s\n",
	    outstanding, (double)bench->done / (until - from), p50, p99,
	    cpu_used / (double)bench->done * 1e6, bench->failed ? "  FAILED" : "");
}

/* What the disk itself takes: the same file grows by 4 KiB and is synced. */
static void
bench_disk(const char *directory, double seconds)
{
	static uint8_t page[4096];
	char path[2048];
	double *samples = calloc(1000000, sizeof *samples);
	double until = now() + seconds, p50;
	size_t count = 0;
	int fd;

	snprintf(path, sizeof path, "%s/raw", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	while (samples && fd >= 0 && now() < until && count < 1000000) {
		double from = now();

		if (write(fd, page, sizeof page) != sizeof page || fdatasync(fd) != 0)
			die("raw write", NULL);
		samples[count++] = now() - from;
	}
	close(fd);
	unlink(path);
	p50 = percentile(samples, count, 0.5) * 1e6;
	printf("bare 4 KiB append + fdatasync %5.0f /s                p50 %7.0f us  p99 %7.0f us\n",
	    (double)count / seconds, p50, percentile(samples, count, 0.99) * 1e6);
	free(samples);
}

static bool
count_entry(void *arg, const struct store_entry *entry)
{
	*(uint64_t *)arg += entry->body_len != 0;
	return true;
}

static void
bench_read(struct bench *bench)
{
	uint64_t count = 0;
	struct err err;
	double from = now();

	if (!store_read(bench->store, 2, 1, UINT64_MAX, count_entry, &count, &err))
		die("read", &err);
	printf("read                      %9.0f entries/s\n", (double)count / (now() - from));
	from = now();
	if (!store_verify(bench->store, 0, NULL, NULL, &err))
		die("verify", &err);
	printf("verify                    %9.0f entries/s\n", (double)count / (now() - from));
}

static void
bench_snapshot(const char *directory, size_t megabytes)
{
	static uint8_t block[1 << 16];
	struct snapshot_info info = {.workspace = 2, .revision = 1, .layout = 1};
	struct snapshot_writer *writer;
	struct snapshot *snapshot;
	struct err err;
	double from = now(), written, cpu_from;

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (uint8_t)(i * 2654435761u >> 11);
	writer = snapshot_create(directory, &info, &err);
	for (size_t i = 0; writer && i < megabytes * 16; i++) {
		if (!snapshot_put(writer, block, sizeof block, &err))
			die("snapshot", &err);
	}
	if (!writer || !snapshot_finish(writer, &err))
		die("snapshot", &err);
	written = now();
	cpu_from = cpu();
	snapshot = snapshot_open(directory, 2, 1, 1, &err);
	if (!snapshot)
		die("snapshot", &err);
	printf("snapshot of %zu MiB        written in %.2f s, read and checked in %.2f s (warm; "
	       "cpu %.2f s)\n",
	    megabytes, written - from, now() - written, cpu() - cpu_from);
	snapshot_close(snapshot);
}

int
main(int argc, char **argv)
{
	static const size_t outstanding[] = {1, 64, 256, 4096, 16384};
	static struct bench bench;
	char directory[1024], command[1100];
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;
	struct store_options options = {
	    .directory = directory, .synchronous = "FULL", .wake = on_wake, .wake_arg = &bench};
	struct err err;
	double from;

	snprintf(directory, sizeof directory, "%s/bench-store-XXXXXX", argc > 1 ? argv[1] : "/tmp");
	bench.wake_fd = eventfd(0, EFD_CLOEXEC);
	bench.samples = calloc(SAMPLES_MAX, sizeof *bench.samples);
	if (!mkdtemp(directory) || bench.wake_fd < 0 || !bench.samples)
		die("set up", NULL);
	bench.store = store_open(&options, &err);
	if (!bench.store)
		die("open", &err);
	for (size_t i = 0; i < sizeof outstanding / sizeof outstanding[0]; i++) {
		bench_disk(directory, seconds / 4);
		bench_appends(&bench, outstanding[i], seconds);
	}
	bench_read(&bench);
	store_close(bench.store);
	from = now();
	bench.store = store_open(&options, &err);
	if (!bench.store)
		die("reopen", &err);
	printf("open with %llu entries     %.3f s\n", (unsigned long long)bench.revision,
	    now() - from);
	store_close(bench.store);
	bench_snapshot(directory, 300);
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	free(bench.samples);
	return system(command) == 0 ? 0 : 1;
}
