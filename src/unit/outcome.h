/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a service ended, as long as systemd remembers it. */

#include <stdint.h>

#include "unit/manager.h"

typedef struct ServiceOutcome {
        int code;   /* CLD_EXITED, CLD_KILLED, CLD_DUMPED; 0: no main process has ended */
        int status; /* exit status or signal */
} ServiceOutcome;

/* Reads how the main process of a service ended. systemd forgets units that did not fail, and one of the
 * same name may have failed before: what happened before since_usec (CLOCK_REALTIME) is not told. Returns 1,
 * or 0 when nothing is known. Waits for systemd's answers without running the event loop. Logs. */
int service_outcome(Manager *m, const char *service, uint64_t since_usec, ServiceOutcome *ret);

/* Reads OOMPolicy= of a service: "continue", "stop", "kill". Waits for the answer without running the event
 * loop. Logs. Caller frees. */
int service_oom_policy(Manager *m, const char *service, char **ret);

/* Reads the bytes that a scope has received and sent; UINT64_MAX without IPAccounting=. Waits for the answer
 * without running the event loop. Logs. */
int scope_ip_bytes(Manager *m, const char *scope, uint64_t *ret_received, uint64_t *ret_sent);

/* Lets systemd forget a unit that failed. No such unit is success. Logs. */
int unit_reset_failed(Manager *m, const char *unit);
