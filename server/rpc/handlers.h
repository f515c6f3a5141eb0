/*
 * The handlers: one function per method of proto/plumb/v1, as server/rpc/methods.c names them.
 *
 * A handler gets a decoded and checked request that lives in call->arena until the call ends. It answers, now or
 * later, with rpc_send()s and then rpc_finish() or rpc_fail() exactly once.
 */
#ifndef SERVER_RPC_HANDLERS_H
#define SERVER_RPC_HANDLERS_H

#include <protobuf-c/protobuf-c.h>

struct rpc_call;

/* plumb.v1.Plan: plan_rpc.c */
void handle_plan_apply(struct rpc_call *call, const ProtobufCMessage *request);
void handle_plan_get(struct rpc_call *call, const ProtobufCMessage *request);
void handle_plan_list(struct rpc_call *call, const ProtobufCMessage *request);
void handle_plan_watch(struct rpc_call *call, const ProtobufCMessage *request);
void handle_plan_history(struct rpc_call *call, const ProtobufCMessage *request);
void handle_plan_diff(struct rpc_call *call, const ProtobufCMessage *request);
void handle_plan_export(struct rpc_call *call, const ProtobufCMessage *request);
/* scenario_rpc.c */
void handle_plan_apply_scenario(struct rpc_call *call, const ProtobufCMessage *request);
void handle_plan_conflicts(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Insight: insight_rpc.c */
void handle_insight_check(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_explain(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_trace(struct rpc_call *call, const ProtobufCMessage *request);
/* mine_rpc.c, progress_rpc.c */
void handle_insight_mine(struct rpc_call *call, const ProtobufCMessage *request);
/* mirror_rpc.c */
void handle_insight_mirror(struct rpc_call *call, const ProtobufCMessage *request);
/* saydo_rpc.c */
void handle_insight_say_do(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_progress(struct rpc_call *call, const ProtobufCMessage *request);

/* outside_rpc.c */
void handle_insight_outside(struct rpc_call *call, const ProtobufCMessage *request);
/* maturity_rpc.c */
void handle_insight_maturity(struct rpc_call *call, const ProtobufCMessage *request);
/* segments_rpc.c */
void handle_insight_segments(struct rpc_call *call, const ProtobufCMessage *request);
/* burnup_rpc.c */
/* reviews_rpc.c, agenda_rpc.c */
void handle_insight_reviews(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_agenda(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_burn_up(struct rpc_call *call, const ProtobufCMessage *request);
/* drift_rpc.c */
void handle_insight_drift(struct rpc_call *call, const ProtobufCMessage *request);
/* journey_rpc.c, ecosystem_rpc.c */
void handle_insight_room(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_journey(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_ecosystem(struct rpc_call *call, const ProtobufCMessage *request);
/* impact_rpc.c */
void handle_insight_impact(struct rpc_call *call, const ProtobufCMessage *request);
/* inflight_rpc.c */
void handle_insight_in_flight(struct rpc_call *call, const ProtobufCMessage *request);
/* load_rpc.c */
void handle_insight_load(struct rpc_call *call, const ProtobufCMessage *request);
/* moves_rpc.c */
void handle_insight_moves(struct rpc_call *call, const ProtobufCMessage *request);
/* score_rpc.c */
void handle_insight_forecast(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_schedule(struct rpc_call *call, const ProtobufCMessage *request);
void handle_insight_score(struct rpc_call *call, const ProtobufCMessage *request);
/* trend_rpc.c */
void handle_insight_trend(struct rpc_call *call, const ProtobufCMessage *request);
/* whatif_rpc.c */
void handle_insight_what_if(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Survey: survey_rpc.c, clarity_rpc.c, acceptance_rpc.c */
void handle_survey_questions(struct rpc_call *call, const ProtobufCMessage *request);
void handle_survey_answer(struct rpc_call *call, const ProtobufCMessage *request);
void handle_survey_clarity(struct rpc_call *call, const ProtobufCMessage *request);
void handle_survey_acceptances(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Signal: signal_rpc.c */
void handle_signal_pulse(struct rpc_call *call, const ProtobufCMessage *request);
void handle_signal_signals(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Voice: voice_rpc.c, concord_rpc.c */
void handle_voice_ballot(struct rpc_call *call, const ProtobufCMessage *request);
void handle_voice_concord(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Admin: admin_rpc.c */
void handle_admin_info(struct rpc_call *call, const ProtobufCMessage *request);
void handle_admin_ping(struct rpc_call *call, const ProtobufCMessage *request);
void handle_admin_list_workspaces(struct rpc_call *call, const ProtobufCMessage *request);
void handle_admin_create_workspace(struct rpc_call *call, const ProtobufCMessage *request);
void handle_admin_verify(struct rpc_call *call, const ProtobufCMessage *request);
void handle_admin_backup(struct rpc_call *call, const ProtobufCMessage *request);
void handle_admin_snapshot(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Audit: audit_rpc.c */
void handle_audit_verify(struct rpc_call *call, const ProtobufCMessage *request);
void handle_audit_list(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Webhooks: webhook_rpc.c */
void handle_webhooks_create(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_list(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_update(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_remove(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_rotate_secret(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_test(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_list_dead_letters(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_retry_dead_letters(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_watch(struct rpc_call *call, const ProtobufCMessage *request);
void handle_webhooks_report(struct rpc_call *call, const ProtobufCMessage *request);

/* plumb.v1.Access: access_rpc.c */
void handle_access_create_token(struct rpc_call *call, const ProtobufCMessage *request);
void handle_access_list_tokens(struct rpc_call *call, const ProtobufCMessage *request);
void handle_access_revoke_token(struct rpc_call *call, const ProtobufCMessage *request);
void handle_access_rotate_token(struct rpc_call *call, const ProtobufCMessage *request);

/* grpc.health.v1.Health: health_rpc.c; grpc.reflection.v1 and v1alpha: reflection_rpc.c */
void handle_health_check(struct rpc_call *call, const ProtobufCMessage *request);
void handle_health_watch(struct rpc_call *call, const ProtobufCMessage *request);
void handle_reflection_info(struct rpc_call *call, const ProtobufCMessage *request);

#endif
