/*
 * Calls: what every protocol turns its bytes into, and where every handler answers.
 *
 * A transport makes a call, gives it the request bytes, and implements
 * struct rpc_transport; a handler can't tell who calls. Loop thread only, unless said otherwise.
 */
#ifndef SERVER_RPC_RPC_H
#define SERVER_RPC_RPC_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/faults.h"

struct rpc_call;
struct rpc_method;
struct daemon;
struct rpc_bytes;
struct quota_party;
struct workspace;

/* What a caller may do; each may do what those before it may. Numbers as plumb.v1.Role. */
enum access { ACCESS_NONE, ACCESS_READER, ACCESS_CONTRIBUTOR, ACCESS_PLANNER, ACCESS_ADMIN };

/* Who calls. */
struct caller {
	char name
	    [96]; /* "person/anna", "uid:1000", "service/billing as person/anna", "unverified" */
	bool verified;
	bool local; /* a unix socket peer */
	enum access access;
	uint32_t token; /* its number (server/rpc/access.h); 0 none was shown: all workspaces */
	uint32_t
	    claimed; /* the number of a token that lets nobody in, for the log; token is 0 then */
	uint32_t secret; /* which of its secrets: a rotated one holds for a while */
	const char *
	    from; /* the peer's address, "unix"; the connection's, valid while the call runs; NULL */
};

/* What a transport does for a call; it never blocks. */
struct rpc_transport {
	/* One reply message. Bytes are copied or sent before it returns. */
	void (*send)(struct rpc_call *call, const uint8_t *p, size_t len);
	/*
	 * Sends bytes that many calls share; the transport takes a reference to bytes where it must queue.
	 */
	void (*send_shared)(struct rpc_call *call, struct rpc_bytes *bytes);
	/* The end: exactly once. status ERR_OK or an error; details is an encoded google.rpc.Status.details list or empty. */
	void (*finish)(struct rpc_call *call, const struct err *status, const uint8_t *details,
	    size_t details_len);
	/* May the stream send more now? False: wait for on_writable. Always true for unary calls. */
	bool (*is_writable)(struct rpc_call *call);
};

/* Reference-counted bytes, encoded once for many streams; loop thread only. */
struct rpc_bytes {
	unsigned refs;
	size_t len;
	uint8_t p[];
};
struct rpc_bytes *rpc_bytes_new(const void *p, size_t len) MUST_CHECK; /* one reference */
struct rpc_bytes *rpc_bytes_ref(struct rpc_bytes *bytes);
void rpc_bytes_unref(struct rpc_bytes *bytes); /* takes NULL */

/* Of replies. AUTO: as the transport sees fit. A transport that cannot compress, or a caller that cannot read it, gets them plain. */
enum rpc_compression { RPC_COMPRESS_AUTO, RPC_COMPRESS_NEVER, RPC_COMPRESS_ALWAYS };

enum rpc_state { RPC_RUNNING, RPC_FINISHED };

/* A key and value that came with a call, or go with its reply. Values of keys that end in "-bin" are any bytes, others text. */
struct rpc_metadata {
	const char *key; /* lower case */
	const uint8_t *value;
	size_t len;
	struct rpc_metadata *next;
};

struct rpc_call {
	const struct rpc_method *method;
	const struct rpc_transport *transport;
	void *transport_data; /* the transport's own; NULL once the call has finished */
	struct daemon *daemon;
	struct caller caller; /* copied */
	uint64_t id;          /* for the log */
	int64_t started_us;   /* monotonic */
	int64_t
	    deadline_us; /* monotonic; 0 none. The transport ends the call with ERR_DEADLINE by rpc_cancel() */
	struct arena *arena;   /* everything of this call */
	struct faults *faults; /* in the arena; what rpc_fail adds as google.rpc.BadRequest */
	enum rpc_state state;
	bool cancelled; /* also read by workers (relaxed atomic) */
	/* The handler's own, for calls that outlive the handler function. */
	void *handler_data;
	void (*on_cancel)(struct rpc_call *call);   /* free handler_data; the reply goes nowhere */
	void (*on_writable)(struct rpc_call *call); /* streams: room again */
	/*
	 * Streams: the revision that a caller asks for to go on without a gap; the handler keeps it up to date. Goes out as
	 * google.rpc.ErrorInfo ("resume_from") when the stream is ended for its caller's slowness or the daemon's stop.
	 * 0: nothing to resume.
	 */
	uint64_t resume_from;
	struct rpc_metadata *metadata; /* what came with the call, in order */
	struct rpc_metadata *headers;  /* what goes before the first reply: rpc_add_header() */
	struct rpc_metadata *trailers; /* what goes with the end: rpc_add_trailer() */
	/* RPC_CLIENT_STREAM: each further message, and that there are no more. Set by the handler when the call begins. */
	void (*on_message)(struct rpc_call *call, const ProtobufCMessage *message);
	void (*on_half_close)(struct rpc_call *call);
	struct arena *message_arena;      /* of the message at hand; RPC_CLIENT_STREAM only */
	bool was_compressed;              /* the message at hand came compressed */
	enum rpc_compression compression; /* of the replies from here on */
	/* See quota.h. */
	struct quota_party *party;
	struct workspace *entered; /* NULL: it named none yet */
	size_t request_bytes;
	int64_t retry_us; /* of a refusal: when to come again, as google.rpc.RetryInfo; 0 unknown */
	unsigned pins; /* workers and commits that still hold the call; freed when 0 and finished */
	struct rpc_call *next_free; /* in the pool */
	bool refused;               /* already; its answer is held back for a while */
	bool is_long;               /* in the list of rpc_end_long() */
	LIST_ENTRY(rpc_call) long_link;
};

