/*
 * TLS on a connected socket, from the side of plumb: the daemon shows a certificate, which must be vouched for by an
 * authority that is trusted and be for the host that was asked for.
 *
 * The socket does not block: what cannot go on answers -1 with errno EAGAIN, as recv() and send() do.
 */
#ifndef CLIENT_SECURE_H
#define CLIENT_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

struct secure;

/* "" where nothing is stated. */
struct secure_files {
	const char *ca; /* PEM: who may vouch for the daemon; "" whom this machine trusts */
	const char *certificate; /* PEM: ours */
	const char *key;         /* PEM: ours */
};

/*
 * Shakes hands. host: what the certificate must be for, a name or a number; address: the same as it was typed, for messages.
 * files are read here; their names stay borrowed until freed. ERR_INVALID: a file is no good; ERR_UNAVAILABLE: the other side is not.
 */
struct secure *secure_new(int fd, const struct secure_files *files, const char *host,
    const char *address, int timeout_ms, struct err *err) MUST_CHECK;
/* Says goodbye if it can; leaves the socket open. Takes NULL. */
void secure_free(struct secure *secure);

/* Bytes, 0 at the end, -1 with errno. */
ssize_t secure_recv(struct secure *secure, uint8_t *p, size_t cap);
ssize_t secure_send(struct secure *secure, const uint8_t *p, size_t len);
/* Something has arrived that the socket no longer shows. */
bool secure_has_more(const struct secure *secure);
/* The connection ended before a word was said: was that about our certificate? False: it was not. */
bool secure_was_refused(const struct secure *secure, struct err *err);

/* Do these bytes begin an answer in TLS, to somebody who spoke in clear? */
bool secure_is_answer(const uint8_t *p, size_t len);

#endif
