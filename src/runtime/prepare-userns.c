/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from UserNS=, UIDMap= and their kin to ids of the host. */

#include "runtime/prepare-userns.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "config/to-json.h"
#include "runtime/subid.h"
#include "runtime/userns-range.h"

/* As many as a Linux distribution's users need, and as systemd gives away. */
#define AUTO_SIZE 65536U

/* File in the unit's directory with the name of the range that the container has. */
#define RANGE_FILE "userns"

/* Users and groups are the same but for these. */
typedef struct Kind {
        const char *map_key, *sub_key, *file, *helper;
} Kind;

static const Kind uid_kind = { "UIDMap", "SubUIDMap", "/etc/subuid", "newuidmap" };
static const Kind gid_kind = { "GIDMap", "SubGIDMap", "/etc/subgid", "newgidmap" };

void prepared_userns_done(PreparedUserns *userns) {
        spec_id_map_clear(&userns->map);
        *userns = PREPARED_USERNS_NULL;
}

static void append(GArray *list, uint64_t inside, uint64_t outside, uint64_t n) {
        SpecIdMapping m = { .container_id = (uint32_t) inside,
                            .host_id = (uint32_t) outside,
                            .size = (uint32_t) n };

        if (n > 0)
                g_array_append_val(list, m);
}

static GArray *list_new(void) {
        return g_array_new(FALSE, FALSE, sizeof(SpecIdMapping));
}

static void list_take(GArray *list, SpecIdMapping **ret, size_t *ret_n) {
        *ret_n = list->len;
        *ret = (SpecIdMapping *) g_array_free(list, FALSE);
}

/* ---- ranges of subuid(5) ---- */

static const char *own_name(void) {
        const struct passwd *pw = getpwuid(geteuid());

        return pw ? pw->pw_name : NULL;
}

/* As one list of ids, the first of which is id 0 of it. */
static GArray *read_ranges(const Kind *kind, const char *name, uid_t uid) {
        _cleanup_free_ SpecIdMapping *ranges = NULL;
        _cleanup_free_ char *text = NULL;
        GArray *list = list_new();
        uint64_t next = 0;
        size_t n = 0;

        if (read_file_at(AT_FDCWD, kind->file, &text, NULL) >= 0)
                subid_parse(text, name, uid, &ranges, &n);
        for (size_t i = 0; i < n && next + ranges[i].size < UINT32_MAX; i++) {
                append(list, next, ranges[i].host_id, ranges[i].size);
                next += ranges[i].size;
        }
        return list;
}

/* What an ordinary user has: the own id, and then the ranges, if there is what it takes to map them. */
static GArray *own_ids(const Kind *kind, uint32_t own) {
        _cleanup_free_ char *helper = g_find_program_in_path(kind->helper);
        GArray *ids = list_new(), *ranges;

        append(ids, 0, own, 1);
        if (!helper)
                return ids;
        ranges = read_ranges(kind, own_name(), geteuid());
        for (guint i = 0; i < ranges->len; i++) {
                const SpecIdMapping *m = &g_array_index(ranges, SpecIdMapping, i);

                append(ids, (uint64_t) m->container_id + 1, m->host_id, m->size);
        }
        g_array_unref(ranges);
        return ids;
}

/* Maps n ids from inside on to those of a list from first on; false: the list has not as many. */
static bool append_of_list(GArray *list, const GArray *ids, uint64_t inside, uint64_t first, uint64_t n) {
        for (guint i = 0; i < ids->len && n > 0; i++) {
                const SpecIdMapping *m = &g_array_index(ids, SpecIdMapping, i);
                uint64_t skip = first - m->container_id, count;

                if (first < m->container_id || skip >= m->size)
                        continue;
                count = MIN(n, m->size - skip);
                append(list, inside, m->host_id + skip, count);
                inside += count;
                first += count;
                n -= count;
        }
        return n == 0;
}

static uint64_t count_ids(const GArray *ids) {
        uint64_t n = 0;

        for (guint i = 0; i < ids->len; i++)
                n += g_array_index(ids, SpecIdMapping, i).size;
        return n;
}

/* Whether a range of the host is among a user's ids. */
static bool are_own(const GArray *ids, const ContainerIdRange *range) {
        for (guint i = 0; i < ids->len; i++) {
                const SpecIdMapping *m = &g_array_index(ids, SpecIdMapping, i);

                if (range->outside >= m->host_id &&
                    (uint64_t) range->outside + range->count <= (uint64_t) m->host_id + m->size)
                        return true;
        }
        return false;
}

