/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Puts a compiled program into force for this process, seccomp(2). */

#include "sandbox/seccomp-filter.h"

/* Needs no_new_privs or CAP_SYS_ADMIN in the user namespace (-EACCES). *ret_listener_fd is the notification
 * descriptor (O_CLOEXEC, the caller's) of a program with SCMP_ACT_NOTIFY, else -EBADF. Logs; what follows
 * runs under the filter. */
int seccomp_load(const SeccompProgram *program, int *ret_listener_fd);
