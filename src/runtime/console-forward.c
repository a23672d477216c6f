/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the caller's terminal while a container in the foreground uses it. Bytes pass unchanged; the pty in
 * the container does all that terminals do. */

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/console-forward.h"

#include "basic/fd-util.h"
#include "basic/log.h"

/* What a pty takes at once. */
#define BUFFER_SIZE 4096

/* As systemd-run(1) has it. */
#define DETACH_KEY   0x1d /* ^] */
#define DETACH_COUNT 3
#define DETACH_USEC  INT64_C(1000000)

struct ConsoleForward {
        int master_fd;
        int master_flags; /* as they were, -1: not changed */
        bool raw;
        bool output_gone; /* nobody reads what comes */
        bool in_line;     /* the input so far does not end with a newline */
        struct termios saved;
        ConsoleDetach detach; /* NULL: ^] is a key like others */
        void *detach_userdata;
        int64_t detach_first; /* when the first ^] of those was typed that came last */
        unsigned detach_keys;
        sd_event_source *input, *master, *window;
        char pending[BUFFER_SIZE]; /* from stdin, not yet taken by the pty */
        size_t n_pending;
};

/* Input is only read when there is room for it, and the master is only asked for room when there is input.
 */
static int update_interest(ConsoleForward *f) {
        int r = 0;

        if (f->input)
                r = sd_event_source_set_enabled(f->input, f->n_pending == 0 ? SD_EVENT_ON : SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_io_events(f->master, EPOLLIN | (f->n_pending > 0 ? EPOLLOUT : 0));
        return r;
}

static int feed_master(ConsoleForward *f) {
        ssize_t n;

        if (f->n_pending == 0)
                return 0;

        n = write(f->master_fd, f->pending, f->n_pending);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : negative_errno();
        f->n_pending -= n;
        memmove(f->pending, f->pending + n, f->n_pending);
        return 0;
}

/* 1: copied something; 0: nothing there now; -EIO: nobody has the other end open any more. */
static int copy_output(ConsoleForward *f) {
        char buffer[BUFFER_SIZE];
        ssize_t n;

        n = read(f->master_fd, buffer, sizeof buffer);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : negative_errno();
        if (n == 0)
                return -EIO;
        if (!f->output_gone && fd_write_all(STDOUT_FILENO, buffer, n) < 0)
                f->output_gone = true;
        return 1;
}

static void stop_input(ConsoleForward *f) {
        f->input = sd_event_source_disable_unref(f->input);
}

static int on_master(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        ConsoleForward *f = userdata;
        int r = 0;

        if (events & EPOLLOUT)
                r = feed_master(f);
        if (r >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                r = copy_output(f);
        if (r >= 0)
                return update_interest(f);

        /* The payload has closed its terminal: how it ends is seen elsewhere. */
        if (r != -EIO)
                log_debug_errno(r, "Stopped copying from the container's terminal: %m");
        stop_input(f);
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

/* Whether these keys are the ones that detach. */
static bool look_for_detach(ConsoleForward *f, const char *keys, size_t n) {
        int64_t now = g_get_monotonic_time();

        for (size_t i = 0; f->detach && i < n; i++) {
                if (keys[i] != DETACH_KEY) {
                        f->detach_keys = 0;
                        continue;
                }
                if (f->detach_keys == 0 || now - f->detach_first > DETACH_USEC) {
                        f->detach_first = now;
                        f->detach_keys = 0;
                }
                if (++f->detach_keys == DETACH_COUNT)
                        return true;
        }
        return false;
}

/* A file or a pipe: a pty has no other way to say that it is at its end. In the middle of a line the first
 * one only says that the line is. */
static int type_end(ConsoleForward *f) {
        struct termios t;

        stop_input(f);
        if (!f->detach || isatty(STDIN_FILENO) || tcgetattr(f->master_fd, &t) < 0)
                return 0;
        memset(f->pending, t.c_cc[VEOF], 2);
        f->n_pending = f->in_line ? 2 : 1;
        (void) feed_master(f);
        return update_interest(f);
}

static int read_input(ConsoleForward *f) {
        ssize_t n;

        n = read(STDIN_FILENO, f->pending, sizeof f->pending);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n < 0) {
                stop_input(f);
                return 0;
        }
        if (n == 0)
                return type_end(f);
        if (look_for_detach(f, f->pending, (size_t) n)) {
                stop_input(f);
                f->detach(f->detach_userdata);
                return 0;
        }
        f->in_line = f->pending[n - 1] != '\n';
        f->n_pending = n;
        /* A pty without a reader is not our failure. */
        (void) feed_master(f);
        return update_interest(f);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return read_input(userdata);
}

static int on_input_ready(sd_event_source *source, void *userdata) {
        return read_input(userdata);
}

void console_copy_size(int master_fd) {
        struct winsize size;

        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) >= 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0)
                (void) ioctl(master_fd, TIOCSWINSZ, &size);
}

