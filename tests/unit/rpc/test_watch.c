/* Watch: ordered, unique, atomic, reliable, resumable, bookmarked. */
#include "tests/unit/rpc/engine.h"

static void
setup(void)
{
	engine_open(NULL);
}

static uint64_t
revision_of(const struct asked *asked, size_t i, bool *heartbeat)
{
	Plumb__V1__WatchReply *reply =
	    plumb__v1__watch_reply__unpack(NULL, asked->lens[i], asked->replies[i]);
	uint64_t revision = reply->revision;

	*heartbeat = reply->heartbeat;
	if (!reply->heartbeat)
		ck_assert_uint_eq(reply->change->revision, revision);
	plumb__v1__watch_reply__free_unpacked(reply, NULL);
	return revision;
}

/* Every revision from first to last once and in order; a heartbeat never promises too much. */
static void
check_stream(const struct asked *asked, uint64_t first, uint64_t last)
{
	uint64_t next = first;

	for (size_t i = 0; i < asked->count; i++) {
		bool heartbeat;
		uint64_t revision = revision_of(asked, i, &heartbeat);

		if (heartbeat)
			ck_assert_uint_eq(revision, next - 1);
		else
			ck_assert_uint_eq(revision, next++);
	}
	ck_assert_uint_eq(next, last + 1);
}

static void
put_many(uint64_t first, uint64_t last)
{
	char item[100];

	for (uint64_t i = first; i <= last; i++) {
		snprintf(
		    item, sizeof item, "{\"id\":\"g%llu\",\"goal\":{}}", (unsigned long long)i);
		engine_put(i, item);
	}
}

START_TEST(changes_arrive_whole_and_in_order)
{
	struct asked *watch;

	put_many(1, 2);
	watch = engine_begin("Plan.Watch", "{}");
	put_many(3, 4);
	engine_reply("Plan.Apply", "{\"change_set\":{\"reason\":\"both\",\"changes\":[{\"put\":{"
				   "\"item\":{\"id\":\"x\",\"goal\":{}}}},"
				   "{\"put\":{\"item\":{\"id\":\"y\",\"goal\":{}}}}]}}");
	engine_wait_replies(watch, 3);
	check_stream(watch, 3, 5);
	/* Both changes of a set are in one message, with author and reason. */
	assert_has(engine_json(watch, 2), "\"author\":\"person/anna\"");
	assert_has(engine_json(watch, 2), "\"id\":\"x\"");
	assert_has(engine_json(watch, 2), "\"id\":\"y\"");
	assert_has(engine_json(watch, 2), "\"reason\":\"both\"");
	rpc_cancel(watch->call, ERR_CANCELLED);
	asked_free(watch);
}
END_TEST

START_TEST(what_is_not_durable_is_not_sent)
{
	struct asked *watch = engine_begin("Plan.Watch", "{\"from_revision\":\"1\"}");
	struct asked *apply = engine_begin("Plan.Apply",
	    "{\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"a\",\"goal\":{}}}}]}}");

	ck_assert_uint_eq(watch->count, 0);
	engine_wait(apply);
	check_stream(watch, 1, 1);
	rpc_cancel(watch->call, ERR_CANCELLED);
	asked_free(apply);
	asked_free(watch);
}
END_TEST

START_TEST(the_past_comes_from_the_log_and_goes_on_live)
{
	struct asked *watch;

	put_many(1, 600);
	watch = engine_begin("Plan.Watch", "{\"from_revision\":\"2\"}");
	put_many(601, 610);
	engine_wait_replies(watch, 609);
	check_stream(watch, 2, 610);
	rpc_cancel(watch->call, ERR_CANCELLED);
	asked_free(watch);
}
END_TEST

START_TEST(a_slow_watcher_misses_nothing)
{
	struct asked *watch = engine_begin("Plan.Watch", "{\"from_revision\":\"1\"}");
	struct asked *other = engine_begin("Plan.Watch", "{\"from_revision\":\"1\"}");

	watch->writable = false;
	put_many(1, 300);
	ck_assert_uint_eq(watch->count, 0);
	check_stream(other, 1, 300);
	ck_assert_uint_eq(watch->call->resume_from, 1);
	watch->writable = true;
	rpc_writable(watch->call);
	engine_wait_replies(watch, 300);
	put_many(301, 302);
	engine_wait_replies(watch, 302);
	check_stream(watch, 1, 302);
	ck_assert_uint_eq(watch->call->resume_from, 303);
	rpc_cancel(watch->call, ERR_CANCELLED);
	rpc_cancel(other->call, ERR_CANCELLED);
	asked_free(watch);
	asked_free(other);
}
END_TEST

/* Entries of 200 KiB pass the ring of 4 MiB, so the log has to help. */
START_TEST(a_watcher_that_is_far_behind_is_served_from_the_log)
{
	static char note[200 << 10];
	static char change[210 << 10];
	struct asked *watch = engine_begin("Plan.Watch", "{\"from_revision\":\"1\"}");
	struct asked *apply;

	watch->writable = false;
	for (unsigned i = 1; i <= 30; i++) {
		size_t used = 0;

		memset(note, 'x', 60000);
		note[60000] = '\0';
		used += (size_t)snprintf(
		    change + used, sizeof change - used, "{\"change_set\":{\"changes\":[");
		for (unsigned j = 0; j < 3; j++)
			used += (size_t)snprintf(change + used, sizeof change - used,
			    "%s{\"put\":{\"item\":{\"id\":\"g%u-%u\",\"description\":\"%s\","
			    "\"goal\":{}}}}",
			    j > 0 ? "," : "", i, j, note);
		snprintf(change + used, sizeof change - used, "]}}");
		apply = engine_ask("Plan.Apply", change);
		ck_assert_msg(apply->status.code == ERR_OK, "%s", apply->status.msg);
		asked_free(apply);
	}
	watch->writable = true;
	rpc_writable(watch->call);
	engine_wait_replies(watch, 30);
	check_stream(watch, 1, 30);
	rpc_cancel(watch->call, ERR_CANCELLED);
	asked_free(watch);
}
END_TEST

