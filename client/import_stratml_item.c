/* What the elements of a StratML document have in common when they become items. */
#include <string.h>

#include "client/import_stratml_internal.h"
#include "common/pb.h"

#define EXTERNAL     "stratml:"
#define SENTENCE_MAX 120u /* bytes of a title made from a text */

/* Bytes of the longest prefix of at most max that ends between characters. */
static size_t
fit(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

const char *
clip_title(struct import *imp, const xmlNode *node, const char *title)
{
	size_t len = fit(title, TITLE_MAX);

	if (title[len] == '\0')
		return title;
	note(imp, STRATML_REPAIRED, "titles above 500 bytes: shortened", node, "");
	len = fit(title, TITLE_MAX - strlen("…"));
	return fmt(imp, "%.*s…", (int)len, title);
}

const char *
clip_text(struct import *imp, const xmlNode *node, const char *text)
{
	size_t len = fit(text, TEXT_MAX);

	if (text[len] == '\0')
		return text;
	note(imp, STRATML_REPAIRED, "texts above 64 KiB: shortened", node, "");
	len = fit(text, TEXT_MAX - strlen("…"));
	return fmt(imp, "%.*s…", (int)len, text);
}

const char *
first_sentence(struct import *imp, const char *text)
{
	size_t len = strcspn(text, "\n");
	const char *stop = text;

	while ((stop = strpbrk(stop, ".!?")) != NULL && (size_t)(stop - text) < len) {
		stop++;
		if (*stop == ' ' && stop - text > 20) {
			len = (size_t)(stop - text);
			break;
		}
	}
	if (len <= SENTENCE_MAX)
		return fmt(imp, "%.*s", (int)len, text);
	len = fit(text, SENTENCE_MAX);
	while (len > SENTENCE_MAX / 2 && text[len] != ' ')
		len--;
	if (text[len] != ' ')
		len = fit(text, SENTENCE_MAX);
	return fmt(imp, "%.*s…", (int)len, text);
}

const char *
join(struct import *imp, const char *a, const char *between, const char *b)
{
	if (*a == '\0' || *b == '\0')
		return *a != '\0' ? a : b;
	return fmt(imp, "%s%s%s", a, between, b);
}

void
lines_init(struct str *lines)
{
	str_init(lines, TEXT_MAX * 2);
}

void
lines_add(struct str *lines, const char *between, const char *text)
{
	/* What comes after the limit of a text would be cut off anyway. */
	if (*text == '\0' || lines->len > TEXT_MAX)
		return;
	if (lines->len > 0)
		str_add(lines, between);
	str_add_len(lines, text, fit(text, TEXT_MAX));
}

const char *
lines_take(struct import *imp, struct str *lines)
{
	const char *text = str_ok(lines) ? fmt(imp, "%s", lines->data) : "";

	imp->failed |= !str_ok(lines);
	str_fini(lines);
	return text;
}

const char *
title_of(struct import *imp, const xmlNode *node)
{
	const char *title = xml_child_line(imp, node, "Name");

	if (*title != '\0')
		return title;
	title = first_sentence(imp, xml_child_text(imp, node, "Description"));
	if (*title == '\0')
		title = first_sentence(imp, xml_child_text(imp, node, "OtherInformation"));
	if (*title != '\0')
		note_element(imp, STRATML_REPAIRED,
		    "# elements without a Name: titled by their text", node, title);
	return title;
}

const char *
description_of(struct import *imp, const xmlNode *node)
{
	return join(imp, xml_child_text(imp, node, "Description"), "\n\n",
	    xml_child_text(imp, node, "OtherInformation"));
}

Plumb__V1__Item *
new_item(struct import *imp, Plumb__V1__Kind kind, const char *id, const char *key,
    const char *title, const char *description, const xmlNode *node)
{
	struct planfile_entry *entry;

	if (imp->failed)
		return NULL;
	entry = planfile_add_item(imp->plan, imp->step, kind, id, xml_place(imp, node));
	if (entry == NULL) {
		imp->failed |= imp->plan->out_of_memory;
		return NULL;
	}
	entry->item->title = pb_str(clip_title(imp, node, title));
	entry->item->description = pb_str(clip_text(imp, node, description));
	if (*key != '\0')
		add_string(imp, &entry->item->external_ids, &entry->item->n_external_ids,
		    fmt(imp, EXTERNAL "%s", key));
	return entry->item;
}

void
add_string(struct import *imp, char ***list, size_t *count, const char *text)
{
	/* Grown by doubling: a power of two means that it is full. */
	if ((*count & (*count - 1)) == 0) {
		char **bigger =
		    arena_array(imp->arena, *count == 0 ? 1 : *count * 2, sizeof *bigger);

		if (bigger == NULL) {
			imp->failed = true;
			return;
		}
		if (*count > 0)
			memcpy(bigger, *list, *count * sizeof *bigger);
		*list = bigger;
	}
	(*list)[(*count)++] = pb_str(text);
}

const char *
sequence_below(struct import *imp, const char *parent, const char *own)
{
	size_t len = strlen(parent);

	if (*own == '\0' || len == 0 || strpbrk(own, ".-") != NULL)
		return own;
	/* "Ai" is already below "A"; "10" is not below "1". */
	if (strncmp(own, parent, len) == 0 && own[len] != '\0' &&
	    !(own[len] >= '0' && own[len] <= '9' && parent[len - 1] >= '0' &&
		parent[len - 1] <= '9'))
		return own;
	return fmt(imp, "%s.%s", parent, own);
}
