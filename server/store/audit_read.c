/* Reading the audit file back, and what is wrong with it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/parse.h"
#include "server/store/audit_file.h"
#include "server/store/audit_internal.h"

#define BUFFER         (64u << 10)
#define PROGRESS_LINES 4096u

/* ---- the files ----------------------------------------------------------------------------------------- */

static bool
old_number(const char *name, uint64_t *first)
{
	size_t len = strlen(name);
	char number[24];

	if (len < 10 || len > 10 + 20 || strncmp(name, "audit-", 6) != 0 ||
	    strcmp(name + len - 4, ".log") != 0)
		return false;
	name += 6 + strspn(name + 6, "0");
	snprintf(number, sizeof number, "%.*s", (int)strcspn(name, "."), name);
	return parse_u64(number, 1, INT64_MAX, first);
}

static int
by_first(const void *a, const void *b)
{
	uint64_t x = ((const struct audit_name *)a)->first;
	uint64_t y = ((const struct audit_name *)b)->first;

	return (x > y) - (x < y);
}

bool
audit_names_read(const char *directory, struct audit_names *names, struct err *err)
{
	const struct dirent *entry;
	struct audit_name *list;
	bool ok = true;
	uint64_t first;
	DIR *dir;

	*names = (struct audit_names){.count = 0};
	dir = opendir(directory);
	if (dir == NULL)
		return err_errno(err, "open the data directory");
	while (ok && (entry = readdir(dir)) != NULL) {
		if (!old_number(entry->d_name, &first))
			continue;
		list = reallocarray(names->list, names->count + 1, sizeof *list);
		ok = list != NULL || err_oom(err);
		if (!ok)
			break;
		names->list = list;
		list[names->count].first = first;
		snprintf(list[names->count].name, sizeof list->name, "%.40s", entry->d_name);
		names->count++;
	}
	closedir(dir);
	if (names->count > 0)
		qsort(names->list, names->count, sizeof *names->list, by_first);
	if (!ok)
		audit_names_free(names);
	return ok;
}

