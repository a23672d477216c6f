/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the search for the reason of a kill, in the kernel's log and in memory.events, and the words for it.
 * The log is exact but not for everybody; the events count, and do not name. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/oom-report.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/parse-util.h"
#include "cgroup/cgroup.h"

/* Kills that are told one by one. */
#define MAX_REPORTS 8

/* No limit is the highest number of pages, whatever their size is. */
#define LIMIT_NONE_KIB ((uint64_t) (INT64_MAX >> 10) - 1024)

/* The longest record (CONSOLE_EXT_LOG_MAX of the kernel). */
#define RECORD_MAX 8192

void oom_kill_done(OomKill *kill) {
        g_free(kill->task);
        g_free(kill->limit);
        g_free(kill->max);
        g_free(kill->swap);
        *kill = (OomKill) { 0 };
}

static char *format_bytes(uint64_t n) {
        static const struct {
                char suffix;
                int shift;
        } units[] = { { 'G', 30 }, { 'M', 20 }, { 'K', 10 } };

        for (size_t i = 0; n > 0 && i < ELEMENTSOF(units); i++)
                if (n % (UINT64_C(1) << units[i].shift) == 0)
                        return g_strdup_printf("%" PRIu64 "%c", n >> units[i].shift, units[i].suffix);
        return g_strdup_printf("%" PRIu64, n);
}

char *oom_format_limit(const char *value) {
        uint64_t n;

        return parse_uint64(value, &n) < 0 ? NULL : format_bytes(n);
}

/* The value of ",NAME=" up to the next comma. Caller frees. */
static char *field(const char *text, const char *name) {
        const char *p = strstr(text, name);

        return p ? g_strndup(p + strlen(name), strcspn(p + strlen(name), ",\n")) : NULL;
}

static bool is_at_or_below(const char *path, const char *top) {
        const char *rest = startswith(path, top);

        return rest && (*rest == '\0' || *rest == '/');
}

/* The kernel writes paths from its root, ours may begin at that of a cgroup namespace. */
static bool is_in(const char *path, const char *cgroup) {
        for (const char *p = path; p; p = strchr(p + 1, '/'))
                if (is_at_or_below(p, cgroup))
                        return true;
        return false;
}

/* "6,1234,5678901,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,
 *  oom_memcg=/a,task_memcg=/a/b,task=NAME,pid=4711,uid=0", or ",global_oom" in place of oom_memcg=. The name
 * is the process's own: it may have commas in it. */
bool oom_kill_parse(const char *record, const char *cgroup, OomKill *ret) {
        const char *text = strstr(record, ";oom-kill:"), *task, *pid = NULL;
        _cleanup_free_ char *memcg = text ? field(text, ",task_memcg=") : NULL;
        _cleanup_free_ char *number = NULL;
        uint32_t value;

        task = memcg && is_in(memcg, cgroup) ? strstr(text, ",task=") : NULL;
        if (!task)
                return false;
        task += strlen(",task=");
        for (const char *p = task; (p = strstr(p, ",pid=")); p++)
                pid = p;
        number = pid ? field(pid, ",pid=") : NULL;
        if (!number || parse_uint32(number, &value) < 0)
                return false;
        ret->task = g_strndup(task, pid - task);
        ret->pid = (pid_t) value;
        ret->limit = field(text, ",oom_memcg=");
        return true;
}

/* "memory: usage 24576kB, limit 24576kB, failcnt 51" */
static void parse_limit(const char *record, const char *what, char **value) {
        const char *text = strstr(record, what);
        uint64_t kib, n = 0;

        if (!text || sscanf(text + strlen(what), "%*[0-9]kB, limit %" SCNu64 "kB", &kib) != 1)
                return;
        if (kib < LIMIT_NONE_KIB)
                n = kib << 10;
        g_free(*value);
        *value = kib == 0 || n > 0 ? format_bytes(n) : NULL;
}

void oom_kill_parse_limits(const char *record, OomKill *kill) {
        parse_limit(record, ";memory: usage ", &kill->max);
        parse_limit(record, ";swap: usage ", &kill->swap);
}

int oom_open_kernel_log(void) {
        _cleanup_close_ int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
                return negative_errno();
        return TAKE_FD(fd);
}

/* A limit of a cgroup, or NULL when it has none. Caller frees. */
static char *read_limit(int cgroup_fd, const char *file) {
        _cleanup_free_ char *text = NULL;

        if (read_file_at(cgroup_fd, file, &text, NULL) < 0)
                return NULL;
        text[strcspn(text, "\n")] = '\0';
        return oom_format_limit(text);
}

/* Whether this cgroup's own limit led to a kill at some time. */
static bool had_oom(int cgroup_fd) {
        uint64_t n;

        return cgroup_read_key(cgroup_fd, "memory.events.local", "oom", &n) >= 0 && n > 0;
}

