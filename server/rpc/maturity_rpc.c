/* plumb.v1.Insight.Maturity: building blocks by level, and what comes next. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/maturity.pb-c.h"
#include "server/insight/maturity.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/rpc.h"

#define CHECK_EVERY 4096u

struct maturity_call {
	struct view_job *job;
	const Plumb__V1__MaturityRequest *request;
	const struct item **items; /* of kind maturity, by id */
	size_t items_count;
	Plumb__V1__MaturityReply reply;
	size_t room; /* for blocks */
};

static const char *const problems[] = {
    [MATURITY_FINE] = "",
    [MATURITY_NOT_THERE] = "cannot be judged, because the plan has no maturity/%s",
    [MATURITY_NO_LEVEL] = "cannot be judged, because nobody has stated the level of maturity/%s",
    [MATURITY_NO_LEVELS] =
	"cannot be judged, because nobody says what the levels of maturity/%s look like",
    [MATURITY_ABOVE] =
	"cannot be judged, because maturity/%s is at a level above those that are described",
    [MATURITY_HOLE] =
	"cannot be judged, because nobody says what the level of maturity/%s looks like",
    [MATURITY_WANTED_ABOVE] = "maturity/%s wants a level beyond those that are described",
    [MATURITY_WANTED_REACHED] = "maturity/%s wants a level that it has already",
    [MATURITY_NO_STEP] = "maturity/%s has no next step",
};

/* ---- the items */

static int
compare_ids(const void *pa, const void *pb)
{
	return ref_compare(*(const struct item *const *)pa, *(const struct item *const *)pb);
}

static bool
find_items(struct maturity_call *mc, struct err *err)
{
	const struct view *view = mc->job->view;

	mc->items = arena_array(mc->job->arena, LIMIT_MATURITY_BLOCKS, sizeof mc->items[0]);
	if (mc->items == NULL)
		return err_oom(err);
	for (uint32_t slot = 0; slot < view_slots(view); slot++) {
		const struct item *item = view_item(view, slot);

		if (slot % CHECK_EVERY == 0 && view_job_cancelled(mc->job))
			return err_set(err, ERR_CANCELLED, "cancelled");
		if (!item_is_live(item) || item->kind != KIND_MATURITY)
			continue;
		if (mc->items_count == LIMIT_MATURITY_BLOCKS)
			return err_set(err, ERR_LIMIT, "more than %u items of kind maturity",
			    LIMIT_MATURITY_BLOCKS);
		mc->items[mc->items_count++] = item;
	}
	if (mc->items_count > 0)
		qsort(mc->items, mc->items_count, sizeof mc->items[0], compare_ids);
	return true;
}

/* ---- one block */

static Plumb__V1__MaturityBlock *
new_block(struct maturity_call *mc, const char *id, const char *title, const char *description,
    const char *const *levels, size_t count)
{
	Plumb__V1__MaturityBlock *block = arena_alloc(mc->job->arena, sizeof *block);

	if (block == NULL)
		return NULL;
	plumb__v1__maturity_block__init(block);
	block->id = pb_str(id);
	block->title = pb_str(title);
	block->description = pb_str(description);
	block->levels = arena_array(mc->job->arena, count + 1, sizeof block->levels[0]);
	for (size_t i = 0; block->levels != NULL && i < count; i++)
		block->levels[block->n_levels++] = pb_str(levels[i]);
	return block->levels != NULL ? block : NULL;
}

static bool
add_problems(
    struct maturity_call *mc, const struct maturity_state *state, Plumb__V1__MaturityState *out)
{
	out->problems = arena_array(mc->job->arena, MATURITY_PROBLEMS, sizeof out->problems[0]);
	for (size_t i = 0; out->problems != NULL && i < state->problems_count; i++) {
		const char *what = problems[state->problems[i]];
		const char *at = strstr(what, "%s");
		char *text = arena_printf(
		    mc->job->arena, "%.*s%s%s", (int)(at - what), what, out->block->id, at + 2);

		if (text == NULL)
			return false;
		out->problems[out->n_problems++] = text;
	}
	return out->problems != NULL;
}

static void
judge(const struct maturity_input *input, const struct maturity_state *state,
    Plumb__V1__MaturityState *out)
{
	if (!state->judged)
		return;
	out->level__case = PLUMB__V1__MATURITY_STATE__LEVEL__LEVEL;
	out->level = (uint32_t)input->level;
	out->looks_like = pb_str(input->level > 0 ? input->levels[input->level - 1] : "");
	out->next = (uint32_t)state->next;
	out->next_looks_like = pb_str(state->next > 0 ? input->levels[state->next - 1] : "");
}

