/* Addresses to listen on: "tcp:127.0.0.1:7411", "tcp:[::1]:7411", "unix:/run/plumbd.sock". */
#ifndef SERVER_NET_ADDR_H
#define SERVER_NET_ADDR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/err.h"

#define ADDR_TEXT_LEN 128

struct addr {
	struct sockaddr_storage storage;
	socklen_t len;
};

/* Numeric hosts and "localhost" only: nothing is looked up. ERR_INVALID. */
bool addr_parse(const char *text, struct addr *out, struct err *err) MUST_CHECK;
bool addr_is_unix(const struct addr *addr);
/* A unix socket, or a TCP address that only this machine reaches. */
bool addr_is_local(const struct addr *addr);
/* The form that addr_parse takes. text has ADDR_TEXT_LEN bytes. Returns text. */
char *addr_format(const struct addr *addr, char *text);

#endif
