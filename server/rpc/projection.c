#include "server/rpc/projection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/log.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/system.h"
#include "server/store/tables.h"

#define INTERVAL_US 1000000
/* More changed slots than this are found again by a walk over the plan. */
#define CHANGED_MAX    65536u
#define COLUMNS_MAX    64
#define TABLES_OF_KIND 24
#define ROW_ARENA      (8u << 20)

/* ---- the shape: which tables a kind has, from the descriptors --------------------------------------- */

/* Columns that every entry's table begins with, after workspace and id. */
static const char *const envelope_columns[] = {"changed_revision INTEGER", "created TEXT",
    "updated TEXT", "created_by TEXT", "updated_by TEXT", "source TEXT"};
#define ENVELOPE_COLUMNS (sizeof envelope_columns / sizeof envelope_columns[0])

static const char *
column_type(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_DOUBLE:
		return "REAL";
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_ENUM:
		return "TEXT";
	default:
		return "INTEGER";
	}
}

static bool
is_body(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
	return (type == &plumb__v1__item__descriptor || type == &plumb__v1__record__descriptor) &&
	       field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED;
}

/* "initiative" + "scope" + "in": the names of columns and tables, joined by "_". */
static void
join_name(char *out, size_t size, const char *before, const char *name)
{
	snprintf(out, size, "%s%s%s", before, before[0] != '\0' ? "_" : "", name);
}

/* Columns of a message's own fields; those of single messages in it follow with their name in front. */
static void
add_columns(struct str *out, const ProtobufCMessageDescriptor *type, const char *prefix)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		char name[96];

		if (field->label == PROTOBUF_C_LABEL_REPEATED || is_body(type, field) ||
		    strcmp(field->name, "id") == 0)
			continue;
		join_name(name, sizeof name, prefix, field->name);
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			add_columns(out, field->descriptor, name);
		else
			str_addf(out, ", \"%s\" %s", name, column_type(field));
	}
}

/* A table per repeated field: place in the list, and the value or the message's columns. */
static void
add_list_tables(struct str *out, const ProtobufCMessageDescriptor *type, const char *prefix)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		char name[96];

		if (is_body(type, field))
			continue;
		join_name(name, sizeof name, prefix, field->name);
		if (field->label != PROTOBUF_C_LABEL_REPEATED) {
			if (field->type == PROTOBUF_C_TYPE_MESSAGE)
				add_list_tables(out, field->descriptor, name);
			continue;
		}
		str_addf(out,
		    "CREATE TABLE \"%s\" (workspace TEXT NOT NULL, id TEXT NOT NULL, position "
		    "INTEGER NOT NULL",
		    name);
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			add_columns(out, field->descriptor, "");
		else
			str_addf(out, ", value %s", column_type(field));
		str_add(out, ", PRIMARY KEY (workspace, id, position)) WITHOUT ROWID;\n");
	}
}

static void
kind_table(const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s", name);
	for (char *p = out; *p != '\0'; p++) {
		if (*p == '-')
			*p = '_';
	}
}

static void
add_kind(
    struct str *out, const ProtobufCMessageDescriptor *whole, const ProtobufCFieldDescriptor *body)
{
	str_addf(out, "CREATE TABLE \"%s\" (workspace TEXT NOT NULL, id TEXT NOT NULL", body->name);
	for (size_t i = 0; i < ENVELOPE_COLUMNS; i++)
		str_addf(out, ", %s", envelope_columns[i]);
	add_columns(out, whole, "");
	add_columns(out, body->descriptor, "");
	str_add(out, ", PRIMARY KEY (workspace, id)) WITHOUT ROWID;\n");
	add_list_tables(out, whole, body->name);
	add_list_tables(out, body->descriptor, body->name);
}

/* What lets callers in and signs what is sent is for nobody to query: only workspaces, of what the daemon keeps. */
static bool
is_hidden(enum kind kind)
{
	return system_is_entry(kind) && kind != KIND_WORKSPACE;
}

/* The kind whose body a field of Item or Record is. */
static enum kind
kind_of(const ProtobufCFieldDescriptor *body)
{
	char name[64];

	snprintf(name, sizeof name, "%s", body->name);
	for (char *p = name; *p != '\0'; p++) {
		if (*p == '_')
			*p = '-';
	}
	return kind_parse(name, strlen(name));
}

