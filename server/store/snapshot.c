/*
 * Snapshot files.
 *
 *   header   128 bytes: magic, version, chunk size, workspace, layout, revision, chain; zero padded
 *   payload  as put
 *   crcs     one CRC-32C (le32) per chunk of payload, the last chunk may be short
 *   footer   24 bytes: payload length (le64), CRC-32C of header + crcs + payload length (le32), zero (le32), magic
 *
 * CRC-32C rather than SHA-256: what can go wrong is a disk, not an attacker (who could compute either), it runs at the
 * speed of memory, and in chunks of 1 MiB it finds every burst of up to 32 bits and leaves one error of any
 * other kind in four billion unseen. Lengths stand at the end so that writing never goes back; a file has its name
 * only once it is synced whole.
 */
#include "server/store/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/parse.h"
#include "server/store/disk.h"

#define HEADER_LEN  128u
#define FOOTER_LEN  24u
#define CHUNK       (1u << 20)
#define VERSION     1u
#define KEEP_NEWEST 2u
#define PAYLOAD_MAX (UINT64_C(1) << 40)

static const char magic[8] = "PLUMSNAP";

static void
put_le(uint8_t *p, uint64_t value, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t
get_le(const uint8_t *p, unsigned len)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < len; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

static void
put_header(uint8_t out[HEADER_LEN], const struct snapshot_info *info)
{
	memset(out, 0, HEADER_LEN);
	memcpy(out, magic, sizeof magic);
	put_le(out + 8, VERSION, 4);
	put_le(out + 12, CHUNK, 4);
	put_le(out + 16, info->workspace, 4);
	put_le(out + 20, info->layout, 4);
	put_le(out + 24, info->revision, 8);
	memcpy(out + 32, info->chain, SHA256_LEN);
}

static void
get_header(const uint8_t header[HEADER_LEN], struct snapshot_info *info)
{
	info->workspace = (uint32_t)get_le(header + 16, 4);
	info->layout = (uint32_t)get_le(header + 20, 4);
	info->revision = get_le(header + 24, 8);
	memcpy(info->chain, header + 32, SHA256_LEN);
}

/* ---- the directory ------------------------------------------------------------------------------------------- */

static bool
folder_path(const char *directory, char out[PATH_MAX], struct err *err)
{
	/* Leaves room for the names inside. */
	if (snprintf(out, PATH_MAX - 64, "%s/snapshots", directory) >= PATH_MAX - 64)
		return err_set(err, ERR_INVALID, "the path of the data directory is too long");
	return true;
}

struct listing {
	uint64_t *revisions; /* newest first */
	size_t count;
};

static int
newest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* True for "<workspace>-<revision><suffix>" of that workspace, written just as we write it. */
static bool
parse_name(const char *name, uint32_t workspace, const char *suffix, uint64_t *revision)
{
	char prefix[16], number[24], canonical[24];
	size_t len = strlen(name), suffix_len = strlen(suffix);
	size_t prefix_len = (size_t)snprintf(prefix, sizeof prefix, "%" PRIu32 "-", workspace);

	if (len <= prefix_len + suffix_len || len - prefix_len - suffix_len >= sizeof number ||
	    memcmp(name, prefix, prefix_len) != 0 || strcmp(name + len - suffix_len, suffix) != 0)
		return false;
	memcpy(number, name + prefix_len, len - prefix_len - suffix_len);
	number[len - prefix_len - suffix_len] = '\0';
	if (!parse_u64(number, 1, INT64_MAX, revision))
		return false;
	snprintf(canonical, sizeof canonical, "%" PRIu64, *revision);
	return strcmp(number, canonical) == 0;
}

static bool
list_snapshots(const char *folder, uint32_t workspace, const char *suffix, struct listing *out,
    struct err *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	size_t cap = 0;
	bool ok = true;

	memset(out, 0, sizeof *out);
	if (!dir && errno == ENOENT)
		return true;
	if (!dir)
		return err_errno(err, "open directory '%s'", folder);
	while (ok && (entry = readdir(dir))) {
		uint64_t revision;

		if (!parse_name(entry->d_name, workspace, suffix, &revision))
			continue;
		if (out->count == cap) {
			uint64_t *more =
			    realloc(out->revisions, (cap = cap ? 2 * cap : 16) * sizeof *more);

			ok = more != NULL || err_oom(err);
			if (!ok)
				break;
			out->revisions = more;
		}
		out->revisions[out->count++] = revision;
	}
	closedir(dir);
	if (ok && out->count > 0)
		qsort(out->revisions, out->count, sizeof *out->revisions, newest_first);
	if (!ok)
		free(out->revisions);
	return ok;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

struct snapshot_writer {
	struct snapshot_info info;
	char folder[PATH_MAX];
	char path[PATH_MAX + 64];
	char partial[PATH_MAX + 64];
	int fd;
	uint64_t payload_len;
	uint8_t *chunk;
	size_t chunk_len;
	uint8_t *crcs; /* le32 each */
	size_t crcs_len;
	size_t crcs_cap;
	bool failed; /* a write went wrong: nothing of it is believed any more */
};

static bool
open_partial(struct snapshot_writer *writer, struct err *err)
{
	writer->fd = open(writer->partial, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (writer->fd < 0)
		return err_errno(err, "create '%s'", writer->partial);
	/* Held while it is written, so that a leftover can be told from work in progress. */
	if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0)
		return err_set(err, ERR_EXISTS, "a snapshot of that revision is being written");
	if (ftruncate(writer->fd, 0) != 0)
		return err_errno(err, "truncate '%s'", writer->partial);
	return true;
}

struct snapshot_writer *
snapshot_create(const char *directory, const struct snapshot_info *info, struct err *err)
{
	struct snapshot_writer *writer = calloc(1, sizeof *writer);
	uint8_t header[HEADER_LEN];

	if (!writer) {
		err_oom(err);
		return NULL;
	}
	writer->info = *info;
	writer->fd = -1;
	writer->chunk = malloc(CHUNK);
	if (!writer->chunk) {
		err_oom(err);
		goto fail;
	}
	if (!folder_path(directory, writer->folder, err) ||
	    !disk_make_directory(writer->folder, err))
		goto fail;
	snprintf(writer->path, sizeof writer->path, "%s/%" PRIu32 "-%" PRIu64 ".snap",
	    writer->folder, info->workspace, info->revision);
	snprintf(writer->partial, sizeof writer->partial, "%s/%" PRIu32 "-%" PRIu64 ".part",
	    writer->folder, info->workspace, info->revision);
	put_header(header, info);
	if (!open_partial(writer, err))
		goto fail;
	if (!disk_write_all(writer->fd, header, sizeof header, err)) {
		snapshot_abandon(writer);
		return NULL;
	}
	return writer;
fail:
	/* Not abandon: the file may be another writer's. */
	if (writer->fd >= 0)
		close(writer->fd);
	free(writer->chunk);
	free(writer);
	return NULL;
}

static bool
flush_chunk(struct snapshot_writer *writer, struct err *err)
{
	if (writer->chunk_len == 0)
		return true;
	if (writer->crcs_cap - writer->crcs_len < 4) {
		size_t cap = writer->crcs_cap ? 2 * writer->crcs_cap : 1024;
		uint8_t *crcs = realloc(writer->crcs, cap);

		if (!crcs)
			return err_oom(err);
		writer->crcs = crcs;
		writer->crcs_cap = cap;
	}
	put_le(writer->crcs + writer->crcs_len, crc32c(0, writer->chunk, writer->chunk_len), 4);
	writer->crcs_len += 4;
	if (!disk_write_all(writer->fd, writer->chunk, writer->chunk_len, err))
		return false;
	writer->chunk_len = 0;
	return true;
}

bool
snapshot_put(struct snapshot_writer *writer, const void *p, size_t len, struct err *err)
{
	const uint8_t *at = p;

	if (writer->failed)
		return err_set(err, ERR_UNAVAILABLE, "the snapshot could not be written");
	if (len > PAYLOAD_MAX - writer->payload_len)
		return err_set(err, ERR_LIMIT, "the snapshot is too large");
	writer->payload_len += len;
	while (len > 0) {
		size_t n = CHUNK - writer->chunk_len < len ? CHUNK - writer->chunk_len : len;

		memcpy(writer->chunk + writer->chunk_len, at, n);
		writer->chunk_len += n;
		at += n;
		len -= n;
		if (writer->chunk_len == CHUNK && !flush_chunk(writer, err)) {
			writer->failed = true;
			return false;
		}
	}
	return true;
}

static bool
write_footer(struct snapshot_writer *writer, struct err *err)
{
	uint8_t header[HEADER_LEN], footer[FOOTER_LEN] = {0};
	uint32_t crc;

	put_header(header, &writer->info);
	put_le(footer, writer->payload_len, 8);
	crc = crc32c(0, header, sizeof header);
	crc = crc32c(crc, writer->crcs, writer->crcs_len);
	crc = crc32c(crc, footer, 8);
	put_le(footer + 8, crc, 4);
	memcpy(footer + 16, magic, sizeof magic);
	return disk_write_all(writer->fd, writer->crcs, writer->crcs_len, err) &&
	       disk_write_all(writer->fd, footer, sizeof footer, err);
}

/* What a crash left half written; a file that can be locked is nobody's. */
static void
remove_leftovers(const struct snapshot_writer *writer)
{
	struct listing listing;
	struct err ignored;

	if (!list_snapshots(writer->folder, writer->info.workspace, ".part", &listing, &ignored))
		return;
	for (size_t i = 0; i < listing.count; i++) {
		char path[PATH_MAX + 64];
		int fd;

		snprintf(path, sizeof path, "%s/%" PRIu32 "-%" PRIu64 ".part", writer->folder,
		    writer->info.workspace, listing.revisions[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlink(path);
		if (fd >= 0)
			close(fd);
	}
	free(listing.revisions);
}

/*
 * Keeps the two newest, and of the others the oldest within each doubling of the distance to the newest (so that what is
 * kept moves on into the next doubling instead of being overtaken): any old revision is half way or less from one.
 */
static bool
is_worth_keeping(const struct listing *listing, size_t i)
{
	uint64_t newest = listing->revisions[0];
	uint64_t distance = newest - listing->revisions[i];
	uint64_t next_distance;

	if (i < KEEP_NEWEST || i + 1 == listing->count)
		return true;
	next_distance = newest - listing->revisions[i + 1];
	return __builtin_clzll(distance) != __builtin_clzll(next_distance);
}

static void
remove_old(const struct snapshot_writer *writer)
{
	struct listing listing;
	struct err ignored;

	if (!list_snapshots(writer->folder, writer->info.workspace, ".snap", &listing, &ignored))
		return;
	for (size_t i = 0; i < listing.count; i++) {
		char path[PATH_MAX + 64];

		if (is_worth_keeping(&listing, i))
			continue;
		snprintf(path, sizeof path, "%s/%" PRIu32 "-%" PRIu64 ".snap", writer->folder,
		    writer->info.workspace, listing.revisions[i]);
		if (unlink(path) != 0)
			log_warn("snapshot.remove", "path=%s errno=%d", path, errno);
	}
	free(listing.revisions);
}

static void
free_writer(struct snapshot_writer *writer)
{
	if (writer->fd >= 0)
		close(writer->fd);
	free(writer->chunk);
	free(writer->crcs);
	free(writer);
}

bool
snapshot_finish(struct snapshot_writer *writer, struct err *err)
{
	bool ok =
	    !writer->failed || err_set(err, ERR_UNAVAILABLE, "the snapshot could not be written");

	ok = ok && flush_chunk(writer, err) && write_footer(writer, err);
	if (ok && fsync(writer->fd) != 0)
		ok = err_errno(err, "sync '%s'", writer->partial);
	ok = ok && disk_rename(writer->partial, writer->path, err);
	if (!ok) {
		snapshot_abandon(writer);
		return false;
	}
	remove_old(writer);
	remove_leftovers(writer);
	free_writer(writer);
	return true;
}

void
snapshot_abandon(struct snapshot_writer *writer)
{
	if (!writer)
		return;
	unlink(writer->partial);
	free_writer(writer);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct snapshot {
	struct snapshot_info info;
	uint8_t *payload; /* mapped, page aligned */
	size_t mapped;
	size_t len;
};

/* Memory of our own, not a mapping of the file: an I/O error is an error then, not a signal. */
static bool
map_payload(struct snapshot *snapshot, size_t len, struct err *err)
{
	void *p;

	snapshot->len = len;
	snapshot->mapped = len ? len : 1;
	p = mmap(
	    NULL, snapshot->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_oom(err);
	(void)madvise(p, snapshot->mapped, MADV_HUGEPAGE); /* a hint: a tenth of the page faults */
	snapshot->payload = p;
	return true;
}

static bool
damaged(struct err *err, const char *what)
{
	return err_set(err, ERR_DATA_LOSS, "the snapshot is damaged (%s)", what);
}

/* Checksums of chunks behind the payload, checked as a whole before anything is read by them. */
static bool
read_tables(int fd, uint64_t size, uint8_t header[HEADER_LEN], uint8_t **crcs,
    uint64_t *payload_len, struct err *err)
{
	uint8_t footer[FOOTER_LEN];
	uint64_t crcs_len;
	uint32_t crc;

	if (size < HEADER_LEN + FOOTER_LEN || lseek(fd, 0, SEEK_SET) < 0 ||
	    !disk_read_all(fd, header, HEADER_LEN, err) ||
	    lseek(fd, (off_t)(size - FOOTER_LEN), SEEK_SET) < 0 ||
	    !disk_read_all(fd, footer, FOOTER_LEN, err))
		return damaged(err, "too short");
	*payload_len = get_le(footer, 8);
	if (memcmp(header, magic, sizeof magic) != 0 ||
	    memcmp(footer + 16, magic, sizeof magic) != 0 || get_le(header + 12, 4) != CHUNK ||
	    *payload_len > PAYLOAD_MAX || get_le(footer + 12, 4) != 0)
		return damaged(err, "not a snapshot");
	crcs_len = (*payload_len + CHUNK - 1) / CHUNK * 4;
	if (size != HEADER_LEN + *payload_len + crcs_len + FOOTER_LEN)
		return damaged(err, "length");
	*crcs = malloc(crcs_len + 1);
	if (!*crcs)
		return err_oom(err);
	if (lseek(fd, (off_t)(HEADER_LEN + *payload_len), SEEK_SET) < 0 ||
	    !disk_read_all(fd, *crcs, crcs_len, err))
		return damaged(err, "checksums");
	crc = crc32c(0, header, HEADER_LEN);
	crc = crc32c(crc, *crcs, crcs_len);
	crc = crc32c(crc, footer, 8);
	return crc == get_le(footer + 8, 4) || damaged(err, "checksum");
}

static bool
read_payload(int fd, struct snapshot *snapshot, const uint8_t *crcs, struct err *err)
{
	if (lseek(fd, HEADER_LEN, SEEK_SET) < 0)
		return err_errno(err, "seek");
	/* Chunk by chunk, so that each is summed while it is in the cache. */
	for (size_t at = 0; at < snapshot->len; at += CHUNK) {
		size_t n = snapshot->len - at < CHUNK ? snapshot->len - at : CHUNK;

		if (!disk_read_all(fd, snapshot->payload + at, n, err))
			return false;
		if (crc32c(0, snapshot->payload + at, n) != get_le(crcs + at / CHUNK * 4, 4))
			return damaged(err, "checksum of its contents");
	}
	return true;
}

/* ERR_DATA_LOSS: damaged; ERR_NOT_FOUND: fine, but of another layout or version. */
static struct snapshot *
load(const char *path, uint32_t workspace, uint64_t revision, uint32_t layout, struct err *err)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);
	uint8_t header[HEADER_LEN], *crcs = NULL;
	uint64_t payload_len = 0;
	struct stat st;
	int fd = -1;
	bool ok = false;

	if (!snapshot) {
		err_oom(err);
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_errno(err, "open '%s'", path);
		goto out;
	}
	if (!read_tables(fd, (uint64_t)st.st_size, header, &crcs, &payload_len, err))
		goto out;
	get_header(header, &snapshot->info);
	if (snapshot->info.workspace != workspace || snapshot->info.revision != revision) {
		damaged(err, "its name belongs to another");
		goto out;
	}
	if (get_le(header + 8, 4) != VERSION || snapshot->info.layout != layout) {
		err_set(err, ERR_NOT_FOUND, "of another layout");
		goto out;
	}
	ok = map_payload(snapshot, payload_len, err) && read_payload(fd, snapshot, crcs, err);
out:
	if (fd >= 0)
		close(fd);
	free(crcs);
	if (ok)
		return snapshot;
	snapshot_close(snapshot);
	return NULL;
}

static void
set_aside(const char *path, const struct err *reason)
{
	char bad[PATH_MAX + 80];

	log_warn("snapshot.skipped", "path=%s reason=\"%s\"", path, reason->msg);
	if (reason->code != ERR_DATA_LOSS)
		return;
	snprintf(bad, sizeof bad, "%s.bad", path);
	if (rename(path, bad) != 0)
		log_warn("snapshot.rename", "path=%s errno=%d", path, errno);
}

struct snapshot *
snapshot_open(const char *directory, uint32_t workspace, uint64_t max_revision, uint32_t layout,
    struct err *err)
{
	char folder[PATH_MAX], path[PATH_MAX + 64];
	struct snapshot *snapshot = NULL;
	struct listing listing;
	struct err reason;

	if (!folder_path(directory, folder, err) ||
	    !list_snapshots(folder, workspace, ".snap", &listing, err))
		return NULL;
	for (size_t i = 0; !snapshot && i < listing.count; i++) {
		if (listing.revisions[i] > max_revision)
			continue;
		snprintf(path, sizeof path, "%s/%" PRIu32 "-%" PRIu64 ".snap", folder, workspace,
		    listing.revisions[i]);
		snapshot = load(path, workspace, listing.revisions[i], layout, &reason);
		if (!snapshot)
			set_aside(path, &reason);
	}
	free(listing.revisions);
	if (!snapshot)
		err_set(err, ERR_NOT_FOUND, "no snapshot of that workspace");
	return snapshot;
}

void
snapshot_close(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	if (snapshot->payload)
		munmap(snapshot->payload, snapshot->mapped);
	free(snapshot);
}

const struct snapshot_info *
snapshot_info(const struct snapshot *snapshot)
{
	return &snapshot->info;
}

const uint8_t *
snapshot_payload(const struct snapshot *snapshot, size_t *len)
{
	*len = snapshot->len;
	return snapshot->payload;
}
