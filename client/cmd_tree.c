/* plumb tree: the plan from goals down, as an indented tree. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define DEPTH_MAX 64

struct node {
	const Plumb__V1__Envelope *entry;
	struct node *parent;
	struct node *children; /* first */
	struct node *next;     /* sibling */
	bool shown;
};

struct tree {
	struct node *nodes; /* sorted by ref */
	size_t count;
	struct table *table;
	uint64_t revision;
	uint64_t depth; /* levels to show */
};

static const Plumb__V1__Kind tree_kinds[] = {PLUMB__V1__KIND__GOAL, PLUMB__V1__KIND__OBJECTIVE,
    PLUMB__V1__KIND__INITIATIVE, PLUMB__V1__KIND__WORKSTREAM, PLUMB__V1__KIND__MILESTONE,
    PLUMB__V1__KIND__TASK};

/* ---- gathering */

static int
compare_refs(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return strcmp(x->entry->ref, y->entry->ref);
}

static struct node *
find(const struct tree *tree, const char *ref)
{
	Plumb__V1__Envelope envelope;
	struct node key = {.entry = &envelope};

	envelope.ref = pb_str(ref);
	return tree->count
		   ? bsearch(&key, tree->nodes, tree->count, sizeof *tree->nodes, compare_refs)
		   : NULL;
}

static bool
add_nodes(struct tree *tree, size_t *cap, const Plumb__V1__ExportReply *reply)
{
	for (size_t i = 0; i < reply->n_entries; i++) {
		if (tree->count == *cap) {
			size_t more = *cap ? *cap * 2 : 256;
			struct node *nodes = reallocarray(tree->nodes, more, sizeof *nodes);

			if (!nodes)
				return false;
			tree->nodes = nodes;
			*cap = more;
		}
		if (describe_item(reply->entries[i]))
			tree->nodes[tree->count++] = (struct node){.entry = reply->entries[i]};
	}
	tree->revision = reply->revision;
	return true;
}

static bool
load(struct context *ctx, struct tree *tree)
{
	Plumb__V1__Kind kinds[sizeof tree_kinds / sizeof tree_kinds[0]];
	Plumb__V1__ExportRequest request;
	const Plumb__V1__ExportReply *reply;
	Plumb__V1__At at;
	size_t cap = 0;

	plumb__v1__export_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	memcpy(kinds, tree_kinds, sizeof kinds);
	request.at = &at;
	request.kinds = kinds;
	request.n_kinds = sizeof kinds / sizeof kinds[0];
	if (!context_start(ctx, &plumb__v1__plan__descriptor, "Export", &request.base))
		return false;
	while ((reply = context_next(ctx))) {
		if (!add_nodes(tree, &cap, reply))
			return context_set_error(ctx, ERR_LIMIT, "out of memory");
	}
	if (ctx->status.err.code != ERR_OK)
		return false;
	if (tree->count)
		qsort(tree->nodes, tree->count, sizeof *tree->nodes, compare_refs);
	return true;
}

/* ---- who hangs under whom */

static struct node *
find_under(const struct tree *tree, const char *kind, const char *id)
{
	char ref[160];

	if (!id[0])
		return NULL;
	if (strchr(id, '/'))
		return find(tree, id);
	snprintf(ref, sizeof ref, "%s/%s", kind, id);
	return find(tree, ref);
}

/* A part of an objective hangs there, unless that is not in the plan: then under its goal. */
static struct node *
find_parent(const struct tree *tree, const Plumb__V1__Item *item)
{
	struct node *parent = NULL;

	switch (item->body_case) {
	case PLUMB__V1__ITEM__BODY_GOAL:
		return find_under(tree, "goal", item->goal->parent);
	case PLUMB__V1__ITEM__BODY_OBJECTIVE:
		parent = find_under(tree, "objective", item->objective->parent);
		if (!parent)
			parent = find_under(tree, "goal", item->objective->goal);
		for (size_t i = 0; !parent && i < item->objective->n_further_goals; i++)
			parent = find_under(tree, "goal", item->objective->further_goals[i]);
		return parent;
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		parent = find_under(tree, "objective", item->initiative->objective);
		for (size_t i = 0; !parent && i < item->initiative->n_contributions; i++)
			parent =
			    find_under(tree, "objective", item->initiative->contributions[i]->to);
		return parent;
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		return find_under(tree, "initiative", item->workstream->initiative);
	case PLUMB__V1__ITEM__BODY_MILESTONE:
		return find_under(tree, "initiative", item->milestone->initiative);
	case PLUMB__V1__ITEM__BODY_TASK:
		return find_under(tree, "initiative", item->task->initiative);
	default:
		return NULL;
	}
}

