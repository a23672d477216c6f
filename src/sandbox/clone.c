/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/clone.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/report.h"

static int enter_pid_namespace(const SandboxContext *c, int *ret_own_fd) {
        if (c->options->join)
                return namespaces_enter_pid_of(c->options->join, ret_own_fd);
        return namespaces_enter_pid(c->spec, &c->namespaces, ret_own_fd);
}

static void run_child(SandboxContext *c, int child_end) __attribute__((noreturn));
static void run_child(SandboxContext *c, int child_end) {
        c->report_fd = child_end;
        child_run(c);
}

static int clone_directly(SandboxContext *c, int child_end, PidRef *ret) {
        uint64_t flags = c->options->join ? 0 : namespaces_clone_flags(c->spec);
        int pidfd = -EBADF;
        pid_t pid;

        pid = process_clone(flags, c->options->cgroup_fd, &pidfd);
        if (pid == 0)
                run_child(c, child_end);
        if (pid < 0)
                return log_error_errno((int) pid, "Failed to clone the container's process: %m");
        *ret = (PidRef) { .pid = pid, .fd = pidfd };
        return 0;
}

/* A new pid namespace belongs to the user namespace that it is made in, and only there procfs can be mounted
 * for it: so somebody has to join the user namespace before the clone. That is a helper, since we would not
 * get back. CLONE_PARENT makes init our child all the same. */
static void run_helper(SandboxContext *c, int child_end, int answer_fd) __attribute__((noreturn));
static void run_helper(SandboxContext *c, int child_end, int answer_fd) {
        int pidfd = -EBADF;
        pid_t pid;

        if (namespaces_join_user(c->spec, &c->namespaces) < 0)
                _exit(EXIT_FAILURE);
        pid = process_clone(CLONE_PARENT | namespaces_clone_flags(c->spec), c->options->cgroup_fd, &pidfd);
        if (pid == 0)
                run_child(c, child_end);
        if (pid < 0) {
                (void) log_error_errno((int) pid, "Failed to clone the container's process: %m");
                _exit(EXIT_FAILURE);
        }
        (void) report_send(answer_fd, &(Report) { .kind = REPORT_READY, .fds = &pidfd, .n_fds = 1 });
        _exit(EXIT_SUCCESS);
}

static int receive_init(int fd, PidRef *ret) {
        _cleanup_(report_done) Report answer = REPORT_NULL;
        pid_t pid;
        int r;

        r = report_receive(fd, &answer);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to hear from the helper that joins the user namespace: %m");
        if (r == 0 || answer.n_fds != 1)
                return -EPROTO; /* It has said why. */
        r = pidfd_get_pid(answer.fds[0], &pid);
        if (r < 0)
                return log_error_errno(r, "Failed to identify the container's process: %m");
        *ret = (PidRef) { .pid = pid, .fd = answer.fds[0] };
        answer.n_fds = 0;
        return 0;
}

static int clone_behind_user_namespace(SandboxContext *c, int child_end, PidRef *ret) {
        _cleanup_close_ int own_end = -EBADF, helper_end = -EBADF, helper_fd = -EBADF;
        int pair[2], code, status, r;
        pid_t helper;

        r = report_socket(pair);
        if (r < 0)
                return log_error_errno(r, "Failed to make a socket pair: %m");
        own_end = pair[0];
        helper_end = pair[1];

        helper = process_clone(/* flags= */ 0, /* cgroup_fd= */ -EBADF, &helper_fd);
        if (helper == 0)
                run_helper(c, child_end, helper_end);
        if (helper < 0)
                return log_error_errno((int) helper, "Failed to clone a helper: %m");
        closep(&helper_end);
        helper_end = -EBADF;
        r = receive_init(own_end, ret);
        (void) process_reap(helper, &code, &status);
        return r;
}

int clone_init(SandboxContext *c, int child_end, PidRef *ret) {
        const SpecNamespace *userns = spec_namespace(c->spec, CLONE_NEWUSER);
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        _cleanup_close_ int own_pid_ns = -EBADF;
        int r;

        r = enter_pid_namespace(c, &own_pid_ns);
        if (r < 0)
                return r;
        if (userns && userns->path && !c->options->join)
                r = clone_behind_user_namespace(c, child_end, &init);
        else
                r = clone_directly(c, child_end, &init);
        *ret = TAKE(init, PIDREF_NULL); /* Also when something fails from here on: it has to be killed. */
        return r < 0 ? r : namespaces_leave_pid(own_pid_ns);
}
