/*
 * The native protocol on a connection (docs/PROTOCOL.md): frames in, calls out, and back.
 */
#ifndef SERVER_NET_FRAME_CONN_H
#define SERVER_NET_FRAME_CONN_H

#include "server/net/conn.h"
#include "server/net/deadline.h"

extern const struct conn_protocol frame_protocol;

/* Those kept for reuse. */
void frame_streams_free(struct net *net);

#endif
