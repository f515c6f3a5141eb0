/* plumb pulse: saying in confidence what is the matter. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/pb.h"
#include "plumb/v1/signal.pb-c.h"

/* As people say it. */
static const struct {
	const char *word;
	Plumb__V1__PulseKind kind;
} kinds[] = {
    {"priorities", PLUMB__V1__PULSE_KIND__PRIORITIES_UNKNOWN},
    {"no-help", PLUMB__V1__PULSE_KIND__NO_HELP},
    {"too-much", PLUMB__V1__PULSE_KIND__TOO_MUCH},
    {"dropped", PLUMB__V1__PULSE_KIND__DROPPED},
    {"other", PLUMB__V1__PULSE_KIND__OTHER_PULSE},
};

static bool
find_kind(const char *word, Plumb__V1__PulseKind *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].word, word) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static int
show(struct context *ctx, const Plumb__V1__PulseReply *reply)
{
	if (ctx->out.format != OUTPUT_TABLE) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	output_printf(&ctx->out,
	    "%s for week %s. Nobody can see that it was you; it is shown once four whole weeks are "
	    "over "
	    "and at least five people said the same.\n",
	    reply->replaced ? "You had said so already" : "Thank you: kept", reply->week);
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__PulseRequest request;
	const Plumb__V1__PulseReply *reply;

	plumb__v1__pulse_request__init(&request);
	if (!find_kind(args->values[0], &request.kind))
		return command_usage(args,
		    "say what is the matter: priorities, no-help, too-much, dropped or other");
	request.workspace = pb_str(ctx->workspace);
	if (args->count > 1) {
		request.about = pb_str(context_ref(ctx, args->values[1], ""));
		if (!request.about)
			return context_fail(ctx);
	}
	reply = context_call(ctx, &plumb__v1__signal__descriptor, "Pulse", &request.base);
	if (!reply && ctx->status.err.code == ERR_DENIED && !ctx->as[0])
		return command_usage(args, "say who you are (--as PERSON); it is not kept");
	return reply ? show(ctx, reply) : context_fail(ctx);
}

static const struct example examples[] = {
    {"plumb pulse priorities", "we don't know what comes first"},
    {"plumb pulse no-help initiative/onboarding-30", "another team could not help with it"},
    {"plumb pulse too-much team/support", "too much at once, in this team"},
    {0},
};

const struct command cmd_pulse = {
    .name = "pulse",
    .group = GROUP_REPORT,
    .arguments = "priorities|no-help|too-much|dropped|other [KIND/ID]",
    .summary = "say in confidence what is the matter",
    .help =
	"priorities: we don't know our priorities. no-help: could not get help from another team. "
	"too-much: too much at once. dropped: another team dropped it. other: something else. Name "
	"the work, aim or team that it is about, or nothing for the plan as a whole.\n\n"
	"What happens to it: the daemon looks that you are a person of the plan, so that everybody "
	"counts once, and keeps what you said without your name, with the week as its only time, "
	"apart from the plan: not in its history, exports or backups. It is published with plumb "
	"signals in groups of at least five people only, of four whole weeks that are over. "
	"Whoever "
	"runs the daemon and has its secret key could find out by trying names; docs/SECURITY.md "
	"says how, and what protects you.",
    .examples = examples,
    .min_args = 1,
    .max_args = 2,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};
