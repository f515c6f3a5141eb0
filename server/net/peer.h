/*
 * Who is on the other end of a connection, and who a call says it is (docs/PROTOCOL.md, 3.1).
 *
 * Knows no protocol: whatever carries the claim and the token hands them over as text.
 */
#ifndef SERVER_NET_PEER_H
#define SERVER_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"
#include "server/rpc/rpc.h"

struct access_book;

struct peer {
	bool local; /* a unix socket, so that uid is known */
	uid_t uid;
	bool loopback; /* TCP from this machine */
	bool http;     /* came by a port of HTTP/1.1 */
	bool
	    certified; /* showed a certificate that was verified, and that the configuration knows */
	char person
	    [80]; /* "person/anna" that the configuration maps uid or certificate to; "" none */
	enum access access; /* without a token */
	char from[64];      /* "tcp:192.0.2.1:51234", "unix" */
};

/* The metadata key of the claim; that of tokens is ACCESS_KEY. */
#define PEER_CLAIM_KEY "plumb-as"
#define PEER_CLAIM_MAX 96

/*
 * The caller of a call with this claim ("" none) and no token. ERR_INVALID if the claim is no name; ERR_DENIED if the peer is
 * known to be somebody else, and no admin.
 */
bool peer_caller(const struct peer *peer, const char *claim, size_t claim_len, struct caller *out,
    struct err *err) MUST_CHECK;

/* What a call says of who calls; not NUL-terminated. */
struct shown {
	const char *claim;
	size_t claim_len;
	const char *token; /* the value of "authorization"; NULL none */
	size_t token_len;
};

/* The last caller on a connection: nearly always the next one too. All zero at first. */
struct identity {
	uint64_t epoch; /* of the table of tokens when it was looked up; 0 never */
	struct caller caller;
	size_t claim_len;
	size_t token_len;
	char claim[PEER_CLAIM_MAX];
	char token[96];
};

/* Must the method's callers say who they are? Health checks answer anybody. */
bool identity_is_asked(const struct rpc_method *method);
/*
 * Leaves in identity->caller who calls. book NULL: everybody may do everything. Errors as peer_caller(), and
 * ERR_UNAUTHENTICATED: if a token was shown, the call is to be ended by access_refuse().
 */
bool identity_find(struct identity *identity, const struct peer *peer, struct access_book *book,
    const struct shown *shown, struct err *err) MUST_CHECK;

#endif
