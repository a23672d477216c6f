/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A container as a transient unit. The unit is made by systemd-run(1), which knows all there is to know
 * about properties, terminals, waiting and summaries; what runs in it is what runs in container@.service. */

#include "config/adhoc.h"

typedef struct AdhocRun {
        const AdhocContainer *container;
        const char *unit;        /* NULL: a name of its own */
        const char *description; /* NULL: the command line */
        char **options;          /* further options for systemd-run, which win over ours */
        bool wait;               /* they make systemd-run wait for the end */
        bool later;              /* they make it start the container by something else than us */
        bool collect;            /* nothing is to stay when the unit fails */
} AdhocRun;

/* Checks everything that can be checked, and runs systemd-run. Without wait, this process becomes
 * systemd-run; with it, *ret_status is what a shell would say of the payload: its exit status, or 128 +
 * signal; 0 also where systemd counts the end as success (SuccessExitStatus=; SIGTERM and the like). Logs.
 */
int adhoc_run(const AdhocRun *run, int *ret_status);
