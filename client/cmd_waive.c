/* plumb waive: "we know, and leave it so". */
#include <stdlib.h>
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
/* How far from what was typed a key may lie to be what was meant. */
#define NEAR 24

/* Everything that Check says, waived findings too; rule and about may be NULL. */
struct found {
	Plumb__V1__Finding **list;
	size_t count;
	size_t cap;
	const char *today;
};

static bool
take_findings(struct context *ctx, struct found *found, const Plumb__V1__CheckReply *reply)
{
	size_t need = found->count + reply->n_findings;

	if (need > found->cap) {
		size_t cap = need * 2;
		Plumb__V1__Finding **bigger = arena_array(ctx->arena, cap, sizeof *bigger);

		if (!bigger)
			return err_oom(&ctx->status.err);
		if (found->count)
			memcpy(bigger, found->list, found->count * sizeof *bigger);
		found->list = bigger;
		found->cap = cap;
	}
	for (size_t i = 0; i < reply->n_findings; i++)
		found->list[found->count++] = reply->findings[i];
	if (reply->summary)
		found->today = reply->summary->today;
	return true;
}

static bool
ask(struct context *ctx, const char *rule, const char *about, struct found *found)
{
	Plumb__V1__CheckRequest request;
	const Plumb__V1__CheckReply *reply;
	char *rules[1] = {pb_str(rule)}, *abouts[1] = {pb_str(about)};
	Plumb__V1__At at;
	bool ok = true;

	plumb__v1__check_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	request.at = &at;
	request.rules = rules;
	request.n_rules = rule != NULL;
	request.about = abouts;
	request.n_about = about != NULL;
	request.waived = true;
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Check", &request.base))
		return false;
	while (ok && (reply = context_next(ctx)))
		ok = take_findings(ctx, found, reply);
	return ok && ctx->status.err.code == ERR_OK;
}

/*
 * The one finding of the rule about that entry; NULL with ctx->status. What is waived already is found too: its
 * waiver is then replaced.
 */
static const char *
find_key(struct context *ctx, const char *rule, const char *about, bool force)
{
	const char *ref = context_ref(ctx, about, "");
	struct found found = {0};

	if (!ref || !ask(ctx, rule, ref, &found))
		return NULL;
	if (found.count == 1)
		return found.list[0]->key;
	if (found.count == 0 && force)
		return arena_printf(ctx->arena, "%s:%s", rule, ref);
	if (found.count == 0)
		context_set_error(ctx, ERR_NOT_FOUND,
		    "%s finds nothing about %s: there is nothing to waive; --force waives it ahead",
		    rule, ref);
	else
		context_set_error(ctx, ERR_INVALID,
		    "%s finds %zu things about %s: name one by its key (plumb check --rule %s -o "
		    "name)",
		    rule, found.count, ref, rule);
	return NULL;
}

/* The key that was probably meant; NULL. */
static const char *
nearest(const struct found *found, const char *key)
{
	const char *best = NULL;
	size_t best_distance = NEAR + 1;

	for (size_t i = 0; i < found->count; i++) {
		size_t distance = command_distance(found->list[i]->key, key, NEAR);

		if (distance < best_distance) {
			best = found->list[i]->key;
			best_distance = distance;
		}
	}
	return best;
}

/* Is there a finding of that key? A waiver of what is not there would lie in wait, and hide it when it comes. */
static bool
key_is_there(struct context *ctx, const char *key)
{
	const char *colon = strchr(key, ':');
	struct found found = {0};
	const char *near;
	const char *rule;

	if (!colon)
		return context_set_error(ctx, ERR_INVALID,
		    "'%s' is no key of a finding, such as owner/none:goal/grow; or name the rule "
		    "and "
		    "what it is about: plumb waive owner/none goal/grow",
		    key);
	rule = arena_strndup(ctx->arena, key, (size_t)(colon - key));
	if (!rule)
		return err_oom(&ctx->status.err);
	if (!ask(ctx, rule, NULL, &found))
		return false;
	for (size_t i = 0; i < found.count; i++) {
		if (strcmp(found.list[i]->key, key) == 0)
			return true;
	}
	near = nearest(&found, key);
	if (near)
		return context_set_error(
		    ctx, ERR_NOT_FOUND, "there is no finding '%s'; did you mean '%s'?", key, near);
	return context_set_error(ctx, ERR_NOT_FOUND,
	    "there is no finding '%s'; plumb check --rule %s -o name shows the %zu that there are; "
	    "--force waives it ahead",
	    key, rule, found.count);
}

