#include "server/rpc/audit.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/pb.h"
#include "common/utf8.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/rpc.h"
#include "server/rpc/system.h"

#define ANCHOR        "main"
#define PAUSE_MS      100  /* between two syncs: they are at the cost of the log's */
#define RETRY_MS      1000 /* of a disk that refuses */
#define SAME          16   /* lines among which the same one is looked for */
#define ANCHOR_TRY_US INT64_C(1000000)

struct event {
	struct event *next;
	struct event *before;
	int64_t time_us;
	uint64_t times;
	char what[48];
	char who[128];
	char from[96];
	char about[LIMIT_AUDIT_TEXT + 1];
	char outcome[LIMIT_AUDIT_TEXT + 1];
};

struct audit {
	pthread_mutex_t lock;
	pthread_cond_t work;    /* for the thread */
	pthread_cond_t written; /* for audit_stop() */
	struct event *first;    /* under lock, as all up to file */
	struct event *last;
	size_t count;
	uint64_t lost;
	bool stopping;
	bool stopped;
	struct audit_head head;  /* durable */
	struct audit_file *file; /* the thread's */
	bool is_failing;         /* likewise */
	struct daemon *daemon;
	pthread_t thread;
	bool has_thread;
	/* Loop only. */
	struct audit_head anchored;
	int64_t anchored_us; /* monotonic, of the last anchor or attempt */
	bool is_anchoring;
	struct audit_head pending;
};

/* ---- the queue ----------------------------------------------------------------------------------------- */

/* Bytes of a character that may stand in the file; 0: what terminals take for a command, or no UTF-8. */
static size_t
plain_len(const char *text, size_t left)
{
	unsigned char c = (unsigned char)text[0];

	if (c == 0x7f || (c == 0xc2 && left > 1 && (unsigned char)text[1] < 0xa0))
		return 0;
	return utf8_char_len(text, left);
}

/* What fits of a text, whole characters only; question marks for the rest. JSON writes C0 as escapes. */
static void
copy_text(char *to, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	size_t at = 0;

	for (size_t i = 0, n; i < len; i += n) {
		size_t valid = plain_len(text + i, len - i);

		n = valid > 0 ? valid : 1;
		if (at + n >= size)
			break;
		if (valid > 0)
			memcpy(to + at, text + i, n);
		else
			to[at] = '?';
		at += n;
	}
	to[at] = '\0';
}

static bool
is_same(const struct event *a, const struct event *b)
{
	return strcmp(a->what, b->what) == 0 && strcmp(a->who, b->who) == 0 &&
	       strcmp(a->from, b->from) == 0 && strcmp(a->about, b->about) == 0 &&
	       strcmp(a->outcome, b->outcome) == 0;
}

/* One that waits already and says the same. */
static struct event *
find_same(const struct audit *audit, const struct event *event)
{
	struct event *other = audit->last;

	for (unsigned i = 0; i < SAME && other != NULL; i++, other = other->before) {
		if (is_same(other, event))
			return other;
	}
	return NULL;
}

/* Frees what isn't kept. Under lock. */
static void
push(struct audit *audit, struct event *event)
{
	struct event *same = find_same(audit, event);

	if (same != NULL) {
		same->times++;
		free(event);
		return;
	}
	if (audit->count >= LIMIT_AUDIT_QUEUE) {
		audit->lost++;
		free(event);
		return;
	}
	event->before = audit->last;
	if (audit->last != NULL) {
		audit->last->next = event;
	} else {
		audit->first = event;
		pthread_cond_signal(&audit->work);
	}
	audit->last = event;
	audit->count++;
}

static struct event *
event_new(struct audit *audit, const struct caller *caller, const char *what, const char *about,
    const char *outcome)
{
	struct event *event = calloc(1, sizeof *event);

	if (event == NULL)
		return NULL;
	event->time_us = daemon_clock_us(audit->daemon);
	event->times = 1;
	copy_text(event->what, sizeof event->what, what);
	copy_text(event->who, sizeof event->who, caller != NULL ? caller->name : "plumbd");
	copy_text(event->from, sizeof event->from, caller != NULL ? caller->from : "");
	copy_text(event->about, sizeof event->about, about);
	copy_text(event->outcome, sizeof event->outcome, outcome);
	return event;
}

void
audit_event(struct daemon *daemon, const struct caller *caller, const char *what, const char *about,
    const char *outcome)
{
	struct audit *audit = daemon->audit;
	struct event *event;

	if (audit == NULL)
		return;
	event = event_new(audit, caller, what, about, outcome);
	pthread_mutex_lock(&audit->lock);
	if (event != NULL)
		push(audit, event);
	else
		audit->lost++;
	pthread_mutex_unlock(&audit->lock);
}

