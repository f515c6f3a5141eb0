/* plumb.v1.Insight.Segments: groups of customers by their ratings alone, as messages. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/segments.pb-c.h"
#include "server/insight/segments/segments.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/filter.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/rpc.h"

/* Fields of customer.proto and item.proto, which are read where they lie: a company may have 100,000 customers. */
#define ITEM_CUSTOMER    107u
#define CUSTOMER_GROWTH  3u
#define CUSTOMER_RATINGS 6u
#define ENTRY_KEY        1u
#define ENTRY_VALUE      2u

#define BATCH        1000u
#define OVERLAPS_MAX 1000u
#define SEED         1u
#define CHECK_EVERY  4096u
#define EXPECTS      3u  /* named in a group's words */
#define STANDS_OUT   0.5 /* standard deviations: a medium effect (Cohen 1988) */

struct question {
	const char *key; /* in an item's bytes or the request */
	size_t len;
};

struct customer {
	const struct item *item;
	double growth;   /* NAN not stated */
	uint32_t stated; /* number of the segment that it states; SLOT_NONE */
};

struct segments_call {
	struct view_job *job;
	const Plumb__V1__SegmentsRequest *request;
	struct job_progress progress;
	struct customer *customers; /* those that match, by id; then those with answers only */
	uint32_t customers_count;
	uint32_t used;
	struct question questions[SEGMENTS_COLUMNS];
	uint32_t columns;
	float *ratings; /* of those used */
	struct segments_query query;
	struct segments *found;
	uint32_t *segments; /* slots of the segments that are stated, ascending */
	uint32_t segments_count;
	Plumb__V1__SegmentsFound reply;
};

static bool
is_over(void *arg)
{
	const struct segments_call *sc = arg;

	return job_progress_is_over(&sc->progress);
}

static void
tell(void *arg, double part)
{
	struct segments_call *sc = arg;
	Plumb__V1__SegmentsReply reply;

	if (!job_progress_is_due(&sc->progress))
		return;
	plumb__v1__segments_reply__init(&reply);
	reply.progress__case = PLUMB__V1__SEGMENTS_REPLY__PROGRESS__PROGRESS;
	reply.progress = part < 1 ? part : 1;
	job_progress_send(&sc->progress, &reply.base);
}

static bool
goes_on(struct segments_call *sc, uint32_t i, struct err *err)
{
	return i % CHECK_EVERY != 0 || !is_over(sc) ||
	       err_set(err, ERR_CANCELLED, "finding segments was cancelled");
}

/* ---- what customers answered */

struct ratings_reader {
	struct pb_in in;
	double growth;
};

/* The customer within the item; what an item without any has is nothing. */
static void
begin_ratings(struct ratings_reader *r, const struct item *item)
{
	struct pb_field field;
	struct pb_in in;

	r->growth = NAN;
	pb_in_init(&r->in, item_bytes(item), 0);
	pb_in_init(&in, item_bytes(item), item->bytes_len);
	while (pb_in_next(&in, &field)) {
		if (field.number == ITEM_CUSTOMER && field.wire_type == 2)
			pb_in_init(&r->in, field.bytes, field.len);
	}
}

