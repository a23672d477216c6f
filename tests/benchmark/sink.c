/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sink SOCKET N: stands in for journald. Takes N datagrams as fast as it can and prints how many came in a
 * second: what those who send could do if journald cost nothing. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

static double now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
        static char buffers[BATCH][4096];
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        struct mmsghdr messages[BATCH];
        struct iovec iov[BATCH];
        long n = 0, most;
        double began = 0;
        int fd;

        if (argc != 3 || strlen(argv[1]) >= sizeof sa.sun_path)
                return EXIT_FAILURE;
        most = atol(argv[2]);
        strcpy(sa.sun_path, argv[1]);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &sa, sizeof sa) < 0)
                return EXIT_FAILURE;
        while (n < most) {
                int k;

                for (int i = 0; i < BATCH; i++) {
                        iov[i] = (struct iovec) { .iov_base = buffers[i], .iov_len = sizeof buffers[i] };
                        messages[i] = (struct mmsghdr) { .msg_hdr = { .msg_iov = &iov[i],
                                                                      .msg_iovlen = 1 } };
                }
                k = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
                if (k < 0)
                        return EXIT_FAILURE;
                if (n == 0)
                        began = now();
                n += k;
        }
        printf("%.0f\n", (double) n / (now() - began));
        return unlink(argv[1]) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
