/* From what the document says to items and records. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/import_okr_internal.h"
#include "client/planfile_kinds.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

/* As docs/PROTOCOL.md, "Limits", has them. */
#define TITLE_MAX 500u
#define TEXT_MAX  65536u
#define LIST_MAX  1000u

/* ---- texts and lists ------------------------------------------------------------------------------------------ */

static const char *
clip(struct okr *okr, const char *text, size_t max, unsigned line)
{
	size_t len = strlen(text);

	if (len <= max)
		return text;
	okr_note(okr, OKR_READ_AS,
	    max == TITLE_MAX ? "titles above 500 bytes: shortened"
			     : "texts above 64 KiB: shortened",
	    line, "");
	len = max - strlen("…");
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return okr_fmt(okr, "%.*s…", (int)len, text);
}

static void
add_string(struct okr *okr, char ***list, size_t *count, const char *text)
{
	char **bigger;

	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i], text) == 0)
			return;
	if (*count == LIST_MAX)
		return;
	bigger = arena_array(okr->arena, *count + 1, sizeof *bigger);
	if (bigger == NULL) {
		okr_oom(okr);
		return;
	}
	if (*count > 0)
		memcpy(bigger, *list, *count * sizeof *bigger);
	bigger[(*count)++] = pb_str(text);
	*list = bigger;
}

static struct planfile_place
place(const struct okr *okr, unsigned line)
{
	return (struct planfile_place){.file = okr->file, .line = line};
}

Plumb__V1__Item *
okr_item(struct okr *okr, Plumb__V1__Kind kind, const char *id, const char *title,
    const char *external, unsigned line)
{
	struct planfile_entry *entry =
	    planfile_add_item(okr->plan, okr->step, kind, id, place(okr, line));

	if (entry == NULL) {
		okr_oom(okr);
		return NULL;
	}
	if (*title == '\0') {
		title = okr_fmt(okr, "without a title (line %u)", line);
		okr_note(
		    okr, OKR_READ_AS, "entries without a title: called by their line", line, "");
	}
	entry->item->title = pb_str(clip(okr, title, TITLE_MAX, line));
	if (*external != '\0')
		add_string(okr, &entry->item->external_ids, &entry->item->n_external_ids, external);
	return entry->item;
}

static void
describe(struct okr *okr, struct okr_node *node)
{
	struct str text;

	str_init(&text, TEXT_MAX * 2);
	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next) {
		bool words = fact->field == FIELD_DESCRIPTION;

		if ((!words && fact->field != FIELD_NONE) || text.len > TEXT_MAX)
			continue;
		str_add(&text, text.len > 0 ? "\n" : "");
		if (!words)
			str_addf(&text, "%s: ", fact->name);
		str_add(&text, fact->text);
	}
	node->item->description =
	    pb_str(clip(okr, okr_cut(okr, text.data, text.len), TEXT_MAX, node->line));
	str_fini(&text);
}

/* What could not be taken as a value stays as words. */
static void
keep(struct okr *okr, struct okr_node *node, const struct okr_fact *fact, const char *what)
{
	if (what != NULL)
		okr_note(okr, OKR_KEPT, what, fact->line,
		    okr_fmt(okr, "%s: %s", fact->name, fact->text));
	okr_say(okr, node, FIELD_NONE,
	    okr_fmt(okr, "%c%s", toupper((unsigned char)*fact->name),
		fact->name + (*fact->name != '\0')),
	    fact->text, fact->line);
}

static struct okr_node *
above(struct okr_node *node, enum okr_type type)
{
	do
		node = node->parent;
	while (node != NULL && node->type != type);
	return node;
}

/* ---- periods ---------------------------------------------------------------------------------------------------- */

static struct okr_period *
period_of(struct okr *okr, const struct okr_node *node)
{
	for (; node != NULL; node = node->parent) {
		struct okr_period *found = NULL;

		for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next) {
			struct okr_period *period =
			    fact->field == FIELD_PERIOD ? okr_period(okr, fact->text, false) : NULL;

			found = period != NULL ? period : found;
		}
		if (found != NULL)
			return found;
	}
	return NULL;
}

