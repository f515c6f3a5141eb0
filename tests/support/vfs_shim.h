/*
 * A simulated disk under /sim: forgets what was not synced when the power goes, and fails when told to.
 *
 * SQLite sees it as the VFS "shim". Programs linked to the CMake target plumb_test_disk see it also through open, write,
 * fsync, rename and so on (the linker wraps these; paths outside /sim go to the real ones).
 *
 * The model: a write is seen at once, but each 512-byte sector of it that was not synced survives a power cut with even
 * odds, and so does a changed length. A new, renamed or deleted name is durable when its directory is synced (or, as
 * SQLite's unix VFS does it, a new write-ahead log at its own first sync). A failed sync writes half of the sectors and
 * forgets that the others were dirty, as Linux does. Everything else is kept.
 *
 * One disk per process; all calls from any thread. Deterministic for a given seed and order of calls.
 */
#ifndef TESTS_SUPPORT_VFS_SHIM_H
#define TESTS_SUPPORT_VFS_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHIM_VFS     "shim"
#define SHIM_ROOT    "/sim"
#define SHIM_NETWORK SHIM_ROOT "/nfs" /* says that it is NFS */

enum shim_fault {
	SHIM_EIO,
	SHIM_ENOSPC, /* sticky: for what needs new room; overwriting still works */
	SHIM_SHORT,  /* half of a write, then as ENOSPC; other operations fail with EIO */
};

/* An empty disk with the directory /sim; registers the VFS at the first call. All files must be closed. */
void shim_reset(uint64_t seed);

/* The n-th operation (write, truncate, sync, open, delete, rename; from 1) from now fails, or all from then on. 0: none. */
void shim_fail_at(uint64_t n, enum shim_fault fault, bool sticky);
/* Whether it has come to that. */
bool shim_has_failed(void);
/* The power goes at the n-th operation (as above, without opens) from now; 0: never. Then everything fails. */
void shim_cut_at(uint64_t n);
bool shim_is_off(void);
/* The file whose operation was under way then. */
void shim_cut_path(char *out, size_t size);
/* Now. */
void shim_cut(void);
/* What survived becomes what there is. All files must be closed. */
void shim_power_on(void);
/* Operations so far, as shim_fail_at and shim_cut_at count them. */
uint64_t shim_operations(void);

/* Changes one byte, durably. False if the file isn't that long. */
bool shim_flip(const char *path, uint64_t offset, uint8_t mask);
/* Length, -1 if there is no such file. */
int64_t shim_length(const char *path);

#endif