/* ---- UIDMap=, GIDMap= ---- */

static int map_range(
                const ContainerFile *c, const Kind *kind, const ContainerIdRange *range, const GArray *ids,
                GArray *list) {
        bool good;

        if (!ids || range->on_host) {
                good = !ids || are_own(ids, range);
                append(list, range->inside, range->outside, range->count);
        } else
                good = append_of_list(list, ids, range->inside, range->outside, range->count);
        if (good)
                return 0;
        return log_error_errno(
                        -EINVAL,
                        "%s: %s=%u:%s%u:%u: these ids are not yours: %s gives you %" PRIu64
                        " beside your own",
                        c->path, kind->map_key, range->inside, range->on_host ? "@" : "", range->outside,
                        range->count, kind->file, count_ids(ids) - 1);
}

/* Host ids for root; for others those that they may use. */
static int map_ranges(
                const ContainerFile *c, const Kind *kind, const GPtrArray *ranges, uint32_t own,
                GArray *list) {
        GArray *ids = geteuid() == 0 ? NULL : own_ids(kind, own);
        int r = 0;

        for (guint i = 0; r >= 0 && i < ranges->len; i++)
                r = map_range(c, kind, ranges->pdata[i], ids, list);
        if (ids)
                g_array_unref(ids);
        return r;
}

/* ---- SubUIDMap=, SubGIDMap= ---- */

static int map_name(const ContainerFile *c, const Kind *kind, const char *name, GArray *list) {
        const char *own = own_name();
        GArray *ranges;

        if (geteuid() != 0 && (!own || !streq(own, name)))
                return log_error_errno(
                                -EPERM, "%s: %s=%s: you can use the ranges of your own name only", c->path,
                                kind->sub_key, name);
        ranges = read_ranges(kind, name, UINT32_MAX);
        g_array_append_vals(list, ranges->data, ranges->len);
        g_array_unref(ranges);
        if (list->len == 0)
                return log_error_errno(
                                -EINVAL, "%s: %s=%s: there is no range of that name in %s", c->path,
                                kind->sub_key, name, kind->file);
        return 0;
}

/* ---- UserNS=keep-id ---- */

/* Around the own id, the others are in their order. */
static void map_around(const Kind *kind, uint32_t own, uint32_t inside, GArray *list) {
        GArray *ids = own_ids(kind, own);
        uint64_t others = count_ids(ids) - 1, before = MIN(others, inside);

        (void) append_of_list(list, ids, 0, 1, before);
        append(list, inside, own, 1);
        (void) append_of_list(
                        list, ids, (uint64_t) inside + 1, 1 + before,
                        MIN(others - before, UINT32_MAX - 1 - (uint64_t) inside));
        g_array_unref(ids);
}

static int keep_id(ContainerFile *c, GArray *uids, GArray *gids) {
        const ContainerUserNamespace *userns = &c->userns;
        uint32_t uid = userns->has_uid ? userns->uid : geteuid(),
                 gid = userns->has_gid ? userns->gid : getegid();

        if (geteuid() == 0) {
                if (userns->has_uid || userns->has_gid)
                        return log_error_errno(
                                        -EINVAL,
                                        "%s: UserNS=keep-id: uid= and gid= are for containers of users; "
                                        "use UIDMap= and GIDMap=",
                                        c->path);
                append(uids, 0, 0, UINT32_MAX);
                append(gids, 0, 0, UINT32_MAX);
                return 0;
        }
        map_around(&uid_kind, geteuid(), uid, uids);
        map_around(&gid_kind, getegid(), gid, gids);
        if (!c->user) {
                c->user = g_strdup_printf("%u", uid);
                c->group = g_strdup_printf("%u", gid);
        }
        return 0;
}

/* ---- UserNS=auto ---- */

/* What is mapped by itself goes before the range. */
static void map_without(uint32_t first, uint32_t size, const GPtrArray *ranges, GArray *list) {
        for (uint64_t inside = 0; inside < size;) {
                uint64_t end = size, next = size;

                for (guint i = 0; ranges && i < ranges->len; i++) {
                        const ContainerIdRange *range = ranges->pdata[i];
                        uint64_t range_end = (uint64_t) range->inside + range->count;

                        if (range_end <= inside || range->inside > end)
                                continue;
                        if (range->inside <= inside) {
                                end = inside;
                                next = range_end;
                                break;
                        }
                        end = range->inside;
                        next = end;
                }
                append(list, inside, first + inside, end - inside);
                inside = MAX(next, end);
        }
        for (guint i = 0; ranges && i < ranges->len; i++) {
                const ContainerIdRange *range = ranges->pdata[i];

                append(list, range->inside, range->outside, range->count);
        }
}

