/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the start of a transient scope: a small state machine in the caller's event loop. Knows nothing of
 * containers, and touches neither cgroup files nor the process. */

#include <signal.h>

#include "basic/log.h"
#include "basic/process-util.h"
#include "unit/bus.h"
#include "unit/scope.h"

/* What the start waits for. A call is pending in all but the two that wait for a signal. */
typedef enum ScopeState {
        SCOPE_CALLING,          /* answer to StartTransientUnit */
        SCOPE_JOB,              /* JobRemoved */
        SCOPE_EXISTS_STATE,     /* ActiveState of the unit that is in the way */
        SCOPE_EXISTS_PROCESSES, /* its processes */
        SCOPE_EXISTS_RESET,     /* answer to ResetFailedUnit */
        SCOPE_EXISTS_REMOVAL,   /* UnitRemoved */
        SCOPE_UNDO_STOP,        /* answer to StopUnit */
        SCOPE_UNDO_RESET,       /* answer to ResetFailedUnit */
        SCOPE_ENDED,
} ScopeState;

struct ScopeStart {
        Manager *manager;
        char *name;
        pid_t pid;
        PropertyList *properties;
        uint64_t timeout_usec;
        ScopeDone done;
        void *userdata;

        ScopeState state;
        sd_event_source *deadline;
        sd_bus_slot *job_removed, *unit_removed, *disconnected;
        sd_bus_slot *call;
        char *job;
        bool removed;   /* a unit of that name went away since the last StartTransientUnit */
        bool was_reset; /* ResetFailedUnit did not help before */
        bool retried;   /* the process was not in the scope once */
        int error;      /* of the start, while it is undone */
};

static int send_start(ScopeStart *s);

static void stop_watching(ScopeStart *s) {
        s->state = SCOPE_ENDED;
        s->deadline = sd_event_source_disable_unref(s->deadline);
        s->job_removed = sd_bus_slot_unref(s->job_removed);
        s->unit_removed = sd_bus_slot_unref(s->unit_removed);
        s->disconnected = sd_bus_slot_unref(s->disconnected);
        s->call = sd_bus_slot_unref(s->call);
}

/* The last thing that a handler does: s may be gone afterwards. */
static void finish(ScopeStart *s, int error, const char *cgroup_path) {
        stop_watching(s);
        s->done(error, cgroup_path, s->userdata);
}

static int call_async(ScopeStart *s, sd_bus_message *m, sd_bus_message_handler_t handler, ScopeState state) {
        int r;

        s->call = sd_bus_slot_unref(s->call);
        r = sd_bus_call_async(s->manager->bus, &s->call, m, handler, s, UINT64_MAX);
        if (r < 0)
                return r;
        s->state = state;
        return 0;
}

/* A manager method that takes a unit and maybe a job mode. */
static int unit_message(ScopeStart *s, const char *method, const char *mode, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = manager_message(s->manager, method, &m);
        if (r < 0)
                return r;
        r = mode ? sd_bus_message_append(m, "ss", s->name, mode) : sd_bus_message_append(m, "s", s->name);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

static int call_unit(
                ScopeStart *s, const char *method, const char *mode, sd_bus_message_handler_t handler,
                ScopeState state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = unit_message(s, method, mode, &m);
        if (r < 0)
                return r;
        return call_async(s, m, handler, state);
}

/* ---- Undo
 * --------------------------------------------------------------------------------------------------- */

static int on_undo_reset(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        ScopeStart *s = userdata;

        finish(s, s->error, NULL);
        return 0;
}

static int on_undo_stop(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        ScopeStart *s = userdata;

        if (sd_bus_message_is_method_error(reply, NULL) ||
            call_unit(s, "ResetFailedUnit", NULL, on_undo_reset, SCOPE_UNDO_RESET) < 0)
                finish(s, s->error, NULL);
        return 0;
}

/* The scope may exist: stop it, then tell. The answers are waited for because systemd may drop what it has
 * not read yet when it notices that the connection was closed. */
static void fail_and_undo(ScopeStart *s, int error) {
        s->error = error;
        if (call_unit(s, "StopUnit", SCOPE_STOP_MODE, on_undo_stop, SCOPE_UNDO_STOP) < 0)
                finish(s, error, NULL);
}

/* Without waiting: systemd does not answer, or nobody is there any more to wait. */
static void undo_unattended(ScopeStart *s) {
        static const char *const methods[] = { "StopUnit", "ResetFailedUnit" };

        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

                if (unit_message(s, methods[i], i == 0 ? SCOPE_STOP_MODE : NULL, &m) < 0 ||
                    sd_bus_message_set_expect_reply(m, false) < 0 ||
                    sd_bus_send(s->manager->bus, m, NULL) < 0)
                        return;
        }
}

