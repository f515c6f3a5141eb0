/*
 * What stands below what, and what each is called for good: names that depend on the document's words alone, never on
 * where a row stands.
 */
#include <stdlib.h>
#include <string.h>

#include "client/import_okr_internal.h"
#include "common/crypto.h"
#include "common/parse.h"

/* ---- parents ------------------------------------------------------------------------------------------------ */

static struct okr_node ambiguous; /* stands for a title that several have */

/* What parents are called by: keys, titles of objectives, and those of key results, which objectives may serve. */
struct names {
	struct refmap *keys, *titles, *results;
};

static bool
index_nodes(struct okr *okr, struct names *names)
{
	struct refmap *keys = names->keys, *titles;

	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next) {
		const struct okr_fact *other = okr_said(node, FIELD_OTHER_ID);
		const char *title = okr_fold(okr, node->title);

		if (*node->key != '\0' && refmap_get(keys, node->key) == NULL &&
		    !refmap_put(keys, node->key, node))
			return okr_oom(okr);
		if (other != NULL && refmap_get(keys, other->text) == NULL &&
		    !refmap_put(keys, okr_fold(okr, other->text), node))
			return okr_oom(okr);
		if (node->type != OKR_OBJECTIVE && node->type != OKR_KEY_RESULT)
			continue;
		titles = node->type == OKR_OBJECTIVE ? names->titles : names->results;
		if (!refmap_put(
			titles, title, refmap_get(titles, title) != NULL ? &ambiguous : node))
			return okr_oom(okr);
	}
	return !okr->failed;
}

/* "Delight customers (https://…)": the address that some programs put behind a title. */
static const char *
without_address(struct okr *okr, const char *text)
{
	const char *start = strstr(text, " (http");
	size_t len = strlen(text);

	if (start == NULL || text[len - 1] != ')' || strchr(start, ')') != text + len - 1)
		return text;
	return okr_cut(okr, text, (size_t)(start - text));
}

static struct okr_node *
named(struct okr *okr, const struct names *names, const struct okr_node *node, const char *text)
{
	const char *name = okr_fold(okr, text), *number, *rest;
	struct okr_node *found = refmap_get(names->keys, name);

	if (found == NULL && okr_marker(okr, text, &number, &rest) != OKR_UNTYPED && *rest != '\0')
		found = refmap_get(names->titles, okr_fold(okr, rest));
	if (found == NULL)
		found = refmap_get(names->titles, name);
	if (found == NULL && node->type != OKR_KEY_RESULT)
		found = refmap_get(names->results, name);
	return found;
}

/* The same whichever order the facts are in: of several in one column the first by the alphabet. */
static bool
is_before(const struct okr_fact *fact, const struct okr_fact *taken)
{
	return taken == NULL ||
	       (strcmp(fact->name, taken->name) == 0 && strcmp(fact->text, taken->text) < 0);
}

static void
find_parent(struct okr *okr, const struct names *names, struct okr_node *node)
{
	const struct okr_fact *first = NULL, *taken = NULL;

	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next) {
		struct okr_node *found;

		if (fact->field != FIELD_PARENT)
			continue;
		first = first == NULL ? fact : first;
		found = named(okr, names, node, without_address(okr, fact->text));
		if (found == &ambiguous) {
			okr_note(okr, OKR_LEFT_OUT,
			    "parents by a title that several have: which one is meant?", fact->line,
			    okr_fmt(okr, "%s, of: %s", fact->text, node->title));
			return;
		}
		if (found == NULL || found == node || !is_before(fact, taken))
			continue;
		node->parent = found;
		taken = fact;
	}
	/* In another column the same parent may stand in another way, as Jira does; in one, others are meant. */
	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next)
		if (taken != NULL && fact->field == FIELD_PARENT && fact != taken &&
		    strcmp(fact->name, taken->name) == 0)
			okr_note(okr, OKR_LEFT_OUT, "further parents: an entry has one", fact->line,
			    okr_fmt(okr, "%s, of: %s", fact->text, node->title));
	if (first != NULL && taken == NULL)
		okr_note(okr, OKR_LEFT_OUT, "parents that the document does not have", first->line,
		    okr_fmt(okr, "%s, of: %s", first->text, node->title));
}

