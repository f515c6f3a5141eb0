#include "server/rpc/rpc.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/log.h"
#include "common/pb.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "server/limits.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"
#include "server/rpc/permit.h"
#include "server/rpc/quota.h"

#define POOL_MAX     1024         /* free calls kept with their arenas' first blocks */
#define SCRATCH_KEEP (256u << 10) /* a larger buffer is given back after its reply */
#define TYPE_PREFIX  "type.googleapis.com/"

/* Calls for reuse, and where replies are encoded; owned by the daemon. */
struct rpc_pool {
	struct rpc_call *free;
	size_t free_count;
	size_t count; /* in use */
	uint64_t next_id;
	uint8_t *scratch;
	size_t scratch_cap;
	LIST_HEAD(, rpc_call) longs; /* by tokens, that end when their callers like */
};

/* ---- finding methods ---- */

#define INDEX_SIZE                                                                                 \
	256 /* at least twice the number of methods, so that a probe nearly always hits */

static struct {
	const struct rpc_method *slots[INDEX_SIZE];
	size_t count;
	bool built;
} method_index;

/* Lengths and a few letters tell the methods apart; what collides is probed. */
static unsigned
method_hash(const char *service, size_t service_len, const char *method, size_t method_len)
{
	unsigned h = (unsigned)(service_len * 31 + method_len * 7);

	if (service_len > 0)
		h += (unsigned char)service[service_len - 1] * 5u;
	if (method_len > 0)
		h += (unsigned char)method[0] * 3u + (unsigned char)method[method_len - 1];
	return h % INDEX_SIZE;
}

static bool
index_add(const struct rpc_method *methods, size_t count)
{
	if (method_index.count + count > INDEX_SIZE / 2)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct rpc_method *m = &methods[i];
		unsigned h = method_hash(m->service, strlen(m->service), m->name, strlen(m->name));

		while (method_index.slots[h] != NULL)
			h = (h + 1) % INDEX_SIZE;
		method_index.slots[h] = m;
	}
	method_index.count += count;
	return true;
}

static void
index_build(void)
{
	size_t count;
	const struct rpc_method *methods = rpc_methods(&count);
	bool fits = index_add(methods, count);

	assert(fits);
	(void)fits;
	method_index.built = true;
}

bool
rpc_add_methods(const struct rpc_method *methods, size_t count)
{
	if (!method_index.built)
		index_build();
	return index_add(methods, count);
}

static bool
text_is(const char *text, const char *p, size_t len)
{
	return strlen(text) == len && memcmp(text, p, len) == 0;
}

static bool
has_service(const char *service, size_t len)
{
	for (size_t i = 0; i < INDEX_SIZE; i++) {
		if (method_index.slots[i] != NULL &&
		    text_is(method_index.slots[i]->service, service, len))
			return true;
	}
	return false;
}

const struct rpc_method *
rpc_find(const char *service, size_t service_len, const char *method, size_t method_len,
    bool *service_known)
{
	unsigned h = method_hash(service, service_len, method, method_len);

	if (!method_index.built)
		index_build();
	for (; method_index.slots[h] != NULL; h = (h + 1) % INDEX_SIZE) {
		const struct rpc_method *m = method_index.slots[h];
		if (text_is(m->name, method, method_len) &&
		    text_is(m->service, service, service_len)) {
			*service_known = true;
			return m;
		}
	}
	*service_known = has_service(service, service_len);
	return NULL;
}

/* ---- shared bytes ---- */

struct rpc_bytes *
rpc_bytes_new(const void *p, size_t len)
{
	struct rpc_bytes *bytes = malloc(sizeof *bytes + len);

	if (bytes == NULL)
		return NULL;
	bytes->refs = 1;
	bytes->len = len;
	if (len > 0 && p != NULL)
		memcpy(bytes->p, p, len);
	return bytes;
}

struct rpc_bytes *
rpc_bytes_ref(struct rpc_bytes *bytes)
{
	assert(bytes->refs > 0);
	bytes->refs++;
	return bytes;
}

