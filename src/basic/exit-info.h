/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a process ended that is somebody else's child. Nothing here logs. */

#include "basic/process-util.h"

/* The parts of a wait status as in siginfo_t: code CLD_EXITED with an exit status, CLD_KILLED or CLD_DUMPED
 * with a signal. Pure. */
void exit_info_split(int wait_status, int *ret_code, int *ret_status);

/* The wait status in the text of /proc/PID/stat (its field exit_code) of a zombie that started at
 * start_time. -ENODATA: it is not one, or that is hidden from us (proc_pid_stat(5)). Pure. */
int exit_info_parse_stat(const char *text, uint64_t start_time, int *ret_wait_status);

/* How a process ended; for one that has (pidref_exited()). The kernel tells it while nobody has reaped the
 * process, and later from Linux 6.15 on, for a pidfd that was open before. -ENODATA: it does not tell. */
int exit_info_read(const PidRef *ref, int *ret_code, int *ret_status);
