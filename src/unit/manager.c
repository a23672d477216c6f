/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the connection to systemd: which socket or bus, the connection's state, and calls that are waited
 * for. Knows nothing about units. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/user-namespace.h"
#include "unit/bus.h"

/* connect() to a listening socket waits only while its backlog is full: not for longer than this. */
#define CONNECT_TIMEOUT_SEC 10

#define SYSTEM_SOCKET "/run/systemd/private"

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

/* A pid that we tell it would be another process there. */
static bool counts_other_pids(int fd) {
        struct ucred peer;
        socklen_t size = sizeof peer;

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) >= 0 && peer.pid == 0;
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
        if (counts_other_pids(fd))
                return -EREMOTE;
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

/* The directory of a user's sockets. NULL: there is none. */
static char *runtime_dir(uid_t uid) {
        const char *dir = uid == geteuid() ? getenv("XDG_RUNTIME_DIR") : NULL;
        _cleanup_free_ char *usual = NULL;

        if (!isempty(dir))
                return g_strdup(dir);
        usual = g_strdup_printf("/run/user/%u", uid);
        return access(usual, F_OK) >= 0 ? TAKE_PTR(usual) : NULL;
}

static char *private_socket_path(ManagerOwner owner) {
        _cleanup_free_ char *dir = NULL;

        if (!owner.user)
                return g_strdup(SYSTEM_SOCKET);
        dir = runtime_dir(owner.uid);
        return dir ? g_strdup_printf("%s/systemd/private", dir) : NULL;
}

static char *user_bus_address(void) {
        const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *dir = getenv("XDG_RUNTIME_DIR");

        if (!isempty(address))
                return g_strdup(address);
        return isempty(dir) ? NULL : g_strdup_printf("unix:path=%s/bus", dir);
}

static int log_no_user_manager(const char *path, int private_error, int bus_error) {
        _cleanup_free_ char *address = user_bus_address();

        return log_error_errno(
                        bus_error,
                        "Failed to connect to the systemd of uid %u: %s '%s', the user bus (%s): %m; log in "
                        "with a session, or start user@%u.service with \"loginctl enable-linger\"",
                        geteuid(), path ? path : "$XDG_RUNTIME_DIR/systemd/private (which is not set)",
                        g_strerror(-private_error),
                        address ? address : "neither $DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR is set",
                        geteuid());
}

static int open_fallback(Manager *m, const char *path, int error) {
        const char *bus_name = m->user ? "the user bus" : "the system bus";
        int r;

        log_debug_errno(error, "Failed to connect to '%s', trying %s: %m", path ? path : "", bus_name);
        r = open_bus(m->user, &m->bus);
        if (r < 0 && m->user)
                return log_no_user_manager(path, error, r);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to connect to systemd: '%s' says '%s', %s says '%m'", path,
                                g_strerror(-error), bus_name);
        m->description = g_strdup(bus_name);
        return 0;
}

static int manager_open(Manager *m, ManagerOwner owner) {
        _cleanup_free_ char *path = private_socket_path(owner);
        int r;

        r = path ? open_private(path, &m->bus) : -ENXIO;
        if (r == -EREMOTE)
                return log_error_errno(
                                r,
                                "The systemd behind '%s' is in another pid namespace: it would take our "
                                "processes for others",
                                path);
        /* A bus serves its own user. */
        if (r < 0 && owner.user && owner.uid != geteuid())
                return log_error_errno(
                                r, "Failed to connect to the systemd of uid %u, '%s': %m", owner.uid,
                                path ? path : "");
        if (r < 0)
                return open_fallback(m, path, r);
        m->private_socket = true;
        m->description = g_strdup_printf("the socket %s", path);
        return 0;
}

ManagerOwner manager_ours(void) {
        struct stat st;
        bool system;

        /* In a user namespace, what belongs to root outside looks like the overflow uid's. */
        system = geteuid() == 0 && (stat(SYSTEM_SOCKET, &st) >= 0 ? st.st_uid == 0 : system_is_ours());
        return (ManagerOwner) { .user = !system, .uid = geteuid() };
}

int manager_connect(ManagerOwner owner, sd_event *event, Manager **ret) {
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        if (sd_booted() <= 0)
                return log_error_errno(
                                -EHOSTDOWN,
                                "systemd is not running here (there is no /run/systemd/system): containers "
                                "need it for their "
                                "scopes; --cgroup-manager=cgroupfs or disabled does without");
        m = g_new0(Manager, 1);
        m->user = owner.user;
        m->event = sd_event_ref(event);
        r = manager_open(m, owner);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(m->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return log_error_errno(r, "Failed to watch %s: %m", m->description);
        *ret = TAKE_PTR(m);
        return 0;
}

int manager_try_connect(ManagerOwner owner, sd_event *event, Manager **ret) {
        int level = log_get_level(), r;

        if (level < LOG_DEBUG)
                log_set_level(LOG_CRIT);
        r = manager_connect(owner, event, ret);
        log_set_level(level);
        return r;
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
