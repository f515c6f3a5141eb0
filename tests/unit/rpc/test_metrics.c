/* What the daemon counts, as Prometheus reads it; the text is taken line by line. */
#include "tests/unit/rpc/engine.h"

#include "server/rpc/jobs.h"
#include "server/rpc/metrics.h"
#include "server/rpc/metrics_internal.h"

static const struct metrics_scope everything = {.plans = true};
static struct str text;

static void
setup(void)
{
	str_init(&text, 1u << 20);
	engine_open(NULL);
	memset(&metrics, 0, sizeof metrics); /* the first start itself changes something */
}

static void
teardown(void)
{
	str_fini(&text);
	engine_fini();
}

static void
scrape(const struct metrics_scope *scope)
{
	str_reset(&text);
	metrics_text(engine.daemon, scope, &text);
	ck_assert(str_ok(&text));
}

static void
has_line(const char *line)
{
	char wanted[300];

	snprintf(wanted, sizeof wanted, "\n%s\n", line);
	ck_assert_msg(strstr(text.data, wanted) != NULL, "no line '%s'", line);
}

static void
apply(const char *json)
{
	struct asked *asked = engine_ask("Plan.Apply", json);

	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	asked_free(asked);
}

START_TEST(times_fall_into_their_buckets)
{
	/* Bounds belong to the bucket: 100 µs to the first, 101 µs to the second; 10 s to the last, what is longer to none. */
	metrics_commit(0);
	metrics_commit(100);
	metrics_commit(101);
	metrics_commit(10000000);
	metrics_commit(10000001);
	scrape(&everything);
	has_line("plumbd_commit_seconds_bucket{le=\"0.0001\"} 2");
	has_line("plumbd_commit_seconds_bucket{le=\"0.00025\"} 3");
	has_line("plumbd_commit_seconds_bucket{le=\"5\"} 3");
	has_line("plumbd_commit_seconds_bucket{le=\"10\"} 4");
	has_line("plumbd_commit_seconds_bucket{le=\"+Inf\"} 5");
	has_line("plumbd_commit_seconds_count 5");
	/* 100 + 101 + 10,000,000 + 10,000,001 µs */
	has_line("plumbd_commit_seconds_sum 20.000202");
}
END_TEST

START_TEST(batches_are_counted_by_size)
{
	metrics_batch(1);
	metrics_batch(3);
	metrics_batch(6000);
	scrape(&everything);
	has_line("plumbd_batch_changes_bucket{le=\"1\"} 1");
	has_line("plumbd_batch_changes_bucket{le=\"2\"} 1");
	has_line("plumbd_batch_changes_bucket{le=\"5\"} 2");
	has_line("plumbd_batch_changes_bucket{le=\"5000\"} 2");
	has_line("plumbd_batch_changes_bucket{le=\"+Inf\"} 3");
	has_line("plumbd_batch_changes_sum 6004.000000");
}
END_TEST

START_TEST(calls_are_counted_by_method_and_status)
{
	bool known;
	const struct rpc_method *get = rpc_find("plumb.v1.Plan", 13, "Get", 3, &known);

	metrics_call(get, ERR_OK, 50);
	metrics_call(get, ERR_OK, 2000000);
	metrics_call(get, ERR_NOT_FOUND, 10);
	metrics_call(get, (enum err_code)99, 10);
	scrape(&everything);
	has_line("plumbd_calls_total{method=\"plumb.v1.Plan/Get\",status=\"OK\"} 2");
	has_line("plumbd_calls_total{method=\"plumb.v1.Plan/Get\",status=\"NOT_FOUND\"} 1");
	has_line("plumbd_calls_total{method=\"plumb.v1.Plan/Get\",status=\"UNKNOWN\"} 1");
	has_line("plumbd_call_seconds_bucket{method=\"plumb.v1.Plan/Get\",le=\"0.0001\"} 3");
	has_line("plumbd_call_seconds_bucket{method=\"plumb.v1.Plan/Get\",le=\"2.5\"} 4");
	has_line("plumbd_call_seconds_count{method=\"plumb.v1.Plan/Get\"} 4");
}
END_TEST

START_TEST(every_method_has_a_place)
{
	size_t count;
	const struct rpc_method *methods = rpc_methods(&count);

	ck_assert_uint_lt(count, METHODS_MAX);
	for (size_t i = 0; i < count; i++)
		metrics_call(&methods[i], ERR_OK, 1);
	scrape(&everything);
	for (size_t i = 0; i < count; i++) {
		char line[200];

		snprintf(line, sizeof line, "plumbd_calls_total{method=\"%s/%s\",status=\"OK\"} 1",
		    methods[i].service, methods[i].name);
		has_line(line);
	}
}
END_TEST

START_TEST(connections_come_and_go)
{
	metrics_connection("frames", false, 1);
	metrics_connection("frames", false, 1);
	metrics_connection("frames", true, 1);
	metrics_connection("frames", false, -1);
	scrape(&everything);
	has_line("plumbd_connections_open{protocol=\"frames\",tls=\"no\"} 1");
	has_line("plumbd_connections_open{protocol=\"frames\",tls=\"yes\"} 1");
	has_line("plumbd_connections_total{protocol=\"frames\",tls=\"no\"} 2");
}
END_TEST