static double
as_double(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static void
read_entry(const struct pb_field *entry, struct question *question, double *value)
{
	struct pb_field field;
	struct pb_in in;

	*question = (struct question){"", 0};
	*value = 0;
	pb_in_init(&in, entry->bytes, entry->len);
	while (pb_in_next(&in, &field)) {
		if (field.number == ENTRY_KEY && field.wire_type == 2)
			*question = (struct question){(const char *)field.bytes, field.len};
		else if (field.number == ENTRY_VALUE && field.wire_type == 1)
			*value = as_double(field.value);
	}
}

/* False at the end. */
static bool
next_rating(struct ratings_reader *r, struct question *question, double *value)
{
	struct pb_field field;

	while (pb_in_next(&r->in, &field)) {
		if (field.number == CUSTOMER_GROWTH && field.wire_type == 1)
			r->growth = as_double(field.value);
		if (field.number == CUSTOMER_RATINGS && field.wire_type == 2) {
			read_entry(&field, question, value);
			return true;
		}
	}
	return false;
}

/* Customers mostly answer the same questions in one order: so the one after the last is tried first. */
static uint32_t
find_question(const struct segments_call *sc, struct question q, uint32_t hint)
{
	for (uint32_t i = 0; i < sc->columns; i++) {
		uint32_t at = (hint + i) % sc->columns;

		if (sc->questions[at].len == q.len &&
		    memcmp(sc->questions[at].key, q.key, q.len) == 0)
			return at;
	}
	return SLOT_NONE;
}

static int
compare_keys(const void *pa, const void *pb)
{
	const struct question *a = pa, *b = pb;
	int c = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static bool
add_questions(struct segments_call *sc, const struct item *item, struct err *err)
{
	struct ratings_reader reader;
	struct question q;
	uint32_t at = 0;
	double value;

	begin_ratings(&reader, item);
	while (next_rating(&reader, &q, &value)) {
		uint32_t found = sc->columns > 0 ? find_question(sc, q, at) : SLOT_NONE;

		at = found != SLOT_NONE ? found + 1 : 0;
		if (found != SLOT_NONE)
			continue;
		if (sc->columns == SEGMENTS_COLUMNS)
			return err_set(err, ERR_LIMIT,
			    "the customers answered more than %u questions; say which of them "
			    "count: questions",
			    SEGMENTS_COLUMNS);
		sc->questions[sc->columns++] = q;
	}
	return true;
}

/* Those asked for, in their order; else all that occur, by name, whatever came first. */
static bool
choose_questions(struct segments_call *sc, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = sc->request;

	for (size_t i = 0; i < request->n_questions; i++)
		sc->questions[sc->columns++] =
		    (struct question){request->questions[i], strlen(request->questions[i])};
	for (uint32_t i = 0; request->n_questions == 0 && i < sc->customers_count; i++) {
		if (!goes_on(sc, i, err) || !add_questions(sc, sc->customers[i].item, err))
			return false;
	}
	if (request->n_questions == 0)
		qsort(sc->questions, sc->columns, sizeof sc->questions[0], compare_keys);
	return true;
}

/* How many of the questions it answered. ERR_INVALID: out of the scale. */
static bool
read_row(struct segments_call *sc, struct customer *customer, float *row, uint32_t *answered,
    struct err *err)
{
	const Plumb__V1__Scale *scale = sc->request->scale;
	struct ratings_reader reader;
	struct question q;
	uint32_t at = 0;
	double value;

	*answered = 0;
	for (uint32_t c = 0; c < sc->columns; c++)
		row[c] = NAN;
	begin_ratings(&reader, customer->item);
	while (next_rating(&reader, &q, &value)) {
		uint32_t found = sc->columns > 0 ? find_question(sc, q, at) : SLOT_NONE;

		if (found == SLOT_NONE)
			continue;
		if (scale != NULL && !(value >= scale->low && value <= scale->high))
			return err_set(err, ERR_INVALID,
			    "customer/%.*s answers '%.*s' with %g, which is not between %g and %g",
			    (int)customer->item->id_len, item_id(customer->item), (int)q.len, q.key,
			    value, scale->low, scale->high);
		*answered += isnan(row[found]);
		row[found] = (float)value;
		at = found + 1;
	}
	customer->growth = reader.growth;
	return true;
}

/* ---- who is asked about */

static int
compare_customers(const void *pa, const void *pb)
{
	const struct item *a = ((const struct customer *)pa)->item;
	const struct item *b = ((const struct customer *)pb)->item;
	struct question ka = {item_id(a), a->id_len}, kb = {item_id(b), b->id_len};

	return compare_keys(&ka, &kb);
}

static bool
add_customer(struct segments_call *sc, const struct item *item, uint32_t *room, struct err *err)
{
	if (sc->customers_count == SEGMENTS_ROWS)
		return err_set(err, ERR_LIMIT, "more than %u customers: choose some by a filter",
		    SEGMENTS_ROWS);
	if (sc->customers_count == *room) {
		uint32_t wanted = *room > 0 ? *room * 2 : 1024;
		struct customer *more = realloc(sc->customers, wanted * sizeof more[0]);

		if (more == NULL)
			return err_oom(err);
		sc->customers = more;
		*room = wanted;
	}
	sc->customers[sc->customers_count++] =
	    (struct customer){.item = item, .growth = NAN, .stated = SLOT_NONE};
	return true;
}

/* By id, so that nothing depends on the order in which they came into the plan. */
static bool
find_customers(struct segments_call *sc, struct err *err)
{
	const struct view *view = sc->job->view;
	struct filter *filter =
	    filter_parse(sc->request->filter, view, sc->job->arena, sc->job->faults, err);
	uint32_t room = 0;

	if (filter == NULL)
		return false;
	for (uint32_t slot = 0; slot < view_slots(view); slot++) {
		const struct item *item = view_item(view, slot);

		if (!goes_on(sc, slot, err))
			return false;
		if (item_is_live(item) && item->kind == KIND_CUSTOMER &&
		    filter_matches(filter, view, item) && !add_customer(sc, item, &room, err))
			return false;
	}
	if (sc->customers_count > 0)
		qsort(
		    sc->customers, sc->customers_count, sizeof sc->customers[0], compare_customers);
	return true;
}

/* Who answered nothing is in no group. */
static bool
fill_rows(struct segments_call *sc, struct err *err)
{
	sc->ratings = calloc((size_t)sc->customers_count * sc->columns + 1, sizeof sc->ratings[0]);
	if (sc->ratings == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < sc->customers_count; i++) {
		struct customer customer = sc->customers[i];
		uint32_t answered;

		if (!goes_on(sc, i, err) ||
		    !read_row(sc, &customer, sc->ratings + (size_t)sc->used * sc->columns,
			&answered, err))
			return false;
		if (answered > 0)
			sc->customers[sc->used++] = customer;
	}
	return true;
}

/* ---- what was found */

static char *
customer_ref(const struct segments_call *sc, const struct item *item)
{
	char ref[REF_TEXT_LEN];

	ref_format(item, ref);
	return arena_strdup(sc->job->arena, ref);
}

/* The expectation of that id; else the question's own words. */
static char *
question_title(const struct segments_call *sc, const struct question *q)
{
	const struct item *item = view_find(sc->job->view, KIND_EXPECTATION, q->key, q->len);
	char *text;

	if (item_is_live(item) && item->title_len > 0)
		return arena_strndup(sc->job->arena, item_title(item), item->title_len);
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

static bool
fill_questions(struct segments_call *sc)
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
		bool named[SEGMENTS_COLUMNS] = {false};

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
		const struct customer *customer = &sc->customers[i];

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
	out->medoid = customer_ref(sc, medoid);
	out->medoid_title = arena_strndup(sc->job->arena, item_title(medoid), medoid->title_len);
	out->silhouette = one->silhouette;
	out->stability = one->jaccard;
	add_values(sc, group, out);
	return out->words != NULL && out->medoid != NULL && out->medoid_title != NULL &&
	       fill_expects(sc, group, out);
}

static bool
fill_groups(struct segments_call *sc)
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

static bool
fill_tries(struct segments_call *sc)
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

/* ---- beside the segments that customers state */

static int
compare_slots(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static bool
number_stated(struct segments_call *sc, struct err *err)
{
	uint32_t count = 0;

	sc->segments = calloc((size_t)sc->used + 1, sizeof sc->segments[0]);
	if (sc->segments == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < sc->used; i++) {
		const struct ref *ref = item_ref(sc->customers[i].item, ROLE_SEGMENT);

		if (ref != NULL)
			sc->segments[count++] = ref->slot;
	}
	sc->reply.stating = count;
	qsort(sc->segments, count, sizeof sc->segments[0], compare_slots);
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || sc->segments[i] != sc->segments[i - 1])
			sc->segments[sc->segments_count++] = sc->segments[i];
	}
	for (uint32_t i = 0; i < sc->used; i++) {
		const struct ref *ref = item_ref(sc->customers[i].item, ROLE_SEGMENT);
		const uint32_t *at = ref == NULL
					 ? NULL
					 : bsearch(&ref->slot, sc->segments, sc->segments_count,
					       sizeof sc->segments[0], compare_slots);

		sc->customers[i].stated = at != NULL ? (uint32_t)(at - sc->segments) : SLOT_NONE;
	}
	return true;
}

static int
compare_overlaps(const void *pa, const void *pb)
{
	const Plumb__V1__SegmentOverlap *a = *(Plumb__V1__SegmentOverlap *const *)pa;
	const Plumb__V1__SegmentOverlap *b = *(Plumb__V1__SegmentOverlap *const *)pb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->customers != b->customers)
		return a->customers > b->customers ? -1 : 1;
	return strcmp(a->segment, b->segment);
}

