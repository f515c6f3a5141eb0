/* Durable file operations and the lock of a data directory. */
#include "server/store/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/parse.h"

#define LOCK_NAME "lock"

static bool
disk_sync_directory(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return err_errno(err, "open directory '%s'", path);
	ok = fsync(fd) == 0 || err_errno(err, "sync directory '%s'", path);
	close(fd);
	return ok;
}

bool
disk_sync_parent(const char *path, struct err *err)
{
	char parent[PATH_MAX];
	size_t len = strlen(path);
	const char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	slash = memrchr(path, '/', len);
	if (!slash)
		return disk_sync_directory(".", err);
	len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= sizeof parent)
		return err_set(err, ERR_INVALID, "path too long");
	memcpy(parent, path, len);
	parent[len] = '\0';
	return disk_sync_directory(parent, err);
}

bool
disk_make_directory(const char *path, struct err *err)
{
	if (mkdir(path, 0700) == 0)
		return disk_sync_parent(path, err);
	if (errno == EEXIST)
		return true;
	return err_errno(err, "create directory '%s'", path);
}

bool
disk_rename(const char *from, const char *to, struct err *err)
{
	if (rename(from, to) != 0)
		return err_errno(err, "rename '%s' to '%s'", from, to);
	return disk_sync_parent(to, err);
}

bool
disk_write_all(int fd, const void *p, size_t len, struct err *err)
{
	const uint8_t *at = p;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "write");
		if (n == 0) {
			errno = ENOSPC;
			return err_errno(err, "write");
		}
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
disk_read_all(int fd, void *p, size_t len, struct err *err)
{
	uint8_t *at = p;

	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "read");
		if (n == 0)
			return err_set(err, ERR_DATA_LOSS, "the file ends too early");
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
disk_is_empty(const char *path, bool *empty, struct err *err)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	*empty = true;
	if (!dir && errno == ENOENT)
		return true;
	if (!dir)
		return err_errno(err, "open directory '%s'", path);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, LOCK_NAME) != 0)
			*empty = false;
	}
	closedir(dir);
	return true;
}

/* Numbers from linux/magic.h and the kernel's sources: several have no name in a header. */
static const struct {
	uint32_t magic;
	const char *name;
} network_filesystems[] = {
    {0x6969, "NFS"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x517b, "SMB"},
    {0x65735546, "FUSE"},
    {0x01021997, "9P"},
    {0x00c36400, "Ceph"},
    {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},
    {0x73757245, "Coda"},
    {0x0bd00bd0, "Lustre"},
    {0x47504653, "GPFS"},
    {0xbacbacbc, "VMware host"},
    {0x786f4256, "VirtualBox shared folder"},
};

static bool
refuse_network(const char *path, struct err *err)
{
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return err_errno(err, "look at the file system of '%s'", path);
	for (size_t i = 0; i < sizeof network_filesystems / sizeof network_filesystems[0]; i++) {
		if (network_filesystems[i].magic == (uint32_t)fs.f_type)
			return err_set(err, ERR_PRECONDITION,
			    "'%.150s' is on a %s file system, whose locks and syncs a log cannot "
			    "rely on; "
			    "choose a --data on a local disk",
			    path, network_filesystems[i].name);
	}
	return true;
}

static bool
refuse_held(int fd, const char *path, struct err *err)
{
	char text[24] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	uint64_t pid = 0;

	if (n > 0)
		text[strcspn(text, "\n")] = '\0';
	if (n > 0 && parse_u64(text, 1, INT32_MAX, &pid))
		return err_set(err, ERR_PRECONDITION,
		    "another plumbd (pid %d) holds %.150s; stop it or choose another --data",
		    (int)pid, path);
	return err_set(err, ERR_PRECONDITION,
	    "another plumbd holds %.150s; stop it or choose another --data", path);
}

int
disk_lock_directory(const char *path, struct err *err)
{
	char name[PATH_MAX], pid[24];
	int fd = -1, len;

	if (!refuse_network(path, err))
		return -1;
	if (snprintf(name, sizeof name, "%s/" LOCK_NAME, path) >= (int)sizeof name) {
		err_set(err, ERR_INVALID, "the path of the data directory is too long");
		return -1;
	}
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_errno(err, "open '%s'", name);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			refuse_held(fd, path, err);
		else
			err_errno(err, "lock '%s'", name);
		close(fd);
		return -1;
	}
	/* For the message to the next one; nothing depends on it. */
	len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len) {
		err_errno(err, "write '%s'", name);
		close(fd);
		return -1;
	}
	return fd;
}

void
disk_unlock_directory(int fd)
{
	if (fd >= 0)
		close(fd);
}
