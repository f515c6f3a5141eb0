/*
 * What checks found, kept for whoever asks the same next: Check, Mine, Agenda and Score look at one pass of the rules.
 *
 * A page is a check of all rules of one view on one day. It is found again by the view itself, which shows one revision (of a
 * scenario, of the past) and is never changed, and by whatever else rules look at. Whoever gives a view back forgets its pages first.
 * docs/ARCHITECTURE.md says why.
 *
 * Two who ask at once: one works it out, the other waits; where the one stops, the other works it out. A page is only read; what a
 * caller may see, and which of it they asked for, is decided behind it.
 */
#ifndef SERVER_RPC_CHECK_BOOK_H
#define SERVER_RPC_CHECK_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/check.h"

struct check_book;
struct jobs;
struct view_job;

/* Not asked for so long, it goes. */
#define CHECK_BOOK_KEPT_US (INT64_C(600) * 1000000)

/* What a check looks at besides the view, and who waits for it. */
struct check_asked {
	const struct view *view;
	struct check_query
	    query; /* today, zone, baseline, voices, worlds, cancelled, progress, arg */
	uint64_t baseline_revision; /* where there is one */
	int32_t clock_day;          /* rounds are over by the clock, whatever day is judged */
	uint64_t calls;             /* confidential_calls() */
};

struct check_loan {
	const struct check *check;
	struct check_page *page; /* NULL: it is not kept */
	struct check *own;
};

/* LIMIT_CHECKS_KEPT, LIMIT_CHECKS_KEPT_SLOTS */
struct check_book *check_book_new(unsigned most, uint64_t most_slots) MUST_CHECK;
void check_book_free(struct check_book *book); /* takes NULL; nothing is lent */

/*
 * On a worker. All findings, at every severity, waived ones too; at most LIMIT_FINDINGS (check_is_whole()). ERR_CANCELLED, ERR_LIMIT.
 * To be given back before the view is. jobs (may be NULL): another may run while this one waits.
 */
bool check_book_take(struct check_book *book, struct jobs *jobs, const struct check_asked *asked,
    struct check_loan *loan, struct err *err) MUST_CHECK;
/* The same of a job's view. progress may be NULL; both get arg. */
bool check_book_of_job(const struct view_job *job, bool (*cancelled)(void *arg),
    void (*progress)(void *arg, double part), void *arg, struct check_loan *loan,
    struct err *err) MUST_CHECK;
void check_book_give(struct check_book *book, struct check_loan *loan);

/* Any thread. */
bool check_book_has(struct check_book *book, const struct view *view);
/* NULL: all; what is lent or worked out now is not found any more. */
void check_book_forget(struct check_book *book, const struct view *view);
/* Frees what nobody asked for since then. */
void check_book_trim(struct check_book *book, int64_t oldest_us);

#endif
