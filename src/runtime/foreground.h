/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Staying with a payload that is our child: terminal, signals, exit status. */

#include "runtime/notify-route.h"

/* Blocks the signals that will be forwarded: before anything is made that one of them could leave behind. */
void foreground_block_signals(void);

/* Waits for the end of the child, passing on signals, with a master (-EBADF: none) its terminal, and with a
 * route (NULL: none) its notifications. Logs. *ret_status is the status a shell would give: that of exit, or
 * 128 + signal. Reaps the child. */
int foreground_wait(const PidRef *child, int console_master, const NotifyRoute *route, int *ret_status);