static int on_window(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        console_copy_size(((ConsoleForward *) userdata)->master_fd);
        return 0;
}

static int make_raw(ConsoleForward *f) {
        struct termios raw;

        if (!isatty(STDIN_FILENO))
                return 0;
        if (tcgetattr(STDIN_FILENO, &f->saved) < 0)
                return negative_errno();

        raw = f->saved;
        cfmakeraw(&raw);
        if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
                return negative_errno();
        f->raw = true;
        return 0;
}

/* Only the master: stdin and stdout are shared with whoever called us. */
static int make_master_nonblocking(ConsoleForward *f) {
        int flags = fcntl(f->master_fd, F_GETFL);

        if (flags < 0 || fcntl(f->master_fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return negative_errno();
        f->master_flags = flags;
        return 0;
}

static int watch_input(ConsoleForward *f, sd_event *event) {
        int r;

        r = sd_event_add_io(event, &f->input, STDIN_FILENO, EPOLLIN, on_input, f);
        if (r != -EPERM)
                return r;
        /* epoll(7) does not take regular files, which are always ready. */
        r = sd_event_add_defer(event, &f->input, on_input_ready, f);
        return r < 0 ? r : sd_event_source_set_enabled(f->input, SD_EVENT_ON);
}

static int watch_window(ConsoleForward *f, sd_event *event) {
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGWINCH);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return negative_errno();
        return sd_event_add_signal(event, &f->window, SIGWINCH, on_window, f);
}

int console_forward_new(sd_event *event, int master_fd, ConsoleForward **ret) {
        _cleanup_(console_forward_freep) ConsoleForward *f = g_new0(ConsoleForward, 1);
        int r;

        f->master_fd = master_fd;
        f->master_flags = -1;

        r = make_master_nonblocking(f);
        if (r >= 0)
                r = sd_event_add_io(event, &f->master, master_fd, EPOLLIN, on_master, f);
        if (r >= 0)
                r = watch_input(f, event);
        if (r >= 0)
                r = watch_window(f, event);
        if (r < 0)
                return log_error_errno(r, "Failed to watch the container's terminal: %m");

        r = make_raw(f);
        if (r < 0)
                return log_error_errno(r, "Failed to put the terminal into raw mode: %m");
        console_copy_size(master_fd);

        *ret = TAKE_PTR(f);
        return 0;
}

void console_forward_on_detach(ConsoleForward *f, ConsoleDetach handler, void *userdata) {
        f->detach = handler;
        f->detach_userdata = userdata;
}

void console_forward_drain(ConsoleForward *f) {
        while (copy_output(f) > 0)
                ;
}

void console_forward_free(ConsoleForward *f) {
        if (f->raw)
                (void) tcsetattr(STDIN_FILENO, TCSADRAIN, &f->saved);
        if (f->master_flags >= 0)
                (void) fcntl(f->master_fd, F_SETFL, f->master_flags);
        sd_event_source_disable_unrefp(&f->input);
        sd_event_source_disable_unrefp(&f->master);
        sd_event_source_disable_unrefp(&f->window);
        g_free(f);
}
