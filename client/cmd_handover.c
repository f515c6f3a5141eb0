/* plumb handover: what one person answers for goes to another one, with its history. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/said.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define PAIRS_MAX   50
#define CHANGES_MAX 10000
#define BYTES_MAX   ((size_t)3 << 20)

struct pair {
	const char *from; /* bare ids */
	const char *to;
	size_t items; /* that changed hands */
};

struct handover {
	struct pair pairs[PAIRS_MAX];
	size_t pairs_count;
	bool reviewers;
	Plumb__V1__Change **changes; /* CHANGES_MAX */
	const char **refs;           /* of the changes */
	size_t count;
	size_t bytes;
};

static const struct pair *
pair_of(const struct handover *h, const char *from)
{
	for (size_t i = 0; i < h->pairs_count; i++) {
		if (strcmp(h->pairs[i].from, from) == 0)
			return &h->pairs[i];
	}
	return NULL;
}

/* ---- the pairs */

/* "anna -> bert -> anna": whoever hands over would get it back. */
static int
refuse_circle(struct context *ctx, const struct handover *h, const struct pair *start)
{
	struct str text;
	int code;

	str_init(&text, 4096);
	str_add(&text, start->from);
	for (const struct pair *p = start; p; p = pair_of(h, p->to)) {
		str_addf(&text, " -> %s", p->to);
		if (strcmp(p->to, start->from) == 0)
			break;
	}
	code = context_error(ctx, EXIT_USAGE,
	    "this hand-over is circular (%s): nobody would know who has what. Leave one of the "
	    "pairs "
	    "out, or name the items and hand over one direction after the other",
	    text.data);
	str_fini(&text);
	return code;
}

static bool
is_circular(const struct handover *h, const struct pair *start)
{
	const struct pair *p = start;

	for (size_t i = 0; p && i <= h->pairs_count; i++) {
		if (strcmp(p->to, start->from) == 0)
			return true;
		p = pair_of(h, p->to);
	}
	return false;
}

static int
take_pair(struct context *ctx, const struct args *args, struct handover *h, size_t i)
{
	const char *from = said_who(args_at(args, "from", i));
	const char *to = said_who(args_at(args, "to", i));
	struct pair *pair = &h->pairs[h->pairs_count];

	if (!parse_is_id(from, strlen(from)) || !parse_is_id(to, strlen(to)))
		return command_usage(args, "--from and --to take persons such as anna; not '%s'",
		    parse_is_id(from, strlen(from)) ? to : from);
	if (strcmp(from, to) == 0)
		return context_error(
		    ctx, EXIT_USAGE, "%s has it already: name somebody else with --to", from);
	if (pair_of(h, from))
		return context_error(ctx, EXIT_USAGE,
		    "%s hands over to two people: do it in two steps, naming the items of each",
		    from);
	/* Who receives must be there; who hands over may have left the plan. */
	if (!context_ref(ctx, to, "person"))
		return context_fail(ctx);
	pair->from = from;
	pair->to = to;
	h->pairs_count++;
	return EXIT_FINE;
}

static int
take_pairs(struct context *ctx, const struct args *args, struct handover *h)
{
	size_t count = args_count(args, "from");

	if (count == 0 || args_count(args, "to") != count)
		return command_usage(
		    args, "say who hands over to whom: --from PERSON --to PERSON, in pairs");
	if (count > PAIRS_MAX)
		return command_usage(args, "at most %d pairs at once", PAIRS_MAX);
	for (size_t i = 0; i < count; i++) {
		int code = take_pair(ctx, args, h, i);

		if (code != EXIT_FINE)
			return code;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_circular(h, &h->pairs[i]))
			return refuse_circle(ctx, h, &h->pairs[i]);
	}
	return EXIT_FINE;
}

/* ---- the items */

static bool
is_among(char *const *list, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(said_who(list[i]), id) == 0)
			return true;
	}
	return false;
}

