/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The service manager's notification socket ($NOTIFY_SOCKET, sd_notify(3)): addresses, and sending one
 * message. Nothing here logs. */

#include <stddef.h>

#include "basic/process-util.h"

typedef struct NotifyHost {
        char *address;
        int fd;        /* connected, O_NONBLOCK; -EBADF: nobody is there */
        PidRef sender; /* whose messages these are; .pid 0: our own. Borrowed */
} NotifyHost;

#define NOTIFY_HOST_NULL ((NotifyHost) { .fd = -EBADF, .sender = PIDREF_NULL })

/* Whether an address is of a kind that can be reached: "/path" or "@abstract". -EAFNOSUPPORT: another kind
 * ("vsock:..."); -ENAMETOOLONG. Pure. */
int notify_host_check(const char *address);

/* Connects. On failure ret is left alone: the errno of notify_host_check() or of connecting. */
int notify_host_connect(const char *address, NotifyHost *ret);

void notify_host_done(NotifyHost *host);

/* Sends one message with descriptors, which stay the caller's. When somebody else has bound the address
 * since, it is connected to again. With a sender, the message is sent in that process's name as long as it
 * lives and we have the right to (as sd_pid_notify(3) does it), otherwise in ours. -EAGAIN: the socket is
 * full. */
int notify_host_send(NotifyHost *host, const char *text, size_t size, const int *fds, size_t n_fds);
