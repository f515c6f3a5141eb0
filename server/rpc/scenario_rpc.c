/*
 * Scenarios: changing one, applying it, and what of it conflicts.
 *
 * A change set of a scenario is tried on the plan as the scenario shows it, which is laid over the plan for that moment, and then
 * logged and kept with the scenario's entry: the plan itself stays as it is. One that is not durable yet is waited for, so that
 * only one new version of a scenario is on its way at a time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/pb.h"
#include "server/insight/check/local.h"
#include "server/limits.h"
#include "server/plan/plan.h"
#include "server/plan/scenario.h"
#include "server/plan/view.h"
#include "server/rpc/apply_call.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/refusal.h"
#include "server/rpc/rpc.h"
#include "server/rpc/scenario_view.h"
#include "server/rpc/workspace.h"

/* ---- changing one --------------------------------------------------------------------------------------- */

/* The revision of its newest set, or of itself. */
static uint64_t
newest_revision(const struct item *scenario)
{
	uint64_t newest = scenario->revision;
	struct scenario_set set;

	for (size_t at = 0; scenario_next(scenario, &at, &set);)
		newest = set.revision > newest ? set.revision : newest;
	return newest;
}

bool
apply_find_scenario(struct apply_call *ac)
{
	Plumb__V1__ChangeSet *set = ac->request->change_set;
	struct plan *plan = ac->ws->plan;
	const struct item *item;
	struct err err = {0};
	const char *id = scenario_id(set->scenario, &err);

	if (id == NULL) {
		rpc_fail(ac->call, &err);
		return false;
	}
	item = plan_find(plan, KIND_SCENARIO, id, strlen(id));
	if (!item_is_live(item)) {
		scenario_absent(id, item, &err);
		apply_refuse(ac, &err, NULL);
		return false;
	}
	if (newest_revision(item) > plan_durable(plan)) {
		workspace_wait_call(ac->ws, newest_revision(item), ac->call, ac->again, ac->came);
		return false;
	}
	if (!scenario_check(set, ac->call->faults, &err)) {
		apply_refuse(ac, &err, NULL);
		return false;
	}
	set->scenario = pb_str(id);
	ac->scenario = item;
	return true;
}

/* What a try on the laid scenario leaves behind. */
struct trial {
	const ProtobufCMessage *detail; /* of what it was refused with */
	struct view *before;            /* for findings; owned */
	struct view *after;
};

/* Does the workspace refuse it? A dry run only tells. */
static bool
obeys_rules(struct apply_call *ac, const struct local_rules *rules, const struct patch *patch,
    int64_t time_us, struct trial *trial, struct err *err)
{
	Plumb__V1__Refusal *refusal = NULL;

	if (rules->count == 0)
		return true;
	if (!refusal_find(ac->ws, patch, rules, time_us, ac->call->arena, &refusal, err))
		return false;
	if (refusal == NULL || ac->request->dry_run) {
		ac->refusal = refusal;
		return true;
	}
	trial->detail = &refusal->base;
	refusal_say(refusal, err);
	return false;
}

/* While the scenario is laid: does the set fit, and what does it do? */
static bool
try_set(struct apply_call *ac, const struct commit *commit, struct trial *trial, struct err *err)
{
	struct plan *plan = ac->ws->plan;
	struct stamp stamp = commit->stamp;
	struct plan_conflict conflict = {0};
	struct local_rules rules;
	struct patch *patch;
	bool ok;

	if (!apply_rules(ac, &rules, err))
		return false;
	if (ac->request->findings)
		trial->before = plan_view_pending(plan);
	stamp.overlay = true;
	if (!plan_apply(plan, &ac->request->change_set->base, &stamp, false, ac->call->arena,
		ac->call->faults, &conflict, &patch, err)) {
		if (err->code == ERR_CONFLICT)
			trial->detail = apply_conflict(ac, &conflict);
		return false;
	}
	ok = obeys_rules(ac, &rules, patch, stamp.time_us, trial, err) &&
	     apply_encode(ac, patch, &stamp, err);
	if (ok && ac->request->findings)
		trial->after = plan_view_pending(plan);
	plan_undo(plan, patch);
	return ok;
}