/* item: NULL, the plan does not have it. */
static bool
add_state(struct maturity_call *mc, Plumb__V1__MaturityBlock *block, bool in_model,
    const struct item *item)
{
	const Plumb__V1__Item *m =
	    item != NULL ? (const Plumb__V1__Item *)codec_decode(item, mc->job->arena) : NULL;
	Plumb__V1__MaturityState *out = arena_alloc(mc->job->arena, sizeof *out);
	struct maturity_input input = {.levels_count = block != NULL ? block->n_levels : 0,
	    .level = -1,
	    .wanted = -1,
	    .in_plan = item != NULL,
	    .in_model = in_model};
	struct maturity_state state;

	if (block == NULL || out == NULL || (item != NULL && m == NULL))
		return false;
	plumb__v1__maturity_state__init(out);
	out->block = block;
	input.levels = (const char *const *)block->levels;
	if (m != NULL && m->maturity != NULL) {
		const Plumb__V1__Maturity *body = m->maturity;

		if (body->level__case == PLUMB__V1__MATURITY__LEVEL__LEVEL)
			input.level = body->level;
		if (body->wanted__case == PLUMB__V1__MATURITY__WANTED__WANTED)
			input.wanted = body->wanted;
		input.has_step = body->next_step[0] != '\0';
		out->ref = arena_printf(mc->job->arena, "maturity/%s", m->id);
		out->next_step = body->next_step;
		out->due = body->due;
		out->assessed = body->assessed;
		out->evidence = body->evidence;
		out->n_evidence = body->n_evidence;
		out->owners = m->owners;
		out->n_owners = m->n_owners;
	}
	maturity_judge(&input, &state);
	judge(&input, &state, out);
	mc->reply.blocks[mc->reply.n_blocks++] = out;
	return out->ref != NULL && add_problems(mc, &state, out);
}

/* ---- the model */

static const struct item *
find_item(const struct maturity_call *mc, const char *id)
{
	const struct item *item = view_find(mc->job->view, KIND_MATURITY, id, strlen(id));

	return item_is_live(item) ? item : NULL;
}

static bool
is_added(const struct maturity_call *mc, const struct item *item)
{
	for (size_t i = 0; i < mc->reply.n_blocks; i++) {
		const char *id = mc->reply.blocks[i]->block->id;

		if (strlen(id) == item->id_len && memcmp(id, item_id(item), item->id_len) == 0)
			return true;
	}
	return false;
}

static Plumb__V1__MaturityBlock *
block_of_item(struct maturity_call *mc, const struct item *item)
{
	const Plumb__V1__Item *m = (const Plumb__V1__Item *)codec_decode(item, mc->job->arena);

	if (m == NULL || m->maturity == NULL)
		return NULL;
	return new_block(mc, m->id, m->title, m->description,
	    (const char *const *)m->maturity->levels, m->maturity->n_levels);
}

static bool
has_own_model(const struct maturity_call *mc)
{
	for (size_t i = 0; i < mc->items_count; i++) {
		if (mc->items[i]->extra > 0)
			return true;
	}
	return false;
}

static bool
add_model(struct maturity_call *mc)
{
	const Plumb__V1__MaturityRequest *request = mc->request;

	for (size_t i = 0; i < request->n_model; i++) {
		if (!add_state(mc, request->model[i], true, find_item(mc, request->model[i]->id)))
			return false;
	}
	if (request->n_model > 0) {
		mc->reply.model = PLUMB__V1__MATURITY_REPLY__MODEL__REQUEST_MODEL;
		return true;
	}
	if (has_own_model(mc)) {
		mc->reply.model = PLUMB__V1__MATURITY_REPLY__MODEL__PLAN_MODEL;
		return true;
	}
	for (size_t i = 0; i < MATURITY_MODEL_BLOCKS; i++) {
		const struct maturity_block *b = &maturity_model[i];

		if (!add_state(mc,
			new_block(
			    mc, b->id, b->title, b->description, b->levels, MATURITY_MODEL_LEVELS),
			true, find_item(mc, b->id)))
			return false;
	}
	return true;
}

