/* Any message as YAML, by its descriptor. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "client/output.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

static void
add_indent(struct str *out, int indent)
{
	for (int i = 0; i < indent; i++)
		str_add_char(out, ' ');
}

/* What a YAML 1.1 reader would take for something other than text. */
static bool
reads_as_other(const char *text)
{
	static const char *const words[] = {
	    "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"};
	double number;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	if (parse_double(text, &number))
		return true;
	/* dates, times, 0x1f, 1_000, .5, +1, .inf: anything that begins like a number */
	return strchr("0123456789.+-", text[0]) != NULL;
}

static bool
is_plain(const char *text)
{
	if (!text[0] || reads_as_other(text) || strchr(" !&*?|>'\"%@`#,[]{}:=<", text[0]))
		return false;
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f || c == 0xc2 ||
		    (c == 0xe2 && (unsigned char)p[1] <= 0x81))
			return false;
		if ((c == ':' || c == ' ') && (p[1] == '\0' || p[1] == ' ' || p[1] == '#'))
			return false;
	}
	return true;
}

static void
add_scalar(struct str *out, const char *text)
{
	if (is_plain(text)) {
		str_add(out, text);
		return;
	}
	str_add_char(out, '"');
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c == '\n')
			str_add(out, "\\n");
		else if (c == '\t')
			str_add(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else if (c == 0xc2 && (unsigned char)p[1] < 0xa0)
			str_addf(out, "\\x%02x", (unsigned char)*++p);
		else
			str_add_char(out, (char)c);
	}
	str_add_char(out, '"');
}

static void
add_value(struct str *out, const struct pb_value *value)
{
	struct str text;

	switch (value->field->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
		str_init(&text, 16u << 20);
		pb_value_text(value, &text);
		add_scalar(out, text.data);
		str_fini(&text);
		break;
	default:
		pb_value_text(value, out);
		break;
	}
}

/* protoc-c has no mark for a map's entries but their shape and name. */
static bool
is_map_entry(const ProtobufCMessageDescriptor *type)
{
	size_t len = strlen(type->short_name);

	return len > 5 && strcmp(type->short_name + len - 5, "Entry") == 0 && type->n_fields == 2 &&
	       strcmp(type->fields[0].name, "key") == 0 &&
	       strcmp(type->fields[1].name, "value") == 0;
}

static bool
is_empty(const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		if (pb_count(message, &message->descriptor->fields[i]) > 0)
			return false;
	}
	return true;
}

static void add_fields(struct str *out, const ProtobufCMessage *message, int indent, bool in_list);

static void
add_map_entry(struct str *out, const ProtobufCMessage *entry, int indent)
{
	struct pb_value key = pb_get(entry, &entry->descriptor->fields[0], 0);
	const ProtobufCFieldDescriptor *field = &entry->descriptor->fields[1];

	add_indent(out, indent);
	add_value(out, &key);
	str_add(out, ": ");
	if (pb_count(entry, field) > 0) {
		struct pb_value value = pb_get(entry, field, 0);

		add_value(out, &value);
	} else {
		str_add_char(out, '0'); /* proto3 leaves a zero out */
	}
	str_add_char(out, '\n');
}

static void
add_element(struct str *out, const struct pb_value *value, int indent)
{
	if (value->field->type != PROTOBUF_C_TYPE_MESSAGE) {
		add_indent(out, indent);
		str_add(out, "- ");
		add_value(out, value);
		str_add_char(out, '\n');
		return;
	}
	if (is_map_entry(value->field->descriptor)) {
		add_map_entry(out, pb_message(value), indent);
		return;
	}
	add_indent(out, indent);
	str_add(out, "- ");
	if (is_empty(pb_message(value)))
		str_add(out, "{}\n");
	else
		add_fields(out, pb_message(value), indent + 2, true);
}

static void
add_repeated(struct str *out, const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, int indent)
{
	size_t count = pb_count(message, field);

	str_add_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		struct pb_value value = pb_get(message, field, i);

		add_element(out, &value, indent + 2);
	}
}

static void
add_single(struct str *out, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
    int indent)
{
	struct pb_value value = pb_get(message, field, 0);

	if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
		str_add_char(out, ' ');
		add_value(out, &value);
		str_add_char(out, '\n');
	} else if (is_empty(pb_message(&value))) {
		str_add(out, " {}\n");
	} else {
		str_add_char(out, '\n');
		add_fields(out, pb_message(&value), indent + 2, false);
	}
}

/* In a list the first field stands behind the "- ". */
static void
add_fields(struct str *out, const ProtobufCMessage *message, int indent, bool in_list)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

		if (pb_count(message, field) == 0)
			continue;
		if (!in_list)
			add_indent(out, indent);
		in_list = false;
		str_addf(out, "%s:", field->name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			add_repeated(out, message, field, indent);
		else
			add_single(out, message, field, indent);
	}
}

void
output_yaml(struct str *out, const ProtobufCMessage *message, int indent)
{
	if (is_empty(message)) {
		add_indent(out, indent);
		str_add(out, "{}\n");
		return;
	}
	add_fields(out, message, indent, false);
}
