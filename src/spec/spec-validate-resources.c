/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules about resources, seccomp and Intel RDT. */

#include <inttypes.h>

#include "basic/parse-util.h"
#include "spec/spec-internal.h"

/* ---- resources ---- */

/* swap counts memory and swap together. */
static int check_swap(const SpecCheck *check) {
        const SpecResources *resources = &check->spec->linux_.resources;

        if (!resources->memory_swap.set || resources->memory_swap.value < 0)
                return 0;
        if (!resources->memory_limit.set || resources->memory_limit.value < 0)
                return spec_reject(
                                check, "/linux/resources/memory/swap: cannot be set without a memory limit");
        if (resources->memory_swap.value < resources->memory_limit.value)
                return spec_reject(
                                check,
                                "/linux/resources/memory/swap: expected memory and swap together, at least "
                                "the limit %" PRIi64 ", got %" PRIi64,
                                resources->memory_limit.value, resources->memory_swap.value);
        return 0;
}

static int check_burst(const SpecCheck *check) {
        const SpecResources *resources = &check->spec->linux_.resources;

        if (!resources->cpu_burst.set || resources->cpu_quota.value <= 0 ||
            resources->cpu_burst.value <= (uint64_t) resources->cpu_quota.value)
                return 0;
        return spec_reject(
                        check,
                        "/linux/resources/cpu/burst: expected at most the quota %" PRIi64 ", got %" PRIu64,
                        resources->cpu_quota.value, resources->cpu_burst.value);
}

static int check_list(const SpecCheck *check, const char *member, const char *list) {
        _cleanup_free_ uint8_t *mask = NULL;
        unsigned size;

        if (list && parse_cpu_list(list, &mask, &size) < 0)
                return spec_reject(
                                check, "/linux/resources/cpu/%s: expected numbers such as '0-3,7', got '%s'",
                                member, list);
        return 0;
}

static int check_cpusets(const SpecCheck *check) {
        int r;

        r = check_list(check, "cpus", check->spec->linux_.resources.cpuset_cpus);
        if (r < 0)
                return r;
        return check_list(check, "mems", check->spec->linux_.resources.cpuset_mems);
}

static bool page_size_is_valid(const char *s) {
        size_t digits = s ? strspn(s, "0123456789") : 0;

        return digits > 0 && *s != '0' &&
                        (streq(s + digits, "KB") || streq(s + digits, "MB") || streq(s + digits, "GB"));
}

static int check_hugepages(const SpecCheck *check) {
        const SpecResources *resources = &check->spec->linux_.resources;

        for (size_t i = 0; i < resources->n_hugepages; i++)
                if (!page_size_is_valid(resources->hugepages[i].page_size))
                        return spec_reject(
                                        check,
                                        "/linux/resources/hugepageLimits/%zu/pageSize: expected a size such "
                                        "as '2MB', got '%s'",
                                        i, resources->hugepages[i].page_size ?: "");
        return 0;
}

static int check_rdma(const SpecCheck *check) {
        const SpecResources *resources = &check->spec->linux_.resources;

        for (size_t i = 0; i < resources->n_rdma; i++)
                if (!resources->rdma[i].hca_handles.set && !resources->rdma[i].hca_objects.set)
                        return spec_reject(
                                        check,
                                        "/linux/resources/rdma/%s: expected hcaHandles, hcaObjects or both",
                                        resources->rdma[i].device);
        return 0;
}

/* Keys are names of files in the container's cgroup. */
static int check_unified(const SpecCheck *check) {
        const SpecPairs *unified = &check->spec->linux_.resources.unified;

        for (size_t i = 0; i < unified->n; i++)
                if (isempty(unified->items[i].key) || strchr(unified->items[i].key, '/') ||
                    *unified->items[i].key == '.')
                        return spec_reject(
                                        check,
                                        "/linux/resources/unified: '%s' is not the name of a cgroup file",
                                        unified->items[i].key);
        return 0;
}

/* ---- seccomp ---- */