/* Whether a scope of ours may exist, or come to exist. */
static bool may_exist(const ScopeStart *s) {
        return s->state == SCOPE_CALLING || s->state == SCOPE_JOB;
}

/* ---- A unit of that name exists
 * ------------------------------------------------------------------------------ */

static void fail_send(ScopeStart *s, int error) {
        finish(s, log_error_errno(error, "Failed to send a request about %s to systemd: %m", s->name), NULL);
}

static void start_again(ScopeStart *s) {
        int r = send_start(s);

        if (r < 0)
                finish(s, r, NULL);
}

static void wait_for_removal(ScopeStart *s) {
        s->state = SCOPE_EXISTS_REMOVAL;
        if (s->removed)
                start_again(s);
}

/* A scope whose process died while it was moved in stays "running" for ever: systemd waits for a cgroup to
 * become empty that never was anything else. Stopping one that is about to go away does no harm. */
static void stop_empty(ScopeStart *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        if (unit_message(s, "StopUnit", SCOPE_STOP_MODE, &m) >= 0 &&
            sd_bus_message_set_expect_reply(m, false) >= 0)
                (void) sd_bus_send(s->manager->bus, m, NULL); /* The deadline is there if this fails. */
}

static int on_exists_reset(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        start_again(userdata);
        return 0;
}

static int on_exists_processes(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        ScopeStart *s = userdata;
        const char *cgroup, *command;
        uint32_t pid;

        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_enter_container(reply, 'a', "(sus)") > 0 &&
            sd_bus_message_read(reply, "(sus)", &cgroup, &pid, &command) > 0) {
                finish(s,
                       log_error_errno(-EEXIST,
                                       "A unit %s exists already, with process %" PRIu32 " (%s) in %s",
                                       s->name, pid, command, cgroup),
                       NULL);
                return 0;
        }
        if (!sd_bus_message_is_method_error(reply, NULL))
                stop_empty(s);
        wait_for_removal(s);
        return 0;
}

static void look_at_existing(ScopeStart *s, const char *active_state) {
        int r = 0;

        log_debug("A unit %s exists already and is %s", s->name, active_state);
        if (streq(active_state, "failed") || streq(active_state, "inactive")) {
                if (s->was_reset) {
                        wait_for_removal(s);
                        return;
                }
                s->was_reset = true;
                r = call_unit(s, "ResetFailedUnit", NULL, on_exists_reset, SCOPE_EXISTS_RESET);
        } else
                r = call_unit(s, "GetUnitProcesses", NULL, on_exists_processes, SCOPE_EXISTS_PROCESSES);
        if (r < 0)
                fail_send(s, r);
}

static int on_exists_state(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        ScopeStart *s = userdata;
        const char *active_state;

        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_read(reply, "v", "s", &active_state) > 0)
                look_at_existing(s, active_state);
        else
                start_again(s);
        return 0;
}

static void ask_for_state(ScopeStart *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = unit_object_path(s->name);
        int r;

        r = sd_bus_message_new_method_call(s->manager->bus, &m, SYSTEMD_NAME, path, DBUS_PROPERTIES, "Get");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", SYSTEMD_NAME ".Unit", "ActiveState");
        if (r >= 0)
                r = call_async(s, m, on_exists_state, SCOPE_EXISTS_STATE);
        if (r < 0)
                fail_send(s, r);
}

