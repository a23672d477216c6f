/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from sockets of systemd to systemd-socket-proxyd in a container's network. Needs one thread:
 * entering a user namespace does. */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "runtime/proxy-port.h"

#include "basic/fd-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "notify/listen-fds.h"
#include "runtime/proxy-target.h"
#include "runtime/state.h"

/* How long a target may take to listen, where systemd does not say it (TimeoutStartSec=). */
#define WAIT_MSEC      90000U
#define WAIT_STEP_MSEC 2U
#define WAIT_STEP_MAX  200U

typedef struct Forward {
        const char *id;
        const char *const *targets;
        const char *idle;
        ListenFds listen; /* one for each target */
        PidRef init;
        int root_fd; /* the container's; -EBADF when no target is a path */
} Forward;

static void forward_done(Forward *f) {
        listen_fds_done(&f->listen);
        pidref_done(&f->init);
        closep(&f->root_fd);
}

/* ---- into the container ---- */

static bool has_paths(const Forward *f) {
        for (size_t i = 0; f->targets[i]; i++)
                if (*f->targets[i] == '/')
                        return true;
        return false;
}

static bool same_network(pid_t pid) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/ns/net", (int) pid);
        struct stat ours, theirs;

        return stat("/proc/self/ns/net", &ours) >= 0 && stat(path, &theirs) >= 0 &&
                        ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/* Who is not root gets into the network of his container as root of its user namespace. */
static int join_network(const Forward *f) {
        int flags = CLONE_NEWNET | (geteuid() == 0 ? 0 : CLONE_NEWUSER);

        if (same_network(f->init.pid))
                return 0;
        if (setns(f->init.fd, flags) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to enter the network of container '%s': %m",
                                f->id);
        return 0;
}

static int open_container(Forward *f) {
        _cleanup_free_ char *root = state_default_root(), *path = NULL;
        _cleanup_(state_freep) State *state = NULL;
        int r;

        r = state_load(root, f->id, &state);
        if (r < 0)
                return r;
        r = state_open_init(state, &f->init);
        if (r < 0)
                return log_error_errno(r, "Container '%s' does not run: %m", f->id);
        if (has_paths(f)) {
                path = g_strdup_printf("/proc/%d/root", (int) f->init.pid);
                f->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (f->root_fd < 0 || pidref_exited(&f->init))
                        return log_error_errno(
                                        f->root_fd < 0 ? negative_errno() : -ESRCH,
                                        "Failed to open the root directory of container '%s': %m", f->id);
        }
        return join_network(f);
}

/* ---- one target ---- */

/* What systemd-socket-proxyd is told; *ret_fd is a descriptor that has to stay open for it, or -EBADF. */
static int look_at_target(const Forward *f, const char *target, int *ret_fd, char **ret_address) {
        uint32_t port;
        int fd = -EBADF, r;

        if (*target == '/') {
                fd = proxy_target_unix(f->root_fd, target);
                r = fd < 0 ? fd : 0;
        } else {
                r = parse_uint32(target, &port);
                if (r >= 0)
                        r = proxy_target_tcp((uint16_t) port, ret_address);
        }
        if (r >= 0)
                *ret_fd = fd;
        return r;
}

static bool comes_later(int r) {
        return r == -ECONNREFUSED || r == -ENOENT;
}

/* Who is told to end while he waits, waits no longer. */
static int wait_for_target(const Forward *f, const char *target, int *ret_fd, char **ret_address) {
        unsigned step = WAIT_STEP_MSEC, waited = 0;
        sigset_t term;
        int r;

        (void) sigemptyset(&term);
        (void) sigaddset(&term, SIGTERM);
        for (r = look_at_target(f, target, ret_fd, ret_address); comes_later(r);
             r = look_at_target(f, target, ret_fd, ret_address)) {
                const struct timespec pause = { .tv_nsec = (long) step * 1000000 };

                if (waited == 0)
                        (void) sd_notifyf(0, "STATUS=Waiting until the container listens on '%s'", target);
                if (pidref_exited(&f->init))
                        return log_error_errno(-ESRCH, "Container '%s' has ended", f->id);
                if (waited >= WAIT_MSEC ||
                    (sigtimedwait(&term, NULL, &pause) > 0 && !pidref_exited(&f->init)))
                        return log_error_errno(
                                        -ETIMEDOUT, "Nothing listens on '%s' in container '%s'", target,
                                        f->id);
                waited += step;
                step = MIN(step * 2, WAIT_STEP_MAX);
        }
        if (r < 0)
                return log_error_errno(r, "'%s' in container '%s': %m", target, f->id);
        return 0;
}

