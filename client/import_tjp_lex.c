/* Tokens of TaskJuggler's language, with its macros and included files. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_tjp_internal.h"
#include "common/parse.h"
#include "common/utf8.h"

#define NAME_MAX_LEN 200u /* of a macro */
#define ARGS_MAX     32u

/* ---- characters ----------------------------------------------------------------------------------------------- */

static struct tjp_input *
top(struct tjp *tj)
{
	return &tj->lex.inputs[tj->lex.depth - 1];
}

/* The character `ahead` of the next one, in what is being read; -1: there is none. */
static int
peek(struct tjp *tj, size_t ahead)
{
	const struct tjp_input *in = top(tj);

	return ahead < in->len - in->pos ? (unsigned char)in->text[in->pos + ahead] : -1;
}

static void
skip(struct tjp *tj, size_t count)
{
	struct tjp_input *in = top(tj);

	for (; count > 0 && in->pos < in->len; count--) {
		unsigned char c = (unsigned char)in->text[in->pos++];

		if (in->macro)
			continue; /* stands where it is called */
		if (c == '\n') {
			in->at.line++;
			in->at.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			in->at.column++;
		}
	}
}

static bool
looks_at(struct tjp *tj, const char *text)
{
	const struct tjp_input *in = top(tj);
	size_t len = strlen(text);

	return in->len - in->pos >= len && memcmp(in->text + in->pos, text, len) == 0;
}

static struct tjp_place
here(struct tjp *tj)
{
	return top(tj)->at;
}

static bool
push(struct tjp *tj, const char *text, size_t len, char *owned, struct tjp_place at, bool macro)
{
	struct tjp_lex *lex = &tj->lex;

	if (lex->depth == TJP_NESTING_MAX) {
		free(owned);
		return tjp_refuse(tj, ERR_LIMIT, at,
		    "files and macros are more than %u deep in each other: does one use itself?",
		    TJP_NESTING_MAX);
	}
	lex->bytes += len;
	if (lex->bytes > TJP_BYTES_MAX) {
		free(owned);
		return tjp_refuse(tj, ERR_LIMIT, at,
		    "is larger than %u MiB with what it includes and its macros become",
		    TJP_BYTES_MAX >> 20);
	}
	lex->inputs[lex->depth++] =
	    (struct tjp_input){.text = text, .len = len, .owned = owned, .at = at, .macro = macro};
	return true;
}

static void
pop(struct tjp *tj)
{
	free(top(tj)->owned);
	tj->lex.depth--;
}

/* ---- macros ----------------------------------------------------------------------------------------------------- */

static bool
is_name(int c)
{
	return c == '_' || (c >= 0 && c < 0x80 && isalnum(c));
}

/* Text of a macro with its arguments for ${1}, ${2}; the caller frees it. */
static char *
with_arguments(struct tjp *tj, const char *text, const char *const *args, size_t count)
{
	struct str out;
	char *done;

	str_init(&out, TJP_BYTES_MAX);
	for (const char *p = text; *p != '\0'; p++) {
		size_t digits = 0;
		uint64_t number = 0;
		char digit[4] = "";

		if (p[0] == '$' && p[1] == '{') {
			while (digits < 3 && isdigit((unsigned char)p[2 + digits])) {
				digit[digits] = p[2 + digits];
				digits++;
			}
		}
		if (digits == 0 || p[2 + digits] != '}' ||
		    !parse_u64(digit, 1, ARGS_MAX, &number)) {
			str_add_char(&out, *p);
			continue;
		}
		if (number <= count)
			str_add(&out, args[number - 1]);
		p += 2 + digits;
	}
	if (out.len == 0)
		str_add(&out, " ");
	done = str_take(&out);
	if (done == NULL)
		tjp_oom(tj);
	return done;
}

