/* plumb import: plans that other programs wrote, as items and records. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "client/import_csv.h"
#include "client/import_okr.h"
#include "client/import_stratml.h"
#include "client/import_text.h"
#include "client/import_tjp.h"
#include "client/planfile_command.h"
#include "client/safe.h"
#include "client/scale.h"
#include "common/pb.h"
#include "common/str.h"

#define REPORT_MAX   (16u << 20)
#define KNOWN_ARENA  ((size_t)2 << 30)
#define RETRACTS_MAX 1000u /* in one change set */
#define ROWS_SHOWN   50u

struct import;

/* A kind of document. */
struct importer {
	const char *prefix; /* of the source: "stratml" */
	size_t bytes_max;
	/* Many entries that know nothing of each other: sent in parts, and only counted where they are too many to be read. */
	bool rows;
	/* The plan of the document, and a report of what was done to it. */
	bool (*read)(
	    struct import *in, const char *bytes, size_t len, struct str *report, struct err *err);
};

/* One document on its way into the plan. */
struct import {
	struct context *ctx;
	const struct importer *importer;
	const struct args *args;
	const char *path;
	const char *name; /* the last part of path */
	const char *source;
	struct arena *arena; /* what the workspace has */
	struct planfile *plan;
	struct import_known *known;
	size_t known_count;
	size_t known_cap;
	const char **
	    stale; /* values that this source stated and the document no longer does: "measurement/x" */
	size_t stale_count;
	struct progress *progress; /* NULL: nothing is sent that takes long */
};

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* The whole file, freed by the caller; NULL: said why. One byte above the limit is read, so that it shows. */
static char *
read_document(struct import *in, size_t *len)
{
	bool standard = strcmp(in->path, "-") == 0;
	FILE *file = standard ? stdin : fopen(in->path, "rb");
	char *text = NULL;

	if (file == NULL) {
		context_error(in->ctx, EXIT_USAGE, "cannot read %s: %s", in->path, strerror(errno));
		return NULL;
	}
	text = malloc(in->importer->bytes_max + 1);
	*len = text != NULL ? fread(text, 1, in->importer->bytes_max + 1, file) : 0;
	if (text == NULL || ferror(file)) {
		context_error(in->ctx, EXIT_USAGE, "cannot read %s: %s", in->path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (!standard)
		fclose(file);
	return text;
}

static bool
add_known(struct import *in, const Plumb__V1__Envelope *envelope)
{
	struct import_known *known;

	if (in->known_count == in->known_cap) {
		size_t cap = in->known_cap == 0 ? 1024 : in->known_cap * 2;
		struct import_known *bigger = arena_array(in->arena, cap, sizeof *bigger);

		if (bigger == NULL)
			return false;
		if (in->known_count > 0)
			memcpy(bigger, in->known, in->known_count * sizeof *bigger);
		in->known = bigger;
		in->known_cap = cap;
	}
	known = &in->known[in->known_count++];
	*known = (struct import_known){
	    .ref = envelope->ref, .title = "", .source = envelope->source, .at = ""};
	if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM) {
		known->title = envelope->item->title;
		known->external_ids = (const char *const *)envelope->item->external_ids;
		known->external_ids_count = envelope->item->n_external_ids;
	} else if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_RECORD) {
		known->retracted = envelope->record->retracted;
		known->at = envelope->record->at;
	}
	return true;
}

/* What the workspace has, so that things are found again and ids not given twice. */
static bool
fetch_known(struct import *in)
{
	Plumb__V1__ExportRequest request;
	const Plumb__V1__ExportReply *reply;
	Plumb__V1__At at;

	plumb__v1__export_request__init(&request);
	if (context_client(in->ctx) == NULL || !context_at(in->ctx, &at))
		return false;
	request.at = &at;
	request.records = true;
	if (!context_start(in->ctx, &plumb__v1__plan__descriptor, "Export", &request.base))
		return false;
	while ((reply = rpc_client_next(in->ctx->client, in->arena, &in->ctx->status)) != NULL) {
		for (size_t i = 0; i < reply->n_entries; i++) {
			if (reply->entries[i]->removed || add_known(in, reply->entries[i]))
				continue;
			rpc_client_cancel(in->ctx->client);
			return context_set_error(
			    in->ctx, ERR_LIMIT, "the plan is larger than memory");
		}
	}
	return in->ctx->status.err.code == ERR_OK;
}

