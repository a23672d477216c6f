/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what makes a running container end before it wants to: the signals that systemd sends us, and the
 * kernel's want of memory. And the signals that are none of our business, but the payload's. */

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/log.h"
#include "runtime/end-report.h"
#include "runtime/rebirth.h"
#include "runtime/service-env.h"
#include "runtime/stop-signal.h"
#include "runtime/supervisor.h"
#include "unit/outcome.h"

/* How long a process that the kernel has killed may take to be gone. */
#define OOM_SETTLE_USEC (100 * UINT64_C(1000))

/* The signal waits in a container that is frozen, so that it is the first thing that happens to it. */
void supervise_signal_payload(Supervisor *s, int sig) {
        const PidRef *target = supervise_target(s);
        int r;

        if (s->phase != PHASE_RUNNING)
                return;
        r = stop_signal_send(target, sig);
        if (target != &s->init)
                s->main_asked = true;
        else if (r > 0)
                s->lost_signal = sig;
        if (r == 0)
                supervise_let_go_on(s);
}

void supervise_request_stop(Supervisor *s) {
        if (!s->stop_requested)
                notify_proxy_send(s->proxy, "STOPPING=1");
        s->stop_requested = true;
        rebirth_mark_stopping(s->unit_dir_fd);

        /* berth create undoes what it did; what is left of one that was killed is removed at the end. */
        if (s->phase == PHASE_CREATING)
                (void) kill(s->create_pid, SIGTERM);
        supervise_signal_payload(s, s->params.stop_signal);
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        supervise_request_stop(userdata);
        return 0;
}

/* systemd's watchdog means the payload, whose core dump is the one to look at. */
static int on_abort(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        supervise_signal_payload(userdata, SIGABRT);
        return 0;
}

/* The kernel says it, not somebody: our terminal is gone. To the payload its own one is, which is the end of
 * what does not handle that, unless whoever sat there has left it alone on purpose. */
static void lose_terminal(Supervisor *s) {
        if (end_report_is_detached(s->id))
                return;
        if (s->phase == PHASE_CREATING)
                supervise_request_stop(s); /* there is no payload yet that could be told */
        else if (s->console)
                supervise_signal_payload(s, SIGHUP);
}

static int on_passed(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Supervisor *s = userdata;
        struct signalfd_siginfo si;

        while (read(fd, &si, sizeof si) == sizeof si)
                if (s->params.terminal && si.ssi_signo == SIGHUP && si.ssi_code == SI_KERNEL)
                        lose_terminal(s);
                else if (s->phase == PHASE_RUNNING)
                        (void) pidref_kill(supervise_target(s), (int) si.ssi_signo);
        return 0;
}

/* Who sends these to a service means the program that it runs, as with systemctl kill --signal=USR1. */
static int watch_passed_signals(Supervisor *s) {
        static const int passed[] = { SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPWR, SIGWINCH };
        sigset_t set;
        int fd, r;

        (void) sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(passed); i++)
                (void) sigaddset(&set, passed[i]);
        for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
                if (sig != SUPERVISOR_LEAVE_SIGNAL)
                        (void) sigaddset(&set, sig);
        if (s->params.terminal)
                (void) sigdelset(
                                &set,
                                SIGWINCH); /* our terminal's: it is the console's (console-forward.h) */
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK); /* open until we end */
        r = fd < 0 ? negative_errno() : sd_event_add_io(s->event, NULL, fd, EPOLLIN, on_passed, s);
        return r < 0 ? log_error_errno(r, "Failed to watch signals: %m") : 0;
}

static int on_leave(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        supervise_leave(userdata);
        return 0;
}

static int on_oom_settled(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *s = userdata;

        if (!pid_is_dying(s->init.pid))
                supervise_request_stop(s);
        return 0;
}

/* What OOMPolicy= of the unit says. Asked for only now, so that a start does not pay for it. Our loop may
 * have ended already. Caller frees. */
static char *oom_policy(void) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_free_ char *unit = NULL;
        char *policy = NULL;

        if (service_own_unit(&unit) < 0 || sd_event_new(&event) < 0 ||
            manager_connect(manager_ours(), event, &manager) < 0 ||
            service_oom_policy(manager, unit, &policy) < 0)
                return g_strdup("stop");
        return policy;
}

/* With OOMPolicy=stop, whatever was killed, a container that lacks a process does not go on. If it was init,
 * that takes a moment to be gone, and there will be nothing to stop. */
void supervise_on_oom(OomKiller by, void *userdata) {
        Supervisor *s = userdata;
        _cleanup_free_ char *policy = oom_policy();

        if (streq(policy, "continue"))
                return;
        s->oom_killer = by;
        if (s->phase != PHASE_RUNNING)
                return;
        if (streq(policy, "kill"))
                (void) pidref_kill(&s->init, SIGKILL); /* if memory.oom.group did not */
        else if (sd_event_add_time_relative(
                                 s->event, NULL, CLOCK_MONOTONIC, OOM_SETTLE_USEC, 0, on_oom_settled, s) < 0)
                supervise_request_stop(s);
}

void supervise_block_signal(int sig) {
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, sig);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
}

int supervise_watch_signal(Supervisor *s, int sig, sd_event_signal_handler_t handler) {
        int r;

        supervise_block_signal(sig);
        r = sd_event_add_signal(s->event, NULL, sig, handler, s);
        return r < 0 ? log_error_errno(r, "Failed to watch signal %d: %m", sig) : 0;
}

int supervise_watch_signals(Supervisor *s) {
        const struct {
                int sig;
                sd_event_signal_handler_t handler;
        } signals[] = {
                { SIGTERM, on_stop_signal },
                { SIGINT, on_stop_signal },
                { SIGABRT, on_abort },
                { SUPERVISOR_LEAVE_SIGNAL, on_leave },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                r = supervise_watch_signal(s, signals[i].sig, signals[i].handler);
                if (r < 0)
                        return r;
        }
        return watch_passed_signals(s);
}
