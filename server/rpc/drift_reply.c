/* Drift: items and their totals as messages. Those of items are in the scratch arena. */
#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/drift_internal.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/workspace.h"

#define MESSAGE 100u /* items */

static bool
fill_step(const struct drift_call *dc, const struct drift_step *step, Plumb__V1__DriftStep **out)
{
	char time[TIME_TEXT_LEN];

	*out = arena_alloc(dc->scratch, sizeof **out);
	if (*out == NULL)
		return false;
	plumb__v1__drift_step__init(*out);
	(*out)->revision = step->set->revision;
	(*out)->time = arena_strdup(dc->scratch, time_format(step->set->time_us, time));
	(*out)->by = pb_str(step->set->by);
	(*out)->reason = pb_str(step->set->reason);
	(*out)->scenario = pb_str(step->set->scenario);
	(*out)->from = pb_str(step->from);
	(*out)->to = pb_str(step->to);
	return (*out)->time != NULL;
}

static bool
fill_steps(
    const struct drift_call *dc, const struct drift_change *change, Plumb__V1__DriftChange *out)
{
	const struct drift_step *step = change->newest;
	size_t count = 0;

	for (const struct drift_step *s = step; s != NULL; s = s->before)
		count++;
	out->last = arena_array(dc->scratch, count + 1, sizeof out->last[0]);
	if (out->last == NULL)
		return false;
	out->n_last = count;
	for (; step != NULL; step = step->before) {
		if (!fill_step(dc, step, &out->last[--count]))
			return false;
	}
	return true;
}

static bool
is_dated(const struct drift_change *change)
{
	return change->what == DRIFT_FIELD &&
	       (change->row->type == DRIFT_DATE || change->row->type == DRIFT_PERIODS);
}

static bool
fill_change(
    const struct drift_call *dc, const struct drift_change *change, Plumb__V1__DriftChange *out)
{
	double by = change->to_number - change->from_number;

	plumb__v1__drift_change__init(out);
	out->aspect = change->aspect;
	out->field = drift_field(change, dc->scratch);
	out->from = pb_str(change->from);
	out->to = pb_str(change->to);
	out->steps = change->steps;
	out->words = drift_words(change, dc->ws->zone, dc->scratch);
	if (!isnan(by) && is_dated(change)) {
		out->days__case = PLUMB__V1__DRIFT_CHANGE__DAYS__DAYS;
		out->days = (int32_t)by;
	} else if (isfinite(by)) {
		out->by__case = PLUMB__V1__DRIFT_CHANGE__BY__BY;
		out->by = by;
	}
	return out->field != NULL && out->words != NULL && fill_steps(dc, change, out);
}

static Plumb__V1__DriftItem *
new_item(const struct drift_call *dc, const struct drift_item *item)
{
	const struct item *named = item->now != NULL ? item->now : item->old;
	Plumb__V1__DriftItem *out = arena_alloc(dc->scratch, sizeof *out);
	char ref[REF_TEXT_LEN], was[REF_TEXT_LEN];

	if (out == NULL)
		return NULL;
	plumb__v1__drift_item__init(out);
	ref_format(named, ref);
	out->ref = arena_strdup(dc->scratch, ref);
	out->title = arena_strndup(dc->scratch, item_title(named), named->title_len);
	out->changes = arena_array(dc->scratch, item->count, sizeof out->changes[0]);
	if (out->ref == NULL || out->title == NULL || out->changes == NULL)
		return NULL;
	if (item->old != NULL && item->now != NULL) {
		ref_format(item->old, was);
		if (strcmp(was, ref) != 0 && (out->was = arena_strdup(dc->scratch, was)) == NULL)
			return NULL;
	}
	for (size_t i = 0; i < item->count; i++) {
		out->changes[i] = arena_alloc(dc->scratch, sizeof *out->changes[i]);
		if (out->changes[i] == NULL || !fill_change(dc, &item->changes[i], out->changes[i]))
			return NULL;
		out->n_changes++;
	}
	return out;
}

bool
drift_send_items(struct drift_call *dc, struct err *err)
{
	Plumb__V1__DriftItem *items[MESSAGE];
	Plumb__V1__DriftReply reply;
	size_t bytes;

	for (size_t i = 0; i < dc->count;) {
		arena_reset(dc->scratch);
		plumb__v1__drift_reply__init(&reply);
		reply.items = items;
		for (bytes = 0;
		     i < dc->count && reply.n_items < MESSAGE && bytes < LIMIT_FRAME_BODY / 4;
		     i++) {
			Plumb__V1__DriftItem *item = new_item(dc, &dc->items[i]);

			if (item == NULL)
				return err_set(err, ERR_LIMIT,
				    "what changed about one item is too large to be told; ask for "
				    "fewer aspects");
			bytes += protobuf_c_message_get_packed_size(&item->base);
			items[reply.n_items++] = item;
		}
		if (!view_job_send(dc->job, &reply.base, err))
			return false;
	}
	return true;
}

static const char *
baseline_name(struct drift_call *dc)
{
	const Plumb__V1__At *from = dc->request->from;
	const struct item *item = NULL;

	if (from == NULL || from->as_of_case == PLUMB__V1__AT__AS_OF__NOT_SET)
		item = view_item(dc->now, dc->job->baseline_slot);
	else if (from->as_of_case == PLUMB__V1__AT__AS_OF_BASELINE)
		return strncmp(from->baseline, "baseline/", 9) == 0
			   ? arena_strdup(dc->job->arena, from->baseline)
			   : arena_printf(dc->job->arena, "baseline/%s", from->baseline);
	return reply_ref(dc->job->arena, item);
}

bool
drift_send_summary(struct drift_call *dc, struct err *err)
{
	Plumb__V1__DriftSummary *summary = &dc->summary;
	Plumb__V1__DriftCount counts[DRIFT_ASPECTS], *list[DRIFT_ASPECTS];
	char time[TIME_TEXT_LEN], today[DATE_TEXT_LEN];
	Plumb__V1__DriftReply reply;

	plumb__v1__drift_reply__init(&reply);
	for (unsigned i = 0; i < DRIFT_ASPECTS; i++) {
		plumb__v1__drift_count__init(&counts[i]);
		counts[i].aspect = (Plumb__V1__DriftChange__Aspect)i;
	}
	drift_count_changes(dc, counts);
	summary->counts = list;
	for (unsigned i = 1; i < DRIFT_ASPECTS; i++) {
		if (counts[i].changes > 0)
			list[summary->n_counts++] = &counts[i];
	}
	summary->items = (uint32_t)dc->count;
	summary->from_revision = dc->from;
	summary->revision = dc->to;
	summary->from_time = dc->from > 0 ? time_format(view_time(dc->then), time) : pb_str("");
	summary->today = date_format(dc->today, today);
	summary->baseline = pb_str(baseline_name(dc));
	if (summary->baseline == NULL || !drift_count_people(dc))
		return err_oom(err);
	reply.summary = summary;
	return view_job_send(dc->job, &reply.base, err);
}
