/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between ExecReload= of the unit and the supervisor: the socket CONTROL_SOCKET in the unit's directory
 * (SOCK_SEQPACKET). Who connects wants a reload, gets one message when it is over, and calls it off by
 * closing the connection. */

#define CONTROL_SOCKET "control"

/* First byte of the message; behind RELOAD_FAILED follows the reason. */
#define RELOAD_DONE   '+'
#define RELOAD_FAILED '-'

#define RELOAD_REASON_MAX 512

/* Has the container of a unit reloaded, and waits for it. Logs. -ENOENT: it does not run; -EIO: the reload
 * failed. */
int reload_request(const char *id);