void
rpc_bytes_unref(struct rpc_bytes *bytes)
{
	if (bytes == NULL)
		return;
	assert(bytes->refs > 0);
	if (--bytes->refs == 0)
		free(bytes);
}

/* ---- the pool ---- */

static void
pool_free(struct rpc_pool *pool)
{
	struct rpc_call *next;

	if (pool == NULL)
		return;
	assert(pool->count == 0);
	for (struct rpc_call *call = pool->free; call != NULL; call = next) {
		next = call->next_free;
		arena_free(call->arena);
		free(call);
	}
	free(pool->scratch);
	free(pool);
}

static struct rpc_pool *
pool_of(struct daemon *daemon)
{
	struct rpc_pool *pool = daemon_rpc_pool(daemon);

	if (pool == NULL) {
		pool = calloc(1, sizeof *pool);
		if (pool != NULL)
			daemon_set_rpc_pool(daemon, pool, pool_free);
	}
	return pool;
}

size_t
rpc_calls_count(const struct daemon *daemon)
{
	const struct rpc_pool *pool = daemon_rpc_pool(daemon);

	return pool == NULL ? 0 : pool->count;
}

static struct rpc_call *
call_alloc(void)
{
	struct rpc_call *call = malloc(sizeof *call);

	if (call == NULL)
		return NULL;
	call->arena = arena_new(LIMIT_CALL_ARENA);
	if (call->arena == NULL) {
		free(call);
		return NULL;
	}
	return call;
}

static struct rpc_call *
pool_take(struct rpc_pool *pool)
{
	struct rpc_call *call = pool->free;

	if (call == NULL)
		return call_alloc();
	pool->free = call->next_free;
	pool->free_count--;
	return call;
}

static void
pool_give(struct rpc_pool *pool, struct rpc_call *call)
{
	if (pool->free_count >= POOL_MAX) {
		arena_free(call->arena);
		free(call);
		return;
	}
	arena_reset(call->arena);
	call->next_free = pool->free;
	pool->free = call;
	pool->free_count++;
}

struct rpc_call *
rpc_call_new(struct daemon *daemon, const struct rpc_method *method,
    const struct rpc_transport *transport, void *transport_data, const struct caller *caller)
{
	struct rpc_pool *pool = pool_of(daemon);
	struct rpc_call *call;
	struct faults *faults;
	struct arena *arena;

	if (pool == NULL || pool->count >= LIMIT_CALLS)
		return NULL;
	call = pool_take(pool);
	if (call == NULL)
		return NULL;
	arena = call->arena;
	faults = arena_alloc(arena, sizeof *faults);
	if (faults == NULL) {
		pool_give(pool, call);
		return NULL;
	}
	faults_init(faults, arena);
	pool->count++;
	*call = (struct rpc_call){
	    .method = method,
	    .transport = transport,
	    .transport_data = transport_data,
	    .daemon = daemon,
	    .caller = *caller,
	    .id = ++pool->next_id,
	    .started_us = daemon_monotonic_us(),
	    .arena = arena,
	    .faults = faults,
	    .state = RPC_RUNNING,
	};
	/* Workers may still write it down when the connection is gone. */
	if (caller->from != NULL)
		call->caller.from = arena_strdup(arena, caller->from);
	if (!quota_begin(call)) {
		pool->count--;
		pool_give(pool, call);
		return NULL;
	}
	if (caller->token != 0 && (method->flags & (RPC_ENDLESS | RPC_CLIENT_STREAM)) != 0) {
		call->is_long = true;
		LIST_INSERT_HEAD(&pool->longs, call, long_link);
	}
	return call;
}

static void
free_if_done(struct rpc_call *call)
{
	struct rpc_pool *pool;

	if (call->state != RPC_FINISHED || call->pins > 0)
		return;
	quota_forget(call);
	arena_free(call->message_arena);
	pool = daemon_rpc_pool(call->daemon);
	pool->count--;
	pool_give(pool, call);
}

void
rpc_pin(struct rpc_call *call)
{
	call->pins++;
}

void
rpc_unpin(struct rpc_call *call)
{
	assert(call->pins > 0);
	call->pins--;
	free_if_done(call);
}

/* ---- the end of a call ---- */

