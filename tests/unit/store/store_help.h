/* What the tests of the store share: a directory, an open store, appending and waiting. */
#ifndef TESTS_UNIT_STORE_STORE_HELP_H
#define TESTS_UNIT_STORE_STORE_HELP_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "server/store/store.h"

#define OUTCOMES_MAX 300000

static struct store *store;
static char directory[64];
static size_t outcomes_count;
static uint8_t outcomes[OUTCOMES_MAX];
static uint32_t outcome_tags[OUTCOMES_MAX];

static inline void
make_directory(void)
{
	strcpy(directory, "/tmp/test-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	log_set_level(LOG_LEVEL_ERROR);
	outcomes_count = 0;
}

static inline void
remove_directory(void)
{
	char command[128];

	store_close(store);
	store = NULL;
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

static inline void
open_store(void)
{
	struct store_options options = {.directory = directory, .synchronous = "FULL"};
	struct err err;

	store = store_open(&options, &err);
	if (!store)
		ck_abort_msg("open: %s", err.msg);
}

static inline void
close_store(void)
{
	store_close(store);
	store = NULL;
}

static inline void
reopen_store(void)
{
	close_store();
	open_store();
}

static inline void
on_done(void *arg, enum store_outcome outcome)
{
	outcome_tags[outcomes_count] = (uint32_t)(uintptr_t)arg;
	outcomes[outcomes_count++] = (uint8_t)outcome;
}

static inline struct store_entry
entry_of(uint32_t workspace, uint64_t revision, const char *body)
{
	return (struct store_entry){
	    .workspace = workspace,
	    .revision = revision,
	    .time_us = 1000 * (int64_t)revision,
	    .logged_us = 2000 * (int64_t)revision,
	    .author = "person/anna",
	    .key = "",
	    .kind = STORE_CHANGE_SET,
	    .format = 1,
	    .body = (const uint8_t *)body,
	    .body_len = strlen(body),
	};
}

static inline void
append(const struct store_entry *entry, uint32_t tag)
{
	struct err err;

	if (!store_append(store, entry, on_done, (void *)(uintptr_t)tag, &err))
		ck_abort_msg("append: %s", err.msg);
}

/* Until count completions have come in all. */
static inline void
wait_for(size_t count)
{
	store_flush(store);
	for (int i = 0; i < 20000 && outcomes_count < count; i++) {
		store_poll(store);
		usleep(500);
	}
	ck_assert_uint_eq(outcomes_count, count);
}

static inline enum store_outcome
append_and_wait(const struct store_entry *entry)
{
	append(entry, 0);
	wait_for(outcomes_count + 1);
	return (enum store_outcome)outcomes[outcomes_count - 1];
}

/* "entry <workspace>/<revision>" as bodies, revisions from..to. */
static inline void
append_range(uint32_t workspace, uint64_t from, uint64_t to)
{
	size_t before = outcomes_count;

	for (uint64_t revision = from; revision <= to; revision++) {
		char body[64];
		struct store_entry entry;

		snprintf(
		    body, sizeof body, "entry %u/%llu", workspace, (unsigned long long)revision);
		entry = entry_of(workspace, revision, body);
		append(&entry, 0);
	}
	wait_for(before + (size_t)(to - from + 1));
	for (size_t i = before; i < outcomes_count; i++)
		ck_assert_int_eq(outcomes[i], STORE_OK);
}

struct range_check {
	uint32_t workspace;
	uint64_t next;
	bool wrong;
};

static inline bool
check_range_entry(void *arg, const struct store_entry *entry)
{
	struct range_check *check = arg;
	char body[64];

	snprintf(
	    body, sizeof body, "entry %u/%llu", check->workspace, (unsigned long long)check->next);
	check->wrong |= entry->workspace != check->workspace || entry->revision != check->next ||
			entry->body_len != strlen(body) ||
			memcmp(entry->body, body, strlen(body)) != 0 ||
			strcmp(entry->author, "person/anna") != 0 ||
			entry->time_us != 1000 * (int64_t)check->next ||
			entry->logged_us != 2000 * (int64_t)check->next;
	check->next++;
	return true;
}

#endif
