/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log-socket.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#include "basic/socket-util.h"

static const char *const socket_paths[_LOG_DAEMON_MAX] = {
        [LOG_DAEMON_JOURNAL] = "/run/systemd/journal/socket",
        [LOG_DAEMON_SYSLOG] = "/dev/log",
};

int log_daemon_connect(LogDaemon daemon) {
        return socket_connect_unix(socket_paths[daemon], SOCK_DGRAM);
}

void log_field_append(GString *out, const char *name, const char *value) {
        uint64_t size = GUINT64_TO_LE((uint64_t) strlen(value));

        g_string_append_printf(out, "%s\n", name);
        g_string_append_len(out, (const char *) &size, sizeof size);
        g_string_append_printf(out, "%s\n", value);
}

GString *log_daemon_format(
                LogDaemon daemon, int level, const char *program, const char *name, const char *message) {
        GString *out = g_string_new(NULL);

        if (daemon == LOG_DAEMON_SYSLOG) {
                g_string_append_printf(
                                out, "<%d>%s: %s", LOG_MAKEPRI(LOG_USER, level), *name ? name : program,
                                message);
                return out;
        }
        g_string_append_printf(out, "PRIORITY=%d\n", level);
        log_field_append(out, "SYSLOG_IDENTIFIER", *name ? name : program);
        log_field_append(out, "MESSAGE", message);
        return out;
}
