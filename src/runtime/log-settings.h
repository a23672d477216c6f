/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The settings of a service for what it writes to the journal (SyslogIdentifier= and the like,
 * systemd.exec(5), "Logging and standard input/output"), which systemd applies to streams only. journald
 * itself applies the others: LogExtraFields=, LogLevelMax=, LogRateLimit...=, LogNamespace=. */

#include <stdbool.h>
#include <syslog.h>

typedef struct LogSettings {
        char *identifier; /* SyslogIdentifier=; NULL: the container's name */
        int facility;     /* SyslogFacility=, as of syslog(3) */
        int level;        /* SyslogLevel=; -1: the default */
        bool no_prefix;   /* SyslogLevelPrefix=no */
} LogSettings;

#define LOG_SETTINGS_NULL ((LogSettings) { .facility = LOG_DAEMON, .level = -1 })

void log_settings_done(LogSettings *s);

/* Their text in a container's state, "PRIORITY PREFIX IDENTIFIER"; NULL: all have their default values.
 * syslog_priority and level_prefix as systemd has them (SyslogPriority, SyslogLevelPrefix). Caller frees.
 * Pure. */
char *log_settings_format(const char *identifier, int syslog_priority, bool level_prefix);

/* The other way. What is not such a text, NULL too, is the default values. Pure. */
void log_settings_parse(const char *text, LogSettings *ret);