/* Cuts what is above itself apart: all of a circle, so that no order decides where. */
static void
cut_circles(struct okr *okr)
{
	unsigned walk = 0;

	for (struct okr_node *start = okr->nodes; start != NULL; start = start->next) {
		struct okr_node *node = start, *next;

		walk++;
		while (node != NULL && node->mark == 0) {
			node->mark = walk;
			node = node->parent;
		}
		if (node == NULL || node->mark != walk)
			continue;
		while (node->parent != NULL) {
			next = node->parent;
			okr_note(okr, OKR_LEFT_OUT, "parents in a circle: all of them left out",
			    node->line, node->title);
			node->parent = NULL;
			node = next;
		}
	}
}

static bool
set_depth(struct okr *okr, struct okr_node *node)
{
	unsigned objectives = 0, all = 0;

	for (const struct okr_node *p = node->parent; p != NULL; p = p->parent) {
		objectives += p->type == OKR_OBJECTIVE;
		if (++all > OKR_NESTING_MAX || objectives > OKR_DEPTH_MAX)
			return okr_refuse(okr, ERR_LIMIT, node->line,
			    "more than %u objectives below each other", OKR_DEPTH_MAX);
	}
	node->depth = all;
	return true;
}

/* ---- names for good ------------------------------------------------------------------------------------------- */

static const char *
digest_of(struct okr *okr, const char *text)
{
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	sha256(text, strlen(text), digest);
	hex_encode(digest, sizeof digest, hex);
	return okr_fmt(okr, "%.32s", hex);
}

static const char *
last_text(const struct okr_node *node, enum okr_field field)
{
	const struct okr_fact *fact = okr_said_last(node, field);

	return fact != NULL ? fact->text : "";
}

/* By its key where it has one, else by its words and what it stands below. */
static const char *
path_of(struct okr *okr, const struct okr_node *node, bool jira)
{
	const char *period = node->parent == NULL ? last_text(node, FIELD_PERIOD) : "";
	const char *team = last_text(node, FIELD_TEAM);

	if (*node->key != '\0')
		return digest_of(
		    okr, okr_fmt(okr, "key\n%s\n%d\n%s", jira ? "jira" : okr->options->source,
			     (int)node->type, node->key));
	return digest_of(okr,
	    okr_fmt(okr, "%s\n%d\n%s\n%s\n%s\n%s", node->parent != NULL ? node->parent->path : "",
		(int)node->type, okr_fold(okr, period), okr_fold(okr, team),
		okr_fold(okr, node->role), okr_fold(okr, node->title)));
}

/* All that a node says: two with one path and equal words are one, stated twice. */
static const char *
words_of(struct okr *okr, const struct okr_node *node)
{
	const char *words = node->title;

	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next)
		words = digest_of(okr, okr_fmt(okr, "%s\n%s\n%s", words, fact->name, fact->text));
	return words;
}

struct named {
	struct okr_node *node;
	const char *words;
};

static int
compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->node->path, y->node->path);

	return order != 0 ? order : strcmp(x->words, y->words);
}

/* Those with one path at one depth get paths of their own, in order of what they say. */
static bool
settle_twins(struct okr *okr, struct named *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		list[i].words = "";
	qsort(list, count, sizeof *list, compare_named);
	for (size_t i = 0, end; i < count; i = end) {
		const char *path = list[i].node->path;

		for (end = i + 1; end < count && strcmp(list[end].node->path, path) == 0; end++)
			continue;
		if (end - i == 1)
			continue;
		for (size_t k = i; k < end; k++)
			list[k].words = words_of(okr, list[k].node);
		qsort(list + i, end - i, sizeof *list, compare_named);
		for (size_t k = i + 1; k < end; k++) {
			okr_note(okr, OKR_READ_AS,
			    *list[k].node->key != '\0'
				? "keys that stand twice: told apart by what they say"
				: "titles that stand twice below one objective: told apart by what "
				  "they say",
			    list[k].node->line, list[k].node->title);
			list[k].node->path =
			    digest_of(okr, okr_fmt(okr, "%s\n%zu", path, k - i + 1));
		}
	}
	return !okr->failed;
}

