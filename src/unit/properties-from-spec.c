/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of linux.resources but for devices and unified. Nothing is asked of the system here:
 * the same configuration gives the same properties everywhere. */

#include <inttypes.h>

#include "basic/log.h"
#include "basic/parse-util.h"
#include "spec/resource-limits.h"
#include "unit/properties-internal.h"

#define POINTER "#/linux/resources"

/* systemd keeps the quota in files as whole percents, which are hundredths of a second per second. */
#define CPU_QUOTA_STEP_USEC UINT64_C(10000)

static uint64_t limit_or_none(int64_t value) {
        return value < 0 ? LIMIT_NONE : (uint64_t) value;
}

/* ---- memory: 0 has always meant "not set" to engines ---- */

static int translate_memory(Translation *t, const SpecResources *r) {
        uint64_t swap;
        int q;

        if (r->memory_limit.value != 0)
                property_set_uint64(t->properties, "MemoryMax", limit_or_none(r->memory_limit.value));
        if (r->memory_reservation.value != 0)
                property_set_uint64(t->properties, "MemoryLow", limit_or_none(r->memory_reservation.value));
        q = limits_swap_alone(r->memory_limit.value, r->memory_swap.value, &swap);
        if (q > 0)
                property_set_uint64(t->properties, "MemorySwapMax", swap);
        return q < 0 ? q : 0;
}

/* ---- cpu ---- */

/* What an earlier member said about a file is no longer true. */
static void forget_setting(Translation *t, const char *file) {
        for (guint i = t->settings->len; i-- > 0;) {
                const char *rest = startswith(g_ptr_array_index(t->settings, i), file);

                if (rest && *rest == '=')
                        g_ptr_array_remove_index(t->settings, i);
        }
}

void translate_cpu_max(Translation *t, int64_t quota, uint64_t period) {
        uint64_t per_sec, rounded;

        forget_setting(t, "cpu.max");
        if (period > 0)
                property_set_uint64(t->properties, "CPUQuotaPeriodUSec", period);
        if (quota <= 0) {
                property_set_uint64(t->properties, "CPUQuotaPerSecUSec", LIMIT_NONE);
                return;
        }
        if (period == 0)
                period = CPU_PERIOD_DEFAULT_USEC;
        per_sec = (uint64_t) ((unsigned __int128) quota * 1000000 / period);
        /* Anything finer would be cut off when systemd reads its files again; the exact value holds until
         * then. */
        rounded = (per_sec + CPU_QUOTA_STEP_USEC - 1) / CPU_QUOTA_STEP_USEC * CPU_QUOTA_STEP_USEC;
        property_set_uint64(t->properties, "CPUQuotaPerSecUSec", rounded);
        if (rounded != per_sec)
                limits_add(t->settings, "cpu.max", "%" PRIi64 " %" PRIu64, quota, period);
}

int translate_cpu_list(Translation *t, const char *property, const char *list) {
        _cleanup_free_ uint8_t *mask = NULL;
        unsigned n;
        int r;

        r = parse_cpu_list(list, &mask, &n);
        if (r < 0)
                return r;
        property_set_bytes(t->properties, property, mask, n);
        return 0;
}

static int translate_cpuset(Translation *t, const char *member, const char *property, const char *list) {
        int r;

        if (isempty(list))
                return 0;
        r = translate_cpu_list(t, property, list);
        if (r < 0)
                return log_error_errno(
                                -EINVAL, POINTER "/cpu/%s: '%s' is not a list of numbers like 0-3,7: %s",
                                member, list, g_strerror(-r));
        return 0;
}

