/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Freezing and thawing a unit by its systemd, so that FreezerState= is what the kernel's cgroup.freeze is.
 */

#include "unit/manager.h"

/* FreezeUnit, or ThawUnit, and waits for the answer, which comes when it is done; at most timeout_usec. The
 * event loop does not run. Does not log but at debug level: what can be done without systemd is the caller's
 * knowledge. -ENOENT: no such unit; -ETIMEDOUT: systemd, or a process that is stuck in the kernel, took too
 * long; -EBUSY: systemd does not want to now (a job, a frozen slice); others: what its error stands for. */
int unit_set_frozen(Manager *m, const char *unit, bool freeze, uint64_t timeout_usec);
