/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the questions about a unit's state and the waiting for another one. Changes nothing. */

#include "unit/unit-state.h"

#include <time.h>

#include "basic/log.h"
#include "unit/bus.h"

#define UNIT_INTERFACE    SYSTEMD_NAME ".Unit"
#define SERVICE_INTERFACE SYSTEMD_NAME ".Service"
#define JOB_INTERFACE     SYSTEMD_NAME ".Job"

void unit_state_done(UnitState *s) {
        g_free(s->active);
        g_free(s->sub);
        g_free(s->job);
        *s = UNIT_STATE_NULL;
}

static int log_property(const char *unit, const char *name, const sd_bus_error *error) {
        return log_error_errno(
                        error_to_errno(error), "Failed to read %s of %s: %s", name, unit, error_text(error));
}

static int read_string(Manager *m, const char *unit, const char *name, char **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *path = unit_object_path(unit);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *value;
        int r;

        r = sd_bus_get_property(m->bus, SYSTEMD_NAME, path, UNIT_INTERFACE, name, &error, &reply, "s");
        if (r >= 0)
                r = sd_bus_message_read_basic(reply, 's', &value);
        if (r < 0)
                return log_property(unit, name, &error);
        *ret = g_strdup(value);
        return 0;
}

/* A job that is gone when we ask for its kind is none. */
static int read_job(Manager *m, const char *unit, char **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL, gone = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL, *kind_reply = NULL;
        _cleanup_free_ char *path = unit_object_path(unit);
        const char *job = NULL, *kind = NULL;
        uint32_t id = 0;
        int r;

        r = sd_bus_get_property(m->bus, SYSTEMD_NAME, path, UNIT_INTERFACE, "Job", &error, &reply, "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(reply, "(uo)", &id, &job);
        if (r < 0)
                return log_property(unit, "Job", &error);
        if (id != 0 &&
            sd_bus_get_property(
                            m->bus, SYSTEMD_NAME, job, JOB_INTERFACE, "JobType", &gone, &kind_reply, "s") >=
                            0)
                (void) sd_bus_message_read_basic(kind_reply, 's', &kind);
        *ret = g_strdup(kind);
        return 0;
}

static int read_main_pid(Manager *m, const char *unit, pid_t *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *path = unit_object_path(unit);
        uint32_t pid;

        if (sd_bus_get_property_trivial(
                            m->bus, SYSTEMD_NAME, path, SERVICE_INTERFACE, "MainPID", &error, 'u', &pid) < 0)
                return log_property(unit, "MainPID", &error);
        *ret = (pid_t) pid;
        return 0;
}

/* One question after the other. Returns 1 when the unit has been in one state all the while, so that what
 * was read belongs together: a unit that was inactive without a job stays so. */
static int read_once(Manager *m, const char *unit, UnitState *s) {
        _cleanup_free_ char *active_then = NULL;
        int r;

        r = read_string(m, unit, "ActiveState", &s->active);
        if (r >= 0)
                r = read_job(m, unit, &s->job);
        if (r >= 0)
                r = read_string(m, unit, "SubState", &s->sub);
        if (r >= 0 && g_str_has_suffix(unit, ".service"))
                r = read_main_pid(m, unit, &s->main_pid);
        if (r >= 0)
                r = read_string(m, unit, "ActiveState", &active_then);
        return r < 0 ? r : streq(s->active, active_then);
}

int unit_state_read(Manager *m, const char *unit, UnitState *ret) {
        _cleanup_(unit_state_done) UnitState s = UNIT_STATE_NULL;
        int r;

        do {
                unit_state_done(&s);
                r = read_once(m, unit, &s);
        } while (r == 0);
        if (r < 0)
                return r;
        *ret = TAKE(s, UNIT_STATE_NULL);
        return 0;
}

static int on_change(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error) {
        *(bool *) userdata = true;
        return 0;
}

static uint64_t now_usec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static int wait_for_change(Manager *m, const bool *changed, uint64_t deadline) {
        while (!*changed) {
                uint64_t now = now_usec();
                int r;

                r = sd_bus_process(m->bus, NULL);
                if (r == 0 && now >= deadline)
                        return -ETIMEDOUT;
                if (r == 0)
                        r = sd_bus_wait(m->bus, deadline == UINT64_MAX ? UINT64_MAX : deadline - now);
                if (r < 0 && r != -EINTR)
                        return log_error_errno(r, "Failed to wait for systemd: %m");
        }
        return 0;
}

static int watch(
                Manager *m, const char *unit, bool *changed, sd_bus_slot **ret_unit,
                sd_bus_slot **ret_jobs) {
        _cleanup_free_ char *path = unit_object_path(unit);
        int r;

        r = sd_bus_match_signal_async(
                        m->bus, ret_unit, m->private_socket ? NULL : SYSTEMD_NAME, path, DBUS_PROPERTIES,
                        "PropertiesChanged", on_change, NULL, changed);
        if (r >= 0)
                r = manager_match(m, ret_jobs, "JobRemoved", on_change, changed);
        return r < 0 ? log_error_errno(r, "Failed to watch %s: %m", unit) : 0;
}

int unit_state_wait(
                Manager *m, const char *unit, UnitStateTest test, void *userdata, uint64_t timeout_usec) {
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *on_unit = NULL, *on_jobs = NULL;
        uint64_t deadline = timeout_usec == UINT64_MAX ? UINT64_MAX : now_usec() + timeout_usec;
        bool changed;
        int r;

        r = watch(m, unit, &changed, &on_unit, &on_jobs);
        if (r < 0)
                return r;
        for (;;) {
                _cleanup_(unit_state_done) UnitState state = UNIT_STATE_NULL;

                changed = false;
                r = unit_state_read(m, unit, &state);
                if (r < 0 || test(&state, userdata))
                        return r;
                r = wait_for_change(m, &changed, deadline);
                if (r < 0)
                        return r;
        }
}
