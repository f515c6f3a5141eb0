#include "server/net/conn.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "server/limits.h"
#include "server/net/net_internal.h"
#include "server/net/sniff.h"

#define INPUT_MIN   (16u << 10)
#define OUTPUT_LOW  (LIMIT_OUTPUT_HIGH / 4)
#define IOV_MAX_OUT 64

static const char *const state_names[] = {"sniffing", "open", "draining", "closing", "dead"};

/* From (row) to (bit). */
static const unsigned moves[] = {
    [CONN_SNIFFING] = 1u << CONN_OPEN | 1u << CONN_DEAD,
    [CONN_OPEN] = 1u << CONN_DRAINING | 1u << CONN_CLOSING | 1u << CONN_DEAD,
    [CONN_DRAINING] = 1u << CONN_CLOSING | 1u << CONN_DEAD,
    [CONN_CLOSING] = 1u << CONN_DEAD,
    [CONN_DEAD] = 0,
};

static_assert(sizeof state_names / sizeof state_names[0] == CONN_STATES, "a name per state");
static_assert(sizeof moves / sizeof moves[0] == CONN_STATES, "a row per state");

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

static void
move(struct conn *conn, enum conn_state to)
{
	assert(moves[conn->state] & 1u << to);
	log_debug("conn", "conn=%" PRIu64 " from=%s to=%s", conn->id, state_names[conn->state],
	    state_names[to]);
	conn->state = to;
}

static void
set_reading(struct conn *conn, bool on)
{
	if (on == conn->is_reading)
		return;
	conn->is_reading = on;
	if (on)
		event_add(&conn->read_event, NULL);
	else
		event_del(&conn->read_event);
}

static void
set_writing(struct conn *conn, bool on)
{
	if (on == conn->is_writing)
		return;
	conn->is_writing = on;
	if (on)
		event_add(&conn->write_event, NULL);
	else
		event_del(&conn->write_event);
}

