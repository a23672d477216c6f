/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what becomes of the service's MEMORY_PRESSURE_WATCH: that is of the supervisor's cgroup. The payload
 * is told by a FIFO of ours, which takes neither a cgroup mount nor rights over its cgroup. */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/log.h"
#include "basic/message-id.h"
#include "cgroup/cgroup.h"
#include "sandbox/notify-mount.h"

#define WATCH     "MEMORY_PRESSURE_WATCH"
#define WRITE     "MEMORY_PRESSURE_WRITE"
#define PSI_FILE  "memory.pressure"
#define FIFO_NAME "memory-pressure"

/* The kernel has a task (psimon) for the triggers of those who have CAP_SYS_RESOURCE, as opening the file
 * counts; the others' are looked after every two seconds, where it looks at pressure anyway. That is enough,
 * and there may be many containers. */
static int open_unprivileged(int cgroup_fd) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct own[_LINUX_CAPABILITY_U32S_3], less[_LINUX_CAPABILITY_U32S_3];
        int fd, r;

        if (syscall(SYS_capget, &header, own) < 0)
                return negative_errno();
        memcpy(less, own, sizeof less);
        less[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective &= ~CAP_TO_MASK(CAP_SYS_RESOURCE);
        if (syscall(SYS_capset, &header, less) < 0)
                return negative_errno();
        fd = openat(cgroup_fd, PSI_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        r = fd < 0 ? negative_errno() : fd;
        (void) syscall(SYS_capset, &header, own);
        return r;
}

/* Without PSI in the kernel there is no such file; some kernels let only CAP_SYS_RESOURCE open it. */
static int open_psi(const char *cgroup) {
        _cleanup_close_ int cgroup_fd = cgroup_open(cgroup);
        int fd;

        if (cgroup_fd < 0)
                return cgroup_fd;
        fd = open_unprivileged(cgroup_fd);
        if (fd != -EPERM)
                return fd;
        fd = openat(cgroup_fd, PSI_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? negative_errno() : fd;
}

static int open_fifo(const Supervisor *s) {
        _cleanup_close_ int dir_fd = -EBADF;

        dir_fd = openat(s->unit_dir_fd, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        return dir_fd < 0 ? negative_errno() : pressure_fifo_open(dir_fd, FIFO_NAME);
}

/* Returns whether the payload will be told. It can do without. */
static bool watch(Supervisor *s, const char *cgroup) {
        _cleanup_close_ int psi_fd = open_psi(cgroup), fifo_fd = -EBADF;

        if (psi_fd < 0) {
                (void) log_full_id(
                                LOG_INFO, psi_fd, MESSAGE_PRESSURE_UNWATCHED,
                                "Container '%s' is not told of memory pressure, memory.pressure of its "
                                "cgroup cannot be watched: %m",
                                s->id);
                return false;
        }
        fifo_fd = open_fifo(s);
        if (fifo_fd < 0) {
                (void) log_warning_errno(
                                fifo_fd, "Failed to make the FIFO '%s' for memory pressure: %m", FIFO_NAME);
                return false;
        }
        return pressure_watch_new(
                               s->event, (const int[]) { TAKE_FD(fifo_fd), TAKE_FD(psi_fd) }, getenv(WRITE),
                               &s->pressure) >= 0;
}

void supervise_watch_pressure(Supervisor *s, const char *cgroup) {
        const char *path = getenv(WATCH);

        if (!path || strcmp(path, "/dev/null") == 0) { /* not wanted: that is true inside, too */
                (void) unsetenv(WRITE);
                return;
        }
        if (*path && watch(s, cgroup)) {
                (void) setenv(WATCH, NOTIFY_MOUNT_DIRECTORY "/" FIFO_NAME, true);
                (void) setenv(WRITE, PRESSURE_FIFO_WRITE, true);
        } else {
                (void) unsetenv(WATCH);
                (void) unsetenv(WRITE);
        }
}
