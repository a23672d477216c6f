/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules about namespaces, id mappings, sysctls and the other members of the linux object but
 * resources, seccomp and Intel RDT (spec-validate-resources.c). */

#include <inttypes.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <net/if.h>

#include "basic/parse-util.h"
#include "spec/spec-internal.h"

/* ---- namespaces ---- */

/* What the container mounts is then mounted on the host, over its root file system. */
static int check_without_mount_namespace(const SpecCheck *check) {
        if (spec_namespace(check->spec, CLONE_NEWNS))
                return 0;
        if (spec_namespace(check->spec, CLONE_NEWUSER))
                return spec_reject(
                                check,
                                "/linux/namespaces: a user namespace has no right to mount, unless there is "
                                "a namespace of type 'mount', too");
        if (check->spec->root_path && streq(check->spec->root_path, "/"))
                return spec_reject(
                                check,
                                "/root/path: the host's root needs a namespace of type 'mount' in "
                                "/linux/namespaces");
        return 0;
}

static int check_namespaces(const SpecCheck *check) {
        const SpecLinux *linux_ = &check->spec->linux_;

        for (size_t i = 0; i < linux_->n_namespaces; i++) {
                const SpecNamespace *namespace = &linux_->namespaces[i];

                for (size_t j = 0; j < i; j++)
                        if (linux_->namespaces[j].flag == namespace->flag)
                                return spec_reject(
                                                check,
                                                "/linux/namespaces/%zu: duplicate namespace '%s', first in "
                                                "/linux/namespaces/%zu",
                                                i, namespace->name, j);
                if (namespace->path && *namespace->path != '/')
                        return spec_reject(
                                        check,
                                        "/linux/namespaces/%zu/path: expected an absolute path, got '%s'", i,
                                        namespace->path);
        }

        return check_without_mount_namespace(check);
}

static int check_time_offsets(const SpecCheck *check) {
        const SpecLinux *linux_ = &check->spec->linux_;
        const SpecNamespace *namespace = spec_namespace(check->spec, CLONE_NEWTIME);

        if (!linux_->monotonic_offset.set && !linux_->boottime_offset.set)
                return 0;
        if (!namespace || namespace->path)
                return spec_reject(check, "/linux/timeOffsets: cannot be set without a new time namespace");
        return 0;
}

/* ---- id mappings ---- */

typedef struct IdRange {
        uint64_t first;
        uint64_t end; /* behind the last */
} IdRange;

static IdRange id_range(const SpecIdMapping *mapping, bool host) {
        uint64_t first = host ? mapping->host_id : mapping->container_id;

        return (IdRange) { first, first + mapping->size };
}

/* One side of a list: no id twice, none above the largest (4294967295 is "no id"). */
static int check_id_ranges(
                const SpecCheck *check, const char *pointer, const SpecIdMapping *list, size_t n,
                bool host) {
        const char *side = host ? "host" : "container";

        for (size_t i = 0; i < n; i++) {
                IdRange a = id_range(&list[i], host);

                if (a.end > UINT32_MAX)
                        return spec_reject(
                                        check,
                                        "%s/%zu: %s ids go up to %" PRIu64 ", the largest is %" PRIu32,
                                        pointer, i, side, a.end - 1, UINT32_MAX - 1);
                for (size_t j = 0; j < i; j++) {
                        IdRange b = id_range(&list[j], host);

                        if (a.first < b.end && b.first < a.end)
                                return spec_reject(
                                                check,
                                                "%s/%zu: %s ids %" PRIu64 "-%" PRIu64 " overlap %" PRIu64
                                                "-%" PRIu64 " of mapping %zu",
                                                pointer, i, side, a.first, a.end - 1, b.first, b.end - 1, j);
                }
        }
        return 0;
}

static int check_id_list(const SpecCheck *check, const char *pointer, const SpecIdMapping *list, size_t n) {
        int r;

        r = check_id_ranges(check, pointer, list, n, false);
        if (r < 0)
                return r;
        return check_id_ranges(check, pointer, list, n, true);
}

