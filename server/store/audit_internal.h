/* What audit_file.c and audit_read.c share; nobody else includes it. */
#ifndef SERVER_STORE_AUDIT_INTERNAL_H
#define SERVER_STORE_AUDIT_INTERNAL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define AUDIT_NAME "audit.log"
#define AUDIT_OLD  "audit-%012" PRIu64 ".log"

/* Older files, by the number of their first lines. */
struct audit_name {
	uint64_t first;
	char name[64];
};
struct audit_names {
	struct audit_name *list; /* owned; sorted */
	size_t count;
};
bool audit_names_read(const char *directory, struct audit_names *names, struct err *err) MUST_CHECK;
void audit_names_free(struct audit_names *names);
/* path has PATH_MAX bytes. */
bool audit_path(char *path, const char *directory, const char *name, struct err *err) MUST_CHECK;

#endif
