/*
 * A connection: its socket, input, output and life; what is spoken on it is a struct conn_protocol's matter.
 *
 *   SNIFFING --first bytes--> OPEN --drain--> DRAINING --last call--> CLOSING --peer closes, 1 s--> DEAD
 *       |                      |  \------------- protocol error -------->^
 *       +--------- any of them: lost, refused, stalled -------------------------------------------> DEAD
 *
 * A DEAD connection is freed at the end of the turn, never inside a callback.
 */
#ifndef SERVER_NET_CONN_H
#define SERVER_NET_CONN_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/net/deadline.h"
#include "server/net/outq.h"
#include "server/net/peer.h"

struct conn;
struct net;
struct tls;

/* Names of connections' states; see the diagram. */
enum conn_state { CONN_SNIFFING, CONN_OPEN, CONN_DRAINING, CONN_CLOSING, CONN_DEAD, CONN_STATES };

/* What speaks on a connection. Everything but init may be called in OPEN and DRAINING, fini in DEAD too. */
struct conn_protocol {
	const char *name;
	/* Makes conn->protocol_data; false: out of memory. */
	bool (*init)(struct conn *conn);
	/* Takes whole pieces from the input while conn_can_take(); returns the bytes taken. */
	size_t (*input)(struct conn *conn, const uint8_t *p, size_t len);
	/* Before the turn's output is sent: what could not be done inside a handler. */
	void (*turn_end)(struct conn *conn);
	/* Output has fallen below the low mark after being above the high one. */
	void (*writable)(struct conn *conn);
	/*
	 * No new calls from now on; the state is DRAINING already. Calls conn_finish() when the last one has ended. why is
	 * for the peer, static.
	 */
	void (*drain)(struct conn *conn, const char *why);
	/* Calls are running. */
	bool (*is_busy)(const struct conn *conn);
	/* Asks the peer to answer; false: it could not. NULL: the protocol has no such question. */
	bool (*ping)(struct conn *conn);
	/* Ends all calls and frees conn->protocol_data. */
	void (*fini)(struct conn *conn);
};

/* See life.h. */
struct conn_life {
	struct deadline deadline; /* the next look */
	int64_t age_us;           /* 0: never; DRAINING: when it is cut off */
	int64_t idle_us;
	int64_t silent_us;
	bool used;       /* a call has begun since the last look */
	bool heard;      /* something has come */
	bool asked;      /* the peer owes an answer */
	uint8_t strikes; /* PINGs that came too early */
	int64_t pinged_us;
	int64_t cheap_since_us;
	unsigned cheap_count; /* frames that cost the peer nothing, since then */
};

struct conn {
	struct net *net; /* borrowed */
	uint64_t id;     /* for the log */
	int fd;          /* owned */
	enum conn_state state;
	struct event read_event;
	struct event write_event;
	bool is_reading;
	bool is_writing;    /* waits for the socket to take more */
	bool was_high;      /* output has passed the high mark */
	bool is_dirty;      /* in net->dirty */
	bool is_late;       /* likewise, and not written early */
	bool is_waiting;    /* in net->waiting */
	bool is_shut;       /* our side is closed */
	bool is_held;       /* the protocol wants nothing more to be read for now */
	bool is_identified; /* TLS: the peer's certificate was looked at */
	bool is_slowed;     /* its caller calls too often: nothing more is read for a moment */
	struct deadline slowed;
	struct peer peer;
	struct outq out;
	struct tls *tls;  /* NULL: in clear */
	struct outq wire; /* with TLS: what is encrypted already */
	/* What was read and not taken yet; owned, NULL when empty. */
	uint8_t *in;
	size_t in_len;
	size_t in_cap;
	int64_t wait_until_us; /* when it is given up */
	size_t ignored;        /* bytes that came when it was closing */
	struct conn_life life;
	const struct conn_protocol *protocol; /* NULL while sniffing */
	void *protocol_data;
	LIST_ENTRY(conn) link;
	TAILQ_ENTRY(conn) dirty_link;
	TAILQ_ENTRY(conn) waiting_link;
	STAILQ_ENTRY(conn) dead_link;
};

/* Takes over fd; NULL (and fd closed) when out of memory. */
struct conn *conn_new(struct net *net, int fd, const struct peer *peer) MUST_CHECK;
/* At the end of a turn only; state DEAD. */
void conn_free(struct conn *conn);

/* May the protocol go on taking input? False above the high mark of output, and when the connection is ending. */
bool conn_can_take(const struct conn *conn);
bool conn_is_dead(const struct conn *conn);

/* Room in the output that the caller fills; NULL where the connection has died of lack of memory. */
uint8_t *conn_reserve(struct conn *conn, size_t len);
void conn_write(struct conn *conn, const uint8_t *p, size_t len);
void conn_write_shared(
    struct conn *conn, const uint8_t *head, size_t head_len, struct rpc_bytes *bytes);
/* Nothing more is taken or read for that long; 0 does nothing. */
void conn_slow(struct conn *conn, int64_t us);
/* turn_end shall be called. */
void conn_mark_dirty(struct conn *conn);

/* The connection ends once its output is sent. */
void conn_finish(struct conn *conn);
/* It ends now. reason is for the log. */
void conn_close(struct conn *conn, const char *reason);
/* Says goodbye, and ends with its last call. why is for the peer, static. */
void conn_drain(struct conn *conn, const char *why);

/* ---- for net.c, at the end of a turn */
/* Writes without calling anybody back. */
void conn_write_out(struct conn *conn);
/* The whole end of a turn for one dirty connection. */
void conn_flush(struct conn *conn);
/* Its time is up. */
void conn_expire(struct conn *conn);

#endif
