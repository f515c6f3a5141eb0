/* threeway and planfile_rank: who wins a field, and how few moves make an order. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/planfile_rank.h"
#include "common/threeway.h"
#include "common/arena.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"

static struct arena *arena;
static char heard[1024];

static void
hear(void *arg, const struct threeway_field *field)
{
	static const char *const words[] = {"taken", "kept", "conflict"};
	size_t len = strlen(heard);

	(void)arg;
	snprintf(heard + len, sizeof heard - len, "%s %s;", field->path, words[field->result]);
}

static void
setup(void)
{
	arena = arena_new((size_t)1 << 28);
	ck_assert_ptr_nonnull(arena);
	heard[0] = '\0';
}

static void
teardown(void)
{
	arena_free(arena);
}

static void *
message(const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *made = arena_alloc(arena, type->sizeof_message);

	ck_assert_ptr_nonnull(made);
	type->message_init(made);
	return made;
}

static Plumb__V1__Item *
task(void)
{
	Plumb__V1__Item *item = message(&plumb__v1__item__descriptor);

	item->id = pb_str("t");
	item->body_case = PLUMB__V1__ITEM__BODY_TASK;
	item->task = message(&plumb__v1__task__descriptor);
	return item;
}

static Plumb__V1__Item *
merge(const Plumb__V1__Item *base, const Plumb__V1__Item *ours, const Plumb__V1__Item *theirs,
    bool force)
{
	ProtobufCMessage *merged = threeway_merge(base == NULL ? NULL : &base->base, &ours->base,
	    &theirs->base, force, arena, hear, NULL);

	ck_assert_ptr_nonnull(merged);
	return (Plumb__V1__Item *)merged;
}

/*
 * A text field in every combination of unset, "a", "b", "c" on the three sides. The rule: ours = theirs is that; base =
 * ours keeps theirs; base = theirs takes ours; else a conflict, where theirs stays unless forced.
 */
START_TEST(every_combination_of_a_text_field)
{
	static const char *const values[] = {"", "a", "b", "c"};
	const char *b = values[_i / 16], *o = values[_i / 4 % 4], *t = values[_i % 4];
	const char *expected, *forced, *says;
	Plumb__V1__Item *base = task(), *ours = task(), *theirs = task();

	base->task->due = pb_str(b);
	ours->task->due = pb_str(o);
	theirs->task->due = pb_str(t);
	if (strcmp(o, t) == 0) {
		expected = forced = o;
		says = "";
	} else if (strcmp(b, o) == 0) {
		expected = forced = t;
		says = "task.due kept;";
	} else if (strcmp(b, t) == 0) {
		expected = forced = o;
		says = "task.due taken;";
	} else {
		expected = t;
		forced = o;
		says = "task.due conflict;";
	}
	ck_assert_str_eq(merge(base, ours, theirs, false)->task->due, expected);
	ck_assert_str_eq(heard, says);
	ck_assert_str_eq(merge(base, ours, theirs, true)->task->due, forced);
}
END_TEST

/* Rows by hand, so that the test above cannot share a mistake of thought with the code. */
static const struct row {
	const char *base, *ours, *theirs, *merged, *heard;
} rows[] = {
    {"x", "x", "x", "x", ""},
    {"x", "y", "x", "y", "title taken;"},    /* only we changed it */
    {"x", "x", "y", "y", "title kept;"},     /* only they did */
    {"x", "y", "y", "y", ""},                /* both, to the same */
    {"x", "y", "z", "z", "title conflict;"}, /* both, differently */
    {"x", "", "x", "", "title taken;"},      /* we took it out */
    {"x", "x", "", "", "title kept;"},       /* they took it out */
    {"x", "", "z", "z", "title conflict;"},
    {"", "y", "", "y", "title taken;"},
    {"", "", "z", "z", "title kept;"},
    {"", "y", "z", "z", "title conflict;"},
};

START_TEST(the_table_of_a_title)
{
	Plumb__V1__Item *base = task(), *ours = task(), *theirs = task();

	base->title = pb_str(rows[_i].base);
	ours->title = pb_str(rows[_i].ours);
	theirs->title = pb_str(rows[_i].theirs);
	ck_assert_str_eq(merge(base, ours, theirs, false)->title, rows[_i].merged);
	ck_assert_str_eq(heard, rows[_i].heard);
}
END_TEST

