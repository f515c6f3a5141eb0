/* plumb info and plumb ping. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"

/* ---- info */

static void
line(struct context *ctx, const char *label, const char *text)
{
	char lead[40];

	if (!text || !text[0])
		return;
	snprintf(lead, sizeof lead, "%-16s", label);
	output_wrap(&ctx->out, lead, text);
}

static void
number(struct context *ctx, const char *label, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	line(ctx, label, text);
}

static void
show(struct context *ctx, const Plumb__V1__InfoReply *info)
{
	line(ctx, "plumbd", info->version);
	line(ctx, "at", ctx->server);
	line(ctx, "running since", info->started);
	line(ctx, "its clock", info->now);
	line(ctx, "knows you as", info->caller);
	line(ctx, "data directory", info->data_directory);
	line(ctx, "takes changes",
	    info->writable ? "yes" : "no: the disk refused; plumbd goes on trying");
	/* Told to administrators of all workspaces, of which there is one always. */
	if (info->workspaces > 0) {
		number(ctx, "workspaces", info->workspaces);
		number(ctx, "connections", info->connections);
	}
	output_printf(&ctx->out, "\n");
	line(ctx, "workspace", ctx->workspace[0] ? ctx->workspace : "main");
	number(ctx, "revision", info->revision);
	number(ctx, "items", info->items);
	number(ctx, "records", info->records);
	line(ctx, "today there", info->today);
	number(ctx, "snapshot of", info->snapshot_revision);
	number(ctx, "tables.db of", info->tables_revision);
	line(ctx, "chain", info->chain);
	line(ctx, "state", info->state_hash);
}

static int
run_info(struct context *ctx, const struct args *args)
{
	Plumb__V1__InfoRequest request;
	const Plumb__V1__InfoReply *reply;

	(void)args;
	plumb__v1__info_request__init(&request);
	request.workspace = pb_str(ctx->workspace[0] ? ctx->workspace : "main");
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "Info", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format == OUTPUT_TABLE)
		show(ctx, reply);
	else
		output_message(&ctx->out, &reply->base);
	return EXIT_FINE;
}

static const struct example info_examples[] = {
    {"plumb info", "the daemon and the workspace main"},
    {"plumb info -w acme -o json", NULL},
    {0},
};

const struct command cmd_info = {
    .name = "info",
    .group = GROUP_DAEMON,
    .arguments = "",
    .summary = "show what the daemon is and how it knows you",
    .examples = info_examples,
    .run = run_info,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

/* ---- ping */

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int
run_ping(struct context *ctx, const struct args *args)
{
	const char *text = args_get(args, "count");
	uint64_t count = 1;

	if (text && !parse_u64(text, 1, 1000000, &count))
		return command_usage(args, "--count takes a number, 1 to 1000000; not '%s'", text);
	if (!context_client(ctx))
		return context_fail(ctx);
	for (uint64_t i = 0; i < count; i++) {
		Plumb__V1__PingRequest request;
		double begun = now_ms();

		plumb__v1__ping_request__init(&request);
		if (!context_call(ctx, &plumb__v1__admin__descriptor, "Ping", &request.base))
			return context_fail(ctx);
		output_printf(
		    &ctx->out, "plumbd at %s answers in %.2f ms\n", ctx->server, now_ms() - begun);
		fflush(ctx->out.file);
		if (i + 1 < count)
			usleep(500000);
	}
	return EXIT_FINE;
}

static const struct option ping_options[] = {
    {0, "count", "N", "ask N times, twice a second", NULL},
    {0},
};

static const struct example ping_examples[] = {
    {"plumb ping", NULL},
    {"plumb ping --server tcp:plan.example.org:7411 --timeout 2", NULL},
    {0},
};

const struct command cmd_ping = {
    .name = "ping",
    .group = GROUP_DAEMON,
    .arguments = "",
    .summary = "ask whether the daemon answers",
    .options = ping_options,
    .examples = ping_examples,
    .run = run_ping,
    .takes = TAKES_SERVER,
};
