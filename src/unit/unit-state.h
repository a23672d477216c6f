/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd says a unit is doing, now and until it does something else. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "unit/manager.h"

typedef struct UnitState {
        char *active;   /* "active", "inactive", "failed", "activating", ... */
        char *sub;      /* "running", "auto-restart", ... */
        char *job;      /* kind of the job that waits or runs: "start", "stop", "restart", ...; NULL: none */
        pid_t main_pid; /* of a service; 0: none */
} UnitState;

#define UNIT_STATE_NULL ((UnitState) { 0 })

void unit_state_done(UnitState *state);

/* Asks for the state of a unit. One that does not exist is "inactive". Waits for systemd's answers
 * without running the event loop. Logs. */
int unit_state_read(Manager *m, const char *unit, UnitState *ret);

/* Whether what was waited for has come. */
typedef bool (*UnitStateTest)(const UnitState *state, void *userdata);

/* Reads the state now and whenever systemd says that the unit has changed, until the test says yes. Does not
 * run the event loop. Logs, but for -ETIMEDOUT: timeout_usec have passed (UINT64_MAX: none). */
int unit_state_wait(Manager *m, const char *unit, UnitStateTest test, void *userdata, uint64_t timeout_usec);
