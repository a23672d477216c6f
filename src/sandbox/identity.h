/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who the payload is: user, groups, umask, home directory. */

#include "spec/spec.h"

/* Child: sets umask, supplementary groups, gid and uid, keeping permitted capabilities over the change. All
 * groups of the caller are dropped - unless the user namespace denies setgroups(2): then they stay, and
 * asking for additional ones is -EPERM, as in runc. proc_fd: procfs in which this process is visible. Logs.
 */
int identity_apply(const SpecUser *user, int proc_fd);

/* Child: makes the user own stdin, stdout and stderr, so that /dev/stdout can be opened again. Leaves
 * /dev/null alone, and what may not be changed (EPERM, EINVAL, EROFS). Logs. */
int identity_chown_stdio(uid_t uid);

/* Home directory of uid in /etc/passwd of the container; "/" when it is not there or not readable. Caller
 * frees. Does not log. */
char *identity_home(int root_fd, uid_t uid);
