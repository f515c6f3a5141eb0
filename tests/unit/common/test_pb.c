/*
 * protobuf: what decoding refuses, where it says the fault is, values, differences, the wire by
 * hand.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/plan.pb-c.h"

static struct arena *arena;
static struct err err;

static void
setup(void)
{
	arena = arena_new(1u << 20);
	err = (struct err){0};
}

static void
teardown(void)
{
	arena_free(arena);
}

#define DECODE(type, bytes, strict)                                                                \
	pb_decode(type, (const uint8_t *)(bytes), sizeof(bytes) - 1, strict, arena, &err)

static const ProtobufCMessageDescriptor *const item_type = &plumb__v1__item__descriptor;

/* ---- decoding -------------------------------------------------------------------------------- */

START_TEST(a_sound_message_is_decoded)
{
	/*
	 * id (1) "x"; owners (4) "a", "b"; objective (24) { weight (8) 0.5; status (10) DROPPED }
	 */
	ProtobufCMessage *message = DECODE(item_type,
	    "\x0a\x01x\x22\x01"
	    "a\x22\x01"
	    "b\xc2\x01\x0b\x41\0\0\0\0\0\0\xe0\x3f\x50\x02",
	    true);
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)message;

	ck_assert_msg(message != NULL, "%s", err.msg);
	ck_assert_str_eq(item->id, "x");
	ck_assert_uint_eq(item->n_owners, 2);
	ck_assert_str_eq(item->owners[1], "b");
	ck_assert_int_eq(item->body_case, PLUMB__V1__ITEM__BODY_OBJECTIVE);
	ck_assert_int_eq(item->objective->weight__case, PLUMB__V1__OBJECTIVE__WEIGHT__WEIGHT);
	ck_assert_double_eq(item->objective->weight, 0.5);
	ck_assert_int_eq(item->objective->status, PLUMB__V1__OBJECTIVE__STATUS__DROPPED);
}
END_TEST

START_TEST(no_bytes_are_an_empty_message)
{
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)DECODE(item_type, "", true);

	ck_assert_ptr_nonnull(item);
	ck_assert_str_eq(item->id, "");
	ck_assert_int_eq(item->body_case, PLUMB__V1__ITEM__BODY__NOT_SET);
}
END_TEST

/* Each is refused with exactly this text. */
static const struct {
	const char *bytes;
	size_t len;
	bool strict_only;
	const char *msg;
} bad[] = {
    {"\x0a\x03"
     "a\0b",
	5, false, "id: holds a NUL character; leave it out"},
    {"\x0a\x01\xff", 3, false, "id: is not valid UTF-8"},
    {"\x22\x01"
     "a\x22\x01\x80",
	6, false, "owners[1]: is not valid UTF-8"},
    /* links (7) twice, the second with to (2) "\xc0" */
    {"\x3a\x00\x3a\x03\x12\x01\xc0", 7, false, "links[1].to: is not valid UTF-8"},
    {"\x3a\x02\x08\x09", 4, true, "links[0].type: 9 is not one of its values"},
    /* -1 as an enum is ten bytes on the wire */
    {"\x3a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13, true,
	"links[0].type: -1 is not one of its values"},
    {"\x98\x06\x01", 3, true, "field 99 is not known here; leave it out, or ask a newer daemon"},
    {"\xa2\x01\x03\x98\x06\x01", 6, true,
	"vision: field 99 is not known here; leave it out, or ask a newer daemon"},
    {"\x08\x01", 2, false, "id: has another type on the wire"},
    /* objective (24) { weight (8) as a varint } */
    {"\xc2\x01\x02\x40\x01", 5, false, "objective.weight: has another type on the wire"},
    {"\x0a\x05"
     "ab",
	4, false,
	"malformed message at byte 0 of 4: cut off, or no protobuf"}, /* shorter than it says */
    {"\x0a", 1, false, "malformed message at byte 0 of 1: cut off, or no protobuf"},
    {"\x00\x01", 2, false,
	"malformed message at byte 0 of 2: cut off, or no protobuf"}, /* field 0 */
    {"\x0b", 1, false,
	"malformed message at byte 0 of 1: cut off, or no protobuf"}, /* a group begins */
    {"\xa2\x01\x01\x0a", 4, false,
	"vision: malformed message at byte 3 of 4: cut off, or no protobuf"},
    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, false,
	"malformed message at byte 0 of 11: cut off, or no protobuf"},
    /* a tag of 35 bits, of which protobuf-c would see field 1 */
    {"\x8a\x80\x80\x80\x10\x01\xff", 7, false,
	"malformed message at byte 0 of 7: cut off, or no protobuf"},
};

