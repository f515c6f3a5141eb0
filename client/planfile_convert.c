/*
 * From a file's tree to items, records and rankings: by descriptor, so that every kind works alike.
 *
 * Nothing here judges a plan: what can be written down is taken, and the daemon decides. What is a fault here is what
 * cannot be written down: unknown fields, wrong types, doubled names.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/planfile.h"
#include "client/planfile_index.h"
#include "client/planfile_internal.h"
#include "client/yaml.h"
#include "common/arena.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/pb_edit.h"
#include "common/str.h"

#define NAMES_MAX 96 /* fields of one kind, for "did you mean" */

struct conversion {
	struct planfile *plan;
	struct planfile_step *step;
	const struct planfile_file *file;
	bool dated; /* entries continue what earlier steps said */
};

static struct planfile_place
place_of(const struct conversion *c, const struct yaml_node *node)
{
	return (struct planfile_place){c->file->name, node->line, node->column};
}

static const char *
type_text(const struct yaml_node *node)
{
	return node->type == YAML_MAP ? "a map" : node->type == YAML_LIST ? "a list" : "text";
}

/* "field wants X, but this is 'y'". Always false. */
static bool
wants(struct conversion *c, const struct yaml_node *node, const char *field, const char *what)
{
	if (node->type == YAML_SCALAR)
		return planfile_fault(c->plan, place_of(c, node),
		    "%s wants %s, but this is %s'%.80s'%s", field, what,
		    node->plain ? "" : "the text ", node->text, strlen(node->text) > 80 ? "…" : "");
	return planfile_fault(c->plan, place_of(c, node), "%s wants %s, but this is %s", field,
	    what, type_text(node));
}

/* ---- scalars --------------------------------------------------------------------------------------------- */

static bool
convert_enum(struct conversion *c, const struct yaml_node *node,
    const ProtobufCFieldDescriptor *field, int *out)
{
	const ProtobufCEnumDescriptor *type = field->descriptor;
	char names[512] = "one of ", name[64];
	size_t len;

	if (node->type == YAML_SCALAR && pb_enum_parse(type, node->text, out))
		return true;
	for (unsigned i = 0; i < type->n_values; i++) {
		if (strstr(type->values[i].name, "UNSPECIFIED") != NULL)
			continue;
		pb_enum_name(type, type->values[i].value, name, sizeof name);
		len = strlen(names);
		snprintf(names + len, sizeof names - len, "%s%s",
		    strcmp(names, "one of ") == 0 ? "" : ", ", name);
	}
	return wants(c, node, field->name, names);
}

static bool
convert_int(struct conversion *c, const struct yaml_node *node, const char *field, int64_t min,
    int64_t max, int64_t *out)
{
	if (node->type != YAML_SCALAR || !node->plain || !parse_i64(node->text, min, max, out))
		return wants(c, node, field, min < 0 ? "a whole number" : "a whole number from 0");
	return true;
}

static bool
convert_bool(
    struct conversion *c, const struct yaml_node *node, const char *field, protobuf_c_boolean *out)
{
	bool yes = node->type == YAML_SCALAR && node->plain && strcmp(node->text, "true") == 0;

	if (!yes && (node->type != YAML_SCALAR || !node->plain || strcmp(node->text, "false") != 0))
		return wants(c, node, field, "true or false");
	*out = yes;
	return true;
}

static bool convert_fields(
    struct conversion *c, const struct yaml_node *map, ProtobufCMessage *message);

static bool
convert_message(struct conversion *c, const struct yaml_node *node,
    const ProtobufCFieldDescriptor *field, ProtobufCMessage **out)
{
	ProtobufCMessage *message;

	if (node->type != YAML_MAP)
		return wants(c, node, field->name, "a map of fields");
	message = pb_new(field->descriptor, c->plan->arena);
	if (message == NULL)
		return planfile_oom(c->plan);
	*out = message;
	return convert_fields(c, node, message);
}

