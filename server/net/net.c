#include "server/net/net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "server/limits.h"
#include "server/net/frame_conn.h"
#include "server/net/net_internal.h"
#include "server/net/tls.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"

#define SWEEP_MS 250
#define DIRTY_MAX                                                                                  \
	1024 /* connections that hold back output until the end of the turn: bounds the chunks in use */

static void on_sweep(evutil_socket_t fd, short what, void *arg);
static void on_deadline(evutil_socket_t fd, short what, void *arg);

struct net *
net_new(const struct net_options *options, struct err *err)
{
	struct net *net = calloc(1, sizeof *net);

	if (net == NULL || (net->input = malloc(NET_INPUT_LEN)) == NULL) {
		free(net);
		err_oom(err);
		return NULL;
	}
	net->options = *options;
	if (net->options.connections_max == 0 || net->options.connections_max > LIMIT_CONNECTIONS)
		net->options.connections_max = LIMIT_CONNECTIONS;
	LIST_INIT(&net->conns);
	TAILQ_INIT(&net->dirty);
	STAILQ_INIT(&net->dead);
	TAILQ_INIT(&net->waiting);
	event_assign(&net->sweep_event, options->base, -1, EV_PERSIST, on_sweep, net);
	event_assign(&net->deadline_event, options->base, -1, 0, on_deadline, net);
	return net;
}

void
net_free(struct net *net)
{
	struct conn *conn;

	if (net == NULL)
		return;
	listeners_close(net);
	LIST_FOREACH(conn, &net->conns, link)
	conn_close(conn, "the daemon stops");
	net_turn_end(net);
	assert(net->conns_count == 0);
	event_del(&net->sweep_event);
	event_del(&net->deadline_event);
	frame_streams_free(net);
	deadlines_fini(&net->deadlines);
	out_pool_fini(&net->pool);
	tls_context_free(net->tls);
	free(net->plain);
	free(net->input);
	free(net);
}

bool
net_set_tls(struct net *net, struct tls_context *context)
{
	if (net->plain == NULL)
		net->plain = malloc(NET_PLAIN_LEN);
	if (net->plain == NULL) {
		tls_context_free(context);
		return false;
	}
	tls_context_free(net->tls);
	net->tls = context;
	return true;
}

bool
net_listen(struct net *net, const char *address, struct err *err)
{
	return listener_open(net, address, false, err);
}

bool
net_listen_http(struct net *net, const char *address, struct err *err)
{
	return listener_open(net, address, true, err);
}

bool
net_take(struct net *net, int fd, bool http, struct err *err)
{
	return listener_take(net, fd, http, err);
}

const char *
net_address(const struct net *net, size_t i)
{
	return listener_address(net, i);
}

size_t
net_connections(const struct net *net)
{
	return net->conns_count;
}

bool
net_is_idle(const struct net *net)
{
	return net->conns_count == 0;
}

void
net_drain(struct net *net)
{
	struct conn *conn, *next;

	if (net->draining)
		return;
	net->draining = true;
	listeners_close(net);
	for (conn = LIST_FIRST(&net->conns); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, link);
		conn_drain(conn, "the daemon is stopping");
	}
}

/* ---- connections ---- */

void
net_conn_added(struct net *net, struct conn *conn)
{
	conn->id = ++net->next_conn_id;
	LIST_INSERT_HEAD(&net->conns, conn, link);
	net->conns_count++;
	daemon_set_connections(net->options.daemon, (unsigned)net->conns_count);
}

void
net_conn_removed(struct net *net, struct conn *conn)
{
	LIST_REMOVE(conn, link);
	net->conns_count--;
	daemon_set_connections(net->options.daemon, (unsigned)net->conns_count);
}

/* The daemon's own user can read and write its files anyway. */
static bool
is_own(const struct peer *peer)
{
	return peer->local && (peer->uid == geteuid() || peer->uid == 0);
}

/* Without a token, a person or a certificate. */
static enum access
access_of_anybody(const struct net *net)
{
	return net->options.access != NULL ? access_anonymous(net->options.access) : ACCESS_ADMIN;
}

void
net_identify(const struct net *net, struct peer *peer, const char *certificate)
{
	const struct net_options *options = &net->options;
	const char *person = NULL;
	enum access access = ACCESS_NONE;

	peer->person[0] = '\0';
	peer->certified = false;
	peer->access = access_of_anybody(net);
	if (peer->local && options->person_of != NULL)
		person = options->person_of(options->person_arg, peer->uid, &access);
	else if (certificate[0] != '\0' && options->certificate_of != NULL)
		person = options->certificate_of(options->person_arg, certificate, &access);
	if (person != NULL && strlen(person) < sizeof peer->person) {
		memcpy(peer->person, person, strlen(person) + 1);
		peer->certified = !peer->local;
		peer->access = access;
	}
	if (is_own(peer))
		peer->access = ACCESS_ADMIN;
}

void
net_accept(struct net *net, int fd, const struct peer *peer)
{
	struct peer known = *peer;

	if (net->conns_count >= net->options.connections_max) {
		metrics_refused("connections");
		log_debug("conn", "refused: %zu connections are open, the limit", net->conns_count);
		close(fd);
		return;
	}
	net_identify(net, &known, "");
	if (conn_new(net, fd, &known) == NULL)
		log_warn("conn", "refused: out of memory");
}

