/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

/* The main process of container@ID.service: has the container made, starts it, stays with it and ends as it
 * ended. */

/* Has a supervisor hand its container over to a successor. systemd's managers execute themselves anew on the
 * same one. */
#define SUPERVISOR_LEAVE_SIGNAL (SIGRTMIN + 25)

/* The exit status of one whose container is restarted because it is unhealthy: in the unit it is in
 * RestartForceExitStatus=. */
#define EXIT_UNHEALTHY 155

/* Does all of it for the unit, beginning with berth-prepare, which is given instance: what the unit's
 * command line names. Logs. Returns the exit status for failures of our own (1); when the payload has run,
 * this process ends as the payload did, by its exit status or its signal. */
int supervise(const char *id, const char *instance);
