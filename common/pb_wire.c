/* The wire by hand, of pb.h: fields out, fields in. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb.h"

#define FIRST_CAP       256
#define VARINT_MAX      10
#define FIELD_MAX       ((1u << 29) - 1)
#define LENGTH_RESERVED 1 /* most sub-messages are shorter than 128 bytes */

enum { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_LENGTH = 2, WIRE_32BIT = 5 };

/* ---- out ------------------------------------------------------------------------------------- */

void
pb_out_init(struct pb_out *out, struct arena *arena, size_t max)
{
	*out = (struct pb_out){.arena = arena, .max = max};
}

void
pb_out_fini(struct pb_out *out)
{
	if (out->arena == NULL)
		free(out->p);
	pb_out_init(out, out->arena, out->max);
}

static uint8_t *
grow(struct pb_out *out, size_t cap)
{
	uint8_t *p;

	if (out->arena == NULL)
		return realloc(out->p, cap);
	if (out->p != NULL && arena_extend(out->arena, out->p, out->cap, cap))
		return out->p;
	p = arena_alloc(out->arena, cap);
	if (p != NULL && out->len > 0)
		memcpy(p, out->p, out->len);
	return p;
}

/* Room for more bytes behind the end; NULL (and failed) if there is none. */
static uint8_t *
reserve(struct pb_out *out, size_t more)
{
	size_t cap = out->cap > 0 ? out->cap : FIRST_CAP;
	uint8_t *p;

	if (out->failed)
		return NULL;
	assert(out->len <= out->max);
	if (more > out->max - out->len) {
		out->failed = true;
		return NULL;
	}
	if (more <= out->cap - out->len)
		return out->p + out->len;
	while (cap < out->len + more)
		cap = cap * 2 > cap ? cap * 2 : out->len + more;
	p = grow(out, cap);
	if (p == NULL) {
		out->failed = true;
		return NULL;
	}
	out->p = p;
	out->cap = cap;
	return p + out->len;
}

static size_t
write_varint(uint8_t *p, uint64_t value)
{
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		p[len++] = (uint8_t)(value | 0x80);
	p[len++] = (uint8_t)value;
	return len;
}

static size_t
varint_len(uint64_t value)
{
	size_t len = 1;

	for (; value >= 0x80; value >>= 7)
		len++;
	return len;
}

static uint64_t
tag_of(uint32_t field, unsigned wire_type)
{
	assert(field > 0 && field <= FIELD_MAX);
	return (uint64_t)field << 3 | wire_type;
}

void
pb_out_varint(struct pb_out *out, uint32_t field, uint64_t value)
{
	uint64_t tag = tag_of(field, WIRE_VARINT);
	uint8_t *p;

	if (value == 0)
		return;
	p = reserve(out, varint_len(tag) + varint_len(value));
	if (p == NULL)
		return;
	out->len += write_varint(p, tag);
	out->len += write_varint(out->p + out->len, value);
}

void
pb_out_fixed64(struct pb_out *out, uint32_t field, uint64_t value)
{
	uint64_t tag = tag_of(field, WIRE_64BIT);
	uint8_t *p;

	if (value == 0)
		return;
	p = reserve(out, varint_len(tag) + sizeof value);
	if (p == NULL)
		return;
	p += write_varint(p, tag);
	for (unsigned i = 0; i < sizeof value; i++)
		p[i] = (uint8_t)(value >> (8 * i));
	out->len = (size_t)(p - out->p) + sizeof value;
}

void
pb_out_double(struct pb_out *out, uint32_t field, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	if (value != 0)
		pb_out_fixed64(out, field, bits);
}

void
pb_out_message(struct pb_out *out, uint32_t field, const void *p, size_t len)
{
	uint64_t tag = tag_of(field, WIRE_LENGTH);
	uint8_t *to;

	if (len > out->max) { /* so that the sum below cannot overflow */
		out->failed = true;
		return;
	}
	to = reserve(out, varint_len(tag) + varint_len(len) + len);
	if (to == NULL)
		return;
	to += write_varint(to, tag);
	to += write_varint(to, len);
	if (len > 0)
		memcpy(to, p, len);
	out->len = (size_t)(to - out->p) + len;
}

void
pb_out_bytes(struct pb_out *out, uint32_t field, const void *p, size_t len)
{
	if (len > 0)
		pb_out_message(out, field, p, len);
}

void
pb_out_string(struct pb_out *out, uint32_t field, const char *s)
{
	if (s != NULL)
		pb_out_bytes(out, field, s, strlen(s));
}

void
pb_out_raw(struct pb_out *out, const void *p, size_t len)
{
	uint8_t *to = reserve(out, len);

	if (to == NULL || len == 0)
		return;
	memcpy(to, p, len);
	out->len += len;
}

size_t
pb_out_begin(struct pb_out *out, uint32_t field)
{
	uint64_t tag = tag_of(field, WIRE_LENGTH);
	uint8_t *p = reserve(out, varint_len(tag) + LENGTH_RESERVED);

	if (p == NULL)
		return 0;
	out->len += write_varint(p, tag) + LENGTH_RESERVED;
	return out->len;
}

void
pb_out_end(struct pb_out *out, size_t mark)
{
	size_t len, more;

	if (out->failed)
		return;
	assert(mark >= LENGTH_RESERVED && mark <= out->len);
	len = out->len - mark;
	more = varint_len(len) - LENGTH_RESERVED;
	if (more > 0) {
		if (reserve(out, more) == NULL)
			return;
		memmove(out->p + mark + more, out->p + mark, len);
		out->len += more;
	}
	write_varint(out->p + mark - LENGTH_RESERVED, len);
}

/* ---- in -------------------------------------------------------------------------------------- */

void
pb_in_init(struct pb_in *in, const uint8_t *p, size_t len)
{
	*in = (struct pb_in){.p = p, .end = p + len};
}

static bool
read_varint(struct pb_in *in, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_MAX && in->p < in->end; i++) {
		uint8_t byte = *in->p++;

		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if ((byte & 0x80) == 0) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool
read_fixed(struct pb_in *in, unsigned len, uint64_t *out)
{
	if ((size_t)(in->end - in->p) < len)
		return false;
	*out = 0;
	for (unsigned i = 0; i < len; i++)
		*out |= (uint64_t)in->p[i] << (8 * i);
	in->p += len;
	return true;
}

static bool
read_length(struct pb_in *in, struct pb_field *field)
{
	uint64_t len;

	if (!read_varint(in, &len) || len > (size_t)(in->end - in->p))
		return false;
	field->bytes = in->p;
	field->len = (size_t)len;
	in->p += len;
	return true;
}

static bool
read_field(struct pb_in *in, struct pb_field *field)
{
	uint64_t tag;

	/* A tag of more than 32 bits names no field; protobuf-c would take its low bits for one. */
	if (!read_varint(in, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_MAX)
		return false;
	*field = (struct pb_field){.number = (uint32_t)(tag >> 3), .wire_type = tag & 7};
	switch (field->wire_type) {
	case WIRE_VARINT:
		return read_varint(in, &field->value);
	case WIRE_64BIT:
		return read_fixed(in, 8, &field->value);
	case WIRE_LENGTH:
		return read_length(in, field);
	case WIRE_32BIT:
		return read_fixed(in, 4, &field->value);
	default:
		return false; /* groups, which proto3 does not have */
	}
}

bool
pb_in_next(struct pb_in *in, struct pb_field *field)
{
	if (in->bad || in->p == in->end)
		return false;
	if (!read_field(in, field)) {
		in->bad = true;
		return false;
	}
	return true;
}
