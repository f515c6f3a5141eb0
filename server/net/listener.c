/* Listening sockets: opening them, accepting, and waiting when file descriptors run out. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "server/net/addr.h"
#include "server/net/net_internal.h"

#define BACKLOG       4096
#define ACCEPTS       64 /* per turn, so that a storm of connections doesn't hold up calls */
#define BACKOFF_S     1
#define KEEPALIVE_S   60
#define KEEPALIVE_GAP 10

struct listener {
	struct net *net; /* borrowed */
	int fd;
	struct addr addr;
	bool is_given; /* by the service manager, who opened it and closes it */
	bool http;     /* HTTP/1.1 is spoken there */
	char text[ADDR_TEXT_LEN + 1];
	struct event event;
	struct event backoff;
	struct listener *next;
};

static void
on_backoff(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	event_add(&listener->event, NULL);
}

static void
back_off(struct listener *listener)
{
	static const struct timeval delay = {BACKOFF_S, 0};

	log_warn(
	    "accept", "address=%s error=%s next=%ds", listener->text, strerror(errno), BACKOFF_S);
	event_del(&listener->event);
	event_add(&listener->backoff, &delay);
}

static void
set_int(int fd, int level, int option, int value)
{
	/* Comfort only: a socket without it works too. */
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

static void
identify(const struct listener *listener, int fd, const struct addr *from, struct peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof cred;
	char text[ADDR_TEXT_LEN] = "unix";

	memset(peer, 0, sizeof *peer);
	peer->http = listener->http;
	if (!addr_is_unix(&listener->addr))
		addr_format(from, text);
	snprintf(peer->from, sizeof peer->from, "%.*s", (int)sizeof peer->from - 1, text);
	if (!addr_is_unix(&listener->addr)) {
		peer->loopback = addr_is_local(from);
		set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S);
		set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_GAP);
	} else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
		peer->local = true;
		peer->uid = cred.uid;
	}
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;
	struct peer peer;

	(void)what;
	for (int i = 0; i < ACCEPTS; i++) {
		struct addr from = {.len = sizeof from.storage};
		int accepted = accept4(
		    fd, (struct sockaddr *)&from.storage, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (accepted >= 0) {
			identify(listener, accepted, &from, &peer);
			net_accept(listener->net, accepted, &peer);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			back_off(listener);
			return;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		}
		/* Anything else is that one connection's misfortune. */
	}
}

/* A socket file that nobody listens on any more is in the way of bind(). */
static bool
remove_stale(const struct addr *addr, struct err *err)
{
	struct sockaddr_un sun;
	struct stat st;
	bool stale;
	int fd;

	memcpy(&sun, &addr->storage, sizeof sun);
	if (lstat(sun.sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_UNAVAILABLE,
		    "there is something else than a socket; choose another path");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, "socket");
	stale =
	    connect(fd, (const struct sockaddr *)&sun, sizeof sun) != 0 && errno == ECONNREFUSED;
	close(fd);
	if (!stale)
		return err_set(err, ERR_UNAVAILABLE, "another process listens there");
	if (unlink(sun.sun_path) != 0)
		return err_errno(err, "removing the socket of a process that is gone");
	return true;
}

/* Whatever the umask: connecting needs the right to write, which owner and group have. */
static bool
bind_socket(int fd, const struct addr *addr, struct err *err)
{
	struct sockaddr_un sun;

	if (bind(fd, (const struct sockaddr *)&addr->storage, addr->len) != 0)
		return err_errno(err, "bind");
	if (!addr_is_unix(addr))
		return true;
	memcpy(&sun, &addr->storage, sizeof sun);
	return chmod(sun.sun_path, 0660) == 0 || err_errno(err, "setting the socket's mode");
}

static int
open_socket(const struct addr *addr, struct err *err)
{
	int fd;

	if (addr_is_unix(addr) && !remove_stale(addr, err))
		return -1;
	fd = socket(addr->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err_errno(err, "socket");
		return -1;
	}
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!bind_socket(fd, addr, err)) {
		close(fd);
		return -1;
	}
	if (listen(fd, BACKLOG) != 0) {
		err_errno(err, "listen");
		close(fd);
		return -1;
	}
	return fd;
}

