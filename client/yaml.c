#include "client/yaml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/arena.h"
#include "common/str.h"
#include "common/utf8.h"

struct frame {
	struct yaml_node *node;
	size_t first; /* its children are pending from here on; a map's keys and values in turn */
};

struct builder {
	struct arena *arena;
	yaml_fault_fn fn;
	void *arg;
	struct frame frames[YAML_DEPTH_MAX];
	size_t depth;
	struct yaml_node **pending; /* owned */
	size_t pending_count;
	size_t pending_cap;
	size_t nodes;
	struct yaml_node *root;
	size_t documents;
	bool oom;
	bool stop;
};

static void PRINTF_LIKE(4, 5)
    fault(struct builder *b, unsigned line, unsigned column, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	b->fn(b->arg, line, column, text);
}

/* ---- bytes before syntax ------------------------------------------------------------------------------- */

/* Length of the valid UTF-8 sequence at p, 0 if there is none. A control character is none that YAML allows. */
static size_t
char_len(const unsigned char *p, size_t len)
{
	static const unsigned char lead[] = {0xc0, 0xe0, 0xf0, 0xf8};

	if (p[0] < 0x80)
		return p[0] != 0 ? 1 : 0;
	for (size_t n = 2; n <= 4; n++) {
		if ((p[0] & lead[n - 1]) == lead[n - 2])
			return len >= n && utf8_is_valid((const char *)p, n) ? n : 0;
	}
	return 0;
}

/* Each line's first bad byte; true if there is none. */
static bool
check_encoding(struct builder *b, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned line = 1, column = 1;
	bool good = true;
	size_t n;

	for (size_t at = 0; at < len;) {
		n = char_len(p + at, len - at);
		if (n == 0) {
			if (p[at] == 0)
				fault(b, line, column, "a NUL byte: the file is not text");
			else
				fault(b, line, column,
				    "the byte 0x%02x is not UTF-8: save the file in the encoding "
				    "UTF-8",
				    p[at]);
			good = false;
			while (at < len && p[at] != '\n')
				at++;
			continue;
		}
		column++;
		if (p[at] == '\n') {
			line++;
			column = 1;
		}
		at += n;
	}
	return good;
}

