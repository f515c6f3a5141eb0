/* Snapshot files: whatever is wrong with one, an older one is taken and never a wrong byte. */
#include <dirent.h>
#include <sys/stat.h>

#include "server/store/snapshot.h"
#include "tests/unit/store/store_help.h"

#define LAYOUT 4

static void
set_up(void)
{
	make_directory();
	store = NULL;
}

static void
fill(uint8_t *p, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)((i * 31 + seed * 131) >> (i % 5));
}

static struct snapshot_writer *
begin(uint32_t workspace, uint64_t revision, struct err *err)
{
	struct snapshot_info info = {
	    .workspace = workspace, .revision = revision, .layout = LAYOUT};

	memset(info.chain, (int)revision, sizeof info.chain);
	return snapshot_create(directory, &info, err);
}

static void
write_snapshot(uint32_t workspace, uint64_t revision, size_t len)
{
	struct err err;
	struct snapshot_writer *writer = begin(workspace, revision, &err);
	uint8_t *p = malloc(len + 1);

	ck_assert_ptr_nonnull(writer);
	fill(p, len, revision);
	for (size_t at = 0; at < len; at += 77777) {
		size_t n = len - at < 77777 ? len - at : 77777;

		ck_assert(snapshot_put(writer, p + at, n, &err));
	}
	if (!snapshot_finish(writer, &err))
		ck_abort_msg("%s", err.msg);
	free(p);
}

/* Revision of the newest usable one up to max, 0 for none; its contents are checked. */
static uint64_t
open_revision(uint32_t workspace, uint64_t max, size_t expected_len)
{
	struct err err;
	struct snapshot *snapshot = snapshot_open(directory, workspace, max, LAYOUT, &err);
	const uint8_t *p;
	uint8_t *expected;
	uint64_t revision;
	size_t len;

	if (!snapshot) {
		ck_assert_int_eq(err.code, ERR_NOT_FOUND);
		return 0;
	}
	p = snapshot_payload(snapshot, &len);
	revision = snapshot_info(snapshot)->revision;
	ck_assert_uint_eq((uintptr_t)p % 16, 0);
	ck_assert_uint_eq(len, expected_len);
	expected = malloc(len + 1);
	fill(expected, len, revision);
	ck_assert(memcmp(p, expected, len) == 0);
	ck_assert_uint_eq(snapshot_info(snapshot)->chain[31], revision & 0xff);
	ck_assert_uint_eq(snapshot_info(snapshot)->workspace, workspace);
	free(expected);
	snapshot_close(snapshot);
	return revision;
}

static void
path_of(char *out, size_t size, uint32_t workspace, uint64_t revision, const char *suffix)
{
	snprintf(out, size, "%s/snapshots/%u-%llu.%s", directory, workspace,
	    (unsigned long long)revision, suffix);
}

static bool
exists(uint32_t workspace, uint64_t revision, const char *suffix)
{
	char path[128];

	path_of(path, sizeof path, workspace, revision, suffix);
	return access(path, F_OK) == 0;
}

static uint8_t *
slurp(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *p;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &st), 0);
	*len = (size_t)st.st_size;
	p = malloc(*len + 1);
	ck_assert_uint_eq(fread(p, 1, *len, file), *len);
	fclose(file);
	return p;
}

static void
spill(const char *path, const uint8_t *p, size_t len)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(p, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_newest_up_to_a_revision_is_read)
{
	ck_assert_uint_eq(open_revision(2, UINT64_MAX, 0), 0); /* not even a folder yet */
	write_snapshot(2, 10, 100);
	write_snapshot(2, 20, 100);
	write_snapshot(3, 15, 100);
	ck_assert_uint_eq(open_revision(2, UINT64_MAX, 100), 20);
	ck_assert_uint_eq(open_revision(2, 20, 100), 20);
	ck_assert_uint_eq(open_revision(2, 19, 100), 10);
	ck_assert_uint_eq(open_revision(2, 9, 100), 0);
	ck_assert_uint_eq(open_revision(3, 99, 100), 15);
}
END_TEST

START_TEST(payloads_of_any_length_come_back)
{
	/* Nothing; around one chunk of 1 MiB; several. */
	static const size_t lengths[] = {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20};

	write_snapshot(2, (uint64_t)_i + 1, lengths[_i]);
	ck_assert_uint_eq(open_revision(2, UINT64_MAX, lengths[_i]), (uint64_t)_i + 1);
}
END_TEST