/* The next argument in ${name "a" "b"}; NULL with *end: there is none. */
static const char *
argument(struct tjp *tj, struct tjp_place at, bool *end)
{
	struct tjp_input *in;
	size_t begin;
	const char *text;

	while (peek(tj, 0) >= 0 && isspace(peek(tj, 0)))
		skip(tj, 1);
	*end = peek(tj, 0) == '}';
	if (*end) {
		skip(tj, 1);
		return NULL;
	}
	if (peek(tj, 0) != '"') {
		tjp_refuse(tj, ERR_INVALID, at,
		    "\"${\" without its end; write ${name} or ${name \"argument\"}");
		return NULL;
	}
	skip(tj, 1);
	in = top(tj);
	begin = in->pos;
	while (peek(tj, 0) >= 0 && peek(tj, 0) != '"')
		skip(tj, 1);
	if (peek(tj, 0) < 0) {
		tjp_refuse(tj, ERR_INVALID, at, "an argument of a macro without its closing \"");
		return NULL;
	}
	text = arena_strndup(tj->arena, in->text + begin, in->pos - begin);
	skip(tj, 1);
	if (text == NULL)
		tjp_oom(tj);
	return text;
}

/* "${name …}" stands next: what it stands for is read next. */
static bool
expand(struct tjp *tj)
{
	struct tjp_place at = here(tj);
	char name[NAME_MAX_LEN + 1];
	const char *args[ARGS_MAX], *text;
	size_t len = 0, count = 0;
	bool end = false, maybe;
	char *owned;

	skip(tj, 2);
	maybe = peek(tj, 0) == '?';
	skip(tj, maybe);
	while (len < NAME_MAX_LEN && is_name(peek(tj, 0))) {
		name[len++] = (char)peek(tj, 0);
		skip(tj, 1);
	}
	name[len] = '\0';
	while (!end) {
		const char *arg = argument(tj, at, &end);

		if (tj->failed)
			return false;
		if (arg != NULL && count == ARGS_MAX)
			return tjp_refuse(tj, ERR_LIMIT, at, "more than %u arguments", ARGS_MAX);
		if (arg != NULL)
			args[count++] = arg;
	}
	text = refmap_get(tj->lex.macros, name);
	if (text == NULL && maybe)
		return true;
	if (text == NULL)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "there is no macro \"%s\"; define it above: macro %s [ … ]", name, name);
	owned = with_arguments(tj, text, args, count);
	return owned != NULL && push(tj, owned, strlen(owned), owned, at, true);
}

bool
tjp_lex_set_macro(struct tjp *tj, const char *name, const char *text)
{
	void *value = arena_strdup(tj->arena, text);

	return (value != NULL && refmap_put(tj->lex.macros, name, value)) || tjp_oom(tj);
}

