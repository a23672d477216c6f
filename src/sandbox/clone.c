/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/clone.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/report.h"

static int enter_pid_namespace(const SandboxContext *c, bool returns, int *ret_own_fd) {
        if (c->options->join)
                return namespaces_enter_pid_of(c->options->join, returns, ret_own_fd);
        return namespaces_enter_pid(c->spec, &c->namespaces, returns, ret_own_fd);
}

static void run_child(SandboxContext *c, int child_end) __attribute__((noreturn));
static void run_child(SandboxContext *c, int child_end) {
        c->report_fd = child_end;
        child_run(c);
}

/* Into the cgroup that was asked for. When exec has no right to, its caller knows another way. */
static pid_t clone_placed(SandboxContext *c, uint64_t flags, int *ret_pidfd) {
        int cgroup_fd = c->options->cgroup_fd;
        pid_t pid;

        pid = process_clone(flags, cgroup_fd, ret_pidfd);
        if (cgroup_fd < 0 || !c->options->join || (pid != -EACCES && pid != -EPERM))
                return pid;
        c->unplaced = true;
        return process_clone(flags, /* cgroup_fd= */ -EBADF, ret_pidfd);
}

static int log_clone(const SandboxContext *c, int r) {
        if (r == -EACCES && c->options->cgroup_fd >= 0)
                return log_error_errno(
                                r,
                                "Failed to clone the container's process into its cgroup: %m (that takes "
                                "write access to cgroup.procs there, and in the cgroup above both it and "
                                "ours)");
        return log_error_errno(r, "Failed to clone the container's process: %m");
}

static int clone_directly(SandboxContext *c, int child_end, PidRef *ret) {
        uint64_t flags = c->options->join ? 0 : namespaces_clone_flags(c->spec);
        int pidfd = -EBADF;
        pid_t pid;

        pid = clone_placed(c, flags, &pidfd);
        if (pid == 0)
                run_child(c, child_end);
        if (pid < 0)
                return log_clone(c, (int) pid);
        *ret = (PidRef) { .pid = pid, .fd = pidfd };
        return 0;
}

static int join_user_namespace(const SandboxContext *c) {
        if (c->options->join)
                return namespaces_join_user_of(c->options->join);
        return namespaces_join_user(c->spec, &c->namespaces);
}

/* What a helper does before it clones. */
typedef struct HelperTask {
        bool join_user;
        bool enter_pid;
} HelperTask;

/* A new pid namespace belongs to the user namespace that it is made in, and only there procfs can be mounted
 * for it: so somebody has to join the user namespace before the clone. That is a helper, since we would not
 * get back. CLONE_PARENT makes init our child all the same. */
static void run_helper(SandboxContext *c, int child_end, int answer_fd, HelperTask how)
                __attribute__((noreturn));
static void run_helper(SandboxContext *c, int child_end, int answer_fd, HelperTask how) {
        uint64_t flags = c->options->join ? 0 : namespaces_clone_flags(c->spec);
        int pidfd = -EBADF, own_pid_ns;
        pid_t pid;

        if ((how.join_user && join_user_namespace(c) < 0) ||
            (how.enter_pid && enter_pid_namespace(c, /* returns= */ false, &own_pid_ns) < 0))
                _exit(EXIT_FAILURE);
        pid = clone_placed(c, CLONE_PARENT | flags, &pidfd);
        if (pid == 0)
                run_child(c, child_end);
        if (pid < 0) {
                (void) log_clone(c, (int) pid);
                _exit(EXIT_FAILURE);
        }
        (void) report_send(
                        answer_fd,
                        &(Report) { .kind = REPORT_READY, .value = c->unplaced, .fds = &pidfd, .n_fds = 1 });
        _exit(EXIT_SUCCESS);
}

static int receive_init(SandboxContext *c, int fd, PidRef *ret) {
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
        c->unplaced = answer.value != 0;
        *ret = (PidRef) { .pid = pid, .fd = answer.fds[0] };
        answer.n_fds = 0;
        return 0;
}

static int clone_by_helper(SandboxContext *c, int child_end, HelperTask how, PidRef *ret) {
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
                run_helper(c, child_end, helper_end, how);
        if (helper < 0)
                return log_error_errno((int) helper, "Failed to clone a helper: %m");
        closep(&helper_end);
        helper_end = -EBADF;
        r = receive_init(c, own_end, ret);
        (void) process_reap(helper, &code, &status);
        return r;
}

static bool joins_user_namespace(const SandboxContext *c) {
        const SpecNamespace *userns = spec_namespace(c->spec, CLONE_NEWUSER);

        if (c->options->join)
                return namespaces_other_user_of(c->options->join);
        return userns && userns->path;
}

int clone_init(SandboxContext *c, int child_end, PidRef *ret) {
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        _cleanup_close_ int own_pid_ns = -EBADF;
        HelperTask how = { 0 };
        int r;

        r = enter_pid_namespace(c, /* returns= */ true, &own_pid_ns);
        how.enter_pid = r == -EPERM;
        if (r < 0 && !how.enter_pid)
                return r;
        how.join_user = (how.enter_pid || !c->options->join) && joins_user_namespace(c);

        if (how.join_user || how.enter_pid)
                r = clone_by_helper(c, child_end, how, &init);
        else
                r = clone_directly(c, child_end, &init);
        *ret = TAKE(init, PIDREF_NULL); /* Also when something fails from here on: it has to be killed. */
        return r < 0 ? r : namespaces_leave_pid(own_pid_ns);
}
