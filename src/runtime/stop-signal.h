/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two places where a signal's default action matters: a stop signal that the kernel would not deliver,
 * and an end that has to be repeated so that systemd sees it. */

#include <stdbool.h>
#include <stdint.h>

#include "basic/process-util.h"

/* Whether the kernel drops a signal sent to a process: one that is pid 1 of its own pid namespace and has
 * neither caught, ignored nor blocked it (pid_namespaces(7)). status is the text of /proc/PID/status.
 * Signals whose default action does not end a process count as delivered. Pure. */
bool stop_signal_is_lost(const char *status, int sig);

/* Whether the process waits in sigwait(3) or one of its kin, and where its memory has the set of signals.
 * syscall is the text of /proc/PID/syscall. Pure. */
bool stop_signal_waiting_set(const char *syscall, uint64_t *ret_address);
/* Whether a process does something of its own with a signal: it catches it, or fetches it with signalfd(2)
 * or sigwait(3). What cannot be looked at counts as such a process. Does not log. */
bool signal_is_handled(pid_t pid, int sig);

/* Sends a stop signal to a container's init; one that would be lost becomes SIGKILL, because to end the
 * process is what its default action stands for. Returns 1 in that case, 0 when the signal was sent, -ESRCH:
 * init is gone. Logs. */
int stop_signal_send(const PidRef *init, int sig);

/* Ends this process as another one ended (code and status as in siginfo_t): exits with its status or dies of
 * its signal, without a core dump of our own. */
_Noreturn void end_like(int code, int status);