bool
tjp_lex_macro(struct tjp *tj)
{
	struct tjp_place at = tj->token.at;
	const char *name = tjp_fmt(tj, "%s", tj->token.text);
	unsigned brackets = 1;
	struct str body;
	bool ok = false;

	while (peek(tj, 0) >= 0 && isspace(peek(tj, 0)))
		skip(tj, 1);
	if (peek(tj, 0) != '[')
		return tjp_refuse(tj, ERR_INVALID, at, "write: macro %s [ … ]", name);
	if (refmap_count(tj->lex.macros) >= TJP_MACROS_MAX)
		return tjp_refuse(tj, ERR_LIMIT, at, "more than %u macros", TJP_MACROS_MAX);
	skip(tj, 1);
	str_init(&body, TJP_BYTES_MAX);
	while (peek(tj, 0) >= 0) {
		brackets += peek(tj, 0) == '[';
		brackets -= peek(tj, 0) == ']';
		if (brackets == 0)
			break;
		str_add_char(&body, (char)peek(tj, 0));
		skip(tj, 1);
	}
	if (brackets > 0)
		tjp_refuse(
		    tj, ERR_INVALID, at, "the macro %s has no end: a ] is missing for its [", name);
	else if (!str_ok(&body))
		tjp_oom(tj);
	else
		ok = tjp_lex_set_macro(tj, name, body.data);
	str_fini(&body);
	skip(tj, 1);
	return ok && tjp_next(tj);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static bool
check_text(struct tjp *tj, const char *bytes, size_t len, struct tjp_place at)
{
	const char *nul = memchr(bytes, '\0', len);
	size_t good = 0;

	if (nul == NULL && utf8_is_valid(bytes, len))
		return true;
	while (good < len && bytes[good] != '\0') {
		size_t step = utf8_char_len(bytes + good, len - good);

		if (step == 0)
			break;
		at.line += bytes[good] == '\n';
		at.column = bytes[good] == '\n' ? 1 : at.column + 1;
		good += step;
	}
	return tjp_refuse(tj, ERR_INVALID, at,
	    good < len && bytes[good] == '\0'
		? "holds a NUL byte: this is no text"
		: "is not UTF-8; save it as UTF-8, or: iconv -f WINDOWS-1252 -t UTF-8");
}

bool
tjp_lex_include(struct tjp *tj, const char *name, struct tjp_place at)
{
	struct tjp_place start = {tjp_fmt(tj, "%s", name), 1, 1};
	struct err err = {0};
	size_t len = 0;
	char *bytes;

	for (unsigned i = 0; i < tj->lex.depth; i++)
		if (!tj->lex.inputs[i].macro && strcmp(tj->lex.inputs[i].at.file, name) == 0)
			return tjp_refuse(tj, ERR_INVALID, at,
			    "\"%s\" includes itself; take this line out", name);
	if (*name == '\0' || *name == '.' || strpbrk(name, "/\\") != NULL)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "only files in the same directory are included: copy \"%.80s\" beside this one",
		    name);
	if (tj->lex.files++ == TJP_FILES_MAX)
		return tjp_refuse(
		    tj, ERR_LIMIT, at, "more than %u files are included", TJP_FILES_MAX);
	if (tj->options->include == NULL)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "\"%.80s\" cannot be found: import the file by its name, not through a pipe",
		    name);
	bytes = tj->options->include(tj->options->arg, name, &len, &err);
	if (bytes == NULL)
		return tjp_refuse(tj, err.code, at, "%s", err.msg);
	if (!check_text(tj, bytes, len, start)) {
		free(bytes);
		return false;
	}
	return push(tj, bytes, len, bytes, start, false) && tjp_next(tj);
}

bool
tjp_lex_begin(struct tjp *tj, const char *bytes, size_t len)
{
	struct tjp_place at = {tj->plan != NULL ? tjp_fmt(tj, "%s", tj->options->name) : "", 1, 1};

	str_init(&tj->lex.text, TJP_TEXT_MAX);
	tj->lex.macros = refmap_new(tj->arena);
	if (tj->lex.macros == NULL)
		return tjp_oom(tj);
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	return push(tj, bytes, len, NULL, at, false) && check_text(tj, bytes, len, at);
}

void
tjp_lex_end(struct tjp *tj)
{
	while (tj->lex.depth > 0)
		pop(tj);
	str_fini(&tj->lex.text);
}

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

static bool
skip_comment(struct tjp *tj)
{
	struct tjp_place at = here(tj);

	if (peek(tj, 0) == '#' || peek(tj, 1) == '/') {
		while (peek(tj, 0) >= 0 && peek(tj, 0) != '\n')
			skip(tj, 1);
		return true;
	}
	skip(tj, 2);
	while (peek(tj, 0) >= 0 && !looks_at(tj, "*/"))
		skip(tj, 1);
	if (peek(tj, 0) < 0)
		return tjp_refuse(
		    tj, ERR_INVALID, at, "a comment without its end: a */ is missing");
	skip(tj, 2);
	return true;
}

/* To the first character of a token; at the end of everything nothing is left. */
static bool
skip_blanks(struct tjp *tj)
{
	for (;;) {
		int c = peek(tj, 0);

		if (c < 0) {
			if (tj->lex.depth == 1)
				return true;
			pop(tj);
		} else if (isspace(c)) {
			skip(tj, 1);
		} else if (c == '#' || (c == '/' && (peek(tj, 1) == '/' || peek(tj, 1) == '*'))) {
			if (!skip_comment(tj))
				return false;
		} else if (c == '$' && peek(tj, 1) == '{') {
			if (!expand(tj))
				return false;
		} else {
			return true;
		}
	}
}

