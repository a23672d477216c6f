/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/service-console.h"

#include <glib.h>
#include <sys/socket.h>

#include "basic/log.h"
#include "basic/socket-util.h"
#include "runtime/console-forward.h"

struct ServiceConsole {
        int listener;
        int master;
        ConsoleForward *forward;
};

int service_console_new(int unit_dir_fd, ServiceConsole **ret) {
        _cleanup_(service_console_freep) ServiceConsole *c = g_new0(ServiceConsole, 1);

        c->master = -EBADF;
        c->listener = socket_bind_unix(unit_dir_fd, SERVICE_CONSOLE_SOCKET, SOCK_STREAM, 0600);
        if (c->listener < 0)
                return log_error_errno(c->listener, "Failed to make the socket for the terminal: %m");
        *ret = TAKE_PTR(c);
        return 0;
}

/* The sender has ended: what is not there now will never come. */
static int receive_master(const ServiceConsole *c, int *ret) {
        _cleanup_close_ int connection = -EBADF;
        size_t n_fds = 1;
        char name[64];
        ssize_t n;
        int fd;

        connection = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection < 0)
                return negative_errno();
        n = socket_receive_fds(connection, name, sizeof name, &fd, &n_fds);
        if (n < 0)
                return (int) n;
        if (n_fds != 1)
                return -ENODATA;
        *ret = fd;
        return 0;
}

int service_console_connect(ServiceConsole *c, sd_event *event) {
        int r;

        r = receive_master(c, &c->master);
        if (r < 0)
                return log_error_errno(r, "Failed to get the terminal from berth create: %m");
        return console_forward_new(event, c->master, &c->forward);
}

void service_console_drain(ServiceConsole *c) {
        if (c->forward)
                console_forward_drain(c->forward);
}

void service_console_free(ServiceConsole *c) {
        console_forward_freep(&c->forward);
        closep(&c->master);
        closep(&c->listener);
        g_free(c);
}