/* Of those with a key (first: a key names one thing wherever it stands), or of those without at a depth. */
static bool
set_paths_of(struct okr *okr, struct named *list, bool keyed, unsigned depth, bool jira)
{
	size_t count = 0;

	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next) {
		if ((*node->key != '\0') != keyed || (!keyed && node->depth != depth))
			continue;
		node->path = path_of(okr, node, jira);
		list[count++].node = node;
	}
	return settle_twins(okr, list, count);
}

static bool
set_paths(struct okr *okr, bool jira)
{
	struct named *list = arena_array(okr->arena, okr->nodes_count + 1, sizeof *list);
	unsigned deepest = 0;

	if (list == NULL)
		return okr_oom(okr);
	for (const struct okr_node *node = okr->nodes; node != NULL; node = node->next)
		deepest = node->depth > deepest ? node->depth : deepest;
	if (!set_paths_of(okr, list, true, 0, jira))
		return false;
	for (unsigned depth = 0; depth <= deepest; depth++)
		if (!set_paths_of(okr, list, false, depth, jira))
			return false;
	return !okr->failed;
}

/* ---- ids ------------------------------------------------------------------------------------------------------------- */

const char *
okr_kind(enum okr_type type)
{
	static const char *const kinds[] = {[OKR_UNTYPED] = "task",
	    [OKR_OBJECTIVE] = "objective",
	    [OKR_KEY_RESULT] = "measure",
	    [OKR_INITIATIVE] = "initiative",
	    [OKR_TASK] = "task"};

	return kinds[type];
}

static const char *
readable(struct okr *okr, const struct okr_node *node)
{
	char word[ID_MAX_LEN + 1];

	slug(node->title, word);
	cut_slug(word, 48);
	return *word != '\0' ? okr_fmt(okr, "%s", word) : okr_kind(node->type);
}

const char *
okr_external(struct okr *okr, const struct okr_node *node)
{
	return okr_fmt(okr, "okr:%.20s", node->path);
}

/* The id that it was given before; else its words, with a part of its path where these are not its own. */
static bool
set_id(struct okr *okr, struct refmap *counts, struct okr_node *node)
{
	const struct import_known *known = refmap_get(okr->known, okr_external(okr, node));
	const char *kind = okr_kind(node->type), *word = readable(okr, node);
	const char *ref = okr_fmt(okr, "%s/%s", kind, word);
	size_t len = strlen(kind);

	if (okr->failed)
		return false;
	if (known != NULL && strncmp(known->ref, kind, len) == 0 && known->ref[len] == '/')
		node->id = okr_fmt(okr, "%s", known->ref + len + 1);
	else if (refmap_get(okr->taken, ref) != NULL || refmap_get(counts, ref) == counts)
		node->id = okr_fmt(okr, "%s-%.8s", word, node->path);
	else
		node->id = word;
	return !okr->failed;
}

static bool
set_ids(struct okr *okr)
{
	struct refmap *counts = refmap_new(okr->arena);

	if (counts == NULL)
		return okr_oom(okr);
	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next) {
		const char *ref = okr_fmt(okr, "%s/%s", okr_kind(node->type), readable(okr, node));

		/* The table itself stands for "more than one". */
		if (!refmap_put(
			counts, ref, refmap_get(counts, ref) != NULL ? (void *)counts : node))
			return okr_oom(okr);
	}
	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next)
		if (!set_id(okr, counts, node))
			return false;
	return true;
}

/* Stories and tasks without anything that they are a part of are work of their own. */
static void
settle_work(struct okr *okr)
{
	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next)
		if (node->type == OKR_TASK && node->parent != NULL &&
		    (node->parent->type == OKR_OBJECTIVE || node->parent->type == OKR_KEY_RESULT))
			node->type = OKR_INITIATIVE;
}

bool
okr_settle_tree(struct okr *okr, bool jira)
{
	struct names names = {
	    refmap_new(okr->arena), refmap_new(okr->arena), refmap_new(okr->arena)};

	if (names.keys == NULL || names.titles == NULL || names.results == NULL)
		return okr_oom(okr);
	if (!index_nodes(okr, &names))
		return false;
	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next)
		find_parent(okr, &names, node);
	cut_circles(okr);
	settle_work(okr);
	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next)
		if (okr->failed || !set_depth(okr, node))
			return false;
	return set_paths(okr, jira) && set_ids(okr);
}
