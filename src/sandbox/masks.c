/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what lies over masked and read-only paths. Paths are opened once in the root; all mounting is done to
 * what was opened. */

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sandbox/masks.h"

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/mount-fd.h"

/* What is put over masked paths, made when first needed. */
typedef struct Covers {
        int root_fd;
        const char *mount_label;
        int null_fd;  /* O_PATH */
        int empty_fd; /* a mount that is attached somewhere in the container already */
} Covers;

static void covers_done(Covers *covers) {
        closep(&covers->null_fd);
        closep(&covers->empty_fd);
}

/* Any file that were not the null device would appear in place of what is to be hidden. Does not log. */
static int open_null(int root_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = open_in_root(root_fd, "/dev/null", O_PATH);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return negative_errno();
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                return -ENODEV;
        return TAKE_FD(fd);
}

static int hide_file(Covers *covers, int target_fd) {
        _cleanup_close_ int cover = -EBADF;

        if (covers->null_fd < 0) {
                covers->null_fd = open_null(covers->root_fd);
                if (covers->null_fd < 0)
                        return covers->null_fd;
        }

        cover = mount_fd_clone(covers->null_fd, false);
        return cover < 0 ? cover : mount_fd_attach(cover, target_fd);
}

/* A detached read-only tmpfs with nothing in it. Does not log. */
static int make_empty(const char *mount_label) {
        _cleanup_close_ int fs = -EBADF;
        int fd;

        fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
        if (fs < 0)
                return negative_errno();
        if (fsconfig(fs, FSCONFIG_SET_STRING, "source", "tmpfs", 0) < 0 ||
            fsconfig(fs, FSCONFIG_SET_STRING, "nr_blocks", "1", 0) < 0 ||
            fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "1", 0) < 0 ||
            fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
            (!isempty(mount_label) && fsconfig(fs, FSCONFIG_SET_STRING, "context", mount_label, 0) < 0) ||
            fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
            fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return negative_errno();

        fd = fsmount(fs, FSMOUNT_CLOEXEC,
                     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        return fd < 0 ? negative_errno() : fd;
}

/* Before Linux 6.15 only mounts that are attached can be copied: the first directory gets the original. */
static int hide_directory(Covers *covers, int target_fd) {
        _cleanup_close_ int cover = -EBADF;
        int r;

        if (covers->empty_fd >= 0) {
                cover = mount_fd_clone(covers->empty_fd, false);
                return cover < 0 ? cover : mount_fd_attach(cover, target_fd);
        }

        cover = make_empty(covers->mount_label);
        if (cover < 0)
                return cover;
        r = mount_fd_attach(cover, target_fd);
        if (r < 0)
                return r;
        covers->empty_fd = TAKE_FD(cover);
        return 0;
}

static int hide_path(Covers *covers, const char *path) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        fd = open_in_root(covers->root_fd, path, O_PATH);
        if (fd == -ENOENT || fd == -ENOTDIR)
                return 0;
        if (fd < 0)
                return log_error_errno(fd, "Failed to open '%s' of the container to mask it: %m", path);
        if (fstat(fd, &st) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to look at '%s' of the container: %m", path);

        r = S_ISDIR(st.st_mode) ? hide_directory(covers, fd) : hide_file(covers, fd);
        if (r < 0)
                return log_error_errno(r, "Failed to mask '%s' of the container: %m", path);
        return 0;
}

int masks_hide(int root_fd, char **paths, const char *mount_label) {
        _cleanup_(covers_done) Covers covers = {
                .root_fd = root_fd,
                .mount_label = mount_label,
                .null_fd = -EBADF,
                .empty_fd = -EBADF,
        };

        for (char **path = paths; path && *path; path++) {
                int r = hide_path(&covers, *path);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- read-only paths ---- */

/* Does not log. */
static int cover_with_readonly_self(int fd) {
        _cleanup_close_ int copy = -EBADF;
        int r;

        copy = mount_fd_clone(fd, true);
        if (copy < 0)
                return copy;
        r = mount_fd_set_readonly(copy);
        if (r < 0)
                return r;
        return mount_fd_attach(copy, fd);
}

int masks_make_readonly(int root_fd, char **paths) {
        for (char **path = paths; path && *path; path++) {
                _cleanup_close_ int fd = open_in_root(root_fd, *path, O_PATH);
                int r;

                if (fd == -ENOENT || fd == -ENOTDIR)
                        continue;
                if (fd < 0)
                        return log_error_errno(fd, "Failed to open '%s' of the container: %m", *path);

                r = cover_with_readonly_self(fd);
                if (r < 0)
                        return log_error_errno(
                                        r, "Failed to make '%s' of the container read-only: %m", *path);
        }
        return 0;
}
