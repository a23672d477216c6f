/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Starting what was created: the container's init waits on a socket in its state directory, takes
 * descriptors and environment from whoever connects, and executes the payload. */

#include <stddef.h>

/* What the payload gets on top of its configuration. */
typedef struct StartHandover {
        const int *fds; /* become 3, 4, ... in this order; stay the caller's */
        size_t n_fds;
        const char *const *
                        env; /* "NAME=value", replace those of the configuration. LISTEN_PID and WATCHDOG_PID
                              * get the payload's own pid in its own namespace, whatever is written here */
        int *exec_error;     /* see SandboxOptions; NULL: nowhere */
        const char *notify_address; /* where the payload's notifications go; NULL: where create was told to
                                     */
} StartHandover;

/* Starts a created container and returns when the payload has been executed. Logs. handover may be NULL.
 * -ENOENT: no such container; -EBUSY: not in state "created"; otherwise the errno of what kept init from
 * executing the payload. */
int container_start(const char *root, const char *id, const StartHandover *handover);

/* The same with what our own environment hands over: LISTEN_FDS, NOTIFY_SOCKET. */
int container_start_from_environment(const char *root, const char *id);