static bool
add_overlap(struct segments_call *sc, uint32_t group, uint32_t stated, uint32_t customers)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;
	Plumb__V1__SegmentOverlap *one;

	if (customers == 0 || reply->n_overlaps == OVERLAPS_MAX)
		return true;
	one = arena_alloc(sc->job->arena, sizeof *one);
	if (one == NULL)
		return false;
	plumb__v1__segment_overlap__init(one);
	one->group = group;
	one->segment = customer_ref(sc, view_item(sc->job->view, sc->segments[stated]));
	one->customers = customers;
	reply->overlaps[reply->n_overlaps++] = one;
	return one->segment != NULL;
}

static bool
fill_overlaps(struct segments_call *sc, struct err *err)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;
	uint32_t *both = calloc((size_t)sc->segments_count * SEGMENTS_MOST + 1, sizeof both[0]);
	bool ok;

	reply->overlaps = arena_array(sc->job->arena, OVERLAPS_MAX, sizeof reply->overlaps[0]);
	ok = both != NULL && reply->overlaps != NULL;
	for (uint32_t i = 0; ok && i < sc->used; i++) {
		if (sc->customers[i].stated != SLOT_NONE)
			both[(size_t)sc->customers[i].stated * SEGMENTS_MOST +
			     sc->found->group[i]]++;
	}
	for (uint32_t s = 0; ok && s < sc->segments_count; s++) {
		for (uint32_t g = 0; ok && g < sc->found->k; g++)
			ok = add_overlap(sc, g, s, both[(size_t)s * SEGMENTS_MOST + g]);
	}
	if (ok && reply->n_overlaps > 0)
		qsort(reply->overlaps, reply->n_overlaps, sizeof reply->overlaps[0],
		    compare_overlaps);
	free(both);
	return ok || err_oom(err);
}

