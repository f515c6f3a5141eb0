/*
 * Outlines in Markdown: headings, nested lists and tables of objectives and key results.
 *
 * The text is cut into blocks first, each with its depth (headings 1 to 6, then lines that say that they are an objective
 * or a key result, then lists), and then read from top to bottom: a block belongs to the last one before it that is less
 * deep.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "client/import_okr_internal.h"
#include "common/str.h"

#define HEADINGS 6u
#define LINES    (HEADINGS + 2u) /* "Objective: …", "KR: …" in no list */
#define DEPTHS   (LINES + OKR_NESTING_MAX + 1)

enum block_type { BLOCK_HEADING, BLOCK_ITEM, BLOCK_TEXT, BLOCK_TABLE };

struct block {
	enum block_type type;
	unsigned depth;
	unsigned line;
	const char *text;  /* with its marks; of a table: its first line */
	const char *plain; /* without */
	bool bold;
	struct okr_table *table;
};

/* What is open at a depth. */
struct frame {
	unsigned depth;
	struct okr_node *node; /* the nearest objective, key result or so; NULL */
	bool own;              /* the node is this block's */
	enum okr_type hint;    /* what stands below a line that says "Key results" */
	const char *team;
	const char *period;
};

struct outline {
	struct okr *okr;
	struct block *blocks;
	size_t count;
	size_t cap;
	bool roles; /* "CRO KR: …" stands somewhere */
	bool marks; /* any line says that it is an objective or key result */
	struct frame frames[DEPTHS + 1];
	size_t open;
};

/* ---- lines to blocks ------------------------------------------------------------------------------------------ */

struct scanner {
	struct outline *out;
	const char *next; /* the line after this one */
	unsigned line;
	unsigned indents[OKR_NESTING_MAX]; /* of the lists that are open */
	size_t lists;
	bool blank; /* the line before was */
	bool item;  /* the last block may go on */
};

static struct block *
add_block(struct scanner *in, enum block_type type, unsigned depth, const char *text)
{
	struct outline *out = in->out;
	struct block *block;

	if (out->count == out->cap) {
		size_t cap = out->cap == 0 ? 256 : out->cap * 2;
		struct block *bigger = arena_array(out->okr->arena, cap, sizeof *bigger);

		if (bigger == NULL) {
			okr_oom(out->okr);
			return NULL;
		}
		if (out->count > 0)
			memcpy(bigger, out->blocks, out->count * sizeof *bigger);
		out->blocks = bigger;
		out->cap = cap;
	}
	block = &out->blocks[out->count++];
	*block = (struct block){.type = type, .depth = depth, .line = in->line, .text = text};
	return block;
}

/* The next line, without its end; NULL at the end of the text. */
static const char *
next_line(struct scanner *in)
{
	size_t len;
	const char *line;

	if (*in->next == '\0')
		return NULL;
	len = strcspn(in->next, "\r\n");
	in->line++;
	if (len > OKR_LINE_MAX) {
		okr_refuse(in->out->okr, ERR_LIMIT, in->line, "a line has more than %u bytes",
		    OKR_LINE_MAX);
		return NULL;
	}
	if (in->line > OKR_LINES_MAX) {
		okr_refuse(in->out->okr, ERR_LIMIT, 0,
		    "more than %u lines; import the parts one by one", OKR_LINES_MAX);
		return NULL;
	}
	line = arena_strndup(in->out->okr->arena, in->next, len);
	if (line == NULL)
		okr_oom(in->out->okr);
	in->next += len;
	in->next += *in->next == '\r' && in->next[1] == '\n' ? 2 : *in->next != '\0';
	return line;
}

static unsigned
indent_of(const char **line)
{
	unsigned indent = 0;

	for (; **line == ' ' || **line == '\t'; (*line)++)
		indent = **line == '\t' ? (indent / 4 + 1) * 4 : indent + 1;
	return indent;
}

