/* plumb ecosystem: who contributes what at the steps of customers' journeys, and what nothing supports. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/customer.h"
#include "common/pb.h"
#include "common/str.h"

#define REFS 3u /* step, segment, team */

static const char *
side_word(Plumb__V1__Support__Side side)
{
	return side == PLUMB__V1__SUPPORT__SIDE__BACK ? "back" : "front";
}

static const char *
how_words(Plumb__V1__Support__How how)
{
	static const char *const words[] = {
	    [PLUMB__V1__SUPPORT__HOW__MEETS] = "meets the customers",
	    [PLUMB__V1__SUPPORT__HOW__JUDGES] = "judges who meets them",
	    [PLUMB__V1__SUPPORT__HOW__WORKS_ON] = "works on the step",
	    [PLUMB__V1__SUPPORT__HOW__ANSWERS] = "answers",
	    [PLUMB__V1__SUPPORT__HOW__BEHIND] = "stands behind",
	    [PLUMB__V1__SUPPORT__HOW__MEASURES] = "measures",
	    [PLUMB__V1__SUPPORT__HOW__SERVES] = "serves",
	    [PLUMB__V1__SUPPORT__HOW__NEEDED] = "is needed by",
	};

	if ((unsigned)how >= sizeof words / sizeof words[0] || !words[how])
		return "contributes";
	return words[how];
}

/* A row, and which one it is on the way. */
struct counted {
	const Plumb__V1__EcosystemRow *row;
	size_t place;
};

struct ecosystem {
	struct context *ctx;
	struct table *table;
	bool csv;
	bool team;            /* what a step lacks is another question */
	bool counts;          /* the summary */
	struct counted *rows; /* of it */
	size_t rows_count;
	size_t rows_cap;
	const Plumb__V1__EcosystemSummary *summary;
};

/* What a row has in common stands in the first of its lines only, but in all of CSV. */
static void
begin_line(struct ecosystem *e, const Plumb__V1__EcosystemRow *row, bool *first)
{
	bool said = *first || e->csv;

	if (e->csv) {
		table_cell(e->table, row->journey);
		table_cell(e->table, row->stage);
	}
	table_cell(e->table, said ? row->step : "");
	table_cell(e->table, said ? row->segment : "");
	*first = false;
}

static void
end_line(struct ecosystem *e, const char *side, const char *ref, const char *does,
    const char *through, const char *team)
{
	table_cell(e->table, side);
	if (strcmp(side, "lacks") == 0)
		table_colour(e->table, COLOUR_YELLOW);
	table_cell(e->table, ref);
	if (e->csv) {
		table_cell(e->table, does);
		table_cell(e->table, through);
	} else {
		table_cellf(e->table, "%s%s%s", does, through[0] ? " " : "", through);
	}
	table_cell(e->table, team);
}

static void
add_row(struct ecosystem *e, const Plumb__V1__EcosystemRow *row)
{
	bool first = true;

	for (size_t i = 0; i < row->n_supports; i++) {
		const Plumb__V1__Support *s = row->supports[i];

		begin_line(e, row, &first);
		end_line(e, side_word(s->side), s->ref, how_words(s->how), s->through, s->team);
	}
	if (row->more_supports) {
		begin_line(e, row, &first);
		table_cell(e->table, "");
		table_cell(e->table, "");
		table_cellf(e->table, "and %" PRIu32 " more", row->more_supports);
		if (e->csv)
			table_cell(e->table, "");
		table_cell(e->table, "");
	}
	/* A team asks for what it does; what the step lacks is another question. */
	for (size_t i = 0; !e->team && i < row->n_holes; i++) {
		if (row->holes[i] == PLUMB__V1__HOLE__UNANSWERED)
			continue;
		begin_line(e, row, &first);
		end_line(e, "lacks", "", customer_hole(row->holes[i]), "", "");
	}
	for (size_t i = 0; !e->team && i < row->n_unanswered; i++) {
		begin_line(e, row, &first);
		end_line(e, "lacks", row->unanswered[i], "no open objective answers it", "", "");
	}
	if (!e->team && row->more_unanswered) {
		begin_line(e, row, &first);
		end_line(e, "lacks", "", "and more expectations that nothing answers", "", "");
	}
}

