#include "server/rpc/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/utf8.h"
#include "plumb/v1/item.pb-c.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"

#define TERMS_MAX   64u
#define LABEL_FIELD 6u /* Item.labels */

struct term;

/* Kinds with a status of their own. */
enum family {
	FAMILY_WORK,
	FAMILY_OBJECTIVE,
	FAMILY_ASK,
	FAMILY_CHECK_IN,
	FAMILY_COMMITMENT,
	FAMILY_DECISION,
	FAMILY_REQUEST,
	FAMILY_RISK,
	FAMILY_COUNT
};

/* One of the values of a term that are joined by commas. */
struct value {
	struct value *next;
	const char *text; /* NUL-terminated */
	size_t len;
	size_t column;
	/* by kind of term */
	enum kind kind;
	uint32_t slot; /* of a reference; SLOT_NONE: there is no such entry */
	bool prefix;
	bool yes;
	bool is_ascii;            /* of words */
	int status[FAMILY_COUNT]; /* -1: the family has no such status */
	int64_t number;           /* date or revision */
};

enum comparison {
	COMPARE_NONE,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_MORE,
	COMPARE_MORE_EQUAL
};

struct key {
	const char *name;
	bool compared; /* written with < or > */
	enum role role;
	enum kind bare; /* of references */
	bool (*prepare)(struct value *value, const struct key *key, const char **remedy);
	bool (*matches)(const struct term *term, const struct value *value, const struct view *view,
	    const struct item *item);
};

struct term {
	struct term *next;
	const struct key *key;
	bool negated;
	enum comparison comparison;
	struct value *values;
};

struct filter {
	struct term *terms;
	bool asks_removed;
	bool asks_retracted;
};

/* ---- words --------------------------------------------------------------------------------------------- */

static bool
is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

static bool
contains_ascii(const char *text, size_t len, const struct value *word)
{
	for (size_t i = 0; i + word->len <= len; i++) {
		if (strncasecmp(text + i, word->text, word->len) == 0)
			return true;
	}
	return false;
}

/* Names in other letters are compared folded; that allocates, so only where the word needs it. */
static bool
contains_folded(const char *text, size_t len, const struct value *word)
{
	char *copy = strndup(text, len);
	char *folded = copy != NULL ? utf8_fold(copy) : NULL;
	bool contains = folded != NULL && strstr(folded, word->text) != NULL;

	free(folded);
	free(copy);
	return contains;
}

static bool
contains(const char *text, size_t len, const struct value *word)
{
	return word->is_ascii ? contains_ascii(text, len, word) : contains_folded(text, len, word);
}

static bool
prepare_word(struct value *value, const struct key *key, const char **remedy)
{
	(void)key;
	(void)remedy;
	value->is_ascii = is_ascii(value->text, value->len);
	return true;
}

static bool
match_title(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	(void)view;
	return contains(item_title(item), item->title_len, value);
}

static bool
match_words(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	return match_title(term, value, view, item) || contains(item_id(item), item->id_len, value);
}

/* ---- names --------------------------------------------------------------------------------------------- */

static bool
prepare_kind(struct value *value, const struct key *key, const char **remedy)
{
	(void)key;
	value->kind = kind_parse(value->text, value->len);
	*remedy = "is not a kind; there are goal, objective, measure, initiative, task, person, "
		  "team and others";
	return value->kind != KIND_NONE;
}

static bool
match_kind(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	(void)view;
	return item->kind == value->kind;
}

static bool
prepare_id(struct value *value, const struct key *key, const char **remedy)
{
	(void)key;
	value->prefix = value->text[value->len - 1] == '*';
	value->len -= value->prefix;
	*remedy =
	    "is not an id (1 to 64 of a-z 0-9 . _ -), nor the beginning of one with * behind it";
	for (size_t i = 0; i < value->len; i++) {
		char c = value->text[i];

		if (!islower((unsigned char)c) && !isdigit((unsigned char)c) &&
		    strchr("._-", c) == NULL)
			return false;
	}
	return value->len <= ID_MAX_LEN && (value->prefix || value->len > 0);
}

static bool
match_id(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	(void)view;
	if (value->prefix ? item->id_len < value->len : item->id_len != value->len)
		return false;
	return memcmp(item_id(item), value->text, value->len) == 0;
}

