/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fd-util.h"
#include "basic/log.h"

/* 200 ms in 2 s, as systemd has it; unprivileged processes can only have multiples of 2 s. */
#define DEFAULT_TRIGGER "some 200000 2000000"

struct PressureWatch {
        sd_event *event;
        int fifo_fd, psi_fd, inotify_fd;
        sd_event_source *open, *pressure; /* one of them */
        size_t trigger_size;
        char trigger[PRESSURE_TRIGGER_MAX];
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

int pressure_fifo_open(int dir_fd, const char *name, bool *ret_old) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        *ret_old = mkfifoat(dir_fd, name, 0600) < 0;
        if (*ret_old && errno != EEXIST)
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

static int arm(PressureWatch *w) {
        int r;

        if (write(w->psi_fd, w->trigger, w->trigger_size) < 0)
                return log_warning_errno(
                                errno, "Failed to watch for memory pressure, nobody is told of it: %m");
        r = sd_event_add_io(w->event, &w->pressure, w->psi_fd, EPOLLPRI, on_pressure, w);
        return r < 0 ? log_warning_errno(r, "Failed to watch for memory pressure: %m") : 0;
}

static int on_open(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        PressureWatch *w = userdata;

        w->open = sd_event_source_disable_unref(w->open);
        closep(&w->inotify_fd);
        w->inotify_fd = -EBADF;
        (void) arm(w); /* the payload can do without */
        return 0;
}

static int watch_open(PressureWatch *w) {
        w->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (w->inotify_fd < 0)
                return negative_errno();
        if (inotify_add_watch(w->inotify_fd, fd_path(w->fifo_fd).path, IN_OPEN) < 0)
                return negative_errno();
        return sd_event_add_io(w->event, &w->open, w->inotify_fd, EPOLLIN, on_open, w);
}

int pressure_watch_new(
                sd_event *event, const int fds[static 2], const char *trigger_base64, bool at_once,
                PressureWatch **ret) {
        _cleanup_(pressure_watch_freep) PressureWatch *w = g_new(PressureWatch, 1);
        int r;

        *w = (PressureWatch) {
                .event = event,
                .fifo_fd = fds[0],
                .psi_fd = fds[1],
                .inotify_fd = -EBADF,
        };
        w->trigger_size = pressure_trigger(trigger_base64, w->trigger);
        /* Users have few inotify instances. */
        if (at_once || watch_open(w) < 0) {
                r = arm(w);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(w);
        return 0;
}

void pressure_watch_free(PressureWatch *w) {
        sd_event_source_disable_unref(w->pressure);
        sd_event_source_disable_unref(w->open);
        closep(&w->inotify_fd);
        closep(&w->psi_fd);
        closep(&w->fifo_fd);
        g_free(w);
}
