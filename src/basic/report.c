/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/report.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/socket-util.h"

/* What a datagram starts with; text follows. Both ends are the same program: no byte order, no versions. */
typedef struct Header {
        uint32_t kind;
        int32_t err;
        int32_t value;
} Header;

#define DATAGRAM_MAX (128U * 1024)

void report_done(Report *report) {
        for (size_t i = 0; i < report->n_fds; i++)
                (void) close(report->fds[i]);
        g_free(report->fds);
        g_free(report->text);
        *report = REPORT_NULL;
}

int report_socket(int ret_pair[static 2]) {
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_pair) < 0 ? negative_errno() : 0;
}

int report_send(int fd, const Report *report) {
        size_t text_size = report->size > 0 ? report->size : report->text ? strlen(report->text) : 0;
        _cleanup_free_ char *datagram = NULL;
        Header header = { .kind = report->kind, .err = report->err, .value = report->value };

        if (sizeof header + text_size > DATAGRAM_MAX)
                return -EMSGSIZE;
        datagram = g_malloc(sizeof header + text_size);
        memcpy(datagram, &header, sizeof header);
        if (text_size > 0)
                memcpy(datagram + sizeof header, report->text, text_size);
        return socket_send_fds(fd, datagram, sizeof header + text_size, report->fds, report->n_fds);
}

int report_send_kind(int fd, ReportKind kind) {
        return report_send(fd, &(Report) { .kind = kind });
}

int report_receive(int fd, Report *ret) {
        _cleanup_free_ char *datagram = g_malloc(DATAGRAM_MAX + 1);
        int fds[SOCKET_FDS_MAX];
        size_t n_fds = ELEMENTSOF(fds);
        Header header;
        ssize_t n;

        n = socket_receive_fds(fd, datagram, DATAGRAM_MAX, fds, &n_fds);
        if (n == -ECONNRESET) /* The other side has died with something of ours unread. */
                return 0;
        if (n <= 0)
                return (int) n;
        if ((size_t) n >= sizeof header)
                memcpy(&header, datagram, sizeof header);
        if ((size_t) n < sizeof header || header.kind >= _REPORT_KIND_MAX) {
                for (size_t i = 0; i < n_fds; i++)
                        (void) close(fds[i]);
                return -EBADMSG;
        }

        datagram[n] = '\0';
        *ret = (Report) {
                .kind = header.kind,
                .err = header.err,
                .value = header.value,
                .size = (size_t) n - sizeof header,
                .text = g_memdup2(datagram + sizeof header, (size_t) n - sizeof header + 1),
                .fds = n_fds > 0 ? g_memdup2(fds, n_fds * sizeof(int)) : NULL,
                .n_fds = n_fds,
        };
        return 1;
}
