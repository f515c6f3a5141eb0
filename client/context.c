#include "client/context.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/findings.h"
#include "client/pager.h"
#include "client/token_file.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define CANDIDATES 10
#define WIDTH_FREE 100000
#define EDITS      2
#define TITLES_MAX 500

/* ---- calls */

/* Leaves in ctx->token what is to be shown. */
static bool
read_token(struct context *ctx)
{
	struct err err;

	if (ctx->token_file[0]) {
		ctx->token = token_file_read(ctx->token_file, ctx->arena, &err);
		if (!ctx->token) {
			ctx->token = "";
			return context_set_error(ctx, ERR_INVALID, "%s", err.msg);
		}
	} else if (ctx->token[0] && !token_is_one(ctx->token, "$PLUMB_TOKEN", &err)) {
		return context_set_error(ctx, ERR_INVALID, "%s", err.msg);
	}
	return true;
}

struct rpc_client *
context_client(struct context *ctx)
{
	const struct rpc_options options = {.timeout_ms = ctx->timeout_ms, .tls = ctx->tls};

	if (ctx->client)
		return ctx->client;
	if (!read_token(ctx))
		return NULL;
	ctx->client = rpc_client_open(ctx->server, &options, &ctx->status);
	if (ctx->client)
		rpc_client_set_as(ctx->client, ctx->as);
	if (ctx->client)
		rpc_client_set_token(ctx->client, ctx->token);
	return ctx->client;
}

/* A call takes longer than one likes to wait without a word; not where a pager has the terminal. */
static void
on_idle(void *user)
{
	struct context *ctx = user;

	if (pager_runs() || progress_is_shown())
		return;
	if (!ctx->waiting)
		ctx->waiting = progress_new("waiting for plumbd");
	progress_update(ctx->waiting, -1);
}

static void
stop_waiting(struct context *ctx)
{
	progress_free(ctx->waiting);
	ctx->waiting = NULL;
	if (ctx->client)
		rpc_client_set_idle(ctx->client, NULL, NULL);
}

void *
context_call(struct context *ctx, const ProtobufCServiceDescriptor *service, const char *method,
    const ProtobufCMessage *request)
{
	struct rpc_client *client = context_client(ctx);
	void *reply;

	if (!client)
		return NULL;
	rpc_client_set_idle(client, on_idle, ctx);
	reply = rpc_client_call(client, service, method, request, ctx->arena, &ctx->status);
	stop_waiting(ctx);
	return reply;
}

bool
context_start(struct context *ctx, const ProtobufCServiceDescriptor *service, const char *method,
    const ProtobufCMessage *request)
{
	struct rpc_client *client = context_client(ctx);

	return client &&
	       rpc_client_start(client, service, method, request, ctx->arena, &ctx->status);
}

void *
context_next(struct context *ctx)
{
	void *reply;

	rpc_client_set_idle(ctx->client, on_idle, ctx);
	reply = rpc_client_next(ctx->client, ctx->arena, &ctx->status);
	stop_waiting(ctx);
	return reply;
}

/* ---- which plan */

static bool
set_as_of(struct context *ctx, Plumb__V1__At *at)
{
	uint64_t revision;
	int64_t time;

	if (parse_u64(ctx->as_of, 0, UINT64_MAX, &revision)) {
		at->as_of_case = PLUMB__V1__AT__AS_OF_REVISION;
		at->revision = revision;
		return true;
	}
	if (time_or_date_parse(ctx->as_of, &time)) {
		at->as_of_case = PLUMB__V1__AT__AS_OF_TIME;
		at->time = pb_str(ctx->as_of);
		return true;
	}
	if (parse_is_id(ctx->as_of, strlen(ctx->as_of))) {
		at->as_of_case = PLUMB__V1__AT__AS_OF_BASELINE;
		at->baseline = pb_str(ctx->as_of);
		return true;
	}
	return context_set_error(ctx, ERR_INVALID,
	    "'%s' is no moment: give a revision (42), a baseline's name, a date (2026-03-31) or a "
	    "time "
	    "(2026-03-31T17:00:00Z)",
	    ctx->as_of);
}

bool
context_at(struct context *ctx, Plumb__V1__At *at)
{
	plumb__v1__at__init(at);
	at->workspace = pb_str(ctx->workspace);
	at->today = pb_str(ctx->today);
	at->scenario = pb_str(ctx->scenario);
	return !ctx->as_of[0] || set_as_of(ctx, at);
}