/* ---- the list of waivers */

struct listed {
	const Plumb__V1__Waiver *waiver;
	const char *ref;
	Plumb__V1__Finding *finding; /* NULL: what it is for is not found */
	int32_t left; /* days after today on which it still counts; below 0 it is over */
};

static int
by_until(const void *pa, const void *pb)
{
	const struct listed *a = pa;
	const struct listed *b = pb;

	if (a->left != b->left)
		return a->left < b->left ? -1 : 1;
	return strcmp(a->ref, b->ref);
}

static int
by_key(const void *pa, const void *pb)
{
	const Plumb__V1__Finding *const *a = pa;
	const Plumb__V1__Finding *const *b = pb;

	return strcmp((*a)->key, (*b)->key);
}

static Plumb__V1__Finding *
finding_of(const struct found *found, const char *key)
{
	Plumb__V1__Finding wanted = {.key = pb_str(key)};
	Plumb__V1__Finding *p = &wanted;
	Plumb__V1__Finding **at =
	    found->count ? bsearch(&p, found->list, found->count, sizeof p, by_key) : NULL;

	return at ? *at : NULL;
}

static const char *
state_of(const struct listed *listed)
{
	if (!listed->finding)
		return "not found";
	return listed->left < 0 ? "found again" : "left so";
}

static void
add_row(struct context *ctx, struct table *table, const struct listed *listed)
{
	const char *who = listed->waiver->who;
	const char *ref =
	    !who[0] || strchr(who, '/') ? who : arena_printf(ctx->arena, "person/%s", who);

	table_cell(table, listed->waiver->finding);
	table_cell(table, state_of(listed));
	table_cell(table, listed->waiver->until);
	if (listed->left < 0)
		table_cellf(table, "over for %d", -listed->left);
	else
		table_cellf(table, "%d", listed->left + 1);
	table_cell(table, ref && ref[0] ? context_person(ctx, ref) : "");
	table_cell(table, listed->waiver->reason);
	table_cell(table, listed->ref);
}

static int
show_table(struct context *ctx, const struct listed *list, size_t count)
{
	struct table *table;

	if (count == 0 && ctx->out.format == OUTPUT_TABLE) {
		output_text(&ctx->out, "Nothing is left so.\n");
		return EXIT_FINE;
	}
	table = table_new();
	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "FINDING", TABLE_WRAP);
	table_column(table, "STATE", 0);
	table_column(table, "UNTIL", 0);
	table_column(table, "DAYS LEFT", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "WHO", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "REASON", TABLE_WRAP);
	table_column(table, "WAIVER", TABLE_DROP);
	for (size_t i = 0; i < count; i++)
		add_row(ctx, table, &list[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

/* As findings: whole where they are there, else with the key alone; each with its waiver. */
static int
show_messages(struct context *ctx, const struct listed *list, size_t count)
{
	output_list_begin(&ctx->out);
	for (size_t i = 0; i < count; i++) {
		Plumb__V1__Finding finding;
		Plumb__V1__Waiver waiver = *list[i].waiver;

		if (list[i].finding)
			finding = *list[i].finding;
		else
			plumb__v1__finding__init(&finding);
		finding.key = waiver.finding;
		finding.waiver = &waiver;
		output_list_add(&ctx->out, &finding.base);
	}
	output_list_end(&ctx->out);
	return EXIT_FINE;
}

static int
show_list(struct context *ctx, const struct listed *list, size_t count)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
	case OUTPUT_CSV:
		return show_table(ctx, list, count);
	case OUTPUT_NAME:
		for (size_t i = 0; i < count; i++)
			output_printf(&ctx->out, "%s\n", list[i].waiver->finding);
		return EXIT_FINE;
	default:
		return show_messages(ctx, list, count);
	}
}

static const Plumb__V1__ListReply *
list_waivers(struct context *ctx, const char *token)
{
	Plumb__V1__ListRequest request;
	Plumb__V1__At at;

	plumb__v1__list_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.filter = pb_str("kind:waiver");
	request.page_size = 1000;
	request.page_token = pb_str(token);
	return context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
}

