/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/own-cgroup.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "cgroup/cgroup.h"
#include "cgroup/make.h"
#include "cgroup/resources.h"
#include "runtime/device-rules.h"
#include "runtime/kill.h"

static int open_root(void) {
        int fd = cgroup_open_root();

        return fd < 0 ? log_error_errno(fd, "Failed to open the unified cgroup hierarchy: %m") : fd;
}

/* ---- where ---- */

static int absolute_path(const char *cgroups_path, const char *id, char **ret) {
        _cleanup_free_ char *own = NULL, *dir = NULL;
        int r;

        if (!isempty(cgroups_path) && cgroups_path[0] == '/') {
                *ret = g_strdup(cgroups_path);
                return 0;
        }
        /* Not below our own: a cgroup with processes cannot let controllers reach further down. */
        r = pid_cgroup(/* pid= */ 0, &own);
        if (r < 0)
                return log_error_errno(r, "Failed to find the cgroup that we are in: %m");
        dir = g_path_get_dirname(own);
        *ret = g_build_filename(dir, isempty(cgroups_path) ? id : cgroups_path, NULL);
        return 0;
}

bool own_cgroup_is_possible(void) {
        _cleanup_free_ char *own = NULL, *dir = NULL, *procs = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (pid_cgroup(/* pid= */ 0, &own) < 0)
                return false;
        dir = g_path_get_dirname(own);
        fd = cgroup_open(dir);
        return fd >= 0 && faccessat(fd, ".", W_OK, AT_EACCESS) >= 0 &&
                        faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) >= 0;
}

int own_cgroup_find(const char *cgroups_path, const char *id, char **ret_path, char **ret_made) {
        _cleanup_free_ char *path = NULL, *made = NULL;
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        r = absolute_path(cgroups_path, id, &path);
        if (r < 0)
                return r;
        if (!cgroup_path_is_valid(path))
                return log_error_errno(
                                -EINVAL,
                                "/linux/cgroupsPath: expected the path of a cgroup below the root, without "
                                "\"..\", found \"%s\"",
                                path);
        root_fd = open_root();
        if (root_fd < 0)
                return root_fd;
        r = cgroup_first_missing(root_fd, path, &made);
        if (r == -EBUSY)
                return log_error_errno(
                                r, "/linux/cgroupsPath: container's cgroup is not empty: '%s' has processes",
                                path);
        if (r < 0)
                return log_error_errno(r, "Failed to find the cgroup '%s': %m", path);
        *ret_path = TAKE_PTR(path);
        *ret_made = TAKE_PTR(made);
        return 0;
}

/* ---- its life ---- */

int own_cgroup_make(const char *path, const SpecResources *resources, const char *const *settings) {
        _cleanup_close_ int root_fd = -EBADF, fd = -EBADF;
        int r;

        root_fd = open_root();
        if (root_fd < 0)
                return root_fd;
        fd = cgroup_make(root_fd, path);
        if (fd < 0)
                return fd;
        r = cgroup_write_settings(fd, settings);
        /* Without privileges nobody makes device nodes. */
        if (r >= 0 && resources->set && geteuid() == 0)
                r = device_rules_apply(resources, fd);
        return r < 0 ? r : TAKE_FD(fd);
}

/* A create that was killed leaves an init that ends by itself. */
static bool ends_by_itself(const State *state) {
        _cleanup_close_ int fd = cgroup_open(state->cgroup);

        return fd < 0 || cgroup_wait_empty(fd, KILL_TIMEOUT_MS) >= 0;
}

int own_cgroup_end(const State *state, bool kill) {
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        if (!kill && !ends_by_itself(state)) {
                log_warning("Left the cgroup '%s' alone: it has processes that are not the container's",
                            state->cgroup);
                return 0;
        }
        r = kill ? container_kill_rest(state) : 0;
        if (r < 0)
                return r;
        root_fd = open_root();
        if (root_fd < 0)
                return root_fd;
        return cgroup_remove(root_fd, state->cgroup, state->cgroup_made, KILL_TIMEOUT_MS);
}
