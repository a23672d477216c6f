/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how files of a procfs are reached. */

#include "sandbox/proc-file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"

static bool is_procfs(int fd) {
        struct statfs fs;

        return fstatfs(fd, &fs) >= 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static int make_private(void) {
        _cleanup_close_ int fs_fd = fsopen("proc", FSOPEN_CLOEXEC);
        int fd;

        if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return negative_errno();
        fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        return fd < 0 ? negative_errno() : fd;
}

int proc_open(void) {
        _cleanup_close_ int fd = make_private();

        if (fd < 0)
                fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open /proc: %m");
        if (!is_procfs(fd))
                return log_error_errno(-ENODEV, "/proc is not a procfs");
        return TAKE_FD(fd);
}

int proc_open_own(int proc_fd, const char *name, int flags) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        char own[16];
        ssize_t n;

        /* The symbolic link "self" tells our number there; it is not followed. */
        n = readlinkat(proc_fd, "self", own, sizeof own);
        if (n < 0)
                return errno == ENOENT || errno == EINVAL ? -ENODEV : negative_errno();
        path = g_strdup_printf("%.*s/%s", (int) n, own, name);
        fd = open_beneath(proc_fd, path, flags);
        if (fd < 0)
                return fd;
        return is_procfs(fd) ? TAKE_FD(fd) : -ENODEV;
}
