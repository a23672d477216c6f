/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a stop signal would be dropped by the kernel; how an end is repeated; what the supervisor reads from
 * cgroup and proc files. */

#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "runtime/stop-signal.h"

#include "basic/cleanup.h"
#include "runtime/oom-report.h"
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

#define RECORD(memcg, rest)                                                                     \
        "6,812,45523040,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x.scope," \
        "mems_allowed=0," memcg ",task_memcg=" rest

static void test_kill_in_kernel_log(void) {
        static const struct {
                const char *record;
                const char *task, *limit; /* NULL task: not ours */
                int pid;
        } cases[] = {
                { RECORD("oom_memcg=/m.slice/x.scope", "/m.slice/x.scope,task=tail,pid=254,uid=0\n"), "tail",
                  "/m.slice/x.scope", 254 },
                { RECORD("oom_memcg=/m.slice", "/m.slice/x.scope/sub,task=a b,pid=7,uid=0\n"), "a b",
                  "/m.slice", 7 },
                { RECORD("global_oom", "/m.slice/x.scope,task=tail,pid=254,uid=0\n"), "tail", NULL, 254 },
                { RECORD("oom_memcg=/host/m.slice", "/host/m.slice/x.scope,task=t,pid=1,uid=0\n"), "t",
                  "/host/m.slice", 1 },
                /* a name is what a process likes */
                { RECORD("global_oom", "/m.slice/x.scope,task=x,pid=1,uid=0,pid=254,uid=0\n"),
                  "x,pid=1,uid=0", NULL, 254 },
                /* of others */
                { RECORD("oom_memcg=/m.slice", "/m.slice/x.scope2,task=tail,pid=254,uid=0\n") },
                { RECORD("oom_memcg=/m.slice", "/m.slice/y.scope,task=/m.slice/x.scope,pid=2,uid=0\n") },
                { RECORD("oom_memcg=/m.slice", "/m.slice,task=tail,pid=254,uid=0\n") },
                /* not such a record */
                { RECORD("oom_memcg=/m.slice", "/m.slice/x.scope,task=tail,pid=x,uid=0\n") },
                { RECORD("oom_memcg=/m.slice", "/m.slice/x.scope,task=tail\n") },
                { RECORD("oom_memcg=/m.slice", "/m.slice/x.scope\n") },
                { "6,812,45523040,-;Memory cgroup out of memory: Killed process 254 (tail)\n" },
                { "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oom_kill_done) OomKill kill = { 0 };

                g_test_message("case %zu", i);
                g_assert_cmpint(oom_kill_parse(cases[i].record, "/m.slice/x.scope", &kill), ==,
                                cases[i].task != NULL);
                g_assert_cmpstr(kill.task, ==, cases[i].task);
                g_assert_cmpstr(kill.limit, ==, cases[i].limit);
                g_assert_cmpint(kill.pid, ==, cases[i].pid);
        }
}

static void test_limits_in_kernel_log(void) {
        static const struct {
                const char *memory, *swap;
                const char *max, *swap_max;
        } cases[] = {
                { "24576kB, limit 24576kB, failcnt 51", "0kB, limit 0kB, failcnt 0", "24M", "0" },
                { "1kB, limit 1048576kB, failcnt 51", "0kB, limit 9007199254740988kB, failcnt 0", "1G",
                  NULL },
                { "1kB, limit 3kB, failcnt 51", "0kB, limit x", "3K", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oom_kill_done) OomKill kill = { 0 };
                _cleanup_free_ char *memory = g_strconcat("6,1,2,-;memory: usage ", cases[i].memory, NULL);
                _cleanup_free_ char *swap = g_strconcat("6,1,2,-;swap: usage ", cases[i].swap, NULL);

                oom_kill_parse_limits(memory, &kill);
                oom_kill_parse_limits(swap, &kill);
                oom_kill_parse_limits("6,1,2,-;something else", &kill);
                g_assert_cmpstr(kill.max, ==, cases[i].max);
                g_assert_cmpstr(kill.swap, ==, cases[i].swap_max);
        }
}

static void test_format_limit(void) {
        static const char *const cases[][2] = {
                { "max", NULL },           { "0", "0" },     { "33554432", "32M" }, { "1073741824", "1G" },
                { "1610612736", "1536M" }, { "4096", "4K" }, { "4097", "4097" },    { "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = oom_format_limit(cases[i][0]);

                g_assert_cmpstr(text, ==, cases[i][1]);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/stop-signal/lost", test_lost);
        g_test_add_func("/stop-signal/waiting-set", test_waiting_set);
        g_test_add_func("/stop-signal/end-like", test_end_like);
        g_test_add_func("/oom/event-count", test_event_count);
        g_test_add_func("/oom/kernel-log", test_kill_in_kernel_log);
        g_test_add_func("/oom/kernel-log-limits", test_limits_in_kernel_log);
        g_test_add_func("/oom/format-limit", test_format_limit);
        g_test_add_func("/service-env/clock-offset", test_clock_offset);
        g_test_add_func("/service-env/environment", test_environment);
        return g_test_run();
}