/* ---- errors */

bool
context_set_error(struct context *ctx, enum err_code code, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	memset(&ctx->status, 0, sizeof ctx->status);
	err_set(&ctx->status.err, code, "%s", text ? text : "out of memory");
	ctx->status.ours = code == ERR_INVALID;
	free(text);
	return false;
}

/* Standard output first, so that the two come in order on one terminal. */
static void
print_error(const char *lead, const char *text)
{
	struct output out;

	(void)pager_close();
	fflush(stdout);
	output_init(&out, stderr);
	if (!out.terminal)
		out.width = WIDTH_FREE; /* one line is easier to find in a log */
	output_wrap(&out, lead, text);
}

int
context_error(struct context *ctx, int code, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	(void)ctx;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	print_error("plumb: ", text ? text : "out of memory");
	free(text);
	return code;
}

/* A workspace that is not there: the nearest that is; "" none. */
static const char *
near_workspace(struct context *ctx)
{
	struct rpc_status status = ctx->status;
	Plumb__V1__ListWorkspacesRequest request;
	const Plumb__V1__ListWorkspacesReply *reply;
	const char *best = NULL;
	size_t best_distance = EDITS + 1;

	if (status.err.code != ERR_NOT_FOUND || !ctx->client || !ctx->workspace ||
	    !ctx->workspace[0] || strncmp(status.err.msg, "workspace ", 10) != 0)
		return "";
	plumb__v1__list_workspaces_request__init(&request);
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "ListWorkspaces", &request.base);
	ctx->status = status;
	for (size_t i = 0; reply && i < reply->n_workspaces; i++) {
		const char *id = reply->workspaces[i]->id;
		size_t distance = command_distance(ctx->workspace, id, EDITS);

		if (distance < best_distance) {
			best = id;
			best_distance = distance;
		}
	}
	best = best ? arena_printf(ctx->arena, "; did you mean %s?", best) : "";
	return best ? best : "";
}

/* The same of a scenario. */
static const char *
near_scenario(struct context *ctx)
{
	struct rpc_status status = ctx->status;
	Plumb__V1__ListRequest request;
	const Plumb__V1__ListReply *reply;
	const char *best = NULL, *wanted;
	size_t best_distance = EDITS + 1;
	Plumb__V1__At at;

	if (status.err.code != ERR_NOT_FOUND || !ctx->client ||
	    strncmp(status.err.msg, "scenario '", 10) != 0)
		return "";
	wanted = arena_printf(
	    ctx->arena, "%.*s", (int)strcspn(status.err.msg + 10, "'"), status.err.msg + 10);
	plumb__v1__list_request__init(&request);
	plumb__v1__at__init(&at);
	at.workspace = pb_str(ctx->workspace);
	request.at = &at;
	request.filter = pb_str("kind:scenario");
	request.page_size = 100;
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
	ctx->status = status;
	for (size_t i = 0; reply && wanted && i < reply->n_entries; i++) {
		const char *id = strchr(reply->entries[i]->ref, '/') + 1;
		size_t distance = command_distance(wanted, id, EDITS);

		if (distance == 0)
			return "; it is there now, and was not there yet then";
		if (distance < best_distance) {
			best = id;
			best_distance = distance;
		}
	}
	best = best ? arena_printf(ctx->arena, "; did you mean %s?", best) : "";
	return best ? best : "";
}

/* Where the value that did not work was stated; "" where it was the default or typed just now. */
static const char *
stated_where(const struct context *ctx)
{
	const struct err *err = &ctx->status.err;
	const char *what = NULL, *from = NULL;

	if (ctx->status.unreachable ||
	    (err->code == ERR_INVALID && strstr(err->msg, "is no address: write tcp:"))) {
		what = "server";
		from = ctx->server_from;
	} else if (ctx->workspace && ctx->workspace[0] && strstr(err->msg, "workspace") &&
		   strstr(err->msg, ctx->workspace)) {
		what = "workspace";
		from = ctx->workspace_from;
	} else if (ctx->scenario && ctx->scenario[0] && strncmp(err->msg, "scenario '", 10) == 0) {
		what = "scenario";
		from = ctx->scenario_from;
	} else if (ctx->as && ctx->as[0] && strstr(err->msg, "plumb-as")) {
		what = "person";
		from = ctx->as_from;
	}
	if (!from || !from[0] || from[0] == '-')
		return "";
	from = arena_printf(ctx->arena, " (the %s is from %s)", what, from);
	return from ? from : "";
}

