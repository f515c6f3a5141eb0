/* What people say in confidence: who counts, what lies in the file, and what does not. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/calendar.h"
#include "server/limits.h"
#include "server/store/confidential.h"

static char folder[64];

static void
make_folder(void)
{
	snprintf(folder, sizeof folder, "/tmp/confidential-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void
remove_folder(void)
{
	unlink(path_of("confidential.db"));
	unlink(path_of("confidential.key"));
	unlink(path_of("confidential.key.away"));
	rmdir(folder);
}

static struct confidential *
open_store(const char *directory)
{
	struct confidential *store = confidential_new(directory);

	ck_assert_ptr_nonnull(store);
	return store;
}

/* Kind 2 about team/support, in week 100 of workspace 2 unless stated. */
static bool
say(struct confidential *store, const char *person, int32_t week, uint8_t kind, const char *about)
{
	const struct confidential_record record = {2, week, kind, about, person};
	struct err err = {0};
	bool replaced = false;

	ck_assert_msg(confidential_put(store, &record, &replaced, &err), "%s", err.msg);
	return replaced;
}

struct counted {
	char text[2000];
};

static bool
on_count(void *arg, int32_t block, uint8_t kind, const char *about, uint32_t people)
{
	struct counted *counted = arg;
	size_t len = strlen(counted->text);

	snprintf(counted->text + len, sizeof counted->text - len, "%d/%u/%s=%u ", (int)block, kind,
	    about, people);
	return true;
}

static const char *
count(struct confidential *store, uint32_t workspace, int32_t first, int32_t last)
{
	static struct counted counted;
	struct err err = {0};

	counted.text[0] = '\0';
	ck_assert_msg(confidential_count(store, workspace, first, last, on_count, &counted, &err),
	    "%s", err.msg);
	return counted.text;
}

START_TEST(weeks_begin_on_mondays_and_four_are_a_stretch)
{
	/* 2026-03-30 is a Monday: 20,542 days after 1970-01-01, 20,538 after Monday 1970-01-05 */
	int32_t monday = date_from_civil(2026, 3, 30);

	ck_assert_int_eq(confidential_week(monday), 20538 / 7);
	ck_assert_int_eq(confidential_week(monday - 1), 20538 / 7 - 1);
	ck_assert_int_eq(confidential_week(monday + 6), 20538 / 7);
	ck_assert_int_eq(confidential_monday(20538 / 7), monday);
	ck_assert_int_eq(confidential_block(7), 1);
	ck_assert_int_eq(confidential_block(8), 2);
	/* before 1970, too */
	ck_assert_int_eq(confidential_week(3), -1);
	ck_assert_int_eq(confidential_week(-3), -1);
	ck_assert_int_eq(confidential_week(-4), -2);
	ck_assert_int_eq(confidential_block(-1), -1);
	ck_assert_int_eq(confidential_block(-4), -1);
	ck_assert_int_eq(confidential_block(-5), -2);
}
END_TEST

START_TEST(one_person_counts_once_for_a_thing_in_a_stretch)
{
	struct confidential *store = open_store(NULL);

	ck_assert(!say(store, "anna", 100, 2, "team/support"));
	ck_assert(say(store, "anna", 100, 2, "team/support"));
	/* another week of the same stretch: newer, but still one */
	ck_assert(!say(store, "anna", 103, 2, "team/support"));
	ck_assert(say(store, "anna", 103, 2, "team/support"));
	ck_assert(!say(store, "bert", 101, 2, "team/support"));
	ck_assert_str_eq(count(store, 2, 25, 25), "25/2/team/support=2 ");
	/* another thing, another kind, another stretch are others */
	ck_assert(!say(store, "anna", 100, 3, "team/support"));
	ck_assert(!say(store, "anna", 100, 2, ""));
	ck_assert(!say(store, "anna", 104, 2, "team/support"));
	ck_assert_str_eq(count(store, 2, 25, 26),
	    "25/2/=1 25/2/team/support=2 25/3/team/support=1 26/2/team/support=1 ");
	ck_assert_str_eq(count(store, 2, 27, 99), "");
	ck_assert_str_eq(count(store, 3, 0, 99), "");
	confidential_free(store);
}
END_TEST

