#include "server/rpc/findings.h"

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/check/effect.h"

#define WHO_MAX 4u
/* Of each list of a FindingsChange. */
#define LISTED_MAX   1000u
#define LISTED_BYTES (FINDINGS_CHANGE_MAX / 2 - 1024)

/* Where the message goes, and room to put texts together. */
struct filler {
	struct arena *arena;
	struct str *words;
};

/* What words says, in the arena; "" where nothing was said. NULL: out of memory. */
static char *
take_words(struct filler *to)
{
	char *text =
	    str_ok(to->words) ? arena_strndup(to->arena, to->words->data, to->words->len) : NULL;

	str_reset(to->words);
	return text;
}

static char *
slot_text(struct filler *to, const struct check *check, uint32_t slot)
{
	check_ref(check, slot, to->words);
	return take_words(to);
}

static char **
slot_texts(struct filler *to, const struct check *check, const uint32_t *slots, size_t count)
{
	char **texts = arena_array(to->arena, count + 1, sizeof texts[0]);

	for (size_t i = 0; i < count && texts != NULL; i++) {
		texts[i] = slot_text(to, check, slots[i]);
		if (texts[i] == NULL)
			return NULL;
	}
	return texts;
}

static bool
fill_evidence(
    struct filler *to, const struct check *check, const struct finding *f, Plumb__V1__Finding *out)
{
	const struct evidence *evidence = check_evidence(check, f);

	out->evidence = arena_array(to->arena, f->evidence_count + 1u, sizeof out->evidence[0]);
	if (out->evidence == NULL)
		return false;
	for (unsigned i = 0; i < f->evidence_count; i++) {
		Plumb__V1__Evidence *e = arena_alloc(to->arena, sizeof *e);

		if (e == NULL)
			return false;
		plumb__v1__evidence__init(e);
		if (evidence[i].slot != SLOT_NONE &&
		    (e->ref = slot_text(to, check, evidence[i].slot)) == NULL)
			return false;
		e->what = pb_str(evidence[i].what);
		check_value(check, &evidence[i], to->words);
		if ((e->value = take_words(to)) == NULL)
			return false;
		out->evidence[i] = e;
	}
	out->n_evidence = f->evidence_count;
	return true;
}

static bool
fill_waiver(
    struct filler *to, const struct check *check, const struct finding *f, Plumb__V1__Finding *out)
{
	const struct control_waiver *waiver = check_waiver(check, f);
	char until[DATE_TEXT_LEN];

	if (waiver == NULL)
		return true;
	out->waiver = arena_alloc(to->arena, sizeof *out->waiver);
	if (out->waiver == NULL)
		return false;
	plumb__v1__waiver__init(out->waiver);
	out->waiver->finding = out->key;
	out->waiver->reason = arena_strdup(to->arena, waiver->reason);
	out->waiver->who = arena_strdup(to->arena, waiver->who);
	out->waiver->until = arena_strdup(to->arena, date_format(waiver->until, until));
	return out->waiver->reason != NULL && out->waiver->who != NULL &&
	       out->waiver->until != NULL;
}

static bool
fill_words(
    struct filler *to, const struct check *check, const struct finding *f, Plumb__V1__Finding *out)
{
	char since[DATE_TEXT_LEN];

	check_key(check, f, to->words);
	out->key = take_words(to);
	check_message(check, f, to->words);
	out->message = take_words(to);
	out->fix = pb_str(check_fix(check, f));
	out->since = arena_strdup(to->arena, date_format(f->since, since));
	return out->key != NULL && out->message != NULL && out->since != NULL;
}

bool
findings_fill(const struct check *check, const struct finding *f, struct arena *arena,
    struct str *words, Plumb__V1__Finding *out)
{
	struct filler filler = {arena, words}, *to = &filler;
	size_t rules_count;
	const struct rule *rule = rules_all(&rules_count)[f->rule];
	uint32_t who[WHO_MAX];

	plumb__v1__finding__init(out);
	out->rule = pb_str(rule->name);
	out->severity = (Plumb__V1__Severity)f->severity;
	out->unknown = (f->flags & FINDING_UNKNOWN) != 0;
	out->subjects = slot_texts(to, check, check_subjects(check, f), f->subjects_count);
	out->n_subjects = out->subjects != NULL ? f->subjects_count : 0;
	out->n_who = check_who(check, f, who, WHO_MAX);
	out->who = slot_texts(to, check, who, out->n_who);
	if (out->subjects == NULL || out->who == NULL)
		return false;
	return fill_words(to, check, f, out) && fill_evidence(to, check, f, out) &&
	       fill_waiver(to, check, f, out);
}

Plumb__V1__Finding **
findings_list(const struct check *check, const uint32_t *numbers, size_t count, size_t most,
    size_t *listed, struct arena *arena)
{
	Plumb__V1__Finding **list;
	struct str words;
	size_t bytes = 0;

	most = count < most ? count : most;
	list = arena_array(arena, most + 1, sizeof list[0]);
	if (list == NULL)
		return NULL;
	str_init(&words, FINDINGS_WORDS_MAX);
	for (*listed = 0; *listed < most; ++*listed) {
		Plumb__V1__Finding *f = arena_alloc(arena, sizeof *f);

		if (f == NULL || !findings_fill(check, check_finding(check, numbers[*listed]),
				     arena, &words, f)) {
			list = NULL;
			break;
		}
		bytes += protobuf_c_message_get_packed_size(&f->base) + 8;
		if (bytes > LISTED_BYTES)
			break;
		list[*listed] = f;
	}
	str_fini(&words);
	return list;
}

Plumb__V1__FindingsChange *
findings_change(const struct effect *effect, struct arena *arena)
{
	const struct compare *c = &effect->findings;
	Plumb__V1__FindingsChange *out = arena_alloc(arena, sizeof *out);
	char day[DATE_TEXT_LEN];

	if (out == NULL)
		return NULL;
	plumb__v1__findings_change__init(out);
	out->appeared = findings_list(
	    effect->after, c->appeared, c->appeared_count, LISTED_MAX, &out->n_appeared, arena);
	out->gone =
	    findings_list(effect->before, c->gone, c->gone_count, LISTED_MAX, &out->n_gone, arena);
	out->appeared_count = (uint32_t)c->appeared_count;
	out->gone_count = (uint32_t)c->gone_count;
	out->same_count = (uint32_t)c->same_count;
	out->score_before__case = PLUMB__V1__FINDINGS_CHANGE__SCORE_BEFORE__SCORE_BEFORE;
	out->score_before = (double)effect->score_before / 1e6;
	out->score_after__case = PLUMB__V1__FINDINGS_CHANGE__SCORE_AFTER__SCORE_AFTER;
	out->score_after = (double)effect->score_after / 1e6;
	out->before_today = arena_strdup(arena, date_format(effect->before_today, day));
	out->after_today = arena_strdup(arena, date_format(effect->after_today, day));
	if (out->appeared == NULL || out->gone == NULL || out->before_today == NULL ||
	    out->after_today == NULL)
		return NULL;
	return out;
}
