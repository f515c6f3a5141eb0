/*
 * YAML as plan files use it: text into a tree with places, and scalars back into text.
 *
 * The only user of libyaml. Takes the plain part of YAML: one document of maps, lists and scalars; anchors,
 * aliases and tags are faults (an alias bomb is refused at its first alias). Knows nothing of plans.
 */
#ifndef CLIENT_YAML_H
#define CLIENT_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct arena;
struct str;

#define YAML_DEPTH_MAX 24      /* plan files nest 7 deep */
#define YAML_NODES_MAX 4000000 /* of one file */

enum yaml_type { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_pair {
	struct yaml_node *key; /* a scalar */
	struct yaml_node *value;
};

struct yaml_node {
	enum yaml_type type;
	unsigned line;   /* from 1 */
	unsigned column; /* from 1, in characters */
	bool plain;      /* scalar: without quotes, so it may be a number or null */
	size_t count;    /* bytes of text, pairs or items */
	union {
		const char *text;        /* NUL-terminated UTF-8 without NUL */
		struct yaml_pair *pairs; /* keys are unique */
		struct yaml_node **items;
	};
};

typedef void (*yaml_fault_fn)(void *arg, unsigned line, unsigned column, const char *message);

/*
 * The document's root, in arena; NULL if the text is empty, is no YAML, or memory ran out (then *oom is set). Every
 * fault goes to fn. After a fault of form (tags, aliases, doubled keys) the tree is still made, so that more faults can
 * be found in it; after a fault of syntax it is not.
 */
struct yaml_node *yaml_read(
    const char *text, size_t len, struct arena *arena, yaml_fault_fn fn, void *arg, bool *oom);

/* The value under a key of a map; NULL if there is none or it is no map. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Nothing stated: "", "~" or "null" without quotes. */
bool yaml_is_null(const struct yaml_node *node);

/* Where a scalar is written. */
enum yaml_style {
	YAML_BLOCK, /* after "key: " or "- " */
	YAML_FLOW,  /* inside [ ] or { } */
	YAML_KEY,
};
/*
 * Appends the text as a scalar that yaml_read() and other readers of YAML take for exactly this text: plain where
 * possible, else quoted, or (YAML_BLOCK only) several lines as a literal block indented by indent.
 */
void yaml_write_text(struct str *out, const char *text, enum yaml_style style, int indent);

#endif
