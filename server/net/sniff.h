/*
 * Which protocol a connection speaks, from its first bytes (docs/PROTOCOL.md, 1). Pure.
 */
#ifndef SERVER_NET_SNIFF_H
#define SERVER_NET_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn_protocol;

/* NULL: nothing that is spoken here, or not enough bytes to tell. */
const struct conn_protocol *sniff(const uint8_t *p, size_t len);
/* By the name that TLS agreed on (ALPN); NULL if it is none of ours. */
const struct conn_protocol *sniff_named(const char *name);
/* No further bytes can make it a protocol that is spoken here. */
bool sniff_is_hopeless(const uint8_t *p, size_t len);
/* Why, for the log. Static. */
const char *sniff_reason(const uint8_t *p, size_t len);
/* What a peer that speaks HTTP/1.1 is answered, in full; NULL: it does not. Static. */
const char *sniff_answer(const uint8_t *p, size_t len);

#endif
