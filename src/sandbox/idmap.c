/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the user namespaces that stand for a mount's mapping. Nothing ever runs in one of them. */

#include "sandbox/idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "basic/log.h"
#include "basic/process-util.h"
#include "sandbox/userns.h"

bool idmap_wanted(const SpecMount *m) {
        return m->idmap || m->id_map.n_uid > 0;
}

static int open_userns_of(pid_t pid) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/ns/user", (int) pid);
        int fd;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? log_error_errno(negative_errno(), "Failed to open '%s': %m", path) : fd;
}

/* Lives until the parent lets go of the pipe, be it by dying. */
static void hold_namespace(int read_fd, int write_fd) __attribute__((noreturn));
static void hold_namespace(int read_fd, int write_fd) {
        char byte;

        (void) close(write_fd);
        while (read(read_fd, &byte, 1) < 0 && errno == EINTR)
                ;
        _exit(EXIT_SUCCESS);
}

/* A user namespace can only be made together with a process in it, or for ourselves: so one is made, and
 * ends when the namespace is open. */
static int make_userns(const SpecIdMap *map) {
        _cleanup_close_ int write_fd = -EBADF, read_fd = -EBADF, pidfd = -EBADF;
        int pair[2], fd, r, code, status;
        pid_t pid;

        if (pipe2(pair, O_CLOEXEC) < 0)
                return log_error_errno(negative_errno(), "Failed to make a pipe: %m");
        read_fd = pair[0];
        write_fd = pair[1];

        pid = process_clone(CLONE_NEWUSER, /* cgroup_fd= */ -EBADF, &pidfd);
        if (pid == 0)
                hold_namespace(read_fd, write_fd);
        if (pid < 0)
                return log_error_errno((int) pid, "Failed to make a user namespace for an id mapping: %m");
        r = userns_write_maps(map, pid);
        fd = r < 0 ? r : open_userns_of(pid);

        closep(&write_fd);
        write_fd = -EBADF;
        r = process_reap(pid, &code, &status);
        if (r < 0) {
                closep(&fd);
                return log_error_errno(r, "Failed to wait for the holder of a user namespace: %m");
        }
        return fd;
}

int idmap_open_userns(const Spec *spec, const SpecMount *m) {
        const SpecNamespace *userns = spec_namespace(spec, CLONE_NEWUSER);
        int fd;

        if (m->id_map.n_uid > 0)
                return make_userns(&m->id_map);
        if (!userns) /* The Spec has been checked for it. */
                return log_error_errno(-EINVAL, "There is no user namespace to map '%s' by", m->destination);
        if (!userns->path)
                return make_userns(&spec->linux_.id_map);
        fd = open(userns->path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? log_error_errno(negative_errno(), "Failed to open '%s': %m", userns->path) : fd;
}

int idmap_set(const SpecMount *m, int userns_fd, int mount_fd) {
        unsigned flags = AT_EMPTY_PATH | (m->idmap_recursive ? AT_RECURSIVE : 0);
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) userns_fd };

        return mount_setattr(mount_fd, "", flags, &attr, sizeof attr) < 0 ? negative_errno() : 0;
}

int idmap_apply(const Spec *spec, const SpecMount *m, int mount_fd) {
        _cleanup_close_ int userns_fd = -EBADF;
        int r;

        userns_fd = idmap_open_userns(spec, m);
        if (userns_fd < 0)
                return userns_fd;
        r = idmap_set(m, userns_fd, mount_fd);
        if (r >= 0)
                return 0;
        return log_error_errno(
                        r, "Failed to map the ids of '%s', to be mounted on '%s': %m%s", m->source,
                        m->destination,
                        r == -EINVAL ? " (its file system may not support id-mapped mounts)" : "");
}
