/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/fs-util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fd-util.h"

#define FILE_SIZE_MAX (16U * 1024 * 1024)
#define EAGAIN_TRIES  128
#define SYMLINKS_MAX  40U

int read_fd(int fd, char **ret, size_t *ret_size) {
        _cleanup_free_ char *buffer = NULL;
        size_t size = 0, room = 0;
        struct stat st;

        if (fstat(fd, &st) < 0)
                return negative_errno();
        room = st.st_size > 0 && st.st_size < FILE_SIZE_MAX ? (size_t) st.st_size + 1 : 4096;
        buffer = g_malloc(room + 1);

        for (;;) {
                ssize_t n;

                n = read(fd, buffer + size, room - size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return negative_errno();
                if (n == 0)
                        break;
                size += (size_t) n;
                if (size > FILE_SIZE_MAX)
                        return -EFBIG;
                if (size == room) {
                        room *= 2;
                        buffer = g_realloc(buffer, room + 1);
                }
        }

        buffer[size] = '\0';
        *ret = TAKE_PTR(buffer);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int read_file_at(int dir_fd, const char *path, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = -EBADF;

        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return negative_errno();
        return read_fd(fd, ret, ret_size);
}

int write_string_at(int dir_fd, const char *path, const char *text) {
        _cleanup_close_ int fd = -EBADF;
        size_t size = strlen(text);
        ssize_t n;

        fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return negative_errno();

        n = write(fd, text, size);
        if (n < 0)
                return negative_errno();
        return (size_t) n == size ? 0 : -EIO;
}

int write_file_atomic_at(int dir_fd, const char *path, const char *data, size_t size, mode_t mode) {
        _cleanup_free_ char *dir = g_path_get_dirname(path), *base = g_path_get_basename(path), *temp = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        temp = g_strdup_printf("%s/.%s.%d~", dir, base, (int) getpid());
        (void) unlinkat(dir_fd, temp, 0);
        fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0)
                return negative_errno();

        r = fd_write_all(fd, data, size);
        if (r >= 0 && fchmod(fd, mode) < 0) /* The umask is the caller's business elsewhere, not here. */
                r = negative_errno();
        if (r >= 0 && renameat(dir_fd, temp, dir_fd, path) < 0)
                r = negative_errno();
        if (r < 0)
                (void) unlinkat(dir_fd, temp, 0);
        return r;
}

int make_directories(const char *path, mode_t mode) {
        _cleanup_free_ char *copy = g_strdup(path);

        for (char *p = copy + 1;; p++) {
                char c = *p;

                if (c != '/' && c != '\0')
                        continue;
                *p = '\0';
                if (mkdir(copy, mode) < 0 && errno != EEXIST)
                        return negative_errno();
                *p = c;
                if (c == '\0')
                        return 0;
        }
}

int directory_open_at(int dir_fd, const char *path, DIR **ret) {
        int fd, r;

        fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        *ret = fdopendir(fd);
        if (!*ret) {
                r = negative_errno();
                (void) close(fd);
                return r;
        }
        return 0;
}

static int remove_directory_contents(int fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int found;

        found = directory_open_at(fd, ".", &dir);
        if (found < 0)
                return found;

        while ((entry = readdir(dir))) {
                int r;

                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                r = remove_tree_at(fd, entry->d_name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int remove_tree_at(int dir_fd, const char *path) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (unlinkat(dir_fd, path, 0) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return negative_errno();

        fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        r = remove_directory_contents(fd);
        if (r < 0)
                return r;
        if (unlinkat(dir_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return negative_errno();
        return 0;
}

static int open_how(int dir_fd, const char *path, struct open_how how) {
        for (unsigned i = 0; i < EAGAIN_TRIES; i++) {
                long fd;

                fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
                if (fd >= 0)
                        return (int) fd;
                /* A rename or mount went on somewhere while ".." was resolved. */
                if (errno != EAGAIN && errno != EINTR)
                        return negative_errno();
        }
        return -EAGAIN;
}

int open_in_root(int root_fd, const char *path, int flags) {
        if (isempty(path))
                path = "/";
        return open_how(root_fd, path,
                        (struct open_how) { .flags = (uint64_t) (flags | O_CLOEXEC),
                                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS });
}

int open_beneath(int dir_fd, const char *path, int flags) {
        while (*path == '/')
                path++;
        return open_how(dir_fd, *path ? path : ".",
                        (struct open_how) { .flags = (uint64_t) (flags | O_CLOEXEC),
                                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                                            RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV });
}

/* NULL: not a symlink, or not there. */
static char *read_link_in_root(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH | O_NOFOLLOW);
        char text[PATH_MAX];
        ssize_t n;

        n = fd < 0 ? -1 : readlinkat(fd, "", text, sizeof text);
        return n > 0 ? g_strndup(text, (size_t) n) : NULL;
}

/* Where a path leads in the root when some of it is missing, and is about to be made there: with the
 * symlinks followed that there are. Images have such links: /etc/resolv.conf to what only a running system
 * has. */
static int resolve_in_root(int root_fd, const char *path, char **ret) {
        _cleanup_free_ char *done = g_strdup("/"), *rest = g_strdup(path);

        for (unsigned links = 0; *rest;) {
                size_t begin = strspn(rest, "/"), n = strcspn(rest + begin, "/");
                _cleanup_free_ char *name = g_strndup(rest + begin, n), *tail = g_strdup(rest + begin + n);
                _cleanup_free_ char *next = streq(name, "..") ? g_path_get_dirname(done)
                                : *name && !streq(name, ".")  ? g_build_filename(done, name, NULL)
                                                              : g_strdup(done);
                _cleanup_free_ char *link = read_link_in_root(root_fd, next);

                if (link && ++links > SYMLINKS_MAX)
                        return -ELOOP;
                g_free(rest);
                rest = link ? g_strconcat(link, tail, NULL) : TAKE_PTR(tail);
                if (link && *link != '/')
                        continue;
                g_free(done);
                done = link ? g_strdup("/") : TAKE_PTR(next);
        }

        *ret = TAKE_PTR(done);
        return 0;
}

/* Goes one component down, making it when it is missing. The prefix is resolved again from the root each
 * time, so that symlinks in the middle lead where they would lead inside of the container. */
static int enter_or_make(int root_fd, const char *prefix, mode_t mode) {
        _cleanup_close_ int parent_fd = -EBADF;
        _cleanup_free_ char *dir = NULL, *base = NULL;
        int fd;

        fd = open_in_root(root_fd, prefix, O_PATH | O_DIRECTORY);
        if (fd != -ENOENT)
                return fd;

        dir = g_path_get_dirname(prefix);
        base = g_path_get_basename(prefix);
        parent_fd = open_in_root(root_fd, dir, O_PATH | O_DIRECTORY);
        if (parent_fd < 0)
                return parent_fd;
        if (mkdirat(parent_fd, base, mode) < 0 && errno != EEXIST)
                return negative_errno();
        return open_in_root(root_fd, prefix, O_PATH | O_DIRECTORY);
}

int make_directories_in_root(int root_fd, const char *path, mode_t mode) {
        _cleanup_free_ char *prefix = NULL;
        int fd, r;

        /* Mostly it is there. */
        fd = open_in_root(root_fd, path, O_PATH | O_DIRECTORY);
        if (fd != -ENOENT)
                return fd;

        r = resolve_in_root(root_fd, path, &prefix);
        if (r < 0)
                return r;
        for (char *p = prefix + 1;; p++) {
                char c = *p;

                if (c != '/' && c != '\0')
                        continue;
                *p = '\0';
                fd = enter_or_make(root_fd, prefix, mode);
                *p = c;
                if (fd < 0 || c == '\0')
                        return fd;
                (void) close(fd);
        }
}

int open_parent_in_root(int root_fd, const char *path, const char **ret_name) {
        _cleanup_free_ char *dir = NULL;
        const char *name = strrchr(path, '/');
        int fd;

        name = name ? name + 1 : path;
        dir = g_strndup(path, (size_t) (name - path));
        fd = make_directories_in_root(root_fd, isempty(dir) ? "/" : dir, 0755);
        if (fd >= 0)
                *ret_name = name;
        return fd;
}

int make_file_in_root(int root_fd, const char *path, mode_t mode) {
        _cleanup_close_ int parent_fd = -EBADF, made_fd = -EBADF;
        _cleanup_free_ char *target = NULL;
        const char *name;
        int fd, r;

        fd = open_in_root(root_fd, path, O_PATH);
        if (fd != -ENOENT)
                return fd;

        r = resolve_in_root(root_fd, path, &target);
        if (r < 0)
                return r;
        parent_fd = open_parent_in_root(root_fd, target, &name);
        if (parent_fd < 0)
                return parent_fd;
        made_fd =
                        openat(parent_fd, name,
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
        if (made_fd < 0)
                return errno == EEXIST ? -ELOOP : negative_errno();
        return open_in_root(root_fd, target, O_PATH);
}
