/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From results of checks to a status: each case is a story of checks, one letter each. */

#include "runtime/health.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/macro.h"
#include "runtime/health-record.h"

#define SEC UINT64_C(1000000)

/* '+' is a success, '-' a failure, one every second; the letter below each is the status after it. */
static void test_stories(void) {
        static const struct {
                uint32_t retries;
                uint64_t start_period; /* seconds */
                const char *results, *statuses;
        } cases[] = {
                { 3, 0, "+", "h" },
                { 1, 0, "-", "u" },
                { 3, 0, "---", "ssu" },
                { 3, 0, "--+--+---", "sshhhhhhu" },
                { 3, 0, "+---+", "hhhuh" },
                { 2, 0, "+--+-+--", "hhuhhhhu" },
                { 2, 4, "-----", "ssssu" }, /* the fourth ends when the period is over */
                { 1, 3, "--+-", "sshu" },
                { 1, 100, "--+-", "sshu" }, /* with the first success the period is over */
                { 3, 2, "-----", "sssuu" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const HealthParams params = { .retries = cases[i].retries,
                                              .start_period_usec = cases[i].start_period * SEC };
                Health h = { .started_usec = 1000 };

                for (size_t k = 0; cases[i].results[k]; k++) {
                        HealthStatus before = h.status;
                        bool changed = health_update(
                                        &h, &params, cases[i].results[k] == '+', 1000 + (k + 1) * SEC);

                        g_test_message("case %zu, check %zu", i, k);
                        g_assert_cmpint(health_status_to_string(h.status)[0], ==, cases[i].statuses[k]);
                        g_assert_cmpint(changed, ==, h.status != before);
                }
        }
}

static void test_intervals(void) {
        static const struct {
                uint64_t interval, start_period, now; /* seconds */
                HealthStatus status;
                uint64_t next;
        } cases[] = {
                { 30, 0, 0, HEALTH_STARTING, 30 },  { 30, 60, 10, HEALTH_STARTING, 5 },
                { 2, 60, 10, HEALTH_STARTING, 2 },  { 30, 60, 60, HEALTH_STARTING, 30 },
                { 30, 60, 10, HEALTH_HEALTHY, 30 }, { 30, 60, 10, HEALTH_UNHEALTHY, 30 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const HealthParams params = { .interval_usec = cases[i].interval * SEC,
                                              .start_period_usec = cases[i].start_period * SEC };
                const Health h = { .status = cases[i].status };

                g_assert_cmpuint(
                                health_next_interval(&h, &params, cases[i].now * SEC), ==,
                                cases[i].next * SEC);
        }
}

static void test_results(void) {
        static const struct {
                HealthResult result;
                bool good;
                const char *text;
        } cases[] = {
                { { .code = CLD_EXITED, .status = 0 }, true, "exit status 0" },
                { { .code = CLD_EXITED, .status = 7 }, false, "exit status 7" },
                { { .code = CLD_KILLED, .status = SIGSEGV }, false, "killed by SIGSEGV" },
                { { .code = CLD_DUMPED, .status = SIGABRT }, false, "killed by SIGABRT" },
                { { .timed_out = true, .code = CLD_KILLED, .status = SIGKILL },
                  false,
                  "not finished within 1min 30s" },
                { { .timed_out = true, .code = CLD_EXITED, .status = 0 },
                  false,
                  "not finished within 1min 30s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *text = health_result_describe(&cases[i].result, 90 * SEC);

                g_assert_cmpint(health_result_is_good(&cases[i].result), ==, cases[i].good);
                g_assert_cmpstr(text, ==, cases[i].text);
        }
}

static void test_texts(void) {
        static const struct {
                Health health;
                const char *last, *text;
        } cases[] = {
                { { HEALTH_STARTING, 2, 0 }, "exit status 1", "starting" },
                { { HEALTH_HEALTHY, 0, 0 }, NULL, "healthy" },
                { { HEALTH_UNHEALTHY, 1, 0 },
                  "exit status 1",
                  "unhealthy: 1 check failed, last: exit status 1" },
                { { HEALTH_UNHEALTHY, 3, 0 },
                  "killed by SIGSEGV",
                  "unhealthy: 3 checks failed, last: killed by SIGSEGV" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *text = health_status_text(&cases[i].health, cases[i].last);

                g_assert_cmpstr(text, ==, cases[i].text);
        }
}

static void test_names(void) {
        for (HealthStatus i = 0; i < _HEALTH_STATUS_MAX; i++)
                g_assert_cmpint(health_status_from_string(health_status_to_string(i)), ==, i);
        for (HealthAction i = 0; i < _HEALTH_ACTION_MAX; i++)
                g_assert_cmpint(health_action_from_string(health_action_to_string(i)), ==, i);
        g_assert_cmpint(health_status_from_string("well"), ==, -EINVAL);
        g_assert_cmpint(health_action_from_string(""), ==, -EINVAL);
}

static char *json_of(const char *root) {
        GString *out = g_string_new(NULL);
        JsonText json;

        json_text_init(&json, out, /* indent= */ 0);
        json_text_begin_object(&json, NULL);
        health_record_append(&json, root, "web");
        json_text_end_object(&json);
        return g_string_free(out, FALSE);
}

static void test_record(void) {
        static const HealthRecord none = { .status = HEALTH_STARTING };
        const HealthRecord full = {
                .status = HEALTH_UNHEALTHY,
                .failing_streak = 4,
                .start = (char *) "2026-01-01T00:00:00.000000001Z",
                .end = (char *) "2026-01-01T00:00:01.5Z",
                .exit_code = -1,
                .output = (char *) " two\nlines \\ \"x\"",
        };
        _cleanup_(health_record_done) HealthRecord back = { 0 };
        g_autofree char *root = g_dir_make_tmp("berth-health-XXXXXX", NULL);
        g_autofree char *state = g_build_filename(root, "web", NULL), *absent = json_of(root),
                        *before = NULL, *after = NULL;

        g_assert_cmpstr(absent, ==, "{}");
        g_assert_cmpint(mkdir(state, 0700), ==, 0);
        g_assert_cmpint(health_record_read(root, "web", &back), ==, -ENOENT);
        g_assert_cmpint(health_record_write(root, "web", &none), ==, 0);
        before = json_of(root);
        g_assert_cmpstr(before, ==, "{\"health\":{\"status\":\"starting\",\"failingStreak\":0,\"log\":[]}}");

        g_assert_cmpint(health_record_write(root, "web", &full), ==, 0);
        g_assert_cmpint(health_record_read(root, "web", &back), ==, 0);
        g_assert_cmpint(back.failing_streak, ==, 4);
        g_assert_cmpstr(back.output, ==, full.output);
        after = json_of(root);
        g_assert_cmpstr(after, ==,
                        "{\"health\":{\"status\":\"unhealthy\",\"failingStreak\":4,\"log\":[{\"start\":"
                        "\"2026-01-01T00:00:00.000000001Z\",\"end\":\"2026-01-01T00:00:01.5Z\",\"exitCode\":"
                        "-1,"
                        "\"output\":\" two\\nlines \\\\ \\\"x\\\"\"}]}}");
        g_assert_cmpint(remove_tree_at(AT_FDCWD, root), ==, 0);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/health/stories", test_stories);
        g_test_add_func("/health/intervals", test_intervals);
        g_test_add_func("/health/results", test_results);
        g_test_add_func("/health/texts", test_texts);
        g_test_add_func("/health/names", test_names);
        g_test_add_func("/health/record", test_record);
        return g_test_run();
}