static void
projection_schema(struct str *out)
{
	static const ProtobufCMessageDescriptor *const wholes[] = {
	    &plumb__v1__item__descriptor, &plumb__v1__record__descriptor};

	for (size_t w = 0; w < 2; w++) {
		for (unsigned i = 0; i < wholes[w]->n_fields; i++) {
			if (is_body(wholes[w], &wholes[w]->fields[i]) &&
			    !is_hidden(kind_of(&wholes[w]->fields[i])))
				add_kind(out, wholes[w], &wholes[w]->fields[i]);
		}
	}
	str_add(out, "CREATE TABLE ranking (workspace TEXT NOT NULL, id TEXT NOT NULL, position "
		     "INTEGER NOT NULL, "
		     "rank INTEGER NOT NULL, initiative TEXT NOT NULL, PRIMARY KEY (workspace, id, "
		     "position)) WITHOUT "
		     "ROWID;\n");
}

/* ---- rows ------------------------------------------------------------------------------------------- */

struct row {
	struct tables_value values[COLUMNS_MAX];
	size_t count;
	struct arena *arena;
};

static void
row_text(struct row *row, const char *text)
{
	row->values[row->count++] = (struct tables_value){
	    .type = text == NULL || text[0] == '\0' ? TABLES_NULL : TABLES_TEXT, .text = text};
}

static void
row_integer(struct row *row, int64_t integer)
{
	row->values[row->count++] =
	    (struct tables_value){.type = TABLES_INTEGER, .integer = integer};
}

static void
row_value(struct row *row, const struct pb_value *value)
{
	struct tables_value *out = &row->values[row->count++];
	char name[64];

	*out = (struct tables_value){.type = TABLES_INTEGER};
	switch (value->field->type) {
	case PROTOBUF_C_TYPE_DOUBLE:
		*out =
		    (struct tables_value){.type = TABLES_REAL, .real = *(const double *)value->p};
		break;
	case PROTOBUF_C_TYPE_STRING:
		row->count--;
		row_text(row, *(char *const *)value->p);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		row->count--;
		row_text(
		    row, arena_strdup(row->arena, pb_enum_name(value->field->descriptor,
						      *(const int *)value->p, name, sizeof name)));
		break;
	case PROTOBUF_C_TYPE_BOOL:
		out->integer = *(const protobuf_c_boolean *)value->p;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		memcpy(&out->integer, value->p, sizeof out->integer);
		break;
	default:
		out->integer = *(const int32_t *)value->p;
		break;
	}
}

/* A number that cannot be "not stated" (those are one-member oneofs) is 0 where the message leaves it out. */
static bool
is_always_stated(const ProtobufCFieldDescriptor *field)
{
	return field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES &&
	       (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
}

/* In the order of add_columns(). message NULL: nothing was stated. */
static void
row_columns(
    struct row *row, const ProtobufCMessageDescriptor *type, const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < type->n_fields && row->count < COLUMNS_MAX; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		bool stated;

		if (field->label == PROTOBUF_C_LABEL_REPEATED || is_body(type, field) ||
		    strcmp(field->name, "id") == 0)
			continue;
		stated = message != NULL && pb_is_set(message, field);
		if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
			struct pb_value value = {0};

			if (stated)
				value = pb_get(message, field, 0);
			row_columns(row, field->descriptor, stated ? pb_message(&value) : NULL);
		} else if (stated || (message != NULL && is_always_stated(field))) {
			struct pb_value value = {field, (const uint8_t *)message + field->offset};

			row_value(row, &value);
		} else {
			row_text(row, NULL);
		}
	}
}

struct writer {
	struct tables *tables;
	const struct view *view;
	const char *workspace;
	struct arena *arena;
	const bool *stop; /* set by the loop when the daemon stops */
	struct err *err;
};

static bool
delete_lists(
    struct writer *w, const ProtobufCMessageDescriptor *type, const char *prefix, const char *id)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		char name[96];

		if (is_body(type, field))
			continue;
		join_name(name, sizeof name, prefix, field->name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			if (!tables_delete(w->tables, name, w->workspace, id, w->err))
				return false;
		} else if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
			   !delete_lists(w, field->descriptor, name, id)) {
			return false;
		}
	}
	return true;
}