/* Each owner once changes hands; whoever owns it already stays in once. */
static bool
change_owners(struct handover *h, Plumb__V1__Item *item, bool *handed)
{
	size_t kept = 0;
	bool any = false;

	for (size_t i = 0; i < item->n_owners; i++) {
		const struct pair *pair = pair_of(h, said_who(item->owners[i]));
		char *owner = pair ? pb_str(pair->to) : item->owners[i];

		if (pair) {
			any = true;
			handed[pair - h->pairs] = true;
		}
		if (!is_among(item->owners, kept, said_who(owner)))
			item->owners[kept++] = owner;
	}
	if (any)
		item->n_owners = kept;
	return any;
}

static bool
change_reviewer(struct handover *h, Plumb__V1__Item *item, bool *handed)
{
	const struct pair *pair = h->reviewers ? pair_of(h, said_who(item->reviewer)) : NULL;

	if (!pair)
		return false;
	item->reviewer = pb_str(pair->to);
	handed[pair - h->pairs] = true;
	return true;
}

static bool
take_entry(struct context *ctx, struct handover *h, const Plumb__V1__Envelope *entry, bool *changed)
{
	Plumb__V1__Change *change;
	Plumb__V1__Put *put;
	bool handed[PAIRS_MAX] = {false};

	*changed = false;
	if (!describe_item(entry) || entry->removed)
		return true;
	*changed = change_owners(h, entry->item, handed);
	*changed |= change_reviewer(h, entry->item, handed);
	if (!*changed)
		return true;
	h->bytes += protobuf_c_message_get_packed_size(&entry->item->base) + 64;
	if (h->count == CHANGES_MAX || h->bytes > BYTES_MAX)
		return context_set_error(ctx, ERR_LIMIT,
		    "that is more than fits into one change; hand over in parts by naming the "
		    "items");
	change = arena_alloc(ctx->arena, sizeof *change);
	put = arena_alloc(ctx->arena, sizeof *put);
	if (!change || !put)
		return context_set_error(ctx, ERR_LIMIT, "out of memory");
	plumb__v1__change__init(change);
	plumb__v1__put__init(put);
	put->item = entry->item;
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = put;
	change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION;
	change->expected_revision = entry->revision;
	h->refs[h->count] = entry->ref;
	h->changes[h->count++] = change;
	for (size_t i = 0; i < h->pairs_count; i++)
		h->pairs[i].items += handed[i];
	return true;
}

static bool
take_named(struct context *ctx, struct handover *h, const char *text)
{
	Plumb__V1__GetRequest request;
	const Plumb__V1__GetReply *reply;
	Plumb__V1__At at;
	bool changed;
	const char *ref = context_ref(ctx, text, "");

	plumb__v1__get_request__init(&request);
	if (!ref || !context_at(ctx, &at))
		return false;
	request.at = &at;
	request.ref = pb_str(ref);
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base);
	if (!reply) {
		context_suggest(ctx, ref);
		return false;
	}
	if (!take_entry(ctx, h, reply->entry, &changed))
		return false;
	return changed ||
	       context_set_error(ctx, ERR_INVALID,
		   "%s is not with any of those who hand over: plumb get %s says with whom it is",
		   ref, ref);
}

/* Everything: reviewers cannot be searched for by name. */
static bool
take_all(struct context *ctx, struct handover *h)
{
	Plumb__V1__ExportRequest request;
	const Plumb__V1__ExportReply *reply;
	Plumb__V1__At at;
	bool changed, ok = true;

	plumb__v1__export_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	request.at = &at;
	if (!context_start(ctx, &plumb__v1__plan__descriptor, "Export", &request.base))
		return false;
	while ((reply = context_next(ctx))) {
		for (size_t i = 0; i < reply->n_entries && ok; i++)
			ok = take_entry(ctx, h, reply->entries[i], &changed);
	}
	return ok && ctx->status.err.code == ERR_OK;
}

/* ---- doing it */

/* "hand-over: person/anna -> person/bert; REASON": what history shows. */
static char *
full_reason(struct context *ctx, const struct handover *h, const char *reason)
{
	struct str text;
	char *copy;

	str_init(&text, 1u << 16);
	str_add(&text, "hand-over: ");
	for (size_t i = 0; i < h->pairs_count; i++)
		str_addf(&text, "%sperson/%s -> person/%s", i ? ", " : "", h->pairs[i].from,
		    h->pairs[i].to);
	if (reason && reason[0])
		str_addf(&text, "; %s", reason);
	copy = arena_strdup(ctx->arena, text.data);
	str_fini(&text);
	return copy;
}

