/* The audit file: what is written, what a start finds, and that no change of it goes unseen. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/audit_file.h"

#define NEVER (1u << 30)

static char folder[64];
static char path[96];
static const struct audit_head none;

static void
setup(void)
{
	snprintf(folder, sizeof folder, "/tmp/audit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/audit.log", folder);
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static char *
slurp(const char *name, size_t *len)
{
	char *text = calloc(1, 1 << 16);
	FILE *file = fopen(name, "r");

	ck_assert_ptr_nonnull(file);
	*len = fread(text, 1, (1 << 16) - 1, file);
	fclose(file);
	return text;
}

static void
put(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	fclose(file);
}

static struct audit_file *
open_file(uint64_t max, const struct audit_head *anchor, struct audit_found *found)
{
	struct err err = {0};
	struct audit_file *file = audit_file_open(folder, max, anchor, found, &err);

	ck_assert_msg(file != NULL, "%s", err.msg);
	return file;
}

static void
add(struct audit_file *file, const char *event)
{
	const struct audit_line line = {.time_us = 0,
	    .event = event,
	    .who = "person/anna",
	    .from = "unix",
	    .about = "say \"hi\"\n",
	    .outcome = "ok"};
	struct err err = {0};

	ck_assert(audit_file_add(file, &line));
	ck_assert_msg(audit_file_sync(file, &err), "%s", err.msg);
}

/* Lines e1, e2 …; answers the head. */
static struct audit_head
write_lines(unsigned count, uint64_t max, const struct audit_head *anchor)
{
	struct audit_found found;
	struct audit_file *file = open_file(max, anchor, &found);
	struct audit_head head;
	char event[16];

	for (unsigned i = 1; i <= count; i++) {
		snprintf(event, sizeof event, "e%u", i);
		add(file, event);
	}
	head = *audit_file_head(file);
	audit_file_close(file);
	return head;
}

struct said {
	struct audit_problem list[64];
	size_t count;
};

static bool
on_problem(void *arg, const struct audit_problem *problem)
{
	struct said *said = arg;

	if (said->count < 64)
		said->list[said->count++] = *problem;
	return true;
}

/* With one anchor, at the head given. */
static struct said
verify_from(const struct audit_head *head, uint64_t first)
{
	struct said said = {.count = 0};
	struct audit_anchor anchor = {*head, 9};
	struct audit_verify ask = {.directory = folder,
	    .anchors = &anchor,
	    .anchors_count = head->sequence > 0,
	    .first = first,
	    .problem = on_problem,
	    .arg = &said};
	struct audit_result result;
	struct err err = {0};

	ck_assert_msg(audit_file_verify(&ask, &result, &err), "%s", err.msg);
	ck_assert_uint_eq(result.problems, said.count);
	if (said.count == 0 && first == 0)
		ck_assert_uint_eq(result.anchors, head->sequence > 0);
	return said;
}

static struct said
verify(const struct audit_head *head)
{
	return verify_from(head, 0);
}

/* The hashes were computed with Python's hashlib from the description in audit_file.h. */
START_TEST(lines)
{
	static const char expected[] =
	    "{\"sequence\":1,\"time\":\"1970-01-01T00:00:00Z\",\"event\":\"e1\",\"who\":\"person/"
	    "anna\",\"from\":\"unix\",\"about\":\"say \\\"hi\\\"\\n\",\"outcome\":\"ok\",\"chain\":"
	    "\"e2ecd3e8a339249761c3971412d1d5efe01ac0ee1a2face2978b136bf0fae9e6\"}\n{\"sequence\":"
	    "2,";
	struct audit_head head = write_lines(2, NEVER, &none);
	struct said said;
	struct stat st;
	size_t len;
	char *text = slurp(path, &len);

	ck_assert_uint_eq(head.sequence, 2);
	ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s", text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	said = verify(&head);
	ck_assert_uint_eq(said.count, 0);
	free(text);
}
END_TEST

/* Sequence and chain go on after a start. */
START_TEST(goes_on)
{
	struct audit_head head = write_lines(2, NEVER, &none);

	head = write_lines(1, NEVER, &head);
	ck_assert_uint_eq(head.sequence, 3);
	ck_assert_uint_eq(verify(&head).count, 0);
}
END_TEST

