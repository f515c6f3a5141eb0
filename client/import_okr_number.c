/*
 * Numbers in key results, as people write them. What can be read in two ways is not read: "1.234" is a thousand in one
 * country and one in another, "1-2" is a range, "2-day" a word, "2K architecture" a name.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/import_okr_internal.h"
#include "common/parse.h"

#define NUMBERS_MAX 16

/* A number in a text. */
struct token {
	const char *start; /* with its currency and sign */
	const char *end;   /* with its unit */
	struct okr_number number;
	bool brackets;               /* stands in round brackets */
	enum okr_direction compared; /* "at least 5", "5 or less" */
};

/* ---- one number ------------------------------------------------------------------------------------------- */

static const struct {
	const char *mark;
	const char *unit;
} currencies[] = {{"$", "$"}, {"€", "€"}, {"£", "£"}, {"CHF", "CHF"}, {"USD", "USD"},
    {"EUR", "EUR"}, {"GBP", "GBP"}};

/* Words that are units wherever they follow a number; singular and plural are one. */
static const struct {
	const char *word;
	const char *unit;
} units[] = {{"day", "days"}, {"days", "days"}, {"hour", "hours"}, {"hours", "hours"},
    {"hrs", "hours"}, {"minute", "minutes"}, {"minutes", "minutes"}, {"min", "minutes"},
    {"mins", "minutes"}, {"second", "seconds"}, {"seconds", "seconds"}, {"sec", "seconds"},
    {"secs", "seconds"}, {"ms", "ms"}, {"week", "weeks"}, {"weeks", "weeks"}, {"month", "months"},
    {"months", "months"}, {"year", "years"}, {"years", "years"}, {"percent", "%"},
    {"points", "points"}, {"pts", "points"}, {"pp", "percentage points"}};

/* Blanks within numbers: no-break, thin and narrow ones, and apostrophes. */
static size_t
group_mark(const char *p)
{
	static const char *const marks[] = {
	    ",", "'", "’", "\xc2\xa0", "\xe2\x80\x89", "\xe2\x80\xaf"};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (strncmp(p, marks[i], strlen(marks[i])) == 0)
			return strlen(marks[i]);
	return 0;
}

static size_t
digits_at(const char *p)
{
	return strspn(p, "0123456789");
}

/* "500", "5,000", "1'000", "3.5", "3,5", "1.000.000"; answers what is behind, NULL: none, or none for sure. */
static const char *
read_digits(const char *p, double *value)
{
	char plain[32];
	size_t len = digits_at(p), groups = 0, mark, dot;

	if (len == 0 || len > 15)
		return NULL;
	memcpy(plain, p, len);
	p += len;
	while ((mark = group_mark(p)) > 0 && digits_at(p + mark) == 3 && len + 3 < 16) {
		memcpy(plain + len, p + mark, 3);
		len += 3;
		p += mark + 3;
		groups++;
	}
	dot = p[0] == '.' ? digits_at(p + 1) : 0;
	if (dot == 3 && groups == 0) {
		/* "1.000.000" is a million; "1.000" may be a thousand, but "0.125" is not. */
		size_t more = 0;

		while (p[0] == '.' && digits_at(p + 1) == 3 && len + 3 < 16) {
			memcpy(plain + len, p + 1, 3);
			len += 3;
			p += 4;
			more++;
		}
		if (more == 1 && plain[0] != '0')
			return NULL;
		if (more == 1) {
			memmove(plain + len - 2, plain + len - 3, 3);
			plain[len - 3] = '.';
			len++;
		}
	} else if (dot > 0 && dot < 10) {
		plain[len++] = '.';
		memcpy(plain + len, p + 1, dot);
		len += dot;
		p += dot + 1;
	} else if (p[0] == ',' && groups == 0 && digits_at(p + 1) > 0 && digits_at(p + 1) < 3) {
		plain[len++] = '.';
		memcpy(plain + len, p + 1, digits_at(p + 1));
		len += digits_at(p + 1);
		p += digits_at(p + 1) + 1;
	}
	plain[len] = '\0';
	return parse_double(plain, value) ? p : NULL;
}

