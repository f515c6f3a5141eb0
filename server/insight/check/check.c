#include "server/insight/check/check.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "server/insight/check/booked.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

#define POLL_EVERY   4096u
#define AHEAD        8u /* items whose memory is asked for before it is read */
#define TEXTS_MEMORY ((size_t)64 << 20)
/* Of the progress; the rules share the rest. */
#define INDEX_PART 0.4

/* A waiver, its key read into numbers. */
struct waived_key {
	unsigned rule;
	unsigned subjects_count;
	uint32_t subjects[FINDING_SUBJECTS];
	const char *qualifier; /* behind "@", or "" */
	uint32_t waiver;
	bool expired;
	bool came_back; /* what it was for is found again */
};

struct check {
	const struct check
	    *of; /* check_select(): borrows all but about and findings of it; else NULL */
	const struct view *view;
	struct check_query query;
	struct index ix;
	struct load *load;        /* NULL until a rule asks for it */
	struct journeys journeys; /* the same: its index is NULL */
	struct plan_forecast forecast;
	bool has_forecast;      /* it was tried */
	bool forecast_is_whole; /* and came out */
	struct booked booked;   /* the same as journeys: its forecast is NULL */
	struct rule_state states[RULES_MAX];
	struct arena *arena; /* waivers, texts of evidence */
	struct control_waiver *waivers;
	struct waived_key *keys; /* sorted by rule and first subject */
	size_t keys_count;
	uint8_t *about; /* by slot; NULL: everything is wanted */
	struct finding *findings;
	size_t findings_count;
	size_t findings_cap;
	size_t unknown_count; /* of those kept */
	uint32_t *subjects;
	size_t subjects_count;
	size_t subjects_cap;
	struct evidence *evidence;
	size_t evidence_count;
	size_t evidence_cap;
	struct check_counts counts;
	bool cut; /* not all that is wanted was kept */
	bool oom;
};

/* ---- drafts */

void
draft_init(struct draft *d, uint32_t subject, uint32_t second)
{
	memset(d, 0, sizeof *d);
	d->from = DATE_NONE;
	if (subject != SLOT_NONE)
		d->subjects[d->subjects_count++] = subject;
	if (second != SLOT_NONE)
		d->subjects[d->subjects_count++] = second;
}

static struct evidence *
next_evidence(struct draft *d, uint32_t slot, const char *what, enum value_type type)
{
	struct evidence *e = &d->evidence[d->evidence_count];

	if (d->evidence_count < FINDING_EVIDENCE)
		d->evidence_count++;
	e->slot = slot;
	e->what = what;
	e->type = (uint8_t)type;
	return e;
}

/* Two references may lead to the same fact. */
static bool
has_text(const struct draft *d, uint32_t slot, const char *what, const char *text)
{
	for (unsigned i = 0; i < d->evidence_count; i++) {
		const struct evidence *e = &d->evidence[i];

		if (e->type == VALUE_TEXT && e->slot == slot && strcmp(e->what, what) == 0 &&
		    strcmp(e->value.text, text) == 0)
			return true;
	}
	return false;
}

void
draft_text(struct draft *d, uint32_t slot, const char *what, const char *text)
{
	if (has_text(d, slot, what, text))
		return;
	next_evidence(d, slot, what, VALUE_TEXT)->value.text = text;
}

void
draft_number(struct draft *d, uint32_t slot, const char *what, double number)
{
	next_evidence(d, slot, what, VALUE_NUMBER)->value.number = number;
}

void
draft_count(struct draft *d, uint32_t slot, const char *what, int64_t count)
{
	next_evidence(d, slot, what, VALUE_COUNT)->value.count = count;
}

void
draft_date(struct draft *d, uint32_t slot, const char *what, int32_t date)
{
	next_evidence(d, slot, what, VALUE_DATE)->value.date = date;
}

void
draft_slot(struct draft *d, uint32_t slot, const char *what, uint32_t value)
{
	next_evidence(d, slot, what, VALUE_SLOT)->value.slot = value;
}

void
draft_missing(struct draft *d, uint32_t slot, const char *text)
{
	d->unknown = true;
	draft_text(d, slot, "missing", text);
}

/* ---- waivers */

