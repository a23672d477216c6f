/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/kill.h"

#include <signal.h>

#include "basic/log.h"
#include "cgroup/cgroup.h"

static int kill_all(const State *state, int sig) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = cgroup_open(state->cgroup);
        if (fd == -ENOENT)
                return log_error_errno(-ESRCH, "container not running: %s", state->id);
        r = fd < 0 ? fd : sig == SIGKILL ? cgroup_kill(fd) : cgroup_signal(fd, sig);
        return r < 0 ? log_error_errno(r, "Failed to kill the processes of container '%s': %m", state->id)
                     : 0;
}

int container_kill(const char *root, const char *id, int sig, bool all) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        int r;

        r = state_load(root, id, &state);
        if (r < 0)
                return r;
        if (all && state->cgroup) /* Without a cgroup, init is all that is known. */
                return kill_all(state, sig);

        r = state_open_init(state, &init);
        if (r >= 0)
                r = pidref_kill(&init, sig);
        if (r == -ESRCH)
                return log_error_errno(r, "container not running: %s", id);
        if (r < 0)
                return log_error_errno(r, "Failed to signal container '%s': %m", id);
        return 0;
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
