/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the subscription to the properties of one service. */

#include "unit/service-watch.h"

#include <stddef.h>

#include "basic/log.h"
#include "unit/bus.h"

/* systemd that executes itself anew closes its connections, and listens again when it is done. */
#define RECONNECT_USEC (200 * UINT64_C(1000))

#define UNIT_INTERFACE    SYSTEMD_NAME ".Unit"
#define SERVICE_INTERFACE SYSTEMD_NAME ".Service"

struct ServiceWatch {
        sd_event *event;
        Manager *manager; /* NULL: systemd cannot be reached just now */
        sd_bus_slot *changes, *disconnect;
        sd_event_source *retry;
        char *service, *path;
        char *state, *sub; /* ActiveState, SubState */
        ServiceFate fate;
        ServiceEnded handler;
        void *userdata;
};

typedef struct WatchedProperty {
        const char *name;
        char type; /* D-Bus: 's' (char *, allocated), 'i', 't'; 'y': an id of bytes, as text like 's' */
        size_t offset;
} WatchedProperty;

#define AT(member) offsetof(ServiceWatch, member)

static const WatchedProperty properties[] = {
        { "ActiveState", 's', AT(state) },
        { "InvocationID", 'y', AT(fate.invocation_id) },
        { "SubState", 's', AT(sub) },
        { "Result", 's', AT(fate.result) },
        { "ExecMainCode", 'i', AT(fate.code) },
        { "ExecMainStatus", 'i', AT(fate.status) },
        { "InactiveExitTimestampMonotonic", 't', AT(fate.begin_usec) },
        { "InactiveEnterTimestampMonotonic", 't', AT(fate.end_usec) },
};

static const WatchedProperty *find_property(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].name, name))
                        return properties + i;
        return NULL;
}

/* None between two starts: the latest one stays. */
static int store_id(char **id, sd_bus_message *m) {
        GString *text;
        int r = sd_bus_message_enter_container(m, 'v', "ay");
        uint8_t byte;

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "y");
        if (r < 0)
                return r;
        text = g_string_new(NULL);
        while ((r = sd_bus_message_read_basic(m, 'y', &byte)) > 0)
                g_string_append_printf(text, "%02x", byte);
        if (text->len > 0) {
                g_free(*id);
                *id = g_strdup(text->str);
        }
        g_string_free(text, TRUE);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int store(ServiceWatch *w, const WatchedProperty *p, sd_bus_message *m) {
        void *member = (char *) w + p->offset;
        const char *text;
        int r;

        if (p->type == 'y')
                return store_id(member, m);
        if (p->type != 's')
                return sd_bus_message_read(m, "v", (const char[]) { p->type, '\0' }, member);
        r = sd_bus_message_read(m, "v", "s", &text);
        if (r >= 0) {
                g_free(*(char **) member);
                *(char **) member = g_strdup(text);
        }
        return r;
}

/* a{sv} */
static int store_all(ServiceWatch *w, sd_bus_message *m) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const WatchedProperty *p;
                const char *name;

                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        return r;
                p = find_property(name);
                r = p ? store(w, p, m) : sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static bool is_dead(const char *sub) {
        return sub && (streq(sub, "dead") || streq(sub, "failed"));
}

/* A service that is restarted passes through being dead, by itself or on its way to another job. So it is
 * asked how it is when that is done; one that is not known any more is dead. */
static bool is_over(ServiceWatch *w) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *sub = NULL;
        uint32_t job = 0;

        if (!is_dead(w->sub))
                return false;
        if (sd_bus_get_property_string(
                            w->manager->bus, SYSTEMD_NAME, w->path, UNIT_INTERFACE, "SubState", NULL, &sub) <
            0)
                return true;
        if (sd_bus_get_property(
                            w->manager->bus, SYSTEMD_NAME, w->path, UNIT_INTERFACE, "Job", NULL, &reply,
                            "(uo)") >= 0)
                (void) sd_bus_message_read(reply, "(uo)", &job, NULL);
        return is_dead(sub) && job == 0;
}

static void judge(ServiceWatch *w) {
        const char *state = w->state;

        if (!state || w->fate.ended)
                return;
        if (!streq(state, "inactive") && !streq(state, "failed"))
                w->fate.begun = true;
        if (streq(state, "active") || streq(state, "reloading"))
                w->fate.active = true;
        if (w->fate.begun && is_over(w)) {
                w->fate.ended = true;
                w->handler(w->userdata);
        }
}