static bool
compare_with_stated(struct segments_call *sc, struct err *err)
{
	uint32_t *found = calloc((size_t)sc->used + 1, sizeof found[0]);
	uint32_t *stated = calloc((size_t)sc->used + 1, sizeof stated[0]);
	uint32_t count = 0;
	double agree = NAN;
	bool ok = found != NULL && stated != NULL ? number_stated(sc, err) : err_oom(err);

	for (uint32_t i = 0; ok && i < sc->used; i++) {
		if (sc->customers[i].stated == SLOT_NONE)
			continue;
		found[count] = sc->found->group[i];
		stated[count++] = sc->customers[i].stated;
	}
	ok = ok &&
	     segments_agree(found, sc->found->k, stated, sc->segments_count, count, &agree, err) &&
	     fill_overlaps(sc, err);
	if (ok && !isnan(agree)) {
		sc->reply.agreement__case = PLUMB__V1__SEGMENTS_FOUND__AGREEMENT__AGREEMENT;
		sc->reply.agreement = agree;
	}
	free(found);
	free(stated);
	return ok;
}

/* ---- who belongs where */

static Plumb__V1__SegmentMember *
new_member(struct segments_call *sc, struct arena *arena, const char *ref, const float *row)
{
	Plumb__V1__SegmentMember *m = arena_alloc(arena, sizeof *m);
	double distances[SEGMENTS_MOST];
	uint32_t group, second = SEGMENTS_NONE;

	if (m == NULL || ref == NULL)
		return NULL;
	plumb__v1__segment_member__init(m);
	m->customer = pb_str(ref);
	group = segments_assign(sc->found, row, distances);
	if (group == SEGMENTS_NONE)
		return m;
	m->group__case = PLUMB__V1__SEGMENT_MEMBER__GROUP__GROUP;
	m->group = group;
	m->distance = distances[group];
	for (uint32_t g = 0; g < sc->found->k; g++) {
		if (g != group && distances[g] >= 0 &&
		    (second == SEGMENTS_NONE || distances[g] < distances[second]))
			second = g;
	}
	if (second != SEGMENTS_NONE) {
		m->second__case = PLUMB__V1__SEGMENT_MEMBER__SECOND__SECOND;
		m->second = second;
		m->second_distance = distances[second];
	}
	return m;
}

