/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/host-root.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/log.h"

bool host_root_wanted(const Spec *spec) {
        return !spec_namespace(spec, CLONE_NEWNS);
}

int host_root_id(int root_fd, uint64_t *ret) {
        struct statx sx;

        if (statx(root_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) < 0)
                return log_error_errno(negative_errno(), "Failed to identify the root file system: %m");
        *ret = sx.stx_mnt_id;
        return 0;
}

int host_root_attach(int root_fd, const char *path) {
        struct mount_attr private = { .propagation = MS_PRIVATE };

        if (move_mount(root_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to mount the root file system over '%s': %m",
                                path);
        /* It becomes shared where its parent is. */
        if (mount_setattr(root_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof private) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to detach mount propagation of '%s': %m", path);
        return 0;
}

int host_root_enter(int root_fd) {
        if (fchdir(root_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
                return log_error_errno(negative_errno(), "Failed to change the root directory: %m");
        return 0;
}

int host_root_detach(const char *path, uint64_t id) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *link = NULL;
        uint64_t found;
        int r;

        fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0
                                       : log_error_errno(negative_errno(), "Failed to open '%s': %m", path);
        r = host_root_id(fd, &found);
        if (r < 0 || found != id)
                return r;

        link = g_strdup_printf("/proc/self/fd/%d", fd);
        if (umount2(link, MNT_DETACH) < 0)
                return log_error_errno(negative_errno(), "Failed to unmount '%s': %m", path);
        return 0;
}
