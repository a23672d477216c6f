/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages as entries of the journal, with the fields that a line on a stream cannot have. Nothing here
 * logs. */

#include <glib.h>
#include <stdbool.h>

typedef struct LogEntry {
        int level;              /* of syslog(3) */
        const char *program;    /* NULL: none */
        const char *container;  /* its name; NULL: unknown */
        const char *message_id; /* of message-id.h; NULL: none */
        const char *cgroup; /* of this process, where the unit that it belongs to is read; NULL: unknown */
        const char *invocation; /* of that unit, $INVOCATION_ID; NULL: unknown */
        const char *message;
} LogEntry;

/* Whether a descriptor is a stream to the journal that systemd set up ($JOURNAL_STREAM, "DEVICE:INODE", is
 * one of two when a service has different ones). */
bool stream_is_journal(int fd, const char *journal_stream);

/* The datagram of an entry. It names its unit itself: journald looks that up only when it reads the entry,
 * and by then a program that says why it gives up has ended. Caller frees. Pure. Source: systemd's "Native
 * Journal Protocol"; systemd.journal-fields(7). */
GString *log_entry_format(const LogEntry *entry);

/* Sends an entry, with the cgroup and the invocation of this process. Never waits for journald. Returns
 * false if it did not get there. */
bool log_entry_send(int fd, LogEntry *entry);
