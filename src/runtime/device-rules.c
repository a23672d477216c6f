/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from the configuration's device rules to a filter on a cgroup. */

#include "runtime/device-rules.h"

#include "basic/log.h"
#include "basic/user-namespace.h"
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
        /* There the kernel lets nobody attach programs, and nobody make device nodes either. */
        if (r == -EPERM && !user_namespace_is_initial()) {
                log_debug_errno(r, "Device rules are not applied in a user namespace: %m");
                return 0;
        }
        if (r < 0)
                return log_error_errno(
                                r, "#/linux/resources/devices: Failed to attach the device filter: %m");
        return 0;
}
