/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the calls that are waited for: a start in one step, and what is done to a scope that exists. All but
 * the start wait on the connection alone: the caller's event loop does not run meanwhile. */

#include <time.h>

#include "basic/log.h"
#include "unit/bus.h"
#include "unit/scope.h"

typedef struct ScopeResult {
        bool done;
        int error;
        char *cgroup_path;
} ScopeResult;

static void store_result(int error, const char *cgroup_path, void *userdata) {
        ScopeResult *result = userdata;

        *result = (ScopeResult) { true, error, g_strdup(cgroup_path) };
}

int scope_start_wait(Manager *m, const ScopeOptions *options, char **ret_cgroup_path) {
        _cleanup_(scope_start_freep) ScopeStart *s = NULL;
        ScopeResult result = { 0 };
        int r;

        r = scope_start(m, options, store_result, &result, &s);
        if (r < 0)
                return r;
        while (!result.done) {
                r = sd_event_run(m->event, UINT64_MAX);
                if (r < 0)
                        return log_error_errno(r, "Failed to wait for %s: %m", options->name);
        }
        if (result.error < 0)
                return result.error;
        *ret_cgroup_path = result.cgroup_path;
        return 0;
}

typedef struct JobWait {
        char *job;
        char *result; /* NULL: still running */
} JobWait;

static void job_wait_done(JobWait *wait) {
        g_free(wait->job);
        g_free(wait->result);
}

static int on_job_removed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error) {
        JobWait *wait = userdata;
        const char *job, *result;
        uint32_t id;

        if (wait->job && sd_bus_message_read(signal, "uoss", &id, &job, NULL, &result) > 0 &&
            streq(job, wait->job)) {
                g_free(wait->result);
                wait->result = g_strdup(result);
        }
        return 0;
}

static uint64_t now_usec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int wait_for_job(Manager *m, const JobWait *wait) {
        uint64_t deadline = now_usec() + SCOPE_TIMEOUT_USEC;

        while (!wait->result) {
                uint64_t now = now_usec();
                int r;

                r = sd_bus_process(m->bus, NULL);
                if (r == 0 && now >= deadline)
                        return -ETIMEDOUT;
                if (r == 0)
                        r = sd_bus_wait(m->bus, deadline - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return 0;
}

/* Returns 1 when a job was queued, 0 when there is no such unit. */
static int stop_unit(Manager *m, const char *name, char **ret_job) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *job;
        int r;

        r = manager_message(m, "StopUnit", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", name, SCOPE_STOP_MODE);
        if (r < 0)
                return log_error_errno(r, "Failed to stop %s: %m", name);
        r = sd_bus_call(m->bus, call, BUS_CALL_TIMEOUT_USEC, &error, &reply);
        if (r < 0 && error_to_errno(&error) == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(
                                error_to_errno(&error), "Failed to stop %s: %s", name, error_text(&error));
        r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return log_error_errno(r, "Failed to read systemd's answer about %s: %m", name);
        *ret_job = g_strdup(job);
        return 1;
}

/* A scope that failed stays loaded when its CollectMode= was changed. Units that are gone are what is
 * wanted. */
static void reset_failed(Manager *m, const char *name) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_call_method(
                            m->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "ResetFailedUnit", &error,
                            NULL, "s", name) < 0)
                log_debug("systemd about resetting %s: %s", name, error_text(&error));
}

int scope_stop(Manager *m, const char *name, bool wait) {
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        _cleanup_(job_wait_done) JobWait job = { 0 };
        int r;

        if (wait) {
                r = manager_match(m, &slot, "JobRemoved", on_job_removed, &job);
                if (r < 0)
                        return log_error_errno(r, "Failed to watch for the end of %s: %m", name);
        }
        r = stop_unit(m, name, &job.job);
        if (r <= 0 || !wait)
                return r < 0 ? r : 0;
        r = wait_for_job(m, &job);
        if (r < 0)
                return log_error_errno(r, "Failed to wait until %s is stopped: %m", name);
        reset_failed(m, name);
        return 0;
}

/* Returns 1 when the unit exists and has no processes, 0 when it has some or does not exist. */
static int is_empty(Manager *m, const char *name) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(
                        m->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "GetUnitProcesses", &error,
                        &reply, "s", name);
        if (r < 0 && error_to_errno(&error) == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(
                                error_to_errno(&error), "Failed to look at %s: %s", name,
                                error_text(&error));
        r = sd_bus_message_enter_container(reply, 'a', "(sus)");
        if (r >= 0)
                r = sd_bus_message_at_end(reply, /* complete= */ false);
        return r < 0 ? log_error_errno(r, "Failed to read systemd's answer about %s: %m", name) : r > 0;
}

int scope_stop_if_empty(Manager *m, const char *name) {
        int r;

        r = is_empty(m, name);
        return r > 0 ? scope_stop(m, name, /* wait= */ true) : r;
}

int scope_set_properties(Manager *m, const char *name, const PropertyList *properties) {
        _cleanup_(property_list_freep) PropertyList *rest = property_list_copy(properties);

        while (rest->items->len > 0) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                int r;

                r = manager_message(m, "SetUnitProperties", &call);
                if (r >= 0)
                        r = sd_bus_message_append(call, "sb", name, true);
                if (r >= 0)
                        r = message_append_properties(call, rest);
                if (r < 0)
                        return log_error_errno(r, "Failed to ask systemd to change %s: %m", name);
                r = sd_bus_call(m->bus, call, BUS_CALL_TIMEOUT_USEC, &error, NULL);
                if (r >= 0)
                        return 0;
                if (!drop_unknown_property(rest, name, &error))
                        return log_error_errno(
                                        error_to_errno(&error), "Failed to change %s: %s", name,
                                        error_text(&error));
        }
        return 0;
}

int scope_attach(Manager *m, const char *name, const char *below, pid_t pid) {
        _cleanup_free_ char *what = g_strdup_printf("move process %d into %s", (int) pid, name);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        uint32_t number = (uint32_t) pid;
        int r;

        r = manager_message(m, "AttachProcessesToUnit", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", name, below);
        if (r >= 0)
                r = sd_bus_message_append_array(call, 'u', &number, sizeof number);
        if (r < 0)
                return log_error_errno(r, "Failed to %s: %m", what);
        return manager_call(m, call, what, /* ret_reply= */ NULL);
}
