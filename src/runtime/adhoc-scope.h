/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A container in its caller's context: no service and no supervisor, but a process of ours that stays with
 * it, as with run. Its scope is the unit. */

#include "config/adhoc.h"
#include "runtime/adhoc-json.h"

typedef struct AdhocScope {
        const AdhocContainer *container; /* without properties */
        const char *unit;                /* NULL: a name of its own */
        const char *description;         /* NULL: none of its own */
        const char *slice;               /* NULL: the default */
        char **properties;               /* NAME=VALUE; those of scopes */
        AdhocJson json;
        bool inherit_slice; /* slice is below the one that we are in, or is that one */
        bool send_sighup;
        bool quiet;
} AdhocScope;

/* Checks everything, runs the container with our stdin, stdout and stderr, and removes what was made for it.
 * *ret_status: the payload's exit status, or 128 + signal; one of those in exec-status.h. Logs. */
int adhoc_scope(const AdhocScope *scope, int *ret_status);
