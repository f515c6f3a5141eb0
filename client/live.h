/*
 * --watch: what a command shows is shown again whenever the plan changes, until it is stopped. A terminal is drawn
 * over; elsewhere each showing follows the one before, as JSON on a line of its own.
 */
#ifndef CLIENT_LIVE_H
#define CLIENT_LIVE_H

struct args;
struct context;

/* Asks and prints on ctx->out; answers the exit code. */
typedef int (*live_show_fn)(struct context *ctx, const struct args *args);

/* Ctrl-C ends the program with 0. Answers only when the daemon refuses, or the first showing fails. */
int live_run(struct context *ctx, const struct args *args, live_show_fn show);

/* The option, for tables of options. */
#define LIVE_OPTION                                                                                \
	{                                                                                          \
		0, "watch", NULL, "show it again whenever the plan changes, until Ctrl-C", NULL    \
	}

#endif
