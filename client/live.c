#include "client/live.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "common/pb.h"

#define HEARTBEAT_MS   10000
#define SILENCE_MS     35000 /* three heartbeats missed: the connection is dead */
#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS   5000
#define SETTLE_MS      150 /* changes often come several at a time */
#define SHOW_ARENA     (1024u << 20)
#define WATCH_ARENA    (64u << 20)
#define ROWS_DEFAULT   24

struct live {
	struct context *ctx;
	const struct args *args;
	live_show_fn show;
	struct rpc_client *watch; /* NULL: not connected */
	struct arena *arena;      /* of one message of the watch */
	struct rpc_status status;
	uint64_t shown; /* the revision that was shown last */
	bool ever;      /* something was shown */
};

static void
on_interrupt(int number)
{
	(void)number;
	_exit(EXIT_FINE); /* what was shown is out; a call that is under way is given up */
}

/* ---- showing */

static int
terminal_rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 4)
		return size.ws_row;
	return ROWS_DEFAULT;
}

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* From the top left, each line over the one that stood there; what does not fit is counted. */
static void
draw(const struct live *live, const char *text)
{
	size_t room = (size_t)terminal_rows() - 3;
	size_t lines = count_lines(text);

	fputs(live->ever ? "\x1b[H" : "\x1b[H\x1b[2J", stdout);
	printf(
	    "Revision %" PRIu64 "; shows every change, until Ctrl-C\x1b[K\n\x1b[K\n", live->shown);
	for (size_t i = 0; *text && (i < room - 1 || lines <= room); i++) {
		size_t len = strcspn(text, "\n");

		printf("%.*s\x1b[K\n", (int)len, text);
		text += len;
		text += *text == '\n';
	}
	if (*text)
		printf("\xe2\x80\xa6 and %zu lines more\x1b[K\n", count_lines(text));
	fputs("\x1b[J", stdout);
	fflush(stdout);
}

static void
append(const struct live *live, enum output_format format, const char *text)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
	if (format == OUTPUT_TABLE)
		printf("%s--- revision %" PRIu64 ", %s UTC\n", live->ever ? "\n" : "", live->shown,
		    when);
	else if (format == OUTPUT_YAML)
		fputs("---\n", stdout);
	else if (format != OUTPUT_JSON && live->ever)
		fputs("\n", stdout);
	fputs(text, stdout);
	fflush(stdout);
}

/* One showing, in a context of its own: nothing that was loaded for the one before is believed. */
static int
show_once(struct live *live)
{
	struct context ctx = *live->ctx;
	struct output out;
	char *text = NULL;
	size_t len = 0;
	int code = EXIT_SERVER;

	ctx.arena = arena_new(SHOW_ARENA);
	ctx.out.file = open_memstream(&text, &len);
	if (!ctx.arena || !ctx.out.file) {
		code = context_error(&ctx, EXIT_SERVER, "out of memory");
		goto out;
	}
	output_init(&out, stdout); /* the terminal may have another size by now */
	ctx.out.width = out.width;
	ctx.out.lines = true;
	code = live->show(&ctx, live->args);
	live->ctx->client = ctx.client;
	live->status = ctx.status;
	fflush(ctx.out.file);
	if (code == EXIT_FINE || code == EXIT_NO) {
		if (ctx.out.terminal && ctx.out.format == OUTPUT_TABLE)
			draw(live, text);
		else
			append(live, ctx.out.format, text);
		live->ever = true;
	}
out:
	if (ctx.out.file)
		fclose(ctx.out.file);
	free(text);
	arena_free(ctx.arena);
	return code;
}

/* ---- following */

static void
wait_ms(unsigned ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&ts, NULL);
}

static void
disconnect(struct live *live)
{
	rpc_client_free(live->watch);
	live->watch = NULL;
	rpc_client_free(live->ctx->client);
	live->ctx->client = NULL;
}