/* What follows "- ", "* ", "+ ", "• ", "1. " or "1) "; NULL. */
static const char *
after_bullet(const char *text)
{
	size_t len = strspn(text, "0123456789");

	if (len > 0 && len < 10 && (text[len] == '.' || text[len] == ')') && text[len + 1] == ' ')
		return text + len + 2;
	if (strchr("-*+", *text) != NULL && *text != '\0' && (text[1] == ' ' || text[1] == '\t'))
		return text + 2;
	if (strncmp(text, "• ", 4) == 0)
		return text + 4;
	return NULL;
}

/* "| --- | :---: |" */
static bool
is_delimiter(const char *line)
{
	return strchr(line, '|') != NULL && strchr(line, '-') != NULL &&
	       line[strspn(line, " \t|:-")] == '\0';
}

static bool
next_is_delimiter(const struct scanner *in)
{
	char line[4096];
	size_t len = strcspn(in->next, "\r\n");

	if (len >= sizeof line)
		return false;
	memcpy(line, in->next, len);
	line[len] = '\0';
	return is_delimiter(line);
}

/* "| a | b \| c |" */
static bool
add_row(struct okr *okr, struct okr_table *table, const char *line, unsigned number)
{
	struct okr_row *row = arena_zalloc(okr->arena, sizeof *row);
	size_t cells = 1;
	const char *start;

	while (*line == ' ' || *line == '\t')
		line++;
	line += *line == '|';
	for (const char *p = line; *p != '\0'; p++)
		cells += *p == '|';
	if (cells > OKR_COLUMNS_MAX)
		return okr_refuse(okr, ERR_LIMIT, number, "more than %u columns", OKR_COLUMNS_MAX);
	if (row == NULL)
		return okr_oom(okr);
	row->line = number;
	row->cells = arena_array(okr->arena, cells, sizeof *row->cells);
	if (row->cells == NULL)
		return okr_oom(okr);
	start = line;
	for (const char *p = line;; p++) {
		if (*p == '\\' && p[1] == '|')
			p++;
		else if (*p == '|' || *p == '\0') {
			if (*p != '\0' || okr_cut(okr, start, (size_t)(p - start))[0] != '\0')
				row->cells[row->count++] = okr_cut(okr, start, (size_t)(p - start));
			start = p + 1;
			if (*p == '\0')
				break;
		}
	}
	if (row->count == 0)
		row->cells[row->count++] = "";
	*table->end = row;
	table->end = &row->next;
	return true;
}

static bool
read_table(struct scanner *in, const char *line)
{
	struct okr *okr = in->out->okr;
	struct block *block = add_block(in, BLOCK_TABLE, DEPTHS, line);
	struct okr_table *table = arena_zalloc(okr->arena, sizeof *table);

	if (block == NULL || table == NULL)
		return okr_oom(okr);
	block->table = table;
	*table = (struct okr_table){.markdown = true, .period = "", .team = ""};
	table->end = &table->rows;
	if (!add_row(okr, table, line, in->line) || next_line(in) == NULL)
		return !okr->failed;
	while (in->next[strspn(in->next, " \t")] == '|' ||
	       (strcspn(in->next, "|") < strcspn(in->next, "\r\n"))) {
		line = next_line(in);
		if (line == NULL || !add_row(okr, table, line, in->line))
			return false;
	}
	return true;
}

/* The depth of a list item; 0: too deep. */
static unsigned
list_depth(struct scanner *in, unsigned indent)
{
	/* Two blanks more begin a list in the list; one is a slip of the hand. */
	while (in->lists > 0 && indent < in->indents[in->lists - 1] + 2)
		in->lists--;
	if (in->lists == OKR_NESTING_MAX) {
		okr_refuse(in->out->okr, ERR_LIMIT, in->line, "a list of more than %u levels",
		    OKR_NESTING_MAX);
		return 0;
	}
	in->indents[in->lists++] = indent;
	return LINES + (unsigned)in->lists;
}

