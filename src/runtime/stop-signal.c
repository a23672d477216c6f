/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the decision what a stop signal means to a payload, and the mirroring of its end. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/stop-signal.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/signal-util.h"

/* Default actions that leave the process alone (signal(7)), and SIGKILL, which is never lost. */
static bool default_action_ends(int sig) {
        static const int others[] = { SIGCHLD, SIGCONT, SIGKILL, SIGSTOP, SIGTSTP,
                                      SIGTTIN, SIGTTOU, SIGURG,  SIGWINCH };

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (sig == others[i])
                        return false;
        return true;
}

/* The value of a line of /proc/PID/status, behind the tabulator; NULL: there is no such line. */
static const char *status_value(const char *status, const char *name) {
        size_t n = strlen(name);

        for (const char *p = status; p; p = strchr(p, '\n')) {
                if (*p == '\n')
                        p++;
                if (strncmp(p, name, n) == 0 && p[n] == ':')
                        return p + n + 1 + strspn(p + n + 1, " \t");
        }
        return NULL;
}

static bool in_signal_set(const char *status, const char *name, int sig) {
        const char *value = status_value(status, name);

        return value && (strtoull(value, NULL, 16) >> (sig - 1)) & 1;
}

/* "NSpid: 4711 1": one number per namespace, the innermost last. */
static bool is_namespace_init(const char *status) {
        const char *value = status_value(status, "NSpid");
        unsigned n = 0;
        long pid = 0;

        while (value && *value >= '0' && *value <= '9') {
                char *end;

                pid = strtol(value, &end, 10);
                value = end + strspn(end, " \t");
                n++;
        }
        return n > 1 && pid == 1;
}

bool stop_signal_is_lost(const char *status, int sig) {
        return default_action_ends(sig) && is_namespace_init(status) &&
                        !in_signal_set(status, "SigCgt", sig) && !in_signal_set(status, "SigIgn", sig) &&
                        !in_signal_set(status, "SigBlk", sig);
}

bool stop_signal_waiting_set(const char *syscall, uint64_t *ret_address) {
        long number;

        return sscanf(syscall, "%ld 0x%" SCNx64, &number, ret_address) == 2 && number == SYS_rt_sigtimedwait;
}

static int read_proc(pid_t pid, const char *file, char **ret) {
        char path[sizeof "/proc//syscall" + 10];

        (void) snprintf(path, sizeof path, "/proc/%d/%s", (int) pid, file);
        return read_file_at(AT_FDCWD, path, ret, NULL);
}

/* While sigwait(3) waits, its signals are not blocked as far as status tells, and are delivered
 * nevertheless: many programs that are made to be pid 1 wait in this way. */
static bool waits_for(pid_t pid, int sig) {
        _cleanup_free_ char *syscall = NULL;
        uint64_t address, set;
        const struct iovec here = { &set, sizeof set };

        if (read_proc(pid, "syscall", &syscall) < 0 || !stop_signal_waiting_set(syscall, &address))
                return false;
        if (process_vm_readv(
                            pid, &here, 1, &(struct iovec) { (void *) (uintptr_t) address, sizeof set }, 1,
                            0) != (ssize_t) sizeof set)
                return true; /* for this signal, most likely */
        return (set >> (sig - 1)) & 1;
}

/* Looks twice: in between the process may have returned from its waiting. */
static bool is_lost(pid_t pid, int sig) {
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_free_ char *status = NULL;

                if (read_proc(pid, "status", &status) < 0 || !stop_signal_is_lost(status, sig) ||
                    waits_for(pid, sig))
                        return false;
        }
        return true;
}

bool signal_is_handled(pid_t pid, int sig) {
        _cleanup_free_ char *status = NULL;

        return read_proc(pid, "status", &status) < 0 || in_signal_set(status, "SigCgt", sig) ||
                        in_signal_set(status, "SigBlk", sig) || waits_for(pid, sig);
}

int stop_signal_send(const PidRef *init, int sig) {
        char name[16];
        bool lost;
        int r;

        lost = is_lost(init->pid, sig);
        r = pidref_kill(init, lost ? SIGKILL : sig);
        if (r == -ESRCH)
                return r;
        if (r < 0)
                return log_error_errno(
                                r, "Failed to send the stop signal to process %d: %m", (int) init->pid);
        if (lost)
                log_info_id(MESSAGE_STOP_SIGNAL_LOST,
                            "Process %d is pid 1 of its namespace and does not handle %s, which the kernel "
                            "would drop: killed it.",
                            (int) init->pid, signal_to_string(sig, name));
        return lost;
}

_Noreturn void end_like(int code, int status) {
        static const struct rlimit no_core = { 0, 0 };
        sigset_t only;

        if (code == CLD_EXITED)
                _exit(status);

        (void) setrlimit(RLIMIT_CORE, &no_core);
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void) signal(status, SIG_DFL);
        (void) sigemptyset(&only);
        (void) sigaddset(&only, status);
        (void) sigprocmask(SIG_UNBLOCK, &only, NULL);
        (void) raise(status);
        _exit(128 + status); /* not reached unless the signal has no effect on us */
}
