/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/socket-util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fd-util.h"

typedef union ControlBuffer {
        struct cmsghdr header;
        char data[CMSG_SPACE(sizeof(int) * SOCKET_FDS_MAX) + CMSG_SPACE(sizeof(struct ucred))];
} ControlBuffer;

/* Appends an item; the buffer has room and is zeroed. */
static void add_control(struct msghdr *mh, int type, const void *data, size_t size) {
        struct cmsghdr *c = (struct cmsghdr *) ((char *) mh->msg_control + mh->msg_controllen);

        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = type;
        c->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(c), data, size);
        mh->msg_controllen += CMSG_SPACE(size);
}

int socket_send_message(int fd, const SocketMessage *m) {
        struct iovec iov = { .iov_base = (void *) m->data, .iov_len = m->size };
        ControlBuffer control = { 0 };
        struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
        const struct ucred sender = { .pid = m->sender, .uid = getuid(), .gid = getgid() };
        ssize_t n;

        if (m->n_fds > SOCKET_FDS_MAX)
                return -E2BIG;
        if (m->n_fds > 0)
                add_control(&mh, SCM_RIGHTS, m->fds, sizeof(int) * m->n_fds);
        if (m->sender > 0)
                add_control(&mh, SCM_CREDENTIALS, &sender, sizeof sender);

        do
                n = sendmsg(fd, &mh, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? negative_errno() : 0;
}

int socket_send_fds(int fd, const void *data, size_t size, const int *fds, size_t n_fds) {
        return socket_send_message(
                        fd, &(SocketMessage) { .data = data, .size = size, .fds = fds, .n_fds = n_fds });
}

static void close_many(const int *fds, size_t n) {
        for (size_t i = 0; i < n; i++)
                (void) close(fds[i]);
}

/* Collects the descriptors of a message; those that find no room are closed and -EMSGSIZE returned. */
static int take_fds(struct msghdr *mh, int *fds, size_t *n_fds) {
        size_t room = *n_fds, n = 0;
        int r = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
                int received[SOCKET_FDS_MAX];
                size_t count;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                count = MIN((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), (size_t) SOCKET_FDS_MAX);
                memcpy(received, CMSG_DATA(c), count * sizeof(int));
                if (count > room - n) {
                        close_many(received, count);
                        r = -EMSGSIZE;
                        continue;
                }
                memcpy(fds + n, received, count * sizeof(int));
                n += count;
        }
        *n_fds = n;
        return r;
}

ssize_t socket_receive_fds(int fd, void *data, size_t size, int *fds, size_t *n_fds) {
        struct iovec iov = { .iov_base = data, .iov_len = size };
        ControlBuffer control = { 0 };
        struct msghdr mh = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof control,
        };
        ssize_t n;
        int r;

        do
                n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return negative_errno();

        r = take_fds(&mh, fds, n_fds);
        if (r >= 0 && mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
                close_many(fds, *n_fds);
                r = -EMSGSIZE;
        }
        if (r < 0) {
                *n_fds = 0;
                return r;
        }
        return n;
}

/* An address for path; one that is too long goes through a descriptor of its directory, which is returned in
 * *ret_dir_fd. */
static int unix_address(const char *path, struct sockaddr_un *ret, int *ret_dir_fd) {
        _cleanup_free_ char *dir = NULL, *base = NULL;
        int fd;

        *ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
        if (strlen(path) < sizeof ret->sun_path) {
                strcpy(ret->sun_path, path);
                return 0;
        }

        dir = g_path_get_dirname(path);
        base = g_path_get_basename(path);
        fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        if ((size_t) snprintf(ret->sun_path, sizeof ret->sun_path, "%s/%s", fd_path(fd).path, base) >=
            sizeof ret->sun_path) {
                (void) close(fd);
                return -ENAMETOOLONG;
        }
        *ret_dir_fd = fd;
        return 0;
}

int socket_connect_unix(const char *path, int type) {
        _cleanup_close_ int fd = -EBADF, dir_fd = -EBADF;
        struct sockaddr_un sa;
        int r;

        r = unix_address(path, &sa, &dir_fd);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return negative_errno();
        if (connect(fd, (struct sockaddr *) &sa, sizeof sa) < 0)
                return negative_errno();
        return TAKE_FD(fd);
}

int socket_bind_unix(int dir_fd, const char *name, int type, mode_t mode) {
        _cleanup_close_ int fd = -EBADF;
        struct sockaddr_un sa = { .sun_family = AF_UNIX };

        if ((size_t) snprintf(sa.sun_path, sizeof sa.sun_path, "%s/%s", fd_path(dir_fd).path, name) >=
            sizeof sa.sun_path)
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return negative_errno();
        /* Nobody may connect with the mode that the umask leaves: it is set before the socket has a name. */
        if (fchmod(fd, mode) < 0)
                return negative_errno();
        if (bind(fd, (struct sockaddr *) &sa, sizeof sa) < 0)
                return negative_errno();
        if (fchmodat(dir_fd, name, mode, 0) < 0)
                return negative_errno();
        if ((type & 0xf) != SOCK_DGRAM && listen(fd, SOMAXCONN) < 0)
                return negative_errno();
        return TAKE_FD(fd);
}
