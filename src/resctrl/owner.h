/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who uses a group that berth made for systemd units, so that the last of them removes it.
 *
 * A registry is a directory (on a file system that a reboot empties) with a file for each group. In the
 * functions that take an ID, it names a user: one container. The root group is never made and never removed,
 * and so is not recorded. All log. */

#include <stdbool.h>

#include "resctrl/rdt-config.h"

/* Makes the registry unless it exists, and locks it until ret_lock is closed. Whoever makes or removes a
 * group must hold the lock for as long as that and the registry's change take; the two functions at the end
 * do. */
int resctrl_owner_lock(const char *dir, int *ret_lock);

/* Records that id uses group, and that berth made the group if created. Once made, it stays recorded as made
 * by berth as long as the record exists. Can be repeated. */
int resctrl_owner_acquire(const char *dir, const char *group, const char *id, bool created);

/* Forgets that id uses group. ret_remove: nobody is left and berth made the group, so the caller must remove
 * it and then call resctrl_owner_forget(); until then the answer stays the same, so a crash in between loses
 * nothing. */
int resctrl_owner_release(const char *dir, const char *group, const char *id, bool *ret_remove);

/* Deletes the record of a group. */
int resctrl_owner_forget(const char *dir, const char *group);

/* resctrl_group_ensure() and resctrl_owner_acquire() in an order in which a crash at any point leaves
 * nothing that resctrl_owner_stop() does not remove. After a failure, id is no user of the group. */
int resctrl_owner_start(const char *root, const char *dir, const ResctrlConfig *config, const char *id);

/* The reverse: removes the monitoring group, and the group if id was its last user and berth made it. Can be
 * repeated, also when resctrl_owner_start() never ran. */
int resctrl_owner_stop(const char *root, const char *dir, const char *group, const char *id);