static int on_unit_removed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error) {
        ScopeStart *s = userdata;
        const char *unit;

        if (sd_bus_message_read(signal, "s", &unit) <= 0 || !streq(unit, s->name))
                return 0;
        s->removed = true;
        if (s->state == SCOPE_EXISTS_REMOVAL)
                start_again(s);
        return 0;
}

/* ---- The job
 * ------------------------------------------------------------------------------------------------- */

static bool process_ended(pid_t pid) {
        char state;

        return pid_stat(pid, &state, NULL) < 0 || state == 'Z' || state == 'X';
}

static void fail_ended(ScopeStart *s) {
        fail_and_undo(s,
                      log_error_errno(-ESRCH, "Process %d ended before systemd could move it into %s",
                                      s->pid, s->name));
}

/* The job's word is not enough: systemd has been seen to take a scope for empty while its processes were on
 * their way, and limits must never be written for somebody else's cgroup. */
static void verify(ScopeStart *s) {
        _cleanup_free_ char *path = NULL;
        const char *last;
        int r;

        r = pid_cgroup(s->pid, &path);
        last = r < 0 ? NULL : strrchr(path, '/');
        if (last && streq(last + 1, s->name)) {
                finish(s, 0, path);
                return;
        }
        if (process_ended(s->pid)) {
                fail_ended(s);
                return;
        }
        if (r >= 0 && !s->retried) {
                log_debug("Process %d is in %s, not in %s: trying again", s->pid, path, s->name);
                s->retried = true;
                start_again(s);
                return;
        }
        if (r < 0)
                r = log_error_errno(r, "Failed to read the cgroup of process %d: %m", s->pid);
        else
                r = log_error_errno(
                                -EIO, "systemd says that it created %s, but process %d is in %s", s->name,
                                s->pid, path);
        fail_and_undo(s, r);
}

static int on_job_removed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error) {
        ScopeStart *s = userdata;
        const char *job, *result;
        uint32_t id;

        if (s->state != SCOPE_JOB)
                return 0;
        if (sd_bus_message_read(signal, "uoss", &id, &job, NULL, &result) <= 0 || !streq(job, s->job))
                return 0;
        if (streq(result, "done"))
                verify(s);
        else if (process_ended(s->pid))
                fail_ended(s);
        else
                fail_and_undo(s,
                              log_error_errno(-EIO, "systemd failed to create %s: its job's result is '%s'",
                                              s->name, result));
        return 0;
}

static int on_disconnected(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error) {
        ScopeStart *s = userdata;

        finish(s,
               log_error_errno(-ECONNRESET, "systemd closed the connection over %s before it created %s",
                               s->manager->description, s->name),
               NULL);
        return 0;
}

static int on_start_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        ScopeStart *s = userdata;
        const char *job;
        int r;

        /* Calls that are pending are told first, with an error of the library's own. */
        if (error && sd_bus_is_open(s->manager->bus) <= 0)
                return on_disconnected(reply, s, ret_error);
        if (sd_bus_error_has_name(error, ERROR_UNIT_EXISTS))
                ask_for_state(s);
        else if (error && drop_unknown_property(s->properties, s->name, error))
                start_again(s);
        else if (error)
                finish(s,
                       log_error_errno(error_to_errno(error), "Failed to create %s: %s", s->name,
                                       error_text(error)),
                       NULL);
        else {
                r = sd_bus_message_read(reply, "o", &job);
                if (r < 0) {
                        fail_and_undo(s,
                                      log_error_errno(r, "Failed to read systemd's answer about %s: %m",
                                                      s->name));
                        return 0;
                }
                g_free(s->job);
                s->job = g_strdup(job);
                s->state = SCOPE_JOB;
        }
        return 0;
}

