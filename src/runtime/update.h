/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Changing the limits of a container. */

#include "spec/json.h"

/* Values as they were written on the command line; NULL: not given. */
typedef struct UpdateOptions {
        const char *root;
        const char *id;
        const char *resources; /* file with a linux.resources object, "-": standard input */

        const char *memory, *memory_reservation, *memory_swap; /* bytes with units, -1: unlimited */
        const char *cpu_share, *cpu_quota, *cpu_period, *cpu_burst, *cpu_idle;
        const char *cpuset_cpus, *cpuset_mems;
        const char *pids_limit;
        const char *blkio_weight;
        const char *cpu_rt_period, *cpu_rt_runtime, *kernel_memory, *kernel_memory_tcp; /* ignored */

        const char *l3_cache_schema, *mem_bw_schema;
} UpdateOptions;

/* Merges what is asked for into the container's configuration, applies the groups of limits (memory, cpu,
 * ...) that are mentioned, and keeps the result for the next update. Device rules stay as they are. After a
 * failure the limits and the configuration are those of before. Logs. -ENOENT: no such container; -ESRCH: it
 * does not run; -EINVAL: a wrong value; others: what systemd and the kernel refuse. */
int container_update(const UpdateOptions *options);

/* ---- in update-patch.c ---- */

/* What is asked for, as a linux.resources object of which only the mentioned members exist: a zero where
 * engines mean "not given" is left out, and so are device rules. Logs. -EINVAL. */
int update_patch_new(const UpdateOptions *options, JsonDocument **ret);

/* Changes config (a whole config.json) as the patch says. Members of objects are merged, entries of lists
 * replace those of the same device or page size. Quota and period are kept when only the other one changes;
 * so is the amount of swap when only the memory limit does. Logs. */
int update_patch_apply(JsonDocument *patch, JsonDocument *config);
