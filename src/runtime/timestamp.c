/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/timestamp.h"

#include <glib.h>

char *timestamp_format(const struct timespec *time) {
        char text[sizeof "2026-01-02T03:04:05"] = "";
        struct tm tm;

        (void) gmtime_r(&time->tv_sec, &tm);
        (void) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
        return g_strdup_printf("%s.%09ldZ", text, time->tv_nsec);
}

char *timestamp_now(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        return timestamp_format(&now);
}
