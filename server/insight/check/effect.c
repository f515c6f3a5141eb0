#include "server/insight/check/effect.h"

#include <pthread.h>
#include <string.h>

#include "server/insight/check/check.h"
#include "server/insight/check/pass.h"
#include "server/insight/score/score.h"
#include "server/limits.h"

/* What is done for one of the two plans, on a thread of its own. */
struct work {
	const struct effect_side *side;
	bool (*cancelled)(void *arg);
	void *arg;
	struct check *check;
	int64_t score;
	bool ok;
	struct err err;
};

static bool
too_many(struct err *err)
{
	return err_set(err, ERR_LIMIT,
	    "the plan has more than %u findings: too many to compare; ask without the findings",
	    LIMIT_COMPARED);
}

static void *
judge(void *p)
{
	struct work *work = p;
	struct check_query query = {
	    .today = work->side->today,
	    .waived = true,
	    .baseline = work->side->baseline,
	    .voices = work->side->voices,
	    .most = LIMIT_COMPARED,
	    .cancelled = work->cancelled,
	    .arg = work->arg,
	};
	struct score score;

	work->check = check_run(work->side->view, &query, &work->err);
	if (work->check == NULL)
		return NULL;
	if (!check_is_whole(work->check)) {
		too_many(&work->err);
		return NULL;
	}
	if (!score_run(check_index(work->check), 0, work->cancelled, work->arg, &score, &work->err))
		return NULL;
	work->score = score.micros;
	score_fini(&score);
	work->ok = true;
	return NULL;
}

/* Both at once; one after the other where there is no thread to be had. */
static void
judge_both(struct work *before, struct work *after)
{
	pthread_t thread;
	bool threaded = pthread_create(&thread, NULL, judge, before) == 0;

	judge(after);
	if (threaded)
		pthread_join(thread, NULL);
	else
		judge(before);
}

bool
effect_run(const struct effect_side *before, const struct effect_side *after,
    bool (*cancelled)(void *arg), void *arg, struct effect *out, struct err *err)
{
	struct work old = {.side = before, .cancelled = cancelled, .arg = arg};
	struct work new = {.side = after, .cancelled = cancelled, .arg = arg};

	memset(out, 0, sizeof *out);
	judge_both(&old, &new);
	out->before = old.check;
	out->after = new.check;
	out->score_before = old.score;
	out->score_after = new.score;
	out->before_today = before->today;
	out->after_today = after->today;
	if (!old.ok || !new.ok) {
		*err = old.ok ? new.err : old.err;
		effect_fini(out);
		return false;
	}
	if (compare_checks(out->before, out->after, &out->findings, err))
		return true;
	effect_fini(out);
	return false;
}

void
effect_fini(struct effect *effect)
{
	compare_fini(&effect->findings);
	check_free(effect->before);
	check_free(effect->after);
	memset(effect, 0, sizeof *effect);
}