static int send_start(ScopeStart *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        s->removed = false;
        r = manager_message(s->manager, "StartTransientUnit", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", s->name, "replace");
        if (r >= 0)
                r = message_append_properties(m, s->properties);
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r >= 0)
                r = call_async(s, m, on_start_answer, SCOPE_CALLING);
        if (r < 0)
                return log_error_errno(r, "Failed to ask systemd for %s: %m", s->name);
        return 0;
}

/* ---- Start and end
 * ------------------------------------------------------------------------------------------ */

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        ScopeStart *s = userdata;
        unsigned seconds = s->timeout_usec / 1000000;

        if (s->state == SCOPE_UNDO_STOP || s->state == SCOPE_UNDO_RESET) {
                finish(s, s->error, NULL);
                return 0;
        }
        if (s->state == SCOPE_EXISTS_REMOVAL) {
                finish(s,
                       log_error_errno(-EEXIST,
                                       "A unit %s exists already; it has no processes, but systemd did not "
                                       "remove it within "
                                       "%u s",
                                       s->name, seconds),
                       NULL);
                return 0;
        }
        if (may_exist(s))
                undo_unattended(s);
        finish(s, log_error_errno(-ETIMEDOUT, "systemd did not create %s within %u s", s->name, seconds),
               NULL);
        return 0;
}

static PropertyList *scope_properties(const ScopeOptions *options) {
        static const char *const enabled[] = {
                "CPUAccounting", "Delegate", "IOAccounting", "MemoryAccounting", "TasksAccounting",
        };
        PropertyList *list = property_list_new();
        uint32_t pid = options->pid;

        if (options->description)
                property_set_string(list, "Description", options->description);
        if (options->slice)
                property_set_string(list, "Slice", options->slice);
        for (size_t i = 0; i < ELEMENTSOF(enabled); i++)
                property_set_bool(list, enabled[i], true);
        property_set_bool(list, "DefaultDependencies", false);
        property_set_string(list, "CollectMode", "inactive-or-failed");
        if (options->properties)
                property_list_merge(list, options->properties);
        /* A number is enough, and PIDFDs= would need systemd 255: the process is a child that nobody has
         * reaped. */
        property_set(list, "PIDs", g_variant_new_fixed_array(G_VARIANT_TYPE_UINT32, &pid, 1, sizeof pid));
        return list;
}

static int watch(ScopeStart *s) {
        int r;

        r = manager_match(s->manager, &s->job_removed, "JobRemoved", on_job_removed, s);
        if (r < 0)
                return r;
        r = manager_match(s->manager, &s->unit_removed, "UnitRemoved", on_unit_removed, s);
        if (r < 0)
                return r;
        r = sd_bus_match_signal(
                        s->manager->bus, &s->disconnected, "org.freedesktop.DBus.Local", NULL,
                        "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, s);
        if (r < 0)
                return r;
        return sd_event_add_time_relative(
                        s->manager->event, &s->deadline, CLOCK_MONOTONIC, s->timeout_usec, 0, on_deadline,
                        s);
}

int scope_start(Manager *m, const ScopeOptions *options, ScopeDone done, void *userdata, ScopeStart **ret) {
        ScopeStart *s = g_new0(ScopeStart, 1);
        int r;

        s->manager = m;
        s->name = g_strdup(options->name);
        s->pid = options->pid;
        s->properties = scope_properties(options);
        s->timeout_usec = options->timeout_usec ?: SCOPE_TIMEOUT_USEC;
        s->done = done;
        s->userdata = userdata;
        s->state = SCOPE_ENDED;

        manager_authenticate(m);
        r = watch(s);
        if (r < 0)
                r = log_error_errno(r, "Failed to watch for %s: %m", s->name);
        else
                r = send_start(s);
        if (r < 0) {
                scope_start_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

void scope_start_free(ScopeStart *s) {
        if (!s)
                return;
        if (may_exist(s))
                undo_unattended(s);
        stop_watching(s);
        property_list_free(s->properties);
        g_free(s->name);
        g_free(s->job);
        g_free(s);
}
