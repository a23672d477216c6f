/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The caller's terminal joined to a container's pty: bytes in both directions, window size, raw mode. */

#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct ConsoleForward ConsoleForward;

/* Puts stdin into raw mode when it is a terminal and copies stdin to the master, the master to stdout, and
 * the window's size at every SIGWINCH (which gets blocked in this process). When stdout has gone, what comes
 * is dropped, so that the payload goes on. master_fd stays the caller's and must outlive the result. Logs.
 */
int console_forward_new(sd_event *event, int master_fd, ConsoleForward **ret);

/* Adds what somebody expects who works at the terminal, and runc's verbs do not have. The handler is called
 * when ^] is typed three times within a second, which ends the input; it may not free the forwarder. When an
 * input ends that is no terminal, the end of a file (^D) is typed. */
typedef void (*ConsoleDetach)(void *userdata);
void console_forward_on_detach(ConsoleForward *forward, ConsoleDetach handler, void *userdata);

/* Gives a master the size of our terminal, if stdin or stdout is one: also before there is a payload to see
 * it. Does not log. */
void console_copy_size(int master_fd);

/* Copies what the payload wrote before it ended. Does not log. */
void console_forward_drain(ConsoleForward *forward);

/* Stops copying and gives the terminal back as it was. */
void console_forward_free(ConsoleForward *forward);

DEFINE_CLEANUP(ConsoleForward *, console_forward_free);
