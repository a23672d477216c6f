/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* once PROGRAM [ARGUMENT...]: run a program once, without output, and print what it took: milliseconds, and
 * the most memory that it had, in MB. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
        struct rusage usage;
        double began = now();
        pid_t pid = argc < 2 ? -1 : fork();
        int status;

        if (pid == 0) {
                int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

                if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                        _exit(EXIT_FAILURE);
                execv(argv[1], argv + 1);
                _exit(127);
        }
        if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0) {
                fprintf(stderr, "once: this failed: %s\n", argc < 2 ? "" : argv[1]);
                return EXIT_FAILURE;
        }
        printf("%.1f %.1f\n", now() - began, (double) usage.ru_maxrss / 1024);
        return EXIT_SUCCESS;
}
