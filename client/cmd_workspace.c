/* plumb workspace: the plans that a daemon holds. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"

static void
add_row(struct table *table, const Plumb__V1__WorkspaceInfo *info)
{
	table_cell(table, info->id);
	table_cell(table, info->title);
	table_cell(table, info->time_zone[0] ? info->time_zone : "UTC");
	table_cellf(table, "%" PRIu64, info->revision);
	table_cellf(table, "%" PRIu64, info->items);
}

static int
show_table(struct context *ctx, const Plumb__V1__ListWorkspacesReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "ID", 0);
	table_column(table, "TITLE", TABLE_SHRINK);
	table_column(table, "TIME ZONE", TABLE_DROP);
	table_column(table, "REVISION", TABLE_RIGHT);
	table_column(table, "ENTRIES", TABLE_RIGHT | TABLE_DROP);
	for (size_t i = 0; i < reply->n_workspaces; i++)
		add_row(table, reply->workspaces[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static int
run_list(struct context *ctx, const struct args *args)
{
	Plumb__V1__ListWorkspacesRequest request;
	const Plumb__V1__ListWorkspacesReply *reply;

	(void)args;
	plumb__v1__list_workspaces_request__init(&request);
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "ListWorkspaces", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format == OUTPUT_TABLE || ctx->out.format == OUTPUT_CSV)
		return show_table(ctx, reply);
	if (ctx->out.format != OUTPUT_NAME) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	for (size_t i = 0; i < reply->n_workspaces; i++)
		output_printf(&ctx->out, "%s\n", reply->workspaces[i]->id);
	return EXIT_FINE;
}

static int
run_create(struct context *ctx, const struct args *args)
{
	Plumb__V1__CreateWorkspaceRequest request;
	const Plumb__V1__CreateWorkspaceReply *reply;
	const char *title = args_get(args, "title");
	const char *zone = args_get(args, "time-zone");
	const char *id = args->values[0];

	if (!parse_is_id(id, strlen(id)))
		return command_usage(args,
		    "'%s' is no id: 1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter "
		    "or digit",
		    id);
	plumb__v1__create_workspace_request__init(&request);
	request.id = pb_str(id);
	request.title = pb_str(title ? title : "");
	request.time_zone = pb_str(zone ? zone : "");
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "CreateWorkspace", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML)
		output_message(&ctx->out, &reply->base);
	else if (ctx->out.format == OUTPUT_NAME)
		output_printf(&ctx->out, "%s\n", id);
	else
		output_printf(&ctx->out,
		    "Created the workspace %s. Use it with --workspace %s or "
		    "PLUMB_WORKSPACE=%s.\n",
		    id, id, id);
	return EXIT_FINE;
}

static const struct example list_examples[] = {
    {"plumb workspace list", NULL},
    {0},
};
static const struct command workspace_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the workspaces",
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv name",
};

static const struct option create_options[] = {
    {0, "title", "TEXT", "its name for people", NULL},
    {0, "time-zone", "ZONE", "what its dates are in, such as Europe/Zurich (UTC)", NULL},
    {0},
};
static const struct example create_examples[] = {
    {"plumb workspace create acme --title \"Acme Ltd\" --time-zone Europe/Zurich", NULL},
    {0},
};
static const struct command workspace_create = {
    .name = "create",
    .arguments = "ID",
    .summary = "begin an empty plan",
    .options = create_options,
    .examples = create_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_create,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct command *const parts[] = {&workspace_list, &workspace_create, NULL};

const struct command cmd_workspace = {
    .name = "workspace",
    .group = GROUP_DAEMON,
    .arguments = "",
    .summary = "list and create workspaces: one plan each, apart from all others",
    .examples = create_examples,
    .parts = parts,
};
