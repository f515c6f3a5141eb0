/* plumb admin audit: what the audit file says, and whether it is whole. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/cmd_admin.h"
#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/audit.pb-c.h"

#define PAGE          1000u
#define LIMIT_DEFAULT 50

/* ---- verify */

static void
show_problem(struct context *ctx, const Plumb__V1__AuditProblem *problem)
{
	if (problem->line > 0)
		output_printf(&ctx->out, "%s:%" PRIu64 ": ", problem->file, problem->line);
	if (problem->sequence > 0 && problem->line > 0)
		output_printf(&ctx->out, "line %" PRIu64 ": ", problem->sequence);
	output_printf(&ctx->out, "%s\n", problem->message);
}

static void
take_reply(struct context *ctx, const Plumb__V1__VerifyAuditReply *reply)
{
	for (size_t i = 0; i < reply->n_problems; i++) {
		if (ctx->out.format == OUTPUT_TABLE)
			show_problem(ctx, reply->problems[i]);
		else
			output_list_add(&ctx->out, &reply->problems[i]->base);
	}
}

static int
tell_result(struct context *ctx, const Plumb__V1__VerifyAuditReply *last)
{
	if (last->problem_count > 0)
		return context_error(ctx, EXIT_NO,
		    "the audit file is not what was written: %" PRIu64 " places (%" PRIu64
		    " lines, %" PRIu64 " anchors agree)",
		    last->problem_count, last->lines, last->anchors);
	if (ctx->out.format == OUTPUT_TABLE)
		output_printf(&ctx->out,
		    "The audit file is whole: %" PRIu64 " lines, every hash, and %" PRIu64
		    " anchors in the log.\n",
		    last->lines, last->anchors);
	return EXIT_FINE;
}

static int
verify(struct context *ctx, const struct args *args)
{
	const char *first = args_get(args, "first");
	bool listed = ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;
	const Plumb__V1__VerifyAuditReply *last = NULL;
	const Plumb__V1__VerifyAuditReply *reply;
	Plumb__V1__VerifyAuditRequest request;
	struct progress *progress;

	plumb__v1__verify_audit_request__init(&request);
	if (first && !parse_u64(first, 1, INT64_MAX, &request.first))
		return command_usage(args, "--first takes a line's number; not '%s'", first);
	if (ctx->out.format != OUTPUT_TABLE && !listed)
		return command_usage(args, "--verify answers as table, json or yaml");
	if (!context_start(ctx, &plumb__v1__audit__descriptor, "Verify", &request.base))
		return context_fail(ctx);
	progress = progress_new("verifying the audit file");
	if (listed)
		output_list_begin(&ctx->out);
	while ((reply = context_next(ctx))) {
		progress_update(
		    progress, reply->total ? (double)reply->bytes / (double)reply->total : -1);
		take_reply(ctx, reply);
		last = reply;
	}
	if (listed)
		output_list_end(&ctx->out);
	progress_free(progress);
	if (ctx->status.err.code != ERR_OK)
		return context_fail(ctx);
	if (!last || !last->done)
		return context_error(
		    ctx, EXIT_SERVER, "plumbd's answer is not whole: verify again");
	return tell_result(ctx, last);
}

/* ---- list */

static void
add_row(struct table *table, const Plumb__V1__AuditLine *line)
{
	table_cellf(table, "%" PRIu64, line->sequence);
	table_cell(table, line->time);
	table_cell(table, line->event);
	table_cell(table, line->who);
	table_cell(table, line->from);
	table_cell(table, line->about);
	table_cell(table, line->outcome);
	table_cellf(table, "%" PRIu64, line->times > 0 ? line->times : 1);
}

/* For people: what happened in one column, since a terminal has no room for each part of it. */
static void
add_told(struct table *table, const Plumb__V1__AuditLine *line)
{
	bool is_fine = strcmp(line->outcome, "ok") == 0;
	char when[DESCRIBE_WHEN], times[40] = "";

	if (line->times > 1)
		snprintf(times, sizeof times, " (%" PRIu64 " times)", line->times);
	table_cellf(table, "%" PRIu64, line->sequence);
	table_cell(table, describe_when(line->time, when));
	table_cell(table, line->who);
	table_cellf(table, "%s%s%s%s%s%s", line->event, line->about[0] ? " " : "", line->about,
	    is_fine ? "" : ": ", is_fine ? "" : line->outcome, times);
	table_cell(table, line->from);
}

static void
show_page(struct context *ctx, struct table *table, const Plumb__V1__ListAuditReply *reply)
{
	bool listed = ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;

	for (size_t i = 0; i < reply->n_lines; i++) {
		if (listed)
			output_list_add(&ctx->out, &reply->lines[i]->base);
		else if (ctx->out.format == OUTPUT_TABLE)
			add_told(table, reply->lines[i]);
		else
			add_row(table, reply->lines[i]);
	}
	if (!listed)
		table_flush(table, &ctx->out);
}

