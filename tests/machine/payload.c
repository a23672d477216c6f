/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests run in a container where a shell is not enough. One program, statically linked, a verb a
 * behaviour; it uses nothing of berth, so that it sees what any payload sees. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_FDS_START 3
#define LISTENERS_MAX    16

/* Ends by a real fault: as pid 1 of its namespace a process ignores the signals that it sends to itself. */
static int verb_crash(char **args) {
        struct rlimit none = {};
        volatile int *nowhere = NULL;

        (void) setrlimit(RLIMIT_CORE, &none);
        *nowhere = 1;
        return EXIT_FAILURE;
}

/* The name of the index-th descriptor in LISTEN_FDNAMES, as a new string. */
static char *listener_name(size_t index) {
        char *names = strdup(getenv("LISTEN_FDNAMES") ?: ""), *name = NULL, *rest = names;

        for (size_t i = 0; i <= index; i++)
                name = strsep(&rest, ":");
        name = strdup(name ?: "(none)");
        free(names);
        return name;
}

/* Answers on one listener: who connects is told the name of the listener. */
static int answer(int listener, size_t index) {
        int connection = accept(listener, NULL, NULL);
        char *name;

        if (connection < 0)
                return -errno;
        name = listener_name(index);
        dprintf(connection, "%s\n", name);
        free(name);
        close(connection);
        return 0;
}

/* Says what it was told about its sockets, then serves all of them until it is killed. */
static int verb_serve(char **args) {
        struct pollfd fds[LISTENERS_MAX] = {};
        int n = atoi(getenv("LISTEN_FDS") ?: "0");

        printf("LISTEN_FDS=%s LISTEN_FDNAMES=%s LISTEN_PID=%s pid=%d\n", getenv("LISTEN_FDS") ?: "",
               getenv("LISTEN_FDNAMES") ?: "", getenv("LISTEN_PID") ?: "", (int) getpid());
        fflush(stdout);
        if (n < 1 || n > LISTENERS_MAX)
                return EXIT_FAILURE;

        for (int i = 0; i < n; i++)
                fds[i] = (struct pollfd) { .fd = LISTEN_FDS_START + i, .events = POLLIN };
        for (;;) {
                if (poll(fds, n, -1) < 0)
                        return EXIT_FAILURE;
                for (int i = 0; i < n; i++)
                        if (fds[i].revents != 0 && answer(fds[i].fd, i) < 0)
                                return EXIT_FAILURE;
        }
}

/* Prints every open descriptor above the standard three: what leaked in shows here. */
static int verb_fds(char **args) {
        for (int fd = 3; fd < 1024; fd++)
                if (dup2(fd, fd) == fd)
                        printf("%d\n", fd);
        return EXIT_SUCCESS;
}

static const struct {
        const char *name;
        int (*run)(char **args);
} verbs[] = {
        { "crash", verb_crash },
        { "fds", verb_fds },
        { "serve", verb_serve },
};

int main(int argc, char **argv) {
        for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (strcmp(verbs[i].name, argv[1]) == 0)
                        return verbs[i].run(argv + 2);

        fprintf(stderr, "payload: no such verb\n");
        return EXIT_FAILURE;
}