static bool
row_of_request(struct segments_call *sc, float *row, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = sc->request;
	const Plumb__V1__Scale *scale = request->scale;

	for (uint32_t c = 0; c < sc->columns; c++)
		row[c] = NAN;
	for (size_t i = 0; i < request->n_ratings; i++) {
		struct question q = {request->ratings[i]->key, strlen(request->ratings[i]->key)};
		uint32_t c = sc->columns > 0 ? find_question(sc, q, 0) : SLOT_NONE;
		double value = request->ratings[i]->value;

		if (c == SLOT_NONE)
			faults_add(sc->job->faults, "ratings",
			    "'%.64s' is none of the questions that groups are found by", q.key);
		else if (!(value >= 0 && value <= LIMIT_RATING) ||
			 (scale != NULL && (value < scale->low || value > scale->high)))
			faults_add(sc->job->faults, "ratings",
			    "'%.64s' is %g, which is not between %g and %g", q.key, value,
			    scale != NULL ? scale->low : 0,
			    scale != NULL ? scale->high : LIMIT_RATING);
		else
			row[c] = (float)value;
	}
	return faults_none(sc->job->faults, err);
}

static bool
assign_one(struct segments_call *sc, const char *ref, const float *row, struct err *err)
{
	Plumb__V1__SegmentMember *m = new_member(sc, sc->job->arena, ref, row);

	if (m == NULL)
		return err_oom(err);
	sc->reply.assigned[sc->reply.n_assigned++] = m;
	return true;
}

static bool
assign_customer(struct segments_call *sc, const char *text, struct err *err)
{
	float row[SEGMENTS_COLUMNS];
	struct customer customer = {0};
	enum kind kind;
	const char *id;
	size_t len;
	uint32_t answered;

	if (!ref_parse(text, KIND_CUSTOMER, &kind, &id, &len) || kind != KIND_CUSTOMER)
		return err_set(err, ERR_INVALID, "'%.100s' is no customer", text);
	customer.item = view_find(sc->job->view, kind, id, len);
	if (!item_is_live(customer.item))
		return err_set(err, ERR_NOT_FOUND, "there is no customer/%.*s", (int)len, id);
	if (!read_row(sc, &customer, row, &answered, err))
		return false;
	return sc->found == NULL || sc->found->lack != SEGMENTS_FIRM ||
	       assign_one(sc, customer_ref(sc, customer.item), row, err);
}

/* What is asked for must be there, firm or not; it is assigned to firm groups only. */
static bool
fill_assigned(struct segments_call *sc, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = sc->request;
	float row[SEGMENTS_COLUMNS];

	sc->reply.assigned =
	    arena_array(sc->job->arena, request->n_assign + 1, sizeof sc->reply.assigned[0]);
	if (sc->reply.assigned == NULL)
		return err_oom(err);
	for (size_t i = 0; i < request->n_assign; i++) {
		if (!assign_customer(sc, request->assign[i], err))
			return false;
	}
	if (request->n_ratings == 0)
		return true;
	return row_of_request(sc, row, err) &&
	       (sc->found == NULL || sc->found->lack != SEGMENTS_FIRM ||
		   assign_one(sc, "", row, err));
}

