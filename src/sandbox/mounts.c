/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of a Spec's mounts into system calls. Destinations are only ever reached through
 * root_fd; host paths are opened before it is attached anywhere. */

#include "sandbox/mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/copy-up.h"
#include "sandbox/idmap.h"
#include "sandbox/mount-attributes.h"
#include "sandbox/mount-make.h"
#include "sandbox/mount-owner.h"
#include "sandbox/mount-target.h"
#include "sandbox/userns.h"

void mount_sources_done(MountSources *sources) {
        for (size_t i = 0; i < sources->n; i++) {
                closep(&sources->fds[i]);
                g_free(sources->links[i]);
                mount_copy_free(sources->copies[i]);
        }
        g_free(sources->fds);
        g_free(sources->links);
        g_free(sources->copies);
        *sources = (MountSources) { 0 };
}

unsigned mounts_source_propagation(const Spec *spec) {
        unsigned long propagation = spec->linux_.rootfs_propagation;

        if (propagation & MS_SHARED)
                return 0;
        return propagation & (MS_PRIVATE | MS_UNBINDABLE) ? MS_PRIVATE : MS_SLAVE;
}

static int open_source(const Spec *spec, const SpecMount *m) {
        unsigned flags = (m->recursive ? AT_RECURSIVE : 0) | (m->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
        struct mount_attr detached = { .propagation = mounts_source_propagation(spec) };
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open_tree(AT_FDCWD, m->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
        if (fd < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open '%s', to be mounted on '%s': %m",
                                m->source, m->destination);
        if (detached.propagation != 0 &&
            mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &detached, sizeof detached) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to detach mount propagation of '%s': %m",
                                m->source);
        r = mount_attributes_set(fd, m);
        if (r >= 0 && idmap_wanted(m))
                r = idmap_apply(spec, m, fd);
        if (r >= 0 && mount_owner_wanted(spec, m))
                r = mount_owner_apply(spec, m, fd);
        if (r < 0)
                return r;
        return TAKE_FD(fd);
}

/* Since Linux 6.8 mountinfo lists mounts in the order in which they were made, not that in which they were
 * attached: so that programs find them in the order of the configuration, the child makes all of them, where
 * it has the host's rights and paths. Peers of the host's mounts have to be copied on the host. */
static bool opened_by_child(const Spec *spec, const SpecMount *m) {
        const SpecNamespace *ns = spec_namespace(spec, CLONE_NEWNS);

        return !userns_wanted(spec) && !idmap_wanted(m) && !mount_owner_wanted(spec, m) &&
                        !(ns && ns->path) && !(spec->linux_.rootfs_propagation & MS_SHARED);
}

/* Before there is anything to undo. */
static int check_source(const SpecMount *m) {
        if (faccessat(AT_FDCWD, m->source, F_OK, m->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open '%s', to be mounted on '%s': %m",
                                m->source, m->destination);
        return -EBADF;
}

int mounts_open_sources(const Spec *spec, MountSources *ret) {
        _cleanup_(mount_sources_done) MountSources sources = {
                .fds = g_new(int, MAX(spec->n_mounts, 1)),
                .links = g_new0(char *, MAX(spec->n_mounts, 1)),
                .copies = g_new0(MountCopy *, MAX(spec->n_mounts, 1)),
        };

        for (; sources.n < spec->n_mounts; sources.n++) {
                const SpecMount *m = &spec->mounts[sources.n];
                int fd = -EBADF, r;

                if (m->copy) {
                        r = mount_copy_read(m, &sources.copies[sources.n]);
                        if (r < 0)
                                return r;
                }
                if (m->bind && m->copy_symlink)
                        sources.links[sources.n] = g_file_read_link(m->source, NULL);
                if (m->bind && !sources.links[sources.n]) {
                        fd = opened_by_child(spec, m) ? check_source(m) : open_source(spec, m);
                        if (fd < 0 && fd != -EBADF)
                                return fd;
                }
                sources.fds[sources.n] = fd;
        }

        *ret = TAKE(sources, (MountSources) { 0 });
        return 0;
}

int mounts_open_binds(const Spec *spec, MountSources *sources) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                if (!spec->mounts[i].bind || sources->fds[i] >= 0 || sources->links[i])
                        continue;
                sources->fds[i] = open_source(spec, &spec->mounts[i]);
                if (sources->fds[i] < 0)
                        return sources->fds[i];
        }
        return 0;
}

