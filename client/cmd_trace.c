/* plumb trace: why an item exists, and what rests on it. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define INDENT     2
#define INDENT_MAX 40

static void
add_node_text(struct context *ctx, const Plumb__V1__TraceNode *node, struct str *out)
{
	str_add(out, node->ref);
	if (node->missing) {
		str_add(out, " \xe2\x80\x93 which is not in the plan");
		return;
	}
	if (node->title[0])
		str_addf(out, "  %s", node->title);
	if (node->status[0] || node->owner[0]) {
		str_add(out, "  [");
		for (const char *p = node->status; *p; p++)
			str_add_char(out, *p == '_' ? ' ' : *p);
		if (node->owner[0])
			str_addf(out, "%s%s", node->status[0] ? ", " : "",
			    context_person(ctx, node->owner));
		str_add_char(out, ']');
	}
	if (node->again)
		str_add(out, "  (shown already)");
}

static void
show_node(struct context *ctx, const Plumb__V1__TraceNode *node)
{
	int level = node->level < 0 ? -node->level : node->level;
	int indent = level * INDENT > INDENT_MAX ? INDENT_MAX : level * INDENT;
	char lead[INDENT_MAX + 80];
	struct str text;

	str_init(&text, 1u << 16);
	add_node_text(ctx, node, &text);
	snprintf(lead, sizeof lead, "%*s%.60s ", indent, "", node->relation);
	output_wrap(&ctx->out, lead, text.data);
	str_fini(&text);
	snprintf(lead, sizeof lead, "%*s", indent + INDENT, "");
	if (node->level < 0 && !node->again && !node->missing)
		describe_aim_of(ctx, node->ref, lead);
}

/*
 * The nodes come as they were reached, which need not be in the order of a tree: each is shown under the one that it
 * was reached from.
 */
static void
show_below(struct context *ctx, const Plumb__V1__TraceReply *reply, const int32_t *first,
    const int32_t *next, size_t i, bool up)
{
	for (int32_t child = first[i]; child >= 0; child = next[child]) {
		const Plumb__V1__TraceNode *node = reply->nodes[child];

		if ((node->level < 0) != up)
			continue;
		show_node(ctx, node);
		show_below(ctx, reply, first, next, (size_t)child, up);
	}
}

static bool
has_side(const Plumb__V1__TraceReply *reply, bool up)
{
	for (size_t i = 0; i < reply->n_nodes; i++) {
		if (reply->nodes[i]->level != 0 && (reply->nodes[i]->level < 0) == up)
			return true;
	}
	return false;
}

static void
show_side(struct context *ctx, const Plumb__V1__TraceReply *reply, const int32_t *first,
    const int32_t *next, size_t root, bool up)
{
	output_text(&ctx->out, "\n");
	output_coloured(&ctx->out, COLOUR_BOLD, up ? "Why it is there" : "What rests on it");
	output_text(&ctx->out, "\n");
	if (has_side(reply, up))
		show_below(ctx, reply, first, next, root, up);
	else
		output_text(&ctx->out, up ? "  Nothing says why.\n" : "  Nothing.\n");
}

/* Lists of children in the order given; a parent always comes before its children, or the answer is wrong. */
static bool
link_children(const Plumb__V1__TraceReply *reply, int32_t *first, int32_t *next, size_t *root)
{
	bool found = false;

	for (size_t i = 0; i < reply->n_nodes; i++)
		first[i] = next[i] = -1;
	for (size_t i = reply->n_nodes; i-- > 0;) {
		int32_t parent = reply->nodes[i]->parent;

		if (parent < 0) {
			*root = i;
			found = true;
		} else if ((size_t)parent >= i) {
			return false;
		} else {
			next[i] = first[parent];
			first[parent] = (int32_t)i;
		}
	}
	return found;
}

static int
show(
    struct context *ctx, const Plumb__V1__TraceReply *reply, const Plumb__V1__TraceRequest *request)
{
	int32_t *first = arena_array(ctx->arena, reply->n_nodes + 1, sizeof *first);
	int32_t *next = arena_array(ctx->arena, reply->n_nodes + 1, sizeof *next);
	struct str text;
	size_t root = 0;

