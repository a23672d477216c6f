/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The caller's terminal joined to a container's pty: bytes in both directions, window size, raw mode. */

#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct ConsoleForward ConsoleForward;

/* Puts stdin into raw mode when it is a terminal and copies stdin to the master, the master to stdout, and
 * the window's size at every SIGWINCH (which gets blocked in this process). master_fd stays the caller's and
 * must outlive the result. Logs. */
int console_forward_new(sd_event *event, int master_fd, ConsoleForward **ret);

/* Gives a master the size of our terminal, if stdin is one: also before there is a payload to see it. Does
 * not log. */
void console_copy_size(int master_fd);

/* Copies what the payload wrote before it ended. Does not log. */
void console_forward_drain(ConsoleForward *forward);

/* Stops copying and gives the terminal back as it was. */
void console_forward_free(ConsoleForward *forward);

DEFINE_CLEANUP(ConsoleForward *, console_forward_free);
