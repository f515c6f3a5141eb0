/*
 * How long a connection lives: its age, how long nobody uses it, whether its peer still is there.
 *
 * Clocks are read when a limit is due, not when bytes come: whoever used or was heard from since the last look has
 * another whole interval. So what is idle goes after one to two intervals, and so it is with the silent.
 */
#ifndef SERVER_NET_LIFE_H
#define SERVER_NET_LIFE_H

#include <stdbool.h>

struct conn;

/* 0: no such limit. */
struct life_options {
	unsigned age_ms;   /* then it is drained; each has its own, up to a tenth more or less */
	unsigned grace_ms; /* how long what runs may take then */
	unsigned idle_ms;  /* without a call: drained */
	unsigned keepalive_ms;         /* from a silent peer: it is asked */
	unsigned keepalive_timeout_ms; /* and given up without an answer */
	unsigned ping_interval_ms;     /* how often a peer may ask, while nothing else is said */
};

/* The connection knows what it speaks. False: out of memory. */
bool life_begin(struct conn *conn);
void life_end(struct conn *conn);
/* A PING has come. False: that was one too many (gRPC's A8). */
bool life_takes_ping(struct conn *conn);
/* A frame has come that cost its sender nothing. False: more of them in a second than anybody needs. */
bool life_takes_cheap(struct conn *conn);
/* Something was said or asked that is no PING. */
void life_moved(struct conn *conn);

#endif