START_TEST(without_a_base_nothing_was_stated_before)
{
	Plumb__V1__Item *ours = task(), *theirs = task(), *merged;

	ours->title = pb_str("ours");
	theirs->task->due = pb_str("2026-03-31");
	merged = merge(NULL, ours, theirs, false);
	ck_assert_str_eq(merged->title, "ours");
	ck_assert_str_eq(merged->task->due, "2026-03-31");
	ck_assert_str_eq(heard, "title taken;task.due kept;");
}
END_TEST

START_TEST(a_stated_zero_is_not_nothing)
{
	Plumb__V1__Item *base = task(), *ours = task(), *theirs = task(), *merged;

	/* base and theirs say nothing, ours says 0 days */
	ours->task->effort__case = PLUMB__V1__TASK__EFFORT__EFFORT;
	ours->task->effort = 0;
	merged = merge(base, ours, theirs, false);
	ck_assert_int_eq(merged->task->effort__case, PLUMB__V1__TASK__EFFORT__EFFORT);
	ck_assert_str_eq(heard, "task.effort taken;");
	/* and taking it out again leaves nothing */
	heard[0] = '\0';
	merged = merge(ours, base, ours, false);
	ck_assert_int_eq(merged->task->effort__case, PLUMB__V1__TASK__EFFORT___NOT_SET);
}
END_TEST

static char *anna[] = {(char[]){"anna"}};
static char *ben[] = {(char[]){"ben"}};
static char *both[] = {(char[]){"anna"}, (char[]){"ben"}};

START_TEST(a_list_is_one_field)
{
	Plumb__V1__Item *base = task(), *ours = task(), *theirs = task(), *merged;

	base->owners = anna;
	base->n_owners = 1;
	ours->owners = both;
	ours->n_owners = 2;
	theirs->owners = ben;
	theirs->n_owners = 1;
	merged = merge(base, ours, theirs, false);
	ck_assert_str_eq(heard, "owners conflict;");
	ck_assert_uint_eq(merged->n_owners, 1);
	ck_assert_str_eq(merged->owners[0], "ben");
	merged = merge(base, ours, base, false);
	ck_assert_uint_eq(merged->n_owners, 2);
}
END_TEST

START_TEST(messages_inside_merge_field_by_field)
{
	Plumb__V1__Item *sides[3];
	Plumb__V1__Item *merged;

	for (size_t i = 0; i < 3; i++) {
		sides[i] = message(&plumb__v1__item__descriptor);
		sides[i]->id = pb_str("i");
		sides[i]->body_case = PLUMB__V1__ITEM__BODY_INITIATIVE;
		sides[i]->initiative = message(&plumb__v1__initiative__descriptor);
		sides[i]->initiative->scope = message(&plumb__v1__scope__descriptor);
		sides[i]->initiative->scope->in = anna;
		sides[i]->initiative->scope->n_in = 1;
	}
	sides[1]->initiative->scope->in = both;
	sides[1]->initiative->scope->n_in = 2;
	sides[2]->initiative->scope->out = ben;
	sides[2]->initiative->scope->n_out = 1;
	merged = merge(sides[0], sides[1], sides[2], false);
	ck_assert_str_eq(heard, "initiative.scope.in taken;initiative.scope.out kept;");
	ck_assert_uint_eq(merged->initiative->scope->n_in, 2);
	ck_assert_uint_eq(merged->initiative->scope->n_out, 1);
}
END_TEST

START_TEST(a_message_taken_out_is_out)
{
	Plumb__V1__Item *base = task(), *ours = task(), *theirs = task(), *merged;

	base->body_case = ours->body_case = theirs->body_case = PLUMB__V1__ITEM__BODY_INITIATIVE;
	base->initiative = message(&plumb__v1__initiative__descriptor);
	ours->initiative = message(&plumb__v1__initiative__descriptor);
	theirs->initiative = base->initiative;
	base->initiative->scope = message(&plumb__v1__scope__descriptor);
	base->initiative->scope->in = anna;
	base->initiative->scope->n_in = 1;
	merged = merge(base, ours, theirs, false);
	ck_assert_str_eq(heard, "initiative.scope.in taken;");
	ck_assert_ptr_null(merged->initiative->scope);
	ck_assert(pb_equal(&plumb__v1__item__descriptor, &merged->base, &ours->base));
}
END_TEST

