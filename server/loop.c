#include "server/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop {
	struct loop_options options;
	struct event_base *base; /* owned */
	int wake_fd;
	bool is_woken; /* a wake-up is under way; any thread */
	bool is_stopping;
	struct event wake_event;
	struct event tick_event;
	struct event term_event;
	struct event int_event;
	struct event hangup_event;
};

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;
	uint64_t count;

	(void)what;
	while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
		;
	/* Before the work: whoever comes later wakes again. */
	__atomic_store_n(&loop->is_woken, false, __ATOMIC_SEQ_CST);
	loop->options.on_wake(loop->options.arg);
}

void
loop_wake(struct loop *loop)
{
	const uint64_t one = 1;

	if (__atomic_exchange_n(&loop->is_woken, true, __ATOMIC_SEQ_CST))
		return;
	while (write(loop->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	loop->options.on_tick(loop->options.arg);
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	loop->options.on_signal(loop->options.arg);
}

static void
on_hangup(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	if (loop->options.on_hangup != NULL)
		loop->options.on_hangup(loop->options.arg);
}

static struct event_base *
base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (config == NULL)
		return NULL;
	/* Other threads wake it through wake_fd only. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static bool
add_events(struct loop *loop)
{
	const unsigned ms = loop->options.tick_ms;
	const struct timeval tick = {ms / 1000, (ms % 1000) * 1000};

	event_assign(
	    &loop->wake_event, loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
	event_assign(&loop->tick_event, loop->base, -1, EV_PERSIST, on_tick, loop);
	event_assign(
	    &loop->term_event, loop->base, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, loop);
	event_assign(&loop->int_event, loop->base, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, loop);
	event_assign(
	    &loop->hangup_event, loop->base, SIGHUP, EV_SIGNAL | EV_PERSIST, on_hangup, loop);
	return event_add(&loop->wake_event, NULL) == 0 &&
	       event_add(&loop->tick_event, &tick) == 0 &&
	       event_add(&loop->term_event, NULL) == 0 && event_add(&loop->int_event, NULL) == 0 &&
	       event_add(&loop->hangup_event, NULL) == 0;
}

struct loop *
loop_new(const struct loop_options *options, struct err *err)
{
	struct loop *loop = calloc(1, sizeof *loop);

	if (loop == NULL) {
		err_oom(err);
		return NULL;
	}
	loop->options = *options;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0) {
		err_errno(err, "eventfd");
		goto fail;
	}
	loop->base = base_new();
	if (loop->base == NULL || !add_events(loop)) {
		err_set(err, ERR_UNAVAILABLE, "no event loop: the system refuses epoll");
		goto fail;
	}
	return loop;
fail:
	if (loop->base != NULL)
		event_base_free(loop->base);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	free(loop);
	return NULL;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	event_del(&loop->wake_event);
	event_del(&loop->tick_event);
	event_del(&loop->term_event);
	event_del(&loop->int_event);
	event_del(&loop->hangup_event);
	event_base_free(loop->base);
	close(loop->wake_fd);
	free(loop);
}

struct event_base *
loop_base(const struct loop *loop)
{
	return loop->base;
}

bool
loop_run(struct loop *loop, struct err *err)
{
	loop->is_stopping = false;
	while (!loop->is_stopping) {
		if (event_base_loop(loop->base, EVLOOP_ONCE) != 0)
			return err_set(err, ERR_INTERNAL, "the event loop failed");
		loop->options.on_turn_end(loop->options.arg);
	}
	return true;
}

void
loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}
