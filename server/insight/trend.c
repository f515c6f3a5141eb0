#include "server/insight/trend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/str.h"
#include "server/limits.h"

/* Numbers in a table of our own: nobody chooses keys to collide who could not as well name findings. */
static const uint64_t hash_key[2] = {UINT64_C(0x7472656e64206f66), UINT64_C(0x2066696e64696e67)};

void
trend_init(struct trend *trend)
{
	memset(trend, 0, sizeof *trend);
	(void)rules_all(&trend->rules);
}

void
trend_fini(struct trend *trend)
{
	free(trend->samples);
	free(trend->counts);
	free(trend->stretches);
	free(trend->table);
	trend_init(trend);
}

int32_t
trend_end(const struct trend *trend)
{
	return trend->first + (int32_t)trend->count;
}

void
trend_restart(struct trend *trend, int32_t first)
{
	trend_fini(trend);
	trend->first = first;
}

/* ---- the table of latest stretches */

static uint32_t *
place_of(const struct trend *trend, uint64_t key)
{
	size_t mask = trend->table_size - 1;
	size_t i = (size_t)key & mask;

	while (trend->table[i] != 0 && trend->stretches[trend->table[i] - 1].key != key)
		i = (i + 1) & mask;
	return &trend->table[i];
}

/* Room for as many keys as there are stretches, and one check more. */
static bool
table_reserve(struct trend *trend, size_t more, struct err *err)
{
	size_t want = (trend->stretches_count + more) * 2;
	size_t size = trend->table_size > 0 ? trend->table_size : 1024;
	uint32_t *bigger;

	if (trend->table != NULL && want <= trend->table_size)
		return true;
	while (size < want)
		size *= 2;
	bigger = calloc(size, sizeof bigger[0]);
	if (bigger == NULL)
		return err_oom(err);
	free(trend->table);
	trend->table = bigger;
	trend->table_size = size;
	for (size_t i = 0; i < trend->stretches_count; i++)
		*place_of(trend, trend->stretches[i].key) = (uint32_t)i + 1;
	return true;
}

/* After stretches have gone: links and table anew. They stand in order of their first days. */
static bool
relink(struct trend *trend, struct err *err)
{
	free(trend->table);
	trend->table = NULL;
	trend->table_size = 0;
	for (size_t i = 0; i < trend->stretches_count; i++)
		trend->stretches[i].before = 0;
	if (!table_reserve(trend, 0, err))
		return false;
	memset(trend->table, 0, trend->table_size * sizeof trend->table[0]);
	for (size_t i = 0; i < trend->stretches_count; i++) {
		uint32_t *latest = place_of(trend, trend->stretches[i].key);

		trend->stretches[i].before = *latest;
		*latest = (uint32_t)i + 1;
	}
	return true;
}

/* ---- adding a day */

