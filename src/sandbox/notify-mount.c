/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/notify-mount.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/mount-fd.h"

int notify_mount_open(int dir_fd) {
        struct mount_attr attr = {
                .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                .propagation = MS_PRIVATE,
        };
        _cleanup_close_ int fd = -EBADF;

        fd = mount_fd_clone(dir_fd, /* recursive= */ false);
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the directory of the notification socket: %m");
        if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to protect the directory of the notification socket: %m");
        return TAKE_FD(fd);
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
