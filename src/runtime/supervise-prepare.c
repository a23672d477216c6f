/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs berth-prepare. As an ExecStartPre= it would be one more process that pid 1 forks, executes and waits
 * for, with all that systemd sets up for a process of a unit: half of what a start costs. */

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/log.h"

int supervise_prepare(const char *instance) {
        static const char program[] = BERTH_LIBEXECDIR "/berth-prepare";
        char *const argv[] = { (char *) program, (char *) "start", (char *) instance, NULL };
        int r, status;
        pid_t pid;

        r = posix_spawn(&pid, program, NULL, NULL, argv, environ);
        if (r > 0)
                return log_error_errno(r, "Failed to execute '%s': %m", program);
        do
                r = waitpid(pid, &status, 0) < 0 ? negative_errno() : 0;
        while (r == -EINTR);
        if (r < 0)
                return log_error_errno(r, "Failed to wait for '%s': %m", program);
        if (WIFSIGNALED(status))
                return log_error_errno(-EINTR, "'%s' was killed by signal %d.", program, WTERMSIG(status));
        return WEXITSTATUS(status) == 0 ? 0 : -EINVAL; /* it has said itself what was wrong */
}
