/* Who answered what: customers' ratings out of the view, as rows and columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/filter.h"
#include "server/rpc/jobs.h"
#include "server/rpc/segments_internal.h"

/* Fields of customer.proto and item.proto, which are read where they lie: a company may have 100,000 customers. */
#define ITEM_CUSTOMER    107u
#define CUSTOMER_GROWTH  3u
#define CUSTOMER_RATINGS 6u
#define ENTRY_KEY        1u
#define ENTRY_VALUE      2u

#define CHECK_EVERY 4096u

static bool
goes_on(struct segments_call *sc, uint32_t i, struct err *err)
{
	return i % CHECK_EVERY != 0 || !job_progress_is_over(&sc->progress) ||
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
read_entry(const struct pb_field *entry, struct segments_question *question, double *value)
{
	struct pb_field field;
	struct pb_in in;

	*question = (struct segments_question){"", 0};
	*value = 0;
	pb_in_init(&in, entry->bytes, entry->len);
	while (pb_in_next(&in, &field)) {
		if (field.number == ENTRY_KEY && field.wire_type == 2)
			*question =
			    (struct segments_question){(const char *)field.bytes, field.len};
		else if (field.number == ENTRY_VALUE && field.wire_type == 1)
			*value = as_double(field.value);
	}
}

/* False at the end. */
static bool
next_rating(struct ratings_reader *r, struct segments_question *question, double *value)
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
uint32_t
segments_call_question(const struct segments_call *sc, struct segments_question q, uint32_t hint)
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
	const struct segments_question *a = pa, *b = pb;
	int c = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static bool
add_questions(struct segments_call *sc, const struct item *item, struct err *err)
{
	struct ratings_reader reader;
	struct segments_question q;
	uint32_t at = 0;
	double value;

	begin_ratings(&reader, item);
	while (next_rating(&reader, &q, &value)) {
		uint32_t found = sc->columns > 0 ? segments_call_question(sc, q, at) : SLOT_NONE;

		at = found != SLOT_NONE ? found + 1 : 0;
		if (found != SLOT_NONE)
			continue;
		if (sc->columns == LIMIT_SEGMENTS_QUESTIONS)
			return err_set(err, ERR_LIMIT,
			    "the customers answered more than %u questions; say which of them "
			    "count: questions",
			    LIMIT_SEGMENTS_QUESTIONS);
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
		sc->questions[sc->columns++] = (struct segments_question){
		    request->questions[i], strlen(request->questions[i])};
	for (uint32_t i = 0; request->n_questions == 0 && i < sc->customers_count; i++) {
		if (!goes_on(sc, i, err) || !add_questions(sc, sc->customers[i].item, err))
			return false;
	}
	if (request->n_questions == 0)
		qsort(sc->questions, sc->columns, sizeof sc->questions[0], compare_keys);
	return true;
}

bool
segments_call_row(struct segments_call *sc, struct segments_customer *customer, float *row,
    uint32_t *answered, struct err *err)
{
	const Plumb__V1__Scale *scale = sc->request->scale;
	struct ratings_reader reader;
	struct segments_question q;
	uint32_t at = 0;
	double value;

	*answered = 0;
	for (uint32_t c = 0; c < sc->columns; c++)
		row[c] = NAN;
	begin_ratings(&reader, customer->item);
	while (next_rating(&reader, &q, &value)) {
		uint32_t found = sc->columns > 0 ? segments_call_question(sc, q, at) : SLOT_NONE;

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
	const struct item *a = ((const struct segments_customer *)pa)->item;
	const struct item *b = ((const struct segments_customer *)pb)->item;
	struct segments_question ka = {item_id(a), a->id_len}, kb = {item_id(b), b->id_len};

	return compare_keys(&ka, &kb);
}

static bool
add_customer(struct segments_call *sc, const struct item *item, uint32_t *room, struct err *err)
{
	if (sc->customers_count == LIMIT_SEGMENTS_CUSTOMERS)
		return err_set(err, ERR_LIMIT, "more than %u customers: choose some by a filter",
		    LIMIT_SEGMENTS_CUSTOMERS);
	if (sc->customers_count == *room) {
		uint32_t wanted = *room > 0 ? *room * 2 : 1024;
		struct segments_customer *more = realloc(sc->customers, wanted * sizeof more[0]);

		if (more == NULL)
			return err_oom(err);
		sc->customers = more;
		*room = wanted;
	}
	sc->customers[sc->customers_count++] =
	    (struct segments_customer){.item = item, .growth = NAN, .stated = SLOT_NONE};
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
		struct segments_customer customer = sc->customers[i];
		uint32_t answered;

		if (!goes_on(sc, i, err) ||
		    !segments_call_row(sc, &customer, sc->ratings + (size_t)sc->used * sc->columns,
			&answered, err))
			return false;
		if (answered > 0)
			sc->customers[sc->used++] = customer;
	}
	return true;
}

bool
segments_call_rows(struct segments_call *sc, struct err *err)
{
	return find_customers(sc, err) && choose_questions(sc, err) && fill_rows(sc, err);
}
