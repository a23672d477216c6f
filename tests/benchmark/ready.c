/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The smallest service that says when it is ready, and the payload of a container that does: sends READY=1
 * to $NOTIFY_SOCKET and waits to be ended. With a number N it then writes N lines of 64 bytes, each by a
 * write of its own, as programs do that say something now and then. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int say_ready(void) {
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        const char *path = getenv("NOTIFY_SOCKET");
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (!path || strlen(path) >= sizeof sa.sun_path || fd < 0)
                return -1;
        strcpy(sa.sun_path, path);
        return sendto(fd, "READY=1", 7, 0, (struct sockaddr *) &sa, sizeof sa) == 7 ? 0 : -1;
}

int main(int argc, char **argv) {
        char line[65];

        if (say_ready() < 0)
                return EXIT_FAILURE;
        for (long i = 0, n = argc == 2 ? atol(argv[1]) : 0; i < n; i++) {
                (void) snprintf(line, sizeof line, "%-63ld\n", i);
                if (write(STDOUT_FILENO, line, 64) != 64)
                        return EXIT_FAILURE;
        }
        for (;;)
                (void) pause();
}
