/*
 * Requests to receivers: one POST each, many at once, none waits for another. The only user of libcurl.
 *
 * Where they may go is asked for every address before it is connected to (network.h), so that a name that leads elsewhere the second
 * time is no way around it. Redirects are not followed, proxies of the environment not used, and what is answered is not read.
 */
#ifndef SERVER_WEBHOOKS_DELIVERY_H
#define SERVER_WEBHOOKS_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "server/webhooks/sign.h"

struct deliveries;
struct delivery;
struct options;

struct outcome {
	bool delivered;
	bool gone;       /* 410: the receiver wants nothing more */
	unsigned status; /* HTTP's; 0: none came */
	unsigned took_ms;
	char error[120]; /* "" delivered; tells nothing of addresses or what was answered */
};

/* What is sent. All is borrowed: the body until the end, the rest until delivery_start() returns. */
struct letter {
	const char *url;
	const char *id;
	const char *body;
	size_t len;
	const struct secret *secret;
	const struct secret *previous;
};

typedef void (*delivery_done_fn)(void *arg, const struct outcome *outcome);

struct deliveries *deliveries_new(const struct options *options, struct err *err) MUST_CHECK;
/* None is running. Takes NULL. */
void deliveries_free(struct deliveries *deliveries);
/* May another one be started? */
bool deliveries_have_room(const struct deliveries *deliveries);

/* The delivery is gone when done has been called. */
struct delivery *delivery_start(struct deliveries *deliveries, const struct letter *letter,
    delivery_done_fn done, void *arg, struct err *err) MUST_CHECK;
/* Without a call of done. Takes NULL. */
void delivery_cancel(struct delivery *delivery);

/* Moves all on; true where one has ended. */
bool deliveries_poll(struct deliveries *deliveries);
/* Waits until there is something to move on, something to read from one of the fds, or the time is over. */
void deliveries_wait(struct deliveries *deliveries, const int *fds, unsigned count, int timeout_ms);

#endif