/* Items that the model does not have; of the plan's own model they are all there is. */
static bool
add_others(struct maturity_call *mc)
{
	bool own = mc->reply.model == PLUMB__V1__MATURITY_REPLY__MODEL__PLAN_MODEL;

	for (size_t i = 0; i < mc->items_count; i++) {
		Plumb__V1__MaturityBlock *block;

		if (is_added(mc, mc->items[i]))
			continue;
		block = block_of_item(mc, mc->items[i]);
		if (!add_state(
			mc, block, own || (block != NULL && block->n_levels > 0), mc->items[i]))
			return false;
	}
	return true;
}

/* ---- all together */

static bool
fill_phase(struct maturity_call *mc)
{
	Plumb__V1__MaturityReply *reply = &mc->reply;
	uint32_t least = MATURITY_LEVELS, most = 0;

	reply->behind = arena_array(mc->job->arena, reply->n_blocks + 1, sizeof reply->behind[0]);
	reply->unjudged =
	    arena_array(mc->job->arena, reply->n_blocks + 1, sizeof reply->unjudged[0]);
	if (reply->behind == NULL || reply->unjudged == NULL)
		return false;
	for (size_t i = 0; i < reply->n_blocks; i++) {
		const Plumb__V1__MaturityState *s = reply->blocks[i];

		if (s->block->n_levels > most)
			most = (uint32_t)s->block->n_levels;
		if (s->level__case != PLUMB__V1__MATURITY_STATE__LEVEL__LEVEL)
			reply->unjudged[reply->n_unjudged++] = s->block->id;
		else if (s->level < least)
			least = s->level;
	}
	reply->top = most;
	if (reply->n_unjudged > 0 || reply->n_blocks == 0)
		return true;
	reply->phase__case = PLUMB__V1__MATURITY_REPLY__PHASE__PHASE;
	reply->phase = least;
	for (size_t i = 0; i < reply->n_blocks; i++) {
		const Plumb__V1__MaturityState *s = reply->blocks[i];

		if (s->level == least && least < s->block->n_levels)
			reply->behind[reply->n_behind++] = s->block->id;
	}
	reply->next_phase = reply->n_behind > 0 ? least + 1 : 0;
	return true;
}

static bool
run_maturity(struct view_job *job, struct err *err)
{
	struct maturity_call mc = {.job = job, .request = job->arg};
	char today[DATE_TEXT_LEN];

	plumb__v1__maturity_reply__init(&mc.reply);
	if (!find_items(&mc, err))
		return false;
	mc.reply.blocks =
	    arena_array(job->arena, mc.items_count + mc.request->n_model + MATURITY_MODEL_BLOCKS,
		sizeof mc.reply.blocks[0]);
	if (mc.reply.blocks == NULL || !add_model(&mc) || !add_others(&mc) || !fill_phase(&mc))
		return err_oom(err);
	mc.reply.revision = job->revision;
	mc.reply.today = date_format(job->today, today);
	return view_job_send(job, &mc.reply.base, err);
}

static void
check_block(const Plumb__V1__MaturityRequest *request, size_t number, struct faults *faults)
{
	const Plumb__V1__MaturityBlock *block = request->model[number];

	if (!parse_is_id(block->id, strlen(block->id)))
		faults_add(faults, "model", "'%.64s' is no id of a block", block->id);
	for (size_t i = 0; i < number; i++) {
		if (strcmp(request->model[i]->id, block->id) == 0)
			faults_add(faults, "model", "block '%.64s' is there twice", block->id);
	}
	if (block->n_levels == 0 || block->n_levels > MATURITY_LEVELS)
		faults_add(faults, "model",
		    "block '%.64s' describes %zu levels; describe 1 to %d, from level 1 on",
		    block->id, block->n_levels, MATURITY_LEVELS);
	for (size_t i = 0; i < block->n_levels && i < MATURITY_LEVELS; i++) {
		if (block->levels[i][0] == '\0')
			faults_add(faults, "model",
			    "block '%.64s' says nothing of level %zu: a hole in the model",
			    block->id, i + 1);
	}
}

void
handle_insight_maturity(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__MaturityRequest *request = (const Plumb__V1__MaturityRequest *)message;
	struct err err;

	if (request->n_model > LIMIT_MATURITY_BLOCKS)
		faults_add(call->faults, "model", "at most %u blocks", LIMIT_MATURITY_BLOCKS);
	else
		for (size_t i = 0; i < request->n_model; i++)
			check_block(request, i, call->faults);
	if (!faults_none(call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	job_view(call, request->at, run_maturity, (void *)(uintptr_t)message);
}
