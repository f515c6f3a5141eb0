#include "client/votes.h"

#include <inttypes.h>
#include <string.h>

#include "client/describe.h"
#include "client/review.h"
#include "client/said.h"
#include "common/pb.h"
#include "common/str.h"

#define CHOICE(NAME) PLUMB__V1__VOTE__CHOICE__##NAME
#define VOTES_MAX    10000
#define TEXT_MAX     ((size_t)1 << 20)

static const struct {
	const char *word;
	Plumb__V1__Vote__Choice choice;
} choices[] = {{"for", CHOICE(FOR)}, {"against", CHOICE(AGAINST)}, {"abstain", CHOICE(ABSTAIN)}};
#define CHOICES (sizeof choices / sizeof choices[0])

const char *
votes_status(Plumb__V1__Decision__Status status)
{
	static const char *const words[] = {
	    "proposed", "rejected", "accepted", "deprecated", "superseded"};

	return (size_t)status < sizeof words / sizeof words[0] ? words[status] : "unknown";
}

const char *
votes_choice(Plumb__V1__Vote__Choice choice)
{
	for (size_t i = 0; i < CHOICES; i++) {
		if (choices[i].choice == choice)
			return choices[i].word;
	}
	return "";
}

bool
votes_parse_choice(const char *text, Plumb__V1__Vote__Choice *choice)
{
	for (size_t i = 0; i < CHOICES; i++) {
		if (strcmp(choices[i].word, text) == 0) {
			*choice = choices[i].choice;
			return true;
		}
	}
	return false;
}

/* ---- reading */

/* Of one person the later one, and of one time the one that was recorded later. */
static bool
is_newer(const Plumb__V1__Envelope *a, const Plumb__V1__Envelope *b)
{
	int order = strcmp(a->record->at, b->record->at);

	return order > 0 || (order == 0 && a->created_revision > b->created_revision);
}

static void
take_vote(struct votes *votes, const Plumb__V1__Envelope *entry)
{
	for (size_t i = 0; i < votes->count && entry->record->by[0]; i++) {
		if (strcmp(said_bare(votes->list[i]->record->by), said_bare(entry->record->by)) !=
		    0)
			continue;
		if (is_newer(entry, votes->list[i]))
			votes->list[i] = entry;
		return;
	}
	if (votes->count < VOTES_MAX)
		votes->list[votes->count++] = entry;
}

bool
votes_read(struct context *ctx, const char *decision, struct votes *votes)
{
	Plumb__V1__ListRequest request;
	const Plumb__V1__ListReply *reply;
	struct said_now now;
	Plumb__V1__At at;

	memset(votes, 0, sizeof *votes);
	plumb__v1__list_request__init(&request);
	if (!said_now(ctx, &now) || !context_at(ctx, &at))
		return false;
	request.at = &at;
	request.filter = arena_printf(ctx->arena, "kind:vote retracted:no about:%s", decision);
	request.page_size = 1000;
	votes->list = arena_array(ctx->arena, VOTES_MAX, sizeof votes->list[0]);
	if (!request.filter || !votes->list)
		return context_set_error(ctx, ERR_LIMIT, "out of memory");
	do {
		reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
		if (!reply)
			return false;
		for (size_t i = 0; i < reply->n_entries; i++) {
			const Plumb__V1__Record *record = describe_record(reply->entries[i]);

			if (record && record->body_case == PLUMB__V1__RECORD__BODY_VOTE &&
			    strncmp(record->at, now.today, 10) <= 0)
				take_vote(votes, reply->entries[i]);
		}
		request.page_token = reply->next_page_token;
	} while (reply->next_page_token[0]);
	for (size_t i = 0; i < votes->count; i++) {
		size_t choice = (size_t)votes->list[i]->record->vote->choice;

		if (choice < sizeof votes->by_choice / sizeof votes->by_choice[0])
			votes->by_choice[choice]++;
	}
	return true;
}

/* ---- telling */

const char *
votes_sums(struct context *ctx, const struct votes *votes)
{
	const char *text = arena_printf(ctx->arena, "%zu for, %zu against, %zu abstained",
	    votes->by_choice[CHOICE(FOR)], votes->by_choice[CHOICE(AGAINST)],
	    votes->by_choice[CHOICE(ABSTAIN)]);

	return text ? text : "";
}

static bool
has_voted(const struct votes *votes, const char *person)
{
	for (size_t i = 0; i < votes->count; i++) {
		if (strcmp(said_bare(votes->list[i]->record->by), said_bare(person)) == 0)
			return true;
	}
	return false;
}

/* The text as it is now, in ctx->arena. */
static const char *
keep(struct context *ctx, struct str *text)
{
	const char *copy = str_ok(text) ? arena_strdup(ctx->arena, text->data) : NULL;

	str_fini(text);
	return copy ? copy : "";
}

const char *
votes_missing(struct context *ctx, const Plumb__V1__Envelope *decision, const struct votes *votes)
{
	const Plumb__V1__Decision *d = decision->item->decision;
	const Plumb__V1__ReviewsReply *reply = NULL;
	const Plumb__V1__ReviewPlan *plan = NULL;
	const char *ref;
	struct str text;

	if (d->status != PLUMB__V1__DECISION__STATUS__PROPOSED || !d->made_in[0])
		return "";
	ref = arena_printf(ctx->arena, "review/%s", said_bare(d->made_in));
	reply = ref ? review_plans(ctx, "", 0) : NULL;
	plan = reply ? review_find(reply, ref) : NULL;
	str_init(&text, TEXT_MAX);
	for (size_t i = 0; plan && i < plan->n_people; i++) {
		if (!has_voted(votes, plan->people[i]))
			str_addf(&text, "%s%s", text.len ? ", " : "",
			    review_person(ctx, plan->people[i]));
	}
	return keep(ctx, &text);
}

/* "Anna Brandt for (Three packages), Bert Meyer against". */
static const char *
who_voted(struct context *ctx, const struct votes *votes)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	str_add(&text, votes_sums(ctx, votes));
	for (size_t i = 0; i < votes->count; i++) {
		const Plumb__V1__Record *record = votes->list[i]->record;

		str_addf(&text, "%s%s %s", i ? ", " : ": ",
		    record->by[0] ? review_person(ctx, record->by) : "somebody",
		    votes_choice(record->vote->choice));
		if (record->vote->option[0])
			str_addf(&text, " \"%s\"", record->vote->option);
	}
	return keep(ctx, &text);
}

bool
votes_describe(struct context *ctx, const Plumb__V1__Envelope *decision)
{
	const Plumb__V1__Decision *d = decision->item->decision;
	struct votes votes;
	const char *missing;

	if (!votes_read(ctx, decision->ref, &votes))
		return false;
	if (votes.count > 0 || d->status == PLUMB__V1__DECISION__STATUS__PROPOSED)
		describe_line(ctx, "votes", who_voted(ctx, &votes));
	missing = votes_missing(ctx, decision, &votes);
	if (missing[0])
		describe_line(ctx, "no vote of", missing);
	return review_where_decided(ctx, decision);
}
