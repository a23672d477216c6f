/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Processes: a reference that survives pid reuse, clone3(2), cgroup membership. Nothing here logs. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/cleanup.h"

/* A process that cannot be confused with a later one of the same number. */
typedef struct PidRef {
        pid_t pid;           /* 0: none */
        int fd;              /* pidfd, -EBADF: none */
        uint64_t start_time; /* field 22 of /proc/PID/stat, clock ticks since boot */
} PidRef;

#define PIDREF_NULL ((PidRef) { .pid = 0, .fd = -EBADF })

void pidref_done(PidRef *ref);

/* Opens the process with that number. start_time 0 takes whoever has the number; otherwise a process that
 * started at another time is -ESRCH. */
int pidref_open(pid_t pid, uint64_t start_time, PidRef *ret);

/* pidfd_send_signal(2). -ESRCH: the process is gone. */
int pidref_kill(const PidRef *ref, int sig);

/* Whether the process has ended (a zombie has). */
bool pidref_exited(const PidRef *ref);

/* Waits until the process has ended, at most timeout_ms (-1: forever). -ETIMEDOUT. Needs no parenthood. */
int pidref_wait(const PidRef *ref, int timeout_ms);

/* The number of the process behind a pidfd, in our pid namespace (/proc/self/fdinfo). -ESRCH: it has ended.
 */
int pidfd_get_pid(int fd, pid_t *ret);

/* The inode number of this process's pidfd, which no other process has before the next boot (Linux 6.9); 0
 * when the kernel has none that means something. */
uint64_t own_pidfd_inode(void);

/* State letter and start time from /proc/PID/stat; -ESRCH when there is no such process. */
int pid_stat(pid_t pid, char *ret_state, uint64_t *ret_start_time);

/* Whether a process that still exists is past saving: it is exiting, or SIGKILL is pending. */
bool pid_is_dying(pid_t pid);

/* Path of the process's cgroup in the unified hierarchy (the line that starts with "0::"),
 * "/machine.slice/x.scope". Caller frees. pid 0: this process. -ESRCH: no such process; -ENODATA: no unified
 * hierarchy. */
int pid_cgroup(pid_t pid, char **ret);

/* fork() with clone3(2): flags are CLONE_NEW* (and CLONE_PARENT), cgroup_fd >= 0 adds CLONE_INTO_CGROUP.
 * Where clone3(2) is hidden, it is clone(2) and cgroup.procs, with the same errors. Returns the pid in the
 * parent, 0 in the child or a negative errno. The process must have one thread. */
pid_t process_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd);

/* waitpid() until it answers; the status is that of siginfo: code CLD_EXITED with exit status, or
 * CLD_KILLED/CLD_DUMPED with signal. */
int process_reap(pid_t pid, int *ret_code, int *ret_status);
