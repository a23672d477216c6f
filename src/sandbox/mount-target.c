/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the opening of mount points. Everything is decided about what has been opened, and about no path. */

#include "sandbox/mount-target.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"

static bool is_api_file_system(const SpecMount *m) {
        return !m->bind && (streq(m->type, "proc") || streq(m->type, "sysfs"));
}

static int make(const SpecMount *m, int root_fd, bool directory) {
        int fd;

        fd = directory ? make_directories_in_root(root_fd, m->destination, 0755)
                       : make_file_in_root(root_fd, m->destination, 0644);
        if (fd < 0)
                return log_error_errno(fd, "Failed to make the mount point '%s': %m", m->destination);
        return fd;
}

/* The last component is looked at once, so that nothing can take its place afterwards. */
static int open_api_target(const SpecMount *m, int root_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = open_in_root(root_fd, m->destination, O_PATH | O_NOFOLLOW);
        if (fd == -ENOENT) {
                fd = make(m, root_fd, /* directory= */ true);
                closep(&fd);
                fd = open_in_root(root_fd, m->destination, O_PATH | O_NOFOLLOW);
        }
        if (fd < 0 || fstat(fd, &st) < 0)
                return log_error_errno(
                                fd < 0 ? fd : negative_errno(), "Failed to open the mount point '%s': %m",
                                m->destination);
        if (S_ISLNK(st.st_mode))
                return log_error_errno(
                                -ELOOP,
                                "Refusing to mount %s on '%s', which is a symbolic link in the root file "
                                "system",
                                m->type, m->destination);
        if (!S_ISDIR(st.st_mode))
                return log_error_errno(
                                -ENOTDIR, "Refusing to mount %s on '%s', which is not a directory", m->type,
                                m->destination);
        return TAKE_FD(fd);
}

static int open_target(const SpecMount *m, int root_fd, int mount_fd) {
        struct stat st;
        int fd;

        if (is_api_file_system(m))
                return open_api_target(m, root_fd);

        /* What is there is mounted over, be it a symlink. */
        fd = m->dest_nofollow ? open_in_root(root_fd, m->destination, O_PATH | O_NOFOLLOW) : -ENOENT;
        if (fd >= 0)
                return fd;

        if (fstat(mount_fd, &st) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to look at the source of '%s': %m",
                                m->destination);
        return make(m, root_fd, S_ISDIR(st.st_mode));
}

static bool is_on_procfs(int fd) {
        struct statfs fs;

        return fstatfs(fd, &fs) >= 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static uint64_t mount_of(int fd) {
        struct statx stx;

        return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 ? 0 : stx.stx_mnt_id;
}

/* The rest of a destination that is /proc or below, NULL for others. */
static char *below_proc(const SpecMount *m) {
        _cleanup_free_ char *clean = g_canonicalize_filename(m->destination, "/");
        const char *rest = startswith(clean, "/proc");

        return rest && (*rest == '/' || *rest == '\0') ? g_strdup(rest) : NULL;
}

/* Where everybody looks for procfs there is one, or nothing. */
static int refuse_false_proc(const SpecMount *m, int mount_fd) {
        _cleanup_free_ char *below = below_proc(m);

        if (!below || *below || is_on_procfs(mount_fd))
                return 0;
        return log_error_errno(
                        -EPERM, "'%s' cannot be mounted because it is not of type proc", m->destination);
}

/* The text of a destination has been checked for being inside of /proc; a symbolic link may lead there, too
 * (CVE-2019-16884). */
static int refuse_way_into_proc(const SpecMount *m, int root_fd, int target_fd) {
        _cleanup_free_ char *below = below_proc(m);
        _cleanup_close_ int proc_fd = -EBADF;

        if (below || !is_on_procfs(target_fd))
                return 0;
        proc_fd = open_in_root(root_fd, "/proc", O_PATH);
        if (proc_fd < 0 || mount_of(proc_fd) != mount_of(target_fd))
                return 0;
        return log_error_errno(
                        -EPERM,
                        "Refusing to mount on '%s': it cannot be mounted because it is inside /proc, where "
                        "a "
                        "symbolic link in the root file system leads",
                        m->destination);
}

int mount_target_open(const SpecMount *m, int root_fd, int mount_fd) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = refuse_false_proc(m, mount_fd);
        if (r < 0)
                return r;
        fd = open_target(m, root_fd, mount_fd);
        if (fd < 0)
                return TAKE_FD(fd);
        r = refuse_way_into_proc(m, root_fd, fd);
        return r < 0 ? r : TAKE_FD(fd);
}
