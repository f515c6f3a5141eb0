#include "client/planfile_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/planfile_index.h"
#include "client/yaml.h"
#include "common/arena.h"
#include "common/pb.h"
#include "common/pb_edit.h"
#include "common/str.h"

#define STEP      2  /* of indentation */
#define LINE_MAX_ 96 /* a list stays on one line up to here */
#define KINDS_MAX 96

struct written {
	const char *id;
	ProtobufCMessage *message;
	struct written *inline_holder; /* a measure: the objective it stands under */
	size_t inline_from;            /* an objective: targets from here on stand in `measures:` */
};

struct section {
	struct written *list;
	size_t count;
	size_t cap;
};

struct planfile_writer {
	struct arena *arena;
	struct section sections[KINDS_MAX]; /* by number of kind */
	const Plumb__V1__RankingList **rankings;
	size_t rankings_count;
	size_t left_out;
};

struct planfile_writer *
planfile_writer_new(struct arena *arena)
{
	struct planfile_writer *writer = arena_zalloc(arena, sizeof *writer);

	if (writer != NULL)
		writer->arena = arena;
	return writer;
}

/* ---- collecting ----------------------------------------------------------------------------------------------- */

static bool
add_ranking(struct planfile_writer *w, const Plumb__V1__RankingList *list)
{
	const Plumb__V1__RankingList **lists =
	    arena_array(w->arena, w->rankings_count + 1, sizeof *lists);

	if (lists == NULL)
		return false;
	if (w->rankings_count > 0)
		memcpy(lists, w->rankings, w->rankings_count * sizeof *lists);
	lists[w->rankings_count++] = list;
	w->rankings = lists;
	return true;
}

static bool
add_written(
    struct planfile_writer *w, struct section *section, const char *id, ProtobufCMessage *message)
{
	struct written *grown;
	size_t cap = section->cap == 0 ? 64 : section->cap * 2;

	if (section->count == section->cap) {
		grown = arena_array(w->arena, cap, sizeof *grown);
		if (grown == NULL)
			return false;
		if (section->count > 0)
			memcpy(grown, section->list, section->count * sizeof *grown);
		section->list = grown;
		section->cap = cap;
	}
	section->list[section->count++] = (struct written){id, message, NULL, SIZE_MAX};
	return true;
}

bool
planfile_writer_add(struct planfile_writer *w, const Plumb__V1__Envelope *envelope)
{
	const struct planfile_kind *kind = planfile_kind(envelope->kind);
	const Plumb__V1__Record *record;
	ProtobufCMessage *message;
	const char *id;

	if (envelope->removed)
		return true;
	if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_RANKING)
		return add_ranking(w, envelope->ranking);
	if (kind == NULL || (unsigned)kind->kind >= KINDS_MAX)
		return true;
	if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_RECORD) {
		record = envelope->record;
		if (record->retracted || record->redacted) {
			w->left_out++;
			return true;
		}
		message = &envelope->record->base;
		id = record->id;
	} else if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM) {
		message = &envelope->item->base;
		id = envelope->item->id;
	} else {
		return true;
	}
	return planfile_normal(kind, message, w->arena) &&
	       add_written(w, &w->sections[kind->kind], id, message);
}

size_t
planfile_writer_left_out(const struct planfile_writer *w)
{
	return w->left_out;
}

/* ---- arranging -------------------------------------------------------------------------------------------------- */

static int
compare_written(const void *left, const void *right)
{
	const struct written *a = left, *b = right;

	return strcmp(a->id, b->id);
}

static int
compare_rankings(const void *left, const void *right)
{
	const Plumb__V1__RankingList *a = *(const Plumb__V1__RankingList *const *)left;
	const Plumb__V1__RankingList *b = *(const Plumb__V1__RankingList *const *)right;

	return strcmp(a->team, b->team);
}

static const Plumb__V1__Objective *
objective_of(const struct written *written)
{
	return ((const Plumb__V1__Item *)written->message)->objective;
}

/* The measure of a target where it can stand inline under that objective. */
static struct written *
inlinable(const struct refmap *measures, const struct written *holder, size_t target)
{
	const Plumb__V1__Objective *objective = objective_of(holder);
	const char *id = objective->targets[target]->measure;
	struct written *measure = refmap_get(measures, id);

	if (measure == NULL ||
	    strcmp(((const Plumb__V1__Item *)measure->message)->measure->inline_under,
		holder->id) != 0)
		return NULL;
	for (size_t i = 0; i < objective->n_targets; i++) {
		if (i != target && strcmp(objective->targets[i]->measure, id) == 0)
			return NULL;
	}
	return measure;
}

