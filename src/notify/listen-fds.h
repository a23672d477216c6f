/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The descriptors that systemd passed to this process (sd_listen_fds(3)): socket activation and fd store. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/cleanup.h"

/* Where the first of them is, by the protocol. */
#define LISTEN_FDS_FIRST 3

typedef struct ListenFds {
        int *fds;     /* owned, O_CLOEXEC */
        char **names; /* one for each, NULL-terminated */
        size_t n_fds;
        bool has_pidfdid; /* LISTEN_PIDFDID was there, too */
} ListenFds;

#define LISTEN_FDS_NULL ((ListenFds) { 0 })

/* Closes them and leaves LISTEN_FDS_NULL. */
void listen_fds_done(ListenFds *l);

/* The variables as they are in the environment; NULL: unset. */
typedef struct ListenEnvironment {
        const char *pid;     /* LISTEN_PID */
        const char *pidfdid; /* LISTEN_PIDFDID */
        const char *fds;     /* LISTEN_FDS */
        const char *names;   /* LISTEN_FDNAMES */
} ListenEnvironment;

/* How many descriptors the variables promise to process pid, whose pidfd has inode number pidfdid (0:
 * unknown), and their names
 * ("unknown" for all when there are none). 0 when the variables are somebody else's: those descriptors are
 * not ours to touch. -EINVAL: a number is none, or there are not as many names as descriptors. Pure. */
int listen_fds_parse(
                const ListenEnvironment *env, pid_t pid, uint64_t pidfdid, size_t *ret_n, char ***ret_names);

/* Takes the descriptors that begin at first over and removes the variables. Logs. -EBADF: one of them is not
 * open. */
int listen_fds_take(int first, ListenFds *ret);