static bool
add_item(struct scanner *in, const char *text, unsigned indent)
{
	unsigned depth = list_depth(in, indent);
	const char *again;

	/* "1. 1. text" */
	while ((again = after_bullet(text)) != NULL)
		text = again;
	in->item = true;
	return depth > 0 && add_block(in, BLOCK_ITEM, depth, text) != NULL;
}

static bool
is_rule(const char *text, char c)
{
	size_t len = strlen(text);
	char marks[3] = {c, ' ', '\0'};

	return len >= 3 && text[strspn(text, marks)] == '\0';
}

/* Does the line say "Owner: Anna" or "KR: …", so that it does not go on with the one before? */
static bool
begins_anew(struct okr *okr, const char *text)
{
	struct okr_node probe = {.title = ""};
	const char *plain = okr_plain(okr, text, NULL), *number, *rest;

	probe.facts_end = &probe.facts;
	return okr_attribute(okr, &probe, plain, 0) ||
	       okr_marker(okr, plain, &number, &rest) != OKR_UNTYPED;
}

static bool
add_text(struct scanner *in, const char *text, unsigned indent)
{
	struct outline *out = in->out;
	struct block *last = out->count > 0 ? &out->blocks[out->count - 1] : NULL;

	/* A heading that is underlined. */
	if (last != NULL && last->type == BLOCK_TEXT && !in->blank && last->line + 1 == in->line &&
	    (is_rule(text, '=') || is_rule(text, '-'))) {
		last->type = BLOCK_HEADING;
		last->depth = *text == '=' ? 1 : 2;
		in->lists = 0;
		return true;
	}
	if (is_rule(text, '-') || is_rule(text, '*') || is_rule(text, '_'))
		return true;
	if (last != NULL && last->type == BLOCK_ITEM && in->item && !in->blank &&
	    !begins_anew(out->okr, text)) {
		last->text = okr_fmt(out->okr, "%s %s", last->text, text);
		if (strlen(last->text) > OKR_LINE_MAX)
			return okr_refuse(out->okr, ERR_LIMIT, in->line,
			    "a list item has more than %u bytes", OKR_LINE_MAX);
		return true;
	}
	while (in->lists > 0 && in->blank && indent <= in->indents[in->lists - 1])
		in->lists--;
	return add_block(in, BLOCK_TEXT, DEPTHS, text) != NULL;
}

static bool
read_line(struct scanner *in, const char *line)
{
	const char *text = line, *after;
	unsigned indent = indent_of(&text);
	size_t hashes = strspn(text, "#");

	if (*text == '\0')
		return true;
	if (hashes > 0 && hashes <= HEADINGS && (text[hashes] == ' ' || text[hashes] == '\t')) {
		in->lists = 0;
		return add_block(in, BLOCK_HEADING, (unsigned)hashes, text + hashes + 1) != NULL;
	}
	if (strchr(text, '|') != NULL && next_is_delimiter(in))
		return read_table(in, text);
	after = after_bullet(text);
	if (after != NULL && !is_rule(text, '-') && !is_rule(text, '*'))
		return add_item(in, after, indent);
	return add_text(in, text, indent);
}

/* Skips to behind the line that is (or, within: holds) mark. */
static void
skip_past(struct scanner *in, const char *mark, bool within)
{
	const char *line;

	while ((line = next_line(in)) != NULL)
		if (within ? strstr(line, mark) != NULL
			   : strncmp(line + strspn(line, " "), mark, strlen(mark)) == 0)
			break;
}

/* "---", then what static sites say of a page: of it only the title is of use. */
static bool
read_front(struct scanner *in)
{
	const char *line;

	while ((line = next_line(in)) != NULL && strcmp(line, "---") != 0) {
		if (strncasecmp(line, "title:", 6) != 0)
			continue;
		line = okr_cut(in->out->okr, line + 6, strlen(line + 6));
		if (*line == '"' && strlen(line) > 1)
			line = okr_cut(in->out->okr, line + 1, strlen(line) - 2);
		if (add_block(in, BLOCK_HEADING, 1, line) == NULL)
			return false;
	}
	return !in->out->okr->failed;
}