static bool
add_period(struct okr *okr, struct okr_period *period)
{
	const struct import_known *known;
	char word[ID_MAX_LEN + 1];
	Plumb__V1__Item *item;

	if (*period->id != '\0')
		return true;
	slug(period->name, word);
	period->id = okr_fmt(okr, "%s", word);
	known = refmap_get(okr->taken, okr_fmt(okr, "period/%s", word));
	if (known == NULL)
		known = refmap_get(
		    okr->known_names, okr_fmt(okr, "period/%s", okr_fold(okr, period->name)));
	if (known != NULL) {
		period->id = okr_fmt(okr, "%s", strchr(known->ref, '/') + 1);
		if (strcmp(known->source, okr->options->source) != 0) {
			okr->report->there++;
			return true;
		}
	}
	item = okr_item(okr, PLUMB__V1__KIND__PERIOD, period->id, period->name, "", 0);
	if (item == NULL)
		return false;
	item->period->first_day = pb_str(period->first_day);
	item->period->last_day = pb_str(period->last_day);
	okr->report->periods++;
	if (*period->first_day == '\0')
		okr_note(okr, OKR_KEPT,
		    "fiscal periods whose days the document does not say: set first_day and "
		    "last_day",
		    0, period->name);
	return true;
}

static bool
add_periods(struct okr *okr)
{
	/* Meet all before any is added: how many there are decides about days that prose states. */
	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next)
		for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next)
			if (fact->field == FIELD_PERIOD &&
			    okr_period(okr, fact->text, false) == NULL)
				keep(okr, node, fact, "periods by other names: kept as text");
	okr_settle_periods(okr);
	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next) {
		struct okr_period *period = period_of(okr, node);

		if (okr->failed || (period != NULL && !add_period(okr, period)))
			return false;
	}
	return true;
}

/* ---- what all have ------------------------------------------------------------------------------------------------ */

static void
set_role(struct okr *okr, struct okr_node *node, const char *role)
{
	struct okr_name *who = okr_meet(okr, role, !okr_is_position(role));

	if (who == NULL)
		return;
	if (!who->team)
		add_string(
		    okr, &node->item->owners, &node->item->n_owners, strchr(who->ref, '/') + 1);
	else if (node->type == OKR_OBJECTIVE && *node->item->objective->team == '\0')
		node->item->objective->team = pb_str(strchr(who->ref, '/') + 1);
}

static void
set_owners(struct okr *okr, struct okr_node *node)
{
	size_t count;

	for (const char *role = node->role; *role != '\0';) {
		size_t len = strcspn(role, ";");

		set_role(okr, node, okr_cut(okr, role, len));
		role += len + (role[len] != '\0');
	}
	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next) {
		struct okr_name **names;

		if (fact->field != FIELD_OWNER)
			continue;
		names = okr_meet_all(okr, fact->text, &count);
		for (size_t i = 0; names != NULL && i < count; i++)
			add_string(okr, &node->item->owners, &node->item->n_owners,
			    names[i]->team ? names[i]->ref : strchr(names[i]->ref, '/') + 1);
	}
}

static void
set_labels(struct okr *okr, struct okr_node *node)
{
	char word[ID_MAX_LEN + 1];

	for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next) {
		if (fact->field == FIELD_PRIORITY) {
			slug(okr_fmt(okr, "priority-%.40s", fact->text), word);
			add_string(okr, &node->item->labels, &node->item->n_labels,
			    okr_fmt(okr, "%s", word));
		}
		if (fact->field != FIELD_LABEL)
			continue;
		for (const char *p = fact->text; *p != '\0';) {
			size_t len = strcspn(p, ",; ");

			slug(okr_cut(okr, p, len), word);
			if (*word != '\0')
				add_string(okr, &node->item->labels, &node->item->n_labels,
				    okr_fmt(okr, "%s", word));
			p += len + (p[len] != '\0');
		}
	}
}

/* The day that a field states; "" none, and what cannot be read is kept. */
static const char *
stated_day(struct okr *okr, struct okr_node *node, enum okr_field field)
{
	const struct okr_fact *fact = okr_said(node, field);
	const char *day = fact != NULL ? okr_day(okr, fact->text) : "";

	if (fact != NULL && *day == '\0')
		keep(okr, node, fact, "days that cannot be read for sure: kept as text");
	return day;
}

/* ---- status --------------------------------------------------------------------------------------------------------- */

