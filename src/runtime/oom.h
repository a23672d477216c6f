/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Out of memory in a container, told to systemd as such. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct OomWatch OomWatch;

/* Called once, when the kernel has killed a process of the cgroup for want of memory. */
typedef void (*OomHandler)(void *userdata);

/* The value of a key in a flat keyed cgroup file ("oom_kill 1"); 0 when there is none. Pure. */
uint64_t cgroup_event_count(const char *text, const char *key);

/* Watches memory.events of a cgroup (path in the unified hierarchy). Logs. Without a memory controller there
 * is nothing to watch: returns 0 and *ret is NULL. */
int oom_watch_new(sd_event *event, const char *cgroup, OomHandler handler, void *userdata, OomWatch **ret);

/* Looks again, for the end, when an event may be under way; calls the handler if that is news. Does nothing
 * for NULL. */
void oom_watch_check(OomWatch *w);

void oom_watch_free(OomWatch *w);
DEFINE_CLEANUP(OomWatch *, oom_watch_free);

/* Ends this process as the payload ended: by the OOM killer, in the cgroup of the service, because systemd
 * says "oom-kill" for a service only if its own cgroup counted one. Needs a delegated cgroup that has no
 * other process; by SIGKILL alone when that does not work. Logs. */
_Noreturn void oom_end(void);