int mounts_check_sources(const Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];
                int flags = m->src_nofollow || m->copy_symlink ? AT_SYMLINK_NOFOLLOW : 0;

                if (!m->bind && !m->copy)
                        continue;
                if (idmap_wanted(m))
                        return log_error_errno(
                                        -EPERM,
                                        "/mounts/%zu: mapping the ids of '%s' needs CAP_SYS_ADMIN on the "
                                        "host: %m",
                                        i, m->source);
                if (faccessat(AT_FDCWD, m->source, F_OK, flags) < 0 && (errno == ENOENT || errno == ENOTDIR))
                        return log_error_errno(
                                        negative_errno(), "Failed to open '%s', to be mounted on '%s': %m",
                                        m->source, m->destination);
        }
        return 0;
}

static int set_propagation(const SpecMount *m, int mount_fd) {
        for (size_t i = 0; i < m->n_propagation; i++) {
                struct mount_attr attr = { .propagation = m->propagation[i] & ~(unsigned long) MS_REC };
                unsigned flags = AT_EMPTY_PATH | (m->propagation[i] & MS_REC ? AT_RECURSIVE : 0);

                if (mount_setattr(mount_fd, "", flags, &attr, sizeof attr) < 0)
                        return log_error_errno(
                                        negative_errno(), "Failed to set the propagation of mount '%s': %m",
                                        m->destination);
        }
        return 0;
}

static bool copies_up(const SpecMount *m) {
        return m->tmpcopyup && mount_is_tmpfs(m);
}

/* Whether the configuration says whose the tmpfs is and who may use it. */
static bool has_own_metadata(const SpecMount *m) {
        return mount_has_option(m, "mode=") || mount_has_option(m, "uid=") || mount_has_option(m, "gid=");
}

/* tmpcopyup: a tmpfs that begins with what it covers. */
static int fill(const SpecMount *m, int target_fd, int mount_fd) {
        int r;

        if (!copies_up(m))
                return 0;
        r = copy_up(target_fd, mount_fd, /* metadata= */ !has_own_metadata(m));
        if (r < 0)
                return log_error_errno(
                                r, "Failed to copy the contents of '%s' into the tmpfs over it: %m",
                                m->destination);
        return 0;
}

/* The kernel says no more than EINVAL. */
static int check_kinds(const SpecMount *m, int target_fd, int mount_fd) {
        struct stat target, source;

        if (fstat(target_fd, &target) < 0 || fstat(mount_fd, &source) < 0)
                return log_error_errno(negative_errno(), "Failed to look at '%s': %m", m->destination);
        if (S_ISDIR(target.st_mode) == S_ISDIR(source.st_mode))
                return 0;
        return log_error_errno(
                        -ENOTDIR, "Failed to mount %s%s%s on '%s': %s is not a directory, but the other is",
                        m->bind ? "'" : "", m->bind ? m->source : m->type, m->bind ? "'" : "",
                        m->destination, S_ISDIR(source.st_mode) ? "the destination" : "the source");
}

