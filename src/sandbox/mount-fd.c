/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the mount calls that take no path. Knows nothing of containers. */

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/mount-fd.h"

#include "basic/cleanup.h"

int mount_fd_clone(int fd, bool recursive) {
        int clone;

        clone =
                        open_tree(fd, "",
                                  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
                                                  (recursive ? AT_RECURSIVE : 0));
        return clone < 0 ? negative_errno() : clone;
}

int mount_fd_attach(int mount_fd, int target_fd) {
        if (move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
                return negative_errno();
        return 0;
}

int mount_fd_set_readonly(int mount_fd) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

        if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
                return negative_errno();
        return 0;
}

int mount_fd_file_target(int dir_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (mknodat(dir_fd, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
                return negative_errno();

        fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return negative_errno();
        if (S_ISLNK(st.st_mode))
                return -ELOOP;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        return TAKE_FD(fd);
}
