/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from the configuration's device rules to a filter on a cgroup. */

#include "runtime/device-rules.h"

#include <fcntl.h>
#include <stdio.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "cgroup/device-filter.h"
#include "spec/resource-limits.h"

static void append_rule(GArray *rules, const SpecDeviceRule *spec) {
        const DeviceFilterRule rule = {
                .allow = spec->allow,
                .type = spec->type,
                .major = spec->major.set ? (int64_t) spec->major.value : DEVICE_ANY,
                .minor = spec->minor.set ? (int64_t) spec->minor.value : DEVICE_ANY,
                .access = spec->access,
        };

        g_array_append_val(rules, rule);
}

/* In a user namespace that is not the first one, the kernel lets nobody attach programs, and nobody make
 * device nodes either. */
static bool in_user_namespace(void) {
        _cleanup_free_ char *map = NULL;
        unsigned inside, outside, size;

        if (read_file_at(AT_FDCWD, "/proc/self/uid_map", &map, NULL) < 0)
                return false;
        return sscanf(map, "%u %u %u", &inside, &outside, &size) != 3 || inside != 0 || outside != 0 ||
                        size != UINT32_MAX;
}

int device_rules_apply(const SpecResources *resources, int cgroup_fd) {
        GArray *rules = g_array_new(FALSE, FALSE, sizeof(DeviceFilterRule));
        _cleanup_free_ struct bpf_insn *program = NULL;
        size_t n = 0;
        bool all;
        int r;

        for (size_t i = 0; i < resources->n_devices; i++)
                append_rule(rules, resources->devices + i);
        for (size_t i = 0; i < limits_n_default_devices; i++)
                append_rule(rules, limits_default_devices + i);
        all = device_filter_allows_all((const DeviceFilterRule *) rules->data, rules->len);
        if (!all)
                device_filter_program((const DeviceFilterRule *) rules->data, rules->len, &program, &n);
        g_array_unref(rules);
        if (all)
                return 0;

        r = device_filter_attach(cgroup_fd, program, n);
        if (r == -EPERM && in_user_namespace()) {
                log_debug_errno(r, "Device rules are not applied in a user namespace: %m");
                return 0;
        }
        if (r < 0)
                return log_error_errno(
                                r, "#/linux/resources/devices: Failed to attach the device filter: %m");
        return 0;
}
