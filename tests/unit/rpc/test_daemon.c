/* The daemon over a directory: restart, snapshots, workspaces, as-of, redaction of the log. */
#include "tests/unit/rpc/engine.h"

#include <dirent.h>
#include <ftw.h>
#include <unistd.h>

static char directory[64];

static void
open_daemon(void)
{
	struct daemon_options options = {.data_dir = directory, .synchronous = "NORMAL"};

	engine_open(&options);
}

static void
setup(void)
{
	snprintf(directory, sizeof directory, "/tmp/plumb-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	open_daemon();
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
teardown(void)
{
	engine_fini();
	nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void
restart(void)
{
	engine_close();
	open_daemon();
}

/* Snapshot files of workspace 2. */
static unsigned
snapshots(void)
{
	char path[100];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	snprintf(path, sizeof path, "%s/snapshots", directory);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		count += strncmp(entry->d_name, "2-", 2) == 0;
	if (dir != NULL)
		closedir(dir);
	return count;
}

static void
remove_snapshots(void)
{
	char path[100];

	snprintf(path, sizeof path, "%s/snapshots", directory);
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Of main at a revision: Info has it of the newest only, so an as-of is compared by its list. */
static char *
state_hash(void)
{
	const char *reply =
	    engine_reply("Admin.Info", "{\"workspace\":\"main\",\"state_hash\":true}");
	const char *hash = strstr(reply, "\"state_hash\":\"");

	ck_assert_ptr_nonnull(hash);
	return strndup(hash + 14, 64);
}

/* A bit of everything. */
static void
change_everything(void)
{
	engine_put(1, "{\"id\":\"g\",\"title\":\"G\",\"goal\":{}}");
	engine_put(2, "{\"id\":\"o\",\"objective\":{\"goal\":\"g\"}}");
	engine_put(3, "{\"id\":\"i\",\"initiative\":{\"objective\":\"o\"}}");
	engine_put(4, "{\"id\":\"j\",\"initiative\":{}}");
	engine_change(5, "{\"place\":{\"item\":\"i\",\"first\":true}}");
	engine_change(6, "{\"place\":{\"item\":\"j\",\"tied_with\":\"i\"}}");
	engine_change(7, "{\"rename\":{\"ref\":\"goal/g\",\"id\":\"grow\"}}");
	engine_change(8, "{\"add\":{\"record\":{\"about\":\"initiative/"
			 "i\",\"note\":\"n\",\"check_in\":{\"progress\":0.5}}}}");
	engine_change(9, "{\"add\":{\"record\":{\"id\":\"m\",\"about\":\"rate\",\"by\":\"anna\","
			 "\"measurement\":{\"value\":3}}}}");
	engine_change(10, "{\"retract\":{\"ref\":\"check-in/r8.0\",\"reason\":\"because\"}}");
	engine_put(11, "{\"id\":\"b\",\"baseline\":{}}");
	engine_put(12, "{\"id\":\"t\",\"task\":{\"initiative\":\"j\"}}");
	engine_change(13, "{\"remove\":{\"ref\":\"initiative/j\",\"cascade\":true}}");
}

START_TEST(a_restart_folds_the_same_state)
{
	char *before;
	char *replayed;
	char *loaded;

	change_everything();
	before = state_hash();
	/* Stopping wrote a snapshot; once with it, once from the log alone. */
	restart();
	ck_assert_uint_eq(snapshots(), 1);
	loaded = state_hash();
	ck_assert_str_eq(before, loaded);
	engine_close();
	remove_snapshots();
	open_daemon();
	replayed = state_hash();
	ck_assert_str_eq(before, replayed);
	free(before);
	free(loaded);
	free(replayed);
}
END_TEST

/* What was listed when a revision was the newest is what is listed as of it later. */
START_TEST(as_of_equals_what_was_there)
{
	static char then[14][4096];
	char json[120];

	for (unsigned pass = 0; pass < 3; pass++) {
		if (pass == 0)
			change_everything();
		if (pass == 2)
			restart();
		for (unsigned revision = 0; revision <= 13; revision++) {
			const char *reply;

			snprintf(json, sizeof json,
			    "{\"filter\":\"removed:yes,no "
			    "retracted:yes,no\",\"at\":{\"revision\":\"%u\"}}",
			    revision);
			reply = engine_reply("Plan.List", json);
			if (pass == 0)
				snprintf(then[revision], sizeof then[revision], "%s", reply);
			ck_assert_str_eq(reply, then[revision]);
		}
	}
	assert_has(then[13], "\"revision\":\"13\"");
	assert_has(then[4], "initiative/j");
	assert_lacks(then[3], "initiative/j");
}
END_TEST

START_TEST(keys_are_remembered_over_a_restart)
{
	const char *request = "{\"change_set\":{\"idempotency_key\":\"k\",\"changes\":[{\"put\":{"
			      "\"item\":{\"id\":\"a\",\"goal\":{}}}}]}}";

	assert_lacks(engine_reply("Plan.Apply", request), "duplicate");
	restart();
	assert_has(engine_reply("Plan.Apply", request), "\"duplicate\":true");
	engine_error("Plan.Apply",
	    "{\"change_set\":{\"idempotency_key\":\"k\",\"changes\":[{\"put\":{\"item\":{\"id\":"
	    "\"b\",\"goal\":{}}}}]}}",
	    ERR_PRECONDITION);
}
END_TEST

START_TEST(a_watch_resumes_after_a_restart)
{
	struct asked *watch;

	change_everything();
	restart();
	watch = engine_begin("Plan.Watch", "{\"from_revision\":\"5\"}");
	engine_wait_replies(watch, 9);
	assert_has(engine_json(watch, 0), "{\"revision\":\"5\"");
	assert_has(engine_json(watch, 8), "{\"revision\":\"13\"");
	rpc_cancel(watch->call, ERR_CANCELLED);
	asked_free(watch);
}
END_TEST

START_TEST(workspaces_are_apart)
{
	const char *reply;

	engine_put(1, "{\"id\":\"a\",\"goal\":{}}");
	ck_assert_str_eq(
	    engine_reply("Admin.CreateWorkspace",
		"{\"id\":\"lab\",\"title\":\"Lab\",\"time_zone\":\"Pacific/Auckland\"}"),
	    "{\"workspace\":{\"id\":\"lab\",\"title\":\"Lab\",\"time_zone\":\"Pacific/"
	    "Auckland\"}}");
	engine_error("Admin.CreateWorkspace", "{\"id\":\"lab\"}", ERR_EXISTS);
	engine_error("Admin.CreateWorkspace", "{\"id\":\"main\"}", ERR_EXISTS);
	engine_error("Admin.CreateWorkspace", "{\"id\":\"system\"}", ERR_INVALID);
	engine_error("Admin.CreateWorkspace", "{\"id\":\"No\"}", ERR_INVALID);
	assert_has(engine_error("Admin.CreateWorkspace",
		       "{\"id\":\"x\",\"time_zone\":\"Mars/Base\"}", ERR_INVALID),
	    "time_zone");
	engine_error(
	    "Plan.Get", "{\"ref\":\"goal/a\",\"at\":{\"workspace\":\"lab\"}}", ERR_NOT_FOUND);
	engine_reply("Plan.Apply", "{\"workspace\":\"lab\",\"change_set\":{\"changes\":[{\"put\":{"
				   "\"item\":{\"id\":\"b\",\"goal\":{}}}}]}}");
	restart();
	reply = engine_reply("Plan.Get", "{\"ref\":\"goal/b\",\"at\":{\"workspace\":\"lab\"}}");
	assert_has(reply, "goal/b");
	engine_error("Plan.Get", "{\"ref\":\"goal/b\"}", ERR_NOT_FOUND);
	ck_assert_str_eq(engine_reply("Admin.ListWorkspaces", "{}"),
	    "{\"workspaces\":[{\"id\":\"lab\",\"title\":\"Lab\",\"time_zone\":\"Pacific/"
	    "Auckland\",\"revision\":\"1\",\"items\":\"1\"},"
	    "{\"id\":\"main\",\"title\":\"Main\",\"revision\":\"1\",\"items\":\"1\"}]}");
	/* 09:00 in UTC is 22:00 of the same day there; three hours later it is the next day. */
	assert_has(
	    engine_reply("Admin.Info", "{\"workspace\":\"lab\"}"), "\"today\":\"2026-03-31\"");
}
END_TEST

START_TEST(today_is_of_the_zone)
{
	struct daemon_options options = {
	    .data_dir = directory,
	    .synchronous = "NORMAL",
	    .clock_set = true,
	    .clock_frozen = true,
	    .clock_us = ENGINE_CLOCK + INT64_C(3) * 3600 * 1000000,
	};

	engine_reply(
	    "Admin.CreateWorkspace", "{\"id\":\"lab\",\"time_zone\":\"Pacific/Auckland\"}");
	engine_close();
	engine_open(&options);
	assert_has(
	    engine_reply("Admin.Info", "{\"workspace\":\"lab\"}"), "\"today\":\"2026-04-01\"");
	assert_has(
	    engine_reply("Admin.Info", "{\"workspace\":\"main\"}"), "\"today\":\"2026-03-31\"");
}
END_TEST

START_TEST(snapshots_are_written_when_asked)
{
	change_everything();
	ck_assert_str_eq(engine_reply("Admin.Snapshot", "{}"), "{\"written\":2}");
	ck_assert_uint_eq(snapshots(), 1);
	assert_has(
	    engine_reply("Admin.Info", "{\"workspace\":\"main\"}"), "\"snapshot_revision\":\"13\"");
	/* Nothing has changed since. */
	ck_assert_str_eq(engine_reply("Admin.Snapshot", "{}"), "{}");
}
END_TEST

static bool
log_has(const char *text)
{
	static char buffer[8 << 20];
	static const char *const names[] = {"log.db", "log.db-wal"};
	bool has = false;

	for (size_t i = 0; i < 2; i++) {
		char path[100];
		size_t len;
		FILE *file;

		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		file = fopen(path, "rb");
		if (file == NULL)
			continue;
		len = fread(buffer, 1, sizeof buffer, file);
		fclose(file);
		has |= memmem(buffer, len, text, strlen(text)) != NULL;
	}
	return has;
}

static void
settle_all(void)
{
	for (int i = 0; i < 5000 && !daemon_is_idle(engine.daemon); i++)
		engine_turn();
}

START_TEST(redaction_reaches_the_log_and_the_snapshots)
{
	struct asked *verify;
	char *hash;
	char *again;

	engine_put(1, "{\"id\":\"anna\",\"person\":{}}");
	engine_put(2, "{\"id\":\"i\",\"initiative\":{}}");
	engine_change(3, "{\"add\":{\"record\":{\"id\":\"c\",\"about\":\"initiative/"
			 "i\",\"by\":\"anna\",\"note\":\"quite private\","
			 "\"check_in\":{\"progress\":0.25}}}}");
	engine_change(4, "{\"retract\":{\"ref\":\"check-in/c\",\"reason\":\"very private\"}}");
	engine_reply("Admin.Snapshot", "{}");
	ck_assert_uint_eq(snapshots(), 1);
	ck_assert(log_has("quite private"));
	engine_change(5, "{\"redact\":{\"person\":\"anna\",\"reason\":\"asked for\"}}");
	settle_all();
	hash = state_hash();
	assert_has(engine_reply("Plan.Get", "{\"ref\":\"check-in/c\"}"), "\"progress\":0.25");
	assert_lacks(engine_reply("Plan.Get", "{\"ref\":\"check-in/c\"}"), "private");
	assert_lacks(
	    engine_reply("Plan.Get", "{\"ref\":\"check-in/c\",\"at\":{\"revision\":\"4\"}}"),
	    "private");
	verify = engine_ask("Admin.Verify", "{}");
	ck_assert_msg(verify->status.code == ERR_OK, "%s", verify->status.msg);
	asked_free(verify);
	restart();
	/* The chain still holds, and the fold of the redacted log is the state that it was. */
	verify = engine_ask("Admin.Verify", "{\"workspace\":\"main\"}");
	ck_assert_msg(verify->status.code == ERR_OK, "%s", verify->status.msg);
	assert_has(engine_json(verify, verify->count - 1),
	    "{\"entries\":\"5\",\"total\":\"5\",\"done\":true}");
	asked_free(verify);
	engine_close();
	remove_snapshots();
	open_daemon();
	again = state_hash();
	ck_assert_str_eq(hash, again);
	free(again);
	assert_lacks(
	    engine_reply("Plan.Get", "{\"ref\":\"check-in/c\",\"at\":{\"revision\":\"4\"}}"),
	    "private");
	free(hash);
}
END_TEST

START_TEST(a_backup_is_a_copy)
{
	char json[120];
	char path[100];
	struct asked *asked;

	change_everything();
	snprintf(path, sizeof path, "%s/copy.db", directory);
	snprintf(json, sizeof json, "{\"path\":\"%s\"}", path);
	asked = engine_ask("Admin.Backup", json);
	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	assert_has(engine_json(asked, asked->count - 1), "\"done\":true");
	asked_free(asked);
	ck_assert_int_eq(access(path, R_OK), 0);
	asked = engine_ask("Admin.Backup", json);
	ck_assert_int_ne(asked->status.code, ERR_OK);
	asked_free(asked);
	engine_error("Admin.Backup", "{\"path\":\"here.db\"}", ERR_INVALID);
}
END_TEST

START_TEST(info_tells_what_there_is)
{
	const char *reply;

	change_everything();
	reply = engine_reply("Admin.Info", "{\"workspace\":\"main\"}");
	assert_has(reply, "\"caller\":\"person/anna\"");
	assert_has(reply, "\"workspaces\":1");
	assert_has(reply, "\"writable\":true");
	assert_has(reply, "\"revision\":\"13\"");
	/* goal/grow objective/o initiative/i ranking/workspace baseline/b; the check-in (retracted) and the measurement */
	assert_has(reply, "\"items\":\"5\",\"records\":\"2\"");
	assert_lacks(engine_reply("Admin.Info", "{}"), "\"revision\"");
	ck_assert_str_eq(
	    engine_reply("Admin.Ping", "{\"payload\":\"aGk=\"}"), "{\"payload\":\"aGk=\"}");
}
END_TEST

START_TEST(two_daemons_cannot_share_a_directory)
{
	struct daemon_options options = {.data_dir = directory};
	struct err err = {0};

	ck_assert_ptr_null(daemon_new(&options, &err));
	ck_assert_int_eq(err.code, ERR_PRECONDITION);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/daemon");
	TCase *tcase = tcase_create("daemon");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_restart_folds_the_same_state);
	tcase_add_test(tcase, as_of_equals_what_was_there);
	tcase_add_test(tcase, keys_are_remembered_over_a_restart);
	tcase_add_test(tcase, a_watch_resumes_after_a_restart);
	tcase_add_test(tcase, workspaces_are_apart);
	tcase_add_test(tcase, today_is_of_the_zone);
	tcase_add_test(tcase, snapshots_are_written_when_asked);
	tcase_add_test(tcase, redaction_reaches_the_log_and_the_snapshots);
	tcase_add_test(tcase, a_backup_is_a_copy);
	tcase_add_test(tcase, info_tells_what_there_is);
	tcase_add_test(tcase, two_daemons_cannot_share_a_directory);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
