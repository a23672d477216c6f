/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lengths of time in the spellings of systemd and of Go. */

#include "basic/time-span.h"

#include <errno.h>
#include <glib.h>

#include "basic/macro.h"

#define SEC UINT64_C(1000000)

static void test_good(void) {
        static const struct {
                const char *text;
                uint64_t usec;
        } cases[] = {
                { "0", 0 },
                { "90", 90 * SEC },
                { "5s", 5 * SEC },
                { "5 s", 5 * SEC },
                { " 1min  30s ", 90 * SEC },
                { "1m30s", 90 * SEC },
                { "1h0m0s", 3600 * SEC },
                { "1.5h", 5400 * SEC },
                { "0.25", SEC / 4 },
                { ".5s", SEC / 2 },
                { "300ms", 300000 },
                { "1500us", 1500 },
                { "7\302\265s", 7 },
                { "2500ns", 2 },
                { "2d", UINT64_C(172800) * SEC },
                { "1 week", UINT64_C(604800) * SEC },
                { "1M", UINT64_C(2629800) * SEC },
                { "584542y", UINT64_C(584542) * 31557600 * SEC },
                { "infinity", TIME_SPAN_FOREVER },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t usec = 1;

                g_test_message("'%s'", cases[i].text);
                g_assert_cmpint(parse_time_span(cases[i].text, &usec), ==, 0);
                g_assert_cmpuint(usec, ==, cases[i].usec);
        }
}

static void test_bad(void) {
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                { "", -EINVAL },
                { "s", -EINVAL },
                { ".", -EINVAL },
                { "-5s", -EINVAL },
                { "+5s", -EINVAL },
                { "5 parsecs", -EINVAL },
                { "5s oops", -EINVAL },
                { "1..5s", -EINVAL },
                { "0x10", -EINVAL },
                { "disable", -EINVAL },
                { "18446744073709551616", -ERANGE },
                { "18446744073709551615", -ERANGE },
                { "600000y", -ERANGE },
                { "584542y 1y", -ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t usec = 77;

                g_test_message("'%s'", cases[i].text);
                g_assert_cmpint(parse_time_span(cases[i].text, &usec), ==, cases[i].error);
                g_assert_cmpuint(usec, ==, 77);
        }
}

static void test_to_string(void) {
        static const struct {
                uint64_t usec;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { 30 * SEC, "30s" },
                { 90 * SEC, "1min 30s" },
                { 1500000, "1s 500ms" },
                { UINT64_C(90061) * SEC + 1, "1d 1h 1min 1s 1us" },
                { TIME_SPAN_FOREVER, "infinity" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *text = time_span_to_string(cases[i].usec);

                g_assert_cmpstr(text, ==, cases[i].text);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/time-span/good", test_good);
        g_test_add_func("/time-span/bad", test_bad);
        g_test_add_func("/time-span/to-string", test_to_string);
        return g_test_run();
}
