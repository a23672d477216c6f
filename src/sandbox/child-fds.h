/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The descriptors of init: what it keeps of its parent's, what its payload gets. */

#include "basic/report.h"
#include "sandbox/child.h"

/* Closes what the parent happened to have open: its bus connection, its event loop, the host's directories.
 * Does not log. */
int child_close_inherited(SandboxContext *context);

/* Puts the payload's descriptors at 3 and up, and behind them the one that exec closes; nothing else is
 * left. Logs. */
int child_arrange_fds(SandboxContext *context, const Report *start);
