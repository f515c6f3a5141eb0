/* Names that are told apart, and the ids that the StratML import gives. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/import_stratml_internal.h"
#include "common/crypto.h"
#include "common/utf8.h"

#define EXTERNAL      "stratml:"
#define KEY_MAX       120u /* longer ones are hashed */
#define READABLE_MAX  48u  /* of an id; what follows makes it unique */
#define FIRST_BUCKETS 256u

const char *
fmt(struct import *imp, const char *format, ...)
{
	va_list ap;
	char *text = NULL;
	const char *copy;
	int len;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0) {
		imp->failed = true;
		return "";
	}
	copy = arena_strndup(imp->arena, text, (size_t)len);
	free(text);
	imp->failed |= copy == NULL;
	return copy != NULL ? copy : "";
}

const char *
fold(struct import *imp, const char *text)
{
	char *folded = utf8_fold(text);
	const char *copy = folded != NULL ? arena_strdup(imp->arena, folded) : NULL;

	free(folded);
	imp->failed |= copy == NULL;
	return copy != NULL ? copy : "";
}

/* ---- tables of texts ------------------------------------------------------------------------------------ */

static size_t
bucket(const struct import *imp, const struct name_map *map, const char *key)
{
	return (size_t)(siphash(imp->hash_key, key, strlen(key)) & (map->buckets_count - 1));
}

struct name_entry *
name_find(struct import *imp, const struct name_map *map, const char *key)
{
	struct name_entry *entry;

	if (map->buckets_count == 0)
		return NULL;
	for (entry = map->buckets[bucket(imp, map, key)]; entry != NULL; entry = entry->next)
		if (strcmp(entry->key, key) == 0)
			return entry;
	return NULL;
}

static bool
grow(struct import *imp, struct name_map *map)
{
	struct name_map bigger = {.count = map->count};

	bigger.buckets_count = map->buckets_count == 0 ? FIRST_BUCKETS : map->buckets_count * 4;
	bigger.buckets = arena_array(imp->arena, bigger.buckets_count, sizeof(struct name_entry *));
	if (bigger.buckets == NULL)
		return false;
	for (size_t i = 0; i < map->buckets_count; i++) {
		struct name_entry *next;

		for (struct name_entry *entry = map->buckets[i]; entry != NULL; entry = next) {
			size_t b = bucket(imp, &bigger, entry->key);

			next = entry->next;
			entry->next = bigger.buckets[b];
			bigger.buckets[b] = entry;
		}
	}
	*map = bigger;
	return true;
}

struct name_entry *
name_put(struct import *imp, struct name_map *map, const char *key)
{
	struct name_entry *entry = name_find(imp, map, key);
	size_t b;

	if (entry != NULL)
		return entry;
	if (map->count >= map->buckets_count * 2 && !grow(imp, map)) {
		imp->failed = true;
		return NULL;
	}
	entry = arena_zalloc(imp->arena, sizeof *entry);
	if (entry != NULL)
		entry->key = arena_strdup(imp->arena, key);
	if (entry == NULL || entry->key == NULL) {
		imp->failed = true;
		return NULL;
	}
	b = bucket(imp, map, key);
	entry->next = map->buckets[b];
	map->buckets[b] = entry;
	map->count++;
	return entry;
}

/* ---- words ---------------------------------------------------------------------------------------------- */

const char *
kind_word(Plumb__V1__Kind kind)
{
	switch (kind) {
	case PLUMB__V1__KIND__VISION:
		return "vision";
	case PLUMB__V1__KIND__MISSION:
		return "mission";
	case PLUMB__V1__KIND__VALUE:
		return "value";
	case PLUMB__V1__KIND__GOAL:
		return "goal";
	case PLUMB__V1__KIND__OBJECTIVE:
		return "objective";
	case PLUMB__V1__KIND__MEASURE:
		return "measure";
	case PLUMB__V1__KIND__PERSON:
		return "person";
	case PLUMB__V1__KIND__PERIOD:
		return "period";
	default:
		return "team";
	}
}

/* ---- what is there already -------------------------------------------------------------------------------- */

void
ids_load_known(struct import *imp)
{
	for (size_t i = 0; i < imp->options->known_count; i++) {
		const struct import_known *known = &imp->options->known[i];
		struct name_entry *entry = name_put(imp, &imp->refs, known->ref);

		if (entry != NULL)
			entry->count = 1;
		if (known->retracted)
			(void)name_put(imp, &imp->retracted, known->ref);
		for (size_t k = 0; k < known->external_ids_count; k++) {
			if (strncmp(known->external_ids[k], EXTERNAL, strlen(EXTERNAL)) != 0)
				continue;
			entry = name_put(imp, &imp->known, known->external_ids[k]);
			if (entry != NULL && entry->count == 0)
				entry->count = i + 1;
		}
		if (strncmp(known->ref, "person/", 7) != 0 && strncmp(known->ref, "team/", 5) != 0)
			continue;
		entry = name_put(imp, &imp->known_people, fold(imp, known->title));
		if (entry != NULL && entry->count == 0)
			entry->count = i + 1;
	}
}