static const char *
currency_at(const char *p, const char **unit)
{
	for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++) {
		size_t len = strlen(currencies[i].mark);

		if (strncmp(p, currencies[i].mark, len) != 0)
			continue;
		if (isalpha((unsigned char)*p) && isalpha((unsigned char)p[len]))
			continue;
		*unit = currencies[i].unit;
		return p + len;
	}
	return NULL;
}

/* "k", "M", " million" behind a number. "m" is a million only behind money: else it may be metres or minutes. */
static const char *
read_factor(const char *p, double *value, bool money)
{
	static const struct {
		const char *word;
		double factor;
		bool money;
	} table[] = {{" million", 1e6, false}, {" billion", 1e9, false}, {" thousand", 1e3, false},
	    {"mn", 1e6, true}, {"bn", 1e9, true}, {"M", 1e6, true}, {"m", 1e6, true},
	    {"k", 1e3, false}, {"K", 1e3, false}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t len = strlen(table[i].word);

		if (strncmp(p, table[i].word, len) != 0 || isalnum((unsigned char)p[len]) ||
		    (table[i].money && !money))
			continue;
		*value *= table[i].factor;
		return p + len;
	}
	return p;
}

static const char *
read_unit(const char *p, const char **unit)
{
	const char *word = p + strspn(p, " "), *after;
	size_t len = 0;

	if (strncmp(word, "\xc2\xa0%", 3) == 0 || strncmp(word, "\xe2\x80\xaf%", 4) == 0)
		word = strchr(word, '%');
	if (*word == '%') {
		*unit = "%";
		return word + 1;
	}
	after = currency_at(word, unit);
	if (after != NULL)
		return after;
	while (isalpha((unsigned char)word[len]))
		len++;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strlen(units[i].word) != len || strncasecmp(units[i].word, word, len) != 0)
			continue;
		*unit = units[i].unit;
		return word + len;
	}
	return p;
}

/* What may not stand behind a number: then it is a part of something else. */
static bool
is_torn(const char *p, const char *digits_end)
{
	if (p == digits_end && (isalpha((unsigned char)*p) || *p == '_'))
		return true;
	if ((*p == '-' || *p == '/' || *p == ':') && isalnum((unsigned char)p[1]))
		return true;
	if (strncmp(p, "–", 3) == 0 && isdigit((unsigned char)p[3]))
		return true;
	return (*p == '.' || *p == ',') && isdigit((unsigned char)p[1]);
}

/* The number at p, which may begin with its currency or sign; answers what is behind it, NULL: none. */
static const char *
number_at(const char *p, struct okr_number *number)
{
	const char *unit = "", *after = currency_at(p, &unit), *end;
	bool negative = false;

	*number = (struct okr_number){.unit = "", .exact = true};
	if (after != NULL)
		p = after + strspn(after, " ");
	if (*p == '-' || strncmp(p, "−", 3) == 0) {
		negative = true;
		p += *p == '-' ? 1 : 3;
	} else if (*p == '+') {
		p++;
	}
	end = read_digits(p, &number->value);
	if (end == NULL)
		return NULL;
	after = read_factor(end, &number->value, *unit != '\0');
	if (after == end && *after == '+' && !isalnum((unsigned char)after[1])) {
		number->exact = false;
		after++;
	}
	if (*unit == '\0')
		after = read_unit(after, &unit);
	if (*after == '+' && !isalnum((unsigned char)after[1])) {
		number->exact = false;
		after++;
		if (*unit == '\0')
			after = read_unit(after, &unit);
	}
	if (is_torn(after, end))
		return NULL;
	if (negative)
		number->value = -number->value;
	number->unit = unit;
	return after;
}

