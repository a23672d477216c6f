/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns systemctl reload: what is done in the container, when it is done, and whether it worked. systemd runs
 * ExecReload= for that, which connects to us and ends with what we answer: it is the only way to say that a
 * reload failed. What the payload says of itself (RELOADING=1, READY=1) has reached systemd before.
 *
 * How it is done depends on the declaration:
 * ReloadCmd=     done when the command has ended
 * ReloadSignal=  done when it is sent, unless the payload answers RELOADING=1: then with its READY=1
 * neither        SIGHUP to a payload that has to answer, as of a native service of Type=notify-reload */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/log.h"
#include "basic/signal-util.h"
#include "basic/socket-util.h"
#include "notify/message.h"
#include "runtime/reload-request.h"
#include "runtime/stop-signal.h"
#include "runtime/supervise-command.h"

/* How long a payload that speaks sd_notify(3), but of which nobody knows whether it announces a reload, may
 * take to do so. Asked once. */
#define ANNOUNCE_USEC (500 * UINT64_C(1000))

typedef enum ReloadStep {
        RELOAD_IDLE,
        RELOAD_COMMAND,  /* ReloadCmd= runs */
        RELOAD_ANNOUNCE, /* RELOADING=1 may come */
        RELOAD_BEGIN,    /* RELOADING=1 has to come */
        RELOAD_END,      /* READY=1 has to come */
} ReloadStep;

struct Reload {
        int listen_fd;
        int client_fd; /* who waits */
        sd_event_source *listen, *client, *announce;
        ReloadStep step;
        Command command;
        bool speaks;    /* the payload has used sd_notify(3) */
        bool announces; /* it has sent RELOADING=1 */
        bool silent;    /* it was asked to reload and did not */
};

void supervise_reload_free(Reload *r) {
        sd_event_source_disable_unref(r->listen);
        sd_event_source_disable_unref(r->client);
        sd_event_source_disable_unref(r->announce);
        command_done(&r->command);
        closep(&r->listen_fd);
        closep(&r->client_fd);
        g_free(r);
}

