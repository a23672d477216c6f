/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/notify-mount.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/mount-fd.h"

static int protect(int mount_fd) {
        struct mount_attr attr = {
                .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                .propagation = MS_PRIVATE,
        };

        if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to protect the directory of the notification socket: %m");
        return 0;
}

int notify_mount_open(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = mount_fd_clone(dir_fd, /* recursive= */ false);
        if (fd == -EPERM) {
                fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
                return fd < 0 ? log_error_errno(negative_errno(), "Failed to copy a descriptor: %m")
                              : TAKE_FD(fd);
        }
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the directory of the notification socket: %m");
        r = protect(fd);
        return r < 0 ? r : TAKE_FD(fd);
}

int notify_mount_open_inside(int dir_fd) {
        _cleanup_free_ char *link = g_strdup_printf("/proc/self/fd/%d", dir_fd), *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        /* What the descriptor stands for is in another mount namespace: only the name leads to ours. */
        path = g_file_read_link(link, NULL);
        fd = path ? open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW)
                  : -1;
        if (fd < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to open the directory of the notification socket: %m");
        r = protect(fd);
        return r < 0 ? r : TAKE_FD(fd);
}

int notify_mount_attach(int mount_fd, int root_fd) {
        _cleanup_close_ int target_fd = -EBADF;
        int r;

        target_fd = make_directories_in_root(root_fd, NOTIFY_MOUNT_DIRECTORY, 0755);
        if (target_fd < 0)
                return log_error_errno(
                                target_fd,
                                "Failed to make the mount point '" NOTIFY_MOUNT_DIRECTORY
                                "' for the notification socket: %m");
        r = mount_fd_attach(mount_fd, target_fd);
        if (r < 0)
                return log_error_errno(r, "Failed to mount '" NOTIFY_MOUNT_DIRECTORY "': %m");
        return 0;
}
