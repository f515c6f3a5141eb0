/* Words: what is said of something, in columns, lists and titles. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/import_okr_internal.h"
#include "common/str.h"
#include "common/utf8.h"

#define PLACES_MAX 1000u /* kept of each note */
#define PARTS_MAX  3 /* that are looked at from the end: "Due: Sep 15, 2026" holds a comma itself */

bool
okr_oom(struct okr *okr)
{
	if (!okr->failed)
		err_oom(okr->err);
	okr->failed = true;
	return false;
}

bool
okr_refuse(struct okr *okr, enum err_code code, unsigned line, const char *format, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (!okr->failed && line > 0)
		err_set(okr->err, code, "%.40s:%u: %s", okr->file, line, text);
	else if (!okr->failed)
		err_set(okr->err, code, "%.40s: %s", okr->file, text);
	okr->failed = true;
	return false;
}

const char *
okr_fmt(struct okr *okr, const char *format, ...)
{
	va_list ap;
	char *text = NULL;
	const char *copy = NULL;
	int len;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len >= 0) {
		copy = arena_strndup(okr->arena, text, (size_t)len);
		free(text);
	}
	if (copy == NULL)
		okr_oom(okr);
	return copy != NULL ? copy : "";
}

const char *
okr_cut(struct okr *okr, const char *text, size_t len)
{
	const char *copy;

	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	copy = arena_strndup(okr->arena, text, len);
	if (copy == NULL)
		okr_oom(okr);
	return copy != NULL ? copy : "";
}

const char *
okr_fold(struct okr *okr, const char *text)
{
	char *folded = utf8_fold(text);
	const char *copy = folded != NULL ? arena_strdup(okr->arena, folded) : NULL;

	free(folded);
	if (copy == NULL)
		okr_oom(okr);
	return copy != NULL ? copy : "";
}

/* ---- the report's notes --------------------------------------------------------------------------------- */

static struct okr_note *
find_note(struct okr *okr, enum okr_class class, const char *what)
{
	struct okr_note *note;

	for (note = okr->notes[class]; note != NULL; note = note->next)
		if (strcmp(note->what, what) == 0)
			return note;
	note = arena_zalloc(okr->arena, sizeof *note);
	if (note == NULL)
		return NULL;
	note->class = class;
	note->what = what;
	note->end = &note->places;
	if (okr->notes_end[class] == NULL)
		okr->notes_end[class] = &okr->notes[class];
	*okr->notes_end[class] = note;
	okr->notes_end[class] = &note->next;
	return note;
}

void
okr_note(struct okr *okr, enum okr_class class, const char *what, unsigned line, const char *text)
{
	struct okr_note *note = find_note(okr, class, what);
	struct okr_place *place;

	if (note == NULL) {
		okr_oom(okr);
		return;
	}
	if (note->count++ >= PLACES_MAX)
		return;
	place = arena_zalloc(okr->arena, sizeof *place);
	if (place == NULL) {
		okr_oom(okr);
		return;
	}
	place->line = line;
	place->text = text;
	*note->end = place;
	note->end = &place->next;
}

void
okr_notes_finish(struct okr *okr)
{
	struct okr_note **end = &okr->report->notes;

	for (size_t class = 0; class < OKR_CLASSES; class ++) {
		*end = okr->notes[class];
		while (*end != NULL)
			end = &(*end)->next;
	}
}

/* ---- Markdown ------------------------------------------------------------------------------------------- */

#define BRACKETS_MAX 8 /* within each other: what nests deeper is no link, and costs no time */

/* The bracket that closes the one at text, or NULL. */
static const char *
closing(const char *text, char open, char close)
{
	int depth = 0;

	for (; *text != '\0'; text++) {
		if (*text == open && ++depth > BRACKETS_MAX)
			return NULL;
		if (*text == close && --depth == 0)
			return text;
	}
	return NULL;
}

