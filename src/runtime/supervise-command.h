/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Processes that the supervisor starts and waits for: programs of ours, and commands in the container. */

#include "runtime/supervise-internal.h"

/* Executes berth (command is its whole command line) with these as stdin, stdout and stderr. Logs. */
int supervise_spawn(char **command, const int stdio[static 3], pid_t *ret);

/* A command in the container. What it starts is in a cgroup of its own below the container's, so that all of
 * it can be ended. */
typedef struct Command {
        const char *group; /* name of that cgroup */
        int cgroup_fd;     /* -EBADF: there is none */
        int parent_fd;     /* the container's */
        pid_t pid;         /* of berth exec; 0: nothing runs */
} Command;

#define COMMAND_NULL(name) ((Command) { .group = (name), .cgroup_fd = -EBADF, .parent_fd = -EBADF })

/* Executes words. out and err stay the caller's. Logs. */
int command_start(Command *c, const Supervisor *s, char **words, int out, int err);

/* SIGKILL for all that it is; its end follows. */
void command_kill(Command *c);

/* Its process has been reaped. kill_rest: what it left running is ended, too. */
void command_ended(Command *c, bool kill_rest);

/* For the end of the supervisor: kills it and lets go. */
void command_done(Command *c);
