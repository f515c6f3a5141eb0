/* What the files of the StratML import share. */
#ifndef CLIENT_IMPORT_STRATML_INTERNAL_H
#define CLIENT_IMPORT_STRATML_INTERNAL_H

#include <libxml/tree.h>
#include <stdint.h>

#include "client/import_stratml.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "common/arena.h"
#include "common/parse.h"
#include "common/str.h"

/* As docs/PROTOCOL.md, "Limits", has them. */
#define TITLE_MAX     500u
#define TEXT_MAX      65536u
#define LIST_MAX      1000u
#define ITEM_TEXT_MAX (192u << 10) /* an item has 256 KiB; links and targets stop before that */

/* A table of texts in the arena. */
struct name_entry {
	const char *key;
	void *value;
	size_t count; /* how often, or an index + 1 */
	struct name_entry *next;
};
struct name_map {
	struct name_entry **buckets;
	size_t buckets_count;
	size_t count;
};

/* Somebody who is named in the document, wherever and as often as it is. */
struct stakeholder {
	const char *name; /* as it is written first */
	const char *folded;
	Plumb__V1__Kind kind; /* PERSON or TEAM; KIND_UNSPECIFIED until known */
	bool stated;          /* a place gives the type */
	bool sure;            /* the type is stated here or in the workspace, or the user says so */
	const char *description;
	const char *id;
	const char *ref;
	const xmlNode *node;        /* where they are named first */
	const xmlNode *performs_in; /* the item that they were last counted as a performer of */
	struct stakeholder *next;   /* in order of the document */
};

struct import {
	const struct stratml_options *options;
	struct planfile *plan;
	struct planfile_step *step;
	struct arena *arena; /* the plan's */
	const char *file;    /* in the arena */
	struct stratml_report *report;
	struct stratml_note **notes_end[STRATML_CLASSES];
	struct stratml_note *notes[STRATML_CLASSES];
	uint64_t hash_key[2];
	struct name_map identifiers;  /* of the document */
	struct name_map external;     /* external ids given by this import */
	struct name_map known;        /* external id -> index of an import_known, + 1 */
	struct name_map refs;         /* "kind/id" that are taken */
	struct name_map records;      /* what measurements say, so that equal ones are told apart */
	struct name_map retracted;    /* refs of records */
	struct name_map people;       /* folded name -> struct stakeholder */
	struct name_map known_people; /* folded title -> the same */
	struct name_map dimensions;   /* folded name of an indicator: how often */
	struct stakeholder *stakeholders;
	struct stakeholder **stakeholders_end;
	const char *organization_key; /* "" none */
	const char *published;        /* date; "" not stated */
	bool failed;                  /* out of memory */
};

/* ---- xml: the tree, and its text (import_stratml_xml.c) ---------------------------------------------- */

/* NULL with "name:line:column: …". Freed with xmlFreeDoc. */
xmlDoc *stratml_xml_parse(
    const char *bytes, size_t len, const char *name, struct err *err) MUST_CHECK;
bool xml_is(const xmlNode *node, const char *name);
/* Element children in order; for (n = xml_first(p); n != NULL; n = xml_next(n)). */
const xmlNode *xml_first(const xmlNode *parent);
const xmlNode *xml_next(const xmlNode *node);
const xmlNode *xml_child(const xmlNode *parent, const char *name); /* the first; NULL */
const xmlNode *xml_walk(
    const xmlNode *node, const xmlNode *root); /* next element below root, in order */
/* Is there any text below node but in elements Identifier and SequenceIndicator, placeholders aside? */
bool xml_blank(const xmlNode *node);
/* Text on one line, blanks collapsed; "" if there is none or node is NULL. In the arena. */
const char *xml_line(struct import *imp, const xmlNode *node);
/* Of the first child of that name that is not blank; its text with the paragraphs, indentation taken away. */
const char *xml_child_line(struct import *imp, const xmlNode *parent, const char *name);
const char *xml_child_text(struct import *imp, const xmlNode *parent, const char *name);
const char *xml_attribute(struct import *imp, const xmlNode *node, const char *name);
/* "[To be determined]", "TBD", "Unspecified", "…". */
bool text_is_placeholder(const char *text);
/* The child as "2026-03-31"; "" if it has none or what it has is no date (which is noted). */
const char *xml_child_date(struct import *imp, const xmlNode *parent, const char *name);
struct planfile_place xml_place(struct import *imp, const xmlNode *node);