static bool
reserve(void **p, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap > 0 ? *cap : 64;
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
reserve_samples(struct trend *trend, size_t need)
{
	void *samples = trend->samples, *counts = trend->counts;
	size_t cap = trend->cap, rows = trend->cap;
	bool ok = reserve(&samples, &cap, need, sizeof trend->samples[0]) &&
		  reserve(&counts, &rows, need, trend->rules * sizeof trend->counts[0]);

	trend->samples = samples;
	trend->counts = counts;
	if (ok)
		trend->cap = cap;
	return ok;
}

static bool
reserve_stretches(struct trend *trend, size_t more, struct err *err)
{
	void *stretches = trend->stretches;
	size_t need = trend->stretches_count + more;
	bool ok;

	if (need > LIMIT_TREND_STRETCHES)
		return err_set(err, ERR_LIMIT,
		    "the findings of these days came and went more than %u times: ask for fewer "
		    "days",
		    LIMIT_TREND_STRETCHES);
	ok = reserve(&stretches, &trend->stretches_cap, need, sizeof trend->stretches[0]);
	trend->stretches = stretches;
	return ok || err_oom(err);
}

uint64_t
trend_key(const struct check *check, const struct finding *finding, struct str *words)
{
	str_reset(words);
	check_key(check, finding, words);
	if (finding->flags & FINDING_UNKNOWN)
		str_add_char(words, '?');
	return siphash(hash_key, words->data, words->len);
}

static void
take_finding(struct trend *trend, uint64_t key, uint32_t rule, int32_t day)
{
	uint32_t *latest = place_of(trend, key);
	uint32_t before = *latest;

	if (before != 0 && trend->stretches[before - 1].last >= day - 1) {
		trend->stretches[before - 1].last = day;
		return;
	}
	trend->stretches[trend->stretches_count++] = (struct stretch){key, day, day, rule, before};
	*latest = (uint32_t)trend->stretches_count;
}

static void
take_counts(const struct trend *trend, const struct check *check, struct trend_count *row)
{
	const struct check_counts *counts = check_counts(check);

	for (size_t i = 0; i < trend->rules; i++)
		row[i] = (struct trend_count){counts->rules[i].findings, counts->rules[i].unknown,
		    counts->rules[i].waived, SEVERITY_UNSET};
	for (size_t i = 0; i < check_findings(check); i++) {
		const struct finding *f = check_finding(check, i);

		if ((f->flags & (FINDING_UNKNOWN | FINDING_WAIVED)) == 0)
			row[f->rule].severity = f->severity;
	}
}

bool
trend_add(struct trend *trend, const struct check *check, uint64_t revision, int64_t micros,
    struct err *err)
{
	const struct check_counts *counts = check_counts(check);
	struct trend_sample *sample;
	size_t findings = check_findings(check);
	int32_t day = trend_end(trend);
	struct str words;

	if (!reserve_samples(trend, trend->count + 1))
		return err_oom(err);
	if (!reserve_stretches(trend, findings, err) || !table_reserve(trend, findings, err))
		return false;
	str_init(&words, 1u << 16);
	for (size_t i = 0; i < findings; i++) {
		const struct finding *f = check_finding(check, i);
		uint64_t key = trend_key(check, f, &words);

		if (!str_ok(&words)) {
			str_fini(&words);
			return err_oom(err);
		}
		take_finding(trend, key, f->rule, day);
	}
	str_fini(&words);
	sample = &trend->samples[trend->count];
	*sample = (struct trend_sample){
	    .revision = revision,
	    .micros = micros,
	    .unknown = counts->unknown,
	    .waived = counts->waived,
	};
	memcpy(sample->by_severity, counts->by_severity, sizeof sample->by_severity);
	take_counts(trend, check, &trend->counts[trend->count * trend->rules]);
	trend->count++;
	return true;
}

/* ---- taking days back */

bool
trend_cut(struct trend *trend, int32_t from, struct err *err)
{
	size_t kept = 0;

	if (from >= trend_end(trend))
		return true;
	if (from <= trend->first) {
		trend_restart(trend, trend->first);
		return true;
	}
	for (size_t i = 0; i < trend->stretches_count; i++) {
		struct stretch s = trend->stretches[i];

		if (s.first >= from)
			continue;
		s.last = s.last < from ? s.last : from - 1;
		trend->stretches[kept++] = s;
	}
	trend->stretches_count = kept;
	trend->count = (size_t)(from - trend->first);
	return relink(trend, err);
}

bool
trend_forget_before(struct trend *trend, int32_t first, struct err *err)
{
	size_t drop, kept = 0;

	if (first <= trend->first)
		return true;
	if (first >= trend_end(trend)) {
		trend_restart(trend, first);
		return true;
	}
	for (size_t i = 0; i < trend->stretches_count; i++) {
		struct stretch s = trend->stretches[i];

		if (s.last < first)
			continue;
		s.first = s.first > first ? s.first : first;
		trend->stretches[kept++] = s;
	}
	drop = (size_t)(first - trend->first);
	trend->stretches_count = kept;
	trend->count -= drop;
	trend->first = first;
	memmove(trend->samples, trend->samples + drop, trend->count * sizeof trend->samples[0]);
	memmove(trend->counts, trend->counts + drop * trend->rules,
	    trend->count * trend->rules * sizeof trend->counts[0]);
	return relink(trend, err);
}

bool
trend_copy(const struct trend *trend, struct trend *out, struct err *err)
{
	trend_init(out);
	out->first = trend->first;
	if (trend->count == 0)
		return true;
	if (!reserve_samples(out, trend->count) ||
	    !reserve_stretches(out, trend->stretches_count + 1, err)) {
		trend_fini(out);
		return err_oom(err);
	}
	memcpy(out->samples, trend->samples, trend->count * sizeof out->samples[0]);
	memcpy(out->counts, trend->counts, trend->count * trend->rules * sizeof out->counts[0]);
	if (trend->stretches_count > 0)
		memcpy(out->stretches, trend->stretches,
		    trend->stretches_count * sizeof out->stretches[0]);
	out->count = trend->count;
	out->stretches_count = trend->stretches_count;
	if (relink(out, err))
		return true;
	trend_fini(out);
	return false;
}

/* ---- asking */

int32_t
trend_since(const struct trend *trend, uint64_t key, int32_t day)
{
	uint32_t at = trend->table_size > 0 ? *place_of(trend, key) : 0;

	for (; at != 0; at = trend->stretches[at - 1].before) {
		const struct stretch *s = &trend->stretches[at - 1];

		if (s->first <= day)
			return s->last >= day ? s->first : DATE_NONE;
	}
	return DATE_NONE;
}

/* The first of the days that is not before that one. */
static size_t
day_at(const int32_t *days, size_t count, int32_t day)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (days[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Had an earlier stretch of the same finding that day? */
static bool
had(const struct trend *trend, const struct stretch *s, int32_t day)
{
	for (uint32_t at = s->before; at != 0; at = trend->stretches[at - 1].before) {
		const struct stretch *earlier = &trend->stretches[at - 1];

		if (earlier->first <= day)
			return earlier->last >= day;
	}
	return false;
}

bool
trend_steps(const struct trend *trend, const int32_t *days, size_t count,
    const bool rules[RULES_MAX], struct trend_step *out, struct err *err)
{
	int64_t *present = calloc(count + 1, sizeof present[0]); /* changes at first, then sums */

	memset(out, 0, count * sizeof out[0]);
	if (present == NULL)
		return err_oom(err);
	for (size_t i = 0; i < trend->stretches_count; i++) {
		const struct stretch *s = &trend->stretches[i];
		size_t first = day_at(days, count, s->first);
		size_t behind = day_at(days, count, s->last + 1);

		if (first >= behind || !rules[s->rule])
			continue;
		present[first]++;
		present[behind]--;
		if (first > 0 && !had(trend, s, days[first - 1]))
			out[first].appeared++;
	}
	for (size_t i = 1; i < count; i++) {
		present[i] += present[i - 1];
		/* of those before, all that is not there any more: before - (now - appeared) */
		out[i].gone = (uint32_t)(present[i - 1] - present[i] + out[i].appeared);
	}
	free(present);
	return true;
}

/* ---- as bytes */

struct head {
	uint64_t count;
	uint64_t rules;
	uint64_t stretches;
	int64_t first;
};

bool
trend_encode(const struct trend *trend, struct str *out)
{
	struct head head = {trend->count, trend->rules, trend->stretches_count, trend->first};

	str_add_len(out, (const char *)&head, sizeof head);
	if (trend->count > 0) {
		str_add_len(
		    out, (const char *)trend->samples, trend->count * sizeof trend->samples[0]);
		str_add_len(out, (const char *)trend->counts,
		    trend->count * trend->rules * sizeof trend->counts[0]);
	}
	if (trend->stretches_count > 0)
		str_add_len(out, (const char *)trend->stretches,
		    trend->stretches_count * sizeof trend->stretches[0]);
	return str_ok(out);
}

static bool
stretches_hold(const struct trend *trend)
{
	for (size_t i = 0; i < trend->stretches_count; i++) {
		const struct stretch *s = &trend->stretches[i];

		if (s->first < trend->first || s->last < s->first || s->last >= trend_end(trend) ||
		    s->rule >= trend->rules || (i > 0 && s->first < trend->stretches[i - 1].first))
			return false;
	}
	return true;
}

bool
trend_decode(struct trend *trend, const char *p, size_t len)
{
	struct head head;
	struct err ignored;
	size_t samples, counts, stretches;

	trend_restart(trend, 0);
	if (len < sizeof head)
		return false;
	memcpy(&head, p, sizeof head);
	if (head.rules != trend->rules || head.count > LIMIT_TREND_DAYS ||
	    head.stretches > LIMIT_TREND_STRETCHES)
		return false;
	samples = (size_t)head.count * sizeof trend->samples[0];
	counts = (size_t)(head.count * head.rules) * sizeof trend->counts[0];
	stretches = (size_t)head.stretches * sizeof trend->stretches[0];
	if (len != sizeof head + samples + counts + stretches)
		return false;
	p += sizeof head;
	if (!reserve_samples(trend, (size_t)head.count + 1) ||
	    !reserve_stretches(trend, (size_t)head.stretches, &ignored))
		goto bad;
	memcpy(trend->samples, p, samples);
	memcpy(trend->counts, p + samples, counts);
	if (stretches > 0)
		memcpy(trend->stretches, p + samples + counts, stretches);
	trend->first = (int32_t)head.first;
	trend->count = (size_t)head.count;
	trend->stretches_count = (size_t)head.stretches;
	if (stretches_hold(trend) && relink(trend, &ignored))
		return true;
bad:
	trend_restart(trend, 0);
	return false;
}