/* Where to look at what somebody else owns; NULL: the refusal is about something else. */
static const char *
whose(const struct context *ctx)
{
	const struct rpc_status *status = &ctx->status;
	const char *text = status->violations_count > 0 ? status->violations[0].description : "";
	const char *end = strstr(text, " is not yours");

	if (!end)
		return NULL;
	return arena_printf(ctx->arena, "look at it with: plumb get %.*s", (int)(end - text), text);
}

static const char *
next_step(const struct context *ctx)
{
	if (ctx->status.insecure)
		return NULL;
	if (ctx->status.unreachable && !ctx->client)
		return "start it with: plumbd --data DIR, or name another with --server";
	switch (ctx->status.err.code) {
	case ERR_DENIED:
		return whose(ctx);
	case ERR_CONFLICT:
		return "look at what is there now with plumb history, then try again";
	case ERR_UNAVAILABLE:
		if (strstr(ctx->status.err.msg, "create '"))
			return "the path is on the daemon's machine: name one that it may write to";
		return "nothing was lost: try again in a moment";
	case ERR_DATA_LOSS:
		return "make no more changes; see plumb help admin, restore";
	default:
		return NULL;
	}
}

/*
 * A path in the request as whoever typed a command can read it: "change_set.changes[0].put.item.objective.team"
 * becomes "objective.team"; "" where only the change as a whole is meant.
 */
static const char *
short_field(const char *field)
{
	static const char *const parts[] = {
	    "put.item.", "add.record.", "remove.", "rename.", "place.", "retract.", "redact."};
	static const char *const whole[] = {"ref", "item", "put.item", "add.record", "place"};
	const char *p = field;

	if (strncmp(p, "change_set.changes[", 19) != 0)
		return field;
	p += strcspn(p, "]");
	p += *p == ']';
	p += *p == '.';
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strncmp(p, parts[i], strlen(parts[i])) == 0) {
			p += strlen(parts[i]);
			break;
		}
	}
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		if (strcmp(p, whole[i]) == 0)
			return "";
	}
	return p;
}

/* The message without its path where that says nothing to people. */
static void
add_message(struct str *out, const char *message)
{
	const char *colon = strstr(message, ": ");
	char field[200];

	if (!colon || (size_t)(colon - message) >= sizeof field ||
	    strncmp(message, "change_set.", 11) != 0) {
		str_add(out, message);
		return;
	}
	snprintf(field, sizeof field, "%.*s", (int)(colon - message), message);
	if (short_field(field)[0])
		str_addf(out, "%s: ", short_field(field));
	str_add(out, colon + 2);
}

static void
add_violation(struct str *out, const struct rpc_violation *violation)
{
	if (short_field(violation->field)[0])
		str_addf(out, "%s: ", short_field(violation->field));
	str_add(out, violation->description);
}

static void
print_violations(const struct rpc_status *status)
{
	for (size_t i = 0; i < status->violations_count; i++) {
		struct str text;

		str_init(&text, 1u << 20);
		add_violation(&text, &status->violations[i]);
		print_error("  ", text.data);
		str_fini(&text);
	}
}

static void
print_refusal(const Plumb__V1__Refusal *refusal)
{
	struct output out;

	output_init(&out, stderr);
	findings_show_refusal(&out, refusal);
}

int
context_fail(struct context *ctx)
{
	const struct rpc_status *status = &ctx->status;
	const char *next = next_step(ctx);
	struct str text;

	str_init(&text, 1u << 20);
	if (status->violations_count == 1)
		add_violation(&text, &status->violations[0]); /* whole; the message may be cut */
	else
		add_message(&text, status->err.msg[0] ? status->err.msg : "it did not work");
	if (status->conflict && !strstr(status->err.msg, status->conflict->ref))
		str_addf(&text, " (%s is at revision %" PRIu64 ", expected was %" PRIu64 ")",
		    status->conflict->ref[0] ? status->conflict->ref : "the workspace",
		    status->conflict->actual, status->conflict->expected);
	str_add(&text, stated_where(ctx));
	str_add(&text, near_workspace(ctx));
	str_add(&text, near_scenario(ctx));
	if (next)
		str_addf(&text, "; %s", next);
	print_error("plumb: ", text.data);
	str_fini(&text);
	if (status->violations_count > 1)
		print_violations(status);
	if (status->refusal)
		print_refusal(status->refusal);
	return status->ours ? EXIT_USAGE : EXIT_SERVER;
}