/* One value of the field's type to p. */
static bool
convert_value(struct conversion *c, const struct yaml_node *node,
    const ProtobufCFieldDescriptor *field, void *p)
{
	int64_t number = 0;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (node->type != YAML_SCALAR)
			return wants(c, node, field->name, "text");
		*(char **)p = pb_str(node->text);
		return true;
	case PROTOBUF_C_TYPE_BOOL:
		return convert_bool(c, node, field->name, p);
	case PROTOBUF_C_TYPE_ENUM:
		return convert_enum(c, node, field, p);
	case PROTOBUF_C_TYPE_MESSAGE:
		return convert_message(c, node, field, p);
	case PROTOBUF_C_TYPE_INT64:
		if (node->type != YAML_SCALAR || !parse_effort(node->text, p))
			return wants(c, node, field->name, "an effort in days such as 5d or 2.5d");
		return true;
	case PROTOBUF_C_TYPE_DOUBLE:
		if (node->type != YAML_SCALAR || !node->plain || !parse_double(node->text, p))
			return wants(c, node, field->name, "a number");
		return true;
	case PROTOBUF_C_TYPE_INT32:
		if (!convert_int(c, node, field->name, INT32_MIN, INT32_MAX, &number))
			return false;
		*(int32_t *)p = (int32_t)number;
		return true;
	case PROTOBUF_C_TYPE_UINT32:
		if (!convert_int(c, node, field->name, 0, UINT32_MAX, &number))
			return false;
		*(uint32_t *)p = (uint32_t)number;
		return true;
	case PROTOBUF_C_TYPE_UINT64:
		if (!convert_int(c, node, field->name, 0, INT64_MAX, &number))
			return false;
		*(uint64_t *)p = (uint64_t)number;
		return true;
	default:
		return wants(c, node, field->name, "something that no plan file can hold");
	}
}

/* ---- fields ---------------------------------------------------------------------------------------------- */

static void
set_list(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void *list, size_t count)
{
	*(void **)pb_field_at(message, field) = list;
	*(size_t *)(void *)((char *)message + field->quantifier_offset) = count;
}

static size_t
element_size(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_INT32 ? sizeof(int32_t) : sizeof(void *);
}

static bool
convert_map(struct conversion *c, const struct yaml_node *node,
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = field->descriptor;
	ProtobufCMessage **list;
	bool good = true;

	if (node->type != YAML_MAP)
		return wants(c, node, field->name, "a map of names and values");
	list = arena_array(c->plan->arena, node->count + 1, sizeof(ProtobufCMessage *));
	if (list == NULL)
		return planfile_oom(c->plan);
	for (size_t i = 0; i < node->count; i++) {
		list[i] = pb_new(type, c->plan->arena);
		if (list[i] == NULL)
			return planfile_oom(c->plan);
		good &= convert_value(c, node->pairs[i].key, &type->fields[0],
		    pb_field_at(list[i], &type->fields[0]));
		good &= convert_value(c, node->pairs[i].value, &type->fields[1],
		    pb_field_at(list[i], &type->fields[1]));
	}
	set_list(message, field, list, node->count);
	return good;
}

static bool
convert_list(struct conversion *c, const struct yaml_node *node,
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	size_t size = element_size(field);
	bool good = true;
	char *list;

	if (node->type != YAML_LIST)
		return wants(c, node, field->name, "a list, as in [a, b]");
	list = arena_array(c->plan->arena, node->count + 1, size);
	if (list == NULL)
		return planfile_oom(c->plan);
	for (size_t i = 0; i < node->count; i++) {
		if (yaml_is_null(node->items[i]))
			good = planfile_fault(c->plan, place_of(c, node->items[i]),
			    "an empty element in %s", field->name);
		else
			good &= convert_value(c, node->items[i], field, list + i * size);
	}
	/* What failed stays out, so that the message can be walked. */
	set_list(message, field, list, good ? node->count : 0);
	return good;
}

/* "owner: anna" for owners: [anna]. */
static bool
convert_one(struct conversion *c, const struct yaml_node *node,
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	void *list = arena_zalloc(c->plan->arena, sizeof(void *));

	if (list == NULL)
		return planfile_oom(c->plan);
	if (!convert_value(c, node, field, list))
		return false;
	set_list(message, field, list, 1);
	return true;
}

