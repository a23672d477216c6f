/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/message-id.h"

/* 200 ms in 2 s, as systemd has it; unprivileged processes can only have multiples of 2 s. */
#define DEFAULT_TRIGGER "some 200000 2000000"

struct PressureWatch {
        int fifo_fd, psi_fd;
        sd_event_source *pressure;
};

size_t pressure_trigger(const char *base64, char ret[static PRESSURE_TRIGGER_MAX]) {
        g_autofree guchar *bytes = NULL;
        gsize size = 0;

        if (base64)
                bytes = g_base64_decode(base64, &size);
        if (size == 0 || size > PRESSURE_TRIGGER_MAX) {
                size = strlen(DEFAULT_TRIGGER);
                memcpy(ret, DEFAULT_TRIGGER, size);
        } else
                memcpy(ret, bytes, size);
        return size;
}

int pressure_fifo_open(int dir_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (mkfifoat(dir_fd, name, 0600) < 0 && errno != EEXIST)
                return negative_errno();
        fd = openat(dir_fd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || fstat(fd, &st) < 0)
                return negative_errno();
        if (!S_ISFIFO(st.st_mode))
                return -EEXIST;
        if (fchmod(fd, 0666) < 0) /* for whoever the payload is; mkfifo() has the umask */
                return negative_errno();
        return TAKE_FD(fd);
}

/* A full FIFO (others can write to it, too) needs no more. */
void pressure_watch_tell(PressureWatch *w) {
        int n = 0;

        if (ioctl(w->fifo_fd, FIONREAD, &n) >= 0 && n == 0)
                (void) !write(w->fifo_fd, "\n", 1);
}

static int on_pressure(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        if (revents & (EPOLLERR | EPOLLHUP)) /* the cgroup has gone */
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        pressure_watch_tell(userdata);
        return 0;
}

int pressure_watch_new(
                sd_event *event, const int fds[static 2], const char *trigger_base64, PressureWatch **ret) {
        _cleanup_(pressure_watch_freep) PressureWatch *w = g_new(PressureWatch, 1);
        char trigger[PRESSURE_TRIGGER_MAX];
        size_t size = pressure_trigger(trigger_base64, trigger);
        int r;

        *w = (PressureWatch) { .fifo_fd = fds[0], .psi_fd = fds[1] };
        if (write(w->psi_fd, trigger, size) < 0)
                return log_warning_errno_id(
                                errno, MESSAGE_PRESSURE_UNWATCHED,
                                "Failed to watch for memory pressure, nobody is told of it: %m");
        r = sd_event_add_io(event, &w->pressure, w->psi_fd, EPOLLPRI, on_pressure, w);
        if (r < 0)
                return log_warning_errno_id(
                                r, MESSAGE_PRESSURE_UNWATCHED, "Failed to watch for memory pressure: %m");
        *ret = TAKE_PTR(w);
        return 0;
}

void pressure_watch_free(PressureWatch *w) {
        sd_event_source_disable_unref(w->pressure);
        closep(&w->psi_fd);
        closep(&w->fifo_fd);
        g_free(w);
}
