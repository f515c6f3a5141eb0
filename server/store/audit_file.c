/* Appending to the audit file. Reading and verifying is in audit_read.c. */
#include "server/store/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/calendar.h"
#include "common/json.h"
#include "common/parse.h"
#include "common/str.h"
#include "server/store/audit_internal.h"
#include "server/store/disk.h"

#define BATCH_MAX (64u << 20)
#define TAIL      (64u << 10) /* several lines at least; more where there is none in it */
#define PREFIX    "{\"sequence\":"
#define SUFFIX    ",\"chain\":\""
#define ENDING    "\"}"

struct audit_file {
	char *directory;
	int fd;
	uint64_t size; /* of what is durable */
	uint64_t max_bytes;
	uint64_t first;          /* number of the first line in it; 0: it is empty */
	struct audit_head head;  /* durable */
	struct audit_head batch; /* with what waits */
	uint64_t batch_first;
	struct str waiting;
};

/* ---- a line -------------------------------------------------------------------------------------------- */

void
audit_chain(
    const uint8_t before[SHA256_LEN], const char *line, size_t covered, uint8_t out[SHA256_LEN])
{
	uint8_t both[2 * SHA256_LEN];

	memcpy(both, before, SHA256_LEN);
	sha256(line, covered, both + SHA256_LEN);
	sha256(both, sizeof both, out);
}