static bool
match_source(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	return item->source != 0 && strcmp(view_text(view, item->source), value->text) == 0;
}

/* Labels are not in the spine: they are read from the bytes. */
static bool
match_label(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	struct pb_in in;
	struct pb_field field;

	(void)term;
	(void)view;
	if (kind_is_record(item->kind) || item->kind == KIND_RANKING || !item_is_live(item))
		return false;
	pb_in_init(&in, item_bytes(item), item->bytes_len);
	while (pb_in_next(&in, &field)) {
		if (field.number == LABEL_FIELD && field.wire_type == 2 &&
		    field.len == value->len && memcmp(field.bytes, value->text, value->len) == 0)
			return true;
	}
	return false;
}

/* ---- references ---------------------------------------------------------------------------------------- */

static bool
prepare_ref(struct value *value, const struct key *key, const char **remedy)
{
	const char *id;
	size_t id_len;

	*remedy = key->bare == KIND_NONE ? "is not a reference; write it like initiative/onboarding"
					 : "is not an id, nor a reference like team/cs";
	return ref_parse(value->text, key->bare, &value->kind, &id, &id_len);
}

static bool
match_ref(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)view;
	if (value->slot == SLOT_NONE)
		return false;
	for (unsigned i = 0; i < item->refs_count; i++) {
		if (item->refs[i].slot == value->slot &&
		    (term->key->role == ROLE_NONE || item->refs[i].role == term->key->role))
			return true;
	}
	return false;
}

/* ---- status -------------------------------------------------------------------------------------------- */

static const ProtobufCEnumDescriptor *const families[FAMILY_COUNT] = {
    [FAMILY_WORK] = &plumb__v1__work_status__descriptor,
    [FAMILY_OBJECTIVE] = &plumb__v1__objective__status__descriptor,
    [FAMILY_ASK] = &plumb__v1__ask__state__descriptor,
    [FAMILY_CHECK_IN] = &plumb__v1__check_in__status__descriptor,
    [FAMILY_COMMITMENT] = &plumb__v1__commitment__state__descriptor,
    [FAMILY_DECISION] = &plumb__v1__decision__status__descriptor,
    [FAMILY_REQUEST] = &plumb__v1__request__state__descriptor,
    [FAMILY_RISK] = &plumb__v1__risk__state__descriptor,
};

static bool
prepare_status(struct value *value, const struct key *key, const char **remedy)
{
	bool known = false;

	(void)key;
	for (int i = 0; i < FAMILY_COUNT; i++) {
		if (pb_enum_parse(families[i], value->text, &value->status[i]))
			known = true;
		else
			value->status[i] = -1;
	}
	*remedy = "is no status of work (active), objectives (open), asks (committed), check-ins "
		  "(at_risk), commitments (kept), decisions (accepted), requests (given) or risks "
		  "(happened)";
	return known;
}

static bool
is_status(const struct value *value, enum family family, const struct item *item)
{
	return value->status[family] >= 0 && value->status[family] == item->status;
}

static bool
match_status(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	(void)view;
	switch (item->kind) {
	case KIND_INITIATIVE:
	case KIND_WORKSTREAM:
		/* Work without a status is read as proposed. */
		return is_status(value, FAMILY_WORK, item) ||
		       (item->status == 0 &&
			   value->status[FAMILY_WORK] == PLUMB__V1__WORK_STATUS__PROPOSED);
	case KIND_OBJECTIVE:
		return is_status(value, FAMILY_OBJECTIVE, item);
	case KIND_ASK:
		return is_status(value, FAMILY_ASK, item);
	case KIND_CHECK_IN:
		return is_status(value, FAMILY_CHECK_IN, item);
	case KIND_COMMITMENT:
		return is_status(value, FAMILY_COMMITMENT, item);
	case KIND_DECISION:
		return is_status(value, FAMILY_DECISION, item);
	case KIND_REQUEST:
		return is_status(value, FAMILY_REQUEST, item);
	case KIND_RISK:
		return is_status(value, FAMILY_RISK, item);
	case KIND_MILESTONE:
	case KIND_TASK:
		/* They have a day on which they were done, and are open until then. */
		if (item->done != DATE_NONE)
			return value->status[FAMILY_WORK] == PLUMB__V1__WORK_STATUS__DONE;
		return value->status[FAMILY_OBJECTIVE] == PLUMB__V1__OBJECTIVE__STATUS__OPEN;
	default:
		return false;
	}
}