/* ---- comparisons ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *words;
	enum okr_direction direction;
} before_words[] = {{"≥", DIRECTION_UP}, {">=", DIRECTION_UP}, {">", DIRECTION_UP},
    {"at least", DIRECTION_UP}, {"minimum of", DIRECTION_UP}, {"min.", DIRECTION_UP},
    {"more than", DIRECTION_UP}, {"above", DIRECTION_UP}, {"over", DIRECTION_UP},
    {"not less than", DIRECTION_UP}, {"no less than", DIRECTION_UP}, {"≤", DIRECTION_DOWN},
    {"<=", DIRECTION_DOWN}, {"<", DIRECTION_DOWN}, {"at most", DIRECTION_DOWN},
    {"no more than", DIRECTION_DOWN}, {"not more than", DIRECTION_DOWN},
    {"less than", DIRECTION_DOWN}, {"fewer than", DIRECTION_DOWN}, {"maximum of", DIRECTION_DOWN},
    {"max.", DIRECTION_DOWN}, {"under", DIRECTION_DOWN}, {"below", DIRECTION_DOWN}};

static const struct {
	const char *words;
	enum okr_direction direction;
} after_words[] = {{"or more", DIRECTION_UP}, {"or higher", DIRECTION_UP},
    {"or above", DIRECTION_UP}, {"or better", DIRECTION_UNSAID}, {"or less", DIRECTION_DOWN},
    {"or fewer", DIRECTION_DOWN}, {"or lower", DIRECTION_DOWN}, {"or below", DIRECTION_DOWN}};

/* Do words stand right before p (which is in text)? Answers where they begin; NULL. */
static const char *
before(const char *text, const char *p, const char *words)
{
	size_t len = strlen(words);

	while (p > text && p[-1] == ' ')
		p--;
	if ((size_t)(p - text) < len || strncasecmp(p - len, words, len) != 0)
		return NULL;
	p -= len;
	if (isalpha((unsigned char)*words) && p > text && isalpha((unsigned char)p[-1]))
		return NULL;
	return p;
}

static enum okr_direction
comparison(const char *text, const struct token *token)
{
	const char *after = token->end + strspn(token->end, " ");

	/* The longer ones first where one ends in another: "no more than" before "more than". */
	for (size_t i = 0; i < sizeof before_words / sizeof *before_words; i++) {
		const char *start = before(text, token->start, before_words[i].words);

		if (start == NULL)
			continue;
		if (before(text, start, "no") != NULL || before(text, start, "not") != NULL)
			return before_words[i].direction == DIRECTION_UP ? DIRECTION_DOWN
									 : DIRECTION_UP;
		return before_words[i].direction;
	}
	for (size_t i = 0; i < sizeof after_words / sizeof *after_words; i++)
		if (strncasecmp(after, after_words[i].words, strlen(after_words[i].words)) == 0)
			return after_words[i].direction;
	return token->number.exact ? DIRECTION_UNSAID : DIRECTION_UP;
}

/* ---- all numbers of a text -------------------------------------------------------------------------------------- */

/* "by 2026", "in 2026", "Q4 2026", "FY 2026", "March 2026": the number is a year. */
static bool
is_year(const char *text, const struct token *token)
{
	static const char *const words[] = {"by", "in", "of", "during", "until", "since", "before",
	    "after", "fy", "year", "end", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
	    "sep", "oct", "nov", "dec", "january", "february", "march", "april", "june", "july",
	    "august", "september", "october", "november", "december"};
	double value = token->number.value;

	if (value < 1900 || value > 2100 || *token->number.unit != '\0' ||
	    token->end - token->start != 4)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (before(text, token->start, words[i]) != NULL)
			return true;
	return token->start - text >= 3 && token->start[-1] == ' ' &&
	       isdigit((unsigned char)token->start[-2]) && toupper(token->start[-3]) == 'Q';
}