static bool
scan(struct outline *out, const char *text)
{
	struct scanner in = {.out = out, .next = text, .blank = true};
	const char *line;

	if (strncmp(text, "---\n", 4) == 0 || strncmp(text, "---\r\n", 5) == 0) {
		(void)next_line(&in);
		if (!read_front(&in))
			return false;
	}
	while ((line = next_line(&in)) != NULL) {
		const char *start = line + strspn(line, " \t");

		if (strncmp(start, "```", 3) == 0 || strncmp(start, "~~~", 3) == 0) {
			skip_past(&in, *start == '`' ? "```" : "~~~", false);
		} else if (strncmp(start, "<!--", 4) == 0) {
			if (strstr(start, "-->") == NULL)
				skip_past(&in, "-->", true);
		} else if (!read_line(&in, line)) {
			return false;
		}
		in.blank = *start == '\0';
		in.item = in.item && !in.blank;
	}
	return !out->okr->failed;
}

/* ---- what a block is -------------------------------------------------------------------------------------------- */

/* "VP Field Ops KR: text": what stands before and behind; false: no such mark. */
static bool
role_key_result(struct okr *okr, const char *text, const char **role, const char **rest)
{
	const char *mark = strstr(text, " KR:");

	if (mark == NULL || mark - text > 100)
		return false;
	*role = okr_cut(okr, text, (size_t)(mark - text));
	*rest = okr_cut(okr, mark + 4, strlen(mark + 4));
	return **rest != '\0';
}

/* "VP Field Ops: text" */
static bool
role_text(struct okr *okr, const char *text, const char **role, const char **rest)
{
	const char *colon = strchr(text, ':');
	size_t words = 1;

	if (colon == NULL || colon == text || colon - text > 100 ||
	    (colon[1] != ' ' && !isupper((unsigned char)colon[1])))
		return false;
	for (const char *p = text; p < colon; p++)
		words += *p == ' ';
	if (words > 12)
		return false;
	*role = okr_cut(okr, text, (size_t)(colon - text));
	*rest = okr_cut(okr, colon + 1, strlen(colon + 1));
	return **rest != '\0';
}

static enum okr_type
label(struct okr *okr, const char *text)
{
	enum okr_field field = okr_field(okr, text);

	if (field == FIELD_OBJECTIVE)
		return OKR_OBJECTIVE;
	return field == FIELD_KEY_RESULT ? OKR_KEY_RESULT : OKR_UNTYPED;
}

/* "**Objective: …**" as a paragraph, "KR 1: …" as a line: they hold what follows, as a heading and an item do. */
static void
raise_line(struct outline *out, struct block *block, unsigned objective)
{
	const char *number, *rest;
	enum okr_type type = okr_marker(out->okr, block->plain, &number, &rest);

	if (*block->plain == '\0' || type == OKR_UNTYPED || *rest == '\0')
		return;
	block->type = type == OKR_OBJECTIVE ? BLOCK_HEADING : BLOCK_ITEM;
	block->depth = type == OKR_OBJECTIVE ? HEADINGS + 1 : objective + 1;
}

static void
look_at_marks(struct outline *out)
{
	unsigned objective = HEADINGS + 1; /* the depth of the last that was marked */

	for (size_t i = 0; i < out->count; i++) {
		struct block *block = &out->blocks[i];
		const char *a, *b;

		block->plain = okr_plain(out->okr, block->text, &block->bold);
		if (block->type == BLOCK_TEXT && *out->okr->stated_days == '\0' &&
		    okr_states_days(out->okr, block->plain))
			out->okr->stated_days = block->plain;
		if (block->type == BLOCK_TEXT)
			raise_line(out, block, objective);
		if (block->type != BLOCK_HEADING && block->type != BLOCK_ITEM)
			continue;
		if (block->type == BLOCK_HEADING)
			objective = HEADINGS + 1;
		else if (okr_marker(out->okr, block->plain, &a, &b) == OKR_OBJECTIVE)
			objective = block->depth;
		if (role_key_result(out->okr, block->plain, &a, &b))
			out->roles = out->marks = true;
		else if (okr_marker(out->okr, block->plain, &a, &b) != OKR_UNTYPED ||
			 label(out->okr, block->plain) != OKR_UNTYPED)
			out->marks = true;
	}
}

