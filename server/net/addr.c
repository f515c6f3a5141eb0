#include "server/net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "common/parse.h"

static bool
parse_unix(const char *path, struct addr *out, struct err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len == 0 || path[0] != '/')
		return err_set(err, ERR_INVALID,
		    "the path of a unix socket begins with '/': unix:/run/plumbd.sock");
	if (len >= sizeof sun.sun_path)
		return err_set(err, ERR_INVALID, "the path of a unix socket has at most %zu bytes",
		    sizeof sun.sun_path - 1);
	memcpy(sun.sun_path, path, len + 1);
	memcpy(&out->storage, &sun, sizeof sun);
	out->len = sizeof sun;
	return true;
}

static void
set_v4(struct addr *out, const struct in_addr *host, uint16_t port)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr = *host, .sin_port = htons(port)};

	memcpy(&out->storage, &sin, sizeof sin);
	out->len = sizeof sin;
}

static void
set_v6(struct addr *out, const struct in6_addr *host, uint16_t port)
{
	struct sockaddr_in6 sin6 = {
	    .sin6_family = AF_INET6, .sin6_addr = *host, .sin6_port = htons(port)};

	memcpy(&out->storage, &sin6, sizeof sin6);
	out->len = sizeof sin6;
}

static bool
parse_tcp(const char *text, struct addr *out, struct err *err)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	struct in_addr v4;
	struct in6_addr v6;
	uint64_t port;
	size_t len;

	if (colon == NULL || (size_t)(colon - text) >= sizeof host ||
	    !parse_u64(colon + 1, 0, 65535, &port))
		return err_set(err, ERR_INVALID, "'tcp:%s' has no port: tcp:127.0.0.1:7411", text);
	len = (size_t)(colon - text);
	memcpy(host, text, len);
	host[len] = '\0';
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof host, "127.0.0.1");
	if (inet_pton(AF_INET, host, &v4) == 1) {
		set_v4(out, &v4, (uint16_t)port);
		return true;
	}
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &v6) == 1) {
			set_v6(out, &v6, (uint16_t)port);
			return true;
		}
	}
	return err_set(err, ERR_INVALID,
	    "'tcp:%s' needs a numeric host: tcp:127.0.0.1:7411 or tcp:[::1]:7411", text);
}

bool
addr_parse(const char *text, struct addr *out, struct err *err)
{
	struct addr addr;
	bool ok;

	memset(&addr, 0, sizeof addr);
	if (strncmp(text, "unix:", 5) == 0)
		ok = parse_unix(text + 5, &addr, err);
	else if (strncmp(text, "tcp:", 4) == 0)
		ok = parse_tcp(text + 4, &addr, err);
	else
		ok = err_set(
		    err, ERR_INVALID, "'%s' is no address: tcp:HOST:PORT or unix:/PATH", text);
	if (ok)
		*out = addr;
	return ok;
}

bool
addr_is_unix(const struct addr *addr)
{
	return addr->storage.ss_family == AF_UNIX;
}

bool
addr_is_local(const struct addr *addr)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	switch (addr->storage.ss_family) {
	case AF_INET:
		memcpy(&sin, &addr->storage, sizeof sin);
		return ntohl(sin.sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		memcpy(&sin6, &addr->storage, sizeof sin6);
		return IN6_IS_ADDR_LOOPBACK(&sin6.sin6_addr);
	default:
		return addr_is_unix(addr);
	}
}

char *
addr_format(const struct addr *addr, char *text)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	struct sockaddr_un sun;
	char host[INET6_ADDRSTRLEN] = "?";

	switch (addr->storage.ss_family) {
	case AF_INET:
		memcpy(&sin, &addr->storage, sizeof sin);
		inet_ntop(AF_INET, &sin.sin_addr, host, sizeof host);
		snprintf(text, ADDR_TEXT_LEN, "tcp:%s:%u", host, ntohs(sin.sin_port));
		break;
	case AF_INET6:
		memcpy(&sin6, &addr->storage, sizeof sin6);
		inet_ntop(AF_INET6, &sin6.sin6_addr, host, sizeof host);
		snprintf(text, ADDR_TEXT_LEN, "tcp:[%s]:%u", host, ntohs(sin6.sin6_port));
		break;
	default:
		memcpy(&sun, &addr->storage, sizeof sun);
		snprintf(text, ADDR_TEXT_LEN, "unix:%.107s", sun.sun_path);
	}
	return text;
}
