/* plumb watch: every change as it becomes durable. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define HEARTBEAT_MS   10000
#define SILENCE_MS     35000 /* three heartbeats missed: the connection is dead */
#define RETRY_FIRST_MS 500
#define RETRY_MAX_MS   15000
#define PAGE_ARENA     (64u << 20)

struct watch {
	struct context *ctx;
	const char *filter;
	uint64_t next;  /* the revision to go on with; 0: the next one */
	uint64_t until; /* stop after this one; 0 never */
	uint64_t left;  /* change sets still to be shown; UINT64_MAX all */
	bool connected; /* something has come since the last connect */
	struct arena *arena;
};

/* ---- one change set */

static void
add_change(struct str *out, const Plumb__V1__Change *change, const char *id)
{
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		str_addf(out, "  put %s%s%s\n", id, change->put->item->title[0] ? "  " : "",
		    change->put->item->title);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		str_addf(out, "  removed %s\n", change->remove->ref);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		str_addf(out, "  renamed %s to %s\n", change->rename->ref, change->rename->id);
		break;
	case PLUMB__V1__CHANGE__CHANGE_PLACE:
		str_addf(out, "  placed %s\n", change->place->item);
		break;
	case PLUMB__V1__CHANGE__CHANGE_ADD:
		str_addf(out, "  added %s about %s\n", id, change->add->record->about);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RETRACT:
		str_addf(out, "  withdrew %s\n", change->retract->ref);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REDACT:
		str_add(out, "  redacted records\n");
		break;
	default:
		str_add(out, "  a change of a kind that this plumb does not know\n");
		break;
	}
}

/* The kind of an item by its body's field: "check_in" is check-in. */
static const char *
body_kind(const ProtobufCMessage *message, const char *id, char *buf, size_t len)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

		if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
		    !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || pb_count(message, field) == 0)
			continue;
		snprintf(buf, len, "%s%s%s", field->name, id[0] ? "/" : "", id);
		for (char *p = buf; *p && *p != '/'; p++) {
			if (*p == '_')
				*p = '-';
		}
		return buf;
	}
	return id;
}

static const char *
change_id(const Plumb__V1__Change *change, char *buf, size_t len)
{
	if (change->change_case == PLUMB__V1__CHANGE__CHANGE_PUT && change->put->item)
		return body_kind(&change->put->item->base, change->put->item->id, buf, len);
	if (change->change_case == PLUMB__V1__CHANGE__CHANGE_ADD && change->add->record)
		return body_kind(&change->add->record->base, change->add->record->id, buf, len);
	return "";
}

/* A change set without its item or record would be the daemon's fault; it is said and not followed. */
static bool
is_whole(const Plumb__V1__Change *change)
{
	if (change->change_case == PLUMB__V1__CHANGE__CHANGE_PUT)
		return change->put->item != NULL;
	if (change->change_case == PLUMB__V1__CHANGE__CHANGE_ADD)
		return change->add->record != NULL;
	return true;
}

static void
show_logged(struct context *ctx, const Plumb__V1__LoggedChange *logged)
{
	const Plumb__V1__ChangeSet *set = logged->change_set;
	struct str text;
	char id[160], when[DESCRIBE_WHEN];

	str_init(&text, 16u << 20);
	str_addf(&text, "revision %" PRIu64 "  %s UTC  %s%s%s\n", logged->revision,
	    describe_when(logged->time, when), logged->author, set && set->reason[0] ? "  " : "",
	    set ? set->reason : "");
	if (set && set->scenario[0])
		str_addf(&text, "  in scenario %s only\n", set->scenario);
	if (set && set->applied_scenario[0])
		str_addf(&text, "  applied scenario %s\n", set->applied_scenario);
	if (set && set->override_reason[0])
		str_addf(&text, "  although refused: %s\n", set->override_reason);
	for (size_t i = 0; set && i < set->n_changes; i++) {
		if (is_whole(set->changes[i]))
			add_change(
			    &text, set->changes[i], change_id(set->changes[i], id, sizeof id));
	}
	output_text(&ctx->out, text.data);
	str_fini(&text);
}

/* A document each. */
static void
show_yaml(struct context *ctx, const Plumb__V1__LoggedChange *change)
{
	output_text(&ctx->out, "---\n");
	output_message(&ctx->out, &change->base);
}

static void
show(struct context *ctx, const Plumb__V1__WatchReply *reply)
{
	if (ctx->out.format == OUTPUT_JSON)
		output_json_line(&ctx->out, &reply->change->base);
	else if (ctx->out.format == OUTPUT_YAML)
		show_yaml(ctx, reply->change);
	else if (ctx->out.format == OUTPUT_NAME)
		output_printf(&ctx->out, "%" PRIu64 "\n", reply->change->revision);
	else
		show_logged(ctx, reply->change);
	fflush(ctx->out.file);
}

/* ---- the stream */

static bool
start(struct watch *watch)
{
	struct context *ctx = watch->ctx;
	Plumb__V1__WatchRequest request;
	struct rpc_client *client = context_client(ctx);

	if (!client)
		return false;
	rpc_client_set_timeout(client, SILENCE_MS);
	plumb__v1__watch_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.from_revision = watch->next;
	request.heartbeat_ms = HEARTBEAT_MS;
	request.filter = pb_str(watch->filter);
	return rpc_client_start(client, &plumb__v1__plan__descriptor, "Watch", &request.base,
	    watch->arena, &ctx->status);
}

/* Takes one message; true: go on. */
static bool
take(struct watch *watch, const Plumb__V1__WatchReply *reply)
{
	watch->connected = true;
	if (reply->change && !reply->heartbeat) {
		show(watch->ctx, reply);
		if (watch->left != UINT64_MAX)
			watch->left--;
	}
	if (reply->revision >= watch->next)
		watch->next = reply->revision + 1;
	return watch->left > 0 && !(watch->until && watch->next > watch->until) &&
	       !ferror(watch->ctx->out.file);
}

