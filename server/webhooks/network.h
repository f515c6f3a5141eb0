/*
 * Where a delivery may go: not into this machine or its networks, unless the operator says so.
 *
 * Asked for the address that is about to be connected to, never for a name.
 */
#ifndef SERVER_WEBHOOKS_NETWORK_H
#define SERVER_WEBHOOKS_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/err.h"

#define NETWORKS_MAX 64

/* An IPv4 one is written as IPv4-mapped IPv6. */
struct network {
	uint8_t address[16];
	unsigned bits;
};

struct networks {
	struct network list[NETWORKS_MAX];
	unsigned count;
	bool all_private;
};

/* "10.1.0.0/16", "fd00::/8", "192.0.2.7". ERR_INVALID. */
bool network_parse(const char *text, struct network *out, struct err *err) MUST_CHECK;
bool networks_add(struct networks *networks, const char *text, struct err *err) MUST_CHECK;

enum reach {
	REACH_PUBLIC,
	REACH_ALLOWED, /* private, but the operator named it */
	REACH_REFUSED,
};
/* Of an address as connect() takes it; any family but the internet's is refused. */
enum reach networks_reach(const struct networks *allowed, const struct sockaddr *address);
/* In clear only where the operator named the network: what is on the way there is theirs. */
bool networks_may(const struct networks *allowed, const struct sockaddr *address, bool in_clear);

#endif