static int translate_cpu(Translation *t, const SpecResources *r) {
        int q;

        if (r->cpu_shares.value > 0)
                property_set_uint64(t->properties, "CPUWeight", limits_cpu_weight(r->cpu_shares.value));
        q = limits_check_idle(r);
        if (q < 0)
                return q;
        if (r->cpu_idle.value == 1)
                property_set_uint64(t->properties, "CPUWeight", 0);
        if (r->cpu_quota.value != 0 || r->cpu_period.value > 0)
                translate_cpu_max(t, r->cpu_quota.value, r->cpu_period.value);
        if (r->cpu_burst.set)
                limits_add(t->settings, "cpu.max.burst", "%" PRIu64, r->cpu_burst.value);
        q = translate_cpuset(t, "cpus", "AllowedCPUs", r->cpuset_cpus);
        if (q < 0)
                return q;
        return translate_cpuset(t, "mems", "AllowedMemoryNodes", r->cpuset_mems);
}

/* TasksMax=0 is refused by systemd. 1 is the same for all that matters: one process is there, and it cannot
 * fork. */
static void translate_pids(Translation *t, const SpecResources *r) {
        if (r->pids_limit.set)
                property_set_uint64(
                                t->properties, "TasksMax",
                                r->pids_limit.value == 0 ? 1 : limit_or_none(r->pids_limit.value));
}

/* ---- io ---- */

void translate_device_value(
                Translation *t, const char *property, uint32_t major, uint32_t minor, uint64_t value) {
        const Property *old = property_find(t->properties, property);
        _cleanup_free_ char *path = g_strdup_printf("/dev/block/%" PRIu32 ":%" PRIu32, major, minor);
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(st)"));
        for (gsize i = 0; old && i < g_variant_n_children(old->value); i++) {
                GVariant *child = g_variant_get_child_value(old->value, i);

                g_variant_builder_add_value(&builder, child);
                g_variant_unref(child);
        }
        g_variant_builder_add(&builder, "(st)", path, value);
        property_set(t->properties, property, g_variant_builder_end(&builder));
}

/* A rate of 0 takes a limit away, as it did in cgroup v1. */
static void translate_throttle(Translation *t, const char *property, const SpecBlockDevices *devices) {
        for (size_t i = 0; i < devices->n; i++) {
                const SpecBlockDevice *d = devices->items + i;

                translate_device_value(
                                t, property, d->major, d->minor, d->value > 0 ? d->value : LIMIT_NONE);
        }
}

static void translate_io(Translation *t, const SpecResources *r) {
        if (r->blkio_weight.value > 0)
                property_set_uint64(t->properties, "IOWeight", limits_io_weight(r->blkio_weight.value));
        for (size_t i = 0; i < r->blkio_weight_devices.n; i++) {
                const SpecBlockDevice *d = r->blkio_weight_devices.items + i;

                if (d->value > 0)
                        translate_device_value(
                                        t, "IODeviceWeight", d->major, d->minor, limits_io_weight(d->value));
        }
        translate_throttle(t, "IOReadBandwidthMax", &r->throttle_read_bps);
        translate_throttle(t, "IOWriteBandwidthMax", &r->throttle_write_bps);
        translate_throttle(t, "IOReadIOPSMax", &r->throttle_read_iops);
        translate_throttle(t, "IOWriteIOPSMax", &r->throttle_write_iops);
}

int properties_from_resources(
                const SpecResources *resources, bool devices, PropertyList *properties,
                char ***ret_settings) {
        _cleanup_ptr_array_ GPtrArray *settings = g_ptr_array_new_with_free_func(g_free);
        Translation t = { properties, settings };
        int r;

        r = translate_memory(&t, resources);
        if (r < 0)
                return r;
        r = translate_cpu(&t, resources);
        if (r < 0)
                return r;
        translate_pids(&t, resources);
        translate_io(&t, resources);
        /* What has no property. */
        limits_add_hugepages(resources, settings);
        limits_add_rdma(resources, settings);
        if (devices)
                translate_devices(&t, resources);
        /* Last: unified says more exactly what the other members say, and wins over them. */
        r = translate_unified(&t, &resources->unified);
        if (r < 0)
                return r;
        g_ptr_array_add(settings, NULL);
        *ret_settings = (char **) g_ptr_array_free(TAKE_PTR(settings), FALSE);
        return 0;
}