static int attach(const SpecMount *m, int root_fd, int mount_fd) {
        _cleanup_close_ int target_fd = -EBADF;
        int r;

        target_fd = mount_target_open(m, root_fd, mount_fd);
        if (target_fd < 0)
                return target_fd;
        r = check_kinds(m, target_fd, mount_fd);
        if (r >= 0)
                r = fill(m, target_fd, mount_fd);
        if (r < 0)
                return r;
        if (move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
                return log_error_errno(negative_errno(), "Failed to attach mount '%s': %m", m->destination);
        return set_propagation(m, mount_fd);
}

/* copy-symlink: the destination leads where the source does, but in the container. */
static int make_link(const SpecMount *m, int root_fd, const char *link) {
        _cleanup_close_ int parent_fd = -EBADF;
        _cleanup_free_ char *found = NULL;
        const char *name;
        char text[PATH_MAX];
        ssize_t n;

        parent_fd = open_parent_in_root(root_fd, m->destination, &name);
        if (parent_fd < 0)
                return log_error_errno(
                                parent_fd, "Failed to make the directory of the symlink '%s': %m",
                                m->destination);
        if (symlinkat(link, parent_fd, name) >= 0)
                return 0;
        if (errno != EEXIST)
                return log_error_errno(
                                negative_errno(), "Failed to make the symlink '%s': %m", m->destination);

        n = readlinkat(parent_fd, name, text, sizeof text);
        found = n > 0 ? g_strndup(text, (size_t) n) : NULL;
        if (!found || !streq(found, link))
                return log_error_errno(
                                -EEXIST, "Failed to make the symlink '%s' to '%s': something else is there",
                                m->destination, link);
        return 0;
}

/* *fd: the mount, when it is made already; afterwards what mounts_finish() has to change. */
static int apply_mount(const Spec *spec, const SpecMount *m, int *fd, int root_fd) {
        int r;

        if (*fd < 0)
                *fd = mount_make(spec, m, root_fd);
        if (*fd < 0)
                return *fd;
        r = attach(m, root_fd, *fd);
        if (!mount_is_readonly_late(m)) {
                closep(fd);
                *fd = -EBADF;
        }
        return r;
}

static bool is_below(const char *path, const char *directory) {
        const char *rest = startswith(path, directory);

        return rest && (*rest == '/' || *rest == '\0');
}

/* Index of the first cgroup mount, n_mounts when there is none. It and what is mounted on it come when the
 * cgroup is there. */
static size_t find_cgroup(const Spec *spec) {
        size_t i = 0;

        while (i < spec->n_mounts && !mount_is_cgroup(&spec->mounts[i]))
                i++;
        return i;
}

static bool waits_for_cgroup(const Spec *spec, size_t i) {
        size_t first = find_cgroup(spec);

        return i >= first && first < spec->n_mounts &&
                        (mount_is_cgroup(&spec->mounts[i]) ||
                         is_below(spec->mounts[i].destination, spec->mounts[first].destination));
}

/* What depends on the directory that it covers, or on the cgroup, is made when that is there. */
static bool is_made_late(const Spec *spec, size_t i) {
        const SpecMount *m = &spec->mounts[i];

        return !m->bind && !m->copy &&
                        (waits_for_cgroup(spec, i) || (mount_is_tmpfs(m) && !mount_has_option(m, "mode=")));
}

int mounts_make(const Spec *spec, MountSources *sources) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];
                int fd;

                if (sources->fds[i] >= 0 || sources->links[i] || is_made_late(spec, i))
                        continue;
                if (m->copy)
                        fd = mount_copy_make(sources->copies[i], spec, m);
                else
                        fd = m->bind ? open_source(spec, m) : mount_make(spec, m, /* root_fd= */ -EBADF);
                if (fd < 0)
                        return fd;
                sources->fds[i] = fd;
        }
        return 0;
}

static int apply_where(const Spec *spec, MountSources *sources, int root_fd, bool cgroup) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                int r;

                if (waits_for_cgroup(spec, i) != cgroup)
                        continue;
                r = sources->links[i] ? make_link(&spec->mounts[i], root_fd, sources->links[i])
                                      : apply_mount(spec, &spec->mounts[i], &sources->fds[i], root_fd);
                if (r < 0)
                        return r;
        }
        return 0;
}

int mounts_apply(const Spec *spec, MountSources *sources, int root_fd) {
        return apply_where(spec, sources, root_fd, /* cgroup= */ false);
}

int mounts_apply_cgroup(const Spec *spec, MountSources *sources, int root_fd) {
        return apply_where(spec, sources, root_fd, /* cgroup= */ true);
}

int mounts_finish(const Spec *spec, const MountSources *sources) {
        /* Not recursive: what is on it by now are mounts of their own. */
        struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };

        for (size_t i = 0; i < spec->n_mounts; i++)
                if (mount_is_readonly_late(&spec->mounts[i]) &&
                    mount_setattr(sources->fds[i], "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
                        return log_error_errno(
                                        negative_errno(), "Failed to make mount '%s' read-only: %m",
                                        spec->mounts[i].destination);
        return 0;
}

bool mounts_need_cgroup_early(const Spec *spec) {
        return find_cgroup(spec) < spec->n_mounts && !spec_namespace(spec, CLONE_NEWCGROUP);
}

bool mounts_cover_any(const Spec *spec, char **paths) {
        size_t first = find_cgroup(spec);

        if (first == spec->n_mounts)
                return false;
        for (; paths && *paths; paths++)
                if (is_below(*paths, spec->mounts[first].destination))
                        return true;
        return false;
}
