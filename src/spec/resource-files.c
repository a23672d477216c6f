/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of linux.resources into files of cgroup v2, for containers that no systemd limits.
 * Values that only the kernel can judge are left to it. */

#include <inttypes.h>

#include "basic/log.h"
#include "spec/resource-limits.h"

/* A file that does not exist does not limit anything: then "max" is true already. */
static void add_limit(GPtrArray *settings, const char *file, uint64_t value, bool unlimited) {
        _cleanup_free_ char *optional = g_strconcat("-", file, NULL);

        if (unlimited)
                limits_add(settings, optional, "max");
        else
                limits_add(settings, file, "%" PRIu64, value);
}

static int add_memory(const SpecResources *r, GPtrArray *settings) {
        uint64_t swap;
        int q;

        q = limits_swap_alone(r->memory_limit.value, r->memory_swap.value, &swap);
        if (q < 0)
                return q;
        if (r->memory_limit.value != 0)
                add_limit(settings, "memory.max", (uint64_t) r->memory_limit.value,
                          r->memory_limit.value < 0);
        if (r->memory_reservation.value != 0)
                add_limit(settings, "memory.low", (uint64_t) r->memory_reservation.value,
                          r->memory_reservation.value < 0);
        if (q > 0)
                add_limit(settings, "memory.swap.max", swap, swap == UINT64_MAX);
        return 0;
}

static void add_quota(const SpecResources *r, GPtrArray *settings) {
        int64_t quota = r->cpu_quota.value;
        uint64_t period = r->cpu_period.value;
        _cleanup_free_ char *word = NULL;

        if (quota == 0 && period == 0)
                return;
        word = quota <= 0 ? g_strdup("max") : g_strdup_printf("%" PRIi64, quota);
        if (period == 0)
                limits_add(settings, quota <= 0 ? "-cpu.max" : "cpu.max", "%s", word);
        else
                limits_add(settings, "cpu.max", "%s %" PRIu64, word, period);
}

/* An idle group has no weight: the kernel refuses one. */
static int add_cpu(const SpecResources *r, GPtrArray *settings) {
        int q;

        q = limits_check_idle(r);
        if (q < 0)
                return q;
        if (r->cpu_idle.set)
                limits_add(settings, r->cpu_idle.value ? "cpu.idle" : "-cpu.idle", "%" PRIi64,
                           r->cpu_idle.value);
        if (r->cpu_shares.value > 0 && r->cpu_idle.value == 0)
                limits_add(settings, "cpu.weight", "%" PRIu64, limits_cpu_weight(r->cpu_shares.value));
        add_quota(r, settings);
        if (r->cpu_burst.set)
                limits_add(settings, "cpu.max.burst", "%" PRIu64, r->cpu_burst.value);
        if (!isempty(r->cpuset_cpus))
                limits_add(settings, "cpuset.cpus", "%s", r->cpuset_cpus);
        if (!isempty(r->cpuset_mems))
                limits_add(settings, "cpuset.mems", "%s", r->cpuset_mems);
        return 0;
}

/* 0 is written as 1: init itself has to get in. One process is there then, and it cannot fork. */
static void add_pids(const SpecResources *r, GPtrArray *settings) {
        if (r->pids_limit.set)
                add_limit(settings, "pids.max", (uint64_t) MAX(r->pids_limit.value, 1),
                          r->pids_limit.value < 0);
}

/* A rate of 0 takes a limit away, as it did in cgroup v1. */
static void add_throttle(GPtrArray *settings, const char *key, const SpecBlockDevices *devices) {
        for (size_t i = 0; i < devices->n; i++) {
                const SpecBlockDevice *d = devices->items + i;

                if (d->value > 0)
                        limits_add(settings, "io.max", "%" PRIu32 ":%" PRIu32 " %s=%" PRIu64, d->major,
                                   d->minor, key, d->value);
                else
                        limits_add(settings, "io.max", "%" PRIu32 ":%" PRIu32 " %s=max", d->major, d->minor,
                                   key);
        }
}

/* The BFQ scheduler has a file of its own, only where it is loaded. */
static void add_io(const SpecResources *r, GPtrArray *settings) {
        if (r->blkio_weight.value > 0) {
                limits_add(settings, "-io.bfq.weight", "%" PRIu64, r->blkio_weight.value);
                limits_add(settings, "io.weight", "default %" PRIu64,
                           limits_io_weight(r->blkio_weight.value));
        }
        for (size_t i = 0; i < r->blkio_weight_devices.n; i++) {
                const SpecBlockDevice *d = r->blkio_weight_devices.items + i;

                if (d->value == 0)
                        continue;
                limits_add(settings, "-io.bfq.weight", "%" PRIu32 ":%" PRIu32 " %" PRIu64, d->major,
                           d->minor, d->value);
                limits_add(settings, "io.weight", "%" PRIu32 ":%" PRIu32 " %" PRIu64, d->major, d->minor,
                           limits_io_weight(d->value));
        }
        add_throttle(settings, "rbps", &r->throttle_read_bps);
        add_throttle(settings, "wbps", &r->throttle_write_bps);
        add_throttle(settings, "riops", &r->throttle_read_iops);
        add_throttle(settings, "wiops", &r->throttle_write_iops);
}

/* The kernel reads one line at a time. */
static int add_unified(const SpecPair *pair, GPtrArray *settings) {
        _cleanup_strv_ char **lines = NULL;

        if (isempty(pair->key) || strpbrk(pair->key, "/=") || strchr("-.", *pair->key))
                return log_error_errno(
                                -EINVAL, "#/linux/resources/unified: '%s' is not the name of a cgroup file",
                                pair->key);
        lines = g_strsplit(pair->value, "\n", -1);
        for (char **line = lines; *line; line++)
                if (**line)
                        limits_add(settings, pair->key, "%s", *line);
        return 0;
}

int limits_to_files(const SpecResources *r, char ***ret) {
        _cleanup_ptr_array_ GPtrArray *settings = g_ptr_array_new_with_free_func(g_free);
        int q;

        q = add_memory(r, settings);
        if (q >= 0)
                q = add_cpu(r, settings);
        if (q < 0)
                return q;
        add_pids(r, settings);
        add_io(r, settings);
        limits_add_hugepages(r, settings);
        limits_add_rdma(r, settings);
        /* Last: unified says more exactly what the other members say, and wins over them. */
        for (size_t i = 0; i < r->unified.n; i++) {
                q = add_unified(r->unified.items + i, settings);
                if (q < 0)
                        return q;
        }
        g_ptr_array_add(settings, NULL);
        *ret = (char **) g_ptr_array_free(TAKE_PTR(settings), FALSE);
        return 0;
}
