/* plumb admin token: who is let in. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd_admin.h"
#include "client/command.h"
#include "client/context.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/access.pb-c.h"

#define DAY_S 86400u

static const char *const roles[] = {"unknown", "reader", "contributor", "planner", "admin"};
#define ROLES (sizeof roles / sizeof roles[0])

static const char *
role_name(Plumb__V1__Role role)
{
	return (size_t)role < ROLES ? roles[role] : roles[0];
}

/* ---- times */

/* "90d", "12h", "30m", "45s" or seconds. */
static bool
parse_duration(const char *text, uint64_t *seconds)
{
	static const struct {
		char letter;
		unsigned seconds;
	} units[] = {{'d', DAY_S}, {'h', 3600}, {'m', 60}, {'s', 1}};
	char number[24];
	size_t len = strlen(text);
	unsigned unit = 1;

	if (len == 0 || len >= sizeof number)
		return false;
	memcpy(number, text, len + 1);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (number[len - 1] == units[i].letter) {
			unit = units[i].seconds;
			number[len - 1] = '\0';
			break;
		}
	}
	if (!parse_u64(number, 0, UINT32_MAX, seconds))
		return false;
	*seconds *= unit;
	return true;
}

/* The daemon's clock counts, not ours. */
static bool
after_now(struct context *ctx, uint64_t seconds, int64_t *us)
{
	Plumb__V1__InfoRequest request;
	const Plumb__V1__InfoReply *reply;

	plumb__v1__info_request__init(&request);
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "Info", &request.base);
	if (!reply)
		return false;
	if (!time_parse(reply->now, us))
		return context_set_error(ctx, ERR_INTERNAL, "plumbd does not tell the time");
	*us += (int64_t)seconds * 1000000;
	return true;
}

/* "2027-01-31", a time, or "90d"; "" where it was not stated. NULL: context_fail(). */
static char *
expires_of(struct context *ctx, const char *text)
{
	char buf[TIME_TEXT_LEN];
	uint64_t seconds;
	int64_t us;
	char *copy;

	if (!text)
		return pb_str("");
	if (parse_duration(text, &seconds)) {
		if (!after_now(ctx, seconds, &us))
			return NULL;
	} else if (!time_or_date_parse(text, &us)) {
		context_set_error(ctx, ERR_INVALID,
		    "--expires takes a day (2027-01-31), a time (2027-01-31T17:00:00Z) or how long "
		    "(90d); not '%s'",
		    text);
		return NULL;
	}
	copy = arena_strdup(ctx->arena, time_format(us, buf));
	if (!copy)
		context_set_error(ctx, ERR_INTERNAL, "out of memory");
	return copy;
}

/* ---- what is printed */

static const char *
scope_of(const Plumb__V1__TokenInfo *token, struct str *out)
{
	str_init(out, 4096);
	for (size_t i = 0; i < token->n_workspaces; i++)
		str_addf(out, "%s%s", i ? ", " : "", token->workspaces[i]);
	if (token->n_workspaces == 0)
		str_add(out, "all");
	return out->data;
}

static const char *
state_of(const Plumb__V1__TokenInfo *token)
{
	if (token->revoked[0])
		return "revoked";
	return token->holds ? "holds" : "expired";
}

static void
show_secret(
    struct context *ctx, const char *did, const Plumb__V1__TokenInfo *token, const char *secret)
{
	struct str scope;

	output_printf(&ctx->out, "%s token %" PRIu32 ": %s has the role %s, in %s%s%s%s.\n\n", did,
	    token->id, token->subject, role_name(token->role),
	    token->n_workspaces ? "" : "all workspaces",
	    token->n_workspaces ? scope_of(token, &scope) : "", token->expires[0] ? ", until " : "",
	    token->expires);
	if (token->n_workspaces)
		str_fini(&scope);
	output_printf(&ctx->out, "%s\n\n", secret);
	output_wrap(&ctx->out, "",
	    "It is not shown again, and kept nowhere. Put it into a file that only its user can "
	    "read "
	    "(umask 077), and call with --token-file FILE.");
}

/* What create and rotate answer. */
static int
show_made(struct context *ctx, const struct args *args, const char *did,
    const ProtobufCMessage *reply, const Plumb__V1__TokenInfo *token, const char *secret)
{
	if (args_has(args, "quiet"))
		output_printf(&ctx->out, "%s\n", secret);
	else if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML)
		output_message(&ctx->out, reply);
	else
		show_secret(ctx, did, token, secret);
	return EXIT_FINE;
}

/* ---- create */

static bool
find_role(struct context *ctx, const char *text, Plumb__V1__Role *out)
{
	for (size_t i = 1; i < ROLES; i++) {
		if (strcmp(text, roles[i]) == 0) {
			*out = (Plumb__V1__Role)i;
			return true;
		}
	}
	return context_set_error(
	    ctx, ERR_INVALID, "'%s' is no role: reader, contributor, planner or admin", text);
}

static bool
fill_workspaces(
    struct context *ctx, const struct args *args, Plumb__V1__CreateTokenRequest *request)
{
	size_t count = args_count(args, "workspace");

