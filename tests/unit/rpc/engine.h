/*
 * A daemon on memory (or a simulated disk), called without sockets; for the tests of the handlers.
 *
 * Requests and expected replies are written as JSON. One daemon per test, in engine.daemon.
 */
#ifndef TESTS_UNIT_RPC_ENGINE_H
#define TESTS_UNIT_RPC_ENGINE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/log.h"
#include "common/pb.h"
#include "common/str.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/rpc/daemon.h"
#include "server/rpc/rpc.h"

#define ENGINE_REPLIES 4096
/* 2026-03-31T09:00:00Z */
#define ENGINE_CLOCK INT64_C(1774947600000000)

/* One call and what its transport was told. */
struct asked {
	struct rpc_call *call; /* NULL once it has ended */
	const struct rpc_method *method;
	bool finished;
	bool writable;
	bool waits; /* is_writable said no: on_writable is owed */
	struct err status;
	Google__Rpc__Status *details;
	uint8_t *replies[ENGINE_REPLIES];
	size_t lens[ENGINE_REPLIES];
	size_t count;
};

static struct {
	struct daemon *daemon;
	struct arena *arena;
	enum access access; /* of callers; ACCESS_NONE: administrators */
	bool unverified;    /* callers only claim to be who they are */
	char text[1 << 20]; /* of the last engine_json() */
} engine;

static void
engine_keep(struct asked *asked, const uint8_t *p, size_t len)
{
	ck_assert_uint_lt(asked->count, ENGINE_REPLIES);
	asked->replies[asked->count] = malloc(len + 1);
	memcpy(asked->replies[asked->count], p, len);
	asked->lens[asked->count++] = len;
}

static void
engine_send(struct rpc_call *call, const uint8_t *p, size_t len)
{
	engine_keep(call->transport_data, p, len);
}

static void
engine_send_shared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	engine_keep(call->transport_data, bytes->p, bytes->len);
}

static void
engine_finish(struct rpc_call *call, const struct err *status, const uint8_t *details, size_t len)
{
	struct asked *asked = call->transport_data;

	ck_assert(!asked->finished);
	asked->finished = true;
	asked->status = *status;
	if (len > 0)
		asked->details = google__rpc__status__unpack(NULL, len, details);
	asked->call = NULL;
}

static bool
engine_is_writable(struct rpc_call *call)
{
	struct asked *asked = call->transport_data;

	asked->waits |= !asked->writable;
	return asked->writable;
}

static const struct rpc_transport engine_transport = {
    engine_send, engine_send_shared, engine_finish, engine_is_writable};

static void
engine_open(const struct daemon_options *given)
{
	struct daemon_options options = given != NULL ? *given : (struct daemon_options){0};
	struct err err = {0};

	log_set_level(LOG_LEVEL_ERROR);
	if (!options.clock_set) {
		options.clock_set = options.clock_frozen = true;
		options.clock_us = ENGINE_CLOCK;
	}
	engine.daemon = daemon_new(&options, &err);
	ck_assert_msg(engine.daemon != NULL, "%s", err.msg);
	if (engine.arena == NULL)
		engine.arena = arena_new(256u << 20);
}

static void
engine_close(void)
{
	daemon_free(engine.daemon);
	engine.daemon = NULL;
}

static void
engine_fini(void)
{
	engine_close();
	arena_free(engine.arena);
	engine.arena = NULL;
}

/* One turn of the loop. */
static void
engine_turn(void)
{
	const struct timespec pause = {0, 100000};

	rpc_turn_end(engine.daemon);
	nanosleep(&pause, NULL);
	daemon_poll(engine.daemon);
}

/* Begins a call by the caller of that name; method is "Plan.Apply". */
static struct asked *
engine_begin_as(const char *caller_name, const char *path, const char *json)
{
	struct asked *asked = calloc(1, sizeof *asked);
	struct caller caller = {.local = true,
	    .verified = !engine.unverified,
	    .access = engine.access != ACCESS_NONE ? engine.access : ACCESS_ADMIN};
	const char *dot = strchr(path, '.');
	ProtobufCMessage *request;
	struct err err = {0};
	char service[40];
	bool known;
	uint8_t *p;
	size_t len;

	snprintf(service, sizeof service, "plumb.v1.%.*s", (int)(dot - path), path);
	asked->method = rpc_find(service, strlen(service), dot + 1, strlen(dot + 1), &known);
	ck_assert_msg(asked->method != NULL, "%s", path);
	asked->writable = true;
	snprintf(caller.name, sizeof caller.name, "%s", caller_name);
	request = json_parse(asked->method->request, json, strlen(json), engine.arena, &err);
	ck_assert_msg(request != NULL, "%s: %.2000s", err.msg, json);
	p = pb_encode(request, engine.arena, &len);
	asked->call = rpc_call_new(engine.daemon, asked->method, &engine_transport, asked, &caller);
	ck_assert_ptr_nonnull(asked->call);
	rpc_dispatch(asked->call, p, len);
	return asked;
}

