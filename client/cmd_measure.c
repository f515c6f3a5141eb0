/* plumb measure: a value of a measure at a time. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"

static bool
parse_role(const char *text, Plumb__V1__Measurement__Role *out)
{
	if (!text || strcmp(text, "actual") == 0)
		*out = PLUMB__V1__MEASUREMENT__ROLE__ACTUAL;
	else if (strcmp(text, "baseline") == 0)
		*out = PLUMB__V1__MEASUREMENT__ROLE__BASELINE_VALUE;
	else if (strcmp(text, "target") == 0)
		*out = PLUMB__V1__MEASUREMENT__ROLE__TARGET_VALUE;
	else
		return false;
	return true;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__Record record;
	Plumb__V1__Measurement measurement;
	char done[512];

	plumb__v1__measurement__init(&measurement);
	if (!parse_double(args->values[1], &measurement.value))
		return command_usage(args,
		    "'%s' is no number: write it as 41.5, in the measure's unit", args->values[1]);
	if (!parse_role(args_get(args, "role"), &measurement.role))
		return command_usage(args, "--role is actual, baseline or target");
	if (!write_record(ctx, args, &record))
		return context_fail(ctx);
	record.about = pb_str(context_ref_there(ctx, args->values[0], "measure"));
	if (!record.about)
		return context_fail(ctx);
	record.body_case = PLUMB__V1__RECORD__BODY_MEASUREMENT;
	record.measurement = &measurement;
	snprintf(done, sizeof done, "Measured %s: %s%s%s", record.about, args->values[1],
	    record.at[0] ? " at " : "", record.at);
	return write_finish_record(ctx, args, &record, done);
}

static const struct option options[] = {
    {0, "role", "ROLE", "what the value is (actual)", "actual baseline target"},
    WRITE_RECORD_OPTIONS,
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb measure activation-rate 41.5 --at 2026-03-31", "the rate stood at 41.5 on that day"},
    {"plumb measure churn 2.1 --note \"without the pilot customers\"", NULL},
    {"plumb measure nps -4", "negative numbers need no quoting"},
    {0},
};

const struct command cmd_measure = {
    .name = "measure",
    .group = GROUP_REPORT,
    .arguments = "MEASURE VALUE",
    .summary = "add a value that was measured",
    .help = "The value is in the measure's own unit.",
    .options = options,
    .examples = examples,
    .min_args = 2,
    .max_args = 2,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};
