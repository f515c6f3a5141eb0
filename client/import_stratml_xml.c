/* The XML below the StratML import: parsed without DTDs, entities and network, within limits. */
#include <ctype.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/import_stratml_internal.h"
#include "common/calendar.h"

/* What went wrong first, since libxml2 goes on looking for more. */
struct load {
	const char *name;
	struct err *err;
	bool failed;
	size_t elements;
	startElementNsSAX2Func start;
};

static void
refuse(struct load *load, xmlParserCtxt *ctxt, enum err_code code, const char *message)
{
	if (!load->failed)
		err_set(load->err, code, "%s:%d:%d: %s", load->name,
		    ctxt->input != NULL ? ctxt->input->line : 0,
		    ctxt->input != NULL ? ctxt->input->col : 0, message);
	load->failed = true;
	xmlStopParser(ctxt);
}

static void
on_doctype(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	xmlParserCtxt *ctxt = arg;

	(void)name;
	(void)external;
	(void)system;
	refuse(ctxt->_private, ctxt, ERR_INVALID,
	    "has a document type (DOCTYPE), which StratML does not need and which is not read: "
	    "take the line out");
}

static void
on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces,
    const xmlChar **namespace_list, int attributes, int defaulted, const xmlChar **attribute_list)
{
	xmlParserCtxt *ctxt = arg;
	struct load *load = ctxt->_private;

	if (++load->elements > STRATML_ELEMENTS_MAX) {
		refuse(load, ctxt, ERR_LIMIT, "has more than 400,000 elements");
		return;
	}
	if (ctxt->nodeNr >= (int)STRATML_DEPTH_MAX) {
		refuse(load, ctxt, ERR_LIMIT, "elements lie more than 64 deep in each other");
		return;
	}
	load->start(arg, name, prefix, uri, namespaces, namespace_list, attributes, defaulted,
	    attribute_list);
}

/* What to do about the faults that are met most. */
static const char *
remedy(int code)
{
	switch (code) {
	case XML_ERR_NAME_REQUIRED:
	case XML_ERR_ENTITYREF_SEMICOL_MISSING:
		return " (a plain & in text must be written &amp;)";
	case XML_ERR_UNDECLARED_ENTITY:
		return " (only &amp; &lt; &gt; &quot; &apos; and numbers are known: write the "
		       "character itself)";
	case XML_ERR_TAG_NAME_MISMATCH:
		return " (an element is not closed, or closed twice)";
	default:
		return "";
	}
}

static void
on_error(void *arg, xmlErrorPtr error)
{
	xmlParserCtxt *ctxt = arg;
	struct load *load = ctxt->_private;
	const char *message = error->message != NULL ? error->message : "not well-formed";

	if (load->failed || error->level < XML_ERR_ERROR || error->domain == XML_FROM_NAMESPACE)
		return;
	load->failed = true;
	err_set(load->err, ERR_INVALID, "%s:%d:%d: %.*s%s", load->name, error->line, error->int2,
	    (int)strcspn(message, "\n"), message, remedy(error->code));
}

xmlDoc *
stratml_xml_parse(const char *bytes, size_t len, const char *name, struct err *err)
{
	struct load load = {.name = name, .err = err};
	xmlParserCtxt *ctxt;
	xmlDoc *doc = NULL;

	if (len > STRATML_BYTES_MAX) {
		err_set(err, ERR_LIMIT, "%s: has %zu bytes; at most %u are read", name, len,
		    STRATML_BYTES_MAX);
		return NULL;
	}
	if (len == 0) {
		err_set(err, ERR_INVALID, "%s: is empty", name);
		return NULL;
	}
	ctxt = xmlNewParserCtxt();
	if (ctxt == NULL) {
		err_oom(err);
		return NULL;
	}
	ctxt->_private = &load;
	ctxt->sax->internalSubset = on_doctype;
	ctxt->sax->serror = on_error;
	load.start = ctxt->sax->startElementNs;
	ctxt->sax->startElementNs = on_start;
	doc = xmlCtxtReadMemory(ctxt, bytes, (int)len, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES |
		XML_PARSE_NOCDATA);
	if (doc == NULL && !load.failed)
		err_set(err, ERR_INVALID, "%s: is no XML, or there was no memory to read it", name);
	if (doc != NULL && (load.failed || xmlDocGetRootElement(doc) == NULL)) {
		if (!load.failed)
			err_set(err, ERR_INVALID, "%s: has no element", name);
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(ctxt);
	return doc;
}

/* ---- elements ---------------------------------------------------------------------------------------------- */

bool
xml_is(const xmlNode *node, const char *name)
{
	return node != NULL && node->type == XML_ELEMENT_NODE &&
	       strcmp((const char *)node->name, name) == 0;
}

const xmlNode *
xml_next(const xmlNode *node)
{
	do
		node = node->next;
	while (node != NULL && node->type != XML_ELEMENT_NODE);
	return node;
}

const xmlNode *
xml_first(const xmlNode *parent)
{
	const xmlNode *node = parent != NULL ? parent->children : NULL;

	return node == NULL || node->type == XML_ELEMENT_NODE ? node : xml_next(node);
}

const xmlNode *
xml_child(const xmlNode *parent, const char *name)
{
	for (const xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node))
		if (xml_is(node, name))
			return node;
	return NULL;
}

/* Next node of any type below root, in order. */
static const xmlNode *
walk_any(const xmlNode *node, const xmlNode *root)
{
	if (node->children != NULL && node->type == XML_ELEMENT_NODE)
		return node->children;
	while (node != root) {
		if (node->next != NULL)
			return node->next;
		node = node->parent;
	}
	return NULL;
}

