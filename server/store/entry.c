/* Checksums and chain of log rows, and slices of copied rows. */
#include "server/store/entry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_LEN 40u

static uint8_t *
put_le(uint8_t *p, uint64_t value, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		*p++ = (uint8_t)(value >> (8 * i));
	return p;
}

static void
put_numbers(uint8_t out[NUMBERS_LEN], const struct log_row *row)
{
	const struct store_entry *entry = &row->entry;
	uint8_t *p = out;

	p = put_le(p, entry->workspace, 4);
	p = put_le(p, entry->revision, 8);
	p = put_le(p, (uint64_t)entry->time_us, 8);
	p = put_le(p, (uint64_t)entry->logged_us, 8);
	p = put_le(p, entry->kind, 2);
	p = put_le(p, entry->format, 2);
	p = put_le(p, row->author_len, 4);
	put_le(p, row->key_len, 4);
}

void
entry_chain(struct sha256 *h, const uint8_t previous[SHA256_LEN], const struct log_row *row,
    uint8_t out[SHA256_LEN])
{
	/* One update of one buffer: the call is dearer than hashing what is in it. */
	uint8_t buf[SHA256_LEN + NUMBERS_LEN + 2 * STORE_NAME_MAX + SHA256_LEN];
	uint8_t *p = buf;

	memcpy(p, previous, SHA256_LEN);
	p += SHA256_LEN;
	put_numbers(p, row);
	p += NUMBERS_LEN;
	memcpy(p, row->entry.author, row->author_len);
	p += row->author_len;
	memcpy(p, row->entry.key, row->key_len);
	p += row->key_len;
	memcpy(p, row->body_hash, SHA256_LEN);
	p += SHA256_LEN;
	sha256_update(h, buf, (size_t)(p - buf));
	sha256_final(h, out);
}

uint32_t
entry_crc(const struct log_row *row)
{
	const struct store_entry *entry = &row->entry;
	uint8_t numbers[NUMBERS_LEN + 5];
	uint32_t crc;

	put_numbers(numbers, row);
	numbers[NUMBERS_LEN] = entry->redacted;
	put_le(numbers + NUMBERS_LEN + 1, entry->body_len, 4);
	crc = crc32c(0, numbers, sizeof numbers);
	crc = crc32c(crc, entry->author, row->author_len);
	crc = crc32c(crc, entry->key, row->key_len);
	if (entry->redacted)
		crc = crc32c(crc, row->body_hash, SHA256_LEN);
	crc = crc32c(crc, entry->chain, SHA256_LEN);
	return crc32c(crc, entry->body, entry->body_len);
}

bool
entry_check_crc(const struct log_row *row, struct err *err)
{
	if (entry_crc(row) == row->crc)
		return true;
	return err_set(err, ERR_DATA_LOSS,
	    "the log is damaged: checksum of workspace %" PRIu32 " revision %" PRIu64
	    " does not match; restore a backup",
	    row->entry.workspace, row->entry.revision);
}

bool
entry_check_chain(
    struct sha256 *h, const struct log_row *row, uint8_t chain[SHA256_LEN], struct err *err)
{
	struct log_row copy = *row;
	uint8_t expected[SHA256_LEN];

	if (!row->entry.redacted) {
		sha256_update(h, row->entry.body, row->entry.body_len);
		sha256_final(h, copy.body_hash);
	}
	entry_chain(h, chain, &copy, expected);
	if (memcmp(expected, row->entry.chain, SHA256_LEN) != 0)
		return err_set(err, ERR_DATA_LOSS,
		    "the log is damaged: workspace %" PRIu32 " revision %" PRIu64
		    " does not continue the entry before it; restore a backup",
		    row->entry.workspace, row->entry.revision);
	memcpy(chain, expected, SHA256_LEN);
	return true;
}

/* ---- slices: struct log_row, author NUL, key NUL, body, padding; offsets, since the memory moves ---- */

static size_t
row_size(const struct log_row *row)
{
	size_t size = sizeof *row + row->author_len + 1 + row->key_len + 1 + row->entry.body_len;

	return (size + 15) & ~(size_t)15;
}

static bool
slice_reserve(struct slice *slice, size_t size, struct err *err)
{
	size_t cap = slice->cap ? slice->cap : 4096;
	uint8_t *mem;

	if (slice->cap - slice->len >= size)
		return true;
	while (cap - slice->len < size)
		cap *= 2;
	mem = realloc(slice->mem, cap);
	if (!mem)
		return err_oom(err);
	slice->mem = mem;
	slice->cap = cap;
	return true;
}

void
slice_reset(struct slice *slice)
{
	slice->len = 0;
	slice->count = 0;
}

void
slice_fini(struct slice *slice)
{
	free(slice->mem);
	memset(slice, 0, sizeof *slice);
}

bool
slice_add(struct slice *slice, const struct log_row *row, struct err *err)
{
	size_t size = row_size(row);
	uint8_t *p;

	if (!slice_reserve(slice, size, err))
		return false;
	p = slice->mem + slice->len;
	memcpy(p, row, sizeof *row);
	p += sizeof *row;
	memcpy(p, row->entry.author, row->author_len);
	p += row->author_len;
	*p++ = 0;
	memcpy(p, row->entry.key, row->key_len);
	p += row->key_len;
	*p++ = 0;
	if (row->entry.body_len > 0)
		memcpy(p, row->entry.body, row->entry.body_len);
	slice->len += size;
	slice->count++;
	return true;
}

bool
slice_next(const struct slice *slice, size_t *offset, struct log_row *row)
{
	const uint8_t *p = slice->mem + *offset;

	if (*offset >= slice->len)
		return false;
	memcpy(row, p, sizeof *row);
	p += sizeof *row;
	row->entry.author = (const char *)p;
	row->entry.key = (const char *)p + row->author_len + 1;
	row->entry.body = p + row->author_len + 1 + row->key_len + 1;
	*offset += row_size(row);
	return true;
}