static struct asked *
engine_begin(const char *path, const char *json)
{
	return engine_begin_as("person/anna", path, json);
}

static void
engine_wait(struct asked *asked)
{
	for (int i = 0; i < 100000 && !asked->finished; i++)
		engine_turn();
	ck_assert_msg(asked->finished, "no answer");
}

static void
engine_wait_replies(struct asked *asked, size_t count)
{
	for (int i = 0; i < 100000 && asked->count < count && !asked->finished; i++)
		engine_turn();
	ck_assert_msg(asked->count >= count, "%zu replies of %zu; %s", asked->count, count,
	    asked->status.msg);
}

static struct asked *
engine_ask(const char *path, const char *json)
{
	struct asked *asked = engine_begin(path, json);

	engine_wait(asked);
	return asked;
}

static void
asked_free(struct asked *asked)
{
	for (size_t i = 0; i < asked->count; i++)
		free(asked->replies[i]);
	if (asked->details != NULL)
		google__rpc__status__free_unpacked(asked->details, NULL);
	free(asked);
}

/* A reply as JSON in one line; overwritten by the next. */
static const char *
engine_json(const struct asked *asked, size_t i)
{
	ProtobufCMessage *reply;
	struct err err = {0};
	struct str text;

	ck_assert_msg(i < asked->count, "no reply %zu: %s", i, asked->status.msg);
	reply = pb_decode(
	    asked->method->reply, asked->replies[i], asked->lens[i], true, engine.arena, &err);
	ck_assert_msg(reply != NULL, "%s", err.msg);
	str_init(&text, sizeof engine.text);
	json_print(reply, 0, false, &text);
	snprintf(engine.text, sizeof engine.text, "%s", text.data);
	str_fini(&text);
	return engine.text;
}

/* The whole reply of a unary call. */
static const char *
engine_reply(const char *path, const char *json)
{
	struct asked *asked = engine_ask(path, json);
	const char *text;

	ck_assert_msg(asked->status.code == ERR_OK, "%.2000s: %s", json, asked->status.msg);
	text = engine_json(asked, 0);
	asked_free(asked);
	return text;
}

/* The call ends with that code. Returns the message; overwritten by the next. */
static const char *
engine_error(const char *path, const char *json, enum err_code code)
{
	struct asked *asked = engine_ask(path, json);

	ck_assert_msg(asked->status.code == code, "%s: %s %s", json,
	    err_code_name(asked->status.code), asked->status.msg);
	snprintf(engine.text, sizeof engine.text, "%s", asked->status.msg);
	if (asked->details != NULL) {
		for (size_t i = 0; i < asked->details->n_details; i++) {
			const Google__Protobuf__Any *any = asked->details->details[i];
			Google__Rpc__BadRequest *bad;

			if (strstr(any->type_url, "BadRequest") == NULL)
				continue;
			bad =
			    google__rpc__bad_request__unpack(NULL, any->value.len, any->value.data);
			for (size_t j = 0; j < bad->n_field_violations; j++) {
				size_t used = strlen(engine.text);

				snprintf(engine.text + used, sizeof engine.text - used, "\n%s: %s",
				    bad->field_violations[j]->field,
				    bad->field_violations[j]->description);
			}
			google__rpc__bad_request__free_unpacked(bad, NULL);
		}
	}
	asked_free(asked);
	return engine.text;
}

/* Applies one change and expects that revision. */
static void
engine_change(uint64_t revision, const char *change)
{
	char json[8192];
	char expected[40];
	const char *reply;

	snprintf(json, sizeof json, "{\"change_set\":{\"changes\":[%s]}}", change);
	snprintf(expected, sizeof expected, "\"revision\":\"%llu\"", (unsigned long long)revision);
	reply = engine_reply("Plan.Apply", json);
	ck_assert_msg(strstr(reply, expected) != NULL, "%s: %s", expected, reply);
}

static inline void
engine_put(uint64_t revision, const char *item)
{
	char change[8192];

	snprintf(change, sizeof change, "{\"put\":{\"item\":%s}}", item);
	engine_change(revision, change);
}

#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		ck_assert_msg(strstr(text_, part) != NULL, "'%s' is not in: %s", part, text_);     \
	} while (0)
#define assert_lacks(text, part)                                                                   \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		ck_assert_msg(strstr(text_, part) == NULL, "'%s' is in: %s", part, text_);         \
	} while (0)

/* Runs the suite; the exit code. */
static inline int
engine_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline void
engine_unused(void)
{
	(void)engine_begin_as;
	(void)engine_wait_replies;
	(void)engine_error;
	(void)engine_change;
	(void)engine_open;
	(void)engine_fini;
	(void)engine_close;
}

#endif
