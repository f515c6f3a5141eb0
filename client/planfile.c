#include "client/planfile.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/planfile_index.h"
#include "client/planfile_internal.h"
#include "client/yaml.h"
#include "common/pb_edit.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/str.h"

/* Trees of nodes are some ten times the text they come from. */
#define ARENA_MAX ((size_t)4 << 30)

static struct planfile_step *
new_step(struct planfile *plan)
{
	struct planfile_step *step = arena_zalloc(plan->arena, sizeof *step);

	if (step == NULL)
		return NULL;
	step->index = refmap_new(plan->arena);
	return step->index == NULL ? NULL : step;
}

struct planfile *
planfile_new(struct err *err)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct planfile *plan;

	if (arena == NULL) {
		err_oom(err);
		return NULL;
	}
	plan = arena_zalloc(arena, sizeof *plan);
	if (plan == NULL)
		goto fail;
	plan->arena = arena;
	plan->steps = arena_array(arena, 1, sizeof(struct planfile_step *));
	if (plan->steps == NULL)
		goto fail;
	plan->steps[0] = new_step(plan);
	if (plan->steps[0] == NULL)
		goto fail;
	plan->steps_count = 1;
	return plan;
fail:
	arena_free(arena);
	err_oom(err);
	return NULL;
}

void
planfile_free(struct planfile *plan)
{
	if (plan != NULL)
		arena_free(plan->arena);
}

bool
planfile_oom(struct planfile *plan)
{
	plan->out_of_memory = true;
	return false;
}

const char *
planfile_text(struct planfile *plan, const char *text)
{
	const char *copy = arena_strdup(plan->arena, text);

	if (copy == NULL)
		planfile_oom(plan);
	return copy;
}

/* ---- faults ---------------------------------------------------------------------------------------------- */

bool
planfile_fault(struct planfile *plan, struct planfile_place place, const char *fmt, ...)
{
	char text[1024];
	const char *message;
	va_list ap;

	plan->faults_total++;
	if (plan->faults_count == PLANFILE_FAULTS_MAX)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	message = planfile_text(plan, text);
	if (message == NULL)
		return false;
	plan->faults[plan->faults_count].place = place;
	plan->faults[plan->faults_count++].message = message;
	return false;
}

static void
add_safe(struct str *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			str_add_char(out, '?');
		else
			str_add_char(out, *text);
	}
}

void
planfile_print_faults(const struct planfile *plan, struct str *out)
{
	const struct planfile_fault *fault;

	for (size_t i = 0; i < plan->faults_count; i++) {
		fault = &plan->faults[i];
		add_safe(out, fault->place.file != NULL ? fault->place.file : "plan");
		if (fault->place.line > 0)
			str_addf(out, ":%u", fault->place.line);
		if (fault->place.column > 0)
			str_addf(out, ":%u", fault->place.column);
		str_add(out, ": ");
		add_safe(out, fault->message);
		str_add_char(out, '\n');
	}
	if (plan->faults_total > plan->faults_count)
		str_addf(out, "and %zu more\n", plan->faults_total - plan->faults_count);
}

/* ---- steps ----------------------------------------------------------------------------------------------- */

struct planfile_step *
planfile_present(struct planfile *plan)
{
	return plan->steps[plan->steps_count - 1];
}

struct planfile_step *
planfile_step(struct planfile *plan, const char *effective)
{
	struct planfile_step **steps, *step;
	char text[TIME_TEXT_LEN];
	size_t at = 0;
	int64_t us;

	if (!time_or_date_parse(effective, &us))
		return NULL;
	while (at + 1 < plan->steps_count && plan->steps[at]->effective_us < us)
		at++;
	if (at + 1 < plan->steps_count && plan->steps[at]->effective_us == us)
		return plan->steps[at];
	steps = arena_array(plan->arena, plan->steps_count + 1, sizeof(struct planfile_step *));
	step = steps == NULL ? NULL : new_step(plan);
	if (step == NULL)
		return NULL;
	step->effective_us = us;
	step->effective = planfile_text(plan, time_format(us, text));
	if (step->effective == NULL)
		return NULL;
	memcpy(steps, plan->steps, at * sizeof(struct planfile_step *));
	steps[at] = step;
	memcpy(steps + at + 1, plan->steps + at,
	    (plan->steps_count - at) * sizeof(struct planfile_step *));
	plan->steps = steps;
	plan->steps_count++;
	return step;
}

struct planfile_entry *
planfile_find(const struct planfile_step *step, const char *ref)
{
	return refmap_get(step->index, ref);
}

