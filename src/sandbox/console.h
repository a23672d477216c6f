/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The payload's terminal: a pty in the container's own devpts. */

#include "basic/cleanup.h"
#include "spec/spec.h"

typedef struct Console {
        int master;
        int slave;
        char name[sizeof "/dev/pts/" + 10]; /* as seen in the container */
} Console;

#define CONSOLE_NULL ((Console) { .master = -EBADF, .slave = -EBADF })

void console_done(Console *console);

/* Child: opens a pty from the devpts at /dev/pts below root_fd (checked to be one), with the size and the
 * owner that the process asks for. Logs. -ENODEV: /dev/pts is no devpts. */
int console_open(int root_fd, const SpecProcess *process, Console *ret);

/* Child: mounts the slave on /dev/console below root_fd, making the file. Does not follow a symlink there.
 * Logs. */
int console_mount(int root_fd, const Console *console);

/* Child: new session with the slave as controlling terminal and as stdin, stdout, stderr. Logs. */
int console_attach(const Console *console);

/* Parent: sends the master over a connection to an AF_UNIX stream socket: one message, exactly one
 * descriptor, the pty's name as data (what runc does; conmon and the shims expect it). Logs. */
int console_send(const char *socket_path, int master_fd, const char *pty_name);