/* ---- values that are gone from the document ------------------------------------------------------------------- */

static bool
find_stale(struct import *in)
{
	const struct planfile_step *step = planfile_present(in->plan);

	in->stale = arena_array(in->arena, in->known_count + 1, sizeof *in->stale);
	if (in->stale == NULL)
		return context_set_error(in->ctx, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < in->known_count; i++) {
		const struct import_known *known = &in->known[i];

		if ((strncmp(known->ref, "measurement/", 12) == 0 ||
			strncmp(known->ref, "check-in/", 9) == 0) &&
		    !known->retracted && strcmp(known->source, in->source) == 0 &&
		    planfile_find(step, known->ref) == NULL)
			in->stale[in->stale_count++] = known->ref;
	}
	return true;
}

static void
show_stale(const struct import *in)
{
	for (size_t i = 0; i < in->stale_count; i++)
		output_printf(&in->ctx->out, "- %s: the document no longer states it; withdrawn\n",
		    in->stale[i]);
}

/* A change set that withdraws up to RETRACTS_MAX of them. */
static bool
retract(struct import *in, size_t first, size_t count, uint64_t *revision)
{
	Plumb__V1__Change *changes = arena_array(in->arena, count, sizeof *changes);
	Plumb__V1__Change **list = arena_array(in->arena, count, sizeof *list);
	Plumb__V1__Retract *retracts = arena_array(in->arena, count, sizeof *retracts);
	Plumb__V1__ApplyRequest request;
	Plumb__V1__ChangeSet set;
	Plumb__V1__Source source;
	const Plumb__V1__ApplyReply *reply;

	if (changes == NULL || list == NULL || retracts == NULL)
		return context_set_error(in->ctx, ERR_LIMIT, "out of memory");
	plumb__v1__apply_request__init(&request);
	plumb__v1__change_set__init(&set);
	plumb__v1__source__init(&source);
	for (size_t i = 0; i < count; i++) {
		plumb__v1__change__init(&changes[i]);
		plumb__v1__retract__init(&retracts[i]);
		retracts[i].ref = pb_str(in->stale[first + i]);
		retracts[i].reason = pb_str("no longer stated by the document");
		changes[i].change_case = PLUMB__V1__CHANGE__CHANGE_RETRACT;
		changes[i].retract = &retracts[i];
		list[i] = &changes[i];
	}
	source.name = pb_str(in->source);
	set.changes = list;
	set.n_changes = count;
	set.source = &source;
	set.reason = arena_printf(in->arena, "import %s", in->name);
	request.workspace = pb_str(in->ctx->workspace);
	request.change_set = &set;
	request.dry_run = args_has(in->args, "dry-run");
	reply = context_call(in->ctx, &plumb__v1__plan__descriptor, "Apply", &request.base);
	if (reply == NULL)
		return false;
	*revision = reply->revision;
	return true;
}

static bool
retract_stale(struct import *in, uint64_t *revision)
{
	for (size_t i = 0; i < in->stale_count; i += RETRACTS_MAX) {
		size_t count =
		    in->stale_count - i < RETRACTS_MAX ? in->stale_count - i : RETRACTS_MAX;

		if (!retract(in, i, count, revision))
			return false;
	}
	return true;
}

/* ---- applying ---------------------------------------------------------------------------------------------------- */

