/* plumb context: servers and workspaces under a name. */
#include <string.h>

#include "client/command.h"
#include "client/config.h"
#include "client/context.h"
#include "client/settings.h"
#include "common/parse.h"

/* ---- looking */

static void
add_context(struct table *table, const struct context *ctx, const struct config_context *context)
{
	table_cell(table, strcmp(context->name, ctx->config.context) == 0 ? "*" : "");
	table_cell(table, context->name);
	table_cell(table, context->server);
	table_cell(table, context->workspace);
	table_cell(table, context->as);
	table_cell(table, context->timeout);
}

static int
run_list(struct context *ctx, const struct args *args)
{
	static const char *const titles[] = {
	    "USED", "NAME", "SERVER", "WORKSPACE", "AS", "TIMEOUT"};
	struct table *table = table_new();

	(void)args;
	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], i < 2 ? 0 : TABLE_SHRINK | TABLE_DROP);
	for (const struct config_context *c = ctx->config.contexts; c; c = c->next) {
		if (ctx->out.format == OUTPUT_NAME)
			output_printf(&ctx->out, "%s\n", c->name);
		add_context(table, ctx, c);
	}
	if (ctx->out.format == OUTPUT_TABLE && table_rows(table) == 0)
		output_wrap(&ctx->out, "",
		    "There are no contexts yet. Make one with: plumb context set NAME --server "
		    "ADDRESS --workspace ID");
	else if (ctx->out.format != OUTPUT_NAME)
		table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static void
add_setting(struct table *table, const char *name, const char *value, const char *from)
{
	table_cell(table, name);
	table_cell(table, value);
	table_cell(table, from[0] ? from : "default");
}

static int
run_show(struct context *ctx, const struct args *args)
{
	struct table *table = table_new();
	char timeout[32];

	(void)args;
	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "SETTING", 0);
	table_column(table, "VALUE", TABLE_SHRINK);
	table_column(table, "FROM", TABLE_SHRINK);
	snprintf(timeout, sizeof timeout, "%.12g", ctx->timeout_ms / 1000.0);
	add_setting(table, "context", ctx->used ? ctx->used->name : "", ctx->used_from);
	add_setting(table, "server", ctx->server, ctx->server_from);
	add_setting(
	    table, "workspace", ctx->workspace[0] ? ctx->workspace : "main", ctx->workspace_from);
	add_setting(table, "as", ctx->as, ctx->as_from);
	add_setting(table, "timeout", timeout, ctx->timeout_from);
	add_setting(table, "ca", ctx->tls.ca, ctx->tls_from.ca);
	add_setting(table, "cert", ctx->tls.certificate, ctx->tls_from.certificate);
	add_setting(table, "key", ctx->tls.key, ctx->tls_from.key);
	add_setting(table, "token", ctx->token_file, ctx->token_from);
	add_setting(
	    table, "configuration", ctx->config.path, ctx->config.there ? "read" : "not there yet");
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

/* ---- changing */

static int
unknown(struct context *ctx, const char *name)
{
	const char *near = config_suggest(&ctx->config, name);

	if (near)
		return context_error(
		    ctx, EXIT_USAGE, "there is no context '%s'; did you mean %s?", name, near);
	return context_error(ctx, EXIT_USAGE,
	    "there is no context '%s'; make it with: plumb context set %s --server ADDRESS", name,
	    name);
}

static int
run_use(struct context *ctx, const struct args *args)
{
	const char *name = args->values[0];
	struct err err = {0};

	if (!config_find(&ctx->config, name))
		return unknown(ctx, name);
	if (!config_change(&ctx->config, "", "context", name, &err))
		return context_error(ctx, EXIT_USAGE, "%s", err.msg);
	output_printf(&ctx->out, "From now on plumb talks to context %s.\n", name);
	return EXIT_FINE;
}

/* As the file has them; options have "-" for "_". */
static const char *const keys[] = {
    "server", "workspace", "as", "timeout", "ca", "cert", "key", "token_file"};

/* Before anything is written: what could never work is not kept. */
static int
check_values(const struct args *args)
{
	const char *server = args_get(args, "server");
	const char *workspace = args_get(args, "workspace");
	const char *timeout = args_get(args, "timeout");
	const char *name = args->values[0];
	double seconds;

	if (!parse_is_id(name, strlen(name)))
		return command_usage(args,
		    "'%s' is no name for a context: 1 to 64 of a-z 0-9 . _ -, beginning and ending "
		    "with a letter or digit",
		    name);
	if (server && server[0] && !rpc_client_is_address(server))
		return command_usage(args,
		    "'%s' is no address: write tcp:HOST:PORT, tls:HOST:PORT or unix:/PATH", server);
	if (workspace && workspace[0] && !parse_is_id(workspace, strlen(workspace)))
		return command_usage(args, "'%s' is no workspace's id", workspace);
	if (timeout && timeout[0] &&
	    (!parse_double(timeout, &seconds) || seconds < 0 || seconds > 86400))
		return command_usage(
		    args, "--timeout takes seconds, 0 to 86400; not '%s'", timeout);
	return EXIT_FINE;
}

