#include "client/review.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/describe.h"
#include "client/said.h"
#include "client/votes.h"
#include "common/pb.h"
#include "common/str.h"

#define TEXT_MAX       ((size_t)1 << 20)
#define MEETINGS_READ  1000
#define MEETINGS_SHOWN 10

const Plumb__V1__ReviewsReply *
review_plans(struct context *ctx, const char *person, uint32_t ahead)
{
	Plumb__V1__ReviewsRequest request;
	Plumb__V1__At at;

	plumb__v1__reviews_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.person = pb_str(person);
	request.ahead_days = ahead;
	return context_call(ctx, &plumb__v1__insight__descriptor, "Reviews", &request.base);
}

const Plumb__V1__ReviewPlan *
review_find(const Plumb__V1__ReviewsReply *reply, const char *ref)
{
	for (size_t i = 0; i < reply->n_reviews; i++) {
		if (strcmp(reply->reviews[i]->ref, ref) == 0)
			return reply->reviews[i];
	}
	return NULL;
}

const char *
review_type(Plumb__V1__Review__Type type)
{
	static const char *const words[] = {"review", "one-to-one", "council", "customer room"};

	return (size_t)type < sizeof words / sizeof words[0] ? words[type] : "";
}

const char *
review_person(struct context *ctx, const char *ref)
{
	const char *whole = strchr(ref, '/') ? ref : arena_printf(ctx->arena, "person/%s", ref);

	return context_person(ctx, whole ? whole : ref);
}

const char *
review_every(struct context *ctx, const Plumb__V1__ReviewPlan *plan)
{
	const char *text = "";

	if (plan->quarterly)
		return "each quarter";
	if (plan->every_days == 7)
		return "each week";
	if (plan->every_days > 0 && plan->every_days % 7 == 0)
		text = arena_printf(ctx->arena, "every %" PRIu32 " weeks", plan->every_days / 7);
	else if (plan->every_days > 0)
		text = arena_printf(ctx->arena, "every %" PRIu32 " day%s", plan->every_days,
		    plan->every_days == 1 ? "" : "s");
	return text ? text : "";
}

/* ---- meetings that were held */

static int
newest_first(const void *pa, const void *pb)
{
	const Plumb__V1__Envelope *a = *(const Plumb__V1__Envelope *const *)pa;
	const Plumb__V1__Envelope *b = *(const Plumb__V1__Envelope *const *)pb;
	int order = strcmp(b->record->at, a->record->at);

	if (order != 0)
		return order;
	return a->created_revision < b->created_revision
		   ? 1
		   : -(a->created_revision > b->created_revision);
}

/* The last ones of those that were recorded last; of a review, or ("") of all. */
static bool
read_meetings(
    struct context *ctx, const char *review, const Plumb__V1__Envelope ***list, size_t *count)
{
	Plumb__V1__ListRequest request;
	const Plumb__V1__ListReply *reply;
	Plumb__V1__At at;

	plumb__v1__list_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	request.at = &at;
	request.filter = arena_printf(
	    ctx->arena, "kind:meeting retracted:no%s%s", review[0] ? " about:" : "", review);
	request.sort = pb_str("-revision");
	request.page_size = MEETINGS_READ;
	reply = request.filter
		    ? context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base)
		    : NULL;
	if (!reply)
		return false;
	*count = 0;
	*list = arena_array(ctx->arena, reply->n_entries + 1, sizeof **list);
	for (size_t i = 0; i < reply->n_entries && *list; i++) {
		const Plumb__V1__Record *record = describe_record(reply->entries[i]);

		if (record && record->body_case == PLUMB__V1__RECORD__BODY_MEETING)
			(*list)[(*count)++] = reply->entries[i];
	}
	if (*count > 1)
		qsort(*list, *count, sizeof **list, newest_first);
	return *list != NULL || context_set_error(ctx, ERR_LIMIT, "out of memory");
}

/* "decision/x  One portal (accepted 2026-03-23)" */
static void
show_decided(struct context *ctx, const char *lead, const char *id)
{
	char *ref = arena_printf(ctx->arena, "decision/%s", said_bare(id));
	const Plumb__V1__Item *item = ref ? context_item(ctx, ref) : NULL;
	struct str text;

	str_init(&text, TEXT_MAX);
	str_add(&text, ref ? ref : id);
	if (item && item->body_case == PLUMB__V1__ITEM__BODY_DECISION)
		str_addf(&text, "  %s (%s%s%s)", item->title, votes_status(item->decision->status),
		    item->decision->decided[0] ? " " : "", item->decision->decided);
	output_wrap(&ctx->out, lead, text.data);
	str_fini(&text);
}

static void
show_meeting(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Meeting *meeting = entry->record->meeting;
	char when[DESCRIBE_WHEN];
	struct str text;

	str_init(&text, TEXT_MAX);
	str_addf(&text, "%s  %s", describe_when(entry->record->at, when), entry->ref);
	for (size_t i = 0; i < meeting->n_attendees; i++)
		str_addf(
		    &text, "%s%s", i > 0 ? ", " : ": ", review_person(ctx, meeting->attendees[i]));
	output_wrap(&ctx->out, "  ", text.data);
	str_fini(&text);
	for (size_t i = 0; i < meeting->n_decisions; i++)
		show_decided(ctx, "      decided: ", meeting->decisions[i]);
	if (meeting->minutes[0])
		output_wrap(&ctx->out, "      ", meeting->minutes);
}

bool
review_meetings(struct context *ctx, const char *review, uint32_t held)
{
	const Plumb__V1__Envelope **meetings;
	size_t count;

	if (!read_meetings(ctx, review, &meetings, &count))
		return false;
	if (count > 0 && held > 0)
		output_printf(
		    &ctx->out, "\nHeld %" PRIu32 " time%s:\n", held, held == 1 ? "" : "s");
	else if (count > 0)
		output_text(&ctx->out, "\nHeld:\n");
	for (size_t i = 0; i < count && i < MEETINGS_SHOWN; i++)
		show_meeting(ctx, meetings[i]);
	return true;
}

void
review_decided(struct context *ctx, const Plumb__V1__Meeting *meeting)
{
	for (size_t i = 0; i < meeting->n_decisions; i++)
		show_decided(ctx, "  decided             ", meeting->decisions[i]);
}

bool
review_where_decided(struct context *ctx, const Plumb__V1__Envelope *decision)
{
	const char *made_in = decision->item->decision->made_in;
	const Plumb__V1__Envelope **meetings;
	size_t count;

	made_in = made_in[0] ? arena_printf(ctx->arena, "review/%s", said_bare(made_in)) : "";
	if (!made_in || !read_meetings(ctx, made_in, &meetings, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		const Plumb__V1__Meeting *meeting = meetings[i]->record->meeting;
		char when[DESCRIBE_WHEN];

		for (size_t k = 0; k < meeting->n_decisions; k++) {
			if (strcmp(said_bare(meeting->decisions[k]), said_bare(decision->ref)) != 0)
				continue;
			describe_line(ctx, "on the minutes of",
			    arena_printf(ctx->arena, "%s, %s", meetings[i]->ref,
				describe_when(meetings[i]->record->at, when)));
		}
	}
	return true;
}
