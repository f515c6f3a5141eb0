/*
 * Customers and what they answered, from a table as CSV: a row for each, whose cells the header names.
 *
 * Bytes in, a plan and a report out: no daemon, no clock. docs/IMPORT.md says what becomes what.
 */
#ifndef CLIENT_IMPORT_CSV_H
#define CLIENT_IMPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct planfile;
struct str;

#define CSV_BYTES_MAX   (64u << 20)
#define CSV_COLUMNS_MAX 500u
#define CSV_CELL_MAX    65536u
/* As the daemon compares them. */
#define CSV_ROWS_MAX    100000u
#define CSV_RATINGS_MAX 50u

/* Columns by the names that the header gives them; NULL: not stated. */
struct csv_options {
	const char *name;   /* of the file, for messages */
	const char *id;     /* NULL: "id" */
	const char *titles; /* what customers are called */
	const char *segment;
	const char *value;
	const char *growth;
	const char *since;
	const char *came_from;
	const char *ratings; /* with commas between them; NULL: all other columns of numbers */
	bool has_scale;
	double low;
	double high;
};

struct csv_question {
	const char *column; /* as the header has it */
	const char *question;
	size_t answered;
	double least;
	double most;
};

struct csv_report {
	size_t customers;
	size_t silent; /* of them: without an answer */
	size_t missing;
	struct csv_question questions[CSV_RATINGS_MAX];
	size_t questions_count;
	const char *left_out[CSV_COLUMNS_MAX]; /* columns, as the header has them */
	size_t left_out_count;
};

/*
 * Adds a customer for each row to the present of plan, all or none. ERR_INVALID ("survey.csv:17: column 4 'q2': …") or ERR_LIMIT. The
 * report lives in plan's arena.
 */
bool csv_import(const char *bytes, size_t len, const struct csv_options *options,
    struct planfile *plan, struct csv_report **report, struct err *err) MUST_CHECK;

/* The report for people. */
void csv_report_print(const struct csv_report *report, const char *name, struct str *out);

#endif
