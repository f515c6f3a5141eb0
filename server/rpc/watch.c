/*
 * A watcher is LIVE (it has been sent everything durable) or BEHIND (it had no room, or began in the past). Those
 * behind are served from a ring of the newest encoded changes, and from the log where that doesn't reach. Log reads
 * serve everybody who waits for that stretch; one is under way at a time, so memory is bounded however many are behind.
 */
#include "server/rpc/watch.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/log.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/rpc.h"

#define RING_BYTES    (4u << 20)
#define READ_ENTRIES  256u
#define HEARTBEAT_MS  10000u
#define HEARTBEAT_MIN 100u
#define HEARTBEAT_MAX 3600000u
#define MESSAGE_MAX   LIMIT_FRAME_BODY

/* A set of kinds. */
struct kinds {
	uint64_t bits[2];
};

/* One encoded change. */
struct recent {
	struct rpc_bytes *bytes;
	struct kinds kinds;
};

struct watcher {
	struct watcher *next;
	struct watcher *prev;
	struct watch_hub *hub;
	struct rpc_call *call;
	uint64_t want; /* the next revision to send */
	bool behind;
	bool filtered;
	bool dead; /* has left; freed when nobody walks the list */
	struct kinds kinds;
	int64_t heartbeat_us;
	int64_t sent_us; /* monotonic, of the last message */
};

struct watch_hub {
	struct workspace *ws;
	struct watcher *first;
	unsigned count;
	unsigned behind_count;
	unsigned walking; /* loops over the list under way */
	bool has_dead;
	/* changes ring_first .. ring_first + ring_count - 1 */
	struct recent *ring;
	size_t ring_cap; /* a power of two, or 0 */
	size_t ring_at;
	size_t ring_count;
	size_t ring_bytes;
	uint64_t ring_first;
	/* the read of the log under way */
	bool reading;
	uint64_t read_from;
	/* the heartbeat that most get */
	struct rpc_bytes *heartbeat;
	uint64_t heartbeat_revision;
};

static void start_read(struct watch_hub *hub);

/* ---- kinds --------------------------------------------------------------------------------------------- */

static void
kinds_add(struct kinds *kinds, unsigned kind)
{
	if (kind < KIND_MAX)
		kinds->bits[kind / 64] |= UINT64_C(1) << kind % 64;
}

static bool
kinds_meet(const struct kinds *a, const struct kinds *b)
{
	return ((a->bits[0] & b->bits[0]) | (a->bits[1] & b->bits[1])) != 0;
}

static void
kinds_add_ref(struct kinds *kinds, const uint8_t *p, size_t len)
{
	const uint8_t *slash = memchr(p, '/', len);

	kinds_add(
	    kinds, slash != NULL ? kind_parse((const char *)p, (size_t)(slash - p)) : KIND_NONE);
}

/* "check_in" is check-in. */
static enum kind
kind_of_field(const char *field)
{
	char name[40];
	size_t len = strlen(field);

	if (len >= sizeof name)
		return KIND_NONE;
	for (size_t i = 0; i < len; i++)
		name[i] = field[i] == '_' ? '-' : field[i];
	return kind_parse(name, len);
}

