/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the supervisor's life: set-up, loop, and how it ends. What happens in between is in supervise-*.c. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "runtime/supervisor.h"

#include "basic/log.h"
#include "runtime/delete.h"
#include "runtime/notify-route.h"
#include "runtime/state.h"
#include "runtime/stop-signal.h"
#include "runtime/supervise-internal.h"

static void supervisor_done(Supervisor *s) {
        supervise_health_freep(&s->health);
        supervise_reload_freep(&s->reload);
        service_console_freep(&s->console);
        oom_watch_freep(&s->oom);
        freeze_watch_freep(&s->freezer);
        pressure_watch_freep(&s->pressure);
        scope_watch_freep(&s->machine);
        for (size_t i = 0; i < _STREAM_MAX; i++)
                relay_freep(&s->relays[i]);
        notify_proxy_freep(&s->proxy);
        sd_event_source_disable_unref(s->main_exit);
        sd_event_unref(s->event);
        listen_fds_done(&s->listen);
        unit_params_done(&s->params);
        pidref_done(&s->init);
        pidref_done(&s->main);
        pidref_done(&s->network);
        pidref_done(&s->pin);
        closep(&s->unit_dir_fd);
        g_free(s->unit_dir);
        g_free(s->report);
        g_free(s->root);
}

int supervise_end_loop(Supervisor *s) {
        s->phase = PHASE_ENDED;
        return sd_event_exit(s->event, 0);
}

/* ---- the loop ---- */

static uint64_t usec(const struct timeval *t) {
        return (uint64_t) t->tv_sec * 1000000 + (uint64_t) t->tv_usec;
}

/* Returns 1 when a child was reaped. While berth create runs, nobody else is: init may end before we know
 * who it is. */
static int reap(Supervisor *s, siginfo_t *ret, uint64_t *ret_cpu_usec) {
        idtype_t type = s->phase == PHASE_CREATING ? P_PID : P_ALL;

        id_t id = s->phase == PHASE_CREATING ? (id_t) s->create_pid : 0;
        struct rusage usage = { 0 };

        *ret = (siginfo_t) { 0 };
        /* the system call tells more than libc's function */
        if (syscall(SYS_waitid, type, id, ret, WEXITED | WNOHANG, &usage) < 0 || ret->si_pid <= 0)
                return 0;
        *ret_cpu_usec = usec(&usage.ru_utime) + usec(&usage.ru_stime);
        return 1;
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Supervisor *s = userdata;
        uint64_t cpu_usec;
        siginfo_t si;

        while (s->phase != PHASE_ENDED && reap(s, &si, &cpu_usec) > 0) {
                if (s->phase == PHASE_CREATING)
                        supervise_created(s, si.si_code, si.si_status);
                else if (si.si_pid == s->init.pid) {
                        s->end_code = si.si_code;
                        s->end_status = si.si_status;
                        s->end_cpu_usec = cpu_usec;
                        supervise_measure(s);
                        return supervise_end_loop(s);
                } else if (!supervise_health_reaped(s, &si))
                        (void) supervise_reload_reaped(s, &si);
        }
        return 0;
}

static int set_up_loop(Supervisor *s) {
        int r;

        r = sd_event_new(&s->event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = supervise_watch_signals(s);
        if (r < 0)
                return r;
        return supervise_watch_signal(s, SIGCHLD, on_child);
}

static int set_up(Supervisor *s) {
        int r;

        s->root = state_default_root();
        s->unit_dir = unit_dir_path(s->id);
        if (!s->root || !s->unit_dir)
                return log_error_errno(ENXIO, "XDG_RUNTIME_DIR is not set.");
        s->unit_dir_fd = open(s->unit_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->unit_dir_fd < 0)
                return log_error_errno(
                                errno, "Failed to open '%s', which berth-prepare makes: %m", s->unit_dir);
        r = unit_params_read(s->unit_dir_fd, &s->params);
        if (r < 0)
                return r;
        r = listen_fds_take(LISTEN_FDS_FIRST, &s->listen);
        if (r < 0)
                return r;
        if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return log_error_errno(errno, "Failed to become a subreaper: %m");
        r = set_up_loop(s);
        if (r < 0)
                return r;
        r = supervise_reload_listen(s);
        if (r < 0)
                return r;
        return supervise_make_proxy(s);
}

/* Everything that the payload said gets out before its end is seen; then nothing of it is left. */
static void tear_down(Supervisor *s) {
        oom_watch_check(s->oom);
        if (s->console)
                service_console_drain(s->console);
        for (size_t i = 0; i < _STREAM_MAX; i++)
                if (s->relays[i])
                        relay_drain(s->relays[i], false);
        if (s->end_code != 0)
                notify_proxy_drain(s->proxy, NOTIFY_DRAIN_MS);
        (void) container_delete(s->root, s->id, true);
        for (size_t i = 0; i < _STREAM_MAX; i++)
                if (s->relays[i])
                        relay_drain(s->relays[i], true);
}

int supervise(const char *id, const char *instance) {
        _cleanup_(supervisor_done) Supervisor s = { .id = id,
                                                    .unit_dir_fd = -EBADF,
                                                    .params = UNIT_PARAMS_NULL,
                                                    .init = PIDREF_NULL,
                                                    .main = PIDREF_NULL,
                                                    .network = PIDREF_NULL,
                                                    .pin = PIDREF_NULL };
        int r;

        /* An order to leave that comes before anybody listens waits: it must not end the start. */
        supervise_block_signal(SUPERVISOR_LEAVE_SIGNAL);
        if (supervise_prepare(s.id, instance) < 0 || set_up(&s) < 0)
                return EXIT_FAILURE;
        r = supervise_adopt(&s);
        if (r == 0)
                r = supervise_create(&s);
        if (r < 0)
                return EXIT_FAILURE;
        r = sd_event_loop(s.event);
        if (r < 0)
                (void) log_error_errno(r, "The event loop failed: %m");
        tear_down(&s);
        supervise_correct_end(&s);
        supervise_report_end(&s);

        if (s.oom_killer != OOM_KILLER_NONE)
                oom_end(s.oom_killer);
        if (s.restart_wanted && !s.stop_requested)
                return EXIT_UNHEALTHY;
        if (s.lost_signal > 0 && s.end_code == CLD_KILLED && s.end_status == SIGKILL)
                end_like(CLD_KILLED, s.lost_signal);
        if (s.end_code != 0)
                end_like(s.end_code, s.end_status);
        if (s.end_unknown)
                return EXIT_UNKNOWN;
        if (s.stop_requested)
                end_like(CLD_KILLED, SIGTERM);
        return s.failure_status > 0 ? s.failure_status : EXIT_FAILURE;
}
