/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the copying of directories by descriptors. What is copied may belong to somebody hostile, so a name
 * is never resolved further than one component. */

#include "sandbox/copy-up.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"

#define CHUNK ((size_t) 1 << 30)

static int copy_data(int from_fd, int to_fd) {
        ssize_t n;

        do
                n = sendfile(to_fd, from_fd, NULL, CHUNK);
        while (n > 0 || (n < 0 && errno == EINTR));
        return n < 0 ? negative_errno() : 0;
}

/* Opens the file that st was read from, and no other one. */
static int open_same(int dir_fd, const char *name, int flags, const struct stat *st) {
        _cleanup_close_ int fd = -EBADF;
        struct stat opened;

        fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
        if (fd < 0 || fstat(fd, &opened) < 0)
                return negative_errno();
        if (opened.st_dev != st->st_dev || opened.st_ino != st->st_ino)
                return -EAGAIN;
        return TAKE_FD(fd);
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st) {
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;

        from_fd = open_same(from_dir, name, 0, st);
        if (from_fd < 0)
                return from_fd;
        to_fd = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to_fd < 0)
                return negative_errno();
        return copy_data(from_fd, to_fd);
}

static int copy_symlink(int from_dir, int to_dir, const char *name, const struct stat *st) {
        _cleanup_free_ char *target = g_malloc((size_t) st->st_size + 1);
        ssize_t n;

        n = readlinkat(from_dir, name, target, (size_t) st->st_size + 1);
        if (n < 0)
                return negative_errno();
        if (n > st->st_size)
                return -EAGAIN;
        target[n] = '\0';
        return symlinkat(target, to_dir, name) < 0 ? negative_errno() : 0;
}

static int copy_children(int from_fd, int to_fd);

static int copy_directory(int from_dir, int to_dir, const char *name, const struct stat *st) {
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;

        from_fd = open_same(from_dir, name, O_DIRECTORY, st);
        if (from_fd < 0)
                return from_fd;
        if (mkdirat(to_dir, name, 0700) < 0)
                return negative_errno();
        to_fd = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (to_fd < 0)
                return negative_errno();
        return copy_children(from_fd, to_fd);
}

/* Owner first: a change of it takes set-user-ID away. name "": the directory itself. */
static int copy_metadata(int dir_fd, const char *name, const struct stat *st) {
        const struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };
        const char *path = *name ? name : ".";

        /* EINVAL: the user namespace has no number for this owner. */
        if (fchownat(dir_fd, path, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EINVAL)
                return negative_errno();
        if (!S_ISLNK(st->st_mode) && fchmodat(dir_fd, path, st->st_mode & 07777, 0) < 0)
                return negative_errno();
        return utimensat(dir_fd, path, times, AT_SYMLINK_NOFOLLOW) < 0 ? negative_errno() : 0;
}

static int copy_one(int from_dir, int to_dir, const char *name) {
        struct stat st;
        int r;

        if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return negative_errno();
        if (S_ISREG(st.st_mode))
                r = copy_file(from_dir, to_dir, name, &st);
        else if (S_ISDIR(st.st_mode))
                r = copy_directory(from_dir, to_dir, name, &st);
        else if (S_ISLNK(st.st_mode))
                r = copy_symlink(from_dir, to_dir, name, &st);
        else
                r = mknodat(to_dir, name, st.st_mode & (S_IFMT | 07777), st.st_rdev) < 0 ? negative_errno()
                                                                                         : 0;
        return r < 0 ? r : copy_metadata(to_dir, name, &st);
}

static int copy_children(int from_fd, int to_fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        int found;

        found = directory_open_at(from_fd, ".", &dir);
        if (found < 0)
                return found;

        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return -errno;
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                r = copy_one(from_fd, to_fd, entry->d_name);
                if (r < 0)
                        return r;
        }
}

int copy_up(int from_fd, int to_fd, bool metadata) {
        struct stat st;
        int r;

        if (fstat(from_fd, &st) < 0)
                return negative_errno();
        r = copy_children(from_fd, to_fd);
        return r < 0 || !metadata ? r : copy_metadata(to_fd, "", &st);
}
