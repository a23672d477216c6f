/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a stop signal would be dropped by the kernel; how an end is repeated; what the supervisor reads from
 * cgroup and proc files. */

#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "runtime/stop-signal.h"

#include "basic/cleanup.h"
#include "runtime/oom.h"
#include "runtime/service-env.h"

#define SETS(blk, ign, cgt) "SigBlk:\t" blk "\nSigIgn:\t" ign "\nSigCgt:\t" cgt "\n"
#define NONE                "0000000000000000"
#define TERM                "0000000000004000" /* bit 14: SIGTERM */
#define RTMIN3              "0000001000000000" /* bit 36: SIGRTMIN+3 */
#define IN_CONTAINER        "Name:\tx\nNSpid:\t4711\t1\n"

static void test_lost(void) {
        static const struct {
                const char *status;
                int sig;
                bool lost;
        } cases[] = {
                { IN_CONTAINER SETS(NONE, NONE, NONE), SIGTERM, true },
                { IN_CONTAINER SETS(TERM, NONE, NONE), SIGTERM, false },
                { IN_CONTAINER SETS(NONE, TERM, NONE), SIGTERM, false },
                { IN_CONTAINER SETS(NONE, NONE, TERM), SIGTERM, false },
                { IN_CONTAINER SETS(NONE, NONE, TERM), SIGINT, true },
                { IN_CONTAINER SETS(NONE, NONE, RTMIN3), 37, false },
                { IN_CONTAINER SETS(NONE, NONE, NONE), 37, true },
                { IN_CONTAINER SETS(NONE, NONE, NONE), SIGKILL, false },
                { IN_CONTAINER SETS(NONE, NONE, NONE), SIGWINCH, false },
                { "NSpid:\t4711\t77\t1\n" SETS(NONE, NONE, NONE), SIGTERM, true },
                { "NSpid:\t4711\t1\t77\n" SETS(NONE, NONE, NONE), SIGTERM, false },
                { "NSpid:\t1\n" SETS(NONE, NONE, NONE), SIGTERM, false }, /* no namespace of its own */
                { "NSpid:\t4711\n" SETS(NONE, NONE, NONE), SIGTERM, false },
                { "", SIGTERM, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_test_message("case %zu", i);
                g_assert_cmpint(stop_signal_is_lost(cases[i].status, cases[i].sig), ==, cases[i].lost);
        }
}

static void test_waiting_set(void) {
        g_autofree char *waits =
                                        g_strdup_printf("%d 0x7ffd8a3c 0x0 0x0 0x8 0x0 0x0 0x7ffd 0x7f41\n",
                                                        SYS_rt_sigtimedwait),
                        *other =
                                        g_strdup_printf("%d 0x7ffd8a3c 0x0 0x0 0x8 0x0 0x0 0x7ffd 0x7f41\n",
                                                        SYS_rt_sigtimedwait + 1);
        uint64_t address = 0;

        g_assert_true(stop_signal_waiting_set(waits, &address));
        g_assert_cmphex(address, ==, 0x7ffd8a3c);
        g_assert_false(stop_signal_waiting_set(other, &address));
        g_assert_false(stop_signal_waiting_set("running\n", &address));
        g_assert_false(stop_signal_waiting_set("-1 0x7ffd 0x7f41\n", &address));
        g_assert_false(stop_signal_waiting_set("", &address));
}

static void test_end_like(void) {
        static const struct {
                int code, status;
                int seen_code;
        } cases[] = {
                { CLD_EXITED, 0, CLD_EXITED },       { CLD_EXITED, 7, CLD_EXITED },
                { CLD_EXITED, 255, CLD_EXITED },     { CLD_KILLED, SIGKILL, CLD_KILLED },
                { CLD_KILLED, SIGTERM, CLD_KILLED }, { CLD_DUMPED, SIGSEGV, CLD_KILLED },
                { CLD_DUMPED, SIGABRT, CLD_KILLED },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                siginfo_t si = { 0 };
                pid_t pid = fork();

                g_assert_cmpint(pid, >=, 0);
                if (pid == 0) {
                        /* nothing that the process has set up may stand in the way */
                        sigset_t all;
                        (void) sigfillset(&all);
                        (void) sigprocmask(SIG_BLOCK, &all, NULL);
                        (void) signal(SIGSEGV, SIG_IGN);
                        end_like(cases[i].code, cases[i].status);
                }
                g_assert_cmpint(waitid(P_PID, (id_t) pid, &si, WEXITED), ==, 0);
                g_assert_cmpint(si.si_code, ==, cases[i].seen_code);
                g_assert_cmpint(si.si_status, ==, cases[i].status);
        }
}

static void test_event_count(void) {
        static const char text[] = "low 0\nhigh 3\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n";

        g_assert_cmpuint(cgroup_event_count(text, "oom_kill"), ==, 1);
        g_assert_cmpuint(cgroup_event_count(text, "oom"), ==, 2);
        g_assert_cmpuint(cgroup_event_count(text, "low"), ==, 0);
        g_assert_cmpuint(cgroup_event_count(text, "kill"), ==, 0);
        g_assert_cmpuint(cgroup_event_count("", "oom_kill"), ==, 0);
}

static void test_clock_offset(void) {
        g_assert_cmpint(service_parse_clock_offset("monotonic           0         0\nboottime 5 0\n"), ==,
                        0);
        g_assert_cmpint(service_parse_clock_offset("boottime 5 0\nmonotonic  86400  500000\n"), ==,
                        86400000500);
        g_assert_cmpint(service_parse_clock_offset("monotonic         -10         0\n"), ==, -10000000);
        g_assert_cmpint(service_parse_clock_offset(""), ==, 0);
}

static char *environment(const ListenFds *listen) {
        _cleanup_strv_ char **env =
                        service_env_for_payload(listen, 42, SERVICE_ENV_NOTIFY | SERVICE_ENV_UNIT);

        return g_strjoinv(" ", env);
}

static void test_environment(void) {
        const char *names[] = { "http", "https", NULL };
        const ListenFds none = LISTEN_FDS_NULL, two = { .names = (char **) names, .n_fds = 2 };
        g_autofree char *nothing = NULL, *sockets = NULL, *watchdog = NULL, *other = NULL;

        g_assert_true(g_setenv("SECRET", "x", TRUE));
        g_unsetenv("INVOCATION_ID");
        g_unsetenv("WATCHDOG_USEC");
        nothing = environment(&none);
        g_assert_cmpstr(nothing, ==, "");

        sockets = environment(&two);
        g_assert_cmpstr(sockets, ==, "LISTEN_FDS=2 LISTEN_FDNAMES=http:https LISTEN_PID=");

        g_assert_true(g_setenv("INVOCATION_ID", "abc", TRUE));
        g_assert_true(g_setenv("WATCHDOG_USEC", "5000000", TRUE));
        g_assert_true(g_setenv("WATCHDOG_PID", "42", TRUE));
        watchdog = environment(&none);
        g_assert_cmpstr(watchdog, ==, "INVOCATION_ID=abc WATCHDOG_USEC=5000000 WATCHDOG_PID=");

        g_assert_true(g_setenv("WATCHDOG_PID", "43", TRUE));
        other = environment(&none);
        g_assert_cmpstr(other, ==, "INVOCATION_ID=abc");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/stop-signal/lost", test_lost);
        g_test_add_func("/stop-signal/waiting-set", test_waiting_set);
        g_test_add_func("/stop-signal/end-like", test_end_like);
        g_test_add_func("/oom/event-count", test_event_count);
        g_test_add_func("/service-env/clock-offset", test_clock_offset);
        g_test_add_func("/service-env/environment", test_environment);
        return g_test_run();
}
