/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who stops a scope that belongs to a service means the service. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

/* What systemd sends to the processes of such a scope first: a signal that does nothing, since the service
 * sends what its payload wants. */
#define SCOPE_WATCH_SIGNAL SIGCONT

typedef struct ScopeWatch ScopeWatch;

/* Whether a job of the scope that comes now is a request: not when its processes have ended by themselves.
 */
typedef bool (*ScopeIsAlive)(void *userdata);

/* From now on, when a stop of the scope is asked for, that of the service is. Over the system bus, whose
 * signals outlive a re-execution of systemd. Strings are copied. Logs. */
int scope_watch_new(
                sd_event *event, const char *const names[static 2], ScopeIsAlive is_alive, void *userdata,
                ScopeWatch **ret);

void scope_watch_free(ScopeWatch *watch);
DEFINE_CLEANUP(ScopeWatch *, scope_watch_free);