/* Lays, tries and lifts; behind it the plan is as it was. */
static bool
fits(struct apply_call *ac, const struct commit *commit, struct trial *trial, struct err *err)
{
	Plumb__V1__ChangeSet *set = ac->request->change_set;
	struct scenario_lay *lay = arena_alloc(ac->call->arena, sizeof *lay);
	bool ok;

	if (lay == NULL)
		return err_oom(err);
	if (!scenario_lay(ac->ws->plan, ac->scenario, UINT64_MAX, ac->call->arena, lay, err))
		return false;
	ok = try_set(ac, commit, trial, err);
	scenario_lift(lay);
	return ok && (scenario_note_bases(lay, set) || err_oom(err));
}

void
apply_in_scenario(struct apply_call *ac, struct commit *commit)
{
	struct plan *plan = ac->ws->plan;
	struct plan_conflict conflict = {0};
	struct trial trial = {0};
	struct err err = {0};
	bool ok = fits(ac, commit, &trial, &err);

	if (ok && !plan_apply(plan, &ac->request->change_set->base, &commit->stamp, false,
		      ac->call->arena, ac->call->faults, &conflict, &commit->patch, &err)) {
		ok = false;
		if (err.code == ERR_CONFLICT)
			trial.detail = apply_conflict(ac, &conflict);
	}
	if (ok && !ac->request->dry_run) {
		apply_commit(ac, commit);
		return;
	}
	if (ok)
		plan_undo(plan, commit->patch);
	if (ok && ac->request->findings) {
		apply_add_findings(ac, trial.before, trial.after, plan_revision(plan));
		return;
	}
	plan_view_release(plan, trial.before);
	plan_view_release(plan, trial.after);
	if (ok)
		apply_answer(ac);
	else
		apply_refuse(ac, &err, trial.detail);
}

/* ---- applying one --------------------------------------------------------------------------------------- */

static void
name_conflicts(struct apply_call *ac, const struct scenario_lay *lay)
{
	for (size_t i = 0; i < lay->conflicts_count; i++) {
		const Plumb__V1__ScenarioConflict *c = lay->conflicts[i];

		if (c->field[0] != '\0')
			faults_add(ac->call->faults, c->ref,
			    "%s: %s; it was '%s', the plan says '%s', the scenario '%s'", c->field,
			    c->text, c->before, c->plan, c->scenario);
		else
			faults_add(ac->call->faults, c->ref, "%s", c->text);
	}
}

/* All that fits, and the scenario's own end. */
static bool
gather(Plumb__V1__ChangeSet *set, const struct scenario_lay *lay, const char *id)
{
	struct arena *arena = lay->arena;
	size_t count = lay->fitting_count;
	Plumb__V1__Change *change = arena_alloc(arena, sizeof *change);
	Plumb__V1__Remove *remove = arena_alloc(arena, sizeof *remove);

	set->changes = arena_array(arena, count + 1, sizeof(Plumb__V1__Change *));
	if (change == NULL || remove == NULL || set->changes == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		set->changes[i] = lay->fitting[i];
		/* A source is one of a whole change set. */
		if (lay->fitting[i]->change_case == PLUMB__V1__CHANGE__CHANGE_PUT)
			lay->fitting[i]->put->applied = NULL;
	}
	plumb__v1__change__init(change);
	plumb__v1__remove__init(remove);
	remove->ref = arena_printf(arena, "scenario/%s", id);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_REMOVE;
	change->remove = remove;
	set->changes[count] = change;
	set->n_changes = count + 1;
	set->applied_scenario = pb_str(id);
	return remove->ref != NULL;
}