	request->workspaces = arena_array(ctx->arena, count + 1, sizeof(char *));
	if (!request->workspaces)
		return context_set_error(ctx, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < count; i++)
		request->workspaces[i] = pb_str(args_at(args, "workspace", i));
	request->n_workspaces = count;
	return true;
}

static bool
fill_kinds(struct context *ctx, const struct args *args, Plumb__V1__CreateTokenRequest *request)
{
	size_t count = args_count(args, "read-only");

	request->read_only = arena_array(ctx->arena, count + 1, sizeof *request->read_only);
	if (!request->read_only)
		return context_set_error(ctx, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const char *text = args_at(args, "read-only", i);

		if (!context_kind(text, &request->read_only[i]))
			return context_set_error(ctx, ERR_INVALID,
			    "there is no kind '%s'; plumb list shows what a plan has", text);
	}
	request->n_read_only = count;
	return true;
}

static int
run_create(struct context *ctx, const struct args *args)
{
	Plumb__V1__CreateTokenRequest request;
	const Plumb__V1__CreateTokenReply *reply;
	const char *title = args_get(args, "title");
	const char *role = args_get(args, "role");

	plumb__v1__create_token_request__init(&request);
	request.subject = pb_str(args->values[0]);
	request.title = pb_str(title ? title : "");
	if (!find_role(ctx, role ? role : "reader", &request.role) ||
	    !fill_workspaces(ctx, args, &request) || !fill_kinds(ctx, args, &request))
		return context_fail(ctx);
	request.expires = expires_of(ctx, args_get(args, "expires"));
	if (!request.expires)
		return context_fail(ctx);
	reply = context_call(ctx, &plumb__v1__access__descriptor, "CreateToken", &request.base);
	if (!reply || !reply->token)
		return context_fail(ctx);
	return show_made(ctx, args, "Made", &reply->base, reply->token, reply->secret);
}

static const struct option create_options[] = {
    {0, "role", "ROLE", "what its bearer may do (reader)", "reader contributor planner admin"},
    {'w', "workspace", "ID", "only in this workspace; may be given several times (all)", NULL},
    {0, "read-only", "KIND", "must not change what is of this kind; may be given several times",
	NULL},
    {0, "expires", "WHEN", "2027-01-31, a time, or 90d from now (never)", NULL},
    {0, "title", "TEXT", "what it is for, for the list", NULL},
    {'q', "quiet", NULL, "print the token and nothing else", NULL},
    {0},
};
static const struct example create_examples[] = {
    {"plumb admin token create service/billing --role contributor --expires 90d",
	"for a program that adds measurements"},
    {"plumb admin token create person/anna --role planner -w main --title \"Anna's laptop\"", NULL},
    {"(umask 077; plumb admin token create service/wall -q >wall.token)",
	"then: plumb check --token-file wall.token"},
    {0},
};
static const struct command token_create = {
    .name = "create",
    .arguments = "SUBJECT",
    .summary = "make a token, which is shown once",
    .help =
	"SUBJECT is who its bearer is: person/anna, service/billing. What the bearer changes is "
	"told under that name.\n\nA reader reads the plan; a contributor also changes what they "
	"own and adds records as themselves; a planner changes the whole plan; an admin also "
	"makes tokens, webhooks, workspaces and backups.",
    .options = create_options,
    .examples = create_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_create,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

/* ---- list */

static void
add_row(struct table *table, const Plumb__V1__TokenInfo *token, bool all)
{
	struct str scope;

	table_cellf(table, "%" PRIu32, token->id);
	table_cell(table, token->subject);
	table_cell(table, role_name(token->role));
	table_cell(table, scope_of(token, &scope));
	str_fini(&scope);
	table_cellf(table, "%.10s", token->expires[0] ? token->expires : "never");
	table_cell(table, token->last_used);
	if (all)
		table_cell(table, state_of(token));
	table_cell(table, token->title);
}

static struct table *
new_table(bool all)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	table_column(table, "ID", TABLE_RIGHT);
	table_column(table, "BEARER", 0);
	table_column(table, "ROLE", 0);
	table_column(table, "WORKSPACES", TABLE_SHRINK);
	table_column(table, "EXPIRES", 0);
	table_column(table, "LAST USED", TABLE_DROP);
	if (all)
		table_column(table, "STATE", 0);
	table_column(table, "TITLE", TABLE_SHRINK | TABLE_DROP);
	return table;
}

static void
add_tokens(
    struct context *ctx, struct table *table, const Plumb__V1__ListTokensReply *reply, bool all)
{
	for (size_t i = 0; i < reply->n_tokens; i++) {
		const Plumb__V1__TokenInfo *token = reply->tokens[i];

		if (ctx->out.format == OUTPUT_NAME)
			output_printf(&ctx->out, "%" PRIu32 "\n", token->id);
		else if (table)
			add_row(table, token, all);
		else
			output_list_add(&ctx->out, &token->base);
	}
}