bool
planfile_writer_arrange(struct planfile_writer *w)
{
	struct section *objectives = &w->sections[PLUMB__V1__KIND__OBJECTIVE];
	struct section *measures = &w->sections[PLUMB__V1__KIND__MEASURE];
	struct refmap *index = refmap_new(w->arena);
	struct written *measure;

	for (size_t i = 0; i < KINDS_MAX; i++) {
		if (w->sections[i].count > 1)
			qsort(w->sections[i].list, w->sections[i].count, sizeof(struct written),
			    compare_written);
	}
	if (w->rankings_count > 1)
		qsort(w->rankings, w->rankings_count, sizeof *w->rankings, compare_rankings);
	for (size_t i = 0; index != NULL && i < measures->count; i++) {
		if (!refmap_put(index, measures->list[i].id, &measures->list[i]))
			return false;
	}
	/* Targets of inline measures come behind the others when read: only the last ones can stand there. */
	for (size_t i = 0; index != NULL && i < objectives->count; i++) {
		struct written *holder = &objectives->list[i];

		holder->inline_from = objective_of(holder)->n_targets;
		while (holder->inline_from > 0 &&
		       (measure = inlinable(index, holder, holder->inline_from - 1)) != NULL) {
			measure->inline_holder = holder;
			holder->inline_from--;
		}
	}
	return index != NULL;
}

/* ---- fields -------------------------------------------------------------------------------------------------------- */

static void
write_scalar(const struct pb_value *value, enum yaml_style style, int indent, struct str *out)
{
	if (value->field->type == PROTOBUF_C_TYPE_STRING)
		yaml_write_text(out, *(const char *const *)value->p, style, indent);
	else if (value->field->type == PROTOBUF_C_TYPE_INT64)
		planfile_effort_text(*(const int64_t *)value->p, out);
	else
		pb_value_text(value, out);
}

static void write_fields(
    const ProtobufCMessage *message, int indent, bool first_inline, struct str *out);

static void
write_map(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, int indent,
    struct str *out)
{
	const ProtobufCMessage *entry;
	struct pb_value value;

	for (size_t i = 0; i < pb_count(message, field); i++) {
		value = pb_get(message, field, i);
		entry = pb_message(&value);
		str_addf(out, "\n%*s", indent, "");
		yaml_write_text(out,
		    *(const char *const *)pb_field_at(entry, &entry->descriptor->fields[0]),
		    YAML_KEY, 0);
		str_add(out, ": ");
		value = (struct pb_value){&entry->descriptor->fields[1],
		    pb_field_at(entry, &entry->descriptor->fields[1])};
		write_scalar(&value, YAML_BLOCK, indent + STEP, out);
	}
}

/* "[a, b]" into a text of its own; false if it is too long for a line. */
static bool
write_flow(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, int indent,
    struct str *out)
{
	struct pb_value value;
	struct str line;
	bool fits;

	str_init(&line, 1u << 20);
	str_add_char(&line, '[');
	for (size_t i = 0; i < pb_count(message, field) && line.len <= LINE_MAX_; i++) {
		value = pb_get(message, field, i);
		str_add(&line, i > 0 ? ", " : "");
		write_scalar(&value, YAML_FLOW, 0, &line);
	}
	str_add_char(&line, ']');
	fits = str_ok(&line) && (size_t)indent + line.len <= LINE_MAX_;
	if (fits) {
		str_add_char(out, ' ');
		str_add(out, line.data);
	}
	str_fini(&line);
	return fits;
}

static void
write_list(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, int indent,
    struct str *out)
{
	struct pb_value value;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE &&
	    write_flow(message, field, indent + (int)strlen(field->name), out))
		return;
	for (size_t i = 0; i < pb_count(message, field); i++) {
		value = pb_get(message, field, i);
		str_addf(out, "\n%*s- ", indent, "");
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			write_fields(pb_message(&value), indent + STEP, true, out);
		else
			write_scalar(&value, YAML_BLOCK, indent + STEP, out);
	}
}

