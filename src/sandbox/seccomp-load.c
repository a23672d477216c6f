/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the seccomp(2) call. Must not decide anything: flags and code come from seccomp-filter.c. */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/seccomp-load.h"

#include "basic/log.h"

int seccomp_load(const SeccompProgram *program, int *ret_listener_fd) {
        struct sock_fprog fprog = { .len = program->n_code, .filter = program->code };
        long r;

        r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &fprog);
        if (r < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to load the seccomp filter (%zu instructions, flags %#x): %m",
                                program->n_code, program->flags);

        if (program->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
                *ret_listener_fd = r;
                return 0;
        }
        /* With TSYNC a positive number is a thread that could not be switched. */
        if (r > 0)
                return log_error_errno(-ESRCH, "Failed to load the seccomp filter for thread %ld", r);

        *ret_listener_fd = -EBADF;
        return 0;
}
