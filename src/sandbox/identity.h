/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who the payload is: user, groups, umask, home directory. */

#include <stdbool.h>

#include "spec/spec.h"

/* Whether the annotation run.oci.keep_original_groups is there (podman run --group-add keep-groups): groups
 * of the caller give access to files that the container is meant to have, and none of its own are added. */
bool identity_keeps_groups(const Spec *spec);

/* Child: sets umask, supplementary groups (unless keep_groups), gid and uid, keeping permitted capabilities
 * over the change. All groups of the caller are dropped - unless the user namespace denies setgroups(2):
 * then they stay, and asking for additional ones is -EPERM, as in runc. proc_fd: procfs in which this
 * process is visible. Logs. */
int identity_apply(const SpecUser *user, bool keep_groups, int proc_fd);

/* Child: makes the user own stdin, stdout and stderr, so that /dev/stdout can be opened again. Leaves
 * /dev/null alone, and what may not be changed (EPERM, EINVAL, EROFS). In the parent, for a new user
 * namespace: there the uid is that of our side, and files that belong to nobody inside can be given away.
 * Logs. */
int identity_chown_stdio(uid_t uid);

/* Child: where stdin, stdout or stderr is the host's /dev/null, it becomes the one below root_fd, if there
 * is one: nothing of the host's mounts is to stay open in the container, and CRIU could not save it. Does
 * not log. */
void identity_replace_dev_null(int root_fd);

/* Home directory of uid in /etc/passwd of the container; "/" when it is not there or not readable. Caller
 * frees. Does not log. */
char *identity_home(int root_fd, uid_t uid);