static const struct item *
find_ref(const struct view *view, const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	enum kind kind;

	if (slash == NULL)
		return NULL;
	kind = kind_parse(text, (size_t)(slash - text));
	if (kind == KIND_NONE)
		return NULL;
	return view_find(view, kind, slash + 1, len - (size_t)(slash + 1 - text));
}

/* A key whose rule or subjects are not (or no longer) known never matches. */
static bool
read_key(const struct view *view, const char *text, struct waived_key *key)
{
	size_t rule_len = strcspn(text, ":");
	int rule = rule_find(text, rule_len);

	memset(key, 0, sizeof *key);
	key->qualifier = "";
	if (rule < 0 || text[rule_len] != ':')
		return false;
	key->rule = (unsigned)rule;
	text += rule_len + 1;
	if (strcmp(text, "plan") == 0)
		return true;
	for (;;) {
		size_t len = strcspn(text, ",@");
		const struct item *item = find_ref(view, text, len);

		if (item == NULL || key->subjects_count == FINDING_SUBJECTS)
			return false;
		key->subjects[key->subjects_count++] = item->slot;
		text += len;
		if (*text == '@')
			key->qualifier = text + 1;
		if (*text != ',')
			return true;
		text++;
	}
}

static uint32_t
first_subject(const struct waived_key *key)
{
	return key->subjects_count > 0 ? key->subjects[0] : SLOT_NONE;
}

static int
compare_keys(const void *pa, const void *pb)
{
	const struct waived_key *a = pa;
	const struct waived_key *b = pb;

	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	if (first_subject(a) != first_subject(b))
		return first_subject(a) < first_subject(b) ? -1 : 1;
	return a->waiver < b->waiver ? -1 : a->waiver > b->waiver;
}

static bool
read_waivers(struct check *check, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = index_kind(&check->ix, KIND_WAIVER, &count);

	if (count == 0)
		return true;
	check->arena = arena_new(TEXTS_MEMORY);
	check->waivers = calloc(count, sizeof check->waivers[0]);
	check->keys = calloc(count, sizeof check->keys[0]);
	if (check->arena == NULL || check->waivers == NULL || check->keys == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		struct waived_key *key = &check->keys[check->keys_count];
		struct control_waiver *waiver = &check->waivers[i];

		if (!control_waiver(check->ix.items[slots[i]], check->arena, waiver))
			return err_oom(err);
		if (!read_key(check->view, waiver->finding, key))
			continue;
		key->waiver = i;
		key->expired = waiver->until < check->query.today;
		check->keys_count++;
	}
	qsort(check->keys, check->keys_count, sizeof check->keys[0], compare_keys);
	return true;
}

static bool
key_is_of(const struct waived_key *key, const struct draft *d)
{
	return key->subjects_count == d->subjects_count &&
	       memcmp(key->subjects, d->subjects, d->subjects_count * sizeof d->subjects[0]) == 0 &&
	       strcmp(key->qualifier, d->qualifier != NULL ? d->qualifier : "") == 0;
}

