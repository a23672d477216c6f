/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The container that berth-run's command line asks for. */

#include "cli/run-options.h"
#include "config/adhoc.h"

/* What an AdhocContainer borrows, beside the command line. */
typedef struct RunContainer {
        AdhocContainer container;
        char *rootfs, *bundle, *image, *directory;
        char **command, **volumes;
} RunContainer;

void run_container_done(RunContainer *container);

/* Paths become those that the unit will see: absolute. Changes nothing. Logs. -EINVAL: the directory that we
 * are in cannot be one of the container. */
int run_container(const RunCall *call, RunContainer *ret);
