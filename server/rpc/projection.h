/*
 * The projection: every workspace's plan as tables in tables.db, a few seconds behind at most.
 *
 * The tables follow from item.proto by descriptor: a table per kind with a column per stated fact, and one per
 * repeated field ("objective_targets", "initiative_members"). docs/OPERATIONS.md lists them. Written by a worker
 * from durable views; nothing reads it back.
 */
#ifndef SERVER_RPC_PROJECTION_H
#define SERVER_RPC_PROJECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct daemon;
struct projection;
struct str;

/* Opens DIRECTORY/tables.db. Observes the daemon from now on. */
struct projection *projection_new(
    struct daemon *daemon, const char *directory, struct err *err) MUST_CHECK;
/* No job of it may be running. Takes NULL. */
void projection_free(struct projection *projection);
/* Starts a job where something changed since the last one, at most one a second. */
void projection_tick(struct projection *projection);
/* The daemon stops: a running job ends soon, no other one begins. Takes NULL. */
void projection_stop(struct projection *projection);
/* The newest revision of the workspace that the tables show, 0 none; takes NULL. */
uint64_t projection_revision(const struct projection *projection, uint32_t workspace);

#endif
