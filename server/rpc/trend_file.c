#include "server/rpc/trend_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"
#include "server/insight/score/score.h"

/* Of the bytes; and of what rules find, where their texts do not tell: raise it when a rule judges otherwise. */
#define LAYOUT   1u
#define FILE_MAX ((size_t)256 << 20)

static const char magic[8] = "plumbtr";

struct head {
	char magic[8];
	uint32_t layout;
	uint32_t reserved;
	struct trend_stamp stamp;
	uint64_t len;
};

enum { WHOLE, BESIDE };

static char *
path_of(const char *data_dir, uint32_t workspace, int which, char *buf, size_t size)
{
	snprintf(buf, size, "%s/cache/trend-%u.bin%s", data_dir, workspace,
	    which == BESIDE ? ".new" : "");
	return buf;
}

void
trend_judged_by(const char *time_zone, uint8_t out[SHA256_LEN])
{
	struct str text;

	str_init(&text, 16u << 20);
	str_addf(&text, "%s %u %u %s\n", PLUMB_VERSION, LAYOUT, SCORE_FORMULA, time_zone);
	rules_markdown(&text);
	sha256(text.data, text.len, out);
	str_fini(&text);
}

static char *
read_whole(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rbe");
	struct stat st;
	char *bytes = NULL;

	*len = 0;
	if (file == NULL)
		return NULL;
	if (fstat(fileno(file), &st) == 0 && (size_t)st.st_size <= FILE_MAX &&
	    (size_t)st.st_size > sizeof(struct head) + SHA256_LEN) {
		*len = (size_t)st.st_size;
		bytes = malloc(*len);
	}
	if (bytes != NULL && fread(bytes, 1, *len, file) != *len) {
		free(bytes);
		bytes = NULL;
	}
	fclose(file);
	return bytes;
}

static bool
holds(const char *bytes, size_t len, const struct trend_stamp *wanted, struct head *head)
{
	uint8_t sum[SHA256_LEN];

	memcpy(head, bytes, sizeof *head);
	sha256(bytes, len - SHA256_LEN, sum);
	return memcmp(sum, bytes + len - SHA256_LEN, SHA256_LEN) == 0 &&
	       memcmp(head->magic, magic, sizeof magic) == 0 && head->layout == LAYOUT &&
	       head->stamp.workspace == wanted->workspace &&
	       memcmp(head->stamp.judged_by, wanted->judged_by, SHA256_LEN) == 0 &&
	       head->len == len - sizeof *head - SHA256_LEN;
}

bool
trend_file_read(const char *data_dir, struct trend_stamp *stamp, struct trend *trend)
{
	char path[4096];
	struct head head;
	size_t len;
	char *bytes =
	    read_whole(path_of(data_dir, stamp->workspace, WHOLE, path, sizeof path), &len);
	bool ok;

	if (bytes == NULL)
		return false;
	ok = holds(bytes, len, stamp, &head) &&
	     trend_decode(trend, bytes + sizeof head, (size_t)head.len);
	if (ok)
		*stamp = head.stamp;
	free(bytes);
	return ok;
}

static bool
write_bytes(const char *path, const struct str *bytes, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	FILE *file = fopen(path, "wbe");
	bool ok;

	if (file == NULL)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	sha256(bytes->data, bytes->len, sum);
	(void)fchmod(fileno(file), 0600);
	ok = fwrite(bytes->data, 1, bytes->len, file) == bytes->len &&
	     fwrite(sum, 1, sizeof sum, file) == sizeof sum;
	if (fclose(file) != 0)
		ok = false;
	if (ok)
		return true;
	(void)unlink(path);
	return err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

bool
trend_file_write(const char *data_dir, const struct trend_stamp *stamp, const struct trend *trend,
    struct err *err)
{
	struct head head = {.layout = LAYOUT, .stamp = *stamp};
	char path[4096];
	struct str bytes;
	bool ok;

	memcpy(head.magic, magic, sizeof magic);
	snprintf(path, sizeof path, "%s/cache", data_dir);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	str_init(&bytes, FILE_MAX);
	str_add_len(&bytes, (const char *)&head, sizeof head);
	ok = trend_encode(trend, &bytes) || err_oom(err);
	if (ok) {
		head.len = bytes.len - sizeof head;
		memcpy(bytes.data, &head, sizeof head);
		ok = write_bytes(
		    path_of(data_dir, stamp->workspace, BESIDE, path, sizeof path), &bytes, err);
	}
	str_fini(&bytes);
	return ok;
}

void
trend_file_keep(const char *data_dir, uint32_t workspace)
{
	char from[4096], to[4096];

	path_of(data_dir, workspace, BESIDE, from, sizeof from);
	path_of(data_dir, workspace, WHOLE, to, sizeof to);
	if (rename(from, to) != 0)
		(void)unlink(from);
}

void
trend_file_delete(const char *data_dir, uint32_t workspace)
{
	char path[4096];

	(void)unlink(path_of(data_dir, workspace, BESIDE, path, sizeof path));
	(void)unlink(path_of(data_dir, workspace, WHOLE, path, sizeof path));
}
