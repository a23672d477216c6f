/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the container's root mount. Never opens anything inside of the root by name. */

#include "sandbox/rootfs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/mounts.h"
#include "sandbox/root-idmap.h"
#include "sandbox/root-image.h"
#include "sandbox/root-overlay.h"

/* The copy is in the peer groups of what it was copied from. The root itself leaves its group in any case:
 * all that is mounted in the container would appear on the host, and pivot_root(2) refuses a shared root. A
 * propagation that is asked for is set at the end, in a group of its own. */
static int detach_propagation(const Spec *spec, int fd) {
        struct mount_attr below = { .propagation = mounts_source_propagation(spec) };
        struct mount_attr private = { .propagation = MS_PRIVATE };

        if (below.propagation != 0 &&
            mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &below, sizeof below) < 0)
                return negative_errno();
        if (mount_setattr(fd, "", AT_EMPTY_PATH, &private, sizeof private) < 0)
                return negative_errno();
        return 0;
}

static int map_ids(const Spec *spec, int fd) {
        _cleanup_(root_idmap_done) RootIdmap map = ROOT_IDMAP_NULL;

        map.spec = spec;
        return root_idmap_wanted(spec, fd) ? root_idmap_apply(&map, spec->root_path, fd) : 0;
}

static int open_directory(const Spec *spec) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open_tree(AT_FDCWD, spec->root_path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (fd < 0 && errno == EPERM)
                return -EPERM;
        if (fd < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open the root file system '%s': %m",
                                spec->root_path);
        if (faccessat(fd, ".", F_OK, 0) < 0)
                return log_error_errno(
                                negative_errno(), "The root file system '%s' is not a directory: %m",
                                spec->root_path);
        r = map_ids(spec, fd);
        return r < 0 ? r : TAKE_FD(fd);
}

static int open_image(const Spec *spec) {
        _cleanup_close_ int fd = root_image_open(&spec->root_image, /* look= */ false, /* name= */ NULL);
        int r = fd < 0 ? fd : map_ids(spec, fd);

        return r < 0 ? r : TAKE_FD(fd);
}

static int open_root(const Spec *spec) {
        if (spec->overlay.upper)
                return root_overlay_open(spec);
        return spec->root_image.path ? open_image(spec) : open_directory(spec);
}

int rootfs_open(const Spec *spec) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open_root(spec);
        if (fd < 0)
                return TAKE_FD(fd);
        r = detach_propagation(spec, fd);
        if (r < 0)
                return log_error_errno(r, "Failed to detach mount propagation of '%s': %m", spec->root_path);
        return TAKE_FD(fd);
}

