/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Taking away what create made. */

#include <stdbool.h>

/* Removes a container that has ended: its scope, its resctrl group if we made it, its state directory. A
 * created one is killed first, a running one only with force, and for one that has been killed it waits;
 * with force a container that does not exist is no error, and whatever a killed create left behind is
 * removed as well. Logs. -ENOENT: no such container; -EBUSY: it is running. */
int container_delete(const char *root, const char *id, bool force);

/* The same for a container whose init we have just seen end, without waiting for systemd to notice: it
 * removes the empty scope by itself. Logs. */
int container_forget(const char *root, const char *id);
