/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/socket-util.h"
#include "basic/user-namespace.h"

#define SECCOMP_CACHE "/run/berth-cache"
#define FIRST_FD      3

int pid_file_write(const char *path, pid_t pid) {
        char text[12];
        int r;

        if (!path)
                return 0;
        (void) g_snprintf(text, sizeof text, "%d", (int) pid);
        r = write_file_atomic_at(AT_FDCWD, path, text, strlen(text), 0644);
        return r < 0 ? log_error_errno(r, "Failed to write the pid file '%s': %m", path) : 0;
}

int *inherited_fds(unsigned n) {
        int *fds = g_new(int, n + 1);

        for (unsigned i = 0; i < n; i++) {
                int fd = FIRST_FD + (int) i, flags = fcntl(fd, F_GETFD);

                fds[i] = flags < 0 || flags & FD_CLOEXEC ? -EBADF : fd;
        }
        return fds;
}

int terminal_check(bool terminal, bool detach, const char *console_socket) {
        if (terminal && detach && !console_socket)
                return log_error_errno(
                                -EINVAL,
                                "cannot allocate tty if berth will detach without setting console socket");
        if (console_socket && !(detach && terminal))
                return log_error_errno(
                                -EINVAL,
                                "cannot use console socket if berth will not detach or allocate tty");
        return 0;
}

const char *runtime_seccomp_cache(void) {
        return system_is_ours() ? SECCOMP_CACHE : NULL;
}

int pidfd_send(const char *socket_path, const PidRef *process, const char *text) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!socket_path)
                return 0;
        fd = socket_connect_unix(socket_path, SOCK_STREAM);
        if (fd < 0)
                return log_error_errno(fd, "Failed to connect to the pidfd socket '%s': %m", socket_path);
        r = socket_send_fds(fd, text, strlen(text), &process->fd, 1);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to send the pidfd to the pidfd socket '%s': %m", socket_path);
        return 0;
}