/* ---- kinds and references */

static const char *const kind_names[] = {
    [PLUMB__V1__KIND__VISION] = "vision",
    [PLUMB__V1__KIND__MISSION] = "mission",
    [PLUMB__V1__KIND__VALUE] = "value",
    [PLUMB__V1__KIND__GOAL] = "goal",
    [PLUMB__V1__KIND__OBJECTIVE] = "objective",
    [PLUMB__V1__KIND__MEASURE] = "measure",
    [PLUMB__V1__KIND__STRATEGY] = "strategy",
    [PLUMB__V1__KIND__INITIATIVE] = "initiative",
    [PLUMB__V1__KIND__WORKSTREAM] = "workstream",
    [PLUMB__V1__KIND__MILESTONE] = "milestone",
    [PLUMB__V1__KIND__TASK] = "task",
    [PLUMB__V1__KIND__PERSON] = "person",
    [PLUMB__V1__KIND__TEAM] = "team",
    [PLUMB__V1__KIND__PERIOD] = "period",
    [PLUMB__V1__KIND__CALENDAR] = "calendar",
    [PLUMB__V1__KIND__ALLOCATION] = "allocation",
    [PLUMB__V1__KIND__RANKING] = "ranking",
    [PLUMB__V1__KIND__ASK] = "ask",
    [PLUMB__V1__KIND__COMMITMENT] = "commitment",
    [PLUMB__V1__KIND__DECISION] = "decision",
    [PLUMB__V1__KIND__POLICY] = "policy",
    [PLUMB__V1__KIND__REVIEW] = "review",
    [PLUMB__V1__KIND__MATURITY] = "maturity",
    [PLUMB__V1__KIND__REQUEST] = "request",
    [PLUMB__V1__KIND__ROUND] = "round",
    [PLUMB__V1__KIND__MEASUREMENT] = "measurement",
    [PLUMB__V1__KIND__CHECK_IN] = "check-in",
    [PLUMB__V1__KIND__ACKNOWLEDGEMENT] = "acknowledgement",
    [PLUMB__V1__KIND__ACCEPTANCE] = "acceptance",
    [PLUMB__V1__KIND__VOTE] = "vote",
    [PLUMB__V1__KIND__EXPERIENCE] = "experience",
    [PLUMB__V1__KIND__MEETING] = "meeting",
    [PLUMB__V1__KIND__BASELINE] = "baseline",
    [PLUMB__V1__KIND__WAIVER] = "waiver",
    [PLUMB__V1__KIND__RULE_SETTING] = "rule-setting",
    [PLUMB__V1__KIND__WORKSPACE] = "workspace",
    [PLUMB__V1__KIND__SEGMENT] = "segment",
    [PLUMB__V1__KIND__JOURNEY] = "journey",
    [PLUMB__V1__KIND__STAGE] = "stage",
    [PLUMB__V1__KIND__STEP] = "step",
    [PLUMB__V1__KIND__EXPECTATION] = "expectation",
    [PLUMB__V1__KIND__DESIRED_OUTCOME] = "desired-outcome",
    [PLUMB__V1__KIND__FEELING] = "feeling",
    [PLUMB__V1__KIND__CUSTOMER] = "customer",
    [PLUMB__V1__KIND__SCENARIO] = "scenario",
    [PLUMB__V1__KIND__INFLUENCER] = "influencer",
    [PLUMB__V1__KIND__ASSESSMENT] = "assessment",
    [PLUMB__V1__KIND__COMPETITOR_MOVE] = "competitor-move",
    [PLUMB__V1__KIND__RISK] = "risk",
};
#define KINDS (sizeof kind_names / sizeof kind_names[0])

const char *
context_kind_name(Plumb__V1__Kind kind)
{
	return (size_t)kind < KINDS && kind_names[kind] ? kind_names[kind] : "entry";
}

/* Without "-" and "_", cut at size; answers the length. */
static size_t
strip_dashes(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; *text && n + 1 < size; text++) {
		if (*text != '-' && *text != '_')
			buf[n++] = *text;
	}
	buf[n] = '\0';
	return n;
}

