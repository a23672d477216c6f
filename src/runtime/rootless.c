/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/rootless.h"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "runtime/subid.h"

/* ---- a user namespace ---- */

static void read_ranges(const char *file, const char *helper, SpecIdMapping **ret, size_t *ret_n) {
        _cleanup_free_ char *text = NULL, *program = g_find_program_in_path(helper);
        const struct passwd *pw = getpwuid(geteuid());

        *ret = NULL;
        *ret_n = 0;
        if (program && read_file_at(AT_FDCWD, file, &text, NULL) >= 0)
                subid_parse(text, pw ? pw->pw_name : NULL, geteuid(), ret, ret_n);
}

static void set_single(SpecIdMapping **map, size_t *n, uint32_t container_id, uint32_t host_id) {
        *map = g_renew(SpecIdMapping, *map, 1);
        **map = (SpecIdMapping) { .container_id = container_id, .host_id = host_id, .size = 1 };
        *n = 1;
}

/* Both or none: what is written for one kind of ids has to work for the other. */
static void choose_map(Spec *spec) {
        _cleanup_free_ SpecIdMapping *uids = NULL, *gids = NULL;
        const SpecUser *user = &spec->process.user;
        SpecIdMap *map = &spec->linux_.id_map;
        size_t n_uids, n_gids;

        read_ranges("/etc/subuid", "newuidmap", &uids, &n_uids);
        read_ranges("/etc/subgid", "newgidmap", &gids, &n_gids);
        spec_id_map_clear(map);
        if (n_uids > 0 && n_gids > 0) {
                subid_map(geteuid(), uids, n_uids, &map->uid, &map->n_uid);
                subid_map(getegid(), gids, n_gids, &map->gid, &map->n_gid);
                return;
        }
        log_debug("No ranges of ids for uid %u in /etc/subuid and /etc/subgid, or no newuidmap: the "
                  "container gets one id",
                  geteuid());
        set_single(&map->uid, &map->n_uid, user->uid, geteuid());
        set_single(&map->gid, &map->n_gid, user->gid, getegid());
}

static void add_user_namespace(Spec *spec) {
        SpecLinux *linux_ = &spec->linux_;

        linux_->namespaces = g_renew(SpecNamespace, linux_->namespaces, linux_->n_namespaces + 1);
        linux_->namespaces[linux_->n_namespaces++] =
                        (SpecNamespace) { .flag = CLONE_NEWUSER, .name = "user" };
        choose_map(spec);
}

/* ---- what it rules out ---- */

static bool is_mapped(const SpecIdMapping *map, size_t n, uint32_t id) {
        for (size_t i = 0; i < n; i++)
                if (id >= map[i].container_id && id - map[i].container_id < map[i].size)
                        return true;
        return false;
}

/* Whether it is an option "uid=N" or "gid=N" of an id that the container does not have. */
static bool is_unmapped_option(const Spec *spec, const char *option) {
        const SpecIdMap *map = &spec->linux_.id_map;
        const char *uid = startswith(option, "uid="), *gid = startswith(option, "gid=");
        uint32_t id;

        if ((!uid && !gid) || parse_uint32(uid ?: gid, &id) < 0)
                return false;
        return uid ? !is_mapped(map->uid, map->n_uid, id) : !is_mapped(map->gid, map->n_gid, id);
}

/* Configurations for root have "gid=5" for /dev/pts, which nothing depends on: it goes together with the
 * user namespace that we have added. */
static void drop_unmapped_options(const Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                char **kept = spec->mounts[i].data;

                if (!kept || !spec->mounts[i].type || !streq(spec->mounts[i].type, "devpts"))
                        continue;
                for (char **option = kept; *option; option++)
                        if (is_unmapped_option(spec, *option))
                                g_free(*option);
                        else
                                *kept++ = *option;
                *kept = NULL;
        }
}

static int check_options(const Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                for (char **option = spec->mounts[i].data; option && *option; option++)
                        if (is_unmapped_option(spec, *option))
                                return log_error_errno(
                                                -EINVAL,
                                                "/mounts/%zu/options: '%s' is no id of the container: "
                                                "/linux/%cidMappings has no mapping for it",
                                                i, *option, **option);
        return 0;
}

/* Who may map only the own group may not change groups at all (user_namespaces(7)). */
static int check_groups(const Spec *spec) {
        const SpecIdMap *map = &spec->linux_.id_map;

        if (spec->process.user.n_additional_gids > 0 && map->n_gid == 1 && map->gid->size == 1 &&
            map->gid->host_id == getegid())
                return log_error_errno(
                                -EINVAL,
                                "/process/user/additionalGids: cannot set any additional groups in a "
                                "rootless "
                                "container without a range of ids (/etc/subgid)");
        return 0;
}

int rootless_adapt(Spec *spec) {
        const SpecNamespace *userns = spec_namespace(spec, CLONE_NEWUSER);
        int r;

        if (geteuid() == 0 || (userns && userns->path))
                return 0;
        if (!userns) {
                add_user_namespace(spec);
                drop_unmapped_options(spec);
        }
        r = check_options(spec);
        return r < 0 ? r : check_groups(spec);
}
