/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/subid.h"

#include "basic/parse-util.h"

static bool is_user(const char *word, const char *name, uid_t uid) {
        uint32_t number;

        return (name && streq(word, name)) || (parse_uint32(word, &number) >= 0 && number == uid);
}

void subid_parse(const char *text, const char *name, uid_t uid, SpecIdMapping **ret, size_t *ret_n) {
        _cleanup_strv_ char **lines = g_strsplit(text, "\n", -1);
        SpecIdMapping *ranges = NULL;
        size_t n = 0;

        for (char **line = lines; *line; line++) {
                _cleanup_strv_ char **fields = g_strsplit(*line, ":", -1);
                SpecIdMapping range = { 0 };

                if (g_strv_length(fields) != 3 || !is_user(fields[0], name, uid) ||
                    parse_uint32(fields[1], &range.host_id) < 0 ||
                    parse_uint32(fields[2], &range.size) < 0 || range.size == 0)
                        continue;
                ranges = g_renew(SpecIdMapping, ranges, n + 1);
                ranges[n++] = range;
        }
        *ret = ranges;
        *ret_n = n;
}

void subid_map(uint32_t own, const SpecIdMapping *ranges, size_t n, SpecIdMapping **ret, size_t *ret_n) {
        SpecIdMapping *map = g_new(SpecIdMapping, n + 1);
        uint32_t next = 1;
        size_t used = 0;

        map[0] = (SpecIdMapping) { .container_id = 0, .host_id = own, .size = 1 };
        for (; used < n && ranges[used].size <= UINT32_MAX - next; used++) {
                map[used + 1] = ranges[used];
                map[used + 1].container_id = next;
                next += ranges[used].size;
        }
        *ret = map;
        *ret_n = used + 1;
}