enum standing {
	STANDING_OTHER,
	STANDING_OPEN,
	STANDING_ACTIVE,
	STANDING_DONE,
	STANDING_DROPPED,
	STANDING_ON_TRACK,
	STANDING_AT_RISK,
	STANDING_OFF_TRACK
};

static enum standing
standing_of(struct okr *okr, const char *text)
{
	static const struct {
		const char *word;
		enum standing standing;
	} words[] = {{"to do", STANDING_OPEN}, {"todo", STANDING_OPEN}, {"open", STANDING_OPEN},
	    {"new", STANDING_OPEN}, {"draft", STANDING_OPEN}, {"planned", STANDING_OPEN},
	    {"backlog", STANDING_OPEN}, {"not started", STANDING_OPEN},
	    {"selected for development", STANDING_OPEN}, {"in progress", STANDING_ACTIVE},
	    {"active", STANDING_ACTIVE}, {"in review", STANDING_ACTIVE}, {"done", STANDING_DONE},
	    {"closed", STANDING_DONE}, {"complete", STANDING_DONE}, {"completed", STANDING_DONE},
	    {"achieved", STANDING_DONE}, {"finished", STANDING_DONE}, {"resolved", STANDING_DONE},
	    {"cancelled", STANDING_DROPPED}, {"canceled", STANDING_DROPPED},
	    {"dropped", STANDING_DROPPED}, {"abandoned", STANDING_DROPPED},
	    {"won't do", STANDING_DROPPED}, {"rejected", STANDING_DROPPED},
	    {"on track", STANDING_ON_TRACK}, {"green", STANDING_ON_TRACK},
	    {"at risk", STANDING_AT_RISK}, {"amber", STANDING_AT_RISK},
	    {"yellow", STANDING_AT_RISK}, {"off track", STANDING_OFF_TRACK},
	    {"red", STANDING_OFF_TRACK}};
	char *folded = arena_strdup(okr->arena, okr_fold(okr, text));

	if (folded == NULL) {
		okr_oom(okr);
		return STANDING_OTHER;
	}
	/* "on-track", "off_track" */
	for (char *p = folded; *p != '\0'; p++)
		*p = *p == '-' || *p == '_' ? ' ' : *p;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, folded) == 0)
			return words[i].standing;
	return STANDING_OTHER;
}

/* ---- records ---------------------------------------------------------------------------------------------------------- */

/* When something without a day was true: today, but no later than the period that it is of. */
static const char *
undated(struct okr *okr, const struct okr_node *node)
{
	const struct okr_period *period = period_of(okr, node);

	if (period != NULL && *period->last_day != '\0' &&
	    strcmp(period->last_day, okr->options->today) < 0)
		return period->last_day;
	return okr->options->today;
}

/*
 * A record, named by what it says, so that the same is the same in every import. One without a day keeps the day of its
 * first import; one that was withdrawn and is stated again is a new one.
 */
static Plumb__V1__Record *
add_record(struct okr *okr, const struct okr_node *node, Plumb__V1__Kind kind, const char *day,
    const char *says, unsigned line)
{
	const char *word = kind == PLUMB__V1__KIND__MEASUREMENT ? "measurement" : "check-in";
	const char *about = okr_fmt(okr, "%s/%s", okr_kind(node->type), node->id), *id = "";
	const char *at = *day != '\0' ? day : undated(okr, node);
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	struct planfile_entry *entry;

	for (unsigned again = 0; !okr->failed; again++) {
		const char *content = okr_fmt(okr, "%s|%s|%s|%u", node->path, day, says, again);
		const struct import_known *known;

		sha256(content, strlen(content), digest);
		hex_encode(digest, sizeof digest, hex);
		id = okr_fmt(okr, "%.44s-%.14s", node->id, hex);
		known = refmap_get(okr->known_records, okr_fmt(okr, "%s/%s", word, id));
		if (known != NULL && known->retracted)
			continue;
		if (known != NULL && *day == '\0' && *known->at != '\0')
			at = okr_fmt(okr, "%s", known->at);
		break;
	}
	if (okr->failed)
		return NULL;
	if (planfile_find(okr->step, okr_fmt(okr, "%s/%s", word, id)) != NULL)
		return NULL; /* said twice */
	entry = planfile_add_record(okr->plan, okr->step, kind, id, place(okr, line));
	if (entry == NULL) {
		okr_oom(okr);
		return NULL;
	}
	entry->record->about = pb_str(kind == PLUMB__V1__KIND__MEASUREMENT ? node->id : about);
	entry->record->at = pb_str(at);
	return entry->record;
}

