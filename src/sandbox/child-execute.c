/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the last part of what init does: waiting for the start, descriptors and environment of the payload,
 * exec. */

#include "sandbox/child-execute.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/report.h"
#include "basic/signal-util.h"
#include "sandbox/attributes.h"
#include "sandbox/child-fds.h"
#include "sandbox/executable.h"
#include "sandbox/hooks.h"
#include "sandbox/identity.h"
#include "sandbox/seccomp-listener.h"
#include "sandbox/seccomp-load.h"

int child_run_hooks(SandboxContext *c, SpecHookKind kind, const char *status) {
        _cleanup_free_ char *state = NULL;

        if (c->spec->n_hooks[kind] == 0 || c->options->join || !c->options->describe)
                return 0;
        state = c->options->describe(status, getpid(), c->options->describe_userdata);
        return hooks_run(c->spec, kind, state);
}

/* From now on nobody could get it who was not there when the payload began. */
static int hand_over_notify_socket(SandboxContext *c) {
        int fd = c->options->notify_fd, r;

        if (fd < 0)
                return 0;
        r = report_send(c->report_fd, &(Report) { .kind = REPORT_NOTIFY, .fds = &fd, .n_fds = 1 });
        (void) close(fd);
        return r < 0 ? log_error_errno(r, "Failed to hand over the notification socket: %m") : 0;
}

/* Waits on the start socket. From now on the one who connects is who we report to. */
static int accept_starter(SandboxContext *c) {
        int fd;

        closep(&c->report_fd);
        do
                fd = accept4(c->options->start_fd, NULL, NULL, SOCK_CLOEXEC);
        while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
        if (fd < 0)
                return negative_errno();
        c->report_fd = fd;
        (void) close(c->options->start_fd);
        return hand_over_notify_socket(c);
}

/* Gets the message that says "execute", from the parent or from the start socket. */
static int wait_for_start(SandboxContext *c, Report *ret) {
        int r;

        r = report_receive(c->report_fd, ret);
        if (r > 0 && ret->kind == REPORT_GO) {
                report_done(ret);
                r = accept_starter(c);
                if (r >= 0)
                        r = report_receive(c->report_fd, ret);
        }
        if (r <= 0)
                _exit(EXIT_FAILURE); /* Nobody is left who could start us. */
        return ret->kind == REPORT_START ? 0
                                         : log_error_errno(-EPROTO, "Unexpected message instead of a start");
}

/* "A=1\0B=2\0" as a list. */
static char **split_environment(const Report *start) {
        _cleanup_ptr_array_ GPtrArray *list = g_ptr_array_new();

        for (const char *p = start->text; p && p < start->text + start->size; p += strlen(p) + 1)
                g_ptr_array_add(list, g_strdup(p));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(TAKE_PTR(list), FALSE);
}

static char **make_environment(SandboxContext *c, const Report *start) {
        const SpecProcess *process = &c->spec->process;
        _cleanup_strv_ char **handed = split_environment(start), **env = NULL;
        _cleanup_free_ char *home = NULL;
        _cleanup_close_ int root_fd = -EBADF;

        root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        /* An empty one is none, as for runc. */
        if (isempty(g_environ_getenv(process->env, "HOME")))
                home = identity_home(root_fd, process->user.uid);
        env = executable_environment((const char *const *) process->env, c->options->payload_env, home);
        return executable_environment((const char *const *) env, (const char *const *) handed, home);
}

/* What follows runs under the filter. */
static int load_filter(SandboxContext *c) {
        SeccompHandover *handover;
        int listener_fd, r;

        if (c->seccomp.n_code == 0)
                return 0;
        if (!(c->seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
                return seccomp_load(&c->seccomp, &listener_fd);

        r = seccomp_listener_announce(c->report_fd, c->spec, &handover);
        if (r >= 0)
                r = seccomp_load(&c->seccomp, &listener_fd);
        if (r >= 0)
                seccomp_listener_wait(handover);
        return r;
}

static int execute(SandboxContext *c, const Report *start) {
        _cleanup_strv_ char **env = make_environment(c, start);
        int r;

        r = child_arrange_fds(c, start);
        if (r < 0)
                return r;
        r = child_run_hooks(c, SPEC_HOOK_START_CONTAINER, "created");
        if (r >= 0)
                r = attributes_set_rlimits(&c->spec->process);
        if (r < 0)
                return r;
        signals_reset();
        r = load_filter(c);
        if (r < 0)
                return r;
        (void) execve(c->executable, c->spec->process.args, env);
        c->not_executable = true;
        return log_error_errno(negative_errno(), "exec %s: %m", c->executable);
}

int child_execute(SandboxContext *c) {
        _cleanup_(report_done) Report start = REPORT_NULL;
        int r;

        r = wait_for_start(c, &start);
        return r < 0 ? r : execute(c, &start);
}