/* "[text](address)" or "![text](address)" at p: its text goes to out, the answer is what follows; NULL: none. */
static const char *
plain_link(const char *p, struct str *out)
{
	const char *start = *p == '!' ? p + 1 : p;
	const char *end = *start == '[' ? closing(start, '[', ']') : NULL;
	const char *after = end != NULL && end[1] == '(' ? closing(end + 1, '(', ')') : NULL;

	if (after == NULL)
		return NULL;
	str_add_len(out, start + 1, (size_t)(end - start - 1));
	return after + 1;
}

/* One pass takes the outermost links away; texts in them may hold others. */
static bool
plain_links(const char *text, struct str *out)
{
	bool found = false;

	while (*text != '\0') {
		const char *after = *text == '[' || *text == '!' ? plain_link(text, out) : NULL;

		if (after != NULL) {
			text = after;
			found = true;
		} else {
			str_add_char(out, *text++);
		}
	}
	return found;
}

static bool
is_emphasis(const char *text, const char *p)
{
	bool before = p > text && !isspace((unsigned char)p[-1]);
	bool after = p[1] != '\0' && !isspace((unsigned char)p[1]);

	return *p == '`' || (*p == '*' && (before || after)) ||
	       (*p == '~' && (p[1] == '~' || (p > text && p[-1] == '~')));
}

/* Entities and line breaks that people write into cells. */
static size_t
plain_entity(const char *p, struct str *out)
{
	static const char *const table[][2] = {{"&nbsp;", " "}, {"&amp;", "&"}, {"&lt;", "<"},
	    {"&gt;", ">"}, {"<br>", " "}, {"<br/>", " "}, {"<br />", " "}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t len = strlen(table[i][0]);

		if (strncasecmp(p, table[i][0], len) == 0) {
			str_add(out, table[i][1]);
			return len;
		}
	}
	return 0;
}

static bool
is_bold(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '.' || text[len - 1] == ':' || text[len - 1] == ' '))
		len--;
	while (*text == ' ' || isdigit((unsigned char)*text)) {
		text++;
		len--;
	}
	return len > 4 && strncmp(text, "**", 2) == 0 && strncmp(text + len - 2, "**", 2) == 0 &&
	       strstr(text + 2, "**") == text + len - 2;
}

const char *
okr_plain(struct okr *okr, const char *text, bool *bold)
{
	struct str a, b;
	const char *plain;

	str_init(&a, OKR_LINE_MAX * 2);
	str_init(&b, OKR_LINE_MAX * 2);
	if (bold != NULL)
		*bold = is_bold(text);
	str_add(&a, text);
	for (int i = 0; i < 3; i++) {
		bool found = plain_links(a.data, &b);
		struct str swap = a;

		a = b;
		b = swap;
		str_reset(&b);
		if (!found)
			break;
	}
	for (const char *p = a.data; *p != '\0';) {
		size_t entity = *p == '&' || *p == '<' ? plain_entity(p, &b) : 0;

		if (entity > 0)
			p += entity;
		else if (is_emphasis(a.data, p))
			p++;
		else if (*p == '\\' && ispunct((unsigned char)p[1]))
			p++, str_add_char(&b, *p++);
		else if (isspace((unsigned char)*p))
			p++,
			    b.len > 0 && b.data[b.len - 1] != ' ' ? str_add_char(&b, ' ') : (void)0;
		else
			str_add_char(&b, *p++);
	}
	if (!str_ok(&a) || !str_ok(&b))
		okr_oom(okr);
	plain = okr_cut(okr, b.data, b.len);
	str_fini(&a);
	str_fini(&b);
	if (strncmp(plain, "[ ] ", 4) == 0 || strncasecmp(plain, "[x] ", 4) == 0)
		plain += 4;
	return plain;
}

/* ---- names of fields -------------------------------------------------------------------------------------- */