static bool
insert_lists(struct writer *w, const ProtobufCMessageDescriptor *type,
    const ProtobufCMessage *message, const char *prefix, const char *id)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		size_t count = is_body(type, field) ? 0 : pb_count(message, field);
		char name[96];

		join_name(name, sizeof name, prefix, field->name);
		for (size_t k = 0; k < count; k++) {
			struct pb_value value = pb_get(message, field, k);
			struct row row = {.arena = w->arena};

			if (field->label != PROTOBUF_C_LABEL_REPEATED) {
				if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
				    !insert_lists(
					w, field->descriptor, pb_message(&value), name, id))
					return false;
				continue;
			}
			row_text(&row, w->workspace);
			row_text(&row, id);
			row_integer(&row, (int64_t)k);
			if (field->type == PROTOBUF_C_TYPE_MESSAGE)
				row_columns(&row, field->descriptor, pb_message(&value));
			else
				row_value(&row, &value);
			if (!tables_insert(w->tables, name, row.values, row.count, w->err))
				return false;
		}
	}
	return true;
}

static const ProtobufCMessageDescriptor *
whole_of(const struct item *item)
{
	return kind_is_record(item->kind) ? &plumb__v1__record__descriptor
					  : &plumb__v1__item__descriptor;
}

static bool
insert_entry(
    struct writer *w, const struct item *item, const ProtobufCFieldDescriptor *body, const char *id)
{
	const ProtobufCMessage *message = codec_decode(item, w->arena);
	char created[TIME_TEXT_LEN], updated[TIME_TEXT_LEN];
	struct row row = {.arena = w->arena};
	struct pb_value value;

	if (message == NULL)
		return err_oom(w->err);
	value = pb_get(message, body, 0);
	row_text(&row, w->workspace);
	row_text(&row, id);
	row_integer(&row, (int64_t)item->revision);
	row_text(&row, time_format(item->created_us, created));
	row_text(&row, time_format(item->updated_us, updated));
	row_text(&row, view_text(w->view, item->created_by));
	row_text(&row, view_text(w->view, item->updated_by));
	row_text(&row, view_text(w->view, item->source));
	row_columns(&row, whole_of(item), message);
	row_columns(&row, body->descriptor, pb_message(&value));
	return tables_insert(w->tables, body->name, row.values, row.count, w->err) &&
	       insert_lists(w, whole_of(item), message, body->name, id) &&
	       insert_lists(w, body->descriptor, pb_message(&value), body->name, id);
}

static bool
project_ranking(struct writer *w, const struct item *item, const char *id)
{
	uint32_t rank = 0;

	if (!tables_delete(w->tables, "ranking", w->workspace, id, w->err))
		return false;
	for (uint32_t i = 0; item_is_live(item) && i < item->refs_count; i++) {
		const struct item *initiative = view_item(w->view, item->refs[i].slot);
		struct row row = {.arena = w->arena};

		if (item->refs[i].amount == 0)
			rank = i + 1;
		row_text(&row, w->workspace);
		row_text(&row, id);
		row_integer(&row, i);
		row_integer(&row, rank);
		row_text(&row, arena_strndup(w->arena, item_id(initiative), initiative->id_len));
		if (!tables_insert(w->tables, "ranking", row.values, row.count, w->err))
			return false;
	}
	return true;
}

/* Writes what the entry is now, or that it is gone. */
static bool
project_entry(struct writer *w, const struct item *item, bool fresh)
{
	const ProtobufCFieldDescriptor *body;
	char id[128], name[64];

	arena_reset(w->arena);
	snprintf(id, sizeof id, "%.*s", item->id_len, item_id(item));
	if (item->kind == KIND_RANKING)
		return project_ranking(w, item, id);
	kind_table(kind_name(item->kind), name, sizeof name);
	body = protobuf_c_message_descriptor_get_field_by_name(whole_of(item), name);
	if (body == NULL || is_hidden(item->kind))
		return true;
	if (!fresh && (!tables_delete(w->tables, name, w->workspace, id, w->err) ||
			  !delete_lists(w, whole_of(item), name, id) ||
			  !delete_lists(w, body->descriptor, name, id)))
		return false;
	return !item_is_live(item) || insert_entry(w, item, body, id);
}

/* ---- following a workspace --------------------------------------------------------------------------- */

/* What changed in a workspace since its last job. */
struct followed {
	struct followed *next;
	uint32_t workspace;
	uint32_t *changed; /* slots */
	size_t changed_count;
	size_t changed_cap;
	bool walk;          /* too many, or none known yet: find them by their revisions */
	uint64_t revision;  /* newest seen by the observer */
	uint64_t projected; /* what the tables show */
};

struct projection {
	struct daemon *daemon;
	struct tables *tables; /* the running job's while there is one */
	struct followed *list;
	int64_t next_us;
	int64_t started_us;
	bool running;
	bool stop;
	/* of the running job */
	struct followed *at;
	struct shared_view *view;
	uint32_t *slots; /* taken over from at->changed */
	size_t slots_count;
	bool walk;
	bool ok;
	uint64_t done_revision;
	char workspace[ID_MAX_LEN + 1];
};

