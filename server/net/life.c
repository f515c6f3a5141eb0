#include "server/net/life.h"

#include <stddef.h>

#include "server/limits.h"
#include "server/net/net_internal.h"
#include "server/rpc/daemon.h"

/* As gRPC's servers: the third PING that comes too early ends the connection. */
#define STRIKES_MAX 2u

static int64_t
ms(unsigned n)
{
	return (int64_t)n * 1000;
}

static const struct life_options *
options_of(const struct conn *conn)
{
	return &conn->net->options.life;
}

/* Up to a tenth more or less, so that what began together does not end together. */
static int64_t
with_jitter(int64_t us, uint64_t id)
{
	uint64_t mixed = id * UINT64_C(0x9e3779b97f4a7c15);

	return us - us / 10 + (int64_t)((mixed >> 32) % ((uint64_t)us / 5 + 1));
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return b != 0 && (a == 0 || b < a) ? b : a;
}

/* Looks again when the next limit is due. */
static bool
arm(struct conn *conn)
{
	const struct conn_life *life = &conn->life;
	int64_t at = sooner(sooner(life->age_us, life->idle_us), life->silent_us);

	return at == 0 || net_deadline_add(conn->net, &conn->life.deadline, at);
}

/* What runs may end; what is left when the grace is over is cut off. */
static void
drain(struct conn *conn, const char *why, int64_t now)
{
	unsigned grace = options_of(conn)->grace_ms;

	conn->life.age_us = conn->life.idle_us = conn->life.silent_us = 0;
	if (grace > 0)
		conn->life.age_us = now + ms(grace);
	conn_drain(conn, why);
}

static void
look_idle(struct conn *conn, int64_t now)
{
	if (conn->life.used || conn->protocol->is_busy(conn)) {
		conn->life.used = false;
		conn->life.idle_us = now + ms(options_of(conn)->idle_ms);
	} else {
		drain(conn, "max_idle", now);
	}
}

static void
look_silent(struct conn *conn, int64_t now)
{
	const struct life_options *options = options_of(conn);
	/* From whom nothing is read for now (much is unsent, for one) cannot be heard, and is not silent for that. */
	bool heard = conn->life.heard || !conn->is_reading;

	if (conn->life.asked && !heard) {
		conn_close(conn, "no answer to a PING");
		return;
	}
	/* A peer that cannot be asked may be silent for ever. */
	conn->life.asked =
	    !conn->life.heard && conn->protocol->ping != NULL && conn->protocol->ping(conn);
	conn->life.heard = false;
	conn->life.silent_us =
	    now + ms(conn->life.asked ? options->keepalive_timeout_ms : options->keepalive_ms);
}

static bool
is_due(int64_t at, int64_t now)
{
	return at != 0 && at <= now;
}

static void
look(struct deadline *deadline)
{
	struct conn_life *life =
	    (struct conn_life *)(void *)((char *)deadline - offsetof(struct conn_life, deadline));
	struct conn *conn = (struct conn *)(void *)((char *)life - offsetof(struct conn, life));
	int64_t now = daemon_monotonic_us();

	if (conn->state == CONN_DRAINING && is_due(life->age_us, now)) {
		conn_close(conn, "its time to end is over");
		return;
	}
	if (conn->state == CONN_OPEN && is_due(life->age_us, now))
		drain(conn, "max_age", now);
	if (conn->state == CONN_OPEN && is_due(life->idle_us, now))
		look_idle(conn, now);
	if (conn->state == CONN_OPEN && is_due(life->silent_us, now))
		look_silent(conn, now);
	if (conn->state != CONN_OPEN)
		life->idle_us = life->silent_us = 0;
	if ((conn->state == CONN_OPEN || conn->state == CONN_DRAINING) && !arm(conn))
		conn_close(conn, "out of memory");
}

bool
life_begin(struct conn *conn)
{
	const struct life_options *options = options_of(conn);
	int64_t now;

	conn->life.deadline.expired = look;
	if (options->age_ms == 0 && options->idle_ms == 0 && options->keepalive_ms == 0)
		return true;
	now = daemon_monotonic_us();
	if (options->age_ms > 0)
		conn->life.age_us = now + with_jitter(ms(options->age_ms), conn->id);
	if (options->idle_ms > 0)
		conn->life.idle_us = now + ms(options->idle_ms);
	if (options->keepalive_ms > 0)
		conn->life.silent_us = now + ms(options->keepalive_ms);
	return arm(conn);
}

void
life_end(struct conn *conn)
{
	net_deadline_remove(conn->net, &conn->life.deadline);
}

bool
life_takes_ping(struct conn *conn)
{
	unsigned interval = options_of(conn)->ping_interval_ms;
	int64_t now;

	if (interval == 0)
		return true;
	now = daemon_monotonic_us();
	if (conn->life.pinged_us == 0 || now - conn->life.pinged_us >= ms(interval)) {
		conn->life.pinged_us = now;
		return true;
	}
	conn->life.pinged_us = now;
	return ++conn->life.strikes <= STRIKES_MAX;
}

bool
life_takes_cheap(struct conn *conn)
{
	int64_t now = daemon_monotonic_us();

	if (now - conn->life.cheap_since_us > 1000000) {
		conn->life.cheap_since_us = now;
		conn->life.cheap_count = 0;
	}
	return ++conn->life.cheap_count <= LIMIT_CHEAP_FRAMES;
}

void
life_moved(struct conn *conn)
{
	conn->life.pinged_us = 0;
	conn->life.strikes = 0;
}
