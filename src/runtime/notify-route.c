/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the choice in whose name notifications are sent, and the process that stays. systemd listens to a
 * service's main process unless NotifyAccess= says otherwise. After "start" or "run --detach" that is the
 * container's init, whose own messages it would not take for the service's: it is in the scope. So what is
 * passed on is sent from where the caller was, in the name of init. */

#include "runtime/notify-route.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fd-util.h"
#include "basic/log-journal.h"
#include "basic/log.h"
#include "notify/host.h"
#include "notify/message.h"
#include "runtime/ready.h"
#include "runtime/relay.h"
#include "runtime/service-env.h"
#include "sandbox/notify-mount.h"

#define DIRECTORY "notify"

/* Longer than what it takes to pass on the last notifications. */
#define NOTIFY_END_MS (2 * NOTIFY_DRAIN_MS)

int notify_endpoint_make(int state_dir_fd, NotifyEndpoint *ret) {
        _cleanup_(notify_endpoint_done) NotifyEndpoint e = NOTIFY_ENDPOINT_NULL;
        _cleanup_close_ int dir_fd = -EBADF;

        if (mkdirat(state_dir_fd, DIRECTORY, 0700) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to make the directory of the notification socket: %m");
        dir_fd = openat(state_dir_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        /* Whoever the payload is may use the socket; on the host, only we get as far as here. */
        if (dir_fd < 0 || fchmod(dir_fd, 0755) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to open the directory of the notification socket: %m");
        e.socket_fd = notify_socket_bind(dir_fd);
        if (e.socket_fd < 0)
                return e.socket_fd;
        e.mount_fd = notify_mount_open(dir_fd);
        if (e.mount_fd < 0)
                return e.mount_fd;

        *ret = TAKE(e, NOTIFY_ENDPOINT_NULL);
        return 0;
}

void notify_endpoint_done(NotifyEndpoint *e) {
        closep(&e->mount_fd);
        closep(&e->socket_fd);
        *e = NOTIFY_ENDPOINT_NULL;
}

const char *notify_usable_address(const char *address) {
        _cleanup_(notify_host_done) NotifyHost host = NOTIFY_HOST_NULL;
        int r;

        if (isempty(address))
                return NULL;
        r = notify_host_connect(address, &host);
        if (r < 0) {
                (void) log_warning_errno(r, "NOTIFY_SOCKET='%s' is not used: %m", address);
                return NULL;
        }
        return address;
}

static void on_notify(const NotifyEvent *event, void *userdata) {
        const NotifyRoute *route = userdata;
        int r;

        if (!(event->actions & NOTIFY_ACTION_READY))
                return;
        r = ready_record(route->root, route->id);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to record that '%s' is ready: %m", route->id);
}

int notify_route_serve(sd_event *event, const NotifyRoute *route, NotifyProxy **ret) {
        _cleanup_(notify_proxy_freep) NotifyProxy *proxy = NULL;
        int fd, r;

        r = notify_proxy_new(event, route->address, on_notify, (void *) route, &proxy);
        if (r < 0)
                return r;
        fd = fcntl(route->socket_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to keep the notification socket: %m");
        notify_proxy_set_socket(proxy, fd);
        if (service_has_fd_store())
                notify_proxy_allow_store(proxy);
        r = notify_proxy_start(
                        proxy,
                        &(NotifyPayload) {
                                        .cgroup = route->cgroup,
                                        .clock_offset_usec = service_clock_offset_usec(route->init->pid),
                        });
        if (r < 0)
                return r;

        *ret = TAKE_PTR(proxy);
        return 0;
}

/* ---- the process that stays ---- */

/* Keeps stderr only where it is the journal: a pipe or a terminal is waited for by somebody. */
static int detach_from_caller(void) {
        int null_fd,
                        last = stream_is_journal(STDERR_FILENO, getenv("JOURNAL_STREAM")) ? STDOUT_FILENO
                                                                                          : STDERR_FILENO;
        sigset_t all;

        /* What a stop sends to all processes of the caller's unit is not for us: we go when init has gone.
         */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        (void) setsid();
        if (prctl(PR_SET_DUMPABLE, 0) < 0 || chdir("/") < 0)
                return negative_errno();

        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
        for (int fd = STDIN_FILENO; fd <= last; fd++)
                if (null_fd < 0 || dup2(null_fd, fd) < 0)
                        return negative_errno();
        return 0;
}

static int on_init_exit(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int stay(const NotifyRoute *route) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(notify_proxy_freep) NotifyProxy *proxy = NULL;
        int keep[] = { route->socket_fd, route->init->fd }, r;

        r = detach_from_caller();
        if (r >= 0)
                r = fd_close_all_except(keep, ELEMENTSOF(keep));
        if (r >= 0)
                r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = notify_route_serve(event, route, &proxy);
        if (r < 0)
                return r;
        notify_proxy_set_sender(proxy, route->init);
        (void) close(route->socket_fd);

        (void) prctl(PR_SET_NAME, "berth-notify");
        r = sd_event_add_io(event, NULL, route->init->fd, EPOLLIN, on_init_exit, NULL);
        if (r >= 0)
                r = sd_event_loop(event);
        notify_proxy_drain(proxy, NOTIFY_DRAIN_MS);
        return r;
}

static void say_main_pid(const NotifyRoute *route) {
        _cleanup_(notify_host_done) NotifyHost host = NOTIFY_HOST_NULL;
        char text[sizeof "MAINPID=" + 10];
        int r;

        (void) snprintf(text, sizeof text, "MAINPID=%d", (int) route->init->pid);
        r = notify_host_connect(route->address, &host);
        if (r >= 0)
                r = notify_host_send(&host, text, strlen(text), NULL, 0);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to tell systemd the main process: %m");
}

void notify_route_leave(const NotifyRoute *route, int state_dir_fd, State *state) {
        _cleanup_(pidref_done) PidRef process = PIDREF_NULL;

        say_main_pid(route);
        if (route->socket_fd < 0)
                return;
        process.pid = process_clone(/* flags= */ 0, /* cgroup_fd= */ -EBADF, &process.fd);
        if (process.pid == 0)
                _exit(stay(route) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        if (process.pid < 0) {
                (void) log_error_errno(
                                (int) process.pid, "Failed to clone the process for notifications: %m");
                return;
        }

        state->notify_pid = process.pid;
        if (pid_stat(process.pid, NULL, &state->notify_start_time) >= 0)
                (void) state_save(state_dir_fd, state);
}

void notify_route_end(const State *state) {
        _cleanup_(pidref_done) PidRef process = PIDREF_NULL;

        if (state->notify_pid <= 0 || pidref_open(state->notify_pid, state->notify_start_time, &process) < 0)
                return;
        if (pidref_wait(&process, NOTIFY_END_MS) < 0 && pidref_kill(&process, SIGKILL) >= 0)
                (void) pidref_wait(&process, NOTIFY_END_MS);
}
