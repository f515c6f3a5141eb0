/* Changes of every kind at random, over few names, so that they meet. */
#ifndef TESTS_UNIT_PLAN_RANDOM_CHANGES_H
#define TESTS_UNIT_PLAN_RANDOM_CHANGES_H

#include <stdint.h>

#include "common/str.h"

#define PUT(id, body) "{\"put\": {\"item\": {\"id\": \"" id "\", " body "}}}"

static uint64_t seed;

static inline uint32_t
dice(uint32_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % sides;
}

static inline void
random_change(struct str *out)
{
	uint32_t a = dice(60), b = dice(60);

	switch (dice(14)) {
	case 0:
	case 1:
		str_addf(out,
		    PUT("i%u", "\"initiative\": {\"after\": [\"i%u\"], \"members\": [\"p%u\"]}"), a,
		    b, b);
		break;
	case 2:
	case 3:
	case 4:
		str_addf(out,
		    PUT("t%u", "\"title\": \"T%u\", \"owners\": [\"p%u\"], \"task\": "
			       "{\"initiative\": \"i%u\"}"),
		    a, dice(1000), b, b);
		break;
	case 5:
		str_addf(out, PUT("g%u", "\"goal\": {\"parent\": \"g%u\"}"), a, b);
		break;
	case 6:
		str_addf(out, "{\"remove\": {\"ref\": \"%s%u\", \"cascade\": %s}}",
		    dice(2) ? "task/t" : "initiative/i", a, dice(2) ? "true" : "false");
		break;
	case 7:
		str_addf(out, "{\"rename\": {\"ref\": \"initiative/i%u\", \"id\": \"i%u\"}}", a, b);
		break;
	case 8:
		str_addf(out, "{\"place\": {\"item\": \"i%u\", \"tied_with\": \"i%u\"}}", a, b);
		break;
	case 9:
	case 10:
		str_addf(out, "{\"place\": {\"item\": \"i%u\", \"%s\": true}}", a,
		    dice(3) == 0 ? "unranked"
		    : dice(2)    ? "first"
				 : "last");
		break;
	case 11:
		str_addf(out,
		    "{\"add\": {\"record\": {\"about\": \"task/t%u\", \"by\": \"p%u\", \"note\": "
		    "\"n\", \"check_in\": {}}}}",
		    a, b);
		break;
	case 12:
		str_addf(out, "{\"retract\": {\"ref\": \"check-in/r%u.0\"}}", dice(200));
		break;
	default:
		str_addf(out, "{\"redact\": {\"person\": \"p%u\", \"reason\": \"r\"}}", a);
	}
}

/* A JSON list of one to three. Caller frees with str_fini(). */
static inline void
random_changes(struct str *out)
{
	str_init(out, 1u << 16);
	str_add(out, "[");
	random_change(out);
	for (uint32_t more = dice(3); more > 0; more--) {
		str_add(out, ",");
		random_change(out);
	}
	str_add(out, "]");
}

#endif
