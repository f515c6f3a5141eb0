/*
 * Trend: which findings stood at the ends of days, day after day, and what the score was.
 *
 * Plain data without I/O: whoever goes through history adds one check a day. A finding is the same where its key and
 * whether it could be judged are; waived ones and unknown ones count like others. Kept as stretches of days, so that
 * memory grows with what changes, not with days times findings.
 */
#ifndef SERVER_INSIGHT_TREND_H
#define SERVER_INSIGHT_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/check.h"

struct str;

/* The end of one day. */
struct trend_sample {
	uint64_t revision;
	int64_t micros; /* the score, in millionths */
	uint32_t by_severity[SEVERITY_ERROR + 1];
	uint32_t unknown;
	uint32_t waived;
	uint32_t reserved;
};

/* What a rule found at the end of a day; severity as the workspace had it then, where something was found. */
struct trend_count {
	uint32_t findings;
	uint32_t unknown;
	uint32_t waived;
	uint32_t severity;
};

/* Days on all of which a finding was found. */
struct stretch {
	uint64_t key;
	int32_t first;
	int32_t last;
	uint32_t rule;
	uint32_t before; /* 1-based: the stretch before it of the same finding; 0 none */
};

struct trend {
	int32_t first; /* day of the first sample; they have no gaps */
	size_t count;
	size_t cap;
	size_t rules; /* how many there are, in each row of counts */
	struct trend_sample *samples;
	struct trend_count *counts; /* a row for each sample */
	struct stretch *stretches;
	size_t stretches_count;
	size_t stretches_cap;
	uint32_t *table; /* by key: 1-based, its latest stretch */
	size_t table_size;
};

void trend_init(struct trend *trend);
void trend_fini(struct trend *trend);
/* The day behind the last sample; of an empty one: its first day. */
int32_t trend_end(const struct trend *trend);
/* Empty, and beginning with that day. */
void trend_restart(struct trend *trend, int32_t first);
/* The check is of trend_end(); kept whole, waived findings too. ERR_LIMIT: then the day was not added. */
bool trend_add(struct trend *trend, const struct check *check, uint64_t revision, int64_t micros,
    struct err *err) MUST_CHECK;
/* Takes back all days from that one on; and all before that one. */
bool trend_cut(struct trend *trend, int32_t from, struct err *err) MUST_CHECK;
bool trend_forget_before(struct trend *trend, int32_t first, struct err *err) MUST_CHECK;
bool trend_copy(const struct trend *trend, struct trend *out, struct err *err) MUST_CHECK;

/* What a finding is known by. */
uint64_t trend_key(const struct check *check, const struct finding *finding, struct str *words);
/* First day of the stretch that has that day; DATE_NONE where it was not found then. */
int32_t trend_since(const struct trend *trend, uint64_t key, int32_t day);

/* Findings that one sample has and the one before it does not, and the other way round. */
struct trend_step {
	uint32_t appeared;
	uint32_t gone;
};
/* days ascending, all within the trend; only these rules (RULES_MAX of them). The first step is 0, 0. */
bool trend_steps(const struct trend *trend, const int32_t *days, size_t count,
    const bool rules[RULES_MAX], struct trend_step *out, struct err *err) MUST_CHECK;

/* As bytes of this machine, for a file that may be deleted at any time. */
bool trend_encode(const struct trend *trend, struct str *out) MUST_CHECK;
/* False where the bytes do not hold together, or memory lacks; trend is empty then. */
bool trend_decode(struct trend *trend, const char *p, size_t len) MUST_CHECK;

#endif
