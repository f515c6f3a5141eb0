/*
 * Segments: who expects the same? Groups of customers by their ratings alone, how many there are, and how firm they are.
 *
 * Columns are standardised as their scale asks: where all are on one scale, by its width; else each by its mean absolute deviation
 * (Kaufman & Rousseeuw 1990, 1.2.1). The number of groups is the one with the widest mean silhouette. With more rows than
 * SEGMENTS_SAMPLE it is CLARA (chapter 3): medoids of samples, judged on all rows.
 *
 * Firm: the mean silhouette is above 0.25 ("no substantial structure" up to that, Kaufman & Rousseeuw, table 4), and each group is
 * found again with a mean Jaccard similarity of at least 0.6 in bootstrapped rows (Hennig 2007: below it, groups should not be
 * trusted). Otherwise there are none, and why is said.
 */
#ifndef SERVER_INSIGHT_SEGMENTS_SEGMENTS_H
#define SERVER_INSIGHT_SEGMENTS_SEGMENTS_H

#include "server/insight/segments/pam.h"

#define SEGMENTS_ROWS       100000u
#define SEGMENTS_COLUMNS    50u
#define SEGMENTS_LEAST_ROWS 20u
#define SEGMENTS_MOST       10u /* groups that are tried */
#define SEGMENTS_SAMPLE     2000u
#define SEGMENTS_SAMPLES    5u
#define SEGMENTS_AGAIN      50u /* times that rows are drawn anew */
#define SEGMENTS_AGAIN_ROWS 500u
#define SEGMENTS_SILHOUETTE 0.25
#define SEGMENTS_JACCARD    0.6

struct segments_query {
	struct ratings ratings;
	double scale_min; /* of all columns; both 0: each is on its own */
	double scale_max;
	uint32_t k; /* 0: as many as there are */
	uint64_t seed;
	bool (*stop)(void *arg); /* asked now and then; may be NULL */
	void (*progress)(void *arg, double part);
	void *arg;
};

enum segments_lack {
	SEGMENTS_FIRM,
	SEGMENTS_TOO_FEW,     /* rows */
	SEGMENTS_NO_VARIANCE, /* all answers are the same */
	SEGMENTS_NO_STRUCTURE,
	SEGMENTS_UNSTABLE,
};

struct segment {
	uint32_t medoid; /* row */
	uint32_t size;
	double silhouette;
	double jaccard; /* mean over the rows drawn anew */
};

struct segments {
	enum segments_lack lack;
	uint32_t k;
	struct segment of[SEGMENTS_MOST]; /* largest first */
	double silhouette;
	double silhouettes[SEGMENTS_MOST + 1]; /* by number of groups; 0 where it was not tried */
	uint32_t *group;                       /* by row; also where they are not firm */
	uint64_t missing;                      /* answers */
	uint32_t empty; /* rows without an answer: in the group whose medoid is first */
	double *mean;   /* by segment and column, of what was answered */
	/* by segment and column: how many standard deviations it expects more than all others do */
	double *differs;
	double centre[SEGMENTS_COLUMNS];
	double width[SEGMENTS_COLUMNS];
};

/* NULL: ERR_INVALID (a number that is none, out of the scale), ERR_LIMIT, ERR_CANCELLED. */
struct segments *segments_run(const struct segments_query *query, struct err *err) MUST_CHECK;
void segments_free(struct segments *segments); /* takes NULL */
/* The group of a new row: that of the nearest medoid. The ratings are those of the query. */
uint32_t segments_assign(
    const struct segments *segments, const struct ratings *ratings, const float *row);

#endif
