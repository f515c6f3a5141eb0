/*
 * The services' own description at run time: files of descriptors by name and by symbol, for server reflection.
 *
 * Read once from encoded google.protobuf.FileDescriptorSets that are built in; kept for the life of the process.
 */
#ifndef SERVER_RPC_DESCRIPTORS_H
#define SERVER_RPC_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct descriptor_file;

/* Adds a set; what is there already under its name stays. False: malformed, or out of memory. */
bool descriptors_add(const uint8_t *set, size_t len) MUST_CHECK;

/* "plumb/v1/plan.proto"; NULL. */
const struct descriptor_file *descriptors_file(const char *name);
/* The file that declares a service, method, message, field, oneof, enum or enum value by its full name; NULL. */
const struct descriptor_file *descriptors_symbol(const char *name);
/* The i-th service of all files; NULL past the last. */
const char *descriptors_service(size_t i);
/* The extension numbers of a message type are known to be none: is there such a type? */
bool descriptors_message(const char *name);

/* The encoded google.protobuf.FileDescriptorProto. */
const uint8_t *descriptor_file_bytes(const struct descriptor_file *file, size_t *len);
/* The file and all that it imports, each once, the file first; returns how many, at most max. */
size_t descriptor_file_all(
    const struct descriptor_file *file, const struct descriptor_file **out, size_t max);

#endif
