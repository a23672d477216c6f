/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the order of events between systemd, the runtime and the payload. Making the container is done by a
 * child, so that what this needs (JSON, seccomp, mounts) is never loaded here: one of these runs for each
 * container. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "runtime/supervisor.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/process-util.h"
#include "notify/message.h"
#include "notify/proxy.h"
#include "runtime/delete.h"
#include "runtime/notify-route.h"
#include "runtime/oom.h"
#include "runtime/params.h"
#include "runtime/relay.h"
#include "runtime/service-console.h"
#include "runtime/service-env.h"
#include "runtime/start.h"
#include "runtime/state.h"
#include "runtime/stop-signal.h"

/* How long a process that the kernel has killed may take to be gone. */
#define OOM_SETTLE_USEC (100 * UINT64_C(1000))

typedef enum Phase {
        PHASE_CREATING, /* berth create runs */
        PHASE_RUNNING,  /* the payload runs */
        PHASE_ENDED,    /* its end is known, or it never began */
} Phase;

typedef enum Stream {
        STREAM_OUT,
        STREAM_ERR,
        _STREAM_MAX,
} Stream;

static const struct {
        const char *fifo;
        int fd; /* ours */
        int priority;
} streams[_STREAM_MAX] = {
        [STREAM_OUT] = { "stdout", STDOUT_FILENO, LOG_INFO },
        [STREAM_ERR] = { "stderr", STDERR_FILENO, LOG_ERR },
};

typedef struct Supervisor {
        const char *id;
        char *root; /* of state directories */
        char *unit_dir;
        int unit_dir_fd;
        UnitParams params;
        ListenFds listen;
        sd_event *event;
        NotifyProxy *proxy;
        Relay *relays[_STREAM_MAX]; /* NULL: our own stream is the payload's */
        ServiceConsole *console;    /* NULL: the payload has no terminal */
        OomWatch *oom;
        Phase phase;
        pid_t create_pid;
        PidRef init;
        bool stop_requested;
        bool oom_killed;
        int lost_signal;          /* SIGKILL was sent in place of this one, which would have been lost */
        int end_code, end_status; /* of the payload, as in siginfo_t; code 0: it never ran */
} Supervisor;

static void supervisor_done(Supervisor *s) {
        service_console_freep(&s->console);
        oom_watch_freep(&s->oom);
        for (size_t i = 0; i < _STREAM_MAX; i++)
                relay_freep(&s->relays[i]);
        notify_proxy_freep(&s->proxy);
        sd_event_unref(s->event);
        listen_fds_done(&s->listen);
        unit_params_done(&s->params);
        pidref_done(&s->init);
        closep(&s->unit_dir_fd);
        g_free(s->unit_dir);
        g_free(s->root);
}

static int end_loop(Supervisor *s) {
        s->phase = PHASE_ENDED;
        return sd_event_exit(s->event, 0);
}

/* ---- stopping ---- */

static void signal_payload(Supervisor *s, int sig) {
        if (s->phase == PHASE_RUNNING && stop_signal_send(&s->init, sig) > 0)
                s->lost_signal = sig;
}

static void request_stop(Supervisor *s) {
        if (!s->stop_requested)
                notify_proxy_send(s->proxy, "STOPPING=1");
        s->stop_requested = true;

        /* berth create undoes what it did; what is left of one that was killed is removed at the end. */
        if (s->phase == PHASE_CREATING)
                (void) kill(s->create_pid, SIGTERM);
        signal_payload(s, s->params.stop_signal);
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        request_stop(userdata);
        return 0;
}

/* systemd's watchdog means the payload, whose core dump is the one to look at. */
static int on_abort(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        signal_payload(userdata, SIGABRT);
        return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Supervisor *s = userdata;

        if (s->phase == PHASE_RUNNING)
                (void) pidref_kill(&s->init, SIGHUP);
        return 0;
}

static int on_oom_settled(sd_event_source *source, uint64_t usec, void *userdata) {
        request_stop(userdata);
        return 0;
}

/* Whatever was killed, a container that lacks a process does not go on (OOMPolicy=stop). If it was init,
 * that takes a moment to be gone, and there will be nothing to stop. */
static void on_oom(void *userdata) {
        Supervisor *s = userdata;

        s->oom_killed = true;
        if (s->phase == PHASE_RUNNING &&
            sd_event_add_time_relative(
                            s->event, NULL, CLOCK_MONOTONIC, OOM_SETTLE_USEC, 0, on_oom_settled, s) < 0)
                request_stop(s);
}

/* ---- making and starting the container ---- */