static void
add_value(struct okr *okr, struct okr_node *node, const char *day, double value,
    const struct okr_fact *fact)
{
	Plumb__V1__Record *record = add_record(okr, node, PLUMB__V1__KIND__MEASUREMENT, day,
	    okr_fmt(okr, "%d|%.17g", (int)fact->field, value), fact->line);

	if (record == NULL)
		return;
	record->measurement->value = value;
	record->note =
	    pb_str(clip(okr, okr_fmt(okr, "%s: %s", fact->name, fact->text), TEXT_MAX, fact->line));
	okr->report->measurements++;
}

static void
add_check_in(struct okr *okr, struct okr_node *node, const char *day,
    Plumb__V1__CheckIn__Status status, const double *progress, const struct okr_fact *fact)
{
	Plumb__V1__Record *record = add_record(okr, node, PLUMB__V1__KIND__CHECK_IN, day,
	    okr_fmt(okr, "%d|%s", (int)fact->field, fact->text), fact->line);

	if (record == NULL)
		return;
	record->check_in->status = status;
	if (progress != NULL) {
		record->check_in->progress__case = PLUMB__V1__CHECK_IN__PROGRESS__PROGRESS;
		record->check_in->progress = *progress;
	}
	record->note =
	    pb_str(clip(okr, okr_fmt(okr, "%s: %s", fact->name, fact->text), TEXT_MAX, fact->line));
	okr->report->check_ins++;
}

/* "on track" and the like as a check-in; false: it is something else. */
static bool
check_in_status(
    struct okr *okr, struct okr_node *node, const struct okr_fact *fact, enum standing s)
{
	static const Plumb__V1__CheckIn__Status statuses[] = {
	    [STANDING_ON_TRACK] = PLUMB__V1__CHECK_IN__STATUS__ON_TRACK,
	    [STANDING_AT_RISK] = PLUMB__V1__CHECK_IN__STATUS__AT_RISK,
	    [STANDING_OFF_TRACK] = PLUMB__V1__CHECK_IN__STATUS__OFF_TRACK};

	if (s < STANDING_ON_TRACK)
		return false;
	add_check_in(okr, node, stated_day(okr, node, FIELD_AS_OF), statuses[s], NULL, fact);
	return true;
}

/* ---- key results ---------------------------------------------------------------------------------------------------- */

/* How a key result is measured, and what its document says was reached. */
struct result {
	struct okr_node *node;
	struct okr_target target;
	const char *words; /* of the target, where no number could be read */
	const char *as_of;
};

/* A cell of a number: taken, or kept as text. */
static bool
number_cell(struct okr *okr, struct result *r, enum okr_field field, double *value)
{
	const struct okr_fact *fact = okr_said(r->node, field);
	enum okr_direction direction = DIRECTION_UNSAID;
	struct okr_number number;

	if (fact == NULL)
		return false;
	if (!okr_number(okr, fact->text, &number, &direction) ||
	    (*number.unit != '\0' && *r->target.unit != '\0' &&
		strcmp(number.unit, r->target.unit) != 0)) {
		keep(okr, r->node, fact, "numbers that cannot be read for sure: kept as text");
		if (field == FIELD_TARGET)
			r->words = fact->text;
		return false;
	}
	if (*r->target.unit == '\0')
		r->target.unit = number.unit;
	if (direction != DIRECTION_UNSAID)
		r->target.direction = direction;
	*value = number.value;
	return true;
}