static struct followed *
follow(struct projection *p, uint32_t workspace)
{
	struct followed *f;

	for (f = p->list; f != NULL; f = f->next) {
		if (f->workspace == workspace)
			return f;
	}
	f = calloc(1, sizeof *f);
	if (f == NULL)
		return NULL;
	f->workspace = workspace;
	f->walk = true;
	f->next = p->list;
	p->list = f;
	return f;
}

static void
note_slot(struct followed *f, uint32_t slot)
{
	uint32_t *grown;
	size_t cap;

	if (f->walk)
		return;
	if (f->changed_count == f->changed_cap) {
		cap = f->changed_cap == 0 ? 256 : 2 * f->changed_cap;
		grown = cap <= CHANGED_MAX ? realloc(f->changed, cap * sizeof *grown) : NULL;
		if (grown == NULL) {
			f->walk = true;
			f->changed_count = 0;
			return;
		}
		f->changed = grown;
		f->changed_cap = cap;
	}
	f->changed[f->changed_count++] = slot;
}

static void
on_durable(void *arg, uint32_t workspace, uint64_t revision, int64_t time_us,
    const struct patch_op *ops, size_t count)
{
	struct followed *f = follow(arg, workspace);

	(void)time_us;
	if (f == NULL)
		return; /* out of memory: the next change finds it */
	f->revision = revision;
	for (size_t i = 0; i < count; i++) {
		if (ops[i].old != ops[i].new)
			note_slot(f, ops[i].new->slot);
	}
}

/* ---- the job ------------------------------------------------------------------------------------------- */

/* Stopping doesn't wait for tables: the next start goes on where they stand. */
static bool
goes_on(const struct writer *w)
{
	if (!__atomic_load_n(w->stop, __ATOMIC_RELAXED))
		return true;
	return err_set(w->err, ERR_CANCELLED, "the daemon stops");
}

static bool
project_all(struct writer *w, uint64_t shown)
{
	for (uint32_t slot = 0; slot < view_slots(w->view); slot++) {
		const struct item *item = view_item(w->view, slot);

		if (item == NULL || (item->flags & ITEM_ABSENT) != 0 || item->revision <= shown)
			continue;
		if (!goes_on(w) || !project_entry(w, item, shown == 0))
			return false;
	}
	return true;
}