static int
run_list(struct context *ctx, const struct args *args)
{
	Plumb__V1__ListTokensRequest request;
	const Plumb__V1__ListTokensReply *reply;
	bool all = args_has(args, "all");
	bool is_table = ctx->out.format == OUTPUT_TABLE || ctx->out.format == OUTPUT_CSV;
	struct table *table = is_table ? new_table(all) : NULL;

	if (is_table && !table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (!is_table && ctx->out.format != OUTPUT_NAME)
		output_list_begin(&ctx->out);
	plumb__v1__list_tokens_request__init(&request);
	request.all = all;
	request.page_size = 1000;
	do {
		reply =
		    context_call(ctx, &plumb__v1__access__descriptor, "ListTokens", &request.base);
		if (!reply)
			break;
		add_tokens(ctx, table, reply, all);
		request.after = reply->next;
	} while (request.after != 0);
	if (!reply) {
		table_free(table);
		return context_fail(ctx);
	}
	if (table)
		table_print(table, &ctx->out);
	else if (ctx->out.format != OUTPUT_NAME)
		output_list_end(&ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static const struct option list_options[] = {
    {0, "all", NULL, "those too that have expired or were revoked", NULL},
    {0},
};
static const struct example list_examples[] = {
    {"plumb admin token list", "which hold, whose they are, and when each was last used"},
    {"plumb admin token list --all -o csv", NULL},
    {0},
};
static const struct command token_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the tokens; their secrets are kept nowhere",
    .help = "When a token was last used is known since the daemon was started.",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER | TAKES_PAGER,
    .formats = "table json yaml csv name",
};

/* ---- revoke and rotate */

static bool
find_id(struct context *ctx, const char *text, uint32_t *id)
{
	uint64_t number;

	if (!parse_u64(text, 1, UINT32_MAX, &number))
		return context_set_error(ctx, ERR_INVALID,
		    "'%s' is no token's number; plumb admin token list shows them", text);
	*id = (uint32_t)number;
	return true;
}

static int
run_revoke(struct context *ctx, const struct args *args)
{
	Plumb__V1__RevokeTokenRequest request;
	const Plumb__V1__RevokeTokenReply *reply;

	for (size_t i = 0; i < args->count; i++) {
		plumb__v1__revoke_token_request__init(&request);
		if (!find_id(ctx, args->values[i], &request.id))
			return context_fail(ctx);
		reply =
		    context_call(ctx, &plumb__v1__access__descriptor, "RevokeToken", &request.base);
		if (!reply || !reply->token)
			return context_fail(ctx);
		if (ctx->out.format != OUTPUT_TABLE)
			output_message(&ctx->out, &reply->base);
		else
			output_printf(&ctx->out, "Revoked token %" PRIu32 " of %s.\n",
			    reply->token->id, reply->token->subject);
	}
	return EXIT_FINE;
}

static const struct example revoke_examples[] = {
    {"plumb admin token revoke 7", "at once; what it watches ends too"},
    {0},
};
static const struct command token_revoke = {
    .name = "revoke",
    .arguments = "ID…",
    .summary = "let nobody in with these tokens any more",
    .examples = revoke_examples,
    .min_args = 1,
    .max_args = 1000,
    .run = run_revoke,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

static int
run_rotate(struct context *ctx, const struct args *args)
{
	Plumb__V1__RotateTokenRequest request;
	const Plumb__V1__RotateTokenReply *reply;
	const char *grace = args_get(args, "grace");
	uint64_t seconds = 0;

	plumb__v1__rotate_token_request__init(&request);
	if (!find_id(ctx, args->values[0], &request.id))
		return context_fail(ctx);
	if (grace && (!parse_duration(grace, &seconds) || seconds > UINT32_MAX))
		return command_usage(
		    args, "--grace takes how long, as 0, 30m, 1h or 2d; not '%s'", grace);
	if (grace) {
		request.grace__case = PLUMB__V1__ROTATE_TOKEN_REQUEST__GRACE__GRACE;
		request.grace = (uint32_t)seconds;
	}
	reply = context_call(ctx, &plumb__v1__access__descriptor, "RotateToken", &request.base);
	if (!reply || !reply->token)
		return context_fail(ctx);
	return show_made(ctx, args, "Rotated", &reply->base, reply->token, reply->secret);
}

static const struct option rotate_options[] = {
    {0, "grace", "TIME", "how long the secret before is still taken: 0, 30m, 2d (1h)", NULL},
    {'q', "quiet", NULL, "print the token and nothing else", NULL},
    {0},
};
static const struct example rotate_examples[] = {
    {"plumb admin token rotate 7", "its bearer has an hour to take the new one"},
    {"plumb admin token rotate 7 --grace 0", "it was seen by others: the old one ends now"},
    {0},
};
static const struct command token_rotate = {
    .name = "rotate",
    .arguments = "ID",
    .summary = "make a new secret for a token, which is shown once",
    .options = rotate_options,
    .examples = rotate_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_rotate,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

static const struct command *const parts[] = {
    &token_create, &token_list, &token_revoke, &token_rotate, NULL};

const struct command admin_token = {
    .name = "token",
    .arguments = "",
    .summary = "make, list, revoke and rotate the tokens that let callers in",
    .examples = create_examples,
    .parts = parts,
};
