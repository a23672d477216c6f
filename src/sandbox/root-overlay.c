/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the mount of a root that is an overlay. overlayfs takes paths; they are numbers of descriptors here,
 * looked up in /proc/self/fd: so any number of layers fits into the 256 bytes that fsconfig(2) takes for a
 * value, and what is mounted is what was opened. */

#include "sandbox/root-overlay.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/process-util.h"
#include "sandbox/root-idmap.h"
#include "sandbox/root-image.h"

#define FD_DIRECTORY "/proc/self/fd"

typedef struct OverlayFds {
        int *lower; /* as many as there are layers, the topmost first */
        size_t n_lower;
        int upper, work;
        bool *detached; /* which of lower are mounts that are nowhere; NULL: none */
} OverlayFds;

static void overlay_fds_done(OverlayFds *fds) {
        for (size_t i = 0; i < fds->n_lower; i++)
                closep(&fds->lower[i]);
        g_free(fds->lower);
        g_free(fds->detached);
        closep(&fds->upper);
        closep(&fds->work);
}

static int open_directory(const char *path, int *ret) {
        *ret = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*ret < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open '%s', a layer of the root file system: %m",
                                path);
        return 0;
}

static int open_lower(char **paths, OverlayFds *fds) {
        int r = 0;

        fds->lower = g_new(int, g_strv_length(paths));
        for (; r >= 0 && *paths; paths++) {
                r = open_directory(*paths, &fds->lower[fds->n_lower]);
                if (r >= 0)
                        fds->n_lower++;
        }
        return r;
}

static void set_detached(OverlayFds *fds, size_t i) {
        if (!fds->detached)
                fds->detached = g_new0(bool, fds->n_lower);
        fds->detached[i] = true;
}

/* In the place of the directory that stands for it. */
static int open_image(const Spec *spec, OverlayFds *fds, size_t i) {
        int fd = root_image_open(&spec->root_image, /* look= */ false, /* name= */ NULL);

        if (fd < 0)
                return fd;
        closep(&fds->lower[i]);
        fds->lower[i] = fd;
        set_detached(fds, i);
        return 0;
}

static int map_lower(const Spec *spec, RootIdmap *map, OverlayFds *fds, size_t i) {
        int r;

        if (fds->detached && fds->detached[i])
                return root_idmap_apply(map, spec->overlay.lower[i], fds->lower[i]);
        r = root_idmap_clone(map, spec->overlay.lower[i], &fds->lower[i]);
        if (r >= 0)
                set_detached(fds, i);
        return r;
}

static int change_lower(const Spec *spec, OverlayFds *fds) {
        _cleanup_(root_idmap_done) RootIdmap map = ROOT_IDMAP_NULL;
        int r = 0;

        map.spec = spec;
        for (size_t i = 0; r >= 0 && i < fds->n_lower; i++) {
                if (spec->root_image.path && streq(spec->overlay.lower[i], spec->root_path))
                        r = open_image(spec, fds, i);
                if (r >= 0 && root_idmap_wanted(spec, fds->lower[i]))
                        r = map_lower(spec, &map, fds, i);
        }
        return r;
}

static int open_all(const SpecOverlay *overlay, OverlayFds *fds) {
        int r;

        r = open_lower(overlay->lower, fds);
        if (r >= 0)
                r = open_directory(overlay->upper, &fds->upper);
        return r < 0 ? r : open_directory(overlay->work, &fds->work);
}

static int set_string(int fs_fd, const char *key, const char *value) {
        return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) < 0 ? negative_errno() : 0;
}

static int set_number(int fs_fd, const char *key, int fd) {
        char text[16];

        (void) snprintf(text, sizeof text, "%d", fd);
        return set_string(fs_fd, key, text);
}

/* Whether our user namespace is the first one: its map is that of all ids. */
static bool is_in_user_namespace(void) {
        _cleanup_free_ char *map = NULL;
        unsigned inside, outside, n;

        if (read_file_at(AT_FDCWD, "/proc/self/uid_map", &map, NULL) < 0)
                return false;
        return sscanf(map, "%u %u %u", &inside, &outside, &n) != 3 || inside != 0 || outside != 0 ||
                        n != UINT32_MAX;
}