/* "key: value", without the line's end. */
static void
write_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, int indent,
    struct str *out)
{
	struct pb_value value = pb_get(message, field, 0);

	if (strcmp(field->name, "owners") == 0 && pb_count(message, field) == 1) {
		str_add(out, "owner: ");
		write_scalar(&value, YAML_BLOCK, indent + STEP, out);
		return;
	}
	str_addf(out, "%s:", field->name);
	if (planfile_is_map_entry(field)) {
		write_map(message, field, indent + STEP, out);
	} else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		write_list(message, field, indent + STEP, out);
	} else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		if (!pb_equal(field->descriptor, pb_message(&value), NULL))
			str_addf(out, "\n%*s", indent + STEP, "");
		else
			str_add_char(out, ' ');
		write_fields(pb_message(&value), indent + STEP, true, out);
	} else {
		str_add_char(out, ' ');
		write_scalar(&value, YAML_BLOCK, indent + STEP, out);
	}
}

/* All fields that are set; the first one where the line stands already (first_inline), or on a line of its own. */
static void
write_fields(const ProtobufCMessage *message, int indent, bool first_inline, struct str *out)
{
	bool first = first_inline;

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		if (pb_count(message, &message->descriptor->fields[i]) == 0)
			continue;
		if (!first)
			str_addf(out, "\n%*s", indent, "");
		first = false;
		write_field(message, &message->descriptor->fields[i], indent, out);
	}
	if (first && first_inline)
		str_add(out, "{}");
}

/* ---- entries -------------------------------------------------------------------------------------------------------- */

/* What comes before the kind's own fields, and what after them; all others belong to the body or the daemon. */
static const char *const fields_before[] = {
    "title", "description", "owners", "reviewer", "about", "by", "at", "note", NULL};
static const char *const fields_after[] = {"labels", "links", "external_ids", NULL};

static void
write_named(const ProtobufCMessage *message, const char *const *names, int indent, struct str *out)
{
	const ProtobufCFieldDescriptor *field;

	for (; *names != NULL; names++) {
		field =
		    protobuf_c_message_descriptor_get_field_by_name(message->descriptor, *names);
		if (field == NULL || pb_count(message, field) == 0)
			continue;
		str_addf(out, "\n%*s", indent, "");
		write_field(message, field, indent, out);
	}
}

/* The body's fields without what the place in the file says already. */
static bool
is_implied(const struct written *written, const struct planfile_kind *kind,
    const ProtobufCFieldDescriptor *field, const ProtobufCMessage *body)
{
	const char *rule;
	size_t at;

	if (written->inline_holder != NULL && strcmp(field->name, "inline_under") == 0)
		return true;
	if (kind->kind != PLUMB__V1__KIND__RULE_SETTING || strcmp(field->name, "rule") != 0)
		return false;
	rule = ((const Plumb__V1__RuleSetting *)body)->rule;
	at = strcspn(written->id, ".");
	return strlen(rule) == strlen(written->id) && strncmp(rule, written->id, at) == 0 &&
	       rule[at] == '/' && strcmp(rule + at + 1, written->id + at + 1) == 0;
}

static void write_entry(const struct planfile_writer *w, const struct planfile_kind *kind,
    const struct written *written, int indent, struct str *out);

/* The targets that stand in `targets:`, and the measures inline. */
static void
write_targets(
    const struct planfile_writer *w, const struct written *written, int indent, struct str *out)
{
	const Plumb__V1__Objective *objective = objective_of(written);
	const struct section *measures = &w->sections[PLUMB__V1__KIND__MEASURE];
	struct written key = {0}, *measure;

	if (written->inline_from > 0)
		str_addf(out, "\n%*stargets:", indent, "");
	for (size_t i = 0; i < objective->n_targets; i++) {
		if (i < written->inline_from) {
			str_addf(out, "\n%*s- ", indent + STEP, "");
			write_fields(&objective->targets[i]->base, indent + 2 * STEP, true, out);
			continue;
		}
		if (i == written->inline_from)
			str_addf(out, "\n%*smeasures:", indent, "");
		key.id = objective->targets[i]->measure;
		measure =
		    bsearch(&key, measures->list, measures->count, sizeof key, compare_written);
		write_entry(
		    w, planfile_kind(PLUMB__V1__KIND__MEASURE), measure, indent + STEP, out);
	}
}

