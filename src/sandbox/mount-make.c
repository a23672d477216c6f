/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how a new file system becomes a detached mount: options, what a user namespace may not mount, what a
 * tmpfs begins with. Two fallbacks name fixed host directories. */

#include "sandbox/mount-make.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "sandbox/mount-attributes.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

bool mount_has_option(const SpecMount *m, const char *prefix) {
        for (char **option = m->data; option && *option; option++)
                if (startswith(*option, prefix))
                        return true;
        return false;
}

bool mount_is_cgroup(const SpecMount *m) {
        return !m->bind && m->type && (streq(m->type, "cgroup") || streq(m->type, "cgroup2"));
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

bool mount_is_tmpfs(const SpecMount *m) {
        return !m->bind && streq(m->type, "tmpfs");
}

/* What is empty at first has yet to get mount points, devices or copies: it becomes read-only at the end. */
bool mount_is_readonly_late(const SpecMount *m) {
        return mount_is_tmpfs(m) && ((m->attr_set | m->rec_attr_set) & MOUNT_ATTR_RDONLY) != 0;
}

/* A new, detached mount of a file system. Logs unless the failure is the one that the caller has a fallback
 * for. */
static int make_mount(const SpecMount *m, const char *type, int quiet_error) {
        uint64_t attributes = m->attr_set & ~(uint64_t) (mount_is_readonly_late(m) ? MOUNT_ATTR_RDONLY : 0);
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
        _cleanup_strv_ char **data = mount_has_option(m, "mode=") ? NULL : add_covered_mode(m, root_fd);
        SpecMount with_mode = *m;

        if (data)
                with_mode.data = data;
        return make_mount(&with_mode, "tmpfs", /* quiet_error= */ 0);
}

/* A new mount, with its final attributes but for a tmpfs that will be read-only. */
int mount_make(const Spec *spec, const SpecMount *m, int root_fd) {
        _cleanup_close_ int fd = -EBADF;
        SpecMount attributes = *m;
        int r;

        if (mount_is_cgroup(m))
                fd = make_cgroup(m);
        else if (streq(m->type, "sysfs"))
                fd = make_sysfs(m);
        else if (streq(m->type, "proc"))
                fd = make_proc(spec, m);
        else if (mount_is_tmpfs(m))
                fd = make_tmpfs(m, root_fd);
        else
                fd = make_mount(m, m->type, /* quiet_error= */ 0);
        if (fd < 0)
                return TAKE_FD(fd);

        if (mount_is_readonly_late(m)) {
                attributes.attr_set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
                attributes.rec_attr_set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
        }
        r = (m->rec_attr_set | m->rec_attr_clear) != 0 ? mount_attributes_set(fd, &attributes) : 0;
        return r < 0 ? r : TAKE_FD(fd);
}
