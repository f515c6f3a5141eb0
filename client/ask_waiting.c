#include "client/ask_waiting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/describe.h"
#include "common/pb.h"

struct work {
	const Plumb__V1__Envelope *entry;
	const char *part_of; /* "kind/id"; "" */
	char *const *after;
	size_t after_count;
	const char *after_kind; /* what a bare id in after means */
	bool waits;
};

struct works {
	struct work *list; /* heap */
	size_t count;
	size_t cap;
};

/* "kind/id" of what may be a bare id. */
static const char *
full_ref(struct context *ctx, const char *kind, const char *text)
{
	const char *ref;

	if (!text[0] || strchr(text, '/'))
		return text;
	ref = arena_printf(ctx->arena, "%s/%s", kind, text);
	return ref ? ref : "";
}

static bool
is_open(Plumb__V1__WorkStatus status)
{
	return status != PLUMB__V1__WORK_STATUS__DONE && status != PLUMB__V1__WORK_STATUS__STOPPED;
}

static bool
add_work(struct context *ctx, struct works *works, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Item *item = describe_item(entry);
	struct work work = {.entry = entry, .part_of = "", .after_kind = "initiative"};

	if (!item)
		return true;
	if (item->body_case == PLUMB__V1__ITEM__BODY_INITIATIVE) {
		if (!is_open(item->initiative->status))
			return true;
		work.after = item->initiative->after;
		work.after_count = item->initiative->n_after;
	} else if (item->body_case == PLUMB__V1__ITEM__BODY_WORKSTREAM) {
		if (!is_open(item->workstream->status))
			return true;
		work.after = item->workstream->after;
		work.after_count = item->workstream->n_after;
		work.after_kind = "workstream";
		work.part_of = full_ref(ctx, "initiative", item->workstream->initiative);
	}
	if (works->count == works->cap) {
		size_t cap = works->cap ? works->cap * 2 : 64;
		struct work *bigger = reallocarray(works->list, cap, sizeof *bigger);

		if (!bigger)
			return context_set_error(ctx, ERR_LIMIT, "out of memory");
		works->list = bigger;
		works->cap = cap;
	}
	works->list[works->count++] = work;
	return true;
}

static bool
load(struct context *ctx, struct works *works)
{
	Plumb__V1__ListRequest request;
	const Plumb__V1__ListReply *reply;
	Plumb__V1__At at;

	plumb__v1__list_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	request.at = &at;
	request.filter = pb_str("kind:initiative,workstream");
	request.sort = pb_str("rank");
	request.page_size = 1000;
	do {
		reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
		if (!reply)
			return false;
		for (size_t i = 0; i < reply->n_entries; i++) {
			if (!add_work(ctx, works, reply->entries[i]))
				return false;
		}
		request.page_token = reply->next_page_token;
	} while (reply->next_page_token[0]);
	return true;
}

/* Marks it and what it is a part of; true if that was new. */
static bool
mark(struct works *works, const char *ref)
{
	bool any = false;

	for (size_t i = 0; i < works->count && ref[0]; i++) {
		struct work *work = &works->list[i];

		if (strcmp(work->entry->ref, ref) != 0 || work->waits)
			continue;
		work->waits = true;
		any = true;
		mark(works, work->part_of);
	}
	return any;
}

static bool
comes_after(struct context *ctx, const struct work *work, const struct work *other)
{
	for (size_t i = 0; i < work->after_count; i++) {
		if (strcmp(full_ref(ctx, work->after_kind, work->after[i]), other->entry->ref) == 0)
			return true;
	}
	return false;
}

/* Until nothing new waits. */
static void
spread(struct context *ctx, struct works *works)
{
	bool any = true;

	while (any) {
		any = false;
		for (size_t i = 0; i < works->count; i++) {
			struct work *work = &works->list[i];

			for (size_t k = 0; k < works->count && !work->waits && work->after_count;
			     k++) {
				if (works->list[k].waits && comes_after(ctx, work, &works->list[k]))
					any |= mark(works, work->entry->ref);
			}
		}
	}
}

static void
print(struct context *ctx, const struct works *works, const char *lead)
{
	struct table *table = table_new();

	if (!table)
		return;
	table_column(table, "RANK", TABLE_RIGHT);
	table_column(table, "WAITS", 0);
	table_column(table, "TITLE", TABLE_WRAP);
	table_column(table, "OWNER", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "UNTIL", TABLE_DROP);
	for (size_t i = 0; i < works->count; i++) {
		const Plumb__V1__Envelope *entry = works->list[i].entry;

		if (!works->list[i].waits)
			continue;
		if (entry->rank)
			table_cellf(table, "%" PRIu32, entry->rank);
		else
			table_cell(table, "-");
		table_cell(table, entry->ref);
		table_cell(table, describe_title(ctx, entry));
		table_cell(table, describe_owner(ctx, entry));
		table_cell(table, describe_due(ctx, entry));
	}
	if (table_rows(table) > 0) {
		output_wrap(&ctx->out, "", lead);
		table_print(table, &ctx->out);
	}
	table_free(table);
}

void
ask_waiting_print(struct context *ctx, const char *work, const char *lead)
{
	struct works works = {NULL, 0, 0};
	const char *ref = full_ref(ctx, "initiative", work);

	if (!load(ctx, &works)) {
		context_fail(ctx);
	} else if (mark(&works, ref)) {
		spread(ctx, &works);
		print(ctx, &works, lead);
	}
	free(works.list);
}
