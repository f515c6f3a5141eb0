/*
 * The method table: everything that can be called, whatever the protocol.
 *
 * tests/unit/rpc/test_methods.c holds it against the generated service descriptors.
 */
#include "server/rpc/rpc.h"

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "plumb/v1/access.pb-c.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/audit.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "plumb/v1/signal.pb-c.h"
#include "plumb/v1/survey.pb-c.h"
#include "plumb/v1/voice.pb-c.h"
#include "plumb/v1/webhook.pb-c.h"
#include "server/rpc/handlers.h"

/* clang-format off */
#define METHOD(service, name, type, flags, handler)                                                                  \
	{ "plumb.v1." service, name, &plumb__v1__##type##_request__descriptor,                                       \
	    &plumb__v1__##type##_reply__descriptor, flags, handler }

#define REFLECTION(version)                                                                                          \
	{ "grpc.reflection." version ".ServerReflection", "ServerReflectionInfo",                                    \
	    &grpc__reflection__v1__server_reflection_request__descriptor,                                            \
	    &grpc__reflection__v1__server_reflection_response__descriptor, RPC_STREAM | RPC_CLIENT_STREAM,           \
	    handle_reflection_info }

static const struct rpc_method methods[] = {
	METHOD("Plan", "Apply", apply, RPC_WRITE, handle_plan_apply),
	METHOD("Plan", "Get", get, 0, handle_plan_get),
	METHOD("Plan", "List", list, 0, handle_plan_list),
	METHOD("Plan", "Watch", watch, RPC_STREAM | RPC_ENDLESS, handle_plan_watch),
	METHOD("Plan", "History", history, 0, handle_plan_history),
	METHOD("Plan", "Diff", diff, 0, handle_plan_diff),
	METHOD("Plan", "Export", export, RPC_STREAM, handle_plan_export),
	{ "plumb.v1.Plan", "ApplyScenario", &plumb__v1__apply_scenario_request__descriptor,
	    &plumb__v1__apply_reply__descriptor, RPC_WRITE, handle_plan_apply_scenario },
	METHOD("Plan", "Conflicts", conflicts, 0, handle_plan_conflicts),

	METHOD("Insight", "Agenda", agenda, 0, handle_insight_agenda),
	METHOD("Insight", "Reviews", reviews, 0, handle_insight_reviews),
	METHOD("Insight", "BurnUp", burn_up, RPC_STREAM, handle_insight_burn_up),
	METHOD("Insight", "Check", check, RPC_STREAM, handle_insight_check),
	METHOD("Insight", "Drift", drift, RPC_STREAM, handle_insight_drift),
	METHOD("Insight", "Impact", impact, 0, handle_insight_impact),
	METHOD("Insight", "InFlight", in_flight, RPC_STREAM, handle_insight_in_flight),
	METHOD("Insight", "Explain", explain, 0, handle_insight_explain),
	METHOD("Insight", "Trace", trace, 0, handle_insight_trace),
	METHOD("Insight", "Ecosystem", ecosystem, RPC_STREAM, handle_insight_ecosystem),
	METHOD("Insight", "Journey", journey, RPC_STREAM, handle_insight_journey),
	METHOD("Insight", "Forecast", forecast, RPC_STREAM, handle_insight_forecast),
	METHOD("Insight", "Load", load, RPC_STREAM, handle_insight_load),
	METHOD("Insight", "Maturity", maturity, 0, handle_insight_maturity),
	METHOD("Insight", "Mine", mine, 0, handle_insight_mine),
	METHOD("Insight", "Mirror", mirror, 0, handle_insight_mirror),
	METHOD("Insight", "Moves", moves, RPC_STREAM, handle_insight_moves),
	METHOD("Insight", "Outside", outside, 0, handle_insight_outside),
	METHOD("Insight", "Progress", progress, 0, handle_insight_progress),
	METHOD("Insight", "Room", room, RPC_STREAM, handle_insight_room),
	METHOD("Insight", "SayDo", say_do, 0, handle_insight_say_do),
	METHOD("Insight", "Schedule", schedule, RPC_STREAM, handle_insight_schedule),
	METHOD("Insight", "Score", score, 0, handle_insight_score),
	METHOD("Insight", "Segments", segments, RPC_STREAM, handle_insight_segments),
	METHOD("Insight", "Trend", trend, RPC_STREAM, handle_insight_trend),
	METHOD("Insight", "WhatIf", what_if, RPC_STREAM, handle_insight_what_if),

	METHOD("Signal", "Pulse", pulse, RPC_WRITE | RPC_CONFIDENTIAL, handle_signal_pulse),
	METHOD("Signal", "Signals", signals, 0, handle_signal_signals),
	METHOD("Voice", "Ballot", ballot, RPC_WRITE | RPC_CONFIDENTIAL, handle_voice_ballot),
	METHOD("Voice", "Concord", concord, 0, handle_voice_concord),

	METHOD("Survey", "Questions", questions, RPC_CONFIDENTIAL, handle_survey_questions),
	METHOD("Survey", "Answer", answer, RPC_WRITE | RPC_CONFIDENTIAL, handle_survey_answer),
	METHOD("Survey", "Clarity", clarity, 0, handle_survey_clarity),
	METHOD("Survey", "Acceptances", acceptances, 0, handle_survey_acceptances),

	METHOD("Admin", "Info", info, 0, handle_admin_info),
	METHOD("Admin", "Ping", ping, 0, handle_admin_ping),
	METHOD("Admin", "ListWorkspaces", list_workspaces, 0, handle_admin_list_workspaces),
	METHOD("Admin", "CreateWorkspace", create_workspace, RPC_WRITE, handle_admin_create_workspace),
	METHOD("Admin", "Verify", verify, RPC_STREAM, handle_admin_verify),
	METHOD("Admin", "Backup", backup, RPC_STREAM, handle_admin_backup),
	METHOD("Admin", "Snapshot", snapshot, 0, handle_admin_snapshot),

	METHOD("Audit", "Verify", verify_audit, RPC_STREAM, handle_audit_verify),
	METHOD("Audit", "List", list_audit, 0, handle_audit_list),

	METHOD("Webhooks", "Create", create_webhook, RPC_WRITE, handle_webhooks_create),
	METHOD("Webhooks", "List", list_webhooks, 0, handle_webhooks_list),
	METHOD("Webhooks", "Update", update_webhook, RPC_WRITE, handle_webhooks_update),
	METHOD("Webhooks", "Remove", remove_webhook, RPC_WRITE, handle_webhooks_remove),
	METHOD("Webhooks", "RotateSecret", rotate_secret, RPC_WRITE, handle_webhooks_rotate_secret),
	METHOD("Webhooks", "Test", test_webhook, 0, handle_webhooks_test),
	METHOD("Webhooks", "ListDeadLetters", list_dead_letters, 0, handle_webhooks_list_dead_letters),
	METHOD("Webhooks", "RetryDeadLetters", retry_dead_letters, RPC_WRITE, handle_webhooks_retry_dead_letters),
	METHOD("Webhooks", "Watch", watch_webhooks, RPC_STREAM | RPC_ENDLESS, handle_webhooks_watch),
	METHOD("Webhooks", "Report", report_delivery, RPC_WRITE, handle_webhooks_report),

	METHOD("Access", "CreateToken", create_token, RPC_WRITE, handle_access_create_token),
	METHOD("Access", "ListTokens", list_tokens, 0, handle_access_list_tokens),
	METHOD("Access", "RevokeToken", revoke_token, RPC_WRITE, handle_access_revoke_token),
	METHOD("Access", "RotateToken", rotate_token, RPC_WRITE, handle_access_rotate_token),

	{ "grpc.health.v1.Health", "Check", &grpc__health__v1__health_check_request__descriptor,
	    &grpc__health__v1__health_check_response__descriptor, 0, handle_health_check },
	{ "grpc.health.v1.Health", "Watch", &grpc__health__v1__health_check_request__descriptor,
	    &grpc__health__v1__health_check_response__descriptor, RPC_STREAM | RPC_ENDLESS, handle_health_watch },
	REFLECTION("v1"),
	REFLECTION("v1alpha"),
};
/* clang-format on */

const struct rpc_method *
rpc_methods(size_t *count)
{
	*count = sizeof methods / sizeof methods[0];
	return methods;
}
