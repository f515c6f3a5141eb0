/*
 * A small authority for trying out and for teams of one machine room: it makes certificates for a plumbd and its
 * callers, EC P-256, each in a PEM file beside its key.
 */
#ifndef CLIENT_CERTIFICATES_H
#define CLIENT_CERTIFICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum certificate_kind { CERTIFICATE_AUTHORITY, CERTIFICATE_SERVER, CERTIFICATE_CLIENT };

struct certificate_request {
	enum certificate_kind kind;
	const char *common_name;
	const char *const *names; /* of a server: hosts and numeric addresses */
	size_t names_count;
	int32_t first_day; /* days since 1970-01-01, as date_parse() */
	int days;
};

struct authority;

/* Can a certificate be for it: a host's name or a numeric address? */
bool certificate_is_host(const char *text) MUST_CHECK;

/* Makes one and writes both files, the key with mode 0600. ERR_EXISTS: a file of that name is there; nothing is written over. */
struct authority *authority_new(const struct certificate_request *request, const char *path,
    const char *key_path, struct err *err) MUST_CHECK;
/* One that was made before. ERR_INVALID. */
struct authority *authority_load(
    const char *path, const char *key_path, struct err *err) MUST_CHECK;
/* Takes NULL. */
void authority_free(struct authority *authority);
/* A certificate that it vouches for, and its key; files as in authority_new(). */
bool authority_make(struct authority *authority, const struct certificate_request *request,
    const char *path, const char *key_path, struct err *err) MUST_CHECK;

#endif
