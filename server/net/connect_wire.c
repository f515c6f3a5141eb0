#include "server/net/connect_wire.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/limits.h"
#include "server/net/grpc_wire.h"
#include "server/rpc/details.h"

static const char *const type_names[] = {
    [CONNECT_NONE] = "",
    [CONNECT_JSON] = "application/json",
    [CONNECT_PROTO] = "application/proto",
    [CONNECT_STREAM_JSON] = "application/connect+json",
    [CONNECT_STREAM_PROTO] = "application/connect+proto",
};

/* By gRPC's code. */
static const struct {
	const char *name;
	int status;
} codes[] = {
    [ERR_OK] = {"ok", 200},
    [ERR_CANCELLED] = {"canceled", 499},
    [ERR_UNKNOWN] = {"unknown", 500},
    [ERR_INVALID] = {"invalid_argument", 400},
    [ERR_DEADLINE] = {"deadline_exceeded", 504},
    [ERR_NOT_FOUND] = {"not_found", 404},
    [ERR_EXISTS] = {"already_exists", 409},
    [ERR_DENIED] = {"permission_denied", 403},
    [ERR_LIMIT] = {"resource_exhausted", 429},
    [ERR_PRECONDITION] = {"failed_precondition", 400},
    [ERR_CONFLICT] = {"aborted", 409},
    [ERR_RANGE] = {"out_of_range", 400},
    [ERR_UNIMPLEMENTED] = {"unimplemented", 501},
    [ERR_INTERNAL] = {"internal", 500},
    [ERR_UNAVAILABLE] = {"unavailable", 503},
    [ERR_DATA_LOSS] = {"data_loss", 500},
    [ERR_UNAUTHENTICATED] = {"unauthenticated", 401},
};

enum connect_type
connect_type_of(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] != ';' && p[n] != ' ')
		n++;
	for (int type = CONNECT_JSON; n > 0 && type <= CONNECT_STREAM_PROTO; type++) {
		if (strlen(type_names[type]) == n && strncasecmp(type_names[type], p, n) == 0)
			return (enum connect_type)type;
	}
	return CONNECT_NONE;
}

const char *
connect_type_name(enum connect_type type)
{
	return type_names[type];
}

static size_t
place(enum err_code code)
{
	return (size_t)code < sizeof codes / sizeof codes[0] ? (size_t)code : ERR_UNKNOWN;
}

const char *
connect_code_name(enum err_code code)
{
	return codes[place(code)].name;
}

int
connect_http_status(enum err_code code)
{
	return codes[place(code)].status;
}

bool
connect_timeout_parse(const char *p, size_t len, int64_t *timeout_ms)
{
	enum { DIGITS_MAX = 10 };
	int64_t value = 0;

	if (len == 0 || len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		value = value * 10 + (p[i] - '0');
	}
	*timeout_ms = value;
	return true;
}

bool
connect_envelope_parse(const uint8_t *p, size_t len, bool *compressed)
{
	if (len < CONNECT_ENVELOPE_LEN || p[0] > CONNECT_FLAG_COMPRESSED ||
	    grpc_prefix_length(p) != len - CONNECT_ENVELOPE_LEN)
		return false;
	*compressed = p[0] == CONNECT_FLAG_COMPRESSED;
	return true;
}

/* The same for people: what it says, in JSON. */
static void
add_debug(const char *type, size_t type_len, const uint8_t *value, size_t len, struct str *out)
{
	const ProtobufCMessageDescriptor *known = detail_type(type, type_len);
	const ProtobufCMessage *message;
	struct arena *arena;
	struct err err;

	if (known == NULL)
		return;
	arena = arena_new(LIMIT_CALL_ARENA);
	message = arena != NULL ? pb_decode(known, value, len, true, arena, &err) : NULL;
	if (message != NULL) {
		str_add(out, ",\"debug\":");
		json_print(message, 0, false, out);
	}
	arena_free(arena);
}

/* The full name of a message behind the last '/'; false: it is none. */
static bool
take_name(const struct pb_field *url, const char **name, size_t *len)
{
	const char *p = (const char *)url->bytes;
	const char *slash = memrchr(p, '/', url->len);

	*name = slash != NULL ? slash + 1 : p;
	*len = url->len - (size_t)(*name - p);
	for (size_t i = 0; i < *len; i++) {
		if (!isalnum((unsigned char)(*name)[i]) && strchr("._", (*name)[i]) == NULL)
			return false;
	}
	return *len > 0 && memchr(*name, '\0', *len) == NULL;
}

/* A google.protobuf.Any: {"type":"google.rpc.BadRequest","value":"…"}. False: it is none, and nothing was added. */
static bool
add_detail(const struct pb_field *any, const char *before, struct str *out)
{
	struct pb_in in;
	struct pb_field field;
	const char *type = NULL;
	const uint8_t *value = NULL;
	size_t type_len = 0, value_len = 0;
	char *text;

	pb_in_init(&in, any->bytes, any->len);
	while (pb_in_next(&in, &field)) {
		if (field.number == 1 && field.wire_type == 2) {
			if (!take_name(&field, &type, &type_len))
				return false;
		} else if (field.number == 2 && field.wire_type == 2) {
			value = field.bytes;
			value_len = field.len;
		}
	}
	text = malloc(GRPC_BASE64_LEN(value_len) + 1);
	if (text == NULL || type == NULL || in.bad) {
		free(text);
		return false;
	}
	str_addf(out, "%s{\"type\":\"%.*s\",\"value\":\"", before, (int)type_len, type);
	str_add_len(out, text, grpc_base64_encode(value, value_len, text));
	str_add_char(out, '"');
	free(text);
	add_debug(type, type_len, value, value_len, out);
	str_add_char(out, '}');
	return true;
}

void
connect_error_json(
    const struct err *status, const uint8_t *details, size_t details_len, struct str *out)
{
	struct pb_in in;
	struct pb_field field;
	bool any = false;

	str_addf(out, "{\"code\":\"%s\",\"message\":", connect_code_name(status->code));
	json_print_string(status->msg, out);
	pb_in_init(&in, details, details_len);
	while (details_len > 0 && pb_in_next(&in, &field)) {
		if (field.number == 3 && field.wire_type == 2)
			any |= add_detail(&field, any ? "," : ",\"details\":[", out);
	}
	str_add(out, any ? "]}" : "}");
}