void
audit_read(const struct view_job *job, const char *what, const char *detail, bool ok,
    const struct err *err)
{
	char about[LIMIT_AUDIT_TEXT];

	snprintf(about, sizeof about, "%s%s%s", job->workspace, detail != NULL ? " " : "",
	    detail != NULL ? detail : "");
	audit_event(job->call->daemon, &job->call->caller, what, about,
	    ok ? "ok" : err_code_name(err->code));
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

/* Under lock, which is given up meanwhile; stopping ends it early. */
static void
pause_ms(struct audit *audit, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (
	    !audit->stopping && pthread_cond_timedwait(&audit->work, &audit->lock, &until) == 0) {
	}
}

static bool
add(struct audit_file *file, const struct event *event)
{
	const struct audit_line line = {event->time_us, event->what, event->who, event->from,
	    event->about, event->outcome, event->times};

	return audit_file_add(file, &line);
}

/* That lines are missing, and how many, stands where they would. */
static bool
add_lost(struct audit *audit, uint64_t lost)
{
	char outcome[64];
	const struct audit_line line = {.time_us = daemon_clock_us(audit->daemon),
	    .event = "lost",
	    .who = "plumbd",
	    .outcome = outcome};

	snprintf(outcome, sizeof outcome, "%" PRIu64 " events were not recorded", lost);
	return audit_file_add(audit->file, &line);
}

static bool
write_events(struct audit *audit, const struct event *first, uint64_t lost)
{
	struct err err = {.msg = "out of memory"};
	bool ok = lost == 0 || add_lost(audit, lost);

	for (const struct event *event = first; ok && event != NULL; event = event->next)
		ok = add(audit->file, event);
	/* Also empties the batch where something did not fit. */
	if (ok ? audit_file_sync(audit->file, &err) : (audit_file_drop(audit->file), false)) {
		if (audit->is_failing || lost > 0)
			log_warn("audit", "lost=%" PRIu64 " next=\"goes on\"", lost);
		audit->is_failing = false;
		return true;
	}
	if (!audit->is_failing)
		log_error("audit",
		    "why=\"%s\" next=\"events are counted, and the count recorded, when the disk "
		    "is "
		    "well\"",
		    err.msg);
	audit->is_failing = true;
	return false;
}

static uint64_t
free_events(struct event *first)
{
	struct event *next;
	uint64_t count = 0;

	for (; first != NULL; first = next) {
		next = first->next;
		count += first->times;
		free(first);
	}
	return count;
}

/* Under lock, which is given up while the disk works. */
static void
write_batch(struct audit *audit)
{
	struct event *first = audit->first;
	uint64_t lost = audit->lost;
	uint64_t count;
	bool ok;

	audit->first = NULL;
	audit->last = NULL;
	audit->count = 0;
	audit->lost = 0;
	pthread_mutex_unlock(&audit->lock);
	ok = write_events(audit, first, lost);
	count = free_events(first);
	pthread_mutex_lock(&audit->lock);
	if (ok)
		audit->head = *audit_file_head(audit->file);
	else
		audit->lost += lost + count;
}

static void *
thread_main(void *arg)
{
	struct audit *audit = arg;

	pthread_mutex_lock(&audit->lock);
	while (!audit->stopping || audit->first != NULL) {
		while (audit->first == NULL && audit->lost == 0 && !audit->stopping)
			pthread_cond_wait(&audit->work, &audit->lock);
		write_batch(audit);
		pause_ms(audit, audit->is_failing ? RETRY_MS : PAUSE_MS);
	}
	audit->stopped = true;
	pthread_cond_broadcast(&audit->written);
	pthread_mutex_unlock(&audit->lock);
	return NULL;
}

/* Signals are the loop's business. */
static bool
start_thread(struct audit *audit, struct err *err)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	audit->has_thread = pthread_create(&audit->thread, NULL, thread_main, audit) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return audit->has_thread ||
	       err_set(err, ERR_UNAVAILABLE, "the system refuses another thread");
}

/* ---- anchors ------------------------------------------------------------------------------------------- */

static bool
read_anchor(const struct daemon *daemon, struct audit_head *head, struct err *err)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	const Plumb__V1__Item *item;
	bool starved = arena == NULL;

	*head = (struct audit_head){.sequence = 0};
	item = starved ? NULL : system_find(daemon, KIND_AUDIT_ANCHOR, ANCHOR, arena, &starved);
	if (item != NULL && item->body_case == PLUMB__V1__ITEM__BODY_AUDIT_ANCHOR &&
	    item->audit_anchor->chain.len == SHA256_LEN) {
		head->sequence = item->audit_anchor->sequence;
		memcpy(head->chain, item->audit_anchor->chain.data, SHA256_LEN);
	}
	arena_free(arena);
	return !starved || err_oom(err);
}

static void
on_anchored(void *arg, enum err_code code)
{
	struct audit *audit = arg;

	audit->is_anchoring = false;
	if (code == ERR_OK)
		audit->anchored = audit->pending;
}

