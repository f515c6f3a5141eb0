/*
 * From the bytes of an item or record to its spine, and back to fields.
 *
 * With plan.c the only place outside rpc that sees the generated messages.
 */
#ifndef SERVER_PLAN_CODEC_H
#define SERVER_PLAN_CODEC_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/faults.h"
#include "server/plan/item.h"

struct pb_out;
struct view;

/* The kind of a decoded plumb.v1.Item or Record; KIND_NONE without body. */
enum kind codec_item_kind(const ProtobufCMessage *message);

/*
 * What cannot be stored: id, sizes, dates, ranges, finite numbers, references that are not "kind/id". Field paths in
 * faults start with prefix.
 */
void codec_check(const ProtobufCMessage *message, const char *prefix, struct faults *faults);

/* Appends the fields of plumb.v1.Envelope for the entry (envelope and entry itself). */
void codec_envelope(const struct view *names, const struct item *item, struct pb_out *out);

/* Decodes an entry's bytes again (Item or Record); NULL when the arena is full. Rankings, tombstones: NULL. */
const ProtobufCMessage *codec_decode(const struct item *item, struct arena *arena);

#endif