static bool
hex_digit(char c, uint8_t *out)
{
	if (c >= '0' && c <= '9')
		*out = (uint8_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*out = (uint8_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

static bool
hex_decode(const char *text, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t high, low;

		if (!hex_digit(text[2 * i], &high) || !hex_digit(text[2 * i + 1], &low))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
audit_line_parse(const char *line, size_t len, struct audit_claim *claim)
{
	const size_t prefix = sizeof PREFIX - 1, ending = sizeof ENDING - 1;
	const size_t tail = sizeof SUFFIX - 1 + 2 * SHA256_LEN + ending;
	char number[24] = "";
	const char *comma;

	if (len < prefix + tail || memcmp(line, PREFIX, prefix) != 0 ||
	    memcmp(line + len - tail, SUFFIX, sizeof SUFFIX - 1) != 0 ||
	    memcmp(line + len - ending, ENDING, ending) != 0)
		return false;
	comma = memchr(line + prefix, ',', len - prefix);
	if (comma == NULL || (size_t)(comma - line) - prefix >= sizeof number)
		return false;
	memcpy(number, line + prefix, (size_t)(comma - line) - prefix);
	claim->covered = len - tail;
	return parse_u64(number, 1, INT64_MAX, &claim->sequence) &&
	       hex_decode(line + len - ending - 2 * SHA256_LEN, claim->chain, SHA256_LEN);
}

static void
add_field(struct str *out, const char *name, const char *text)
{
	str_addf(out, ",\"%s\":", name);
	json_print_string(text != NULL ? text : "", out);
}

bool
audit_file_add(struct audit_file *file, const struct audit_line *line)
{
	struct str *out = &file->waiting;
	struct audit_head head = file->batch;
	char time[TIME_TEXT_LEN], hex[2 * SHA256_LEN + 1];
	size_t start = out->len;

	head.sequence++;
	str_addf(out, PREFIX "%" PRIu64, head.sequence);
	add_field(out, "time", time_format(line->time_us, time));
	add_field(out, "event", line->event);
	add_field(out, "who", line->who);
	add_field(out, "from", line->from);
	add_field(out, "about", line->about);
	add_field(out, "outcome", line->outcome);
	if (line->times > 1)
		str_addf(out, ",\"times\":%" PRIu64, line->times);
	if (!str_ok(out))
		return false;
	audit_chain(file->batch.chain, out->data + start, out->len - start, head.chain);
	hex_encode(head.chain, SHA256_LEN, hex);
	str_addf(out, SUFFIX "%s" ENDING "\n", hex);
	if (!str_ok(out))
		return false;
	if (start == 0)
		file->batch_first = head.sequence;
	file->batch = head;
	return true;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

bool
audit_path(char *path, const char *directory, const char *name, struct err *err)
{
	return snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX ||
	       err_set(err, ERR_INVALID, "the data directory's name is too long");
}

static int
open_path(const char *directory, const char *name, int flags, struct err *err)
{
	char path[PATH_MAX];
	int fd;

	if (!audit_path(path, directory, name, err))
		return -1;
	fd = open(path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* Whatever the umask, and whoever made it. */
	if (fd >= 0 && fchmod(fd, 0600) == 0 && disk_sync_parent(path, err))
		return fd;
	err_errno(err, "open %s", name);
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
rotate(struct audit_file *file, struct err *err)
{
	char name[64], from[PATH_MAX], to[PATH_MAX];
	int fd;

	snprintf(name, sizeof name, AUDIT_OLD, file->first);
	if (!audit_path(from, file->directory, AUDIT_NAME, err) ||
	    !audit_path(to, file->directory, name, err) || !disk_rename(from, to, err))
		return false;
	fd = open_path(file->directory, AUDIT_NAME, O_RDWR | O_APPEND, err);
	if (fd < 0)
		return false;
	close(file->fd);
	file->fd = fd;
	file->size = 0;
	file->first = 0;
	return true;
}

static bool
write_batch(struct audit_file *file, struct err *err)
{
	struct err ignored;

	if (file->size >= file->max_bytes && file->first > 0 && !rotate(file, err))
		return false;
	if (disk_write_all(file->fd, file->waiting.data, file->waiting.len, err) &&
	    (fdatasync(file->fd) == 0 || err_errno(err, "sync")))
		return true;
	/* What is half there would be a torn line in the middle. */
	if (ftruncate(file->fd, (off_t)file->size) != 0)
		err_errno(&ignored, "truncate");
	return false;
}

void
audit_file_drop(struct audit_file *file)
{
	file->batch = file->head;
	str_reset(&file->waiting);
}

bool
audit_file_sync(struct audit_file *file, struct err *err)
{
	bool ok = file->waiting.len == 0 || write_batch(file, err);

	if (ok && file->waiting.len > 0) {
		file->size += file->waiting.len;
		file->head = file->batch;
		if (file->first == 0)
			file->first = file->batch_first;
	}
	audit_file_drop(file);
	return ok;
}

const struct audit_head *
audit_file_head(const struct audit_file *file)
{
	return &file->head;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

/* Where the last line of good form among the last len bytes ends, and what it says; *end is 0 where there is none. */
static bool
find_in_tail(
    int fd, uint64_t size, size_t len, uint64_t *end, struct audit_claim *claim, struct err *err)
{
	char *tail = malloc(len + 1);
	size_t stop;
	ssize_t n;

	*end = 0;
	if (tail == NULL)
		return err_oom(err);
	n = pread(fd, tail, len, (off_t)(size - len));
	if (n < 0 || (size_t)n != len) {
		free(tail);
		return err_errno(err, "read the audit file");
	}
	for (stop = len; stop > 0; stop--) {
		const char *before;
		size_t start;

		if (tail[stop - 1] != '\n')
			continue;
		before = stop > 1 ? memrchr(tail, '\n', stop - 1) : NULL;
		start = before != NULL ? (size_t)(before - tail) + 1 : 0;
		if (audit_line_parse(tail + start, stop - 1 - start, claim)) {
			*end = size - len + stop;
			break;
		}
	}
	free(tail);
	return true;
}

/* Of the whole file: what a power cut left behind the last line may be long. */
static bool
find_tail(int fd, uint64_t size, uint64_t *end, struct audit_claim *claim, struct err *err)
{
	uint64_t len = TAIL;

	for (;; len *= 8) {
		if (len > size)
			len = size;
		if (!find_in_tail(fd, size, (size_t)len, end, claim, err))
			return false;
		if (*end > 0 || len == size)
			return true;
	}
}

static bool
copy_tail(int from, uint64_t at, uint64_t size, int to, struct err *err)
{
	char buffer[8192];

	while (at < size) {
		ssize_t n = pread(from, buffer, sizeof buffer, (off_t)at);

		if (n <= 0)
			return err_errno(err, "read the audit file");
		if (!disk_write_all(to, buffer, (size_t)n, err))
			return false;
		at += (uint64_t)n;
	}
	return fsync(to) == 0 || err_errno(err, "sync");
}

/* What a torn write or somebody's hand left behind the last whole line is kept, elsewhere. */
static bool
put_aside(struct audit_file *file, uint64_t size, struct audit_found *found, struct err *err)
{
	int fd;
	bool ok;

	snprintf(found->aside_name, sizeof found->aside_name, "audit.aside-%" PRIu64,
	    file->head.sequence + 1);
	found->aside_bytes = size - file->size;
	fd = open_path(file->directory, found->aside_name, O_WRONLY | O_APPEND, err);
	if (fd < 0)
		return false;
	ok = copy_tail(file->fd, file->size, size, fd, err);
	close(fd);
	return ok && ((ftruncate(file->fd, (off_t)file->size) == 0 && fsync(file->fd) == 0) ||
			 err_errno(err, "truncate the audit file"));
}

static bool
read_first(struct audit_file *file, struct err *err)
{
	char text[sizeof PREFIX + 24] = "";
	ssize_t n = pread(file->fd, text, sizeof text - 1, 0);
	char *comma;

	if (n < 0)
		return err_errno(err, "read the audit file");
	comma = strchr(text, ',');
	if (comma != NULL)
		*comma = '\0';
	/* Of a file whose beginning is damaged the name says the last line's number. */
	if (strncmp(text, PREFIX, sizeof PREFIX - 1) != 0 ||
	    !parse_u64(text + sizeof PREFIX - 1, 1, INT64_MAX, &file->first))
		file->first = file->head.sequence;
	return true;
}

/* An empty file: the chain goes on from the one before. */
static bool
read_before(struct audit_file *file, struct err *err)
{
	struct audit_names names;
	struct audit_claim claim;
	char path[PATH_MAX];
	struct stat st;
	uint64_t end = 0;
	bool ok;
	int fd;

	if (!audit_names_read(file->directory, &names, err))
		return false;
	ok = names.count == 0;
	if (!ok && audit_path(path, file->directory, names.list[names.count - 1].name, err)) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		ok = fd >= 0 && fstat(fd, &st) == 0
			 ? find_tail(fd, (uint64_t)st.st_size, &end, &claim, err)
			 : err_errno(err, "open an older audit file");
		if (fd >= 0)
			close(fd);
	}
	if (ok && end > 0) {
		file->head.sequence = claim.sequence;
		memcpy(file->head.chain, claim.chain, SHA256_LEN);
	}
	audit_names_free(&names);
	return ok;
}

static bool
read_head(struct audit_file *file, struct audit_found *found, struct err *err)
{
	struct audit_claim claim;
	struct stat st;

	if (fstat(file->fd, &st) != 0)
		return err_errno(err, "look at the audit file");
	if (!find_tail(file->fd, (uint64_t)st.st_size, &file->size, &claim, err))
		return false;
	if (file->size > 0) {
		file->head.sequence = claim.sequence;
		memcpy(file->head.chain, claim.chain, SHA256_LEN);
		if (!read_first(file, err))
			return false;
	} else if (!read_before(file, err)) {
		return false;
	}
	return file->size == (uint64_t)st.st_size ||
	       put_aside(file, (uint64_t)st.st_size, found, err);
}

/* The log knows better: a file that was cut or replaced doesn't make it forget. */
static void
compare(struct audit_file *file, const struct audit_head *anchor, struct audit_found *found)
{
	if (anchor->sequence == file->head.sequence)
		found->is_other = anchor->sequence > 0 &&
				  memcmp(anchor->chain, file->head.chain, SHA256_LEN) != 0;
	if (anchor->sequence <= file->head.sequence)
		return;
	found->missing_from = file->head.sequence + 1;
	found->missing_to = anchor->sequence;
	file->head = *anchor;
}

struct audit_file *
audit_file_open(const char *directory, uint64_t max_bytes, const struct audit_head *anchor,
    struct audit_found *found, struct err *err)
{
	struct audit_file *file = calloc(1, sizeof *file);

	*found = (struct audit_found){.aside_bytes = 0};
	if (file == NULL || (file->directory = strdup(directory)) == NULL) {
		free(file);
		err_oom(err);
		return NULL;
	}
	str_init(&file->waiting, BATCH_MAX);
	file->max_bytes = max_bytes;
	file->fd = open_path(directory, AUDIT_NAME, O_RDWR | O_APPEND, err);
	if (file->fd < 0 || !read_head(file, found, err)) {
		audit_file_close(file);
		return NULL;
	}
	compare(file, anchor, found);
	file->batch = file->head;
	return file;
}

void
audit_file_close(struct audit_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		close(file->fd);
	str_fini(&file->waiting);
	free(file->directory);
	free(file);
}
