/*
 * What plan files know of kinds and fields beyond their descriptors: sections, and what a bare reference means.
 */
#ifndef CLIENT_PLANFILE_KINDS_H
#define CLIENT_PLANFILE_KINDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/item.pb-c.h"

struct arena;
struct str;

struct planfile_kind {
	Plumb__V1__Kind kind;
	const char *name;    /* "check-in", as in references */
	const char *section; /* "check_ins" */
	const char *body;    /* its member of the body: "check_in" */
	bool record;
};

/* In the order in which export writes them. */
const struct planfile_kind *planfile_kinds(size_t *count);
/* NULL if plan files hold no such kind. */
const struct planfile_kind *planfile_kind(Plumb__V1__Kind kind);
/* By section name, plural or singular ("goals", "goal", "rules"); NULL. */
const struct planfile_kind *planfile_section(const char *name);
/* The kind's message: plumb.v1.Item or plumb.v1.Record, and its body. */
const ProtobufCMessageDescriptor *planfile_kind_type(const struct planfile_kind *kind);
const ProtobufCFieldDescriptor *planfile_kind_body(const struct planfile_kind *kind);

/*
 * A reference in its shortest form: "kind/id" becomes "id" where the field takes a bare id for that kind, and the
 * kind's name is made the usual one ("check_in/x" becomes "check-in/x"). text itself where the field is no reference.
 * body: the kind of the record or item that the field is in.
 */
const char *planfile_ref_normal(const struct planfile_kind *body,
    const ProtobufCMessageDescriptor *type, const char *field, const char *text,
    struct arena *arena) MUST_CHECK;
/* Does the field name what the holder belongs to, so that it goes when that is removed? */
bool planfile_is_belongs(const ProtobufCMessageDescriptor *type, const char *field);
/* "goal/x" of a field's normal form; text itself where it is no reference or has its kind written. */
const char *planfile_ref_full(const struct planfile_kind *body,
    const ProtobufCMessageDescriptor *type, const char *field, const char *text,
    struct arena *arena) MUST_CHECK;

/* The name among count that text was probably meant to be, NULL if none is near. */
const char *planfile_suggest(const char *text, const char *const *names, size_t count);

/* "2.5d" for 250. */
void planfile_effort_text(int64_t effort, struct str *out);
/* Is the message type an entry of a map<>? */
bool planfile_is_map_entry(const ProtobufCFieldDescriptor *field);

/* ---- entries as messages ------------------------------------------------------------------------------ */

/* A copy that shares nothing that planfile_normal() or a merge would write to. */
ProtobufCMessage *planfile_clone(const ProtobufCMessage *message, struct arena *arena) MUST_CHECK;
/* Brings an item or record into the form in which equal things are equal: references short, maps in order of key. */
bool planfile_normal(
    const struct planfile_kind *kind, ProtobufCMessage *entry, struct arena *arena) MUST_CHECK;
/* The body message of an item or record; NULL if it has none. */
ProtobufCMessage *planfile_body(const struct planfile_kind *kind, const ProtobufCMessage *entry);
/* The whole field for people: "3", "[anna, ben]", "5d"; "" unset. */
void planfile_field_text(
    const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, struct str *out);

#endif