static const struct {
	const char *name; /* as okr_field() makes it: small letters, one blank between words */
	enum okr_field field;
} fields[] = {
    {"objective", FIELD_OBJECTIVE},
    {"objectives", FIELD_OBJECTIVE},
    {"objective title", FIELD_OBJECTIVE},
    {"objective name", FIELD_OBJECTIVE},
    {"key result", FIELD_KEY_RESULT},
    {"key results", FIELD_KEY_RESULT},
    {"key result title", FIELD_KEY_RESULT},
    {"key result name", FIELD_KEY_RESULT},
    {"kr", FIELD_KEY_RESULT},
    {"krs", FIELD_KEY_RESULT},
    {"title", FIELD_TITLE},
    {"name", FIELD_TITLE},
    {"summary", FIELD_TITLE},
    {"okr", FIELD_TITLE},
    {"okrs", FIELD_TITLE},
    {"objective key result", FIELD_TITLE},
    {"objectives key results", FIELD_TITLE},
    {"objective or key result", FIELD_TITLE},
    {"id", FIELD_ID},
    {"okr id", FIELD_ID},
    {"key", FIELD_ID},
    {"issue key", FIELD_ID},
    {"ref", FIELD_ID},
    {"no", FIELD_ID},
    {"nr", FIELD_ID},
    {"#", FIELD_ID},
    {"number", FIELD_ID},
    {"issue id", FIELD_OTHER_ID},
    {"parent", FIELD_PARENT},
    {"parent id", FIELD_PARENT},
    {"parent key", FIELD_PARENT},
    {"parent objective", FIELD_PARENT},
    {"parent okr", FIELD_PARENT},
    {"parent link", FIELD_PARENT},
    {"parent issue", FIELD_PARENT},
    {"parent item", FIELD_PARENT},
    {"parent task", FIELD_PARENT},
    {"parent goal", FIELD_PARENT},
    {"aligned to", FIELD_PARENT},
    {"aligns to", FIELD_PARENT},
    {"alignment", FIELD_PARENT},
    {"epic link", FIELD_PARENT},
    {"custom field epic link", FIELD_PARENT},
    {"custom field parent link", FIELD_PARENT},
    {"type", FIELD_TYPE},
    {"issue type", FIELD_TYPE},
    {"item type", FIELD_TYPE},
    {"okr type", FIELD_TYPE},
    {"level", FIELD_TYPE},
    {"owner", FIELD_OWNER},
    {"owners", FIELD_OWNER},
    {"kr owner", FIELD_OWNER},
    {"key result owner", FIELD_OWNER},
    {"objective owner", FIELD_OBJECTIVE_OWNER},
    {"assignee", FIELD_OWNER},
    {"dri", FIELD_OWNER},
    {"responsible", FIELD_OWNER},
    {"accountable", FIELD_OWNER},
    {"lead", FIELD_OWNER},
    {"who", FIELD_OWNER},
    {"team", FIELD_TEAM},
    {"teams", FIELD_TEAM},
    {"squad", FIELD_TEAM},
    {"department", FIELD_TEAM},
    {"custom field team", FIELD_TEAM},
    {"quarter", FIELD_PERIOD},
    {"fiscal quarter", FIELD_PERIOD},
    {"period", FIELD_PERIOD},
    {"cycle", FIELD_PERIOD},
    {"okr cycle", FIELD_PERIOD},
    {"time period", FIELD_PERIOD},
    {"timeframe", FIELD_PERIOD},
    {"custom field quarter", FIELD_PERIOD},
    {"baseline", FIELD_BASELINE},
    {"baseline value", FIELD_BASELINE},
    {"start", FIELD_BASELINE},
    {"start value", FIELD_BASELINE},
    {"starting value", FIELD_BASELINE},
    {"initial value", FIELD_BASELINE},
    {"from", FIELD_BASELINE},
    {"custom field baseline", FIELD_BASELINE},
    {"custom field start value", FIELD_BASELINE},
    {"target", FIELD_TARGET},
    {"target value", FIELD_TARGET},
    {"to", FIELD_TARGET},
    {"custom field target", FIELD_TARGET},
    {"custom field target value", FIELD_TARGET},
    {"unit", FIELD_UNIT},
    {"units", FIELD_UNIT},
    {"unit of measure", FIELD_UNIT},
    {"metric unit", FIELD_UNIT},
    {"custom field unit", FIELD_UNIT},
    {"current", FIELD_CURRENT},
    {"current value", FIELD_CURRENT},
    {"actual", FIELD_CURRENT},
    {"actual value", FIELD_CURRENT},
    {"latest", FIELD_CURRENT},
    {"latest value", FIELD_CURRENT},
    {"value", FIELD_CURRENT},
    {"custom field current", FIELD_CURRENT},
    {"custom field current value", FIELD_CURRENT},
    {"custom field actual", FIELD_CURRENT},
    {"mid q actual", FIELD_MIDDLE},
    {"mid quarter actual", FIELD_MIDDLE},
    {"mid quarter value", FIELD_MIDDLE},
    {"progress", FIELD_PROGRESS},
    {"progress %", FIELD_PROGRESS},
    {"% complete", FIELD_PROGRESS},
    {"percent complete", FIELD_PROGRESS},
    {"% done", FIELD_PROGRESS},
    {"completion", FIELD_PROGRESS},
    {"completion %", FIELD_PROGRESS},
    {"attainment", FIELD_PROGRESS},
    {"custom field progress", FIELD_PROGRESS},
    {"score", FIELD_SCORE},
    {"final score", FIELD_SCORE},
    {"okr score", FIELD_SCORE},
    {"grade", FIELD_SCORE},
    {"end q", FIELD_SCORE},
    {"end of quarter score", FIELD_SCORE},
    {"custom field score", FIELD_SCORE},
    {"result", FIELD_RESULT},
    {"results", FIELD_RESULT},
    {"outcome", FIELD_RESULT},
    {"status", FIELD_STATUS},
    {"state", FIELD_STATUS},
    {"health", FIELD_STATUS},
    {"rag", FIELD_STATUS},
    {"due", FIELD_DUE},
    {"due date", FIELD_DUE},
    {"deadline", FIELD_DUE},
    {"end date", FIELD_DUE},
    {"target date", FIELD_DUE},
    {"by when", FIELD_DUE},
    {"resolved", FIELD_CLOSED},
    {"resolution date", FIELD_CLOSED},
    {"closed", FIELD_CLOSED},
    {"closed on", FIELD_CLOSED},
    {"completed on", FIELD_CLOSED},
    {"as of", FIELD_AS_OF},
    {"measured on", FIELD_AS_OF},
    {"measured", FIELD_AS_OF},
    {"last check in", FIELD_AS_OF},
    {"check in date", FIELD_AS_OF},
    {"description", FIELD_DESCRIPTION},
    {"notes", FIELD_DESCRIPTION},
    {"note", FIELD_DESCRIPTION},
    {"comment", FIELD_DESCRIPTION},
    {"comments", FIELD_DESCRIPTION},
    {"why", FIELD_DESCRIPTION},
    {"priority", FIELD_PRIORITY},
    {"prio", FIELD_PRIORITY},
    {"label", FIELD_LABEL},
    {"labels", FIELD_LABEL},
    {"tags", FIELD_LABEL},
    {"weight", FIELD_WEIGHT},
    {"issue link", FIELD_IGNORED},
    {"parent summary", FIELD_IGNORED},
};