static bool
convert_field(struct conversion *c, const struct yaml_node *node,
    const ProtobufCFieldDescriptor *field, bool one, ProtobufCMessage *message)
{
	bool good;

	if (yaml_is_null(node)) {
		pb_clear(message, field);
		return true;
	}
	if (one)
		return convert_one(c, node, field, message);
	if (planfile_is_map_entry(field))
		return convert_map(c, node, field, message);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return convert_list(c, node, field, message);
	good = convert_value(c, node, field, pb_field_at(message, field));
	if (good)
		pb_mark_set(message, field);
	return good;
}

/* A field that a file may state: not the body, and nothing that only the daemon sets. */
static bool
is_stated(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
	static const char *const served[] = {"id", "retracted", "retracted_reason", "redacted"};

	if (type != &plumb__v1__item__descriptor && type != &plumb__v1__record__descriptor)
		return true;
	for (size_t i = 0; i < sizeof served / sizeof served[0]; i++) {
		if (strcmp(field->name, served[i]) == 0)
			return false;
	}
	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
}

/* The field of a key: its name, or (then *one) the singular of a list's name. */
static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessageDescriptor *type, const char *key, bool *one)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(type, key);
	char plural[64];

	*one = false;
	if (field == NULL && strlen(key) < sizeof plural - 1) {
		snprintf(plural, sizeof plural, "%ss", key);
		field = protobuf_c_message_descriptor_get_field_by_name(type, plural);
		if (field != NULL &&
		    (field->label != PROTOBUF_C_LABEL_REPEATED || planfile_is_map_entry(field)))
			return NULL;
		*one = field != NULL;
	}
	return field != NULL && is_stated(type, field) ? field : NULL;
}

static size_t
add_names(const ProtobufCMessageDescriptor *type, const char **names, size_t count)
{
	for (unsigned i = 0; i < type->n_fields && count < NAMES_MAX; i++) {
		if (is_stated(type, &type->fields[i]))
			names[count++] = type->fields[i].name;
	}
	return count;
}

static bool
unknown_field(struct conversion *c, const struct yaml_node *key, const char *holder,
    const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor *body)
{
	const char *names[NAMES_MAX + 2], *near;
	size_t count = add_names(type, names, 0);

	if (body != NULL) {
		count = add_names(body, names, count);
		if (type == &plumb__v1__item__descriptor)
			names[count++] = "owner";
	}
	near = planfile_suggest(key->text, names, count);
	return planfile_fault(c->plan, place_of(c, key), "%s has no field '%.60s'%s%s%s", holder,
	    key->text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
	    near != NULL ? "'?" : "");
}

