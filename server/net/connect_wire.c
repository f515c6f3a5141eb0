#include "server/net/connect_wire.h"

#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/net/grpc_wire.h"

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
connect_type_of(const char *content_type)
{
	size_t len = content_type != NULL ? strcspn(content_type, "; ") : 0;

	for (int type = CONNECT_JSON; type <= CONNECT_STREAM_PROTO; type++) {
		if (strlen(type_names[type]) == len &&
		    strncasecmp(type_names[type], content_type, len) == 0)
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
connect_timeout_parse(const char *text, int64_t *timeout_ms)
{
	enum { DIGITS_MAX = 10 };
	uint64_t value;

	if (strlen(text) > DIGITS_MAX || !parse_u64(text, 0, INT64_C(9999999999), &value))
		return false;
	*timeout_ms = (int64_t)value;
	return true;
}

/* A google.protobuf.Any: {"type":"google.rpc.BadRequest","value":"…"}. */
static void
add_detail(const struct pb_field *any, struct str *out)
{
	struct pb_in in;
	struct pb_field field;
	const char *type = "";
	const uint8_t *value = NULL;
	size_t type_len = 0, value_len = 0;
	const char *slash;
	char *text;

	pb_in_init(&in, any->bytes, any->len);
	while (pb_in_next(&in, &field)) {
		if (field.number == 1 && field.wire_type == 2) {
			type = (const char *)field.bytes;
			type_len = field.len;
		} else if (field.number == 2 && field.wire_type == 2) {
			value = field.bytes;
			value_len = field.len;
		}
	}
	slash = memrchr(type, '/', type_len);
	if (slash != NULL) {
		type_len -= (size_t)(slash + 1 - type);
		type = slash + 1;
	}
	text = malloc(GRPC_BASE64_LEN(value_len) + 1);
	if (text == NULL)
		return;
	str_addf(out, "{\"type\":\"%.*s\",\"value\":\"", (int)type_len, type);
	str_add_len(out, text, grpc_base64_encode(value, value_len, text));
	str_add(out, "\"}");
	free(text);
}

/* A text of ours in quotes. */
static void
add_quoted(const char *text, struct str *out)
{
	str_add_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			str_addf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			str_addf(out, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			str_add_char(out, *text);
	}
	str_add_char(out, '"');
}

void
connect_error_json(
    const struct err *status, const uint8_t *details, size_t details_len, struct str *out)
{
	struct pb_in in;
	struct pb_field field;
	bool any = false;

	str_addf(out, "{\"code\":\"%s\",\"message\":", connect_code_name(status->code));
	add_quoted(status->msg, out);
	pb_in_init(&in, details, details_len);
	while (details_len > 0 && pb_in_next(&in, &field)) {
		if (field.number != 3 || field.wire_type != 2)
			continue;
		str_add(out, any ? "," : ",\"details\":[");
		add_detail(&field, out);
		any = true;
	}
	str_add(out, any ? "]}" : "}");
}
