/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What berth-run --wait says at the end, and the file by which it comes to know that. */

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/adhoc-summary.h"

#include "basic/cleanup.h"

static void expect_summary(const ServiceFate *fate, const EndReport *report, const char *text) {
        _cleanup_free_ char *summary = adhoc_summary(fate, report);

        g_assert_cmpstr(summary, ==, text);
}

static void test_everything(void) {
        const ServiceFate fate = { .result = (char *) "oom-kill", .begin_usec = 1000, .end_usec = 62346000 };
        const EndReport report = {
                .code = CLD_KILLED,
                .status = SIGKILL,
                .cpu_usec = 1234567,
                .memory_peak = 64 << 20,
                .swap_peak = 0,
                .io_read = 1536,
                .io_written = UINT64_C(5) << 30,
                .ip_received = 2048,
                .ip_sent = 1,
                .oom_kills = 2,
                .llc_occupancy = 1 << 20,
                .bandwidth_total = 3 << 20,
                .bandwidth_local = 1023,
        };

        expect_summary(&fate, &report,
                       "Finished with result: oom-kill\n"
                       "Main processes terminated with: code=killed, status=9/KILL\n"
                       "Service runtime: 1min 2.345s\n"
                       "CPU time consumed: 1.234s\n"
                       "Memory peak: 64.0M (swap: 0B)\n"
                       "IP traffic received: 2.0K, sent: 1B\n"
                       "IO bytes read: 1.5K, written: 5.0G\n"
                       "OOM kills: 2\n"
                       "LLC occupancy: 1.0M\n"
                       "Memory bandwidth total: 3.0M (local: 1023B)\n");
}

/* What is not counted here, or was never used, has no line. */
static void test_little(void) {
        const ServiceFate fate = { .result = (char *) "exit-code", .code = CLD_EXITED, .status = 7 };
        EndReport report = end_report_null;

        expect_summary(&fate, &report,
                       "Finished with result: exit-code\n"
                       "Main processes terminated with: code=exited, status=7\n");
        report.cpu_usec = 900;
        report.memory_peak = 4096;
        report.io_read = report.io_written = report.oom_kills = 0;
        expect_summary(&(ServiceFate) { .result = (char *) "success", .begin_usec = 1, .end_usec = 12001 },
                       &report,
                       "Finished with result: success\nService runtime: 12ms\nCPU time consumed: 900us\n"
                       "Memory peak: 4.0K\n");
        report.cpu_usec = UINT64_C(90000000000);
        report.memory_peak = END_REPORT_UNKNOWN;
        report.io_written = 1;
        expect_summary(&(ServiceFate) { 0 }, &report, "CPU time consumed: 1d 1h\nIO bytes written: 1B\n");
}

static void test_report(void) {
        EndReport report = end_report_null;
        char path[] = "/tmp/berth-test-report-XXXXXX";
        _cleanup_close_ int fd = mkstemp(path);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(unlink(path), ==, 0);
        report.terminal = 3;
        report.memory_peak = UINT64_MAX - 1;
        g_assert_cmpint(end_report_write(fd, &report), ==, 0);
        report = (EndReport) { 0 };
        g_assert_cmpint(end_report_read(fd, &report), ==, 0);
        g_assert_cmpuint(report.terminal, ==, 3);
        g_assert_cmpuint(report.memory_peak, ==, UINT64_MAX - 1);
        g_assert_cmpuint(report.code, ==, END_REPORT_UNKNOWN);
        g_assert_cmpint(end_report_write(fd, &end_report_null), ==, 0);
        g_assert_cmpint(end_report_read(fd, &report), ==, 0);
        g_assert_cmpuint(report.terminal, ==, END_REPORT_UNKNOWN);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/adhoc-summary/everything", test_everything);
        g_test_add_func("/adhoc-summary/little", test_little);
        g_test_add_func("/adhoc-summary/report", test_report);
        return g_test_run();
}
