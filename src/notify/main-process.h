/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which process a payload means when it says MAINPID=, MAINPIDFDID= or MAINPIDFD=1. What it says is a claim:
 * it is checked that the process lives and is one of the container's. Nothing here logs. */

#include <stdint.h>
#include <sys/types.h>

#include "basic/process-util.h"

typedef struct NotifyClaim {
        pid_t pid;        /* as the container's pid namespace numbers it; 0: see pidfd */
        uint64_t pidfdid; /* inode number of its pidfd, 0: not said */
        int pidfd;        /* the process itself, borrowed; -EBADF: see pid */
} NotifyClaim;

/* init: of the container. cgroup: where the process has to be, or below; NULL: anywhere. Returns 0 and an
 * own reference; -ESRCH: there is no such process any more, or it is another one; -EXDEV: it is not in the
 * container; -EBADF: the descriptor is no pidfd; -EINVAL: it is a thread. */
int notify_main_process_find(const NotifyClaim *claim, const PidRef *init, const char *cgroup, PidRef *ret);

/* What process is called pid in the pid namespace of init: the search for it, on kernels that do not tell
 * (before 6.11). -ESRCH: none of that cgroup. */
int notify_pid_search(pid_t pid, const PidRef *init, const char *cgroup, pid_t *ret);

/* The number that a process has in the index-th pid namespace, where 0 is the reader's own and the last one
 * its innermost; 0: it is in fewer. status is the text of /proc/PID/status; *ret_n is how many there are.
 * Pure. */
pid_t notify_pid_in_namespace(const char *status, size_t index, size_t *ret_n);