/* The one place where a call becomes finished. */
static void
end(struct rpc_call *call, const struct err *status, const uint8_t *details, size_t details_len)
{
	int64_t took_us;

	assert(call->state == RPC_RUNNING);
	call->state = RPC_FINISHED;
	if (call->is_long)
		LIST_REMOVE(call, long_link);
	took_us = daemon_monotonic_us() - call->started_us;
	/* how many answered, and when, would be known before it is published */
	if ((call->method->flags & RPC_CONFIDENTIAL) == 0)
		metrics_call(call->method, status->code, took_us);
	quota_end(call, took_us);
	call->transport->finish(call, status, details, details_len);
	call->transport_data = NULL;
	free_if_done(call);
}

/* False: it was ended from outside meanwhile, and nothing is to be done. */
static bool
is_running(const struct rpc_call *call)
{
	if (call->state == RPC_RUNNING)
		return true;
	assert(call->cancelled);
	return false;
}

static Google__Protobuf__Any *
any_of(const ProtobufCMessage *message, struct arena *arena)
{
	const char *name = message->descriptor->name;
	Google__Protobuf__Any *any = arena_alloc(arena, sizeof *any);
	size_t len;
	uint8_t *p = pb_encode(message, arena, &len);

	if (any == NULL || p == NULL)
		return NULL;
	google__protobuf__any__init(any);
	any->type_url = arena_printf(arena, TYPE_PREFIX "%s", name);
	any->value.data = p;
	any->value.len = len;
	return any->type_url == NULL ? NULL : any;
}

static Google__Protobuf__Any *
bad_request(const struct faults *faults, struct arena *arena)
{
	Google__Rpc__BadRequest *bad = arena_alloc(arena, sizeof *bad);
	Google__Rpc__BadRequest__FieldViolation *list;
	Google__Rpc__BadRequest__FieldViolation **pointers;

	list = arena_array(arena, faults->count, sizeof *list);
	pointers = arena_array(arena, faults->count, sizeof(void *));
	if (bad == NULL || list == NULL || pointers == NULL)
		return NULL;
	google__rpc__bad_request__init(bad);
	for (size_t i = 0; i < faults->count; i++) {
		google__rpc__bad_request__field_violation__init(&list[i]);
		list[i].field = pb_str(faults->list[i].field);
		list[i].description = pb_str(faults->list[i].description);
		pointers[i] = &list[i];
	}
	bad->n_field_violations = faults->count;
	bad->field_violations = pointers;
	return any_of(&bad->base, arena);
}

static Google__Protobuf__Any *
error_info(const char *reason, uint64_t resume_from, struct arena *arena)
{
	Google__Rpc__ErrorInfo info;
	Google__Rpc__ErrorInfo__MetadataEntry entry;
	Google__Rpc__ErrorInfo__MetadataEntry *entries[] = {&entry};
	char number[24];

	google__rpc__error_info__init(&info);
	google__rpc__error_info__metadata_entry__init(&entry);
	snprintf(number, sizeof number, "%" PRIu64, resume_from);
	entry.key = pb_str("resume_from");
	entry.value = number;
	info.reason = pb_str(reason);
	info.domain = pb_str("plumb.v1");
	info.n_metadata = 1;
	info.metadata = entries;
	return any_of(&info.base, arena);
}

static Google__Protobuf__Any *
retry_info(int64_t after_us, struct arena *arena)
{
	Google__Rpc__RetryInfo info;
	Google__Protobuf__Duration delay;

	google__rpc__retry_info__init(&info);
	google__protobuf__duration__init(&delay);
	delay.seconds = after_us / 1000000;
	delay.nanos = (int32_t)(after_us % 1000000) * 1000;
	info.retry_delay = &delay;
	return any_of(&info.base, arena);
}

struct details {
	Google__Protobuf__Any *list[4];
	size_t count;
};

/* Takes NULL: an error without its details is better than none. */
static void
details_add(struct details *details, Google__Protobuf__Any *any)
{
	if (any != NULL)
		details->list[details->count++] = any;
}