enum okr_field
okr_field(struct okr *okr, const char *name)
{
	const char *plain = okr_plain(okr, name, NULL);
	char key[64];
	size_t len = 0;

	for (const char *p = plain; *p != '\0' && len + 1 < sizeof key; p++) {
		bool keep = isalnum((unsigned char)*p) || *p == '%' || *p == '#';

		/* "Owner(s)" */
		if (strncmp(p, "(s)", 3) == 0)
			p += 2, keep = false;
		if (keep)
			key[len++] = (char)tolower((unsigned char)*p);
		else if (len > 0 && key[len - 1] != ' ')
			key[len++] = ' ';
	}
	while (len > 0 && key[len - 1] == ' ')
		len--;
	key[len] = '\0';
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(fields[i].name, key) == 0)
			return fields[i].field;
	return FIELD_NONE;
}

bool
okr_is_nothing(const char *text)
{
	static const char *const words[] = {
	    "", "-", "--", "–", "—", "?", "??", "tbd", "n/a", "na", "none", "unassigned", "todo"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* ---- nodes ------------------------------------------------------------------------------------------------ */

struct okr_node *
okr_add(struct okr *okr, enum okr_type type, const char *title, unsigned line)
{
	struct okr_node *node;

	if (okr->nodes_count >= OKR_ENTRIES_MAX) {
		okr_refuse(okr, ERR_LIMIT, line,
		    "more than %u objectives and key results; import the parts one by one",
		    OKR_ENTRIES_MAX);
		return NULL;
	}
	node = arena_zalloc(okr->arena, sizeof *node);
	if (node == NULL) {
		okr_oom(okr);
		return NULL;
	}
	*node = (struct okr_node){
	    .type = type, .title = title, .key = "", .role = "", .path = "", .line = line};
	node->facts_end = &node->facts;
	*okr->nodes_end = node;
	okr->nodes_end = &node->next;
	okr->nodes_count++;
	return node;
}

void
okr_say(struct okr *okr, struct okr_node *node, enum okr_field field, const char *name,
    const char *text, unsigned line)
{
	struct okr_fact *fact;

	if (okr_is_nothing(text))
		return;
	fact = arena_zalloc(okr->arena, sizeof *fact);
	if (fact == NULL) {
		okr_oom(okr);
		return;
	}
	*fact = (struct okr_fact){.field = field, .name = name, .text = text, .line = line};
	*node->facts_end = fact;
	node->facts_end = &fact->next;
}

const struct okr_fact *
okr_said(const struct okr_node *node, enum okr_field field)
{
	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next)
		if (fact->field == field)
			return fact;
	return NULL;
}

const struct okr_fact *
okr_said_last(const struct okr_node *node, enum okr_field field)
{
	const struct okr_fact *last = NULL;

	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next)
		if (fact->field == field)
			last = fact;
	return last;
}