enum rpc_flag {
	RPC_WRITE = 1,
	RPC_STREAM = 2, /* server streams replies */
	/*
	 * A stream that goes on until its caller stops: a caller that can't give credit (stock ttrpc) is never waited for,
	 * but ended when too much is unsent. Any other stream waits for its caller.
	 */
	RPC_ENDLESS = 4,
	/*
	 * The caller streams requests: the handler is called without one when the call begins, and is given each by
	 * on_message.
	 */
	RPC_CLIENT_STREAM = 16,
	/* What a person says in confidence: no log line tells that it was said, or who called. */
	RPC_CONFIDENTIAL = 8,
};

typedef void (*rpc_handler_fn)(struct rpc_call *call, const ProtobufCMessage *request);

struct rpc_method {
	const char *service; /* "plumb.v1.Plan" */
	const char *name;    /* "Apply" */
	const ProtobufCMessageDescriptor *request;
	const ProtobufCMessageDescriptor *reply;
	unsigned flags;
	rpc_handler_fn handler;
};
const struct rpc_method *rpc_methods(size_t *count);
/* Adds a table to what rpc_find() knows; static. Before the first call only. False: there is no room. */
bool rpc_add_methods(const struct rpc_method *methods, size_t count);
/* Not NUL-terminated arguments; NULL if there is none. *service_known tells which half was wrong. */
const struct rpc_method *rpc_find(const char *service, size_t service_len, const char *method,
    size_t method_len, bool *service_known);

/* A call with an arena, from the daemon's pool; NULL when memory or the limit on calls is reached. */
struct rpc_call *rpc_call_new(struct daemon *daemon, const struct rpc_method *method,
    const struct rpc_transport *transport, void *transport_data,
    const struct caller *caller) MUST_CHECK;
/*
 * Decodes and checks the request, then calls the handler, which answers now or later. Bytes are borrowed until it
 * returns. The transport forgets the call in its finish().
 */
void rpc_dispatch(struct rpc_call *call, const uint8_t *request, size_t len);

/* RPC_CLIENT_STREAM: the call begins; a message; no more messages. Each may end the call. */
void rpc_begin(struct rpc_call *call);
void rpc_message(struct rpc_call *call, const uint8_t *p, size_t len);
void rpc_half_close(struct rpc_call *call);
/* What came with the call, in order: text keys, any bytes. False: out of memory. */
bool rpc_add_metadata(struct rpc_call *call, const char *key, size_t key_len, const uint8_t *value,
    size_t len) MUST_CHECK;

/* ---- for handlers */
/* Copied. Headers go out with the first reply or the end, trailers with the end. False: out of memory. */
bool rpc_add_header(struct rpc_call *call, const char *key, const uint8_t *value, size_t len);
bool rpc_add_trailer(struct rpc_call *call, const char *key, const uint8_t *value, size_t len);
/* The first value of a key; NULL. */
const struct rpc_metadata *rpc_find_metadata(const struct rpc_call *call, const char *key);
/* One reply message, encoded here. False when too large: the call has then been failed. */
bool rpc_send(struct rpc_call *call, const ProtobufCMessage *reply);
bool rpc_send_bytes(struct rpc_call *call, const uint8_t *p, size_t len);
/* Streams: the same bytes for many calls. Keeps no reference of the caller's. */
bool rpc_send_shared(struct rpc_call *call, struct rpc_bytes *bytes);
/*
 * Streams: ask before every message. False: wait for on_writable (which comes once for each false). False too once the
 * call has ended.
 */
bool rpc_is_writable(struct rpc_call *call);
void rpc_finish(struct rpc_call *call);
/*
 * Everything below rpc_send() does nothing on a call that was cancelled meanwhile; on one that its handler has finished it
 * is a mistake (asserted).
 * Ends with an error; call->faults become google.rpc.BadRequest, detail (may be NULL) is appended as Any. */
void rpc_fail(struct rpc_call *call, const struct err *err);
void rpc_fail_detail(struct rpc_call *call, const struct err *err, const ProtobufCMessage *detail);
void rpc_pin(struct rpc_call *call);
void rpc_unpin(struct rpc_call *call);

/* ---- for transports */
/*
 * Ends a call from outside: the peer cancelled or the connection is lost (ERR_CANCELLED), its deadline passed
 * (ERR_DEADLINE), it reads too slowly (ERR_LIMIT), or the daemon stops (ERR_UNAVAILABLE). Never from within a handler.
 */
void rpc_cancel(struct rpc_call *call, enum err_code code);
void rpc_writable(struct rpc_call *call);
/* Runs what is due at the end of a loop turn: flushes commits. */
void rpc_turn_end(struct daemon *daemon);
/*
 * Ends, with ERR_UNAUTHENTICATED, those calls by tokens that go on until their callers stop and of whom holds() says that
 * theirs holds no longer.
 */
void rpc_end_long(
    struct daemon *daemon, bool (*holds)(void *arg, const struct caller *caller), void *arg);
/* Calls that have not been freed yet. */
size_t rpc_calls_count(const struct daemon *daemon);

#endif