START_TEST(bad_bytes_are_refused_where_they_stand)
{
	const uint8_t *bytes = (const uint8_t *)bad[_i].bytes;
	/* An exact copy, so that ASan sees a read past the end. */
	uint8_t *copy = malloc(bad[_i].len);

	memcpy(copy, bytes, bad[_i].len);
	ck_assert_ptr_null(pb_decode(item_type, copy, bad[_i].len, true, arena, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_str_eq(err.msg, bad[_i].msg);
	if (bad[_i].strict_only)
		ck_assert_ptr_nonnull(pb_decode(item_type, copy, bad[_i].len, false, arena, &err));
	else
		ck_assert_ptr_null(pb_decode(item_type, copy, bad[_i].len, false, arena, &err));
	free(copy);
}
END_TEST

START_TEST(packed_enums_are_looked_at_one_by_one)
{
	const ProtobufCMessageDescriptor *type = &plumb__v1__export_request__descriptor;
	const Plumb__V1__ExportRequest *request;

	/* kinds (2): GOAL 4, TASK 11 */
	request = (const Plumb__V1__ExportRequest *)DECODE(type, "\x12\x02\x04\x0b", true);
	ck_assert_msg(request != NULL, "%s", err.msg);
	ck_assert_uint_eq(request->n_kinds, 2);
	ck_assert_int_eq(request->kinds[1], PLUMB__V1__KIND__TASK);
	ck_assert_ptr_null(DECODE(type, "\x12\x03\x04\xff\x01", true));
	ck_assert_str_eq(err.msg, "kinds[0]: 255 is not one of its values");
	ck_assert_ptr_null(DECODE(type, "\x12\x02\x04\x80", true)); /* torn */
	ck_assert_ptr_null(
	    DECODE(type, "\x12\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", true));
}
END_TEST

START_TEST(unknown_fields_survive_a_decode_that_is_not_strict)
{
	const uint8_t bytes[] = {0x0a, 0x01, 'x', 0x98, 0x06, 0x01};
	ProtobufCMessage *message = pb_decode(item_type, bytes, sizeof bytes, false, arena, &err);
	uint8_t *again;
	size_t len;

	ck_assert_ptr_nonnull(message);
	again = pb_encode(message, arena, &len);
	ck_assert_uint_eq(len, sizeof bytes);
	ck_assert_mem_eq(again, bytes, len);
}
END_TEST

START_TEST(a_full_arena_is_a_limit)
{
	struct arena *tiny = arena_new(64);

	ck_assert_ptr_null(pb_decode(item_type, (const uint8_t *)"\x0a\x01x", 3, true, tiny, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	arena_free(tiny);
}
END_TEST

START_TEST(small_bytes_that_decode_large_stop_at_the_arena)
{
	/* 100,000 empty changes of two bytes each would be far above a mebibyte as structs. */
	uint8_t *bytes = malloc(200000);

	for (size_t i = 0; i < 200000; i += 2)
		memcpy(bytes + i, "\x0a\x00", 2);
	ck_assert_ptr_null(
	    pb_decode(&plumb__v1__change_set__descriptor, bytes, 200000, true, arena, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	free(bytes);
}
END_TEST

/*
 * Depth of the deepest message; fails on one that contains itself, which hostile bytes could drive
 * at will.
 */
static int
depth_of(const ProtobufCMessageDescriptor *type, int depth)
{
	int deepest = depth;

	ck_assert_msg(depth <= 8, "%s nests too deep", type->name);
	for (unsigned i = 0; i < type->n_fields; i++) {
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
			int below = depth_of(type->fields[i].descriptor, depth + 1);

			deepest = below > deepest ? below : deepest;
		}
	}
	return deepest;
}

START_TEST(no_message_contains_itself)
{
	const ProtobufCServiceDescriptor *const services[] = {&plumb__v1__plan__descriptor,
	    &plumb__v1__insight__descriptor, &plumb__v1__admin__descriptor};

	for (size_t s = 0; s < sizeof services / sizeof services[0]; s++) {
		for (unsigned m = 0; m < services[s]->n_methods; m++) {
			ck_assert_int_ge(depth_of(services[s]->methods[m].input, 1), 1);
			ck_assert_int_ge(depth_of(services[s]->methods[m].output, 1), 1);
		}
	}
	/* WatchReply > LoggedChange > ChangeSet > Change > Put > Item > RuleSetting > map entry */
	ck_assert_int_eq(depth_of(&plumb__v1__watch_reply__descriptor, 1), 8);
}
END_TEST

START_TEST(encode_gives_the_bytes_of_the_specification)
{
	Plumb__V1__Link link;
	uint8_t *bytes;
	size_t len;

	plumb__v1__link__init(&link);
	link.type = PLUMB__V1__LINK__TYPE__SUPPORTS;
	link.to = pb_str("goal/x");
	bytes = pb_encode(&link.base, arena, &len);
	ck_assert_uint_eq(len, 10);
	ck_assert_mem_eq(bytes, "\x08\x01\x12\x06goal/x", 10);
}
END_TEST

START_TEST(encode_into_a_full_arena_is_null)
{
	struct arena *tiny = arena_new(2);
	Plumb__V1__Link link;
	size_t len;

	plumb__v1__link__init(&link);
	link.to = pb_str("goal/x");
	ck_assert_ptr_null(pb_encode(&link.base, tiny, &len));
	arena_free(tiny);
}
END_TEST

/* ---- values ---------------------------------------------------------------------------------- */

static const ProtobufCFieldDescriptor *
field_of(const ProtobufCMessageDescriptor *type, const char *name)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(type, name);

	ck_assert_msg(field != NULL, "%s", name);
	return field;
}

static void
assert_text(const ProtobufCMessage *message, const char *name, const char *text)
{
	const ProtobufCFieldDescriptor *field = field_of(message->descriptor, name);
	struct str out;
	struct pb_value value;

	ck_assert_uint_eq(pb_count(message, field), 1);
	value = pb_get(message, field, 0);
	str_init(&out, 1000);
	pb_value_text(&value, &out);
	ck_assert_str_eq(out.data, text);
	str_fini(&out);
}

START_TEST(numbers_print_shortest)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
	    {0.1, "0.1"}, {1, "1"}, {-2.5, "-2.5"}, {1e21, "1e+21"}, {100000, "100000"},
	    {0.1 + 0.2, "0.30000000000000004"}, /* 15 and 16 digits say 0.3 */
	    {1.0 / 3, "0.3333333333333333"},    /* 16 do */
	    {5e-324, "4.94065645841247e-324"},  /* the smallest there is */
	};
	Plumb__V1__Measurement message;

	ck_assert_uint_lt((unsigned)_i, sizeof cases / sizeof cases[0]);
	plumb__v1__measurement__init(&message);
	message.value = cases[_i].number;
	assert_text(&message.base, "value", cases[_i].text);
}
END_TEST

START_TEST(other_types_print_as_people_write_them)
{
	Plumb__V1__Envelope envelope;
	Plumb__V1__PingRequest ping;
	Plumb__V1__TraceNode node;

	plumb__v1__envelope__init(&envelope);
	envelope.kind = PLUMB__V1__KIND__RULE_SETTING;
	envelope.revision = UINT64_MAX;
	envelope.removed = 1;
	envelope.ref = pb_str("goal/x");
	envelope.rank = 3;
	assert_text(&envelope.base, "kind", "rule_setting");
	assert_text(&envelope.base, "revision", "18446744073709551615");
	assert_text(&envelope.base, "removed", "true");
	assert_text(&envelope.base, "ref", "goal/x");
	assert_text(&envelope.base, "rank", "3");
	plumb__v1__trace_node__init(&node);
	node.level = -2;
	assert_text(&node.base, "level", "-2");
	plumb__v1__ping_request__init(&ping);
	ping.payload.data = (uint8_t *)pb_str("\x01\xab");
	ping.payload.len = 2;
	assert_text(&ping.base, "payload", "01ab");
}
END_TEST

START_TEST(zero_is_set_only_where_it_may_be_stated)
{
	Plumb__V1__Objective objective;
	Plumb__V1__Measurement measurement;

	plumb__v1__objective__init(&objective);
	plumb__v1__measurement__init(&measurement);
	ck_assert(!pb_is_set(&objective.base, field_of(objective.base.descriptor, "weight")));
	objective.weight__case = PLUMB__V1__OBJECTIVE__WEIGHT__WEIGHT;
	objective.weight = 0;
	ck_assert(pb_is_set(&objective.base, field_of(objective.base.descriptor, "weight")));
	ck_assert(!pb_is_set(&objective.base, field_of(objective.base.descriptor, "goal")));
	objective.goal = NULL;
	ck_assert(!pb_is_set(&objective.base, field_of(objective.base.descriptor, "goal")));
	ck_assert(!pb_is_set(&objective.base, field_of(objective.base.descriptor, "status")));
	ck_assert(!pb_is_set(&measurement.base, field_of(measurement.base.descriptor, "value")));
}
END_TEST

START_TEST(repeated_elements_are_counted_and_got)
{
	char *owners[] = {pb_str("anna"), pb_str("ben")};
	Plumb__V1__Item item;
	const ProtobufCFieldDescriptor *field = field_of(item_type, "owners");
	struct pb_value value;
	struct str out;

	plumb__v1__item__init(&item);
	ck_assert_uint_eq(pb_count(&item.base, field), 0);
	item.owners = owners;
	item.n_owners = 2;
	ck_assert_uint_eq(pb_count(&item.base, field), 2);
	value = pb_get(&item.base, field, 1);
	str_init(&out, 100);
	pb_value_text(&value, &out);
	ck_assert_str_eq(out.data, "ben");
	str_fini(&out);
}
END_TEST

START_TEST(maps_are_told_from_lists)
{
	ck_assert_ptr_nonnull(
	    pb_map_entry(field_of(&plumb__v1__rule_setting__descriptor, "thresholds")));
	ck_assert_ptr_null(pb_map_entry(field_of(item_type, "links")));
	ck_assert_ptr_null(pb_map_entry(field_of(item_type, "owners")));
	ck_assert_ptr_null(pb_map_entry(field_of(item_type, "goal")));
}
END_TEST

START_TEST(enum_names_both_ways)
{
	const ProtobufCEnumDescriptor *type = &plumb__v1__kind__descriptor;
	char buf[32];
	int value = 7;

	ck_assert(pb_enum_parse(type, "check-in", &value) && value == PLUMB__V1__KIND__CHECK_IN);
	ck_assert(pb_enum_parse(type, "CHECK_IN", &value) && value == PLUMB__V1__KIND__CHECK_IN);
	ck_assert(pb_enum_parse(type, "Goal", &value) && value == PLUMB__V1__KIND__GOAL);
	ck_assert(!pb_enum_parse(type, "goa", &value) && !pb_enum_parse(type, "goals", &value) &&
		  !pb_enum_parse(type, "", &value));
	ck_assert_int_eq(value, PLUMB__V1__KIND__GOAL);
	ck_assert_str_eq(
	    pb_enum_name(type, PLUMB__V1__KIND__CHECK_IN, buf, sizeof buf), "check_in");
	ck_assert_str_eq(pb_enum_name(type, 999, buf, sizeof buf), "999");
}
END_TEST

/* ---- differences ----------------------------------------------------------------------------- */

static bool
note_difference(void *arg, const char *path, const struct pb_value *old, const struct pb_value *new)
{
	struct str *out = arg;

	str_addf(out, "%s:", path);
	if (old != NULL)
		pb_value_text(old, out);
	str_add(out, ">");
	if (new != NULL)
		pb_value_text(new, out);
	str_add(out, ";");
	return true;
}

static void
assert_diff(const ProtobufCMessage *old, const ProtobufCMessage *new, const char *expected)
{
	const ProtobufCMessageDescriptor *type = (old != NULL ? old : new)->descriptor;
	struct str out;

	str_init(&out, 10000);
	ck_assert(pb_diff(type, old, new, note_difference, &out));
	ck_assert_str_eq(out.data, expected);
	ck_assert_int_eq(pb_equal(type, old, new), expected[0] == '\0');
	str_fini(&out);
}

/* An objective with one target, built anew for each side of a comparison. */
struct sample {
	Plumb__V1__Item item;
	Plumb__V1__Objective objective;
	Plumb__V1__Target target;
	Plumb__V1__Target *targets[1];
	char *owners[2];
};

static void
make_sample(struct sample *sample)
{
	plumb__v1__item__init(&sample->item);
	plumb__v1__objective__init(&sample->objective);
	plumb__v1__target__init(&sample->target);
	sample->owners[0] = pb_str("anna");
	sample->owners[1] = pb_str("ben");
	sample->targets[0] = &sample->target;
	sample->target.due = pb_str("2026-03-31");
	sample->objective.targets = sample->targets;
	sample->objective.n_targets = 1;
	sample->item.id = pb_str("x");
	sample->item.owners = sample->owners;
	sample->item.n_owners = 1;
	sample->item.body_case = PLUMB__V1__ITEM__BODY_OBJECTIVE;
	sample->item.objective = &sample->objective;
}

START_TEST(equal_messages_do_not_differ)
{
	struct sample a, b;

	make_sample(&a);
	make_sample(&b);
	b.item.id = strdup("x"); /* the same text elsewhere */
	assert_diff(&a.item.base, &b.item.base, "");
	free(b.item.id);
	ck_assert(pb_equal(item_type, NULL, NULL));
}
END_TEST

START_TEST(differences_are_named_by_their_path)
{
	struct sample a, b;

	make_sample(&a);
	make_sample(&b);
	b.item.title = pb_str("T");
	b.item.n_owners = 2;
	b.target.due = pb_str("");
	b.target.target__case = PLUMB__V1__TARGET__TARGET__TARGET;
	b.objective.status = PLUMB__V1__OBJECTIVE__STATUS__CLOSED;
	assert_diff(&a.item.base, &b.item.base,
	    "title:>T;owners[1]:>ben;objective.targets[0].target:>0;"
	    "objective.targets[0].due:2026-03-31>;objective.status:>closed;");
}
END_TEST

START_TEST(all_of_a_message_differs_from_none)
{
	struct sample a;

	make_sample(&a);
	assert_diff(
	    &a.item.base, NULL, "id:x>;owners[0]:anna>;objective.targets[0].due:2026-03-31>;");
	assert_diff(
	    NULL, &a.item.base, "id:>x;owners[0]:>anna;objective.targets[0].due:>2026-03-31;");
}
END_TEST

START_TEST(an_empty_message_that_came_is_a_difference)
{
	struct sample a, b;

	make_sample(&a);
	make_sample(&b);
	plumb__v1__target__init(&b.target);
	a.objective.n_targets = 0;
	assert_diff(&a.item.base, &b.item.base, "objective.targets[0]:>{};");
	b.item.body_case = PLUMB__V1__ITEM__BODY__NOT_SET;
	plumb__v1__objective__init(&a.objective);
	assert_diff(&a.item.base, &b.item.base, "objective:{}>;");
}
END_TEST

START_TEST(an_empty_message_equals_none_at_the_top)
{
	Plumb__V1__Item item;

	plumb__v1__item__init(&item);
	ck_assert(pb_equal(item_type, &item.base, NULL));
	item.id = pb_str("x");
	ck_assert(!pb_equal(item_type, &item.base, NULL));
}
END_TEST

static bool
stop_at_second(void *arg, const char *path, const struct pb_value *old, const struct pb_value *new)
{
	int *count = arg;

	(void)path;
	(void)old;
	(void)new;
	return ++*count < 2;
}

START_TEST(a_walk_stops_when_told)
{
	struct sample a;
	int count = 0;

	make_sample(&a);
	ck_assert(!pb_diff(item_type, &a.item.base, NULL, stop_at_second, &count));
	ck_assert_int_eq(count, 2);
}
END_TEST

/* ---- the wire by hand ------------------------------------------------------------------------ */

START_TEST(fields_written_by_hand_decode)
{
	struct pb_out out;
	const Plumb__V1__Envelope *envelope;
	size_t outer, inner;

	pb_out_init(&out, arena, 10000);
	pb_out_string(&out, 1, "goal/x");
	pb_out_varint(&out, 2, PLUMB__V1__KIND__GOAL);
	pb_out_varint(&out, 3, 300);
	outer = pb_out_begin(&out, 11);
	pb_out_string(&out, 1, "x");
	inner = pb_out_begin(&out, 23);
	pb_out_double(&out, 1, 0.5);
	pb_out_end(&out, inner);
	pb_out_end(&out, outer);
	ck_assert(!out.failed);
	envelope = (const Plumb__V1__Envelope *)pb_decode(
	    &plumb__v1__envelope__descriptor, out.p, out.len, true, arena, &err);
	ck_assert_msg(envelope != NULL, "%s", err.msg);
	ck_assert_uint_eq(envelope->revision, 300);
	ck_assert_str_eq(envelope->item->id, "x");
	ck_assert_double_eq(envelope->item->goal->weight, 0.5);
}
END_TEST

START_TEST(zero_and_empty_are_left_out_but_messages_are_not)
{
	struct pb_out out;

	pb_out_init(&out, NULL, 100);
	pb_out_varint(&out, 1, 0);
	pb_out_double(&out, 2, 0);
	pb_out_fixed64(&out, 3, 0);
	pb_out_bytes(&out, 4, "", 0);
	pb_out_string(&out, 5, "");
	pb_out_string(&out, 6, NULL);
	ck_assert_uint_eq(out.len, 0);
	pb_out_message(&out, 1, NULL, 0);
	ck_assert_uint_eq(out.len, 2);
	ck_assert_mem_eq(out.p, "\x0a\x00", 2);
	pb_out_fini(&out);
}
END_TEST

/* The length takes 1, 2 and 3 bytes; what was written has to move for the last two. */
START_TEST(submessages_of_any_length_nest)
{
	static const size_t lengths[] = {0, 1, 127, 128, 16383, 16384, 70000};
	size_t len = lengths[_i];
	bool heap = _i % 2 == 0;
	char *text = malloc(len + 1);
	struct pb_out out;
	struct pb_in in;
	struct pb_field field;
	size_t marks[3];

	memset(text, 't', len);
	pb_out_init(&out, heap ? NULL : arena, 1u << 20);
	for (uint32_t i = 0; i < 3; i++)
		marks[i] = pb_out_begin(&out, i + 1);
	pb_out_raw(&out, text, len);
	for (int i = 2; i >= 0; i--)
		pb_out_end(&out, marks[i]);
	pb_out_varint(&out, 9, 7);
	ck_assert(!out.failed);
	pb_in_init(&in, out.p, out.len);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert(pb_in_next(&in, &field));
		ck_assert_uint_eq(field.number, i + 1);
		if (i == 0) { /* what follows stands behind it */
			struct pb_in rest = in;
			struct pb_field nine;

			ck_assert(pb_in_next(&rest, &nine));
			ck_assert_uint_eq(nine.number, 9);
			ck_assert_uint_eq(nine.value, 7);
			ck_assert(!pb_in_next(&rest, &nine) && !rest.bad);
		}
		pb_in_init(&in, field.bytes, field.len);
	}
	ck_assert_uint_eq(field.len, len);
	ck_assert_mem_eq(field.bytes, text, len);
	pb_out_fini(&out);
	free(text);
}
END_TEST

START_TEST(output_stops_at_its_ceiling)
{
	struct pb_out out;

	pb_out_init(&out, NULL, 4);
	pb_out_string(&out, 1, "ab"); /* tag, length, two bytes */
	ck_assert(!out.failed);
	ck_assert_uint_eq(out.len, 4);
	pb_out_varint(&out, 1, 1);
	ck_assert(out.failed);
	pb_out_end(&out, pb_out_begin(&out, 1));
	ck_assert(out.failed);
	pb_out_fini(&out);
	pb_out_init(&out, NULL, 4);
	pb_out_message(&out, 1, "x", SIZE_MAX);
	ck_assert(out.failed);
	pb_out_fini(&out);
}
END_TEST

START_TEST(all_wire_types_are_read)
{
	/* 1: varint 300; 2: fixed64 1; 3: "ab"; 4: fixed32 0xffffffff */
	const uint8_t bytes[] = "\x08\xac\x02\x11\x01\0\0\0\0\0\0\0\x1a\x02"
				"ab\x25\xff\xff\xff\xff";
	struct pb_in in;
	struct pb_field field;

	pb_in_init(&in, bytes, sizeof bytes - 1);
	ck_assert(pb_in_next(&in, &field));
	ck_assert_uint_eq(field.value, 300);
	ck_assert(pb_in_next(&in, &field));
	ck_assert_uint_eq(field.wire_type, 1);
	ck_assert_uint_eq(field.value, 1);
	ck_assert(pb_in_next(&in, &field));
	ck_assert_uint_eq(field.len, 2);
	ck_assert_mem_eq(field.bytes, "ab", 2);
	ck_assert(pb_in_next(&in, &field));
	ck_assert_uint_eq(field.number, 4);
	ck_assert_uint_eq(field.value, 0xffffffff);
	ck_assert(!pb_in_next(&in, &field));
	ck_assert(!in.bad);
}
END_TEST

START_TEST(every_torn_end_is_seen)
{
	const uint8_t bytes[] = "\x08\xac\x02\x11\x01\0\0\0\0\0\0\0\x1a\x02"
				"ab\x25\xff\xff\xff\xff";
	const size_t ends[] = {0, 3, 12, 16, 21}; /* where a field ends, the message may */
	size_t next = 0;

	for (size_t len = 0; len <= sizeof bytes - 1; len++) {
		uint8_t *copy = malloc(len + 1);
		struct pb_in in;
		struct pb_field field;

		memcpy(copy, bytes, len);
		pb_in_init(&in, copy, len);
		while (pb_in_next(&in, &field))
			;
		ck_assert_int_eq(!in.bad, len == ends[next]);
		next += len == ends[next];
		free(copy);
	}
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_sound_message_is_decoded);
	tcase_add_test(tc, no_bytes_are_an_empty_message);
	tcase_add_loop_test(
	    tc, bad_bytes_are_refused_where_they_stand, 0, (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(tc, packed_enums_are_looked_at_one_by_one);
	tcase_add_test(tc, unknown_fields_survive_a_decode_that_is_not_strict);
	tcase_add_test(tc, a_full_arena_is_a_limit);
	tcase_add_test(tc, small_bytes_that_decode_large_stop_at_the_arena);
	tcase_add_test(tc, no_message_contains_itself);
	tcase_add_test(tc, encode_gives_the_bytes_of_the_specification);
	tcase_add_test(tc, encode_into_a_full_arena_is_null);
	tcase_add_loop_test(tc, numbers_print_shortest, 0, 8);
	tcase_add_test(tc, other_types_print_as_people_write_them);
	tcase_add_test(tc, zero_is_set_only_where_it_may_be_stated);
	tcase_add_test(tc, repeated_elements_are_counted_and_got);
	tcase_add_test(tc, maps_are_told_from_lists);
	tcase_add_test(tc, enum_names_both_ways);
	tcase_add_test(tc, equal_messages_do_not_differ);
	tcase_add_test(tc, differences_are_named_by_their_path);
	tcase_add_test(tc, all_of_a_message_differs_from_none);
	tcase_add_test(tc, an_empty_message_that_came_is_a_difference);
	tcase_add_test(tc, an_empty_message_equals_none_at_the_top);
	tcase_add_test(tc, a_walk_stops_when_told);
	tcase_add_test(tc, fields_written_by_hand_decode);
	tcase_add_test(tc, zero_and_empty_are_left_out_but_messages_are_not);
	tcase_add_loop_test(tc, submessages_of_any_length_nest, 0, 7);
	tcase_add_test(tc, output_stops_at_its_ceiling);
	tcase_add_test(tc, all_wire_types_are_read);
	tcase_add_test(tc, every_torn_end_is_seen);
}

int
main(void)
{
	Suite *suite = suite_create("pb");
	TCase *tc = tcase_create("pb");
	SRunner *runner = srunner_create(suite);
	int failed;

	add_tests(tc);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
