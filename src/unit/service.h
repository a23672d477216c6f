/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an administrator wrote into the [Service] section of a container's service, for the scope its payload
 * is in. */

#include <stdbool.h>

#include "unit/manager.h"
#include "unit/property.h"

/* What a service says about its streams to the journal (systemd.exec(5)). */
typedef struct ServiceLog {
        char *identifier; /* SyslogIdentifier=; empty or NULL: not set */
        int priority;     /* SyslogFacility= and SyslogLevel= */
        bool level_prefix;
} ServiceLog;

/* As systemd has it for a service that sets nothing: daemon.info. */
#define SERVICE_LOG_NULL ((ServiceLog) { .priority = 3 << 3 | 6, .level_prefix = true })

/* Reads the resource settings of a service (systemd.resource-control(5)) that differ from the defaults, as
 * properties that a scope takes, and Slice= unless it is the default one. Merge them over those of the
 * configuration (property_list_merge()). Waits for systemd's answers without running the event loop. Logs.
 * Fails with the errors of systemd; a unit that does not exist has only defaults. Release with
 * property_list_free(), and identifier. */
int service_resource_properties(Manager *m, const char *service, PropertyList **ret, ServiceLog *ret_log);

/* How long a service may take to stop (TimeoutStopSec=), in microseconds; UINT64_MAX: forever. Waits for
 * systemd's answer without running the event loop. Logs. Fails with the errors of systemd. */
int service_stop_timeout(Manager *m, const char *service, uint64_t *ret_usec);
