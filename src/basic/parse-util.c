/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/parse-util.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>

#include "basic/cleanup.h"

#define CPU_MAX 65536U

int parse_uint64(const char *s, uint64_t *ret) {
        unsigned long long v;
        char *end;

        if (!g_ascii_isdigit(*s))
                return -EINVAL;
        errno = 0;
        v = strtoull(s, &end, 10);
        if (*end)
                return -EINVAL;
        if (errno != 0)
                return -ERANGE;

        *ret = v;
        return 0;
}

int parse_uint32(const char *s, uint32_t *ret) {
        uint64_t v;
        int r;

        r = parse_uint64(s, &v);
        if (r < 0)
                return r;
        if (v > UINT32_MAX)
                return -ERANGE;

        *ret = (uint32_t) v;
        return 0;
}

int parse_int64(const char *s, int64_t *ret) {
        long long v;
        char *end;

        if (!g_ascii_isdigit(*s) && !((*s == '-' || *s == '+') && g_ascii_isdigit(s[1])))
                return -EINVAL;
        errno = 0;
        v = strtoll(s, &end, 10);
        if (*end)
                return -EINVAL;
        if (errno != 0)
                return -ERANGE;

        *ret = v;
        return 0;
}

int parse_int(const char *s, int *ret) {
        int64_t v;
        int r;

        r = parse_int64(s, &v);
        if (r < 0)
                return r;
        if (v < INT32_MIN || v > INT32_MAX)
                return -ERANGE;

        *ret = (int) v;
        return 0;
}

static bool word_in(const char *s, const char *const *words) {
        for (; *words; words++)
                if (g_ascii_strcasecmp(s, *words) == 0)
                        return true;
        return false;
}

int parse_boolean(const char *s, bool *ret) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", NULL };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off", NULL };

        if (word_in(s, yes))
                *ret = true;
        else if (word_in(s, no))
                *ret = false;
        else
                return -EINVAL;
        return 0;
}

/* "3" or "0-3". */
static int parse_range(const char *s, uint32_t *ret_first, uint32_t *ret_last) {
        _cleanup_strv_ char **ends = g_strsplit(s, "-", 2);
        uint32_t first, last;
        int r;

        r = parse_uint32(g_strstrip(ends[0]), &first);
        if (r < 0)
                return r;
        last = first;
        if (ends[1]) {
                r = parse_uint32(g_strstrip(ends[1]), &last);
                if (r < 0)
                        return r;
        }
        if (last < first)
                return -EINVAL;
        if (last >= CPU_MAX)
                return -ERANGE;

        *ret_first = first;
        *ret_last = last;
        return 0;
}

int parse_cpu_list(const char *s, uint8_t **ret_mask, unsigned *ret_size) {
        _cleanup_strv_ char **ranges = g_strsplit(s, ",", -1);
        _cleanup_free_ uint8_t *mask = g_malloc0(CPU_MAX / 8);
        unsigned size = 0;

        for (char **range = ranges; *range; range++) {
                uint32_t first, last;
                int r;

                if (isempty(g_strstrip(*range)))
                        continue;
                r = parse_range(*range, &first, &last);
                if (r < 0)
                        return r;
                for (uint32_t i = first; i <= last; i++)
                        mask[i / 8] |= (uint8_t) (1U << (i % 8));
                size = MAX(size, last / 8 + 1);
        }
        if (size == 0)
                return -EINVAL;

        *ret_mask = TAKE_PTR(mask);
        *ret_size = size;
        return 0;
}

int parse_uid_gid(const char *s, uint32_t *ret_uid, uint32_t *ret_gid) {
        _cleanup_strv_ char **ids = g_strsplit(s, ":", 2);
        uint32_t uid, gid = 0;
        int r;

        r = ids[0] ? parse_uint32(ids[0], &uid) : -EINVAL;
        if (r < 0)
                return r;
        if (ids[1]) {
                r = parse_uint32(ids[1], &gid);
                if (r < 0)
                        return r;
                *ret_gid = gid;
        }
        *ret_uid = uid;
        return 0;
}
