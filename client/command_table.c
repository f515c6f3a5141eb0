/* The table of commands, in the order in which help shows them within their groups. */
#include "client/command.h"

extern const struct command cmd_apply, cmd_diff, cmd_export, cmd_import, cmd_place, cmd_rename,
    cmd_remove, cmd_waive, cmd_rule, cmd_whatif;
extern const struct command cmd_load;
extern const struct command cmd_schedule;
extern const struct command cmd_moves;
extern const struct command cmd_forecast;
extern const struct command cmd_impact, cmd_inflight, cmd_burnup, cmd_drift;
extern const struct command cmd_outside;
extern const struct command cmd_score;
extern const struct command cmd_mirror, cmd_saydo, cmd_commitment, cmd_decision;
extern const struct command cmd_segments, cmd_maturity;
extern const struct command cmd_pulse, cmd_signals, cmd_ballot, cmd_concord;
extern const struct command cmd_survey, cmd_clarity, cmd_accept;
extern const struct command cmd_journey, cmd_ecosystem, cmd_room;
extern const struct command cmd_check, cmd_explain, cmd_trace, cmd_tree, cmd_list, cmd_get;
extern const struct command cmd_ask, cmd_handover, cmd_mine, cmd_progress;
extern const struct command cmd_checkin, cmd_measure, cmd_ack, cmd_retract, cmd_redact;
extern const struct command cmd_history, cmd_log, cmd_watch, cmd_baseline;
extern const struct command cmd_webhook;
extern const struct command cmd_agenda, cmd_request, cmd_review, cmd_vote;
extern const struct command cmd_workspace, cmd_context, cmd_admin, cmd_info, cmd_ping;
extern const struct command cmd_help, cmd_completion, cmd_version;

const struct command *const command_table[] = {
    /* shaping the plan */
    &cmd_apply,
    &cmd_import,
    &cmd_export,
    &cmd_place,
    &cmd_handover,
    &cmd_rename,
    &cmd_remove,
    &cmd_waive,
    &cmd_rule,
    &cmd_whatif,
    /* looking at it */
    &cmd_check,
    &cmd_mine,
    &cmd_agenda,
    &cmd_score,
    &cmd_segments,
    &cmd_maturity,
    &cmd_signals,
    &cmd_concord,
    &cmd_clarity,
    &cmd_mirror,
    &cmd_saydo,
    &cmd_explain,
    &cmd_progress,
    &cmd_trace,
    &cmd_journey,
    &cmd_ecosystem,
    &cmd_room,
    &cmd_load,
    &cmd_schedule,
    &cmd_moves,
    &cmd_forecast,
    &cmd_inflight,
    &cmd_impact,
    &cmd_outside,
    &cmd_tree,
    &cmd_list,
    &cmd_get,
    /* reporting */
    &cmd_ask,
    &cmd_request,
    &cmd_review,
    &cmd_vote,
    &cmd_commitment,
    &cmd_decision,
    &cmd_checkin,
    &cmd_pulse,
    &cmd_ballot,
    &cmd_survey,
    &cmd_accept,
    &cmd_measure,
    &cmd_ack,
    &cmd_retract,
    &cmd_redact,
    /* its past */
    &cmd_history,
    &cmd_log,
    &cmd_burnup,
    &cmd_drift,
    &cmd_diff,
    &cmd_watch,
    &cmd_baseline,
    /* running it */
    &cmd_workspace,
    &cmd_webhook,
    &cmd_context,
    &cmd_admin,
    &cmd_info,
    &cmd_ping,
    /* help */
    &cmd_help,
    &cmd_completion,
    &cmd_version,
    NULL,
};
