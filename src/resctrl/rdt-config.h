/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody wants from resctrl: linux.intelRdt of the OCI runtime specification 1.3, as data. */

#include <stdbool.h>

#include "basic/cleanup.h"

/* All strings are owned by whoever fills the object in; NULL or "" means not set. */
typedef struct ResctrlConfig {
        char *clos_id; /* closID: the group; not set: named after the container. "/" is the root group */
        char *l3_cache_schema; /* l3CacheSchema */
        char *mem_bw_schema;   /* memBwSchema, begins with "MB:" */
        char **schemata;       /* schemata, one line each */
        bool enable_monitoring;
} ResctrlConfig;

/* The name of the group: the closID, or else the container's id. Points into the arguments. */
const char *resctrl_config_group(const ResctrlConfig *config, const char *id);

/* The lines to write, in the order of the specification (l3CacheSchema, memBwSchema, schemata); the array
 * borrows them. It is empty when the schemata file must not be written. */
GPtrArray *resctrl_config_lines(const ResctrlConfig *config);

/* Checks what can be checked without a machine: the group's name, the form of the lines. Logs; -EINVAL. */
int resctrl_config_validate(const ResctrlConfig *config, const char *id);
