/* plumb history and plumb log: what happened to an entry, and in the workspace. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define PAGE          500
#define LIMIT_DEFAULT 50
#define SHOWN_IN_LOG  8 /* differences of one change set, unless all are asked for */

static void
show_entry(struct context *ctx, const Plumb__V1__HistoryEntry *entry, size_t limit)
{
	char revision[32], when[DESCRIBE_WHEN];
	size_t shown = entry->n_differences < limit ? entry->n_differences : limit;

	snprintf(revision, sizeof revision, "revision %" PRIu64, entry->revision);
	output_coloured(&ctx->out, COLOUR_BOLD, revision);
	output_printf(&ctx->out, "  %s UTC  %s\n", describe_when(entry->time, when), entry->author);
	if (entry->reason[0])
		output_wrap(&ctx->out, "  ", entry->reason);
	if (entry->scenario[0])
		output_printf(&ctx->out, "  in scenario %s only\n", entry->scenario);
	if (entry->applied_scenario[0])
		output_printf(&ctx->out, "  applied scenario %s\n", entry->applied_scenario);
	if (entry->override_reason[0])
		output_wrap(&ctx->out, "  although refused: ", entry->override_reason);
	if (entry->source[0])
		output_printf(&ctx->out, "  from %s\n", entry->source);
	write_differences(&ctx->out, entry->differences, shown, "  ");
	if (shown < entry->n_differences)
		output_printf(&ctx->out, "  \xe2\x80\xa6 and %zu more (--all shows them)\n",
		    entry->n_differences - shown);
	output_text(&ctx->out, "\n");
}

static void
add_csv_row(struct table *table, const Plumb__V1__HistoryEntry *entry)
{
	struct str refs;

	str_init(&refs, 1u << 20);
	for (size_t i = 0; i < entry->n_differences; i++)
		str_addf(&refs, "%s%s", i ? " " : "", entry->differences[i]->ref);
	table_cellf(table, "%" PRIu64, entry->revision);
	table_cell(table, entry->time);
	table_cell(table, entry->author);
	table_cell(table, entry->reason);
	table_cell(table, entry->source);
	table_cell(table, refs.data);
	table_cell(table, entry->override_reason);
	str_fini(&refs);
}

static void
show_reply(struct context *ctx, struct table *table, const Plumb__V1__HistoryReply *reply,
    size_t count, size_t limit)
{
	for (size_t i = 0; i < count; i++) {
		const Plumb__V1__HistoryEntry *entry = reply->entries[i];

		if (ctx->out.format == OUTPUT_TABLE)
			show_entry(ctx, entry, limit);
		else if (ctx->out.format == OUTPUT_CSV)
			add_csv_row(table, entry);
		else if (ctx->out.format == OUTPUT_NAME)
			output_printf(&ctx->out, "%" PRIu64 "\n", entry->revision);
		else
			output_list_add(&ctx->out, &entry->base);
	}
}

struct asked {
	Plumb__V1__HistoryRequest request;
	uint64_t limit;
	size_t differences; /* shown of each */
};

static bool
show_pages(
    struct context *ctx, struct asked *asked, struct table *table, uint64_t *shown, bool *more)
{
	Plumb__V1__HistoryRequest *request = &asked->request;

	request->page_token = pb_str("");
	do {
		uint64_t left = asked->limit - *shown;
		const Plumb__V1__HistoryReply *reply;

		request->page_size = left < PAGE ? (uint32_t)left : PAGE;
		reply = context_call(ctx, &plumb__v1__plan__descriptor, "History", &request->base);
		if (!reply)
			return false;
		if (reply->n_entries < left)
			left = reply->n_entries;
		show_reply(ctx, table, reply, (size_t)left, asked->differences);
		*shown += left;
		request->page_token = reply->next_page_token;
	} while (request->page_token[0] && *shown < asked->limit);
	*more = request->page_token[0] != '\0';
	return true;
}

static int
show_history(struct context *ctx, struct asked *asked)
{
	static const char *const titles[] = {
	    "REVISION", "TIME", "AUTHOR", "REASON", "SOURCE", "CHANGED", "OVERRIDE"};
	bool listed = ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;
	struct table *table = table_new();
	uint64_t shown = 0;
	bool more = false;
	bool ok;

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	if (listed)
		output_list_begin(&ctx->out);
	ok = show_pages(ctx, asked, table, &shown, &more);
	if (listed)
		output_list_end(&ctx->out);
	if (ok && ctx->out.format == OUTPUT_CSV)
		table_print(table, &ctx->out);
	if (ok && ctx->out.format == OUTPUT_TABLE && shown == 0)
		output_text(&ctx->out, "Nothing has happened yet.\n");
	if (ok && ctx->out.format == OUTPUT_TABLE && more)
		output_printf(
		    &ctx->out, "These were the newest %" PRIu64 "; see more with --limit\n", shown);
	table_free(table);
	if (!ok && asked->request.ref[0])
		context_suggest(ctx, asked->request.ref);
	return ok ? EXIT_FINE : context_fail(ctx);
}

static int
ask(struct context *ctx, const struct args *args, const char *ref, size_t differences)
{
	struct asked asked = {.limit = LIMIT_DEFAULT, .differences = differences};
	const char *limit = args_get(args, "limit");
	Plumb__V1__At at;

	plumb__v1__history_request__init(&asked.request);
	if (limit && !parse_u64(limit, 1, UINT64_MAX, &asked.limit))
		return command_usage(args, "--limit takes a number from 1 on; not '%s'", limit);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	asked.request.at = &at;
	asked.request.ref = pb_str(ref);
	asked.request.records = args_has(args, "records");
	return show_history(ctx, &asked);
}

static int
run_history(struct context *ctx, const struct args *args)
{
	const char *text = args->values[0];
	const char *ref = context_ref(ctx, text, "");

	return ref ? ask(ctx, args, ref, SIZE_MAX) : context_fail(ctx);
}

static int
run_log(struct context *ctx, const struct args *args)
{
	return ask(ctx, args, "", args_has(args, "all") ? SIZE_MAX : SHOWN_IN_LOG);
}

static const struct option history_options[] = {
    {0, "records", NULL, "also the measurements and check-ins about it", NULL},
    {0, "limit", "N", "the newest N (50)", NULL},
    {0},
};

static const struct example history_examples[] = {
    {"plumb history initiative/onboarding-30", "who changed what, when and why"},
    {"plumb history objective/activation --records", "with what was reported about it"},
    {0},
};

const struct command cmd_history = {
    .name = "history",
    .group = GROUP_PAST,
    .arguments = "KIND/ID",
    .summary = "show what happened to an entry, newest first",
    .help = "Every change with its author, time, reason and the fields that it changed. A removed "
	    "or renamed entry "
	    "keeps its history: name it as kind/id.",
    .options = history_options,
    .examples = history_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_history,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml csv name",
};

static const struct option log_options[] = {
    {0, "all", NULL, "all differences of large changes too", NULL},
    {0, "limit", "N", "the newest N (50)", NULL},
    {0},
};

static const struct example log_examples[] = {
    {"plumb log", "what happened lately"},
    {"plumb log --as-of q1-plan --limit 10", "the ten changes before a baseline"},
    {0},
};

const struct command cmd_log = {
    .name = "log",
    .group = GROUP_PAST,
    .arguments = "",
    .summary = "show what happened in the workspace, newest first",
    .options = log_options,
    .examples = log_examples,
    .run = run_log,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml csv name",
};
