/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One more process in a running container. */

#include <stdbool.h>

typedef struct ExecOptions {
        const char *root;
        const char *id;
        const char *process_file; /* OCI process object; NULL: the configuration's process, changed by what
                                     follows */
        char **args;
        const char *cwd;
        const char *user;       /* "UID[:GID]" */
        char **env;             /* added */
        char **capabilities;    /* added */
        char **additional_gids; /* added */
        char **cgroup;          /* see exec-cgroup.h; NULL: where init is */
        const char *apparmor;
        const char *process_label; /* SELinux */
        bool tty;
        bool no_new_privileges;
        bool detach;
        bool ignore_paused;
        const char *pid_file;
        const char *console_socket;
        const char *pidfd_socket;
        unsigned preserve_fds;
} ExecOptions;

/* Executes a process and, without detach, waits for it. *ret_status as in foreground_wait(). Logs. -ENOENT:
 * no such container; -EBUSY: it is stopped or paused. */
int container_exec(const ExecOptions *options, int *ret_status);
