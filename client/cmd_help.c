/* plumb help, completion and version. */
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/str.h"

#define TEXT_MAX (4u << 20)

static void
print(struct context *ctx, struct str *text)
{
	fputs(text->data, ctx->out.file);
	str_fini(text);
}

static int
unknown(const struct args *args, const struct command *const *table, const char *before,
    const char *name)
{
	const char *near = command_suggest(table, name);

	if (near)
		return command_usage(
		    args, "no command '%s%s'; did you mean '%s%s'?", before, name, before, near);
	return command_usage(args, "no command '%s%s'", before, name);
}

/* Down from a command to the part that the words name; its path is what they come to. NULL: said why. */
static const struct command *
part_of(const struct command *command, const struct args *args, char *path, size_t cap)
{
	char before[62];

	snprintf(path, cap, "%s", command->name);
	for (size_t i = 1; i < args->count; i++) {
		const struct command *part;

		if (!command->parts) {
			command_usage(args, "plumb %s has no parts", path);
			return NULL;
		}
		snprintf(before, sizeof before, "%.60s ", path);
		part = command_find(command->parts, args->values[i]);
		if (!part) {
			unknown(args, command->parts, before, args->values[i]);
			return NULL;
		}
		command = part;
		snprintf(path, cap, "%s%.30s", before, command->name);
	}
	return command;
}

static int
run_help(struct context *ctx, const struct args *args)
{
	const struct command *command;
	char path[96];
	struct str text;

	str_init(&text, TEXT_MAX);
	if (args->count == 0) {
		if (args_has(args, "man"))
			command_man(&text);
		else
			command_overview(ctx->out.width, &text);
		print(ctx, &text);
		return EXIT_FINE;
	}
	command = command_find(command_table, args->values[0]);
	if (!command)
		return unknown(args, command_table, "", args->values[0]);
	command = part_of(command, args, path, sizeof path);
	if (!command)
		return EXIT_USAGE;
	if (args_has(args, "man"))
		command_man_page(command_find(command_table, args->values[0]), &text);
	else
		command_help(command, path, ctx->out.width, &text);
	print(ctx, &text);
	return EXIT_FINE;
}

static const struct option help_options[] = {
    {0, "man", NULL, "the man page: plumb(1), or that of the command, for man -l", NULL},
    {0},
};

static const struct example help_examples[] = {
    {"plumb help", "all commands"},
    {"plumb help check", NULL},
    {"plumb help admin token create", "a part of a command"},
    {"plumb help check --man >plumb-check.1", "the man page of a command"},
    {0},
};

const struct command cmd_help = {
    .name = "help",
    .group = GROUP_HELP,
    .arguments = "[COMMAND]",
    .summary = "say what a command does, with examples",
    .options = help_options,
    .examples = help_examples,
    .max_args = 3,
    .run = run_help,
};

/* ---- completion */

static int
run_completion(struct context *ctx, const struct args *args)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	if (!command_completion(args->values[0], &text)) {
		str_fini(&text);
		return command_usage(
		    args, "completion is for bash, zsh and fish; not '%s'", args->values[0]);
	}
	print(ctx, &text);
	return EXIT_FINE;
}

static const struct example completion_examples[] = {
    {"source <(plumb completion bash)", "in this shell; in ~/.bashrc for every one"},
    {"plumb completion zsh > ~/.zfunc/_plumb", "where ~/.zfunc is in fpath"},
    {"plumb completion fish > ~/.config/fish/completions/plumb.fish", NULL},
    {0},
};

const struct command cmd_completion = {
    .name = "completion",
    .group = GROUP_HELP,
    .arguments = "bash|zsh|fish",
    .summary = "print a script that completes commands, options and names in a shell",
    .help = "Names of entries, rules and workspaces come from the daemon, if it answers at once.",
    .examples = completion_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_completion,
};

/* ---- version */

static int
run_version(struct context *ctx, const struct args *args)
{
	(void)args;
	output_printf(&ctx->out, "plumb %s\n", PLUMB_VERSION);
	return EXIT_FINE;
}

static const struct example version_examples[] = {
    {"plumb version", "this program; plumb info tells the daemon's"},
    {0},
};

const struct command cmd_version = {
    .name = "version",
    .group = GROUP_HELP,
    .arguments = "",
    .summary = "say which version this is",
    .examples = version_examples,
    .run = run_version,
};
