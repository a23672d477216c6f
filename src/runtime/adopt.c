/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the order to a supervisor to go, and the waiting for its successor. How one follows the other is
 * rebirth.c's business. */

#include "runtime/adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "basic/unit-name.h"
#include "runtime/params.h"
#include "runtime/supervisor.h"
#include "unit/unit-state.h"

#define ADOPT_TIMEOUT_USEC (UINT64_C(30) * 1000 * 1000)

/* The unit that a container's directory is of. */
static int find_unit(const char *id, char **ret) {
        _cleanup_(unit_params_done) UnitParams params = UNIT_PARAMS_NULL;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!container_id_is_valid(id))
                return log_error_errno(-EINVAL, "invalid container ID format: '%s'", id);
        path = unit_dir_path(id);
        if (!path)
                return log_error_errno(-ENXIO, "XDG_RUNTIME_DIR is not set");
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return log_error_errno(-ENOENT, "no unit runs a container of that name: %s", id);
        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open directory '%s': %m", path);
        r = unit_params_read(fd, &params);
        if (r < 0)
                return r;
        *ret = params.unit ? TAKE_PTR(params.unit) : g_strdup_printf("container@%s.service", id);
        return 0;
}

/* systemd is asked a second time when the number is held: it was that process's all the while. */
static int open_supervisor(Manager *m, const char *unit, PidRef *ret) {
        _cleanup_(unit_state_done) UnitState before = UNIT_STATE_NULL, after = UNIT_STATE_NULL;
        _cleanup_(pidref_done) PidRef ref = PIDREF_NULL;
        int r;

        r = unit_state_read(m, unit, &before);
        if (r < 0)
                return r;
        r = before.main_pid > 0 ? pidref_open(before.main_pid, 0, &ref) : -ESRCH;
        if (r >= 0)
                r = unit_state_read(m, unit, &after);
        if (r >= 0 && after.main_pid != before.main_pid)
                r = -ESRCH;
        if (r < 0)
                return log_error_errno(r, "Unit '%s' has no supervisor now: it is %s", unit, before.active);
        *ret = TAKE(ref, PIDREF_NULL);
        return 0;
}

typedef struct Successor {
        pid_t old_pid, new_pid;
        bool starting_is_enough; /* its payload was not ready before */
        bool ended;
} Successor;

static bool has_successor(const UnitState *state, void *userdata) {
        Successor *s = userdata;
        bool up = streq(state->active, "active") || streq(state->active, "reloading");

        s->ended = !state->job && (streq(state->active, "inactive") || streq(state->active, "failed"));
        if (state->main_pid == 0 || state->main_pid == s->old_pid)
                return s->ended;
        s->new_pid = state->main_pid;
        return up || s->ended || (s->starting_is_enough && streq(state->sub, "start"));
}

static int replace(Manager *m, const char *unit, Adoption *ret) {
        _cleanup_(unit_state_done) UnitState before = UNIT_STATE_NULL;
        _cleanup_(pidref_done) PidRef supervisor = PIDREF_NULL;
        Successor successor;
        int r;

        r = open_supervisor(m, unit, &supervisor);
        if (r >= 0)
                r = unit_state_read(m, unit, &before);
        if (r < 0)
                return r;
        successor = (Successor) { .old_pid = supervisor.pid,
                                  .starting_is_enough = streq(before.active, "activating") };
        r = pidref_kill(&supervisor, SUPERVISOR_LEAVE_SIGNAL);
        if (r < 0)
                return log_error_errno(r, "Failed to signal the supervisor of '%s': %m", unit);
        r = unit_state_wait(m, unit, has_successor, &successor, ADOPT_TIMEOUT_USEC);
        if (r == -ETIMEDOUT)
                return log_error_errno(r, "Unit '%s' has no new supervisor after 30 s", unit);
        if (r < 0)
                return r;
        if (successor.ended)
                return log_error_errno(
                                -EIO,
                                "Unit '%s' ended instead of getting a new supervisor, see journalctl -u",
                                unit);
        *ret = (Adoption) { .old_pid = supervisor.pid, .new_pid = successor.new_pid };
        return 0;
}

int container_adopt(const char *id, Adoption *ret) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_free_ char *unit = NULL;
        int r;

        r = find_unit(id, &unit);
        if (r < 0)
                return r;
        r = sd_event_new(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = manager_connect(manager_ours(), event, &manager);
        return r < 0 ? r : replace(manager, unit, ret);
}

static int compare_strings(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int adopt_list(char ***ret) {
        _cleanup_ptr_array_ GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
        _cleanup_free_ char *probe = unit_dir_path("x"), *base = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;

        if (!probe)
                return log_error_errno(-ENXIO, "XDG_RUNTIME_DIR is not set");
        base = g_path_get_dirname(probe);
        dir = opendir(base);
        if (!dir && errno != ENOENT)
                return log_error_errno(negative_errno(), "Failed to read directory '%s': %m", base);
        while (dir && (entry = readdir(dir)))
                if (container_id_is_valid(entry->d_name))
                        g_ptr_array_add(ids, g_strdup(entry->d_name));
        if (ids->len > 0)
                qsort(ids->pdata, ids->len, sizeof(char *), compare_strings);
        g_ptr_array_add(ids, NULL);
        *ret = (char **) g_ptr_array_steal(ids, NULL);
        return 0;
}