static int pick(const ContainerFile *c, const char *id, PreparedUserns *userns, GArray *uids, GArray *gids) {
        uint32_t size = c->userns.size ?: AUTO_SIZE, first;
        int r;

        if (geteuid() != 0)
                return log_error_errno(
                                -EPERM,
                                "%s: UserNS=auto: the files of a root are yours, and the container would "
                                "have other ids; use UserNS=keep-id",
                                c->path);
        r = userns_range_pick(id, size, &first);
        if (r < 0)
                return r;
        map_without(first, size, c->userns.uids, uids);
        map_without(first, size, c->userns.gids, gids);
        userns->first = first;
        userns->size = size;
        return 0;
}

/* ---- all of them ---- */

/* Who says nothing of groups means the same as of users, and the other way round. */
static int find_map(ContainerFile *c, const char *id, PreparedUserns *userns, GArray *uids, GArray *gids) {
        const char *sub_uid = c->sub_uid_map ?: c->sub_gid_map, *sub_gid = c->sub_gid_map ?: c->sub_uid_map;
        int r;

        if (c->userns.mode == CONTAINER_USERNS_AUTO)
                return pick(c, id, userns, uids, gids);
        if (c->userns.mode == CONTAINER_USERNS_KEEP_ID)
                return keep_id(c, uids, gids);
        if (c->uid_map || c->gid_map) {
                r = map_ranges(c, &uid_kind, c->uid_map ?: c->gid_map, geteuid(), uids);
                return r < 0 ? r : map_ranges(c, &gid_kind, c->gid_map ?: c->uid_map, getegid(), gids);
        }
        if (!sub_uid)
                return 0;
        r = map_name(c, &uid_kind, sub_uid, uids);
        return r < 0 ? r : map_name(c, &gid_kind, sub_gid, gids);
}

int prepare_userns(ContainerFile *c, const char *id, PreparedUserns *ret) {
        PreparedUserns userns = { .map_root = geteuid() == 0 };
        GArray *uids = list_new(), *gids = list_new();
        int r = find_map(c, id, &userns, uids, gids);

        list_take(uids, &userns.map.uid, &userns.map.n_uid);
        list_take(gids, &userns.map.gid, &userns.map.n_gid);
        if (r < 0)
                spec_id_map_clear(&userns.map);
        else
                *ret = userns;
        return r;
}

static uint32_t outside(const SpecIdMapping *map, size_t n, uint32_t id) {
        for (size_t i = 0; i < n; i++)
                if (id >= map[i].container_id && id - map[i].container_id < map[i].size)
                        return map[i].host_id + (id - map[i].container_id);
        return id;
}

uint32_t prepare_userns_uid(const PreparedUserns *userns, uint32_t uid) {
        return userns->map_root ? outside(userns->map.uid, userns->map.n_uid, uid) : uid;
}

uint32_t prepare_userns_gid(const PreparedUserns *userns, uint32_t gid) {
        return userns->map_root ? outside(userns->map.gid, userns->map.n_gid, gid) : gid;
}

int prepare_userns_json(const PreparedUserns *userns, const ContainerFile *c, JsonDocument *document) {
        return userns->map.n_uid > 0 ? config_json_userns(document, c->path, &userns->map, userns->map_root)
                                     : 0;
}

/* ---- the range ---- */

/* Its name is on disk before it is taken, so that a crash in between leaves nothing unknown. */
int prepare_userns_start(const PreparedUserns *userns, const char *id, int dir_fd) {
        _cleanup_free_ char *name = NULL;
        int r;

        if (userns->size == 0)
                return 0;
        name = userns_range_name(userns->first, userns->size);
        r = write_file_atomic_at(dir_fd, RANGE_FILE, name, strlen(name), 0600);
        if (r < 0)
                return log_error_errno(r, "Failed to write '" RANGE_FILE "' of container '%s': %m", id);
        return userns_range_take(id, userns->first, userns->size);
}

int prepare_userns_stop(const char *id, int dir_fd) {
        _cleanup_free_ char *name = NULL;
        int r = read_file_at(dir_fd, RANGE_FILE, &name, NULL);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Failed to read '" RANGE_FILE "' of container '%s': %m", id);
        return userns_range_give_back(id, name);
}
