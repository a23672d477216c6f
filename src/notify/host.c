/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way to $NOTIFY_SOCKET. What is sent is not looked at. */

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify/host.h"

#include "basic/cleanup.h"
#include "basic/socket-util.h"

int notify_host_check(const char *address) {
        struct sockaddr_un sa;

        if (*address == '/')
                return 0;
        if (*address != '@' || address[1] == '\0')
                return -EAFNOSUPPORT;
        return strlen(address) > sizeof sa.sun_path ? -ENAMETOOLONG : 0;
}

static int connect_abstract(const char *address) {
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;
        size_t n = strlen(address);

        /* An abstract name begins with a NUL and is as long as the address says, without one at its end. */
        memcpy(sa.sun_path + 1, address + 1, n - 1);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return negative_errno();
        if (connect(fd, (struct sockaddr *) &sa, (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n)) <
            0)
                return negative_errno();
        return TAKE_FD(fd);
}

static int connect_any(const char *address) {
        int r;

        r = notify_host_check(address);
        if (r < 0)
                return r;
        return *address == '/' ? socket_connect_unix(address, SOCK_DGRAM | SOCK_NONBLOCK)
                               : connect_abstract(address);
}

int notify_host_connect(const char *address, NotifyHost *ret) {
        int fd;

        fd = connect_any(address);
        if (fd < 0)
                return fd;
        *ret = (NotifyHost) { .address = g_strdup(address), .fd = fd, .sender = PIDREF_NULL };
        return 0;
}

void notify_host_done(NotifyHost *h) {
        closep(&h->fd);
        g_free(h->address);
        *h = NOTIFY_HOST_NULL;
}

static int send_once(const NotifyHost *h, const SocketMessage *message) {
        SocketMessage as_sender = *message;
        int r;

        if (h->sender.pid > 0 && !pidref_exited(&h->sender)) {
                as_sender.sender = h->sender.pid;
                r = socket_send_message(h->fd, &as_sender);
                /* Needs CAP_SYS_ADMIN; and the process may have gone this very moment. */
                if (r != -EPERM && r != -ESRCH)
                        return r;
        }
        return socket_send_message(h->fd, message);
}

int notify_host_send(NotifyHost *h, const char *text, size_t size, const int *fds, size_t n_fds) {
        const SocketMessage message = { .data = text, .size = size, .fds = fds, .n_fds = n_fds };
        int fd, r;

        r = send_once(h, &message);
        if (r != -ECONNREFUSED && r != -ENOTCONN)
                return r;

        /* The socket that we are connected to is gone; there may be another one at the same address. */
        fd = connect_any(h->address);
        if (fd < 0)
                return r;
        (void) close(h->fd);
        h->fd = fd;
        return send_once(h, &message);
}