/* ---- marks and titles ---------------------------------------------------------------------------------------- */

/* The word at text, any case, not followed by a letter: what is behind it; NULL. */
static const char *
after_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (strncasecmp(text, word, len) != 0 || isalpha((unsigned char)text[len]))
		return NULL;
	return text + len;
}

static const char *
skip_number(const char *p)
{
	while (isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1])))
		p++;
	return p;
}

/* ":", ".", ")", "-", "–", "—" and blanks; *some: there was one. */
static const char *
skip_mark(const char *p, bool *some)
{
	const char *start = p;

	while (*p == ' ')
		p++;
	if (strchr(":.)-", *p) != NULL && *p != '\0') {
		*some = true;
		p++;
	} else if (strncmp(p, "–", 3) == 0 || strncmp(p, "—", 3) == 0) {
		*some = true;
		p += 3;
	} else {
		*some = *p == '\0';
		if (p == start)
			return p;
	}
	while (*p == ' ')
		p++;
	return p;
}

/* "1", "12", "2.1" */
static bool
is_short_number(const char *digits, const char *end)
{
	return end - digits <= 2 || (end - digits <= 5 && memchr(digits, '.', 3) != NULL);
}

enum okr_type
okr_marker(struct okr *okr, const char *text, const char **number, const char **rest)
{
	static const struct {
		const char *word;
		enum okr_type type;
	} words[] = {{"objective", OKR_OBJECTIVE}, {"obj", OKR_OBJECTIVE}, {"o", OKR_OBJECTIVE},
	    {"key result", OKR_KEY_RESULT}, {"kr", OKR_KEY_RESULT}};
	const char *list = skip_number(text);
	bool some;

	/* "1. Objective: …", "1) KR: …" */
	if (list > text && (*list == '.' || *list == ')') && list[1] == ' ')
		text = list + 2;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *p = after_word(text, words[i].word);
		const char *digits, *end, *after;

		if (p == NULL)
			continue;
		digits = p + strspn(p, " #-");
		end = skip_number(digits);
		if (end == digits)
			end = p;
		after = skip_mark(end, &some);
		/* "O" alone is a letter and "O:" a mark; "Objective setting" is a title, "KR 1 text" a mark. */
		if (end == p && (words[i].word[1] == '\0' ? *p != ':' : !some))
			continue;
		/* "O1 Grow" is one, "Objective 1 remains" and "O365 for all" are not. */
		if (!some && words[i].type == OKR_OBJECTIVE &&
		    (words[i].word[1] != '\0' || digits != p || !is_short_number(digits, end) ||
			!isupper((unsigned char)*after)))
			continue;
		*number = end == p ? "" : okr_cut(okr, digits, (size_t)(end - digits));
		*rest = after;
		return words[i].type;
	}
	return OKR_UNTYPED;
}