START_TEST(a_filter_sends_what_touches_its_kinds)
{
	struct asked *watch = engine_begin("Plan.Watch",
	    "{\"from_revision\":\"1\",\"filter\":\"kind:task,check-in\",\"heartbeat_ms\":100}");
	struct asked *late;
	bool heartbeat;

	engine_put(1, "{\"id\":\"g\",\"goal\":{}}");
	engine_put(2, "{\"id\":\"t\",\"task\":{}}");
	engine_change(3, "{\"add\":{\"record\":{\"about\":\"goal/g\",\"check_in\":{}}}}");
	engine_put(4, "{\"id\":\"h\",\"goal\":{}}");
	/* A cascade may take anything with it. */
	engine_change(5, "{\"remove\":{\"ref\":\"goal/g\",\"cascade\":true}}");
	ck_assert_uint_eq(watch->count, 3);
	ck_assert_uint_eq(revision_of(watch, 0, &heartbeat), 2);
	ck_assert_uint_eq(revision_of(watch, 1, &heartbeat), 3);
	ck_assert_uint_eq(revision_of(watch, 2, &heartbeat), 5);
	/* From the log it is the same. */
	late = engine_begin(
	    "Plan.Watch", "{\"from_revision\":\"1\",\"filter\":\"kind:task,check-in\"}");
	engine_wait_replies(late, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(late->lens[i], watch->lens[i]);
		ck_assert_mem_eq(late->replies[i], watch->replies[i], late->lens[i]);
	}
	rpc_cancel(watch->call, ERR_CANCELLED);
	rpc_cancel(late->call, ERR_CANCELLED);
	asked_free(watch);
	asked_free(late);
}
END_TEST

START_TEST(heartbeats_say_how_far_it_is)
{
	const struct timespec pause = {0, 110000000};
	struct asked *watch =
	    engine_begin("Plan.Watch", "{\"heartbeat_ms\":100,\"filter\":\"kind:task\"}");

	put_many(1, 3);
	ck_assert_uint_eq(watch->count, 0);
	daemon_tick(engine.daemon);
	ck_assert_uint_eq(watch->count, 0);
	nanosleep(&pause, NULL);
	daemon_tick(engine.daemon);
	ck_assert_str_eq(engine_json(watch, 0), "{\"revision\":\"3\",\"heartbeat\":true}");
	daemon_tick(engine.daemon);
	ck_assert_uint_eq(watch->count, 1);
	rpc_cancel(watch->call, ERR_CANCELLED);
	asked_free(watch);
}
END_TEST

START_TEST(the_end_of_the_daemon_says_where_to_resume)
{
	struct asked *watch = engine_begin("Plan.Watch", "{}");
	Google__Rpc__ErrorInfo *info;

	put_many(1, 2);
	daemon_stop(engine.daemon);
	ck_assert(watch->finished);
	ck_assert_int_eq(watch->status.code, ERR_UNAVAILABLE);
	info = google__rpc__error_info__unpack(
	    NULL, watch->details->details[0]->value.len, watch->details->details[0]->value.data);
	ck_assert_str_eq(info->metadata[0]->value, "3");
	google__rpc__error_info__free_unpacked(info, NULL);
	asked_free(watch);
}
END_TEST

START_TEST(bad_watches_are_refused)
{
	put_many(1, 2);
	assert_has(engine_error("Plan.Watch", "{\"from_revision\":\"4\"}", ERR_RANGE), "3");
	assert_has(
	    engine_error("Plan.Watch", "{\"heartbeat_ms\":99}", ERR_INVALID), "heartbeat_ms");
	assert_has(engine_error("Plan.Watch", "{\"filter\":\"kind:goal,nothing\"}", ERR_INVALID),
	    "column 11: 'nothing'");
	assert_has(engine_error("Plan.Watch", "{\"filter\":\"owner:x\"}", ERR_INVALID), "filter");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/watch");
	TCase *tcase = tcase_create("watch");

	tcase_add_checked_fixture(tcase, setup, engine_fini);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, changes_arrive_whole_and_in_order);
	tcase_add_test(tcase, what_is_not_durable_is_not_sent);
	tcase_add_test(tcase, the_past_comes_from_the_log_and_goes_on_live);
	tcase_add_test(tcase, a_slow_watcher_misses_nothing);
	tcase_add_test(tcase, a_watcher_that_is_far_behind_is_served_from_the_log);
	tcase_add_test(tcase, a_filter_sends_what_touches_its_kinds);
	tcase_add_test(tcase, heartbeats_say_how_far_it_is);
	tcase_add_test(tcase, the_end_of_the_daemon_says_where_to_resume);
	tcase_add_test(tcase, bad_watches_are_refused);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