/* Which revision is the newest? Asked before the watch begins after it, so that nothing falls between. */
static bool
find_revision(struct live *live, uint64_t *revision)
{
	struct context *ctx = live->ctx;
	Plumb__V1__InfoRequest request;
	const Plumb__V1__InfoReply *reply;
	struct rpc_client *client = context_client(ctx);

	plumb__v1__info_request__init(&request);
	request.workspace = pb_str(ctx->workspace[0] ? ctx->workspace : "main");
	arena_reset(live->arena);
	reply = client ? rpc_client_call(client, &plumb__v1__admin__descriptor, "Info",
			     &request.base, live->arena, &ctx->status)
		       : NULL;
	live->status = ctx->status;
	if (reply)
		*revision = reply->revision;
	return reply != NULL;
}

static bool
start_watch(struct live *live)
{
	struct context *ctx = live->ctx;
	const struct rpc_options options = {.timeout_ms = ctx->timeout_ms, .tls = ctx->tls};
	Plumb__V1__WatchRequest request;

	live->watch = rpc_client_open(ctx->server, &options, &live->status);
	if (!live->watch)
		return false;
	rpc_client_set_as(live->watch, ctx->as);
	rpc_client_set_token(live->watch, ctx->token);
	rpc_client_set_timeout(live->watch, SILENCE_MS);
	plumb__v1__watch_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.from_revision = live->shown + 1;
	request.heartbeat_ms = HEARTBEAT_MS;
	return rpc_client_start(live->watch, &plumb__v1__plan__descriptor, "Watch", &request.base,
	    live->arena, &live->status);
}

/* Until there is something newer than what was shown; false: the stream ended. */
static bool
await_change(struct live *live)
{
	const Plumb__V1__WatchReply *reply;

	do {
		arena_reset(live->arena);
		reply = rpc_client_next(live->watch, live->arena, &live->status);
		if (!reply)
			return false;
	} while (reply->heartbeat || reply->revision <= live->shown);
	return true;
}

/* Shows, and again at every change, until something goes wrong: EXIT_FINE, then the connection did. */
static int
follow(struct live *live)
{
	bool started = false;

	for (;;) {
		int code;

		if (!find_revision(live, &live->shown))
			return EXIT_FINE;
		if (!started && !start_watch(live))
			return EXIT_FINE;
		started = true;
		code = show_once(live);
		if (code != EXIT_FINE && code != EXIT_NO)
			return live->status.unreachable ? EXIT_FINE : code;
		if (!await_change(live))
			return EXIT_FINE;
		wait_ms(SETTLE_MS);
	}
}

static bool
may_come_back(const struct rpc_status *status)
{
	return status->unreachable || status->err.code == ERR_UNAVAILABLE ||
	       status->err.code == ERR_DEADLINE || status->err.code == ERR_LIMIT ||
	       status->err.code == ERR_OK;
}

static int
follow_again(struct live *live)
{
	unsigned wait = RETRY_FIRST_MS;
	bool told = false;

	for (;;) {
		uint64_t shown = live->shown;
		int code = follow(live);

		if (code != EXIT_FINE)
			return code;
		live->ctx->status = live->status;
		if (!live->ever || !may_come_back(&live->status))
			return context_fail(live->ctx);
		if (live->shown != shown) { /* it had come back, or this is the first time */
			told = false;
			wait = RETRY_FIRST_MS;
		}
		if (!told)
			context_error(live->ctx, 0,
			    "the connection was lost (%s); this goes on when plumbd is back",
			    live->status.err.msg[0] ? live->status.err.msg : "the watch ended");
		told = true;
		disconnect(live);
		wait_ms(wait);
		wait = wait * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : wait * 2;
	}
}

int
live_run(struct context *ctx, const struct args *args, live_show_fn show)
{
	struct live live = {.ctx = ctx, .args = args, .show = show};
	struct sigaction stop = {.sa_handler = on_interrupt};
	int code;

	if (ctx->as_of[0])
		return command_usage(args, "--watch follows the newest plan: leave out --as-of");
	live.arena = arena_new(WATCH_ARENA);
	if (!live.arena)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	sigaction(SIGINT, &stop, NULL);
	code = follow_again(&live);
	rpc_client_free(live.watch);
	arena_free(live.arena);
	return code;
}
