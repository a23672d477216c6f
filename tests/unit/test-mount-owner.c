/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose files the option "own" makes them: the mappings, as a kernel would read them. */

#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "sandbox/mount-owner.h"

/* "INSIDE-OUTSIDE-COUNT ..." */
static char *map_text(const SpecIdMapping *map, size_t n) {
        GString *text = g_string_new(NULL);

        for (size_t i = 0; i < n; i++)
                g_string_append_printf(
                                text, "%s%u-%u-%u", i > 0 ? " " : "", map[i].container_id, map[i].host_id,
                                map[i].size);
        return g_string_free(text, FALSE);
}

static void test_map(void) {
        static const struct {
                SpecIdMapping map[3]; /* of the container; none: no user namespace */
                size_t n;
                uint32_t uid;
                const char *expected;
                uint32_t owner; /* of the source */
        } cases[] = {
                { {}, 0, 0, "0-0-4294967295" },
                { {}, 0, 1, "1-0-1 0-1-1 2-2-4294967293" },
                { {}, 0, 1000, "1000-0-1 1-1-999 0-1000-1 1001-1001-4294966294" },
                { { { 0, 100000, 65536 } }, 1, 0, "0-100000-65536" },
                { { { 0, 100000, 65536 } }, 1, 33, "33-100000-1 1-100001-32 0-100033-1 34-100034-65502" },
                { { { 0, 1000, 1 }, { 1, 100000, 65536 } },
                  2,
                  65536,
                  "65536-1000-1 1-100000-65535 0-165535-1" },
                { { { 5, 500, 10 } }, 1, 5, "0-500-1 6-501-9" },
                { {}, 0, 0, "1000-0-1 1-1-999 0-1000-1 1001-1001-4294966294", 1000 },
                { {}, 0, 34, "0-0-33 34-33-1 33-34-1 35-35-4294967260", 33 },
                { { { 0, 100000, 65536 } }, 1, 33, "0-100000-33 1000000-100033-1 34-100034-65502", 1000000 },
                { { { 0, 100000, 65536 } }, 1, 33, "0-100000-65536", 33 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Spec spec = { 0 };
                SpecIdMap map;
                _cleanup_free_ char *uids = NULL, *gids = NULL;

                spec.process.user.uid = spec.process.user.gid = cases[i].uid;
                spec.linux_.id_map.uid = spec.linux_.id_map.gid = (SpecIdMapping *) cases[i].map;
                spec.linux_.id_map.n_uid = spec.linux_.id_map.n_gid = cases[i].n;
                mount_owner_map(&spec, cases[i].owner, cases[i].owner, &map);
                uids = map_text(map.uid, map.n_uid);
                gids = map_text(map.gid, map.n_gid);
                spec_id_map_clear(&map);
                g_assert_cmpstr(uids, ==, cases[i].expected);
                g_assert_cmpstr(gids, ==, cases[i].expected);
        }
}

static void test_wanted(void) {
        Spec spec = { 0 };
        SpecMount m = { .bind = true, .own = true };

        g_assert_false(mount_owner_wanted(&spec, &m));
        spec.process.user.gid = 1;
        g_assert_true(mount_owner_wanted(&spec, &m));
        m.own = false;
        g_assert_false(mount_owner_wanted(&spec, &m));
        m.own_source = true;
        g_assert_true(mount_owner_wanted(&spec, &m));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/mount-owner/map", test_map);
        g_test_add_func("/mount-owner/wanted", test_wanted);
        return g_test_run();
}