static void
read_back(struct listener *listener)
{
	struct addr actual = listener->addr;

	/* The port that the system picked, where 0 was asked for. */
	if (!addr_is_unix(&listener->addr) &&
	    getsockname(listener->fd, (struct sockaddr *)&actual.storage, &actual.len) == 0)
		listener->addr = actual;
	addr_format(&listener->addr, listener->text);
	/* "http:127.0.0.1:7412" */
	if (listener->http) {
		memmove(listener->text + 1, listener->text, strlen(listener->text) + 1);
		memcpy(listener->text, "http", 4);
	}
}

static void
append(struct net *net, struct listener *listener)
{
	struct listener **end = &net->listeners;

	while (*end != NULL)
		end = &(*end)->next;
	*end = listener;
}

/* The manager may have opened what the configuration names. */
static bool
is_given(const struct net *net, const struct listener *like)
{
	for (const struct listener *l = net->listeners; l != NULL; l = l->next) {
		if (l->is_given && l->http == like->http && l->addr.len == like->addr.len &&
		    memcmp(&l->addr.storage, &like->addr.storage, l->addr.len) == 0)
			return true;
	}
	return false;
}

static void
start(struct listener *listener)
{
	struct net *net = listener->net;

	read_back(listener);
	event_assign(&listener->event, net->options.base, listener->fd, EV_READ | EV_PERSIST,
	    on_acceptable, listener);
	event_assign(&listener->backoff, net->options.base, -1, 0, on_backoff, listener);
	event_add(&listener->event, NULL);
	append(net, listener);
}

bool
listener_open(struct net *net, const char *address, bool http, struct err *err)
{
	struct listener *listener = calloc(1, sizeof *listener);

	if (listener == NULL)
		return err_oom(err);
	listener->net = net;
	listener->http = http;
	if (addr_parse(address, &listener->addr, err) && is_given(net, listener)) {
		free(listener);
		return true;
	}
	if (listener->addr.len == 0 || (listener->fd = open_socket(&listener->addr, err)) < 0) {
		err_wrap(err, "listen on '%s'", address);
		free(listener);
		return false;
	}
	start(listener);
	return true;
}

/* A unix socket's name comes shorter from the kernel than addr_parse() makes it. */
static bool
read_given(struct listener *listener, struct err *err)
{
	struct addr addr = {.len = sizeof addr.storage};
	int type = 0, listens = 0;
	socklen_t len = sizeof type;

	if (getsockopt(listener->fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    getsockopt(listener->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 ||
	    getsockname(listener->fd, (struct sockaddr *)&addr.storage, &addr.len) != 0)
		return err_errno(err, "the socket that the service manager passes");
	if (type != SOCK_STREAM || !listens)
		return err_set(err, ERR_INVALID,
		    "the service manager passes a socket that takes no connections: write "
		    "ListenStream= and Accept=no into its unit");
	if (addr.storage.ss_family == AF_UNIX)
		addr.len = sizeof(struct sockaddr_un);
	else if (addr.storage.ss_family != AF_INET && addr.storage.ss_family != AF_INET6)
		return err_set(err, ERR_INVALID,
		    "the service manager passes a socket that is neither TCP nor unix");
	listener->addr = addr;
	return true;
}

bool
listener_take(struct net *net, int fd, bool http, struct err *err)
{
	struct listener *listener = calloc(1, sizeof *listener);

	if (listener == NULL)
		return err_oom(err);
	listener->net = net;
	listener->fd = fd;
	listener->http = http;
	listener->is_given = true;
	if (!read_given(listener, err)) {
		free(listener);
		return false;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		free(listener);
		return err_errno(err, "the socket that the service manager passes");
	}
	start(listener);
	return true;
}

static void
listener_close(struct listener *listener)
{
	struct sockaddr_un sun;

	event_del(&listener->event);
	event_del(&listener->backoff);
	if (addr_is_unix(&listener->addr) && !listener->is_given) {
		memcpy(&sun, &listener->addr.storage, sizeof sun);
		unlink(sun.sun_path);
	}
	close(listener->fd);
	free(listener);
}

void
listeners_close(struct net *net)
{
	struct listener *next;

	for (struct listener *listener = net->listeners; listener != NULL; listener = next) {
		next = listener->next;
		listener_close(listener);
	}
	net->listeners = NULL;
}

const char *
listener_address(const struct net *net, size_t i)
{
	for (const struct listener *listener = net->listeners; listener != NULL;
	     listener = listener->next) {
		if (i-- == 0)
			return listener->text;
	}
	return NULL;
}