/* Without the kernel's log: the nearest cgroup, from the scope on, whose limit led to a kill. For those
 * above the scope that may have been another one. Caller frees; NULL: none. */
static char *guess_limit(const char *cgroup) {
        _cleanup_free_ char *path = g_strdup(cgroup);

        while (*path) {
                _cleanup_close_ int fd = cgroup_open(path);

                if (fd >= 0 && had_oom(fd))
                        return TAKE_PTR(path);
                *strrchr(path, '/') = '\0';
        }
        return NULL;
}

/* The same cgroup, at or above the container's or below it, as a path that we can open. Borrowed; NULL: it
 * is above our cgroup namespace. */
static const char *visible(const char *path, const char *cgroup) {
        for (const char *p = path; p; p = strchr(p + 1, '/'))
                if (is_at_or_below(p, cgroup) || is_at_or_below(cgroup, p))
                        return p;
        return NULL;
}

/* What the log did not tell. */
static void complete(OomKill *kill, const char *path) {
        _cleanup_close_ int fd = kill->max ? -EBADF : cgroup_open(path);

        if (fd < 0)
                return;
        kill->max = read_limit(fd, "memory.max");
        g_free(kill->swap);
        kill->swap = read_limit(fd, "memory.swap.max");
}

/* Whose limit it was, and how to raise it. Caller frees. */
static char *explain(OomKill *kill, const char *cgroup, bool sure) {
        const char *path = kill->limit ? visible(kill->limit, cgroup) : NULL,
                   *ctl = geteuid() == 0 ? "systemctl" : "systemctl --user";
        _cleanup_free_ char *unit = path ? g_path_get_basename(path) : NULL;
        bool own;

        if (!kill->limit)
                return g_strdup("the system had no memory left, no limit was reached");
        if (!path)
                return g_strdup_printf("the limit of '%s' was reached", kill->limit);
        if (strlen(path) > strlen(cgroup))
                return g_strdup_printf("a limit made in the container, of '%s', was reached", path);
        complete(kill, path);
        own = streq(path, cgroup);
        return g_strdup_printf(
                        "MemoryMax=%s%s%s of %s%s was %sreached. '%s set-property %s MemoryMax=...' raises "
                        "it%s",
                        kill->max ?: "", kill->swap ? " with MemorySwapMax=" : "", kill->swap ?: "", unit,
                        own ? "" : ", which the container is in,", sure ? "" : "probably ", ctl, unit,
                        own ? " now, MemoryMax= in [Service] of the container from the next start on" : "");
}

/* Returns 1 when there was one more in the log. */
static int next_kill(int kernel_log_fd, const char *cgroup, OomKill *ret) {
        char record[RECORD_MAX];

        for (;;) {
                ssize_t n = read(kernel_log_fd, record, sizeof record - 1);

                if (n < 0 && errno == EPIPE)
                        continue; /* some were overwritten */
                if (n <= 0)
                        return 0;
                record[n] = '\0';
                oom_kill_parse_limits(record, ret);
                if (oom_kill_parse(record, cgroup, ret))
                        return 1;
        }
}

static void report_rest(const char *cgroup, uint64_t n) {
        _cleanup_(oom_kill_done) OomKill unknown = { .limit = guess_limit(cgroup) };
        _cleanup_free_ char *why = explain(&unknown, cgroup, unknown.limit && streq(unknown.limit, cgroup));

        log_error_id(MESSAGE_OUT_OF_MEMORY,
                     "The kernel killed %" PRIu64
                     " process(es) of the container for want of memory: %s. 'journalctl -k' tells which.",
                     n, why);
}

static uint64_t report_known(const char *cgroup, int kernel_log_fd) {
        uint64_t n;

        for (n = 0; n < MAX_REPORTS; n++) {
                _cleanup_(oom_kill_done) OomKill kill = { 0 };
                _cleanup_free_ char *why = NULL;

                if (next_kill(kernel_log_fd, cgroup, &kill) <= 0)
                        break;
                why = explain(&kill, cgroup, /* sure= */ true);
                log_error_id(MESSAGE_OUT_OF_MEMORY,
                             "The kernel killed process %d (%s) of the container for want of memory: %s.",
                             (int) kill.pid, kill.task, why);
        }
        return n;
}

uint64_t oom_report(const char *cgroup, int kernel_log_fd, uint64_t n) {
        uint64_t known = kernel_log_fd >= 0 ? report_known(cgroup, kernel_log_fd) : 0;

        if (known == 0 && n > 0)
                report_rest(cgroup, n);
        else if (known < n)
                log_error("%" PRIu64 " more process(es) of the container were killed with that.", n - known);
        return MAX(known, n);
}
