/* plumb webhook: who is told of changes elsewhere, and how far that came. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/webhook.pb-c.h"

#define REVISIONS_MAX 1000

static void *
call(struct context *ctx, const char *method, const ProtobufCMessage *request)
{
	return context_call(ctx, &plumb__v1__webhooks__descriptor, method, request);
}

static bool
is_data(const struct context *ctx)
{
	return ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;
}

/* ---- list */

static const char *
state_of(const Plumb__V1__WebhookInfo *hook)
{
	if (hook->paused)
		return "paused";
	if (hook->last_error[0])
		return "failing";
	return "active";
}

static void
add_row(struct table *table, const Plumb__V1__WebhookInfo *hook)
{
	table_cell(table, hook->id);
	table_cell(table, state_of(hook));
	table_cellf(table, "%" PRIu64, hook->delivered);
	table_cellf(table, "%" PRIu64, hook->revision);
	table_cellf(table, "%" PRIu32, hook->dead_letters);
	table_cell(table, hook->url);
	table_cell(table, hook->filter);
	table_cell(table, hook->paused_reason[0] ? hook->paused_reason : hook->last_error);
}

static int
list_table(struct context *ctx, const Plumb__V1__ListWebhooksReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "ID", 0);
	table_column(table, "STATE", 0);
	table_column(table, "DELIVERED", TABLE_RIGHT);
	table_column(table, "REVISION", TABLE_RIGHT);
	table_column(table, "DEAD", TABLE_RIGHT);
	table_column(table, "URL", TABLE_SHRINK);
	table_column(table, "FILTER", TABLE_DROP);
	table_column(table, "WHY", TABLE_WRAP | TABLE_DROP);
	for (size_t i = 0; i < reply->n_webhooks; i++)
		add_row(table, reply->webhooks[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static int
run_list(struct context *ctx, const struct args *args)
{
	Plumb__V1__ListWebhooksRequest request;
	const Plumb__V1__ListWebhooksReply *reply;

	(void)args;
	plumb__v1__list_webhooks_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	reply = call(ctx, "List", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (is_data(ctx)) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	if (ctx->out.format != OUTPUT_NAME)
		return list_table(ctx, reply);
	for (size_t i = 0; i < reply->n_webhooks; i++)
		output_printf(&ctx->out, "%s\n", reply->webhooks[i]->id);
	return EXIT_FINE;
}

static const struct example list_examples[] = {
    {"plumb webhook list", "how far each came, and what keeps it"},
    {"plumb webhook list -o csv", NULL},
    {0},
};
static const struct command webhook_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the webhooks and how far each came",
    .help =
	"DELIVERED is the revision up to which everything was taken, passed over, or became a dead "
	"letter; REVISION is the workspace's newest. Secrets are never shown again.",
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv name",
};

/* ---- create and rotate */

static void
show_secret(struct context *ctx, const char *done, const char *id, const char *secret)
{
	output_printf(&ctx->out,
	    "%s %s. Its secret, which is shown this once:\n\n    %s\n\nThe receiver checks "
	    "signatures with it: docs/WEBHOOKS.md.\n",
	    done, id, secret);
}

static int
run_create(struct context *ctx, const struct args *args)
{
	Plumb__V1__CreateWebhookRequest request;
	const Plumb__V1__CreateWebhookReply *reply;
	const char *filter = args_get(args, "filter");
	const char *from = args_get(args, "from");

	plumb__v1__create_webhook_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.id = pb_str(args->values[0]);
	request.url = pb_str(args->values[1]);
	request.filter = pb_str(filter ? filter : "");
	if (from && !parse_u64(from, 1, UINT64_MAX, &request.from_revision))
		return command_usage(args, "--from takes a revision, from 1 on; not '%s'", from);
	reply = call(ctx, "Create", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (is_data(ctx))
		output_message(&ctx->out, &reply->base);
	else
		show_secret(ctx, "Created the webhook", args->values[0], reply->secret);
	return EXIT_FINE;
}

static const struct option create_options[] = {
    {0, "filter", "FILTER", "only changes that touch these, as kind:initiative,task", NULL},
    {0, "from", "REVISION", "the past too, from this revision on (only what changes from now on)",
	NULL},
    {0},
};
static const struct example create_examples[] = {
    {"plumb webhook create ci https://ci.example/hooks/plan", "prints the secret"},
    {"plumb webhook create board https://board.example/in --filter kind:milestone", NULL},
    {0},
};
static const struct command webhook_create = {
    .name = "create",
    .arguments = "ID URL",
    .summary = "tell a service of each change from now on",
    .help =
	"Each change is sent as one POST with a JSON body, signed as the Standard Webhooks "
	"specification says, in order and at least once, by plumb-webhooks(8), which must run. "
	"What "
	"is not taken is tried again, and in the end kept as a dead letter.\n\nWho receives them "
	"sees everything that changes in the workspace.",
    .options = create_options,
    .examples = create_examples,
    .min_args = 2,
    .max_args = 2,
    .run = run_create,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

static int
run_rotate(struct context *ctx, const struct args *args)
{
	Plumb__V1__RotateSecretRequest request;
	const Plumb__V1__RotateSecretReply *reply;

	plumb__v1__rotate_secret_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.id = pb_str(args->values[0]);
	request.keep_previous = args_has(args, "keep-previous");
	request.drop_previous = args_has(args, "drop-previous");
	if (request.keep_previous && request.drop_previous)
		return command_usage(
		    args, "--keep-previous and --drop-previous contradict each other");
	reply = call(ctx, "RotateSecret", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (is_data(ctx))
		output_message(&ctx->out, &reply->base);
	else if (request.drop_previous)
		output_printf(
		    &ctx->out, "%s signs with its newest secret only.\n", args->values[0]);
	else
		show_secret(ctx, "Rotated the secret of", args->values[0], reply->secret);
	return EXIT_FINE;
}

static const struct option rotate_options[] = {
    {0, "keep-previous", NULL, "sign with the old secret too, until --drop-previous", NULL},
    {0, "drop-previous", NULL, "no new secret; stop signing with the old one", NULL},
    {0},
};
static const struct example rotate_examples[] = {
    {"plumb webhook rotate ci", "the old secret was seen by others: it ends now"},
    {"plumb webhook rotate ci --keep-previous", "the receiver takes the new one when it can"},
    {"plumb webhook rotate ci --drop-previous", "and has it by now"},
    {0},
};
static const struct command webhook_rotate = {
    .name = "rotate",
    .arguments = "WEBHOOK",
    .summary = "make a new secret, which is shown once",
    .options = rotate_options,
    .examples = rotate_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_rotate,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

/* ---- pause, resume, update, remove */

static int
update(struct context *ctx, Plumb__V1__UpdateWebhookRequest *request, const char *done)
{
	const Plumb__V1__UpdateWebhookReply *reply;

	request->workspace = pb_str(ctx->workspace);
	reply = call(ctx, "Update", &request->base);
	if (!reply)
		return context_fail(ctx);
	if (is_data(ctx))
		output_message(&ctx->out, &reply->base);
	else
		output_printf(&ctx->out, "%s %s.\n", done, request->id);
	return EXIT_FINE;
}

static int
pause_one(struct context *ctx, const char *id, bool paused)
{
	Plumb__V1__UpdateWebhookRequest request;

	plumb__v1__update_webhook_request__init(&request);
	request.id = pb_str(id);
	request.paused__case = PLUMB__V1__UPDATE_WEBHOOK_REQUEST__PAUSED__PAUSED;
	request.paused = paused;
	return update(ctx, &request, paused ? "Paused" : "Resumed");
}

static int
run_pause(struct context *ctx, const struct args *args)
{
	return pause_one(ctx, args->values[0], true);
}

static int
run_resume(struct context *ctx, const struct args *args)
{
	return pause_one(ctx, args->values[0], false);
}

static int
run_update(struct context *ctx, const struct args *args)
{
	Plumb__V1__UpdateWebhookRequest request;

	plumb__v1__update_webhook_request__init(&request);
	request.id = pb_str(args->values[0]);
	if (args_has(args, "url")) {
		request.url__case = PLUMB__V1__UPDATE_WEBHOOK_REQUEST__URL__URL;
		request.url = pb_str(args_get(args, "url"));
	}
	if (args_has(args, "filter")) {
		request.filter__case = PLUMB__V1__UPDATE_WEBHOOK_REQUEST__FILTER__FILTER;
		request.filter = pb_str(args_get(args, "filter"));
	}
	if (!args_has(args, "url") && !args_has(args, "filter"))
		return command_usage(args, "say what shall change: --url, --filter");
	return update(ctx, &request, "Changed");
}

static const struct example pause_examples[] = {
    {"plumb webhook pause ci", "nothing is sent, and nothing is lost"},
    {0},
};
static const struct command webhook_pause = {
    .name = "pause",
    .arguments = "WEBHOOK",
    .summary = "send nothing for now",
    .examples = pause_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_pause,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};
static const struct example resume_examples[] = {
    {"plumb webhook resume ci", NULL},
    {0},
};
static const struct command webhook_resume = {
    .name = "resume",
    .arguments = "WEBHOOK",
    .summary = "go on where it was paused",
    .examples = resume_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_resume,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};
static const struct option update_options[] = {
    {0, "url", "URL", "send there from now on, what waits too", NULL},
    {0, "filter", "FILTER", "only changes that touch these, as kind:initiative,task; \"\" all",
	NULL},
    {0},
};
static const struct example update_examples[] = {
    {"plumb webhook update ci --url https://ci2.example/hooks/plan", NULL},
    {"plumb webhook update ci --filter \"\"", NULL},
    {0},
};
static const struct command webhook_update = {
    .name = "update",
    .arguments = "WEBHOOK",
    .summary = "change where it goes, or what is sent",
    .options = update_options,
    .examples = update_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_update,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

static int
run_remove(struct context *ctx, const struct args *args)
{
	Plumb__V1__RemoveWebhookRequest request;

	for (size_t i = 0; i < args->count; i++) {
		plumb__v1__remove_webhook_request__init(&request);
		request.workspace = pb_str(ctx->workspace);
		request.id = pb_str(args->values[i]);
		if (!call(ctx, "Remove", &request.base))
			return context_fail(ctx);
		output_printf(&ctx->out, "Removed the webhook %s.\n", args->values[i]);
	}
	return EXIT_FINE;
}

static const struct example remove_examples[] = {
    {"plumb webhook remove ci", "with its dead letters"},
    {0},
};
static const struct command webhook_remove = {
    .name = "remove",
    .arguments = "WEBHOOK…",
    .summary = "tell a service nothing more",
    .examples = remove_examples,
    .min_args = 1,
    .max_args = 50,
    .run = run_remove,
    .takes = TAKES_SERVER,
};

/* ---- dead, retry, test */

static int
dead_table(struct context *ctx, const Plumb__V1__ListDeadLettersReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "REVISION", TABLE_RIGHT);
	table_column(table, "SINCE", 0);
	table_column(table, "ATTEMPTS", TABLE_RIGHT);
	table_column(table, "WHY", TABLE_WRAP);
	table_column(table, "AGAIN", 0);
	for (size_t i = 0; i < reply->n_dead_letters; i++) {
		const Plumb__V1__DeadLetter *dead = reply->dead_letters[i];

		table_cellf(table, "%" PRIu64, dead->revision);
		table_cell(table, dead->since);
		table_cellf(table, "%" PRIu32, dead->attempts);
		table_cell(table, dead->last_error);
		table_cell(table, dead->retry ? "asked" : "");
	}
	table_print(table, &ctx->out);
	table_free(table);
	if (reply->dropped > 0 && ctx->out.format == OUTPUT_TABLE)
		output_printf(&ctx->out,
		    "%" PRIu64 " older ones were forgotten, since there were too many.\n",
		    reply->dropped);
	return EXIT_FINE;
}

static int
run_dead(struct context *ctx, const struct args *args)
{
	Plumb__V1__ListDeadLettersRequest request;
	const Plumb__V1__ListDeadLettersReply *reply;

	plumb__v1__list_dead_letters_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.id = pb_str(args->values[0]);
	reply = call(ctx, "ListDeadLetters", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (!is_data(ctx))
		return dead_table(ctx, reply);
	output_message(&ctx->out, &reply->base);
	return EXIT_FINE;
}

static const struct example dead_examples[] = {
    {"plumb webhook dead ci", NULL},
    {"plumb webhook dead ci -o csv", NULL},
    {0},
};
static const struct command webhook_dead = {
    .name = "dead",
    .arguments = "WEBHOOK",
    .summary = "list what was given up: its dead letters",
    .examples = dead_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_dead,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv",
};

static int
run_retry(struct context *ctx, const struct args *args)
{
	Plumb__V1__RetryDeadLettersRequest request;
	const Plumb__V1__RetryDeadLettersReply *reply;
	uint64_t revisions[REVISIONS_MAX];

	plumb__v1__retry_dead_letters_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.id = pb_str(args->values[0]);
	request.drop = args_has(args, "drop");
	request.revisions = revisions;
	for (size_t i = 1; i < args->count; i++) {
		if (!parse_u64(args->values[i], 1, UINT64_MAX, &revisions[i - 1]))
			return command_usage(args, "'%s' is no revision", args->values[i]);
		request.n_revisions++;
	}
	reply = call(ctx, "RetryDeadLetters", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (is_data(ctx))
		output_message(&ctx->out, &reply->base);
	else
		output_printf(&ctx->out, "%" PRIu32 " dead letter%s of %s %s.\n", reply->count,
		    reply->count == 1 ? "" : "s", args->values[0],
		    request.drop ? "forgotten" : "to be sent once more");
	return EXIT_FINE;
}

static const struct option retry_options[] = {
    {0, "drop", NULL, "forget them instead", NULL},
    {0},
};
static const struct example retry_examples[] = {
    {"plumb webhook retry ci", "all of them"},
    {"plumb webhook retry ci 1042 1043", NULL},
    {"plumb webhook retry ci --drop", "the receiver does not need them any more"},
    {0},
};
static const struct command webhook_retry = {
    .name = "retry",
    .arguments = "WEBHOOK [REVISION…]",
    .summary = "send dead letters once more, or forget them",
    .help = "Each is tried once, before what is new; what is not taken stays a dead letter.",
    .options = retry_options,
    .examples = retry_examples,
    .min_args = 1,
    .max_args = REVISIONS_MAX + 1,
    .run = run_retry,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

static int
run_test(struct context *ctx, const struct args *args)
{
	Plumb__V1__TestWebhookRequest request;
	const Plumb__V1__TestWebhookReply *reply;

	plumb__v1__test_webhook_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.id = pb_str(args->values[0]);
	reply = call(ctx, "Test", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (is_data(ctx))
		output_message(&ctx->out, &reply->base);
	else if (reply->delivered)
		output_printf(&ctx->out,
		    "%s took it in %" PRIu32 " ms (HTTP status %" PRIu32 ").\n", args->values[0],
		    reply->took_ms, reply->status);
	else
		output_printf(&ctx->out, "%s did not take it: %s\n", args->values[0], reply->error);
	return reply->delivered ? EXIT_FINE : EXIT_NO;
}

static const struct example test_examples[] = {
    {"plumb webhook test ci", "exits 1 where it is not taken"},
    {0},
};
static const struct command webhook_test = {
    .name = "test",
    .arguments = "WEBHOOK",
    .summary = "send a ping now, and say what became of it",
    .help = "The ping is signed as any delivery; its type is webhook.test. It goes past what "
	    "waits, and to "
	    "a webhook that is paused too.",
    .examples = test_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_test,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

static const struct command *const parts[] = {&webhook_create, &webhook_list, &webhook_update,
    &webhook_pause, &webhook_resume, &webhook_rotate, &webhook_test, &webhook_dead, &webhook_retry,
    &webhook_remove, NULL};

const struct command cmd_webhook = {
    .name = "webhook",
    .group = GROUP_DAEMON,
    .arguments = "",
    .summary = "tell other services of what changes in the plan",
    .examples = create_examples,
    .parts = parts,
};
