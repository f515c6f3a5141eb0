/* Base64 [RFC 4648, section 4], with padding. */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* With the NUL. */
#define BASE64_LEN(len) (((len) + 2) / 3 * 4 + 1)

/* out has BASE64_LEN(len) bytes. Returns out. */
char *base64_encode(const uint8_t *p, size_t len, char *out);

#endif
