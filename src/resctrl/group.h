/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Groups of resctrl (CLOS, "class of service") and the monitoring groups in them.
 *
 * In all functions root is the directory where resctrl is mounted, NULL to look for it (see mount.h), and
 * group a name from resctrl_config_group(); "/" is the root group. Functions that change something hold
 * flock() on the root directory, as the kernel's documentation asks (resctrl.rst, "Locking"). All log, once
 * for each failure.
 *
 * Rules: runtime-spec 1.3, config-linux.md, "IntelRdt". */

#include <stdbool.h>
#include <sys/types.h>

#include "resctrl/rdt-config.h"

/* Makes all checks that resctrl_group_ensure() makes, and changes nothing. -ENODEV: resctrl is not mounted;
 * -EINVAL: the configuration is wrong; -EOPNOTSUPP: this machine lacks a resource that it names; -ENOENT:
 * the closID must exist already (there are no schemata to make it with); -EEXIST: the closID exists with
 * other schemata. */
int resctrl_check(const char *root, const ResctrlConfig *config, const char *id);

/* Makes the group unless it exists, writes its schemata, and makes mon_groups/ID in it when monitoring is
 * asked for. A group that a closID names and that exists is only compared with the configuration.
 * ret_created (may be NULL): the group was made by this call. Fails like resctrl_check(), and with the
 * kernel's errno (and words); then nothing is left behind. */
int resctrl_group_ensure(const char *root, const ResctrlConfig *config, const char *id, bool *ret_created);

/* Writes the schemata of config into its group, which exists, for all that are in it. What config does not
 * name stays. -ENOENT: no such group; otherwise as resctrl_check(), and the kernel's errno and words; then
 * nothing has changed. */
int resctrl_group_change(const char *root, const ResctrlConfig *config, const char *id);

/* Whether resctrl is mounted and this machine can allocate the resource: "L3", "MB". Does not log. */
bool resctrl_has_resource(const char *root, const char *resource);

/* Moves a process of one thread into the group, and into the monitoring group monitor (the id of the
 * container) unless that is NULL. Its children inherit both: call before it forks. -ESRCH: there is no such
 * process. */
int resctrl_group_add_pid(const char *root, const char *group, const char *monitor, pid_t pid);

/* Whether the group exists; also no when resctrl is not mounted. Does not log. */
bool resctrl_group_exists(const char *root, const char *group);

/* Removes the group with its monitoring groups; what is in it falls back to the root group. Success when it
 * does not exist or resctrl is not mounted; the root group is left alone. */
int resctrl_group_remove(const char *root, const char *group);

/* Removes the monitoring group of a container; success when there is none. */
int resctrl_monitor_remove(const char *root, const char *group, const char *id);