static void
read_target(struct okr *okr, struct result *r)
{
	const struct okr_fact *unit = okr_said(r->node, FIELD_UNIT);
	struct okr_number number;
	enum okr_direction direction;
	bool cells;

	okr_target(okr, r->node->title, &r->target);
	cells =
	    okr_said(r->node, FIELD_TARGET) != NULL || okr_said(r->node, FIELD_BASELINE) != NULL;
	if (cells) {
		/* Cells are surer than a sentence. */
		direction = r->target.direction;
		r->target = (struct okr_target){.unit = "", .direction = direction};
	}
	if (unit != NULL) {
		const char *word = okr_fmt(okr, "1 %s", unit->text);

		r->target.unit = okr_number(okr, word, &number, &direction) && *number.unit != '\0'
				     ? number.unit
				     : unit->text;
	}
	if (cells) {
		r->target.has_target = number_cell(okr, r, FIELD_TARGET, &r->target.target);
		r->target.has_baseline = number_cell(okr, r, FIELD_BASELINE, &r->target.baseline);
		if (r->target.has_target && r->target.has_baseline &&
		    r->target.target > r->target.baseline)
			r->target.direction = DIRECTION_UP;
		else if (r->target.has_target && r->target.has_baseline &&
			 r->target.target < r->target.baseline)
			r->target.direction = DIRECTION_DOWN;
	}
	if (!r->target.has_target && *r->words == '\0')
		r->words = r->node->title;
}

/* The value of a cell in the measure's unit; false: kept as text. */
static bool
value_of(struct okr *okr, struct result *r, const struct okr_fact *fact, double *value)
{
	enum okr_direction direction;
	struct okr_number number;
	bool known = r->target.has_target || r->target.has_baseline;

	if (!okr_number(okr, fact->text, &number, &direction) || direction != DIRECTION_UNSAID ||
	    (*number.unit != '\0' && *r->target.unit != '\0' &&
		strcmp(number.unit, r->target.unit) != 0) ||
	    (*number.unit != '\0' && *r->target.unit == '\0' && known) ||
	    /* 0.3 of a percentage may be 30 % or 0.3 % */
	    (*number.unit == '\0' && strcmp(r->target.unit, "%") == 0 && number.value > 0 &&
		number.value < 1)) {
		keep(okr, r->node, fact, "numbers that cannot be read for sure: kept as text");
		return false;
	}
	if (*r->target.unit == '\0' && !known)
		r->target.unit = number.unit;
	*value = number.value;
	return true;
}

static void
read_values(struct okr *okr, struct result *r)
{
	const struct okr_fact *current = okr_said(r->node, FIELD_CURRENT);
	const struct okr_fact *middle = okr_said(r->node, FIELD_MIDDLE);
	const struct okr_period *period = period_of(okr, r->node);
	double value;

	if (current != NULL && value_of(okr, r, current, &value))
		add_value(okr, r->node, r->as_of, value, current);
	if (middle == NULL)
		return;
	if (period == NULL || *okr_middle(okr, period) == '\0')
		keep(okr, r->node, middle,
		    "values of the middle of a period without days: kept as text");
	else if (value_of(okr, r, middle, &value))
		add_value(okr, r->node, okr_middle(okr, period), value, middle);
}

/* A part of 1 that was reached, and where the document says so; NULL: it does not. */
static const struct okr_fact *
read_part(struct okr *okr, struct result *r, double *part)
{
	static const enum okr_field order[] = {FIELD_SCORE, FIELD_PROGRESS, FIELD_RESULT};
	const struct okr_fact *found = NULL;
	double read = 0;

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		const struct okr_fact *fact = okr_said(r->node, order[i]);
		bool ok;

		if (fact == NULL)
			continue;
		if (order[i] == FIELD_RESULT)
			ok = okr_attained(okr, fact->text, &read);
		else
			ok = okr_part(okr, fact->text, order[i] == FIELD_PROGRESS, &read);
		if (ok && found == NULL) {
			found = fact;
			*part = read;
		} else {
			keep(okr, r->node, fact,
			    ok ? NULL
			    : order[i] == FIELD_RESULT
				? "results in words: kept in the descriptions"
				: "numbers that cannot be read for sure: kept as text");
		}
	}
	return found;
}

/* A key result without a number of its own is measured by how much of it was reached. */
static void
measure_by_part(struct okr *okr, struct result *r, double part, const struct okr_fact *fact)
{
	bool percent = strchr(fact->text, '%') != NULL || fact->field == FIELD_PROGRESS;
	double whole = percent ? 100 : 1;

	r->target.has_baseline = r->target.has_target = true;
	r->target.baseline = 0;
	r->target.target = whole;
	r->target.unit = percent ? "%" : "score";
	r->target.direction = DIRECTION_UP;
	add_value(okr, r->node, r->as_of, part * whole, fact);
}

