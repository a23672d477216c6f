/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ids that an ordinary user may map, and whom they stand for. */

#include "basic/cleanup.h"
#include "runtime/placement.h"
#include "runtime/subid.h"
#include "sandbox/userns.h"

static char *describe(const SpecIdMapping *map, size_t n) {
        GString *text = g_string_new(NULL);

        for (size_t i = 0; i < n; i++)
                g_string_append_printf(text, "%u:%u:%u ", map[i].container_id, map[i].host_id, map[i].size);
        return g_string_free(text, FALSE);
}

static void test_parse(void) {
        static const struct {
                const char *text;
                const char *expected; /* container ids are 0 */
        } cases[] = {
                { "", "" },
                { "alice:100000:65536\n", "0:100000:65536 " },
                { "1500:100000:65536", "0:100000:65536 " },
                { "bob:1:2\nalice:3:4\n1500:5:6\nalicette:7:8\n15000:9:10\n", "0:3:4 0:5:6 " },
                { "alice\nalice:1\nalice:1:\nalice:x:5\nalice:1:0\nalice:-1:5\nalice:1:2:3\n: :\n", "" },
                { "alice:4294967296:5\nalice:1:4294967295\n", "0:1:4294967295 " },
                { "# alice:1:2\n\n alice:1:2\n", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ SpecIdMapping *ranges = NULL;
                _cleanup_free_ char *found = NULL;
                size_t n;

                subid_parse(cases[i].text, "alice", 1500, &ranges, &n);
                found = describe(ranges, n);
                g_assert_cmpstr(found, ==, cases[i].expected);
        }
}

/* A uid without an entry in passwd. */
static void test_parse_nameless(void) {
        _cleanup_free_ SpecIdMapping *ranges = NULL;
        size_t n;

        subid_parse(":1:2\n1500:3:4\n", NULL, 1500, &ranges, &n);
        g_assert_cmpuint(n, ==, 1);
        g_assert_cmpuint(ranges[0].host_id, ==, 3);
}

static void test_map(void) {
        static const SpecIdMapping ranges[] = {
                { 0, 100000, 65536 },
                { 0, 300000, 10 },
                { 0, 1, UINT32_MAX },
        };
        static const struct {
                size_t n;
                const char *expected;
        } cases[] = {
                { 0, "0:1500:1 " },
                { 1, "0:1500:1 1:100000:65536 " },
                { 2, "0:1500:1 1:100000:65536 65537:300000:10 " },
                { 3, "0:1500:1 1:100000:65536 65537:300000:10 " }, /* there are no more ids */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ SpecIdMapping *map = NULL;
                _cleanup_free_ char *found = NULL;
                size_t n;

                subid_map(1500, ranges, cases[i].n, &map, &n);
                found = describe(map, n);
                g_assert_cmpstr(found, ==, cases[i].expected);
        }
}

static void test_outside(void) {
        SpecIdMapping mappings[] = { { 0, 1500, 1 }, { 1, 100000, 65536 } };
        const SpecIdMap map = { .uid = mappings, .n_uid = ELEMENTSOF(mappings) };
        static const struct {
                uint32_t inside;
                int result;
                uid_t outside;
        } cases[] = { { 0, 0, 1500 }, { 1, 0, 100000 }, { 65536, 0, 165535 }, { 65537, -ESRCH, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uid_t uid = 0;

                g_assert_cmpint(userns_outside_uid(&map, cases[i].inside, &uid), ==, cases[i].result);
                g_assert_cmpuint(uid, ==, cases[i].outside);
        }
}

static void test_rootless_words(void) {
        g_assert_cmpint(rootless_from_string("auto"), ==, ROOTLESS_AUTO);
        g_assert_cmpint(rootless_from_string("true"), ==, ROOTLESS_YES);
        g_assert_cmpint(rootless_from_string("0"), ==, ROOTLESS_NO);
        g_assert_cmpint(rootless_from_string("perhaps"), ==, -EINVAL);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/subid/parse", test_parse);
        g_test_add_func("/subid/parse-nameless", test_parse_nameless);
        g_test_add_func("/subid/map", test_map);
        g_test_add_func("/subid/outside", test_outside);
        g_test_add_func("/subid/rootless-words", test_rootless_words);
        return g_test_run();
}
