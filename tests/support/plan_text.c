#include "tests/support/plan_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/json.h"
#include "common/parse.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"

#define TEXT_MAX  ((size_t)64 << 20)
#define ARENA_MAX ((size_t)1 << 30)

static void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void
fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("plan_text: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(99);
}

void
plan_text_init(struct plan_text *text)
{
	text->plan = plan_new();
	text->view = NULL;
	text->revision = 0;
	if (text->plan == NULL)
		fail("out of memory");
}

static void
give_back(struct plan_text *text)
{
	plan_view_release(text->plan, text->view);
	text->view = NULL;
}

void
plan_text_fini(struct plan_text *text)
{
	give_back(text);
	plan_free(text->plan);
}

static void
take(struct plan_text *text, const ProtobufCMessage *set, int64_t time_us, struct arena *arena)
{
	struct stamp stamp = {text->revision + 1, time_us, "person/test", false};
	struct plan_conflict conflict;
	struct faults *faults = arena_zalloc(arena, sizeof *faults);
	struct patch *patch = NULL;
	struct err err;

	if (faults == NULL)
		fail("out of memory");
	faults_init(faults, arena);
	if (!plan_apply(text->plan, set, &stamp, false, arena, faults, &conflict, &patch, &err)) {
		for (size_t i = 0; i < faults->count; i++)
			fprintf(
			    stderr, "%s: %s\n", faults->list[i].field, faults->list[i].description);
		fail("refused: %s", err.msg);
	}
	plan_settle(text->plan, patch);
	text->revision++;
}

void
plan_text_apply(struct plan_text *text, const char *day, const char *changes)
{
	struct arena *arena = arena_new(ARENA_MAX);
	ProtobufCMessage *set;
	struct str json;
	struct err err;
	int32_t date;

	give_back(text);
	if (arena == NULL || !date_parse(day, &date))
		fail("not a day: %s", day);
	str_init(&json, TEXT_MAX);
	str_addf(&json, "{\"changes\": [%s]}", changes);
	for (char *p = json.data; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	set = json_parse(&plumb__v1__change_set__descriptor, json.data, json.len, arena, &err);
	if (set == NULL)
		fail("%s in: %s", err.msg, json.data);
	take(text, set, date * DAY_US + DAY_US / 2, arena);
	str_fini(&json);
	arena_free(arena);
}

/* The end of the {…} that p is at; texts in it hold no braces. */
static const char *
end_of_braces(const char *p)
{
	unsigned depth = 0;

	do {
		depth += *p == '{';
		depth -= *p == '}';
		p++;
	} while (depth > 0 && *p != '\0');
	if (depth > 0)
		fail("a brace is missing");
	return p;
}

static void
add_line(const char *line, size_t len, struct str *out)
{
	char *copy = strndup(line, len);
	char *slash = strchr(copy, '/');
	char *body = strchr(copy, '{');
	const char *end;
	const char *more;
	enum kind kind;
	int id_len;

	if (slash == NULL || body == NULL || body < slash)
		fail("not an entry: %s", copy);
	kind = kind_parse(copy, (size_t)(slash - copy));
	if (kind == KIND_NONE)
		fail("no such kind: %s", copy);
	id_len = (int)strcspn(slash + 1, " {");
	end = end_of_braces(body);
	more = strchr(end, '{');
	*slash = '\0';
	for (char *p = copy; *p != '\0'; p++) {
		if (*p == '-')
			*p = '_';
	}
	str_addf(out, "%s{'%s': {'%s': {'id': '%.*s', '%s': %.*s", out->len > 0 ? ", " : "",
	    kind_is_record(kind) ? "add" : "put", kind_is_record(kind) ? "record" : "item", id_len,
	    slash + 1, copy, (int)(end - body), body);
	if (more != NULL)
		str_addf(out, ", %.*s", (int)(end_of_braces(more) - more) - 2, more + 1);
	str_add(out, "}}}");
	free(copy);
}

void
plan_text_put(struct plan_text *text, const char *day, const char *lines)
{
	struct str changes;

	str_init(&changes, TEXT_MAX);
	while (*lines != '\0') {
		size_t len = strcspn(lines, "\n");
		size_t blank = strspn(lines, " \t");

		if (blank < len && lines[blank] != '#')
			add_line(lines + blank, len - blank, &changes);
		lines += len;
		lines += *lines == '\n';
	}
	if (!str_ok(&changes))
		fail("text too long");
	plan_text_apply(text, day, changes.data);
	str_fini(&changes);
}

const struct view *
plan_text_view(struct plan_text *text)
{
	give_back(text);
	text->view = plan_view(text->plan);
	if (text->view == NULL || !view_settle(text->view))
		fail("no view");
	return text->view;
}

uint32_t
plan_text_slot(struct plan_text *text, const char *ref)
{
	const struct item *item;
	const char *id;
	size_t id_len;
	enum kind kind;

	if (!ref_parse(ref, KIND_NONE, &kind, &id, &id_len))
		fail("not a reference: %s", ref);
	item = plan_find(text->plan, kind, id, id_len);
	if (item == NULL)
		fail("never used: %s", ref);
	return item->slot;
}
