/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* systemd-run makes the unit; what happens next is seen here: whether the payload ran at all, its terminal,
 * and its end. */

#include <stdbool.h>

#include "runtime/adhoc-json.h"
#include "runtime/adhoc-terminal.h"

typedef struct AdhocWait {
        const char *unit, *id;
        char **argv;                   /* of systemd-run */
        const AdhocTerminal *terminal; /* of the unit; NULL: it has none */
        const char *trigger;           /* the unit that will start it; NULL: systemd-run does */
        AdhocJson json;
        bool wait; /* for the payload's end, not only for its start */
        bool stay; /* also after the terminal was left */
        bool quiet;
        bool ignore_failure; /* each end is a success */
        bool collect;        /* let systemd forget a unit that failed */
} AdhocWait;

/* Executes systemd-run and waits. *ret_status: the payload's exit status, or 128 + signal; 0 when it has
 * started, or runs and its terminal was left; one of those in exec-status.h. Logs. */
int adhoc_wait(const AdhocWait *wait, int *ret_status);