/* The waiver of the finding that counts today; UINT32_MAX none: those that are over are counted as come back. */
static uint32_t
find_waiver(struct check *check, unsigned rule, const struct draft *d)
{
	struct waived_key wanted = {.rule = rule, .subjects_count = d->subjects_count > 0};
	size_t low = 0;
	size_t high = check->keys_count;

	wanted.subjects[0] = d->subjects[0];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_keys(&check->keys[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low; high < check->keys_count; high++) {
		const struct waived_key *key = &check->keys[high];

		if (key->rule != rule || first_subject(key) != first_subject(&wanted))
			break;
		if (!key->expired && key_is_of(key, d))
			return key->waiver;
	}
	for (; low < high; low++) {
		struct waived_key *key = &check->keys[low];

		if (key->came_back || !key_is_of(key, d))
			continue;
		key->came_back = true;
		check->counts.expired_waivers++;
	}
	return UINT32_MAX;
}

/* ---- taking findings */

static bool
grow(void **p, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap > 0 ? *cap : 256;
	void *bigger;

	if (need <= *cap)
		return true;
	while (want < need)
		want *= 2;
	bigger = realloc(*p, want * size);
	if (bigger == NULL)
		return false;
	*p = bigger;
	*cap = want;
	return true;
}

static bool
make_room(struct check *check)
{
	void *findings = check->findings;
	void *subjects = check->subjects;
	void *evidence = check->evidence;
	bool ok = grow(&findings, &check->findings_cap, check->findings_count + 1,
		      sizeof check->findings[0]) &&
		  grow(&subjects, &check->subjects_cap, check->subjects_count + FINDING_SUBJECTS,
		      sizeof(uint32_t)) &&
		  grow(&evidence, &check->evidence_cap, check->evidence_count + FINDING_EVIDENCE,
		      sizeof check->evidence[0]);

	check->findings = findings;
	check->subjects = subjects;
	check->evidence = evidence;
	return ok;
}

static bool
is_about(const struct check *check, const uint32_t *subjects, unsigned count)
{
	if (check->about == NULL)
		return true;
	for (unsigned i = 0; i < count; i++) {
		if (check->about[subjects[i]])
			return true;
	}
	return false;
}

/* The newest change of a subject, or the day on which time made it so, whichever is later. */
static int32_t
since(const struct check *check, const struct draft *d)
{
	int32_t day = d->from;

	for (unsigned i = 0; i < d->subjects_count; i++) {
		const struct item *item = check->ix.items[d->subjects[i]];
		int32_t changed;

		if (item == NULL || (item->flags & ITEM_ABSENT) != 0)
			continue;
		changed = zone_date(check->query.zone, item->updated_us);
		if (changed > day)
			day = changed;
	}
	return day;
}

static uint32_t
rank_of(const struct index *ix, const struct draft *d)
{
	for (unsigned i = 0; i < d->subjects_count; i++) {
		uint32_t slot = d->subjects[i];

		for (unsigned depth = 0; slot != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
			if (ix->rank[slot] != RANK_NONE)
				return ix->rank[slot];
			slot = ix->part_of[slot];
		}
	}
	return RANK_NONE;
}

static void
count_finding(struct check *check, unsigned rule, enum severity severity, bool unknown, bool waived)
{
	struct rule_count *count = &check->counts.rules[rule];

	if (waived) {
		count->waived++;
		check->counts.waived++;
	} else if (unknown) {
		count->unknown++;
		check->counts.unknown++;
	} else {
		count->findings++;
		check->counts.by_severity[severity]++;
	}
}

static bool
is_wanted(const struct check *check, enum severity severity, bool waived)
{
	return severity >= check->query.at_least && (!waived || check->query.waived);
}

/* Unknown ones may fill half of what is kept at most, so that they never crowd out what is known. */
static bool
has_room(const struct check *check, const struct draft *d)
{
	size_t most = check->query.most > 0 ? check->query.most : LIMIT_FINDINGS;

	return check->findings_count < most && (!d->unknown || check->unknown_count < most / 2);
}

static void
keep(struct check *check, unsigned rule, enum severity severity, const struct draft *d,
    uint32_t waiver)
{
	struct finding *f;

	if (!make_room(check)) {
		check->oom = true;
		return;
	}
	f = &check->findings[check->findings_count++];
	*f = (struct finding){
	    .rule = (uint16_t)rule,
	    .severity = (uint8_t)severity,
	    .flags = (uint8_t)((d->unknown ? FINDING_UNKNOWN : 0) |
			       (waiver != UINT32_MAX ? FINDING_WAIVED : 0)),
	    .subjects_count = (uint8_t)d->subjects_count,
	    .evidence_count = (uint8_t)d->evidence_count,
	    .subjects_first = (uint32_t)check->subjects_count,
	    .evidence_first = (uint32_t)check->evidence_count,
	    .more = d->more,
	    .rank = rank_of(&check->ix, d),
	    .waiver = waiver,
	    .since = since(check, d),
	    .qualifier = d->qualifier,
	};
	memcpy(&check->subjects[check->subjects_count], d->subjects,
	    d->subjects_count * sizeof d->subjects[0]);
	memcpy(&check->evidence[check->evidence_count], d->evidence,
	    d->evidence_count * sizeof d->evidence[0]);
	check->subjects_count += d->subjects_count;
	check->evidence_count += d->evidence_count;
	check->unknown_count += d->unknown;
}

void
pass_emit(struct pass *pass, const struct draft *d)
{
	struct check *check = pass->check;
	enum severity severity = d->unknown ? SEVERITY_NOTE : check->states[pass->number].severity;
	uint32_t waiver;

	if (!is_about(check, d->subjects, d->subjects_count))
		return;
	waiver = check->keys_count > 0 ? find_waiver(check, pass->number, d) : UINT32_MAX;
	count_finding(check, pass->number, severity, d->unknown, waiver != UINT32_MAX);
	if (is_wanted(check, severity, waiver != UINT32_MAX)) {
		if (has_room(check, d))
			keep(check, pass->number, severity, d, waiver);
		else
			check->cut = true;
	}
	if (check->oom)
		pass->stop = true;
}

static bool
is_cancelled(void *arg)
{
	const struct check *check = arg;

	return check->query.cancelled != NULL && check->query.cancelled(check->query.arg);
}

void
pass_out_of_memory(struct pass *pass)
{
	pass->check->oom = true;
	pass->stop = true;
}

const char *
pass_keep(struct pass *pass, const char *text)
{
	struct check *check = pass->check;
	const char *kept = NULL;

	if (check->arena == NULL)
		check->arena = arena_new(TEXTS_MEMORY);
	if (check->arena != NULL)
		kept = arena_strdup(check->arena, text);
	if (kept == NULL)
		pass_out_of_memory(pass);
	return kept != NULL ? kept : "";
}

const struct load *
pass_load(struct pass *pass)
{
	struct check *check = pass->check;
	struct err err = {0};

	if (check->load == NULL) {
		check->load = load_run_asks(&check->ix, is_cancelled, check, &err);
		pass->stop |= check->load == NULL;
		check->oom |= check->load == NULL && err.code != ERR_CANCELLED;
	}
	return check->load;
}

struct journeys *
pass_journeys(struct pass *pass)
{
	struct check *check = pass->check;
	struct err err = {0};

	if (check->journeys.ix == NULL &&
	    !journeys_init(&check->journeys, &check->ix, is_cancelled, check, &err)) {
		pass->stop = true;
		check->oom |= err.code != ERR_CANCELLED;
		return NULL;
	}
	return &check->journeys;
}

static bool
forecast_stops(void *arg, double done)
{
	(void)done;
	return is_cancelled(arg);
}

static bool
run_forecast(struct check *check, struct err *err)
{
	struct plan_forecast_options options = {
	    .seed = PLAN_CASE_SEED,
	    .overall = FORECAST_OVERALL,
	    .team = FORECAST_TEAM,
	    .shape = FORECAST_PERT,
	    .wanted = {[MODE_FIXED] = true},
	    .tries = 1,
	    .no_drivers = true,
	    .threads = 1,
	    .stop = forecast_stops,
	    .arg = check,
	};

	if (!plan_forecast_lend(&check->forecast, &check->ix, check->load, err))
		return false;
	options.draws = PASS_WORK / (check->forecast.pieces_count + 1);
	options.draws = options.draws < PASS_DRAWS ? options.draws : PASS_DRAWS;
	options.draws = options.draws > PASS_DRAWS_LEAST ? options.draws : PASS_DRAWS_LEAST;
	return plan_forecast_run(&check->forecast, &options, NULL, 0, err);
}

const struct plan_forecast *
pass_forecast(struct pass *pass)
{
	struct check *check = pass->check;
	struct err err = {0};

	if (!check->has_forecast && pass_load(pass) != NULL) {
		check->has_forecast = true;
		check->forecast_is_whole = run_forecast(check, &err);
		check->oom |= !check->forecast_is_whole && err_is_oom(&err);
		pass->stop |= check->oom || err.code == ERR_CANCELLED;
	}
	return check->forecast_is_whole ? &check->forecast : NULL;
}

struct booked *
pass_booked(struct pass *pass)
{
	struct check *check = pass->check;

	if (check->booked.forecast == NULL && !booked_init(&check->booked, pass))
		return NULL;
	return &check->booked;
}

bool
pass_goes_on(struct pass *pass)
{
	if (++pass->ticks % POLL_EVERY == 0 && is_cancelled(pass->check))
		pass->stop = true;
	return !pass->stop;
}

bool
pass_goes_on_at(struct pass *pass, const uint32_t *slots, uint32_t count, uint32_t i)
{
	if (i + AHEAD < count)
		index_prefetch(pass->ix, slots[i + AHEAD]);
	return pass_goes_on(pass);
}

/* ---- order */

struct sortable {
	const struct check *check;
	const struct finding *finding;
	uint64_t order; /* unknown, severity, rank, rule */
};

static int
compare_subjects(const struct check *check, const struct finding *a, const struct finding *b)
{
	const uint32_t *sa = check_subjects(check, a);
	const uint32_t *sb = check_subjects(check, b);

	for (unsigned i = 0; i < a->subjects_count && i < b->subjects_count; i++) {
		if (sa[i] != sb[i])
			return index_compare(&check->ix, sa[i], sb[i]);
	}
	return (int)a->subjects_count - (int)b->subjects_count;
}

static int
compare_findings(const void *pa, const void *pb)
{
	const struct sortable *a = pa;
	const struct sortable *b = pb;
	int c;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	c = compare_subjects(a->check, a->finding, b->finding);
	if (c == 0 && a->finding->qualifier != NULL && b->finding->qualifier != NULL)
		c = strcmp(a->finding->qualifier, b->finding->qualifier);
	return c;
}

static bool
sort_findings(struct check *check)
{
	size_t n = check->findings_count;
	struct sortable *order = malloc((n + 1) * sizeof order[0]);
	struct finding *sorted = malloc((n + 1) * sizeof sorted[0]);

	if (order == NULL || sorted == NULL) {
		free(order);
		free(sorted);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct finding *f = &check->findings[i];
		uint64_t top =
		    (f->flags & FINDING_UNKNOWN ? 4u : 0u) + SEVERITY_ERROR - f->severity;

		order[i] =
		    (struct sortable){check, f, top << 48 | (uint64_t)f->rank << 16 | f->rule};
	}
	qsort(order, n, sizeof order[0], compare_findings);
	for (size_t i = 0; i < n; i++)
		sorted[i] = *order[i].finding;
	free(order);
	free(check->findings);
	check->findings = sorted;
	check->findings_cap = n + 1;
	return true;
}

/* ---- running */

static bool
mark_about(struct check *check)
{
	if (check->query.about_count == 0)
		return true;
	check->about = calloc((size_t)check->ix.slots + 1, 1);
	if (check->about == NULL)
		return false;
	for (size_t i = 0; i < check->query.about_count; i++) {
		assert(check->query.about[i] < check->ix.slots);
		check->about[check->query.about[i]] = 1;
	}
	return true;
}

static void
report(const struct check *check, double part)
{
	if (check->query.progress != NULL)
		check->query.progress(check->query.arg, part);
}

static bool
run_rule(struct check *check, const struct rule *rule, unsigned number, struct err *err)
{
	struct pass pass = {
	    .check = check,
	    .ix = &check->ix,
	    .rule = rule,
	    .number = number,
	    .today = check->query.today,
	    .limits = check->states[number].limits,
	};

	if (check->query.rules != NULL && !check->query.rules[number])
		return true;
	if (check->states[number].off)
		return true;
	rule->run(&pass);
	if (check->oom)
		return err_oom(err);
	if (pass.stop || is_cancelled(check))
		return err_set(err, ERR_CANCELLED, "the check was cancelled");
	return true;
}

/* Severest rules first: where not all findings can be kept, the worst are. */
static bool
run_rules(struct check *check, struct err *err)
{
	size_t count;
	size_t done = 0;
	const struct rule *const *rules = rules_all(&count);

	for (int severity = SEVERITY_ERROR; severity > SEVERITY_UNSET; severity--) {
		for (unsigned i = 0; i < count; i++) {
			if ((int)check->states[i].severity != severity)
				continue;
			if (!run_rule(check, rules[i], i, err))
				return false;
			done++;
			report(check, INDEX_PART + (1 - INDEX_PART) * (double)done / (double)count);
		}
	}
	return true;
}

/* What rules share; findings do not need it. */
static void
forget_aids(struct check *check)
{
	booked_fini(&check->booked);
	plan_forecast_close(&check->forecast);
	load_free(check->load);
	check->load = NULL;
	journeys_fini(&check->journeys);
}

static bool
run(struct check *check, struct err *err)
{
	if (!rules_states(check->view, check->states, err))
		return false;
	if (!index_init(&check->ix, check->view, check->query.today, CHECK_IN_ROLES, is_cancelled,
		check, err))
		return false;
	check->counts.items = check->ix.live;
	report(check, INDEX_PART);
	if (!mark_about(check))
		return err_oom(err);
	if (!read_waivers(check, err) || !run_rules(check, err))
		return false;
	forget_aids(check);
	check->query.baseline = NULL; /* the caller's, as what follows */
	check->query.voices = NULL;
	check->query.worlds = NULL;
	return sort_findings(check) || err_oom(err);
}

struct check *
check_run(const struct view *view, const struct check_query *query, struct err *err)
{
	struct check *check = calloc(1, sizeof *check);

	if (check == NULL) {
		err_oom(err);
		return NULL;
	}
	check->view = view;
	check->query = *query;
	if (!run(check, err)) {
		check_free(check);
		return NULL;
	}
	return check;
}

/* ---- a part of what was found */

static bool
is_selected(const struct check *check, unsigned rule)
{
	return check->query.rules == NULL || check->query.rules[rule];
}

static void
select_finding(struct check *check, const struct finding *f)
{
	bool unknown = (f->flags & FINDING_UNKNOWN) != 0;
	bool waived = (f->flags & FINDING_WAIVED) != 0;

	if (!is_selected(check, f->rule) ||
	    !is_about(check, check->subjects + f->subjects_first, f->subjects_count))
		return;
	count_finding(check, f->rule, (enum severity)f->severity, unknown, waived);
	if (is_wanted(check, (enum severity)f->severity, waived))
		check->findings[check->findings_count++] = *f;
}

static void
count_expired(struct check *check)
{
	for (size_t i = 0; i < check->keys_count; i++) {
		const struct waived_key *key = &check->keys[i];

		check->counts.expired_waivers +=
		    key->came_back && is_selected(check, key->rule) &&
		    is_about(check, key->subjects, key->subjects_count);
	}
}

struct check *
check_select(const struct check *from, const struct check_query *query, struct err *err)
{
	struct check *check = malloc(sizeof *check);

	assert(check_is_whole(from) && from->of == NULL);
	if (check == NULL) {
		err_oom(err);
		return NULL;
	}
	*check = *from;
	check->of = from;
	check->query = *query;
	check->about = NULL;
	check->counts = (struct check_counts){.items = from->counts.items};
	check->findings_count = 0;
	check->findings = malloc((from->findings_count + 1) * sizeof check->findings[0]);
	if (check->findings == NULL || !mark_about(check)) {
		check_free(check);
		err_oom(err);
		return NULL;
	}
	for (size_t i = 0; i < from->findings_count; i++)
		select_finding(check, &from->findings[i]);
	count_expired(check);
	return check;
}

void
check_free(struct check *check)
{
	if (check == NULL)
		return;
	if (check->of != NULL) {
		free(check->about);
		free(check->findings);
		free(check);
		return;
	}
	forget_aids(check);
	index_fini(&check->ix);
	arena_free(check->arena);
	free(check->waivers);
	free(check->keys);
	free(check->about);
	free(check->findings);
	free(check->subjects);
	free(check->evidence);
	free(check);
}

const struct check_counts *
check_counts(const struct check *check)
{
	return &check->counts;
}

size_t
check_findings(const struct check *check)
{
	return check->findings_count;
}

const struct check_baseline *
pass_baseline(const struct pass *pass)
{
	return pass->check->query.baseline;
}

const struct voices *
pass_voices(const struct pass *pass)
{
	return pass->check->query.voices;
}

const struct worlds *
pass_worlds(const struct pass *pass)
{
	return pass->check->query.worlds;
}

uint64_t
pass_looks(const struct pass *pass)
{
	uint64_t looks = pass->check->query.looks;

	return looks > 0 ? looks : LIMIT_IMPACT_LOOKS;
}

bool
pass_is_cancelled(void *pass)
{
	return is_cancelled(((struct pass *)pass)->check);
}

bool
check_is_whole(const struct check *check)
{
	return !check->cut;
}

const struct finding *
check_finding(const struct check *check, size_t i)
{
	assert(i < check->findings_count);
	return &check->findings[i];
}

const uint32_t *
check_subjects(const struct check *check, const struct finding *finding)
{
	return check->subjects + finding->subjects_first;
}

const struct evidence *
check_evidence(const struct check *check, const struct finding *finding)
{
	return check->evidence + finding->evidence_first;
}

const struct view *
check_view(const struct check *check)
{
	return check->view;
}

const struct index *
check_index(const struct check *check)
{
	return &check->ix;
}

const struct control_waiver *
check_waiver(const struct check *check, const struct finding *finding)
{
	return (finding->flags & FINDING_WAIVED) != 0 ? &check->waivers[finding->waiver] : NULL;
}