/* The details as fields of google.rpc.Status; empty where there are none, or they don't fit. */
static const uint8_t *
details_encode(struct details *details, struct arena *arena, size_t *len)
{
	Google__Rpc__Status status;
	const uint8_t *p;

	*len = 0;
	if (details->count == 0)
		return NULL;
	google__rpc__status__init(&status);
	status.n_details = details->count;
	status.details = details->list;
	p = pb_encode(&status.base, arena, len);
	if (p == NULL || *len > FRAME_PAYLOAD_MAX - sizeof(struct err)) {
		*len = 0;
		return NULL;
	}
	return p;
}

static void
end_with(struct rpc_call *call, const struct err *err, struct details *details)
{
	enum log_level level = LOG_LEVEL_DEBUG;
	const uint8_t *p;
	size_t len;

	assert(err->code != ERR_OK);
	if (err->code == ERR_INTERNAL || err->code == ERR_DATA_LOSS)
		level = LOG_LEVEL_ERROR;
	if ((call->method->flags & RPC_CONFIDENTIAL) == 0)
		log_event(level, "call",
		    "call=%" PRIu64 " method=%s/%s caller=%s status=%s message=%s", call->id,
		    call->method->service, call->method->name, call->caller.name,
		    err_code_name(err->code), err->msg);
	p = details_encode(details, call->arena, &len);
	end(call, err, p, len);
}

void
rpc_fail_detail(struct rpc_call *call, const struct err *err, const ProtobufCMessage *detail)
{
	struct details details = {.count = 0};

	if (!is_running(call))
		return;
	if (call->faults->count > 0)
		details_add(&details, bad_request(call->faults, call->arena));
	if (detail != NULL)
		details_add(&details, any_of(detail, call->arena));
	if ((err->code == ERR_LIMIT || err->code == ERR_UNAUTHENTICATED) && call->retry_us > 0)
		details_add(&details, retry_info(call->retry_us, call->arena));
	end_with(call, err, &details);
}

void
rpc_fail(struct rpc_call *call, const struct err *err)
{
	rpc_fail_detail(call, err, NULL);
}

void
rpc_finish(struct rpc_call *call)
{
	static const struct err ok = {.code = ERR_OK};

	if (!is_running(call))
		return;
	if ((call->method->flags & RPC_CONFIDENTIAL) == 0)
		log_debug("call", "call=%" PRIu64 " method=%s/%s caller=%s status=OK", call->id,
		    call->method->service, call->method->name, call->caller.name);
	end(call, &ok, NULL, 0);
}

static void
cancel_reason(const struct rpc_call *call, enum err_code code, struct err *err)
{
	switch (code) {
	case ERR_DEADLINE:
		err_set(err, code, "the deadline has passed");
		break;
	case ERR_LIMIT:
		err_set(err, code,
		    "the caller reads too slowly: more than %u MiB is unsent; go on from revision "
		    "%" PRIu64,
		    LIMIT_STREAM_OUTPUT >> 20, call->resume_from);
		break;
	case ERR_UNAUTHENTICATED:
		err_set(err, code,
		    "the token has expired, or was revoked or rotated: show another "
		    "(plumb --token-file FILE)");
		break;
	case ERR_UNAVAILABLE:
		err_set(err, code, "the daemon is stopping; try again in a moment");
		break;
	case ERR_INVALID:
		err_set(err, code, "%s takes one request message, and got another one",
		    call->method->name);
		break;
	default:
		err_set(err, code, "cancelled by the caller");
	}
}

void
rpc_cancel(struct rpc_call *call, enum err_code code)
{
	void (*on_cancel)(struct rpc_call *) = call->on_cancel;
	struct details details = {.count = 0};
	struct err err;

	if (call->state == RPC_FINISHED)
		return;
	__atomic_store_n(&call->cancelled, true, __ATOMIC_RELAXED);
	rpc_pin(call);
	cancel_reason(call, code, &err);
	if (call->resume_from > 0 && code == ERR_LIMIT)
		details_add(&details, error_info("SLOW_READER", call->resume_from, call->arena));
	if (call->resume_from > 0 && code == ERR_UNAVAILABLE)
		details_add(&details, error_info("STOPPING", call->resume_from, call->arena));
	end_with(call, &err, &details);
	if (on_cancel != NULL)
		on_cancel(call);
	rpc_unpin(call);
}