/* Until the stream ends; true: it ended because we have seen enough. */
static bool
follow(struct watch *watch)
{
	struct context *ctx = watch->ctx;
	const Plumb__V1__WatchReply *reply;

	if (!start(watch))
		return false;
	for (;;) {
		arena_reset(watch->arena);
		reply = rpc_client_next(ctx->client, watch->arena, &ctx->status);
		if (!reply)
			return false;
		if (!take(watch, reply)) {
			rpc_client_cancel(ctx->client);
			return true;
		}
	}
}

/* Is it worth coming back? The same request would be refused again otherwise. */
static bool
may_resume(const struct rpc_status *status)
{
	return status->unreachable || status->err.code == ERR_UNAVAILABLE ||
	       status->err.code == ERR_LIMIT || status->err.code == ERR_DEADLINE ||
	       status->err.code == ERR_OK;
}

static int
watch_on(struct watch *watch)
{
	struct context *ctx = watch->ctx;
	unsigned wait_ms = RETRY_FIRST_MS;
	bool ever = false;

	for (;;) {
		watch->connected = false;
		if (follow(watch))
			return EXIT_FINE;
		ever = ever || watch->connected;
		if (!ever || !may_resume(&ctx->status))
			return context_fail(ctx);
		if (watch->connected) {
			wait_ms = RETRY_FIRST_MS;
			context_error(ctx, 0,
			    "the connection was lost (%s); going on from revision %" PRIu64
			    " when plumbd is back",
			    ctx->status.err.msg, watch->next);
		}
		rpc_client_free(ctx->client);
		ctx->client = NULL;
		usleep(wait_ms * 1000);
		wait_ms = wait_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : wait_ms * 2;
	}
}

/*
 * "From the next one on" must be a number before the first message comes: if the connection were lost before, what
 * happens meanwhile would be missed.
 */
static bool
find_next(struct watch *watch)
{
	struct context *ctx = watch->ctx;
	Plumb__V1__InfoRequest request;
	const Plumb__V1__InfoReply *reply;

	plumb__v1__info_request__init(&request);
	request.workspace = pb_str(ctx->workspace[0] ? ctx->workspace : "main");
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "Info", &request.base);
	if (!reply)
		return false;
	watch->next = reply->revision + 1;
	return true;
}

static int
read_options(struct watch *watch, const struct args *args)
{
	const char *from = args_get(args, "from");
	const char *until = args_get(args, "until");
	const char *limit = args_get(args, "limit");

	if (from && !parse_u64(from, 1, UINT64_MAX, &watch->next))
		return command_usage(args, "--from takes a revision, 1 or more; not '%s'", from);
	if (until && !parse_u64(until, 1, UINT64_MAX, &watch->until))
		return command_usage(args, "--until takes a revision, 1 or more; not '%s'", until);
	if (limit && !parse_u64(limit, 1, UINT64_MAX, &watch->left))
		return command_usage(args, "--limit takes a number from 1 on; not '%s'", limit);
	if (from && watch->until && watch->until < watch->next)
		return command_usage(args, "--until is before --from");
	return EXIT_FINE;
}

static const char *
make_filter(struct context *ctx, const struct args *args)
{
	const char *filter = args->count ? "kind:" : "";

	for (size_t i = 0; i < args->count; i++) {
		Plumb__V1__Kind kind;

		if (!context_kind(args->values[i], &kind)) {
			const char *near = context_suggest_kind(args->values[i]);

			context_set_error(ctx, ERR_INVALID, "there is no kind '%s'; %s%s%s",
			    args->values[i],
			    near ? "did you mean " : "plumb help list names the kinds",
			    near ? near : "", near ? "?" : "");
			return NULL;
		}
		filter = arena_printf(
		    ctx->arena, "%s%s%s", filter, i ? "," : "", context_kind_name(kind));
		if (!filter) {
			context_set_error(ctx, ERR_LIMIT, "out of memory");
			return NULL;
		}
	}
	return filter;
}

static int
run(struct context *ctx, const struct args *args)
{
	struct watch watch = {.ctx = ctx, .left = UINT64_MAX};
	int code = read_options(&watch, args);

	if (code != EXIT_FINE)
		return code;
	watch.filter = make_filter(ctx, args);
	if (!watch.filter || (watch.next == 0 && !find_next(&watch)))
		return context_fail(ctx);
	if (watch.until && watch.next > watch.until)
		return EXIT_FINE;
	watch.arena = arena_new(PAGE_ARENA);
	if (!watch.arena)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	code = watch_on(&watch);
	arena_free(watch.arena);
	return code;
}

static const struct option options[] = {
    {0, "from", "REVISION", "begin with this one, the past included; else with the next", NULL},
    {0, "until", "REVISION", "stop after this one", NULL},
    {0, "limit", "N", "stop after N changes", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb watch", "what happens from now on"},
    {"plumb watch --from 1 -o json", "everything since the beginning, one JSON object a line"},
    {"plumb watch initiatives asks", "only changes that touch these kinds"},
    {0},
};

const struct command cmd_watch = {
    .name = "watch",
    .group = GROUP_PAST,
    .arguments = "[KIND\xe2\x80\xa6]",
    .summary = "show every change as it becomes durable",
    .help = "Changes come in order, each once, none left out; after a lost connection it goes on "
	    "where it stopped. It "
	    "ends when you stop it.",
    .options = options,
    .examples = examples,
    .max_args = 30,
    .run = run,
    .takes = TAKES_SERVER | TAKES_FOLLOW,
    .formats = "table json yaml name",
};
