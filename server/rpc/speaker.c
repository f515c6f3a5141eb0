#include "server/rpc/speaker.h"

#include <string.h>

#include "common/arena.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/jobs.h"
#include "server/rpc/own.h"
#include "server/rpc/rpc.h"

/* Where nobody is asked who they are (anonymous = admin), what they claim is all there is. */
static const char *
speaker(const struct caller *caller)
{
	return caller->verified ? own_person(caller) : strstr(caller->name, "person/");
}

const char *
speaker_id(const struct view_job *job, const char *doing, struct err *err)
{
	const char *name = speaker(&job->call->caller);
	const struct item *person = NULL;
	const char *id;
	enum kind kind;
	size_t len;

	if (name != NULL && ref_parse(name, KIND_PERSON, &kind, &id, &len))
		person = view_find(job->view, KIND_PERSON, id, len);
	if (item_is_live(person)) {
		id = arena_strndup(job->arena, item_id(person), person->id_len);
		if (id == NULL)
			err_oom(err);
		return id;
	}
	if (name == NULL && strstr(job->call->caller.name, "person/") != NULL)
		err_set(err, ERR_DENIED,
		    "people %s themselves: an administrator can't do it for them. They need a "
		    "token "
		    "of their own (plumb admin token create)",
		    doing);
	else
		err_set(err, ERR_DENIED,
		    name != NULL
			? "only people of the plan %s, and whoever you say you are is none "
			  "of them"
			: "only people of the plan %s: say who you are",
		    doing);
	return NULL;
}

const Plumb__V1__At *
speaker_at(struct rpc_call *call, char *workspace)
{
	Plumb__V1__At *at = arena_alloc(call->arena, sizeof *at);
	struct err err = {0};

	if (at == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return NULL;
	}
	plumb__v1__at__init(at);
	at->workspace = workspace;
	return at;
}