static void
place_of(const char *text, size_t len, size_t offset, unsigned *line, unsigned *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < len && i < offset; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

/* The column of a tab in the indentation of the line at p, 0 if there is none. */
static unsigned
indent_tab(const char *p, const char *end)
{
	for (unsigned column = 1; p < end && (*p == ' ' || *p == '\t'); p++, column++) {
		if (*p == '\t')
			return column;
	}
	return 0;
}

/* Lines that are indented by tabs, from the one where the syntax broke; false if that one isn't. */
static bool
fault_tabs(struct builder *b, const char *text, size_t len, unsigned from)
{
	const char *end = text + len, *p = text, *next;
	unsigned line = 1, column;
	bool found = false;

	for (; p < end; p = next, line++) {
		next = memchr(p, '\n', (size_t)(end - p));
		next = next == NULL ? end : next + 1;
		if (line < from)
			continue;
		column = indent_tab(p, next);
		if (column != 0) {
			fault(b, line, column,
			    "a tab in the indentation: YAML is indented with spaces");
			found = true;
		} else if (line == from) {
			return false;
		}
	}
	return found;
}

/* What libyaml says, and what usually is behind it. */
static const struct {
	const char *problem;
	const char *text;
} syntax_texts[] = {
    {"mapping values are not allowed in this context",
	"a ':' where none can stand: put text that holds ': ' in quotes, and check the "
	"indentation"},
    {"did not find expected key", "the indentation fits nothing above, or text with quotes or "
				  "special characters needs quotes around it"},
    {"could not find expected ':'", "a ':' is missing after this"},
    {"did not find expected ',' or ']'", "a ',' or ']' is missing in this list"},
    {"did not find expected ',' or '}'", "a ',' or '}' is missing in this map"},
    {"did not find expected '-' indicator", "a list and fields are mixed: check the indentation"},
    {"found unexpected end of stream", "the file ends inside quotes"},
    {"found unexpected document indicator", "'---' or '...' inside quotes"},
    {"found character that cannot start any token",
	"text cannot begin with this character: put it in quotes"},
    {"found unknown escape character",
	"no such escape after '\\': use single quotes, or write '\\\\'"},
    {"did not find expected alphabetic or numeric character",
	"text cannot begin with '*' or '&': put it in quotes"},
    {"block sequence entries are not allowed in this context",
	"a '- ' where no list can begin: put it on a line of its own, or the text in quotes"},
};

static void
fault_syntax(struct builder *b, const yaml_parser_t *parser, const char *text, size_t len)
{
	yaml_mark_t mark = parser->problem_mark;
	unsigned line, column;

	if (parser->error == YAML_MEMORY_ERROR) {
		b->oom = true;
		return;
	}
	if (parser->error == YAML_READER_ERROR) {
		place_of(text, len, parser->problem_offset, &line, &column);
		fault(b, line, column,
		    "a control character: only tab and line end can stand in a text file");
		return;
	}
	if (parser->context != NULL && strcmp(parser->context, "while scanning a simple key") == 0)
		mark = parser->context_mark;
	line = (unsigned)mark.line + 1;
	column = (unsigned)mark.column + 1;
	if (fault_tabs(b, text, len, line))
		return;
	for (size_t i = 0; i < sizeof syntax_texts / sizeof syntax_texts[0]; i++) {
		if (parser->problem != NULL &&
		    strcmp(parser->problem, syntax_texts[i].problem) == 0) {
			fault(b, line, column, "%s", syntax_texts[i].text);
			return;
		}
	}
	fault(b, line, column, "this is not YAML: %s",
	    parser->problem != NULL ? parser->problem : "");
}

/* ---- the tree ------------------------------------------------------------------------------------------- */

static bool
push_pending(struct builder *b, struct yaml_node *node)
{
	struct yaml_node **grown;
	size_t cap;

	if (b->pending_count == b->pending_cap) {
		cap = b->pending_cap == 0 ? 256 : b->pending_cap * 2;
		grown = reallocarray(b->pending, cap, sizeof *grown);
		if (grown == NULL) {
			b->oom = b->stop = true;
			return false;
		}
		b->pending = grown;
		b->pending_cap = cap;
	}
	b->pending[b->pending_count++] = node;
	return true;
}

static struct yaml_node *
add_node(struct builder *b, enum yaml_type type, yaml_mark_t mark)
{
	struct yaml_node *node;

	if (b->nodes++ >= YAML_NODES_MAX) {
		fault(b, (unsigned)mark.line + 1, (unsigned)mark.column + 1,
		    "the file holds more than %d values: divide it", YAML_NODES_MAX);
		b->stop = true;
		return NULL;
	}
	node = arena_zalloc(b->arena, sizeof *node);
	if (node == NULL) {
		b->oom = b->stop = true;
		return NULL;
	}
	node->type = type;
	node->line = (unsigned)mark.line + 1;
	node->column = (unsigned)mark.column + 1;
	if (b->depth == 0)
		b->root = node;
	else if (!push_pending(b, node))
		return NULL;
	return node;
}

static void
refuse_form(struct builder *b, yaml_mark_t mark, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	unsigned line = (unsigned)mark.line + 1, column = (unsigned)mark.column + 1;

	if (anchor != NULL)
		fault(b, line, column,
		    "the anchor '&%.64s': plan files take no anchors and aliases; write it out",
		    (const char *)anchor);
	if (tag != NULL)
		fault(b, line, column, "the tag '%.64s': plan files take no tags; leave it out",
		    (const char *)tag);
}

static void
add_scalar(struct builder *b, const yaml_event_t *event)
{
	struct yaml_node *node = add_node(b, YAML_SCALAR, event->start_mark);
	size_t len = event->data.scalar.length;
	const char *text = (const char *)event->data.scalar.value;

	if (node == NULL)
		return;
	refuse_form(b, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag);
	if (memchr(text, 0, len) != NULL) {
		fault(b, node->line, node->column, "a NUL character: no text can hold one");
		len = strlen(text);
	}
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->count = len;
	node->text = arena_strndup(b->arena, text, len);
	if (node->text == NULL)
		b->oom = b->stop = true;
}

static void
add_alias(struct builder *b, const yaml_event_t *event)
{
	struct yaml_node *node = add_node(b, YAML_SCALAR, event->start_mark);

	if (node == NULL)
		return;
	fault(b, node->line, node->column,
	    "the alias '*%.64s': plan files take no aliases; write it out",
	    (const char *)event->data.alias.anchor);
	node->text = "";
	node->plain = true;
}

static void
begin(struct builder *b, enum yaml_type type, const yaml_event_t *event, const yaml_char_t *anchor,
    const yaml_char_t *tag)
{
	struct yaml_node *node;

	if (b->depth == YAML_DEPTH_MAX) {
		fault(b, (unsigned)event->start_mark.line + 1,
		    (unsigned)event->start_mark.column + 1,
		    "nested more than %d deep: no plan file is", YAML_DEPTH_MAX);
		b->stop = true;
		return;
	}
	node = add_node(b, type, event->start_mark);
	if (node == NULL)
		return;
	refuse_form(b, event->start_mark, anchor, tag);
	b->frames[b->depth].node = node;
	b->frames[b->depth].first = b->pending_count;
	b->depth++;
}

static int
compare_keys(const void *left, const void *right)
{
	const struct yaml_node *a = *(const struct yaml_node *const *)left;
	const struct yaml_node *b = *(const struct yaml_node *const *)right;
	int order = strcmp(a->text, b->text);

	if (order != 0)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

/* Takes later doubles of a key out of the map, with a fault for each. */
static void
refuse_doubles(struct builder *b, struct yaml_node *map)
{
	struct yaml_node **keys;
	size_t kept = 0;

	if (map->count < 2)
		return;
	keys = calloc(map->count, sizeof *keys);
	if (keys == NULL) {
		b->oom = b->stop = true;
		return;
	}
	for (size_t i = 0; i < map->count; i++)
		keys[i] = map->pairs[i].key;
	qsort(keys, map->count, sizeof *keys, compare_keys);
	for (size_t i = 1, first = 0; i < map->count; i++) {
		if (strcmp(keys[first]->text, keys[i]->text) != 0) {
			first = i;
			continue;
		}
		fault(b, keys[i]->line, keys[i]->column,
		    "'%.80s' stands here a second time, the first is at %u:%u", keys[i]->text,
		    keys[first]->line, keys[first]->column);
		keys[i]->type = YAML_LIST; /* marks it for the next loop */
	}
	for (size_t i = 0; i < map->count; i++) {
		if (map->pairs[i].key->type == YAML_SCALAR)
			map->pairs[kept++] = map->pairs[i];
	}
	map->count = kept;
	free(keys);
}

static void
end_map(struct builder *b, struct yaml_node *map, struct yaml_node **children, size_t count)
{
	map->pairs = arena_array(b->arena, count / 2 + 1, sizeof *map->pairs);
	if (map->pairs == NULL) {
		b->oom = b->stop = true;
		return;
	}
	for (size_t i = 0; i + 1 < count; i += 2) {
		if (children[i]->type != YAML_SCALAR) {
			fault(b, children[i]->line, children[i]->column,
			    "a list or map cannot be a key: put text that begins with '[' or '{' "
			    "in quotes");
			continue;
		}
		map->pairs[map->count].key = children[i];
		map->pairs[map->count++].value = children[i + 1];
	}
	refuse_doubles(b, map);
}

static void
end(struct builder *b)
{
	struct frame *frame = &b->frames[--b->depth];
	struct yaml_node *node = frame->node;
	size_t count = b->pending_count - frame->first;
	struct yaml_node **children = count > 0 ? b->pending + frame->first : NULL;

	b->pending_count = frame->first;
	if (node->type == YAML_MAP) {
		end_map(b, node, children, count);
		return;
	}
	node->items = arena_array(b->arena, count + 1, sizeof *node->items);
	if (node->items == NULL) {
		b->oom = b->stop = true;
		return;
	}
	if (count > 0)
		memcpy(node->items, children, count * sizeof *children);
	node->count = count;
}

static void
take_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ > 0) {
			fault(b, (unsigned)event->start_mark.line + 1,
			    (unsigned)event->start_mark.column + 1,
			    "a second document: a plan file holds one; take this '---' out");
			b->stop = true;
		}
		break;
	case YAML_ALIAS_EVENT:
		add_alias(b, event);
		break;
	case YAML_SCALAR_EVENT:
		add_scalar(b, event);
		break;
	case YAML_MAPPING_START_EVENT:
		begin(b, YAML_MAP, event, event->data.mapping_start.anchor,
		    event->data.mapping_start.tag);
		break;
	case YAML_SEQUENCE_START_EVENT:
		begin(b, YAML_LIST, event, event->data.sequence_start.anchor,
		    event->data.sequence_start.tag);
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		end(b);
		break;
	default:
		break;
	}
}

