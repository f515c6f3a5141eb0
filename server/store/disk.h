/* Files and directories that must survive a power cut. */
#ifndef SERVER_STORE_DISK_H
#define SERVER_STORE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Makes the directory if it isn't there (not its parents), durably. */
bool disk_make_directory(const char *path, struct err *err) MUST_CHECK;
/* The directory that path lies in. */
bool disk_sync_parent(const char *path, struct err *err) MUST_CHECK;
/* Renames a synced file over another name and makes that durable. */
bool disk_rename(const char *from, const char *to, struct err *err) MUST_CHECK;
/* All of it, whatever the kernel takes at once. */
bool disk_write_all(int fd, const void *p, size_t len, struct err *err) MUST_CHECK;
/* False with ERR_DATA_LOSS if the file ends before. */
bool disk_read_all(int fd, void *p, size_t len, struct err *err) MUST_CHECK;
/* Whether nothing but a lock is in it, or it isn't there. */
bool disk_is_empty(const char *path, bool *empty, struct err *err) MUST_CHECK;
/*
 * One daemon per directory. ERR_PRECONDITION names the process that has it, or says that the file system is one of
 * a network: locks and syncs cannot be relied on there. Returns the descriptor that holds the lock, or -1.
 */
int disk_lock_directory(const char *path, struct err *err) MUST_CHECK;
void disk_unlock_directory(int fd);

#endif