/* ---- rankings: moves are carried out by a simple simulation of what the daemon does ------------------------------- */

#define LIST_MAX 32

struct order {
	struct rank_item items[LIST_MAX];
	size_t count;
};

/* "a b+c d": b and c share a rank. */
static struct order
parse_order(const char *text)
{
	static char names[64][2];
	struct order order = {.count = 0};
	unsigned rank = 0;
	bool tied = false;

	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '+') {
			tied = *text == '+';
			continue;
		}
		names[*text & 63][0] = *text;
		rank = tied ? rank : (unsigned)order.count + 1;
		order.items[order.count].ref = names[*text & 63];
		order.items[order.count++].rank = rank;
		tied = false;
	}
	return order;
}

static size_t
index_of(const struct order *order, const char *ref)
{
	size_t i = 0;

	while (i < order->count && strcmp(order->items[i].ref, ref) != 0)
		i++;
	return i;
}

static void
renumber(struct order *order, const bool *tied)
{
	for (size_t i = 0; i < order->count; i++)
		order->items[i].rank =
		    i > 0 && tied[i] ? order->items[i - 1].rank : (unsigned)i + 1;
}

/* item.proto, Place: before and after mean all that share the anchor's rank. */
static void
carry_out(struct order *order, const struct rank_move *move)
{
	bool tied[LIST_MAX + 1] = {false};
	size_t at, from = index_of(order, move->ref);

	for (size_t i = 1; i < order->count; i++)
		tied[i] = order->items[i].rank == order->items[i - 1].rank;
	if (from < order->count) {
		if (from + 1 < order->count && !tied[from])
			tied[from + 1] = false;
		memmove(order->items + from, order->items + from + 1,
		    (order->count - from - 1) * sizeof order->items[0]);
		memmove(tied + from, tied + from + 1, order->count - from - 1);
		order->count--;
	}
	at = 0;
	if (move->where != RANK_FIRST) {
		at = index_of(order, move->anchor);
		ck_assert_uint_lt(at, order->count); /* the anchor is ranked when it is needed */
		if (move->where == RANK_BEFORE) {
			while (at > 0 && tied[at])
				at--;
		} else {
			for (at++; at < order->count && tied[at]; at++)
				continue;
		}
	}
	memmove(
	    order->items + at + 1, order->items + at, (order->count - at) * sizeof order->items[0]);
	memmove(tied + at + 1, tied + at, order->count - at);
	order->items[at].ref = move->ref;
	tied[at] = move->where == RANK_TIED;
	order->count++;
	renumber(order, tied);
}

static size_t
simulate(struct order *order, const struct order *ours)
{
	size_t count;
	struct rank_move *moves =
	    rank_moves(order->items, order->count, ours->items, ours->count, arena, &count);

	ck_assert_ptr_nonnull(moves);
	for (size_t i = 0; i < count; i++)
		carry_out(order, &moves[i]);
	return count;
}

/* Do the items of ours stand in order as in ours, ties included? */
static bool
stands(const struct order *order, const struct order *ours)
{
	for (size_t i = 0; i < ours->count; i++) {
		unsigned here = order->items[index_of(order, ours->items[i].ref)].rank;

		if (index_of(order, ours->items[i].ref) == order->count)
			return false;
		for (size_t j = 0; j < i; j++) {
			unsigned there = order->items[index_of(order, ours->items[j].ref)].rank;
			bool tie = ours->items[i].rank == ours->items[j].rank;

			if (tie ? here != there : here <= there)
				return false;
		}
	}
	return true;
}

static const struct ranking {
	const char *theirs, *ours;
	size_t moves; /* the fewest */
} rankings[] = {
    {"", "", 0},
    {"", "a b c", 3},
    {"a b c", "a b c", 0},
    {"a b c d e", "e a b c d", 1}, /* the last becomes the first */
    {"a b c d e", "b c d e a", 1}, /* the first becomes the last */
    {"a b c d e", "e d c b a", 4}, /* turned round: one can stay */
    {"a b c d e", "a c b d e", 1},
    {"a b c d e f", "b a d c f e", 3},
    {"a x b y c", "c a b", 1}, /* x and y are not ours: they stay */
    {"a b c", "a b+c", 1},
    {"a b+c", "a b c", 1},
    {"a+b c+d", "c+d a+b", 2},
    {"a b c", "a+b+c", 2},
    {"a+b+c", "a+b+c", 0},
    {"a+b+c", "c+b+a", 0}, /* within a tie there is no order */
    {"x y", "a b", 2},
    {"a b c d", "d b", 1},
};

