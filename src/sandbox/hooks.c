/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the processes of hooks: what they inherit, how long they may take, what is told about their failure.
 */

#include "sandbox/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "basic/fd-util.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "basic/signal-util.h"

#define OUTPUT_MAX 4096U

typedef struct HookProcess {
        const SpecHook *hook;
        char *pointer; /* "/hooks/prestart/0" */
        PidRef process;
        int stdin_fd;      /* what it reads: our end, non-blocking */
        int output_fd;     /* what it writes to stdout and stderr: our end */
        int files[2];      /* where these go instead; -EBADF: nowhere else */
        GString *output;   /* the last OUTPUT_MAX bytes of it */
        uint64_t deadline; /* CLOCK_MONOTONIC, milliseconds; 0: none */
} HookProcess;

static void hook_process_done(HookProcess *p) {
        int code, status;

        if (p->process.pid > 0) {
                (void) pidref_kill(&p->process, SIGKILL);
                (void) process_reap(p->process.pid, &code, &status);
        }
        pidref_done(&p->process);
        closep(&p->stdin_fd);
        closep(&p->output_fd);
        closep(&p->files[0]);
        closep(&p->files[1]);
        g_string_freep(&p->output);
        g_free(p->pointer);
}

static uint64_t now_ms(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

/* The files of the annotations are the host's, and so are the hooks that write to them. */
static int open_output(HookProcess *p, const Spec *spec, SpecHookKind kind) {
        static const char *const annotations[] = { SPEC_ANNOTATION_HOOKS_STDOUT,
                                                   SPEC_ANNOTATION_HOOKS_STDERR };

        for (size_t i = 0; i < ELEMENTSOF(annotations) && kind != SPEC_HOOK_START_CONTAINER; i++) {
                const char *file = spec_annotation(spec, annotations[i]);

                if (!file)
                        continue;
                p->files[i] = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
                if (p->files[i] < 0)
                        return log_error_errno(
                                        negative_errno(), "#/annotations/%s: Failed to open '%s': %m",
                                        annotations[i], file);
        }
        return 0;
}

static void execute_hook(const HookProcess *p, int in, int out) __attribute__((noreturn));
static void execute_hook(const HookProcess *p, int in, int out) {
        const SpecHook *hook = p->hook;
        char *const default_args[] = { hook->path, NULL };

        if (dup2(in, STDIN_FILENO) < 0 || dup2(p->files[0] >= 0 ? p->files[0] : out, STDOUT_FILENO) < 0 ||
            dup2(p->files[1] >= 0 ? p->files[1] : out, STDERR_FILENO) < 0)
                _exit(EXIT_FAILURE);
        (void) fd_close_from(STDERR_FILENO + 1, /* cloexec= */ false);
        signals_reset();
        (void) execve(hook->path, hook->args ? hook->args : default_args, hook->env ? hook->env : environ);
        /* Our parent reads this as what the hook has said. */
        dprintf(STDERR_FILENO, "%s: %s", hook->path, strerror(errno));
        _exit(EXIT_FAILURE);
}

static int spawn_hook(HookProcess *p) {
        _cleanup_close_ int child_in = -EBADF, child_out = -EBADF;
        int in[2], out[2], pidfd;
        pid_t pid;

        if (pipe2(in, O_CLOEXEC) < 0)
                return negative_errno();
        child_in = in[0];
        p->stdin_fd = in[1];
        if (pipe2(out, O_CLOEXEC) < 0)
                return negative_errno();
        p->output_fd = out[0];
        child_out = out[1];
        if (fcntl(p->stdin_fd, F_SETFL, O_NONBLOCK) < 0)
                return negative_errno();

        pid = process_clone(/* flags= */ 0, /* cgroup_fd= */ -EBADF, &pidfd);
        if (pid < 0)
                return (int) pid;
        if (pid == 0)
                execute_hook(p, child_in, child_out);
        p->process = (PidRef) { .pid = pid, .fd = pidfd };
        return 0;
}

static void write_state(HookProcess *p, const char **state) {
        ssize_t n = write(p->stdin_fd, *state, strlen(*state));

        if (n > 0)
                *state += n;
        if ((n < 0 && errno != EAGAIN && errno != EINTR) || !**state) {
                (void) close(p->stdin_fd); /* All is written, or it does not want to know. */
                p->stdin_fd = -EBADF;
        }
}

static void read_output(HookProcess *p) {
        char buffer[1024];
        ssize_t n = read(p->output_fd, buffer, sizeof buffer);

        if (n > 0) {
                g_string_append_len(p->output, buffer, n);
                if (p->output->len > OUTPUT_MAX)
                        g_string_erase(p->output, 0, (gssize) (p->output->len - OUTPUT_MAX));
                return;
        }
        if (n < 0 && errno == EINTR)
                return;
        (void) close(p->output_fd);
        p->output_fd = -EBADF;
}

/* Feeds and listens to the hook until it ends. */
static int wait_for_hook(HookProcess *p, const char *state) {
        for (;;) {
                struct pollfd fds[] = {
                        { .fd = p->process.fd, .events = POLLIN },
                        { .fd = p->output_fd, .events = POLLIN },
                        { .fd = p->stdin_fd, .events = POLLOUT },
                };
                uint64_t now = now_ms();
                int timeout = p->deadline == 0 ? -1 : now >= p->deadline ? 0 : (int) (p->deadline - now);

                if (poll(fds, ELEMENTSOF(fds), timeout) < 0 && errno != EINTR)
                        return negative_errno();
                if (fds[2].revents != 0)
                        write_state(p, &state);
                if (fds[1].revents != 0)
                        read_output(p);
                /* What it wrote before it ended is in the pipe; what a child that it left behind writes is
                 * not waited for. */
                else if (fds[0].revents != 0)
                        return 0;
                if (p->deadline != 0 && now_ms() >= p->deadline)
                        return -ETIMEDOUT;
        }
}

static const char *said(HookProcess *p) {
        g_strdelimit(g_strchomp(p->output->str), "\n", ' ');
        return p->output->str;
}

static int judge(HookProcess *p) {
        int code, status, r;

        r = process_reap(p->process.pid, &code, &status);
        if (r < 0)
                return log_error_errno(r, "%s: failed to wait for the hook: %m", p->pointer);
        p->process.pid = 0;
        if (code == CLD_EXITED && status == 0)
                return 0;
        return log_error_errno(
                        -ECHILD, "%s: the hook %s %s %d: %s", p->pointer, p->hook->path,
                        code == CLD_EXITED ? "failed with exit status" : "was killed by signal", status,
                        said(p));
}

static int run_hook(const Spec *spec, SpecHookKind kind, size_t index, const char *state) {
        _cleanup_free_ char *pointer =
                        g_strdup_printf("/hooks/%s/%zu", spec_hook_kind_to_string(kind), index);
        const SpecHook *hook = &spec->hooks[kind][index];
        _cleanup_(hook_process_done) HookProcess p = {
                .hook = hook,
                .pointer = g_strdup(pointer),
                .process = PIDREF_NULL,
                .stdin_fd = -EBADF,
                .output_fd = -EBADF,
                .files = { -EBADF, -EBADF },
                .output = g_string_new(NULL),
                .deadline = hook->timeout_sec > 0 ? now_ms() + hook->timeout_sec * UINT64_C(1000) : 0,
        };
        int r;

        r = open_output(&p, spec, kind);
        if (r < 0)
                return r;
        r = spawn_hook(&p);
        if (r < 0)
                return log_error_errno(r, "%s: failed to run the hook %s: %m", pointer, hook->path);
        r = wait_for_hook(&p, state);
        if (r == -ETIMEDOUT)
                return log_error_errno(
                                r, "%s: the hook %s ran past specified timeout of %u s: %s", pointer,
                                hook->path, hook->timeout_sec, said(&p));
        if (r < 0)
                return log_error_errno(r, "%s: failed to wait for the hook %s: %m", pointer, hook->path);
        return judge(&p);
}

int hooks_run(const Spec *spec, SpecHookKind kind, const char *state) {
        struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
        int r = 0;

        if (spec->n_hooks[kind] == 0)
                return 0;
        /* A hook that does not read its stdin must not kill us. */
        (void) sigaction(SIGPIPE, &ignore, &old);
        for (size_t i = 0; r >= 0 && i < spec->n_hooks[kind]; i++) {
                r = run_hook(spec, kind, i, state);
                if (kind ==
                    SPEC_HOOK_POSTSTOP) /* The container has gone: there is nothing that could still fail. */
                        r = 0;
        }
        (void) sigaction(SIGPIPE, &old, NULL);
        return r;
}