/* "goals", "strategies", "people"; dashes and underscores are left out of both. */
static bool
is_name_of(const char *text, const char *name)
{
	char bare[40], plural[48];
	size_t len = strip_dashes(name, bare, sizeof bare);

	if (strcmp(text, bare) == 0)
		return true;
	if (strcmp(bare, "person") == 0)
		return strcmp(text, "people") == 0 || strcmp(text, "persons") == 0;
	if (bare[len - 1] == 'y')
		snprintf(plural, sizeof plural, "%.*sies", (int)len - 1, bare);
	else
		snprintf(plural, sizeof plural, "%ss", bare);
	return strcmp(text, plural) == 0;
}

bool
context_kind(const char *text, Plumb__V1__Kind *out)
{
	char bare[40];

	strip_dashes(text, bare, sizeof bare);
	for (size_t i = 0; i < KINDS; i++) {
		if (kind_names[i] && is_name_of(bare, kind_names[i])) {
			*out = (Plumb__V1__Kind)i;
			return true;
		}
	}
	return false;
}

const char *
context_suggest_kind(const char *text)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < KINDS; i++) {
		size_t d = kind_names[i] ? command_distance(text, kind_names[i], 2) : 3;

		if (d < best_distance) {
			best = kind_names[i];
			best_distance = d;
		}
	}
	return best;
}

static const Plumb__V1__ListReply *
list_ids(struct context *ctx, const char *kinds, const char *id)
{
	Plumb__V1__ListRequest request;
	Plumb__V1__At at;

	plumb__v1__list_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.page_size = CANDIDATES;
	request.filter = arena_printf(ctx->arena, "id:%s%s%s", id, kinds[0] ? " kind:" : "", kinds);
	if (!request.filter) {
		err_oom(&ctx->status.err);
		return NULL;
	}
	return context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
}

/* The nearest id, at most so many edits away, among those that begin alike; NULL. */
static const char *
suggest_id(struct context *ctx, const char *kinds, const char *id, size_t edits)
{
	const char *best = NULL;
	size_t best_distance = edits + 1;

	for (size_t len = strlen(id); len > 0 && !best; len = len > 3 ? 3 : len - 1) {
		char prefix[ID_MAX_LEN + 2];
		const Plumb__V1__ListReply *reply;

		if (len == strlen(id))
			snprintf(prefix, sizeof prefix, "%s*", id);
		else
			snprintf(prefix, sizeof prefix, "%.*s*", (int)len, id);
		reply = list_ids(ctx, kinds, prefix);
		for (size_t i = 0; reply && i < reply->n_entries; i++) {
			const char *ref = reply->entries[i]->ref;
			const char *slash = strchr(ref, '/');
			size_t d = slash ? command_distance(id, slash + 1, edits) : edits + 1;

			if (slash && strncmp(slash + 1, id, strlen(id)) == 0 && d > edits &&
			    edits > 0)
				d = edits;
			if (d < best_distance) {
				best = ref;
				best_distance = d;
			}
		}
		if (len <= 1)
			break;
	}
	return best;
}

static const char *
ambiguous(struct context *ctx, const char *text, const Plumb__V1__ListReply *reply)
{
	struct str names;

	str_init(&names, 200);
	for (size_t i = 0; i < reply->n_entries && names.len < 120; i++)
		str_addf(&names, "%s%s", i ? ", " : "", reply->entries[i]->ref);
	context_set_error(ctx, ERR_INVALID, "'%s' could be %s: write which one", text, names.data);
	str_fini(&names);
	return NULL;
}

/* "kind/id": the kind must be one; the id a slug. */
static const char *
check_ref(struct context *ctx, const char *text, const char *slash)
{
	char word[40];
	Plumb__V1__Kind kind;
	const char *near;

	if ((size_t)(slash - text) >= sizeof word) {
		context_set_error(ctx, ERR_INVALID,
		    "'%s' is no reference: write kind/id, as in goal/growth", text);
		return NULL;
	}
	snprintf(word, sizeof word, "%.*s", (int)(slash - text), text);
	if (!context_kind(word, &kind)) {
		near = context_suggest_kind(word);
		if (near)
			context_set_error(ctx, ERR_INVALID,
			    "there is no kind '%s'; did you mean %s/%s?", word, near, slash + 1);
		else
			context_set_error(ctx, ERR_INVALID,
			    "there is no kind '%s'; plumb help list names the kinds", word);
		return NULL;
	}
	if (!parse_is_id(slash + 1, strlen(slash + 1))) {
		context_set_error(ctx, ERR_INVALID,
		    "'%s' is no id: 1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter "
		    "or digit",
		    slash + 1);
		return NULL;
	}
	return arena_printf(ctx->arena, "%s/%s", context_kind_name(kind), slash + 1);
}

