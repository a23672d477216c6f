/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connection to a systemd: pid 1, or the calling user's manager. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct Manager Manager;

/* Connects to systemd and attaches the connection to event (which is referenced). Uses systemd's own socket
 * (/run/systemd/private; $XDG_RUNTIME_DIR/systemd/private for the user's), and the system or user bus when
 * it cannot be used. Returns at once: nothing of the exchange is waited for. Logs. -EHOSTDOWN: this system
 * was not booted with systemd; -ENXIO: no $XDG_RUNTIME_DIR, so no user's systemd; otherwise the errno of
 * connecting to the bus. Release with manager_free(). */
int manager_connect(bool user, sd_event *event, Manager **ret);

/* Closes the connection. What was not sent by then is dropped, so a systemd that hangs does not hold us. */
void manager_free(Manager *m);
DEFINE_CLEANUP(Manager *, manager_free);

/* The event loop it was connected with. Borrowed. */
sd_event *manager_event(Manager *m);

/* Whether this is the user's manager. */
bool manager_is_user(const Manager *m);

/* "the socket /run/systemd/private", "the system bus": for messages. Borrowed. */
const char *manager_description(const Manager *m);