static void
put_anchor(struct audit *audit, const struct audit_head *head)
{
	Plumb__V1__Item item;
	Plumb__V1__AuditAnchor body;
	struct err err;

	plumb__v1__item__init(&item);
	plumb__v1__audit_anchor__init(&body);
	audit->pending = *head;
	audit->anchored_us = daemon_monotonic_us();
	body.sequence = head->sequence;
	body.chain.data = audit->pending.chain;
	body.chain.len = SHA256_LEN;
	item.id = pb_str(ANCHOR);
	item.body_case = PLUMB__V1__ITEM__BODY_AUDIT_ANCHOR;
	item.audit_anchor = &body;
	audit->is_anchoring = true;
	if (system_put_own(audit->daemon, &item, NULL, on_anchored, audit, &err))
		return;
	audit->is_anchoring = false;
	log_warn("audit", "why=\"the log takes no anchor: %s\" next=\"tries again\"", err.msg);
}

struct audit_head
audit_head(struct audit *audit)
{
	struct audit_head head;

	pthread_mutex_lock(&audit->lock);
	head = audit->head;
	pthread_mutex_unlock(&audit->lock);
	return head;
}

void
audit_tick(struct daemon *daemon)
{
	struct audit *audit = daemon->audit;
	struct audit_head head;
	int64_t age_us;

	if (audit == NULL || audit->is_anchoring || daemon->stopping)
		return;
	head = audit_head(audit);
	age_us = daemon_monotonic_us() - audit->anchored_us;
	if (head.sequence == audit->anchored.sequence || age_us < ANCHOR_TRY_US)
		return;
	/* The first after the start at once. */
	if (age_us >= LIMIT_AUDIT_ANCHOR_US || audit->anchored_us == 0 ||
	    head.sequence - audit->anchored.sequence >= LIMIT_AUDIT_ANCHOR_LINES)
		put_anchor(audit, &head);
}

/* ---- beginning and end --------------------------------------------------------------------------------- */

static void
tell_found(struct daemon *daemon, const struct audit_found *found)
{
	char text[160];

	if (found->aside_bytes > 0) {
		snprintf(text, sizeof text,
		    "%" PRIu64 " bytes behind the last line were put into %s", found->aside_bytes,
		    found->aside_name);
		audit_event(daemon, NULL, "torn", "audit.log", text);
		log_warn("audit", "why=\"%s\"", text);
	}
	if (found->missing_from > 0) {
		snprintf(text, sizeof text,
		    "lines %" PRIu64 " to %" PRIu64 ", which the log knows of, are missing",
		    found->missing_from, found->missing_to);
		audit_event(daemon, NULL, "missing", "audit.log", text);
		log_error("audit", "why=\"%s\" next=\"plumb admin audit --verify\"", text);
	}
	if (found->is_other) {
		snprintf(text, sizeof text, "the last line is not the one that the log knows");
		audit_event(daemon, NULL, "changed", "audit.log", text);
		log_error("audit", "why=\"%s\" next=\"plumb admin audit --verify\"", text);
	}
}

static bool
open_file(struct audit *audit, struct audit_found *found, struct err *err)
{
	struct daemon *daemon = audit->daemon;

	if (!read_anchor(daemon, &audit->anchored, err))
		return false;
	audit->file =
	    audit_file_open(daemon->data_dir, LIMIT_AUDIT_FILE, &audit->anchored, found, err);
	if (audit->file == NULL)
		return false;
	audit->head = *audit_file_head(audit->file);
	return true;
}

struct audit *
audit_new(struct daemon *daemon, struct err *err)
{
	struct audit *audit = calloc(1, sizeof *audit);
	struct audit_found found = {.aside_bytes = 0};
	pthread_condattr_t monotonic;

	if (audit == NULL) {
		err_oom(err);
		return NULL;
	}
	pthread_mutex_init(&audit->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&audit->work, &monotonic);
	pthread_cond_init(&audit->written, NULL);
	pthread_condattr_destroy(&monotonic);
	audit->daemon = daemon;
	if (!open_file(audit, &found, err) || !start_thread(audit, err)) {
		audit_free(audit);
		return NULL;
	}
	daemon->audit = audit;
	tell_found(daemon, &found);
	audit_event(daemon, NULL, "start", "plumbd " PLUMB_VERSION, "ok");
	return audit;
}

void
audit_stop(struct daemon *daemon)
{
	struct audit *audit = daemon->audit;

	if (audit == NULL)
		return;
	audit_event(daemon, NULL, "stop", "plumbd " PLUMB_VERSION, "ok");
	pthread_mutex_lock(&audit->lock);
	audit->stopping = true;
	pthread_cond_signal(&audit->work);
	while (!audit->stopped)
		pthread_cond_wait(&audit->written, &audit->lock);
	pthread_mutex_unlock(&audit->lock);
	if (audit->head.sequence != audit->anchored.sequence)
		put_anchor(audit, &audit->head);
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	pthread_mutex_lock(&audit->lock);
	audit->stopping = true;
	pthread_cond_signal(&audit->work);
	pthread_mutex_unlock(&audit->lock);
	if (audit->has_thread)
		pthread_join(audit->thread, NULL);
	free_events(audit->first);
	audit_file_close(audit->file);
	pthread_cond_destroy(&audit->written);
	pthread_cond_destroy(&audit->work);
	pthread_mutex_destroy(&audit->lock);
	free(audit);
}
