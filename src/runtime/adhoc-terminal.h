/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The terminal that berth-run gives a unit: a pty of the host's. The unit's supervisor has its one end, and
 * joins it to the container's own; the caller's terminal is joined to the other one. It is none of the
 * unit's settings (TTYPath=), because what runs after berth-run has gone could not even be executed then. */

#include "basic/cleanup.h"

typedef struct AdhocTerminal {
        int master;
        unsigned number; /* /dev/pts/NUMBER */
        int slave;       /* held open, so that a unit that restarts is not the terminal's end */
} AdhocTerminal;

#define ADHOC_TERMINAL_NULL ((AdhocTerminal) { .master = -EBADF, .slave = -EBADF })

void adhoc_terminal_done(AdhocTerminal *terminal);

/* Makes it, as large as the caller's. Logs. */
int adhoc_terminal_open(AdhocTerminal *ret);

/* The supervisor's side: makes the terminal that berth-run has for this container its stdin, stdout, stderr,
 * and the one that controls it. Does nothing when there is none, or berth-run has gone: another one may have
 * its number by now. Logs. */
int adhoc_terminal_take(const char *id);
