/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes of a container, as the host numbers them. */

#include <glib.h>
#include <sys/types.h>

/* Pids in the container's cgroup and below, sorted; none when it has ended. Logs. -ENOENT: no such
 * container. Caller frees. */
int container_pids(const char *root, const char *id, pid_t **ret, size_t *ret_n);

/* What ps(1) says about the container's processes: its header and their rows. args are the options for ps,
 * NULL-terminated; none: -ef. Logs, with the words of ps when it fails. -EINVAL: what it prints has no
 * column PID. Caller frees. */
int container_ps(const char *root, const char *id, char **args, char **ret);
