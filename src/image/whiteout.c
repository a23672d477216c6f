/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation between the two ways to say that a file of a lower layer is gone. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "basic/fs-util.h"
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

/* Nothing to mark where the layer has no directory of that name: it has put something else in its place,
 * which is all that is seen of the name, or the mark has nothing to be in. */
static int open_counterpart(int layer_fd, const char *name) {
        int fd = openat(layer_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 && errno == ENOENT && mkdirat(layer_fd, name, 0755) >= 0)
                fd = openat(layer_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? negative_errno() : fd;
}

static int convert_mark(int layer_fd, const char *mark, bool userxattr) {
        if (streq(mark, OPAQUE))
                return make_opaque(layer_fd, userxattr);
        if (startswith(mark, PREFIX PREFIX)) /* others are aufs' own */
                return 0;
        return make_whiteout(layer_fd, mark + STRLEN(PREFIX), userxattr);
}

static int convert(int marks_fd, int layer_fd, bool userxattr, int depth);

static int descend(int marks_fd, int layer_fd, const char *name, bool userxattr, int depth) {
        _cleanup_close_ int below_fd = open_counterpart(layer_fd, name);
        int fd;

        if (below_fd == -ENOTDIR || below_fd == -ELOOP)
                return 0;
        if (below_fd < 0)
                return below_fd;
        fd = openat(marks_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? negative_errno() : convert(fd, below_fd, userxattr, depth + 1);
}

/* Takes marks_fd over. */
static int convert(int marks_fd, int layer_fd, bool userxattr, int depth) {
        _cleanup_closedir_ DIR *dir = fdopendir(marks_fd);
        const struct dirent *entry;
        int r = 0;

        if (!dir) {
                r = negative_errno();
                (void) close(marks_fd);
                return r;
        }
        if (depth > DEPTH_MAX)
                return -ELOOP;
        for (errno = 0; r >= 0 && (entry = readdir(dir)); errno = 0) {
                const char *name = entry->d_name;

                if (streq(name, ".") || streq(name, ".."))
                        continue;
                if (entry->d_type == DT_DIR)
                        r = descend(dirfd(dir), layer_fd, name, userxattr, depth);
                else if (startswith(name, PREFIX))
                        r = convert_mark(layer_fd, name, userxattr);
        }
        return r < 0 ? r : -errno;
}

int layer_convert_whiteouts(int dir_fd, const char *marks, bool userxattr) {
        int fd = openat(dir_fd, marks, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

        if (fd < 0)
                return errno == ENOENT ? 0 : negative_errno();
        r = convert(fd, dir_fd, userxattr, 0);
        return r < 0 ? r : remove_tree_at(dir_fd, marks);
}
