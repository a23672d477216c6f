/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from a prepared unit to a running payload. Making the container is done by a child, so that
 * what this needs (JSON, seccomp, mounts) is never loaded here: one supervisor runs for each container. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/fs-util.h"
#include "basic/log-journal.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "runtime/exec-status.h"
#include "runtime/service-env.h"
#include "runtime/start.h"
#include "runtime/supervise-command.h"

static const struct {
        const char *fifo;
        int fd; /* ours */
        int priority;
} streams[_STREAM_MAX] = {
        [STREAM_OUT] = { "stdout", STDOUT_FILENO, LOG_INFO },
        [STREAM_ERR] = { "stderr", STDERR_FILENO, LOG_ERR },
};

/* The command line of berth create. Caller frees. */
static char **create_command(const Supervisor *s) {
        g_autoptr(GStrvBuilder) command = g_strv_builder_new();
        g_autofree char *config = g_build_filename(s->unit_dir, "config.json", NULL),
                        *pid_file = g_build_filename(s->unit_dir, "pid", NULL),
                        *console = g_build_filename(s->unit_dir, SERVICE_CONSOLE_SOCKET, NULL);
        _cleanup_free_ char *unit = NULL;

        if (service_own_unit(&unit) < 0)
                unit = g_strdup_printf("container@%s.service", s->id);
        g_strv_builder_add(command, "berth");
        /* people read a terminal, a file of StandardError=, and what berth-run --pipe was given */
        g_strv_builder_add(
                        command,
                        stream_is_journal(STDERR_FILENO, getenv("JOURNAL_STREAM")) ? "--log-format=journal"
                                                                                   : "--log-format=plain");
        g_strv_builder_add_many(
                        command, "--systemd-cgroup", "create", "--bundle", s->params.bundle, "--config",
                        config, "--pid-file", pid_file, "--resources-from", unit, NULL);
        if (s->console)
                g_strv_builder_add_many(command, "--console-socket", console, NULL);
        g_strv_builder_add(command, s->id);
        return g_strv_builder_end(command);
}

int supervise_make_relay(Supervisor *s, Stream stream, int *ret_write_fd) {
        int r;

        *ret_write_fd = -EBADF;
        if (s->params.terminal || !stream_is_journal(streams[stream].fd, getenv("JOURNAL_STREAM")))
                return 0;
        r = relay_new(s->event, s->unit_dir_fd, streams[stream].fifo, s->id, &s->relays[stream]);
        if (r < 0)
                return r;
        relay_set_priority(s->relays[stream], streams[stream].priority);
        *ret_write_fd = relay_take_write_fd(s->relays[stream]);
        return 0;
}

/* A terminal is stdin, stdout and stderr of the payload. Otherwise stdout and stderr are: FIFOs that we read
 * where ours go to the journal, otherwise ours themselves. */
int supervise_create(Supervisor *s) {
        _cleanup_close_ int out = -EBADF, err = -EBADF;
        int *fifos[_STREAM_MAX] = { &out, &err }, stdio[_STREAM_MAX];
        _cleanup_strv_ char **command = NULL;
        int r;

        if (s->params.terminal) {
                r = service_console_new(s->unit_dir_fd, &s->console);
                if (r < 0)
                        return r;
        }
        for (int i = 0; i < _STREAM_MAX; i++) {
                r = supervise_make_relay(s, i, fifos[i]);
                if (r < 0)
                        return r;
                stdio[i] = *fifos[i] >= 0 ? *fifos[i] : streams[i].fd;
        }
        command = create_command(s);
        return supervise_spawn(
                        command, (const int[]) { STDIN_FILENO, stdio[STREAM_OUT], stdio[STREAM_ERR] },
                        &s->create_pid);
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

int supervise_watch_container(Supervisor *s, char *cgroup) {
        int r;

        cut_below_scope(cgroup);
        supervise_watch_pressure(s, cgroup);
        r = oom_watch_new(s->event, cgroup, supervise_on_oom, s, &s->oom);
        if (r >= 0)
                supervise_hold_scope(s);
        if (r >= 0)
                r = supervise_watch_freezer(s, cgroup);
        if (r >= 0)
                r = supervise_watch_machine(s, cgroup);
        if (r >= 0)
                r = supervise_watch_network(s);
        return r < 0 ? r : supervise_start_proxy(s, cgroup);
}

static int connect_container(Supervisor *s) {
        _cleanup_free_ char *cgroup = NULL;
        int r;

        r = pid_cgroup(s->init.pid, &cgroup);
        if (r < 0)
                return log_error_errno(r, "Failed to find the cgroup of process %d: %m", (int) s->init.pid);
        if (s->console) {
                r = service_console_connect(s->console, s->event);
                if (r < 0)
                        return r;
        }
        r = supervise_set_up_logs(s, cgroup);
        if (r < 0)
                return r;
        for (size_t i = 0; i < _STREAM_MAX; i++)
                if (s->relays[i])
                        relay_set_payload(s->relays[i], s->init.pid);
        return supervise_watch_container(s, cgroup);
}

static int start_container(Supervisor *s) {
        _cleanup_strv_ char **env =
                        service_env_for_payload(&s->listen, getpid(), SERVICE_ENV_NOTIFY | SERVICE_ENV_UNIT);
        int exec_error = 0;
        StartHandover handover = {
                .fds = s->listen.fds,
                .n_fds = s->listen.n_fds,
                .env = (const char *const *) env,
                .exec_error = &exec_error,
        };
        int r;

        r = container_start(s->root, s->id, &handover);
        s->failure_status = exec_exit_status(exec_error, EXIT_FAILURE);
        if (r < 0)
                return r;
        listen_fds_done(&s->listen); /* the payload's alone: that it closes one must mean something */
        if (s->params.notify == NOTIFY_MODE_STARTED)
                supervise_say_ready(s);
        return 0;
}

void supervise_created(Supervisor *s, int code, int status) {
        if (code != CLD_EXITED || status != 0) {
                if (code != CLD_EXITED && !s->stop_requested)
                        log_error("berth create was killed by signal %d.", status);
                if (code == CLD_EXITED)
                        s->failure_status = status;
                (void) supervise_end_loop(s); /* it has said itself what was wrong */
                return;
        }
        if (s->stop_requested || open_init(s) < 0 || connect_container(s) < 0 || start_container(s) < 0) {
                (void) supervise_end_loop(s);
                return;
        }
        s->phase = PHASE_RUNNING;
        if (s->leave_requested)
                supervise_leave(s);
        else if (supervise_health_start(s) < 0)
                supervise_request_stop(s);
}
