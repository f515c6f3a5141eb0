/*
 * A plan as plan files: what planfile_load() reads back as the same, in a stable order.
 */
#ifndef CLIENT_PLANFILE_WRITE_H
#define CLIENT_PLANFILE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/planfile_kinds.h"
#include "common/err.h"
#include "plumb/v1/plan.pb-c.h"

struct arena;
struct str;

/* What stands in the first line of every file that export writes. */
#define PLANFILE_WRITTEN "# Written by plumb export; plumb apply reads it back."

struct planfile_writer;

struct planfile_writer *planfile_writer_new(struct arena *arena) MUST_CHECK;
/* An entry of an Export reply, borrowed. Retracted and redacted records and removed entries are left out. */
bool planfile_writer_add(
    struct planfile_writer *writer, const Plumb__V1__Envelope *envelope) MUST_CHECK;
/* Call once after the last: sorts, and decides which measures stand inline. */
bool planfile_writer_arrange(struct planfile_writer *writer) MUST_CHECK;
/* How many records were left out. */
size_t planfile_writer_left_out(const struct planfile_writer *writer);
/* `exported:`, and the rankings. */
void planfile_write_head(const struct planfile_writer *writer, const char *workspace,
    uint64_t revision, struct str *out);
/* The section of one kind; nothing if it is empty. */
void planfile_write_section(
    const struct planfile_writer *writer, const struct planfile_kind *kind, struct str *out);

#endif
