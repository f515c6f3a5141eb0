#include "server/plan/effect.h"

#include <math.h>
#include <string.h>

#include "common/pb.h"

/* Numbers of item.proto; the messages themselves are too dear to decode for each initiative of a plan. */
enum wire {
	ITEM_INITIATIVE = 27,
	INITIATIVE_CONTRIBUTIONS = 2,
	CONTRIBUTION_EXPECTED_EFFECT = 3,
	WIRE_FIXED64 = 1,
	WIRE_LENGTH = 2,
};

/* The n-th field of that number with a length; false: there are fewer. */
static bool
find(const uint8_t *p, size_t len, uint32_t number, unsigned n, struct pb_field *out)
{
	struct pb_in in;

	pb_in_init(&in, p, len);
	while (pb_in_next(&in, out)) {
		if (out->number == number && out->wire_type == WIRE_LENGTH && n-- == 0)
			return true;
	}
	return false;
}

double
effect_expected(const struct item *initiative, uint16_t position)
{
	struct pb_field field;
	struct pb_in in;
	double effect = (double)NAN;

	if (!find(item_bytes(initiative), initiative->bytes_len, ITEM_INITIATIVE, 0, &field) ||
	    !find(field.bytes, field.len, INITIATIVE_CONTRIBUTIONS, position, &field))
		return effect;
	pb_in_init(&in, field.bytes, field.len);
	while (pb_in_next(&in, &field)) {
		if (field.number == CONTRIBUTION_EXPECTED_EFFECT && field.wire_type == WIRE_FIXED64)
			memcpy(&effect, &field.value, sizeof effect);
	}
	return effect;
}
