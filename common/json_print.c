/* Printing of json.h; by hand, since the output is simple. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/json.h"
#include "common/pb.h"
#include "common/str.h"

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct printer {
	struct str *out;
	int indent; /* spaces a level; 0: one line */
	bool lower;
	int depth;
};

void
json_print_string(const char *text, struct str *out)
{
	const char *start = text;

	str_add_char(out, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		str_add_len(out, start, (size_t)(text - start));
		start = text + 1;
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c == '\n')
			str_add(out, "\\n");
		else if (c == '\t')
			str_add(out, "\\t");
		else
			str_addf(out, "\\u%04x", c);
	}
	str_add_len(out, start, (size_t)(text - start));
	str_add_char(out, '"');
}

static void
print_string(struct printer *printer, const char *text)
{
	json_print_string(text, printer->out);
}

static void
print_base64(struct printer *printer, const ProtobufCBinaryData *bytes)
{
	str_add_char(printer->out, '"');
	for (size_t i = 0; i < bytes->len; i += 3) {
		size_t left = bytes->len - i;
		uint32_t group = (uint32_t)bytes->data[i] << 16;
		char quad[4] = {0};

		group |= left > 1 ? (uint32_t)bytes->data[i + 1] << 8 : 0;
		group |= left > 2 ? bytes->data[i + 2] : 0;
		quad[0] = base64_digits[group >> 18];
		quad[1] = base64_digits[group >> 12 & 63];
		quad[2] = left > 1 ? base64_digits[group >> 6 & 63] : '=';
		quad[3] = left > 2 ? base64_digits[group & 63] : '=';
		str_add_len(printer->out, quad, sizeof quad);
	}
	str_add_char(printer->out, '"');
}

static void
print_real(struct printer *printer, const struct pb_value *value)
{
	double number = value->field->type == PROTOBUF_C_TYPE_FLOAT
			    ? (double)*(const float *)value->p
			    : *(const double *)value->p;

	if (number == 0 && signbit(number))
		str_add(printer->out, "-0.0"); /* "-0" reads as a whole number, which has no sign */
	else if (isfinite(number))
		pb_value_text(value, printer->out);
	else if (isnan(number))
		str_add(printer->out, "\"NaN\"");
	else
		str_add(printer->out, number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
}

static void
print_enum(struct printer *printer, const struct pb_value *value)
{
	const ProtobufCEnumDescriptor *type = value->field->descriptor;
	int number = *(const int *)value->p;
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, number);
	char name[80];

	if (found == NULL)
		str_addf(printer->out, "%d", number);
	else if (printer->lower)
		str_addf(printer->out, "\"%s\"", pb_enum_name(type, number, name, sizeof name));
	else
		str_addf(printer->out, "\"%s\"", found->name);
}

static void print_message(struct printer *printer, const ProtobufCMessage *message);

static void
print_value(struct printer *printer, const struct pb_value *value)
{
	switch (value->field->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		/* Strings, since JavaScript has no whole numbers of 64 bits. */
		str_add_char(printer->out, '"');
		pb_value_text(value, printer->out);
		str_add_char(printer->out, '"');
		break;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		print_real(printer, value);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		print_enum(printer, value);
		break;
	case PROTOBUF_C_TYPE_STRING:
		print_string(
		    printer, *(char *const *)value->p != NULL ? *(char *const *)value->p : "");
		break;
	case PROTOBUF_C_TYPE_BYTES:
		print_base64(printer, value->p);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		print_message(printer, pb_message(value));
		break;
	default:
		pb_value_text(value, printer->out);
		break;
	}
}

/* Opens or closes an object or array. */
static void
print_open(struct printer *printer, char bracket)
{
	str_add_char(printer->out, bracket);
	printer->depth++;
}

static void
print_newline(struct printer *printer)
{
	if (printer->indent == 0)
		return;
	str_add_char(printer->out, '\n');
	for (int i = 0; i < printer->indent * printer->depth; i++)
		str_add_char(printer->out, ' ');
}

static void
print_close(struct printer *printer, char bracket, bool empty)
{
	printer->depth--;
	if (!empty)
		print_newline(printer);
	str_add_char(printer->out, bracket);
}

static void
print_separator(struct printer *printer, bool first)
{
	if (!first)
		str_add_char(printer->out, ',');
	print_newline(printer);
}

static void
print_colon(struct printer *printer)
{
	str_add(printer->out, printer->indent > 0 ? ": " : ":");
}

static void
print_map(
    struct printer *printer, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	size_t count = pb_count(message, field);

	print_open(printer, '{');
	for (size_t i = 0; i < count; i++) {
		struct pb_value entry = pb_get(message, field, i);
		const ProtobufCMessage *pair = pb_message(&entry);
		const ProtobufCFieldDescriptor *members = pair->descriptor->fields;
		struct pb_value value = {&members[1], (const char *)pair + members[1].offset};
		const char *key = *(char *const *)((const char *)pair + members[0].offset);

		print_separator(printer, i == 0);
		print_string(printer, key != NULL ? key : "");
		print_colon(printer);
		print_value(printer, &value);
	}
	print_close(printer, '}', false);
}

static void
print_array(
    struct printer *printer, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	size_t count = pb_count(message, field);

	print_open(printer, '[');
	for (size_t i = 0; i < count; i++) {
		struct pb_value value = pb_get(message, field, i);

		print_separator(printer, i == 0);
		print_value(printer, &value);
	}
	print_close(printer, ']', false);
}

static void
print_message(struct printer *printer, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	bool first = true;

	print_open(printer, '{');
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		if (pb_count(message, field) == 0)
			continue;
		print_separator(printer, first);
		first = false;
		str_addf(printer->out, "\"%s\"", field->name);
		print_colon(printer);
		if (pb_map_entry(field) != NULL) {
			print_map(printer, message, field);
		} else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			print_array(printer, message, field);
		} else {
			struct pb_value value = pb_get(message, field, 0);

			print_value(printer, &value);
		}
	}
	print_close(printer, '}', first);
}

void
json_print(const ProtobufCMessage *message, int indent, bool lower, struct str *out)
{
	struct printer printer = {.out = out, .indent = indent, .lower = lower};

	print_message(&printer, message);
}