static bool
parse(struct builder *b, const char *text, size_t len)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool last = false;

	if (!yaml_parser_initialize(&parser)) {
		b->oom = true;
		return false;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (!last && !b->stop) {
		if (!yaml_parser_parse(&parser, &event)) {
			fault_syntax(b, &parser, text, len);
			b->stop = true;
			break;
		}
		last = event.type == YAML_STREAM_END_EVENT;
		take_event(b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return !b->stop;
}

struct yaml_node *
yaml_read(const char *text, size_t len, struct arena *arena, yaml_fault_fn fn, void *arg, bool *oom)
{
	struct builder b = {.arena = arena, .fn = fn, .arg = arg};
	bool good;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (len == 0 || !check_encoding(&b, text, len))
		return NULL;
	good = parse(&b, text, len);
	free(b.pending);
	if (b.oom)
		*oom = true;
	return good ? b.root : NULL;
}

struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->type != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	}
	return NULL;
}

bool
yaml_is_null(const struct yaml_node *node)
{
	return node->type == YAML_SCALAR && node->plain &&
	       (node->count == 0 || strcmp(node->text, "~") == 0 ||
		   strcmp(node->text, "null") == 0 || strcmp(node->text, "Null") == 0 ||
		   strcmp(node->text, "NULL") == 0);
}

