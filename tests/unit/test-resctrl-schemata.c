/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines of schemata: what is one, and when the kernel's normalised answer means what was asked for. */

#include "resctrl/schemata.h"

static void test_resource(void) {
        static const struct {
                const char *line, *resource;
        } cases[] = {
                { "L3:0=ff", "L3" },
                { "    MB:0=  100;1=  100", "MB" },
                { "L3CODE :0=f", "L3CODE" },
                { "SMBA:0=2048", "SMBA" },
                { "L3", NULL },
                { ":0=f", NULL },
                { "  :0=f", NULL },
                { "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *resource = schemata_resource(cases[i].line);

                g_assert_cmpstr(resource, ==, cases[i].resource);
        }
}

static void test_parse_valid(void) {
        static const struct {
                const char *line;
                size_t n;
                SchemataDomain last;
        } cases[] = {
                { "L3:0=ff", 1, { 0, 0xff } },
                { "L3:0=ff;1=f0", 2, { 1, 0xf0 } },
                { "L3:1=0x7f0", 1, { 1, 0x7f0 } },
                { "L3CODE:0=FFFFF", 1, { 0, 0xfffff } },
                { "L3DATA:0=1", 1, { 0, 1 } },
                { "L2:12=ffffffffffffffff", 1, { 12, UINT64_MAX } },
                { "MB:0=50", 1, { 0, 50 } },
                { "SMBA:0=2048;1=64", 2, { 1, 64 } },
                { "    MB:0=  100;1=   70", 2, { 1, 70 } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(schemata_line_freep) SchemataLine *line = NULL;
                const SchemataDomain *last;

                g_assert_cmpint(schemata_line_parse(cases[i].line, &line), ==, 0);
                g_assert_cmpuint(line->domains->len, ==, cases[i].n);
                last = &g_array_index(line->domains, SchemataDomain, cases[i].n - 1);
                g_assert_cmpuint(last->id, ==, cases[i].last.id);
                g_assert_cmpuint(last->value, ==, cases[i].last.value);
        }
}

static void test_parse_invalid(void) {
        static const char *const cases[] = {
                "",
                "L3",
                "L3:",
                "L3:0",
                "L3:0=",
                "L3:=f",
                "L3:x=f",
                "L3:0=xyz",
                "L3:0=0x",
                "L3:0=-1",
                "L3:0=f;",
                "L3:0=f;;1=f",
                "MB:0=ff",
                "MB:0=0x10",
                "MB:0=-10",
                "MB:0=10%",
                "L3:-1=f",
                "L3:0=f;0=f",
                "L3:0=f\n",
                ":0=f",
                "L3:0=f=f",
                "L3:0=10000000000000000",
                "L3:0=f\nMB:0=10",
                "MB:0=5 0",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(schemata_line_freep) SchemataLine *line = NULL;

                if (schemata_line_parse(cases[i], &line) != -EINVAL)
                        g_error("'%s' was taken", cases[i]);
                g_assert_null(line);
        }
}

static void test_parse_file(void) {
        _cleanup_ptr_array_ GPtrArray *lines = schemata_parse(
                        "    MB:0=  100;1=  100\n\nL2:uninitialized\n    L3:0=fffff;1=fffff\n");
        _cleanup_ptr_array_ GPtrArray *none = schemata_parse("");

        g_assert_cmpuint(lines->len, ==, 2);
        g_assert_cmpstr(((SchemataLine *) lines->pdata[0])->resource, ==, "MB");
        g_assert_cmpstr(((SchemataLine *) lines->pdata[1])->resource, ==, "L3");
        g_assert_cmpuint(none->len, ==, 0);
}

static void test_missing_domain(void) {
        static const struct {
                const char *line;
                bool missing;
                uint32_t domain;
        } cases[] = {
                { "L3:0=f;1=f", false },
                { "L3:0=f;2=f", true, 2 },
                { "MB:17=10;0=10", true, 17 },
                { "L2:9=f", false },
        };
        _cleanup_ptr_array_ GPtrArray *machine = schemata_parse("MB:0=100;1=100\nL3:0=fffff;1=fffff\n");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(schemata_line_freep) SchemataLine *line = NULL;
                uint32_t domain = 0;

                g_assert_cmpint(schemata_line_parse(cases[i].line, &line), ==, 0);
                g_assert_true(schemata_find_missing_domain(line, machine, &domain) == cases[i].missing);
                g_assert_cmpuint(domain, ==, cases[i].domain);
        }
}

#define CURRENT "    MB:0=   40;1=  100\n  SMBA:0= 2048;1= 2048\n    L3:0=000ff;1=fffff\n"

static void test_in_force(void) {
        static const SchemataRounding rounding = { .mb = 10, .smba = 1 };
        static const struct {
                const char *wanted, *current;
                bool in_force;
        } cases[] = {
                { "L3:0=ff", CURRENT, true }, /* leading zeros, the other domain is not named */
                { "L3:0=FF;1=0xfffff", CURRENT, true },
                { "L3:1=fffff;0=00ff", CURRENT, true }, /* in any order */
                { "L3:0=fe", CURRENT, false },
                { "L3:0=ff;1=ff", CURRENT, false },
                { "L3:2=ff", CURRENT, false }, /* no such domain */
                { "L2:0=ff", CURRENT, false }, /* no such resource */
                { "L3CODE:0=ff", CURRENT, false },
                { "MB:0=40", CURRENT, true },
                { "MB:0=33", CURRENT, true }, /* rounded up */
                { "MB:0=31;1=91", CURRENT, true },
                { "MB:0=30", CURRENT, false },
                { "MB:0=41", CURRENT, false },
                { "MB:0=64", CURRENT, false }, /* 0x40 */
                { "SMBA:0=2048", CURRENT, true },
                { "SMBA:0=2047", CURRENT, false },
                { "MB:0=3000", "MB:0=3000\n", true }, /* mba_MBps: megabytes, not rounded by newer kernels */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(schemata_line_freep) SchemataLine *wanted = NULL;
                _cleanup_ptr_array_ GPtrArray *current = schemata_parse(cases[i].current);

                g_assert_cmpint(schemata_line_parse(cases[i].wanted, &wanted), ==, 0);
                if (schemata_line_in_force(wanted, current, &rounding) != cases[i].in_force)
                        g_error("'%s' should%s be in force", cases[i].wanted,
                                cases[i].in_force ? "" : " not");
        }
}

static void test_no_rounding(void) {
        static const SchemataRounding rounding = {};
        _cleanup_(schemata_line_freep) SchemataLine *wanted = NULL;
        _cleanup_ptr_array_ GPtrArray *current = schemata_parse(CURRENT);

        g_assert_cmpint(schemata_line_parse("MB:0=33", &wanted), ==, 0);
        g_assert_false(schemata_line_in_force(wanted, current, &rounding));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/resctrl/schemata/resource", test_resource);
        g_test_add_func("/resctrl/schemata/parse-valid", test_parse_valid);
        g_test_add_func("/resctrl/schemata/parse-invalid", test_parse_invalid);
        g_test_add_func("/resctrl/schemata/parse-file", test_parse_file);
        g_test_add_func("/resctrl/schemata/missing-domain", test_missing_domain);
        g_test_add_func("/resctrl/schemata/in-force", test_in_force);
        g_test_add_func("/resctrl/schemata/no-rounding", test_no_rounding);
        return g_test_run();
}
