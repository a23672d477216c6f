/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of a Spec's mounts into system calls. Destinations are only ever reached through
 * root_fd; host paths are opened before it is attached anywhere, but for two fallbacks that name fixed host
 * directories. */

#include "sandbox/mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "sandbox/copy-up.h"
#include "sandbox/idmap.h"
#include "sandbox/mount-attributes.h"
#include "sandbox/mount-target.h"
#include "sandbox/userns.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

void mount_sources_done(MountSources *sources) {
        for (size_t i = 0; i < sources->n; i++) {
                closep(&sources->fds[i]);
                g_free(sources->links[i]);
        }
        g_free(sources->fds);
        g_free(sources->links);
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
        if (r < 0)
                return r;
        return TAKE_FD(fd);
}

/* Since Linux 6.8 mountinfo lists mounts in the order in which they were made, not that in which they were
 * attached: so that programs find them in the order of the configuration, the child makes all of them, where
 * it has the host's rights and paths. Peers of the host's mounts have to be copied on the host. */
static bool opened_by_child(const Spec *spec, const SpecMount *m) {
        const SpecNamespace *ns = spec_namespace(spec, CLONE_NEWNS);

        return !userns_wanted(spec) && !idmap_wanted(m) && !(ns && ns->path) &&
                        !(spec->linux_.rootfs_propagation & MS_SHARED);
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
        };

        for (; sources.n < spec->n_mounts; sources.n++) {
                const SpecMount *m = &spec->mounts[sources.n];
                int fd = -EBADF;

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

                if (!m->bind)
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

/* The kernel explains some failures in the context's own log: "e tmpfs: Bad value for 'mode'". */
static int log_fs_error(int fs_fd, int error, const SpecMount *m) {
        char text[512];
        ssize_t n;

        n = fs_fd >= 0 ? read(fs_fd, text, sizeof text - 1) : -1;
        if (n > 2) {
                text[n] = '\0';
                g_strchomp(text);
                return log_error_errno(
                                error, "Failed to mount %s on '%s': %m (%s)", m->type, m->destination,
                                text + 2);
        }
        return log_error_errno(error, "Failed to mount %s on '%s': %m", m->type, m->destination);
}

static int configure_data(int fs_fd, const char *option) {
        _cleanup_free_ char *key = NULL;
        const char *value = strchr(option, '=');

        if (!value)
                return fsconfig(fs_fd, FSCONFIG_SET_FLAG, option, NULL, 0);
        key = g_strndup(option, (size_t) (value - option));
        return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value + 1, 0);
}

static int configure(int fs_fd, const SpecMount *m) {
        if (!isempty(m->source) && fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", m->source, 0) < 0)
                return negative_errno();
        for (char **flag = m->superblock_flags; flag && *flag; flag++)
                if (fsconfig(fs_fd, FSCONFIG_SET_FLAG, *flag, NULL, 0) < 0)
                        return negative_errno();
        for (char **option = m->data; option && *option; option++)
                if (configure_data(fs_fd, *option) < 0)
                        return negative_errno();
        if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return negative_errno();
        return 0;
}

static bool is_tmpfs(const SpecMount *m) {
        return !m->bind && streq(m->type, "tmpfs");
}

static bool copies_up(const SpecMount *m) {
        return m->tmpcopyup && is_tmpfs(m);
}

/* What is empty at first has yet to get mount points, devices or copies: it becomes read-only at the end. */
static bool is_readonly_late(const SpecMount *m) {
        return is_tmpfs(m) && ((m->attr_set | m->rec_attr_set) & MOUNT_ATTR_RDONLY) != 0;
}

/* A new, detached mount of a file system. Logs unless the failure is the one that the caller has a fallback
 * for. */
static int make_mount(const SpecMount *m, const char *type, int quiet_error) {
        uint64_t attributes = m->attr_set & ~(uint64_t) (is_readonly_late(m) ? MOUNT_ATTR_RDONLY : 0);
        _cleanup_close_ int fs_fd = -EBADF;
        int fd, r;

        fs_fd = fsopen(type, FSOPEN_CLOEXEC);
        if (fs_fd < 0) {
                r = negative_errno();
                return r == quiet_error ? r : log_fs_error(fs_fd, r, m);
        }
        r = configure(fs_fd, m);
        if (r < 0)
                return r == quiet_error ? r : log_fs_error(fs_fd, r, m);
        fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned) attributes);
        if (fd < 0) {
                r = negative_errno();
                return r == quiet_error ? r : log_fs_error(fs_fd, r, m);
        }
        return fd;
}

static int bind_host_directory(const SpecMount *m, const char *path) {
        SpecMount attributes = *m;
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (fd < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open '%s', to be mounted on '%s': %m", path,
                                m->destination);
        /* Whose mounts these are, only they can be made stricter; never looser. */
        attributes.attr_clear = attributes.rec_attr_clear = 0;
        r = mount_attributes_set(fd, &attributes);
        if (r < 0)
                return r;
        return TAKE_FD(fd);
}

static int make_sysfs(const SpecMount *m) {
        SpecMount readonly = *m;
        int fd;

        fd = make_mount(m, "sysfs", -EPERM);
        if (fd != -EPERM)
                return fd;
        /* A user namespace may mount sysfs only with a network namespace of its own. What is mounted below
         * the host's comes with it: nothing of it is the container's to change. */
        readonly.rec_attr_set |= MOUNT_ATTR_RDONLY;
        return bind_host_directory(&readonly, "/sys");
}

/* A container without a cgroup namespace of its own sees the whole hierarchy: what its /proc/self/cgroup
 * says is to be found there. A user namespace may not mount that, and gets its own cgroup alone. */
