/* plumb retract and plumb redact: taking back what was reported. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"

#define RECORDS "measurement,check-in,acknowledgement"

static int
run_retract(struct context *ctx, const struct args *args)
{
	struct write write;
	Plumb__V1__Retract retract;
	Plumb__V1__Change *change;
	const char *reason = args_get(args, "reason");
	char done[300];

	plumb__v1__retract__init(&retract);
	retract.ref = pb_str(context_ref(ctx, args->values[0], RECORDS));
	if (!retract.ref)
		return context_fail(ctx);
	retract.reason = pb_str(reason ? reason : "");
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_RETRACT;
	change->retract = &retract;
	snprintf(done, sizeof done, "Withdrew %s; it stays in the history, marked", retract.ref);
	return write_finish(&write, ctx, args, done);
}

static const struct option retract_options[] = {
    WRITE_OPTIONS,
    {0},
};

static const struct example retract_examples[] = {
    {"plumb retract measurement/r12-1 --reason \"typed into the wrong field\"", NULL},
    {"plumb list measurements about:measure/churn", "finds its id"},
    {0},
};

const struct command cmd_retract = {
    .name = "retract",
    .group = GROUP_REPORT,
    .arguments = "RECORD",
    .summary = "withdraw a measurement, check-in or acknowledgement",
    .help = "It no longer counts, and stays in the history, marked as withdrawn.",
    .options = retract_options,
    .examples = retract_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_retract,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

/* ---- redact */

static bool
set_what(struct context *ctx, const struct args *args, Plumb__V1__Redact *redact)
{
	const char *person = args_get(args, "person");

	if (!person) {
		redact->what_case = PLUMB__V1__REDACT__WHAT_REF;
		redact->ref = pb_str(context_ref(ctx, args->values[0], RECORDS));
		return redact->ref != NULL;
	}
	if (strncmp(person, "person/", 7) == 0)
		person += 7;
	if (!parse_is_id(person, strlen(person)))
		return context_set_error(
		    ctx, ERR_INVALID, "--person takes a person such as anna; not '%s'", person);
	redact->what_case = PLUMB__V1__REDACT__WHAT_PERSON;
	redact->person = pb_str(person);
	return true;
}

static int
run_redact(struct context *ctx, const struct args *args)
{
	struct write write;
	Plumb__V1__Redact redact;
	Plumb__V1__Change *change;
	const char *reason = args_get(args, "reason");
	const char *person = args_get(args, "person");
	char done[300];

	if ((args->count == 1) == (person != NULL))
		return command_usage(args, "name one record, or all of a person's with --person");
	if (!reason || !reason[0])
		return command_usage(args, "say why: --reason TEXT");
	plumb__v1__redact__init(&redact);
	if (!set_what(ctx, args, &redact))
		return context_fail(ctx);
	redact.reason = pb_str(reason);
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_REDACT;
	change->redact = &redact;
	snprintf(done, sizeof done, "Texts and names are gone, from the past too, of %s%s",
	    person ? "all records by " : "", person ? person : redact.ref);
	return write_finish(&write, ctx, args, done);
}

static const struct option redact_options[] = {
    {0, "person", "PERSON", "all records by this person", NULL},
    {'m', "reason", "TEXT", "why; required", NULL},
    {'n', "dry-run", NULL, "show what would change, change nothing", NULL},
    WRITE_OVERRIDE,
    {0},
};

static const struct example redact_examples[] = {
    {"plumb redact check-in/r12-1 --reason \"named a customer\"", NULL},
    {"plumb redact --person anna --reason \"left, and asked for it\"", NULL},
    {0},
};

const struct command cmd_redact = {
    .name = "redact",
    .group = GROUP_REPORT,
    .arguments = "[RECORD]",
    .summary = "remove the texts and names of records for good, from the past too",
    .help = "What was said is gone from the log itself; that something was said stays. There is no "
	    "way back, except "
	    "from an older backup.",
    .options = redact_options,
    .examples = redact_examples,
    .max_args = 1,
    .run = run_redact,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};
