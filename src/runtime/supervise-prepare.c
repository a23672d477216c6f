/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs berth-prepare, unless an ExecStartPre= of the unit has done so. That would be one more process that
 * pid 1 forks, executes and waits for, with all that systemd sets up for a process of a unit: a third of
 * what a start costs. So units have it only where somebody may want to see it by itself, for resctrl groups.
 */

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/log.h"
#include "runtime/prepare.h"

int supervise_prepare(const char *id, const char *instance) {
        static const char program[] = BERTH_LIBEXECDIR "/berth-prepare";
        char *const argv[] = { (char *) program, (char *) "start", (char *) instance, NULL };
        int r, status;
        pid_t pid;

        if (prepare_is_done(id))
                return 0;
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