/* Who waits there would wait for nothing; and systemd would start us again for him, at once. */
static void close_pending(int listener) {
        struct pollfd pending = { .fd = listener, .events = POLLIN };

        while (poll(&pending, 1, 0) > 0) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                if (fd < 0)
                        return;
                (void) close(fd);
        }
}

/* What carries bytes of strangers needs no rights. */
static void drop_rights(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

        (void) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        (void) syscall(SYS_capset, &header, none);
}

/* ---- the end of the container ---- */

/* Not by a dependency of units: to systemd, a container that changes its supervisor stops and starts, and
 * connections would not outlive it. Does not return. */
static _Noreturn void watch(const Forward *f, const PidRef *proxy) {
        int keep[] = { f->init.fd, proxy->fd };
        struct pollfd polled[] = {
                { .fd = f->init.fd, .events = POLLIN },
                { .fd = proxy->fd, .events = POLLIN },
        };
        int r;

        (void) fd_close_all_except(keep, ELEMENTSOF(keep));
        do
                r = poll(polled, ELEMENTSOF(polled), -1);
        while (r < 0 && errno == EINTR);
        _exit(pidref_kill(proxy, SIGTERM) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Has this process end by SIGTERM when the container has ended. */
static int end_with_container(const Forward *f) {
        _cleanup_(pidref_done) PidRef own = PIDREF_NULL;
        pid_t pid;
        int r;

        r = pidref_open(getpid(), 0, &own);
        if (r < 0)
                return log_error_errno(r, "Failed to open a pidfd of this process: %m");
        pid = fork();
        if (pid == 0) {
                drop_rights();
                watch(f, &own);
        }
        return pid < 0 ? log_error_errno(negative_errno(), "Failed to fork: %m") : 0;
}

static int become_proxy(Forward *f, size_t i, int target_fd, const char *address) {
        int fds[] = { f->listen.fds[i], target_fd };
        _cleanup_free_ char *pid = g_strdup_printf("%d", (int) getpid()), *idle = NULL, *path = NULL;
        const char *argv[] = { "systemd-socket-proxyd", address, NULL, NULL };
        int r;

        r = fd_arrange(fds, ELEMENTSOF(fds), LISTEN_FDS_FIRST);
        if (r < 0)
                return log_error_errno(r, "Failed to arrange descriptors: %m");
        if (target_fd >= 0)
                argv[1] = path = g_strdup(fd_path(fds[1]).path);
        if (f->idle) {
                argv[2] = argv[1];
                argv[1] = idle = g_strdup_printf("--exit-idle-time=%s", f->idle);
        }
        if (setenv("LISTEN_PID", pid, true) < 0 || setenv("LISTEN_FDS", "1", true) < 0)
                return log_error_errno(negative_errno(), "Failed to set the environment: %m");
        /* It says nothing itself. */
        (void) sd_notifyf(0, "READY=1\nSTATUS=Forwards to '%s' in container '%s'", f->targets[i], f->id);
        if (target_fd < 0) /* a socket's file may want more than to be reached */
                drop_rights();
        (void) execv(SYSTEMD_SOCKET_PROXYD, (char **) argv);
        return log_error_errno(negative_errno(), "Failed to execute '%s': %m", SYSTEMD_SOCKET_PROXYD);
}

/* Does not return when all is well. */
static int forward_one(Forward *f, size_t i) {
        _cleanup_free_ char *address = NULL;
        sigset_t term, before;
        int fd = -EBADF, r;

        (void) sigemptyset(&term);
        (void) sigaddset(&term, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &term, &before);
        r = wait_for_target(f, f->targets[i], &fd, &address);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        if (r >= 0)
                r = become_proxy(f, i, fd, address);
        close_pending(f->listen.fds[i]);
        return r;
}

/* ---- several targets ---- */

static int spawn(Forward *f, size_t i, PidRef *ret) {
        pid_t pid = fork();

        if (pid == 0) {
                (void) unsetenv("NOTIFY_SOCKET"); /* systemd hears of the main process alone */
                (void) forward_one(f, i);
                _exit(EXIT_FAILURE);
        }
        if (pid < 0)
                return log_error_errno(negative_errno(), "Failed to fork: %m");
        return pidref_open(pid, 0, ret);
}

static void reap(PidRef *child) {
        int code, status;

        (void) process_reap(child->pid, &code, &status);
        pidref_done(child);
}

static size_t count(const PidRef *children, size_t n) {
        size_t running = 0;

        for (size_t i = 0; i < n; i++)
                if (children[i].pid > 0)
                        running++;
        return running;
}

/* Waits for a connection where there is no proxy, or the end of a proxy. */
static int wait_for_event(const Forward *f, const PidRef *children, struct pollfd *ret, int timeout) {
        for (size_t i = 0; i < f->listen.n_fds; i++)
                ret[i] = (struct pollfd) {
                        .fd = children[i].pid > 0 ? children[i].fd : f->listen.fds[i],
                        .events = POLLIN,
                };
        if (poll(ret, f->listen.n_fds, timeout) < 0 && errno != EINTR)
                return log_error_errno(negative_errno(), "Failed to wait for connections: %m");
        return 0;
}

/* Starts a proxy where there is a connection and none, and forgets those that have ended. */
static int handle_events(Forward *f, PidRef *children, const struct pollfd *polled) {
        int r = 0;

        for (size_t i = 0; i < f->listen.n_fds && r >= 0; i++)
                if (polled[i].revents != 0 && children[i].pid > 0)
                        reap(&children[i]);
                else if (polled[i].revents != 0)
                        r = spawn(f, i, &children[i]);
        return r;
}

static int forward_each(Forward *f, PidRef *children, struct pollfd *polled) {
        size_t n = f->listen.n_fds;
        int r;

        (void) sd_notify(0, "READY=1");
        r = wait_for_event(f, children, polled, 0);
        if (r >= 0)
                r = handle_events(f, children, polled);
        if (r >= 0 && f->idle && count(children, n) == 0)
                r = spawn(f, 0, &children[0]); /* started by hand: it ends us when no connection comes */
        while (r >= 0 && (!f->idle || count(children, n) > 0)) {
                r = wait_for_event(f, children, polled, -1);
                if (r >= 0)
                        r = handle_events(f, children, polled);
        }
        return r;
}

static int forward_all(Forward *f) {
        g_autofree PidRef *children = g_new(PidRef, f->listen.n_fds);
        g_autofree struct pollfd *polled = g_new(struct pollfd, f->listen.n_fds);

        for (size_t i = 0; i < f->listen.n_fds; i++)
                children[i] = PIDREF_NULL;
        return forward_each(f, children, polled);
}

int proxy_ports_forward(const char *id, const char *const *targets, const char *idle) {
        _cleanup_(forward_done) Forward f = {
                .id = id, .targets = targets, .idle = idle, .init = PIDREF_NULL, .root_fd = -EBADF
        };
        size_t n = g_strv_length((char **) targets);
        int r;

        r = listen_fds_take(LISTEN_FDS_FIRST, &f.listen);
        if (r < 0)
                return r;
        if (f.listen.n_fds != n || n == 0)
                return log_error_errno(
                                -EINVAL,
                                "Expected a socket of systemd for each of %zu targets, got %zu: run "
                                "'systemctl daemon-reload', and restart the socket",
                                n, f.listen.n_fds);
        r = open_container(&f);
        if (r >= 0)
                r = end_with_container(&f);
        if (r < 0)
                return r;
        return n == 1 ? forward_one(&f, 0) : forward_all(&f);
}
