/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The terminal of a payload whose service has one (StandardInput=tty): berth create sends the pty's master,
 * and the bytes go between it and the service's stdin and stdout. */

#include <systemd/sd-event.h>

#include "basic/cleanup.h"

/* Name of the socket for --console-socket in the unit's directory. */
#define SERVICE_CONSOLE_SOCKET "console.sock"

typedef struct ServiceConsole ServiceConsole;

/* Listens in the unit's directory. Logs. */
int service_console_new(int unit_dir_fd, ServiceConsole **ret);

/* Takes the master that berth create has sent, and copies from now on. To be called when berth create has
 * ended. Logs. -ENODATA: nothing was sent. */
int service_console_connect(ServiceConsole *console, sd_event *event);

/* Copies what the payload wrote before it ended. Does not log. */
void service_console_drain(ServiceConsole *console);

/* Gives the service's terminal back as it was. */
void service_console_free(ServiceConsole *console);
DEFINE_CLEANUP(ServiceConsole *, service_console_free);
