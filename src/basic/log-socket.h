/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two daemons that take messages over a datagram socket: journald by its native protocol, and whoever
 * listens for syslog(3). Nothing here logs. */

#include <glib.h>

typedef enum LogDaemon {
        LOG_DAEMON_JOURNAL,
        LOG_DAEMON_SYSLOG,
        _LOG_DAEMON_MAX,
} LogDaemon;

/* Connects to the daemon's socket. Returns a descriptor or a negative errno; -ENOENT, -ECONNREFUSED: nobody
 * listens. */
int log_daemon_connect(LogDaemon daemon);

/* Adds a field of journald's protocol, in the form with a length, which takes any text, newlines included.
 * Pure. */
void log_field_append(GString *out, const char *name, const char *value);

/* One message as the daemon wants it. level as of syslog(3); name is the identifier ("" is left to program).
 * Caller frees. Pure. Source: systemd's "Native Journal Protocol"; RFC 3164. */
GString *log_daemon_format(
                LogDaemon daemon, int level, const char *program, const char *name, const char *message);