/* Of a milestone or task. */
static const char *
stated_due(const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Item *item = describe_item(entry);

	if (item->body_case == PLUMB__V1__ITEM__BODY_MILESTONE)
		return item->milestone->due;
	return item->body_case == PLUMB__V1__ITEM__BODY_TASK ? item->task->due : "";
}

/* Ranked first by rank; then kind, due date, id. */
static bool
comes_before(const struct node *a, const struct node *b)
{
	uint32_t x = a->entry->rank ? a->entry->rank : UINT32_MAX;
	uint32_t y = b->entry->rank ? b->entry->rank : UINT32_MAX;
	int order;

	if (a->entry->kind != b->entry->kind)
		return a->entry->kind < b->entry->kind;
	if (x != y)
		return x < y;
	if (a->entry->kind >= PLUMB__V1__KIND__MILESTONE) {
		order = strcmp(stated_due(a->entry), stated_due(b->entry));
		if (order != 0)
			return order < 0;
	}
	return strcmp(a->entry->ref, b->entry->ref) < 0;
}

static int
compare_siblings(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;

	return comes_before(x, y) ? -1 : comes_before(y, x);
}

/* All nodes in the order of siblings, so that lists of children come out sorted. */
static bool
link_nodes(struct tree *tree)
{
	struct node **order = calloc(tree->count + 1, sizeof *order);

	if (!order)
		return false;
	for (size_t i = 0; i < tree->count; i++) {
		tree->nodes[i].parent = find_parent(tree, tree->nodes[i].entry->item);
		order[i] = &tree->nodes[i];
	}
	qsort(order, tree->count, sizeof *order, compare_siblings);
	for (size_t i = tree->count; i-- > 0;) {
		struct node *parent = order[i]->parent;

		if (parent) {
			order[i]->next = parent->children;
			parent->children = order[i];
		}
	}
	free(order);
	return true;
}

/* ---- showing */

static void
add_plain_row(struct context *ctx, struct tree *tree, const struct node *node, size_t level)
{
	table_cellf(tree->table, "%zu", level);
	table_cell(tree->table, node->parent ? node->parent->entry->ref : "");
	table_cell(tree->table, node->entry->ref);
	table_cell(tree->table, describe_title(ctx, node->entry));
}

/* lead stands before the first line of the title, hang before those that it goes on on. */
static void
add_row(struct context *ctx, struct tree *tree, const struct node *node, const char *lead,
    const char *hang, size_t level)
{
	const char *status = describe_status(ctx, node->entry);
	const char *title = describe_title(ctx, node->entry);

	if (ctx->out.format != OUTPUT_TABLE) {
		add_plain_row(ctx, tree, node, level);
	} else {
		table_cellf(
		    tree->table, "%s%s%s%s", lead, node->entry->ref, title[0] ? "  " : "", title);
		table_hang(tree->table, hang);
	}
	if (node->entry->rank)
		table_cellf(tree->table, "%" PRIu32, node->entry->rank);
	else
		table_cell(tree->table, "");
	table_cell(tree->table, status);
	table_colour(tree->table, describe_status_colour(status));
	table_cell(tree->table, describe_owner(ctx, node->entry));
}

/* lead is what stands before this node; below is what its children begin with. */
static void
show(struct context *ctx, struct tree *tree, struct node *node, const char *lead, const char *below,
    size_t level)
{
	bool deeper = level + 1 < tree->depth && level + 1 < DEPTH_MAX;
	char hang[DEPTH_MAX * 8 + 16];

	node->shown = true;
	if (ctx->out.format == OUTPUT_NAME) {
		output_printf(&ctx->out, "%s\n", node->entry->ref);
	} else {
		snprintf(hang, sizeof hang, "%s%s", below,
		    deeper && node->children ? "\xe2\x94\x82    " : "     ");
		add_row(ctx, tree, node, lead, hang, level);
	}
	for (struct node *child = node->children; child; child = child->next) {
		char first[DEPTH_MAX * 8], rest[DEPTH_MAX * 8];

		if (child->shown)
			continue;
		if (!deeper) {
			child->shown = true;
			continue;
		}
		snprintf(first, sizeof first, "%s%s", below,
		    child->next ? "\xe2\x94\x9c\xe2\x94\x80 " : "\xe2\x94\x94\xe2\x94\x80 ");
		snprintf(rest, sizeof rest, "%s%s", below, child->next ? "\xe2\x94\x82  " : "   ");
		show(ctx, tree, child, first, rest, level + 1);
	}
}

static const char *
heading_of(Plumb__V1__Kind kind)
{
	switch (kind) {
	case PLUMB__V1__KIND__OBJECTIVE:
		return "(no goal)";
	case PLUMB__V1__KIND__INITIATIVE:
		return "(no objective)";
	default:
		return "(part of nothing)";
	}
}

