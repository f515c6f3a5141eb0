/* What the files of server/net share about struct net. */
#ifndef SERVER_NET_NET_INTERNAL_H
#define SERVER_NET_NET_INTERNAL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "server/net/conn.h"
#include "server/net/deadline.h"
#include "server/net/net.h"
#include "server/net/outq.h"

#define NET_INPUT_LEN (128u << 10)
#define NET_PLAIN_LEN (16u << 10) /* a TLS record */

struct frame_stream;
struct listener;

struct net {
	struct net_options options;
	struct listener *listeners; /* owned */
	LIST_HEAD(, conn) conns;    /* owned */
	size_t conns_count;
	uint64_t next_conn_id;
	bool draining;
	/* Connections with output or work for the end of the turn; those before early were written already. */
	TAILQ_HEAD(net_dirty, conn) dirty;
	struct conn *early;
	size_t late_count; /* dirty ones from early on */
	STAILQ_HEAD(, conn) dead;
	/* Given up when their time is up: undecided, stalled, lingering. */
	TAILQ_HEAD(, conn) waiting;
	struct event sweep_event; /* armed while somebody waits */
	bool is_sweeping;
	struct out_pool pool;
	size_t input_owned;         /* all connections' unfinished input */
	struct deadlines deadlines; /* of frame_stream */
	struct event deadline_event;
	int64_t deadline_armed_us; /* 0: not armed */
	struct frame_stream *free_streams;
	size_t free_streams_count;
	uint8_t *input;          /* NET_INPUT_LEN; what a read goes into */
	struct tls_context *tls; /* owned; NULL: TLS is not spoken */
	unsigned handshakes;     /* steps of them in this turn */
	uint8_t *plain; /* NET_PLAIN_LEN, with TLS: what is decrypted, or to be encrypted */
};

/* Connection lists; see net.c. */
void net_conn_added(struct net *net, struct conn *conn);
void net_conn_removed(struct net *net, struct conn *conn);
void net_dirty_add(struct net *net, struct conn *conn);
void net_wait(struct net *net, struct conn *conn, unsigned timeout_ms);
void net_wait_end(struct net *net, struct conn *conn);
/* Who the configuration says the peer is, with the common name of its certificate ("" none). */
void net_identify(const struct net *net, struct peer *peer, const char *certificate);
/* Takes over fd. */
void net_accept(struct net *net, int fd, const struct peer *peer);

/* Ends the stream's call with ERR_DEADLINE at that time. False: out of memory. */
bool net_deadline_add(struct net *net, struct deadline *deadline, int64_t at_us) MUST_CHECK;
void net_deadline_remove(struct net *net, struct deadline *deadline);

/* listener.c */
bool listener_open(struct net *net, const char *address, bool http, struct err *err) MUST_CHECK;
bool listener_take(struct net *net, int fd, bool http, struct err *err) MUST_CHECK;
void listeners_close(struct net *net);
const char *listener_address(const struct net *net, size_t i);

#endif