static void
read_attained(struct okr *okr, struct result *r)
{
	double part = 0;
	const struct okr_fact *fact = read_part(okr, r, &part);

	if (fact == NULL)
		return;
	if (!r->target.has_target && !r->target.has_baseline && *r->target.unit == '\0')
		measure_by_part(okr, r, part, fact);
	else if (fact->field == FIELD_RESULT && strcmp(r->target.unit, "%") == 0)
		keep(okr, r->node, fact,
		    "percentages that may be the value or the part that was reached: kept as text");
	else if (part > 1)
		keep(okr, r->node, fact, "more than all was reached: kept as text");
	else
		add_check_in(okr, r->node, r->as_of, PLUMB__V1__CHECK_IN__STATUS__STATUS_UNKNOWN,
		    &part, fact);
}

static void
add_target(struct okr *okr, const struct result *r, struct okr_node *objective)
{
	Plumb__V1__Objective *body = objective->item->objective;
	Plumb__V1__Target *target = arena_zalloc(okr->arena, sizeof *target);
	Plumb__V1__Target **bigger = arena_array(okr->arena, body->n_targets + 1, sizeof *bigger);
	/* Without a number there are always words: at the least those of its title. */
	const char *words =
	    r->target.has_target || *r->words != '\0' ? r->words : r->node->item->title;
	const char *due;

	if (target == NULL || bigger == NULL) {
		okr_oom(okr);
		return;
	}
	if (body->n_targets == LIST_MAX) {
		okr_note(okr, OKR_LEFT_OUT,
		    "key results beyond the 1,000 that an objective can have", r->node->line,
		    r->node->title);
		return;
	}
	plumb__v1__target__init(target);
	target->measure = pb_str(r->node->id);
	if (r->target.has_target) {
		target->target__case = PLUMB__V1__TARGET__TARGET__TARGET;
		target->target = r->target.target;
		okr->report->targets++;
	}
	if (r->target.has_baseline) {
		target->baseline__case = PLUMB__V1__TARGET__BASELINE__BASELINE;
		target->baseline = r->target.baseline;
	}
	due = stated_day(okr, r->node, FIELD_DUE);
	target->due = pb_str(*due != '\0' ? due
					  : okr_day(okr, okr_said(objective, FIELD_DUE) != NULL
							     ? okr_said(objective, FIELD_DUE)->text
							     : ""));
	target->text = pb_str(clip(okr, words, TEXT_MAX, r->node->line));
	if (body->n_targets > 0)
		memcpy(bigger, body->targets, body->n_targets * sizeof *bigger);
	bigger[body->n_targets++] = target;
	body->targets = bigger;
}

static void
fill_key_result(struct okr *okr, struct okr_node *node)
{
	struct result r = {.node = node, .words = "", .as_of = stated_day(okr, node, FIELD_AS_OF)};
	struct okr_node *objective = above(node, OKR_OBJECTIVE);
	const struct okr_fact *status = okr_said(node, FIELD_STATUS);
	Plumb__V1__Measure *measure = node->item->measure;
	enum standing s;

	read_target(okr, &r);
	read_values(okr, &r);
	read_attained(okr, &r);
	if (status != NULL) {
		s = standing_of(okr, status->text);
		if (!check_in_status(okr, node, status, s) && s != STANDING_OPEN &&
		    s != STANDING_ACTIVE)
			keep(okr, node, status,
			    s == STANDING_OTHER ? "other words of status: kept as text" : NULL);
	}
	if (objective != NULL) {
		measure->inline_under = pb_str(objective->id);
		add_target(okr, &r, objective);
	} else {
		okr_note(okr, OKR_LEFT_OUT,
		    "objectives of key results that have none: the measure is there, its target is "
		    "not",
		    node->line, node->title);
	}
	measure->unit = pb_str(clip(okr, r.target.unit, TITLE_MAX, node->line));
	measure->direction = r.target.direction == DIRECTION_UP ? PLUMB__V1__MEASURE__DIRECTION__UP
			     : r.target.direction == DIRECTION_DOWN
				 ? PLUMB__V1__MEASURE__DIRECTION__DOWN
				 : PLUMB__V1__MEASURE__DIRECTION__DIRECTION_UNKNOWN;
	if (!r.target.has_target)
		okr_note(okr, OKR_KEPT,
		    "key results without a number that can be read: target in words", node->line,
		    node->title);
}

