/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/reload-request.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/socket-util.h"
#include "runtime/params.h"

/* SIGTERM comes from systemd when nobody waits for us any more: the unit is being stopped, or the reload has
 * failed already because it took too long. It is no failure of the unit, which our end by the signal would
 * be. Returns 1 when there is an answer, 0 after the signal. */
static int wait_for_answer(int fd) {
        _cleanup_close_ int signal_fd = -EBADF;
        struct pollfd fds[2] = { { .fd = fd, .events = POLLIN } };
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
        if (signal_fd < 0)
                return negative_errno();
        fds[1] = (struct pollfd) { .fd = signal_fd, .events = POLLIN };
        while (poll(fds, ELEMENTSOF(fds), -1) < 0)
                if (errno != EINTR)
                        return negative_errno();
        return fds[0].revents != 0;
}

static int receive_answer(int fd, const char *id) {
        char answer[RELOAD_REASON_MAX + 2];
        ssize_t n;

        n = wait_for_answer(fd);
        if (n == 0)
                return 0;
        if (n > 0) {
                n = recv(fd, answer, sizeof answer - 1, 0);
                if (n < 0)
                        n = negative_errno();
        }
        if (n < 0)
                return log_error_errno((int) n, "Failed to wait for the reload of container '%s': %m", id);
        answer[n] = '\0';
        if (answer[0] == RELOAD_DONE)
                return 0;
        log_error_id(MESSAGE_RELOAD_FAILED, "Container '%s' was not reloaded: %s", id,
                     n > 1 ? answer + 1 : "its supervisor ended before that was done");
        return -EIO;
}

int reload_request(const char *id) {
        _cleanup_free_ char *dir = unit_dir_path(id), *path = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (!dir)
                return log_error_errno(-ENXIO, "XDG_RUNTIME_DIR is not set");
        path = g_build_filename(dir, CONTROL_SOCKET, NULL);
        fd = socket_connect_unix(path, SOCK_SEQPACKET);
        if (fd == -ENOENT || fd == -ECONNREFUSED) {
                log_error("Container '%s' was not reloaded: it does not run as a unit", id);
                return -ENOENT;
        }
        if (fd < 0)
                return log_error_errno(fd, "Failed to connect to '%s': %m", path);
        return receive_answer(fd, id);
}
