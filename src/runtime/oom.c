/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the watch on a container's memory.events, on what systemd-oomd does to it, and the end by the OOM
 * killer. Limits are the unit layer's, words oom-report.c's. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "runtime/oom.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/process-util.h"
#include "cgroup/cgroup.h"
#include "runtime/oom-report.h"

/* Of the service's cgroup, for nobody but the supervisor that ends in it. */
#define OOM_CGROUP "oom"

/* How often systemd-oomd has killed the processes of a cgroup. It counts before it kills; systemd reads it
 * from there, too. */
#define OOMD_MARK "user.oomd_ooms"

struct OomWatch {
        char *cgroup;
        int dir_fd;
        int events_fd;     /* its memory.events; -EBADF: there is no memory controller */
        int kernel_log_fd; /* -EBADF: not for us */
        sd_event_source *source;
        OomHandler handler;
        void *userdata;
        uint64_t n_killed, n_marks;
};

uint64_t cgroup_event_count(const char *text, const char *key) {
        size_t n = strlen(key);

        for (const char *p = text; p; p = strchr(p, '\n')) {
                if (*p == '\n')
                        p++;
                if (strncmp(p, key, n) == 0 && p[n] == ' ')
                        return strtoull(p + n + 1, NULL, 10);
        }
        return 0;
}

/* Returns a negative errno when the cgroup is gone (-ENODEV). */
static int read_count(int fd, uint64_t *ret) {
        char text[512];
        ssize_t n;

        n = pread(fd, text, sizeof text - 1, 0);
        if (n < 0)
                return negative_errno();
        text[n] = '\0';
        *ret = cgroup_event_count(text, "oom_kill");
        return 0;
}

/* Also of a cgroup that has been removed meanwhile. */
static uint64_t read_marks(int dir_fd) {
        char text[32];
        ssize_t n = fgetxattr(dir_fd, OOMD_MARK, text, sizeof text - 1);

        text[n < 0 ? 0 : n] = '\0';
        return strtoull(text, NULL, 10);
}

static void check_kernel(OomWatch *w) {
        uint64_t n = 0, told;

        if (w->events_fd < 0)
                return;
        if (read_count(w->events_fd, &n) < 0)
                n = w->n_killed; /* gone; the kernel's log is not */
        else if (n == w->n_killed)
                return;
        told = oom_report(w->cgroup, w->kernel_log_fd, n - w->n_killed);
        w->n_killed = MAX(n, w->n_killed + told);
        if (told > 0)
                w->handler(OOM_KILLER_KERNEL, w->userdata);
}

static void check_oomd(OomWatch *w) {
        uint64_t n = read_marks(w->dir_fd);

        if (n == w->n_marks)
                return;
        w->n_marks = n;
        log_error_id(MESSAGE_OOMD_KILL,
                     "systemd-oomd killed the container, for memory pressure or want of swap: 'journalctl "
                     "-u "
                     "systemd-oomd' tells which. ManagedOOMPreference= in [Service] spares a container, "
                     "ManagedOOMMemoryPressureLimit= sets the limit.");
        w->handler(OOM_KILLER_OOMD, w->userdata);
}

void oom_watch_check(OomWatch *w) {
        if (!w)
                return;
        check_kernel(w);
        check_oomd(w);
}

static int on_memory_event(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        OomWatch *w = userdata;
        uint64_t n;

        oom_watch_check(w);
        /* A removed cgroup reports an error for ever. */
        return read_count(fd, &n) < 0 ? sd_event_source_set_enabled(s, SD_EVENT_OFF) : 0;
}

static int watch_events(OomWatch *w, sd_event *event) {
        int r;

        w->events_fd = openat(w->dir_fd, "memory.events", O_RDONLY | O_CLOEXEC);
        if (w->events_fd < 0)
                return errno == ENOENT ? 0 : negative_errno();
        w->kernel_log_fd = oom_open_kernel_log();
        r = read_count(w->events_fd, &w->n_killed);
        if (r >= 0)
                r = sd_event_add_io(event, &w->source, w->events_fd, EPOLLPRI, on_memory_event, w);
        /* before the end of the processes, which comes with it */
        return r < 0 ? r : sd_event_source_set_priority(w->source, SD_EVENT_PRIORITY_IMPORTANT);
}

