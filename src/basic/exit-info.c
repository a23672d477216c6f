/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the two places where the kernel tells how a process ended to those that are not its parent. */

#include "basic/exit-info.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"

/* Of linux/pidfd.h, which older systems do not have or have without the exit code. */
typedef struct PidfdInfo {
        uint64_t mask;
        uint64_t cgroup_id;
        uint32_t ids[11];
        int32_t exit_code;
} PidfdInfo;

#define PIDFD_GET_INFO_REQUEST _IOWR(0xff, 11, PidfdInfo)
#define PIDFD_INFO_EXIT_MASK   (UINT64_C(1) << 3)

static_assert(sizeof(PidfdInfo) == 64, "the size is a part of the request's number");

void exit_info_split(int wait_status, int *ret_code, int *ret_status) {
        if (WIFEXITED(wait_status)) {
                *ret_code = CLD_EXITED;
                *ret_status = WEXITSTATUS(wait_status);
                return;
        }
        *ret_code = WCOREDUMP(wait_status) ? CLD_DUMPED : CLD_KILLED;
        *ret_status = WTERMSIG(wait_status);
}

/* The field with a number of proc_pid_stat(5), counted from the state, which is the third, on; they are
 * separated by single spaces. */
static const char *stat_field(const char *state, unsigned number) {
        const char *p = state;

        for (unsigned i = 3; p && i < number; i++) {
                p = strchr(p, ' ');
                p = p ? p + 1 : NULL;
        }
        return p;
}

int exit_info_parse_stat(const char *text, uint64_t start_time, int *ret_wait_status) {
        const char *state = strrchr(text, ')'), *start, *exit_code;

        if (!state || state[1] != ' ')
                return -ENODATA;
        state += 2;
        start = stat_field(state, 22);
        exit_code = stat_field(state, 52);
        if (*state != 'Z' || !start || strtoull(start, NULL, 10) != start_time || !exit_code)
                return -ENODATA;

        *ret_wait_status = (int) strtol(exit_code, NULL, 10);
        return 0;
}

static int read_pidfd(const PidRef *ref, int *ret_wait_status) {
        PidfdInfo info = { .mask = PIDFD_INFO_EXIT_MASK };

        if (ioctl(ref->fd, PIDFD_GET_INFO_REQUEST, &info) < 0 || !(info.mask & PIDFD_INFO_EXIT_MASK))
                return -ENODATA;
        *ret_wait_status = info.exit_code;
        return 0;
}

/* Those who may not trace a process read 0 as its exit code. The same right is asked for here. */
static bool may_trace(pid_t pid) {
        char path[sizeof "/proc//ns/user" + 10], target[1];

        (void) snprintf(path, sizeof path, "/proc/%d/ns/user", (int) pid);
        return readlink(path, target, sizeof target) >= 0 || errno != EACCES;
}

static int read_zombie(const PidRef *ref, int *ret_wait_status) {
        _cleanup_free_ char *text = NULL;
        char path[sizeof "/proc//stat" + 10];
        int r;

        if (!may_trace(ref->pid))
                return -ENODATA;
        (void) snprintf(path, sizeof path, "/proc/%d/stat", (int) ref->pid);
        r = read_file_at(AT_FDCWD, path, &text, NULL);
        return r < 0 ? -ENODATA : exit_info_parse_stat(text, ref->start_time, ret_wait_status);
}

int exit_info_read(const PidRef *ref, int *ret_code, int *ret_status) {
        int wait_status, r;

        r = read_pidfd(ref, &wait_status);
        if (r < 0)
                r = read_zombie(ref, &wait_status);
        if (r < 0)
                r = read_pidfd(ref, &wait_status); /* reaped meanwhile */
        if (r < 0)
                return r;
        exit_info_split(wait_status, ret_code, ret_status);
        return 0;
}