/* The kind of an encoded Item or Record, by the number of its body's field. */
static unsigned
body_kind(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len)
{
	struct pb_in in;
	struct pb_field field;

	pb_in_init(&in, p, len);
	while (pb_in_next(&in, &field)) {
		const ProtobufCFieldDescriptor *known =
		    protobuf_c_message_descriptor_get_field(type, field.number);

		if (known != NULL && (known->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
			return kind_of_field(known->name);
	}
	return KIND_NONE;
}

/* The first length-delimited field of that number. */
static bool
sub_field(const uint8_t *p, size_t len, uint32_t number, struct pb_field *out)
{
	struct pb_in in;

	pb_in_init(&in, p, len);
	while (pb_in_next(&in, out)) {
		if (out->number == number && out->wire_type == 2)
			return true;
	}
	return false;
}

static bool
is_cascade(const uint8_t *remove, size_t len)
{
	struct pb_in in;
	struct pb_field field;

	pb_in_init(&in, remove, len);
	while (pb_in_next(&in, &field)) {
		if (field.number == 2 && field.wire_type == 0)
			return field.value != 0;
	}
	return false;
}

/*
 * What a change touches, from its bytes alone, so that it is the same when it is sent live and when it comes from the
 * log. A cascade, a rename (references follow) and a redaction may touch any kind.
 */
static void
add_change(struct kinds *kinds, const uint8_t *p, size_t len)
{
	struct pb_in in;
	struct pb_field change;
	struct pb_field sub;

	pb_in_init(&in, p, len);
	if (!pb_in_next(&in, &change) || change.wire_type != 2)
		return;
	switch (change.number) {
	case 1: /* put */
		if (sub_field(change.bytes, change.len, 1, &sub))
			kinds_add(
			    kinds, body_kind(&plumb__v1__item__descriptor, sub.bytes, sub.len));
		break;
	case 5: /* add */
		if (sub_field(change.bytes, change.len, 1, &sub))
			kinds_add(
			    kinds, body_kind(&plumb__v1__record__descriptor, sub.bytes, sub.len));
		break;
	case 4: /* place */
		kinds_add(kinds, KIND_RANKING);
		kinds_add(kinds, KIND_INITIATIVE);
		break;
	case 6: /* retract */
		if (sub_field(change.bytes, change.len, 1, &sub))
			kinds_add_ref(kinds, sub.bytes, sub.len);
		break;
	case 2: /* remove: also changes the ranking of an initiative */
		if (is_cascade(change.bytes, change.len))
			kinds->bits[0] = kinds->bits[1] = UINT64_MAX;
		if (sub_field(change.bytes, change.len, 1, &sub))
			kinds_add_ref(kinds, sub.bytes, sub.len);
		kinds_add(kinds, KIND_RANKING);
		break;
	default:
		kinds->bits[0] = kinds->bits[1] = UINT64_MAX;
	}
}

static struct kinds
touched_kinds(const uint8_t *body, size_t len)
{
	struct kinds kinds = {{0, 0}};
	struct pb_in in;
	struct pb_field field;

	/* What changes a scenario touches nothing of the plan. */
	if (sub_field(body, len, 8, &field))
		return kinds;
	pb_in_init(&in, body, len);
	while (pb_in_next(&in, &field)) {
		if (field.number == 1 && field.wire_type == 2)
			add_change(&kinds, field.bytes, field.len);
	}
	return kinds;
}

/* ---- encoding ------------------------------------------------------------------------------------------ */

static struct rpc_bytes *
encode_change(uint64_t revision, int64_t time_us, int64_t logged_us, const char *author,
    const uint8_t *body, size_t body_len)
{
	struct rpc_bytes *bytes = NULL;
	char time[TIME_TEXT_LEN];
	struct pb_out out;
	size_t mark;

	pb_out_init(&out, NULL, body_len + 1024);
	pb_out_varint(&out, 1, revision);
	mark = pb_out_begin(&out, 3);
	pb_out_varint(&out, 1, revision);
	pb_out_string(&out, 2, time_format(time_us, time));
	if (logged_us != time_us)
		pb_out_string(&out, 3, time_format(logged_us, time));
	pb_out_string(&out, 4, author);
	pb_out_message(&out, 5, body, body_len);
	pb_out_end(&out, mark);
	if (!out.failed)
		bytes = rpc_bytes_new(out.p, out.len);
	pb_out_fini(&out);
	return bytes;
}

static struct rpc_bytes *
heartbeat_bytes(struct watch_hub *hub, uint64_t revision)
{
	struct pb_out out;

	if (hub->heartbeat != NULL && hub->heartbeat_revision == revision)
		return hub->heartbeat;
	rpc_bytes_unref(hub->heartbeat);
	pb_out_init(&out, NULL, 64);
	pb_out_varint(&out, 1, revision);
	pb_out_varint(&out, 2, 1);
	hub->heartbeat = out.failed ? NULL : rpc_bytes_new(out.p, out.len);
	hub->heartbeat_revision = revision;
	pb_out_fini(&out);
	return hub->heartbeat;
}

/* ---- the ring ------------------------------------------------------------------------------------------ */

static struct recent *
ring_get(const struct watch_hub *hub, uint64_t revision)
{
	if (revision < hub->ring_first || revision >= hub->ring_first + hub->ring_count)
		return NULL;
	return &hub->ring[(hub->ring_at + (revision - hub->ring_first)) & (hub->ring_cap - 1)];
}

static void
ring_drop_oldest(struct watch_hub *hub)
{
	struct recent *oldest = &hub->ring[hub->ring_at];

	hub->ring_bytes -= oldest->bytes->len;
	rpc_bytes_unref(oldest->bytes);
	hub->ring_at = (hub->ring_at + 1) & (hub->ring_cap - 1);
	hub->ring_first++;
	hub->ring_count--;
}

static void
ring_clear(struct watch_hub *hub)
{
	while (hub->ring_count > 0)
		ring_drop_oldest(hub);
}

static bool
ring_grow(struct watch_hub *hub)
{
	size_t cap = hub->ring_cap == 0 ? 64 : 2 * hub->ring_cap;
	struct recent *ring;

	if (hub->ring_count < hub->ring_cap)
		return true;
	ring = calloc(cap, sizeof *ring);
	if (ring == NULL)
		return false;
	for (size_t i = 0; i < hub->ring_count; i++)
		ring[i] = hub->ring[(hub->ring_at + i) & (hub->ring_cap - 1)];
	free(hub->ring);
	hub->ring = ring;
	hub->ring_cap = cap;
	hub->ring_at = 0;
	return true;
}

/* Takes over the reference. Without memory the ring just starts anew: the log has it all. */
static void
ring_push(
    struct watch_hub *hub, uint64_t revision, struct rpc_bytes *bytes, const struct kinds *kinds)
{
	struct recent *recent;

	if (hub->ring_count > 0 && hub->ring_first + hub->ring_count != revision)
		ring_clear(hub);
	while (hub->ring_count > 0 && hub->ring_bytes + bytes->len > RING_BYTES)
		ring_drop_oldest(hub);
	if (!ring_grow(hub)) {
		ring_clear(hub);
		if (hub->ring_cap == 0) {
			rpc_bytes_unref(bytes);
			return;
		}
	}
	if (hub->ring_count == 0)
		hub->ring_first = revision;
	recent = &hub->ring[(hub->ring_at + hub->ring_count) & (hub->ring_cap - 1)];
	recent->bytes = bytes;
	recent->kinds = *kinds;
	hub->ring_count++;
	hub->ring_bytes += bytes->len;
}

/* ---- watchers ------------------------------------------------------------------------------------------ */

static void
unlink_watcher(struct watcher *w)
{
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		w->hub->first = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	free(w);
}

/* It sends no more. Its place in the list stays while somebody walks that. */
static void
leave(struct watcher *w)
{
	struct watch_hub *hub = w->hub;

	assert(!w->dead);
	hub->count--;
	hub->behind_count -= w->behind;
	if (hub->count == 0)
		ring_clear(hub);
	w->call->handler_data = NULL;
	w->call->on_cancel = NULL;
	w->call->on_writable = NULL;
	w->call = NULL;
	w->dead = true;
	if (hub->walking > 0)
		hub->has_dead = true;
	else
		unlink_watcher(w);
}

static void
walk_begin(struct watch_hub *hub)
{
	hub->walking++;
}

static void
walk_end(struct watch_hub *hub)
{
	struct watcher *next;

	if (--hub->walking > 0 || !hub->has_dead)
		return;
	hub->has_dead = false;
	for (struct watcher *w = hub->first; w != NULL; w = next) {
		next = w->next;
		if (w->dead)
			unlink_watcher(w);
	}
}

static void
set_behind(struct watcher *w, bool behind)
{
	w->hub->behind_count += behind;
	w->hub->behind_count -= w->behind;
	w->behind = behind;
}

static void
set_want(struct watcher *w, uint64_t want)
{
	w->want = want;
	w->call->resume_from = want;
}

/* Within a walk. False: it was not sent; the watcher may have left with it. */
static bool
send(struct watcher *w, struct rpc_bytes *bytes)
{
	struct rpc_call *call = w->call;
	bool sent;

	if (!rpc_is_writable(call))
		return false;
	rpc_pin(call);
	sent = rpc_send_shared(call, bytes);
	if (!w->dead && call->state != RPC_RUNNING)
		leave(w);
	rpc_unpin(call);
	return sent && !w->dead;
}

/* Sends one change, or passes over it. As send(). */
static bool
offer(struct watcher *w, uint64_t revision, struct rpc_bytes *bytes, const struct kinds *kinds,
    int64_t now_us)
{
	assert(revision == w->want);
	if (!w->filtered || kinds_meet(&w->kinds, kinds)) {
		if (!send(w, bytes))
			return false;
		w->sent_us = now_us;
	}
	set_want(w, revision + 1);
	return true;
}

/* As far as the ring leads; behind that, the log. Within a walk. */
static void
catch_up(struct watcher *w, int64_t now_us)
{
	struct watch_hub *hub = w->hub;
	uint64_t durable = plan_durable(hub->ws->plan);

	while (w->want <= durable) {
		const struct recent *recent = ring_get(hub, w->want);

		if (recent == NULL) {
			if (rpc_is_writable(w->call))
				start_read(hub);
			return;
		}
		if (!offer(w, w->want, recent->bytes, &recent->kinds, now_us))
			return;
	}
	set_behind(w, false);
}

static void
on_writable(struct rpc_call *call)
{
	struct watcher *w = call->handler_data;
	struct watch_hub *hub = w->hub;

	if (!w->behind)
		return;
	walk_begin(hub);
	catch_up(w, daemon_monotonic_us());
	walk_end(hub);
}

static void
on_cancel(struct rpc_call *call)
{
	leave(call->handler_data);
}

/* ---- the log ------------------------------------------------------------------------------------------- */

static bool
wants_log(const struct watcher *w)
{
	return !w->dead && w->behind && w->want <= plan_durable(w->hub->ws->plan) &&
	       ring_get(w->hub, w->want) == NULL && rpc_is_writable(w->call);
}

static void
fail_all_behind(struct watch_hub *hub, const struct err *err)
{
	walk_begin(hub);
	for (struct watcher *w = hub->first; w != NULL; w = w->next) {
		struct rpc_call *call = w->call;

		if (w->dead || !w->behind)
			continue;
		leave(w);
		rpc_fail(call, err);
	}
	walk_end(hub);
}

/* Gives one entry of the log to all who wait for it. Within a walk. */
static void
give_entry(struct watch_hub *hub, const struct store_entry *entry, int64_t now_us)
{
	struct rpc_bytes *bytes = NULL;
	struct kinds kinds = {{0, 0}};

	for (struct watcher *w = hub->first; w != NULL; w = w->next) {
		if (w->dead || !w->behind || w->want != entry->revision)
			continue;
		if (bytes == NULL) {
			kinds = touched_kinds(entry->body, entry->body_len);
			bytes = encode_change(entry->revision, entry->time_us, entry->logged_us,
			    entry->author, entry->body, entry->body_len);
		}
		if (bytes == NULL)
			return;
		(void)offer(w, entry->revision, bytes, &kinds, now_us);
	}
	rpc_bytes_unref(bytes);
}

static void
catch_up_all(struct watch_hub *hub, int64_t now_us)
{
	for (struct watcher *w = hub->first; w != NULL; w = w->next) {
		if (!w->dead && w->behind)
			catch_up(w, now_us);
	}
}

static void
read_done(void *arg, const struct store_entry *entries, size_t count, const struct err *err)
{
	struct watch_hub *hub = arg;
	int64_t now_us = daemon_monotonic_us();

	hub->reading = false;
	if (entries == NULL || count == 0) {
		struct err gone = {0};

		if (entries == NULL)
			gone = *err;
		else
			err_set(&gone, ERR_DATA_LOSS, "revision %" PRIu64 " is not in the log",
			    hub->read_from);
		fail_all_behind(hub, &gone);
		return;
	}
	walk_begin(hub);
	for (size_t i = 0; i < count; i++)
		give_entry(hub, &entries[i], now_us);
	catch_up_all(hub, now_us);
	walk_end(hub);
}

/* From the oldest revision that somebody with room waits for. */
static void
start_read(struct watch_hub *hub)
{
	uint64_t from = UINT64_MAX;
	struct err err = {0};

	if (hub->reading)
		return;
	for (const struct watcher *w = hub->first; w != NULL; w = w->next) {
		if (w->want < from && wants_log(w))
			from = w->want;
	}
	if (from == UINT64_MAX)
		return;
	hub->reading = true;
	hub->read_from = from;
	if (!store_read_async(hub->ws->daemon->store, hub->ws->number, from, READ_ENTRIES,
		read_done, hub, &err)) {
		hub->reading = false;
		log_warn("watch", "workspace=%s from=%" PRIu64 " why=\"%s\"", hub->ws->id, from,
		    err.msg);
	}
}

/* ---- what the workspace tells --------------------------------------------------------------------------- */

/* To all who have everything before it. */
static void
send_live(
    struct watch_hub *hub, uint64_t revision, struct rpc_bytes *bytes, const struct kinds *kinds)
{
	int64_t now_us = daemon_monotonic_us();

	walk_begin(hub);
	for (struct watcher *w = hub->first; w != NULL; w = w->next) {
		if (w->dead || w->behind || w->want != revision)
			continue;
		if ((bytes == NULL || !offer(w, revision, bytes, kinds, now_us)) && !w->dead)
			set_behind(w, true);
	}
	walk_end(hub);
}

void
watch_publish(struct workspace *ws, const struct commit *commit)
{
	struct watch_hub *hub = ws->hub;
	struct rpc_bytes *bytes;
	struct kinds kinds;

	if (hub == NULL || hub->count == 0)
		return;
	kinds = touched_kinds(commit->body, commit->body_len);
	bytes = encode_change(commit->stamp.revision, commit->stamp.time_us, commit->logged_us,
	    commit->stamp.author, commit->body, commit->body_len);
	if (bytes != NULL)
		ring_push(hub, commit->stamp.revision, rpc_bytes_ref(bytes), &kinds);
	send_live(hub, commit->stamp.revision, bytes, &kinds);
	rpc_bytes_unref(bytes);
}

static void
beat(struct watcher *w, int64_t now_us)
{
	struct rpc_bytes *bytes;

	if (now_us - w->sent_us < w->heartbeat_us)
		return;
	bytes = heartbeat_bytes(w->hub, w->want - 1);
	if (bytes != NULL && send(w, bytes))
		w->sent_us = now_us;
}

void
watch_tick(struct workspace *ws, int64_t now_us)
{
	struct watch_hub *hub = ws->hub;

	if (hub == NULL || hub->count == 0)
		return;
	walk_begin(hub);
	for (struct watcher *w = hub->first; w != NULL; w = w->next) {
		if (!w->dead)
			beat(w, now_us);
	}
	walk_end(hub);
	if (hub->behind_count > 0)
		start_read(hub);
}

void
watch_stop(struct workspace *ws)
{
	while (ws->hub != NULL && ws->hub->first != NULL)
		rpc_cancel(ws->hub->first->call, ERR_UNAVAILABLE);
}

void
watch_forget(struct workspace *ws)
{
	if (ws->hub != NULL)
		ring_clear(ws->hub);
}

void
watch_free(struct workspace *ws)
{
	struct watch_hub *hub = ws->hub;

	if (hub == NULL)
		return;
	assert(hub->count == 0);
	ring_clear(hub);
	rpc_bytes_unref(hub->heartbeat);
	free(hub->ring);
	free(hub);
	ws->hub = NULL;
}

/* ---- the handler --------------------------------------------------------------------------------------- */

static bool
parse_kinds(const char *text, struct watcher *w, struct faults *faults, struct err *err)
{
	if (text[0] == '\0')
		return true;
	w->filtered = true;
	if (strlen(text) > LIMIT_FILTER || strncmp(text, "kind:", 5) != 0) {
		faults_add(faults, "filter",
		    "'%.40s' is not understood; write it like kind:initiative,task", text);
		return faults_none(faults, err);
	}
	for (const char *p = text + 5;;) {
		size_t len = strcspn(p, ",");
		enum kind kind = kind_parse(p, len);

		if (kind == KIND_NONE)
			faults_add(faults, "filter", "column %zu: '%.*s' is not a kind",
			    (size_t)(p - text) + 1, (int)(len < 40 ? len : 40), p);
		kinds_add(&w->kinds, kind);
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	return faults_none(faults, err);
}

bool
watch_check_filter(const char *text, struct faults *faults, struct err *err)
{
	struct watcher none = {0};

	return parse_kinds(text, &none, faults, err);
}

static bool
fill_watcher(struct watcher *w, const Plumb__V1__WatchRequest *request, uint64_t durable,
    struct faults *faults, struct err *err)
{
	uint32_t beat_ms = request->heartbeat_ms == 0 ? HEARTBEAT_MS : request->heartbeat_ms;

	if (beat_ms < HEARTBEAT_MIN || beat_ms > HEARTBEAT_MAX) {
		faults_add(faults, "heartbeat_ms", "%u is not within %u and %u", beat_ms,
		    HEARTBEAT_MIN, HEARTBEAT_MAX);
		return faults_none(faults, err);
	}
	if (!parse_kinds(request->filter, w, faults, err))
		return false;
	if (request->from_revision > durable + 1)
		return err_set(err, ERR_RANGE,
		    "from_revision %" PRIu64 " is beyond the next one, which is %" PRIu64,
		    request->from_revision, durable + 1);
	w->want = request->from_revision == 0 ? durable + 1 : request->from_revision;
	w->heartbeat_us = (int64_t)beat_ms * 1000;
	w->sent_us = daemon_monotonic_us();
	return true;
}

static void
join(struct watch_hub *hub, struct watcher *w, struct rpc_call *call)
{
	w->hub = hub;
	w->call = call;
	w->next = hub->first;
	if (hub->first != NULL)
		hub->first->prev = w;
	hub->first = w;
	hub->count++;
	call->handler_data = w;
	call->on_cancel = on_cancel;
	call->on_writable = on_writable;
	set_want(w, w->want);
}

static bool
make_hub(struct workspace *ws, struct err *err)
{
	if (ws->hub == NULL) {
		ws->hub = calloc(1, sizeof *ws->hub);
		if (ws->hub == NULL)
			return err_oom(err);
		ws->hub->ws = ws;
	}
	if (ws->hub->count >= LIMIT_WATCHERS)
		return err_set(err, ERR_LIMIT, "%u watch this workspace already", LIMIT_WATCHERS);
	return true;
}

/* With a filter it follows a few things; without one, or from the past on, it reads all that is or ever was said. */
static void
tell(
    const struct rpc_call *call, const struct workspace *ws, const Plumb__V1__WatchRequest *request)
{
	char about[LIMIT_AUDIT_TEXT];
	bool is_filtered = request->filter[0] != '\0';

	if (is_filtered && request->from_revision == 0)
		return;
	snprintf(about, sizeof about, "%s%s%s", ws->id, is_filtered ? " " : "", request->filter);
	audit_event(call->daemon, &call->caller, "watch", about, "ok");
}

static void
begin(struct workspace *ws, struct rpc_call *call, const Plumb__V1__WatchRequest *request)
{
	struct watcher *w = calloc(1, sizeof *w);
	struct err err = {0};

	if (w == NULL)
		err_oom(&err);
	if (w == NULL || !make_hub(ws, &err) ||
	    !fill_watcher(w, request, plan_durable(ws->plan), call->faults, &err)) {
		free(w);
		rpc_fail(call, &err);
		return;
	}
	tell(call, ws, request);
	join(ws->hub, w, call);
	if (w->want > plan_durable(ws->plan))
		return;
	set_behind(w, true);
	walk_begin(ws->hub);
	catch_up(w, daemon_monotonic_us());
	walk_end(ws->hub);
}

void
handle_plan_watch(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__WatchRequest *request = (const Plumb__V1__WatchRequest *)message;
	struct workspace *ws =
	    workspace_for_call(call, request->workspace, handle_plan_watch, message);
	struct err err = {0};

	if (ws == NULL)
		return;
	if (call->daemon->stopping) {
		err_set(&err, ERR_UNAVAILABLE, "the daemon is stopping; try again in a moment");
		rpc_fail(call, &err);
		return;
	}
	begin(ws, call, request);
}