/* Fields that a list or a title may state as "Owner: Anna". */
static bool
is_attribute(enum okr_field field)
{
	return field >= FIELD_OWNER && field < FIELD_IGNORED;
}

static const char *trailing_part(
    struct okr *okr, struct okr_node *node, const char *text, unsigned line);

/* "due 2026-10-31" without a colon: only where it is a day. */
static bool
bare_due(struct okr *okr, struct okr_node *node, const char *text, unsigned line)
{
	const char *after = after_word(text, "due");

	if (after == NULL || *after != ' ' || *okr_day(okr, after + 1) == '\0')
		return false;
	okr_say(okr, node, FIELD_DUE, "due", okr_cut(okr, after, strlen(after)), line);
	return true;
}

bool
okr_attribute(struct okr *okr, struct okr_node *node, const char *text, unsigned line)
{
	static const char *const bare[] = {"progress", "score", "grade"};
	const char *colon = strchr(text, ':'), *value, *cut;
	enum okr_field field;

	if (bare_due(okr, node, text, line))
		return true;
	for (size_t i = 0; colon == NULL && i < sizeof bare / sizeof *bare; i++) {
		const char *after = after_word(text, bare[i]);

		if (after == NULL || !isdigit((unsigned char)after[strspn(after, " ")]))
			continue;
		okr_say(okr, node, i == 0 ? FIELD_PROGRESS : FIELD_SCORE, bare[i],
		    okr_cut(okr, after, strlen(after)), line);
		return true;
	}
	if (colon == NULL || colon - text > 40)
		return false;
	field = okr_field(okr, okr_cut(okr, text, (size_t)(colon - text)));
	if (!is_attribute(field))
		return false;
	value = okr_cut(okr, colon + 1, strlen(colon + 1));
	/* "Owner: Anna, due 2026-10-31" */
	for (int i = 0; i < PARTS_MAX && field != FIELD_DESCRIPTION; i++) {
		cut = trailing_part(okr, node, value, line);
		if (cut == NULL)
			break;
		value = okr_cut(okr, value, (size_t)(cut - value));
	}
	okr_say(okr, node, field, okr_cut(okr, text, (size_t)(colon - text)), value, line);
	return true;
}

