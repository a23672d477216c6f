/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "runtime/state.h"

/* Stopping all processes of a container where they are, and letting them go on. */

/* Freezes the container's cgroup and waits until the kernel says that everything in it stands still. Logs.
 * -ENOENT: no such container; -EBUSY: it neither runs nor waits for its start; -ETIMEDOUT: a process is
 * stuck in the kernel, and the container goes on as before. */
int container_pause(const char *root, const char *id);

/* Thaws it. Logs. -EBUSY: it is not paused. */
int container_resume(const char *root, const char *id);

/* Thaws a container that has been asked to end, whoever froze it; does nothing for one that is not frozen.
 * Logs. */
void container_let_go_on(const State *state);
