/* plumb export: the plan as plan files. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "client/planfile_write.h"
#include "client/put_file.h"
#include "common/pb.h"
#include "common/str.h"

#define TEXT_MAX_ (1u << 30)

static const char *
workspace_name(const struct context *ctx)
{
	return ctx->workspace[0] != '\0' ? ctx->workspace : "main";
}

/* Everything that is asked for, arranged; NULL: context_fail(). */
static struct planfile_writer *
fetch(struct context *ctx, const struct args *args, uint64_t *revision)
{
	struct planfile_writer *writer = planfile_writer_new(ctx->arena);
	const Plumb__V1__ExportReply *reply;
	Plumb__V1__ExportRequest request;
	Plumb__V1__At at;
	bool good = writer != NULL;

	plumb__v1__export_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.records = args_has(args, "records");
	if (!context_start(ctx, &plumb__v1__plan__descriptor, "Export", &request.base))
		return NULL;
	while ((reply = context_next(ctx)) != NULL) {
		*revision = reply->revision;
		for (size_t i = 0; good && i < reply->n_entries; i++)
			good = planfile_writer_add(writer, reply->entries[i]);
	}
	if (ctx->status.err.code != ERR_OK)
		return NULL;
	if (!good || !planfile_writer_arrange(writer)) {
		(void)!context_set_error(ctx, ERR_LIMIT, "out of memory");
		return NULL;
	}
	return writer;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

/* Was the file written by an export? Only then may a new export take it away. */
static bool
is_ours(const char *path)
{
	char line[sizeof PLANFILE_WRITTEN];
	FILE *file = fopen(path, "re");
	bool ours;

	if (file == NULL)
		return false;
	ours = fgets(line, sizeof line, file) != NULL && strcmp(line, PLANFILE_WRITTEN) == 0;
	fclose(file);
	return ours;
}

/* One file of a folder; an empty one goes away where an earlier export had written it. */
static bool
put_in_folder(
    struct context *ctx, const char *folder, const char *name, const struct str *body, int *code)
{
	char path[PATH_MAX];
	struct str text;
	bool good = true;

	if (snprintf(path, sizeof path, "%s/%s.yaml", folder, name) >= (int)sizeof path) {
		*code = context_error(ctx, EXIT_USAGE, "the path '%.100s…' is too long", folder);
		return false;
	}
	if (body->len == 0) {
		if (is_ours(path))
			unlink(path);
		return true;
	}
	if (access(path, F_OK) == 0 && !is_ours(path)) {
		*code = context_error(ctx, EXIT_USAGE,
		    "%s was not written by plumb export: move it away first", path);
		return false;
	}
	str_init(&text, TEXT_MAX_);
	str_addf(&text, "%s\n", PLANFILE_WRITTEN);
	str_add(&text, body->data);
	if (!str_ok(&text) || !put_file(path, &text)) {
		*code = context_error(
		    ctx, EXIT_USAGE, "%s cannot be written: %s", path, strerror(errno));
		good = false;
	}
	str_fini(&text);
	return good;
}

static int
write_folder(struct context *ctx, const struct planfile_writer *writer, const char *folder,
    uint64_t revision)
{
	const struct planfile_kind *kinds;
	struct str text;
	size_t count;
	int code = EXIT_FINE;
	bool good;

	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return context_error(
		    ctx, EXIT_USAGE, "%s cannot be made: %s", folder, strerror(errno));
	kinds = planfile_kinds(&count);
	str_init(&text, TEXT_MAX_);
	planfile_write_head(writer, workspace_name(ctx), revision, &text);
	good = put_in_folder(ctx, folder, "plan", &text, &code);
	for (size_t i = 0; good && i < count; i++) {
		str_reset(&text);
		planfile_write_section(writer, &kinds[i], &text);
		good = put_in_folder(ctx, folder, kinds[i].section, &text, &code);
	}
	str_fini(&text);
	return good ? EXIT_FINE : code;
}

static int
write_single(
    struct context *ctx, const struct planfile_writer *writer, const char *path, uint64_t revision)
{
	const struct planfile_kind *kinds;
	struct str text;
	size_t count;
	int code = EXIT_FINE;

	kinds = planfile_kinds(&count);
	str_init(&text, TEXT_MAX_);
	str_addf(&text, "%s\n", PLANFILE_WRITTEN);
	planfile_write_head(writer, workspace_name(ctx), revision, &text);
	for (size_t i = 0; i < count; i++)
		planfile_write_section(writer, &kinds[i], &text);
	if (!str_ok(&text))
		code =
		    context_error(ctx, EXIT_USAGE, "the plan is too large for one file: use --dir");
	else if (strcmp(path, "-") == 0)
		fwrite(text.data, 1, text.len, ctx->out.file);
	else if (!put_file(path, &text))
		code = context_error(
		    ctx, EXIT_USAGE, "%s cannot be written: %s", path, strerror(errno));
	str_fini(&text);
	return code;
}

static int
run(struct context *ctx, const struct args *args)
{
	const char *path = args_has(args, "output") ? args_get(args, "output") : "-";
	const char *folder = args_get(args, "dir");
	struct planfile_writer *writer;
	uint64_t revision = 0;
	struct stat st;
	int code;

	if (folder != NULL && args_has(args, "output"))
		return command_usage(args, "either --output or --dir");
	if (folder == NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		folder = path;
	writer = fetch(ctx, args, &revision);
	if (writer == NULL)
		return context_fail(ctx);
	code = folder != NULL ? write_folder(ctx, writer, folder, revision)
			      : write_single(ctx, writer, path, revision);
	if (code == EXIT_FINE && planfile_writer_left_out(writer) > 0)
		fprintf(stderr, "plumb: %zu records that were retracted or redacted are left out\n",
		    planfile_writer_left_out(writer));
	return code;
}

static const struct option options[] = {
    {'o', "output", "PATH", "a file, a folder that is there (as --dir), or - for standard output",
	NULL},
    {'d', "dir", "FOLDER", "one file for each kind in this folder, which is made if need be", NULL},
    {0, "records", NULL, "measurements, check-ins and acknowledgements too", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb export -d plan/", "the plan as files for a repository"},
    {"plumb export --records --as-of 2026-01-01 > old.yaml", "everything as it was on that day"},
    {0},
};

const struct command cmd_export = {
    .name = "export",
    .group = GROUP_PLAN,
    .arguments = "",
    .summary = "write the plan as plan files",
    .help = "Writes what plumb apply reads. The order is stable, so that the files live well in "
	    "version control; applying "
	    "what was just exported changes nothing. The first file notes the revision that it was "
	    "written from, so "
	    "that an edited export can be applied even after others have changed the plan.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 0,
    .run = run,
    .takes = TAKES_SERVER | TAKES_AS_OF,
};
