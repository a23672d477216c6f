/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file between berth-prepare and berth-supervise: what is written is read back; what is broken is named.
 */

#include <signal.h>

#include "runtime/params.h"

#include "basic/cleanup.h"
#include "notify/message.h"

static void assert_words(char **found, char **expected) {
        g_assert_cmpint(found != NULL, ==, expected != NULL);
        if (expected)
                g_assert_true(g_strv_equal((const char *const *) found, (const char *const *) expected));
}

static void test_round_trip(void) {
        static char *const words[] = { (char *) "/bin/sh", (char *) "-c", (char *) "a 'b' \"$c\"\\\n",
                                       (char *) "", NULL };
        static const UnitParams cases[] = {
                { .bundle = (char *) "/var/lib/berth/web",
                  .stop_signal = SIGTERM,
                  .unit = (char *) "container@web.service",
                  .network_of = (char *) "vpn",
                  .health = { .retries = 1 } },
                { .bundle = (char *) "/b/with space and \\ back\nline",
                  .notify = NOTIFY_MODE_READY,
                  .notify_allow = NOTIFY_ALLOW_WATCHDOG_USEC,
                  .stop_signal = SIGQUIT,
                  .terminal = true,
                  .reload_command = (char **) words,
                  .health = { .command = (char **) words,
                              .interval_usec = 1,
                              .timeout_usec = UINT64_MAX,
                              .start_period_usec = 5,
                              .retries = 77,
                              .on_failure = HEALTH_ACTION_KILL } },
                { .bundle = (char *) "/b",
                  .notify = NOTIFY_MODE_HEALTHY,
                  .notify_allow = NOTIFY_ALLOW_WATCHDOG_USEC | NOTIFY_ALLOW_RESTART_RESET,
                  .stop_signal = 37 /* SIGRTMIN+3 */,
                  .reload_signal = SIGHUP,
                  .health = { .retries = 1 } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(unit_params_done) UnitParams back = UNIT_PARAMS_NULL;
                g_autofree char *text = unit_params_format(&cases[i]);
                g_autofree char *error = NULL;

                g_assert_cmpint(unit_params_parse(text, &back, &error), ==, 0);
                g_assert_null(error);
                g_assert_cmpstr(back.bundle, ==, cases[i].bundle);
                g_assert_cmpint(back.notify, ==, cases[i].notify);
                g_assert_cmpuint(back.notify_allow, ==, cases[i].notify_allow);
                g_assert_cmpint(back.stop_signal, ==, cases[i].stop_signal);
                g_assert_cmpint(back.terminal, ==, cases[i].terminal);
                g_assert_cmpstr(back.unit, ==, cases[i].unit);
                g_assert_cmpstr(back.network_of, ==, cases[i].network_of);
                g_assert_cmpint(back.reload_signal, ==, cases[i].reload_signal);
                assert_words(back.reload_command, cases[i].reload_command);
                assert_words(back.health.command, cases[i].health.command);
                g_assert_cmpuint(back.health.interval_usec, ==, cases[i].health.interval_usec);
                g_assert_cmpuint(back.health.timeout_usec, ==, cases[i].health.timeout_usec);
                g_assert_cmpuint(back.health.start_period_usec, ==, cases[i].health.start_period_usec);
                g_assert_cmpuint(back.health.retries, ==, cases[i].health.retries);
                g_assert_cmpint(back.health.on_failure, ==, cases[i].health.on_failure);
        }
}

static void test_defaults(void) {
        _cleanup_(unit_params_done) UnitParams back = UNIT_PARAMS_NULL;
        g_autofree char *error = NULL;

        g_assert_cmpint(unit_params_parse("[Unit]\nBundle=/b\n", &back, &error), ==, 0);
        g_assert_cmpint(back.notify, ==, NOTIFY_MODE_STARTED);
        g_assert_cmpint(back.stop_signal, ==, SIGTERM);
        g_assert_false(back.terminal);
        g_assert_cmpint(back.reload_signal, ==, 0);
        g_assert_null(back.health.command);
        g_assert_cmpuint(back.health.interval_usec, ==, 30000000);
        g_assert_cmpuint(back.health.timeout_usec, ==, 30000000);
        g_assert_cmpuint(back.health.retries, ==, 3);
}

static void test_broken(void) {
        static const struct {
                const char *text, *named;
        } cases[] = {
                { "[Unit]\nNotify=ready\n", "Bundle=" },
                { "[Unit]\nBundle=relative\n", "Bundle=" },
                { "[Unit]\nBundle=/b\nNotify=perhaps\n", "'perhaps'" },
                { "[Unit]\nBundle=/b\nNotifyAllow=mainpid\n", "'mainpid'" },
                { "[Unit]\nBundle=/b\nStopSignal=SIGNONE\n", "'SIGNONE'" },
                { "[Unit]\nBundle=/b\nTerminal=maybe\n", "'maybe'" },
                { "[Unit]\nBundle=/b\nHealthCmd='open\n", "HealthCmd=" },
                { "[Unit]\nBundle=/b\nHealthRetries=0\n", "HealthRetries=" },
                { "[Unit]\nBundle=/b\nHealthOnFailure=cry\n", "'cry'" },
                { "Bundle=/b\n", "group" },
                { "", "Bundle=" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UnitParams back = UNIT_PARAMS_NULL;
                g_autofree char *error = NULL;

                g_assert_cmpint(unit_params_parse(cases[i].text, &back, &error), ==, -EBADMSG);
                g_assert_null(back.bundle);
                g_assert_nonnull(error);
                g_test_message("%s", error);
                g_assert_nonnull(strstr(error, cases[i].named));
        }
}

static void test_notify_modes(void) {
        for (NotifyMode i = 0; i < _NOTIFY_MODE_MAX; i++)
                g_assert_cmpint(notify_mode_from_string(notify_mode_to_string(i)), ==, i);
        g_assert_cmpint(notify_mode_from_string(""), ==, -EINVAL);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/params/round-trip", test_round_trip);
        g_test_add_func("/params/defaults", test_defaults);
        g_test_add_func("/params/broken", test_broken);
        g_test_add_func("/params/notify-modes", test_notify_modes);
        return g_test_run();
}
