/*
 * Any bytes as JSON. What is accepted prints as text that reads as the same, and encodes to bytes
 * that a strict decode takes; what is refused says so in valid UTF-8.
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
check_round_trip(const ProtobufCMessage *message, struct arena *arena)
{
	struct str first, second;
	struct err err = {0};
	ProtobufCMessage *again;
	uint8_t *bytes;
	size_t len;

	str_init(&first, TEXT_MAX);
	str_init(&second, TEXT_MAX);
	json_print(message, 0, false, &first);
	must(str_ok(&first) && utf8_is_valid(first.data, first.len));
	again = json_parse(message->descriptor, first.data, first.len, arena, &err);
	must(again != NULL);
	json_print(again, 0, false, &second);
	must(strcmp(first.data, second.data) == 0);
	bytes = pb_encode(message, arena, &len);
	must(bytes != NULL);
	again = pb_decode(message->descriptor, bytes, len, true, arena, &err);
	must(again != NULL);
	str_reset(&second);
	json_print(again, 0, false, &second);
	must(strcmp(first.data, second.data) == 0);
	str_fini(&first);
	str_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct err err = {0};
	ProtobufCMessage *message;

	if (size == 0 || size > 65536)
		return 0;
	arena = arena_new(ARENA_LIMIT);
	message = json_parse(fuzz_type(data[0]), (const char *)data + 1, size - 1, arena, &err);
	if (message != NULL) {
		check_round_trip(message, arena);
	} else {
		must(err.code == ERR_INVALID || err.code == ERR_LIMIT);
		must(err.msg[0] != '\0' && utf8_is_valid(err.msg, strlen(err.msg)));
	}
	arena_free(arena);
	return 0;
}