/* ---- level of people ------------------------------------------------------------------------------------ */

static bool
prepare_level(struct value *value, const struct key *key, const char **remedy)
{
	(void)key;
	*remedy = "is no level of people: executive, director, manager or individual";
	return pb_enum_parse(
		   &plumb__v1__person__level__descriptor, value->text, &value->status[0]) &&
	       value->status[0] != PLUMB__V1__PERSON__LEVEL__LEVEL_UNKNOWN;
}

static bool
match_level(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	(void)view;
	return item->kind == KIND_PERSON && item->extra == value->status[0];
}

/* ---- yes or no ----------------------------------------------------------------------------------------- */

static bool
prepare_yes(struct value *value, const struct key *key, const char **remedy)
{
	(void)key;
	*remedy = "is neither yes nor no";
	value->yes = strcmp(value->text, "yes") == 0;
	return value->yes || strcmp(value->text, "no") == 0;
}

static bool
match_removed(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	(void)view;
	return ((item->flags & ITEM_REMOVED) != 0) == value->yes;
}

static bool
match_retracted(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)term;
	(void)view;
	return ((item->flags & ITEM_RETRACTED) != 0) == value->yes;
}

/* ---- dates and revisions -------------------------------------------------------------------------------- */

static bool
prepare_date(struct value *value, const struct key *key, const char **remedy)
{
	int32_t date;

	(void)key;
	*remedy = "is not a date; write it like 2026-03-31";
	if (!date_parse(value->text, &date))
		return false;
	value->number = date;
	return true;
}

static bool
prepare_revision(struct value *value, const struct key *key, const char **remedy)
{
	(void)key;
	*remedy = "is not a revision";
	return parse_i64(value->text, 0, INT64_MAX, &value->number);
}

static bool
compare(const struct term *term, int64_t a, int64_t b)
{
	switch (term->comparison) {
	case COMPARE_LESS:
		return a < b;
	case COMPARE_LESS_EQUAL:
		return a <= b;
	case COMPARE_MORE:
		return a > b;
	case COMPARE_MORE_EQUAL:
		return a >= b;
	default:
		return a == b;
	}
}

static bool
match_finish(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)view;
	return item->finish != DATE_NONE && compare(term, item->finish, value->number);
}

/* Objectives are due when one of their targets is. */
static bool
match_due(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	for (unsigned i = 0; i < item->targets_count; i++) {
		int32_t due = item_targets(item)[i].due;

		if (due != DATE_NONE && compare(term, due, value->number))
			return true;
	}
	return match_finish(term, value, view, item);
}

static bool
match_start(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)view;
	return item->start != DATE_NONE && compare(term, item->start, value->number);
}

