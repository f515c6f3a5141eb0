#include "server/net/conn.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "server/limits.h"
#include "server/net/life.h"
#include "server/net/http_conn.h"
#include "server/net/net_internal.h"
#include "server/net/sniff.h"
#include "server/net/tls.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"
#include "server/rpc/quota.h"

#define INPUT_MIN   (16u << 10)
#define OUTPUT_LOW  (LIMIT_OUTPUT_HIGH / 4)
#define IOV_MAX_OUT 64
#define WIRE_HIGH   (256u << 10) /* encrypted and not sent: no more is encrypted meanwhile */
#define TLS_HELLO   0x16
/* Steps of handshakes in a turn: each may take a millisecond, and a storm of them shall not hold up calls. */
#define HANDSHAKES_MAX 8u

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

static void
go_on_reading(struct deadline *deadline)
{
	struct conn *conn =
	    (struct conn *)(void *)((char *)deadline - offsetof(struct conn, slowed));

	conn->is_slowed = false;
	conn_mark_dirty(conn);
}

void
conn_slow(struct conn *conn, int64_t us)
{
	if (us == 0 || conn->is_slowed || conn->state != CONN_OPEN)
		return;
	conn->slowed.expired = go_on_reading;
	conn->is_slowed = net_deadline_add(conn->net, &conn->slowed, daemon_monotonic_us() + us);
	conn_mark_dirty(conn);
}

bool
conn_can_take(const struct conn *conn)
{
	return (conn->state == CONN_OPEN || conn->state == CONN_DRAINING) && !conn->is_slowed &&
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
	net_deadline_remove(conn->net, &conn->slowed);
	life_end(conn);
	move(conn, CONN_DEAD);
	STAILQ_INSERT_TAIL(&conn->net->dead, conn, dead_link);
}

void
conn_free(struct conn *conn)
{
	assert(conn->state == CONN_DEAD);
	if (conn->protocol != NULL) {
		metrics_connection(conn->protocol->name, conn->tls != NULL, -1);
		conn->protocol->fini(conn);
	}
	net_conn_removed(conn->net, conn);
	input_release(conn);
	outq_fini(&conn->out, &conn->net->pool);
	outq_fini(&conn->wire, &conn->net->pool);
	tls_free(conn->tls);
	close(conn->fd);
	free(conn);
}

/* All is sent: tells the peer, and gives it a moment to read before close() could throw away what is on its way. */
static void
shut(struct conn *conn)
{
	if (conn->is_shut)
		return;
	if (conn->tls != NULL) {
		tls_close(conn->tls);
		conn_write_out(conn);
		if (conn->state == CONN_DEAD)
			return;
	}
	conn->is_shut = true;
	shutdown(conn->fd, SHUT_WR);
	net_wait(conn->net, conn, LIMIT_LINGER_MS);
}

void
conn_finish(struct conn *conn)
{
	if (conn->state == CONN_CLOSING || conn->state == CONN_DEAD)
		return;
	life_end(conn);
	move(conn, CONN_CLOSING);
	conn_mark_dirty(conn);
}

