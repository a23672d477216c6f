/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/process-util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs-util.h"

/* The file system of pidfds (Linux 6.9): only there an inode number stands for a process. */
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

void pidref_done(PidRef *ref) {
        closep(&ref->fd);
        *ref = PIDREF_NULL;
}

int pid_stat(pid_t pid, char *ret_state, uint64_t *ret_start_time) {
        _cleanup_free_ char *text = NULL;
        unsigned long long start;
        char path[sizeof "/proc//stat" + 10], state;
        const char *p;
        int r;

        (void) snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
        r = read_file_at(AT_FDCWD, path, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? -ESRCH : r;

        /* The command may contain anything, even ")": fields are counted from its last one. */
        p = strrchr(text, ')');
        if (!p ||
            sscanf(p + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                   &state, &start) != 2)
                return -EIO;

        if (ret_state)
                *ret_state = state;
        if (ret_start_time)
                *ret_start_time = start;
        return 0;
}

int pidfd_get_pid(int fd, pid_t *ret) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/self/fdinfo/%d", fd), *text = NULL;
        const char *line;
        int r, pid;

        r = read_file_at(AT_FDCWD, path, &text, NULL);
        if (r < 0)
                return r;
        line = strstr(text, "\nPid:");
        if (!line || sscanf(line + 5, "%d", &pid) != 1)
                return -EBADF;
        if (pid <= 0)
                return -ESRCH;
        *ret = pid;
        return 0;
}

uint64_t own_pidfd_inode(void) {
        _cleanup_close_ int fd = pidfd_open(getpid(), 0);
        struct statfs sfs;
        struct stat st;

        if (fd < 0 || fstatfs(fd, &sfs) < 0 || sfs.f_type != PID_FS_MAGIC || fstat(fd, &st) < 0)
                return 0;
        return st.st_ino;
}

int pidref_open(pid_t pid, uint64_t start_time, PidRef *ret) {
        _cleanup_close_ int fd = -EBADF;
        uint64_t started;
        int r;

        fd = pidfd_open(pid, 0);
        if (fd < 0)
                return negative_errno();
        /* The pidfd pins whoever has the number now; only then is its start time looked at. */
        r = pid_stat(pid, NULL, &started);
        if (r < 0)
                return r;
        if (start_time != 0 && started != start_time)
                return -ESRCH;

        *ret = (PidRef) { .pid = pid, .fd = TAKE_FD(fd), .start_time = started };
        return 0;
}

int pidref_kill(const PidRef *ref, int sig) {
        return pidfd_send_signal(ref->fd, sig, NULL, 0) < 0 ? negative_errno() : 0;
}

int pidref_wait(const PidRef *ref, int timeout_ms) {
        struct pollfd p = { .fd = ref->fd, .events = POLLIN };
        int n;

        do
                n = poll(&p, 1, timeout_ms);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return negative_errno();
        return n == 0 ? -ETIMEDOUT : 0;
}

bool pidref_exited(const PidRef *ref) {
        return pidref_wait(ref, 0) >= 0;
}

/* include/linux/sched.h of the kernel, which has them in /proc/PID/stat. */
#define PF_EXITING  0x00000004U
#define PF_SIGNALED 0x00000400U

static bool has_pending_kill(const char *status) {
        static const char *const sets[] = { "\nSigPnd:", "\nShdPnd:" };

        for (size_t i = 0; i < ELEMENTSOF(sets); i++) {
                const char *set = strstr(status, sets[i]);

                if (set && (strtoull(set + strlen(sets[i]), NULL, 16) >> (SIGKILL - 1)) & 1)
                        return true;
        }
        return false;
}

bool pid_is_dying(pid_t pid) {
        _cleanup_free_ char *status_path = g_strdup_printf("/proc/%d/status", (int) pid),
                            *stat_path = g_strdup_printf("/proc/%d/stat", (int) pid), *status = NULL,
                            *text = NULL;
        const char *p;
        unsigned flags;

        /* In this order: a signal that has been taken is in the flags. */
        if (read_file_at(AT_FDCWD, status_path, &status, NULL) < 0 ||
            read_file_at(AT_FDCWD, stat_path, &text, NULL) < 0)
                return true; /* It has ended. */
        p = strrchr(text, ')');
        return has_pending_kill(status) ||
                        (p && sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
                         flags & (PF_EXITING | PF_SIGNALED));
}

