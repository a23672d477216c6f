/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* inside LEADER SECONDS COMMAND [ARG...]: what `enter` does, for who runs thousands of commands: one program
 * in the place of five. LEADER is the machine's pid 1 as the host sees it. COMMAND and what it started in
 * its process group are asked to end when they take longer than SECONDS, and killed 5 seconds later; the
 * status is 124 or 137 then, as of timeout(1). */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP          "/sys/fs/cgroup/enter"
#define GRACE_MSEC     5000
#define STATUS_OURS    125
#define STATUS_LATE    124
#define STATUS_MISSING 127
#define SIGNAL_BASE    128

static char *environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "TERM=dumb",
        "LANG=C.UTF-8",
        NULL,
};

static void fail(const char *what) {
        fprintf(stderr, "inside: %s: %s\n", what, strerror(errno));
        exit(STATUS_OURS);
}

/* A process can be moved into the machine's cgroup tree only from outside of its cgroup namespace, and it
 * has to be in there before the machine's systemd can move it into a scope. */
static void go_inside(pid_t leader) {
        const int all = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID;
        int fd, pidfd = pidfd_open(leader, 0);

        if (pidfd < 0 || setns(pidfd, all) < 0)
                fail("setns");
        if (mkdir(GROUP, 0755) < 0 && errno != EEXIST)
                fail(GROUP);
        fd = open(GROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0", 1) != 1)
                fail(GROUP "/cgroup.procs");
        if (setns(pidfd, CLONE_NEWCGROUP) < 0)
                fail("setns of the cgroup namespace");
        close(fd);
        close(pidfd);
}

static pid_t start(char **argv) {
        pid_t pid = fork();

        if (pid < 0)
                fail("fork");
        if (pid == 0) {
                (void) setpgid(0, 0);
                (void) execvpe(argv[0], argv, environment);
                fprintf(stderr, "inside: %s: %s\n", argv[0], strerror(errno));
                _exit(STATUS_MISSING);
        }
        (void) setpgid(pid, pid); /* whoever comes first */
        return pid;
}

/* Whether it has ended in time. */
static int wait_for(int pidfd, int msec) {
        return poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, msec) > 0;
}

int main(int argc, char **argv) {
        int pidfd, status, late = 0;
        pid_t pid;

        if (argc < 4) {
                fprintf(stderr, "usage: inside LEADER SECONDS COMMAND [ARG...]\n");
                return STATUS_OURS;
        }
        go_inside((pid_t) atoi(argv[1]));
        pid = start(argv + 3);
        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0)
                fail("pidfd_open");
        if (!wait_for(pidfd, atoi(argv[2]) * 1000)) {
                late = STATUS_LATE;
                (void) kill(-pid, SIGTERM);
                (void) kill(-pid, SIGCONT);
                if (!wait_for(pidfd, GRACE_MSEC)) {
                        late = SIGNAL_BASE + SIGKILL;
                        (void) kill(-pid, SIGKILL);
                }
        }
        if (waitpid(pid, &status, 0) < 0)
                fail("waitpid");
        if (late)
                return late;
        return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_BASE + WTERMSIG(status);
}