/* Takes the next character into the token, macros expanded; false: failed. At the end of a macro what is behind it follows. */
static bool
take(struct tjp *tj)
{
	while (peek(tj, 0) < 0 && top(tj)->macro)
		pop(tj);
	if (peek(tj, 0) == '$' && peek(tj, 1) == '{')
		return expand(tj);
	str_add_char(&tj->lex.text, (char)peek(tj, 0));
	skip(tj, 1);
	return true;
}

static bool
too_long(struct tjp *tj)
{
	return !str_ok(&tj->lex.text) && !tjp_refuse(tj, ERR_LIMIT, tj->token.at,
					     "a text of more than %u bytes", TJP_TEXT_MAX);
}

/* Up to `end`, which is not in it. */
static bool
take_string(struct tjp *tj, const char *begin, const char *end)
{
	skip(tj, strlen(begin));
	for (;;) {
		while (peek(tj, 0) < 0 && top(tj)->macro)
			pop(tj);
		if (peek(tj, 0) < 0)
			return tjp_refuse(tj, ERR_INVALID, tj->token.at,
			    "a text without its end: a %s is missing", end);
		if (looks_at(tj, end))
			break;
		if (peek(tj, 0) == '\\' && peek(tj, 1) == *end)
			skip(tj, 1);
		if (!take(tj) || too_long(tj))
			return false;
	}
	skip(tj, strlen(end));
	tj->token.type = TOKEN_STRING;
	return true;
}

/* At a character of a name, or at a macro that may go on with it. */
static bool
goes_on(struct tjp *tj)
{
	while (peek(tj, 0) < 0 && top(tj)->macro)
		pop(tj);
	return is_name(peek(tj, 0)) || (peek(tj, 0) == '$' && peek(tj, 1) == '{') ||
	       (peek(tj, 0) == '.' && is_name(peek(tj, 1))) || peek(tj, 0) >= 0x80;
}

static bool
take_word(struct tjp *tj)
{
	while (peek(tj, 0) == '!')
		if (!take(tj))
			return false;
	while (goes_on(tj))
		if (!take(tj) || too_long(tj))
			return false;
	tj->token.type = TOKEN_WORD;
	if (peek(tj, 0) == ':' && tj->lex.text.data[0] != '!') {
		skip(tj, 1);
		tj->token.type = TOKEN_SCENARIO;
	}
	return true;
}

static bool
is_digit(struct tjp *tj, size_t ahead)
{
	return peek(tj, ahead) >= '0' && peek(tj, ahead) <= '9';
}

static void
take_digits(struct tjp *tj, size_t max)
{
	for (; max > 0 && peek(tj, 0) >= '0' && peek(tj, 0) <= '9'; max--) {
		str_add_char(&tj->lex.text, (char)peek(tj, 0));
		skip(tj, 1);
	}
}

/* "9:30" behind "9", or "-13:00" behind a date. */
static bool
take_time(struct tjp *tj, const char *hours)
{
	uint64_t hour, minute;
	char digits[3] = {0};

	skip(tj, 1);
	for (size_t i = 0; i < 2 && is_digit(tj, 0); i++) {
		digits[i] = (char)peek(tj, 0);
		skip(tj, 1);
	}
	if (!parse_u64(hours, 0, 24, &hour) || !parse_u64(digits, 0, 59, &minute) ||
	    hour * 60 + minute > TJP_MINUTES_A_DAY)
		return tjp_refuse(tj, ERR_INVALID, tj->token.at,
		    "\"%s:%s\" is no time of day; write 9:00 to 24:00", hours, digits);
	tj->token.minute = (int32_t)(hour * 60 + minute);
	return true;
}