static void
write_body(const struct planfile_writer *w, const struct planfile_kind *kind,
    const struct written *written, int indent, struct str *out)
{
	const ProtobufCMessage *body = planfile_body(kind, written->message);
	const ProtobufCFieldDescriptor *field;

	for (unsigned i = 0; body != NULL && i < body->descriptor->n_fields; i++) {
		field = &body->descriptor->fields[i];
		if (pb_count(body, field) == 0 || is_implied(written, kind, field, body))
			continue;
		if (kind->kind == PLUMB__V1__KIND__OBJECTIVE &&
		    strcmp(field->name, "targets") == 0) {
			write_targets(w, written, indent, out);
			continue;
		}
		str_addf(out, "\n%*s", indent, "");
		write_field(body, field, indent, out);
	}
}

/* The objective's target for its inline measure, beside the measure's own fields. */
static void
write_inline_target(const struct written *written, int indent, struct str *out)
{
	const Plumb__V1__Objective *objective = objective_of(written->inline_holder);

	for (size_t i = 0; i < objective->n_targets; i++) {
		Plumb__V1__Target target = *objective->targets[i];

		if (strcmp(target.measure, written->id) != 0)
			continue;
		target.measure = pb_str("");
		write_fields(&target.base, indent, false, out);
	}
}

static void
write_entry(const struct planfile_writer *w, const struct planfile_kind *kind,
    const struct written *written, int indent, struct str *out)
{
	size_t before;

	str_addf(out, "\n%*s", indent, "");
	yaml_write_text(out, written->id, YAML_KEY, 0);
	str_add_char(out, ':');
	before = out->len;
	write_named(written->message, fields_before, indent + STEP, out);
	write_body(w, kind, written, indent + STEP, out);
	if (written->inline_holder != NULL)
		write_inline_target(written, indent + STEP, out);
	write_named(written->message, fields_after, indent + STEP, out);
	if (out->len == before)
		str_add(out, " {}");
}

void
planfile_write_section(
    const struct planfile_writer *w, const struct planfile_kind *kind, struct str *out)
{
	const struct section *section = &w->sections[kind->kind];
	bool begun = false;

	for (size_t i = 0; i < section->count; i++) {
		if (section->list[i].inline_holder != NULL)
			continue;
		if (!begun)
			str_addf(out, "\n%s:", kind->section);
		begun = true;
		write_entry(w, kind, &section->list[i], STEP, out);
	}
	if (begun)
		str_add_char(out, '\n');
}

/* ---- the head ------------------------------------------------------------------------------------------------------- */

static const char *
bare(const char *ref)
{
	const char *slash = strchr(ref, '/');

	return slash == NULL ? ref : slash + 1;
}

static void
write_ranking(const Plumb__V1__RankingList *list, int indent, struct str *out)
{
	bool tied, next;

	for (size_t i = 0; i < list->n_items; i++) {
		tied = i > 0 && list->items[i]->rank == list->items[i - 1]->rank;
		next = i + 1 < list->n_items && list->items[i + 1]->rank == list->items[i]->rank;
		if (tied)
			str_add(out, ", ");
		else
			str_addf(out, "\n%*s- %s", indent, "", next ? "[" : "");
		yaml_write_text(out, bare(list->items[i]->ref), YAML_FLOW, 0);
		if (tied && !next)
			str_add_char(out, ']');
	}
	if (list->n_items == 0)
		str_add(out, " []");
}

void
planfile_write_head(
    const struct planfile_writer *w, const char *workspace, uint64_t revision, struct str *out)
{
	bool begun = false;

	str_add(out, "exported: {workspace: ");
	yaml_write_text(out, workspace[0] != '\0' ? workspace : "main", YAML_FLOW, 0);
	str_addf(out, ", revision: %" PRIu64 "}\n", revision);
	for (size_t i = 0; i < w->rankings_count; i++) {
		if (w->rankings[i]->team[0] == '\0') {
			str_add(out, "\nranking:");
			write_ranking(w->rankings[i], STEP, out);
			str_add_char(out, '\n');
			continue;
		}
		str_add(out, begun ? "\n  " : "\nrankings:\n  ");
		begun = true;
		yaml_write_text(out, bare(w->rankings[i]->team), YAML_KEY, 0);
		str_add_char(out, ':');
		write_ranking(w->rankings[i], 2 * STEP, out);
	}
	if (begun)
		str_add_char(out, '\n');
}
