/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/report.h"
#include "basic/socket-util.h"
#include "runtime/activation.h"
#include "runtime/kill.h"
#include "runtime/late-hooks.h"
#include "runtime/notify-route.h"
#include "runtime/state-text.h"
#include "runtime/state.h"
#include "sandbox/seccomp-listener.h"

static char *join_environment(const char *const *env, size_t *ret_size) {
        GString *text = g_string_new(NULL);

        for (; env && *env; env++)
                g_string_append_len(text, *env, (gssize) strlen(*env) + 1);
        *ret_size = text->len;
        return g_string_free(text, FALSE);
}

static int send_start(int fd, const StartHandover *handover) {
        _cleanup_free_ char *env = NULL;
        Report start = { .kind = REPORT_START };

        if (handover) {
                env = join_environment(handover->env, &start.size);
                start.text = env;
                start.fds = (int *) handover->fds;
                start.n_fds = handover->n_fds;
        }
        return report_send(fd, &start);
}

/* The agent of a seccomp profile gets its listener from who starts the payload. */
static int forward_listener(const State *state, const Report *announcement) {
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = state_open_init(state, &init);
        if (r < 0)
                return log_error_errno(r, "container not running: %s", state->id);
        text = state_text(state, "created", init.pid);
        return seccomp_listener_forward(announcement, &init, text);
}

static void take_notify_socket(Report *report, int *fd) {
        if (report->n_fds != 1)
                return;
        closep(fd);
        *fd = report->fds[0];
        report->n_fds = 0;
}

/* Init closes the connection by executing the payload; what it says before that is why it could not. */
static int wait_for_exec(const State *state, int fd, int *notify_fd, int *exec_error) {
        int failure = 0;

        for (;;) {
                _cleanup_(report_done) Report report = REPORT_NULL;
                int r;

                r = report_receive(fd, &report);
                if (r < 0)
                        return log_error_errno(r, "Failed to hear from the container's init: %m");
                if (r == 0)
                        return -failure;
                if (report.kind == REPORT_LOG)
                        (void) log_full(report.value, report.err, "%s", report.text);
                if (report.kind == REPORT_NOTIFY)
                        take_notify_socket(&report, notify_fd);
                if (report.kind == REPORT_SECCOMP)
                        r = forward_listener(state, &report);
                if (r < 0)
                        return r;
                if (report.kind == REPORT_FAILED)
                        failure = report.err != 0 ? report.err : EPROTO;
                if (report.kind == REPORT_FAILED && report.value && exec_error)
                        *exec_error = -failure;
        }
}

/* Who is told what the payload says: with a container that has no socket for it only that there is a main
 * process. */
static void pass_notifications_on(const char *root, State *state, const char *address, int notify_fd) {
        _cleanup_(pidref_done) PidRef init = PIDREF_NULL;
        _cleanup_close_ int dir_fd = -EBADF;

        if (!address)
                address = notify_usable_address(state->notify_socket);
        if (!address || state_open_init(state, &init) < 0)
                return;
        if (notify_fd < 0)
                log_warning("Container '%s' was created without NOTIFY_SOCKET: its payload cannot say that "
                            "it is "
                            "ready.",
                            state->id);
        dir_fd = state_open_directory(root, state->id);
        notify_route_leave(
                        &(NotifyRoute) { .root = root,
                                         .id = state->id,
                                         .address = address,
                                         .socket_fd = notify_fd,
                                         .cgroup = state->cgroup,
                                         .init = &init },
                        dir_fd, state);
}

static int refuse(ContainerStatus status) {
        switch (status) {
        case CONTAINER_STOPPED:
                return log_error_errno(-EBUSY, "cannot start a container that has stopped");
        case CONTAINER_RUNNING:
                return log_error_errno(-EBUSY, "cannot start an already running container");
        default:
                return log_error_errno(
                                -EBUSY, "cannot start a container in the %s state",
                                container_status_to_string(status));
        }
}

int container_start(const char *root, const char *id, const StartHandover *handover) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_close_ int fd = -EBADF, notify_fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        ContainerStatus status;
        int r;

        r = state_load(root, id, &state);
        if (r < 0)
                return r;
        status = state_status(root, state);
        if (status != CONTAINER_CREATED)
                return refuse(status);

        path = g_build_filename(root, id, "start", NULL);
        fd = socket_connect_unix(path, SOCK_SEQPACKET);
        if (fd < 0)
                return log_error_errno(fd, "Failed to reach the init of container '%s': %m", id);
        r = send_start(fd, handover);
        if (r < 0)
                return log_error_errno(r, "Failed to start container '%s': %m", id);
        r = wait_for_exec(state, fd, &notify_fd, handover ? handover->exec_error : NULL);
        if (unlink(path) < 0 && errno != ENOENT)
                return log_error_errno(negative_errno(), "Failed to remove '%s': %m", path);
        if (r < 0)
                return r;
        r = late_hooks_run(root, state, SPEC_HOOK_POSTSTART, "running");
        if (r < 0)
                (void) container_kill(root, id, SIGKILL, /* all= */ true);
        else
                pass_notifications_on(root, state, handover ? handover->notify_address : NULL, notify_fd);
        return r;
}

int container_start_from_environment(const char *root, const char *id) {
        _cleanup_(activation_done) Activation activation = ACTIVATION_NULL;
        StartHandover handover = { 0 };
        int r;

        handover.notify_address = notify_usable_address(getenv("NOTIFY_SOCKET"));
        r = activation_collect(/* preserve_fds= */ 0, handover.notify_address, &activation);
        if (r < 0)
                return r;
        handover.fds = activation.fds;
        handover.n_fds = activation.n_fds;
        handover.env = (const char *const *) activation.env;
        return container_start(root, id, &handover);
}
