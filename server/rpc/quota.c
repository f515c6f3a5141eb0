#include "server/rpc/quota.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "server/limits.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/rpc.h"
#include "server/rpc/source.h"
#include "server/rpc/workspace.h"

#define SECOND_NS    INT64_C(1000000000)
#define BUCKETS      4096u
#define AWAY_US      INT64_C(60000000)
#define OTHERS_US    INT64_C(1000000) /* so long after another's last call nobody is alone */
#define RETRY_MIN_US INT64_C(10000)
#define RETRY_MAX_US INT64_C(10000000)
#define HOLD_MIN_US  INT64_C(5000) /* and up to this much more, so that not all come back at once */
#define HOLD_MAX_US  INT64_C(100000)

struct quota {
	struct quota_limits limits;
	struct quota_party *buckets[BUCKETS];
	size_t count;
	struct quota_party rest; /* of callers who find no room */
	unsigned swept;          /* the next bucket */
	uint64_t key[2];
	const struct quota_party *latest; /* who called last */
	int64_t switched_us;              /* when that last was another one than before */
	int64_t hold_us;
	uint32_t spread;
};

void
quota_limits_init(struct quota_limits *limits)
{
	*limits = (struct quota_limits){
	    .calls_per_caller = LIMIT_CALLS_PER_CALLER,
	    .analyses_per_caller = LIMIT_ANALYSES_PER_CALLER,
	    .rate_per_caller = LIMIT_RATE_PER_CALLER,
	    .mebibytes_per_caller = LIMIT_MEBIBYTES_PER_CALLER,
	    .calls_per_workspace = LIMIT_CALLS_PER_WORKSPACE,
	    .analyses_per_workspace = LIMIT_ANALYSES_PER_WORKSPACE,
	};
}

struct quota *
quota_new(const struct quota_limits *limits)
{
	struct quota *quota = calloc(1, sizeof *quota);

	if (quota == NULL)
		return NULL;
	if (limits != NULL)
		quota->limits = *limits;
	else
		quota_limits_init(&quota->limits);
	if (!random_bytes(quota->key, sizeof quota->key)) {
		free(quota);
		return NULL;
	}
	quota->switched_us = -OTHERS_US;
	quota->spread = 1;
	return quota;
}

void
quota_free(struct quota *quota)
{
	struct quota_party *next;

	if (quota == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct quota_party *p = quota->buckets[i]; p != NULL; p = next) {
			next = p->next;
			assert(p->refs == 0 && p->jobs.count == 0);
			free(p);
		}
	}
	free(quota);
}

/* ---- who it is ----------------------------------------------------------------------------------------- */

/*
 * A token is its number. What a caller only claims to be doesn't count: a claim a call would be a new caller each time.
 */
static const char *
key_of(const struct caller *caller, char room[SOURCE_LEN], size_t *len)
{
	const char *end;

	if (caller->token != 0) {
		*len = (size_t)snprintf(room, SOURCE_LEN, "#%" PRIu32, caller->token);
		return room;
	}
	if (!caller->verified && caller->from != NULL) {
		*len = source_key(caller->from, room);
		return room;
	}
	end = strstr(caller->name, " as ");
	*len = end != NULL ? (size_t)(end - caller->name) : strlen(caller->name);
	return caller->name;
}

static struct quota_party *
find(struct quota *quota, const struct caller *caller)
{
	struct quota_party **bucket;
	struct quota_party *party;
	char room[SOURCE_LEN];
	size_t len;
	const char *key = key_of(caller, room, &len);

	if (len > sizeof party->key)
		len = sizeof party->key;
	bucket = &quota->buckets[siphash(quota->key, key, len) % BUCKETS];
	for (party = *bucket; party != NULL; party = party->next) {
		if (party->key_len == len && memcmp(party->key, key, len) == 0)
			return party;
	}
	if (quota->count >= LIMIT_CALLERS)
		return &quota->rest;
	party = calloc(1, sizeof *party);
	if (party == NULL)
		return NULL;
	memcpy(party->key, key, len);
	party->key_len = len;
	party->next = *bucket;
	*bucket = party;
	quota->count++;
	return party;
}