struct planfile_entry *
planfile_find_before(const struct planfile *plan, const struct planfile_step *step, const char *ref)
{
	struct planfile_entry *entry;
	size_t at = 0;

	while (plan->steps[at] != step)
		at++;
	for (at++; at > 0; at--) {
		for (size_t i = 0; i < plan->steps[at - 1]->removals_count; i++) {
			if (strcmp(plan->steps[at - 1]->removals[i].ref, ref) == 0)
				return NULL;
		}
		entry = planfile_find(plan->steps[at - 1], ref);
		if (entry != NULL)
			return entry;
	}
	return NULL;
}

/* Room for one more element behind an arena array that grows by doubling. */
static void *
room(struct planfile *plan, void *list, size_t count, size_t *cap, size_t size)
{
	void *grown;

	if (count < *cap)
		return list;
	grown = arena_array(plan->arena, *cap == 0 ? 16 : *cap * 2, size);
	if (grown == NULL) {
		planfile_oom(plan);
		return NULL;
	}
	if (count > 0)
		memcpy(grown, list, count * size);
	*cap = *cap == 0 ? 16 : *cap * 2;
	return grown;
}

static bool
check_id(struct planfile *plan, const struct planfile_kind *kind, const char *id,
    struct planfile_place place)
{
	char slug[ID_MAX_LEN + 1];

	if (parse_is_id(id, strlen(id)))
		return true;
	parse_slug(id, slug);
	return planfile_fault(plan, place,
	    "'%.80s' is no id of a %s: 1 to 64 of a-z 0-9 . _ -, beginning and ending with a "
	    "letter or digit%s%s%s",
	    id, kind->name, slug[0] != '\0' ? "; for example '" : "", slug,
	    slug[0] != '\0' ? "'" : "");
}

static struct planfile_entry *
add_entry(struct planfile *plan, struct planfile_step *step, Plumb__V1__Kind number, const char *id,
    struct planfile_place place)
{
	const struct planfile_kind *kind = planfile_kind(number);
	struct planfile_entry *entry, *other;
	void *list;

	assert(kind != NULL);
	if (!check_id(plan, kind, id, place))
		return NULL;
	entry = arena_zalloc(plan->arena, sizeof *entry);
	if (entry == NULL || (entry->id = planfile_text(plan, id)) == NULL ||
	    (entry->ref = arena_printf(plan->arena, "%s/%s", kind->name, id)) == NULL)
		goto oom;
	entry->kind = number;
	entry->place = place;
	other = planfile_find(step, entry->ref);
	if (other != NULL) {
		planfile_fault(plan, place, "%s is stated a second time, the first is at %s:%u:%u",
		    entry->ref, other->place.file, other->place.line, other->place.column);
		return NULL;
	}
	list = room(plan, step->entries, step->count, &step->cap, sizeof(struct planfile_entry *));
	if (list == NULL || !refmap_put(step->index, entry->ref, entry))
		goto oom;
	step->entries = list;
	step->entries[step->count++] = entry;
	return entry;
oom:
	planfile_oom(plan);
	return NULL;
}

/* An empty item or record with its body. */
static ProtobufCMessage *
new_message(struct planfile *plan, Plumb__V1__Kind number)
{
	const struct planfile_kind *kind = planfile_kind(number);
	const ProtobufCFieldDescriptor *field = planfile_kind_body(kind);
	ProtobufCMessage *message = pb_new(planfile_kind_type(kind), plan->arena);
	ProtobufCMessage *body = pb_new(field->descriptor, plan->arena);

	if (message == NULL || body == NULL) {
		planfile_oom(plan);
		return NULL;
	}
	*(ProtobufCMessage **)pb_field_at(message, field) = body;
	pb_mark_set(message, field);
	return message;
}

struct planfile_entry *
planfile_add_item(struct planfile *plan, struct planfile_step *step, Plumb__V1__Kind kind,
    const char *id, struct planfile_place place)
{
	ProtobufCMessage *message = new_message(plan, kind);
	struct planfile_entry *entry =
	    message == NULL ? NULL : add_entry(plan, step, kind, id, place);

	if (entry == NULL)
		return NULL;
	entry->item = (Plumb__V1__Item *)message;
	entry->item->id = (char *)(uintptr_t)entry->id;
	return entry;
}

struct planfile_entry *
planfile_add_record(struct planfile *plan, struct planfile_step *step, Plumb__V1__Kind kind,
    const char *id, struct planfile_place place)
{
	ProtobufCMessage *message = new_message(plan, kind);
	struct planfile_entry *entry =
	    message == NULL ? NULL : add_entry(plan, step, kind, id, place);

	if (entry == NULL)
		return NULL;
	entry->record = (Plumb__V1__Record *)message;
	entry->record->id = (char *)(uintptr_t)entry->id;
	return entry;
}

static struct planfile_ranking *
find_ranking(struct planfile *plan, struct planfile_step *step, const char *team,
    struct planfile_place place)
{
	struct planfile_ranking *list;