static int
lost_race(struct context *ctx)
{
	const Plumb__V1__Conflict *conflict = ctx->status.conflict;

	if (!conflict || !conflict->ref[0])
		return context_fail(ctx);
	return context_error(ctx, EXIT_NO,
	    "%s was changed by somebody else a moment ago; nothing was handed over. Look at it "
	    "with "
	    "plumb get %s, then say it again",
	    conflict->ref, conflict->ref);
}

static int
hand_over(struct context *ctx, const struct args *args, struct handover *h)
{
	struct write write;
	struct str done;
	int code;

	write_begin(&write, ctx, args);
	write.set.changes = h->changes;
	write.set.n_changes = h->count;
	write.set.reason = full_reason(ctx, h, args_get(args, "reason"));
	if (!write.set.reason)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	str_init(&done, 4096);
	str_add(&done, "Handed over");
	for (size_t i = 0; i < h->pairs_count; i++)
		str_addf(&done, "%s %zu item%s from person/%s to person/%s", i ? "," : "",
		    h->pairs[i].items, h->pairs[i].items == 1 ? "" : "s", h->pairs[i].from,
		    h->pairs[i].to);
	code = write_finish_expected(&write, ctx, args, done.data);
	str_fini(&done);
	if (code == EXIT_NO)
		return lost_race(ctx);
	if (code != EXIT_FINE || ctx->out.format != OUTPUT_TABLE || args_has(args, "dry-run"))
		return code;
	for (size_t i = 0; i < h->count; i++)
		output_printf(&ctx->out, "  %s  %s\n", h->refs[i], h->changes[i]->put->item->title);
	return code;
}

static int
run(struct context *ctx, const struct args *args)
{
	struct handover h = {.reviewers = args_has(args, "reviewer")};
	int code = take_pairs(ctx, args, &h);
	bool ok = true;

	if (code != EXIT_FINE)
		return code;
	h.changes = arena_array(ctx->arena, CHANGES_MAX, sizeof h.changes[0]);
	h.refs = arena_array(ctx->arena, CHANGES_MAX, sizeof h.refs[0]);
	if (!h.changes || !h.refs)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < args->count && ok; i++)
		ok = take_named(ctx, &h, args->values[i]);
	if (args->count == 0)
		ok = take_all(ctx, &h);
	if (!ok)
		return context_fail(ctx);
	if (h.count == 0)
		return context_error(ctx, EXIT_NO, "%s %s nothing%s: there is nothing to hand over",
		    h.pairs[0].from, h.pairs_count > 1 ? "and the others own" : "owns",
		    h.reviewers ? " and reviews nothing" : "");
	return hand_over(ctx, args, &h);
}

static const struct option options[] = {
    {0, "from", "PERSON", "who hands over; required, may be repeated with --to", NULL},
    {0, "to", "PERSON", "who takes it; required", NULL},
    {0, "reviewer", NULL, "also what they are the stated reviewer of", NULL},
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb handover --from anna --to bert --reason \"Anna leaves on Friday\" --dry-run",
	"what would change hands"},
    {"plumb handover --from anna --to bert initiative/onboarding-30", "this one only"},
    {"plumb handover --from anna --to bert --from bert --to cleo",
	"Bert's to Cleo, Anna's to Bert"},
    {"plumb history initiative/onboarding-30", "who handed it over to whom, and why"},
    {0},
};

const struct command cmd_handover = {
    .name = "handover",
    .group = GROUP_PLAN,
    .arguments = "[KIND/ID…]",
    .summary = "hand over what one person owns to another one",
    .help =
	"All that the person owns, or the items named, in one change: everything or nothing. The "
	"items stay the same ones, so their history stays, and shows the hand-over. Who leads a "
	"team or works on something is not changed.",
    .options = options,
    .examples = examples,
    .max_args = 1000,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};