static int
run_set(struct context *ctx, const struct args *args)
{
	const char *name = args->values[0];
	bool is_new = !config_find(&ctx->config, name);
	const char *section = arena_printf(ctx->arena, "context %s", name);
	struct err err = {0};
	int code = check_values(args);
	bool any = false;

	if (code != EXIT_FINE)
		return code;
	for (size_t i = 0; section && i < sizeof keys / sizeof keys[0]; i++) {
		const char *value =
		    args_get(args, strcmp(keys[i], "token_file") == 0 ? "token-file" : keys[i]);

		if (!value)
			continue;
		any = true;
		if (!config_change(&ctx->config, section, keys[i], value[0] ? value : NULL, &err))
			return context_error(ctx, EXIT_USAGE, "%s", err.msg);
	}
	if (!any)
		return command_usage(args, "say what to keep: --server, --workspace, --as, "
					   "--timeout, --ca, --cert, --key or "
					   "--token-file");
	output_printf(&ctx->out, "%s context %s.%s%s\n", is_new ? "Made" : "Changed", name,
	    strcmp(ctx->config.context, name) == 0 ? "" : " Use it with: plumb context use ",
	    strcmp(ctx->config.context, name) == 0 ? "" : name);
	return EXIT_FINE;
}

static int
run_remove(struct context *ctx, const struct args *args)
{
	const char *name = args->values[0];
	const char *section = arena_printf(ctx->arena, "context %s", name);
	bool in_use = strcmp(ctx->config.context, name) == 0;
	struct err err = {0};

	if (!config_find(&ctx->config, name))
		return unknown(ctx, name);
	if (!section || (in_use && !config_change(&ctx->config, "", "context", NULL, &err)) ||
	    !config_change(&ctx->config, section, NULL, NULL, &err))
		return context_error(ctx, EXIT_USAGE, "%s", err.msg);
	output_printf(&ctx->out, "Removed context %s.%s\n", name,
	    in_use ? " It was in use; now none is." : "");
	return EXIT_FINE;
}

/* ---- the commands */

static const struct example list_examples[] = {
    {"plumb context list", "all, with a star at the one in use"},
    {"plumb context list -o name", "only their names"},
    {0},
};

static const struct command part_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the contexts",
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_CONFIG,
    .formats = "table json yaml csv name",
};

static const struct example use_examples[] = {
    {"plumb context use prod", "from now on"},
    {"plumb check --context prod", "this once"},
    {0},
};

static const struct command part_use = {
    .name = "use",
    .arguments = "CONTEXT",
    .summary = "say which context is meant from now on",
    .examples = use_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_use,
    .takes = TAKES_CONFIG,
};

static const struct option set_options[] = {
    {0, "server", "ADDRESS", "where plumbd listens: unix:/PATH, tcp:HOST:PORT or tls:HOST:PORT",
	NULL},
    {'w', "workspace", "ID", "which plan", NULL},
    {0, "as", "PERSON", "who you are there", NULL},
    {0, "timeout", "SECONDS", "how long to wait for an answer", NULL},
    {0, "ca", "FILE", "who may vouch for a tls: server", NULL},
    {0, "cert", "FILE", "your certificate there", NULL},
    {0, "key", "FILE", "your certificate's key", NULL},
    {0, "token-file", "FILE", "the file with your token there", NULL},
    {0},
};

static const struct example set_examples[] = {
    {"plumb context set prod --server tls:plan.example.org:7411 --as person/anna", NULL},
    {"plumb context set draft --server unix:/run/plumbd/plumbd.sock -w draft", NULL},
    {"plumb context set prod --as \"\"", "takes one thing out of it again"},
    {0},
};

static const struct command part_set = {
    .name = "set",
    .arguments = "CONTEXT",
    .summary = "make a context, or change one",
    .help = "What is not named stays as it is; an empty value takes it out.",
    .options = set_options,
    .examples = set_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_set,
    .takes = TAKES_CONFIG,
};

static const struct example remove_examples[] = {
    {"plumb context remove draft", "forgets it; the plan itself is not touched"},
    {0},
};

static const struct command part_remove = {
    .name = "remove",
    .arguments = "CONTEXT",
    .summary = "forget a context",
    .examples = remove_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_remove,
    .takes = TAKES_CONFIG,
};

static const struct example show_examples[] = {
    {"plumb context show", "which server, workspace and person a command would use now, and why"},
    {"plumb context show --context prod", "the same with another context"},
    {0},
};

static const struct command part_show = {
    .name = "show",
    .arguments = "",
    .summary = "show what commands use now, and where each value comes from",
    .examples = show_examples,
    .run = run_show,
    .takes = TAKES_SERVER | TAKES_CONFIG,
    .formats = "table json yaml csv",
};

static const struct command *const parts[] = {
    &part_list, &part_use, &part_set, &part_remove, &part_show, NULL};

static const struct example examples[] = {
    {"plumb context set prod --server tls:plan.example.org:7411 -w main --as person/anna",
	"a server under a name"},
    {"plumb context use prod", "from now on commands go there"},
    {"plumb context show", "what commands use now, and where each value comes from"},
    {0},
};

const struct command cmd_context = {
    .name = "context",
    .group = GROUP_DAEMON,
    .arguments = "",
    .summary = "keep servers and workspaces under names, and say which is meant",
    .help =
	"A context is a server, a workspace, who you are there and a timeout. An option wins over "
	"the environment, that over the context in use, that over the default; a context named "
	"with --context counts as an option. They are kept in "
	"$XDG_CONFIG_HOME/plumb/config (~/.config/plumb/config).",
    .examples = examples,
    .parts = parts,
};
