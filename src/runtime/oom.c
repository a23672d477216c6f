/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the watch on a container's memory.events and the end by the OOM killer. Limits are the unit layer's.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/oom.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/process-util.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* Of the service's cgroup, for nobody but the supervisor that ends in it. */
#define OOM_CGROUP "oom"

struct OomWatch {
        int dir_fd;    /* the cgroup */
        int events_fd; /* its memory.events */
        sd_event_source *source;
        OomHandler handler;
        void *userdata;
        uint64_t n_killed;
        bool seen;
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

void oom_watch_check(OomWatch *w) {
        _cleanup_free_ char *limit = NULL;
        uint64_t n;

        if (!w || w->seen || read_count(w->events_fd, &n) < 0 || n <= w->n_killed)
                return;

        w->seen = true;
        if (read_file_at(w->dir_fd, "memory.max", &limit, NULL) >= 0)
                limit[strcspn(limit, "\n")] = '\0';
        log_error("The kernel killed %" PRIu64
                  " process(es) of the container for want of memory (memory.max is %s).",
                  n - w->n_killed, limit ?: "unknown");
        w->handler(w->userdata);
}

static int on_memory_event(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        OomWatch *w = userdata;
        uint64_t n;

        /* A removed cgroup reports an error for ever. */
        if (read_count(fd, &n) < 0)
                return sd_event_source_set_enabled(s, SD_EVENT_OFF);
        oom_watch_check(w);
        return 0;
}

int oom_watch_new(sd_event *event, const char *cgroup, OomHandler handler, void *userdata, OomWatch **ret) {
        _cleanup_(oom_watch_freep) OomWatch *w = g_new0(OomWatch, 1);
        g_autofree char *path = g_strconcat(CGROUP_ROOT, cgroup, NULL);
        int r;

        w->handler = handler;
        w->userdata = userdata;
        w->events_fd = -EBADF;
        w->dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (w->dir_fd < 0)
                return log_error_errno(errno, "Failed to open cgroup '%s': %m", path);
        w->events_fd = openat(w->dir_fd, "memory.events", O_RDONLY | O_CLOEXEC);
        if (w->events_fd < 0) {
                *ret = NULL;
                return errno == ENOENT
                                ? 0
                                : log_error_errno(errno, "Failed to open memory.events of '%s': %m", path);
        }

        r = read_count(w->events_fd, &w->n_killed);
        if (r >= 0)
                r = sd_event_add_io(event, &w->source, w->events_fd, EPOLLPRI, on_memory_event, w);
        /* before the end of the processes, which comes with it */
        if (r >= 0)
                r = sd_event_source_set_priority(w->source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0)
                return log_error_errno(r, "Failed to watch memory.events of '%s': %m", path);

        *ret = TAKE_PTR(w);
        return 0;
}

void oom_watch_free(OomWatch *w) {
        sd_event_source_disable_unref(w->source);
        closep(&w->events_fd);
        closep(&w->dir_fd);
        g_free(w);
}

/* Moves this process into a cgroup of its own below the service's and takes all memory away from it. Not in
 * the service's cgroup itself: ExecStopPost= still has to run there, and counts of events go up the tree. */
static int take_own_memory(void) {
        _cleanup_free_ char *cgroup = NULL;
        g_autofree char *path = NULL;
        _cleanup_close_ int service_fd = -EBADF, oom_fd = -EBADF;
        int r;

        r = pid_cgroup(0, &cgroup);
        if (r < 0)
                return r;
        path = g_strconcat(CGROUP_ROOT, cgroup, NULL);
        service_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (service_fd < 0)
                return negative_errno();
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

_Noreturn void oom_end(void) {
        int r;

        /* A protected process (OOMScoreAdjust=-1000) would not be killed. */
        r = write_string_at(AT_FDCWD, "/proc/self/oom_score_adj", "0");
        if (r >= 0)
                r = take_own_memory();
        if (r < 0)
                (void) log_warning_errno(
                                r, "Failed to end as out of memory, so the result will be 'signal': %m");
        else {
                /* What we have is charged where we were. The first new page is the one that cannot be had.
                 */
                size_t size = 1024 * 1024;
                volatile char *p =
                                mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

                for (size_t i = 0; p != MAP_FAILED && i < size; i += 4096)
                        p[i] = 1;
        }
        (void) kill(getpid(), SIGKILL);
        for (;;)
                (void) pause();
}