static int check_id_mappings(const SpecCheck *check) {
        const SpecIdMap *map = &check->spec->linux_.id_map;
        const SpecNamespace *namespace = spec_namespace(check->spec, CLONE_NEWUSER);
        int r;

        if (!namespace && (map->n_uid > 0 || map->n_gid > 0))
                return spec_reject(
                                check, "/linux/%s: cannot be set without a user namespace",
                                map->n_uid > 0 ? "uidMappings" : "gidMappings");
        if (namespace && !namespace->path && (map->n_uid == 0 || map->n_gid == 0))
                return spec_reject(
                                check, "/linux/%s: missing, a new user namespace needs a mapping",
                                map->n_uid == 0 ? "uidMappings" : "gidMappings");

        r = check_id_list(check, "/linux/uidMappings", map->uid, map->n_uid);
        if (r < 0)
                return r;
        return check_id_list(check, "/linux/gidMappings", map->gid, map->n_gid);
}

static int check_mount_mappings(const SpecCheck *check) {
        int r;

        for (size_t i = 0; i < check->spec->n_mounts; i++) {
                const SpecIdMap *map = &check->spec->mounts[i].id_map;
                _cleanup_free_ char *uid = g_strdup_printf("/mounts/%zu/uidMappings", i);
                _cleanup_free_ char *gid = g_strdup_printf("/mounts/%zu/gidMappings", i);

                r = check_id_list(check, uid, map->uid, map->n_uid);
                if (r < 0)
                        return r;
                r = check_id_list(check, gid, map->gid, map->n_gid);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- sysctls ---- */

/* Which sysctls belong to a namespace; a name that ends in "." stands for all that start with it. */
static const struct {
        const char *name;
        int namespace;
} sysctls[] = {
        { "fs.mqueue.", CLONE_NEWIPC },
        { "kernel.domainname", CLONE_NEWUTS },
        { "kernel.msgmax", CLONE_NEWIPC },
        { "kernel.msgmnb", CLONE_NEWIPC },
        { "kernel.msgmni", CLONE_NEWIPC },
        { "kernel.sem", CLONE_NEWIPC },
        { "kernel.shm_rmid_forced", CLONE_NEWIPC },
        { "kernel.shmall", CLONE_NEWIPC },
        { "kernel.shmmax", CLONE_NEWIPC },
        { "kernel.shmmni", CLONE_NEWIPC },
        { "net.", CLONE_NEWNET },
        { "user.", CLONE_NEWUSER },
};

/* The flag of the namespace, 0 when the sysctl is the host's. */
static int sysctl_namespace(const char *key) {
        for (size_t i = 0; i < ELEMENTSOF(sysctls); i++) {
                bool prefix = g_str_has_suffix(sysctls[i].name, ".");

                if (prefix ? startswith(key, sysctls[i].name) != NULL : streq(key, sysctls[i].name))
                        return sysctls[i].namespace;
        }
        return 0;
}

/* sysctl(8) takes both separators; the first one decides which it is, the other one is then part of names
 * ("eth0.100"). */
static char *sysctl_dotted(const char *key) {
        size_t first = strcspn(key, "./");
        char *dotted = g_strdup(key);

        if (key[first] == '/')
                for (char *p = dotted; *p; p++)
                        *p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
        return dotted;
}

/* Whether each part is a name: none is empty, "." or ".." (whose dots are slashes in the dotted form). */
static bool sysctl_is_plain(const char *dotted) {
        _cleanup_strv_ char **parts = g_strsplit(dotted, ".", -1);

        if (!*dotted)
                return false;
        for (char **part = parts; *part; part++)
                if (!**part || streq(*part, "/") || streq(*part, "//"))
                        return false;
        return true;
}

static int check_sysctl(const SpecCheck *check, const SpecPair *sysctl) {
        _cleanup_free_ char *key = sysctl_dotted(sysctl->key);
        const char *domainname = check->spec->domainname;
        int flag;

        if (!sysctl_is_plain(key))
                return spec_reject(check, "/linux/sysctl: '%s' is not the name of a sysctl", sysctl->key);
        if (streq(key, "kernel.hostname"))
                return spec_reject(
                                check,
                                "/linux/sysctl: '%s' is not allowed, it conflicts with the member "
                                "'hostname'",
                                sysctl->key);
        if (streq(key, "kernel.domainname") && domainname && !streq(domainname, sysctl->value))
                return spec_reject(
                                check, "/linux/sysctl: '%s' is '%s', but the member 'domainname' is '%s'",
                                sysctl->key, sysctl->value, domainname);

        flag = sysctl_namespace(key);
        if (flag == 0)
                return spec_reject(
                                check,
                                "/linux/sysctl: '%s' belongs to no namespace, it would change the host",
                                sysctl->key);
        if (!spec_namespace(check->spec, flag))
                return spec_reject(
                                check, "/linux/sysctl: '%s' cannot be set without a namespace of type '%s'",
                                sysctl->key, spec_name_of(spec_namespace_names, flag));
        return 0;
}

static int check_sysctls(const SpecCheck *check) {
        const SpecPairs *pairs = &check->spec->linux_.sysctl;
        int r;

        for (size_t i = 0; i < pairs->n; i++) {
                r = check_sysctl(check, &pairs->items[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- devices and paths ---- */

static int check_devices(const SpecCheck *check) {
        const SpecLinux *linux_ = &check->spec->linux_;

        for (size_t i = 0; i < linux_->n_devices; i++) {
                const char *path = linux_->devices[i].path;

                if (!path || *path != '/')
                        return spec_reject(
                                        check,
                                        "/linux/devices/%zu/path: expected an absolute path, got '%s'", i,
                                        path ?: "");
        }
        return 0;
}

static bool interface_name_is_valid(const char *name) {
        return *name && strlen(name) < IFNAMSIZ && !streq(name, ".") && !streq(name, "..") &&
                        !strpbrk(name, "/: \t\n\v\f\r%");
}

static int check_net_devices(const SpecCheck *check) {
        const SpecLinux *linux_ = &check->spec->linux_;

        if (linux_->n_net_devices > 0 && !spec_namespace(check->spec, CLONE_NEWNET))
                return spec_reject(check, "/linux/netDevices: cannot be set without a network namespace");

        for (size_t i = 0; i < linux_->n_net_devices; i++) {
                const SpecNetDevice *device = &linux_->net_devices[i];

                if (!interface_name_is_valid(device->host_name) ||
                    !interface_name_is_valid(device->container_name))
                        return spec_reject(
                                        check,
                                        "/linux/netDevices/%s: '%s' is not a name for a network interface",
                                        device->host_name, device->container_name);
                for (size_t j = 0; j < i; j++)
                        if (streq(linux_->net_devices[j].container_name, device->container_name))
                                return spec_reject(
                                                check, "/linux/netDevices/%s: duplicate name '%s'",
                                                device->host_name, device->container_name);
        }
        return 0;
}

static int check_path_list(const SpecCheck *check, const char *member, char **paths) {
        for (size_t i = 0; paths && paths[i]; i++)
                if (*paths[i] != '/')
                        return spec_reject(
                                        check, "/linux/%s/%zu: expected an absolute path, got '%s'", member,
                                        i, paths[i]);
        return 0;
}

static int check_paths(const SpecCheck *check) {
        int r;

        r = check_path_list(check, "maskedPaths", check->spec->linux_.masked_paths);
        if (r < 0)
                return r;
        return check_path_list(check, "readonlyPaths", check->spec->linux_.readonly_paths);
}

/* set_mempolicy(2) */
static int check_memory_policy(const SpecCheck *check) {
        const SpecLinux *linux_ = &check->spec->linux_;
        const unsigned both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
        const char *nodes = linux_->memory_policy_nodes, *mode;
        _cleanup_free_ uint8_t *mask = NULL;
        unsigned size;

        if (!linux_->memory_policy_mode.set)
                return 0;
        mode = spec_name_of(spec_memory_policy_modes, linux_->memory_policy_mode.value);
        if (nodes && parse_cpu_list(nodes, &mask, &size) < 0)
                return spec_reject(
                                check, "/linux/memoryPolicy/nodes: expected nodes such as '0-1,3', got '%s'",
                                nodes);
        if (nodes && (streq(mode, "MPOL_DEFAULT") || streq(mode, "MPOL_LOCAL")))
                return spec_reject(check, "/linux/memoryPolicy/nodes: cannot be set with %s", mode);
        if (!nodes && !streq(mode, "MPOL_DEFAULT") && !streq(mode, "MPOL_LOCAL") &&
            !streq(mode, "MPOL_PREFERRED"))
                return spec_reject(check, "/linux/memoryPolicy/nodes: missing, %s needs some", mode);
        if ((linux_->memory_policy_flags & both) == both)
                return spec_reject(
                                check,
                                "/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and "
                                "MPOL_F_RELATIVE_NODES exclude each other");
        return 0;
}

const SpecRule spec_linux_rules[] = {
        check_namespaces, check_time_offsets, check_id_mappings, check_mount_mappings, check_sysctls,
        check_devices,    check_net_devices,  check_paths,       check_memory_policy,  SPEC_RULES_END,
};
