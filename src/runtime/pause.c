/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns which containers may be frozen and thawed, and who does it: systemd, so that it knows; the kernel's
 * file says whether it is so, and does where there is no systemd. */

#include <errno.h>

#include "runtime/pause.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "runtime/placement.h"
#include "unit/freezer.h"

#define FREEZE_TIMEOUT_MS 10000

/* Lets systemd do it to the container's scope. What it cannot do, the file will. */
static int ask_systemd(const State *state, bool freeze) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        int r;

        if (!state->scope)
                return 0;
        r = sd_event_new(&event);
        if (r >= 0)
                r = manager_try_connect(state_manager(state), event, &manager);
        if (r >= 0)
                r = unit_set_frozen(manager, state->scope, freeze, FREEZE_TIMEOUT_MS * UINT64_C(1000));
        /* it would go on trying */
        if (r == -ETIMEDOUT && freeze)
                (void) unit_set_frozen(manager, state->scope, false, FREEZE_TIMEOUT_MS * UINT64_C(1000));
        return r == -ETIMEDOUT ? r : 0;
}

static int check_not_frozen_above(const State *state) {
        _cleanup_free_ char *above = NULL;

        if (cgroup_frozen_above(state->cgroup, &above) > 0)
                return log_error_errno(
                                -EBUSY,
                                "cannot resume container %s: it stands still with all of '%s', which has to "
                                "be thawed",
                                state->id, above);
        return 0;
}

static int set_frozen(const State *state, bool freeze) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!state->cgroup)
                return log_error_errno(
                                -EOPNOTSUPP, "cannot %s container %s: it has no cgroup of its own",
                                freeze ? "pause" : "resume", state->id);
        r = freeze ? 0 : check_not_frozen_above(state);
        if (r < 0)
                return r;
        fd = cgroup_open(state->cgroup);
        r = fd < 0 ? fd : ask_systemd(state, freeze);
        if (r >= 0 || (fd >= 0 && !freeze))
                r = cgroup_freeze(fd, freeze, FREEZE_TIMEOUT_MS);
        /* what waited for it was its end */
        if (!freeze && (r == -ENOENT || r == -ENODEV))
                return 0;
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

/* Also one of which some process does not stand still yet. */
static bool is_being_frozen(int cgroup_fd) {
        _cleanup_free_ char *text = NULL;

        return cgroup_is_frozen(cgroup_fd) > 0 ||
                        (read_file_at(cgroup_fd, "cgroup.freeze", &text, NULL) >= 0 && text[0] == '1');
}

void container_let_go_on(const State *state) {
        _cleanup_close_ int fd = state->cgroup ? cgroup_open(state->cgroup) : -EBADF;

        if (fd < 0 || !is_being_frozen(fd))
                return;
        log_info("Container '%s' is paused: resuming it, so that it can stop", state->id);
        (void) set_frozen(state, false);
}