const char *
context_ref(struct context *ctx, const char *text, const char *kinds)
{
	const char *slash = strchr(text, '/');
	const Plumb__V1__ListReply *reply;
	const char *near;

	if (slash)
		return check_ref(ctx, text, slash);
	if (!parse_is_id(text, strlen(text))) {
		context_set_error(ctx, ERR_INVALID,
		    "'%s' is no id: write kind/id, as in goal/growth, or an id: 1 to 64 of a-z 0-9 "
		    ". _ -",
		    text);
		return NULL;
	}
	reply = list_ids(ctx, kinds, text);
	if (!reply)
		return NULL;
	if (reply->n_entries == 1)
		return reply->entries[0]->ref;
	if (reply->n_entries > 1)
		return ambiguous(ctx, text, reply);
	near = suggest_id(ctx, kinds, text, EDITS);
	if (near)
		context_set_error(
		    ctx, ERR_NOT_FOUND, "there is no '%s'; did you mean %s?", text, near);
	else
		context_set_error(ctx, ERR_NOT_FOUND,
		    "there is no '%s'; plumb list%s%s shows what there is", text,
		    kinds[0] ? " " : "", kinds);
	return NULL;
}

bool
context_refs(
    struct context *ctx, const struct args *args, const char *kinds, char ***refs, size_t *count)
{
	*count = 0;
	*refs = arena_array(ctx->arena, args->count, sizeof **refs);
	if (!*refs)
		return err_oom(&ctx->status.err);
	for (size_t i = 0; i < args->count; i++) {
		const char *ref = context_ref(ctx, args->values[i], kinds);

		if (!ref)
			return false;
		(*refs)[(*count)++] = pb_str(ref);
	}
	return true;
}

void
context_suggest(struct context *ctx, const char *ref)
{
	struct rpc_status status = ctx->status;
	const char *slash = strchr(ref, '/');
	const char *near;
	char kind[40];

	if (status.err.code != ERR_NOT_FOUND || !slash || (size_t)(slash - ref) >= sizeof kind)
		return;
	snprintf(kind, sizeof kind, "%.*s", (int)(slash - ref), ref);
	near = suggest_id(ctx, kind, slash + 1, EDITS);
	if (!near)
		near = suggest_id(ctx, "", slash + 1, 0); /* the same id, another kind */
	ctx->status = status;
	if (near && strcmp(near, ref) != 0)
		err_set(&ctx->status.err, status.err.code, "%.150s; did you mean %s?",
		    status.err.msg, near);
	else if (!near && !strstr(status.err.msg, "; plumb "))
		err_set(&ctx->status.err, status.err.code,
		    "%.150s; plumb list %s shows those that are there", status.err.msg, kind);
}

static bool
kind_among(const char *ref, const char *kinds)
{
	size_t len = strcspn(ref, "/");

	for (const char *p = kinds; *p; p += strspn(p, ",")) {
		size_t word = strcspn(p, ",");

		if (word == len && strncmp(p, ref, len) == 0)
			return true;
		p += word;
	}
	return kinds[0] == '\0';
}

const char *
context_ref_there(struct context *ctx, const char *text, const char *kinds)
{
	const char *ref = context_ref(ctx, text, kinds);
	Plumb__V1__GetRequest request;
	Plumb__V1__At at;

	if (!ref || !strchr(text, '/')) /* a bare id was looked up */
		return ref;
	if (!kind_among(ref, kinds)) {
		context_set_error(
		    ctx, ERR_INVALID, "%s is not of the kind that is meant here: %s", ref, kinds);
		return NULL;
	}
	plumb__v1__get_request__init(&request);
	request.ref = pb_str(ref);
	request.at = &at;
	if (context_at(ctx, &at) &&
	    context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base))
		return ref;
	context_suggest(ctx, ref);
	return NULL;
}