/* ---- the summary: a line for each step and segment */

static void
cell_counts(struct ecosystem *e, const Plumb__V1__EcosystemCount *count)
{
	const struct {
		uint32_t n;
		const char *one;
		const char *more;
	} parts[] = {
	    {count ? count->teams : 0, "team", "teams"},
	    {count ? count->work : 0, "work", "works"},
	    {count ? count->objectives : 0, "objective", "objectives"},
	    {count ? count->measures : 0, "measure", "measures"},
	};
	struct str text;

	str_init(&text, 200);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i].n)
			str_addf(&text, "%s%" PRIu32 " %s", text.len ? ", " : "", parts[i].n,
			    parts[i].n == 1 ? parts[i].one : parts[i].more);
	table_cell(e->table, text.len ? text.data : "–");
	if (!text.len)
		table_colour(e->table, COLOUR_YELLOW);
	str_fini(&text);
}

static bool
is_bare(const Plumb__V1__EcosystemRow *row)
{
	return row->front && row->back && row->front->teams + row->back->teams == 0 &&
	       row->front->work + row->back->work == 0 &&
	       row->front->objectives + row->front->measures == 0 &&
	       row->back->objectives + row->back->measures == 0;
}

/* What a hole is one of, in a word. */
static const char *
lacking(Plumb__V1__Hole hole)
{
	static const char *const words[] = {
	    [PLUMB__V1__HOLE__NO_OWNER] = "owner",
	    [PLUMB__V1__HOLE__NO_FUNCTION] = "team",
	    [PLUMB__V1__HOLE__NO_MEASURE] = "measure",
	    [PLUMB__V1__HOLE__NO_WORK] = "work",
	    [PLUMB__V1__HOLE__NO_EXPECTATION] = "expectations",
	};

	if ((unsigned)hole >= sizeof words / sizeof words[0] || !words[hole])
		return customer_hole(hole);
	return words[hole];
}

static void
cell_lacks(struct ecosystem *e, const Plumb__V1__EcosystemRow *row)
{
	struct str text;

	str_init(&text, 1000);
	for (size_t i = 0; i < row->n_holes; i++)
		if (row->holes[i] != PLUMB__V1__HOLE__UNANSWERED)
			str_addf(&text, "%s%s", text.len ? ", " : "", lacking(row->holes[i]));
	if (row->n_unanswered)
		str_addf(&text, "%sanswers to %" PRIu32, text.len ? ", " : "",
		    (uint32_t)row->n_unanswered + row->more_unanswered);
	table_cell(e->table, text.len ? text.data : "");
	if (text.len)
		table_colour(e->table, COLOUR_YELLOW);
	str_fini(&text);
}

static const char *
name_of(const char *title, const char *ref)
{
	return title[0] ? title : ref;
}

static void
add_counts(struct ecosystem *e, const Plumb__V1__EcosystemRow *row)
{
	table_cellf(
	    e->table, row->title[0] ? "%s, %s" : "%s%s", row->title, strchr(row->step, '/') + 1);
	table_cell(e->table, row->segment[0] ? name_of(row->segment_title, row->segment) : "–");
	cell_counts(e, row->front);
	cell_counts(e, row->back);
	if (!e->team)
		cell_lacks(e, row);
}

