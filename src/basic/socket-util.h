/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* AF_UNIX sockets and the descriptors that travel over them. Nothing here logs. */

#include <stddef.h>
#include <sys/types.h>

/* Descriptors in one message: the kernel's limit (SCM_MAX_FD). */
#define SOCKET_FDS_MAX 253

/* Sends one message with descriptors (MSG_NOSIGNAL). Returns 0 or a negative errno. The descriptors stay the
 * caller's. */
int socket_send_fds(int fd, const void *data, size_t size, const int *fds, size_t n_fds);

typedef struct SocketMessage {
        const void *data;
        size_t size;
        const int *fds;
        size_t n_fds;
        pid_t sender; /* sent in the name of this process, with our user and group; 0: in our own */
} SocketMessage;

/* The same with a sender. -EPERM: to send in another's name takes CAP_SYS_ADMIN; -ESRCH: there is no such
 * process. */
int socket_send_message(int fd, const SocketMessage *message);

/* Receives one message, descriptors with O_CLOEXEC. Returns its length, 0 at the end of the stream, a
 * negative errno; -EMSGSIZE when data or descriptors were cut off (what came is closed). *n_fds is the room
 * before, the number after. */
ssize_t socket_receive_fds(int fd, void *data, size_t size, int *fds, size_t *n_fds);

/* Connects to path, also when it is longer than sun_path (through a descriptor of its directory). type:
 * SOCK_*. Returns the descriptor or a negative errno. */
int socket_connect_unix(const char *path, int type);

/* Binds and listens (not for SOCK_DGRAM) at name in a directory. Returns the descriptor or a negative errno.
 */
int socket_bind_unix(int dir_fd, const char *name, int type, mode_t mode);