/* Every byte of three lines, each bit that makes another letter, digit, quote or newline of it. */
START_TEST(flips)
{
	struct audit_head head = write_lines(3, NEVER, &none);
	size_t len;
	char *text = slurp(path, &len);

	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			struct said said;
			unsigned line = 1;

			for (size_t j = 0; j < i; j++)
				line += text[j] == '\n';
			text[i] ^= (char)(1 << bit);
			put(path, text, len);
			said = verify(&head);
			ck_assert_msg(said.count > 0, "byte %zu, bit %d went unseen", i, bit);
			ck_assert_msg(said.list[0].number == line,
			    "byte %zu of line %u was told as line %u", i, line,
			    (unsigned)said.list[0].number);
			text[i] ^= (char)(1 << bit);
		}
	}
	put(path, text, len);
	ck_assert_uint_eq(verify(&head).count, 0);
	free(text);
}
END_TEST

/* The anchor finds what the chain cannot: a file that ends between two lines is whole in itself. */
START_TEST(truncations)
{
	struct audit_head head = write_lines(3, NEVER, &none);
	size_t len;
	char *text = slurp(path, &len);

	for (size_t i = 0; i < len; i++) {
		struct said said;

		put(path, text, i);
		said = verify(&head);
		ck_assert_msg(said.count > 0, "a file of %zu bytes went unseen", i);
		ck_assert_ptr_nonnull(
		    strstr(said.list[said.count - 1].what, "knows line 3: its end was cut off"));
	}
	free(text);
}
END_TEST

/* text from line `from` (0 the first) to before line `to`. */
static size_t
copy_lines(char *out, const char *text, unsigned from, unsigned to)
{
	const char *start = text;
	const char *end;

	for (unsigned i = 0; i < from; i++)
		start = strchr(start, '\n') + 1;
	end = start;
	for (unsigned i = from; i < to; i++)
		end = strchr(end, '\n') + 1;
	memcpy(out, start, (size_t)(end - start));
	return (size_t)(end - start);
}

START_TEST(dropped_line)
{
	struct audit_head head = write_lines(4, NEVER, &none);
	size_t len, n;
	char *text = slurp(path, &len);
	char other[8192];
	struct said said;

	n = copy_lines(other, text, 0, 1);
	n += copy_lines(other + n, text, 2, 4);
	put(path, other, n);
	said = verify(&head);
	ck_assert_uint_eq(said.count, 1);
	ck_assert_uint_eq(said.list[0].number, 2);
	ck_assert_uint_eq(said.list[0].sequence, 3);
	ck_assert_ptr_nonnull(strstr(said.list[0].what, "lines 2 to 2 are missing"));
	/* The first too. */
	put(path, other, copy_lines(other, text, 1, 4));
	said = verify(&head);
	ck_assert_uint_eq(said.count, 1);
	ck_assert_ptr_nonnull(strstr(said.list[0].what, "lines 1 to 1 are missing"));
	/* Unless it was moved elsewhere, as who asks says. */
	ck_assert_uint_eq(verify_from(&head, 2).count, 0);
	ck_assert_uint_eq(verify_from(&head, 1).count, 1);
	free(text);
}
END_TEST

START_TEST(swapped_lines)
{
	struct audit_head head = write_lines(4, NEVER, &none);
	size_t len, n;
	char *text = slurp(path, &len);
	char other[8192];
	struct said said;

	n = copy_lines(other, text, 0, 1);
	n += copy_lines(other + n, text, 2, 3);
	n += copy_lines(other + n, text, 1, 2);
	n += copy_lines(other + n, text, 3, 4);
	put(path, other, n);
	said = verify(&head);
	ck_assert_uint_ge(said.count, 2);
	ck_assert_uint_eq(said.list[0].number, 2);
	ck_assert_uint_eq(said.list[1].number, 3);
	ck_assert_ptr_nonnull(strstr(said.list[1].what, "number 2 behind number 3"));
	free(text);
}
END_TEST

