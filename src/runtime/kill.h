/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Signals for containers. */

#include <stdbool.h>

#include "runtime/state.h"

/* How long a process may take to be gone after SIGKILL. */
#define KILL_TIMEOUT_MS 10000

/* Sends a signal to init, or with all to every process of the container, of which there may be none. SIGKILL
 * is for every process, too, when they would outlive init: without a pid namespace. 0 only looks for init.
 * Logs. -ENOENT: no such container; -ESRCH: it does not run. */
int container_kill(const char *root, const char *id, int sig, bool all);

/* Kills what is left in the container's recorded cgroup, which must be its own, and waits until it is empty.
 * Logs. > 0: the cgroup has gone. -ETIMEDOUT: something does not die. */
int container_kill_rest(const State *state);
