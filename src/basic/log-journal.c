/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log-journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "basic/cleanup.h"
#include "basic/log-socket.h"
#include "basic/macro.h"
#include "basic/process-util.h"
#include "basic/unit-name.h"

static bool is_journal_socket(int fd) {
        struct sockaddr_un sa = { 0 };
        socklen_t size = sizeof sa - 1;

        return getpeername(fd, (struct sockaddr *) &sa, &size) >= 0 && sa.sun_family == AF_UNIX &&
                        startswith(sa.sun_path, "/run/systemd/journal") &&
                        g_str_has_suffix(sa.sun_path, "/stdout");
}

bool stream_is_journal(int fd, const char *journal_stream) {
        uint64_t device, inode;
        struct stat st;

        if (!journal_stream || sscanf(journal_stream, "%" SCNu64 ":%" SCNu64, &device, &inode) != 2)
                return false;
        if (fstat(fd, &st) < 0)
                return false;
        return (st.st_dev == device && st.st_ino == inode) ||
                        (S_ISSOCK(st.st_mode) && is_journal_socket(fd));
}

static void append_unit(GString *out, const char *cgroup, const char *invocation) {
        _cleanup_free_ char *unit = NULL;
        bool user;

        unit = unit_name_of_cgroup(cgroup, &user);
        if (!unit)
                return;
        log_field_append(out, "UNIT", unit); /* for the catalog */
        log_field_append(out, user ? "USER_UNIT" : "OBJECT_SYSTEMD_UNIT", unit);
        if (invocation)
                log_field_append(
                                out, user ? "USER_INVOCATION_ID" : "OBJECT_SYSTEMD_INVOCATION_ID",
                                invocation);
}

GString *log_entry_format(const LogEntry *entry) {
        GString *out = g_string_new(NULL);

        g_string_append_printf(out, "PRIORITY=%d\n", entry->level);
        if (entry->message_id)
                g_string_append_printf(out, "MESSAGE_ID=%s\n", entry->message_id);
        if (entry->program)
                log_field_append(out, "SYSLOG_IDENTIFIER", entry->program);
        if (entry->container)
                log_field_append(out, "CONTAINER_NAME", entry->container);
        if (entry->cgroup)
                append_unit(out, entry->cgroup, entry->invocation);
        log_field_append(out, "MESSAGE", entry->message);
        return out;
}

bool log_entry_send(int fd, LogEntry *entry) {
        _cleanup_string_ GString *datagram = NULL;
        _cleanup_free_ char *cgroup = NULL;

        if (pid_cgroup(/* pid= */ 0, &cgroup) >= 0)
                entry->cgroup = cgroup;
        entry->invocation = getenv("INVOCATION_ID");
        datagram = log_entry_format(entry);
        entry->cgroup = NULL;
        return send(fd, datagram->str, datagram->len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}