START_TEST(older_copy)
{
	struct audit_head head = write_lines(2, NEVER, &none);
	size_t len;
	char *text = slurp(path, &len);
	struct said said;

	head = write_lines(2, NEVER, &head);
	ck_assert_uint_eq(head.sequence, 4);
	put(path, text, len);
	said = verify(&head);
	ck_assert_uint_eq(said.count, 1);
	ck_assert_ptr_nonnull(strstr(said.list[0].what,
	    "ends with line 2, and the log (workspace system, revision 9) "
	    "knows line 4"));
	free(text);
}
END_TEST

/* A file that somebody wrote anew, hashes and all: only the anchor tells. */
START_TEST(written_anew)
{
	struct audit_head head = write_lines(2, NEVER, &none);
	struct audit_found found;
	struct audit_file *file;
	struct said said;

	unlink(path);
	file = open_file(NEVER, &none, &found);
	add(file, "e1");
	add(file, "nothing-to-see");
	audit_file_close(file);
	ck_assert_uint_eq(verify(&none).count, 0);
	said = verify(&head);
	ck_assert_uint_eq(said.count, 1);
	ck_assert_uint_eq(said.list[0].number, 2);
	ck_assert_ptr_nonnull(strstr(said.list[0].what, "was written anew"));
	/* The next start sees it too. */
	audit_file_close(open_file(NEVER, &head, &found));
	ck_assert(found.is_other);
}
END_TEST

/* kill -9 within a write: what is there of the line is kept aside, and the chain goes on. */
START_TEST(torn)
{
	struct audit_head head = write_lines(2, NEVER, &none);
	struct audit_found found;
	struct audit_file *file;
	size_t len, whole;
	char *text = slurp(path, &len);
	char aside[128];

	whole = (size_t)(strchr(text, '\n') - text) + 1;
	for (size_t cut = whole + 1; cut < len; cut += 17) {
		put(path, text, cut);
		file = open_file(NEVER, &none, &found);
		ck_assert_uint_eq(found.aside_bytes, cut - whole);
		ck_assert_str_eq(found.aside_name, "audit.aside-2");
		ck_assert_uint_eq(audit_file_head(file)->sequence, 1);
		add(file, "next");
		head = *audit_file_head(file);
		audit_file_close(file);
		ck_assert_uint_eq(head.sequence, 2);
		ck_assert_uint_eq(verify(&head).count, 0);
	}
	free(text);
	snprintf(aside, sizeof aside, "%s/audit.aside-2", folder);
	text = slurp(aside, &len);
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(strncmp(text, "{{\"seq", 6), 0);
	free(text);
}
END_TEST

/* A power cut may leave a length that was never written: however much it is, the lines before it stay where they are. */
START_TEST(long_torn)
{
	struct audit_head head = write_lines(2, NEVER, &none);
	struct audit_found found;
	struct audit_file *file;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size + 3000000), 0);
	file = open_file(NEVER, &head, &found);
	ck_assert_uint_eq(found.aside_bytes, 3000000);
	ck_assert_uint_eq(found.missing_from, 0);
	ck_assert_uint_eq(audit_file_head(file)->sequence, 2);
	audit_file_close(file);
	ck_assert_uint_eq(verify(&head).count, 0);
}
END_TEST

/* A start with a file that was cut goes on behind what the log knows, so that the gap stays to be seen. */
START_TEST(cut_then_started)
{
	struct audit_head head = write_lines(4, NEVER, &none);
	struct audit_found found;
	struct audit_file *file;
	struct said said;
	size_t len;
	char *text = slurp(path, &len);
	char other[8192];

	put(path, other, copy_lines(other, text, 0, 2));
	file = open_file(NEVER, &head, &found);
	ck_assert_uint_eq(found.missing_from, 3);
	ck_assert_uint_eq(found.missing_to, 4);
	add(file, "missing");
	ck_assert_uint_eq(audit_file_head(file)->sequence, 5);
	audit_file_close(file);
	said = verify(&head);
	ck_assert_uint_eq(said.count, 1);
	ck_assert_uint_eq(said.list[0].number, 3);
	ck_assert_ptr_nonnull(strstr(said.list[0].what, "lines 3 to 4 are missing"));
	free(text);
}
END_TEST

