#include "server/webhooks/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

#define V4_AT 96 /* bits before the IPv4 address in ::ffff:0:0/96 */

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/*
 * Not globally reachable, or meant for something else than a service: the IANA IPv4 and IPv6 Special-Purpose Address
 * Registries [RFC 6890 and its updates], and multicast [RFC 5771, RFC 4291].
 */
static const char *const special[] = {
    "0.0.0.0/8",         /* this network [RFC 791] */
    "10.0.0.0/8",        /* private use [RFC 1918] */
    "100.64.0.0/10",     /* shared address space, CGNAT [RFC 6598] */
    "127.0.0.0/8",       /* loopback [RFC 1122] */
    "169.254.0.0/16",    /* link local [RFC 3927]; metadata services of clouds */
    "172.16.0.0/12",     /* private use [RFC 1918] */
    "192.0.0.0/24",      /* IETF protocol assignments [RFC 6890] */
    "192.0.2.0/24",      /* documentation [RFC 5737] */
    "192.31.196.0/24",   /* AS112-v4 [RFC 7535] */
    "192.52.193.0/24",   /* AMT [RFC 7450] */
    "192.88.99.0/24",    /* 6to4 relay anycast [RFC 7526] */
    "192.168.0.0/16",    /* private use [RFC 1918] */
    "192.175.48.0/24",   /* direct delegation AS112 service [RFC 7534] */
    "198.18.0.0/15",     /* benchmarking [RFC 2544] */
    "198.51.100.0/24",   /* documentation [RFC 5737] */
    "203.0.113.0/24",    /* documentation [RFC 5737] */
    "224.0.0.0/4",       /* multicast [RFC 5771] */
    "240.0.0.0/4",       /* reserved [RFC 1112], and limited broadcast [RFC 8190] */
    "2001::/23",         /* IETF protocol assignments, Teredo among them [RFC 2928, RFC 4380] */
    "2001:db8::/32",     /* documentation [RFC 3849] */
    "2620:4f:8000::/48", /* direct delegation AS112 service [RFC 7534] */
    "3fff::/20",         /* documentation [RFC 9637] */
};
/* What is globally routed of IPv6 at all [RFC 4291, section 2.4]: no loopback, unique local, link local or multicast. */
static const char global_v6[] = "2000::/3";

/* Where an IPv4 address lies in an IPv6 one, and decides. */
static const struct {
	const char *network;
	unsigned at; /* byte */
} embeds[] = {
    {"64:ff9b::/96", 12}, /* NAT64 [RFC 6052] */
    {"2002::/16", 2},     /* 6to4 [RFC 3056] */
};

static bool
is_in(const uint8_t address[16], const struct network *network)
{
	unsigned bytes = network->bits / 8;
	unsigned rest = network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	return memcmp(address, network->address, bytes) == 0 &&
	       (rest == 0 || ((address[bytes] ^ network->address[bytes]) & mask) == 0);
}

static bool
is_v4(const uint8_t address[16])
{
	return memcmp(address, mapped, sizeof mapped) == 0;
}

static void
map_v4(const uint8_t v4[4], uint8_t out[16])
{
	memcpy(out, mapped, sizeof mapped);
	memcpy(out + 12, v4, 4);
}

/* Clears what is behind the prefix, so that 10.1.2.3/8 is 10.0.0.0/8. */
static void
clear_rest(struct network *network)
{
	for (unsigned bit = network->bits; bit < 128; bit++)
		network->address[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

bool
network_parse(const char *text, struct network *out, struct err *err)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned begin = 0;
	uint64_t bits;
	uint8_t v4[4];

	if (len >= sizeof address)
		goto bad;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, v4) == 1) {
		map_v4(v4, out->address);
		begin = V4_AT;
	} else if (inet_pton(AF_INET6, address, out->address) != 1) {
		goto bad;
	}
	bits = 128 - begin;
	if (slash != NULL && !parse_u64(slash + 1, 0, 128 - begin, &bits))
		goto bad;
	out->bits = begin + (unsigned)bits;
	clear_rest(out);
	return true;
bad:
	return err_set(
	    err, ERR_INVALID, "'%.60s' is no network: write it like 10.1.0.0/16 or fd00::/8", text);
}

bool
networks_add(struct networks *networks, const char *text, struct err *err)
{
	if (networks->count == NETWORKS_MAX)
		return err_set(err, ERR_INVALID, "there are at most %d networks", NETWORKS_MAX);
	if (!network_parse(text, &networks->list[networks->count], err))
		return false;
	networks->count++;
	return true;
}

static bool
is_in_text(const uint8_t address[16], const char *text)
{
	struct network network;
	struct err err;

	return network_parse(text, &network, &err) && is_in(address, &network);
}

static bool
is_public(const uint8_t address[16])
{
	for (size_t i = 0; i < sizeof embeds / sizeof embeds[0]; i++) {
		uint8_t inner[16];

		if (!is_in_text(address, embeds[i].network))
			continue;
		map_v4(address + embeds[i].at, inner);
		return is_public(inner);
	}
	if (!is_v4(address) && !is_in_text(address, global_v6))
		return false;
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
		if (is_in_text(address, special[i]))
			return false;
	}
	return true;
}

static bool
address_of(const struct sockaddr *from, uint8_t out[16])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof v4);
		map_v4((const uint8_t *)&v4.sin_addr, out);
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	memcpy(&v6, from, sizeof v6);
	memcpy(out, &v6.sin6_addr, 16);
	return true;
}

enum reach
networks_reach(const struct networks *allowed, const struct sockaddr *from)
{
	uint8_t address[16];

	if (!address_of(from, address))
		return REACH_REFUSED;
	for (unsigned i = 0; i < allowed->count; i++) {
		if (is_in(address, &allowed->list[i]))
			return REACH_ALLOWED;
	}
	if (is_public(address))
		return REACH_PUBLIC;
	return allowed->all_private ? REACH_ALLOWED : REACH_REFUSED;
}

bool
networks_may(const struct networks *allowed, const struct sockaddr *address, bool in_clear)
{
	enum reach reach = networks_reach(allowed, address);

	return reach == REACH_ALLOWED || (reach == REACH_PUBLIC && !in_clear);
}