static bool
confirmed(const char *name)
{
	char answer[16];

	fprintf(stderr, "Import %s? [y/N] ", name);
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

static void
show_progress(void *arg, double part)
{
	progress_update(arg, part);
}

static bool
send_all(struct import *in, struct planfile_changes *changes, struct err *err)
{
	bool ok = planfile_changes_apply(changes, err);

	progress_free(in->progress);
	in->progress = NULL;
	return ok;
}

static int
send_changes(struct import *in, struct planfile_changes *changes)
{
	const struct planfile_summary *summary = planfile_changes_summary(changes);
	bool dry = args_has(in->args, "dry-run");
	uint64_t revision;
	struct err err = {0};

	if (!dry && !args_has(in->args, "yes") && isatty(STDIN_FILENO) && isatty(STDERR_FILENO) &&
	    !confirmed(in->name))
		return context_error(in->ctx, EXIT_NO, "nothing of %s is imported", in->name);
	if (summary->change_sets > 0 && !send_all(in, changes, &err))
		return planfile_command_refused(in->ctx, in->plan, changes, &err);
	revision = summary->revision;
	if (!retract_stale(in, &revision))
		return context_fail(in->ctx);
	if (dry && planfile_command_tried(in->ctx, in->args, changes) != EXIT_FINE) {
		output_text(&in->ctx->out, "the daemon would refuse this; nothing is changed\n");
		return EXIT_NO;
	}
	if (dry)
		output_printf(&in->ctx->out, "the daemon would take this; nothing is changed\n");
	else
		output_printf(
		    &in->ctx->out, "imported; the plan is at revision %" PRIu64 "\n", revision);
	return EXIT_FINE;
}

/* Line by line; where a table has too many rows for that, how many, and what is in conflict. */
static void
show_changes(struct import *in, const struct planfile_changes *changes)
{
	const struct planfile_summary *summary = planfile_changes_summary(changes);
	struct str text;

	if (!in->importer->rows || summary->conflicts > 0 ||
	    summary->created + summary->changed + summary->removed <= ROWS_SHOWN) {
		planfile_command_show(in->ctx, changes);
		return;
	}
	str_init(&text, REPORT_MAX);
	planfile_changes_print_summary(changes, &text);
	output_printf(&in->ctx->out, "%s\n", text.data);
	str_fini(&text);
}

static int
apply(struct import *in)
{
	struct planfile_options options = {
	    .workspace = in->ctx->workspace,
	    .source = in->source,
	    .reason = args_has(in->args, "reason") ? args_get(in->args, "reason")
						   : arena_printf(in->arena, "import %s", in->name),
	    .effective = "",
	    .override = args_get(in->args, "override"),
	    .findings = !args_has(in->args, "no-findings"),
	    .prune = args_has(in->args, "prune"),
	    .force = args_has(in->args, "force"),
	    .dry_run = args_has(in->args, "dry-run"),
	    .colour = in->ctx->out.colour,
	    .split = in->importer->rows,
	    .progress = in->importer->rows ? show_progress : NULL,
	};
	const struct planfile_summary *summary;
	struct planfile_changes *changes;
	struct err err = {0};
	int code = EXIT_FINE;

	if (in->importer->rows)
		in->progress = progress_new("importing");
	options.progress_arg = in->progress;
	changes = planfile_compare(in->plan, in->ctx->client, &options, &err);
	if (changes == NULL) {
		progress_free(in->progress);
		return planfile_command_fail(in->ctx, in->plan, &err);
	}
	show_changes(in, changes);
	show_stale(in);
	summary = planfile_changes_summary(changes);
	if (summary->conflicts > 0)
		code = context_error(in->ctx, EXIT_NO,
		    "%zu conflict%s with what is there (lines with !), so nothing of %s is "
		    "imported; --force puts what "
		    "it says over it",
		    summary->conflicts, summary->conflicts == 1 ? "" : "s", in->name);
	else if (summary->change_sets > 0 || in->stale_count > 0)
		code = send_changes(in, changes);
	progress_free(in->progress);
	planfile_changes_free(changes);
	return code;
}

/* The plan of the document, and what was done to it; false: said why. */
static bool
read_plan(struct import *in, int *code)
{
	struct err err = {0};
	struct str text;
	size_t len;
	char *bytes = read_document(in, &len);
	bool ok;

	*code = EXIT_USAGE;
	if (bytes == NULL)
		return false;
	str_init(&text, REPORT_MAX);
	ok = in->importer->read(in, bytes, len, &text, &err);
	free(bytes);
	if (ok)
		fputs(text.data, in->ctx->out.file);
	else
		context_error(in->ctx, EXIT_USAGE, "%s", err.msg);
	str_fini(&text);
	return ok;
}

static int
import_document(
    struct context *ctx, const struct args *args, const char *path, const struct importer *importer)
{
	struct import in = {.ctx = ctx, .args = args, .path = path, .importer = importer};
	struct err err = {0};
	int code = EXIT_SERVER;

	in.name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	in.arena = arena_new(KNOWN_ARENA);
	in.plan = planfile_new(&err);
	in.source = args_has(args, "source") ? args_get(args, "source")
		    : in.arena != NULL
			? arena_printf(in.arena, "%s:%.180s", importer->prefix, in.name)
			: NULL;
	if (in.plan == NULL || in.source == NULL)
		code = context_error(ctx, EXIT_USAGE, "out of memory");
	else if (importer->rows ? context_client(ctx) == NULL : !fetch_known(&in))
		code = context_fail(ctx);
	else if (read_plan(&in, &code))
		code = find_stale(&in) ? apply(&in) : context_fail(ctx);
	planfile_free(in.plan);
	arena_free(in.arena);
	return code;
}

static int
import_all(struct context *ctx, const struct args *args, const struct importer *importer)
{
	if (args_has(args, "source") && args->count > 1)
		return command_usage(args, "--source names one document: import them one by one");
	for (size_t i = 0; i < args->count; i++) {
		int code = import_document(ctx, args, args->values[i], importer);

		if (code != EXIT_FINE)
			return code;
	}
	return EXIT_FINE;
}

/* ---- Strategy Markup Language -------------------------------------------------------------------------------- */

static bool
read_stratml(struct import *in, const char *bytes, size_t len, struct str *report, struct err *err)
{
	struct stratml_options options = {
	    .name = in->name,
	    .source = in->source,
	    .untyped_are_people = args_has(in->args, "untyped") &&
				  strcmp(args_get(in->args, "untyped"), "person") == 0,
	    .known = in->known,
	    .known_count = in->known_count,
	};
	struct stratml_report *done;

	if (!stratml_import(bytes, len, &options, in->plan, &done, err))
		return false;
	stratml_report_print(done, in->name, report);
	return true;
}

static int
run_stratml(struct context *ctx, const struct args *args)
{
	static const struct importer importer = {"stratml", STRATML_BYTES_MAX, false, read_stratml};

	return import_all(ctx, args, &importer);
}

static const struct option stratml_options[] = {
    {'n', "dry-run", NULL, "show what would change and let the daemon check it, change nothing",
	NULL},
    {'y', "yes", NULL, "don't ask", NULL},
    {0, "source", "NAME", "the name the document goes by in the plan; stratml:FILE if not stated",
	NULL},
    {0, "untyped", "KIND",
	"what stakeholders are to whom the document gives no type; team if not stated",
	"team person"},
    {0, "prune", NULL,
	"remove items that an earlier import put there and the document no longer has", NULL},
    {0, "force", NULL, "where others and the document both changed a field, the document wins",
	NULL},
    {'m', "reason", "TEXT", "why, for the history", NULL},
    PLANFILE_FINDINGS,
    PLANFILE_OVERRIDE,
    {0},
};

static const struct example stratml_examples[] = {
    {"plumb import stratml plan.xml --dry-run", "what it would make of the document"},
    {"plumb import stratml plan.xml",
	"asks, and imports it; again later, only what has changed in it"},
    {0},
};

static const struct command cmd_import_stratml = {
    .name = "stratml",
    .group = GROUP_PLAN,
    .arguments = "FILE…",
    .summary = "read plans in the Strategy Markup Language, Part 1 and Part 2",
    .help = "Reads documents of ISO 17469-1 and ANSI/AIIM 22 as they are met: by their structure, "
	    "whatever their namespace "
	    "and the order of their elements. Goals, objectives, indicators (as measures, with "
	    "targets, baselines and "
	    "values), stakeholders (as people and teams), vision, mission and values become items; "
	    "docs/IMPORT.md says "
	    "what becomes what. What had to be repaired, what is odd and what is left out is "
	    "reported with its place.\n\n"
	    "Importing a document again changes only what has changed in it: items are found again "
	    "by their external ids. "
	    "What others changed since stays, as with plumb apply.",
    .options = stratml_options,
    .examples = stratml_examples,
    .min_args = 1,
    .max_args = 1000,
    .run = run_stratml,
    .takes = TAKES_SERVER,
};

/* ---- objectives and key results --------------------------------------------------------------------------------- */

/* What is stated without a day counts from the day that --today states, else the daemon's; "" said why. */
static const char *
today(struct import *in)
{
	Plumb__V1__InfoRequest request;
	const Plumb__V1__InfoReply *reply;

	if (in->ctx->today != NULL && *in->ctx->today != '\0')
		return in->ctx->today;
	plumb__v1__info_request__init(&request);
	request.workspace = pb_str(in->ctx->workspace[0] ? in->ctx->workspace : "main");
	reply = context_call(in->ctx, &plumb__v1__admin__descriptor, "Info", &request.base);
	return reply != NULL ? reply->today : "";
}

static bool
read_okr(struct import *in, const char *bytes, size_t len, struct str *report, struct err *err)
{
	const char *format = args_has(in->args, "format") ? args_get(in->args, "format") : "";
	struct okr_options options = {
	    .name = in->name,
	    .source = in->source,
	    .today = today(in),
	    .format = strcmp(format, "markdown") == 0 ? OKR_MARKDOWN
		      : strcmp(format, "csv") == 0    ? OKR_CSV
		      : strcmp(format, "jira") == 0   ? OKR_JIRA
						      : OKR_ANY,
	    .known = in->known,
	    .known_count = in->known_count,
	};
	struct okr_report *done;

	if (*options.today == '\0')
		return err_set(err, in->ctx->status.err.code, "%s", in->ctx->status.err.msg);
	if (!okr_import(bytes, len, &options, in->plan, &done, err))
		return false;
	okr_report_print(done, in->name, report);
	return true;
}

static int
run_okr(struct context *ctx, const struct args *args)
{
	static const struct importer importer = {"okr", OKR_BYTES_MAX, false, read_okr};

	return import_all(ctx, args, &importer);
}

static const struct option okr_options[] = {
    {'n', "dry-run", NULL, "show what would change and let the daemon check it, change nothing",
	NULL},
    {'y', "yes", NULL, "don't ask", NULL},
    {0, "format", "FORMAT", "what the file is; told apart by its content if not stated",
	"markdown csv jira"},
    {0, "source", "NAME", "the name the document goes by in the plan; okr:FILE if not stated",
	NULL},
    {0, "prune", NULL,
	"remove items that an earlier import put there and the document no longer has", NULL},
    {0, "force", NULL, "where others and the document both changed a field, the document wins",
	NULL},
    {'m', "reason", "TEXT", "why, for the history", NULL},
    PLANFILE_FINDINGS,
    PLANFILE_OVERRIDE,
    {0},
};

static const struct example okr_examples[] = {
    {"plumb import okr q2.md --dry-run", "what it would make of an outline in Markdown"},
    {"plumb import okr q2.csv", "a table; again later, only what has changed in it"},
    {"plumb import okr jira-export.csv --format jira", "all columns that Jira exports"},
    {0},
};

static const struct command cmd_import_okr = {
    .name = "okr",
    .group = GROUP_PLAN,
    .arguments = "FILE…",
    .summary = "read objectives and key results from outlines and tables",
    .help = "Reads outlines in Markdown (headings, nested lists, tables), tables as CSV, and what "
	    "Jira exports as CSV. Objectives become objectives with parent, team and period; key "
	    "results become measures with the objective's targets where a number can be read, and "
	    "keep their words where not; results become measurements; whoever is named becomes a "
	    "person or team. docs/IMPORT.md says what becomes what. What could be meant otherwise, "
	    "what is kept in words and what was not understood is reported with line and text.\n\n"
	    "Importing a document again changes only what has changed in it, whatever the order of "
	    "its rows. What others changed since stays, as with plumb apply.",
    .options = okr_options,
    .examples = okr_examples,
    .min_args = 1,
    .max_args = 1000,
    .run = run_okr,
    .takes = TAKES_SERVER | TAKES_TODAY,
};

/* ---- TaskJuggler ------------------------------------------------------------------------------------------------ */

/* Nobody waits for the other end of a pipe that lies where a file is expected. */
static FILE *
open_plain(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = S_ISDIR(st.st_mode) ? EISDIR : ESPIPE;
	else
		file = fdopen(fd, "rb");
	if (file == NULL)
		close(fd);
	return file;
}

/* A file beside the one that is imported; the importer lets no name through that leads elsewhere. */
static char *
read_beside(void *arg, const char *name, size_t *len, struct err *err)
{
	const struct import *in = arg;
	const char *path =
	    arena_printf(in->arena, "%.*s%s", (int)(in->name - in->path), in->path, name);
	FILE *file = path != NULL ? open_plain(path) : NULL;
	char *text = NULL;

	if (file == NULL) {
		err_set(err, ERR_INVALID, "cannot read %.100s: %s", name,
		    errno == ESPIPE ? "it is no plain file" : strerror(errno));
		return NULL;
	}
	text = malloc(TJP_BYTES_MAX + 1);
	*len = text != NULL ? fread(text, 1, TJP_BYTES_MAX + 1, file) : 0;
	if (text == NULL || ferror(file)) {
		err_set(err, ERR_INVALID, "cannot read %.100s: %s", name, strerror(errno));
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

static bool
read_tjp(struct import *in, const char *bytes, size_t len, struct str *report, struct err *err)
{
	struct tjp_options options = {
	    .name = in->name,
	    .source = in->source,
	    .include = strcmp(in->path, "-") == 0 ? NULL : read_beside,
	    .arg = in,
	    .known = in->known,
	    .known_count = in->known_count,
	};
	struct tjp_report *done;

	if (!tjp_import(bytes, len, &options, in->plan, &done, err))
		return false;
	tjp_report_print(done, in->name, report);
	return true;
}

static int
run_tjp(struct context *ctx, const struct args *args)
{
	static const struct importer importer = {"tjp", TJP_BYTES_MAX, false, read_tjp};

	return import_all(ctx, args, &importer);
}

static const struct option tjp_options[] = {
    {'n', "dry-run", NULL, "show what would change and let the daemon check it, change nothing",
	NULL},
    {'y', "yes", NULL, "don't ask", NULL},
    {0, "source", "NAME", "the name the document goes by in the plan; tjp:FILE if not stated",
	NULL},
    {0, "prune", NULL,
	"remove items that an earlier import put there and the document no longer has", NULL},
    {0, "force", NULL, "where others and the document both changed a field, the document wins",
	NULL},
    {'m', "reason", "TEXT", "why, for the history", NULL},
    PLANFILE_FINDINGS,
    PLANFILE_OVERRIDE,
    {0},
};

static const struct example tjp_examples[] = {
    {"plumb import tjp release.tjp --dry-run", "what it would make of the plan"},
    {"plumb import tjp release.tjp", "asks, and imports it; then: plumb schedule"},
    {0},
};

static const struct command cmd_import_tjp = {
    .name = "tjp",
    .group = GROUP_PLAN,
    .arguments = "FILE…",
    .summary = "read plans of TaskJuggler (.tjp), to be scheduled here",
    .help =
	"Reads projects of TaskJuggler 3 with the files that they include from the same directory, "
	"and their macros. Tasks of the outermost level become initiatives, ranked by their "
	"priority; those with parts workstreams, the others tasks and milestones, with what "
	"they depend on, effort, length and duration; resources become people and teams, with "
	"capacity and absences. docs/IMPORT.md says what becomes what. What is said in another "
	"way and what is left out is reported, with how often and where first.\n\n"
	"Importing a document again changes only what has changed in it: items are found again "
	"by their external ids. What others changed since stays, as with plumb apply.",
    .options = tjp_options,
    .examples = tjp_examples,
    .min_args = 1,
    .max_args = 1000,
    .run = run_tjp,
    .takes = TAKES_SERVER,
};

/* ---- customers, from a table ------------------------------------------------------------------------------------ */

static bool
read_csv(struct import *in, const char *bytes, size_t len, struct str *report, struct err *err)
{
	const char *scale = args_get(in->args, "scale");
	struct csv_options options = {
	    .name = in->name,
	    .id = args_get(in->args, "id"),
	    .titles = args_get(in->args, "name"),
	    .segment = args_get(in->args, "segment"),
	    .value = args_get(in->args, "value"),
	    .growth = args_get(in->args, "growth"),
	    .since = args_get(in->args, "since"),
	    .came_from = args_get(in->args, "came-from"),
	    .ratings = args_get(in->args, "ratings"),
	    .has_scale = scale != NULL,
	};
	struct csv_report *done;

	if (scale != NULL && !scale_parse(scale, &options.low, &options.high))
		return err_set(err, ERR_INVALID,
		    "--scale is the lowest and the highest rating, like 1-10, not '%.40s'", scale);
	if (!csv_import(bytes, len, &options, in->plan, &done, err))
		return false;
	csv_report_print(done, in->name, report);
	return true;
}

static int
run_csv(struct context *ctx, const struct args *args)
{
	static const struct importer importer = {"csv", CSV_BYTES_MAX, true, read_csv};

	if (!args_has(args, "kind"))
		return command_usage(
		    args, "say what the rows are: --kind customer (there is no other yet)");
	return import_all(ctx, args, &importer);
}

static const struct option csv_options[] = {
    {0, "kind", "KIND", "what each row is", "customer"},
    {0, "id", "COLUMN", "who it is; the column \"id\" if not stated", NULL},
    {0, "name", "COLUMN", "what they are called", NULL},
    {0, "ratings", "COLUMNS",
	"what they answered, with commas between them; all other columns of numbers if not stated",
	NULL},
    {0, "scale", "LOW-HIGH", "from the lowest rating to the highest: 1-10; others are refused",
	NULL},
    {0, "value", "COLUMN", "what they bring in a year", NULL},
    {0, "growth", "COLUMN", "what that may grow by in a year: 0.1 or 10%", NULL},
    {0, "segment", "COLUMN", "the segment that they are said to belong to", NULL},
    {0, "since", "COLUMN", "the day since when they are customers", NULL},
    {0, "came-from", "COLUMN", "from where they came", NULL},
    {'n', "dry-run", NULL, "show what would change and let the daemon check it, change nothing",
	NULL},
    {'y', "yes", NULL, "don't ask", NULL},
    {0, "source", "NAME", "the name the table goes by in the plan; csv:FILE if not stated", NULL},
    {0, "prune", NULL,
	"remove customers that an earlier import put there and the table no longer has", NULL},
    {0, "force", NULL, "where others and the table both changed a field, the table wins", NULL},
    {'m', "reason", "TEXT", "why, for the history", NULL},
    PLANFILE_FINDINGS,
    PLANFILE_OVERRIDE,
    {0},
};

static const struct example csv_examples[] = {
    {"plumb import csv survey.csv --kind customer --scale 1-10",
	"a column \"id\", and ratings from 1 to 10; then: plumb segments --scale 1-10"},
    {"plumb import csv crm.csv --kind customer --id account --value revenue --growth growth "
     "--ratings price,speed,help",
	"columns by their names"},
    {0},
};

static const struct command cmd_import_csv = {
    .name = "csv",
    .group = GROUP_PLAN,
    .arguments = "FILE\xe2\x80\xa6",
    .summary = "read customers and what they answered from tables (CSV)",
    .help =
	"Reads a table whose first line names the columns: a customer in each row, what they "
	"answered in columns of numbers. The names of these columns become questions (\"Fast "
	"value\" becomes fast-value). An empty cell, or NA, is a missing answer. Nothing is "
	"imported of a table with a fault: which one, with line and column, is said. "
	"docs/IMPORT.md "
	"has the details."
	"\n\n"
	"Importing a table again changes only what has changed in it. Up to 100,000 rows and 50 "
	"columns of ratings; large tables go in several change sets.",
    .options = csv_options,
    .examples = csv_examples,
    .min_args = 1,
    .max_args = 1000,
    .run = run_csv,
    .takes = TAKES_SERVER,
};

static const struct command *const parts[] = {
    &cmd_import_csv,
    &cmd_import_okr,
    &cmd_import_stratml,
    &cmd_import_tjp,
    NULL,
};

static const struct example import_examples[] = {
    {"plumb import csv survey.csv --kind customer --scale 1-10", "customers' answers"},
    {"plumb import okr q2.md", "objectives and key results"},
    {"plumb import stratml plan.xml", "a strategic plan in the Strategy Markup Language"},
    {"plumb import tjp release.tjp", "a schedule of TaskJuggler"},
    {0},
};

extern const struct command cmd_import;
const struct command cmd_import = {
    .name = "import",
    .group = GROUP_PLAN,
    .arguments = "FORMAT FILE…",
    .summary = "put a plan that another program wrote into the daemon",
    .help = "Shows what would be created and what was repaired or left out, asks, and applies it.",
    .examples = import_examples,
    .parts = parts,
};
