/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the search for the mount point. Must not mount anything: whether the machine has resctrl, and with
 * which options (cdp, mba_MBps), is the administrator's decision. */

#include "resctrl/mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"

#define RESCTRL_PATH "/sys/fs/resctrl"

/* "ID PARENT DEV ROOT MOUNTPOINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS" */
static char *mount_point_of_line(const char *line) {
        _cleanup_strv_ char **fields = g_strsplit(line, " ", -1);
        guint n = g_strv_length(fields);

        if (n < 10 || !streq(fields[3], "/"))
                return NULL;

        for (guint i = 6; i + 1 < n; i++)
                if (streq(fields[i], "-"))
                        /* Blanks in the path are written as octal escapes. */
                        return streq(fields[i + 1], "resctrl") ? g_strcompress(fields[4]) : NULL;
        return NULL;
}

char *resctrl_find_mount(const char *mountinfo) {
        _cleanup_strv_ char **lines = g_strsplit(mountinfo, "\n", -1);

        for (char **line = lines; *line; line++) {
                char *path = mount_point_of_line(*line);

                if (path)
                        return path;
        }
        return NULL;
}

static int open_directory(const char *path) {
        /* Not O_PATH: the kernel's documentation asks for flock() on this directory around changes. */
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? negative_errno() : fd;
}

static int open_resctrl(const char *path) {
        _cleanup_close_ int fd = -EBADF;
        struct statfs sfs;

        fd = open_directory(path);
        if (fd < 0)
                return fd;
        if (fstatfs(fd, &sfs) < 0)
                return negative_errno();
        if (sfs.f_type != RDTGROUP_SUPER_MAGIC)
                return -ENODEV;

        return TAKE_FD(fd);
}

static int discover(char **ret_path) {
        _cleanup_free_ char *mountinfo = NULL;
        _cleanup_free_ char *path = NULL;
        int fd, r;

        fd = open_resctrl(RESCTRL_PATH);
        if (fd >= 0) {
                *ret_path = g_strdup(RESCTRL_PATH);
                return fd;
        }

        r = read_file_at(AT_FDCWD, "/proc/self/mountinfo", &mountinfo, /* ret_size= */ NULL);
        if (r < 0)
                return r;
        path = resctrl_find_mount(mountinfo);
        if (!path)
                return -ENODEV;
        fd = open_resctrl(path);
        if (fd < 0)
                return fd;

        *ret_path = TAKE_PTR(path);
        return fd;
}

int resctrl_open(const char *root, int *ret_fd, char **ret_path) {
        _cleanup_free_ char *path = NULL;
        int fd;

        if (root) {
                fd = open_directory(root);
                path = g_strdup(root);
        } else
                fd = discover(&path);
        if (fd < 0)
                return fd;

        *ret_fd = fd;
        if (ret_path)
                *ret_path = TAKE_PTR(path);
        return 0;
}
