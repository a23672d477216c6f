/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the change from one supervisor to the next. The container that is taken over is not made anew in any
 * respect: its streams, its socket and its init are found again. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/exit-info.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "runtime/notify-route.h"
#include "runtime/ready.h"
#include "runtime/rebirth.h"

static int log_unknown_end(Supervisor *s) {
        s->end_unknown = true;
        log_error_id(MESSAGE_EXIT_STATUS_UNKNOWN,
                     "The payload of container '%s' ended while nobody watched: its exit status is unknown.",
                     s->id);
        return supervise_end_loop(s);
}

/* Init is the child of systemd, or of whoever reaps for us, by now. */
static int on_init_exit(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Supervisor *s = userdata;

        if (exit_info_read(&s->init, &s->end_code, &s->end_status) >= 0)
                return supervise_end_loop(s);
        if (s->stop_requested) {
                log_info("The payload of container '%s' has ended as it was told to; this kernel does not "
                         "say "
                         "with which exit status.",
                         s->id);
                return supervise_end_loop(s);
        }
        log_error_id(MESSAGE_EXIT_STATUS_UNKNOWN,
                     "The payload of container '%s' has ended. It was not started by this supervisor, and "
                     "this "
                     "kernel does not tell others its exit status.",
                     s->id);
        s->end_unknown = true;
        return supervise_end_loop(s);
}

static int adopt_streams(Supervisor *s, const State *state) {
        int r;

        for (int i = 0; i < _STREAM_MAX; i++) {
                _cleanup_close_ int write_fd = -EBADF;

                r = supervise_make_relay(s, i, &write_fd);
                if (r < 0)
                        return r;
        }
        r = supervise_set_up_logs(s, state->cgroup ?: "");
        if (r < 0)
                return r;
        for (size_t i = 0; i < _STREAM_MAX; i++)
                if (s->relays[i])
                        relay_adopt_payload(s->relays[i], state->pid);
        return 0;
}

static int adopt_init(Supervisor *s, State *state) {
        int r;

        r = pidref_open(state->pid, state->start_time, &s->init);
        if (r == -ESRCH)
                return log_unknown_end(s);
        if (r < 0)
                return log_error_errno(r, "Failed to find the init of container '%s': %m", s->id);
        r = state->cgroup ? supervise_watch_container(s, state->cgroup) : -ENOENT;
        if (r < 0 && !pidref_exited(&s->init)) /* its cgroup goes with it */
                return r;
        r = sd_event_add_io(s->event, NULL, s->init.fd, EPOLLIN, on_init_exit, s);
        if (r < 0)
                return log_error_errno(r, "Failed to watch the init of container '%s': %m", s->id);
        log_info("Took over container '%s', whose payload is process %d.", s->id, (int) s->init.pid);
        return 0;
}

/* What the payload has said once it does not say again. */
static void say_ready_again(Supervisor *s) {
        _cleanup_free_ char *since = ready_time(s->root, s->id);

        if (since || s->params.notify == NOTIFY_MODE_STARTED)
                supervise_say_ready(s);
}

int supervise_adopt(Supervisor *s) {
        _cleanup_(state_freep) State *state = NULL;
        int r;

        if (rebirth_load_own(s->root, s->id, s->unit_dir_fd, &state) < 0)
                return 0;
        s->phase = PHASE_RUNNING;
        listen_fds_done(&s->listen); /* the payload has its own copies */
        if (s->params.terminal)
                log_warning("The terminal of container '%s' is lost: it was the last supervisor's.", s->id);
        r = adopt_streams(s, state);
        if (r < 0)
                return r;
        r = adopt_init(s, state);
        if (r < 0)
                return r;
        if (s->phase == PHASE_ENDED)
                return 1;
        supervise_recall_main(s);
        say_ready_again(s);
        r = supervise_health_start(s);
        return r < 0 ? r : 1;
}

void supervise_leave(Supervisor *s) {
        if (s->phase != PHASE_RUNNING) {
                s->leave_requested = true;
                return;
        }
        notify_proxy_drain(s->proxy, NOTIFY_DRAIN_MS);
        (void) kill(getpid(), SIGKILL);
}
