/* plumb ecosystem: who contributes what at the steps of customers' journeys, and what nothing supports. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/customer.h"
#include "common/pb.h"
#include "common/str.h"

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

struct ecosystem {
	struct context *ctx;
	struct table *table;
	bool csv;
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
add_row(struct ecosystem *e, const Plumb__V1__EcosystemRow *row, bool team)
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
	for (size_t i = 0; !team && i < row->n_holes; i++) {
		if (row->holes[i] == PLUMB__V1__HOLE__UNANSWERED)
			continue;
		begin_line(e, row, &first);
		end_line(e, "lacks", "", customer_hole(row->holes[i]), "", "");
	}
	for (size_t i = 0; !team && i < row->n_unanswered; i++) {
		begin_line(e, row, &first);
		end_line(e, "lacks", row->unanswered[i], "no open objective answers it", "", "");
	}
	if (!team && row->more_unanswered) {
		begin_line(e, row, &first);
		end_line(e, "lacks", "", "and more expectations that nothing answers", "", "");
	}
}

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

/* Rows go out as they come: a large plan has many. */
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
			add_row(e, reply->rows[i], request->team[0] != '\0');
		if (!listed && table_rows(e->table) > 0)
			table_flush(e->table, &ctx->out);
		if (reply->summary)
			e->summary = reply->summary;
	}
	if (listed && ctx->status.err.code == ERR_OK)
		output_list_end(&ctx->out);
	return ctx->status.err.code == ERR_OK ? EXIT_FINE : EXIT_NO;
}

static int
run(struct context *ctx, const struct args *args)
{
	static const char *const names[] = {"step", "segment", "team"};
	Plumb__V1__EcosystemRequest request;
	struct ecosystem e = {.ctx = ctx, .csv = ctx->out.format == OUTPUT_CSV};
	const char *refs[3] = {NULL, NULL, NULL};
	Plumb__V1__At at;
	int code;

	if (!context_at(ctx, &at))
		return context_fail(ctx);
	for (size_t i = 0; i < 3; i++) {
		const char *value = args_get(args, names[i]);

		if (value && !(refs[i] = context_ref(ctx, value, names[i])))
			return context_fail(ctx);
	}
	plumb__v1__ecosystem_request__init(&request);
	request.at = &at;
	request.step = pb_str(refs[0] ? refs[0] : "");
	request.segment = pb_str(refs[1] ? refs[1] : "");
	request.team = pb_str(refs[2] ? refs[2] : "");
	e.table = table_new();
	if (!e.table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	add_columns(&e);
	code = show(&e, &request);
	if (code == EXIT_FINE && e.csv)
		table_print(e.table, &ctx->out);
	if (code == EXIT_FINE && ctx->out.format == OUTPUT_TABLE && e.summary)
		show_end(&e);
	table_free(e.table);
	return code == EXIT_FINE ? code : customer_fail(ctx, refs, 3);
}

static const struct option options[] = {
    {0, "step", "STEP", "only there", NULL},
    {0, "segment", "SEGMENT", "only for these customers", NULL},
    {0, "team", "TEAM", "only what this team contributes, and where", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb ecosystem", "who contributes what at every step, and what nothing supports"},
    {"plumb ecosystem --step first-invoice", "at one step, for each segment"},
    {"plumb ecosystem --team support", "what customers have of the support team"},
    {"plumb ecosystem --segment portfolio -o csv",
	"a line for each contribution, for a spreadsheet"},
    {0},
};

const struct command cmd_ecosystem = {
    .name = "ecosystem",
    .group = GROUP_READ,
    .arguments = "",
    .summary = "show who contributes what at the steps of customers, and what nothing supports",
    .help =
	"For each step of the journeys as they are and each segment that takes them: in front of "
	"the "
	"customers the team that meets them, the measure that it is judged by, the open work on "
	"the "
	"step and the open objectives that answer what is expected there; in the back what the "
	"step "
	"names behind it, the measures and work of those objectives, and the teams that the work "
	"needs. And what is lacking: an owner, a measure, work, an objective for an expectation."
	"\n\n"
	"docs/CUSTOMERS.md has the definitions; plumb journey shows the way itself.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 0,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
