#include "client/said.h"

#include <stdio.h>
#include <string.h>

#include "client/describe.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"

const char *
said_bare(const char *ref)
{
	const char *slash = strchr(ref, '/');

	return slash ? slash + 1 : ref;
}

const char *
said_who(const char *ref)
{
	return strncmp(ref, "person/", 7) == 0 ? ref + 7 : ref;
}

const char *
said_ref(struct context *ctx, const char *text, const char *kinds)
{
	size_t len = strcspn(text, "/");

	if (text[len] && strlen(kinds) == len && strncmp(text, kinds, len) == 0)
		text += len + 1;
	return context_ref(ctx, text, kinds);
}

const Plumb__V1__Envelope *
said_get(struct context *ctx, const char *ref)
{
	Plumb__V1__GetRequest request;
	const Plumb__V1__GetReply *reply;
	Plumb__V1__At at;

	plumb__v1__get_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.ref = pb_str(ref);
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base);
	return reply ? reply->entry : NULL;
}

const Plumb__V1__Envelope *
said_find(struct context *ctx, const char *text, const char *kind, int *code)
{
	const char *ref = said_ref(ctx, text, kind);
	const Plumb__V1__Envelope *entry = ref ? said_get(ctx, ref) : NULL;
	size_t len = strlen(kind);

	if (!entry) {
		if (ref)
			context_suggest(ctx, ref);
		*code = context_fail(ctx);
		return NULL;
	}
	if (describe_item(entry) && strncmp(entry->ref, kind, len) == 0 && entry->ref[len] == '/')
		return entry;
	*code = context_error(
	    ctx, EXIT_USAGE, "%s is no %s; plumb %s list shows them", ref, kind, kind);
	return NULL;
}

bool
said_now(struct context *ctx, struct said_now *now)
{
	Plumb__V1__InfoRequest request;
	const Plumb__V1__InfoReply *reply;
	const char *person;

	plumb__v1__info_request__init(&request);
	request.workspace = pb_str(ctx->workspace[0] ? ctx->workspace : "main");
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "Info", &request.base);
	if (!reply)
		return false;
	person = strstr(reply->caller, "person/");
	now->caller = person ? person + 7 : "";
	now->today = ctx->today[0] ? ctx->today : reply->today;
	return true;
}

const char *
said_id(struct context *ctx, const char *words)
{
	char slug[ID_MAX_LEN + 1];
	const char *copy;

	parse_slug(words, slug);
	if (strlen(slug) > 40) {
		size_t len = 40;

		while (len > 8 && slug[len] != '-')
			len--;
		slug[len] = '\0';
	}
	copy = arena_strdup(ctx->arena, slug);
	return copy ? copy : "";
}

int
said_put(struct context *ctx, const struct args *args, Plumb__V1__Item *item,
    const Plumb__V1__Envelope *entry, const char *done)
{
	struct write write;
	Plumb__V1__Put put;
	Plumb__V1__Change *change;

	plumb__v1__put__init(&put);
	put.item = item;
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = &put;
	if (entry) {
		change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION;
		change->expected_revision = entry->revision;
	} else {
		change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_ABSENT;
		change->expected_absent = true;
	}
	return write_finish_expected(&write, ctx, args, done);
}

int
said_put_or_tell(struct context *ctx, const struct args *args, Plumb__V1__Item *item,
    const Plumb__V1__Envelope *entry, const char *done)
{
	int code = said_put(ctx, args, item, entry, done);

	if (code != EXIT_NO)
		return code;
	if (!entry)
		return context_error(ctx, EXIT_NO,
		    "there is one of the name %s already; give this one a name of its own",
		    item->id);
	return context_error(ctx, EXIT_NO,
	    "%s was changed a moment ago by somebody else; nothing was done. Look at it with plumb "
	    "get "
	    "%s, then say it again if it still holds",
	    entry->ref, entry->ref);
}

bool
said_list(struct context *ctx, const char *kind, const char *sort, said_each_fn fn, void *arg)
{
	Plumb__V1__ListRequest request;
	const Plumb__V1__ListReply *reply;
	Plumb__V1__At at;

	plumb__v1__list_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	request.at = &at;
	request.filter = arena_printf(ctx->arena, "kind:%s", kind);
	request.sort = pb_str(sort);
	request.page_size = 1000;
	if (!request.filter)
		return context_set_error(ctx, ERR_LIMIT, "out of memory");
	do {
		reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
		if (!reply)
			return false;
		for (size_t i = 0; i < reply->n_entries; i++) {
			if (describe_item(reply->entries[i]))
				fn(arg, reply->entries[i]);
		}
		request.page_token = reply->next_page_token;
	} while (reply->next_page_token[0]);
	return true;
}

struct showing {
	struct context *ctx;
	const struct said_rows *rows;
	size_t count;
};

static void
show_entry(void *arg, const Plumb__V1__Envelope *entry)
{
	struct showing *s = arg;
	struct output *out = &s->ctx->out;

	if (!s->rows->takes(s->rows->arg, entry))
		return;
	s->count++;
	if (out->format == OUTPUT_NAME)
		output_printf(out, "%s\n", entry->ref);
	else if (out->format == OUTPUT_JSON || out->format == OUTPUT_YAML)
		output_list_add(out, &entry->base);
	else
		s->rows->row(s->rows->arg, s->rows->table, entry);
}

int
said_show(struct context *ctx, const struct said_rows *rows)
{
	struct showing s = {.ctx = ctx, .rows = rows};
	bool listed = ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;
	bool ok;

	if (!rows->table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (listed)
		output_list_begin(&ctx->out);
	ok = said_list(ctx, rows->kind, "due", show_entry, &s);
	if (listed)
		output_list_end(&ctx->out);
	if (ok && ctx->out.format == OUTPUT_TABLE && s.count == 0)
		output_wrap(&ctx->out, "", rows->none);
	else if (ok && !listed && ctx->out.format != OUTPUT_NAME)
		table_print(rows->table, &ctx->out);
	table_free(rows->table);
	return ok ? EXIT_FINE : context_fail(ctx);
}