void
conn_drain(struct conn *conn, const char *why)
{
	if (conn->state == CONN_SNIFFING) {
		conn_close(conn, why);
	} else if (conn->state == CONN_OPEN) {
		move(conn, CONN_DRAINING);
		log_debug("conn", "conn=%" PRIu64 " drained why=\"%s\"", conn->id, why);
		conn->protocol->drain(conn, why);
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

static size_t
unsent(const struct conn *conn)
{
	return conn->out.len + conn->wire.len;
}

/* What the session has for the socket: records of ours, and its own (handshake, alerts). */
static bool
take_records(struct conn *conn)
{
	struct net *net = conn->net;
	size_t n;

	while ((n = tls_take(conn->tls, net->plain, NET_PLAIN_LEN)) > 0) {
		if (!outq_add(&conn->wire, &net->pool, net->plain, n))
			return false;
	}
	return true;
}

/* In records as large as they can be. */
static bool
encrypt(struct conn *conn)
{
	struct net *net = conn->net;
	struct iovec iov[2];

	while (tls_is_ready(conn->tls) && conn->out.len > 0 && conn->wire.len < WIRE_HIGH) {
		size_t len = 0;

		while (len < NET_PLAIN_LEN && conn->out.len > 0) {
			size_t n;

			outq_peek(&conn->out, iov, 2);
			n = iov[0].iov_len < NET_PLAIN_LEN - len ? iov[0].iov_len
								 : NET_PLAIN_LEN - len;
			memcpy(net->plain + len, iov[0].iov_base, n);
			outq_drop(&conn->out, &net->pool, n);
			len += n;
		}
		if (!tls_write(conn->tls, net->plain, len) || !take_records(conn))
			return false;
	}
	return take_records(conn);
}

static ssize_t
send_some(struct conn *conn, const struct outq *q, size_t *offered)
{
	struct iovec iov[IOV_MAX_OUT];
	struct msghdr msg = {.msg_iov = iov};
	int n = outq_peek(q, iov, IOV_MAX_OUT);

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
	struct outq *q = conn->tls != NULL ? &conn->wire : &conn->out;
	bool blocked = false, progress = false;

	while (conn->state != CONN_DEAD && !blocked) {
		size_t offered;
		ssize_t n;

		if (conn->tls != NULL && !encrypt(conn)) {
			conn_close(conn, tls_reason(conn->tls));
			return;
		}
		if (q->len == 0)
			break;
		n = send_some(conn, q, &offered);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			conn_close(conn, "write failed");
			return;
		}
		blocked = n < 0 || (size_t)n < offered;
		if (n > 0) {
			progress = true;
			outq_drop(q, &conn->net->pool, (size_t)n);
		}
	}
	if (conn->state == CONN_DEAD)
		return;
	set_writing(conn, blocked);
	/* Who is still undecided (in a handshake of TLS, say) has its time from the beginning on. */
	if (blocked && conn->state != CONN_SNIFFING && (progress || !conn->is_waiting))
		net_wait(conn->net, conn, LIMIT_STALLED_MS);
}

/* ---- input ---- */

/* Whoever holds the most makes room: else a few that never finish what they began would shut out everybody. */
static bool
input_fits(struct conn *conn, size_t cap)
{
	struct net *net = conn->net;
	struct conn *other, *largest = conn;

	if (net->input_owned + cap - conn->in_cap <= LIMIT_INPUT_TOTAL)
		return true;
	LIST_FOREACH(other, &net->conns, link)
	{
		if (other->in_cap > largest->in_cap)
			largest = other;
	}
	if (largest->in_cap < cap)
		return false;
	conn_close(largest, "too much unfinished input in all");
	input_release(largest);
	return net->input_owned + cap - conn->in_cap <= LIMIT_INPUT_TOTAL;
}

static bool
input_grow(struct conn *conn, size_t room)
{
	size_t cap = conn->in_len + room;
	uint8_t *p;

	if (conn->in_cap >= cap)
		return true;
	if (cap < conn->in_cap * 2)
		cap = conn->in_cap * 2;
	if (!input_fits(conn, cap))
		return false;
	p = realloc(conn->in, cap);
	if (p == NULL)
		return false;
	conn->net->input_owned += cap - conn->in_cap;
	conn->in = p;
	conn->in_cap = cap;
	return true;
}

/* Its first bytes are of nothing that is spoken here. */
static void
refuse(struct conn *conn, const uint8_t *p, size_t len)
{
	const char *answer = sniff_answer(p, len);

	metrics_refused("unknown_protocol");
	if (answer != NULL) {
		conn_write(conn, (const uint8_t *)answer, strlen(answer));
		conn_write_out(conn);
	}
	conn_close(conn, sniff_reason(p, len));
}

static size_t
take(struct conn *conn, const uint8_t *p, size_t len)
{
	switch (conn->state) {
	case CONN_SNIFFING:
		if (conn->peer.http)
			conn->protocol = &http_protocol;
		else
			conn->protocol = conn->tls != NULL && tls_protocol(conn->tls)[0] != '\0'
					     ? sniff_named(tls_protocol(conn->tls))
					     : sniff(p, len);
		if (conn->protocol == NULL) {
			if (sniff_is_hopeless(p, len))
				refuse(conn, p, len);
			return 0;
		}
		if (!conn->protocol->init(conn)) {
			conn->protocol = NULL;
			conn_close(conn, "out of memory");
			return 0;
		}
		metrics_connection(conn->protocol->name, conn->tls != NULL, 1);
		move(conn, CONN_OPEN);
		if (!life_begin(conn)) {
			conn_close(conn, "out of memory");
			return 0;
		}
		return conn->protocol->input(conn, p, len);
	case CONN_OPEN:
	case CONN_DRAINING:
		len = conn->protocol->input(conn, p, len);
		/* Whatever it speaks; some look sooner. */
		conn_slow(conn, quota_take_hold(conn->net->options.daemon));
		return len;
	case CONN_CLOSING:
		/* What was on its way is read, so that the peer can read our last word; more than that is not. */
		conn->ignored += len;
		if (conn->ignored > LIMIT_IGNORED)
			conn_close(conn, "goes on talking");
		return len;
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
	bool needed = conn->in_len > 0 || unsent(conn) > 0;

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
		conn->life.heard = true;
		return true;
	}
	if (n == 0)
		conn_close(conn, "closed by the peer");
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		conn_close(conn, "read failed");
	return false;
}

/* Fresh bytes of the protocol, behind those that were kept. */
static void
take_fresh(struct conn *conn, const uint8_t *p, size_t len)
{
	size_t used;

	if (conn->in_len == 0) {
		used = take(conn, p, len);
		if (used < len)
			keep(conn, p + used, len - used);
	} else if (!input_grow(conn, len)) {
		conn_close(conn, "too much unfinished input");
	} else {
		memcpy(conn->in + conn->in_len, p, len);
		conn->in_len += len;
		take_kept(conn);
	}
}

/* Who the certificate says it is, once it is known. */
static void
identify(struct conn *conn)
{
	char name[sizeof conn->peer.person];

	conn->is_identified = true;
	net_identify(conn->net, &conn->peer, tls_peer(conn->tls, name, sizeof name));
}

/* Bytes of the socket through TLS to the protocol. */
static void
decrypt(struct conn *conn, const uint8_t *p, size_t len)
{
	enum tls_result result = TLS_MORE;
	uint8_t *plain = conn->net->plain;
	size_t n;

	if (!tls_feed(conn->tls, p, len)) {
		conn_close(conn, "out of memory");
		return;
	}
	while (conn->state != CONN_DEAD &&
	       (n = tls_read(conn->tls, plain, NET_PLAIN_LEN, &result)) > 0) {
		if (!conn->is_identified)
			identify(conn);
		take_fresh(conn, plain, n);
	}
	conn_mark_dirty(conn); /* the handshake's own bytes */
	if (conn->state == CONN_DEAD || result == TLS_MORE)
		return;
	/* An alert of ours may say why. */
	conn_write_out(conn);
	if (result == TLS_FAILED)
		metrics_refused("tls");
	if (result == TLS_FAILED)
		log_info(
		    "tls", "conn=%" PRIu64 " refused why=\"%s\"", conn->id, tls_reason(conn->tls));
	conn_close(conn, result == TLS_CLOSED ? "closed by the peer" : tls_reason(conn->tls));
}

/* The first bytes. False: the connection has ended. */
static bool
begin(struct conn *conn, const uint8_t *p)
{
	const struct net *net = conn->net;

	if (p[0] == TLS_HELLO && net->tls != NULL) {
		conn->tls = tls_new(net->tls, conn->peer.http);
		if (conn->tls == NULL)
			conn_close(conn, "out of memory");
	} else if (!conn->peer.local && !conn->peer.loopback && !net->options.allow_cleartext) {
		metrics_refused("cleartext");
		conn_close(conn, "in clear from another machine: TLS is needed");
	}
	return conn->state != CONN_DEAD;
}

static void
read_fresh(struct conn *conn)
{
	uint8_t *p = conn->net->input;
	size_t len;

	if (!receive(conn, p, NET_INPUT_LEN, &len))
		return;
	if (conn->state == CONN_SNIFFING && conn->tls == NULL && !begin(conn, p))
		return;
	if (conn->tls != NULL)
		decrypt(conn, p, len);
	else
		take_fresh(conn, p, len);
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

/* Those who begin get their share of each turn: what is not read now is there in the next one. */
static bool
is_postponed(struct conn *conn)
{
	return conn->state == CONN_SNIFFING && conn->net->tls != NULL &&
	       conn->net->handshakes++ >= HANDSHAKES_MAX;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (conn->state == CONN_DEAD || is_postponed(conn))
		return;
	if (conn->in_len == 0 || conn->tls != NULL)
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
	if (conn->state == CONN_CLOSING && unsent(conn) == 0)
		shut(conn);
	/* Who is closing reads again when all is sent, to see the peer close; whoever doesn't take its output is not read. */
	set_reading(conn, conn->state == CONN_CLOSING ? conn->is_shut
						      : !conn->is_held && !conn->is_slowed &&
							    conn->out.len <= LIMIT_OUTPUT_HIGH &&
							    conn->wire.len <= LIMIT_OUTPUT_HIGH);
	update_wait(conn, false);
}