void
rpc_end_long(
    struct daemon *daemon, bool (*holds)(void *arg, const struct caller *caller), void *arg)
{
	struct rpc_pool *pool = daemon_rpc_pool(daemon);
	struct rpc_call *call = pool != NULL ? LIST_FIRST(&pool->longs) : NULL;

	while (call != NULL) {
		struct rpc_call *next = LIST_NEXT(call, long_link);

		if (!holds(arg, &call->caller)) {
			rpc_cancel(call, ERR_UNAUTHENTICATED);
			next = LIST_FIRST(&pool->longs); /* others may have ended with it */
		}
		call = next;
	}
}

/* ---- replies ---- */

/* The call ends here, inside its handler's send: to the handler it looks as if it had been cancelled. */
static bool
fail_send(struct rpc_call *call, const struct err *err)
{
	rpc_pin(call);
	rpc_fail(call, err);
	__atomic_store_n(&call->cancelled, true, __ATOMIC_RELAXED); /* workers look at it */
	/* The handler still looks at the call; it is freed when the handler's own pin goes, or at the end of dispatch. */
	rpc_unpin(call);
	return false;
}

static bool
fits(struct rpc_call *call, size_t len)
{
	struct err err;

	if (len <= FRAME_PAYLOAD_MAX)
		return true;
	err_set(&err, ERR_LIMIT,
	    "the reply would have %zu bytes, and a message holds %u: ask for smaller pages", len,
	    FRAME_PAYLOAD_MAX);
	return fail_send(call, &err);
}

bool
rpc_send_bytes(struct rpc_call *call, const uint8_t *p, size_t len)
{
	if (!is_running(call) || !fits(call, len))
		return false;
	call->transport->send(call, p, len);
	return true;
}

bool
rpc_send_shared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	if (!is_running(call) || !fits(call, bytes->len))
		return false;
	call->transport->send_shared(call, bytes);
	return true;
}

static uint8_t *
scratch(struct rpc_pool *pool, size_t len)
{
	if (pool->scratch == NULL || len > pool->scratch_cap) {
		size_t cap = len < 4096 ? 4096 : len;
		uint8_t *p = malloc(cap);
		if (p == NULL)
			return NULL;
		free(pool->scratch);
		pool->scratch = p;
		pool->scratch_cap = cap;
	}
	return pool->scratch;
}

static void
scratch_trim(struct rpc_pool *pool)
{
	if (pool->scratch_cap <= SCRATCH_KEEP)
		return;
	free(pool->scratch);
	pool->scratch = NULL;
	pool->scratch_cap = 0;
}

bool
rpc_send(struct rpc_call *call, const ProtobufCMessage *reply)
{
	struct rpc_pool *pool = daemon_rpc_pool(call->daemon);
	struct err err;
	uint8_t *p;
	size_t len;

	if (!is_running(call))
		return false;
	assert(reply->descriptor == call->method->reply);
	len = protobuf_c_message_get_packed_size(reply);
	if (!fits(call, len))
		return false;
	p = scratch(pool, len);
	if (p == NULL) {
		err_oom(&err);
		return fail_send(call, &err);
	}
	protobuf_c_message_pack(reply, p);
	call->transport->send(call, p, len);
	scratch_trim(pool);
	return true;
}

bool
rpc_is_writable(struct rpc_call *call)
{
	return call->state == RPC_RUNNING && call->transport->is_writable(call);
}

void
rpc_writable(struct rpc_call *call)
{
	if (call->state != RPC_RUNNING || call->on_writable == NULL)
		return;
	rpc_pin(call);
	call->on_writable(call);
	rpc_unpin(call);
}

/* ---- the beginning ---- */

static const ProtobufCMessage *
decode(struct rpc_call *call, struct arena *arena, const uint8_t *p, size_t len)
{
	const ProtobufCMessage *request;
	struct err err;

	request = pb_decode(call->method->request, p, len, true, arena, &err);
	if (request == NULL) {
		if (err.code == ERR_INVALID)
			faults_add(call->faults, "", "%s", err.msg);
		rpc_fail(call, &err);
	}
	return request;
}

