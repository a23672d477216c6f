/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Transient scopes: one per container. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "unit/manager.h"
#include "unit/property.h"

#define SCOPE_TIMEOUT_USEC (UINT64_C(30) * 1000 * 1000)

typedef struct ScopeOptions {
        const char *name;        /* "berth-web.scope" */
        const char *slice;       /* "machine.slice"; NULL: systemd's default */
        const char *description; /* NULL: none */
        pid_t pid; /* moved into the scope; alive, and not reaped while the start is under way */
        const PropertyList *properties; /* limits and annotations; win over the defaults. May be NULL */
        uint64_t timeout_usec;          /* 0: SCOPE_TIMEOUT_USEC */
} ScopeOptions;

/* A start that is under way. */
typedef struct ScopeStart ScopeStart;

/* The start has ended; called exactly once, from the event loop. error 0: the process is in the scope, and
 * cgroup_path is its cgroup ("/machine.slice/berth-web.scope", borrowed). Negative errno: a message was
 * logged, and the scope is stopped: -EEXIST: a unit of that name exists and has processes, or does not go
 * away; -ESRCH: the process ended before it could be moved; -ETIMEDOUT: systemd did not answer in time (it
 * gets the scope removed when the process ends: kill it); -ECONNRESET: systemd closed the connection; -EIO:
 * the job failed; others: what systemd's error stands for. The callback may free the ScopeStart. */
typedef void (*ScopeDone)(int error, const char *cgroup_path, void *userdata);

/* Asks systemd for the scope (StartTransientUnit, with all properties in the one call) and returns without
 * waiting; the rest happens in the manager's event loop, where the caller watches its child at the same
 * time. A failed unit of that name is reset; one whose processes have ended is waited for; optional
 * properties that systemd refuses are left out. Defaults: Delegate=yes, DefaultDependencies=no,
 * CollectMode=inactive-or-failed, accounting of CPU, IO, memory, tasks. Options are copied. Logs. Returns 0
 * or the negative errno of sending; done is not called then. */
int scope_start(Manager *m, const ScopeOptions *options, ScopeDone done, void *userdata, ScopeStart **ret);

/* Releases it. When the start is still under way, done will not be called, and systemd is told to stop what
 * it may have made (not waited for: the caller kills the process, too). */
void scope_start_free(ScopeStart *s);
DEFINE_CLEANUP(ScopeStart *, scope_start_free);

/* scope_start() and the manager's event loop until it has ended: other sources of the loop run, too. The
 * same outcomes. Caller frees *ret_cgroup_path. */
int scope_start_wait(Manager *m, const ScopeOptions *options, char **ret_cgroup_path);

/* Moves one more process into the scope, or into the cgroup "/a/b" below it ("": the scope's own). Does not
 * run the event loop. Logs. -EACCES: the process is not the caller's. */
int scope_attach(Manager *m, const char *name, const char *below, pid_t pid);

/* Stops the scope (StopUnit, mode replace): systemd sends SIGTERM and later SIGKILL to what is left in it.
 * Waits for systemd's answer; with wait also until the job is done, and resets a failed unit, so that the
 * name is free. Does not run the event loop. No such unit is success. Logs. -ETIMEDOUT: the job took longer
 * than 30 s. */
int scope_stop(Manager *m, const char *name, bool wait);

/* scope_stop() with wait, for a scope of which only the name is known: one that has processes may be
 * somebody else's, and is left alone. Logs. */
int scope_stop_if_empty(Manager *m, const char *name);

/* Changes properties of a unit that runs, until it ends (SetUnitProperties, runtime). Optional ones that
 * systemd does not know are left out. Does not run the event loop. Logs. -ENOENT: no such unit. */
int scope_set_properties(Manager *m, const char *name, const PropertyList *properties);