START_TEST(more_reasons_than_places)
{
	static char reasons[REASONS_MAX + 2][8];

	for (unsigned i = 0; i < REASONS_MAX + 2; i++) {
		snprintf(reasons[i], sizeof reasons[i], "r%u", i);
		metrics_refused(reasons[i]);
		metrics_refused(reasons[i]);
	}
	scrape(&everything);
	has_line("plumbd_refused_total{reason=\"r0\"} 2");
	ck_assert_ptr_null(strstr(text.data, "\"r25\""));
}
END_TEST

START_TEST(plans_are_counted_as_they_change)
{
	static const char *const changes[] = {
	    "{\"put\":{\"item\":{\"id\":\"a\",\"title\":\"A\",\"goal\":{}}}}",
	    "{\"put\":{\"item\":{\"id\":\"b\",\"title\":\"B\",\"goal\":{}}}}",
	    "{\"remove\":{\"ref\":\"goal/a\"}}",
	    "{\"rename\":{\"ref\":\"goal/b\",\"id\":\"c\"}}",
	    "{\"put\":{\"item\":{\"id\":\"a\",\"title\":\"A\",\"goal\":{}}}}",
	};
	static const unsigned items[] = {1, 2, 1, 1, 2};
	char json[300], line[100];

	scrape(&everything);
	has_line("plumbd_plan_items{workspace=\"main\"} 0");
	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		snprintf(json, sizeof json, "{\"change_set\":{\"changes\":[%s]}}", changes[i]);
		apply(json);
		scrape(&everything);
		snprintf(line, sizeof line, "plumbd_plan_items{workspace=\"main\"} %u", items[i]);
		has_line(line);
		snprintf(line, sizeof line, "plumbd_plan_revision{workspace=\"main\"} %zu", i + 1);
		has_line(line);
	}
	/* What is only asked for, or refused, changes nothing. */
	asked_free(engine_ask("Plan.Apply",
	    "{\"dry_run\":true,\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"d\","
	    "\"title\":\"D\",\"goal\":{}}}}]}}"));
	asked_free(engine_ask("Plan.Apply",
	    "{\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"d\",\"title\":\"D\","
	    "\"goal\":{}}}},{\"remove\":{\"ref\":\"goal/none\"}}]}}"));
	scrape(&everything);
	has_line("plumbd_plan_items{workspace=\"main\"} 2");
	has_line("plumbd_plan_records{workspace=\"main\"} 0");
}
END_TEST

START_TEST(records_are_counted_apart)
{
	apply("{\"change_set\":{\"changes\":["
	      "{\"put\":{\"item\":{\"id\":\"a\",\"title\":\"A\",\"initiative\":{}}}},"
	      "{\"add\":{\"record\":{\"id\":\"r\",\"at\":\"2026-03-30\",\"about\":\"initiative/a\","
	      "\"check_in\":{\"status\":\"ON_TRACK\"}}}}]}}");

	scrape(&everything);
	has_line("plumbd_plan_items{workspace=\"main\"} 1");
	has_line("plumbd_plan_records{workspace=\"main\"} 1");
}
END_TEST

START_TEST(who_may_not_enter_sees_nothing)
{
	static const struct metrics_scope nothing = {.plans = false};

	scrape(&nothing);
	ck_assert_ptr_null(strstr(text.data, "workspace"));
	has_line("plumbd_writable 1");
}
END_TEST

static void
block(void *arg)
{
	while (!__atomic_load_n((bool *)arg, __ATOMIC_ACQUIRE)) {
		const struct timespec pause = {0, 1000000};

		nanosleep(&pause, NULL);
	}
}

static void
nothing(void *arg)
{
	(void)arg;
}

START_TEST(jobs_wait_and_run)
{
	struct jobs *jobs;
	struct err err;
	size_t waiting, running = 0;
	bool go = false;

	jobs = jobs_new(NULL, NULL, &err);
	for (int i = 0; i < 5; i++)
		ck_assert(jobs_start(jobs, block, nothing, &go, &err));
	/* Two workers run at once: jobs.c, WORKERS. */
	for (int i = 0; i < 1000 && running < 2; i++) {
		const struct timespec pause = {0, 1000000};

		nanosleep(&pause, NULL);
		jobs_depth(jobs, &waiting, &running);
	}
	ck_assert_uint_eq(running, 2);
	ck_assert_uint_eq(waiting, 3);
	__atomic_store_n(&go, true, __ATOMIC_RELEASE);
	jobs_free(jobs);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/metrics");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, times_fall_into_their_buckets);
	tcase_add_test(tcase, batches_are_counted_by_size);
	tcase_add_test(tcase, calls_are_counted_by_method_and_status);
	tcase_add_test(tcase, every_method_has_a_place);
	tcase_add_test(tcase, connections_come_and_go);
	tcase_add_test(tcase, more_reasons_than_places);
	tcase_add_test(tcase, plans_are_counted_as_they_change);
	tcase_add_test(tcase, records_are_counted_apart);
	tcase_add_test(tcase, who_may_not_enter_sees_nothing);
	tcase_add_test(tcase, jobs_wait_and_run);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
