/*
 * Any bytes as a message. What is accepted encodes to bytes that decode to the same, and (strictly
 * decoded) has JSON that reads as the same; what is refused says so in valid UTF-8. The second
 * byte's lowest bit asks for strictness.
 */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzz_types.h"

#define ARENA_LIMIT (8u << 20)
#define TEXT_MAX    (8u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_encoding(const ProtobufCMessage *message, bool strict, struct arena *arena)
{
	struct err err = {0};
	ProtobufCMessage *again;
	uint8_t *bytes;
	size_t len;

	bytes = pb_encode(message, arena, &len);
	if (bytes == NULL)
		return; /* the arena is full, which the input may well cause */
	again = pb_decode(message->descriptor, bytes, len, strict, arena, &err);
	must(again != NULL || err.code == ERR_LIMIT);
	must(again == NULL || pb_equal(message->descriptor, message, again));
}

static void
check_json(const ProtobufCMessage *message, struct arena *arena)
{
	struct str first, second;
	struct err err = {0};
	ProtobufCMessage *again;

	str_init(&first, TEXT_MAX);
	str_init(&second, TEXT_MAX);
	json_print(message, 2, false, &first);
	if (str_ok(&first)) {
		must(utf8_is_valid(first.data, first.len));
		again = json_parse(message->descriptor, first.data, first.len, arena, &err);
		/* The wire may say a map's key twice, which JSON may not. */
		must(again != NULL || err.code == ERR_LIMIT ||
		     strstr(err.msg, "duplicate object key") != NULL);
		if (again != NULL) {
			json_print(again, 2, false, &second);
			must(strcmp(first.data, second.data) == 0);
		}
	}
	str_fini(&first);
	str_fini(&second);
}

static bool
check_leaf(void *arg, const char *path, const struct pb_value *old, const struct pb_value *new)
{
	struct str *out = arg;

	must(path[0] != '\0' && old == NULL && new != NULL);
	str_reset(out);
	pb_value_text(new, out);
	must(!str_ok(out) || utf8_is_valid(out->data, out->len));
	return true;
}

static void
check_leaves(const ProtobufCMessage *message)
{
	struct str out;

	str_init(&out, TEXT_MAX);
	must(pb_diff(message->descriptor, NULL, message, check_leaf, &out));
	str_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct err err = {0};
	ProtobufCMessage *message;
	bool strict;

	if (size < 2 || size > 65536)
		return 0;
	strict = data[1] & 1;
	arena = arena_new(ARENA_LIMIT);
	message = pb_decode(fuzz_type(data[0]), data + 2, size - 2, strict, arena, &err);
	if (message != NULL) {
		check_encoding(message, strict, arena);
		check_leaves(message);
		if (strict)
			check_json(message, arena);
	} else {
		must(err.code == ERR_INVALID || err.code == ERR_LIMIT);
		must(err.msg[0] != '\0' && utf8_is_valid(err.msg, strlen(err.msg)));
	}
	arena_free(arena);
	return 0;
}