/* A file that is gone, as after a restore from a backup: the chain goes on from the anchor. */
START_TEST(gone)
{
	struct audit_head head = write_lines(4, NEVER, &none);
	struct audit_found found;
	struct audit_file *file;

	unlink(path);
	file = open_file(NEVER, &head, &found);
	ck_assert_uint_eq(found.missing_from, 1);
	add(file, "missing");
	audit_file_close(file);
	ck_assert_uint_eq(verify(&head).count, 1);
	ck_assert_uint_eq(verify_from(&head, 5).count, 0);
}
END_TEST

/* Each file is full after a line. */
START_TEST(rotation)
{
	struct audit_head head = write_lines(3, 1, &none);
	char old[128];
	size_t len;
	char *text;

	snprintf(old, sizeof old, "%s/audit-000000000002.log", folder);
	text = slurp(old, &len);
	ck_assert_ptr_nonnull(strstr(text, "{\"sequence\":2,"));
	ck_assert_ptr_null(strstr(text, "\"sequence\":3"));
	ck_assert_uint_eq(verify(&head).count, 0);
	/* Killed between the renaming and the new file's first line: the chain goes on from the older one. */
	snprintf(old, sizeof old, "%s/audit-000000000003.log", folder);
	ck_assert_int_eq(rename(path, old), 0);
	head = write_lines(1, 1, &none);
	ck_assert_uint_eq(head.sequence, 4);
	ck_assert_uint_eq(verify(&head).count, 0);
	/* One of them taken away. */
	snprintf(old, sizeof old, "%s/audit-000000000002.log", folder);
	unlink(old);
	ck_assert_uint_eq(verify(&head).count, 1);
	free(text);
}
END_TEST

/* A disk that takes nothing: the batch is forgotten, and the file as it was. */
START_TEST(refused)
{
	const struct audit_line line = {.event = "e2", .who = "plumbd"};
	struct audit_head head = write_lines(1, NEVER, &none);
	struct audit_found found;
	struct audit_file *file;
	struct err err = {0};
	char old[128];

	file = open_file(1, &head, &found);
	/* The file is full, and cannot be renamed: a directory stands there. */
	snprintf(old, sizeof old, "%s/audit-000000000001.log", folder);
	ck_assert_int_eq(mkdir(old, 0700), 0);
	ck_assert(audit_file_add(file, &line));
	ck_assert(!audit_file_sync(file, &err));
	ck_assert_uint_eq(audit_file_head(file)->sequence, 1);
	ck_assert_int_eq(rmdir(old), 0);
	add(file, "e2");
	head = *audit_file_head(file);
	ck_assert_uint_eq(head.sequence, 2);
	ck_assert_uint_eq(verify(&head).count, 0);
	audit_file_close(file);
}
END_TEST

static bool
count_line(void *arg, const struct audit_place *place, const char *line, size_t len)
{
	unsigned *count = arg;

	(void)place;
	(void)line;
	(void)len;
	(*count)++;
	return true;
}

/* Files before the one that has the first line wanted are not read. */
START_TEST(reading)
{
	struct err err = {0};
	unsigned count = 0;

	write_lines(5, 1, &none);
	ck_assert(audit_file_read(folder, 0, count_line, &count, &err));
	ck_assert_uint_eq(count, 5);
	count = 0;
	ck_assert(audit_file_read(folder, 3, count_line, &count, &err));
	ck_assert_uint_eq(count, 3); /* 3, 4, 5 */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store/audit_file");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lines);
	tcase_add_test(tcase, goes_on);
	tcase_add_test(tcase, flips);
	tcase_add_test(tcase, truncations);
	tcase_add_test(tcase, dropped_line);
	tcase_add_test(tcase, swapped_lines);
	tcase_add_test(tcase, older_copy);
	tcase_add_test(tcase, written_anew);
	tcase_add_test(tcase, torn);
	tcase_add_test(tcase, long_torn);
	tcase_add_test(tcase, cut_then_started);
	tcase_add_test(tcase, gone);
	tcase_add_test(tcase, rotation);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, reading);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