void
net_review(struct net *net)
{
	struct conn *conn;

	LIST_FOREACH(conn, &net->conns, link)
	{
		struct peer now = conn->peer;
		char name[sizeof now.person] = "";

		if (conn->state == CONN_DEAD)
			continue;
		if (conn->is_identified)
			tls_peer(conn->tls, name, sizeof name);
		net_identify(net, &now, name);
		if (now.access != conn->peer.access || strcmp(now.person, conn->peer.person) != 0)
			conn_close(conn, "the configuration says otherwise now who this is");
	}
}

/* ---- those with a time limit ---- */

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct net *net = arg;
	int64_t now = daemon_monotonic_us();
	struct conn *conn, *next;

	(void)fd;
	(void)what;
	for (conn = TAILQ_FIRST(&net->waiting); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, waiting_link);
		if (conn->wait_until_us <= now)
			conn_expire(conn);
	}
	if (TAILQ_EMPTY(&net->waiting)) {
		event_del(&net->sweep_event);
		net->is_sweeping = false;
	}
}

void
net_wait(struct net *net, struct conn *conn, unsigned timeout_ms)
{
	static const struct timeval interval = {0, SWEEP_MS * 1000};

	conn->wait_until_us = daemon_monotonic_us() + (int64_t)timeout_ms * 1000;
	if (!conn->is_waiting) {
		conn->is_waiting = true;
		TAILQ_INSERT_TAIL(&net->waiting, conn, waiting_link);
	}
	if (!net->is_sweeping) {
		net->is_sweeping = true;
		event_add(&net->sweep_event, &interval);
	}
}

void
net_wait_end(struct net *net, struct conn *conn)
{
	if (!conn->is_waiting)
		return;
	conn->is_waiting = false;
	TAILQ_REMOVE(&net->waiting, conn, waiting_link);
}

/* ---- deadlines ---- */

static void
arm_deadline(struct net *net, int64_t now)
{
	const struct deadline *first = deadlines_first(&net->deadlines);
	struct timeval delay;
	int64_t left;

	/* Armed too early is fine: it fires, finds nothing due, and arms again. */
	if (first == NULL ||
	    (net->deadline_armed_us != 0 && net->deadline_armed_us <= first->at_us))
		return;
	left = first->at_us > now ? first->at_us - now : 0;
	delay.tv_sec = left / 1000000;
	delay.tv_usec = left % 1000000;
	net->deadline_armed_us = first->at_us;
	event_add(&net->deadline_event, &delay);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct net *net = arg;
	int64_t now = daemon_monotonic_us();
	struct deadline *first;

	(void)fd;
	(void)what;
	net->deadline_armed_us = 0;
	while ((first = deadlines_first(&net->deadlines)) != NULL && first->at_us <= now) {
		deadlines_remove(&net->deadlines, first);
		first->expired(first);
	}
	arm_deadline(net, now);
}

bool
net_deadline_add(struct net *net, struct deadline *deadline, int64_t at_us)
{
	if (!deadlines_add(&net->deadlines, deadline, at_us))
		return false;
	if (net->deadline_armed_us == 0 || at_us < net->deadline_armed_us)
		arm_deadline(net, daemon_monotonic_us());
	return true;
}

void
net_deadline_remove(struct net *net, struct deadline *deadline)
{
	deadlines_remove(&net->deadlines, deadline);
}

/* ---- the end of a turn ---- */

/*
 * Only writes here: callers are in the middle of handlers. Whoever was written early keeps its place in the list and
 * has its turn_end like the others.
 */
static void
write_early(struct net *net)
{
	struct conn *conn = net->early;

	net->early = TAILQ_NEXT(conn, dirty_link);
	net->late_count--;
	conn->is_late = false;
	conn_write_out(conn);
}

void
net_dirty_add(struct net *net, struct conn *conn)
{
	conn->is_dirty = true;
	conn->is_late = true;
	TAILQ_INSERT_TAIL(&net->dirty, conn, dirty_link);
	if (net->early == NULL)
		net->early = conn;
	net->late_count++;
	if (net->late_count > DIRTY_MAX)
		write_early(net);
}

static void
flush_one(struct net *net, struct conn *conn)
{
	if (net->early == conn)
		net->early = TAILQ_NEXT(conn, dirty_link);
	if (conn->is_late)
		net->late_count--;
	conn->is_late = false;
	TAILQ_REMOVE(&net->dirty, conn, dirty_link);
	conn->is_dirty = false;
	if (!conn_is_dead(conn))
		conn_flush(conn);
}

static void
reap_one(struct net *net, struct conn *conn)
{
	STAILQ_REMOVE_HEAD(&net->dead, dead_link);
	if (conn->is_dirty)
		flush_one(net, conn); /* takes it off the list */
	conn_free(conn);
}

void
net_turn_end(struct net *net)
{
	struct conn *conn;

	net->handshakes = 0;
	/* Each may make others dirty or dead. */
	for (;;) {
		if ((conn = STAILQ_FIRST(&net->dead)) != NULL)
			reap_one(net, conn);
		else if ((conn = TAILQ_FIRST(&net->dirty)) != NULL)
			flush_one(net, conn);
		else
			break;
	}
}
