#include "server/insight/clarity/score.h"

#include <math.h>
#include <string.h>

#define FORMAT 1
/* The 97.5 % quantile of the normal distribution. */
#define Z 1.959963984540054

/* ---- one answered survey ------------------------------------------------------------------------------------ */

void
clarity_judge(const struct clarity_survey *survey, bool chosen[CLARITY_QUESTIONS][CLARITY_OPTIONS],
    struct clarity_answer *out)
{
	memset(out->results, CLARITY_NOT_ASKED, sizeof out->results);
	for (unsigned i = 0; i < survey->count; i++) {
		const struct clarity_question *q = &survey->questions[i];
		bool right = true;

		for (unsigned k = 0; k < q->options_count; k++)
			right = right && chosen[i][k] == q->options[k].right;
		if (!right)
			out->results[q->kind] = CLARITY_MISSED;
		else if (out->results[q->kind] == CLARITY_NOT_ASKED)
			out->results[q->kind] = CLARITY_KNEW;
	}
}

void
clarity_encode(const struct clarity_answer *answer, uint8_t bytes[CLARITY_BYTES])
{
	bytes[0] = FORMAT;
	bytes[1] = answer->level;
	memcpy(bytes + 2, answer->results, CLARITY_KINDS);
}

bool
clarity_decode(const uint8_t *bytes, size_t len, struct clarity_answer *out)
{
	if (len != CLARITY_BYTES || bytes[0] != FORMAT || bytes[1] >= CLARITY_LEVELS)
		return false;
	for (unsigned k = 0; k < CLARITY_KINDS; k++) {
		if (bytes[2 + k] > CLARITY_KNEW)
			return false;
	}
	out->level = bytes[1];
	memcpy(out->results, bytes + 2, CLARITY_KINDS);
	return true;
}

/* ---- counting ----------------------------------------------------------------------------------------------- */

static void
count(struct clarity_count *to, bool asked, bool known)
{
	to->asked += asked;
	to->known += asked && known;
}

void
clarity_add(struct clarity_tally *tally, const struct clarity_answer *answer)
{
	struct clarity_count *counts = tally->counts[answer->level];
	uint8_t first = answer->results[CLARITY_PRIORITIES];
	uint8_t second = answer->results[CLARITY_SERVES];

	tally->people[answer->level]++;
	for (unsigned k = 0; k < CLARITY_KINDS; k++)
		count(&counts[k], answer->results[k] != CLARITY_NOT_ASKED,
		    answer->results[k] == CLARITY_KNEW);
	count(&counts[CLARITY_CONNECTS], first != CLARITY_NOT_ASKED && second != CLARITY_NOT_ASKED,
	    first == CLARITY_KNEW && second == CLARITY_KNEW);
}

/* ---- publishing --------------------------------------------------------------------------------------------- */

static bool
is_safe_rest(uint32_t people)
{
	return people == 0 || people >= CLARITY_PEOPLE;
}

/* A group, and what is left of the whole without it. */
static bool
is_safe(uint32_t people, uint32_t whole)
{
	return people >= CLARITY_PEOPLE && is_safe_rest(whole - people);
}

static void
show_cell(struct clarity_cell *cell, const struct clarity_count *of)
{
	cell->shown = true;
	cell->count = *of;
	cell->share = (double)of->known / of->asked;
	clarity_wilson(of->known, of->asked, &cell->low, &cell->high);
}

static void
publish_rows(const struct clarity_tally *tally, const clarity_near near, uint32_t everybody,
    struct clarity_published *out)
{
	uint32_t hidden = 0;

	for (unsigned l = 0; l < CLARITY_LEVELS; l++) {
		struct clarity_row *row = &out->levels[l];

		row->shown = !near[l] && is_safe(tally->people[l], everybody);
		if (row->shown)
			row->people = tally->people[l];
		else
			hidden += tally->people[l];
	}
	out->all.shown =
	    !near[CLARITY_LEVELS] && everybody >= CLARITY_PEOPLE && is_safe_rest(hidden);
	if (!out->all.shown)
		return;
	out->all.people = everybody;
	out->withheld = hidden;
}

static void
publish_score(const struct clarity_tally *tally, unsigned score, struct clarity_published *out)
{
	struct clarity_count all = {0, 0};
	uint32_t hidden = 0;

	for (unsigned l = 0; l < CLARITY_LEVELS; l++) {
		all.asked += tally->counts[l][score].asked;
		all.known += tally->counts[l][score].known;
	}
	for (unsigned l = 0; l < CLARITY_LEVELS; l++) {
		const struct clarity_count *of = &tally->counts[l][score];
		struct clarity_row *row = &out->levels[l];

		if (row->shown && is_safe(of->asked, row->people) && is_safe(of->asked, all.asked))
			show_cell(&row->cells[score], of);
		else
			hidden += of->asked;
	}
	if (out->all.shown && is_safe(all.asked, out->all.people) && is_safe_rest(hidden))
		show_cell(&out->all.cells[score], &all);
}

void
clarity_publish(
    const struct clarity_tally *tally, const clarity_near near, struct clarity_published *out)
{
	uint32_t everybody = 0;

	memset(out, 0, sizeof *out);
	for (unsigned l = 0; l < CLARITY_LEVELS; l++)
		everybody += tally->people[l];
	publish_rows(tally, near, everybody, out);
	for (unsigned k = 0; k < CLARITY_SCORES; k++)
		publish_score(tally, k, out);
}

/* ---- shares ------------------------------------------------------------------------------------------------- */

void
clarity_wilson(uint32_t known, uint32_t asked, double *low, double *high)
{
	double n = asked;
	double p = (double)known / n;
	double middle = p + Z * Z / (2 * n);
	double half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));

	/* at the ends the formula's own value, without what is lost in rounding */
	*low = known == 0 ? 0 : (middle - half) / (1 + Z * Z / n);
	*high = known == asked ? 1 : (middle + half) / (1 + Z * Z / n);
}

void
clarity_difference(
    const struct clarity_count *a, const struct clarity_count *b, double *low, double *high)
{
	double pa = (double)a->known / a->asked, pb = (double)b->known / b->asked;
	double la, ha, lb, hb;

	clarity_wilson(a->known, a->asked, &la, &ha);
	clarity_wilson(b->known, b->asked, &lb, &hb);
	*low = pa - pb - sqrt((pa - la) * (pa - la) + (hb - pb) * (hb - pb));
	*high = pa - pb + sqrt((ha - pa) * (ha - pa) + (pb - lb) * (pb - lb));
}

double
clarity_found(unsigned level)
{
	/* of unknown level, executives, directors, managers, individuals */
	static const double found[CLARITY_LEVELS] = {NAN, 0.5, 1.0 / 3, 0.16, NAN};

	return level < CLARITY_LEVELS ? found[level] : NAN;
}
