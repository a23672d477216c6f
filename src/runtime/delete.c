/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the end of a container. Kills and removes only what is provably the container's: the process with the
 * recorded start time, the cgroup whose name is the recorded scope's, or
 * that was empty when the container came. */

#include "runtime/delete.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/unit-name.h"
#include "resctrl/group.h"
#include "runtime/kill.h"
#include "runtime/late-hooks.h"
#include "runtime/notify-route.h"
#include "runtime/own-cgroup.h"
#include "runtime/placement.h"
#include "runtime/state.h"
#include "sandbox/host-root.h"
#include "unit/scope.h"

static int kill_init(const State *state) {
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        int r;

        r = state_open_init(state, &init);
        if (r == -ESRCH)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Failed to find the init of container '%s': %m", state->id);
        r = pidref_kill(&init, SIGKILL);
        if (r < 0 && r != -ESRCH)
                return log_error_errno(r, "Failed to kill the init of container '%s': %m", state->id);
        r = pidref_wait(&init, KILL_TIMEOUT_MS);
        if (r < 0)
                return log_error_errno(r, "container init still running: %s", state->id);
        return 0;
}

/* Whether the recorded cgroup belongs to the recorded scope; nothing else may be killed or stopped. */
static bool cgroup_is_ours(const State *state) {
        _cleanup_free_ char *name = state->cgroup ? g_path_get_basename(state->cgroup) : NULL;

        return name && state->scope && streq(name, state->scope);
}

static int stop_scope(const State *state) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        bool ours = cgroup_is_ours(state);
        int r;

        r = ours ? container_kill_rest(state) : 0;
        if (r != 0)
                return r; /* An error; or the scope has ended, and systemd forgets it (CollectMode=). */

        r = sd_event_new(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make the event loop: %m");
        r = manager_connect(state_manager(state), event, &manager);
        if (r < 0)
                return r;
        /* A create that was killed before it recorded a cgroup leaves an init that ends by itself. Its scope
         * may not, and one of that name with processes is somebody else's. */
        return ours ? scope_stop(manager, state->scope, /* wait= */ true)
                    : scope_stop_if_empty(manager, state->scope);
}

/* Without a pid namespace of its own, init does not take the others with it. */
static int end_cgroup(const State *state) {
        if (state->scope)
                return stop_scope(state);
        if (state->cgroup)
                return own_cgroup_end(state, /* kill= */ state->pid > 0);
        return 0;
}

static int remove_directory(const char *root, const char *id) {
        _cleanup_free_ char *path = g_build_filename(root, id, NULL);
        int r;

        r = remove_tree_at(AT_FDCWD, path);
        return r < 0 ? log_error_errno(r, "Failed to remove '%s': %m", path) : 0;
}

static int remove_traces(const char *root, const State *state) {
        int r;

        notify_route_end(state);
        if (state->root_mount > 0) {
                r = host_root_detach(state->rootfs, state->root_mount);
                if (r < 0)
                        return r;
        }
        if (state->resctrl_monitor) {
                r = resctrl_monitor_remove(/* root= */ NULL, state->resctrl_monitor, state->id);
                if (r < 0)
                        return r;
        }
        if (state->resctrl_group) {
                r = resctrl_group_remove(/* root= */ NULL, state->resctrl_group);
                if (r < 0)
                        return r;
        }
        (void) late_hooks_run(
                        root, state, SPEC_HOOK_POSTSTOP, "stopped"); /* Their failure is theirs, and told. */
        return remove_directory(root, state->id);
}

static int destroy(const char *root, const State *state) {
        int r;

        r = kill_init(state);
        if (r < 0)
                return r;
        r = end_cgroup(state);
        if (r < 0)
                return r;
        return remove_traces(root, state);
}

/* A directory without a readable state file: a create was killed before there was anything to record, or the
 * file is damaged. */
static int delete_stateless(const char *root, const char *id, bool force) {
        _cleanup_close_ int dir_fd = state_open_directory(root, id);

        if (!force)
                return log_error_errno(-ENOENT, "container does not exist: %s", id);
        if (dir_fd < 0)
                return 0;
        return remove_directory(root, id);
}

/* Whether init has been killed already and only has to get there: "kill ID KILL; delete ID" is what scripts
 * write. */
static bool is_dying(const State *state) {
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;

        return state_open_init(state, &init) < 0 || pid_is_dying(init.pid);
}

int container_delete(const char *root, const char *id, bool force) {
        _cleanup_(state_freep) State *state = NULL;
        ContainerStatus status;
        int r;

        if (!container_id_is_valid(id))
                return log_error_errno(-EINVAL, "invalid container ID format: '%s'", id);
        r = state_try_load(root, id, &state);
        if (r == -ENOENT || r == -EBADMSG)
                return delete_stateless(root, id, force);
        if (r < 0)
                return log_error_errno(r, "Failed to read the state of container '%s': %m", id);

        status = state_status(root, state);
        if (!force && status != CONTAINER_STOPPED && status != CONTAINER_CREATED && !is_dying(state))
                return log_error_errno(
                                -EBUSY, "cannot delete container %s that is not stopped: %s", id,
                                container_status_to_string(status));
        return destroy(root, state);
}

int container_forget(const char *root, const char *id) {
        _cleanup_(state_freep) State *state = NULL;
        int r;

        r = state_try_load(root, id, &state);
        if (r == -ENOENT)
                return 0; /* Somebody else did it: a checkpoint, or delete. */
        if (r < 0)
                return log_error_errno(r, "Failed to read the state of container '%s': %m", id);
        /* A scope that is empty ends by itself. */
        r = state->scope ? container_kill_rest(state) : end_cgroup(state);
        if (r < 0)
                return r;
        return remove_traces(root, state);
}
