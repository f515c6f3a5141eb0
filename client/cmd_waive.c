/* plumb waive: "we know, and leave it so". */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/calendar.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define HASH_DIGITS 8

/*
 * The one finding of the rule about that entry; NULL with ctx->status. What is waived already is found too: its
 * waiver is then replaced.
 */
static const char *
find_key(struct context *ctx, const char *rule, const char *about)
{
	Plumb__V1__CheckRequest request;
	const Plumb__V1__CheckReply *reply;
	char *rules[1] = {pb_str(rule)}, *abouts[1];
	Plumb__V1__At at;
	const char *key = NULL;
	size_t found = 0;

	abouts[0] = pb_str(context_ref(ctx, about, ""));
	plumb__v1__check_request__init(&request);
	if (!abouts[0] || !context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.rules = rules;
	request.n_rules = 1;
	request.about = abouts;
	request.n_about = 1;
	request.waived = true;
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Check", &request.base))
		return NULL;
	while ((reply = context_next(ctx))) {
		for (size_t i = 0; i < reply->n_findings; i++) {
			key = reply->findings[i]->key;
			found++;
		}
	}
	if (ctx->status.err.code != ERR_OK)
		return NULL;
	if (found == 1)
		return key;
	if (found == 0)
		context_set_error(ctx, ERR_NOT_FOUND,
		    "%s finds nothing about %s: there is nothing to waive", rule, abouts[0]);
	else
		context_set_error(ctx, ERR_INVALID,
		    "%s finds %zu things about %s: name one by its key (plumb check --rule %s -o "
		    "name)",
		    rule, found, abouts[0], rule);
	return NULL;
}

/* The same finding always gets the same id; a long key is cut, so its hash keeps it apart. */
static const char *
waiver_id(struct context *ctx, const char *key)
{
	char slug[ID_MAX_LEN + 1], hex[2 * SHA256_LEN + 1];
	uint8_t hash[SHA256_LEN];
	size_t len;

	parse_slug(key, slug);
	sha256(key, strlen(key), hash);
	hex_encode(hash, sizeof hash, hex);
	slug[ID_MAX_LEN - HASH_DIGITS - 1] = '\0';
	len = strlen(slug);
	while (len > 0 && strchr("._-", slug[len - 1]))
		slug[--len] = '\0';
	return arena_printf(ctx->arena, "%s%s%.*s", slug, len ? "-" : "", HASH_DIGITS, hex);
}

static int
waive(struct context *ctx, const struct args *args, const char *key, const char *who)
{
	struct write write;
	Plumb__V1__Put put;
	Plumb__V1__Item item;
	Plumb__V1__Waiver waiver;
	Plumb__V1__Change *change;
	char done[600];

	plumb__v1__put__init(&put);
	plumb__v1__item__init(&item);
	plumb__v1__waiver__init(&waiver);
	waiver.finding = pb_str(key);
	waiver.reason = pb_str(args_get(args, "reason"));
	waiver.until = pb_str(args_get(args, "until"));
	waiver.who = pb_str(who);
	item.id = pb_str(waiver_id(ctx, key));
	if (!item.id)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	item.body_case = PLUMB__V1__ITEM__BODY_WAIVER;
	item.waiver = &waiver;
	put.item = &item;
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = &put;
	snprintf(
	    done, sizeof done, "Left so until %s: %s, as waiver/%s", waiver.until, key, item.id);
	return write_finish(&write, ctx, args, done);
}

/* A waiver that is over already would do nothing, silently. */
static bool
is_ahead(struct context *ctx, int32_t day, int *code)
{
	Plumb__V1__InfoRequest request;
	const Plumb__V1__InfoReply *reply;
	const char *text = ctx->today;
	int32_t today;

	if (!text[0]) {
		plumb__v1__info_request__init(&request);
		request.workspace = pb_str(ctx->workspace[0] ? ctx->workspace : "main");
		reply = context_call(ctx, &plumb__v1__admin__descriptor, "Info", &request.base);
		if (!reply) {
			*code = context_fail(ctx);
			return false;
		}
		text = reply->today;
	}
	if (!date_parse(text, &today) || today <= day)
		return true;
	*code = context_error(ctx, EXIT_USAGE, "that day is past: today is %s", text);
	return false;
}

static int
run(struct context *ctx, const struct args *args)
{
	const char *reason = args_get(args, "reason");
	const char *until = args_get(args, "until");
	const char *who = args_get(args, "who");
	const char *key = args->values[0];
	int code = EXIT_FINE;
	int32_t day;

	if (!reason || !reason[0])
		return command_usage(args, "say why it is left so: --reason TEXT");
	if (!until || !date_parse(until, &day))
		return command_usage(args, "say until when it is left so: --until 2026-06-30");
	if (!who)
		who = ctx->as;
	if (strncmp(who, "person/", 7) == 0)
		who += 7;
	if (who[0] && !parse_is_id(who, strlen(who)))
		return command_usage(args, "--who takes a person such as anna; not '%s'", who);
	if (!is_ahead(ctx, day, &code))
		return code;
	if (args->count == 2) {
		key = find_key(ctx, args->values[0], args->values[1]);
		if (!key)
			return context_fail(ctx);
	}
	return waive(ctx, args, key, who);
}

static const struct option options[] = {
    {'m', "reason", "TEXT", "why it is left so; required", NULL},
    {0, "until", "DATE", "the last day on which it is left so; required", NULL},
    {0, "who", "PERSON", "who decided it; you (--as) if not stated", NULL},
    {'n', "dry-run", NULL, "show what would change, change nothing", NULL},
    WRITE_OVERRIDE,
    {0},
};

static const struct example examples[] = {
    {"plumb waive owner/none initiative/portal --reason \"Bert starts in May\" --until 2026-05-04 "
     "--as anna",
	"the finding of this rule about this entry"},
    {"plumb check -o name", "the keys of all findings, which name one exactly"},
    {"plumb remove waiver/ID", "takes a waiver back; plumb list waivers shows them"},
    {0},
};

const struct command cmd_waive = {
    .name = "waive",
    .group = GROUP_PLAN,
    .arguments = "RULE KIND/ID | KEY",
    .summary = "leave a finding as it is until a day",
    .help = "The finding no longer counts until that day and then comes back by itself. plumb "
	    "check --waived shows it.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 2,
    .run = run,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};