/* False: the caller may not call this; the call has ended. */
static bool
is_permitted(struct rpc_call *call)
{
	const char *dot = strrchr(call->method->service, '.');
	char about[128]; /* "Webhooks.List", as errors say it */
	struct err err;

	if (permit_call(call, &err))
		return true;
	snprintf(about, sizeof about, "%s.%s", dot != NULL ? dot + 1 : call->method->service,
	    call->method->name);
	if ((call->method->flags & RPC_CONFIDENTIAL) == 0)
		audit_event(call->daemon, &call->caller, "refused", about, err_code_name(err.code));
	rpc_fail(call, &err);
	return false;
}

/* Are neither its role nor its caller's allowance against it? Else the call has ended. */
static bool
is_admitted(struct rpc_call *call, size_t len)
{
	struct err err;

	if (!quota_admit(call, len, &err)) {
		rpc_fail(call, &err);
		return false;
	}
	return is_permitted(call);
}

void
rpc_dispatch(struct rpc_call *call, const uint8_t *p, size_t len)
{
	const ProtobufCMessage *request;

	if (call->refused)
		return;
	rpc_pin(call);
	request = is_admitted(call, len) ? decode(call, call->arena, p, len) : NULL;
	if (request != NULL)
		call->method->handler(call, request);
	rpc_unpin(call);
}

/* ---- streams of requests ---- */

void
rpc_begin(struct rpc_call *call)
{
	assert(call->method->flags & RPC_CLIENT_STREAM);
	if (call->refused)
		return;
	rpc_pin(call);
	if (is_admitted(call, 0))
		call->method->handler(call, NULL);
	rpc_unpin(call);
}

void
rpc_message(struct rpc_call *call, const uint8_t *p, size_t len)
{
	const ProtobufCMessage *message;
	struct err err;

	if (call->refused)
		return;
	if (call->message_arena == NULL)
		call->message_arena = arena_new(LIMIT_CALL_ARENA);
	if (call->message_arena == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	rpc_pin(call);
	message = is_admitted(call, len) ? decode(call, call->message_arena, p, len) : NULL;
	if (message != NULL && call->on_message != NULL)
		call->on_message(call, message);
	arena_reset(call->message_arena);
	rpc_unpin(call);
}

void
rpc_half_close(struct rpc_call *call)
{
	if (call->on_half_close == NULL)
		return;
	rpc_pin(call);
	call->on_half_close(call);
	rpc_unpin(call);
}

/* ---- metadata ---- */

static bool
metadata_add(struct rpc_call *call, struct rpc_metadata **list, const char *key, size_t key_len,
    const uint8_t *value, size_t len)
{
	struct rpc_metadata *m = arena_alloc(call->arena, sizeof *m);
	uint8_t *copy = arena_alloc(call->arena, len + 1);

	if (m == NULL || copy == NULL)
		return false;
	if (len > 0)
		memcpy(copy, value, len);
	*m = (struct rpc_metadata){arena_strndup(call->arena, key, key_len), copy, len, NULL};
	while (*list != NULL)
		list = &(*list)->next;
	*list = m;
	return m->key != NULL;
}

bool
rpc_add_metadata(
    struct rpc_call *call, const char *key, size_t key_len, const uint8_t *value, size_t len)
{
	return metadata_add(call, &call->metadata, key, key_len, value, len);
}

bool
rpc_add_header(struct rpc_call *call, const char *key, const uint8_t *value, size_t len)
{
	return metadata_add(call, &call->headers, key, strlen(key), value, len);
}

bool
rpc_add_trailer(struct rpc_call *call, const char *key, const uint8_t *value, size_t len)
{
	return metadata_add(call, &call->trailers, key, strlen(key), value, len);
}

const struct rpc_metadata *
rpc_find_metadata(const struct rpc_call *call, const char *key)
{
	const struct rpc_metadata *m = call->metadata;

	while (m != NULL && strcmp(m->key, key) != 0)
		m = m->next;
	return m;
}
