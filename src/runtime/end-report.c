/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the place and the form of the file: lines NAME=NUMBER. */

#include "runtime/end-report.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "runtime/state.h"

/* Larger than what all numbers take. */
#define TEXT_MAX 2048

static const struct {
        const char *name;
        size_t offset;
} numbers[] = {
        { "terminal", offsetof(EndReport, terminal) },
        { "summary", offsetof(EndReport, summary) },
        { "detached", offsetof(EndReport, detached) },
        { "code", offsetof(EndReport, code) },
        { "status", offsetof(EndReport, status) },
        { "cpu-usec", offsetof(EndReport, cpu_usec) },
        { "memory-peak", offsetof(EndReport, memory_peak) },
        { "swap-peak", offsetof(EndReport, swap_peak) },
        { "io-read", offsetof(EndReport, io_read) },
        { "io-written", offsetof(EndReport, io_written) },
        { "ip-received", offsetof(EndReport, ip_received) },
        { "ip-sent", offsetof(EndReport, ip_sent) },
        { "oom-kills", offsetof(EndReport, oom_kills) },
        { "llc-occupancy", offsetof(EndReport, llc_occupancy) },
        { "bandwidth-total", offsetof(EndReport, bandwidth_total) },
        { "bandwidth-local", offsetof(EndReport, bandwidth_local) },
};

const EndReport end_report_null = {
        .terminal = END_REPORT_UNKNOWN,
        .summary = END_REPORT_UNKNOWN,
        .detached = END_REPORT_UNKNOWN,
        .code = END_REPORT_UNKNOWN,
        .status = END_REPORT_UNKNOWN,
        .cpu_usec = END_REPORT_UNKNOWN,
        .memory_peak = END_REPORT_UNKNOWN,
        .swap_peak = END_REPORT_UNKNOWN,
        .io_read = END_REPORT_UNKNOWN,
        .io_written = END_REPORT_UNKNOWN,
        .ip_received = END_REPORT_UNKNOWN,
        .ip_sent = END_REPORT_UNKNOWN,
        .oom_kills = END_REPORT_UNKNOWN,
        .llc_occupancy = END_REPORT_UNKNOWN,
        .bandwidth_total = END_REPORT_UNKNOWN,
        .bandwidth_local = END_REPORT_UNKNOWN,
};

/* Beside the directory of states. Caller frees; NULL: there is no XDG_RUNTIME_DIR. */
static char *directory_path(void) {
        _cleanup_free_ char *root = state_default_root();

        return root ? g_strconcat(root, "-run", NULL) : NULL;
}

static char *report_path(const char *id) {
        _cleanup_free_ char *directory = directory_path();

        return directory ? g_build_filename(directory, id, NULL) : NULL;
}

static int open_report(const char *id, int flags) {
        _cleanup_free_ char *path = report_path(id);
        int fd;

        if (!path)
                return -ENOENT;
        fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
        return fd < 0 ? negative_errno() : fd;
}

int end_report_open(const char *id, int *ret_fd) {
        _cleanup_free_ char *directory = directory_path();
        _cleanup_close_ int fd = -EBADF;
        int r = 0;

        if (!directory)
                return log_error_errno(-ENXIO, "XDG_RUNTIME_DIR is not set.");
        if (mkdir(directory, 0700) < 0 && errno != EEXIST)
                return log_error_errno(negative_errno(), "Failed to make '%s': %m", directory);
        fd = open_report(id, O_CREAT);
        if (fd < 0)
                return log_error_errno(fd, "Failed to make '%s/%s': %m", directory, id);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                r = errno == EWOULDBLOCK ? -EBUSY : negative_errno();
        if (r == -EBUSY)
                return log_error_errno(r, "Another berth-run waits for container '%s'", id);
        if (r < 0 || ftruncate(fd, 0) < 0)
                return log_error_errno(negative_errno(), "Failed to lock '%s/%s': %m", directory, id);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int end_report_write(int fd, const EndReport *report) {
        char text[TEXT_MAX];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                uint64_t value = *(const uint64_t *) ((const char *) report + numbers[i].offset);

                if (value != END_REPORT_UNKNOWN)
                        n += (size_t) snprintf(
                                        text + n, sizeof text - n, "%s=%" G_GUINT64_FORMAT "\n",
                                        numbers[i].name, value);
        }
        if (ftruncate(fd, 0) < 0 || pwrite(fd, text, n, 0) != (ssize_t) n)
                return negative_errno();
        return 0;
}

static void parse_line(const char *line, EndReport *report) {
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                const char *value = startswith(line, numbers[i].name);

                if (value && *value == '=')
                        (void) parse_uint64(value + 1, (uint64_t *) ((char *) report + numbers[i].offset));
        }
}

int end_report_read(int fd, EndReport *ret) {
        EndReport report = end_report_null;
        char text[TEXT_MAX], *rest = NULL;
        ssize_t n;

        n = pread(fd, text, sizeof text - 1, 0);
        if (n < 0)
                return negative_errno();
        text[n] = '\0';
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                parse_line(line, &report);
        *ret = report;
        return 0;
}

void end_report_remove(const char *id) {
        _cleanup_free_ char *path = report_path(id);

        if (path)
                (void) unlink(path);
}

int end_report_find(const char *id) {
        return open_report(id, 0);
}

/* A shared lock, so that two who ask do not take each other for berth-run. */
static bool is_locked(int fd) {
        return flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int end_report_wanted(const char *id, EndReport *ret) {
        _cleanup_close_ int fd = end_report_find(id);
        int r;

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        if (!is_locked(fd))
                return 0;
        r = end_report_read(fd, ret);
        return r < 0 ? r : 1;
}

bool end_report_lost_terminal(const char *id) {
        _cleanup_close_ int fd = end_report_find(id);
        EndReport report;

        return fd >= 0 && !is_locked(fd) && end_report_read(fd, &report) >= 0 &&
                        report.terminal != END_REPORT_UNKNOWN && report.detached != 1;
}

bool end_report_is_detached(const char *id) {
        _cleanup_close_ int fd = end_report_find(id);
        EndReport report;

        return fd >= 0 && end_report_read(fd, &report) >= 0 && report.detached == 1;
}

void end_report_remove_stale(const char *id) {
        _cleanup_close_ int fd = end_report_find(id);

        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) >= 0)
                end_report_remove(id);
}
