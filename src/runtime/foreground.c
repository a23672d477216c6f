/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/foreground.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "basic/log.h"
#include "runtime/console-forward.h"
#include "runtime/stop-signal.h"

/* What a user or a supervisor sends to the runtime means the payload. */
static const int forwarded[] = { SIGHUP,  SIGABRT, SIGINT,  SIGQUIT, SIGTERM,
                                 SIGUSR1, SIGUSR2, SIGCONT, SIGTSTP, SIGALRM };

static void forwarded_set(sigset_t *set) {
        (void) sigemptyset(set);
        for (size_t i = 0; i < ELEMENTSOF(forwarded); i++)
                (void) sigaddset(set, forwarded[i]);
}

void foreground_block_signals(void) {
        sigset_t set;

        forwarded_set(&set);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
}

static void forward(const PidRef *child, int sig) {
        /* That is systemd's watchdog: if init does not handle it, the kernel would drop it. */
        if (sig == SIGABRT)
                (void) stop_signal_send(child, SIGABRT);
        else
                (void) pidref_kill(child, sig); /* -ESRCH: the waiting is about to end. */
}

/* ---- with more than the child to wait for ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        forward(userdata, (int) si->ssi_signo);
        return 0;
}

static int on_child_exit(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int add_sources(sd_event *event, const PidRef *child) {
        int r;

        for (size_t i = 0; i < ELEMENTSOF(forwarded); i++) {
                r = sd_event_add_signal(event, NULL, forwarded[i], on_signal, (void *) child);
                if (r < 0)
                        return r;
        }
        return sd_event_add_io(event, NULL, child->fd, EPOLLIN, on_child_exit, NULL);
}

static int serve(const PidRef *child, int console_master, const NotifyRoute *route) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(console_forward_freep) ConsoleForward *console = NULL;
        _cleanup_(notify_proxy_freep) NotifyProxy *proxy = NULL;
        int r;

        r = sd_event_new(&event);
        if (r >= 0)
                r = add_sources(event, child);
        if (r < 0)
                return log_error_errno(r, "Failed to watch the container: %m");
        if (console_master >= 0) {
                r = console_forward_new(event, console_master, &console);
                if (r < 0)
                        return r;
        }
        if (route) {
                r = notify_route_serve(event, route, &proxy);
                if (r < 0)
                        return r;
        }

        r = sd_event_loop(event);
        if (r < 0)
                return log_error_errno(r, "Failed to watch the container: %m");
        if (console)
                console_forward_drain(console);
        if (proxy)
                notify_proxy_drain(proxy, NOTIFY_DRAIN_MS);
        return 0;
}

/* ---- with the child alone: exec, mostly, which then needs no library for it ---- */

static int wait_for_child(const PidRef *child) {
        _cleanup_close_ int signal_fd = -EBADF;
        sigset_t set;

        forwarded_set(&set);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signal_fd < 0)
                return log_error_errno(errno, "Failed to watch signals: %m");
        for (;;) {
                struct pollfd fds[] = { { .fd = child->fd, .events = POLLIN },
                                        { .fd = signal_fd, .events = POLLIN } };
                struct signalfd_siginfo si;

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return log_error_errno(errno, "Failed to watch the container: %m");
                while (read(signal_fd, &si, sizeof si) == sizeof si)
                        forward(child, (int) si.ssi_signo);
                if (fds[0].revents)
                        return 0;
        }
}

int foreground_wait(const PidRef *child, int console_master, const NotifyRoute *route, int *ret_status) {
        int r, code, status;

        r = console_master >= 0 || route ? serve(child, console_master, route) : wait_for_child(child);
        if (r < 0)
                return r;
        r = process_reap(child->pid, &code, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to read the container's exit status: %m");

        *ret_status = code == CLD_EXITED ? status : 128 + status;
        return 0;
}