const xmlNode *
xml_walk(const xmlNode *node, const xmlNode *root)
{
	do
		node = walk_any(node, root);
	while (node != NULL && node->type != XML_ELEMENT_NODE);
	return node;
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

static bool
is_text(const xmlNode *node)
{
	return (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) &&
	       node->content != NULL;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
all_space(const char *text)
{
	while (is_space(*text))
		text++;
	return *text == '\0';
}

bool
text_is_placeholder(const char *text)
{
	static const char *const words[] = {"", "to be determined", "tbd", "unspecified",
	    "to be named", "to be identified", "to be inserted", "to be inserted by user",
	    "to be added", NULL};
	char word[32];
	size_t len = 0;

	for (; *text != '\0'; text++) {
		bool skip = strchr("[](). _\t\r\n", *text) != NULL;

		if ((unsigned char)text[0] == 0xe2 && (unsigned char)text[1] == 0x80 &&
		    (unsigned char)text[2] == 0xa6) { /* … */
			text += 2;
			continue;
		}
		if (len + 2 >= sizeof word)
			return false;
		if (!skip)
			word[len++] = (char)tolower((unsigned char)*text);
		else if (len > 0 && word[len - 1] != ' ')
			word[len++] = ' ';
	}
	while (len > 0 && word[len - 1] == ' ')
		len--;
	word[len] = '\0';
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

bool
xml_blank(const xmlNode *root)
{
	for (const xmlNode *node = walk_any(root, root); node != NULL;
	     node = walk_any(node, root)) {
		if (!is_text(node) || all_space((const char *)node->content))
			continue;
		if (node->parent != root && (xml_is(node->parent, "Identifier") ||
						xml_is(node->parent, "SequenceIndicator")))
			continue;
		if (!text_is_placeholder((const char *)node->content))
			return false;
	}
	return true;
}

/* Appends text with blanks collapsed; a newline with nothing before the next line's text ends a line if lines is set. */
static void
add_collapsed(struct str *out, const char *text, bool lines)
{
	while (*text != '\0') {
		size_t newlines = 0;
		bool indented = false;

		if (!is_space(*text)) {
			size_t len = strcspn(text, " \t\r\n");

			str_add_len(out, text, len);
			text += len;
			continue;
		}
		for (; is_space(*text); text++) {
			newlines += *text == '\n';
			indented = *text == ' ' || *text == '\t';
		}
		/* Lines that go on indented are the work of a pretty printer, not of the author. */
		if (lines && newlines > 0 && (!indented || newlines > 1) && out->len > 0)
			str_add(out, newlines > 1 ? "\n\n" : "\n");
		else if (out->len > 0 && !is_space(out->data[out->len - 1]))
			str_add_char(out, ' ');
	}
}

static const char *
collect(struct import *imp, const xmlNode *root, bool lines)
{
	struct str out;
	const char *text = NULL;

	if (root == NULL)
		return "";
	str_init(&out, STRATML_BYTES_MAX);
	for (const xmlNode *node = walk_any(root, root); node != NULL;
	     node = walk_any(node, root)) {
		if (is_text(node))
			add_collapsed(&out, (const char *)node->content, lines);
		else if (node->type == XML_ELEMENT_NODE && out.len > 0)
			add_collapsed(
			    &out, lines ? "\n" : " ", lines); /* markup where none belongs */
	}
	if (str_ok(&out)) {
		size_t len = out.len;

		while (len > 0 && is_space(out.data[len - 1]))
			len--;
		text = len == 0 ? "" : arena_strndup(imp->arena, out.data, len);
	}
	str_fini(&out);
	imp->failed |= text == NULL;
	return text != NULL ? text : "";
}

const char *
xml_line(struct import *imp, const xmlNode *node)
{
	return collect(imp, node, false);
}

static const char *
child_text(struct import *imp, const xmlNode *parent, const char *name, bool lines)
{
	for (const xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node)) {
		const char *text;

		if (!xml_is(node, name))
			continue;
		text = collect(imp, node, lines);
		if (!text_is_placeholder(text))
			return text;
	}
	return "";
}

const char *
xml_child_line(struct import *imp, const xmlNode *parent, const char *name)
{
	return child_text(imp, parent, name, false);
}

const char *
xml_child_text(struct import *imp, const xmlNode *parent, const char *name)
{
	return child_text(imp, parent, name, true);
}

const char *
xml_attribute(struct import *imp, const xmlNode *node, const char *name)
{
	for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
		if (strcmp((const char *)attr->name, name) == 0 && attr->children != NULL &&
		    is_text(attr->children))
			return fmt(imp, "%s", (const char *)attr->children->content);
	return "";
}

const char *
xml_child_date(struct import *imp, const xmlNode *parent, const char *name)
{
	const char *text = xml_child_line(imp, parent, name);
	int32_t date;
	char day[DATE_TEXT_LEN];

	if (*text == '\0')
		return "";
	/* xsd:date may end with a zone, and some write a time behind it; the day is what counts. */
	snprintf(day, sizeof day, "%.10s", text);
	if (strlen(text) >= 10 && (text[10] == '\0' || strchr("TZ+- ", text[10]) != NULL) &&
	    date_parse(day, &date))
		return fmt(imp, "%s", day);
	note(imp, STRATML_LEFT_OUT, "dates that cannot be read (wanted: 2026-03-31)",
	    xml_child(parent, name), text);
	return "";
}

struct planfile_place
xml_place(struct import *imp, const xmlNode *node)
{
	long line = node != NULL ? xmlGetLineNo(node) : 0;

	return (struct planfile_place){.file = imp->file, .line = line > 0 ? (unsigned)line : 0};
}