/* The command line of berth create. Caller frees. */
static char **create_command(const Supervisor *s) {
        g_autoptr(GStrvBuilder) command = g_strv_builder_new();
        g_autofree char *config = g_build_filename(s->unit_dir, "config.json", NULL),
                        *pid_file = g_build_filename(s->unit_dir, "pid", NULL),
                        *console = g_build_filename(s->unit_dir, SERVICE_CONSOLE_SOCKET, NULL);
        _cleanup_free_ char *unit = NULL;

        if (service_own_unit(&unit) < 0)
                unit = g_strdup_printf("container@%s.service", s->id);
        g_strv_builder_add_many(
                        command, "berth", "--log-format=journal", "--systemd-cgroup", "create", "--bundle",
                        s->params.bundle, "--config", config, "--pid-file", pid_file, "--resources-from",
                        unit, NULL);
        if (s->console)
                g_strv_builder_add_many(command, "--console-socket", console, NULL);
        g_strv_builder_add(command, s->id);
        return g_strv_builder_end(command);
}

static int spawn_create(Supervisor *s, const int stdio[static _STREAM_MAX]) {
        _cleanup_strv_ char **env = service_env_for_runtime(), **command = create_command(s);
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        sigset_t all, none;
        int r;

        (void) sigfillset(&all);
        (void) sigemptyset(&none);
        (void) posix_spawnattr_init(&attr);
        (void) posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        (void) posix_spawnattr_setsigdefault(&attr, &all);
        (void) posix_spawnattr_setsigmask(&attr, &none);
        (void) posix_spawn_file_actions_init(&actions);
        for (size_t i = 0; i < _STREAM_MAX; i++)
                (void) posix_spawn_file_actions_adddup2(&actions, stdio[i], streams[i].fd);

        r = posix_spawn(&s->create_pid, BERTH_BINDIR "/berth", &actions, &attr, command, env);
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attr);
        return r > 0 ? log_error_errno(r, "Failed to execute '%s': %m", BERTH_BINDIR "/berth") : 0;
}

/* Our own protection from the OOM killer (OOMScoreAdjust= of the unit) is not the payload's: it would
 * inherit it. */
static int spawn_unprotected(Supervisor *s, const int stdio[static _STREAM_MAX]) {
        static const char path[] = "/proc/self/oom_score_adj";
        _cleanup_free_ char *own = NULL;
        bool protected;
        int r;

        protected = read_file_at(AT_FDCWD, path, &own, NULL) >= 0 && own[0] == '-';
        if (protected)
                (void) write_string_at(AT_FDCWD, path, "0");
        r = spawn_create(s, stdio);
        if (protected)
                (void) write_string_at(
                                AT_FDCWD, path, own); /* may need a capability that a user's systemd lacks */
        return r;
}

/* A terminal is stdin, stdout and stderr of the payload. Otherwise stdout and stderr are: FIFOs that we read
 * where ours go to the journal, otherwise ours themselves. */
static int create_container(Supervisor *s) {
        _cleanup_close_ int out = -EBADF, err = -EBADF;
        int *fifos[_STREAM_MAX] = { &out, &err }, stdio[_STREAM_MAX];
        const char *journal_stream = getenv("JOURNAL_STREAM");
        int r;

        if (s->params.terminal) {
                r = service_console_new(s->unit_dir_fd, &s->console);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < _STREAM_MAX; i++) {
                stdio[i] = streams[i].fd;
                if (s->console || !relay_is_journal(streams[i].fd, journal_stream))
                        continue;
                r = relay_new(s->event, s->unit_dir_fd, streams[i].fifo, s->id, &s->relays[i]);
                if (r < 0)
                        return r;
                relay_set_priority(s->relays[i], streams[i].priority);
                stdio[i] = *fifos[i] = relay_take_write_fd(s->relays[i]);
        }
        return spawn_unprotected(s, stdio);
}

/* The child has gone, so init is our child now, and its number cannot be another's before we reap it. */
static int open_init(Supervisor *s) {
        _cleanup_free_ char *text = NULL;
        siginfo_t si = { 0 };
        uint32_t pid;
        int r;

        r = read_file_at(s->unit_dir_fd, "pid", &text, NULL);
        if (r >= 0) {
                text[strcspn(text, "\n")] = '\0';
                r = parse_uint32(text, &pid);
        }
        if (r >= 0 && waitid(P_PID, pid, &si, WEXITED | WNOHANG | WNOWAIT) < 0)
                r = negative_errno();
        if (r >= 0)
                r = pidref_open((pid_t) pid, 0, &s->init);
        return r < 0 ? log_error_errno(r, "Failed to find the process that berth create made: %m") : 0;
}

/* Init may be below its scope, where there are no limits. */
static void cut_below_scope(char *cgroup) {
        char *below = strstr(cgroup, ".scope/");

        if (below)
                below[strlen(".scope")] = '\0';
}

static int watch_container(Supervisor *s) {
        _cleanup_free_ char *cgroup = NULL;
        int r;

        r = pid_cgroup(s->init.pid, &cgroup);
        if (r < 0)
                return log_error_errno(r, "Failed to find the cgroup of process %d: %m", (int) s->init.pid);
        cut_below_scope(cgroup);
        r = oom_watch_new(s->event, cgroup, on_oom, s, &s->oom);
        if (r < 0)
                return r;
        if (s->console) {
                r = service_console_connect(s->console, s->event);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < _STREAM_MAX; i++)
                if (s->relays[i])
                        relay_set_payload(s->relays[i], s->init.pid);
        return notify_proxy_start(
                        s->proxy, cgroup, /* hold_ready= */ false, service_clock_offset_usec(s->init.pid));
}