START_TEST(rankings_take_the_fewest_moves)
{
	struct order theirs = parse_order(rankings[_i].theirs),
		     ours = parse_order(rankings[_i].ours);

	ck_assert_uint_eq(simulate(&theirs, &ours), rankings[_i].moves);
	ck_assert(stands(&theirs, &ours));
	ck_assert_uint_eq(simulate(&theirs, &ours), 0);
}
END_TEST

/* The most items that can stay, by trying every subset: what the chain must find. */
static size_t
most_that_can_stay(const struct order *theirs, const struct order *ours)
{
	size_t best = 0;

	for (unsigned set = 0; set < 1u << ours->count; set++) {
		struct order some = {.count = 0};
		bool all = true;

		for (size_t i = 0; i < ours->count; i++) {
			if ((set >> i & 1) == 0)
				continue;
			all &= index_of(theirs, ours->items[i].ref) < theirs->count;
			some.items[some.count++] = ours->items[i];
		}
		if (all && some.count > best && stands(theirs, &some))
			best = some.count;
	}
	return best;
}

START_TEST(random_rankings_come_out_as_stated)
{
	unsigned seed = (unsigned)_i * 7919 + 1;

	for (unsigned round = 0; round < 100; round++) {
		struct order sides[2];

		for (size_t s = 0; s < 2; s++) {
			char text[64] = "", letters[] = "abcdefgh";
			size_t len = 0;

			for (size_t i = 8; i > 1; i--) {
				size_t j = (seed = seed * 1103515245 + 12345) >> 16;
				char c = letters[i - 1];

				letters[i - 1] = letters[j % i];
				letters[j % i] = c;
			}
			seed = seed * 1103515245 + 12345;
			for (size_t i = 0; i < (seed >> 16) % 9; i++) {
				text[len++] = letters[i];
				text[len++] = (seed >> (i + 8) & 3) == 0 ? '+' : ' ';
			}
			if (len > 0)
				text[len - 1] = '\0';
			sides[s] = parse_order(text);
		}
		size_t stay = most_that_can_stay(&sides[0], &sides[1]);

		ck_assert_uint_eq(simulate(&sides[0], &sides[1]), sides[1].count - stay);
		ck_assert(stands(&sides[0], &sides[1]));
	}
}
END_TEST

START_TEST(a_hundred_thousand_are_ranked_in_a_moment)
{
	enum { N = 100000 };
	struct rank_item *theirs = arena_array(arena, N, sizeof *theirs),
			 *ours = arena_array(arena, N, sizeof *ours);
	size_t count;

	ck_assert(theirs != NULL && ours != NULL);
	for (size_t i = 0; i < N; i++) {
		theirs[i].ref = arena_printf(arena, "initiative/i%zu", i);
		theirs[i].rank = (unsigned)i + 1;
	}
	/* the middle one goes first, all others stay */
	ours[0] = (struct rank_item){theirs[N / 2].ref, 0};
	for (size_t i = 0, n = 1; i < N; i++) {
		if (i != N / 2) {
			ours[n] = (struct rank_item){theirs[i].ref, (unsigned)n};
			n++;
		}
	}
	ck_assert_ptr_nonnull(rank_moves(theirs, N, ours, N, arena, &count));
	ck_assert_uint_eq(count, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("threeway");
	TCase *tc = tcase_create("threeway");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_combination_of_a_text_field, 0, 64);
	tcase_add_loop_test(tc, the_table_of_a_title, 0, (int)(sizeof rows / sizeof rows[0]));
	tcase_add_test(tc, without_a_base_nothing_was_stated_before);
	tcase_add_test(tc, a_stated_zero_is_not_nothing);
	tcase_add_test(tc, a_list_is_one_field);
	tcase_add_test(tc, messages_inside_merge_field_by_field);
	tcase_add_test(tc, a_message_taken_out_is_out);
	tcase_add_loop_test(
	    tc, rankings_take_the_fewest_moves, 0, (int)(sizeof rankings / sizeof rankings[0]));
	tcase_add_loop_test(tc, random_rankings_come_out_as_stated, 0, 20);
	tcase_add_test(tc, a_hundred_thousand_are_ranked_in_a_moment);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
