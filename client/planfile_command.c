#include "client/planfile_command.h"

#include <stdio.h>

#include "client/findings.h"
#include "client/write.h"
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
	    .scenario = ctx->scenario,
	    .source = args_has(args, "source") ? args_get(args, "source") : plan->default_source,
	    .reason = "",
	    .override = args_get(args, "override"),
	    .findings = !args_has(args, "no-findings"),
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

int
planfile_command_refused(struct context *ctx, const struct planfile *plan,
    const struct planfile_changes *changes, const struct err *err)
{
	const Plumb__V1__Refusal *refusal = planfile_changes_refusal(changes);
	int code = planfile_command_fail(ctx, plan, err);
	struct output out;

	output_init(&out, stderr);
	findings_show_refusal(&out, refusal);
	return code;
}

int
planfile_command_tried(
    struct context *ctx, const struct args *args, const struct planfile_changes *changes)
{
	const struct planfile_summary *summary = planfile_changes_summary(changes);
	const Plumb__V1__ApplyReply *tried = planfile_changes_tried(changes);

	if (!tried)
		return EXIT_FINE;
	if (tried->findings && summary->change_sets > 1)
		output_printf(&ctx->out,
		    "What follows is of the first of these %zu change sets: the others can only be "
		    "tried when it is in.\n",
		    summary->change_sets);
	findings_show_change(&ctx->out, tried->findings);
	write_would_refuse(&ctx->out, tried->refused, args_get(args, "override"));
	return tried->refused && !args_has(args, "override") ? EXIT_NO : EXIT_FINE;
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