static bool
show_pages(struct context *ctx, struct table *table, Plumb__V1__ListAuditRequest *request)
{
	const Plumb__V1__ListAuditReply *reply;

	do {
		reply = context_call(ctx, &plumb__v1__audit__descriptor, "List", &request->base);
		if (!reply)
			return false;
		show_page(ctx, table, reply);
		request->after = reply->next;
	} while (reply->next > 0);
	return true;
}

static struct table *
new_table(bool is_told)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	table_column(table, "LINE", TABLE_RIGHT);
	table_column(table, "TIME", 0);
	if (is_told) {
		table_column(table, "WHO", TABLE_WRAP);
		table_column(table, "EVENT", TABLE_WRAP | TABLE_MAIN);
		table_column(table, "FROM", TABLE_DROP);
		return table;
	}
	table_column(table, "EVENT", 0);
	table_column(table, "WHO", 0);
	table_column(table, "FROM", 0);
	table_column(table, "ABOUT", 0);
	table_column(table, "OUTCOME", 0);
	table_column(table, "TIMES", TABLE_RIGHT);
	return table;
}

static int
list(struct context *ctx, Plumb__V1__ListAuditRequest *request)
{
	bool listed = ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;
	struct table *table = new_table(ctx->out.format == OUTPUT_TABLE);
	bool ok;

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (listed)
		output_list_begin(&ctx->out);
	ok = show_pages(ctx, table, request);
	if (listed)
		output_list_end(&ctx->out);
	else if (ok)
		table_print(table, &ctx->out);
	table_free(table);
	return ok ? EXIT_FINE : context_fail(ctx);
}

static int
run_audit(struct context *ctx, const struct args *args)
{
	static const char *const listing[] = {"since", "until", "event", "who", "limit"};
	const char *since = args_get(args, "since");
	const char *limit = args_get(args, "limit");
	uint64_t number = LIMIT_DEFAULT;
	Plumb__V1__ListAuditRequest request;

	if (args_has(args, "verify")) {
		for (size_t i = 0; i < sizeof listing / sizeof listing[0]; i++) {
			if (args_has(args, listing[i]))
				return command_usage(
				    args, "--%s has no meaning with --verify", listing[i]);
		}
		return verify(ctx, args);
	}
	if (args_has(args, "first"))
		return command_usage(args, "--first goes with --verify");
	if (limit && !parse_u64(limit, 1, PAGE, &number))
		return command_usage(
		    args, "--limit takes a number from 1 to %u; not '%s'", PAGE, limit);
	plumb__v1__list_audit_request__init(&request);
	request.since = pb_str(since ? since : "");
	request.until = pb_str(args_get(args, "until") ? args_get(args, "until") : "");
	request.event = pb_str(args_get(args, "event") ? args_get(args, "event") : "");
	request.who = pb_str(args_get(args, "who") ? args_get(args, "who") : "");
	/* From a time on: all of it. */
	request.newest = !since || limit;
	request.page_size = request.newest ? (uint32_t)number : PAGE;
	return list(ctx, &request);
}

static const struct option options[] = {
    {0, "verify", NULL, "recompute every hash, and compare with the anchors in the log", NULL},
    {0, "first", "LINE", "with --verify: lines before this one were moved elsewhere", NULL},
    {0, "since", "TIME", "from this time or date on", NULL},
    {0, "until", "TIME", "before this time or date", NULL},
    {0, "event", "EVENT", "only these: refused, token-create, export \xe2\x80\xa6", NULL},
    {0, "who", "WHO", "only of this caller, as it stands in the file", NULL},
    {0, "limit", "N", "the newest N (50)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb admin audit", "the newest events"},
    {"plumb admin audit --since 2026-03-01 -o csv", "a month, for a spreadsheet"},
    {"plumb admin audit --verify", "has anybody changed the file?"},
    {0},
};

const struct command admin_audit = {
    .name = "audit",
    .arguments = "",
    .summary = "who granted, was refused, or read in bulk; and is that record whole",
    .help = "The daemon writes these events to audit.log in its data directory, each line with the "
	    "hash of the one before, and keeps the newest hash in its own log now and then: an "
	    "anchor.\n\n"
	    "--verify names every line that was changed, taken out or put in, and a file whose end "
	    "was cut off or that was replaced by an older copy; it exits 1 then.",
    .options = options,
    .examples = examples,
    .run = run_audit,
    .takes = TAKES_SERVER | TAKES_PAGER,
    .formats = "table json yaml csv",
};
