/*
 * plumb-webhooks: a client of the daemon that sends what changes to other services (docs/WEBHOOKS.md).
 *
 * A program of its own, so that the daemon itself never opens a connection to anybody.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/log.h"
#include "server/notify.h"
#include "server/webhooks/options.h"
#include "server/webhooks/sender.h"

#define EXIT_USAGE 2

/* Readable when somebody wants us to stop; -1. */
static int
stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct err err = {0};
	int stop_fd;

	switch (options_read(&options, argc, argv, &err)) {
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_BAD:
		fprintf(stderr, "plumb-webhooks: %s\n", err.msg);
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	log_set_level(options.log_level);
	stop_fd = stop_signals();
	if (stop_fd < 0) {
		perror("plumb-webhooks");
		return 1;
	}
	log_info("start", "version=%s server=%s allow-private=%s allow-networks=%u", PLUMB_VERSION,
	    options.server, options.allowed.all_private ? "yes" : "no", options.allowed.count);
	notify("READY=1");
	if (!sender_run(&options, stop_fd, &err)) {
		fprintf(stderr, "plumb-webhooks: %s\n", err.msg);
		return 1;
	}
	notify("STOPPING=1");
	log_info("stop", "why=signal");
	close(stop_fd);
	return 0;
}
