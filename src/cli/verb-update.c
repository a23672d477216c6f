/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verb update. Its options are the runtime's own structure. */

#include "cli/verb-update.h"

#include <stdlib.h>

#include "cli/i18n.h"
#include "cli/verbs.h"
#include "runtime/update.h"

#define ROW(name, member, placeholder, help) \
        { name, NULL, OPTION_STRING, offsetof(UpdateOptions, member), placeholder, help }

const Option update_options[] = {
        ROW("blkio-weight", blkio_weight, "N", N_("share of block io, 10 to 1000")),
        ROW("cpu-burst", cpu_burst, "USEC", N_("CPU time that may be saved up")),
        ROW("cpu-idle", cpu_idle, "0|1", N_("run only when nothing else wants the CPU")),
        ROW("cpu-period", cpu_period, "USEC", N_("period of the CPU quota")),
        ROW("cpu-quota", cpu_quota, "USEC", N_("CPU time in each period")),
        ROW("cpu-rt-period", cpu_rt_period, "USEC", NULL),
        ROW("cpu-rt-runtime", cpu_rt_runtime, "USEC", NULL),
        ROW("cpu-share", cpu_share, "N", N_("share of CPU time, 2 to 262144")),
        ROW("cpuset-cpus", cpuset_cpus, "LIST", N_("CPUs to run on")),
        ROW("cpuset-mems", cpuset_mems, "LIST", N_("memory nodes to use")),
        ROW("kernel-memory", kernel_memory, "BYTES", NULL),
        ROW("kernel-memory-tcp", kernel_memory_tcp, "BYTES", NULL),
        ROW("l3-cache-schema", l3_cache_schema, "SCHEMA", N_("part of the L3 cache (resctrl)")),
        ROW("mem-bw-schema", mem_bw_schema, "SCHEMA", N_("memory bandwidth (resctrl)")),
        ROW("memory", memory, "BYTES", N_("memory limit")),
        ROW("memory-reservation", memory_reservation, "BYTES", N_("memory that is reclaimed last")),
        ROW("memory-swap", memory_swap, "BYTES", N_("limit of memory and swap together")),
        ROW("pids-limit", pids_limit, "N", N_("limit of processes")),
        { "resources", "r", OPTION_STRING, offsetof(UpdateOptions, resources), "FILE|-",
          N_("file with a linux.resources object") },
        { 0 },
};

int verb_update(const VerbCall *call) {
        UpdateOptions options = *(const UpdateOptions *) call->options;

        options.root = call->global->root;
        options.id = call->args[0];
        return container_update(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