/* Seconds and the time zone, which days don't need. */
static void
skip_zone(struct tjp *tj)
{
	size_t sign;

	if (peek(tj, 0) == ':' && is_digit(tj, 1))
		skip(tj, 3);
	sign = peek(tj, 0) == '-' && (peek(tj, 1) == '-' || peek(tj, 1) == '+');
	if ((peek(tj, sign) == '-' || peek(tj, sign) == '+') && is_digit(tj, sign + 1) &&
	    is_digit(tj, sign + 2) && is_digit(tj, sign + 3) && is_digit(tj, sign + 4))
		skip(tj, sign + 5);
}

/* Behind "2013": "-5-1-13:00". */
static bool
take_date(struct tjp *tj)
{
	const char *text;
	int year = 0, month = 0, day = 0;
	char *end;

	for (int i = 0; i < 2; i++) {
		str_add_char(&tj->lex.text, '-');
		skip(tj, 1);
		take_digits(tj, 2);
	}
	text = tj->lex.text.data;
	year = (int)strtol(text, &end, 10);
	month = *end == '-' ? (int)strtol(end + 1, &end, 10) : 0;
	day = *end == '-' ? (int)strtol(end + 1, &end, 10) : 0;
	if (!date_parse(tjp_fmt(tj, "%04d-%02d-%02d", year, month, day), &tj->token.day))
		return tjp_refuse(tj, ERR_INVALID, tj->token.at,
		    "there is no day \"%s\"; write it as 2026-03-31", text);
	tj->token.type = TOKEN_DATE;
	if (peek(tj, 0) == '-' && is_digit(tj, 1) && (peek(tj, 2) == ':' || peek(tj, 3) == ':')) {
		char hours[3] = {0};

		skip(tj, 1);
		for (size_t i = 0; peek(tj, 0) != ':'; i++) {
			hours[i] = (char)peek(tj, 0);
			skip(tj, 1);
		}
		if (!take_time(tj, hours))
			return false;
		skip_zone(tj);
	}
	return true;
}

static bool
take_number(struct tjp *tj)
{
	take_digits(tj, 30);
	tj->token.type = TOKEN_NUMBER;
	if (peek(tj, 0) == '-' && tj->lex.text.len == 4 && peek(tj, 1) >= '0' &&
	    peek(tj, 1) <= '9' && (peek(tj, 2) == '-' || peek(tj, 3) == '-'))
		return take_date(tj);
	if (peek(tj, 0) == ':') {
		tj->token.type = TOKEN_TIME;
		return take_time(tj, tj->lex.text.data);
	}
	if (peek(tj, 0) == '.' && peek(tj, 1) >= '0' && peek(tj, 1) <= '9') {
		str_add_char(&tj->lex.text, '.');
		skip(tj, 1);
		take_digits(tj, 30);
	}
	if (!parse_double(tj->lex.text.data, &tj->token.number))
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "\"%.40s\" is no number", tj->lex.text.data);
	return true;
}

bool
tjp_next(struct tjp *tj)
{
	int c;
	bool ok = true;

	str_reset(&tj->lex.text);
	tj->token.type = TOKEN_END;
	if (!skip_blanks(tj))
		return false;
	tj->token = (struct tjp_token){.at = here(tj), .text = ""};
	c = peek(tj, 0);
	if (c < 0)
		return true;
	if (looks_at(tj, "-8<-")) {
		ok = take_string(tj, "-8<-", "->8-");
	} else if (c == '"' || c == '\'') {
		ok = take_string(tj, c == '"' ? "\"" : "'", c == '"' ? "\"" : "'");
	} else if (isdigit(c)) {
		ok = take_number(tj);
	} else if (is_name(c) || c >= 0x80 ||
		   (c == '!' &&
		       (peek(tj, 1) == '!' || is_name(peek(tj, 1)) || peek(tj, 1) == '$'))) {
		ok = take_word(tj);
	} else {
		tj->token.type = TOKEN_MARK;
		str_add_char(&tj->lex.text, (char)c);
		skip(tj, 1);
	}
	tj->token.text = tj->lex.text.data;
	return ok && (str_ok(&tj->lex.text) || tjp_oom(tj));
}
