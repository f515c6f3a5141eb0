/* plumb checkin: how an item stands, in its owner's words. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"

#define REPORTED "goal,objective,initiative,workstream,milestone,task,strategy,ask"

static bool
parse_status(const char *text, Plumb__V1__CheckIn__Status *out)
{
	int value;

	if (strcmp(text, "unknown") == 0)
		value = PLUMB__V1__CHECK_IN__STATUS__STATUS_UNKNOWN;
	else if (!pb_enum_parse(&plumb__v1__check_in__status__descriptor, text, &value))
		return false;
	*out = (Plumb__V1__CheckIn__Status)value;
	return true;
}

/* The numbers that may be stated; EXIT_FINE or the code of a fault. */
static int
fill(const struct args *args, Plumb__V1__CheckIn *check_in)
{
	const char *progress = args_get(args, "progress");
	const char *confidence = args_get(args, "confidence");
	const char *remaining = args_get(args, "remaining");

	if (progress) {
		if (!write_parse_share(progress, &check_in->progress))
			return command_usage(
			    args, "--progress takes 0%% to 100%%; not '%s'", progress);
		check_in->progress__case = PLUMB__V1__CHECK_IN__PROGRESS__PROGRESS;
	}
	if (confidence) {
		if (!write_parse_share(confidence, &check_in->confidence))
			return command_usage(
			    args, "--confidence takes 0%% to 100%%; not '%s'", confidence);
		check_in->confidence__case = PLUMB__V1__CHECK_IN__CONFIDENCE__CONFIDENCE;
	}
	if (remaining) {
		if (!parse_effort(remaining, &check_in->remaining) || check_in->remaining < 0)
			return command_usage(args,
			    "--remaining takes person-days such as 2.5d; not '%s'", remaining);
		check_in->remaining__case = PLUMB__V1__CHECK_IN__REMAINING__REMAINING;
	}
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__Record record;
	Plumb__V1__CheckIn check_in;
	char done[512];
	int code;

	plumb__v1__check_in__init(&check_in);
	if (!parse_status(args->values[1], &check_in.status))
		return command_usage(args,
		    "a check-in says on-track, at-risk, off-track or unknown; not '%s'",
		    args->values[1]);
	code = fill(args, &check_in);
	if (code != EXIT_FINE)
		return code;
	if (!write_record(ctx, args, &record))
		return context_fail(ctx);
	record.about = pb_str(context_ref_there(
	    ctx, args->values[0], strchr(args->values[0], '/') ? REPORTED ",measure" : REPORTED));
	if (!record.about)
		return context_fail(ctx);
	record.body_case = PLUMB__V1__RECORD__BODY_CHECK_IN;
	record.check_in = &check_in;
	snprintf(done, sizeof done, "Checked in on %s: %s", record.about, args->values[1]);
	return write_finish_record(ctx, args, &record, done);
}

static const struct option options[] = {
    {0, "progress", "SHARE", "of the work, 0% to 100%", NULL},
    {0, "confidence", "SHARE", "that it will be there in time, 0% to 100%", NULL},
    {0, "remaining", "EFFORT", "what is left to do, in person-days: 2.5d", NULL},
    WRITE_RECORD_OPTIONS,
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb checkin onboarding-30 on-track --progress 40% --note \"first wave is live\"", NULL},
    {"plumb checkin initiative/onboarding-30 at-risk --confidence 60% --remaining 12d", NULL},
    {"plumb checkin task/welcome-mail off-track --at 2026-03-31 --by anna",
	"for somebody else, of that day"},
    {0},
};

const struct command cmd_checkin = {
    .name = "checkin",
    .group = GROUP_REPORT,
    .arguments = "KIND/ID on-track|at-risk|off-track|unknown",
    .summary = "report how a piece of work stands",
    .help = "A check-in is about the work; numbers about the outcome come from plumb measure. It "
	    "stays in the "
	    "history; the next one does not overwrite it.",
    .options = options,
    .examples = examples,
    .min_args = 2,
    .max_args = 2,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};
