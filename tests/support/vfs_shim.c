/* See vfs_shim.h. */
#include "tests/support/vfs_shim.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SECTOR       512u
#define FD_FIRST     (1 << 20)
#define FD_COUNT     256
#define NAME_MAX_LEN 255

struct image {
	uint8_t *data; /* cap bytes, zero behind len */
	size_t len;
	size_t cap;
};

struct inode {
	struct inode *next;
	struct image seen;
	struct image durable;
	uint8_t *dirty; /* a flag per sector of seen.cap */
	size_t dirty_cap;
	bool length_dirty;
	bool is_directory;
	unsigned open;
	int lock_fd; /* -1: free */
};

struct name {
	struct name *next;
	char path[NAME_MAX_LEN + 1];
	struct inode *seen;
	struct inode *durable;
};

struct descriptor {
	struct inode *inode;
	struct name *name;
	int64_t offset;
	bool append;
};

static struct {
	pthread_mutex_t lock;
	struct inode *inodes;
	struct name *names;
	struct descriptor fds[FD_COUNT];
	uint64_t random;
	uint64_t operations;
	uint64_t cut_at;
	uint64_t fail_at;
	uint64_t counted; /* including opens, for fail_at */
	enum shim_fault fault;
	bool sticky;
	bool failed;
	bool off;
	const struct name *current; /* whose operation this is */
	char cut_path[NAME_MAX_LEN + 1];
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t
random_u64(void)
{
	/* xorshift64* */
	disk.random ^= disk.random >> 12;
	disk.random ^= disk.random << 25;
	disk.random ^= disk.random >> 27;
	return disk.random * UINT64_C(2685821657736338717);
}

static bool
coin(void)
{
	return random_u64() >> 63;
}

/* ---- images and sectors ------------------------------------------------------------------------------------ */

static void
reserve(struct image *image, size_t len)
{
	size_t cap = image->cap ? image->cap : 4096;

	if (len <= image->cap)
		return;
	while (cap < len)
		cap *= 2;
	image->data = realloc(image->data, cap);
	assert(image->data);
	memset(image->data + image->cap, 0, cap - image->cap);
	image->cap = cap;
}

static void
mark_dirty(struct inode *inode, size_t from, size_t to)
{
	size_t sectors = (to + SECTOR - 1) / SECTOR;

	if (from >= to)
		return;
	if (sectors > inode->dirty_cap) {
		size_t cap = sectors * 2;

		inode->dirty = realloc(inode->dirty, cap);
		assert(inode->dirty);
		memset(inode->dirty + inode->dirty_cap, 0, cap - inode->dirty_cap);
		inode->dirty_cap = cap;
	}
	memset(inode->dirty + from / SECTOR, 1, sectors - from / SECTOR);
}

static void
inode_write(struct inode *inode, size_t offset, const void *p, size_t len)
{
	size_t end = offset + len;

	reserve(&inode->seen, (end + SECTOR - 1) / SECTOR * SECTOR);
	memcpy(inode->seen.data + offset, p, len);
	/* A hole before it is zeros that are not on the disk either. */
	mark_dirty(inode, offset < inode->seen.len ? offset : inode->seen.len, end);
	if (end > inode->seen.len) {
		inode->seen.len = end;
		inode->length_dirty = true;
	}
}

static void
inode_truncate(struct inode *inode, size_t len)
{
	reserve(&inode->seen, (len + SECTOR - 1) / SECTOR * SECTOR);
	if (len < inode->seen.len) { /* so there is data */
		memset(inode->seen.data + len, 0, inode->seen.len - len);
		mark_dirty(inode, len, inode->seen.len);
	}
	if (len != inode->seen.len)
		inode->length_dirty = true;
	inode->seen.len = len;
}

/* Sectors that are dirty reach the disk: all, or each with even odds. */
static void
inode_settle(struct inode *inode, bool all)
{
	size_t longest =
	    inode->seen.len > inode->durable.len ? inode->seen.len : inode->durable.len;

	reserve(&inode->durable, (longest + SECTOR - 1) / SECTOR * SECTOR);
	for (size_t i = 0; i < inode->dirty_cap; i++) {
		size_t at = i * SECTOR;

		if (!inode->dirty[i])
			continue;
		if ((all || coin()) && at < inode->durable.cap) {
			if (at < inode->seen.cap)
				memcpy(inode->durable.data + at, inode->seen.data + at, SECTOR);
			else
				memset(inode->durable.data + at, 0, SECTOR);
		}
		inode->dirty[i] = 0;
	}
	if (all || (inode->length_dirty && coin()))
		inode->durable.len = inode->seen.len;
	else if (inode->length_dirty && inode->seen.len > inode->durable.len && coin())
		inode->durable.len += random_u64() % (inode->seen.len - inode->durable.len);
	inode->length_dirty = false;
	if (inode->durable.cap > inode->durable.len)
		memset(inode->durable.data + inode->durable.len, 0,
		    inode->durable.cap - inode->durable.len);
}

static void
inode_reread(struct inode *inode)
{
	reserve(&inode->seen, inode->durable.len);
	if (inode->seen.cap > 0)
		memset(inode->seen.data, 0, inode->seen.cap);
	if (inode->durable.len > 0)
		memcpy(inode->seen.data, inode->durable.data, inode->durable.len);
	inode->seen.len = inode->durable.len;
}

static struct inode *
new_inode(bool is_directory)
{
	struct inode *inode = calloc(1, sizeof *inode);

	assert(inode);
	inode->is_directory = is_directory;
	inode->lock_fd = -1;
	inode->next = disk.inodes;
	disk.inodes = inode;
	return inode;
}

static void
free_inode(struct inode *inode)
{
	free(inode->seen.data);
	free(inode->durable.data);
	free(inode->dirty);
	free(inode);
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static struct name *
find_name(const char *path)
{
	for (struct name *name = disk.names; name; name = name->next) {
		if (strcmp(name->path, path) == 0)
			return name;
	}
	return NULL;
}

static struct inode *
find_inode(const char *path)
{
	struct name *name = find_name(path);

	return name ? name->seen : NULL;
}

static struct name *
make_name(const char *path)
{
	struct name *name = find_name(path);

	if (name)
		return name;
	assert(strlen(path) <= NAME_MAX_LEN);
	name = calloc(1, sizeof *name);
	assert(name);
	strcpy(name->path, path);
	name->next = disk.names;
	disk.names = name;
	return name;
}

static bool
is_in_directory(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return strncmp(path, directory, len) == 0 && path[len] == '/' &&
	       !strchr(path + len + 1, '/');
}

static bool
has_parent(const char *path)
{
	char parent[NAME_MAX_LEN + 1];
	struct inode *inode;

	if (strlen(path) > NAME_MAX_LEN)
		return false;
	strcpy(parent, path);
	*strrchr(parent, '/') = '\0';
	inode = find_inode(parent);
	return inode && inode->is_directory;
}

static void
sync_names(const char *directory)
{
	for (struct name *name = disk.names; name; name = name->next) {
		if (is_in_directory(name->path, directory))
			name->durable = name->seen;
	}
}

static bool
is_referenced(const struct inode *inode)
{
	if (inode->open > 0)
		return true;
	for (const struct name *name = disk.names; name; name = name->next) {
		if (name->seen == inode || name->durable == inode)
			return true;
	}
	return false;
}

static void
sweep(bool all)
{
	for (struct name **at = &disk.names; *at;) {
		struct name *name = *at;

		if (all || (!name->seen && !name->durable)) {
			*at = name->next;
			free(name);
		} else {
			at = &name->next;
		}
	}
	for (struct inode **at = &disk.inodes; *at;) {
		struct inode *inode = *at;

		if (all || !is_referenced(inode)) {
			*at = inode->next;
			free_inode(inode);
		} else {
			at = &inode->next;
		}
	}
}

/* ---- operations: counting, faults, the cut ------------------------------------------------------------------------ */

enum operation { OP_WRITE, OP_OPEN, OP_SYNC, OP_OTHER };

/* 0, or the errno this operation fails with. grows: it needs room that wasn't there. */
static int
operate(enum operation operation, bool grows)
{
	bool due;

	if (disk.off)
		return EIO;
	if (operation != OP_OPEN) {
		disk.operations++;
		if (disk.cut_at != 0 && disk.operations >= disk.cut_at) {
			disk.off = true;
			snprintf(disk.cut_path, sizeof disk.cut_path, "%s",
			    disk.current ? disk.current->path : "");
			return EIO;
		}
	}
	disk.counted++;
	due = disk.fail_at != 0 &&
	      (disk.counted == disk.fail_at || (disk.sticky && disk.counted > disk.fail_at));
	if (!due)
		return 0;
	if (disk.fault == SHIM_EIO) {
		disk.failed = true;
		return EIO;
	}
	if (operation == OP_OTHER || (operation == OP_SYNC && disk.sticky) ||
	    (disk.sticky && !grows))
		return 0;
	disk.failed = true;
	return operation == OP_SYNC ? EIO : ENOSPC;
}

void
shim_fail_at(uint64_t n, enum shim_fault fault, bool sticky)
{
	pthread_mutex_lock(&disk.lock);
	disk.fail_at = n ? disk.counted + n : 0;
	disk.fault = fault;
	disk.sticky = sticky;
	disk.failed = false;
	pthread_mutex_unlock(&disk.lock);
}

bool
shim_has_failed(void)
{
	bool failed;

	pthread_mutex_lock(&disk.lock);
	failed = disk.failed;
	pthread_mutex_unlock(&disk.lock);
	return failed;
}

void
shim_cut_at(uint64_t n)
{
	pthread_mutex_lock(&disk.lock);
	disk.cut_at = n ? disk.operations + n : 0;
	pthread_mutex_unlock(&disk.lock);
}

bool
shim_is_off(void)
{
	bool off;

	pthread_mutex_lock(&disk.lock);
	off = disk.off;
	pthread_mutex_unlock(&disk.lock);
	return off;
}

void
shim_cut_path(char *out, size_t size)
{
	pthread_mutex_lock(&disk.lock);
	snprintf(out, size, "%s", disk.cut_path);
	pthread_mutex_unlock(&disk.lock);
}

void
shim_cut(void)
{
	pthread_mutex_lock(&disk.lock);
	disk.off = true;
	pthread_mutex_unlock(&disk.lock);
}

uint64_t
shim_operations(void)
{
	uint64_t n;

	pthread_mutex_lock(&disk.lock);
	n = disk.operations;
	pthread_mutex_unlock(&disk.lock);
	return n;
}

void
shim_power_on(void)
{
	pthread_mutex_lock(&disk.lock);
	for (struct inode *inode = disk.inodes; inode; inode = inode->next) {
		assert(inode->open == 0);
		inode_settle(inode, false);
		inode_reread(inode);
		inode->lock_fd = -1;
	}
	for (struct name *name = disk.names; name; name = name->next) {
		if (name->seen != name->durable && coin())
			name->durable = name->seen;
		name->seen = name->durable;
	}
	sweep(false);
	disk.off = false;
	disk.cut_at = 0;
	disk.fail_at = 0;
	disk.cut_path[0] = '\0';
	pthread_mutex_unlock(&disk.lock);
}

bool
shim_flip(const char *path, uint64_t offset, uint8_t mask)
{
	struct inode *inode;
	bool ok;

	pthread_mutex_lock(&disk.lock);
	inode = find_inode(path);
	ok = inode && offset < inode->seen.len && offset < inode->durable.len;
	if (ok) {
		inode->seen.data[offset] ^= mask;
		inode->durable.data[offset] ^= mask;
	}
	pthread_mutex_unlock(&disk.lock);
	return ok;
}

int64_t
shim_length(const char *path)
{
	struct inode *inode;
	int64_t len;

	pthread_mutex_lock(&disk.lock);
	inode = find_inode(path);
	len = inode ? (int64_t)inode->seen.len : -1;
	pthread_mutex_unlock(&disk.lock);
	return len;
}

static int
write_at(struct inode *inode, int64_t offset, const void *p, size_t len, size_t *written)
{
	int error = operate(OP_WRITE, (size_t)offset + len > inode->seen.len);

	*written = error ? 0 : len;
	/* What was under way when the power went, or when the fault struck, may be there in part. */
	if (error && (disk.off || disk.fault == SHIM_SHORT))
		*written = len / 2;
	if (*written > 0 || (error && disk.off && disk.operations == disk.cut_at))
		inode_write(inode, (size_t)offset, p, *written);
	return error;
}

static int
sync_inode(struct inode *inode)
{
	int error = operate(OP_SYNC, false);

	if (!disk.off)
		inode_settle(inode, error == 0);
	return error;
}

/* ---- the VFS ------------------------------------------------------------------------------------------------------ */

struct shim_file {
	sqlite3_file base;
	struct inode *inode;
	struct name *name;
	bool sync_name; /* a new log: its first sync makes the name durable as well */
	bool remove;
};

static int
file_close(sqlite3_file *base)
{
	struct shim_file *file = (struct shim_file *)(void *)base;

	pthread_mutex_lock(&disk.lock);
	file->inode->open--;
	if (file->remove)
		file->name->seen = NULL;
	pthread_mutex_unlock(&disk.lock);
	return SQLITE_OK;
}

static int
file_read(sqlite3_file *base, void *p, int len, sqlite3_int64 offset)
{
	struct shim_file *file = (struct shim_file *)(void *)base;
	const struct image *image = &file->inode->seen;
	size_t n = 0;
	int rc = SQLITE_OK;

	pthread_mutex_lock(&disk.lock);
	if (disk.off) {
		rc = SQLITE_IOERR_READ;
	} else {
		if ((size_t)offset < image->len)
			n = image->len - (size_t)offset < (size_t)len ? image->len - (size_t)offset
								      : (size_t)len;
		if (n > 0)
			memcpy(p, image->data + offset, n);
		if (n < (size_t)len) {
			memset((uint8_t *)p + n, 0, (size_t)len - n);
			rc = SQLITE_IOERR_SHORT_READ;
		}
	}
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

static int
file_write(sqlite3_file *base, const void *p, int len, sqlite3_int64 offset)
{
	struct shim_file *file = (struct shim_file *)(void *)base;
	size_t written;
	int error;

	pthread_mutex_lock(&disk.lock);
	disk.current = file->name;
	error = write_at(file->inode, offset, p, (size_t)len, &written);
	pthread_mutex_unlock(&disk.lock);
	return error == 0 ? SQLITE_OK : error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int
file_truncate(sqlite3_file *base, sqlite3_int64 len)
{
	struct shim_file *file = (struct shim_file *)(void *)base;
	int error;

	pthread_mutex_lock(&disk.lock);
	disk.current = file->name;
	error = operate(OP_OTHER, false);
	if (!error || (disk.off && disk.operations == disk.cut_at && coin()))
		inode_truncate(file->inode, (size_t)len);
	pthread_mutex_unlock(&disk.lock);
	return error ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int
file_sync(sqlite3_file *base, int flags)
{
	struct shim_file *file = (struct shim_file *)(void *)base;
	int error;

	(void)flags;
	pthread_mutex_lock(&disk.lock);
	disk.current = file->name;
	error = sync_inode(file->inode);
	if (!error && file->sync_name) {
		file->name->durable = file->name->seen;
		file->sync_name = false;
	}
	pthread_mutex_unlock(&disk.lock);
	return error ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int
file_size(sqlite3_file *base, sqlite3_int64 *size)
{
	struct shim_file *file = (struct shim_file *)(void *)base;

	pthread_mutex_lock(&disk.lock);
	*size = (sqlite3_int64)file->inode->seen.len;
	pthread_mutex_unlock(&disk.lock);
	return disk.off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int
file_lock(sqlite3_file *base, int level)
{
	(void)base;
	(void)level;
	return SQLITE_OK;
}

static int
file_check_lock(sqlite3_file *base, int *out)
{
	(void)base;
	*out = 0;
	return SQLITE_OK;
}

static int
file_control(sqlite3_file *base, int op, void *arg)
{
	(void)base;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
file_sector_size(sqlite3_file *base)
{
	(void)base;
	return 4096;
}

static int
file_characteristics(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as the unix VFS says, and as the model is */
}

/* Version 1: without shared memory, so that a store that isn't exclusive cannot even open. */
static const sqlite3_io_methods file_methods = {
    1,
    file_close,
    file_read,
    file_write,
    file_truncate,
    file_sync,
    file_size,
    file_lock,
    file_lock,
    file_check_lock,
    file_control,
    file_sector_size,
    file_characteristics,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out_flags)
{
	struct shim_file *file = (struct shim_file *)(void *)base;
	struct name *name;
	bool create;
	int rc = SQLITE_CANTOPEN;

	(void)vfs;
	file->base.pMethods = NULL;
	if (!path)
		return SQLITE_CANTOPEN; /* temporary files: the store keeps those in memory */
	pthread_mutex_lock(&disk.lock);
	name = find_name(path);
	create = !name || !name->seen;
	if (create && !(flags & SQLITE_OPEN_CREATE))
		goto out;
	if (!has_parent(path) || operate(OP_OPEN, create) != 0)
		goto out;
	if (create) {
		name = make_name(path);
		name->seen = new_inode(false);
	}
	file->base.pMethods = &file_methods;
	file->inode = name->seen;
	file->inode->open++;
	file->name = name;
	file->sync_name = create && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL));
	file->remove = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	if (out_flags)
		*out_flags = flags;
	rc = SQLITE_OK;
out:
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
	struct name *name;
	int rc = SQLITE_OK;

	(void)vfs;
	pthread_mutex_lock(&disk.lock);
	name = find_name(path);
	if (!name || !name->seen) {
		rc = SQLITE_IOERR_DELETE_NOENT;
	} else if (disk.current = name, operate(OP_OTHER, false) != 0) {
		rc = SQLITE_IOERR_DELETE;
	} else {
		name->seen = NULL;
		if (sync_directory)
			name->durable = NULL;
	}
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

static int
vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	const struct inode *inode;

	(void)vfs;
	pthread_mutex_lock(&disk.lock);
	inode = find_inode(path);
	/* Like the unix VFS: an empty file doesn't exist. */
	*out = inode && (flags != SQLITE_ACCESS_EXISTS || inode->seen.len > 0);
	pthread_mutex_unlock(&disk.lock);
	return disk.off ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int
vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
	(void)vfs;
	sqlite3_snprintf(size, out, "%s", path);
	return SQLITE_OK;
}

static void
register_vfs(void)
{
	static sqlite3_vfs vfs;
	sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);

	if (vfs.zName)
		return;
	vfs = *unix_vfs; /* time, randomness, sleeping */
	vfs.iVersion = 1;
	vfs.szOsFile = sizeof(struct shim_file);
	vfs.mxPathname = NAME_MAX_LEN;
	vfs.zName = SHIM_VFS;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xFullPathname = vfs_full_path;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		abort();
}

void
shim_reset(uint64_t seed)
{
	struct name *root;

	pthread_mutex_lock(&disk.lock);
	register_vfs();
	for (int i = 0; i < FD_COUNT; i++)
		assert(!disk.fds[i].inode);
	sweep(true);
	disk.random = seed * 2 + 1;
	disk.operations = disk.counted = disk.cut_at = disk.fail_at = 0;
	disk.off = disk.failed = false;
	root = make_name(SHIM_ROOT);
	root->seen = root->durable = new_inode(true);
	pthread_mutex_unlock(&disk.lock);
}

/* ---- the calls of the C library, wrapped by the linker --------------------------------------------------------------- */

struct shim_directory {
	char path[NAME_MAX_LEN + 1];
	const struct name *at;
	struct dirent entry;
	struct shim_directory *next;
};
static struct shim_directory *directories;

static bool
is_simulated(const char *path)
{
	return strncmp(path, SHIM_ROOT, strlen(SHIM_ROOT)) == 0;
}

static struct descriptor *
descriptor(int fd)
{
	return fd >= FD_FIRST && fd < FD_FIRST + FD_COUNT && disk.fds[fd - FD_FIRST].inode
		   ? &disk.fds[fd - FD_FIRST]
		   : NULL;
}

static int
result(int error)
{
	pthread_mutex_unlock(&disk.lock);
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

#define WRAP(type, name, parameters)                                                               \
	extern type __real_##name parameters;                                                      \
	extern type __wrap_##name parameters;                                                      \
	type __wrap_##name parameters

extern int __real_open(const char *path, int flags, ...);
extern int __wrap_open(const char *path, int flags, ...);

static int
simulated_open(const char *path, int flags)
{
	struct name *name = find_name(path);
	bool create = !name || !name->seen;
	int fd = 0, error;

	if (create && !(flags & O_CREAT))
		return result(ENOENT);
	if (!create && (flags & O_EXCL) && (flags & O_CREAT))
		return result(EEXIST);
	if (!has_parent(path) && strcmp(path, SHIM_ROOT) != 0)
		return result(ENOENT);
	error = operate(OP_OPEN, create);
	if (error)
		return result(error);
	while (fd < FD_COUNT && disk.fds[fd].inode)
		fd++;
	assert(fd < FD_COUNT);
	if (create) {
		name = make_name(path);
		name->seen = new_inode(false);
	}
	if (flags & O_TRUNC)
		inode_truncate(name->seen, 0);
	disk.fds[fd] =
	    (struct descriptor){.inode = name->seen, .name = name, .append = flags & O_APPEND};
	name->seen->open++;
	pthread_mutex_unlock(&disk.lock);
	return FD_FIRST + fd;
}

int
__wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (!is_simulated(path))
		return __real_open(path, flags, mode);
	pthread_mutex_lock(&disk.lock);
	return simulated_open(path, flags);
}

WRAP(int, close, (int fd))
{
	struct descriptor *d;

	if (fd < FD_FIRST)
		return __real_close(fd);
	pthread_mutex_lock(&disk.lock);
	d = descriptor(fd);
	if (!d)
		return result(EBADF);
	if (d->inode->lock_fd == fd)
		d->inode->lock_fd = -1;
	d->inode->open--;
	d->inode = NULL;
	return result(0);
}

static ssize_t
transfer(int fd, void *in, const void *out, size_t len, int64_t offset, bool move)
{
	struct descriptor *d;
	const struct image *image;
	size_t n = 0;
	int error = 0;

	pthread_mutex_lock(&disk.lock);
	d = descriptor(fd);
	if (!d)
		return result(EBADF);
	image = &d->inode->seen;
	if (move)
		offset = out && d->append ? (int64_t)image->len : d->offset;
	disk.current = d->name;
	if (out) {
		error = write_at(d->inode, offset, out, len, &n);
		if (error && n > 0 && !disk.off)
			error = 0; /* a short write is no error yet */
	} else if (disk.off) {
		error = EIO;
	} else if ((size_t)offset < image->len) {
		n = image->len - (size_t)offset < len ? image->len - (size_t)offset : len;
		memcpy(in, image->data + offset, n);
	}
	if (error)
		return result(error);
	if (move)
		d->offset = offset + (int64_t)n;
	pthread_mutex_unlock(&disk.lock);
	return (ssize_t)n;
}

WRAP(ssize_t, read, (int fd, void *p, size_t len))
{
	return fd < FD_FIRST ? __real_read(fd, p, len) : transfer(fd, p, NULL, len, 0, true);
}

WRAP(ssize_t, write, (int fd, const void *p, size_t len))
{
	return fd < FD_FIRST ? __real_write(fd, p, len) : transfer(fd, NULL, p, len, 0, true);
}

WRAP(ssize_t, pread, (int fd, void *p, size_t len, off_t offset))
{
	return fd < FD_FIRST ? __real_pread(fd, p, len, offset)
			     : transfer(fd, p, NULL, len, offset, false);
}

WRAP(ssize_t, pwrite, (int fd, const void *p, size_t len, off_t offset))
{
	return fd < FD_FIRST ? __real_pwrite(fd, p, len, offset)
			     : transfer(fd, NULL, p, len, offset, false);
}

WRAP(off_t, lseek, (int fd, off_t offset, int whence))
{
	struct descriptor *d;

	if (fd < FD_FIRST)
		return __real_lseek(fd, offset, whence);
	pthread_mutex_lock(&disk.lock);
	d = descriptor(fd);
	assert(d && whence == SEEK_SET);
	d->offset = offset;
	pthread_mutex_unlock(&disk.lock);
	return offset;
}

WRAP(int, ftruncate, (int fd, off_t len))
{
	struct descriptor *d;
	int error;

	if (fd < FD_FIRST)
		return __real_ftruncate(fd, len);
	pthread_mutex_lock(&disk.lock);
	d = descriptor(fd);
	disk.current = d ? d->name : NULL;
	error = d ? operate(OP_OTHER, false) : EBADF;
	if (!error)
		inode_truncate(d->inode, (size_t)len);
	return result(error);
}

WRAP(int, fsync, (int fd))
{
	struct descriptor *d;
	int error;

	if (fd < FD_FIRST)
		return __real_fsync(fd);
	pthread_mutex_lock(&disk.lock);
	d = descriptor(fd);
	if (!d)
		return result(EBADF);
	disk.current = d->name;
	error = sync_inode(d->inode);
	if (!error && d->inode->is_directory)
		sync_names(d->name->path);
	return result(error);
}

WRAP(int, fstat, (int fd, struct stat *st))
{
	struct descriptor *d;

	if (fd < FD_FIRST)
		return __real_fstat(fd, st);
	pthread_mutex_lock(&disk.lock);
	d = descriptor(fd);
	if (!d)
		return result(EBADF);
	memset(st, 0, sizeof *st);
	st->st_size = (off_t)d->inode->seen.len;
	st->st_mode = d->inode->is_directory ? S_IFDIR | 0700 : S_IFREG | 0600;
	return result(disk.off ? EIO : 0);
}

WRAP(int, access, (const char *path, int mode))
{
	int error;

	if (!is_simulated(path))
		return __real_access(path, mode);
	pthread_mutex_lock(&disk.lock);
	error = disk.off ? EIO : find_inode(path) ? 0 : ENOENT;
	return result(error);
}

WRAP(int, rename, (const char *from, const char *to))
{
	struct inode *inode;
	int error;

	if (!is_simulated(from))
		return __real_rename(from, to);
	pthread_mutex_lock(&disk.lock);
	inode = find_inode(from);
	disk.current = find_name(from);
	error = inode ? operate(OP_OTHER, false) : ENOENT;
	if (!error) {
		make_name(to)->seen = inode;
		find_name(from)->seen = NULL;
	}
	return result(error);
}

WRAP(int, unlink, (const char *path))
{
	int error;

	if (!is_simulated(path))
		return __real_unlink(path);
	pthread_mutex_lock(&disk.lock);
	disk.current = find_name(path);
	error = find_inode(path) ? operate(OP_OTHER, false) : ENOENT;
	if (!error)
		find_name(path)->seen = NULL;
	return result(error);
}

WRAP(int, mkdir, (const char *path, mode_t mode))
{
	int error;

	if (!is_simulated(path))
		return __real_mkdir(path, mode);
	pthread_mutex_lock(&disk.lock);
	disk.current = NULL;
	error = find_inode(path) ? EEXIST : !has_parent(path) ? ENOENT : operate(OP_WRITE, true);
	if (!error)
		make_name(path)->seen = new_inode(true);
	return result(error);
}

WRAP(int, flock, (int fd, int operation))
{
	struct descriptor *d;
	int error = 0;

	if (fd < FD_FIRST)
		return __real_flock(fd, operation);
	pthread_mutex_lock(&disk.lock);
	d = descriptor(fd);
	assert(d && operation == (LOCK_EX | LOCK_NB));
	if (d->inode->lock_fd >= 0 && d->inode->lock_fd != fd)
		error = EWOULDBLOCK;
	else
		d->inode->lock_fd = fd;
	return result(error);
}

WRAP(int, statfs, (const char *path, struct statfs *out))
{
	if (!is_simulated(path))
		return __real_statfs(path, out);
	memset(out, 0, sizeof *out);
	if (strncmp(path, SHIM_NETWORK, strlen(SHIM_NETWORK)) == 0)
		out->f_type = 0x6969;
	return 0;
}

WRAP(DIR *, opendir, (const char *path))
{
	struct shim_directory *directory;
	struct inode *inode;

	if (!is_simulated(path))
		return __real_opendir(path);
	pthread_mutex_lock(&disk.lock);
	inode = find_inode(path);
	if (disk.off || !inode || !inode->is_directory) {
		result(disk.off ? EIO : ENOENT);
		return NULL;
	}
	directory = calloc(1, sizeof *directory);
	assert(directory);
	strcpy(directory->path, path);
	directory->at = disk.names;
	directory->next = directories;
	directories = directory;
	pthread_mutex_unlock(&disk.lock);
	return (DIR *)(void *)directory;
}

static struct shim_directory **
find_directory(DIR *dir)
{
	for (struct shim_directory **at = &directories; *at; at = &(*at)->next) {
		if ((DIR *)(void *)*at == dir)
			return at;
	}
	return NULL;
}

WRAP(struct dirent *, readdir, (DIR * dir))
{
	struct shim_directory **found, *directory;
	struct dirent *entry = NULL;

	pthread_mutex_lock(&disk.lock);
	found = find_directory(dir);
	if (!found) {
		pthread_mutex_unlock(&disk.lock);
		return __real_readdir(dir);
	}
	directory = *found;
	for (; directory->at && !entry; directory->at = directory->at->next) {
		const struct name *name = directory->at;

		if (!name->seen || !is_in_directory(name->path, directory->path))
			continue;
		strcpy(directory->entry.d_name, name->path + strlen(directory->path) + 1);
		entry = &directory->entry;
	}
	pthread_mutex_unlock(&disk.lock);
	return entry;
}

WRAP(int, closedir, (DIR * dir))
{
	struct shim_directory **found, *directory;

	pthread_mutex_lock(&disk.lock);
	found = find_directory(dir);
	if (!found) {
		pthread_mutex_unlock(&disk.lock);
		return __real_closedir(dir);
	}
	directory = *found;
	*found = directory->next;
	free(directory);
	return result(0);
}