static bool is_notify(const char *action) {
        return action && streq(action, "SCMP_ACT_NOTIFY");
}

/* config-linux.md, "Seccomp": an error where it cannot be returned. */
static bool takes_errno(const char *action) {
        return streq(action, "SCMP_ACT_ERRNO") || streq(action, "SCMP_ACT_TRACE");
}

static int check_seccomp_rule(const SpecCheck *check, const SpecSeccompRule *rule, size_t index) {
        if (!rule->names[0])
                return spec_reject(check, "/linux/seccomp/syscalls/%zu/names: must not be empty", index);
        if (rule->errno_ret.set && !takes_errno(rule->action))
                return spec_reject(
                                check, "/linux/seccomp/syscalls/%zu/errnoRet: cannot be set with %s", index,
                                rule->action);
        if (!is_notify(rule->action))
                return 0;

        /* Other runtimes' processes write to their parent before the listener has been handed over. */
        if (g_strv_contains((const char *const *) rule->names, "write"))
                return spec_reject(
                                check,
                                "/linux/seccomp/syscalls/%zu/action: SCMP_ACT_NOTIFY cannot be used for "
                                "'write'",
                                index);
        if (!check->spec->linux_.seccomp.listener_path &&
            !spec_annotation(check->spec, "run.oci.seccomp.receiver"))
                return spec_reject(
                                check,
                                "/linux/seccomp/listenerPath: missing, SCMP_ACT_NOTIFY in "
                                "/linux/seccomp/syscalls/%zu needs a listener",
                                index);
        return 0;
}

static int check_seccomp(const SpecCheck *check) {
        const SpecSeccomp *seccomp = &check->spec->linux_.seccomp;
        int r;

        if (is_notify(seccomp->default_action))
                return spec_reject(
                                check,
                                "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY cannot be used as default "
                                "action");
        if (seccomp->default_errno_ret.set && !takes_errno(seccomp->default_action))
                return spec_reject(
                                check, "/linux/seccomp/defaultErrnoRet: cannot be set with %s",
                                seccomp->default_action);
        if (seccomp->listener_metadata && !seccomp->listener_path)
                return spec_reject(
                                check,
                                "/linux/seccomp/listenerMetadata: cannot be set without listenerPath");

        for (size_t i = 0; i < seccomp->n_rules; i++) {
                r = check_seccomp_rule(check, &seccomp->rules[i], i);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- Intel RDT ---- */

/* A directory below the root of resctrl, or "/" for the root itself. */
static int check_clos_id(const SpecCheck *check) {
        const char *id = check->spec->linux_.intel_rdt.clos_id;

        if (!id || streq(id, "/"))
                return 0;
        if (streq(id, ".") || streq(id, "..") || strpbrk(id, "/\n"))
                return spec_reject(
                                check,
                                "/linux/intelRdt/closID: expected the name of a directory or '/', got '%s'",
                                id);
        return 0;
}

static int check_schemata(const SpecCheck *check) {
        const SpecIntelRdt *rdt = &check->spec->linux_.intel_rdt;
        const char *bandwidth = rdt->mem_bw_schema;

        if (bandwidth && (!startswith(bandwidth, "MB:") || strchr(bandwidth, '\n')))
                return spec_reject(
                                check,
                                "/linux/intelRdt/memBwSchema: expected one line that starts with 'MB:', got "
                                "'%s'",
                                bandwidth);
        for (size_t i = 0; rdt->schemata && rdt->schemata[i]; i++)
                if (strchr(rdt->schemata[i], '\n') || !strchr(rdt->schemata[i], ':'))
                        return spec_reject(
                                        check,
                                        "/linux/intelRdt/schemata/%zu: expected one line such as 'L3:0=ff', "
                                        "got '%s'",
                                        i, rdt->schemata[i]);
        return 0;
}

const SpecRule spec_resource_rules[] = {
        check_swap,    check_burst,   check_cpusets, check_rdma,     check_hugepages,
        check_unified, check_seccomp, check_clos_id, check_schemata, SPEC_RULES_END,
};
