/* plumb saydo: what was kept of what was promised, per leader and team. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/said.h"
#include "common/pb.h"

static const char *
standing_word(Plumb__V1__Promise__Standing standing)
{
	static const char *const words[] = {
	    "can't be judged", "open", "overdue", "kept", "kept late", "broken", "withdrawn"};

	return (size_t)standing < sizeof words / sizeof words[0] ? words[standing] : "unknown";
}

static bool
has_ratio(const Plumb__V1__SayDoRow *row)
{
	return row->ratio__case == PLUMB__V1__SAY_DO_ROW__RATIO__RATIO;
}

/* ---- for people */

static void
cells_of_row(struct table *table, const Plumb__V1__SayDoRow *row)
{
	table_cell(table, !row->who[0]   ? "everybody"
			  : row->name[0] ? row->name
					 : said_bare(row->who));
	if (!has_ratio(row)) {
		table_cell(table, "none due");
		table_cell(table, "");
	} else {
		table_cellf(table, "%" PRIu32 " of %" PRIu32 ", %.0f %%", row->kept, row->made,
		    floor(row->ratio * 100 + 1e-9));
		if (row->too_few)
			table_cell(table, "too few");
		else
			table_cellf(table, "%.0f to %.0f %%", row->low * 100, row->high * 100);
	}
	table_cell_if(table, row->kept_late > 0, "%" PRIu32, row->kept_late);
	table_cell_if(table, row->broken > 0, "%" PRIu32, row->broken);
	table_cell_if(table, row->overdue > 0, "%" PRIu32, row->overdue);
	table_cell_if(table, row->open > 0, "%" PRIu32, row->open);
	table_cell_if(table, row->withdrawn > 0, "%" PRIu32, row->withdrawn);
	table_cell_if(table, row->unjudged > 0, "%" PRIu32, row->unjudged);
	table_cell_if(table, row->moves > 0, "%" PRIu32, row->moves);
	table_cell_if(table, row->of_teams > 0, "%" PRIu32, row->of_teams);
}

