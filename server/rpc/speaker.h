/* Who says something in confidence: people of the plan, as themselves, now. */
#ifndef SERVER_RPC_SPEAKER_H
#define SERVER_RPC_SPEAKER_H

#include "common/err.h"

struct rpc_call;
struct view_job;
struct Plumb__V1__At;

/*
 * The id of the person of the plan who calls, in the job's arena; NULL: ERR_DENIED. An administrator may act as another, but not
 * say something in confidence for them. doing: "send pulses".
 */
const char *speaker_id(const struct view_job *job, const char *doing, struct err *err) MUST_CHECK;

/* For job_view(): a workspace as it is now, with no other day, past or scenario. NULL: out of memory, and said so. */
const struct Plumb__V1__At *speaker_at(struct rpc_call *call, char *workspace) MUST_CHECK;

#endif
