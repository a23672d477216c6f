/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of a payload's output beside the lines (test-line-buffer.c): the settings of a service for
 * them. */

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/relay.h"

#include "basic/cleanup.h"

static void test_settings(void) {
        static const struct {
                const char *identifier;
                int priority;
                bool prefix;
                const char *text;
        } cases[] = {
                { NULL, LOG_DAEMON | LOG_INFO, true, NULL },
                { "", LOG_DAEMON | LOG_INFO, true, NULL },
                { "web server", LOG_DAEMON | LOG_INFO, true, "30 1 web server" },
                { "", LOG_LOCAL0 | LOG_NOTICE, true, "133 1 " },
                { "x", LOG_DAEMON | LOG_DEBUG, false, "31 0 x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text =
                                log_settings_format(cases[i].identifier, cases[i].priority, cases[i].prefix);
                int level = LOG_PRI(cases[i].priority);
                _cleanup_(log_settings_done) LogSettings s;

                g_assert_cmpstr(text, ==, cases[i].text);
                log_settings_parse(text, &s);
                g_assert_cmpstr(s.identifier ?: "", ==, cases[i].identifier ?: "");
                g_assert_cmpint(s.facility, ==, cases[i].priority & LOG_FACMASK);
                g_assert_cmpint(s.level, ==, level == LOG_INFO ? -1 : level);
                g_assert_cmpint(s.no_prefix, ==, !cases[i].prefix);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/relay/settings", test_settings);
        return g_test_run();
}