int rootfs_isolate(const Spec *spec) {
        unsigned long propagation = spec->linux_.rootfs_propagation & MS_PRIVATE ? MS_PRIVATE : MS_SLAVE;

        if (mount(NULL, "/", NULL, MS_REC | propagation, NULL) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to detach the mount namespace from the host's: %m");
        return 0;
}

int rootfs_attach(int root_fd) {
        /* Where it is attached does not matter, as nobody looks it up by path: "/" always exists. */
        if (move_mount(root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return log_error_errno(negative_errno(), "Failed to attach the root file system: %m");
        return 0;
}

/* ---- without pivot_root(2) ---- */

typedef struct MountLine {
        unsigned id, parent;
        char *path;
        bool api; /* a procfs or sysfs */
} MountLine;

static void mount_line_clear(void *line) {
        g_free(((MountLine *) line)->path);
}

/* proc_pid_mountinfo(5): "36 35 98:0 /root /path options [fields...] - type source options" */
static void add_line(GArray *lines, const char *text) {
        _cleanup_strv_ char **fields = g_strsplit(text, " ", 6);
        const char *type = strstr(text, " - ");
        MountLine line = { 0 };

        if (g_strv_length(fields) < 6 || !type || sscanf(text, "%u %u", &line.id, &line.parent) != 2)
                return;
        line.api = startswith(type, " - proc ") || startswith(type, " - sysfs ");
        line.path = g_strcompress(fields[4]);
        g_array_append_val(lines, line);
}

static bool is_in_tree(const GArray *lines, unsigned id, uint64_t top) {
        for (guint depth = 0; depth < lines->len && id != top; depth++) {
                guint i = 0;

                while (i < lines->len && g_array_index(lines, MountLine, i).id != id)
                        i++;
                if (i == lines->len)
                        return false;
                id = g_array_index(lines, MountLine, i).parent;
        }
        return id == top;
}

static int hide(const char *path) {
        if (umount2(path, MNT_DETACH) >= 0)
                return 0;
        /* Locked together with others in a user namespace: then it is covered. */
        if (errno != EINVAL && errno != EPERM)
                return negative_errno();
        return mount("tmpfs", path, "tmpfs", MS_RDONLY, "nr_inodes=1") < 0 ? negative_errno() : 0;
}

/* The host's mounts stay below the new root. Those of procfs and sysfs would be what lets a user namespace
 * mount new ones, without anything that is masked in the container's. */
static int hide_api_mounts(int root_fd) {
        GArray *lines = g_array_new(FALSE, FALSE, sizeof(MountLine));
        _cleanup_free_ char *text = NULL;
        struct statx root = { 0 };
        int r;

        g_array_set_clear_func(lines, mount_line_clear);
        r = read_file_at(AT_FDCWD, "/proc/self/mountinfo", &text, NULL);
        if (r >= 0 && statx(root_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0)
                r = negative_errno();
        for (char *line = text ? strtok(text, "\n") : NULL; r >= 0 && line; line = strtok(NULL, "\n"))
                add_line(lines, line);

        /* The last one lies on top. */
        for (guint i = lines->len; r >= 0 && i-- > 0;) {
                const MountLine *line = &g_array_index(lines, MountLine, i);

                if (line->api && !is_in_tree(lines, line->id, root.stx_mnt_id))
                        r = hide(line->path);
        }
        g_array_unref(lines);
        return r < 0 ? log_error_errno(r, "Failed to hide the host's /proc and /sys: %m") : 0;
}

static int move_root(int root_fd) {
        int r;

        r = hide_api_mounts(root_fd);
        if (r < 0)
                return r;
        /* It lies over the host's already (rootfs_attach). */
        if (chroot(".") < 0 || chdir("/") < 0)
                return log_error_errno(negative_errno(), "Failed to change the root directory: %m");
        return 0;
}

/* ---- the change ---- */

int rootfs_pivot(int root_fd, bool no_pivot) {
        if (fchdir(root_fd) < 0)
                return log_error_errno(negative_errno(), "Failed to enter the root file system: %m");

        if (no_pivot)
                return move_root(root_fd);

        /* The old root ends up mounted over the new one (pivot_root(2), "pivot_root(".", ".")"), and is
         * taken off there. That stays among ourselves, as no mount of this namespace is shared with another
         * (rootfs_isolate()) but what the configuration wants to be. */
        if (syscall(SYS_pivot_root, ".", ".") < 0)
                return log_error_errno(negative_errno(), "Failed to pivot to the root file system: %m");
        if (umount2(".", MNT_DETACH) < 0)
                return log_error_errno(negative_errno(), "Failed to unmount the old root file system: %m");
        if (chdir("/") < 0)
                return log_error_errno(negative_errno(), "Failed to enter the root directory: %m");
        return 0;
}

int rootfs_finish(const Spec *spec, int root_fd) {
        struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
        unsigned long propagation = spec->linux_.rootfs_propagation;

        if (propagation != 0 && mount(NULL, "/", NULL, propagation, NULL) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to set the propagation of the root file system: %m");
        if (spec->root_readonly && mount_setattr(root_fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to make the root file system read-only: %m");
        return 0;
}