/* "a goal", "an objective"; "a target" for the messages inside. */
static const char *
holder_name(const char *name, char *buf, size_t len)
{
	snprintf(buf, len, "%s %s", strchr("aeiouAEIOU", name[0]) != NULL ? "an" : "a", name);
	for (char *p = buf; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return buf;
}

/* The fields of a message inside an item. */
static bool
convert_fields(struct conversion *c, const struct yaml_node *map, ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *field;
	char holder[80];
	bool good = true, one, twice;

	for (size_t i = 0; i < map->count; i++) {
		field = find_field(message->descriptor, map->pairs[i].key->text, &one);
		if (field == NULL) {
			good = unknown_field(c, map->pairs[i].key,
			    holder_name(message->descriptor->short_name, holder, sizeof holder),
			    message->descriptor, NULL);
			continue;
		}
		twice = one && yaml_get(map, field->name) != NULL;
		if (twice)
			good = planfile_fault(c->plan, place_of(c, map->pairs[i].key),
			    "'%s' and '%s' both: state one", map->pairs[i].key->text, field->name);
		else
			good &= convert_field(c, map->pairs[i].value, field, one, message);
	}
	return good;
}

/* ---- entries --------------------------------------------------------------------------------------------- */

/* A dated file states what changed: the entry begins as the step before left it. */
static bool
continue_entry(
    struct conversion *c, struct planfile_entry *entry, const struct planfile_entry *before)
{
	ProtobufCMessage *copy;

	if (!c->dated || before == NULL || entry->item == NULL)
		return true;
	copy = planfile_clone(&before->item->base, c->plan->arena);
	if (copy == NULL)
		return planfile_oom(c->plan);
	entry->item = (Plumb__V1__Item *)copy;
	return true;
}

static struct planfile_entry *
begin_entry(struct conversion *c, const struct planfile_kind *kind, const struct yaml_node *key,
    const char *id)
{
	const char *ref = arena_printf(c->plan->arena, "%s/%s", kind->name, id);
	struct planfile_entry *before, *entry;

	if (ref == NULL) {
		planfile_oom(c->plan);
		return NULL;
	}
	before = planfile_find_before(c->plan, c->step, ref);
	if (kind->record)
		entry = planfile_add_record(c->plan, c->step, kind->kind, id, place_of(c, key));
	else
		entry = planfile_add_item(c->plan, c->step, kind->kind, id, place_of(c, key));
	if (entry == NULL || !continue_entry(c, entry, before))
		return NULL;
	return entry;
}

static void convert_entry(struct conversion *c, const struct planfile_kind *kind,
    const struct yaml_pair *pair, Plumb__V1__Objective *objective, const char *objective_id);

/* The measures that an objective has inline. */
static void
convert_inline(struct conversion *c, const struct yaml_node *map, struct planfile_entry *entry)
{
	if (yaml_is_null(map))
		return;
	if (map->type != YAML_MAP) {
		wants(c, map, "measures", "a map of ids and fields");
		return;
	}
	for (size_t i = 0; i < map->count; i++)
		convert_entry(c, planfile_kind(PLUMB__V1__KIND__MEASURE), &map->pairs[i],
		    entry->item->objective, entry->id);
}

/* The target of an inline measure: the one the objective has for it already, or a new one behind the others. */
static Plumb__V1__Target *
inline_target(struct conversion *c, Plumb__V1__Objective *objective, const char *measure)
{
	Plumb__V1__Target **list, *target;

	for (size_t i = 0; i < objective->n_targets; i++) {
		if (strcmp(objective->targets[i]->measure, measure) == 0)
			return objective->targets[i];
	}
	list = arena_array(c->plan->arena, objective->n_targets + 1, sizeof *list);
	target = (Plumb__V1__Target *)pb_new(&plumb__v1__target__descriptor, c->plan->arena);
	if (list == NULL || target == NULL) {
		planfile_oom(c->plan);
		return NULL;
	}
	if (objective->n_targets > 0)
		memcpy(list, objective->targets, objective->n_targets * sizeof *list);
	target->measure = pb_str(measure);
	list[objective->n_targets++] = target;
	objective->targets = list;
	return target;
}

/* Where the value of a key goes. */
struct aim {
	ProtobufCMessage *message;
	const ProtobufCFieldDescriptor *field;
	bool one;
};

static struct aim
find_aim(struct planfile_entry *entry, const struct planfile_kind *kind, Plumb__V1__Target *target,
    const char *key)
{
	ProtobufCMessage *whole = entry->item != NULL ? &entry->item->base : &entry->record->base;
	struct aim aim = {whole, NULL, false};

	aim.field = find_field(whole->descriptor, key, &aim.one);
	if (aim.field != NULL)
		return aim;
	aim.message = planfile_body(kind, whole);
	if (aim.message != NULL)
		aim.field = find_field(aim.message->descriptor, key, &aim.one);
	if (aim.field == NULL && target != NULL && strcmp(key, "measure") != 0) {
		aim.message = &target->base;
		aim.field = find_field(aim.message->descriptor, key, &aim.one);
	}
	return aim;
}

static void
convert_entry_fields(struct conversion *c, const struct planfile_kind *kind,
    const struct yaml_node *map, struct planfile_entry *entry, Plumb__V1__Target *target)
{
	const struct yaml_node *key;
	char holder[80];
	struct aim aim;

	for (size_t i = 0; i < map->count; i++) {
		key = map->pairs[i].key;
		if (kind->kind == PLUMB__V1__KIND__OBJECTIVE && strcmp(key->text, "measures") == 0)
			continue;
		aim = find_aim(entry, kind, target, key->text);
		if (strcmp(key->text, "id") == 0)
			planfile_fault(c->plan, place_of(c, key),
			    "the id is the key that these fields stand under");
		else if (aim.field == NULL)
			unknown_field(c, key, holder_name(kind->name, holder, sizeof holder),
			    planfile_kind_type(kind), planfile_kind_body(kind)->descriptor);
		else if (aim.one && yaml_get(map, aim.field->name) != NULL)
			planfile_fault(c->plan, place_of(c, key), "'%s' and '%s' both: state one",
			    key->text, aim.field->name);
		else
			convert_field(c, map->pairs[i].value, aim.field, aim.one, aim.message);
	}
}

/* What follows from where the entry stands. */
static void
complete_entry(struct conversion *c, struct planfile_entry *entry, const char *objective_id)
{
	if (entry->kind == PLUMB__V1__KIND__RULE_SETTING &&
	    entry->item->rule_setting->rule[0] == '\0') {
		char *rule = arena_strdup(c->plan->arena, entry->id);

		if (rule != NULL && strchr(rule, '.') != NULL)
			*strchr(rule, '.') = '/';
		entry->item->rule_setting->rule = rule != NULL ? rule : pb_str("");
	}
	if (objective_id != NULL)
		entry->item->measure->inline_under = pb_str(objective_id);
	if (entry->record != NULL && c->dated && entry->record->at[0] == '\0')
		entry->record->at = pb_str(c->file->effective);
}

/* A rule setting's id is its rule's name with "." for "/": both are taken. */
static const char *
entry_id(struct conversion *c, const struct planfile_kind *kind, const char *key)
{
	char *id;

	if (kind->kind != PLUMB__V1__KIND__RULE_SETTING || strchr(key, '/') == NULL)
		return key;
	id = arena_strdup(c->plan->arena, key);
	if (id == NULL) {
		planfile_oom(c->plan);
		return NULL;
	}
	*strchr(id, '/') = '.';
	return id;
}

static void
convert_entry(struct conversion *c, const struct planfile_kind *kind, const struct yaml_pair *pair,
    Plumb__V1__Objective *objective, const char *objective_id)
{
	static const struct yaml_node nothing = {.type = YAML_MAP};
	const struct yaml_node *map = yaml_is_null(pair->value) ? &nothing : pair->value;
	const char *id = entry_id(c, kind, pair->key->text);
	Plumb__V1__Target *target = NULL;
	struct planfile_entry *entry;
	char holder[80];

	if (id == NULL)
		return;
	if (map->type != YAML_MAP) {
		snprintf(holder, sizeof holder, "%s/%.60s", kind->name, id);
		wants(c, map, holder, "a map of fields");
		return;
	}
	entry = begin_entry(c, kind, pair->key, id);
	if (entry == NULL)
		return;
	entry->node = map;
	if (objective != NULL && (target = inline_target(c, objective, entry->id)) == NULL)
		return;
	convert_entry_fields(c, kind, map, entry, target);
	complete_entry(c, entry, objective_id);
	if (kind->kind == PLUMB__V1__KIND__OBJECTIVE && yaml_get(map, "measures") != NULL)
		convert_inline(c, yaml_get(map, "measures"), entry);
	if (!planfile_normal(kind, entry->item != NULL ? &entry->item->base : &entry->record->base,
		c->plan->arena))
		planfile_oom(c->plan);
}

static void
convert_section(struct conversion *c, const struct planfile_kind *kind, const struct yaml_node *map)
{
	char what[96];

	if (yaml_is_null(map))
		return;
	if (map->type != YAML_MAP) {
		snprintf(
		    what, sizeof what, "a map of ids, each with the fields of its %s", kind->name);
		wants(c, map, kind->section, what);
		return;
	}
	for (size_t i = 0; i < map->count; i++)
		convert_entry(c, kind, &map->pairs[i], NULL, NULL);
}

/* ---- rankings and headers ---------------------------------------------------------------------------------- */

static void
convert_place(struct conversion *c, const char *team, const struct yaml_node *node, bool tied,
    struct refmap *seen)
{
	const char *ref, *full;
	const struct yaml_node *other;

	if (node->type != YAML_SCALAR || yaml_is_null(node)) {
		wants(
		    c, node, "ranking", "ids of initiatives, or a list of those that share a rank");
		return;
	}
	ref = planfile_ref_normal(
	    NULL, &plumb__v1__initiative__descriptor, "after", node->text, c->plan->arena);
	if (ref == NULL) {
		planfile_oom(c->plan);
		return;
	}
	if (!parse_is_id(ref, strlen(ref))) {
		wants(c, node, "ranking", "the id of an initiative");
		return;
	}
	other = refmap_get(seen, ref);
	if (other != NULL) {
		planfile_fault(c->plan, place_of(c, node),
		    "'%s' has a place in this ranking already, at %u:%u", ref, other->line,
		    other->column);
		return;
	}
	full = arena_printf(c->plan->arena, "initiative/%s", ref);
	if (full == NULL || !refmap_put(seen, ref, (void *)(uintptr_t)node))
		planfile_oom(c->plan);
	else
		planfile_add_ranked(c->plan, c->step, team, full, tied, place_of(c, node));
}

static void
convert_ranking(struct conversion *c, const char *team, const struct yaml_node *list)
{
	struct refmap *seen = refmap_new(c->plan->arena);
	const struct yaml_node *item;

	if (seen == NULL) {
		planfile_oom(c->plan);
		return;
	}
	if (yaml_is_null(list))
		return;
	if (list->type != YAML_LIST) {
		wants(c, list, "ranking", "a list of initiatives, the most important first");
		return;
	}
	for (size_t i = 0; i < c->step->rankings_count; i++) {
		if (strcmp(c->step->rankings[i].team, team) == 0) {
			planfile_fault(c->plan, place_of(c, list),
			    "this ranking is stated a second time, the first is at %s:%u:%u",
			    c->step->rankings[i].place.file, c->step->rankings[i].place.line,
			    c->step->rankings[i].place.column);
			return;
		}
	}
	for (size_t i = 0; i < list->count; i++) {
		item = list->items[i];
		if (item->type != YAML_LIST) {
			convert_place(c, team, item, false, seen);
			continue;
		}
		for (size_t j = 0; j < item->count; j++)
			convert_place(c, team, item->items[j], j > 0, seen);
	}
}

static void
convert_rankings(struct conversion *c, const struct yaml_node *map)
{
	const char *team;

	if (yaml_is_null(map))
		return;
	if (map->type != YAML_MAP) {
		wants(c, map, "rankings", "a map of teams, each with its list of initiatives");
		return;
	}
	for (size_t i = 0; i < map->count; i++) {
		team = planfile_ref_normal(NULL, &plumb__v1__need__descriptor, "who",
		    map->pairs[i].key->text, c->plan->arena);
		if (team == NULL)
			planfile_oom(c->plan);
		else if (!parse_is_id(team, strlen(team)))
			wants(c, map->pairs[i].key, "rankings", "the id of a team");
		else
			convert_ranking(c, team, map->pairs[i].value);
	}
}

static void
convert_removals(struct conversion *c, const struct yaml_node *list)
{
	const struct planfile_kind *kind;
	const char *slash;
	char name[40];

	if (yaml_is_null(list))
		return;
	if (!c->dated) {
		planfile_fault(c->plan, place_of(c, list),
		    "remove is for files with 'effective:'; from the present, take it out and "
		    "apply with --prune");
		return;
	}
	if (list->type != YAML_LIST) {
		wants(c, list, "remove", "a list of references such as initiative/x");
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		slash =
		    list->items[i]->type == YAML_SCALAR ? strchr(list->items[i]->text, '/') : NULL;
		snprintf(name, sizeof name, "%.*s",
		    slash == NULL ? 0 : (int)(slash - list->items[i]->text),
		    slash == NULL ? "" : list->items[i]->text);
		for (char *p = name; *p != '\0'; p++)
			*p = *p == '-' ? '_' : *p;
		kind = planfile_section(name);
		if (kind == NULL || kind->record)
			wants(c, list->items[i], "remove", "a reference such as initiative/x");
		else
			planfile_add_removal(c->plan, c->step,
			    arena_printf(c->plan->arena, "%s/%s", kind->name, slash + 1),
			    place_of(c, list->items[i]));
	}
}

static void
convert_reason(struct conversion *c, const struct yaml_node *node)
{
	if (yaml_is_null(node))
		return;
	if (node->type != YAML_SCALAR)
		wants(c, node, "reason", "text");
	else if (c->step->reason != NULL && strcmp(c->step->reason, node->text) != 0)
		planfile_fault(c->plan, place_of(c, node),
		    "another file for the same time gives another reason: '%.80s'",
		    c->step->reason);
	else
		c->step->reason = node->text;
}

/* What export writes at the head of its first file. */
static void
convert_exported(struct conversion *c, const struct yaml_node *node)
{
	const struct yaml_node *workspace = yaml_get(node, "workspace"),
			       *revision = yaml_get(node, "revision");
	int64_t number;

	if (yaml_is_null(node))
		return;
	if (node->type != YAML_MAP || node->count != 2 || workspace == NULL ||
	    workspace->type != YAML_SCALAR || revision == NULL) {
		wants(c, node, "exported", "{workspace: NAME, revision: N}, as export writes it");
		return;
	}
	if (!convert_int(c, revision, "revision", 0, INT64_MAX, &number))
		return;
	if (c->plan->exported_workspace != NULL &&
	    (c->plan->exported_revision != (unsigned long long)number ||
		strcmp(c->plan->exported_workspace, workspace->text) != 0)) {
		planfile_fault(c->plan, place_of(c, node),
		    "another file was exported from another revision (%llu)",
		    c->plan->exported_revision);
		return;
	}
	c->plan->exported_workspace = workspace->text;
	c->plan->exported_revision = (unsigned long long)number;
}

static void
unknown_section(struct conversion *c, const struct yaml_node *key)
{
	const char *names[NAMES_MAX], *near;
	const struct planfile_kind *kinds;
	size_t kinds_count, count = 0;

	kinds = planfile_kinds(&kinds_count);
	for (; count < kinds_count; count++)
		names[count] = kinds[count].section;
	names[count++] = "ranking";
	names[count++] = "rankings";
	names[count++] = "effective";
	names[count++] = "reason";
	names[count++] = "remove";
	near = planfile_suggest(key->text, names, count);
	planfile_fault(c->plan, place_of(c, key), "a plan file has no section '%.60s'%s%s%s",
	    key->text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
	    near != NULL ? "'?" : "");
}

void
planfile_convert(
    struct planfile *plan, const struct planfile_file *file, struct planfile_step *step)
{
	struct conversion c = {plan, step, file, file->effective != NULL};
	const struct planfile_kind *kind;
	const struct yaml_node *key, *value;

	for (size_t i = 0; i < file->root->count && !plan->out_of_memory; i++) {
		key = file->root->pairs[i].key;
		value = file->root->pairs[i].value;
		kind = planfile_section(key->text);
		if (kind != NULL)
			convert_section(&c, kind, value);
		else if (strcmp(key->text, "ranking") == 0)
			convert_ranking(&c, "", value);
		else if (strcmp(key->text, "rankings") == 0)
			convert_rankings(&c, value);
		else if (strcmp(key->text, "remove") == 0)
			convert_removals(&c, value);
		else if (strcmp(key->text, "reason") == 0)
			convert_reason(&c, value);
		else if (strcmp(key->text, "exported") == 0)
			convert_exported(&c, value);
		else if (strcmp(key->text, "effective") != 0)
			unknown_section(&c, key);
	}
}