static bool
match_changed(const struct term *term, const struct value *value, const struct view *view,
    const struct item *item)
{
	(void)view;
	return compare(term, (int64_t)item->revision, value->number);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static bool
prepare_text(struct value *value, const struct key *key, const char **remedy)
{
	(void)value;
	(void)key;
	(void)remedy;
	return true;
}

static const struct key keys[] = {
    {"kind", false, ROLE_NONE, KIND_NONE, prepare_kind, match_kind},
    {"owner", false, ROLE_OWNER, KIND_PERSON, prepare_ref, match_ref},
    {"team", false, ROLE_NONE, KIND_TEAM, prepare_ref, match_ref},
    {"label", false, ROLE_NONE, KIND_NONE, prepare_text, match_label},
    {"status", false, ROLE_NONE, KIND_NONE, prepare_status, match_status},
    {"level", false, ROLE_NONE, KIND_NONE, prepare_level, match_level},
    {"period", false, ROLE_NONE, KIND_PERIOD, prepare_ref, match_ref},
    {"goal", false, ROLE_NONE, KIND_GOAL, prepare_ref, match_ref},
    {"objective", false, ROLE_NONE, KIND_OBJECTIVE, prepare_ref, match_ref},
    {"initiative", false, ROLE_NONE, KIND_INITIATIVE, prepare_ref, match_ref},
    {"about", false, ROLE_ABOUT, KIND_NONE, prepare_ref, match_ref},
    {"title", false, ROLE_NONE, KIND_NONE, prepare_word, match_title},
    {"id", false, ROLE_NONE, KIND_NONE, prepare_id, match_id},
    {"source", false, ROLE_NONE, KIND_NONE, prepare_text, match_source},
    {"removed", false, ROLE_NONE, KIND_NONE, prepare_yes, match_removed},
    {"retracted", false, ROLE_NONE, KIND_NONE, prepare_yes, match_retracted},
    {"due", true, ROLE_NONE, KIND_NONE, prepare_date, match_due},
    {"finish", true, ROLE_NONE, KIND_NONE, prepare_date, match_finish},
    {"start", true, ROLE_NONE, KIND_NONE, prepare_date, match_start},
    {"changed", true, ROLE_NONE, KIND_NONE, prepare_revision, match_changed},
};
static const struct key words_key = {
    "words", false, ROLE_NONE, KIND_NONE, prepare_word, match_words};

/* ---- parsing ------------------------------------------------------------------------------------------- */

struct parser {
	const char *text;
	const char *p;
	const struct view *view;
	struct arena *arena;
	struct faults *faults;
	bool oom;
};

static size_t
column(const struct parser *parser, const char *p)
{
	return (size_t)(p - parser->text) + 1;
}

static const struct key *
key_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, name, len) == 0)
			return &keys[i];
	}
	return NULL;
}

/* A value up to a space or (where commas part) a comma, or all between two quotation marks. */
static bool
read_value(struct parser *parser, bool commas, const char **text, size_t *len)
{
	const char *p = parser->p;

	if (*p != '"') {
		*text = p;
		*len = strcspn(p, commas ? " ," : " ");
		parser->p = p + *len;
		return true;
	}
	*text = p + 1;
	*len = strcspn(p + 1, "\"");
	parser->p = p + 1 + *len;
	if (*parser->p != '"')
		return faults_add(parser->faults, "filter",
		    "column %zu: the quotation mark is not closed", column(parser, p));
	parser->p++;
	return true;
}

/* Words that are not ASCII are compared folded. */
static bool
fold_words(struct parser *parser, struct value *value)
{
	char *folded;

	if (value->is_ascii)
		return true;
	folded = utf8_fold(value->text);
	value->text = folded != NULL ? arena_strdup(parser->arena, folded) : NULL;
	free(folded);
	parser->oom |= value->text == NULL;
	return value->text != NULL;
}

static void
resolve(struct parser *parser, struct value *value, const struct key *key)
{
	const struct item *item = NULL;
	const char *id;
	enum kind kind;
	size_t id_len;

	if (key->prepare == prepare_ref && ref_parse(value->text, key->bare, &kind, &id, &id_len))
		item = view_find(parser->view, kind, id, id_len);
	value->slot = item != NULL ? item->slot : SLOT_NONE;
}

static bool
add_value(struct parser *parser, struct term *term, const char *text, size_t len, const char *at)
{
	struct value *value = arena_zalloc(parser->arena, sizeof *value);
	const char *remedy = "";

	if (value == NULL || (value->text = arena_strndup(parser->arena, text, len)) == NULL) {
		parser->oom = true;
		return false;
	}
	value->len = len;
	value->column = column(parser, at);
	value->next = term->values;
	term->values = value;
	if (len == 0)
		return faults_add(parser->faults, "filter",
		    "column %zu: a value is missing behind '%s'", value->column, term->key->name);
	if (!term->key->prepare(value, term->key, &remedy))
		return faults_add(parser->faults, "filter", "column %zu: '%.60s' %s", value->column,
		    value->text, remedy);
	resolve(parser, value, term->key);
	return term->key->prepare != prepare_word || fold_words(parser, value);
}

static bool
read_values(struct parser *parser, struct term *term)
{
	bool ok = true;

	for (;;) {
		const char *at = parser->p;
		const char *text;
		size_t len;

		if (!read_value(parser, term->key != &words_key, &text, &len))
			return false;
		ok &= add_value(parser, term, text, len, at);
		if (*parser->p != ',' || term->key == &words_key)
			break;
		parser->p++;
	}
	if (*parser->p != ' ' && *parser->p != '\0') {
		ok = faults_add(parser->faults, "filter",
		    "column %zu: a space is missing between two terms", column(parser, parser->p));
		parser->p += strcspn(parser->p, " ");
	}
	return ok;
}

