/*
 * The sender: the connection to the daemon, all webhooks, and the loop that moves them on. One thread.
 */
#ifndef SERVER_WEBHOOKS_SENDER_H
#define SERVER_WEBHOOKS_SENDER_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/rpc_client.h"
#include "plumb/v1/webhook.pb-c.h"
#include "server/webhooks/backoff.h"
#include "server/webhooks/delivery.h"
#include "server/webhooks/options.h"

struct hook;

struct sender {
	const struct options *options;
	struct deliveries *deliveries; /* owned */
	struct backoff backoff;        /* of receivers */
	struct rpc_client *orders;     /* what webhooks there are; NULL: not connected */
	struct rpc_client *reports;    /* the other way */
	struct hook **hooks;           /* owned */
	unsigned count;
	unsigned cap;
	unsigned first;      /* whose turn is first */
	unsigned generation; /* of the connection */
	bool greeted;        /* all that there are were told */
	bool ready_told;
	bool busy; /* something ended: another turn before waiting */
	unsigned failures;
	int64_t connect_ms; /* not before */
	int64_t heard_ms;
	int *fds;
	unsigned fds_cap;
};

int64_t now_ms(void);
/* A connection to the daemon with the token; NULL. */
struct rpc_client *sender_connect(const struct sender *sender, struct rpc_status *status);
/*
 * Reports; false: it did not reach the daemon. NOT_FOUND and OUT_OF_RANGE count as taken: the webhook was removed meanwhile, or the
 * log was restored from a backup and is shorter than what we have seen.
 */
bool sender_report(struct sender *sender, const Plumb__V1__ReportDeliveryRequest *report);

/* Until stop_fd is readable. False: it could not begin. */
bool sender_run(const struct options *options, int stop_fd, struct err *err) MUST_CHECK;

#endif
