/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connection to a systemd: pid 1, or the calling user's manager. */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct Manager Manager;

/* Whose systemd. */
typedef struct ManagerOwner {
        bool user; /* a user's manager, not pid 1 */
        uid_t uid; /* of which user, as seen from here */
} ManagerOwner;

/* Whose systemd makes our scopes: pid 1's when its socket is root's and we are root, our user's for
 * everybody else. Root of a user namespace is everybody else unless the namespace has a systemd of its own.
 */
ManagerOwner manager_ours(void);

/* Connects to systemd and attaches the connection to event (which is referenced). Uses systemd's own socket
 * (/run/systemd/private; $XDG_RUNTIME_DIR/systemd/private, or that in /run/user/UID, for a user's), and the
 * system bus or the user bus when it cannot be used; never one of them for the other. Returns at once:
 * nothing of the exchange is waited for. Logs. -EHOSTDOWN: this system was not booted with systemd;
 * -EREMOTE: its systemd counts processes in another pid namespace than we do; otherwise the errno of
 * connecting. Release with manager_free(). */
int manager_connect(ManagerOwner owner, sd_event *event, Manager **ret);

/* The same for who can do without: says why it failed only in debug messages. */
int manager_try_connect(ManagerOwner owner, sd_event *event, Manager **ret);

/* Closes the connection. What was not sent by then is dropped, so a systemd that hangs does not hold us. */
void manager_free(Manager *m);
DEFINE_CLEANUP(Manager *, manager_free);

/* The event loop it was connected with. Borrowed. */
sd_event *manager_event(Manager *m);

/* Whether this is the user's manager. */
bool manager_is_user(const Manager *m);

/* "the socket /run/systemd/private", "the system bus": for messages. Borrowed. */
const char *manager_description(const Manager *m);
