/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns which containers may be frozen and thawed. The freezer is cgroup's. */

#include "runtime/pause.h"

#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "runtime/state.h"

#define FREEZE_TIMEOUT_MS 10000

static int set_frozen(const State *state, bool freeze) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!state->cgroup)
                return log_error_errno(
                                -EOPNOTSUPP, "cannot %s container %s: it has no cgroup of its own",
                                freeze ? "pause" : "resume", state->id);
        fd = cgroup_open(state->cgroup);
        r = fd < 0 ? fd : cgroup_freeze(fd, freeze, FREEZE_TIMEOUT_MS);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to %s container '%s': %m", freeze ? "pause" : "resume",
                                state->id);
        return 0;
}

int container_pause(const char *root, const char *id) {
        _cleanup_(state_freep) State *state = NULL;
        ContainerStatus status;
        int r;

        r = state_load(root, id, &state);
        if (r < 0)
                return r;
        status = state_status(root, state);
        if (status != CONTAINER_RUNNING && status != CONTAINER_CREATED)
                return log_error_errno(
                                -EBUSY, "container not running: %s is %s", id,
                                container_status_to_string(status));
        return set_frozen(state, true);
}

int container_resume(const char *root, const char *id) {
        _cleanup_(state_freep) State *state = NULL;
        ContainerStatus status;
        int r;

        r = state_load(root, id, &state);
        if (r < 0)
                return r;
        status = state_status(root, state);
        if (status != CONTAINER_PAUSED)
                return log_error_errno(
                                -EBUSY, "container not paused: %s is %s", id,
                                container_status_to_string(status));
        return set_frozen(state, false);
}