/* The set that the scenario comes to, now. */
static bool
make_set(struct apply_call *ac, const Plumb__V1__ApplyScenarioRequest *request, struct err *err)
{
	const char *id = scenario_id(request->scenario, err);
	struct scenario_lay *lay = arena_alloc(ac->call->arena, sizeof *lay);
	const struct item *item;

	if (id == NULL)
		return false;
	item = plan_find(ac->ws->plan, KIND_SCENARIO, id, strlen(id));
	if (!item_is_live(item)) {
		scenario_absent(id, item, err);
		return false;
	}
	if (lay == NULL)
		return err_oom(err);
	if (!scenario_lay(ac->ws->plan, item, UINT64_MAX, ac->call->arena, lay, err))
		return false;
	scenario_lift(lay);
	if (lay->conflicts_total > 0 && !request->accept_conflicts) {
		name_conflicts(ac, lay);
		return err_set(err, ERR_PRECONDITION,
		    "%zu changes of scenario '%s' do not fit the plan any more: plumb whatif "
		    "conflicts %s shows them; mend them, or accept them as they are",
		    lay->conflicts_total, id, id);
	}
	if (lay->fitting_count == 0)
		return err_set(err, ERR_PRECONDITION,
		    "scenario '%s' changes nothing; plumb whatif drop %s takes it away", id, id);
	return gather(ac->request->change_set, lay, id) || err_oom(err);
}

static Plumb__V1__ApplyRequest *
as_apply(struct rpc_call *call, const Plumb__V1__ApplyScenarioRequest *request)
{
	Plumb__V1__ApplyRequest *apply = arena_alloc(call->arena, sizeof *apply);
	Plumb__V1__ChangeSet *set = arena_alloc(call->arena, sizeof *set);

	if (apply == NULL || set == NULL)
		return NULL;
	plumb__v1__apply_request__init(apply);
	plumb__v1__change_set__init(set);
	apply->workspace = request->workspace;
	apply->change_set = set;
	apply->dry_run = request->dry_run;
	apply->findings = request->findings;
	set->reason = request->reason;
	set->idempotency_key = request->idempotency_key;
	set->override_reason = request->override_reason;
	if (request->expected_case ==
	    PLUMB__V1__APPLY_SCENARIO_REQUEST__EXPECTED_EXPECTED_REVISION) {
		set->expected_case = PLUMB__V1__CHANGE_SET__EXPECTED_EXPECTED_REVISION;
		set->expected_revision = request->expected_revision;
	}
	return apply;
}

static void
apply_scenario(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ApplyScenarioRequest *request =
	    (const Plumb__V1__ApplyScenarioRequest *)message;
	Plumb__V1__ApplyRequest *apply = as_apply(call, request);
	struct apply_call *ac;
	struct err err = {0};

	if (apply == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	ac = apply_begin(call, apply, apply_scenario, message);
	if (ac == NULL || (!request->dry_run && apply_is_duplicate(ac)))
		return;
	if (make_set(ac, request, &err))
		apply_take(ac);
	else
		apply_refuse(ac, &err, NULL);
}

void
handle_plan_apply_scenario(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ApplyScenarioRequest *request =
	    (const Plumb__V1__ApplyScenarioRequest *)message;
	struct err err = {0};

	if (request->scenario[0] == '\0')
		faults_add(call->faults, "scenario", "is required: which scenario to apply");
	if (request->findings && !request->dry_run)
		faults_add(call->faults, "findings", "goes with dry_run");
	if (strlen(request->idempotency_key) > LIMIT_KEY)
		faults_add(call->faults, "idempotency_key", "has %zu bytes, more than %u",
		    strlen(request->idempotency_key), LIMIT_KEY);
	if (faults_none(call->faults, &err))
		apply_scenario(call, message);
	else
		rpc_fail(call, &err);
}

/* ---- conflicts ------------------------------------------------------------------------------------------ */

static bool
conflicts_run(struct view_job *job, struct err *err)
{
	struct pb_out out;

	if (job->conflicts == NULL) {
		faults_add(job->faults, "at.scenario", "is required: which scenario");
		return faults_none(job->faults, err);
	}
	pb_out_init(&out, job->arena, LIMIT_FRAME_BODY);
	pb_out_raw(&out, job->conflicts, job->conflicts_len);
	pb_out_varint(&out, 4, job->revision);
	if (out.failed)
		return err_oom(err);
	return view_job_send_bytes(job, out.p, out.len, err);
}

void
handle_plan_conflicts(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ConflictsRequest *request = (const Plumb__V1__ConflictsRequest *)message;

	job_view(call, request->at, conflicts_run, NULL);
}
