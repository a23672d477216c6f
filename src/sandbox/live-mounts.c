/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the helper: which namespaces it enters when, and the undoing of half of a list. What a mount is made
 * of is mounts.c's. */

#include "sandbox/live-mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/own-binary.h"
#include "sandbox/mounts.h"
#include "sandbox/namespaces.h"
#include "sandbox/userns.h"

typedef struct Helper {
        const PidRef *init;
        int root_fd; /* the container's root */
        int fds_fd;  /* /proc/self/fd of the helper, from before it enters: umount2(2) takes only paths */
        int *mounted;
        size_t n_mounted;
        /* what to add */
        const Spec *spec;
        MountSources sources;
        /* what to remove */
        const char *const *destinations;
} Helper;

static void helper_done(Helper *h) {
        for (size_t i = 0; i < h->n_mounted; i++)
                closep(&h->mounted[i]);
        g_free(h->mounted);
        mount_sources_done(&h->sources);
        closep(&h->root_fd);
        closep(&h->fds_fd);
}

/* ---- in the helper ---- */

static int take_away(const Helper *h, int fd) {
        char name[16];

        (void) g_snprintf(name, sizeof name, "%d", fd);
        return fchdir(h->fds_fd) < 0 || umount2(name, MNT_DETACH) < 0 ? negative_errno() : 0;
}

static void undo(Helper *h) {
        for (size_t i = h->n_mounted; i > 0; i--)
                (void) take_away(h, h->mounted[i - 1]);
}

/* One after the other, so that it is known how many there are. */
static int add_one(Helper *h, size_t i) {
        MountSources source = { .fds = &h->sources.fds[i],
                                .links = &h->sources.links[i],
                                .copies = &h->sources.copies[i],
                                .n = 1 };
        const SpecMount *m = &h->spec->mounts[i];
        Spec one = *h->spec;
        bool link = source.links[0] != NULL;
        int r, fd;

        one.mounts = &h->spec->mounts[i];
        one.n_mounts = 1;
        r = mounts_make(&one, &source);
        if (r >= 0)
                r = mounts_apply(&one, &source, h->root_fd);
        if (r >= 0)
                r = mounts_apply_cgroup(&one, &source, h->root_fd);
        if (r < 0 || link)
                return r;
        fd = open_in_root(h->root_fd, m->destination, O_PATH | (m->dest_nofollow ? O_NOFOLLOW : 0));
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the new mount '%s': %m", m->destination);
        h->mounted[h->n_mounted++] = fd;
        return mounts_finish(&one, &source);
}

static int add_all(Helper *h) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < h->spec->n_mounts; i++)
                r = add_one(h, i);
        if (r < 0)
                undo(h);
        return r;
}

static int find_mount(const Helper *h, const char *destination) {
        _cleanup_close_ int fd = -EBADF;
        struct statx st, root;

        fd = open_in_root(h->root_fd, destination, O_PATH);
        if (fd < 0)
                return log_error_errno(fd, "Failed to open '%s' in the container: %m", destination);
        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ||
            statx(h->root_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0)
                return log_error_errno(negative_errno(), "Failed to look at '%s': %m", destination);
        if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT) || st.stx_mnt_id == root.stx_mnt_id)
                return log_error_errno(
                                -EINVAL, "Failed to remove the mount '%s': nothing is mounted there",
                                destination);
        return TAKE_FD(fd);
}

static int remove_all(Helper *h) {
        for (const char *const *destination = h->destinations; *destination; destination++) {
                int fd = find_mount(h, *destination);

                if (fd < 0)
                        return fd;
                h->mounted[h->n_mounted++] = fd;
        }
        for (size_t i = h->n_mounted; i > 0; i--) {
                int r = take_away(h, h->mounted[i - 1]);

                if (r < 0)
                        return log_error_errno(
                                        r, "Failed to remove the mount '%s': %m", h->destinations[i - 1]);
        }
        return 0;
}

_Noreturn static void helper_run(Helper *h) {
        int r;

        h->fds_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = h->fds_fd < 0 ? log_error_errno(negative_errno(), "Failed to open /proc/self/fd: %m")
                          : namespaces_join_all_of(h->init);
        if (r >= 0 && h->spec && userns_wanted(h->spec)) /* New file systems are theirs. */
                r = userns_become_root(h->spec);
        if (r >= 0)
                r = h->spec ? add_all(h) : remove_all(h);
        _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- outside ---- */

static bool shares_mount_namespace(const PidRef *init) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/ns/mnt", (int) init->pid);
        struct stat ours, theirs;

        return stat("/proc/self/ns/mnt", &ours) >= 0 && stat(path, &theirs) >= 0 &&
                        ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static int open_root(const PidRef *init) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/root", (int) init->pid);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open the root of the container: %m");
        if (pidref_exited(init)) /* Whose root that was is not known. */
                return log_error_errno(-ESRCH, "container not running");
        if (shares_mount_namespace(init))
                return log_error_errno(
                                -EOPNOTSUPP,
                                "The container has no mount namespace of its own: its mounts are the "
                                "host's");
        return TAKE_FD(fd);
}

static int helper_go(Helper *h) {
        _cleanup_close_ int pidfd = -EBADF, own_fd = -EBADF;
        int r, code, status;
        pid_t pid;

        r = own_binary_hide();
        if (r < 0)
                return r;
        h->root_fd = open_root(h->init);
        if (h->root_fd < 0)
                return h->root_fd;
        if (prctl(PR_SET_DUMPABLE, 0) < 0) /* Processes of the container are about to see the helper. */
                return log_error_errno(negative_errno(), "Failed to protect the helper: %m");
        r = namespaces_enter_pid_of(h->init, /* returns= */ false, &own_fd);
        if (r == -EPERM)
                return log_error_errno(r, "Failed to enter the container's pid namespace: %m");
        if (r < 0)
                return r;
        pid = process_clone(/* flags= */ 0, /* cgroup_fd= */ -EBADF, &pidfd);
        if (pid < 0)
                return log_error_errno(pid, "Failed to make the helper: %m");
        if (pid == 0)
                helper_run(h);
        r = process_reap(pid, &code, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to wait for the helper: %m");
        if (code != CLD_EXITED)
                return log_error_errno(-EPROTO, "The helper was killed by signal %d", status);
        return status == EXIT_SUCCESS ? 0 : -EIO; /* It has said why. */
}

int live_mounts_add(const Spec *spec, const PidRef *init) {
        _cleanup_(helper_done) Helper h = {
                .init = init,
                .root_fd = -EBADF,
                .fds_fd = -EBADF,
                .spec = spec,
                .mounted = g_new(int, spec->n_mounts + 1),
        };
        int r;

        r = mounts_open_sources(spec, &h.sources);
        if (r >= 0)
                r = mounts_open_binds(spec, &h.sources);
        return r < 0 ? r : helper_go(&h);
}

int live_mounts_remove(const char *const *destinations, const PidRef *init) {
        _cleanup_(helper_done) Helper h = {
                .init = init,
                .root_fd = -EBADF,
                .fds_fd = -EBADF,
                .destinations = destinations,
                .mounted = g_new(int, g_strv_length((char **) destinations) + 1),
        };

        return helper_go(&h);
}