static bool
send_members(struct segments_call *sc, struct err *err)
{
	struct arena *arena = arena_new((size_t)BATCH * 1024);
	Plumb__V1__SegmentMember *members[BATCH];
	Plumb__V1__SegmentsReply reply;
	bool ok = arena != NULL || err_oom(err);

	for (uint32_t i = 0; ok && i < sc->used; i += BATCH) {
		uint32_t count = sc->used - i < BATCH ? sc->used - i : BATCH;

		plumb__v1__segments_reply__init(&reply);
		reply.members = members;
		for (uint32_t k = 0; ok && k < count; k++) {
			char ref[REF_TEXT_LEN];

			ref_format(sc->customers[i + k].item, ref);
			members[k] = new_member(sc, arena, arena_strdup(arena, ref),
			    sc->ratings + (size_t)(i + k) * sc->columns);
			reply.n_members++;
			ok = members[k] != NULL || err_oom(err);
		}
		ok = ok && view_job_send(sc->job, &reply.base, err);
		if (ok)
			arena_reset(arena);
	}
	arena_free(arena);
	return ok;
}

/* ---- the answer */

static char *
why(const struct segments_call *sc)
{
	struct arena *arena = sc->job->arena;
	const struct segments *found = sc->found;
	double least = 1;

	switch (sc->reply.lack) {
	case PLUMB__V1__SEGMENTS_FOUND__LACK__NO_RATINGS:
		return arena_strdup(arena, sc->customers_count == 0
					       ? "there are no customers to compare"
					       : "no customer has answered any of the questions");
	case PLUMB__V1__SEGMENTS_FOUND__LACK__TOO_FEW:
		return arena_printf(arena,
		    "%u customer%s answered; groups of fewer than %u would be chance", sc->used,
		    sc->used == 1 ? " has" : "s have", SEGMENTS_LEAST_ROWS);
	case PLUMB__V1__SEGMENTS_FOUND__LACK__NO_VARIANCE:
		return arena_strdup(arena, "all answers to each question are the same");
	case PLUMB__V1__SEGMENTS_FOUND__LACK__NO_STRUCTURE:
		if (found->silhouette > SEGMENTS_SILHOUETTE)
			return arena_printf(arena,
			    "the widest silhouette, that of %u groups, is %.3f, and answers by "
			    "chance reach %.3f",
			    found->k, found->silhouette, found->by_chance);
		return arena_printf(arena,
		    "the widest silhouette, that of %u groups, is %.3f: up to %.2f there is no "
		    "structure worth the name",
		    found->k, found->silhouette, SEGMENTS_SILHOUETTE);
	case PLUMB__V1__SEGMENTS_FOUND__LACK__UNSTABLE:
		for (uint32_t g = 0; g < found->k; g++)
			least = fmin(least, found->of[g].jaccard);
		return arena_printf(arena,
		    "of %u groups one is found again only in part (%.2f) among customers drawn "
		    "anew: below %.1f a group is not to be trusted",
		    found->k, least, SEGMENTS_JACCARD);
	default:
		return arena_strdup(arena, "");
	}
}

static bool
fill_reply(struct segments_call *sc, struct err *err)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;
	char today[DATE_TEXT_LEN];

	reply->lack = sc->found != NULL ? (Plumb__V1__SegmentsFound__Lack)sc->found->lack
					: PLUMB__V1__SEGMENTS_FOUND__LACK__NO_RATINGS;
	reply->customers = sc->customers_count;
	reply->used = sc->used;
	reply->standard = sc->request->scale != NULL
			      ? PLUMB__V1__SEGMENTS_FOUND__STANDARD__ONE_SCALE
			      : PLUMB__V1__SEGMENTS_FOUND__STANDARD__DEVIATION;
	reply->seed = sc->query.seed;
	reply->revision = sc->job->revision;
	reply->today = arena_strdup(sc->job->arena, date_format(sc->job->today, today));
	reply->why = why(sc);
	if (reply->today == NULL || reply->why == NULL || !fill_questions(sc))
		return err_oom(err);
	if (sc->found != NULL) {
		reply->groups = sc->found->k;
		reply->silhouette = sc->found->silhouette;
		reply->by_chance = sc->found->by_chance;
		if (!fill_tries(sc))
			return err_oom(err);
	}
	if (reply->lack == PLUMB__V1__SEGMENTS_FOUND__LACK__FIRM) {
		if (!fill_groups(sc))
			return err_oom(err);
		if (!compare_with_stated(sc, err))
			return false;
	}
	return fill_assigned(sc, err);
}