static enum comparison
read_comparison(struct parser *parser)
{
	bool less = *parser->p == '<';

	parser->p++;
	if (*parser->p != '=')
		return less ? COMPARE_LESS : COMPARE_MORE;
	parser->p++;
	return less ? COMPARE_LESS_EQUAL : COMPARE_MORE_EQUAL;
}

/* What stands before the value: "kind:", "due<"; nothing for free words. False: not understood. */
static bool
read_key(struct parser *parser, struct term *term)
{
	const char *start = parser->p;
	size_t len = strspn(start, "abcdefghijklmnopqrstuvwxyz");
	char mark = start[len];

	term->key = &words_key;
	if (len == 0 || (mark != ':' && mark != '<' && mark != '>'))
		return true;
	term->key = key_find(start, len);
	if (term->key == NULL)
		return faults_add(parser->faults, "filter",
		    "column %zu: '%.*s' is not a field to filter by; put words in quotation marks "
		    "to search for them",
		    column(parser, start), (int)(len < 40 ? len : 40), start);
	if (term->key->compared != (mark != ':'))
		return faults_add(parser->faults, "filter", "column %zu: write '%s' with %s",
		    column(parser, start), term->key->name,
		    term->key->compared ? "< or >" : "a colon");
	parser->p = start + len;
	if (mark == ':')
		parser->p++;
	else
		term->comparison = read_comparison(parser);
	return true;
}

static void
read_term(struct parser *parser, struct filter *filter)
{
	struct term *term = arena_zalloc(parser->arena, sizeof *term);

	if (term == NULL) {
		parser->oom = true;
		return;
	}
	if (*parser->p == '-') {
		term->negated = true;
		parser->p++;
	}
	if (!read_key(parser, term)) {
		parser->p += strcspn(parser->p, " ");
		return;
	}
	if (!read_values(parser, term))
		return;
	term->next = filter->terms;
	filter->terms = term;
	filter->asks_removed |= term->key->matches == match_removed;
	filter->asks_retracted |= term->key->matches == match_retracted;
}

struct filter *
filter_parse(const char *text, const struct view *view, struct arena *arena, struct faults *faults,
    struct err *err)
{
	struct parser parser = {
	    .text = text, .p = text, .view = view, .arena = arena, .faults = faults};
	struct filter *filter = arena_zalloc(arena, sizeof *filter);
	size_t terms = 0;

	if (filter == NULL) {
		err_oom(err);
		return NULL;
	}
	if (strlen(text) > LIMIT_FILTER) {
		faults_add(
		    faults, "filter", "has %zu bytes, more than %u", strlen(text), LIMIT_FILTER);
		return faults_none(faults, err) ? filter : NULL;
	}
	for (;;) {
		parser.p += strspn(parser.p, " ");
		if (*parser.p == '\0' || parser.oom)
			break;
		if (++terms > TERMS_MAX) {
			faults_add(faults, "filter", "column %zu: more than %u terms",
			    column(&parser, parser.p), TERMS_MAX);
			break;
		}
		read_term(&parser, filter);
	}
	if (parser.oom) {
		err_oom(err);
		return NULL;
	}
	return faults_none(faults, err) ? filter : NULL;
}

/* ---- matching ------------------------------------------------------------------------------------------ */

static bool
term_holds(const struct term *term, const struct view *view, const struct item *item)
{
	for (const struct value *value = term->values; value != NULL; value = value->next) {
		if (term->key->matches(term, value, view, item))
			return !term->negated;
	}
	return term->negated;
}

bool
filter_matches(const struct filter *filter, const struct view *view, const struct item *item)
{
	if ((item->flags & ITEM_ABSENT) != 0)
		return false;
	if ((item->flags & ITEM_REMOVED) != 0 && !filter->asks_removed)
		return false;
	if ((item->flags & ITEM_RETRACTED) != 0 && !filter->asks_retracted)
		return false;
	for (const struct term *term = filter->terms; term != NULL; term = term->next) {
		if (!term_holds(term, view, item))
			return false;
	}
	return true;
}