/* ---- objectives and work ---------------------------------------------------------------------------------------------- */

static void
link_to_key_result(struct okr *okr, struct okr_node *node)
{
	Plumb__V1__Link *link = arena_zalloc(okr->arena, sizeof *link);
	Plumb__V1__Link **list = arena_array(okr->arena, 1, sizeof(struct Plumb__V1__Link *));

	if (link == NULL || list == NULL) {
		okr_oom(okr);
		return;
	}
	plumb__v1__link__init(link);
	link->type = PLUMB__V1__LINK__TYPE__SUPPORTS;
	link->to = pb_str(okr_fmt(okr, "measure/%s", node->parent->id));
	list[0] = link;
	node->item->links = list;
	node->item->n_links = 1;
}

static void
set_objective_status(struct okr *okr, struct okr_node *node, const struct okr_fact *fact)
{
	enum standing s = standing_of(okr, fact->text);
	Plumb__V1__Objective *body = node->item->objective;

	if (check_in_status(okr, node, fact, s))
		return;
	if (s == STANDING_DONE || s == STANDING_DROPPED) {
		body->status = s == STANDING_DONE ? PLUMB__V1__OBJECTIVE__STATUS__CLOSED
						  : PLUMB__V1__OBJECTIVE__STATUS__DROPPED;
		body->closed = pb_str(stated_day(okr, node, FIELD_CLOSED));
	} else if (s == STANDING_OTHER) {
		keep(okr, node, fact, "other words of status: kept as text");
	}
}

static void
fill_objective(struct okr *okr, struct okr_node *node)
{
	static const enum okr_field results[] = {FIELD_PROGRESS, FIELD_SCORE, FIELD_RESULT,
	    FIELD_CURRENT, FIELD_MIDDLE, FIELD_TARGET, FIELD_BASELINE};
	struct okr_node *parent = above(node, OKR_OBJECTIVE);
	const struct okr_fact *team = okr_said_last(node, FIELD_TEAM);
	const struct okr_fact *fact = okr_said(node, FIELD_WEIGHT);
	struct okr_period *period = period_of(okr, node);
	Plumb__V1__Objective *body = node->item->objective;
	double weight;

	if (parent != NULL)
		body->parent = pb_str(parent->id);
	if (node->parent != NULL && node->parent->type == OKR_KEY_RESULT)
		link_to_key_result(okr, node);
	if (team != NULL && okr_meet(okr, team->text, true) != NULL)
		body->team = pb_str(strchr(okr_meet(okr, team->text, true)->ref, '/') + 1);
	if (period != NULL)
		add_string(okr, &body->periods, &body->n_periods, period->id);
	if (fact != NULL && okr_part(okr, fact->text, false, &weight) && weight <= 1) {
		body->weight__case = PLUMB__V1__OBJECTIVE__WEIGHT__WEIGHT;
		body->weight = weight;
	} else if (fact != NULL) {
		keep(okr, node, fact, "numbers that cannot be read for sure: kept as text");
	}
	if (okr_said(node, FIELD_STATUS) != NULL)
		set_objective_status(okr, node, okr_said(node, FIELD_STATUS));
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		fact = okr_said(node, results[i]);
		if (fact != NULL)
			keep(okr, node, fact,
			    "results of objectives: kept in the descriptions, since their key "
			    "results "
			    "are what is measured");
	}
	fact = okr_said(node, FIELD_DUE);
	if (fact != NULL && *stated_day(okr, node, FIELD_DUE) != '\0' && body->n_targets == 0)
		keep(okr, node, fact, NULL);
}

