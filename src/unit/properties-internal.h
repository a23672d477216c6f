/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the translation share. */

#include "unit/properties-from-spec.h"

/* Where a translation goes. */
typedef struct Translation {
        PropertyList *properties;
        GPtrArray *settings; /* "file=value" */
} Translation;

/* UINT64_MAX is "infinity" in systemd's properties. */
#define LIMIT_NONE UINT64_MAX

/* Period of the CPU quota that the kernel starts with, and the range of it
 * (Documentation/scheduler/sched-bwc.rst). */
#define CPU_PERIOD_DEFAULT_USEC UINT64_C(100000)

/* CPUQuotaPerSecUSec= and CPUQuotaPeriodUSec=; quota <= 0: no limit; period 0: not given. */
void translate_cpu_max(Translation *t, int64_t quota, uint64_t period);

/* AllowedCPUs=, AllowedMemoryNodes= from "0-3,7". -EINVAL, -ERANGE. */
int translate_cpu_list(Translation *t, const char *property, const char *list);

/* One entry of IOReadBandwidthMax= and the like, for a device by its numbers. */
void translate_device_value(
                Translation *t, const char *property, uint32_t major, uint32_t minor, uint64_t value);

/* linux.resources.devices. */
void translate_devices(Translation *t, const SpecResources *resources);

/* linux.resources.unified. Logs. */
int translate_unified(Translation *t, const SpecPairs *unified);
