/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the time between the start of systemd-run and the end of berth-run. */

#include "runtime/adhoc-wait.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/process-util.h"
#include "runtime/adhoc-summary.h"
#include "runtime/console-forward.h"
#include "runtime/end-report.h"
#include "runtime/exec-status.h"
#include "unit/outcome.h"
#include "unit/service-watch.h"

typedef struct Waiting {
        const AdhocWait *wait;
        sd_event *event;
        ServiceWatch *watch;
        ConsoleForward *forward;
        sd_event_source *first_output, *launcher_end;
        PidRef launcher; /* systemd-run */
        bool launcher_ended, detached;
        int launcher_status;
        int signal; /* that ended us */
        int report_fd;
} Waiting;

static void waiting_done(Waiting *w) {
        console_forward_freep(&w->forward); /* first of all the terminal */
        sd_event_source_disable_unref(w->first_output);
        sd_event_source_disable_unref(w->launcher_end);
        service_watch_freep(&w->watch);
        sd_event_unref(w->event);
        pidref_done(&w->launcher);
        closep(&w->report_fd);
}

static int leave_loop(Waiting *w) {
        return sd_event_exit(w->event, 0);
}

/* ---- the terminal ---- */

static void stop_forwarding(Waiting *w) {
        console_forward_freep(&w->forward);
        w->forward = NULL;
}

/* The unit loses its terminal when we end, and must not take that for a hangup. */
static int on_detached(sd_event_source *source, void *userdata) {
        Waiting *w = userdata;
        EndReport report = end_report_null;
        int r;

        sd_event_source_unref(source);
        (void) end_report_read(w->report_fd, &report);
        report.detached = 1;
        r = end_report_write(w->report_fd, &report);
        if (r < 0)
                log_warning_errno(r, "Failed to tell the container that its terminal was left: %m");
        w->detached = true;
        if (!w->wait->stay)
                return leave_loop(w);
        stop_forwarding(w);
        return 0;
}

static void on_detach_keys(void *userdata) {
        Waiting *w = userdata;
        sd_event_source *source;

        if (sd_event_add_defer(w->event, &source, on_detached, w) < 0)
                (void) leave_loop(w);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Waiting *w = userdata;

        w->signal = (int) si->ssi_signo;
        return leave_loop(w);
}

/* Nobody may end us before the terminal is what it was, and the file is gone that tells the unit of us. */
static int watch_signals(Waiting *w) {
        static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                struct sigaction action;
                sigset_t set;
                int r;

                if (sigaction(signals[i], NULL, &action) >= 0 && action.sa_handler == SIG_IGN)
                        continue; /* nohup(1) */
                (void) sigemptyset(&set);
                (void) sigaddset(&set, signals[i]);
                (void) sigprocmask(SIG_BLOCK, &set, NULL);
                r = sd_event_add_signal(w->event, NULL, signals[i], on_signal, w);
                if (r < 0)
                        return log_error_errno(r, "Failed to watch signal %d: %m", signals[i]);
        }
        return 0;
}

static int begin_forwarding(Waiting *w) {
        int r;

        w->first_output = sd_event_source_disable_unref(w->first_output);
        if (!w->wait->terminal || w->forward || w->detached)
                return 0;
        if (!w->wait->quiet) {
                if (w->wait->json == ADHOC_JSON_OFF)
                        (void) fprintf(stderr, "Running as unit: %s\n", w->wait->unit);
                (void) fprintf(stderr, "Press ^] three times within 1s to disconnect TTY.\n");
        }
        r = console_forward_new(w->event, w->wait->terminal->master, &w->forward);
        if (r >= 0)
                console_forward_on_detach(w->forward, on_detach_keys, w);
        return r;
}

/* A payload that says something runs, even if it is not ready; and its terminal has little room. */
static int on_first_output(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return begin_forwarding(userdata);
}

/* What was written in the moment of the end is shown, too. */
static int leave_at_end(Waiting *w) {
        if (w->first_output) {
                struct pollfd master = { .fd = w->wait->terminal->master, .events = POLLIN };

                if (poll(&master, 1, 0) > 0 && master.revents & POLLIN)
                        (void) begin_forwarding(w);
        }
        return leave_loop(w);
}

/* ---- the unit ---- */

static void on_service_ended(void *userdata) {
        Waiting *w = userdata;

        if (w->launcher_ended)
                (void) leave_at_end(w);
}

static void tell_made(const Waiting *w) {
        const AdhocMade made = {
                .unit = w->wait->unit,
                .trigger = w->wait->trigger,
                .invocation_id = w->wait->trigger ? NULL : service_watch_fate(w->watch)->invocation_id,
        };

        adhoc_json_print(w->wait->json, &made);
}

static int on_launcher_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Waiting *w = userdata;
        int code, status, r;

        w->launcher_end = sd_event_source_disable_unref(w->launcher_end);
        r = process_reap(w->launcher.pid, &code, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to wait for systemd-run: %m");
        w->launcher_ended = true;
        w->launcher_status = code == CLD_EXITED ? status : 128 + status;
        (void) service_watch_sync(w->watch);
        if (w->launcher_status == 0)
                tell_made(w);
        if (service_watch_fate(w->watch)->ended || w->launcher_status != 0 || !w->wait->wait)
                return leave_at_end(w);
        return begin_forwarding(w);
}