struct conn *
conn_new(struct net *net, int fd, const struct peer *peer)
{
	struct conn *conn = calloc(1, sizeof *conn);

	if (conn == NULL) {
		close(fd);
		return NULL;
	}
	conn->net = net;
	conn->fd = fd;
	conn->peer = *peer;
	event_assign(
	    &conn->read_event, net->options.base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	event_assign(
	    &conn->write_event, net->options.base, fd, EV_WRITE | EV_PERSIST, on_writable, conn);
	net_conn_added(net, conn);
	set_reading(conn, true);
	net_wait(net, conn, LIMIT_UNDECIDED_MS);
	log_debug("conn", "conn=%" PRIu64 " accepted local=%d uid=%u", conn->id, peer->local,
	    (unsigned)peer->uid);
	return conn;
}

bool
conn_is_dead(const struct conn *conn)
{
	return conn->state == CONN_DEAD;
}

bool
conn_can_take(const struct conn *conn)
{
	return (conn->state == CONN_OPEN || conn->state == CONN_DRAINING) &&
	       conn->out.len <= LIMIT_OUTPUT_HIGH;
}

/* ---- the end ---- */

static void
input_release(struct conn *conn)
{
	conn->net->input_owned -= conn->in_cap;
	free(conn->in);
	conn->in = NULL;
	conn->in_len = 0;
	conn->in_cap = 0;
}

void
conn_close(struct conn *conn, const char *reason)
{
	if (conn->state == CONN_DEAD)
		return;
	log_debug("conn", "conn=%" PRIu64 " closed reason=%s", conn->id, reason);
	set_reading(conn, false);
	set_writing(conn, false);
	net_wait_end(conn->net, conn);
	move(conn, CONN_DEAD);
	STAILQ_INSERT_TAIL(&conn->net->dead, conn, dead_link);
}

void
conn_free(struct conn *conn)
{
	assert(conn->state == CONN_DEAD);
	if (conn->protocol != NULL)
		conn->protocol->fini(conn);
	net_conn_removed(conn->net, conn);
	input_release(conn);
	outq_fini(&conn->out, &conn->net->pool);
	close(conn->fd);
	free(conn);
}

/* All is sent: tells the peer, and gives it a moment to read before close() could throw away what is on its way. */
static void
shut(struct conn *conn)
{
	if (conn->is_shut)
		return;
	conn->is_shut = true;
	shutdown(conn->fd, SHUT_WR);
	net_wait(conn->net, conn, LIMIT_LINGER_MS);
}

void
conn_finish(struct conn *conn)
{
	if (conn->state == CONN_CLOSING || conn->state == CONN_DEAD)
		return;
	move(conn, CONN_CLOSING);
	conn_mark_dirty(conn);
}

void
conn_drain(struct conn *conn)
{
	if (conn->state == CONN_SNIFFING) {
		conn_close(conn, "the daemon is stopping");
	} else if (conn->state == CONN_OPEN) {
		move(conn, CONN_DRAINING);
		conn->protocol->drain(conn);
	}
}

void
conn_expire(struct conn *conn)
{
	if (conn->state == CONN_CLOSING)
		conn_close(conn, "goodbye");
	else if (conn->state == CONN_SNIFFING)
		conn_close(conn, "first bytes undecided");
	else
		conn_close(conn, "no progress");
}

/* ---- output ---- */

void
conn_mark_dirty(struct conn *conn)
{
	if (!conn->is_dirty && conn->state != CONN_DEAD)
		net_dirty_add(conn->net, conn);
}

static bool
can_write(struct conn *conn)
{
	return conn->state != CONN_DEAD && !conn->is_shut;
}

static void
written(struct conn *conn, bool ok)
{
	if (!ok) {
		conn_close(conn, "out of memory");
		return;
	}
	if (conn->out.len > LIMIT_OUTPUT_HIGH)
		conn->was_high = true;
	conn_mark_dirty(conn);
}

uint8_t *
conn_reserve(struct conn *conn, size_t len)
{
	uint8_t *p;

	if (!can_write(conn))
		return NULL;
	p = outq_reserve(&conn->out, &conn->net->pool, len);
	written(conn, p != NULL);
	return p;
}

void
conn_write(struct conn *conn, const uint8_t *p, size_t len)
{
	if (can_write(conn))
		written(conn, outq_add(&conn->out, &conn->net->pool, p, len));
}

void
conn_write_shared(struct conn *conn, const uint8_t *head, size_t head_len, struct rpc_bytes *bytes)
{
	if (can_write(conn))
		written(conn, outq_add_shared(&conn->out, &conn->net->pool, head, head_len, bytes));
}

static ssize_t
send_some(struct conn *conn, size_t *offered)
{
	struct iovec iov[IOV_MAX_OUT];
	struct msghdr msg = {.msg_iov = iov};
	int n = outq_peek(&conn->out, iov, IOV_MAX_OUT);

	*offered = 0;
	for (int i = 0; i < n; i++)
		*offered += iov[i].iov_len;
	if (n == 1)
		return send(conn->fd, iov[0].iov_base, iov[0].iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	msg.msg_iovlen = (size_t)n;
	return sendmsg(conn->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
conn_write_out(struct conn *conn)
{
	bool blocked = false, progress = false;

	while (conn->state != CONN_DEAD && conn->out.len > 0 && !blocked) {
		size_t offered;
		ssize_t n = send_some(conn, &offered);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			conn_close(conn, "write failed");
			return;
		}
		blocked = n < 0 || (size_t)n < offered;
		if (n > 0) {
			progress = true;
			outq_drop(&conn->out, &conn->net->pool, (size_t)n);
		}
	}
	if (conn->state == CONN_DEAD)
		return;
	set_writing(conn, blocked);
	if (blocked && (progress || !conn->is_waiting))
		net_wait(conn->net, conn, LIMIT_STALLED_MS);
}

/* ---- input ---- */

static bool
input_grow(struct conn *conn, size_t room)
{
	size_t cap = conn->in_len + room;
	uint8_t *p;

	if (conn->in_cap >= cap)
		return true;
	if (cap < conn->in_cap * 2)
		cap = conn->in_cap * 2;
	if (conn->net->input_owned + cap - conn->in_cap > LIMIT_INPUT_TOTAL)
		return false;
	p = realloc(conn->in, cap);
	if (p == NULL)
		return false;
	conn->net->input_owned += cap - conn->in_cap;
	conn->in = p;
	conn->in_cap = cap;
	return true;
}

static size_t
take(struct conn *conn, const uint8_t *p, size_t len)
{
	switch (conn->state) {
	case CONN_SNIFFING:
		conn->protocol = sniff(p, len);
		if (conn->protocol == NULL) {
			if (sniff_is_hopeless(p, len))
				conn_close(conn, sniff_reason(p, len));
			return 0;
		}
		if (!conn->protocol->init(conn)) {
			conn->protocol = NULL;
			conn_close(conn, "out of memory");
			return 0;
		}
		move(conn, CONN_OPEN);
		return conn->protocol->input(conn, p, len);
	case CONN_OPEN:
	case CONN_DRAINING:
		return conn->protocol->input(conn, p, len);
	default:
		return len;
	}
}

/* Keeps what was not taken for the next time. */
static void
keep(struct conn *conn, const uint8_t *p, size_t len)
{
	if (conn->state == CONN_CLOSING || conn->state == CONN_DEAD)
		return;
	if (!input_grow(conn, len)) {
		conn_close(conn, "too much unfinished input");
		return;
	}
	memcpy(conn->in, p, len);
	conn->in_len = len;
}

/* Takes from the kept input what can be taken now. */
static void
take_kept(struct conn *conn)
{
	size_t used = take(conn, conn->in, conn->in_len);

	assert(used <= conn->in_len);
	conn->in_len -= used;
	if (conn->in_len == 0 || conn->state == CONN_CLOSING || conn->state == CONN_DEAD)
		input_release(conn);
	else if (used > 0)
		memmove(conn->in, conn->in + used, conn->in_len);
}

/* Whoever has begun a frame, or has output waiting, shall move on in time. */
static void
update_wait(struct conn *conn, bool progress)
{
	bool needed = conn->in_len > 0 || conn->out.len > 0;

	if (conn->state != CONN_OPEN && conn->state != CONN_DRAINING)
		return;
	if (!needed)
		net_wait_end(conn->net, conn);
	else if (progress || !conn->is_waiting)
		net_wait(conn->net, conn, LIMIT_STALLED_MS);
}

/* False: nothing more to come from this read. */
static bool
receive(struct conn *conn, uint8_t *p, size_t cap, size_t *len)
{
	ssize_t n = recv(conn->fd, p, cap, MSG_DONTWAIT);

	if (n > 0) {
		*len = (size_t)n;
		return true;
	}
	if (n == 0)
		conn_close(conn, "closed by the peer");
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		conn_close(conn, "read failed");
	return false;
}

static void
read_fresh(struct conn *conn)
{
	uint8_t *p = conn->net->input;
	size_t len, used;

	if (!receive(conn, p, NET_INPUT_LEN, &len))
		return;
	used = take(conn, p, len);
	if (used < len)
		keep(conn, p + used, len - used);
}

/* Behind a frame that has begun. */
static void
read_more(struct conn *conn)
{
	size_t len;

	if (!input_grow(conn, INPUT_MIN)) {
		conn_close(conn, "too much unfinished input");
		return;
	}
	if (!receive(conn, conn->in + conn->in_len, conn->in_cap - conn->in_len, &len))
		return;
	conn->in_len += len;
	take_kept(conn);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (conn->state == CONN_DEAD)
		return;
	if (conn->in_len == 0)
		read_fresh(conn);
	else
		read_more(conn);
	update_wait(conn, true);
}

/* ---- the end of a turn ---- */

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	conn_mark_dirty(conn);
}

/* Output has drained enough for the peer's turn to speak. */
static void
go_on(struct conn *conn)
{
	if (conn->was_high && conn->out.len <= OUTPUT_LOW) {
		conn->was_high = false;
		if (conn->state == CONN_OPEN || conn->state == CONN_DRAINING)
			conn->protocol->writable(conn);
	}
	if (conn->in_len > 0 && conn_can_take(conn))
		take_kept(conn);
}

void
conn_flush(struct conn *conn)
{
	if (conn->state == CONN_OPEN || conn->state == CONN_DRAINING)
		conn->protocol->turn_end(conn);
	conn_write_out(conn);
	if (conn->state == CONN_DEAD)
		return;
	go_on(conn);
	if (conn->state == CONN_DEAD)
		return;
	if (conn->state == CONN_CLOSING && conn->out.len == 0)
		shut(conn);
	/* Who is closing reads again when all is sent, to see the peer close; whoever doesn't take its output is not read. */
	set_reading(
	    conn, conn->state == CONN_CLOSING ? conn->is_shut : conn->out.len <= LIMIT_OUTPUT_HIGH);
	update_wait(conn, false);
}
