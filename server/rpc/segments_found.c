/* The groups that were found, each with its words, its numbers and what it expects. */
#include <math.h>

#include "common/arena.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/segments_internal.h"

#define EXPECTS    3u  /* named in a group's words */
#define STANDS_OUT 0.5 /* standard deviations: a medium effect (Cohen 1988) */

/* The expectation of that id; else the question's own words. */
static char *
question_title(const struct segments_call *sc, const struct segments_question *q)
{
	const struct item *item = view_find(sc->job->view, KIND_EXPECTATION, q->key, q->len);
	char *text;

	if (item_is_live(item) && item->title_len > 0)
		return reply_title(sc->job->arena, item);
	text = arena_strndup(sc->job->arena, q->key, q->len);
	for (char *p = text; p != NULL && *p != '\0'; p++) {
		if (*p == '-' || *p == '_')
			*p = ' ';
	}
	return text;
}

static bool
fill_question(const struct segments_call *sc, uint32_t c, Plumb__V1__SegmentQuestion *out)
{
	double sum = 0;

	plumb__v1__segment_question__init(out);
	out->question = arena_strndup(sc->job->arena, sc->questions[c].key, sc->questions[c].len);
	out->title = question_title(sc, &sc->questions[c]);
	for (uint32_t i = 0; i < sc->used; i++) {
		double v = (double)sc->ratings[(size_t)i * sc->columns + c];

		out->answered += !isnan(v);
		sum += isnan(v) ? 0 : v;
	}
	out->mean = out->answered > 0 ? sum / out->answered : 0;
	out->width = sc->found != NULL ? sc->found->width[c] : 0;
	return out->question != NULL && out->title != NULL;
}

bool
segments_call_questions(struct segments_call *sc)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;

	reply->questions = arena_array(sc->job->arena, sc->columns + 1, sizeof reply->questions[0]);
	for (uint32_t c = 0; reply->questions != NULL && c < sc->columns; c++) {
		Plumb__V1__SegmentQuestion *q = arena_alloc(sc->job->arena, sizeof *q);

		if (q == NULL || !fill_question(sc, c, q))
			return false;
		reply->missing += sc->used - q->answered;
		reply->questions[reply->n_questions++] = q;
	}
	return reply->questions != NULL;
}

/* The question in which the group stands out most, after those already named; SLOT_NONE. sign: more or less than others. */
static uint32_t
stands_out(const struct segments_call *sc, uint32_t group, double sign, const bool *named)
{
	uint32_t best = SLOT_NONE;
	double most = STANDS_OUT;

	for (uint32_t c = 0; c < sc->columns; c++) {
		double differs = sign * sc->found->differs[(size_t)group * sc->columns + c];

		if (!named[c] && differs >= most && (best == SLOT_NONE || differs > most)) {
			best = c;
			most = differs;
		}
	}
	return best;
}

static char *
group_words(const struct segments_call *sc, uint32_t group)
{
	static const char *const begin[] = {"expects first: ", "expects less than others of: "};
	char *text = arena_strdup(sc->job->arena, "");

	for (int less = 0; less < 2 && text != NULL && text[0] == '\0'; less++) {
		bool named[LIMIT_SEGMENTS_QUESTIONS] = {false};

		for (unsigned n = 0; n < EXPECTS && text != NULL; n++) {
			uint32_t c = stands_out(sc, group, less ? -1 : 1, named);

			if (c == SLOT_NONE)
				break;
			named[c] = true;
			text = arena_printf(sc->job->arena, "%s%s%s", text,
			    n == 0 ? begin[less]
			    : less ? ", "
				   : ", then ",
			    sc->reply.questions[c]->title);
		}
	}
	if (text != NULL && text[0] == '\0')
		text = arena_strdup(sc->job->arena, "expects nothing more or less than others");
	return text;
}

static bool
fill_expects(const struct segments_call *sc, uint32_t group, Plumb__V1__FoundSegment *out)
{
	const struct segments *found = sc->found;
	const float *medoid = sc->ratings + (size_t)found->of[group].medoid * sc->columns;

	out->expects = arena_array(sc->job->arena, sc->columns + 1, sizeof out->expects[0]);
	for (uint32_t c = 0; out->expects != NULL && c < sc->columns; c++) {
		Plumb__V1__SegmentExpects *e = arena_alloc(sc->job->arena, sizeof *e);
		size_t cell = (size_t)group * sc->columns + c;

		if (e == NULL)
			return false;
		plumb__v1__segment_expects__init(e);
		e->question = sc->reply.questions[c]->question;
		e->differs = found->differs[cell];
		if (!isnan(found->mean[cell])) {
			e->mean__case = PLUMB__V1__SEGMENT_EXPECTS__MEAN__MEAN;
			e->mean = found->mean[cell];
		}
		if (!isnan(medoid[c])) {
			e->medoid__case = PLUMB__V1__SEGMENT_EXPECTS__MEDOID__MEDOID;
			e->medoid = (double)medoid[c];
		}
		out->expects[out->n_expects++] = e;
	}
	return out->expects != NULL;
}

static void
add_values(const struct segments_call *sc, uint32_t group, Plumb__V1__FoundSegment *out)
{
	for (uint32_t i = 0; i < sc->used; i++) {
		const struct segments_customer *customer = &sc->customers[i];

		if (sc->found->group[i] != group || (customer->item->has & HAS_VALUE) == 0)
			continue;
		out->value += customer->item->value;
		out->value_stated++;
		if (isnan(customer->growth))
			continue;
		out->growth_value += customer->item->value * customer->growth;
		out->growth_stated++;
	}
}

static bool
fill_group(struct segments_call *sc, uint32_t group, Plumb__V1__FoundSegment *out)
{
	const struct segment *one = &sc->found->of[group];
	const struct item *medoid = sc->customers[one->medoid].item;

	plumb__v1__found_segment__init(out);
	out->words = group_words(sc, group);
	out->size = one->size;
	out->share = (double)one->size / sc->used;
	out->medoid = reply_ref(sc->job->arena, medoid);
	out->medoid_title = reply_title(sc->job->arena, medoid);
	out->silhouette = one->silhouette;
	out->stability = one->jaccard;
	add_values(sc, group, out);
	return out->words != NULL && out->medoid != NULL && out->medoid_title != NULL &&
	       fill_expects(sc, group, out);
}

bool
segments_call_groups(struct segments_call *sc)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;

	reply->segments = arena_array(sc->job->arena, SEGMENTS_MOST, sizeof reply->segments[0]);
	for (uint32_t g = 0; reply->segments != NULL && g < sc->found->k; g++) {
		Plumb__V1__FoundSegment *one = arena_alloc(sc->job->arena, sizeof *one);

		if (one == NULL || !fill_group(sc, g, one))
			return false;
		reply->segments[reply->n_segments++] = one;
	}
	return reply->segments != NULL;
}

bool
segments_call_tries(struct segments_call *sc)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;

	reply->tries = arena_array(sc->job->arena, SEGMENTS_MOST, sizeof reply->tries[0]);
	for (uint32_t k = 2; reply->tries != NULL && k <= SEGMENTS_MOST; k++) {
		Plumb__V1__SegmentTry *one;

		if (!sc->found->tried[k])
			continue;
		one = arena_alloc(sc->job->arena, sizeof *one);
		if (one == NULL)
			return false;
		plumb__v1__segment_try__init(one);
		one->groups = k;
		one->silhouette = sc->found->silhouettes[k];
		reply->tries[reply->n_tries++] = one;
	}
	return reply->tries != NULL;
}
