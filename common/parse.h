/*
 * Numbers, ids and references from text, with ranges; never locale dependent.
 */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define ID_MAX_LEN 64

/* The whole of text must be a decimal number within min..max. False leaves *out untouched. */
bool parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out) MUST_CHECK;
bool parse_i64(const char *text, int64_t min, int64_t max, int64_t *out) MUST_CHECK;
/* Finite; decimal point only. */
bool parse_double(const char *text, double *out) MUST_CHECK;
/*
 * "2d", "1.5d", "250" (hundredths): effort in hundredths of a person-day. "3h", "-1d", "1.005d" are
 * refused.
 */
bool parse_effort(const char *text, int64_t *out) MUST_CHECK;
/* A slug: 1..64 of [a-z0-9._-], first and last of [a-z0-9]. */
bool parse_is_id(const char *text, size_t len) MUST_CHECK;
/*
 * Makes a slug of any text: lower case, runs of anything else become "-", cut at 64 bytes;
 * "" if nothing is left. out has ID_MAX_LEN + 1 bytes.
 */
void parse_slug(const char *text, char *out);

#endif