static bool
answer(struct segments_call *sc, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = sc->request;
	Plumb__V1__SegmentsReply reply;

	if (!find_customers(sc, err) || !choose_questions(sc, err) || !fill_rows(sc, err))
		return false;
	sc->query.ratings = (struct ratings){sc->used, sc->columns, sc->ratings};
	if (sc->used > 0) {
		sc->found = segments_run(&sc->query, err);
		if (sc->found == NULL)
			return false;
	}
	if (!fill_reply(sc, err))
		return false;
	plumb__v1__segments_reply__init(&reply);
	reply.found = &sc->reply;
	return view_job_send(sc->job, &reply.base, err) &&
	       (!request->members || sc->reply.lack != PLUMB__V1__SEGMENTS_FOUND__LACK__FIRM ||
		   send_members(sc, err));
}

static bool
run_segments(struct view_job *job, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = job->arg;
	struct segments_call sc = {.job = job, .request = request};
	bool ok;

	plumb__v1__segments_found__init(&sc.reply);
	job_progress_begin(&sc.progress, job);
	sc.query = (struct segments_query){
	    .k = request->groups,
	    .seed = request->seed__case == PLUMB__V1__SEGMENTS_REQUEST__SEED__SEED ? request->seed
										   : SEED,
	    .stop = is_over,
	    .progress = tell,
	    .arg = &sc,
	};
	if (request->scale != NULL) {
		sc.query.scale_min = request->scale->low;
		sc.query.scale_max = request->scale->high;
	}
	ok = answer(&sc, err);
	if (!ok)
		job_progress_explain(&sc.progress, err);
	segments_free(sc.found);
	free(sc.customers);
	free(sc.ratings);
	free(sc.segments);
	return ok;
}

static void
check_questions(const Plumb__V1__SegmentsRequest *request, struct faults *faults)
{
	if (request->n_questions > SEGMENTS_COLUMNS)
		faults_add(faults, "questions", "at most %u at once", SEGMENTS_COLUMNS);
	for (size_t i = 0; i < request->n_questions && i < SEGMENTS_COLUMNS; i++) {
		const char *key = request->questions[i];

		if (!parse_is_id(key, strlen(key)))
			faults_add(faults, "questions", "'%.64s' is no name of a question", key);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(request->questions[k], key) == 0)
				faults_add(faults, "questions", "'%.64s' is named twice", key);
		}
	}
}

void
handle_insight_segments(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__SegmentsRequest *request = (const Plumb__V1__SegmentsRequest *)message;
	const Plumb__V1__Scale *scale = request->scale;
	struct err err;

	check_questions(request, call->faults);
	if (request->groups == 1 || request->groups > SEGMENTS_MOST)
		faults_add(
		    call->faults, "groups", "are 2 to %u; 0: as many as there are", SEGMENTS_MOST);
	if (scale != NULL &&
	    !(scale->low >= 0 && scale->high <= LIMIT_RATING && scale->low < scale->high))
		faults_add(call->faults, "scale",
		    "goes from a lower to a higher number between 0 and %d, not from %g to %g",
		    LIMIT_RATING, scale->low, scale->high);
	if (request->n_assign > LIMIT_NAMES)
		faults_add(call->faults, "assign", "at most %u names at once", LIMIT_NAMES);
	if (!faults_none(call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	job_view(call, request->at, run_segments, (void *)(uintptr_t)message);
}