/* A table of key results whose objective stands above it. */
static bool
is_table_of_results(struct okr *okr, const struct block *block)
{
	const struct okr_row *names = block->type == BLOCK_TABLE ? block->table->rows : NULL;
	bool results = false;

	for (size_t i = 0; names != NULL && i < names->count; i++) {
		enum okr_field field = okr_field(okr, names->cells[i]);

		if (field == FIELD_OBJECTIVE || field == FIELD_TITLE)
			return false;
		results = results || field == FIELD_KEY_RESULT;
	}
	return results;
}

static bool
has_children(const struct outline *out, size_t i)
{
	return i + 1 < out->count && out->blocks[i + 1].depth > out->blocks[i].depth &&
	       out->blocks[i + 1].type != BLOCK_TEXT;
}

/* The type that the first block below says it is. */
static enum okr_type
type_below(const struct outline *out, size_t i)
{
	const char *a, *b;
	bool own = true; /* no other heading is in between */

	for (size_t k = i + 1; k < out->count && out->blocks[k].depth > out->blocks[i].depth; k++) {
		enum okr_type type;

		if (own && is_table_of_results(out->okr, &out->blocks[k]))
			return OKR_KEY_RESULT;
		own = own && out->blocks[k].type != BLOCK_HEADING;
		if (out->blocks[k].type != BLOCK_ITEM && out->blocks[k].type != BLOCK_HEADING)
			continue;
		if (role_key_result(out->okr, out->blocks[k].plain, &a, &b))
			return OKR_KEY_RESULT;
		type = okr_marker(out->okr, out->blocks[k].plain, &a, &b);
		if (type == OKR_UNTYPED)
			type = label(out->okr, out->blocks[k].plain);
		if (type != OKR_UNTYPED || out->blocks[k].type == BLOCK_ITEM)
			return type;
	}
	return OKR_UNTYPED;
}

/* Is it an outline of two levels without any mark: aims, and below them what shows them? */
static bool
is_plain_objective(const struct outline *out, size_t i)
{
	const struct block *block = &out->blocks[i];

	if (out->marks || !has_children(out, i) || out->blocks[i + 1].type != BLOCK_ITEM)
		return false;
	return block->type == BLOCK_ITEM ? block->depth == LINES + 1 : block->depth > 1;
}

/* ---- blocks to nodes ---------------------------------------------------------------------------------------------- */

static struct frame *
top(struct outline *out)
{
	return &out->frames[out->open];
}

static struct okr_node *
objective_of(struct okr_node *node)
{
	while (node != NULL && node->type != OKR_OBJECTIVE)
		node = node->parent;
	return node;
}

/* Opens a frame below the last that is less deep. */
static struct frame *
open_frame(struct outline *out, unsigned depth)
{
	struct frame *frame;

	while (out->open > 0 && top(out)->depth >= depth)
		out->open--;
	frame = &out->frames[out->open + 1];
	*frame = *top(out);
	frame->depth = depth;
	frame->own = false;
	frame->hint = OKR_UNTYPED;
	out->open++;
	return frame;
}

static void
add_node(struct outline *out, struct frame *frame, const struct block *block, enum okr_type type,
    const char *role, const char *title)
{
	struct okr *okr = out->okr;
	struct okr_node *above = frame->node;
	struct okr_node *node = okr_add(okr, type, title, block->line);

	if (node == NULL)
		return;
	node->role = role;
	node->title = okr_title(okr, node, title, block->line);
	if (*node->title == '\0')
		node->title = title;
	node->parent = type == OKR_KEY_RESULT ? objective_of(above) : above;
	if (*frame->period != '\0')
		okr_say(okr, node, FIELD_PERIOD, "period", frame->period, block->line);
	if (*frame->team != '\0' && type == OKR_OBJECTIVE)
		okr_say(okr, node, FIELD_TEAM, "team", frame->team, block->line);
	frame->node = node;
	frame->own = true;
}

