#include "server/rpc/source.h"

#include <arpa/inet.h>
#include <string.h>

#define NETWORK_LEN 8

/* An address of IPv4 in the form of IPv6 is one of many neighbours, and not all of them. */
static size_t
of_v6(const char *host, size_t len, char *key)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof text)
		return 0;
	memcpy(text, host, len);
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, &address) != 1)
		return 0;
	len = IN6_IS_ADDR_V4MAPPED(&address) ? sizeof address : NETWORK_LEN;
	key[0] = '6'; /* as no other key begins */
	memcpy(key + 1, &address, len);
	return len + 1;
}

size_t
source_key(const char *from, char *key)
{
	const char *colon = from != NULL ? strrchr(from, ':') : NULL;
	size_t len = colon != NULL ? (size_t)(colon - from) : from != NULL ? strlen(from) : 0;
	size_t used = 0;

	if (len > 6 && strncmp(from, "tcp:[", 5) == 0 && from[len - 1] == ']')
		used = of_v6(from + 5, len - 6, key);
	if (used > 0)
		return used;
	len = len < SOURCE_LEN ? len : SOURCE_LEN;
	if (len > 0)
		memcpy(key, from, len);
	return len;
}
