/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/fd-util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/cleanup.h"

FdPath fd_path(int fd) {
        FdPath p;

        (void) snprintf(p.path, sizeof p.path, "/proc/self/fd/%d", fd);
        return p;
}

int fd_set_cloexec(int fd, bool cloexec) {
        int flags;

        flags = fcntl(fd, F_GETFD);
        if (flags < 0)
                return negative_errno();
        if (fcntl(fd, F_SETFD, cloexec ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) < 0)
                return negative_errno();
        return 0;
}

int fd_close_from(int first, bool cloexec) {
        if (close_range((unsigned) first, ~0U, cloexec ? CLOSE_RANGE_CLOEXEC : 0) < 0)
                return negative_errno();
        return 0;
}

static int compare_fd(const void *a, const void *b) {
        return *(const int *) a - *(const int *) b;
}

int fd_close_all_except(int *keep, size_t n_keep) {
        unsigned next = STDERR_FILENO + 1;

        qsort(keep, n_keep, sizeof *keep, compare_fd);
        for (size_t i = 0; i < n_keep; i++) {
                if (keep[i] < (int) next)
                        continue;
                if ((unsigned) keep[i] > next && close_range(next, (unsigned) keep[i] - 1, 0) < 0)
                        return negative_errno();
                next = (unsigned) keep[i] + 1;
        }
        return fd_close_from((int) next, /* cloexec= */ false);
}

/* Moves everything that is in the way of first..first+n-1 above that range. */
static int move_out_of_range(int *fds, size_t n_fds, int first) {
        int end = first + (int) n_fds;

        for (size_t i = 0; i < n_fds; i++) {
                int moved;

                if (fds[i] < 0 || fds[i] < first || fds[i] >= end)
                        continue;
                moved = fcntl(fds[i], F_DUPFD_CLOEXEC, end);
                if (moved < 0)
                        return negative_errno();
                (void) close(fds[i]);
                fds[i] = moved;
        }
        return 0;
}

int fd_arrange(int *fds, size_t n_fds, int first) {
        int r;

        r = move_out_of_range(fds, n_fds, first);
        if (r < 0)
                return r;

        for (size_t i = 0; i < n_fds; i++) {
                int target = first + (int) i;

                if (fds[i] < 0) {
                        (void) close(target);
                        continue;
                }
                if (dup2(fds[i], target) < 0)
                        return negative_errno();
                if (fds[i] != target)
                        (void) close(fds[i]);
                fds[i] = target;
        }
        return 0;
}

int fd_write_all(int fd, const void *data, size_t size) {
        const char *p = data;

        while (size > 0) {
                ssize_t n = write(fd, p, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return negative_errno();
                p += n;
                size -= (size_t) n;
        }
        return 0;
}

int fd_fill_stdio(void) {
        for (;;) {
                int fd;

                fd = open("/dev/null", O_RDWR | O_CLOEXEC);
                if (fd < 0)
                        return negative_errno();
                if (fd > STDERR_FILENO) {
                        (void) close(fd);
                        return 0;
                }
                (void) fd_set_cloexec(fd, false);
        }
}