/* ---- report (import_stratml_report.c) ------------------------------------------------------------------ */

void note(struct import *imp, enum stratml_class class, const char *what, const xmlNode *node,
    const char *detail);
/* The same with the element's name for "#" in what: for elements of the vocabulary only. */
void note_element(struct import *imp, enum stratml_class class, const char *what,
    const xmlNode *node, const char *detail);
/* Notes elements and text that stand where StratML has none, and placeholders. */
void vocabulary_check(struct import *imp, const xmlNode *root);
void report_finish(struct import *imp);

/* ---- names and ids (import_stratml_ids.c) -------------------------------------------------------------- */

struct name_entry *name_find(struct import *imp, const struct name_map *map, const char *key);
/* Found or made; NULL out of memory. */
struct name_entry *name_put(struct import *imp, struct name_map *map, const char *key);
const char *fold(struct import *imp, const char *text); /* in the arena; "" out of memory */
const char *fmt(struct import *imp, const char *format, ...)
    PRINTF_LIKE(2, 3); /* "" out of memory */
void ids_load_known(struct import *imp);
/*
 * What tells an item from all others in every later import: its Identifier if it is usable, else its place below
 * parent_key. Unique within the document.
 */
const char *item_key(struct import *imp, const xmlNode *node, const char *parent_key,
    const char *kind, const char *text);
/* Its id: the one it was given before, else a new one of sequence and text. */
const char *item_id(struct import *imp, Plumb__V1__Kind kind, const char *key, const char *sequence,
    const char *text);
const char *kind_word(Plumb__V1__Kind kind);

/* ---- what elements have in common (import_stratml_item.c) ------------------------------------------------ */

/* The text fields of an item, cut to their limits. */
const char *clip_title(struct import *imp, const xmlNode *node, const char *title);
const char *clip_text(struct import *imp, const xmlNode *node, const char *text);
/* The first sentence of a longer text, for a title. */
const char *first_sentence(struct import *imp, const char *text);
/* "a\n\nb", or the one that is there. */
const char *join(struct import *imp, const char *a, const char *between, const char *b);
/* Texts put one behind the other, up to the limit of a text (where clip_text() notes it). */
void lines_init(struct str *lines);
void lines_add(struct str *lines, const char *between, const char *text);
const char *lines_take(struct import *imp, struct str *lines);
/* Name, else the first sentence of Description (noted), else "". */
const char *title_of(struct import *imp, const xmlNode *node);
/* Description and OtherInformation. */
const char *description_of(struct import *imp, const xmlNode *node);
/* A new item with title, description and external id; NULL out of memory or refused. */
Plumb__V1__Item *new_item(struct import *imp, Plumb__V1__Kind kind, const char *id, const char *key,
    const char *title, const char *description, const xmlNode *node);
/* Appends to a repeated string field. */
void add_string(struct import *imp, char ***list, size_t *count, const char *text);

/* ---- the parts --------------------------------------------------------------------------------------------- */

/* Everybody who is named, with the type that some place states. */
void people_gather(struct import *imp, const xmlNode *root);
/* Their items. */
void people_add(struct import *imp);
/* Links to those named in node, and its owner where exactly one person performs. */
void people_link(struct import *imp, Plumb__V1__Item *item, const xmlNode *node);
/* The name of a Stakeholder or Organization, or what its text says first. */
const char *stakeholder_name(struct import *imp, const xmlNode *node);
struct stakeholder *people_find(struct import *imp, const char *name);
/* How often each indicator's name stands in the document. */
void measures_count(struct import *imp, const xmlNode *root);
void measure_add(struct import *imp, Plumb__V1__Item *objective, const char *objective_key,
    const char *objective_sequence, const xmlNode *indicator);
/* The sequence of a part: "1" below "2" is "2.1", "2.1" stays. */
const char *sequence_below(struct import *imp, const char *parent, const char *own);

#endif
