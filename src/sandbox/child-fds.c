/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns which descriptors there are in init, before and after it has done its work. */

#include "sandbox/child-fds.h"

#include <fcntl.h>
#include <unistd.h>

#include "basic/fd-util.h"
#include "basic/log.h"

int child_close_inherited(SandboxContext *c) {
        size_t n = 0, most = 6 + c->mounts.n + c->namespaces.n + c->options->n_payload_fds;
        _cleanup_free_ int *keep = g_new(int, most);

        keep[n++] = c->report_fd;
        if (c->root_fd >= 0)
                keep[n++] = c->root_fd;
        if (c->options->start_fd >= 0)
                keep[n++] = c->options->start_fd;
        if (c->options->notify_mount_fd >= 0)
                keep[n++] = c->options->notify_mount_fd;
        if (c->options->start_fd >= 0 && c->options->notify_fd >= 0)
                keep[n++] = c->options->notify_fd;
        if (c->options->join)
                keep[n++] = c->options->join->fd;
        for (size_t i = 0; i < c->mounts.n; i++)
                if (c->mounts.fds[i] >= 0)
                        keep[n++] = c->mounts.fds[i];
        for (size_t i = 0; i < c->namespaces.n; i++)
                if (c->namespaces.fds[i] >= 0)
                        keep[n++] = c->namespaces.fds[i];
        for (size_t i = 0; i < c->options->n_payload_fds; i++)
                if (c->options->payload_fds[i] >= 0)
                        keep[n++] = c->options->payload_fds[i];
        return fd_close_all_except(keep, n);
}

/* Nothing is left for a path such as /proc/self/fd/N to lead to when the payload is looked up. */
static int close_the_rest(int first, int report_fd) {
        if (report_fd > first && close_range((unsigned) first, (unsigned) report_fd - 1, 0) < 0)
                return negative_errno();
        return fd_close_from(report_fd + 1, /* cloexec= */ false);
}

int child_arrange_fds(SandboxContext *c, const Report *start) {
        size_t n = start->n_fds + c->options->n_payload_fds;
        _cleanup_free_ int *fds = g_new(int, n + 1);
        int moved, r;

        for (size_t i = 0; i < start->n_fds; i++)
                fds[i] = start->fds[i];
        for (size_t i = 0; i < c->options->n_payload_fds; i++)
                fds[start->n_fds + i] = c->options->payload_fds[i];

        moved = fcntl(c->report_fd, F_DUPFD_CLOEXEC, 3 + (int) n);
        if (moved < 0)
                return log_error_errno(negative_errno(), "Failed to arrange file descriptors: %m");
        (void) close(c->report_fd);
        c->report_fd = moved;

        r = fd_arrange(fds, n, 3);
        if (r < 0)
                return log_error_errno(r, "Failed to arrange file descriptors: %m");
        r = close_the_rest(3 + (int) n, c->report_fd);
        if (r < 0)
                return log_error_errno(r, "Failed to close file descriptors: %m");
        return 0;
}
