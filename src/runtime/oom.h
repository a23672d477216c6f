/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Out of memory in a container, told to systemd as such. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct OomWatch OomWatch;

typedef enum OomKiller {
        OOM_KILLER_NONE,
        OOM_KILLER_KERNEL,
        OOM_KILLER_OOMD, /* systemd-oomd: everything in the cgroup */
} OomKiller;

/* Called when processes of the cgroup have been killed for want of memory, each time. It has been logged. */
typedef void (*OomHandler)(OomKiller by, void *userdata);

/* The value of a key in a flat keyed cgroup file ("oom_kill 1"); 0 when there is none. Pure. */
uint64_t cgroup_event_count(const char *text, const char *key);

/* Watches memory.events of a cgroup (path in the unified hierarchy); without a memory controller, what
 * systemd-oomd does is still seen at the end. Logs. */
int oom_watch_new(sd_event *event, const char *cgroup, OomHandler handler, void *userdata, OomWatch **ret);

/* Looks again, for the end, when an event may be under way; calls the handler if that is news. Does nothing
 * for NULL. */
void oom_watch_check(OomWatch *w);

/* How many processes have been killed so far. Does not log. */
uint64_t oom_watch_kills(const OomWatch *w);

/* The cgroup's directory. Borrowed. */
int oom_watch_cgroup_fd(const OomWatch *w);

void oom_watch_free(OomWatch *w);
DEFINE_CLEANUP(OomWatch *, oom_watch_free);

/* Ends this process as the payload ended, in the cgroup of the service, because systemd says "oom-kill" for
 * a service only if its own cgroup has been through that: by the OOM killer, or with the mark that
 * systemd-oomd leaves, which also has to do where the cgroup is not delegated. Logs. */
_Noreturn void oom_end(OomKiller by);