/* May a number begin at p? */
static bool
may_begin(const char *text, const char *p)
{
	const char *unit;

	if (p > text && (isalnum((unsigned char)p[-1]) || p[-1] == '#' || p[-1] == '_' ||
			    p[-1] == '.' || p[-1] == ','))
		return false;
	if (p > text && (p[-1] == '-' || p[-1] == '/') && p - 1 > text &&
	    !isspace((unsigned char)p[-2]))
		return false;
	if (isdigit((unsigned char)*p) || currency_at(p, &unit) != NULL)
		return true;
	return (*p == '-' || *p == '+' || strncmp(p, "−", 3) == 0) &&
	       isdigit((unsigned char)p[*p == '-' || *p == '+' ? 1 : 3]);
}

/* Answers how many; *torn: there is a number that cannot be read, or there are too many. */
static size_t
find_numbers(const char *text, struct token *tokens, bool *torn)
{
	size_t count = 0;
	int depth = 0;

	for (const char *p = text; *p != '\0';) {
		struct token token = {.start = p, .brackets = depth > 0};

		depth += *p == '(' ? 1 : *p == ')' && depth > 0 ? -1 : 0;
		if (!may_begin(text, p)) {
			p++;
			continue;
		}
		token.end = number_at(p, &token.number);
		if (token.end == NULL || count == NUMBERS_MAX) {
			*torn = true;
			p += digits_at(p) > 0 ? digits_at(p) : 1;
			continue;
		}
		p = token.end;
		token.compared = comparison(text, &token);
		if (!is_year(text, &token))
			tokens[count++] = token;
	}
	return count;
}

/* ---- what a key result wants --------------------------------------------------------------------------------------- */

static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strcasestr(p, word)) != NULL; p += len)
		if ((p == text || !isalpha((unsigned char)p[-1])) &&
		    !isalpha((unsigned char)p[len]))
			return true;
	return false;
}

/* Of "Increase …" and "reduces …"; unsaid where both are said, or neither. */
static enum okr_direction
direction_of(const char *text)
{
	static const char *const up[] = {"increase", "increases", "increasing", "grow", "raise",
	    "raises", "boost", "expand", "lift", "maximize", "maximise"};
	static const char *const down[] = {"reduce", "reduces", "reducing", "decrease", "decreases",
	    "lower", "lowers", "cut", "shorten", "shrink", "minimize", "minimise"};
	bool rises = false, falls = false;

	for (size_t i = 0; i < sizeof up / sizeof *up; i++)
		rises = rises || has_word(text, up[i]);
	for (size_t i = 0; i < sizeof down / sizeof *down; i++)
		falls = falls || has_word(text, down[i]);
	if (rises == falls)
		return DIRECTION_UNSAID;
	return rises ? DIRECTION_UP : DIRECTION_DOWN;
}

static bool
same_unit(const struct okr_number *a, const struct okr_number *b)
{
	return *a->unit == '\0' || *b->unit == '\0' || strcmp(a->unit, b->unit) == 0;
}

/* "from 20% to 35%", "20 → 35", "to 5 (from 30)": are a and b, which follows a, such a pair? */
static bool
is_pair(const char *text, const struct token *a, const struct token *b, bool *reverse)
{
	const char *arrow = a->end + strspn(a->end, " ");

	*reverse = false;
	if (strncmp(arrow, "→", 3) == 0 || strncmp(arrow, "->", 2) == 0)
		return arrow + strspn(arrow, "→->  ") == b->start;
	if (before(text, a->start, "from") != NULL && before(text, b->start, "to") != NULL)
		return b->start - a->end < 40;
	*reverse = true;
	return before(text, b->start, "from") != NULL && b->start - a->end < 40;
}

static void
set_baseline(struct okr_target *target, const struct okr_number *number)
{
	if (!number->exact)
		return; /* "from 30+": nobody knows */
	target->has_baseline = true;
	target->baseline = number->value;
}