/* "(Owner: Anna)", "[0.7]" at the end of text: said of node; answers where it begins, or NULL. */
static const char *
trailing_bracket(struct okr *okr, struct okr_node *node, const char *text, unsigned line)
{
	size_t len = strlen(text);
	char close = len > 0 ? text[len - 1] : '\0';
	char open = close == ')' ? '(' : '[';
	const char *start, *inner;
	double part;

	if (close != ')' && close != ']')
		return NULL;
	start = strrchr(text, open);
	if (start == NULL || start == text)
		return NULL;
	inner = okr_cut(okr, start + 1, len - (size_t)(start - text) - 2);
	if (okr_attribute(okr, node, inner, line))
		return start;
	if (*inner != '\0' && inner[strspn(inner, "0123456789.% ")] == '\0' &&
	    (strchr(inner, '%') != NULL || strncmp(inner, "0.", 2) == 0 ||
		strcmp(inner, "1.0") == 0) &&
	    okr_part(okr, inner, false, &part)) {
		okr_say(okr, node, FIELD_RESULT, "result", inner, line);
		return start;
	}
	return NULL;
}

/* The last mark between parts that begins before limit; *after is what follows it. NULL: there is none. */
static const char *
last_between(const char *text, const char *limit, const char **after)
{
	static const char *const between[] = {" | ", " · ", " — ", " – ", " - ", "; ", ", ", ". "};
	const char *last = NULL;

	for (size_t i = 0; i < sizeof between / sizeof *between; i++)
		for (const char *p = strstr(text, between[i]); p != NULL && p < limit;
		     p = strstr(p + 1, between[i]))
			if (last == NULL || p > last) {
				last = p;
				*after = p + strlen(between[i]);
			}
	return last;
}

/* ", Owner: Anna", " | Progress 40%" at the end: said of node; answers where it begins, or NULL. */
static const char *
trailing_part(struct okr *okr, struct okr_node *node, const char *text, unsigned line)
{
	const char *limit = text + strlen(text), *after = NULL, *last;

	for (int i = 0; i < PARTS_MAX; i++) {
		last = last_between(text, limit, &after);
		if (last == NULL || last == text)
			return NULL;
		if (okr_attribute(okr, node, after, line))
			return last;
		/* "Training plan. 50% complete" */
		if (i == 0 && isdigit((unsigned char)*after) &&
		    strcmp(after + strspn(after, "0123456789"), "% complete") == 0) {
			okr_say(okr, node, FIELD_RESULT, "result", after, line);
			return last;
		}
		limit = last;
	}
	return NULL;
}

/* "… Progress 40%" at the end: said of node; answers where it begins, or NULL. */
static const char *
trailing_word(struct okr *okr, struct okr_node *node, const char *text, unsigned line)
{
	static const char *const words[] = {" progress", " score", " grade"};
	const char *last = NULL;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (const char *p = strcasestr(text, words[i]); p != NULL;
		     p = strcasestr(p + 1, words[i]))
			last = p > last ? p : last;
	if (last == NULL)
		return NULL;
	/* A number and nothing else: "progress: see below" is a sentence. */
	if (last[1 + strcspn(last + 1, " :")] == '\0' ||
	    strspn(last + 1 + strcspn(last + 1, " :"), " :0123456789.%/") !=
		strlen(last + 1 + strcspn(last + 1, " :")))
		return NULL;
	return okr_attribute(okr, node, last + 1, line) ? last : NULL;
}

const char *
okr_title(struct okr *okr, struct okr_node *node, const char *text, unsigned line)
{
	const char *arrow = strstr(text, "=>");
	const char *cut;

	if (arrow != NULL && arrow > text) {
		okr_say(okr, node, FIELD_RESULT, "result",
		    okr_cut(okr, arrow + 2, strlen(arrow + 2)), line);
		text = okr_cut(okr, text, (size_t)(arrow - text));
	}
	for (int i = 0; i < 8; i++) {
		cut = trailing_bracket(okr, node, text, line);
		if (cut == NULL)
			cut = trailing_part(okr, node, text, line);
		if (cut == NULL)
			cut = trailing_word(okr, node, text, line);
		if (cut == NULL)
			break;
		text = okr_cut(okr, text, (size_t)(cut - text));
	}
	return text;
}
