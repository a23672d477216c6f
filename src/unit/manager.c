/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the connection to systemd: which socket or bus, the connection's state, and calls that are waited
 * for. Knows nothing about units. */

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "unit/bus.h"

/* connect() to a listening socket waits only while its backlog is full: not for longer than this. */
#define CONNECT_TIMEOUT_SEC 10

/* Not sd_bus_set_address(): that connects without blocking, and fails with EAGAIN when many start at once.
 */
static int connect_socket(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct timeval timeout = { .tv_sec = CONNECT_TIMEOUT_SEC };
        _cleanup_close_ int fd = -EBADF;

        if (strlen(path) >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return negative_errno();
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0)
                return negative_errno();
        if (connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
                return negative_errno();
        return TAKE_FD(fd);
}

/* Without bus_client there is no Hello, and matches are not sent anywhere: systemd sends all its signals
 * here. */
static int open_private(const char *path, sd_bus **ret) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = connect_socket(path);
        if (fd < 0)
                return fd;
        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_fd(bus, fd, fd);
        if (r < 0)
                return r;
        TAKE_FD(fd);
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

/* Signals about units go over a bus only to those who subscribed. Sent and forgotten: calls that follow are
 * answered later. */
static int open_bus(bool user, sd_bus **ret) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        int r;

        r = user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(
                        bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", NULL, NULL,
                        NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

static int private_socket_path(bool user, char **ret) {
        const char *runtime_dir;

        if (!user) {
                *ret = g_strdup("/run/systemd/private");
                return 0;
        }
        runtime_dir = getenv("XDG_RUNTIME_DIR");
        if (isempty(runtime_dir))
                return -ENXIO;
        *ret = g_strdup_printf("%s/systemd/private", runtime_dir);
        return 0;
}

static int manager_open(Manager *m) {
        const char *bus_name = m->user ? "the user bus" : "the system bus";
        _cleanup_free_ char *path = NULL;
        int r, q;

        r = private_socket_path(m->user, &path);
        if (r < 0)
                return log_error_errno(
                                r,
                                "Failed to find the systemd of uid %u: $XDG_RUNTIME_DIR is not set; log in "
                                "with a "
                                "session, or use \"loginctl enable-linger\" and set it to /run/user/%u",
                                geteuid(), geteuid());
        q = open_private(path, &m->bus);
        if (q >= 0) {
                m->private_socket = true;
                m->description = g_strdup_printf("the socket %s", path);
                return 0;
        }
        log_debug_errno(q, "Failed to connect to '%s', trying %s: %m", path, bus_name);
        r = open_bus(m->user, &m->bus);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to connect to systemd: '%s' says '%s', %s says '%m'", path,
                                g_strerror(-q), bus_name);
        m->description = g_strdup(bus_name);
        return 0;
}

int manager_connect(bool user, sd_event *event, Manager **ret) {
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        if (sd_booted() <= 0)
                return log_error_errno(
                                -EHOSTDOWN,
                                "systemd is not running here (there is no /run/systemd/system): containers "
                                "need it for their "
                                "scopes; --cgroup-manager=cgroupfs or disabled does without");
        m = g_new0(Manager, 1);
        m->user = user;
        m->event = sd_event_ref(event);
        r = manager_open(m);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(m->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return log_error_errno(r, "Failed to watch %s: %m", m->description);
        *ret = TAKE_PTR(m);
        return 0;
}

void manager_free(Manager *m) {
        if (!m)
                return;
        if (m->bus)
                (void) sd_bus_detach_event(m->bus);
        sd_bus_close_unref(m->bus);
        sd_event_unref(m->event);
        g_free(m->description);
        g_free(m);
}

sd_event *manager_event(Manager *m) {
        return m->event;
}

bool manager_is_user(const Manager *m) {
        return m->user;
}

const char *manager_description(const Manager *m) {
        return m->description;
}

void manager_authenticate(Manager *m) {
        while (sd_bus_is_ready(m->bus) == 0 && sd_bus_process(m->bus, NULL) > 0)
                ;
}

int manager_message(Manager *m, const char *method, sd_bus_message **ret) {
        return sd_bus_message_new_method_call(
                        m->bus, ret, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, method);
}

int manager_call(Manager *m, sd_bus_message *call, const char *what, sd_bus_message **ret_reply) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(m->bus, call, BUS_CALL_TIMEOUT_USEC, &error, ret_reply);
        if (r < 0)
                return log_error_errno(error_to_errno(&error), "Failed to %s: %s", what, error_text(&error));
        return 0;
}

int manager_match(
                Manager *m, sd_bus_slot **ret, const char *member, sd_bus_message_handler_t handler,
                void *userdata) {
        /* Messages on systemd's own socket carry no sender that could be compared. */
        return sd_bus_match_signal_async(
                        m->bus, ret, m->private_socket ? NULL : SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                        member, handler, NULL, userdata);
}
