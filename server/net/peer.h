/*
 * Who is on the other end of a connection, and who a call says it is (docs/PROTOCOL.md, 3.1).
 *
 * Knows no protocol: whatever carries the claim hands it over as text.
 */
#ifndef SERVER_NET_PEER_H
#define SERVER_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

struct caller;

struct peer {
	bool local; /* a unix socket, so that uid is known */
	uid_t uid;
	bool loopback; /* TCP from this machine */
	bool
	    certified; /* showed a certificate that was verified, and that the configuration knows */
	char person
	    [80]; /* "person/anna" that the configuration maps uid or certificate to; "" none */
};

/* The metadata key of the claim. */
#define PEER_CLAIM_KEY "plumb-as"

/*
 * The caller of a call with this claim ("" none). ERR_INVALID if the claim is no name; ERR_DENIED if the peer is known to
 * be somebody else.
 */
bool peer_caller(const struct peer *peer, const char *claim, size_t claim_len, struct caller *out,
    struct err *err) MUST_CHECK;

#endif
