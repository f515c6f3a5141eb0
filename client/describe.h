/*
 * Entries in words for people: their status, date and owner in a cell, and all their fields one under the other.
 */
#ifndef CLIENT_DESCRIBE_H
#define CLIENT_DESCRIBE_H

#include "client/context.h"

/* The item or record of an entry, or NULL. */
const Plumb__V1__Item *describe_item(const Plumb__V1__Envelope *entry);
const Plumb__V1__Record *describe_record(const Plumb__V1__Envelope *entry);
/* "active", "open", "done 2026-03-31", "asked"; "" where the kind has none. Static or in ctx->arena. */
const char *describe_status(struct context *ctx, const Plumb__V1__Envelope *entry);
/* Green, yellow or red for a status or check-in word that calls for it. */
enum output_colour describe_status_colour(const char *status);
/* The date that it is due or ends, stated or by its periods; "". */
const char *describe_due(struct context *ctx, const Plumb__V1__Envelope *entry);
/* "Anna Brandt", "3 owners", "nobody" (where the kind should have an owner), "". */
const char *describe_owner(struct context *ctx, const Plumb__V1__Envelope *entry);
#define DESCRIBE_WHEN 32
/* "2026-03-31 17:05" for a time, a date as it is; into buf of DESCRIBE_WHEN bytes, which it returns. */
const char *describe_when(const char *time, char *buf);
/* The title, a record's value or note in short. */
const char *describe_title(struct context *ctx, const Plumb__V1__Envelope *entry);
/* What a record is about; "". */
const char *describe_about(const Plumb__V1__Envelope *entry);
/* "  last changed        2026-03-31": one of the lines of an entry; NULL is "". */
void describe_line(struct context *ctx, const char *name, const char *text);
/* The whole entry. */
void describe_entry(struct context *ctx, const Plumb__V1__Envelope *entry);
/* The unit of a measure, by its id or reference; "". */
const char *describe_unit(struct context *ctx, const char *measure);
/* "To meet our customers' expectation of X, our target is Y by Z."; "" where the objective names no expectation. In ctx->arena. */
const char *describe_aim(struct context *ctx, const Plumb__V1__Objective *objective);
/* The same of "objective/x" on lines of its own; nothing where ref is of another kind, or it has none. */
void describe_aim_of(struct context *ctx, const char *ref, const char *lead);
/* Is a field of this name kept in hundredths of a person-day? */
bool describe_is_effort(const char *field);
/* 250 as "2.5 days", into buf, which it returns. */
const char *describe_days(int64_t hundredths, char buf[40]);

#endif
