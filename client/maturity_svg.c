#include "client/maturity_svg.h"

#define PAGE_WIDTH  900.0
#define HEAD_HEIGHT 84.0
#define ROW_HEIGHT  30.0
#define FOOT_HEIGHT 40.0
#define NAME_ROOM   230.0
#define LEFT        (SVG_MARGIN + NAME_ROOM + 10)

static bool
is_judged(const Plumb__V1__MaturityState *s)
{
	return s->level__case == PLUMB__V1__MATURITY_STATE__LEVEL__LEVEL;
}

static void
draw_cell(struct svg *svg, const Plumb__V1__MaturityState *s, uint32_t level, double x, double y,
    double width)
{
	const char *class = "cell h0";

	if (is_judged(s) && level <= s->level)
		class = "reached bar";
	else if (is_judged(s) && level <= s->next)
		class = "next open";
	svg_group(svg, "level", NULL, s->block->levels[level - 1]);
	svg_rect(svg, class, x + 1, y + 3, width - 2, ROW_HEIGHT - 6);
	svg_group_end(svg);
}

static void
draw_block(struct svg *svg, const Plumb__V1__MaturityState *s, double y, double width)
{
	const char *name = s->block->title[0] ? s->block->title : s->block->id;

	svg_group(svg, "block", s->ref, s->n_problems > 0 ? s->problems[0] : name);
	svg_text(svg, "who", SVG_START, SVG_MARGIN, y + ROW_HEIGHT / 2 + 4, 12, NAME_ROOM, name);
	for (size_t level = 1; level <= s->block->n_levels; level++)
		draw_cell(svg, s, (uint32_t)level, LEFT + (double)(level - 1) * width, y, width);
	if (!is_judged(s))
		svg_text(svg, "unknown", SVG_MIDDLE, LEFT + width / 2, y + ROW_HEIGHT / 2 + 5, 14,
		    0, "?");
	svg_group_end(svg);
}

static void
draw_head(struct svg *svg, const Plumb__V1__MaturityReply *r, double width)
{
	struct str text;

	svg_text(svg, "title", SVG_START, SVG_MARGIN, 30, 18, 0, "Maturity");
	str_init(&text, 300);
	if (r->phase__case == PLUMB__V1__MATURITY_REPLY__PHASE__PHASE)
		str_addf(&text, "%s: every block has reached level %u", r->today, r->phase);
	else
		str_addf(&text, "%s: %zu of %zu blocks cannot be judged", r->today, r->n_unjudged,
		    r->n_blocks);
	svg_text(svg, "dim", SVG_START, SVG_MARGIN, 50, 12, PAGE_WIDTH - 2 * SVG_MARGIN, text.data);
	str_fini(&text);
	for (uint32_t level = 1; level <= r->top; level++) {
		str_init(&text, 20);
		str_addf(&text, "%u", level);
		svg_text(svg, "dim", SVG_MIDDLE, LEFT + (level - 0.5) * width, HEAD_HEIGHT - 6, 11,
		    0, text.data);
		str_fini(&text);
	}
}

static void
draw_legend(struct svg *svg, double y)
{
	svg_rect(svg, "bar", SVG_MARGIN, y, 14, 10);
	svg_text(svg, "dim", SVG_START, SVG_MARGIN + 20, y + 9, 11, 0, "reached");
	svg_rect(svg, "open", SVG_MARGIN + 90, y, 14, 10);
	svg_text(svg, "dim", SVG_START, SVG_MARGIN + 110, y + 9, 11, 0, "next");
}

bool
maturity_svg(const Plumb__V1__MaturityReply *reply, struct svg *svg)
{
	double height = HEAD_HEIGHT + (double)reply->n_blocks * ROW_HEIGHT + FOOT_HEIGHT;
	double width = (PAGE_WIDTH - SVG_MARGIN - LEFT) / (reply->top > 0 ? reply->top : 1);

	svg_begin(svg, PAGE_WIDTH, height, "Maturity",
	    "Building blocks of customer experience, each filled up to the level that it has "
	    "reached");
	draw_head(svg, reply, width);
	for (size_t i = 0; i < reply->n_blocks; i++)
		draw_block(svg, reply->blocks[i], HEAD_HEIGHT + (double)i * ROW_HEIGHT, width);
	draw_legend(svg, height - FOOT_HEIGHT + 14);
	return svg_end(svg);
}