/* "Engineering OKRs", "Team: Payments", "Team Payments": whose objectives stand below. */
static const char *
team_named(struct okr *okr, const char *text)
{
	static const char *const not_names[] = {"our", "my", "the", "how", "why", "what", "about",
	    "company", "annual", "quarterly", "all", "example", "sample"};
	static const char *const ends[] = {" okrs", " okr", " objectives and key results"};
	size_t len = strlen(text), words = 1;

	if (strncasecmp(text, "team:", 5) == 0 || strncasecmp(text, "team ", 5) == 0)
		return okr_cut(okr, text + 5, len - 5);
	if (len > 5 && len < 60 && strcasecmp(text + len - 5, " team") == 0 &&
	    isupper((unsigned char)*text))
		return text;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);

		if (len <= end || strcasecmp(text + len - end, ends[i]) != 0)
			continue;
		text = okr_cut(okr, text, len - end);
		for (const char *p = text; *p != '\0'; p++)
			words += *p == ' ';
		if (words > 4 || !isupper((unsigned char)*text))
			return "";
		for (size_t k = 0; k < sizeof not_names / sizeof *not_names; k++)
			if (strncasecmp(text, not_names[k], strlen(not_names[k])) == 0 &&
			    !isalpha((unsigned char)text[strlen(not_names[k])]))
				return "";
		return text;
	}
	return "";
}

/* A heading that is none of the plan's own: it may name the period or the team of what follows. */
static void
read_group(struct outline *out, struct frame *frame, const struct block *block)
{
	struct okr *okr = out->okr;
	const struct okr_period *period = okr_period(okr, block->plain, true);
	const char *rest = okr_without_period(okr, block->plain), *team;

	if (period != NULL)
		frame->period = period->name;
	team = team_named(okr, rest);
	if (*team != '\0')
		frame->team = team;
}

/* What says itself what it is; false: nothing does. */
static bool
read_marked(struct outline *out, size_t i, struct frame *frame)
{
	struct okr *okr = out->okr;
	const struct block *block = &out->blocks[i];
	const char *number, *rest, *role;
	enum okr_type type = okr_marker(okr, block->plain, &number, &rest);

	if (type != OKR_UNTYPED && *rest != '\0') {
		add_node(out, frame, block, type, "", rest);
		return true;
	}
	type = label(okr, block->plain);
	if (type != OKR_UNTYPED) {
		frame->hint = type;
		return true;
	}
	if (role_key_result(okr, block->plain, &role, &rest)) {
		add_node(out, frame, block, OKR_KEY_RESULT, role, rest);
		return true;
	}
	return false;
}

static const char *
without_number(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len > 0 && (text[len] == '.' || text[len] == ')') && text[len + 1] == ' '
		   ? text + len + 2
		   : text;
}

static void
read_heading(struct outline *out, size_t i)
{
	struct okr *okr = out->okr;
	const struct block *block = &out->blocks[i];
	struct frame *frame = open_frame(out, block->depth);
	const char *text = without_number(block->plain), *role, *rest;
	enum okr_type below;

	if (read_marked(out, i, frame))
		return;
	below = type_below(out, i);
	/* "1. CEO: Great team" */
	if (out->roles && text != block->plain && role_text(okr, text, &role, &rest)) {
		add_node(out, frame, block, OKR_OBJECTIVE, role, rest);
	} else if (okr_period(okr, text, true) == NULL && *team_named(okr, text) == '\0' &&
		   ((below == OKR_KEY_RESULT && !out->roles) || is_plain_objective(out, i))) {
		add_node(out, frame, block, OKR_OBJECTIVE, "", text);
	} else {
		read_group(out, frame, block);
	}
}

