/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules about mounts that the text alone decides. What the rootfs makes of a destination is checked
 * again with descriptors when it is mounted. */

#include <linux/sched.h>

#include "spec/spec-internal.h"

/* Called for each mount, with its number. */
typedef int (*MountRule)(const SpecCheck *check, const SpecMount *mount, size_t index);

/* Without "//", "." and "..": what the kernel makes of it when there are no symlinks. */
static char *clean_path(const char *path) {
        /* The library keeps a double slash at the beginning, as POSIX allows. */
        while (path[0] == '/' && path[1] == '/')
                path++;
        return g_canonicalize_filename(path, "/");
}

static int check_destination(const SpecCheck *check, const SpecMount *mount, size_t index) {
        _cleanup_free_ char *clean = NULL;

        if (!mount->destination)
                return spec_reject(check, "/mounts/%zu/destination: must not be empty", index);

        clean = clean_path(mount->destination);
        if (streq(clean, "/"))
                return spec_reject(check, "/mounts/%zu/destination: cannot be the root directory", index);
        return 0;
}

static int check_source(const SpecCheck *check, const SpecMount *mount, size_t index) {
        if (mount->bind && !mount->source)
                return spec_reject(check, "/mounts/%zu/source: missing, a bind mount needs a path", index);
        if (!mount->bind && !mount->type)
                return spec_reject(
                                check,
                                "/mounts/%zu/type: missing, expected a file system or the option 'bind'",
                                index);
        return 0;
}

/* Files that lxcfs and the like put over those of procfs; anything else there could fool the set-up itself.
 */
static int check_below_proc(const SpecCheck *check, const SpecMount *mount, size_t index) {
        static const char *const allowed[] = {
                "cpuinfo",
                "diskstats",
                "loadavg",
                "meminfo",
                "net/dev",
                "slabinfo",
                "stat",
                "swaps",
                "sys/crypto/fips_enabled",
                "sys/kernel/ns_last_pid",
                "uptime",
        };
        _cleanup_free_ char *clean = clean_path(mount->destination);
        const char *below = startswith(clean, "/proc/");

        if (!below)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
                if (streq(below, allowed[i]))
                        return 0;
        return spec_reject(
                        check, "/mounts/%zu/destination: '%s' cannot be mounted because it is inside /proc",
                        index, clean);
}

static int check_idmap(const SpecCheck *check, const SpecMount *mount, size_t index) {
        bool uid = mount->id_map.n_uid > 0, gid = mount->id_map.n_gid > 0;

        if ((mount->idmap || uid || gid) && !mount->bind)
                return spec_reject(
                                check, "/mounts/%zu/options: only a bind mount can have an id mapping",
                                index);
        if (uid != gid)
                return spec_reject(
                                check,
                                "/mounts/%zu/%s: missing, mappings are needed for both users and groups",
                                index, uid ? "gidMappings" : "uidMappings");
        for (size_t i = 0; i < mount->id_map.n_uid + mount->id_map.n_gid; i++) {
                bool is_uid = i < mount->id_map.n_uid;
                const SpecIdMapping *mapping =
                                is_uid ? &mount->id_map.uid[i] : &mount->id_map.gid[i - mount->id_map.n_uid];

                if (mapping->relative)
                        return spec_reject(
                                        check, "/mounts/%zu/options: idmap: @%u-%u-%u is not in /linux/%s",
                                        index, mapping->container_id, mapping->host_id, mapping->size,
                                        is_uid ? "uidMappings" : "gidMappings");
        }
        if (mount->idmap && !uid && !spec_namespace(check->spec, CLONE_NEWUSER))
                return spec_reject(
                                check,
                                "/mounts/%zu/options: idmap needs mappings or a user namespace to take them "
                                "from",
                                index);
        return 0;
}

/* Our own options. */
static int check_copy_and_own(const SpecCheck *check, const SpecMount *mount, size_t index) {
        if (mount->copy && (mount->bind || !mount->type || !streq(mount->type, "ramfs")))
                return spec_reject(check, "/mounts/%zu/options: copy needs the type ramfs", index);
        if (mount->copy && (!mount->source || *mount->source != '/'))
                return spec_reject(
                                check, "/mounts/%zu/source: expected an absolute path for the option copy",
                                index);
        if ((mount->own || mount->own_source) && (!mount->bind || mount->idmap || mount->id_map.n_uid > 0))
                return spec_reject(
                                check,
                                "/mounts/%zu/options: own needs a bind mount without an id mapping of its "
                                "own",
                                index);
        return 0;
}

static const MountRule rules[] = { check_destination, check_source, check_below_proc, check_idmap,
                                   check_copy_and_own };

static int check_mounts(const SpecCheck *check) {
        int r;

        for (size_t i = 0; i < check->spec->n_mounts; i++)
                for (size_t j = 0; j < ELEMENTSOF(rules); j++) {
                        r = rules[j](check, &check->spec->mounts[i], i);
                        if (r < 0)
                                return r;
                }
        return 0;
}

const SpecRule spec_mount_rules[] = { check_mounts, SPEC_RULES_END };
