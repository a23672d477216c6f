/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the calls by which a service comes back without having failed. */

#include "unit/service-start.h"

#include <time.h>

#include "basic/log.h"
#include "unit/bus.h"
#include "unit/outcome.h"
#include "unit/unit-state.h"

#define SERVICE_INTERFACE SYSTEMD_NAME ".Service"

/* Until when a job that nothing holds up has begun; how often that is looked at. */
#define JOB_BEGIN_TRIES      5000
#define JOB_BEGIN_PAUSE_NSEC (1000 * 1000L)

/* ret_reply may be NULL. */
static int queue_job(
                Manager *m, const char *method, const char *service, const char *mode,
                sd_bus_message **ret_reply) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_free_ char *what = g_strdup_printf("start %s again", service);
        int r;

        r = manager_message(m, method, &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", service, mode);
        if (r < 0)
                return log_error_errno(r, "Failed to %s: %m", what);
        return manager_call(m, call, what, ret_reply);
}

static bool job_waits(Manager *m, const char *job) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *state = NULL;

        return sd_bus_get_property(
                               m->bus, SYSTEMD_NAME, job, SYSTEMD_NAME ".Job", "State", NULL, &reply, "s") >=
                        0 &&
                        sd_bus_message_read_basic(reply, 's', &state) >= 0 && streq(state, "waiting");
}

/* Only a restart that has begun rules out the one by Restart=. When the last process of the service has
 * gone, which is us, systemd decides about that, and may do so before it looks at its new jobs. */
static int restart_and_see(Manager *m, const char *service) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *job;
        int r;

        r = queue_job(m, "RestartUnit", service, "ignore-dependencies", &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(reply, 'o', &job);
        if (r < 0)
                return log_error_errno(r, "Failed to read systemd's answer about %s: %m", service);
        for (unsigned i = 0; i < JOB_BEGIN_TRIES && job_waits(m, job); i++)
                (void) nanosleep(&(struct timespec) { .tv_nsec = JOB_BEGIN_PAUSE_NSEC }, NULL);
        return 0;
}

static bool has_restart_force_status(Manager *m, const char *path) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        if (sd_bus_get_property(
                            m->bus, SYSTEMD_NAME, path, SERVICE_INTERFACE, "RestartForceExitStatus", NULL,
                            &reply, "(aiai)") < 0 ||
            sd_bus_message_enter_container(reply, 'r', "aiai") < 0 || sd_bus_message_skip(reply, "ai") < 0 ||
            sd_bus_message_enter_container(reply, 'a', "i") < 0)
                return false;
        return sd_bus_message_at_end(reply, /* complete= */ false) == 0;
}

/* Whether Restart= of the service has it restarted although it did not fail. */
static bool restarts_by_itself(Manager *m, const char *service) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = unit_object_path(service);
        const char *restart;

        if (sd_bus_get_property(
                            m->bus, SYSTEMD_NAME, path, SERVICE_INTERFACE, "Restart", NULL, &reply, "s") <
                            0 ||
            sd_bus_message_read_basic(reply, 's', &restart) < 0)
                return false;
        return streq(restart, "always") || streq(restart, "on-success") || has_restart_force_status(m, path);
}

int service_start_again(Manager *m, const char *service, const char *job) {
        /* A start that is under way takes another one for itself, and is over when this one ends. */
        bool starting = job && streq(job, "start");
        int r;

        /* While ExecStopPost= runs this turns the result into "success". */
        r = unit_reset_failed(m, service);
        if (r < 0)
                return r;
        /* "fail": not in place of a stop that somebody asked for */
        r = queue_job(m, "StartUnit", service, "fail", NULL);
        if (r < 0 || (!starting && !restarts_by_itself(m, service)))
                return r;
        /* Otherwise it would wait for RestartSec=, or take along what has Requires= on it. Without
         * dependencies this one is nobody else's. */
        return restart_and_see(m, service);
}

int service_start_at_once(Manager *m, const char *service) {
        return queue_job(m, "RestartUnit", service, "ignore-dependencies", NULL);
}

int manager_reload(Manager *m) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = manager_message(m, "Reload", &call);
        if (r < 0)
                return log_error_errno(r, "Failed to have systemd read its units again: %m");
        return manager_call(m, call, "have systemd read its units again", /* ret_reply= */ NULL);
}

/* Names of units in a property of a unit. NULL: cannot be read. */
static char **read_units(Manager *m, const char *service, const char *property) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = unit_object_path(service);
        GPtrArray *list;
        const char *unit;

        if (sd_bus_get_property(
                            m->bus, SYSTEMD_NAME, path, SYSTEMD_NAME ".Unit", property, NULL, &reply, "as") <
                            0 ||
            sd_bus_message_enter_container(reply, 'a', "s") < 0)
                return NULL;
        list = g_ptr_array_new();
        while (sd_bus_message_read_basic(reply, 's', &unit) > 0)
                g_ptr_array_add(list, g_strdup(unit));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(list, FALSE);
}

static bool has_started(const UnitState *state, void *userdata) {
        return !state->job && !streq(state->active, "activating");
}

static int wait_for_units(Manager *m, const char *service, const char *property, bool required) {
        _cleanup_strv_ char **units = read_units(m, service, property),
                            **after = read_units(m, service, "After");

        for (char **u = units; u && after && *u; u++) {
                _cleanup_(unit_state_done) UnitState state = UNIT_STATE_NULL;
                int r;

                if (!g_strv_contains((const char *const *) after, *u))
                        continue;
                r = unit_state_wait(m, *u, has_started, NULL, UINT64_MAX);
                if (r >= 0)
                        r = unit_state_read(m, *u, &state);
                if (r < 0)
                        return r;
                if (required && !streq(state.active, "active") && !streq(state.active, "reloading"))
                        return log_error_errno(
                                        -EUNATCH, "'%s' needs '%s', which is %s", service, *u, state.active);
        }
        return 0;
}

int service_start_dependencies(Manager *m, const char *service) {
        int r;

        /* The start of the service itself is under way; this one becomes part of it. */
        r = queue_job(m, "StartUnit", service, "replace", NULL);
        if (r >= 0)
                r = wait_for_units(m, service, "Wants", /* required= */ false);
        if (r >= 0)
                r = wait_for_units(m, service, "Requires", /* required= */ true);
        if (r >= 0)
                r = wait_for_units(m, service, "BindsTo", /* required= */ true);
        return r;
}

static int append_command(sd_bus_message *call, char *const *argv) {
        int r;

        r = sd_bus_message_open_container(call, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", "ExecStart");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'v', "a(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'r', "sasb");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", argv[0]);
        if (r >= 0)
                r = sd_bus_message_append_strv(call, (char **) argv);
        if (r >= 0)
                r = sd_bus_message_append(call, "b", false);
        for (int i = 0; r >= 0 && i < 4; i++)
                r = sd_bus_message_close_container(call);
        return r;
}

int service_start_transient(Manager *m, const char *name, const char *description, char *const *argv) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_free_ char *what = g_strdup_printf("start %s", name);
        int r;

        r = manager_message(m, "StartTransientUnit", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", name, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_append(
                                call, "(sv)(sv)", "Description", "s", description, "CollectMode", "s",
                                "inactive-or-failed");
        if (r >= 0)
                r = append_command(call, argv);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = sd_bus_message_append(call, "a(sa(sv))", 0);
        if (r < 0)
                return log_error_errno(r, "Failed to %s: %m", what);
        return manager_call(m, call, what, /* ret_reply= */ NULL);
}