static int launch(Waiting *w) {
        char **argv = w->wait->argv;
        sigset_t none;
        int r;

        w->launcher.pid = process_clone(/* flags= */ 0, /* cgroup_fd= */ -EBADF, &w->launcher.fd);
        if (w->launcher.pid < 0) {
                r = TAKE(w->launcher.pid, 0);
                return log_error_errno(r, "Failed to make a process for '%s': %m", argv[0]);
        }
        if (w->launcher.pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
                (void) sigemptyset(&none);
                (void) sigprocmask(SIG_SETMASK, &none, NULL);
                (void) execvp(argv[0], argv);
                (void) log_error_errno(negative_errno(), "Failed to execute '%s': %m", argv[0]);
                _exit(EXIT_LAUNCHER);
        }
        r = sd_event_add_io(w->event, &w->launcher_end, w->launcher.fd, EPOLLIN, on_launcher_end, w);
        return r < 0 ? log_error_errno(r, "Failed to watch '%s': %m", argv[0]) : 0;
}

static bool wants_summary(const AdhocWait *wait) {
        return wait->wait && wait->stay && !wait->quiet;
}

static int make_report(Waiting *w) {
        EndReport report = end_report_null;
        int r;

        r = end_report_open(w->wait->id, &w->report_fd);
        if (r < 0)
                return r;
        if (w->wait->terminal)
                report.terminal = w->wait->terminal->number;
        report.summary = wants_summary(w->wait);
        r = end_report_write(w->report_fd, &report);
        return r < 0 ? log_error_errno(r, "Failed to tell the container who waits for it: %m") : 0;
}

static int set_up(Waiting *w) {
        int r;

        r = sd_event_new(&w->event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = watch_signals(w);
        if (r >= 0)
                r = make_report(w);
        if (r < 0)
                return r;
        r = service_watch_new(w->event, w->wait->unit, on_service_ended, w, &w->watch);
        if (r >= 0 && w->wait->terminal)
                r =
                                sd_event_add_io(w->event, &w->first_output, w->wait->terminal->master,
                                                EPOLLIN, on_first_output, w);
        return r < 0 ? r : launch(w);
}

/* ---- the end ---- */

static int shell_status(int code, int status) {
        return code == CLD_EXITED ? status : 128 + status;
}

/* The supervisor ends as the payload does, but also when there was none; and it knows the difference. */
static int find_status(const AdhocWait *wait, const ServiceFate *fate, const EndReport *report) {
        uint64_t code = report->code != END_REPORT_UNKNOWN ? report->code : (uint64_t) fate->code;

        /* SuccessExitStatus=, but not the signals that are in there without it */
        if (fate->result && streq(fate->result, "success") && (code == CLD_EXITED || wait->ignore_failure))
                return EXIT_SUCCESS;
        if (report->code != END_REPORT_UNKNOWN)
                return shell_status((int) report->code, (int) report->status);
        if (fate->active && fate->code != 0)
                return shell_status(fate->code, fate->status);
        if (fate->code == CLD_EXITED &&
            (fate->status == EXIT_NOT_EXECUTABLE || fate->status == EXIT_NOT_FOUND))
                return fate->status;
        return EXIT_LAUNCHER;
}

static void print_summary(const ServiceFate *fate, const EndReport *report) {
        _cleanup_free_ char *text = adhoc_summary(fate, report);

        (void) fputs(text, stderr);
}

/* The connection went with the loop. */
static int forget_unit(const char *unit) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = manager_connect(manager_ours(), event, &manager);
        return r < 0 ? r : unit_reset_failed(manager, unit);
}

static int finish(Waiting *w, int *ret_status) {
        const ServiceFate *fate = service_watch_fate(w->watch);
        EndReport report = end_report_null;
        bool failed = fate->result && !streq(fate->result, "success");

        if (w->forward)
                console_forward_drain(w->forward);
        stop_forwarding(w);
        if (w->signal > 0) {
                *ret_status = 128 + w->signal;
                return 0;
        }
        /* What a trigger has started by now, and how that ended, is not what was waited for. */
        if (!fate->ended || w->wait->trigger) {
                *ret_status = w->launcher_status == 0 ? EXIT_SUCCESS : EXIT_LAUNCHER;
                return 0;
        }
        (void) end_report_read(w->report_fd, &report);
        if (wants_summary(w->wait) && (fate->active || report.code != END_REPORT_UNKNOWN))
                print_summary(fate, &report);
        *ret_status = find_status(w->wait, fate, &report);
        return w->wait->collect && w->wait->wait && failed ? forget_unit(w->wait->unit) : 0;
}

/* Who left the terminal has written there what the unit has to know from now on; one that was still to get a
 * terminal must see that nobody is there any more. The file goes with the unit. */
static bool unit_needs_report(const Waiting *w) {
        bool starting = w->signal > 0 && w->wait->terminal && !w->launcher_ended;

        return starting || (w->detached && !w->wait->stay);
}

int adhoc_wait(const AdhocWait *wait, int *ret_status) {
        _cleanup_(waiting_done) Waiting w = { .wait = wait, .launcher = PIDREF_NULL, .report_fd = -EBADF };
        int r;

        r = set_up(&w);
        if (r >= 0)
                r = sd_event_loop(w.event);
        if (r >= 0)
                r = finish(&w, ret_status);
        if (w.report_fd >= 0 && !unit_needs_report(&w))
                end_report_remove(wait->id);
        return r;
}