static void
set_target(struct okr_target *target, const struct okr_number *number)
{
	target->has_target = true;
	target->target = number->value;
	if (*number->unit != '\0')
		target->unit = number->unit;
}

/* The one pair of numbers that are from and to; false: there is none, or no single one. */
static bool
read_pair(const char *text, struct token *tokens, size_t count, struct okr_target *target)
{
	const struct token *from = NULL, *to = NULL;
	size_t pairs = 0;
	bool reverse;

	for (size_t i = 0; i + 1 < count; i++) {
		if (!is_pair(text, &tokens[i], &tokens[i + 1], &reverse))
			continue;
		pairs++;
		from = reverse ? &tokens[i + 1] : &tokens[i];
		to = reverse ? &tokens[i] : &tokens[i + 1];
	}
	if (pairs != 1 || !same_unit(&from->number, &to->number))
		return pairs > 0;
	if (before(text, to->start, "by") != NULL) {
		/* "reduce by 50 % (from 4k per month)": where it shall end is another number */
		set_baseline(target, &from->number);
		target->unit = from->number.unit;
		return true;
	}
	target->unit = from->number.unit;
	set_baseline(target, &from->number);
	set_target(target, &to->number);
	if (to->number.value > from->number.value)
		target->direction = DIRECTION_UP;
	else if (to->number.value < from->number.value)
		target->direction = DIRECTION_DOWN;
	return true;
}

/* Verbs that are followed by how many of something there shall be. */
static bool
counts_things(const char *text, const struct token *token)
{
	static const char *const verbs[] = {"hire", "deliver", "publish", "ship", "collect",
	    "identify", "launch", "add", "create", "sign", "acquire", "gain", "generate", "win",
	    "host", "conduct", "onboard", "release", "recruit", "train", "adopt", "propose",
	    "establish", "implement", "optimize", "research", "produce", "complete", "roll out",
	    "book", "write", "interview", "run", "sell", "attract", "migrate", "highlight",
	    "organize", "build", "develop", "open"};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (before(text, token->start, verbs[i]) == text)
			return true;
	return false;
}

static bool
reaches(const char *text, const struct token *token)
{
	static const char *const verbs[] = {
	    "reach", "achieve", "hit", "target", "attain", "drive", "get"};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (before(text, token->start, verbs[i]) == text)
			return true;
	return false;
}

static const struct token *
only_one(const struct token *tokens, size_t count, bool (*is)(const char *, const struct token *),
    const char *text)
{
	const struct token *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!is(text, &tokens[i]))
			continue;
		if (found != NULL)
			return NULL;
		found = &tokens[i];
	}
	return found;
}

/* "(stage 3+)" is no aim; "(equal to or less than 8)" is. */
static bool
is_compared(const char *text, const struct token *token)
{
	(void)text;
	return token->compared != DIRECTION_UNSAID && !(token->brackets && !token->number.exact);
}

static bool
is_aimed_at(const char *text, const struct token *token)
{
	return before(text, token->start, "to") != NULL;
}

static bool
is_relative(const char *text, const struct token *token)
{
	return before(text, token->start, "by") != NULL;
}

static bool
is_plain(const char *text, const struct token *token)
{
	(void)text;
	return !token->brackets;
}

