/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the options that --shell stands for. */

#include "cli/run-shell.h"

#include <errno.h>

#include "basic/log.h"
#include "basic/macro.h"

/* $SHELL is the host's: in a container there need not be such a program. */
static char *shell[] = { (char *) "/bin/sh", NULL };

/* The root of the host cannot be a directory of a container; a bundle has its own. */
static bool has_directory_to_share(const RunCall *call) {
        _cleanup_free_ char *directory = g_get_current_dir();

        return !call->working_directory && !call->bundle && !streq(directory, "/");
}

int run_shell_apply(RunCall *call) {
        if (!call->shell)
                return 0;
        if (*call->command)
                return log_error_errno(-EINVAL, "--shell runs /bin/sh: no command is expected");
        call->command = shell;
        call->pty = call->wait = call->collect = true;
        if (has_directory_to_share(call))
                call->same_dir = true;
        return 0;
}
