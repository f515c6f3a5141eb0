/*
 * TLS on a connection: bytes of the socket in, bytes of the protocol out, and back. Knows no sockets and no events.
 *
 * OpenSSL works between two memory buffers, so that the connection reads and writes its socket the same way with and
 * without TLS, and nothing is ever stranded inside. TLS 1.2 and 1.3 only; no renegotiation, no compression.
 */
#ifndef SERVER_NET_TLS_H
#define SERVER_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

struct tls_context;
struct tls;

struct tls_options {
	const char *certificate; /* PEM file: the certificate, then those between it and the root */
	const char *key;         /* PEM file */
	const char *
	    client_ca; /* PEM file: who may vouch for callers; NULL: callers show no certificates */
	bool require_client; /* a caller without a certificate is refused */
};

/* Reads the files. ERR_INVALID says which one, and what is wrong with it: not there, not PEM, another key's, expired. */
struct tls_context *tls_context_new(const struct tls_options *options, struct err *err) MUST_CHECK;
/* Connections that use it go on. Takes NULL. */
void tls_context_free(struct tls_context *context);

/* A connection from the server's side; NULL out of memory. http: its port speaks HTTP/1.1 and nothing else. */
struct tls *tls_new(struct tls_context *context, bool http) MUST_CHECK;
void tls_free(struct tls *tls); /* takes NULL */

enum tls_result { TLS_MORE, TLS_CLOSED, TLS_FAILED };

/* What came from the socket. False: out of memory. */
bool tls_feed(struct tls *tls, const uint8_t *p, size_t len) MUST_CHECK;
/* What the peer said, decrypted: > 0 bytes, else *result tells why there are none. */
size_t tls_read(struct tls *tls, uint8_t *out, size_t cap, enum tls_result *result);
/* Encrypts all of it. False: the handshake is not done, or it failed. */
bool tls_write(struct tls *tls, const uint8_t *p, size_t len) MUST_CHECK;
/* What the socket shall get: up to cap bytes; 0 nothing. */
size_t tls_take(struct tls *tls, uint8_t *out, size_t cap);
/* Says goodbye, once. */
void tls_close(struct tls *tls);

bool tls_is_ready(const struct tls *tls);
/* The protocol that was agreed on: "h2", "plumb/1", "http/1.1"; "" none. */
const char *tls_protocol(const struct tls *tls);
/* The common name of the peer's certificate, which was verified; "" none. out has cap bytes. */
const char *tls_peer(const struct tls *tls, char *out, size_t cap);
/* Why it failed, in words for the log. */
const char *tls_reason(const struct tls *tls);

#endif