static int
compare_slots(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool
project_slots(struct writer *w, uint32_t *slots, size_t count)
{
	if (count > 1)
		qsort(slots, count, sizeof *slots, compare_slots);
	for (size_t i = 0; i < count; i++) {
		const struct item *item = view_item(w->view, slots[i]);

		if (i > 0 && slots[i] == slots[i - 1])
			continue;
		if (!goes_on(w))
			return false;
		if (item != NULL && (item->flags & ITEM_ABSENT) == 0 &&
		    !project_entry(w, item, false))
			return false;
	}
	return true;
}

/* Empties a workspace whose tables show another history than the plan's. */
static bool
clear_workspace(struct writer *w)
{
	static const ProtobufCMessageDescriptor *const wholes[] = {
	    &plumb__v1__item__descriptor, &plumb__v1__record__descriptor};

	for (size_t k = 0; k < 2; k++) {
		for (unsigned i = 0; i < wholes[k]->n_fields; i++) {
			const ProtobufCFieldDescriptor *body = &wholes[k]->fields[i];

			if (is_body(wholes[k], body) &&
			    (!tables_delete(w->tables, body->name, w->workspace, NULL, w->err) ||
				!delete_lists(w, wholes[k], body->name, NULL) ||
				!delete_lists(w, body->descriptor, body->name, NULL)))
				return false;
		}
	}
	return tables_delete(w->tables, "ranking", w->workspace, NULL, w->err);
}

static bool
run_job(struct projection *p, struct writer *w)
{
	uint64_t shown = 0;
	char time[TIME_TEXT_LEN];
	bool ok;

	if (!shared_view_settle(p->view) || w->arena == NULL)
		return err_oom(w->err);
	w->view = p->view->view;
	if (!tables_revision(w->tables, w->workspace, &shown, w->err) ||
	    !tables_begin(w->tables, w->err))
		return false;
	ok = true;
	if (p->walk && shown > view_revision(w->view)) {
		ok = clear_workspace(w);
		shown = 0;
	}
	if (ok)
		ok = p->walk ? project_all(w, shown) : project_slots(w, p->slots, p->slots_count);
	p->done_revision = view_revision(w->view);
	if (ok)
		ok = tables_commit(w->tables, w->workspace, p->done_revision,
		    time_format(view_time(w->view), time), w->err);
	if (!ok)
		tables_rollback(w->tables);
	return ok;
}

static void
on_run(void *arg)
{
	struct projection *p = arg;
	struct err err = {0};
	struct writer w = {.tables = p->tables,
	    .workspace = p->workspace,
	    .arena = arena_new(ROW_ARENA),
	    .stop = &p->stop,
	    .err = &err};

	p->ok = run_job(p, &w);
	if (!p->ok && err.code != ERR_CANCELLED)
		log_warn("projection", "workspace=%s error=\"%s\"", p->workspace, err.msg);
	arena_free(w.arena);
}

static void
on_done(void *arg)
{
	struct projection *p = arg;
	struct followed *f = p->at;
	int64_t now_us, pause_us;

	p->running = false;
	shared_view_unref(p->view);
	p->view = NULL;
	free(p->slots);
	p->slots = NULL;
	if (p->ok) {
		f->projected = p->done_revision;
	} else {
		/* What it was to write is forgotten: find it again by revision. */
		f->walk = true;
		f->changed_count = 0;
	}
	/* Under heavy writing it takes a quarter of one core at most. */
	now_us = daemon_monotonic_us();
	pause_us = 3 * (now_us - p->started_us);
	p->next_us = now_us + (pause_us > INTERVAL_US ? pause_us : INTERVAL_US);
}

static bool
start_job(struct projection *p, struct followed *f, struct workspace *ws)
{
	struct err err = {0};

	p->view = workspace_view(ws);
	if (p->view == NULL)
		return false;
	snprintf(p->workspace, sizeof p->workspace, "%s", ws->id);
	p->started_us = daemon_monotonic_us();
	p->at = f;
	p->walk = f->walk;
	p->slots = f->changed;
	p->slots_count = f->changed_count;
	f->changed = NULL;
	f->changed_count = f->changed_cap = 0;
	f->walk = false;
	p->running = jobs_start(p->daemon->jobs, on_run, on_done, p, &err);
	if (!p->running) {
		p->ok = false;
		on_done(p);
	}
	return p->running;
}

/* Workspaces that are loaded but did not change since: their tables may be of an earlier run. */
static void
follow_loaded(struct projection *p)
{
	for (struct workspace *ws = p->daemon->workspaces; ws != NULL; ws = ws->next) {
		struct followed *f;

		if (ws->state != WORKSPACE_READY)
			continue;
		f = follow(p, ws->number);
		if (f != NULL && f->revision < plan_durable(ws->plan))
			f->revision = plan_durable(ws->plan);
	}
}

void
projection_tick(struct projection *p)
{
	if (p == NULL || p->running || p->stop || daemon_monotonic_us() < p->next_us)
		return;
	follow_loaded(p);
	for (struct followed *f = p->list; f != NULL; f = f->next) {
		struct workspace *ws;

		if (f->projected >= f->revision)
			continue;
		ws = workspace_by_number(p->daemon, f->workspace);
		if (ws != NULL && ws->state == WORKSPACE_READY && start_job(p, f, ws))
			return;
	}
}

void
projection_stop(struct projection *p)
{
	if (p != NULL)
		__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
}

struct projection *
projection_new(struct daemon *daemon, const char *directory, struct err *err)
{
	struct projection *p = calloc(1, sizeof *p);
	struct str schema;

	if (p == NULL) {
		err_oom(err);
		return NULL;
	}
	p->daemon = daemon;
	str_init(&schema, 1u << 18);
	projection_schema(&schema);
	p->tables = str_ok(&schema) ? tables_open(directory, schema.data, err) : NULL;
	str_fini(&schema);
	if (p->tables == NULL) {
		free(p);
		return NULL;
	}
	daemon_observe(daemon, on_durable, p);
	return p;
}

void
projection_free(struct projection *p)
{
	struct followed *f, *next;

	if (p == NULL)
		return;
	for (f = p->list; f != NULL; f = next) {
		next = f->next;
		free(f->changed);
		free(f);
	}
	tables_close(p->tables);
	free(p);
}

uint64_t
projection_revision(const struct projection *p, uint32_t workspace)
{
	for (struct followed *f = p != NULL ? p->list : NULL; f != NULL; f = f->next) {
		if (f->workspace == workspace)
			return f->projected;
	}
	return 0;
}
