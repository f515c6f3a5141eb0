/* plumb maturity: how far the building blocks of customer experience are, and what comes next. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/bars.h"
#include "client/command.h"
#include "client/context.h"
#include "client/maturity_svg.h"
#include "client/planfile.h"
#include "common/pb.h"
#include "common/str.h"

#define LINE_MAX_BYTES (256u << 10)

typedef Plumb__V1__MaturityState State;

static bool
is_judged(const State *s)
{
	return s->level__case == PLUMB__V1__MATURITY_STATE__LEVEL__LEVEL;
}

/* ---- a model from a file */

static bool
add_block(struct context *ctx, const Plumb__V1__Item *item, Plumb__V1__MaturityRequest *request)
{
	Plumb__V1__MaturityBlock *block = arena_alloc(ctx->arena, sizeof *block);

	if (!block)
		return false;
	plumb__v1__maturity_block__init(block);
	block->id = arena_strdup(ctx->arena, item->id);
	block->title = arena_strdup(ctx->arena, item->title);
	block->description = arena_strdup(ctx->arena, item->description);
	block->levels =
	    arena_array(ctx->arena, item->maturity->n_levels + 1, sizeof *block->levels);
	if (!block->id || !block->title || !block->description || !block->levels)
		return false;
	for (size_t i = 0; i < item->maturity->n_levels; i++) {
		block->levels[i] = arena_strdup(ctx->arena, item->maturity->levels[i]);
		if (!block->levels[i])
			return false;
		block->n_levels++;
	}
	request->model[request->n_model++] = block;
	return true;
}

static int
add_blocks(struct context *ctx, const struct args *args, struct planfile *plan, const char *path,
    Plumb__V1__MaturityRequest *request)
{
	const struct planfile_step *step = planfile_present(plan);

	request->model = arena_array(ctx->arena, step->count + 1, sizeof *request->model);
	if (!request->model)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < step->count; i++) {
		if (step->entries[i]->kind == PLUMB__V1__KIND__MATURITY &&
		    !add_block(ctx, step->entries[i]->item, request))
			return context_error(ctx, EXIT_SERVER, "out of memory");
	}
	if (request->n_model == 0)
		return command_usage(args,
		    "%s has no items of kind maturity; docs/MATURITY.md shows how a model is "
		    "written",
		    path);
	return EXIT_FINE;
}

static int
take_model(struct context *ctx, const struct args *args, Plumb__V1__MaturityRequest *request)
{
	const char *path = args_get(args, "model");
	struct planfile *plan;
	struct err err = {0};
	struct str text;
	int code;

	if (!path)
		return EXIT_FINE;
	plan = planfile_new(&err);
	if (!plan)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (planfile_load(plan, &path, 1, &err)) {
		code = add_blocks(ctx, args, plan, path, request);
	} else {
		str_init(&text, LINE_MAX_BYTES);
		planfile_print_faults(plan, &text);
		fputs(text.data, stderr);
		str_fini(&text);
		code = context_error(ctx, EXIT_USAGE, "%s", err.msg);
	}
	planfile_free(plan);
	return code;
}

/* ---- showing */

static void
add_list(struct str *out, char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		str_addf(out, "%s%s", i > 0 ? ", " : "", list[i]);
}

static const char *
name_of(const State *s)
{
	return s->block->title[0] ? s->block->title : s->block->id;
}

static void
show_chart(struct context *ctx, const Plumb__V1__MaturityReply *r)
{
	struct table *table = table_new();

	if (!table)
		return;
	table_column(table, "BLOCK", TABLE_SHRINK | TABLE_MAIN);
	/* the number beside it says as much */
	table_column(table, "", TABLE_WIDE);
	table_column(table, "LEVEL", TABLE_RIGHT);
	table_column(table, "NEXT", TABLE_RIGHT);
	table_column(table, "BY", 0);
	table_column(table, "OWNER", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_blocks; i++) {
		const State *s = r->blocks[i];
		size_t levels = s->block->n_levels;
		struct str text;

		table_cell(table, name_of(s));
		str_init(&text, 1000);
		if (is_judged(s) && levels > 0)
			bars_share(
			    &text, levels * 2, (double)s->level / (double)levels, bars_ascii());
		table_cell(table, text.data);
		str_reset(&text);
		table_cellf(table, is_judged(s) ? "%" PRIu32 " of %zu" : "?", s->level, levels);
		table_cell_if(table, s->next > 0, "%" PRIu32, s->next);
		table_cell(table, s->due);
		add_list(&text, s->owners, s->n_owners);
		table_cell(table, text.data);
		str_fini(&text);
	}
	table_print(table, &ctx->out);
	table_free(table);
}

static void
wrap_line(struct context *ctx, const char *lead, const char *text, const char *more)
{
	struct str line;

	str_init(&line, LINE_MAX_BYTES);
	str_addf(&line, "%s%s", text, more);
	output_wrap(&ctx->out, lead, line.data);
	str_fini(&line);
}