/*
 * text, or the first of text-2, text-3, … that with its prefix is not in the map, which has it then. The count of
 * the bare one remembers where to go on, so that a thousand equal names cost a thousand looks.
 */
static const char *
unique(struct import *imp, struct name_map *map, const char *prefix, const char *text,
    const char *between)
{
	struct name_entry *bare = name_put(imp, map, fmt(imp, "%s%s", prefix, text));

	if (bare == NULL || bare->count++ == 0)
		return text;
	for (; !imp->failed; bare->count++) {
		const char *candidate = fmt(imp, "%s%s%zu", text, between, bare->count);
		struct name_entry *entry = name_put(imp, map, fmt(imp, "%s%s", prefix, candidate));

		if (entry != NULL && entry->count++ == 0)
			return candidate;
	}
	return text;
}

/* ---- keys and ids -------------------------------------------------------------------------------------------- */

/* The Identifier of node if nothing else has it; NULL. */
static const char *
usable_identifier(struct import *imp, const xmlNode *node)
{
	const xmlNode *element = xml_child(node, "Identifier");
	const char *text = xml_line(imp, element);
	struct name_entry *entry;

	if (*text == '\0')
		return NULL;
	if (text_is_placeholder(text) || strpbrk(text, "[] ") != NULL ||
	    strncasecmp(text, "placeholder", 11) == 0) {
		note(imp, STRATML_REPAIRED, "identifiers that are placeholders: replaced", element,
		    text);
		return NULL;
	}
	entry = name_put(imp, &imp->identifiers, text);
	if (entry == NULL)
		return NULL;
	if (entry->count++ > 0) {
		note(imp, STRATML_REPAIRED,
		    "identifiers that stand twice: the first item keeps it, the others got their "
		    "own",
		    element, text);
		return NULL;
	}
	return text;
}

/* text, or what stands for it where it is too long for a name. */
static const char *
short_key(struct import *imp, const char *text)
{
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	if (strlen(text) <= KEY_MAX)
		return text;
	sha256(text, strlen(text), digest);
	hex_encode(digest, sizeof digest, hex);
	return fmt(imp, "sha256-%.32s", hex);
}

const char *
item_key(struct import *imp, const xmlNode *node, const char *parent_key, const char *kind,
    const char *text)
{
	const char *identifier = node != NULL ? usable_identifier(imp, node) : NULL;
	char word[ID_MAX_LEN + 1];
	const char *key;

	slug(text, word);
	if (identifier != NULL)
		key = identifier;
	else if (*word != '\0')
		key = fmt(imp, "%s%s%s/%s", parent_key, *parent_key != '\0' ? "/" : "", kind, word);
	else /* nothing Latin in it */
		key = fmt(imp, "%s%s%s/%s", parent_key, *parent_key != '\0' ? "/" : "", kind,
		    fold(imp, text));
	key = short_key(imp, key);
	return unique(imp, &imp->external, "", key, "/");
}

/* The id that a known entry has, if it is of that kind. */
static const char *
known_id(struct import *imp, Plumb__V1__Kind kind, const char *key)
{
	struct name_entry *entry = name_find(imp, &imp->known, fmt(imp, EXTERNAL "%s", key));
	const char *word = kind_word(kind);
	const struct import_known *known;

	if (entry == NULL)
		return NULL;
	known = &imp->options->known[entry->count - 1];
	if (strncmp(known->ref, word, strlen(word)) != 0 || known->ref[strlen(word)] != '/')
		return NULL;
	return known->ref + strlen(word) + 1;
}

const char *
item_id(struct import *imp, Plumb__V1__Kind kind, const char *key, const char *sequence,
    const char *text)
{
	const char *known = known_id(imp, kind, key);
	char head[ID_MAX_LEN + 1], tail[ID_MAX_LEN + 1], id[2 * ID_MAX_LEN + 2];

	if (known != NULL)
		return fmt(imp, "%s", known);
	slug(sequence, head);
	cut_slug(head, READABLE_MAX / 2);
	slug(text, tail);
	cut_slug(tail, READABLE_MAX - strlen(head));
	if (*tail == '\0')
		snprintf(tail, sizeof tail, "%s", kind_word(kind));
	snprintf(id, sizeof id, "%s%s%s", head, *head != '\0' ? "-" : "", tail);
	return unique(imp, &imp->refs, fmt(imp, "%s/", kind_word(kind)), fmt(imp, "%s", id), "-");
}