/* What nothing supports first, then by how much is lacking; else in order of the way. */
static int
by_holes(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;
	size_t p = x->row->n_holes + x->row->n_unanswered;
	size_t q = y->row->n_holes + y->row->n_unanswered;

	if (is_bare(x->row) != is_bare(y->row))
		return is_bare(x->row) ? -1 : 1;
	if (p != q)
		return p > q ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void
show_counts(struct ecosystem *e)
{
	table_column(e->table, "STEP", TABLE_MAIN | TABLE_WRAP);
	table_column(e->table, "SEGMENT", TABLE_WRAP);
	table_column(e->table, "FRONT", TABLE_WRAP);
	table_column(e->table, "BACK", TABLE_WRAP);
	if (!e->team)
		table_column(e->table, "LACKS", TABLE_WRAP);
	if (e->rows_count > 1)
		qsort(e->rows, e->rows_count, sizeof e->rows[0], by_holes);
	for (size_t i = 0; i < e->rows_count; i++)
		add_counts(e, e->rows[i].row);
	if (e->rows_count == 0)
		return;
	table_print(e->table, &e->ctx->out);
	output_text(&e->ctx->out, "\n");
	output_wrap(&e->ctx->out, "",
	    "FRONT: what customers meet there; BACK: what stands behind it. LACKS: somebody who "
	    "answers for it, a measure of that, open work, stated expectations, or objectives "
	    "that answer them. Who it is: plumb ecosystem step/ID or segment/ID, or --all.");
}

/* ---- all of it */

static void
add_columns(struct ecosystem *e)
{
	if (e->csv) {
		table_column(e->table, "JOURNEY", 0);
		table_column(e->table, "STAGE", 0);
	}
	table_column(e->table, "STEP", TABLE_MAIN | TABLE_WRAP);
	table_column(e->table, "SEGMENT", TABLE_WRAP);
	table_column(e->table, "SIDE", 0);
	table_column(e->table, "WHO OR WHAT", TABLE_WRAP);
	table_column(e->table, "DOES", TABLE_WRAP);
	if (e->csv)
		table_column(e->table, "THROUGH", 0);
	table_column(e->table, "TEAM", TABLE_DROP | TABLE_WRAP);
}

static void
show_end(struct ecosystem *e)
{
	const Plumb__V1__EcosystemSummary *s = e->summary;
	struct context *ctx = e->ctx;

	struct str text;

	str_init(&text, 4096);
	str_addf(&text, "%" PRIu32 " step%s", s->steps, s->steps == 1 ? "" : "s");
	if (s->bare)
		str_addf(&text,
		    "; %" PRIu32 " of %" PRIu32 " lines of step and segment that nothing supports",
		    s->bare, s->rows);
	if (s->unanswered)
		str_addf(&text, "; %" PRIu32 " expectation%s that no open objective answers",
		    s->unanswered, s->unanswered == 1 ? "" : "s");
	str_add_char(&text, '.');
	if (s->rows > 0) {
		output_text(&ctx->out, "\n");
		output_wrap(&ctx->out, "", text.data);
	}
	str_fini(&text);
	customer_ends(ctx, s->loose, s->n_loose, s->more_loose, s->notes, s->n_notes);
}

static bool
keep_row(struct ecosystem *e, const Plumb__V1__EcosystemRow *row)
{
	struct counted one = {row, e->rows_count};
	struct counted *rows =
	    arena_append(e->ctx->arena, e->rows, e->rows_count, &e->rows_cap, &one, 1, sizeof one);

	if (!rows)
		return err_oom(&e->ctx->status.err);
	e->rows = rows;
	e->rows_count++;
	return true;
}

static bool
take_row(struct ecosystem *e, const Plumb__V1__EcosystemRow *row)
{
	if (e->counts)
		return keep_row(e, row);
	add_row(e, row);
	return true;
}

/* Rows go out as they come, since a large plan has many; those of the summary when all are there. */
static int
show(struct ecosystem *e, const Plumb__V1__EcosystemRequest *request)
{
	struct context *ctx = e->ctx;
	bool listed = ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;
	const Plumb__V1__EcosystemReply *reply;

	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Ecosystem", &request->base))
		return EXIT_NO;
	if (listed)
		output_list_begin(&ctx->out);
	while ((reply = context_next(ctx))) {
		if (listed)
			output_list_add(&ctx->out, &reply->base);
		for (size_t i = 0; !listed && i < reply->n_rows; i++)
			if (!take_row(e, reply->rows[i]))
				return EXIT_NO;
		if (!listed && !e->counts && table_rows(e->table) > 0)
			table_flush(e->table, &ctx->out);
		if (reply->summary)
			e->summary = reply->summary;
	}
	if (listed && ctx->status.err.code == ERR_OK)
		output_list_end(&ctx->out);
	return ctx->status.err.code == ERR_OK ? EXIT_FINE : EXIT_NO;
}

/* "step/x" and "segment/x" as options or arguments. */
static bool
read_refs(struct context *ctx, const struct args *args, const char *refs[REFS])
{
	static const char *const names[REFS] = {"step", "segment", "team"};

	for (size_t i = 0; i < REFS; i++) {
		const char *value = args_get(args, names[i]);

		if (value && !(refs[i] = context_ref(ctx, value, names[i])))
			return false;
	}
	for (size_t i = 0; i < args->count; i++) {
		const char *ref = context_ref(ctx, args->values[i], "step,segment,team");

		if (!ref)
			return false;
		for (size_t k = 0; k < REFS; k++)
			if (strncmp(ref, names[k], strlen(names[k])) == 0)
				refs[k] = ref;
	}
	return true;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__EcosystemRequest request;
	struct ecosystem e = {.ctx = ctx, .csv = ctx->out.format == OUTPUT_CSV};
	const char *refs[REFS] = {NULL, NULL, NULL};
	Plumb__V1__At at;
	int code;

	if (!context_at(ctx, &at) || !read_refs(ctx, args, refs))
		return context_fail(ctx);
	plumb__v1__ecosystem_request__init(&request);
	request.at = &at;
	request.step = pb_str(refs[0] ? refs[0] : "");
	request.segment = pb_str(refs[1] ? refs[1] : "");
	request.team = pb_str(refs[2] ? refs[2] : "");
	e.team = refs[2] != NULL;
	e.counts = ctx->out.format == OUTPUT_TABLE && !refs[0] && !refs[1] && !refs[2] &&
		   !args_has(args, "all");
	request.counts = e.counts;
	e.table = table_new();
	if (!e.table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (!e.counts)
		add_columns(&e);
	code = show(&e, &request);
	if (code == EXIT_FINE && e.counts)
		show_counts(&e);
	if (code == EXIT_FINE && e.csv)
		table_print(e.table, &ctx->out);
	if (code == EXIT_FINE && ctx->out.format == OUTPUT_TABLE && e.summary)
		show_end(&e);
	table_free(e.table);
	return code == EXIT_FINE ? code : customer_fail(ctx, refs, REFS);
}

static const struct option options[] = {
    {0, "step", "STEP", "only there", NULL},
    {0, "segment", "SEGMENT", "only for these customers", NULL},
    {0, "team", "TEAM", "only what this team contributes, and where", NULL},
    {0, "all", NULL, "who contributes what, at every step for every segment", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb ecosystem", "how many contribute at every step, and what is lacking"},
    {"plumb ecosystem step/first-invoice", "who contributes what at one step, for each segment"},
    {"plumb ecosystem --team support", "what customers have of the support team"},
    {"plumb ecosystem --segment portfolio -o csv",
	"a line for each contribution, for a spreadsheet"},
    {0},
};

const struct command cmd_ecosystem = {
    .name = "ecosystem",
    .group = GROUP_READ,
    .arguments = "[STEP] [SEGMENT]",
    .summary = "show who contributes what at the steps of customers, and what nothing supports",
    .help =
	"For each step of the journeys as they are and each segment that takes them: how many "
	"contribute in front of the customers and behind, and what is lacking (an owner, a "
	"measure, work, an objective for an expectation); what nothing supports comes first."
	"\n\n"
	"Of a step, segment or team that is named, and with --all, who it is: in front of the "
	"customers the team that meets them, the measure that it is judged by, the open work on "
	"the step and the open objectives that answer what is expected there; in the back what "
	"the step names behind it, the measures and work of those objectives, and the teams that "
	"the work needs. With -o json, yaml and csv it is always all."
	"\n\n"
	"docs/CUSTOMERS.md has the definitions; plumb journey shows the way itself.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 2,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