/* A few buckets at a time. */
void
quota_tick(struct quota *quota)
{
	int64_t now_us = daemon_monotonic_us();

	for (unsigned i = 0; i < BUCKETS / 16; i++) {
		struct quota_party **at = &quota->buckets[quota->swept++ % BUCKETS];

		while (*at != NULL) {
			struct quota_party *party = *at;

			if (party->refs > 0 || party->jobs.count > 0 ||
			    now_us - party->used_us < AWAY_US) {
				at = &party->next;
				continue;
			}
			*at = party->next;
			if (quota->latest == party)
				quota->latest = NULL;
			quota->count--;
			free(party);
		}
	}
}

/* ---- refusing ------------------------------------------------------------------------------------------ */

static int64_t
between(int64_t value, int64_t min, int64_t max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}

static bool
refuse(struct rpc_call *call, int64_t retry_us)
{
	call->retry_us = between(retry_us, RETRY_MIN_US, RETRY_MAX_US);
	return false;
}

/* One of so many that run ends about then. */
static int64_t
until_one_ends(const struct quota_party *party)
{
	return party->call_us / (party->calls > 0 ? party->calls : 1);
}

static bool
check_counts(struct rpc_call *call, const struct quota_limits *limits, struct err *err)
{
	const struct quota_party *party = call->party;

	if (limits->calls_per_caller > 0 && party->calls > limits->calls_per_caller) {
		err_set(err, ERR_LIMIT,
		    "you have %u calls running, as many as one caller may; end some, or wait",
		    limits->calls_per_caller);
		return refuse(call, until_one_ends(party));
	}
	if (limits->mebibytes_per_caller > 0 &&
	    party->bytes > (uint64_t)limits->mebibytes_per_caller << 20) {
		err_set(err, ERR_LIMIT,
		    "your requests that are being answered have more than %u MiB; wait for some of "
		    "them",
		    limits->mebibytes_per_caller);
		return refuse(call, until_one_ends(party));
	}
	return true;
}

/* ---- the rate ------------------------------------------------------------------------------------------ */

/* What it owes in time; a second's worth may be used at once. Answers how long to wait first: 0 nothing. */
static int64_t
pay(struct quota_party *party, unsigned rate, unsigned cost, int64_t now_us, bool may_wait)
{
	int64_t now_ns = now_us * 1000;
	int64_t each_ns = SECOND_NS / rate;
	int64_t paid_ns = party->paid_ns > now_ns ? party->paid_ns : now_ns;

	if (may_wait && paid_ns + each_ns > now_ns + SECOND_NS)
		return (paid_ns + each_ns - now_ns - SECOND_NS) / 1000 + 1;
	party->paid_ns = paid_ns + each_ns * cost;
	return 0;
}

/* Who calls alone takes what there is: it is nobody else's. */
static bool
is_alone(struct quota *quota, const struct quota_party *party, int64_t now_us)
{
	if (quota->latest != party) {
		if (quota->latest != NULL)
			quota->switched_us = now_us;
		quota->latest = party;
	}
	return now_us - quota->switched_us > OTHERS_US;
}

/* Alone it owes no more than it would if it had kept to its rate. */
static void
forgive(struct quota_party *party, int64_t now_us)
{
	if (party->paid_ns > now_us * 1000 + SECOND_NS)
		party->paid_ns = now_us * 1000 + SECOND_NS;
}

static uint32_t
spread(struct quota *quota)
{
	quota->spread = quota->spread * 1664525u + 1013904223u;
	return quota->spread >> 16;
}

static bool
check_rate(struct rpc_call *call, struct err *err)
{
	struct quota *quota = call->daemon->quota;
	unsigned rate = quota->limits.rate_per_caller;
	struct quota_party *party = call->party;
	int64_t now_us = call->started_us;
	bool alone = is_alone(quota, party, now_us);
	int64_t wait_us;

	if (rate == 0)
		return true;
	if (alone)
		forgive(party, now_us);
	wait_us = pay(party, rate, 1, now_us, !alone);
	if (wait_us == 0)
		return true;
	err_set(err, ERR_LIMIT,
	    "you call more than %u times a second while others call too; slow down", rate);
	quota->hold_us =
	    between(wait_us, HOLD_MIN_US + spread(quota) % (2 * HOLD_MIN_US), HOLD_MAX_US);
	return refuse(call, wait_us);
}

int64_t
quota_take_hold(struct daemon *daemon)
{
	int64_t hold_us = daemon->quota->hold_us;

	daemon->quota->hold_us = 0;
	return hold_us;
}

/* ---- a call -------------------------------------------------------------------------------------------- */

bool
quota_begin(struct rpc_call *call)
{
	struct quota_party *party = find(call->daemon->quota, &call->caller);

	if (party == NULL)
		return false;
	party->calls++;
	party->refs++;
	party->used_us = call->started_us;
	call->party = party;
	return true;
}