static bool has_pid_namespace(const Spec *spec) {
        return spec_namespace(spec, CLONE_NEWPID) != NULL;
}

/* A user namespace may mount procfs only for a pid namespace of its own, and only where a complete one is
 * mounted: or a new one would show what the old one hides. */
static int make_proc(const Spec *spec, const SpecMount *m) {
        int fd;

        fd = make_mount(m, "proc", -EPERM);
        if (fd != -EPERM)
                return fd;
        if (!has_pid_namespace(spec))
                return bind_host_directory(m, "/proc");
        return log_error_errno(
                        -EPERM,
                        "Failed to mount proc on '%s': %m (in a user namespace: parts of /proc here are "
                        "covered by other mounts)",
                        m->destination);
}

static int make_cgroup(const SpecMount *m) {
        _cleanup_free_ char *cgroup = NULL, *path = NULL;
        int fd, r;

        fd = make_mount(m, "cgroup2", -EPERM);
        if (fd != -EPERM && fd != -EBUSY)
                return fd;
        r = pid_cgroup(0, &cgroup);
        if (r < 0)
                return log_error_errno(r, "Failed to find our own cgroup: %m");
        path = g_strconcat(CGROUP_ROOT, cgroup, NULL);
        return bind_host_directory(m, path);
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

static bool has_option(const SpecMount *m, const char *prefix) {
        for (char **option = m->data; option && *option; option++)
                if (startswith(*option, prefix))
                        return true;
        return false;
}

/* Whether the configuration says whose the tmpfs is and who may use it. */
static bool has_own_metadata(const SpecMount *m) {
        return has_option(m, "mode=") || has_option(m, "uid=") || has_option(m, "gid=");
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

static bool is_cgroup(const SpecMount *m) {
        return !m->bind && m->type && (streq(m->type, "cgroup") || streq(m->type, "cgroup2"));
}

/* A tmpfs without a mode of its own has that of the directory it covers, as from other runtimes; 1777, the
 * kernel's own choice, would open it to everybody. NULL: there is no such directory. */
static char **add_covered_mode(const SpecMount *m, int root_fd) {
        _cleanup_ptr_array_ GPtrArray *data = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = open_in_root(root_fd, m->destination, O_PATH | O_DIRECTORY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return NULL;
        data = g_ptr_array_new();
        for (char **option = m->data; option && *option; option++)
                g_ptr_array_add(data, g_strdup(*option));
        g_ptr_array_add(data, g_strdup_printf("mode=%04o", (unsigned) st.st_mode & 07777));
        g_ptr_array_add(data, NULL);
        return (char **) g_ptr_array_steal(data, NULL);
}

static int make_tmpfs(const SpecMount *m, int root_fd) {
        _cleanup_strv_ char **data = has_option(m, "mode=") ? NULL : add_covered_mode(m, root_fd);
        SpecMount with_mode = *m;

        if (data)
                with_mode.data = data;
        return make_mount(&with_mode, "tmpfs", /* quiet_error= */ 0);
}

/* A new mount, with its final attributes but for a tmpfs that will be read-only. */
static int make(const Spec *spec, const SpecMount *m, int root_fd) {
        _cleanup_close_ int fd = -EBADF;
        SpecMount attributes = *m;
        int r;

        if (is_cgroup(m))
                fd = make_cgroup(m);
        else if (streq(m->type, "sysfs"))
                fd = make_sysfs(m);
        else if (streq(m->type, "proc"))
                fd = make_proc(spec, m);
        else if (is_tmpfs(m))
                fd = make_tmpfs(m, root_fd);
        else
                fd = make_mount(m, m->type, /* quiet_error= */ 0);
        if (fd < 0)
                return TAKE_FD(fd);

        if (is_readonly_late(m)) {
                attributes.attr_set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
                attributes.rec_attr_set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
        }
        r = (m->rec_attr_set | m->rec_attr_clear) != 0 ? mount_attributes_set(fd, &attributes) : 0;
        return r < 0 ? r : TAKE_FD(fd);
}

/* *fd: the mount, when it is made already; afterwards what mounts_finish() has to change. */
static int apply_mount(const Spec *spec, const SpecMount *m, int *fd, int root_fd) {
        int r;

        if (*fd < 0)
                *fd = make(spec, m, root_fd);
        if (*fd < 0)
                return *fd;
        r = attach(m, root_fd, *fd);
        if (!is_readonly_late(m)) {
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

        while (i < spec->n_mounts && !is_cgroup(&spec->mounts[i]))
                i++;
        return i;
}

static bool waits_for_cgroup(const Spec *spec, size_t i) {
        size_t first = find_cgroup(spec);

        return i >= first && first < spec->n_mounts &&
                        (is_cgroup(&spec->mounts[i]) ||
                         is_below(spec->mounts[i].destination, spec->mounts[first].destination));
}

/* What depends on the directory that it covers, or on the cgroup, is made when that is there. */
static bool is_made_late(const Spec *spec, size_t i) {
        const SpecMount *m = &spec->mounts[i];

        return !m->bind && (waits_for_cgroup(spec, i) || (is_tmpfs(m) && !has_option(m, "mode=")));
}

int mounts_make(const Spec *spec, MountSources *sources) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];
                int fd;

                if (sources->fds[i] >= 0 || sources->links[i] || is_made_late(spec, i))
                        continue;
                fd = m->bind ? open_source(spec, m) : make(spec, m, /* root_fd= */ -EBADF);
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
                if (is_readonly_late(&spec->mounts[i]) &&
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
