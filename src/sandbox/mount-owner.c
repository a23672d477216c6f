/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the answer to whose volumes are, and the directories that systemd makes for a unit. For systemd these
 * are root's, and it gives them back to root whenever it executes something for the unit: only an id mapping
 * lasts. */

#include "sandbox/mount-owner.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "basic/user-namespace.h"
#include "sandbox/idmap.h"
#include "sandbox/userns.h"

/* Appends what n ids from first on are on the host; inside they are n from first_inside on. */
static void append(SpecIdMapping **list, size_t *n_list, uint32_t first, uint32_t host, uint32_t n) {
        *list = g_renew(SpecIdMapping, *list, *n_list + 1);
        (*list)[(*n_list)++] = (SpecIdMapping) { .container_id = first, .host_id = host, .size = n };
}

/* The first id behind first where one of the two that change places begins or ends. */
static uint64_t next_cut(uint64_t first, uint64_t end, uint32_t owner, uint32_t id) {
        const uint64_t cuts[] = { owner, (uint64_t) owner + 1, id, (uint64_t) id + 1 };

        for (size_t i = 0; i < ELEMENTSOF(cuts); i++)
                if (cuts[i] > first)
                        end = MIN(end, cuts[i]);
        return end;
}

/* One range, cut where the two ids that change places are. */
static void add_range(
                const SpecIdMapping *range, uint32_t owner, uint32_t id, SpecIdMapping **list,
                size_t *n_list) {
        uint64_t end = (uint64_t) range->container_id + range->size, next;

        for (uint64_t first = range->container_id; first < end; first = next) {
                uint32_t disk = first == owner ? id : first == id ? owner : (uint32_t) first;

                next = owner == id ? end : next_cut(first, end, owner, id);
                append(list, n_list, disk, range->host_id + (uint32_t) (first - range->container_id),
                       (uint32_t) (next - first));
        }
}

/* Who changes places with whom. */
typedef struct Exchange {
        uint32_t owner, id;
} Exchange;

static void make_map(
                const SpecIdMapping *map, size_t n, const Exchange *exchange, SpecIdMapping **ret,
                size_t *ret_n) {
        /* The last id is no id. */
        static const SpecIdMapping all = { .size = UINT32_MAX };

        *ret = NULL;
        *ret_n = 0;
        for (size_t i = 0; i < n; i++)
                add_range(&map[i], exchange->owner, exchange->id, ret, ret_n);
        if (n == 0)
                add_range(&all, exchange->owner, exchange->id, ret, ret_n);
}

void mount_owner_map(const Spec *spec, uint32_t uid, uint32_t gid, SpecIdMap *ret) {
        const SpecIdMap *map = &spec->linux_.id_map;
        const SpecUser *user = &spec->process.user;

        make_map(map->uid, map->n_uid, &(Exchange) { uid, user->uid }, &ret->uid, &ret->n_uid);
        make_map(map->gid, map->n_gid, &(Exchange) { gid, user->gid }, &ret->gid, &ret->n_gid);
}

bool mount_owner_wanted(const Spec *spec, const SpecMount *m) {
        const SpecUser *user = &spec->process.user;

        return m->own_source || (m->own && (userns_wanted(spec) || user->uid != 0 || user->gid != 0));
}

/* The id outside, for who gives it away outside. */
static uint32_t outside(const SpecIdMapping *map, size_t n, uint32_t id) {
        for (size_t i = 0; i < n; i++)
                if (id >= map[i].container_id && id - map[i].container_id < map[i].size)
                        return map[i].host_id + (id - map[i].container_id);
        return n == 0 ? id : UINT32_MAX;
}

static int give_away(int fd, uid_t uid, gid_t gid);

static int give_children_away(int dir_fd, uid_t uid, gid_t gid) {
        _cleanup_closedir_ DIR *dir = NULL;
        int found;

        found = directory_open_at(dir_fd, ".", &dir);
        if (found < 0)
                return found;
        for (;;) {
                _cleanup_close_ int child_fd = -EBADF;
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return -errno;
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                child_fd = openat(dirfd(dir), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                if (child_fd < 0 && errno == ENOENT)
                        continue;
                r = child_fd < 0 ? negative_errno() : give_away(child_fd, uid, gid);
                if (r < 0)
                        return r;
        }
}

/* Children first: a directory that is its new owner's is done, as systemd sees it, too. */
static int give_away(int fd, uid_t uid, gid_t gid) {
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return negative_errno();
        r = S_ISDIR(st.st_mode) ? give_children_away(fd, uid, gid) : 0;
        if (r < 0)
                return r;
        return fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? negative_errno() : 0;
}

static int give_tree_away(const Spec *spec, const SpecMount *m, int mount_fd) {
        const SpecIdMap *map = &spec->linux_.id_map;
        const SpecUser *user = &spec->process.user;
        uid_t uid = outside(map->uid, map->n_uid, user->uid);
        gid_t gid = outside(map->gid, map->n_gid, user->gid);
        struct stat st;
        int r;

        log_debug("The file system of '%s' has no id mapping of mounts: giving the tree to %u:%u", m->source,
                  uid, gid);
        r = fstat(mount_fd, &st) < 0 ? negative_errno() : 0;
        if (r >= 0 && (st.st_uid != uid || st.st_gid != gid))
                r = give_away(mount_fd, uid, gid);
        return r < 0 ? log_error_errno(r, "Failed to give '%s' to the payload's user: %m", m->source) : 0;
}

int mount_owner_apply(const Spec *spec, const SpecMount *m, int mount_fd) {
        const SpecUser *user = &spec->process.user;
        _cleanup_close_ int userns_fd = -EBADF;
        SpecMount mapped = *m;
        struct stat st = { 0 };
        int r;

        if (geteuid() != 0 || !user_namespace_is_initial())
                return 0;
        if (m->own_source && fstat(mount_fd, &st) < 0)
                return log_error_errno(negative_errno(), "Failed to look at '%s': %m", m->source);
        if (!userns_wanted(spec) && st.st_uid == user->uid && st.st_gid == user->gid)
                return 0;
        mapped.id_map = (SpecIdMap) { 0 };
        mapped.idmap = mapped.idmap_recursive = true;
        if (!userns_wanted(spec) || spec->linux_.id_map.n_uid > 0)
                mount_owner_map(spec, st.st_uid, st.st_gid, &mapped.id_map);
        userns_fd = idmap_open_userns(spec, &mapped);
        spec_id_map_clear(&mapped.id_map);
        if (userns_fd < 0)
                return userns_fd;
        r = idmap_set(&mapped, userns_fd, mount_fd);
        if (r == -EINVAL)
                return give_tree_away(spec, m, mount_fd);
        return r < 0 ? log_error_errno(r,
                                       "Failed to give '%s', to be mounted on '%s', to the payload's user: "
                                       "%m",
                                       m->source, m->destination)
                     : 0;
}
