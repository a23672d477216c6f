/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what follows from the payload's notifications, and when systemd is told that the container is ready.
 * Passing them on is the proxy's business. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "notify/message.h"
#include "runtime/ready.h"
#include "runtime/service-env.h"

static void record_ready(const Supervisor *s) {
        int r;

        r = ready_record(s->root, s->id);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to record that '%s' is ready: %m", s->id);
}

/* ---- the main process ---- */

/* In the unit's directory, for the next supervisor: "PID START-TIME". */
#define MAIN_FILE "main"

static void remember_main(const Supervisor *s) {
        char text[64];
        int r, n;

        n = snprintf(text, sizeof text, "%d %" PRIu64 "\n", (int) s->main.pid, s->main.start_time);
        r = write_file_atomic_at(s->unit_dir_fd, MAIN_FILE, text, (size_t) n, 0600);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to record the main process of '%s': %m", s->id);
}

static void forget_main(Supervisor *s) {
        if (s->main.pid > 0)
                (void) unlinkat(s->unit_dir_fd, MAIN_FILE, 0);
        sd_event_source_disable_unref(s->main_exit);
        s->main_exit = NULL;
        pidref_done(&s->main);
}

/* When it was asked to end, the rest of the container is next. Otherwise init knows what its end means. */
static int on_main_exit(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Supervisor *s = userdata;

        forget_main(s);
        if (s->main_asked)
                supervise_signal_payload(s, s->params.stop_signal);
        return 0;
}

static void take_main(Supervisor *s, PidRef *process) {
        int r;

        if (process->pid == s->init.pid)
                return forget_main(s);
        if (s->main_asked) /* there is a stop under way, to the process that it concerns */
                return;
        forget_main(s);
        r = sd_event_add_io(s->event, &s->main_exit, process->fd, EPOLLIN, on_main_exit, s);
        if (r < 0) {
                (void) log_warning_errno(r, "Failed to watch the main process of '%s': %m", s->id);
                return;
        }
        s->main = TAKE(*process, PIDREF_NULL);
        remember_main(s);
}

void supervise_recall_main(Supervisor *s) {
        _cleanup_(pidref_done) PidRef process = PIDREF_NULL;
        _cleanup_free_ char *text = NULL;
        uint64_t start_time;
        int pid;

        if (read_file_at(s->unit_dir_fd, MAIN_FILE, &text, NULL) >= 0 &&
            sscanf(text, "%d %" SCNu64, &pid, &start_time) == 2 &&
            pidref_open(pid, start_time, &process) >= 0)
                take_main(s, &process);
}

const PidRef *supervise_target(const Supervisor *s) {
        return s->main.pid > 0 && !pidref_exited(&s->main) ? &s->main : &s->init;
}

/* ---- what the payload says ---- */

static void on_notify(const NotifyEvent *event, void *userdata) {
        Supervisor *s = userdata;

        if ((event->actions & NOTIFY_ACTION_READY) && s->params.notify == NOTIFY_MODE_READY)
                record_ready(s);
        if (event->actions & NOTIFY_ACTION_WATCHDOG_USEC)
                supervise_change_watchdog(s, event->watchdog_usec);
        if (event->actions & NOTIFY_ACTION_MAIN_PROCESS)
                take_main(s, event->main);
        /* It is about the container's end, and that is init's. */
        if ((event->actions & NOTIFY_ACTION_EXIT_STATUS) && event->sender == s->init.pid) {
                s->has_exit_status = true;
                s->exit_status = event->exit_status;
        }
        supervise_reload_notified(s, event->actions);
}

int supervise_make_proxy(Supervisor *s) {
        _cleanup_close_ int dir_fd = -EBADF;
        int r;

        r = notify_proxy_new(s->event, getenv("NOTIFY_SOCKET"), on_notify, s, &s->proxy);
        if (r < 0)
                return r;
        dir_fd = openat(s->unit_dir_fd, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir_fd < 0)
                return log_error_errno(errno, "Failed to open '%s/notify': %m", s->unit_dir);
        r = notify_socket_bind(dir_fd);
        if (r < 0)
                return r;
        notify_proxy_set_socket(s->proxy, r);
        if (service_has_fd_store())
                notify_proxy_allow_store(s->proxy);
        return 0;
}

int supervise_start_proxy(Supervisor *s, const char *cgroup) {
        const NotifyPayload payload = {
                .cgroup = cgroup,
                .init = &s->init,
                .hold_ready = s->params.notify == NOTIFY_MODE_HEALTHY,
                .allow = s->params.notify_allow,
                .clock_offset_usec = service_clock_offset_usec(s->init.pid),
        };

        return notify_proxy_start(s->proxy, &payload);
}

void supervise_say_ready(Supervisor *s) {
        if (s->params.notify == NOTIFY_MODE_HEALTHY)
                notify_proxy_release_ready(s->proxy);
        else
                notify_proxy_send(s->proxy, "READY=1");
        record_ready(s);
}

/* A payload systemd ends with reboot(2), for which the kernel kills it with SIGINT. What is another signal
 * was not its own doing. */
void supervise_correct_end(Supervisor *s) {
        if (!s->has_exit_status ||
            (s->end_code != CLD_EXITED && !(s->end_code == CLD_KILLED && s->end_status == SIGINT)))
                return;
        s->end_code = CLD_EXITED;
        s->end_status = s->exit_status;
}