	if (!first || !next)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (!link_children(reply, first, next, &root))
		return context_error(
		    ctx, EXIT_SERVER, "plumbd's answer makes no sense: a node before its parent");
	str_init(&text, 1u << 16);
	add_node_text(ctx, reply->nodes[root], &text);
	output_wrap(&ctx->out, "", text.data);
	str_fini(&text);
	describe_aim_of(ctx, reply->nodes[root]->ref, "  ");
	if (request->up || !request->down)
		show_side(ctx, reply, first, next, root, true);
	if (request->down || !request->up)
		show_side(ctx, reply, first, next, root, false);
	if (reply->n_gaps > 0) {
		output_text(&ctx->out, "\n");
		output_coloured(&ctx->out, COLOUR_BOLD, "Where the chain breaks");
		output_text(&ctx->out, "\n");
	}
	for (size_t i = 0; i < reply->n_gaps; i++)
		output_wrap(&ctx->out, "  ", reply->gaps[i]);
	return EXIT_FINE;
}

static void
show_names(struct context *ctx, const Plumb__V1__TraceReply *reply)
{
	for (size_t i = 0; i < reply->n_nodes; i++) {
		if (!reply->nodes[i]->again)
			output_printf(&ctx->out, "%s\n", reply->nodes[i]->ref);
	}
}

/* A row each, for spreadsheets: negative levels are above. */
static int
show_rows(struct context *ctx, const Plumb__V1__TraceReply *reply)
{
	static const char *const titles[] = {
	    "LEVEL", "RELATION", "ID", "TITLE", "STATUS", "OWNER", "FROM", "AGAIN", "MISSING"};
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < reply->n_nodes; i++) {
		const Plumb__V1__TraceNode *node = reply->nodes[i];
		bool below = node->parent >= 0 && (size_t)node->parent < reply->n_nodes;

		table_cellf(table, "%" PRId32, node->level);
		table_cell(table, node->relation);
		table_cell(table, node->ref);
		table_cell(table, node->title);
		table_cell(table, node->status);
		table_cell(table, node->owner);
		table_cell(table, below ? reply->nodes[node->parent]->ref : "");
		table_cell(table, node->again ? "yes" : "");
		table_cell(table, node->missing ? "yes" : "");
	}
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__TraceRequest request;
	const Plumb__V1__TraceReply *reply;
	const char *depth = args_get(args, "depth");
	const char *ref;
	uint64_t levels = 0;
	Plumb__V1__At at;

	plumb__v1__trace_request__init(&request);
	if (depth && !parse_u64(depth, 1, UINT32_MAX, &levels))
		return command_usage(
		    args, "--depth takes a number of levels from 1 on; not '%s'", depth);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	ref = context_ref(ctx, args->values[0], "");
	if (!ref)
		return context_fail(ctx);
	request.at = &at;
	request.ref = pb_str(ref);
	request.up = args_has(args, "up");
	request.down = args_has(args, "down");
	request.depth = (uint32_t)levels;
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Trace", &request.base);
	if (!reply) {
		context_suggest(ctx, ref);
		return context_fail(ctx);
	}
	if (ctx->out.format == OUTPUT_NAME)
		show_names(ctx, reply);
	else if (ctx->out.format == OUTPUT_CSV)
		return show_rows(ctx, reply);
	else if (ctx->out.format != OUTPUT_TABLE)
		output_message(&ctx->out, &reply->base);
	else
		return show(ctx, reply, &request);
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "up", NULL, "only why it is there", NULL},
    {0, "down", NULL, "only what rests on it", NULL},
    {0, "depth", "N", "so many levels only", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb trace task/rewrite-welcome-mail", "from the task up to the goal that it serves"},
    {"plumb trace goal/growth --down", "all that rests on this goal: objectives, work, people"},
    {"plumb trace person/anna", "what Anna's work is good for"},
    {0},
};

const struct command cmd_trace = {
    .name = "trace",
    .group = GROUP_READ,
    .arguments = "KIND/ID",
    .summary = "show why something exists, and what rests on it",
    .help = "Upwards the way leads to the goals and the vision, downwards to workstreams, tasks "
	    "and people. Where a "
	    "chain ends before a goal, it says where.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};
