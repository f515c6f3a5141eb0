/* plumb remove and plumb rename. */
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define REMOVE_MAX 1000

/* ---- remove */

struct removal {
	Plumb__V1__ApplyRequest request;
	struct write write;
	Plumb__V1__Remove *removes;
	Plumb__V1__Change *changes;
	Plumb__V1__Change **list;
};

static bool
fill_removal(struct context *ctx, const struct args *args, struct removal *removal)
{
	size_t n = args->count;

	removal->removes = arena_array(ctx->arena, n, sizeof *removal->removes);
	removal->changes = arena_array(ctx->arena, n, sizeof *removal->changes);
	removal->list = arena_array(ctx->arena, n, sizeof *removal->list);
	if (!removal->removes || !removal->changes || !removal->list)
		return err_oom(&ctx->status.err);
	write_begin(&removal->write, ctx, args);
	for (size_t i = 0; i < n; i++) {
		const char *ref = context_ref(ctx, args->values[i], "");

		if (!ref)
			return false;
		plumb__v1__remove__init(&removal->removes[i]);
		plumb__v1__change__init(&removal->changes[i]);
		removal->removes[i].ref = pb_str(ref);
		removal->removes[i].cascade = args_has(args, "cascade");
		removal->changes[i].change_case = PLUMB__V1__CHANGE__CHANGE_REMOVE;
		removal->changes[i].remove = &removal->removes[i];
		removal->list[i] = &removal->changes[i];
	}
	removal->write.set.changes = removal->list;
	removal->write.set.n_changes = n;
	return true;
}

/* What would go too, and a question; true: go on. Only where somebody is there to answer. */
static bool
confirm(struct context *ctx, struct removal *removal, int *code)
{
	const Plumb__V1__ApplyReply *reply;
	size_t others = 0;
	char answer[16];

	*code = EXIT_FINE;
	plumb__v1__apply_request__init(&removal->request);
	removal->request.workspace = pb_str(ctx->workspace);
	removal->request.change_set = &removal->write.set;
	removal->request.dry_run = true;
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Apply", &removal->request.base);
	if (!reply) {
		*code = context_fail(ctx);
		return false;
	}
	for (size_t i = 0; i < reply->n_removed; i++) {
		if (write_was_named(reply, reply->removed[i]))
			continue;
		if (others++ == 0)
			output_text(&ctx->out, "This would go too:\n");
		output_printf(&ctx->out, "  %s\n", reply->removed[i]);
	}
	if (others == 0)
		return true;
	output_text(&ctx->out, "Remove all of it? [y/N] ");
	fflush(ctx->out.file);
	if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y')) {
		*code = context_error(ctx, EXIT_NO, "nothing was removed");
		return false;
	}
	return true;
}

static int
run_remove(struct context *ctx, const struct args *args)
{
	struct removal removal;
	char done[300];
	int code;

	if (!fill_removal(ctx, args, &removal))
		return context_fail(ctx);
	if (args_has(args, "cascade") && !args_has(args, "yes") && !args_has(args, "dry-run") &&
	    isatty(STDIN_FILENO) && ctx->out.terminal && !confirm(ctx, &removal, &code))
		return code;
	if (args->count == 1)
		snprintf(
		    done, sizeof done, "Removed %s; its history stays", removal.removes[0].ref);
	else
		snprintf(
		    done, sizeof done, "Removed %zu entries; their history stays", args->count);
	return write_finish(&removal.write, ctx, args, done);
}

static const struct option remove_options[] = {
    {0, "cascade", NULL, "also what belongs to it: workstreams, tasks, asks, records about it",
	NULL},
    {'y', "yes", NULL, "do not ask", NULL},
    WRITE_OPTIONS,
    {0},
};

static const struct example remove_examples[] = {
    {"plumb remove task/old-welcome-mail", "refused, with the list, if something refers to it"},
    {"plumb remove initiative/portal --cascade --dry-run", "what would go with it"},
    {0},
};

const struct command cmd_remove = {
    .name = "remove",
    .group = GROUP_PLAN,
    .arguments = "KIND/ID\xe2\x80\xa6",
    .summary = "remove entries from the plan",
    .help = "Refused while something refers to the entry, and says what. With --cascade what "
	    "belongs to it goes too; "
	    "what merely mentions it keeps the reference, and plumb check will find it. History is "
	    "kept.",
    .options = remove_options,
    .examples = remove_examples,
    .min_args = 1,
    .max_args = REMOVE_MAX,
    .run = run_remove,
    .takes = TAKES_SERVER | TAKES_SCENARIO,
    .formats = "table json yaml name",
};

/* ---- rename */

static int
run_rename(struct context *ctx, const struct args *args)
{
	struct write write;
	Plumb__V1__Rename renaming;
	Plumb__V1__Change *change;
	const char *ref = context_ref(ctx, args->values[0], "");
	const char *id = args->values[1];
	const char *slash;
	char done[300];

	if (!ref)
		return context_fail(ctx);
	slash = strchr(ref, '/');
	/* the new name may be written in full, of the same kind */
	if (strncmp(id, ref, (size_t)(slash - ref) + 1) == 0)
		id += slash - ref + 1;
	if (!parse_is_id(id, strlen(id)))
		return command_usage(args,
		    "'%s' is no id: 1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter "
		    "or digit",
		    id);
	plumb__v1__rename__init(&renaming);
	renaming.ref = pb_str(ref);
	renaming.id = pb_str(id);
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_RENAME;
	change->rename = &renaming;
	snprintf(done, sizeof done, "%s is now %.*s/%s; what referred to it follows", ref,
	    (int)(slash - ref), ref, id);
	return write_finish(&write, ctx, args, done);
}

static const struct option rename_options[] = {
    WRITE_OPTIONS,
    {0},
};

static const struct example rename_examples[] = {
    {"plumb rename initiative/onboarding onboarding-30", NULL},
    {0},
};

const struct command cmd_rename = {
    .name = "rename",
    .group = GROUP_PLAN,
    .arguments = "KIND/ID NEW-ID",
    .summary = "give an entry another id",
    .help = "References from other entries follow, and the history goes on under the new name. The "
	    "title is changed in "
	    "the plan files, not here.",
    .options = rename_options,
    .examples = rename_examples,
    .min_args = 2,
    .max_args = 2,
    .run = run_rename,
    .takes = TAKES_SERVER | TAKES_SCENARIO,
    .formats = "table json yaml name",
};