void
audit_names_free(struct audit_names *names)
{
	free(names->list);
	names->list = NULL;
	names->count = 0;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

struct reader {
	struct audit_place place;
	audit_line_fn fn;
	void *arg;
	bool stopped;
	char *buffer; /* BUFFER bytes */
};

static bool
give(struct reader *reader, const char *line, size_t len, bool is_whole)
{
	reader->place.number++;
	reader->place.done += len + is_whole;
	reader->place.is_whole = is_whole;
	reader->stopped = !reader->fn(reader->arg, &reader->place, line, len);
	return !reader->stopped;
}

/* The whole lines in the buffer; what is left of it goes to its beginning. Returns how much that is. */
static size_t
give_lines(struct reader *reader, size_t len)
{
	char *line = reader->buffer;
	char *end = reader->buffer + len;
	char *newline;

	while (!reader->stopped && (newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		give(reader, line, (size_t)(newline - line), true);
		line = newline + 1;
	}
	/* No line of ours is that long. */
	if (!reader->stopped && line == reader->buffer && len == BUFFER) {
		give(reader, line, len, false);
		return 0;
	}
	memmove(reader->buffer, line, (size_t)(end - line));
	return (size_t)(end - line);
}

static bool
read_fd(struct reader *reader, int fd, struct err *err)
{
	size_t len = 0;
	ssize_t n;

	reader->place.number = 0;
	while (!reader->stopped) {
		n = read(fd, reader->buffer + len, BUFFER - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "read %s", reader->place.file);
		if (n == 0)
			break;
		len = give_lines(reader, len + (size_t)n);
	}
	if (!reader->stopped && len > 0)
		give(reader, reader->buffer, len, false);
	return true;
}

static bool
read_name(struct reader *reader, const char *directory, const char *name, struct err *err)
{
	char path[PATH_MAX];
	bool ok;
	int fd;

	if (!audit_path(path, directory, name, err))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(err, "open %s", name);
	snprintf(reader->place.file, sizeof reader->place.file, "%s", name);
	ok = read_fd(reader, fd, err);
	close(fd);
	return ok;
}

static bool
same_file(const char *directory, const char *name, const struct stat *other)
{
	char path[PATH_MAX];
	struct err ignored;
	struct stat st;

	return audit_path(path, directory, name, &ignored) && stat(path, &st) == 0 &&
	       st.st_dev == other->st_dev && st.st_ino == other->st_ino;
}

static uint64_t
sizes(const char *directory, const struct audit_names *names, size_t from)
{
	uint64_t total = 0;
	char path[PATH_MAX];
	struct err ignored;
	struct stat st;

	for (size_t i = from; i < names->count; i++) {
		if (audit_path(path, directory, names->list[i].name, &ignored) &&
		    stat(path, &st) == 0)
			total += (uint64_t)st.st_size;
	}
	return total;
}

static bool
read_all(struct reader *reader, const char *directory, struct audit_names *names, int newest,
    uint64_t after, struct err *err)
{
	struct stat st = {.st_size = 0};
	size_t from = 0;

	if (newest >= 0 && fstat(newest, &st) != 0)
		return err_errno(err, "look at the audit file");
	/* Renamed since it was opened: it is read once, as what it was. */
	if (newest >= 0 && names->count > 0 &&
	    same_file(directory, names->list[names->count - 1].name, &st))
		names->count--;
	while (from + 1 < names->count && names->list[from + 1].first <= after)
		from++;
	reader->place.total = sizes(directory, names, from) + (uint64_t)st.st_size;
	for (size_t i = from; i < names->count && !reader->stopped; i++) {
		if (!read_name(reader, directory, names->list[i].name, err))
			return false;
	}
	snprintf(reader->place.file, sizeof reader->place.file, AUDIT_NAME);
	return newest < 0 || reader->stopped || read_fd(reader, newest, err);
}

bool
audit_file_read(const char *directory, uint64_t after, audit_line_fn fn, void *arg, struct err *err)
{
	struct reader reader = {.fn = fn, .arg = arg, .buffer = malloc(BUFFER)};
	struct audit_names names = {.count = 0};
	char path[PATH_MAX];
	bool ok = false;
	int newest = -1;

	if (reader.buffer == NULL)
		return err_oom(err);
	/* Before the directory is read, so that a daemon that begins a new file meanwhile hides none. */
	if (!audit_path(path, directory, AUDIT_NAME, err))
		goto out;
	newest = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (newest < 0 && errno != ENOENT) {
		err_errno(err, "open " AUDIT_NAME);
		goto out;
	}
	ok = audit_names_read(directory, &names, err) &&
	     read_all(&reader, directory, &names, newest, after, err);
out:
	if (newest >= 0)
		close(newest);
	audit_names_free(&names);
	free(reader.buffer);
	return ok;
}

/* ---- verifying ----------------------------------------------------------------------------------------- */

struct verifier {
	const struct audit_verify *ask;
	struct audit_result *result;
	struct audit_head last; /* of the line before */
	bool is_known;          /* its chain can be relied on to check the next */
	size_t anchor;          /* the next one */
	bool stopped;
	bool ended; /* at ask->until */
};

static int
by_sequence(const void *a, const void *b)
{
	const struct audit_anchor *x = a;
	const struct audit_anchor *y = b;

	return (x->head.sequence > y->head.sequence) - (x->head.sequence < y->head.sequence);
}

static void __attribute__((format(printf, 4, 5))) problem(
    struct verifier *v, const struct audit_place *place, uint64_t sequence, const char *fmt, ...)
{
	struct audit_problem problem = {.sequence = sequence};
	va_list args;

	if (place != NULL) {
		memcpy(problem.file, place->file, sizeof problem.file);
		problem.number = place->number;
	}
	va_start(args, fmt);
	vsnprintf(problem.what, sizeof problem.what, fmt, args);
	va_end(args);
	v->result->problems++;
	v->stopped |= !v->ask->problem(v->ask->arg, &problem);
}

/* Whom to ask how it should be. */
static void
anchor_name(const struct audit_anchor *anchor, char *buf, size_t size)
{
	if (anchor->revision == 0)
		snprintf(buf, size, "the running daemon");
	else
		snprintf(buf, size, "the log (workspace system, revision %" PRIu64 ")",
		    anchor->revision);
}

/* Anchors of lines that were passed over: they are missing, which was said. */
static void
skip_anchors(struct verifier *v, uint64_t sequence)
{
	while (v->anchor < v->ask->anchors_count &&
	       v->ask->anchors[v->anchor].head.sequence < sequence)
		v->anchor++;
}

static void
check_anchors(struct verifier *v, const struct audit_place *place, const struct audit_claim *claim)
{
	char name[80];

	skip_anchors(v, claim->sequence);
	for (; v->anchor < v->ask->anchors_count; v->anchor++) {
		const struct audit_anchor *anchor = &v->ask->anchors[v->anchor];

		if (anchor->head.sequence != claim->sequence)
			return;
		if (memcmp(anchor->head.chain, claim->chain, SHA256_LEN) == 0) {
			v->result->anchors++;
			continue;
		}
		anchor_name(anchor, name, sizeof name);
		problem(v, place, claim->sequence,
		    "is not the line that %s knows under this number: the file was written anew",
		    name);
	}
}

/* A gap's last line may be one that an anchor has kept the hash of. */
static void
cross_gap(struct verifier *v, uint64_t sequence)
{
	v->is_known = false;
	for (size_t i = 0; i < v->ask->anchors_count; i++) {
		const struct audit_anchor *anchor = &v->ask->anchors[i];

		if (anchor->head.sequence + 1 != sequence)
			continue;
		memcpy(v->last.chain, anchor->head.chain, SHA256_LEN);
		v->is_known = true;
	}
}

static void
check_sequence(struct verifier *v, const struct audit_place *place, uint64_t sequence)
{
	uint64_t expected = v->last.sequence + 1;

	if (sequence == expected)
		return;
	if (sequence < expected)
		problem(v, place, sequence,
		    "has number %" PRIu64 " behind number %" PRIu64
		    ": lines were swapped, doubled or put in",
		    sequence, v->last.sequence);
	else if (v->last.sequence > 0 || sequence > v->ask->first)
		problem(v, place, sequence,
		    "lines %" PRIu64 " to %" PRIu64 " are missing before it: they were taken out",
		    expected, sequence - 1);
	cross_gap(v, sequence);
}

static void
check_chain(struct verifier *v, const struct audit_place *place, const char *line,
    const struct audit_claim *claim)
{
	uint8_t chain[SHA256_LEN];

	if (!v->is_known)
		return;
	audit_chain(v->last.chain, line, claim->covered, chain);
	if (memcmp(chain, claim->chain, SHA256_LEN) != 0)
		problem(v, place, claim->sequence,
		    "its hash is not that of its text and the line before it: one of them was "
		    "changed");
}

static bool
tell_progress(struct verifier *v, const struct audit_place *place)
{
	const struct audit_verify *ask = v->ask;

	if (ask->progress != NULL && v->result->lines % PROGRESS_LINES == 0)
		v->stopped |= !ask->progress(ask->arg, v->result->lines, place->done, place->total);
	return !v->stopped;
}

static bool
on_line(void *arg, const struct audit_place *place, const char *line, size_t len)
{
	struct verifier *v = arg;
	struct audit_claim claim;

	v->result->lines++;
	if (!place->is_whole) {
		problem(v, place, 0,
		    "does not end: the file was cut within a line, or written to by a daemon that "
		    "was killed");
		return !v->stopped;
	}
	if (!audit_line_parse(line, len, &claim)) {
		problem(v, place, 0, "is no line of an audit file: it was changed or put in");
		/* What it said isn't known: its successor is compared with nothing but anchors. */
		v->last.sequence++;
		cross_gap(v, v->last.sequence + 1);
		return !v->stopped;
	}
	check_sequence(v, place, claim.sequence);
	check_chain(v, place, line, &claim);
	check_anchors(v, place, &claim);
	v->last.sequence = claim.sequence;
	memcpy(v->last.chain, claim.chain, SHA256_LEN);
	v->is_known = true;
	v->ended = v->ask->until > 0 && claim.sequence >= v->ask->until;
	return tell_progress(v, place) && !v->ended;
}

/* Only the newest: it says it for those before it. */
static void
check_end(struct verifier *v)
{
	const struct audit_anchor *newest;
	char name[80];

	if (v->ask->anchors_count == 0)
		return;
	newest = &v->ask->anchors[v->ask->anchors_count - 1];
	if (newest->head.sequence <= v->last.sequence)
		return;
	anchor_name(newest, name, sizeof name);
	problem(v, NULL, newest->head.sequence,
	    "the file ends with line %" PRIu64 ", and %s knows line %" PRIu64
	    ": its end was cut off, or it is an older copy",
	    v->last.sequence, name, newest->head.sequence);
}

bool
audit_file_verify(const struct audit_verify *ask, struct audit_result *result, struct err *err)
{
	/* Before the first line stand zeros. */
	struct verifier v = {.ask = ask, .result = result, .is_known = true};

	*result = (struct audit_result){.lines = 0};
	if (ask->anchors_count > 0)
		qsort(ask->anchors, ask->anchors_count, sizeof *ask->anchors, by_sequence);
	if (!audit_file_read(ask->directory, 0, on_line, &v, err))
		return false;
	if (!v.stopped)
		check_end(&v);
	result->head = v.last;
	return !v.stopped || err_set(err, ERR_CANCELLED, "stopped");
}
