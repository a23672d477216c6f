/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A container as a transient unit. The unit is made by systemd-run(1), which knows all there is to know
 * about properties, terminals, waiting and summaries; what runs in it is what runs in container@.service. */

#include "config/adhoc.h"
#include "runtime/adhoc-json.h"

typedef struct AdhocRun {
        const AdhocContainer *container;
        const char *unit;        /* NULL: a name of its own */
        const char *description; /* NULL: the command line */
        char **options;          /* further options for systemd-run, which win over ours */
        bool wait;               /* for the end */
        bool stay;               /* also when the payload's terminal was left */
        const char *trigger;     /* they make a unit of this kind ("timer") that starts it; NULL: none */
        AdhocJson json;
        bool ignore_failure; /* each end is a success */
        bool collect;        /* nothing is to stay when the unit fails */
} AdhocRun;

/* Checks everything that can be checked, and runs systemd-run. *ret_status is what an engine would exit
 * with: see adhoc-wait.h. With --no-block among the options, this process becomes systemd-run. Logs. */
int adhoc_run(const AdhocRun *run, int *ret_status);
