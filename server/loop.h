/*
 * The event loop: timers, signals, wake-ups from other threads, and the end of each turn.
 *
 * One thread runs it; only loop_wake() may be called from others.
 */
#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

#include <stdbool.h>

#include "common/err.h"

struct event_base;
struct loop;

typedef void (*loop_fn)(void *arg);

struct loop_options {
	loop_fn on_wake;     /* after one or more loop_wake() */
	loop_fn on_tick;     /* every tick_ms */
	loop_fn on_signal;   /* SIGTERM or SIGINT */
	loop_fn on_hangup;   /* SIGHUP; may be NULL: then it is ignored */
	loop_fn on_turn_end; /* after all that was ready was handled */
	void *arg;
	unsigned tick_ms;
};

struct loop *loop_new(const struct loop_options *options, struct err *err) MUST_CHECK;
/* Takes NULL. */
void loop_free(struct loop *loop);
struct event_base *loop_base(const struct loop *loop);

/* Thread-safe; cheap when a wake-up is under way already. */
void loop_wake(struct loop *loop);

/* Until loop_stop(). False: the system failed us. */
bool loop_run(struct loop *loop, struct err *err) MUST_CHECK;
void loop_stop(struct loop *loop);

#endif