static bool
read_item_with_role(struct outline *out, struct frame *frame, const struct block *block)
{
	const char *role, *rest;

	if (!out->roles || frame->node == NULL)
		return false;
	if (!role_text(out->okr, block->plain, &role, &rest))
		return false;
	add_node(out, frame, block, OKR_OBJECTIVE, role, rest);
	return true;
}

static void
read_item(struct outline *out, size_t i)
{
	struct okr *okr = out->okr;
	const struct block *block = &out->blocks[i];
	struct frame *frame = open_frame(out, block->depth);
	const struct frame *above = frame - 1;
	struct okr_node *objective = objective_of(frame->node);

	if (frame->node != NULL && !has_children(out, i) &&
	    okr_attribute(okr, frame->node, block->plain, block->line))
		return;
	if (read_marked(out, i, frame) || read_item_with_role(out, frame, block))
		return;
	if (above->hint != OKR_UNTYPED)
		add_node(out, frame, block, above->hint, "", block->plain);
	else if (frame->node != NULL && frame->node->type == OKR_KEY_RESULT && !out->roles)
		okr_say(okr, frame->node, FIELD_DESCRIPTION, "", block->plain, block->line);
	else if (block->bold || type_below(out, i) == OKR_KEY_RESULT || is_plain_objective(out, i))
		add_node(out, frame, block, OKR_OBJECTIVE, "", block->plain);
	else if (objective != NULL && has_children(out, i) && out->roles)
		okr_note(okr, OKR_READ_AS,
		    "lines that name somebody and no aim: what stands below belongs to the "
		    "objective above",
		    block->line, block->plain);
	else if (objective != NULL)
		add_node(out, frame, block, OKR_KEY_RESULT, "", block->plain);
	else
		okr_note(okr, OKR_LEFT_OUT, "list items that belong to no objective", block->line,
		    block->plain);
}

/* A line of text: what it says of the block above, or its description. */
static void
read_text(struct outline *out, const struct block *block)
{
	struct okr *okr = out->okr;
	struct frame *frame = top(out);
	struct okr_node probe = {.title = ""};

	if (frame->own) {
		const char *rest = okr_title(okr, frame->node, block->plain, block->line);

		if (!okr_attribute(okr, frame->node, rest, block->line))
			okr_say(okr, frame->node, FIELD_DESCRIPTION, "", rest, block->line);
		return;
	}
	probe.facts_end = &probe.facts;
	if (okr_attribute(okr, &probe, block->plain, block->line) && probe.facts != NULL) {
		if (probe.facts->field == FIELD_TEAM) {
			frame->team = probe.facts->text;
			return;
		}
		if (probe.facts->field == FIELD_PERIOD &&
		    okr_period(okr, probe.facts->text, false) != NULL) {
			frame->period = okr_period(okr, probe.facts->text, false)->name;
			return;
		}
	}
	if (block->plain == okr->stated_days)
		return;
	okr_note(okr, OKR_LEFT_OUT, "text that belongs to no objective", block->line, block->plain);
}

static void
read_table_block(struct outline *out, const struct block *block)
{
	struct frame *frame = top(out);

	block->table->above = objective_of(frame->node);
	block->table->period = frame->period;
	block->table->team = frame->team;
	(void)okr_read_table(out->okr, block->table, false);
}

bool
okr_read_outline(struct okr *okr, const char *text)
{
	struct outline *out = arena_zalloc(okr->arena, sizeof *out);

	if (out == NULL)
		return okr_oom(okr);
	out->okr = okr;
	out->frames[0] = (struct frame){.team = "", .period = ""};
	if (!scan(out, text))
		return false;
	look_at_marks(out);
	for (size_t i = 0; i < out->count && !okr->failed; i++) {
		switch (out->blocks[i].type) {
		case BLOCK_HEADING:
			read_heading(out, i);
			break;
		case BLOCK_ITEM:
			read_item(out, i);
			break;
		case BLOCK_TEXT:
			read_text(out, &out->blocks[i]);
			break;
		case BLOCK_TABLE:
			read_table_block(out, &out->blocks[i]);
			break;
		}
	}
	return !okr->failed;
}
