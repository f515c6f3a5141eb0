/*
 * How clear it is to people: what is kept of an answered survey, how answers are counted, and what of the counts may be published.
 *
 * A share of people is given with its score interval [Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22 (1927) 209-212], the difference of two shares with the hybrid score interval [Newcombe, "Interval
 * estimation for the difference between independent proportions", Statistics in Medicine 17 (1998) 873-890, method 10], both at 95 %.
 *
 * Plain C: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_CLARITY_SCORE_H
#define SERVER_INSIGHT_CLARITY_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/insight/clarity/questions.h"

/* The kinds of question; and who knew both the priorities and what serves them. */
#define CLARITY_CONNECTS CLARITY_KINDS
#define CLARITY_SCORES   (CLARITY_KINDS + 1u)
#define CLARITY_LEVELS   5u /* plumb.v1.Person.Level; 0 is unknown */
/* In a group that is published, and in what is left over beside it. */
#define CLARITY_PEOPLE 5u

/* ---- one answered survey */
enum clarity_result { CLARITY_NOT_ASKED, CLARITY_MISSED, CLARITY_KNEW };
struct clarity_answer {
	uint8_t level;
	uint8_t results[CLARITY_KINDS]; /* enum clarity_result */
};
#define CLARITY_BYTES (2u + CLARITY_KINDS)
/* chosen: for each question and option. A kind is known when each of its questions was answered right. */
void clarity_judge(const struct clarity_survey *survey,
    bool chosen[CLARITY_QUESTIONS][CLARITY_OPTIONS], struct clarity_answer *out);
/* What is kept of it: level and results, nothing of the person, the time, or what was chosen. */
void clarity_encode(const struct clarity_answer *answer, uint8_t bytes[CLARITY_BYTES]);
bool clarity_decode(const uint8_t *bytes, size_t len, struct clarity_answer *out) MUST_CHECK;

/* ---- counting */
struct clarity_count {
	uint32_t asked;
	uint32_t known;
};
struct clarity_tally {
	uint32_t people[CLARITY_LEVELS];
	struct clarity_count counts[CLARITY_LEVELS][CLARITY_SCORES];
};
void clarity_add(struct clarity_tally *tally, const struct clarity_answer *answer);

/* ---- publishing */
struct clarity_cell {
	bool shown;
	struct clarity_count count;
	double share, low, high;
};
struct clarity_row {
	bool shown;
	uint32_t people;
	struct clarity_cell cells[CLARITY_SCORES];
};
struct clarity_published {
	struct clarity_row levels[CLARITY_LEVELS];
	struct clarity_row all;
	uint32_t withheld; /* people of levels that are not shown; 0: none, or not to be told */
};
/* By level: other answers that are known too differ by too few people (of whom they ask); [CLARITY_LEVELS] is everybody. */
typedef bool clarity_near[CLARITY_LEVELS + 1];
/*
 * Of the counts, what may be published. A group is shown if it has at least CLARITY_PEOPLE people, and those beside it, of
 * all that could be subtracted from, are none or at least as many: the other levels; those of the level who were not asked; for
 * everybody, the levels that are not shown.
 */
void clarity_publish(
    const struct clarity_tally *tally, const clarity_near near, struct clarity_published *out);

/* ---- shares */
void clarity_wilson(uint32_t known, uint32_t asked, double *low, double *high);
/* The interval of the first share minus the second. */
void clarity_difference(
    const struct clarity_count *a, const struct clarity_count *b, double *low, double *high);

/*
 * What the field found: half of the top team, under a third of their reports, 16 % of front-line leaders could connect the
 * priorities [Sull, Homkes, Sull, "Why Strategy Execution Unravels - and What to Do About It", Harvard Business Review, March
 * 2015]. NAN: nothing is published of that level.
 */
double clarity_found(unsigned level);

#endif