static void
add_heading(struct context *ctx, struct tree *tree, const char *text)
{
	if (ctx->out.format != OUTPUT_TABLE)
		return;
	table_cell(tree->table, text);
	table_colour(tree->table, COLOUR_YELLOW);
	for (int i = 0; i < 3; i++)
		table_cell(tree->table, "");
}

/* Goals first, then what hangs nowhere, by kind; at last what only contains itself. */
static void
show_all(struct context *ctx, struct tree *tree)
{
	for (size_t k = 0; k < sizeof tree_kinds / sizeof tree_kinds[0]; k++) {
		bool headed = tree_kinds[k] == PLUMB__V1__KIND__GOAL;
		const char *lead = headed ? "" : "   ";

		for (size_t i = 0; i < tree->count; i++) {
			struct node *node = &tree->nodes[i];

			if (node->entry->kind != tree_kinds[k] || node->parent)
				continue;
			if (!headed)
				add_heading(ctx, tree, heading_of(tree_kinds[k]));
			show(ctx, tree, node, lead, lead, 0);
			headed = true;
		}
	}
}

static void
add_columns(const struct context *ctx, struct table *table)
{
	if (ctx->out.format != OUTPUT_TABLE) {
		table_column(table, "LEVEL", TABLE_RIGHT);
		table_column(table, "PARENT", 0);
		table_column(table, "ID", 0);
		table_column(table, "TITLE", 0);
	} else {
		table_column(table, "PLAN", TABLE_WRAP | TABLE_MAIN);
	}
	table_column(table, "RANK", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "STATUS", TABLE_DROP);
	table_column(table, "OWNER", TABLE_SHRINK | TABLE_DROP);
}

/* What is of another kind cannot be in the tree; what is of one of these is not in the plan. */
static int
not_there(struct context *ctx, const char *root)
{
	Plumb__V1__Kind kind;
	char word[40];

	snprintf(word, sizeof word, "%.*s", (int)strcspn(root, "/"), root);
	for (size_t i = 0; i < sizeof tree_kinds / sizeof tree_kinds[0]; i++) {
		if (!context_kind(word, &kind) || kind != tree_kinds[i])
			continue;
		context_set_error(ctx, ERR_NOT_FOUND, "there is no %s", root);
		context_suggest(ctx, root);
		return context_fail(ctx);
	}
	return context_error(ctx, EXIT_USAGE,
	    "the tree holds goals, objectives, initiatives, workstreams, milestones and tasks; "
	    "plumb "
	    "trace %s shows what that is good for",
	    root);
}

static int
show_from(struct context *ctx, struct tree *tree, const char *root)
{
	struct node *node = root ? find(tree, root) : NULL;

	if (root && !node)
		return not_there(ctx, root);
	if (!link_nodes(tree))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (node)
		show(ctx, tree, node, "", "", 0);
	else
		show_all(ctx, tree);
	if (ctx->out.format == OUTPUT_TABLE && tree->count == 0)
		output_printf(&ctx->out,
		    "The plan is empty (revision %" PRIu64
		    "). Put one in with: plumb apply -f DIR\n",
		    tree->revision);
	else if (ctx->out.format != OUTPUT_NAME)
		table_print(tree->table, &ctx->out);
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	struct tree tree = {.depth = DEPTH_MAX};
	const char *depth = args_get(args, "depth");
	const char *root = NULL;
	int code;

	if (depth && !parse_u64(depth, 1, DEPTH_MAX, &tree.depth))
		return command_usage(
		    args, "--depth takes a number of levels, 1 to %d; not '%s'", DEPTH_MAX, depth);
	if (args->count > 0) {
		root = context_ref(
		    ctx, args->values[0], "goal,objective,initiative,workstream,milestone,task");
		if (!root)
			return context_fail(ctx);
	}
	tree.table = table_new();
	if (!tree.table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	add_columns(ctx, tree.table);
	code = load(ctx, &tree) ? show_from(ctx, &tree, root) : context_fail(ctx);
	table_free(tree.table);
	free(tree.nodes);
	return code;
}

static const struct option options[] = {
    {0, "depth", "N", "so many levels only", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb tree", "the whole plan, initiatives in their order of importance"},
    {"plumb tree goal/growth --depth 3", "one goal down to its initiatives"},
    {"plumb tree --as-of q1-plan", "as it was at the baseline q1-plan"},
    {0},
};

const struct command cmd_tree = {
    .name = "tree",
    .group = GROUP_READ,
    .arguments = "[KIND/ID]",
    .summary = "show goals, objectives, initiatives and their parts as a tree",
    .help = "Each entry stands once, under what it serves first; what serves nothing comes at the "
	    "end, under a "
	    "heading that says so.",
    .options = options,
    .examples = examples,
    .max_args = 1,
    .run = run,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml csv name",
};
