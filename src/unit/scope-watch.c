/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the subscription to the jobs of one scope. */

#include "unit/scope-watch.h"

#include "basic/log.h"
#include "unit/bus.h"

struct ScopeWatch {
        sd_bus *bus;
        char *scope, *service;
        ScopeIsAlive is_alive;
        void *userdata;
};

void scope_watch_free(ScopeWatch *watch) {
        if (!watch)
                return;
        (void) sd_bus_detach_event(watch->bus);
        sd_bus_close_unref(watch->bus);
        g_free(watch->scope);
        g_free(watch->service);
        g_free(watch);
}

/* A scope that runs gets no other job than one to stop. */
static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        ScopeWatch *w = userdata;
        const char *job, *unit;
        uint32_t id;

        if (!sd_bus_message_is_signal(m, SYSTEMD_MANAGER, "JobNew") ||
            sd_bus_message_read(m, "uos", &id, &job, &unit) < 0 || !streq(unit, w->scope))
                return 0;
        if (w->is_alive(w->userdata) &&
            sd_bus_call_method_async(
                            w->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit", NULL,
                            NULL, "ss", w->service, "replace") < 0)
                log_warning("Failed to ask for the stop of %s", w->service);
        return 0;
}

/* The bus compares the third argument, libsystemd does not behind one that is no string: hence a filter. */
static int subscribe(ScopeWatch *w, sd_event *event) {
        _cleanup_free_ char *match =
                        g_strdup_printf("type='signal',sender='" SYSTEMD_NAME "',path='" SYSTEMD_PATH
                                        "',interface='" SYSTEMD_MANAGER "',member='JobNew',arg2='%s'",
                                        w->scope);
        int r;

        r = sd_bus_open_system(&w->bus);
        if (r >= 0)
                r = sd_bus_attach_event(w->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_add_filter(w->bus, NULL, on_job, w);
        if (r >= 0)
                r = sd_bus_call_method_async(
                                w->bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus", "AddMatch", NULL, NULL, "s", match);
        if (r >= 0)
                r = sd_bus_call_method_async(
                                w->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", NULL,
                                NULL, NULL);
        return r < 0 ? r : 0;
}

int scope_watch_new(
                sd_event *event, const char *const names[static 2], ScopeIsAlive is_alive, void *userdata,
                ScopeWatch **ret) {
        _cleanup_(scope_watch_freep) ScopeWatch *w = g_new0(ScopeWatch, 1);
        int r;

        w->scope = g_strdup(names[0]);
        w->service = g_strdup(names[1]);
        w->is_alive = is_alive;
        w->userdata = userdata;
        r = subscribe(w, event);
        if (r < 0)
                return log_error_errno(r, "Failed to watch %s over the system bus: %m", names[0]);
        *ret = TAKE_PTR(w);
        return 0;
}