static void answer(Reload *r, const char *reason) {
        char text[RELOAD_REASON_MAX + 1];
        size_t size;

        text[0] = reason ? RELOAD_FAILED : RELOAD_DONE;
        size = 1 + MIN(g_strlcpy(text + 1, reason ?: "", sizeof text - 1), sizeof text - 2);
        if (r->client_fd >= 0)
                (void) send(r->client_fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* reason: NULL: it worked. The next one in the queue has its turn. */
static void finish(Supervisor *s, const char *reason) {
        Reload *r = s->reload;

        answer(r, reason);
        r->step = RELOAD_IDLE;
        r->client = sd_event_source_disable_unref(r->client);
        r->announce = sd_event_source_disable_unref(r->announce);
        closep(&r->client_fd);
        r->client_fd = -EBADF;
        (void) sd_event_source_set_enabled(r->listen, SD_EVENT_ON);
}

/* ---- by a command ---- */

/* The payload's FIFO, so that what the command writes is logged as the payload's is; where there is none,
 * our own. */
static int open_stream(const Supervisor *s, Stream stream) {
        static const char *const names[_STREAM_MAX] = { "stdout", "stderr" };
        static const int own[_STREAM_MAX] = { STDOUT_FILENO, STDERR_FILENO };
        int fd;

        if (!s->relays[stream])
                return fcntl(own[stream], F_DUPFD_CLOEXEC, 3);
        fd = openat(s->unit_dir_fd, names[stream], O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0)
                (void) fcntl(fd, F_SETFL, 0); /* not to wait was for the opening */
        return fd;
}

static int start_command(Supervisor *s) {
        _cleanup_close_ int out = open_stream(s, STREAM_OUT), err = open_stream(s, STREAM_ERR);

        if (out < 0 || err < 0)
                return log_error_errno(errno, "Failed to open the output of ReloadCmd=: %m");
        return command_start(&s->reload->command, s, s->params.reload_command, out, err);
}

bool supervise_reload_reaped(Supervisor *s, const siginfo_t *si) {
        Reload *r = s->reload;
        char reason[64], name[16];

        if (r->command.pid <= 0 || si->si_pid != r->command.pid)
                return false;
        command_ended(&r->command, /* kill_rest= */ false);
        if (r->step != RELOAD_COMMAND)
                return true; /* nobody waits any more */
        if (si->si_code != CLD_EXITED)
                (void) snprintf(reason, sizeof reason, "ReloadCmd= was killed by %s",
                                signal_to_string(si->si_status, name) ?: "a signal");
        else
                (void) snprintf(reason, sizeof reason, "ReloadCmd= ended with exit status %d",
                                si->si_status);
        finish(s, si->si_code == CLD_EXITED && si->si_status == 0 ? NULL : reason);
        return true;
}

/* ---- by a signal ---- */

static int on_not_announced(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *s = userdata;

        s->reload->silent = true;
        finish(s, NULL);
        return 0;
}

/* What is expected of the payload when the signal has been sent. */
static int expect_answer(Supervisor *s) {
        Reload *r = s->reload;

        if (s->params.reload_signal == 0 || r->announces) {
                r->step = RELOAD_BEGIN;
                return 0;
        }
        if (!r->speaks || r->silent) {
                finish(s, NULL);
                return 0;
        }
        r->step = RELOAD_ANNOUNCE;
        return sd_event_add_time_relative(
                        s->event, &r->announce, CLOCK_MONOTONIC, ANNOUNCE_USEC, 0, on_not_announced, s);
}

/* A signal that the payload does not handle would be lost or end it. */
static void send_signal(Supervisor *s) {
        int r, sig = s->params.reload_signal ?: SIGHUP;
        const PidRef *target = supervise_target(s);
        char reason[160], name[16];

        if (!signal_is_handled(target->pid, sig)) {
                (void) snprintf(reason, sizeof reason, "the payload does not handle %s%s",
                                signal_to_string(sig, name),
                                s->params.reload_signal > 0
                                                ? ""
                                                : "; ReloadSignal= or ReloadCmd= say how else to reload it");
                return finish(s, reason);
        }
        r = pidref_kill(target, sig);
        if (r >= 0)
                r = expect_answer(s); /* which we read later: it does not come too early */
        if (r < 0)
                finish(s, g_strerror(-r));
}

void supervise_reload_notified(Supervisor *s, unsigned actions) {
        Reload *r = s->reload;

        r->speaks = true;
        if (actions & NOTIFY_ACTION_RELOADING) {
                r->announces = true;
                r->announce = sd_event_source_disable_unref(r->announce);
                if (r->step == RELOAD_ANNOUNCE || r->step == RELOAD_BEGIN)
                        r->step = RELOAD_END;
        }
        if ((actions & NOTIFY_ACTION_READY) && r->step == RELOAD_END)
                finish(s, NULL);
}

/* ---- who asks for it ---- */

static const char *not_now(const Supervisor *s) {
        if (s->phase != PHASE_RUNNING)
                return "it is not running yet";
        if (s->stop_requested)
                return "it is being stopped";
        return supervise_is_frozen(s) ? "it is paused" : NULL;
}

static void begin(Supervisor *s) {
        const char *reason = not_now(s);

        if (!reason && !s->params.reload_command)
                return send_signal(s);
        if (!reason && s->reload->command.pid > 0)
                reason = "the ReloadCmd= of an earlier reload is still being killed";
        if (!reason && start_command(s) < 0)
                reason = "ReloadCmd= could not be executed";
        if (reason)
                return finish(s, reason);
        s->reload->step = RELOAD_COMMAND;
}

/* systemd has lost its patience, or somebody theirs. */
static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Supervisor *s = userdata;
        Reload *r = s->reload;

        if (r->step == RELOAD_COMMAND) {
                log_warning("The reload of '%s' was called off: ReloadCmd= is killed.", s->id);
                command_kill(&r->command);
        } else
                log_warning("The reload of '%s' was called off: its payload has not said %s.%s", s->id,
                            r->step == RELOAD_END ? "READY=1" : "RELOADING=1",
                            r->step == RELOAD_BEGIN && s->params.reload_signal == 0
                                            ? " For one that knows nothing of sd_notify(3) there are "
                                              "ReloadSignal= and ReloadCmd=."
                                            : "");
        finish(s, NULL);
        return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Supervisor *s = userdata;
        Reload *r = s->reload;
        int k;

        r->client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (r->client_fd < 0) {
                r->client_fd = -EBADF;
                return 0;
        }
        (void) sd_event_source_set_enabled(r->listen, SD_EVENT_OFF); /* one after the other */
        k = sd_event_add_io(s->event, &r->client, r->client_fd, EPOLLRDHUP, on_hangup, s);
        if (k < 0)
                finish(s, g_strerror(-k));
        else
                begin(s);
        return 0;
}

int supervise_reload_listen(Supervisor *s) {
        _cleanup_(supervise_reload_freep) Reload *r = g_new0(Reload, 1);
        int k;

        r->client_fd = -EBADF;
        r->command = COMMAND_NULL("berth-reload");
        (void) unlinkat(s->unit_dir_fd, CONTROL_SOCKET, 0); /* an earlier supervisor's */
        r->listen_fd = socket_bind_unix(
                        s->unit_dir_fd, CONTROL_SOCKET, SOCK_SEQPACKET | SOCK_NONBLOCK, 0600);
        if (r->listen_fd < 0)
                return log_error_errno(r->listen_fd, "Failed to make the socket '%s': %m", CONTROL_SOCKET);
        k = sd_event_add_io(s->event, &r->listen, r->listen_fd, EPOLLIN, on_connection, s);
        if (k < 0)
                return log_error_errno(k, "Failed to watch the socket '%s': %m", CONTROL_SOCKET);
        s->reload = TAKE_PTR(r);
        return 0;
}
