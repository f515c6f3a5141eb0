/*
 * The plan at the ends of days, one after another: history is folded forward once. For workers; blocks.
 */
#ifndef SERVER_RPC_PAST_H
#define SERVER_RPC_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/rpc/fold.h"

struct daemon;
struct plan;
struct view;
struct workspace;

struct past {
	struct daemon *daemon;
	const struct workspace *ws; /* for what never changes: number and zone */
	const struct view *view; /* settled, of `revision`; it stands for the days that end there */
	uint64_t revision;
	uint64_t last;         /* the log up to here; often `revision` */
	const bool *cancelled; /* read with relaxed order */
	/* private, but for `at`: the plan's revision at the end of the day of the last past_view() */
	uint64_t at;
	struct plan *plan; /* NULL until it is needed */
	struct fold_source source;
	struct view *lent;
};

/* The others are set by whoever asks. */
void past_begin(struct past *past);
/*
 * The end of that day, which does not lie before that of the last call; settled, and there until the next call. NULL:
 * ERR_CANCELLED, ERR_DATA_LOSS, out of memory.
 */
const struct view *past_view(struct past *past, int32_t day, struct err *err) MUST_CHECK;
/* The same at a time: what counted from then on is not in it. */
const struct view *past_view_at(struct past *past, int64_t time_us, struct err *err) MUST_CHECK;
void past_end(struct past *past);

#endif