static int on_change(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        ServiceWatch *w = userdata;
        const char *interface;
        int r;

        r = sd_bus_message_read_basic(m, 's', &interface);
        if (r >= 0 && (streq(interface, UNIT_INTERFACE) || streq(interface, SERVICE_INTERFACE)))
                r = store_all(w, m);
        if (r < 0)
                log_debug_errno(r, "Failed to read what systemd says about %s: %m", w->service);
        judge(w);
        return 0;
}

static int connect_again(ServiceWatch *w);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        ServiceWatch *w = userdata;

        w->retry = sd_event_source_disable_unref(w->retry);
        return connect_again(w);
}

static void disconnect(ServiceWatch *w) {
        w->changes = sd_bus_slot_unref(w->changes);
        w->disconnect = sd_bus_slot_unref(w->disconnect);
        manager_freep(&w->manager);
        w->manager = NULL;
}

static int retry_later(ServiceWatch *w) {
        disconnect(w);
        return sd_event_add_time_relative(
                        w->event, &w->retry, CLOCK_MONOTONIC, RECONNECT_USEC, 0, on_retry, w);
}

/* Not from within a message of the connection that is to go. */
static int on_disconnect(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        ServiceWatch *w = userdata;

        if (w->retry)
                return 0;
        return sd_event_add_time_relative(w->event, &w->retry, CLOCK_MONOTONIC, 0, 0, on_retry, w);
}

static int subscribe(ServiceWatch *w) {
        const char *sender = w->manager->private_socket ? NULL : SYSTEMD_NAME;
        int r;

        r = sd_bus_match_signal_async(
                        w->manager->bus, &w->changes, sender, w->path, DBUS_PROPERTIES, "PropertiesChanged",
                        on_change, NULL, w);
        if (r >= 0)
                r = sd_bus_match_signal_async(
                                w->manager->bus, &w->disconnect, NULL, "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnect, NULL, w);
        return r;
}

static int read_interface(ServiceWatch *w, const char *interface) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_call_method(
                        w->manager->bus, SYSTEMD_NAME, w->path, DBUS_PROPERTIES, "GetAll", NULL, &reply, "s",
                        interface);
        return r < 0 ? r : store_all(w, reply);
}

/* What was missed. A service that ended meanwhile with success is one that systemd does not know any more;
 * it answers for it as for any that could be. */
static int connect_again(ServiceWatch *w) {
        int r;

        disconnect(w);
        r = manager_try_connect(manager_ours(), w->event, &w->manager);
        if (r >= 0)
                r = subscribe(w);
        if (r >= 0)
                r = read_interface(w, UNIT_INTERFACE);
        if (r >= 0)
                r = read_interface(w, SERVICE_INTERFACE);
        if (r < 0)
                return retry_later(w);
        judge(w);
        return 0;
}

int service_watch_new(
                sd_event *event, const char *service, ServiceEnded handler, void *userdata,
                ServiceWatch **ret) {
        _cleanup_(service_watch_freep) ServiceWatch *w = g_new0(ServiceWatch, 1);
        int r;

        w->event = sd_event_ref(event);
        w->service = g_strdup(service);
        w->path = unit_object_path(service);
        w->handler = handler;
        w->userdata = userdata;
        r = manager_connect(manager_ours(), event, &w->manager);
        if (r < 0)
                return r;
        r = subscribe(w);
        if (r < 0)
                return log_error_errno(r, "Failed to watch %s: %m", service);
        *ret = TAKE_PTR(w);
        return 0;
}

const ServiceFate *service_watch_fate(const ServiceWatch *w) {
        return &w->fate;
}

/* Its signals come in the order in which things happened, and before the answer to a later call. */
int service_watch_sync(ServiceWatch *w) {
        int r;

        if (!w->manager)
                return -ENOTCONN;
        r = sd_bus_call_method(
                        w->manager->bus, SYSTEMD_NAME, SYSTEMD_PATH, "org.freedesktop.DBus.Peer", "Ping",
                        NULL, NULL, NULL);
        while (r >= 0 && w->manager && (r = sd_bus_process(w->manager->bus, NULL)) > 0)
                ;
        return r;
}

void service_watch_free(ServiceWatch *w) {
        disconnect(w);
        sd_event_source_disable_unref(w->retry);
        sd_event_unref(w->event);
        g_free(w->service);
        g_free(w->path);
        g_free(w->state);
        g_free(w->sub);
        g_free(w->fate.result);
        g_free(w->fate.invocation_id);
        g_free(w);
}
