/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the caller of create, start and run hands to the payload besides its configuration: the descriptors
 * of socket activation and of --preserve-fds, and the variables that go with them. */

#include <stdbool.h>
#include <stddef.h>

#include "notify/listen-fds.h"

typedef struct Activation {
        ListenFds listen;
        int *fds; /* in the order in which the payload gets them; negative: a hole. Borrowed but the array */
        size_t n_fds;
        char **env; /* "NAME=value"; values that only the payload's init can know are empty */
} Activation;

#define ACTIVATION_NULL ((Activation) { .listen = LISTEN_FDS_NULL })

/* Takes over what the environment promises to this process, and preserve_fds descriptors behind that.
 * notify: the payload can reach the service manager, and gets what sd_notify(3) needs to know beside it.
 * Logs. -EINVAL, -EBADF as in listen_fds_take(). */
int activation_collect(unsigned preserve_fds, bool notify, Activation *ret);

void activation_done(Activation *activation);