static bool
show_rows(struct context *ctx, const Plumb__V1__SayDoReply *r, bool one)
{
	static const char *const counts[] = {
	    "LATE", "BROKEN", "OVERDUE", "OPEN", "WITHDRAWN", "UNJUDGED", "PUT OFF", "OF TEAMS"};
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "WHO", TABLE_MAIN);
	table_column(table, "KEPT", 0);
	table_column(table, "95 %", TABLE_DROP);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		table_column(table, counts[i], TABLE_RIGHT | TABLE_DROP);
	/* everybody is who was asked about, then */
	for (size_t i = one && r->n_rows > 1; i < r->n_rows; i++)
		cells_of_row(table, r->rows[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show_promises(struct context *ctx, const Plumb__V1__SayDoReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "COMMITMENT", TABLE_MAIN | TABLE_SHRINK);
	table_column(table, "BY", TABLE_SHRINK);
	table_column(table, "DUE", 0);
	table_column(table, "STANDING", 0);
	table_column(table, "SETTLED", TABLE_DROP);
	table_column(table, "PUT OFF", TABLE_RIGHT);
	table_column(table, "FIRST DUE", TABLE_DROP);
	table_column(table, "WHY", TABLE_WRAP | TABLE_DROP);
	for (size_t i = 0; i < r->n_promises; i++) {
		const Plumb__V1__Promise *p = r->promises[i];

		table_cell(table, said_bare(p->ref));
		table_cell(table, said_bare(p->by));
		table_cell(table, p->due);
		table_cell(table, standing_word(p->standing));
		table_colour(table, p->standing == PLUMB__V1__PROMISE__STANDING__BROKEN ||
					    p->standing == PLUMB__V1__PROMISE__STANDING__OVERDUE
					? COLOUR_RED
				    : p->standing == PLUMB__V1__PROMISE__STANDING__KEPT
					? COLOUR_GREEN
					: COLOUR_NONE);
		table_cell(table, p->settled);
		table_cell_if(table, p->moved > 0, "%" PRIu32, p->moved);
		table_cell(table, p->moved > 0 ? p->first_due : "");
		table_cell(table, p->why);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show_table(struct context *ctx, const Plumb__V1__SayDoReply *r, bool list, bool one)
{
	const Plumb__V1__SayDoRow *all = r->n_rows > 0 ? r->rows[0] : NULL;

	if (!all || all->made + all->open + all->withdrawn + all->unjudged == 0) {
		output_wrap(&ctx->out, "",
		    "No promise is looked at here. plumb commitment list shows those there are, "
		    "plumb commitment new promises something.");
		return true;
	}
	if (!show_rows(ctx, r, one))
		return false;
	output_wrap(&ctx->out, "",
	    "Kept in time, of all that was due: kept, kept late, broken and overdue. What is open "
	    "and not yet "
	    "due, was withdrawn or can't be judged is not in it.");
	if (list)
		output_text(&ctx->out, "\n");
	else
		output_wrap(&ctx->out, "", "The promises behind it: plumb saydo --list.");
	if (list && !show_promises(ctx, r))
		return false;
	if (r->cut)
		output_text(&ctx->out,
		    "There are more than fit into one answer: ask about one person or team.\n");
	return true;
}

/* ---- for programs */

static void
csv_promises(struct table *table, const Plumb__V1__SayDoReply *r)
{
	static const char *const titles[] = {"REF", "TITLE", "BY", "TO", "MADE", "DUE", "FIRST DUE",
	    "MOVED", "SETTLED", "STANDING", "DAYS", "WHY"};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_promises; i++) {
		const Plumb__V1__Promise *p = r->promises[i];

		table_cell(table, p->ref);
		table_cell(table, p->title);
		table_cell(table, p->by);
		table_cell(table, p->n_to > 0 ? p->to[0] : "");
		table_cell(table, p->made);
		table_cell(table, p->due);
		table_cell(table, p->first_due);
		table_cellf(table, "%" PRIu32, p->moved);
		table_cell(table, p->settled);
		table_cell(table, standing_word(p->standing));
		table_cellf(table, "%" PRId32, p->days);
		table_cell(table, p->why);
	}
}

static void
csv_rows(struct table *table, const Plumb__V1__SayDoReply *r)
{
	static const char *const titles[] = {"WHO", "NAME", "KEPT", "MADE", "RATIO", "LOW", "HIGH",
	    "KEPT LATE", "BROKEN", "OVERDUE", "OPEN", "WITHDRAWN", "UNJUDGED", "MOVED", "MOVES",
	    "KEPT BY FIRST DAY", "OF TEAMS"};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_rows; i++) {
		const Plumb__V1__SayDoRow *row = r->rows[i];
		const uint32_t counts[] = {row->kept_late, row->broken, row->overdue, row->open,
		    row->withdrawn, row->unjudged, row->moved, row->moves, row->kept_by_first,
		    row->of_teams};

		table_cell(table, row->who);
		table_cell(table, row->name);
		table_cellf(table, "%" PRIu32, row->kept);
		table_cellf(table, "%" PRIu32, row->made);
		table_cell_if(table, has_ratio(row), "%.6g", row->ratio);
		table_cell_if(table, !row->too_few, "%.6g", row->low);
		table_cell_if(table, !row->too_few, "%.6g", row->high);
		for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
			table_cellf(table, "%" PRIu32, counts[k]);
	}
}

static bool
show(struct context *ctx, const Plumb__V1__SayDoReply *r, bool list, bool one)
{
	struct table *table;

	if (ctx->out.format == OUTPUT_TABLE)
		return show_table(ctx, r, list, one);
	if (ctx->out.format != OUTPUT_CSV) {
		output_message(&ctx->out, &r->base);
		return true;
	}
	table = table_new();
	if (!table)
		return false;
	if (list)
		csv_promises(table, r);
	else
		csv_rows(table, r);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__SayDoRequest request;
	const Plumb__V1__SayDoReply *reply;
	const char *person = args_get(args, "person"), *team = args_get(args, "team");
	Plumb__V1__At at;
	int code;

	plumb__v1__say_do_request__init(&request);
	if ((code = args_date(args, "from", &request.from)) != EXIT_FINE ||
	    (code = args_date(args, "to", &request.to)) != EXIT_FINE)
		return code;
	if (person && team)
		return command_usage(args, "ask about a person or a team, not both");
	if (!context_at(ctx, &at) || (person && !(person = said_ref(ctx, person, "person"))) ||
	    (team && !(team = said_ref(ctx, team, "team"))))
		return context_fail(ctx);
	request.at = &at;
	request.person = pb_str(person ? said_bare(person) : "");
	request.team = pb_str(team ? said_bare(team) : "");
	request.list = person || team || args_has(args, "list");
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "SayDo", &request.base);
	if (!reply) {
		if (person || team)
			context_suggest(ctx, person ? person : team);
		return context_fail(ctx);
	}
	return show(ctx, reply,
		   args_has(args, "list") || (request.list && ctx->out.format != OUTPUT_CSV),
		   person || team)
		   ? EXIT_FINE
		   : context_error(ctx, EXIT_SERVER, "out of memory");
}

static const struct option options[] = {
    {0, "person", "PERSON", "only what they promised, with the list", NULL},
    {0, "team", "TEAM",
	"only what the team, its people and the teams below it promised, with the list", NULL},
    {0, "from", "DATE", "only what was due from that day on", NULL},
    {0, "to", "DATE", "only what was due until that day", NULL},
    {'l', "list", NULL, "with the commitments behind the numbers", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb saydo", "everybody, each team, each person who promised something"},
    {"plumb saydo --person daniel-okafor", "with the list behind the numbers"},
    {"plumb saydo --from 2026-04-01 --to 2026-06-30", "what was due in the second quarter"},
    {"plumb saydo --list -o csv", "a line for each commitment, for a spreadsheet"},
    {0},
};

const struct command cmd_saydo = {
    .name = "saydo",
    .group = GROUP_READ,
    .arguments = "",
    .summary = "show what was kept of what was promised, per leader and team",
    .help = "KEPT is what was kept by its day, of what was due by now: kept, kept late, broken, "
	    "and overdue. What is "
	    "not yet due and what was withdrawn counts neither way and is listed. 95 % is how "
	    "far the "
	    "share could be off by chance (Wilson's interval); with fewer than five it tells "
	    "nothing. PUT OFF "
	    "is how many times a day was put off or taken back. A team's promises are its own, "
	    "those of its people and, each counted once, those of the teams below it (OF TEAMS: "
	    "how many of "
	    "them). The formula: docs/COMMITMENTS.md.",
    .options = options,
    .examples = examples,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