static bool
take_waivers(struct context *ctx, const struct found *found, int32_t today, struct listed **list,
    size_t *count)
{
	const Plumb__V1__ListReply *reply;
	const char *token = "";

	do {
		reply = list_waivers(ctx, token);
		if (!reply)
			return false;
		if (!*list) {
			*list = arena_array(ctx->arena, reply->total + 1, sizeof **list);
			if (!*list)
				return err_oom(&ctx->status.err);
		}
		for (size_t i = 0; i < reply->n_entries && *count < reply->total; i++) {
			const Plumb__V1__Envelope *entry = reply->entries[i];
			const Plumb__V1__Waiver *waiver =
			    entry->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM
				? entry->item->waiver
				: NULL;
			int32_t until;

			if (!waiver || !date_parse(waiver->until, &until))
				continue;
			(*list)[(*count)++] = (struct listed){
			    waiver, entry->ref, finding_of(found, waiver->finding), until - today};
		}
		token = reply->next_page_token;
	} while (token[0]);
	return true;
}

static int
run_list(struct context *ctx)
{
	struct found found = {0};
	struct listed *list = NULL;
	size_t count = 0;
	int32_t today;

	if (!ask(ctx, NULL, NULL, &found))
		return context_fail(ctx);
	if (found.count)
		qsort(found.list, found.count, sizeof *found.list, by_key);
	if (!found.today || !date_parse(found.today, &today))
		return context_error(
		    ctx, EXIT_SERVER, "plumbd's answer has no day: it is not whole");
	if (!take_waivers(ctx, &found, today, &list, &count))
		return context_fail(ctx);
	if (count)
		qsort(list, count, sizeof *list, by_until);
	return show_list(ctx, list, count);
}

/* ---- waiving */

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
	const char *key;
	int code = EXIT_FINE;
	int32_t day;

	if (args_has(args, "list")) {
		if (args->count || reason || until || who || args_has(args, "force") ||
		    args_has(args, "dry-run"))
			return command_usage(
			    args, "--list shows what is left so, and takes nothing else");
		return run_list(ctx);
	}
	if (ctx->out.format == OUTPUT_CSV)
		return command_usage(args, "-o csv goes with --list only");
	if (args->count == 0)
		return command_usage(args, "say which finding: plumb waive RULE KIND/ID, or its "
					   "key (plumb check -o name)");
	key = args->values[0];
	if (!reason || !reason[0])
		return command_usage(args, "say why it is left so: --reason TEXT");
	if (!until || !date_parse(until, &day))
		return command_usage(args, "say until when it is left so: --until 2026-06-30");
	if (!who)
		who = ctx->as;
	if (!who[0])
		return command_usage(args, "say who decided it: --who PERSON, or --as PERSON");
	if (strncmp(who, "person/", 7) == 0)
		who += 7;
	if (!parse_is_id(who, strlen(who)))
		return command_usage(args, "--who takes a person such as anna; not '%s'", who);
	if (!is_ahead(ctx, day, &code))
		return code;
	if (args->count == 2) {
		key = find_key(ctx, args->values[0], args->values[1], args_has(args, "force"));
		if (!key)
			return context_fail(ctx);
	} else if (!args_has(args, "force") && !key_is_there(ctx, key)) {
		return context_fail(ctx);
	}
	return waive(ctx, args, key, who);
}

static const struct option options[] = {
    {'m', "reason", "TEXT", "why it is left so; required", NULL},
    {0, "until", "DATE", "the last day on which it is left so; required", NULL},
    {0, "who", "PERSON", "who decided it; you (--as) if not stated", NULL},
    {0, "force", NULL, "waive it although it is not found now", NULL},
    {0, "list", NULL, "show what is left so, for how long, and what has come back", NULL},
    {'n', "dry-run", NULL, "show what would change, change nothing", NULL},
    WRITE_OVERRIDE,
    {0},
};

static const struct example examples[] = {
    {"plumb waive owner/none initiative/portal --reason \"Bert starts in May\" --until 2026-05-04 "
     "--as anna",
	"the finding of this rule about this entry"},
    {"plumb check -o name", "the keys of all findings, which name one exactly"},
    {"plumb waive --list", "what is left so, by whom and why, and how many days are left"},
    {"plumb remove waiver/ID", "takes a waiver back"},
    {0},
};

const struct command cmd_waive = {
    .name = "waive",
    .group = GROUP_PLAN,
    .arguments = "RULE KIND/ID | KEY | --list",
    .summary = "leave a finding as it is until a day",
    .help = "The finding no longer counts until that day and then comes back by itself. plumb "
	    "check --waived shows it.",
    .options = options,
    .examples = examples,
    .max_args = 2,
    .run = run,
    .takes = TAKES_SERVER | TAKES_SCENARIO | TAKES_TODAY,
    .formats = "table json yaml csv name",
};
