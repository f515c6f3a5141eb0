#include "client/planfile_command.h"

#include <stdio.h>

#include "common/str.h"

#define SHOWN_MAX (512u << 20)

static void
print_faults(const struct planfile *plan)
{
	struct str text;

	str_init(&text, SHOWN_MAX);
	planfile_print_faults(plan, &text);
	fputs(text.data, stderr);
	str_fini(&text);
}

struct planfile *
planfile_command_load(struct context *ctx, const struct args *args, int *code)
{
	size_t count = args_count(args, "file");
	const char **paths = arena_array(ctx->arena, count + 1, sizeof *paths);
	struct planfile *plan;
	struct err err = {0};

	*code = EXIT_USAGE;
	plan = planfile_new(&err);
	if (paths == NULL || plan == NULL) {
		*code = context_error(ctx, EXIT_USAGE, "out of memory");
		planfile_free(plan);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		paths[i] = args_at(args, "file", i);
	if (planfile_load(plan, paths, count, &err))
		return plan;
	print_faults(plan);
	*code = context_error(ctx, EXIT_USAGE, "%s", err.msg);
	planfile_free(plan);
	return NULL;
}

struct planfile_options
planfile_command_options(struct context *ctx, const struct args *args, const struct planfile *plan)
{
	return (struct planfile_options){
	    .workspace = ctx->workspace,
	    .source = args_has(args, "source") ? args_get(args, "source") : plan->default_source,
	    .reason = "",
	    .effective = "",
	    .prune = args_has(args, "prune"),
	    .cascade = args_has(args, "cascade"),
	    .force = args_has(args, "force"),
	    .colour = ctx->out.colour,
	};
}

int
planfile_command_fail(struct context *ctx, const struct planfile *plan, const struct err *err)
{
	if (plan->faults_total > 0) {
		print_faults(plan);
		return context_error(ctx, EXIT_SERVER,
		    "refused with %zu fault%s, and nothing is changed", plan->faults_total,
		    plan->faults_total == 1 ? "" : "s");
	}
	(void)!context_set_error(ctx, err->code, "%s", err->msg);
	ctx->status.unreachable = err->code == ERR_UNAVAILABLE;
	return context_fail(ctx);
}

void
planfile_command_show(struct context *ctx, const struct planfile_changes *changes)
{
	struct str text;

	str_init(&text, SHOWN_MAX);
	planfile_changes_print(changes, &text);
	fputs(text.data, ctx->out.file);
	str_reset(&text);
	planfile_changes_print_summary(changes, &text);
	fprintf(ctx->out.file, "%s\n", text.data);
	fflush(ctx->out.file);
	str_fini(&text);
}