/* Health checks are answered whoever asks, and however often: they tell a busy daemon from a dead one. */
static bool
is_exempt(const struct rpc_call *call)
{
	return strncmp(call->method->service, "grpc.health.", 12) == 0;
}

bool
quota_admit(struct rpc_call *call, size_t len, struct err *err)
{
	const struct quota_limits *limits = &call->daemon->quota->limits;
	struct err why;

	call->party->bytes += len - call->request_bytes;
	call->request_bytes = len;
	if (check_counts(call, limits, &why) && check_rate(call, &why))
		return true;
	if (is_exempt(call)) {
		call->retry_us = 0;
		call->daemon->quota->hold_us = 0;
		return true;
	}
	*err = why;
	return false;
}

static int64_t
average(int64_t old, int64_t new)
{
	return old + (new - old) / 8;
}

void
quota_end(struct rpc_call *call, int64_t took_us)
{
	struct quota_party *party = call->party;

	assert(party->calls > 0 && party->bytes >= call->request_bytes);
	party->calls--;
	party->bytes -= call->request_bytes;
	party->call_us = average(party->call_us, took_us);
	if (call->entered != NULL) {
		call->entered->party.calls--;
		call->entered->party.call_us = average(call->entered->party.call_us, took_us);
	}
}

void
quota_forget(struct rpc_call *call)
{
	assert(call->party->refs > 0);
	call->party->refs--;
}

/* ---- workspaces ---------------------------------------------------------------------------------------- */

bool
quota_enter(struct rpc_call *call, struct workspace *ws, struct err *err)
{
	const struct quota_limits *limits = &call->daemon->quota->limits;
	struct quota_party *party = &ws->party;
	int64_t wait_us;

	if (call->entered != NULL || call->state != RPC_RUNNING)
		return true;
	if (limits->calls_per_workspace > 0 && party->calls >= limits->calls_per_workspace) {
		err_set(err, ERR_LIMIT,
		    "workspace %s has %u calls running, as many as one may; wait, or end some",
		    ws->id, limits->calls_per_workspace);
		return refuse(call, until_one_ends(party));
	}
	if (limits->rate_per_workspace > 0) {
		wait_us = pay(party, limits->rate_per_workspace, 1, call->started_us, true);
		if (wait_us > 0) {
			err_set(err, ERR_LIMIT,
			    "workspace %s is called more than %u times a second; slow down", ws->id,
			    limits->rate_per_workspace);
			return refuse(call, wait_us);
		}
	}
	party->calls++;
	call->entered = ws;
	return true;
}

static bool
check_jobs(struct rpc_call *call, struct err *err)
{
	const struct quota_limits *limits = &call->daemon->quota->limits;
	const struct workspace *ws = call->entered;
	struct jobs *jobs = call->daemon->jobs;

	if (limits->analyses_per_caller > 0 &&
	    call->party->jobs.count >= limits->analyses_per_caller)
		return err_set(err, ERR_LIMIT,
		    "%u of your questions are being answered, as many as one caller may have; wait "
		    "for some of them",
		    limits->analyses_per_caller);
	if (ws != NULL && limits->analyses_per_workspace > 0 &&
	    ws->party.jobs.count >= limits->analyses_per_workspace)
		return err_set(err, ERR_LIMIT,
		    "%u questions about workspace %s are being answered, as many as one may have; "
		    "try again in a moment",
		    limits->analyses_per_workspace, ws->id);
	if (jobs_count(jobs) >= LIMIT_JOBS)
		return err_set(err, ERR_LIMIT,
		    "%u questions are being answered already; try again in a moment", LIMIT_JOBS);
	return true;
}

bool
quota_start(struct rpc_call *call, job_fn run, job_fn done, void *arg, struct err *err)
{
	struct daemon *daemon = call->daemon;
	unsigned rate = daemon->quota->limits.rate_per_caller;
	struct jobs_party *of_workspace = call->entered != NULL ? &call->entered->party.jobs : NULL;

	if (!check_jobs(call, err))
		return refuse(call, jobs_took_us(daemon->jobs));
	if (!jobs_start_for(daemon->jobs, &call->party->jobs, of_workspace, run, done, arg, err))
		return false;
	if (rate > 0)
		pay(call->party, rate, QUOTA_ANALYSIS, daemon_monotonic_us(), false);
	return true;
}
