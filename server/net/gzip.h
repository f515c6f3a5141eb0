/* gzip of one message, for gRPC's per-message compression; bounded. */
#ifndef SERVER_NET_GZIP_H
#define SERVER_NET_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* *out is malloc'ed. ERR_LIMIT: more than max bytes would come out, or out of memory; ERR_INTERNAL: it is no gzip, cut, or has more behind it. */
bool gzip_inflate(const uint8_t *p, size_t len, size_t max, uint8_t **out, size_t *out_len,
    struct err *err) MUST_CHECK;
/* *out is malloc'ed. False: out of memory. */
bool gzip_deflate(const uint8_t *p, size_t len, uint8_t **out, size_t *out_len) MUST_CHECK;

#endif
