/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <syslog.h>

#include "runtime/log-settings.h"

#include "basic/cleanup.h"

#define DEFAULT_PRIORITY (LOG_DAEMON | LOG_INFO)

void log_settings_done(LogSettings *s) {
        g_free(s->identifier);
        *s = LOG_SETTINGS_NULL;
}

char *log_settings_format(const char *identifier, int syslog_priority, bool level_prefix) {
        if (isempty(identifier) && syslog_priority == DEFAULT_PRIORITY && level_prefix)
                return NULL;
        return g_strdup_printf("%d %d %s", syslog_priority, level_prefix, identifier ?: "");
}

void log_settings_parse(const char *text, LogSettings *ret) {
        int priority, prefix, n = 0;

        *ret = LOG_SETTINGS_NULL;
        if (!text || sscanf(text, "%d %d %n", &priority, &prefix, &n) < 2 || n == 0)
                return;
        if (text[n] != '\0')
                ret->identifier = g_strdup(text + n);
        ret->facility = priority & LOG_FACMASK;
        ret->level = LOG_PRI(priority) == LOG_PRI(DEFAULT_PRIORITY) ? -1 : LOG_PRI(priority);
        ret->no_prefix = prefix == 0;
}
