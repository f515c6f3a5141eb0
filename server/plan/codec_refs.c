/* References between entries: resolved to slots, and rewritten when a name changes. */
#include "server/plan/codec_internal.h"

#include <math.h>
#include <string.h>

#include "common/pb.h"

static int32_t
part_of_ten_thousand(bool stated, double share)
{
	return stated ? (int32_t)lround(share * 10000) : -1;
}

static int32_t
clamp_effort(bool stated, int64_t effort)
{
	return stated ? (int32_t)(effort > INT32_MAX ? INT32_MAX : effort) : -1;
}

/* What goes with the reference, from the message that holds it. */
static int32_t
ref_amount(const ProtobufCMessage *holder, enum role role, size_t position)
{
	switch (role) {
	case ROLE_TARGET_MEASURE:
		return (int32_t)position;
	case ROLE_CONTRIBUTION: {
		const Plumb__V1__Contribution *c = (const Plumb__V1__Contribution *)holder;

		return part_of_ten_thousand(
		    c->effort_share__case == PLUMB__V1__CONTRIBUTION__EFFORT_SHARE__EFFORT_SHARE,
		    c->effort_share);
	}
	case ROLE_NEED: {
		const Plumb__V1__Need *n = (const Plumb__V1__Need *)holder;

		return clamp_effort(n->effort__case == PLUMB__V1__NEED__EFFORT__EFFORT, n->effort);
	}
	case ROLE_AFTER:
		return holder->descriptor == &plumb__v1__after__descriptor
			   ? ((const Plumb__V1__After *)holder)->lag_days
			   : 0;
	case ROLE_CAPACITY_PERIOD:
		return clamp_effort(true, ((const Plumb__V1__TeamCapacity *)holder)->effort);
	default:
		return 0;
	}
}

static void
add_ref(struct ref_list *list, const struct field_rule *rule, const ProtobufCMessage *holder,
    const char *text, size_t position)
{
	enum role role = rule->role;
	enum kind kind, bare = rule->bare;
	const char *id;
	size_t id_len;
	struct ref *grown;
	uint32_t slot;

	if (role == ROLE_LINK_RELATES)
		role =
		    (enum role)(ROLE_LINK_RELATES + (int)((const Plumb__V1__Link *)holder)->type);
	if (role == ROLE_ABOUT)
		bare = list->about_bare;
	if (!ref_parse(text, bare, &kind, &id, &id_len))
		return; /* checked before; a log of an older version may hold one that is no reference any more */
	slot = table_slot(list->plan, kind, id, id_len);
	if (list->count == list->cap) {
		list->cap = list->cap == 0 ? 16 : 2 * list->cap;
		grown = arena_array(list->arena, list->cap, sizeof *grown);
		if (grown != NULL && list->count > 0)
			memcpy(grown, list->refs, list->count * sizeof *grown);
		list->refs = grown;
	}
	if (slot == SLOT_NONE || list->refs == NULL) {
		list->failed = true;
		return;
	}
	list->refs[list->count++] = (struct ref){
	    slot, (uint16_t)role, (uint16_t)position, ref_amount(holder, role, position)};
}

void
collect_refs(struct ref_list *list, const struct type_rules *rules, const ProtobufCMessage *message,
    size_t position)
{
	for (unsigned i = 0; i < rules->count && !list->failed; i++) {
		const struct field_rule *rule = &rules->fields[i];
		size_t count;

		if (rule->role == ROLE_NONE && rule->sub == NULL)
			continue;
		count = pb_count(message, rule->field);
		for (size_t k = 0; k < count && !list->failed; k++) {
			struct pb_value value = pb_get(message, rule->field, k);
			bool repeated = rule->field->label == PROTOBUF_C_LABEL_REPEATED;

			if (rule->sub != NULL)
				collect_refs(
				    list, rule->sub, pb_message(&value), repeated ? k : position);
			else
				add_ref(list, rule, message, *(char *const *)value.p,
				    repeated ? k : position);
		}
	}
}

static bool
renamed_text(const char *old, enum kind bare, enum kind kind, const char *from)
{
	enum kind k;
	const char *id;
	size_t len;

	return ref_parse(old, bare, &k, &id, &len) && k == kind && strcmp(id, from) == 0;
}

static bool
rename_refs(const struct type_rules *rules, ProtobufCMessage *message, enum kind kind,
    enum kind about_bare, const char *from, const char *to, struct arena *arena)
{
	for (unsigned i = 0; i < rules->count; i++) {
		const struct field_rule *rule = &rules->fields[i];
		enum kind bare = rule->role == ROLE_ABOUT ? about_bare : rule->bare;
		size_t count = rule->role == ROLE_NONE && rule->sub == NULL
				   ? 0
				   : pb_count(message, rule->field);

		for (size_t k = 0; k < count; k++) {
			struct pb_value value = pb_get(message, rule->field, k);
			char **text = (char **)(uintptr_t)value.p;

			if (rule->sub != NULL) {
				if (!rename_refs(rule->sub,
					(ProtobufCMessage *)(uintptr_t)pb_message(&value), kind,
					about_bare, from, to, arena))
					return false;
				continue;
			}
			if (!renamed_text(*text, bare, kind, from))
				continue;
			*text = strchr(*text, '/') == NULL
				    ? arena_strdup(arena, to)
				    : arena_printf(arena, "%s/%s", kind_name(kind), to);
			if (*text == NULL)
				return false;
		}
	}
	return true;
}

bool
codec_rename_refs(ProtobufCMessage *message, enum kind kind, const char *from, const char *to,
    struct arena *arena)
{
	return rename_refs(rules_of(message), message, kind,
	    codec_about_bare(codec_item_kind(message)), from, to, arena);
}