static int configure(int fs_fd, const OverlayFds *fds) {
        _cleanup_string_ GString *lower = g_string_new(NULL);
        int r;

        for (size_t i = 0; i < fds->n_lower; i++)
                g_string_append_printf(lower, "%s%d", i > 0 ? ":" : "", fds->lower[i]);
        r = set_string(fs_fd, "source", "overlay");
        if (r >= 0)
                r = set_string(fs_fd, "lowerdir", lower->str);
        if (r >= 0 && fds->upper >= 0)
                r = set_number(fs_fd, "upperdir", fds->upper);
        if (r >= 0 && fds->upper >= 0)
                r = set_number(fs_fd, "workdir", fds->work);
        if (r >= 0 && is_in_user_namespace() && fsconfig(fs_fd, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
                r = negative_errno();
        if (r >= 0 && fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                r = negative_errno();
        return r;
}

static int make(const OverlayFds *fds) {
        _cleanup_close_ int fs_fd = -EBADF;
        int fd, r;

        fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);
        if (fs_fd < 0)
                return negative_errno();
        r = configure(fs_fd, fds);
        if (r < 0)
                return r;
        fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
        return fd < 0 ? negative_errno() : fd;
}

/* With the directory of descriptors as working directory, which is what it was afterwards. */
static int make_in_fd_directory(const OverlayFds *fds) {
        _cleanup_close_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;
        int r;

        if (here < 0 || chdir(FD_DIRECTORY) < 0)
                return negative_errno();
        /* What is mounted over procfs here decides nothing. */
        r = statfs(".", &fs) < 0 ? negative_errno() : fs.f_type == PROC_SUPER_MAGIC ? make(fds) : -ENOTSUP;
        if (fchdir(here) < 0 && r >= 0) {
                (void) close(r);
                return negative_errno();
        }
        return r;
}

/* ---- layers that are mounts ---- */

/* The same directory, seen from another mount namespace; number fd stands for it still. */
static int reopen(const char *path, int fd) {
        _cleanup_close_ int here = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return here < 0 || dup3(here, fd, O_CLOEXEC) < 0 ? negative_errno() : 0;
}

/* Where a mount is does not matter: nobody looks it up by a path. */
static int attach(const OverlayFds *fds, const SpecOverlay *overlay) {
        int r = reopen(overlay->upper, fds->upper);

        if (r >= 0)
                r = reopen(overlay->work, fds->work);
        for (size_t i = 0; r >= 0 && i < fds->n_lower; i++)
                if (!fds->detached[i])
                        r = reopen(overlay->lower[i], fds->lower[i]);
                else if (move_mount(fds->lower[i], "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                        r = negative_errno();
        return r;
}

/* In a process whose mount namespace goes with it, and whose descriptors are ours. */
static int make_and_put(const OverlayFds *fds, const SpecOverlay *overlay, int place_fd) {
        int r = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? negative_errno()
                                                                      : attach(fds, overlay);

        if (r >= 0)
                r = make_in_fd_directory(fds);
        if (r >= 0 && dup3(r, place_fd, O_CLOEXEC) < 0)
                r = negative_errno();
        return r < 0 ? -r : 0;
}

/* Before Linux 6.15, overlayfs takes only layers that are mounted in the namespace of who asks for it. */
static int make_in_namespace(const OverlayFds *fds, const SpecOverlay *overlay) {
        _cleanup_close_ int place_fd = open("/", O_PATH | O_CLOEXEC), pidfd = -EBADF;
        int r, code, status;
        pid_t pid;

        if (place_fd < 0)
                return negative_errno();
        pid = process_clone(CLONE_NEWNS | CLONE_FILES, /* cgroup_fd= */ -EBADF, &pidfd);
        if (pid == 0)
                _exit(make_and_put(fds, overlay, place_fd));
        if (pid < 0)
                return (int) pid;
        r = process_reap(pid, &code, &status);
        if (r < 0)
                return r;
        if (code != CLD_EXITED || status != 0)
                return code == CLD_EXITED ? -status : -EINTR;
        return TAKE_FD(place_fd);
}

/* overlay: NULL for layers alone. */
static int make_root(const OverlayFds *fds, const SpecOverlay *overlay) {
        int r = fds->detached ? make_in_namespace(fds, overlay) : make_in_fd_directory(fds);

        if (r < 0 && r != -EPERM)
                return log_error_errno(
                                r, "Failed to mount the root file system, an overlay of %zu layers: %m",
                                fds->n_lower);
        return r;
}

int root_overlay_open(const Spec *spec) {
        _cleanup_(overlay_fds_done) OverlayFds fds = { .upper = -EBADF, .work = -EBADF };
        int r = open_all(&spec->overlay, &fds);

        if (r >= 0)
                r = change_lower(spec, &fds);
        return r < 0 ? r : make_root(&fds, &spec->overlay);
}

int root_overlay_open_lower(char **lower) {
        _cleanup_(overlay_fds_done) OverlayFds fds = { .upper = -EBADF, .work = -EBADF };
        int r;

        r = open_lower(lower, &fds);
        if (r < 0)
                return r;
        /* The kernel makes no overlay of one layer that cannot be written to. */
        return fds.n_lower == 1 ? TAKE_FD(fds.lower[0]) : make_root(&fds, NULL);
}
