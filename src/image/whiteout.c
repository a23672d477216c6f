/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation between the two ways to say that a file of a lower layer is gone. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "image/layer-store.h"

#define PREFIX ".wh."
#define OPAQUE ".wh..wh..opq"

/* Deeper trees would take more descriptors than there may be. */
#define DEPTH_MAX 200

static int make_opaque(int dir_fd, bool userxattr) {
        const char *name = userxattr ? "user.overlay.opaque" : "trusted.overlay.opaque";

        return fsetxattr(dir_fd, name, "y", 1, 0) < 0 ? negative_errno() : 0;
}

/* Where this same layer has something of that name, the mark is about the lower ones only: a directory of
 * theirs must not shine through ours. */
static int make_whiteout(int dir_fd, const char *name, bool userxattr) {
        _cleanup_close_ int fd = -EBADF;

        if (mknodat(dir_fd, name, S_IFCHR, makedev(0, 0)) >= 0)
                return 0;
        if (errno != EEXIST)
                return negative_errno();
        fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOTDIR || errno == ELOOP ? 0 : negative_errno();
        return make_opaque(fd, userxattr);
}

static int convert_mark(int dir_fd, const char *mark, bool userxattr) {
        int r = 0;

        if (streq(mark, OPAQUE))
                r = make_opaque(dir_fd, userxattr);
        else if (!startswith(mark, PREFIX PREFIX)) /* other ".wh..wh." are aufs' own */
                r = make_whiteout(dir_fd, mark + STRLEN(PREFIX), userxattr);
        if (r < 0)
                return r;
        return unlinkat(dir_fd, mark, 0) < 0 ? negative_errno() : 0;
}

static int convert(int dir_fd, bool userxattr, int depth);

static int descend(int dir_fd, const char *name, bool userxattr, int depth) {
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return negative_errno();
        return convert(fd, userxattr, depth + 1);
}

/* Names are collected first: what is made while a directory is read may come up in it. */
static int list(DIR *dir, GPtrArray *marks, GPtrArray *directories) {
        const struct dirent *entry;

        for (errno = 0; (entry = readdir(dir)); errno = 0) {
                const char *name = entry->d_name;

                if (streq(name, ".") || streq(name, ".."))
                        continue;
                if (startswith(name, PREFIX) && entry->d_type != DT_DIR)
                        g_ptr_array_add(marks, g_strdup(name));
                else if (entry->d_type == DT_DIR)
                        g_ptr_array_add(directories, g_strdup(name));
        }
        return -errno;
}

/* Takes dir_fd over. */
static int convert(int dir_fd, bool userxattr, int depth) {
        _cleanup_ptr_array_ GPtrArray *marks = g_ptr_array_new_with_free_func(g_free),
                                      *directories = g_ptr_array_new_with_free_func(g_free);
        _cleanup_closedir_ DIR *dir = fdopendir(dir_fd);
        int r;

        if (!dir) {
                r = negative_errno();
                (void) close(dir_fd);
                return r;
        }
        if (depth > DEPTH_MAX)
                return -ELOOP;
        r = list(dir, marks, directories);
        for (unsigned i = 0; r >= 0 && i < marks->len; i++)
                r = convert_mark(dirfd(dir), marks->pdata[i], userxattr);
        for (unsigned i = 0; r >= 0 && i < directories->len; i++)
                r = descend(dirfd(dir), directories->pdata[i], userxattr, depth);
        return r;
}

int layer_convert_whiteouts(int dir_fd, bool userxattr) {
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? negative_errno() : convert(fd, userxattr, 0);
}
