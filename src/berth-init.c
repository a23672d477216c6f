/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The smallest pid 1: runs a program as its child, passes signals on to it, reaps whatever is left to it,
 * and ends as the child ended (128 and the signal's number, if it was one). RunInit= puts it into
 * containers, whatever is in their root: so it is linked statically and shares no code with the rest.
 *
 * Variables that name the process they are meant for are set for the child, which is not pid 1. */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND      127

static void complain(const char *what) {
        fprintf(stderr, "berth-init: %s: %s\n", what, strerror(errno));
}

/* Sets a variable to a number if it is there and not empty. */
static void replace_number(const char *name, uint64_t value) {
        const char *old = getenv(name);
        char text[24];

        if (!old || !*old)
                return;
        (void) snprintf(text, sizeof text, "%llu", (unsigned long long) value);
        (void) setenv(name, text, /* overwrite= */ true);
}

static void name_ourselves(void) {
        struct stat st;
        int fd;

        replace_number("LISTEN_PID", getpid());
        replace_number("WATCHDOG_PID", getpid());
        fd = syscall(SYS_pidfd_open, getpid(), 0);
        if (fd < 0)
                return;
        if (fstat(fd, &st) >= 0)
                replace_number("LISTEN_PIDFDID", st.st_ino);
        (void) close(fd);
}

/* A group of its own, so that a key such as Ctrl-C, which the terminal sends to the group, comes once. */
static void take_terminal(void) {
        if (setpgid(0, 0) < 0 || !isatty(STDIN_FILENO))
                return;
        (void) tcsetpgrp(STDIN_FILENO, getpgrp()); /* SIGTTOU is blocked */
}

static _Noreturn void run(char **command, const sigset_t *mask) {
        take_terminal();
        name_ourselves();
        (void) sigprocmask(SIG_SETMASK, mask, NULL);
        (void) execvp(*command, command);
        complain(*command);
        _exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE);
}

/* Returns the status to exit with once the child is gone, -1 before that. */
static int reap(pid_t child) {
        int result = -1;

        for (;;) {
                int status;
                pid_t pid = waitpid(-1, &status, WNOHANG);

                if (pid <= 0)
                        return result;
                if (pid == child)
                        result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
}

static int serve(pid_t child, const sigset_t *all) {
        for (;;) {
                int sig = sigwaitinfo(all, NULL), status;

                if (sig < 0)
                        continue; /* EINTR */
                if (sig != SIGCHLD) {
                        (void) kill(child, sig);
                        continue;
                }
                status = reap(child);
                if (status >= 0)
                        return status;
        }
}

int main(int argc, char **argv) {
        char **command = argv + 1;
        sigset_t all, before;
        pid_t child;

        if (*command && strcmp(*command, "--") == 0)
                command++;
        if (!*command) {
                fprintf(stderr, "Usage: berth-init [--] PROGRAM [ARGUMENT...]\n");
                return EXIT_NOT_FOUND;
        }
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before);
        child = fork();
        if (child < 0) {
                complain("fork");
                return EXIT_CANNOT_EXECUTE;
        }
        if (child == 0)
                run(command, &before);
        return serve(child, &all);
}
