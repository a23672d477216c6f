/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/kill.h"

#include <signal.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "cgroup/cgroup.h"

static int signal_cgroup(const State *state, int sig) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = cgroup_open(state->cgroup);
        if (fd == -ENOENT)
                return 0; /* All have ended. */
        r = fd < 0 ? fd : sig == SIGKILL ? cgroup_kill(fd) : cgroup_signal(fd, sig);
        return r < 0 ? log_error_errno(r, "Failed to kill the processes of container '%s': %m", state->id)
                     : 0;
}

/* Whether others can outlive init: they do without a pid namespace that dies with it. */
static bool shares_pid_namespace(const PidRef *init) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/ns/pid", (int) init->pid);
        struct stat ours, theirs;

        return stat("/proc/self/ns/pid", &ours) >= 0 && stat(path, &theirs) >= 0 &&
                        ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static bool has_processes(const State *state) {
        _cleanup_close_ int fd = state->cgroup ? cgroup_open(state->cgroup) : -EBADF;

        return fd >= 0 && cgroup_is_populated(fd) > 0;
}

/* To kill a container is to end all of it. */
static bool means_all(const State *state, int sig, const PidRef *init) {
        if (sig != SIGKILL || !state->cgroup)
                return false;
        return init->pid > 0 ? shares_pid_namespace(init) : has_processes(state);
}

int container_kill(const char *root, const char *id, int sig, bool all) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        int r;

        r = state_load(root, id, &state);
        if (r < 0)
                return r;
        r = state_open_init(state, &init);
        if (r < 0 && r != -ESRCH)
                return log_error_errno(r, "Failed to find the init of container '%s': %m", id);
        if ((all && state->cgroup) || means_all(state, sig, &init))
                return signal_cgroup(state, sig);

        if (r >= 0)
                r = pidref_kill(&init, sig);
        if (r == -ESRCH)
                return all ? 0 : log_error_errno(r, "container not running: %s", id);
        return r < 0 ? log_error_errno(r, "Failed to signal container '%s': %m", id) : 0;
}

int container_kill_rest(const State *state) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = cgroup_open(state->cgroup);
        if (fd == -ENOENT)
                return 1;
        r = fd < 0 ? fd : cgroup_kill(fd);
        if (r >= 0)
                r = cgroup_wait_empty(fd, KILL_TIMEOUT_MS);
        if (r < 0)
                return log_error_errno(r, "Failed to kill what is left in '%s': %m", state->cgroup);
        return 0;
}
