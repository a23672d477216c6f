/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what berth-run is told at the end, if one waits; for others nothing is looked at. The scope is read
 * as soon as the payload's end is seen, since systemd removes it as soon as that has no process any more. */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/process-util.h"
#include "basic/signal-util.h"
#include "cgroup/cgroup.h"
#include "resctrl/mount.h"
#include "runtime/end-report.h"
#include "runtime/prepare.h"
#include "unit/outcome.h"

static void read_number(int dir_fd, const char *file, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;

        if (read_file_at(dir_fd, file, &text, NULL) >= 0)
                (void) parse_uint64(g_strchomp(text), ret);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0", a line for each device. */
static void read_io(int dir_fd, EndReport *report) {
        static const char read_key[] = "rbytes=", write_key[] = "wbytes=";
        _cleanup_free_ char *text = NULL;

        if (read_file_at(dir_fd, "io.stat", &text, NULL) < 0)
                return;
        report->io_read = report->io_written = 0;
        for (const char *p = text; (p = strstr(p, read_key)); p++)
                report->io_read += strtoull(p + sizeof read_key - 1, NULL, 10);
        for (const char *p = text; (p = strstr(p, write_key)); p++)
                report->io_written += strtoull(p + sizeof write_key - 1, NULL, 10);
}

static void read_cgroup(int dir_fd, EndReport *report) {
        (void) cgroup_read_key(dir_fd, "cpu.stat", "usage_usec", &report->cpu_usec);
        read_number(dir_fd, "memory.peak", &report->memory_peak);
        read_number(dir_fd, "memory.swap.peak", &report->swap_peak);
        read_io(dir_fd, report);
}

static void add_number(int dir_fd, const char *domain, const char *file, uint64_t *sum) {
        _cleanup_free_ char *path = g_build_filename(domain, file, NULL);
        uint64_t n = END_REPORT_UNKNOWN;

        read_number(dir_fd, path, &n); /* "Unavailable", "Error" */
        if (n != END_REPORT_UNKNOWN)
                *sum = *sum == END_REPORT_UNKNOWN ? n : *sum + n;
}

/* All cache domains together. */
static void read_mon_data(int fd, EndReport *report) {
        _cleanup_closedir_ DIR *dir = fdopendir(fd);
        struct dirent *entry;

        while (dir && (entry = readdir(dir))) {
                if (!startswith(entry->d_name, "mon_L3_"))
                        continue;
                add_number(dirfd(dir), entry->d_name, "llc_occupancy", &report->llc_occupancy);
                add_number(dirfd(dir), entry->d_name, "mbm_total_bytes", &report->bandwidth_total);
                add_number(dirfd(dir), entry->d_name, "mbm_local_bytes", &report->bandwidth_local);
        }
        if (!dir)
                (void) close(fd);
}

/* The container's monitoring group, or else the whole group if it has one to itself. */
static void read_resctrl(const Supervisor *s, EndReport *report) {
        _cleanup_free_ char *group = NULL, *monitor = NULL, *whole = NULL;
        _cleanup_close_ int root_fd = -EBADF;
        int fd;

        if (read_file_at(s->unit_dir_fd, RESCTRL_FILE, &group, NULL) < 0 ||
            resctrl_open(/* root= */ NULL, &root_fd, /* ret_path= */ NULL) < 0)
                return;
        monitor = g_build_filename(".", group, "mon_groups", s->id, "mon_data", NULL);
        whole = g_build_filename(".", group, "mon_data", NULL);
        fd = openat(root_fd, monitor, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && streq(group, s->id))
                fd = openat(root_fd, whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
                read_mon_data(fd, report);
}

/* A process that does nothing keeps the scope alive until that has been read. It counts as one of the
 * container's: where few are allowed it would be in the way, and the reading has to be fast enough. */
#define PIN_MIN_PIDS 8

_Noreturn static void be_pin(void) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) prctl(PR_SET_NAME, "berth-measure");
        (void) close_range(0, ~0U, 0);
        signals_reset();
        for (;;)
                (void) pause();
}

static bool has_room_for_pin(int cgroup_fd) {
        uint64_t limit = UINT64_MAX; /* "max" is no number */

        read_number(cgroup_fd, "pids.max", &limit);
        return limit >= PIN_MIN_PIDS;
}

void supervise_hold_scope(Supervisor *s) {
        int cgroup_fd = oom_watch_cgroup_fd(s->oom);
        EndReport wanted;
        pid_t pid;

        if (end_report_wanted(s->id, &wanted) <= 0 || wanted.summary != 1 || !has_room_for_pin(cgroup_fd))
                return;
        pid = process_clone(/* flags= */ 0, cgroup_fd, &s->pin.fd);
        if (pid == 0)
                be_pin();
        if (pid < 0)
                log_debug_errno(pid, "Nothing keeps the scope until it is measured: %m");
        else
                s->pin.pid = pid;
}

static void let_scope_go(Supervisor *s) {
        int code, status;

        if (s->pin.pid <= 0)
                return;
        (void) pidref_kill(&s->pin, SIGKILL);
        (void) process_reap(s->pin.pid, &code, &status);
        pidref_done(&s->pin);
}

/* These systemd counts, which has the scope as long as the pin is in there. */
static void read_ip(const Supervisor *s, EndReport *report) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_free_ char *cgroup = NULL, *scope = NULL;

        if (s->pin.pid <= 0 || pid_cgroup(s->pin.pid, &cgroup) < 0)
                return;
        scope = g_path_get_basename(cgroup);
        if (manager_connect(manager_ours(), s->event, &manager) >= 0)
                (void) scope_ip_bytes(manager, scope, &report->ip_received, &report->ip_sent);
}

void supervise_measure(Supervisor *s) {
        EndReport report = end_report_null, wanted;

        if (end_report_wanted(s->id, &wanted) <= 0 || wanted.summary != 1) {
                let_scope_go(s);
                return;
        }
        report.cpu_usec = s->end_cpu_usec; /* what processes took that somebody waited for, if nothing else
                                              is left */
        if (s->oom)
                read_cgroup(oom_watch_cgroup_fd(s->oom), &report);
        read_resctrl(s, &report);
        read_ip(s, &report);
        g_free(s->report);
        s->report = g_memdup2(&report, sizeof report);
        let_scope_go(s);
}

void supervise_report_end(const Supervisor *s) {
        _cleanup_close_ int fd = end_report_find(s->id);
        bool was_lost = s->lost_signal > 0 && s->end_code == CLD_KILLED && s->end_status == SIGKILL;
        EndReport report = s->report ? *s->report : end_report_null, before;

        if (fd < 0 || end_report_read(fd, &before) < 0)
                return;
        report.terminal = before.terminal;
        report.summary = before.summary;
        report.detached = before.detached;
        if (s->end_code != 0) {
                report.code = (uint64_t) s->end_code;
                report.status = (uint64_t) (was_lost ? s->lost_signal : s->end_status);
        }
        if (s->oom)
                report.oom_kills = oom_watch_kills(s->oom);
        (void) end_report_write(fd, &report);
}