/* ---- writing -------------------------------------------------------------------------------------------- */

/* What YAML 1.1 or 1.2 readers take for something other than text. Dates stay plain: they read well, and every
 * reader gives the same text back. */
static bool
is_special_word(const char *text)
{
	static const char *const words[] = {"null", "~", "true", "false", "yes", "no", "on", "off",
	    "y", "n", ".nan", ".inf", "-.inf", "+.inf", "<<", "="};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static bool
looks_like_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 4 && text[4] == '-')
		return false;
	if (text[strspn(text, "0123456789.,_+-:eExXoOabcdefABCDEF")] != 0)
		return false;
	return (text[0] >= '0' && text[0] <= '9') || text[0] == '.' || text[0] == '+' ||
	       text[0] == '-';
}

/* A character that only an escape can stand for, or that other readers of YAML fold away. */
static bool
needs_escape(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (p[0] < 0x20 || p[0] == 0x7f)
		return true;
	if (p[0] == 0xc2)
		return p[1] < 0xa0;
	if (p[0] == 0xe2)
		return p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9);
	return p[0] == 0xef && ((p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xbe));
}

static bool
is_plain(const char *text, enum yaml_style style)
{
	size_t len = strlen(text);

	if (len == 0 || text[0] == ' ' || text[len - 1] == ' ' || text[len - 1] == ':')
		return false;
	if (strchr("-?:,[]{}#&*!|>'\"%@`", text[0]) != NULL)
		return false;
	if (is_special_word(text) || looks_like_number(text))
		return false;
	for (const char *p = text; *p != 0; p++) {
		if (needs_escape(p))
			return false;
		if (p[0] == ':' && (p[1] == ' ' || style != YAML_BLOCK))
			return false;
		if (p[0] == ' ' && p[1] == '#')
			return false;
		if (style != YAML_BLOCK && strchr(",[]{}", *p) != NULL)
			return false;
	}
	return true;
}

/* Can the text stand as a literal block, line for line? */
static bool
is_literal(const char *text)
{
	bool line_start = true, content = false;

	if (strchr(text, '\n') == NULL)
		return false;
	for (const char *p = text; *p != 0; p++) {
		if (line_start && (*p == ' ' || *p == '\t'))
			return false;
		if (*p != '\n' && needs_escape(p))
			return false;
		line_start = *p == '\n';
		content |= *p != '\n';
	}
	return content && text[0] != '\n';
}

static void
write_literal(struct str *out, const char *text, int indent)
{
	size_t len = strlen(text), breaks = 0;
	const char *end;

	while (breaks < len && text[len - 1 - breaks] == '\n')
		breaks++;
	str_add(out, breaks == 0 ? "|-" : breaks == 1 ? "|" : "|+");
	for (const char *p = text; *p != 0; p = *end == 0 ? end : end + 1) {
		end = p + strcspn(p, "\n");
		str_add_char(out, '\n');
		if (end > p)
			str_addf(out, "%*s", indent, "");
		str_add_len(out, p, (size_t)(end - p));
	}
}

static uint32_t
decode_char(const char *text, size_t *len)
{
	const unsigned char *p = (const unsigned char *)text;

	if (p[0] < 0x80) {
		*len = 1;
		return p[0];
	}
	if (p[0] < 0xe0) {
		*len = 2;
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	}
	if (p[0] < 0xf0) {
		*len = 3;
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	}
	*len = 4;
	return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
}

static void
write_quoted(struct str *out, const char *text)
{
	size_t len;
	uint32_t c;

	str_add_char(out, '"');
	for (const char *p = text; *p != 0; p += len) {
		c = decode_char(p, &len);
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", (char)c);
		else if (c == '\n')
			str_add(out, "\\n");
		else if (c == '\t')
			str_add(out, "\\t");
		else if (c == '\r')
			str_add(out, "\\r");
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			str_addf(out, "\\x%02x", (unsigned)c);
		else if (c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff)
			str_addf(out, "\\u%04x", (unsigned)c);
		else
			str_add_len(out, p, len);
	}
	str_add_char(out, '"');
}

void
yaml_write_text(struct str *out, const char *text, enum yaml_style style, int indent)
{
	if (is_plain(text, style))
		str_add(out, text);
	else if (style == YAML_BLOCK && is_literal(text))
		write_literal(out, text, indent);
	else
		write_quoted(out, text);
}