static void
show_block(struct context *ctx, const State *s)
{
	struct str text;

	output_text(&ctx->out, "\n");
	output_coloured(&ctx->out, COLOUR_BOLD, name_of(s));
	output_text(&ctx->out, "\n");
	if (is_judged(s))
		wrap_line(ctx, "  now:     ", s->level > 0 ? s->looks_like : "nothing yet", "");
	if (s->next > 0)
		wrap_line(ctx, "  next:    ", s->next_looks_like, "");
	if (s->next_step[0]) {
		str_init(&text, LINE_MAX_BYTES);
		str_addf(&text, "%s%s%s", s->next_step, s->due[0] ? " (by " : "", s->due);
		wrap_line(ctx, "  step:    ", text.data, s->due[0] ? ")" : "");
		str_fini(&text);
	}
	if (s->n_evidence > 0) {
		str_init(&text, LINE_MAX_BYTES);
		add_list(&text, s->evidence, s->n_evidence);
		wrap_line(ctx, "  seen by: ", text.data, "");
		str_fini(&text);
	}
	for (size_t i = 0; i < s->n_problems; i++)
		wrap_line(ctx, "  ?        ", s->problems[i], ".");
}

static void
show_phase(struct context *ctx, const Plumb__V1__MaturityReply *r)
{
	bool judged = r->phase__case == PLUMB__V1__MATURITY_REPLY__PHASE__PHASE;
	struct str text;

	str_init(&text, LINE_MAX_BYTES);
	if (!judged) {
		str_add(&text, "The phase of all blocks together can't be judged, because of: ");
		add_list(&text, r->unjudged, r->n_unjudged);
		str_add(&text, ".");
	} else if (r->next_phase == 0) {
		str_addf(&text, "Every block has reached the last level, %" PRIu32 ".", r->phase);
	} else {
		str_addf(&text,
		    "Every block has reached level %" PRIu32 ". The next phase is %" PRIu32
		    "; not there yet: ",
		    r->phase, r->next_phase);
		add_list(&text, r->behind, r->n_behind);
		str_add(&text, ".");
	}
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", text.data);
	str_fini(&text);
}

static void
show_csv(struct context *ctx, const Plumb__V1__MaturityReply *r)
{
	static const char *const titles[] = {"BLOCK", "TITLE", "LEVEL", "OF", "NEXT", "NEXT STEP",
	    "DUE", "ASSESSED", "EVIDENCE", "OWNERS", "PROBLEMS"};
	struct table *table = table_new();

	if (!table)
		return;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_blocks; i++) {
		const State *s = r->blocks[i];
		const struct {
			char *const *list;
			size_t count;
		} lists[] = {{s->evidence, s->n_evidence}, {s->owners, s->n_owners},
		    {s->problems, s->n_problems}};

		table_cell(table, s->block->id);
		table_cell(table, s->block->title);
		table_cell_if(table, is_judged(s), "%" PRIu32, s->level);
		table_cellf(table, "%zu", s->block->n_levels);
		table_cell_if(table, s->next > 0, "%" PRIu32, s->next);
		table_cell(table, s->next_step);
		table_cell(table, s->due);
		table_cell(table, s->assessed);
		for (size_t k = 0; k < 3; k++) {
			struct str text;

			str_init(&text, LINE_MAX_BYTES);
			add_list(&text, lists[k].list, lists[k].count);
			table_cell(table, text.data);
			str_fini(&text);
		}
	}
	table_print(table, &ctx->out);
	table_free(table);
}

static void
show_table(struct context *ctx, const Plumb__V1__MaturityReply *r)
{
	show_chart(ctx, r);
	for (size_t i = 0; i < r->n_blocks; i++)
		show_block(ctx, r->blocks[i]);
	show_phase(ctx, r);
}

static int
put_picture(struct context *ctx, const Plumb__V1__MaturityReply *r, const char *path)
{
	struct svg svg;
	int code;

	code = maturity_svg(r, &svg) ? svg_put(ctx, &svg, path)
				     : context_error(ctx, EXIT_SERVER, "out of memory");
	svg_fini(&svg);
	return code;
}

static int
run(struct context *ctx, const struct args *args)
{
	const char *svg = args_get(args, "svg");
	Plumb__V1__MaturityRequest request;
	const Plumb__V1__MaturityReply *reply;
	Plumb__V1__At at;
	int code;

	plumb__v1__maturity_request__init(&request);
	code = take_model(ctx, args, &request);
	if (code != EXIT_FINE)
		return code;
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Maturity", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (!(svg && strcmp(svg, "-") == 0)) {
		if (ctx->out.format == OUTPUT_TABLE)
			show_table(ctx, reply);
		else if (ctx->out.format == OUTPUT_CSV)
			show_csv(ctx, reply);
		else
			output_message(&ctx->out, &reply->base);
	}
	return svg ? put_picture(ctx, reply, svg) : EXIT_FINE;
}

static const struct option options[] = {
    {0, "model", "FILE", "judge by the blocks and levels of this plan file", NULL},
    SVG_OPTION("a picture of it beside; - for it alone"),
    {0},
};

static const struct example examples[] = {
    {"plumb maturity", "each block: where it is, what that looks like, what comes next"},
    {"plumb maturity --svg maturity.svg", "with a picture of it"},
    {"plumb maturity --model our-model.yaml", "by a model of one's own, before it is in the plan"},
    {"plumb maturity --as-of 2026-03-31", "as it was on that day"},
    {0},
};

const struct command cmd_maturity = {
    .name = "maturity",
    .group = GROUP_READ,
    .arguments = "",
    .summary = "say how far the building blocks of customer experience are, and what comes next",
    .help =
	"Each block with its level, what that level looks like, by what one sees it, and the next "
	"step. The phase is the level that every block has reached; the next one is for all blocks "
	"together, since one that runs ahead of its basics does not hold."
	"\n\n"
	"The blocks are items of kind maturity, their ids those of the model. Where items of the "
	"plan describe levels of their own, they are the model; else the default one holds, with "
	"eight blocks of five levels. What can't be judged says why. docs/MATURITY.md has the "
	"model and its sources.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 0,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
