/*
 * Segments: who expects the same? Groups of customers by their ratings alone, how many there are, and how firm they are.
 *
 * Columns are standardised as their scale asks: where all are on one scale, by its width; else each by its mean absolute deviation
 * (Kaufman & Rousseeuw 1990, 1.2.1). The number of groups is the one with the widest mean silhouette. With more rows than
 * SEGMENTS_EXACT it is CLARA (chapter 3): medoids of samples, judged on all rows.
 *
 * Missing answers are left out of a distance, which is scaled up for them (pam.h). A medoid that left much open would be near to
 * everybody: so its group's means stand in for what it left open, and all rows go to the nearest of these types. Where nothing is
 * missing, types are the medoids.
 *
 * Firm: the mean silhouette is above 0.25 ("no substantial structure" up to that, Kaufman & Rousseeuw, table 4) and above those that as
 * many groups have in rows drawn by chance, evenly over each column's range (the reference of Tibshirani, Walther & Hastie 2001): on few
 * columns these are wide, too. And each group is
 * found again with a mean Jaccard similarity of at least 0.6 in bootstrapped rows (Hennig 2007: below it, groups should not be
 * trusted). Otherwise there are none, and why is said.
 */
#ifndef SERVER_INSIGHT_SEGMENTS_SEGMENTS_H
#define SERVER_INSIGHT_SEGMENTS_SEGMENTS_H

#include "server/insight/segments/pam.h"
#include "server/limits.h"

#define SEGMENTS_LEAST_ROWS 20u
#define SEGMENTS_MOST       10u /* groups that are tried */
#define SEGMENTS_EXACT      2000u
#define SEGMENTS_SAMPLE     1000u /* at most SEGMENTS_EXACT */
#define SEGMENTS_SAMPLES    5u
#define SEGMENTS_AGAIN      50u /* times that rows are drawn anew */
#define SEGMENTS_AGAIN_ROWS 500u
#define SEGMENTS_CHANCES    20u /* sets of rows by chance */
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
	double by_chance;                      /* the widest mean silhouette of rows by chance */
	double silhouettes[SEGMENTS_MOST + 1]; /* by number of groups */
	bool tried[SEGMENTS_MOST + 1];
	uint32_t *group;  /* by row; also where they are not firm */
	uint64_t missing; /* answers */
	double *mean;     /* by segment and column, of what was answered */
	/* by segment and column: how many standard deviations it expects more than all others do */
	double *differs;
	bool one_scale;
	double scale; /* its width */
	/* by segment and column, as they are compared: its medoid's answers; where that has none, the mean of its group's */
	float *type;
	uint32_t columns;
	double centre[LIMIT_SEGMENTS_QUESTIONS];
	double width[LIMIT_SEGMENTS_QUESTIONS]; /* 0: all say the same, so it tells nothing apart */
};

/* NULL: ERR_INVALID (a number that is none, out of the scale), ERR_LIMIT, ERR_CANCELLED. */
struct segments *segments_run(const struct segments_query *query, struct err *err) MUST_CHECK;
void segments_free(struct segments *segments); /* takes NULL */
/*
 * The group of a new row, which has the columns of the query: the one with the nearest type. Distances are by group; -1 where they have
 * no answer in common. SEGMENTS_NONE where that is so of all.
 */
#define SEGMENTS_NONE UINT32_MAX
uint32_t segments_assign(
    const struct segments *segments, const float *row, double distances[SEGMENTS_MOST]);

/*
 * How much two ways to group the same rows agree, beyond chance: the adjusted Rand index (Hubert & Arabie 1985, equation 5): 1 the same, 0
 * as by chance. Groups are numbered from 0 below groups_a (at most SEGMENTS_MOST) and groups_b. NAN: no two rows, or both put all rows in one
 * group or each in one of its own. ERR_LIMIT: out of memory.
 */
bool segments_agree(const uint32_t *a, uint32_t groups_a, const uint32_t *b, uint32_t groups_b,
    uint32_t count, double *out, struct err *err) MUST_CHECK;

#endif