START_TEST(another_layout_is_left_alone)
{
	struct err err;

	write_snapshot(2, 10, 100);
	ck_assert_ptr_null(snapshot_open(directory, 2, UINT64_MAX, LAYOUT + 1, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert(exists(2, 10, "snap"));
}
END_TEST

START_TEST(a_file_cut_anywhere_is_set_aside_and_an_older_one_taken)
{
	char path[128], bad[140];
	uint8_t *whole;
	size_t len;

	write_snapshot(2, 10, 300);
	write_snapshot(2, 20, 300);
	path_of(path, sizeof path, 2, 20, "snap");
	path_of(bad, sizeof bad, 2, 20, "snap.bad");
	whole = slurp(path, &len);
	for (size_t cut = 0; cut < len; cut++) {
		spill(path, whole, cut);
		ck_assert_uint_eq(open_revision(2, UINT64_MAX, 300), 10);
		ck_assert(exists(2, 20, "snap.bad"));
		ck_assert_int_eq(unlink(bad), 0);
	}
	spill(path, whole, len);
	ck_assert_uint_eq(open_revision(2, UINT64_MAX, 300), 20);
	free(whole);
}
END_TEST

START_TEST(a_flipped_bit_anywhere_is_found)
{
	char path[128];
	uint8_t *whole;
	size_t len;

	write_snapshot(2, 10, 300);
	write_snapshot(2, 20, 300);
	path_of(path, sizeof path, 2, 20, "snap");
	whole = slurp(path, &len);
	for (size_t i = 0; i < len; i++) {
		whole[i] ^= (uint8_t)(1 << (i % 8));
		spill(path, whole, len);
		/* Bytes 128.. are payload, the version and layout fields make it another's. */
		ck_assert_uint_eq(open_revision(2, UINT64_MAX, 300), 10);
		whole[i] ^= (uint8_t)(1 << (i % 8));
	}
	free(whole);
}
END_TEST

START_TEST(a_file_under_another_name_is_not_taken)
{
	char from[128], to[128];

	write_snapshot(2, 10, 300);
	path_of(from, sizeof from, 2, 10, "snap");
	path_of(to, sizeof to, 2, 11, "snap");
	ck_assert_int_eq(rename(from, to), 0);
	ck_assert_uint_eq(open_revision(2, UINT64_MAX, 300), 0);
	/* Names that only look alike are nobody's. */
	path_of(to, sizeof to, 2, 10, "snap.bad");
	spill(to, (const uint8_t *)"x", 1);
	snprintf(to, sizeof to, "%s/snapshots/2-010.snap", directory);
	spill(to, (const uint8_t *)"x", 1);
	snprintf(to, sizeof to, "%s/snapshots/2--1.snap", directory);
	spill(to, (const uint8_t *)"x", 1);
	ck_assert_uint_eq(open_revision(2, UINT64_MAX, 300), 0);
	ck_assert_int_eq(access(to, F_OK), 0);
}
END_TEST

START_TEST(old_ones_are_thinned_out_by_powers_of_two)
{
	/*
	 * Newest 16: distances 1 (15) .. 15 (1). The two newest stay; of distances 2..3, 4..7 and 8..15 the oldest:
	 * revisions 13, 9 and 1. By the time 16 is written the earlier sweeps have left fewer, but of each doubling one.
	 */
	unsigned kept = 0;

	for (uint64_t revision = 1; revision <= 64; revision++) {
		write_snapshot(2, revision, 10);
		ck_assert(exists(2, revision, "snap"));
		ck_assert(revision == 1 || exists(2, revision - 1, "snap"));
		ck_assert_msg(exists(2, 1, "snap"), "the oldest is gone at %d", (int)revision);
	}
	for (uint64_t revision = 1; revision <= 64; revision++)
		kept += exists(2, revision, "snap");
	/* 2 + one for each of the doublings 2..3, 4..7, 8..15, 16..31, 32..63 at most. */
	ck_assert_uint_le(kept, 7);
	ck_assert_uint_ge(kept, 5);
}
END_TEST

START_TEST(the_first_sweep_keeps_what_is_said)
{
	char path[128];

	/* Written as another workspace would be, so that no sweep has run between: 1..15, then 16. */
	for (uint64_t revision = 1; revision <= 15; revision++) {
		ck_assert(snprintf(path, sizeof path, "%s/snapshots", directory) > 0);
		if (revision == 1)
			ck_assert_int_eq(mkdir(path, 0700), 0);
		path_of(path, sizeof path, 2, revision, "snap");
		spill(path, (const uint8_t *)"x", 1);
	}
	write_snapshot(2, 16, 10);
	for (uint64_t revision = 1; revision <= 16; revision++) {
		bool kept = revision == 16 || revision == 15 || revision == 13 || revision == 9 ||
			    revision == 1;

		ck_assert_msg(exists(2, revision, "snap") == kept, "revision %d", (int)revision);
	}
}
END_TEST

START_TEST(what_is_half_written_has_no_name_and_is_cleared_away)
{
	struct err err;
	struct snapshot_writer *writer = begin(2, 30, &err);
	char path[128];

	ck_assert_ptr_nonnull(writer);
	ck_assert(snapshot_put(writer, "abc", 3, &err));
	ck_assert(exists(2, 30, "part"));
	ck_assert(!exists(2, 30, "snap"));
	ck_assert_ptr_null(begin(2, 30, &err)); /* two at once would mix */
	ck_assert_int_eq(err.code, ERR_EXISTS);
	path_of(path, sizeof path, 2, 5, "part"); /* what a crash left */
	spill(path, (const uint8_t *)"x", 1);
	write_snapshot(2, 40, 10);
	ck_assert(!exists(2, 5, "part"));
	ck_assert(exists(2, 30, "part")); /* still being written */
	snapshot_abandon(writer);
	ck_assert(!exists(2, 30, "part"));
	snapshot_abandon(NULL);
	snapshot_close(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, remove_directory);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_newest_up_to_a_revision_is_read);
	tcase_add_loop_test(tcase, payloads_of_any_length_come_back, 0, 6);
	tcase_add_test(tcase, another_layout_is_left_alone);
	tcase_add_test(tcase, a_file_cut_anywhere_is_set_aside_and_an_older_one_taken);
	tcase_add_test(tcase, a_flipped_bit_anywhere_is_found);
	tcase_add_test(tcase, a_file_under_another_name_is_not_taken);
	tcase_add_test(tcase, old_ones_are_thinned_out_by_powers_of_two);
	tcase_add_test(tcase, the_first_sweep_keeps_what_is_said);
	tcase_add_test(tcase, what_is_half_written_has_no_name_and_is_cleared_away);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