int oom_watch_new(sd_event *event, const char *cgroup, OomHandler handler, void *userdata, OomWatch **ret) {
        _cleanup_(oom_watch_freep) OomWatch *w = g_new(OomWatch, 1);
        int r;

        *w = (OomWatch) {
                .cgroup = g_strdup(cgroup),
                .dir_fd = cgroup_open(cgroup),
                .events_fd = -EBADF,
                .kernel_log_fd = -EBADF,
                .handler = handler,
                .userdata = userdata,
        };
        if (w->dir_fd < 0)
                return log_error_errno(w->dir_fd, "Failed to open cgroup '%s': %m", cgroup);
        w->n_marks = read_marks(w->dir_fd);
        r = watch_events(w, event);
        if (r < 0)
                return log_error_errno(r, "Failed to watch memory.events of '%s': %m", cgroup);

        *ret = TAKE_PTR(w);
        return 0;
}

uint64_t oom_watch_kills(const OomWatch *w) {
        return w->n_killed;
}

int oom_watch_cgroup_fd(const OomWatch *w) {
        return w->dir_fd;
}

void oom_watch_free(OomWatch *w) {
        sd_event_source_disable_unref(w->source);
        closep(&w->kernel_log_fd);
        closep(&w->events_fd);
        closep(&w->dir_fd);
        g_free(w->cgroup);
        g_free(w);
}

static int open_own_cgroup(void) {
        _cleanup_free_ char *cgroup = NULL;
        int r;

        r = pid_cgroup(0, &cgroup);
        return r < 0 ? r : cgroup_open(cgroup);
}

/* Moves this process into a cgroup of its own below the service's and takes all memory away from it. Not in
 * the service's cgroup itself: ExecStopPost= still has to run there, and counts of events go up the tree. */
static int take_own_memory(void) {
        _cleanup_close_ int service_fd = open_own_cgroup(), oom_fd = -EBADF;
        int r;

        if (service_fd < 0)
                return service_fd;
        if (mkdirat(service_fd, OOM_CGROUP, 0755) < 0 && errno != EEXIST)
                return negative_errno();
        oom_fd = openat(service_fd, OOM_CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (oom_fd < 0)
                return negative_errno();

        /* a cgroup with processes of its own cannot have controllers for its children */
        r = write_string_at(oom_fd, "cgroup.procs", "0");
        if (r >= 0)
                r = write_string_at(service_fd, "cgroup.subtree_control", "+memory");
        if (r >= 0)
                r = write_string_at(oom_fd, "memory.max", "0");
        return r;
}

/* What we have is charged where we were. The first new page is the one that cannot be had. */
static void want_memory(void) {
        size_t size = 1024 * 1024;
        volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        for (size_t i = 0; p != MAP_FAILED && i < size; i += 4096)
                p[i] = 1;
}

static int end_by_kernel(void) {
        int r;

        /* A protected process (OOMScoreAdjust=-1000) would not be killed. */
        r = write_string_at(AT_FDCWD, "/proc/self/oom_score_adj", "0");
        if (r >= 0)
                r = take_own_memory();
        if (r >= 0)
                want_memory();
        return r;
}

/* systemd takes it for news when it has grown, and remembers it longer than a cgroup lives: each start may
 * have a new one. So the time goes in, which grows by itself. */
static int leave_mark(void) {
        _cleanup_close_ int fd = open_own_cgroup();
        struct timespec now;
        uint64_t mark;
        char text[32];

        if (fd < 0)
                return fd;
        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        mark = (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
        (void) snprintf(text, sizeof text, "%" PRIu64, MAX(mark, read_marks(fd) + 1));
        return fsetxattr(fd, OOMD_MARK, text, strlen(text), 0) < 0 ? negative_errno() : 0;
}

_Noreturn void oom_end(OomKiller by) {
        int r;

        r = by == OOM_KILLER_KERNEL ? end_by_kernel() : -EOPNOTSUPP;
        if (r < 0)
                r = leave_mark();
        if (r < 0)
                (void) log_warning_errno(
                                r, "Failed to end as out of memory, so the result will be 'signal': %m");
        (void) kill(getpid(), SIGKILL);
        for (;;)
                (void) pause();
}