/* ---- titles and people */

const Plumb__V1__Item *
context_item(struct context *ctx, const char *ref)
{
	struct rpc_status status = ctx->status;
	Plumb__V1__GetRequest request;
	const Plumb__V1__GetReply *reply = NULL;
	Plumb__V1__At at;

	if (ctx->titles_asked >= TITLES_MAX)
		return NULL;
	ctx->titles_asked++;
	plumb__v1__get_request__init(&request);
	request.ref = pb_str(ref);
	request.at = &at;
	if (context_at(ctx, &at))
		reply = context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base);
	ctx->status = status; /* what an item says is a comfort: without it the reference stands */
	if (!reply || !reply->entry || reply->entry->entry_case != PLUMB__V1__ENVELOPE__ENTRY_ITEM)
		return NULL;
	names_put(&ctx->titles, ctx->arena, reply->entry->ref, reply->entry->item->title);
	return reply->entry->item;
}

const char *
context_title(struct context *ctx, const char *ref)
{
	const char *title = names_get(&ctx->titles, ref);
	const Plumb__V1__Item *item;

	if (title)
		return title;
	item = context_item(ctx, ref);
	if (!item)
		names_put(&ctx->titles, ctx->arena, ref, "");
	return item ? item->title : "";
}

void
context_load_titles(struct context *ctx)
{
	struct rpc_status status = ctx->status;
	Plumb__V1__ExportRequest request;
	const Plumb__V1__ExportReply *reply;
	Plumb__V1__At at;

	plumb__v1__export_request__init(&request);
	request.at = &at;
	if (context_at(ctx, &at) &&
	    context_start(ctx, &plumb__v1__plan__descriptor, "Export", &request.base)) {
		while ((reply = context_next(ctx))) {
			for (size_t i = 0; i < reply->n_entries; i++) {
				const Plumb__V1__Envelope *entry = reply->entries[i];

				if (entry->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM)
					names_put(&ctx->titles, ctx->arena, entry->ref,
					    entry->item->title);
			}
		}
	}
	ctx->titles_asked = TITLES_MAX;
	ctx->status = status;
}

/* Every entry that matches, page by page. */
static bool
each_entry(struct context *ctx, const char *filter,
    void (*fn)(struct context *, const Plumb__V1__Envelope *))
{
	const char *token = "";

	do {
		Plumb__V1__ListRequest request;
		Plumb__V1__At at;
		const Plumb__V1__ListReply *reply;

		plumb__v1__list_request__init(&request);
		if (!context_at(ctx, &at))
			return false;
		request.at = &at;
		request.filter = pb_str(filter);
		request.page_size = 1000;
		request.page_token = pb_str(token);
		reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
		if (!reply)
			return false;
		for (size_t i = 0; i < reply->n_entries; i++) {
			if (reply->entries[i]->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM)
				fn(ctx, reply->entries[i]);
		}
		token = reply->next_page_token;
	} while (token[0]);
	return true;
}

/* Loads once; names are a comfort: without them the references stand. */
static void
load_once(struct context *ctx, bool *loaded, const char *filter,
    void (*fn)(struct context *, const Plumb__V1__Envelope *))
{
	struct rpc_status status = ctx->status;

	if (*loaded)
		return;
	*loaded = true;
	(void)each_entry(ctx, filter, fn);
	ctx->status = status;
}

static void
keep_person(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	if (entry->item->title[0])
		names_put(&ctx->people, ctx->arena, entry->ref, entry->item->title);
}

const char *
context_person(struct context *ctx, const char *ref)
{
	const char *name;

	load_once(ctx, &ctx->people_loaded, "kind:person,team", keep_person);
	name = names_get(&ctx->people, ref);
	return name ? name : ref;
}

static void
keep_period(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	if (entry->item->body_case == PLUMB__V1__ITEM__BODY_PERIOD)
		names_put(&ctx->periods, ctx->arena, entry->ref, entry->item->period->last_day);
}

const char *
context_period_end(struct context *ctx, const char *period)
{
	const char *ref =
	    strchr(period, '/') ? period : arena_printf(ctx->arena, "period/%s", period);
	const char *end;

	load_once(ctx, &ctx->periods_loaded, "kind:period", keep_period);
	end = ref ? names_get(&ctx->periods, ref) : NULL;
	return end ? end : "";
}