int pid_cgroup(pid_t pid, char **ret) {
        _cleanup_free_ char *text = NULL;
        char path[sizeof "/proc//cgroup" + 10] = "/proc/self/cgroup";
        int r;

        if (pid != 0)
                (void) snprintf(path, sizeof path, "/proc/%d/cgroup", (int) pid);
        r = read_file_at(AT_FDCWD, path, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? -ESRCH : r;

        for (char *line = text; line; line = strchr(line, '\n')) {
                const char *found;

                line += *line == '\n';
                found = startswith(line, "0::");
                if (found) {
                        *ret = g_strndup(found, strcspn(found, "\n"));
                        return 0;
                }
        }
        return -ENODATA;
}

/* A seccomp profile of a container that we are in may hide clone3(2), and valgrind does. */
static pid_t clone_without_cgroup(uint64_t flags, int *ret_pidfd) {
        int pidfd = -EBADF;
        long pid;

#ifdef __s390__
        pid = syscall(SYS_clone, NULL, flags, &pidfd, NULL, NULL);
#else
        pid = syscall(SYS_clone, flags, NULL, &pidfd, NULL, NULL);
#endif
        if (pid < 0)
                return negative_errno();
        if (pid > 0)
                *ret_pidfd = pidfd;
        return (pid_t) pid;
}

static int enter_cgroup(int cgroup_fd) {
        _cleanup_close_ int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, "0", 1) < 0 ? negative_errno() : 0;
}

/* The new process enters the cgroup by itself, and says whether it could before we go on. */
static pid_t clone_and_enter(uint64_t flags, int cgroup_fd, int *ret_pidfd) {
        _cleanup_close_ int read_end = -EBADF, write_end = -EBADF, pidfd = -EBADF;
        int pair[2], code, status, r = 0;
        pid_t pid;

        if (pipe2(pair, O_CLOEXEC) < 0)
                return negative_errno();
        read_end = pair[0];
        write_end = pair[1];

        pid = clone_without_cgroup(flags, &pidfd);
        if (pid < 0)
                return pid;
        if (pid == 0) {
                r = enter_cgroup(cgroup_fd);
                if (write(write_end, &r, sizeof r) != sizeof r || r < 0)
                        _exit(EXIT_FAILURE);
                return 0;
        }
        closep(&write_end);
        write_end = -EBADF;
        if (read(read_end, &r, sizeof r) != sizeof r)
                r = -ECHILD;
        if (r >= 0) {
                *ret_pidfd = TAKE_FD(pidfd);
                return pid;
        }
        if (!(flags & CLONE_PARENT)) /* That is not our child. */
                (void) process_reap(pid, &code, &status);
        return r;
}

pid_t process_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd) {
        int pidfd = -EBADF;
        struct clone_args args = {
                .flags = flags | CLONE_PIDFD | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
                .pidfd = (uint64_t) (uintptr_t) &pidfd,
                /* With CLONE_PARENT the exit signal is inherited and must not be given. */
                .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
                .cgroup = cgroup_fd >= 0 ? (uint64_t) cgroup_fd : 0,
        };
        long pid;

        pid = syscall(SYS_clone3, &args, sizeof args);
        if (pid < 0 && errno == ENOSYS)
                return cgroup_fd >= 0
                                ? clone_and_enter(flags | CLONE_PIDFD | args.exit_signal, cgroup_fd,
                                                  ret_pidfd)
                                : clone_without_cgroup(flags | CLONE_PIDFD | args.exit_signal, ret_pidfd);
        if (pid < 0)
                return negative_errno();
        if (pid > 0)
                *ret_pidfd = pidfd;
        return (pid_t) pid;
}

int process_reap(pid_t pid, int *ret_code, int *ret_status) {
        siginfo_t si = { 0 };

        while (waitid(P_PID, (id_t) pid, &si, WEXITED) < 0)
                if (errno != EINTR)
                        return negative_errno();

        *ret_code = si.si_code;
        *ret_status = si.si_status;
        return 0;
}
