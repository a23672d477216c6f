/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the registry of ranges. */

#include "runtime/userns-range.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "runtime/subid.h"

/* Those of systemd-nspawn, which locks a file called as the first of 65536. */
#define NSPAWN_REGISTRY "/run/systemd/nspawn-uid"
#define NSPAWN_SIZE     65536U

/* "Container UID Ranges" of https://systemd.io/UIDS-GIDS. */
#define SYSTEMD_FIRST 524288U
#define SYSTEMD_LAST  1879048191U

typedef struct Range {
        uint32_t first, size;
} Range;

static bool overlaps(const Range *a, uint32_t first, uint32_t size) {
        return first < (uint64_t) a->first + a->size && a->first < (uint64_t) first + size;
}

/* ---- what is taken ---- */

static void add_range(GArray *list, uint32_t first, uint32_t size) {
        Range range = { .first = first, .size = size };

        g_array_append_val(list, range);
}

/* fixed: the size of all, 0: the name says it. */
static void read_registry(const char *path, uint32_t fixed, GArray *list) {
        _cleanup_closedir_ DIR *dir = opendir(path);
        const struct dirent *entry;
        unsigned first, size = fixed;

        while (dir && (entry = readdir(dir)))
                if (fixed > 0 ? sscanf(entry->d_name, "%u", &first) == 1
                              : sscanf(entry->d_name, "%u-%u", &first, &size) == 2)
                        add_range(list, first, size);
}

static GArray *taken_ranges(void) {
        GArray *list = g_array_new(FALSE, FALSE, sizeof(Range));

        read_registry(USERNS_REGISTRY, 0, list);
        read_registry(NSPAWN_REGISTRY, NSPAWN_SIZE, list);
        return list;
}

static bool is_free(const GArray *taken, uint32_t first, uint32_t size) {
        for (guint i = 0; i < taken->len; i++)
                if (overlaps(&g_array_index(taken, Range, i), first, size))
                        return false;
        return true;
}

/* ---- what there is ---- */

static GArray *read_subids(const char *file) {
        GArray *list = g_array_new(FALSE, FALSE, sizeof(Range));
        _cleanup_free_ SpecIdMapping *ranges = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        if (read_file_at(AT_FDCWD, file, &text, NULL) >= 0)
                subid_parse(text, "containers", UINT32_MAX, &ranges, &n);
        for (size_t i = 0; i < n; i++)
                add_range(list, ranges[i].host_id, ranges[i].size);
        return list;
}

/* The parts that are in both: a container has the same numbers as users and as groups. */
static GArray *available_ranges(void) {
        GArray *uids = read_subids("/etc/subuid"), *gids = read_subids("/etc/subgid"),
               *both = g_array_new(FALSE, FALSE, sizeof(Range));

        for (guint i = 0; i < uids->len; i++)
                for (guint k = 0; k < gids->len; k++) {
                        const Range *u = &g_array_index(uids, Range, i), *g = &g_array_index(gids, Range, k);
                        uint64_t first = MAX(u->first, g->first),
                                 end = MIN((uint64_t) u->first + u->size, (uint64_t) g->first + g->size);

                        end = MIN(end, UINT32_MAX);
                        if (first < end)
                                add_range(both, (uint32_t) first, (uint32_t) (end - first));
                }
        if (uids->len == 0 && gids->len == 0)
                add_range(both, SYSTEMD_FIRST, SYSTEMD_LAST - SYSTEMD_FIRST + 1);
        g_array_unref(uids);
        g_array_unref(gids);
        return both;
}

/* ---- picking ---- */

/* Place number slot of all that fit. */
static uint32_t nth_slot(const GArray *ranges, uint32_t size, uint32_t slot) {
        for (guint i = 0; i < ranges->len; i++) {
                const Range *range = &g_array_index(ranges, Range, i);
                uint32_t n = range->size / size;

                if (slot < n)
                        return range->first + slot * size;
                slot -= n;
        }
        return 0;
}

static uint32_t count_slots(const GArray *ranges, uint32_t size) {
        uint32_t n = 0;

        for (guint i = 0; i < ranges->len; i++)
                n += g_array_index(ranges, Range, i).size / size;
        return n;
}

int userns_range_pick(const char *id, uint32_t size, uint32_t *ret_first) {
        GArray *taken = taken_ranges(), *ranges = available_ranges();
        uint32_t n = count_slots(ranges, size), start = n > 0 ? g_str_hash(id) % n : 0, first = 0;

        for (uint32_t i = 0; i < n && first == 0; i++) {
                uint32_t candidate = nth_slot(ranges, size, (start + i) % n);

                if (is_free(taken, candidate, size))
                        first = candidate;
        }
        g_array_unref(taken);
        g_array_unref(ranges);
        if (first == 0)
                return log_error_errno(
                                -ENOSPC, "There are no %u ids for the user namespace of container '%s'%s",
                                size, id,
                                n == 0 ? ": 'containers' has not as many in /etc/subuid and /etc/subgid"
                                       : ": all are in use");
        *ret_first = first;
        return 0;
}

/* ---- taking ---- */

char *userns_range_name(uint32_t first, uint32_t size) {
        return g_strdup_printf("%u-%u", first, size);
}

static int take(int dir_fd, const char *id, uint32_t first, uint32_t size) {
        _cleanup_free_ char *name = userns_range_name(first, size);
        GArray *taken = taken_ranges();
        bool available = is_free(taken, first, size);

        g_array_unref(taken);
        return available ? write_file_atomic_at(dir_fd, name, id, strlen(id), 0644) : -EAGAIN;
}

int userns_range_take(const char *id, uint32_t first, uint32_t size) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = make_directories(USERNS_REGISTRY, 0755);
        if (r >= 0) {
                fd = open(USERNS_REGISTRY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = fd < 0 || flock(fd, LOCK_EX) < 0 ? negative_errno() : take(fd, id, first, size);
        }
        if (r < 0 && r != -EAGAIN)
                return log_error_errno(r, "Failed to register the user ids of container '%s': %m", id);
        return r;
}

int userns_range_give_back(const char *id, const char *name) {
        _cleanup_free_ char *path = g_build_filename(USERNS_REGISTRY, name, NULL), *owner = NULL;
        int r = read_file_at(AT_FDCWD, path, &owner, NULL);

        if (r >= 0 && streq(owner, id) && unlink(path) < 0)
                r = negative_errno();
        return r < 0 && r != -ENOENT ? log_error_errno(r, "Failed to remove '%s': %m", path) : 0;
}
