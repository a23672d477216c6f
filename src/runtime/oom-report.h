/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What can be said of a process that was killed for want of memory: which it was, whose limit it was, and
 * what to do about it. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/cleanup.h"

/* One kill, as the kernel's log has it. */
typedef struct OomKill {
        char *task;       /* comm of the process */
        pid_t pid;        /* in the host's numbers */
        char *limit;      /* the cgroup whose limit was reached; NULL: none, the system had no memory left */
        char *max, *swap; /* its limits at that time; NULL: none, or not known */
} OomKill;

void oom_kill_done(OomKill *kill);

/* Reads a record of /dev/kmsg. Whether it tells of a kill in cgroup (a path in the unified hierarchy, seen
 * from wherever we are) or below; limits are left alone. Pure. */
bool oom_kill_parse(const char *record, const char *cgroup, OomKill *ret);

/* Reads the limits from a record of /dev/kmsg that has some; those of a kill come before it. Pure. */
void oom_kill_parse_limits(const char *record, OomKill *kill);

/* Opens the kernel's log at its end: what is read from it happened later. Returns a descriptor, or a
 * negative errno, -EPERM where ordinary users may not read it. Does not log. */
int oom_open_kernel_log(void);

/* Says that n processes of the cgroup (a scope's) were killed, as errors: which, as far as kernel_log_fd
 * tells (-EBADF: not known), and how to give more memory. With n 0 it is not known, the cgroup being gone,
 * and the log alone counts. Returns how many it told of. */
uint64_t oom_report(const char *cgroup, int kernel_log_fd, uint64_t n);

/* A value of memory.max as systemd's settings take it ("32M"); NULL: there is none. Caller
 * frees. Pure. */
char *oom_format_limit(const char *value);