static void
fill_work(struct okr *okr, struct okr_node *node)
{
	const struct okr_fact *fact = okr_said(node, FIELD_STATUS);
	enum standing s = fact != NULL ? standing_of(okr, fact->text) : STANDING_OTHER;
	struct okr_node *objective = above(node, OKR_OBJECTIVE);
	const char *due = stated_day(okr, node, FIELD_DUE);
	bool handled = fact == NULL || check_in_status(okr, node, fact, s);
	double part;

	if (node->type == OKR_INITIATIVE) {
		Plumb__V1__Initiative *body = node->item->initiative;

		if (objective != NULL)
			body->objective = pb_str(objective->id);
		body->finish = pb_str(due);
		body->status = s == STANDING_ACTIVE ? PLUMB__V1__WORK_STATUS__ACTIVE
			       : s == STANDING_DONE ? PLUMB__V1__WORK_STATUS__DONE
			       : s == STANDING_DROPPED
				   ? PLUMB__V1__WORK_STATUS__STOPPED
				   : PLUMB__V1__WORK_STATUS__WORK_STATUS_UNSPECIFIED;
		handled = handled || s != STANDING_OTHER;
		okr->report->initiatives++;
	} else {
		Plumb__V1__Task *body = node->item->task;
		struct okr_node *whole = node->parent;

		if (whole != NULL)
			body->initiative = pb_str(whole->type == OKR_INITIATIVE
						      ? whole->id
						      : okr_fmt(okr, "task/%s", whole->id));
		body->due = pb_str(due);
		if (s == STANDING_DONE)
			body->done = pb_str(stated_day(okr, node, FIELD_CLOSED));
		handled =
		    handled || (s == STANDING_DONE ? *body->done != '\0'
						   : s == STANDING_OPEN || s == STANDING_ACTIVE);
		okr->report->tasks++;
	}
	if (!handled)
		keep(okr, node, fact, "other words of status: kept as text");
	fact = okr_said(node, FIELD_PROGRESS);
	if (fact != NULL && okr_part(okr, fact->text, true, &part) && part <= 1)
		add_check_in(okr, node, stated_day(okr, node, FIELD_AS_OF),
		    PLUMB__V1__CHECK_IN__STATUS__STATUS_UNKNOWN, &part, fact);
}

/* ---- all ------------------------------------------------------------------------------------------------------------------ */

static bool
add_items(struct okr *okr)
{
	static const Plumb__V1__Kind kinds[] = {[OKR_OBJECTIVE] = PLUMB__V1__KIND__OBJECTIVE,
	    [OKR_KEY_RESULT] = PLUMB__V1__KIND__MEASURE,
	    [OKR_INITIATIVE] = PLUMB__V1__KIND__INITIATIVE,
	    [OKR_TASK] = PLUMB__V1__KIND__TASK};

	for (struct okr_node *node = okr->nodes; node != NULL; node = node->next) {
		node->item = okr_item(okr, kinds[node->type], node->id, node->title,
		    okr_external(okr, node), node->line);
		if (node->item == NULL)
			return false;
		set_owners(okr, node);
		set_labels(okr, node);
		okr->report->objectives += node->type == OKR_OBJECTIVE;
		okr->report->key_results += node->type == OKR_KEY_RESULT;
	}
	return !okr->failed;
}

static void
fill(struct okr *okr, struct okr_node *node)
{
	if (node->type == OKR_OBJECTIVE)
		fill_objective(okr, node);
	else if (node->type == OKR_INITIATIVE || node->type == OKR_TASK)
		fill_work(okr, node);
	describe(okr, node);
}

/* The targets of an objective in the order of their names, whatever the order of the rows. */
static void
sort_targets(Plumb__V1__Objective *body)
{
	for (size_t i = 1; i < body->n_targets; i++)
		for (size_t k = i;
		     k > 0 && strcmp(body->targets[k - 1]->measure, body->targets[k]->measure) > 0;
		     k--) {
			Plumb__V1__Target *swap = body->targets[k];

			body->targets[k] = body->targets[k - 1];
			body->targets[k - 1] = swap;
		}
}

bool
okr_build(struct okr *okr)
{
	if (!okr_add_people(okr) || !add_periods(okr) || !add_items(okr))
		return false;
	for (struct okr_node *node = okr->nodes; node != NULL && !okr->failed; node = node->next)
		if (node->type == OKR_KEY_RESULT)
			fill_key_result(okr, node);
	for (struct okr_node *node = okr->nodes; node != NULL && !okr->failed; node = node->next) {
		fill(okr, node);
		if (node->type == OKR_OBJECTIVE && node->item != NULL)
			sort_targets(node->item->objective);
	}
	for (size_t i = 0; i < okr->step->count && !okr->failed; i++) {
		struct planfile_entry *entry = okr->step->entries[i];

		if (!planfile_normal(planfile_kind(entry->kind),
			entry->item != NULL ? &entry->item->base : &entry->record->base,
			okr->arena))
			okr_oom(okr);
	}
	return !okr->failed;
}