void
okr_target(struct okr *okr, const char *text, struct okr_target *target)
{
	struct token tokens[NUMBERS_MAX];
	const struct token *one;
	bool torn = false;
	size_t count = find_numbers(text, tokens, &torn);
	size_t i;

	(void)okr;
	*target = (struct okr_target){.unit = "", .direction = direction_of(text)};
	for (i = 0; i < count && !is_relative(text, &tokens[i]); i++)
		continue;
	if (count == 0 || read_pair(text, tokens, count, target) || i < count)
		return;
	for (i = 0; i < count && !is_compared(text, &tokens[i]); i++)
		continue;
	if (i < count) {
		one = only_one(tokens, count, is_compared, text);
		/* "increases to 10, which projects to 250+": which of them? */
		for (i = 0; i < count; i++)
			if (&tokens[i] != one && is_aimed_at(text, &tokens[i]))
				return;
		if (one == NULL || (torn && one->brackets))
			return;
		set_target(target, &one->number);
		target->direction = one->compared;
		return;
	}
	if (torn)
		return;
	one = only_one(tokens, count, is_aimed_at, text);
	if (one != NULL && only_one(tokens, count, is_plain, text) == one) {
		set_target(target, &one->number);
		return;
	}
	one = only_one(tokens, count, is_plain, text);
	/* "1 blog for each partner": of how many? */
	if (one == NULL || has_word(text, "each") || has_word(text, "every"))
		return;
	if (counts_things(text, one))
		target->direction = DIRECTION_UP;
	else if (one->start != text && !reaches(text, one))
		return;
	set_target(target, &one->number);
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

bool
okr_number(
    struct okr *okr, const char *text, struct okr_number *number, enum okr_direction *direction)
{
	struct token tokens[NUMBERS_MAX];
	bool torn = false;
	size_t count = find_numbers(text, tokens, &torn);
	const char *rest;

	(void)okr;
	if (count != 1 || torn)
		return false;
	*direction = tokens[0].compared;
	*number = tokens[0].number;
	rest = tokens[0].end + strspn(tokens[0].end, " ");
	if (tokens[0].start == text && *rest == '\0')
		return true;
	if (*direction == DIRECTION_UNSAID)
		return false;
	/* "≥ 95 %": nothing but the comparison stands beside it */
	for (size_t i = 0; i < sizeof before_words / sizeof *before_words; i++)
		if (before(text, tokens[0].start, before_words[i].words) == text && *rest == '\0')
			return true;
	return tokens[0].start == text;
}

bool
okr_part(struct okr *okr, const char *text, bool percent, double *part)
{
	enum okr_direction direction;
	struct okr_number number;
	const char *slash = strchr(text, '/');
	double a, b;

	if (slash != NULL)
		if (parse_double(okr_cut(okr, text, (size_t)(slash - text)), &a) &&
		    parse_double(okr_cut(okr, slash + 1, strlen(slash + 1)), &b) && b > 0 &&
		    a >= 0) {
			*part = a / b;
			return true;
		}
	if (!okr_number(okr, text, &number, &direction) || direction != DIRECTION_UNSAID ||
	    number.value < 0)
		return false;
	if (strcmp(number.unit, "%") == 0)
		*part = number.value / 100;
	else if (*number.unit != '\0')
		return false;
	else if (number.value <= 1 && !percent)
		*part = number.value;
	/* As a percentage, 1 may be all of it or a hundredth. */
	else if (percent && (number.value > 1 || number.value < 1))
		*part = number.value > 1 ? number.value / 100 : number.value;
	else
		return false;
	return true;
}

bool
okr_attained(struct okr *okr, const char *text, double *part)
{
	static const char *const words[] = {
	    "complete", "completed", "done", "achieved", "attained"};
	const char *percent = strchr(text, '%');
	const char *rest;

	if (percent == NULL || percent == text || text + strspn(text, "0123456789.") != percent)
		return okr_part(okr, text, false, part);
	rest = percent + 1 + strspn(percent + 1, " ");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncasecmp(rest, words[i], strlen(words[i])) == 0 &&
		    !isalpha((unsigned char)rest[strlen(words[i])]))
			return okr_part(
			    okr, okr_cut(okr, text, (size_t)(percent + 1 - text)), false, part);
	if (*rest != '\0' && strchr(".,;(", *rest) == NULL)
		return false;
	return okr_part(okr, okr_cut(okr, text, (size_t)(percent + 1 - text)), false, part);
}