START_TEST(names_that_touch_are_told_apart)
{
	struct confidential *store = open_store(NULL);

	ck_assert(!say(store, "ab", 100, 2, "team/c"));
	ck_assert(!say(store, "b", 100, 2, "team/ca"));
	ck_assert_str_eq(count(store, 2, 25, 25), "25/2/team/c=1 25/2/team/ca=1 ");
	confidential_free(store);
}
END_TEST

START_TEST(records_stay_and_only_their_owner_can_read_them)
{
	struct confidential *store;
	struct stat st;

	make_folder();
	umask(0);
	store = open_store(folder);
	say(store, "anna", 100, 2, "team/support");
	confidential_free(store);
	ck_assert_int_eq(stat(path_of("confidential.db"), &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(stat(path_of("confidential.key"), &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(st.st_size, 32);
	store = open_store(folder);
	ck_assert(say(store, "anna", 100, 2, "team/support"));
	ck_assert_str_eq(count(store, 2, 25, 25), "25/2/team/support=1 ");
	confidential_free(store);
	remove_folder();
}
END_TEST

#define ROWS 16 /* all on one page, where their order shows most */

/* Where the bytes of one record lie behind those of one that came later, or before. */
static void
count_order(const char *bytes, size_t len, unsigned *rises, unsigned *found)
{
	int before = -1;

	*rises = *found = 0;
	for (const char *p = bytes; (p = memmem(p, len - (size_t)(p - bytes), "team/t", 6)) != NULL;
	     p += 6) {
		/* three digits: the byte behind them may look like one */
		int about = (p[6] - '0') * 100 + (p[7] - '0') * 10 + (p[8] - '0');
		int now = about * 13 % ROWS; /* 5 * 13 is 1 modulo 16 */

		*rises += now > before;
		before = now;
		(*found)++;
	}
}

START_TEST(the_file_names_nobody_and_its_order_tells_no_time)
{
	struct confidential *store;
	unsigned rises, found;
	sqlite3 *db = NULL;
	char *bytes;
	ssize_t len;
	int fd;

	make_folder();
	store = open_store(folder);
	/* what it is about says which came when, so that the test can look, but is not in that order itself */
	for (int i = 0; i < ROWS; i++) {
		char about[32], person[32];

		snprintf(about, sizeof about, "team/t%03d", i * 5 % ROWS);
		snprintf(person, sizeof person, "somebody-%03d", i);
		say(store, person, 100, 2, about);
	}
	confidential_free(store);
	ck_assert_int_ne(access(path_of("confidential.db-journal"), F_OK), 0);
	bytes = malloc(1u << 20);
	ck_assert_ptr_nonnull(bytes);
	fd = open(path_of("confidential.db"), O_RDONLY);
	len = read(fd, bytes, 1u << 20);
	ck_assert_int_gt(len, 0);
	close(fd);
	ck_assert_ptr_null(memmem(bytes, (size_t)len, "somebody", 8));
	/*
	 * Each lies there twice: in the order of tokens, which is none, and in that of the index, by name, which rises 3 times
	 * (12 read backwards). As SQLite leaves them, newest in front, none would rise but from one page to the other.
	 */
	count_order(bytes, (size_t)len, &rises, &found);
	ck_assert_uint_eq(found, 2 * ROWS);
	ck_assert_uint_gt(rises, 3);
	ck_assert_uint_lt(rises, 28);
	free(bytes);
	/* no hidden number of rows, which would count up */
	ck_assert_int_eq(sqlite3_open(path_of("confidential.db"), &db), SQLITE_OK);
	ck_assert_int_ne(sqlite3_exec(db, "SELECT rowid FROM record", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	remove_folder();
}
END_TEST

START_TEST(another_key_is_refused_and_nothing_is_kept_or_counted)
{
	const struct confidential_record record = {2, 100, 2, "team/support", "anna"};
	struct confidential *store;
	struct counted counted = {""};
	struct err err = {0};
	char away[160];
	bool replaced;

	make_folder();
	store = open_store(folder);
	say(store, "anna", 100, 2, "team/support");
	confidential_free(store);
	snprintf(away, sizeof away, "%s.away", path_of("confidential.key"));
	ck_assert_int_eq(rename(path_of("confidential.key"), away), 0);
	store = open_store(folder);
	ck_assert(!confidential_put(store, &record, &replaced, &err));
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert(!confidential_count(store, 2, 0, 99, on_count, &counted, &err));
	confidential_free(store);
	/* the right one again: all is there */
	ck_assert_int_eq(rename(away, path_of("confidential.key")), 0);
	store = open_store(folder);
	ck_assert(say(store, "anna", 100, 2, "team/support"));
	confidential_free(store);
	remove_folder();
}
END_TEST

START_TEST(a_disk_that_refuses_is_told_and_may_come_back)
{
	const struct confidential_record record = {2, 100, 2, "team/support", "anna"};
	struct confidential *store = open_store("/tmp/there-is-no-such-folder/confidential");
	struct err err = {0};
	bool replaced;

	ck_assert(!confidential_put(store, &record, &replaced, &err));
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	confidential_free(store);
	make_folder();
	rmdir(folder);
	store = open_store(folder);
	ck_assert(!confidential_put(store, &record, &replaced, &err));
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	ck_assert_msg(confidential_put(store, &record, &replaced, &err), "%s", err.msg);
	confidential_free(store);
	remove_folder();
}
END_TEST

START_TEST(a_file_that_is_no_database_is_told)
{
	const struct confidential_record record = {2, 100, 2, "team/support", "anna"};
	struct confidential *store;
	struct err err = {0};
	bool replaced;
	FILE *file;

	make_folder();
	file = fopen(path_of("confidential.db"), "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	store = open_store(folder);
	ck_assert(!confidential_put(store, &record, &replaced, &err));
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	/* Once it is gone, the same daemon goes on. */
	ck_assert_int_eq(unlink(path_of("confidential.db")), 0);
	ck_assert_msg(confidential_put(store, &record, &replaced, &err), "%s", err.msg);
	confidential_free(store);
	remove_folder();
}
END_TEST

/* ---- answers to rounds */

static const struct confidential_round AUTUMN = {2, "autumn"};

#define CLOSES 20000 /* the last day of all of them */

/* "-" not settled; behind "!" once it is sealed; then how many are asked. */
static const char *
terms_of(struct confidential *store, const struct confidential_round *round, const char *bytes,
    int32_t closes, uint32_t asked)
{
	struct confidential_settle settle = {{closes, asked}, {(const uint8_t *)bytes, 0}};
	struct confidential_terms there;
	static char text[100];
	struct err err = {0};

	if (bytes != NULL)
		settle.terms.len = strlen(bytes);
	ck_assert_msg(
	    confidential_terms(store, round, bytes != NULL ? &settle : NULL, &there, &err), "%s",
	    err.msg);
	if (there.is_set)
		snprintf(text, sizeof text, "%s%s/%d/%u", there.sealed ? "!" : "",
		    (const char *)there.bytes, (int)there.call.closes, there.call.asked);
	else
		snprintf(text, sizeof text, "-");
	confidential_terms_fini(&there);
	return text;
}

/* '+' replaced, '-' new, or the digit of the error. */
static char
answer_only(struct confidential *store, const struct confidential_round *round, const char *person,
    const char *body, bool may_replace, const char *name)
{
	const struct confidential_answer answer = {.round = *round,
	    .person = person,
	    .name = name,
	    .body = {(const uint8_t *)body, strlen(body)},
	    .may_replace = may_replace};
	struct err err = {0};
	bool replaced = false;

	if (!confidential_answer(store, &answer, &replaced, &err))
		return (char)('0' + err.code);
	return replaced ? '+' : '-';
}

static char
answer_as(struct confidential *store, const struct confidential_round *round, const char *person,
    const char *body, bool may_replace, const char *name)
{
	terms_of(store, round, "", CLOSES, 7);
	return answer_only(store, round, person, body, may_replace, name);
}

static void
strcat_one(char *text, char more)
{
	size_t len = strlen(text);

	text[len] = more;
	text[len + 1] = '\0';
}

static char
answer(struct confidential *store, const char *person, const char *body)
{
	return answer_as(store, &AUTUMN, person, body, true, NULL);
}

static bool
on_answer(void *arg, const char *name, const uint8_t *body, size_t len)
{
	struct counted *counted = arg;
	size_t at = strlen(counted->text);

	snprintf(counted->text + at, sizeof counted->text - at, "%s%s%.*s ",
	    name != NULL ? name : "", name != NULL ? ":" : "", (int)len, (const char *)body);
	return true;
}

static int
by_byte(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* All that were given, their bytes sorted. */
static const char *
answers(struct confidential *store, const struct confidential_round *round)
{
	static struct counted counted;
	struct err err = {0};

	counted.text[0] = '\0';
	ck_assert_msg(confidential_answers(store, round, CLOSES + 1, on_answer, &counted, &err),
	    "%s", err.msg);
	qsort(counted.text, strlen(counted.text), 1, by_byte);
	return counted.text;
}

static uint32_t
answers_count(struct confidential *store, const struct confidential_round *round)
{
	struct err err = {0};
	uint32_t all = 99;

	ck_assert_msg(confidential_answers_count(store, round, &all, &err), "%s", err.msg);
	return all;
}

START_TEST(a_person_has_one_answer_in_a_round)
{
	const struct confidential_round other = {2, "spring"}, elsewhere = {3, "autumn"};
	struct confidential *store = open_store(NULL);
	struct err err = {0};
	bool answered;

	ck_assert(confidential_has_answered(store, &AUTUMN, "anna", &answered, &err));
	ck_assert(!answered);
	ck_assert_int_eq(answer(store, "anna", "a"), '-');
	ck_assert_int_eq(answer(store, "anna", "b"), '+');
	ck_assert_int_eq(answer(store, "bert", "c"), '-');
	/* once only: refused, and what was there stays */
	ck_assert_int_eq(answer_as(store, &AUTUMN, "bert", "d", false, NULL), '0' + ERR_EXISTS);
	ck_assert_int_eq(answer_as(store, &AUTUMN, "carl", "e", false, NULL), '-');
	ck_assert_int_eq(answer_as(store, &other, "anna", "f", true, NULL), '-');
	ck_assert_int_eq(answer_as(store, &elsewhere, "anna", "g", true, NULL), '-');
	ck_assert(confidential_has_answered(store, &AUTUMN, "anna", &answered, &err));
	ck_assert(answered);
	ck_assert(confidential_has_answered(store, &other, "bert", &answered, &err));
	ck_assert(!answered);
	ck_assert_uint_eq(answers_count(store, &AUTUMN), 3);
	ck_assert_str_eq(answers(store, &AUTUMN), "   bce");
	ck_assert_str_eq(answers(store, &other), " f");
	ck_assert_str_eq(answers(store, &elsewhere), " g");
	/* pulses are counted apart */
	ck_assert_str_eq(count(store, 2, -100, 1000), "");
	confidential_free(store);
}
END_TEST

START_TEST(nothing_is_taken_once_it_was_given_out)
{
	const struct confidential_round nobody = {2, "nobody"};
	struct confidential *store = open_store(NULL);

	ck_assert_int_eq(answer(store, "anna", "a"), '-');
	ck_assert_uint_eq(answers_count(store, &AUTUMN), 1); /* counting seals nothing */
	ck_assert_int_eq(answer(store, "bert", "b"), '-');
	ck_assert_str_eq(answers(store, &AUTUMN), "  ab");
	ck_assert_int_eq(answer(store, "carl", "c"), '0' + ERR_PRECONDITION);
	ck_assert_int_eq(answer(store, "anna", "c"), '0' + ERR_PRECONDITION);
	ck_assert_str_eq(answers(store, &AUTUMN), "  ab");
	/* of what was never shown there is nothing to seal */
	ck_assert_str_eq(answers(store, &nobody), "");
	ck_assert_int_eq(answer_as(store, &nobody, "anna", "a", true, NULL), '-');
	confidential_free(store);
}
END_TEST

START_TEST(terms_are_those_that_were_there_first)
{
	struct confidential *store = open_store(NULL);
	struct confidential_answer early = {.round = AUTUMN, .person = "anna"};
	struct counted counted = {""};
	struct err err = {0};
	bool replaced;

	ck_assert_str_eq(terms_of(store, &AUTUMN, NULL, 0, 0), "-");
	ck_assert(!confidential_answer(store, &early, &replaced, &err));
	ck_assert_int_eq(err.code, ERR_PRECONDITION);
	ck_assert_str_eq(terms_of(store, &AUTUMN, "a b c", 90, 7), "a b c/90/7");
	/* the round may be made longer, and others be asked */
	ck_assert_str_eq(terms_of(store, &AUTUMN, "a b", 100, 8), "a b c/100/8");
	ck_assert(confidential_answer(store, &early, &replaced, &err));
	ck_assert_str_eq(terms_of(store, &AUTUMN, NULL, 0, 0), "a b c/100/8");
	/* nothing is given out, nor sealed, on the last day */
	ck_assert(!confidential_answers(store, &AUTUMN, 100, on_answer, &counted, &err));
	ck_assert_int_eq(err.code, ERR_PRECONDITION);
	ck_assert_str_eq(counted.text, "");
	ck_assert_str_eq(terms_of(store, &AUTUMN, NULL, 0, 0), "a b c/100/8");
	ck_assert(confidential_answers(store, &AUTUMN, 101, on_answer, &counted, &err));
	ck_assert_str_eq(counted.text, " ");
	ck_assert_str_eq(terms_of(store, &AUTUMN, "d", 110, 9), "!a b c/100/8");
	/* what is sealed is given out again, whatever day it is */
	ck_assert(confidential_answers(store, &AUTUMN, 100, on_answer, &counted, &err));
	ck_assert_str_eq(counted.text, "  ");
	confidential_free(store);
}
END_TEST

START_TEST(names_are_kept_where_they_are_given_only)
{
	struct confidential *store = open_store(NULL);
	struct counted counted = {""};
	struct err err = {0};

	answer_as(store, &AUTUMN, "anna", "x", true, "person/anna");
	ck_assert(confidential_answers(store, &AUTUMN, CLOSES + 1, on_answer, &counted, &err));
	ck_assert_str_eq(counted.text, "person/anna:x ");
	confidential_free(store);
}
END_TEST

START_TEST(an_answer_is_as_large_as_its_limit)
{
	struct confidential *store = open_store(NULL);
	struct confidential_answer big = {.round = AUTUMN, .person = "anna"};
	struct confidential_settle settle = {{CLOSES, 7}, {NULL, 0}};
	struct confidential_terms there;
	struct confidential_bytes bytes;
	struct err err = {0};
	bool replaced;

	bytes.len = LIMIT_ANSWER;
	bytes.bytes = calloc(1, LIMIT_ANSWER + 1);
	ck_assert_ptr_nonnull(bytes.bytes);
	big.body = settle.terms = bytes;
	ck_assert(confidential_terms(store, &AUTUMN, &settle, &there, &err));
	ck_assert_uint_eq(there.len, LIMIT_ANSWER);
	ck_assert_msg(confidential_answer(store, &big, &replaced, &err), "%s", err.msg);
	confidential_terms_fini(&there);
	bytes.len++;
	big.body = settle.terms = bytes;
	ck_assert(!confidential_answer(store, &big, &replaced, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert(!confidential_terms(store, &AUTUMN, &settle, &there, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	free((void *)(uintptr_t)bytes.bytes);
	/* names that no token is made of */
	big.body.len = 0;
	big.person =
	    "a name that is much too long, since persons have at most 64 bytes, and this is "
	    "repeated: a name that is much too long, since persons have at most 64 bytes: "
	    "a name that is much too long, since persons have at most 64 bytes, and this is "
	    "repeated: a name that is much too long, since persons have at most 64 bytes: "
	    "a name that is much too long, since persons have at most 64 bytes, and this is "
	    "repeated: a name that is much too long, since persons have at most 64 bytes: "
	    "a name that is much too long, since persons have at most 64 bytes, and so on";
	ck_assert(!confidential_answer(store, &big, &replaced, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_uint_eq(answers_count(store, &AUTUMN), 1);
	confidential_free(store);
}
END_TEST

START_TEST(the_file_of_answers_names_nobody_and_tells_no_time)
{
	struct confidential *store;
	unsigned rises = 0, found = 0;
	int before = -1;
	sqlite3 *db = NULL;
	char *bytes;
	ssize_t len;
	int fd;

	make_folder();
	store = open_store(folder);
	for (int i = 0; i < ROWS; i++) {
		char person[32], body[32];

		snprintf(person, sizeof person, "somebody-%03d", i);
		snprintf(body, sizeof body, "body-%03d", i);
		ck_assert_int_eq(answer(store, person, "old-order"), '-');
		ck_assert_int_eq(answer(store, person, body), '+');
	}
	confidential_free(store);
	bytes = malloc(1u << 20);
	ck_assert_ptr_nonnull(bytes);
	fd = open(path_of("confidential.db"), O_RDONLY);
	len = read(fd, bytes, 1u << 20);
	ck_assert_int_gt(len, 0);
	close(fd);
	ck_assert_ptr_null(memmem(bytes, (size_t)len, "somebody", 8));
	ck_assert_ptr_null(memmem(bytes, (size_t)len, "old-order", 9));
	for (const char *p = bytes;
	     (p = memmem(p, (size_t)len - (size_t)(p - bytes), "body-", 5)) != NULL; p += 5) {
		int now = (p[5] - '0') * 100 + (p[6] - '0') * 10 + (p[7] - '0');

		rises += now > before;
		before = now;
		found++;
	}
	/* in the order of tokens: neither as they came (16) nor backwards (1) */
	ck_assert_uint_eq(found, ROWS);
	ck_assert_uint_gt(rises, 1);
	ck_assert_uint_lt(rises, ROWS);
	free(bytes);
	ck_assert_int_eq(sqlite3_open(path_of("confidential.db"), &db), SQLITE_OK);
	ck_assert_int_ne(sqlite3_exec(db, "SELECT rowid FROM answer", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	remove_folder();
}
END_TEST

START_TEST(a_file_of_pulses_only_takes_answers)
{
	struct confidential *store;
	struct err err = {0};
	sqlite3 *db = NULL;
	uint32_t ignored;

	/* as format 1 left it */
	make_folder();
	store = open_store(folder);
	say(store, "anna", 100, 2, "team/support");
	confidential_free(store);
	ck_assert_int_eq(sqlite3_open(path_of("confidential.db"), &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db, "DROP TABLE answer; DROP TABLE round; PRAGMA user_version = 1", NULL,
		NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	store = open_store(folder);
	ck_assert_int_eq(answer(store, "anna", "a"), '-');
	ck_assert(say(store, "anna", 100, 2, "team/support"));
	confidential_free(store);
	store = open_store(folder);
	ck_assert_str_eq(count(store, 2, 25, 25), "25/2/team/support=1 ");
	ck_assert_str_eq(answers(store, &AUTUMN), " a");
	confidential_free(store);
	/* a newer one is not touched */
	ck_assert_int_eq(sqlite3_open(path_of("confidential.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version = 3", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	store = open_store(folder);
	ck_assert(!confidential_answers_count(store, &AUTUMN, &ignored, &err));
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	confidential_free(store);
	remove_folder();
}
END_TEST

/*
 * How far the disk lets a file grow; 0: as far as it likes. While it is full nothing of check may be called: each assertion writes
 * to a file of check's own.
 */
static bool
let_files_grow(rlim_t bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
		return false;
	limit.rlim_cur = bytes > 0 ? bytes : limit.rlim_max;
	return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

/*
 * A disk that is full after so many bytes, of the file and of its journal: what was acknowledged is there once there is room, what
 * was refused is not, and nothing else.
 */
START_TEST(a_full_disk_loses_nothing_that_was_acknowledged)
{
	char expected[64] = "", body[] = "a";
	struct confidential *store;
	unsigned refused = 0;

	make_folder();
	signal(SIGXFSZ, SIG_IGN);
	store = open_store(folder);
	ck_assert_int_eq(answer(store, "first", "0"), '-'); /* so that there is a file */
	strcat_one(expected, '0');
	for (rlim_t room = 512; room <= 40960; room += 4096, body[0]++) {
		char person[16];
		bool full, free_again;
		char outcome;

		snprintf(person, sizeof person, "p%s", body);
		full = let_files_grow(room);
		outcome = answer_only(store, &AUTUMN, person, body, true, NULL);
		free_again = let_files_grow(0);
		ck_assert(full && free_again);
		ck_assert(outcome == '-' || outcome == '0' + ERR_UNAVAILABLE);
		refused += outcome != '-';
		if (outcome == '-')
			strcat_one(expected, body[0]);
	}
	confidential_free(store);
	ck_assert_uint_gt(refused, 2);
	ck_assert_uint_gt(strlen(expected), 3);
	store = open_store(folder);
	ck_assert_str_eq(answers(store, &AUTUMN) + strlen(expected), expected);
	confidential_free(store);
	remove_folder();
}
END_TEST

/*
 * Answers until it is killed, and tells each one. It asserts nothing: a process killed while it writes to the file that check shares
 * with it leaves half a message there.
 */
static _Noreturn void
answer_and_tell(struct confidential *store, int told)
{
	for (int i = 0; i < 1000; i++) {
		char person[16];

		snprintf(person, sizeof person, "p%d", i);
		if (answer_only(store, &AUTUMN, person, "x", true, NULL) != '-' ||
		    write(told, "x", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* What the parent was told is there, whenever the daemon is killed. */
START_TEST(what_was_acknowledged_survives_a_kill)
{
	int told[2], acknowledged = 0;
	struct confidential *store;
	pid_t child;
	char byte;

	make_folder();
	store = open_store(folder);
	terms_of(store, &AUTUMN, "", CLOSES, 7);
	confidential_free(store);
	ck_assert_int_eq(pipe(told), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		answer_and_tell(confidential_new(folder), told[1]);
	close(told[1]);
	while (acknowledged < 7 + _i && read(told[0], &byte, 1) == 1)
		acknowledged++;
	kill(child, SIGKILL);
	while (read(told[0], &byte, 1) == 1)
		acknowledged++;
	waitpid(child, NULL, 0);
	close(told[0]);
	ck_assert_int_ge(acknowledged, 7);
	store = open_store(folder);
	ck_assert_uint_ge(answers_count(store, &AUTUMN), (uint32_t)acknowledged);
	ck_assert_uint_le(answers_count(store, &AUTUMN), (uint32_t)acknowledged + 1);
	confidential_free(store);
	unlink(path_of("confidential.db-journal"));
	remove_folder();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("confidential");
	TCase *tc = tcase_create("confidential");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, weeks_begin_on_mondays_and_four_are_a_stretch);
	tcase_add_test(tc, one_person_counts_once_for_a_thing_in_a_stretch);
	tcase_add_test(tc, names_that_touch_are_told_apart);
	tcase_add_test(tc, records_stay_and_only_their_owner_can_read_them);
	tcase_add_test(tc, the_file_names_nobody_and_its_order_tells_no_time);
	tcase_add_test(tc, another_key_is_refused_and_nothing_is_kept_or_counted);
	tcase_add_test(tc, a_disk_that_refuses_is_told_and_may_come_back);
	tcase_add_test(tc, a_file_that_is_no_database_is_told);
	tcase_add_test(tc, a_person_has_one_answer_in_a_round);
	tcase_add_test(tc, nothing_is_taken_once_it_was_given_out);
	tcase_add_test(tc, terms_are_those_that_were_there_first);
	tcase_add_test(tc, names_are_kept_where_they_are_given_only);
	tcase_add_test(tc, an_answer_is_as_large_as_its_limit);
	tcase_add_test(tc, the_file_of_answers_names_nobody_and_tells_no_time);
	tcase_add_test(tc, a_file_of_pulses_only_takes_answers);
	tcase_add_test(tc, a_full_disk_loses_nothing_that_was_acknowledged);
	tcase_add_loop_test(tc, what_was_acknowledged_survives_a_kill, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
