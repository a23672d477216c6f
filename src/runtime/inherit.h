/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Small things that create and exec share: what they inherit and what they leave for the caller. */

#include <stdbool.h>
#include <sys/types.h>

#include "basic/process-util.h"

/* Writes the decimal pid, no newline, by rename: a reader never sees half of it. NULL path: nothing. Logs.
 */
int pid_file_write(const char *path, pid_t pid);

/* Sends the process's pidfd over a connection to an AF_UNIX stream socket: one message, one descriptor, text
 * as data ("standard" for a container's init, "setns" for exec, as runc has it). NULL path: nothing. Logs.
 */
int pidfd_send(const char *socket_path, const PidRef *process, const char *text);

/* The descriptors 3 to 3 + n - 1 as we inherited them: what is not open, or is ours (all that we open is
 * close-on-exec, nothing inherited is), is -EBADF. Caller frees. */
int *inherited_fds(unsigned n);

/* Whether somebody will take care of the payload's terminal: the socket gets it if and only if nobody stays
 * with the payload. Logs. -EINVAL: the socket is missing, or there is nothing to send. */
int terminal_check(bool terminal, bool detach, const char *console_socket);

/* Where compiled seccomp programs are kept; NULL: nowhere. */
const char *runtime_seccomp_cache(void);
