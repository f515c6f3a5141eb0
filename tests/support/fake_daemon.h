/*
 * A daemon without a plan, and a method table to go with it, for tests of calls and of the network. Include it in one file
 * of a program: it defines what server/rpc/daemon.c and methods.c define.
 *
 * All methods take plumb.v1.PingRequest and answer PingReply:
 *   Echo    unary; the payload back, at once
 *   Big     unary; a payload of as many bytes as the number in the request's payload says
 *   Later   unary; kept in fake.later until the test answers
 *   Fail    unary; INVALID with two faults and a detail
 *   Count   stream; messages of 1,000 bytes while it is writable, as many as the payload says
 *   Watch   endless stream; kept in fake.later; resume_from is the number of messages sent so far + 1
 */
#ifndef TESTS_SUPPORT_FAKE_DAEMON_H
#define TESTS_SUPPORT_FAKE_DAEMON_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plumb/v1/admin.pb-c.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon.h"
#include "server/rpc/rpc.h"
#include "tests/support/open_to_all.h"

#define FAKE_LATER_MAX 4096
#ifndef FAKE_NUMBER_MAX
#define FAKE_NUMBER_MAX 8000000u
#endif

struct daemon {
	struct rpc_pool *pool;
	void (*free_pool)(struct rpc_pool *);
	unsigned connections;
};

static struct {
	struct rpc_call *later[FAKE_LATER_MAX];
	size_t later_count;
	unsigned cancels;   /* on_cancel calls */
	unsigned writables; /* on_writable calls */
	struct caller last_caller;
	int64_t now_us; /* 0: the real clock */
	int64_t hold_us;
} fake;

void
daemon_set_rpc_pool(
    struct daemon *daemon, struct rpc_pool *pool, void (*free_pool)(struct rpc_pool *))
{
	daemon->pool = pool;
	daemon->free_pool = free_pool;
}

struct rpc_pool *
daemon_rpc_pool(const struct daemon *daemon)
{
	return daemon->pool;
}

void
daemon_set_connections(struct daemon *daemon, unsigned count)
{
	daemon->connections = count;
}

int64_t
daemon_monotonic_us(void)
{
	struct timespec now;

	if (fake.now_us != 0)
		return fake.now_us;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
daemon_clock_us(const struct daemon *daemon)
{
	(void)daemon;
	return daemon_monotonic_us();
}

bool
daemon_is_stopping(const struct daemon *daemon)
{
	(void)daemon;
	return false;
}

int64_t
quota_take_hold(struct daemon *daemon)
{
	int64_t hold_us = fake.hold_us;

	(void)daemon;
	fake.hold_us = 0;
	return hold_us;
}

static inline void
fake_daemon_fini(struct daemon *daemon)
{
	if (daemon->pool != NULL)
		daemon->free_pool(daemon->pool);
	daemon->pool = NULL;
}

/* ---- handlers ---- */

static inline const Plumb__V1__PingRequest *
fake_request(const ProtobufCMessage *request)
{
	return (const Plumb__V1__PingRequest *)(const void *)request;
}

static inline size_t
fake_number(const ProtobufCMessage *request)
{
	const Plumb__V1__PingRequest *ping = fake_request(request);
	size_t n = 0;

	for (size_t i = 0; i < ping->payload.len && n < FAKE_NUMBER_MAX; i++)
		n = n * 10 + ping->payload.data[i] % 16 % 10;
	return n < FAKE_NUMBER_MAX ? n : FAKE_NUMBER_MAX;
}

static inline bool
fake_reply(struct rpc_call *call, uint8_t *p, size_t len)
{
	Plumb__V1__PingReply reply;

	plumb__v1__ping_reply__init(&reply);
	reply.payload.data = p;
	reply.payload.len = len;
	return rpc_send(call, &reply.base);
}

static void
fake_echo(struct rpc_call *call, const ProtobufCMessage *request)
{
	const Plumb__V1__PingRequest *ping = fake_request(request);

	fake.last_caller = call->caller;
	if (fake_reply(call, ping->payload.data, ping->payload.len))
		rpc_finish(call);
}

static void
fake_big(struct rpc_call *call, const ProtobufCMessage *request)
{
	size_t len = fake_number(request);
	uint8_t *p = malloc(len + 1);

	assert(p != NULL);
	memset(p, 'x', len);
	if (fake_reply(call, p, len))
		rpc_finish(call);
	free(p);
}

static void
fake_forget(struct rpc_call *call)
{
	fake.cancels++;
	for (size_t i = 0; i < fake.later_count; i++) {
		if (fake.later[i] == call)
			fake.later[i] = fake.later[--fake.later_count];
	}
}

static void
fake_keep(struct rpc_call *call)
{
	assert(fake.later_count < FAKE_LATER_MAX);
	fake.later[fake.later_count++] = call;
	call->on_cancel = fake_forget;
}

static void
fake_later(struct rpc_call *call, const ProtobufCMessage *request)
{
	(void)request;
	fake_keep(call);
}

static void
fake_fail(struct rpc_call *call, const ProtobufCMessage *request)
{
	struct err err;
	Plumb__V1__PingReply detail;

	(void)request;
	faults_add(call->faults, "a.b", "is wrong: make it right");
	faults_add(call->faults, "c", "is %s", "missing");
	plumb__v1__ping_reply__init(&detail);
	if (faults_none(call->faults, &err))
		abort();
	rpc_fail_detail(call, &err, &detail.base);
}

static void
fake_count_on(struct rpc_call *call)
{
	static uint8_t bytes[1000];
	uintptr_t left = (uintptr_t)call->handler_data;

	fake.writables++;
	while (left > 0 && rpc_is_writable(call)) {
		if (!fake_reply(call, bytes, sizeof bytes))
			return;
		left--;
	}
	call->handler_data = (void *)left;
	if (left == 0)
		rpc_finish(call);
}

static void
fake_count(struct rpc_call *call, const ProtobufCMessage *request)
{
	call->handler_data = (void *)(uintptr_t)fake_number(request);
	call->on_writable = fake_count_on;
	fake_count_on(call);
}

static void
fake_watch(struct rpc_call *call, const ProtobufCMessage *request)
{
	(void)request;
	fake_keep(call);
	call->resume_from = 1;
}

#define FAKE(name, flags, handler)                                                                 \
	{                                                                                          \
		"test.v1.Test", name, &plumb__v1__ping_request__descriptor,                        \
		    &plumb__v1__ping_reply__descriptor, flags, handler                             \
	}

static const struct rpc_method fake_methods[] = {
    FAKE("Echo", 0, fake_echo),
    FAKE("Big", 0, fake_big),
    FAKE("Later", 0, fake_later),
    FAKE("Fail", 0, fake_fail),
    FAKE("Count", RPC_STREAM, fake_count),
    FAKE("Watch", RPC_STREAM | RPC_ENDLESS, fake_watch),
};

const struct rpc_method *
rpc_methods(size_t *count)
{
	*count = sizeof fake_methods / sizeof fake_methods[0];
	return fake_methods;
}

#endif