	for (size_t i = 0; i < step->rankings_count; i++) {
		if (strcmp(step->rankings[i].team, team) == 0)
			return &step->rankings[i];
	}
	list = arena_array(plan->arena, step->rankings_count + 1, sizeof *list);
	if (list == NULL)
		return NULL;
	if (step->rankings_count > 0)
		memcpy(list, step->rankings, step->rankings_count * sizeof *list);
	step->rankings = list;
	list[step->rankings_count].place = place;
	list[step->rankings_count].team = planfile_text(plan, team);
	return list[step->rankings_count].team == NULL ? NULL : &list[step->rankings_count++];
}

bool
planfile_add_ranked(struct planfile *plan, struct planfile_step *step, const char *team,
    const char *ref, bool tied, struct planfile_place place)
{
	struct planfile_ranking *ranking = find_ranking(plan, step, team, place);
	struct planfile_ranked *ranked;
	void *list;

	if (ranking == NULL)
		return planfile_oom(plan);
	list = room(plan, ranking->list, ranking->count, &ranking->cap, sizeof *ranking->list);
	if (list == NULL)
		return false;
	ranking->list = list;
	ranked = &ranking->list[ranking->count];
	ranked->ref = planfile_text(plan, ref);
	if (ranked->ref == NULL)
		return false;
	ranked->place = place;
	ranked->group = ranking->count == 0 ? 0 : ranked[-1].group + !tied;
	ranking->count++;
	return true;
}

bool
planfile_add_removal(
    struct planfile *plan, struct planfile_step *step, const char *ref, struct planfile_place place)
{
	struct planfile_removal *list =
	    arena_array(plan->arena, step->removals_count + 1, sizeof *list);

	if (list == NULL)
		return planfile_oom(plan);
	if (step->removals_count > 0)
		memcpy(list, step->removals, step->removals_count * sizeof *list);
	list[step->removals_count].ref = planfile_text(plan, ref);
	list[step->removals_count].place = place;
	if (list[step->removals_count].ref == NULL)
		return false;
	step->removals = list;
	step->removals_count++;
	return true;
}

/* ---- places ---------------------------------------------------------------------------------------------- */

/* The node under a key of a map that stands for the field: itself, or its singular ("owner" for owners). */
static const struct yaml_node *
field_node(const struct yaml_node *map, const char *field, size_t len)
{
	const char *key;
	size_t key_len;

	if (map->type != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		key = map->pairs[i].key->text;
		key_len = map->pairs[i].key->count;
		if (key_len == len && strncmp(key, field, len) == 0)
			return map->pairs[i].value;
		if (key_len + 1 == len && field[len - 1] == 's' &&
		    strncmp(key, field, key_len) == 0)
			return map->pairs[i].value;
	}
	return NULL;
}

/* Where an objective's target stands that was made from an inline measure; NULL if it wasn't. */
static const struct yaml_node *
inline_target(const struct planfile_entry *entry, size_t index)
{
	const struct yaml_node *measures = yaml_get(entry->node, "measures");

	if (entry->kind != PLUMB__V1__KIND__OBJECTIVE || measures == NULL ||
	    index >= entry->item->objective->n_targets)
		return NULL;
	return yaml_get(measures, entry->item->objective->targets[index]->measure);
}

/* Follows path as far as the file goes along. */
static const struct yaml_node *
follow(const struct planfile_entry *entry, const char *path)
{
	const struct yaml_node *at = entry->node, *next;
	size_t len;
	char *end;

	while (*path != '\0' && at != NULL) {
		len = strcspn(path, ".[");
		if (len > 0) {
			next = field_node(at, path, len);
			if (len == strlen("targets") && strncmp(path, "targets[", 8) == 0) {
				const struct yaml_node *target =
				    inline_target(entry, strtoul(path + 8, NULL, 10));

				if (target != NULL) {
					path += len + strcspn(path + len, "]");
					path += *path == ']';
					path += *path == '.';
					at = target;
					continue;
				}
			}
			if (next == NULL)
				return at;
			at = next;
			path += len;
		} else if (*path == '[') {
			size_t index = strtoul(path + 1, &end, 10);

			if (at->type == YAML_LIST && index < at->count)
				at = at->items[index];
			path = end + (*end == ']');
		} else {
			path++;
		}
	}
	return at;
}

struct planfile_place
planfile_field_place(const struct planfile_entry *entry, const char *path)
{
	const struct planfile_kind *kind = planfile_kind(entry->kind);
	struct planfile_place place = entry->place;
	const struct yaml_node *node;
	size_t len = strlen(kind->body);

	if (entry->node == NULL)
		return place;
	if (strncmp(path, kind->body, len) == 0 && (path[len] == '.' || path[len] == '\0'))
		path += len + (path[len] == '.');
	if (*path == '\0' || strcmp(path, "id") == 0)
		return place;
	node = follow(entry, path);
	if (node != NULL && node != entry->node) {
		place.line = node->line;
		place.column = node->column;
	}
	return place;
}
