/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a container outlives its supervisor, and how often; and how the end of somebody else's child is read.
 */

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/rebirth.h"

#include "basic/cleanup.h"
#include "basic/exit-info.h"

static void test_decision(void) {
        static const struct {
                RebirthFacts facts;
                const char *refusal;
        } cases[] = {
                { { "signal", "KILL", NULL, true, false, 0 }, NULL },
                { { "signal", "SEGV", NULL, true, false, 5 }, NULL },
                { { "core-dump", "ABRT", NULL, true, false, 1 }, NULL },
                { { "oom-kill", "KILL", NULL, true, false, 0 }, NULL },
                { { "signal", "KILL", "start", true, false, 0 }, NULL },
                { { "signal", "KILL", "reload", true, false, 0 }, NULL },
                /* systemd, or its caller, or the payload wants it otherwise */
                { { NULL, NULL, NULL, true, false, 0 }, "" },
                { { "success", "0", NULL, true, false, 0 }, "" },
                { { "exit-code", "1", NULL, true, false, 0 }, "" },
                { { "timeout", "KILL", NULL, true, false, 0 }, "" },
                { { "watchdog", "ABRT", NULL, true, false, 0 }, "" },
                { { "signal", "KILL", NULL, false, false, 0 }, "" },
                { { "signal", "KILL", NULL, true, true, 0 }, "it is to end" },
                { { "signal", "KILL", "stop", true, false, 0 }, "it is to end" },
                { { "signal", "KILL", "restart", true, false, 0 }, "it is to end" },
                { { "signal", "KILL", "try-restart", true, false, 0 }, "it is to end" },
                { { "signal", "SEGV", NULL, true, false, 6 }, "its supervisors crash again and again" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                g_assert_cmpstr(rebirth_refusal(&cases[i].facts), ==, cases[i].refusal);
}

#define MINUTE (UINT64_C(60) * 1000 * 1000)

static void test_crashes(void) {
        CrashCount count = { 0 };

        count = crash_count_next(count, "KILL", 1);
        g_assert_cmpuint(count.n, ==, 0);
        count = crash_count_next(count, "SEGV", 1 * MINUTE);
        g_assert_cmpuint(count.n, ==, 1);
        count = crash_count_next(count, "BUS", 11 * MINUTE);
        g_assert_cmpuint(count.n, ==, 2);
        g_assert_cmpuint(count.since_usec, ==, 1 * MINUTE);
        count = crash_count_next(count, NULL, 11 * MINUTE + 1);
        g_assert_cmpuint(count.n, ==, 1);
        g_assert_cmpuint(count.since_usec, ==, 11 * MINUTE + 1);
}

static void test_crash_file(void) {
        static const char *const broken[] = { "", "x", "5", "-", "\n" };
        const CrashCount count = { .n = 3, .since_usec = UINT64_C(1) << 60 };
        _cleanup_free_ char *text = crash_count_format(count);
        CrashCount back = crash_count_parse(text);

        g_assert_cmpuint(back.n, ==, count.n);
        g_assert_cmpuint(back.since_usec, ==, count.since_usec);
        for (size_t i = 0; i < ELEMENTSOF(broken); i++)
                g_assert_cmpuint(crash_count_parse(broken[i]).n, ==, 0);
}

static void test_split(void) {
        static const struct {
                int wait_status, code, status;
        } cases[] = {
                { 0, CLD_EXITED, 0 },
                { 3 << 8, CLD_EXITED, 3 },
                { 255 << 8, CLD_EXITED, 255 },
                { SIGTERM, CLD_KILLED, SIGTERM },
                { SIGSEGV | 0x80, CLD_DUMPED, SIGSEGV },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int code, status;

                exit_info_split(cases[i].wait_status, &code, &status);
                g_assert_cmpint(code, ==, cases[i].code);
                g_assert_cmpint(status, ==, cases[i].status);
        }
}

/* Fields 4 to 21, 23 to 51. */
#define TO_21   " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"
#define TO_51   " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29"
#define ZOMBIE  "7 (a) Z (b) Z" TO_21 " 4711" TO_51 " 768\n"
#define RUNNING "7 (a) Z (b) R" TO_21 " 4711" TO_51 " 768\n"

static void test_stat(void) {
        int wait_status = 0;

        g_assert_cmpint(exit_info_parse_stat(ZOMBIE, 4711, &wait_status), ==, 0);
        g_assert_cmpint(wait_status, ==, 768);
        g_assert_cmpint(exit_info_parse_stat(ZOMBIE, 4712, &wait_status), ==, -ENODATA);
        g_assert_cmpint(exit_info_parse_stat(RUNNING, 4711, &wait_status), ==, -ENODATA);
        g_assert_cmpint(exit_info_parse_stat("7 (a) Z 1 2", 4711, &wait_status), ==, -ENODATA);
        g_assert_cmpint(exit_info_parse_stat("", 4711, &wait_status), ==, -ENODATA);
}

/* Our own zombie can be read before it is reaped on every kernel. */
static void test_zombie(void) {
        _cleanup_(pidref_done) PidRef ref = PIDREF_NULL;
        int code = 0, status = 0;
        pid_t pid = fork();

        if (pid == 0)
                _exit(42);
        g_assert_cmpint(pidref_open(pid, 0, &ref), ==, 0);
        g_assert_cmpint(pidref_wait(&ref, -1), ==, 0);
        g_assert_cmpint(exit_info_read(&ref, &code, &status), ==, 0);
        g_assert_cmpint(code, ==, CLD_EXITED);
        g_assert_cmpint(status, ==, 42);
        g_assert_cmpint(process_reap(pid, &code, &status), ==, 0);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/rebirth/decision", test_decision);
        g_test_add_func("/rebirth/crashes", test_crashes);
        g_test_add_func("/rebirth/crash-file", test_crash_file);
        g_test_add_func("/exit-info/split", test_split);
        g_test_add_func("/exit-info/stat", test_stat);
        g_test_add_func("/exit-info/zombie", test_zombie);
        return g_test_run();
}
