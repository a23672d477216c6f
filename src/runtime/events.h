/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The stream of what happens to a container. */

#include <stdbool.h>
#include <stdint.h>

typedef struct EventsOptions {
        const char *root;
        const char *id;
        bool stats;             /* statistics once, and nothing else */
        uint64_t interval_usec; /* between statistics, not 0 */
} EventsOptions;

/* "5s", "1m30s", "100ms", as Go writes durations. -EINVAL: not one, or 0; -ERANGE. Pure; does not log. */
int events_interval_parse(const char *s, uint64_t *ret_usec);

/* Prints events to stdout, a JSON object a line, until the container ends: statistics at each interval, and
 * "oom" when the kernel has killed in it for want of memory. Logs. -ENOENT: no such container; -ESRCH: it
 * does not run. */
int container_events(const EventsOptions *options);