static int start_container(Supervisor *s) {
        _cleanup_strv_ char **env =
                        service_env_for_payload(&s->listen, getpid(), SERVICE_ENV_NOTIFY | SERVICE_ENV_UNIT);
        StartHandover handover = {
                .fds = s->listen.fds,
                .n_fds = s->listen.n_fds,
                .env = (const char *const *) env,
        };
        int r;

        r = container_start(s->root, s->id, &handover);
        if (r < 0)
                return r;
        listen_fds_done(&s->listen); /* the payload's alone: that it closes one must mean something */
        if (s->params.notify == NOTIFY_MODE_STARTED)
                notify_proxy_send(s->proxy, "READY=1");
        return 0;
}

static void on_created(Supervisor *s, int code, int status) {
        if (code != CLD_EXITED || status != 0) {
                if (code != CLD_EXITED && !s->stop_requested)
                        log_error("berth create was killed by signal %d.", status);
                (void) end_loop(s); /* it has said itself what was wrong */
                return;
        }
        if (s->stop_requested || open_init(s) < 0 || watch_container(s) < 0 || start_container(s) < 0) {
                (void) end_loop(s);
                return;
        }
        s->phase = PHASE_RUNNING;
}

/* ---- the loop ---- */

/* Returns 1 when a child was reaped. While berth create runs, nobody else is: init may end before we know
 * who it is. */
static int reap(Supervisor *s, siginfo_t *ret) {
        idtype_t type = s->phase == PHASE_CREATING ? P_PID : P_ALL;

        *ret = (siginfo_t) { 0 };
        if (waitid(type, s->phase == PHASE_CREATING ? (id_t) s->create_pid : 0, ret, WEXITED | WNOHANG) < 0)
                return 0;
        return ret->si_pid > 0;
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Supervisor *s = userdata;
        siginfo_t si;

        while (s->phase != PHASE_ENDED && reap(s, &si) > 0) {
                if (s->phase == PHASE_CREATING)
                        on_created(s, si.si_code, si.si_status);
                else if (si.si_pid == s->init.pid) {
                        s->end_code = si.si_code;
                        s->end_status = si.si_status;
                        return end_loop(s);
                }
        }
        return 0;
}

static void on_notify(unsigned actions, void *userdata) {
        const Supervisor *s = userdata;

        if (actions & NOTIFY_ACTION_READY)
                log_debug("The payload of '%s' says that it is ready.", s->id);
}

static int set_up_loop(Supervisor *s) {
        static const struct {
                int sig;
                sd_event_signal_handler_t handler;
        } signals[] = {
                { SIGTERM, on_stop_signal }, { SIGINT, on_stop_signal }, { SIGABRT, on_abort },
                { SIGHUP, on_hangup },       { SIGCHLD, on_child },
        };
        sigset_t set;
        int r;

        r = sd_event_new(&s->event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                (void) sigemptyset(&set);
                (void) sigaddset(&set, signals[i].sig);
                (void) sigprocmask(SIG_BLOCK, &set, NULL);
                r = sd_event_add_signal(s->event, NULL, signals[i].sig, signals[i].handler, s);
                if (r < 0)
                        return log_error_errno(r, "Failed to watch signal %d: %m", signals[i].sig);
        }
        return 0;
}

static int set_up(Supervisor *s) {
        _cleanup_close_ int notify_fd = -EBADF;
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
        r = notify_proxy_new(s->event, getenv("NOTIFY_SOCKET"), on_notify, s, &s->proxy);
        if (r < 0)
                return r;
        notify_fd = openat(s->unit_dir_fd, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (notify_fd < 0)
                return log_error_errno(errno, "Failed to open '%s/notify': %m", s->unit_dir);
        r = notify_socket_bind(notify_fd);
        if (r < 0)
                return r;
        notify_proxy_set_socket(s->proxy, r);
        if (service_has_fd_store())
                notify_proxy_allow_store(s->proxy);
        return 0;
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

int supervise(const char *id) {
        _cleanup_(supervisor_done) Supervisor s = {
                .id = id, .unit_dir_fd = -EBADF, .params = UNIT_PARAMS_NULL, .init = PIDREF_NULL
        };
        int r;

        if (set_up(&s) < 0 || create_container(&s) < 0)
                return EXIT_FAILURE;
        r = sd_event_loop(s.event);
        if (r < 0)
                (void) log_error_errno(r, "The event loop failed: %m");
        tear_down(&s);

        if (s.oom_killed)
                oom_end();
        if (s.lost_signal > 0 && s.end_code == CLD_KILLED && s.end_status == SIGKILL)
                end_like(CLD_KILLED, s.lost_signal);
        if (s.end_code != 0)
                end_like(s.end_code, s.end_status);
        if (s.stop_requested)
                end_like(CLD_KILLED, SIGTERM);
        return EXIT_FAILURE;
}
