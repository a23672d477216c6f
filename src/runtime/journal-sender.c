/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the connection to journald. */

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/journal-sender.h"

#include "basic/cleanup.h"
#include "basic/log-socket.h"

/* Between two tries to connect. systemd holds the socket while journald is restarted, so that this is only
 * for a socket that was itself stopped. */
#define RECONNECT_USEC (100 * UINT64_C(1000))

struct JournalSender {
        sd_event *event;
        JournalReady on_ready;
        void *userdata;
        int fd;
        sd_event_source *writable, *retry; /* enabled while somebody waits */
};

JournalSender *journal_sender_new(sd_event *event, JournalReady on_ready, void *userdata) {
        JournalSender *j = g_new(JournalSender, 1);

        *j = (JournalSender) {
                .event = sd_event_ref(event), .on_ready = on_ready, .userdata = userdata, .fd = -EBADF
        };
        return j;
}

static void disconnect(JournalSender *j) {
        j->writable = sd_event_source_disable_unref(j->writable);
        closep(&j->fd);
        j->fd = -EBADF;
}

void journal_sender_free(JournalSender *j) {
        disconnect(j);
        sd_event_source_disable_unref(j->retry);
        sd_event_unref(j->event);
        g_free(j);
}

static int on_writable(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        JournalSender *j = userdata;

        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        j->on_ready(j->userdata);
        return 0;
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        JournalSender *j = userdata;

        j->on_ready(j->userdata);
        return 0;
}

/* The event source comes when it is first needed: mostly, journald is fast enough. */
static int wait_writable(JournalSender *j) {
        if (j->writable)
                return sd_event_source_set_enabled(j->writable, SD_EVENT_ONESHOT);
        return sd_event_add_io(j->event, &j->writable, j->fd, EPOLLOUT, on_writable, j);
}

static int wait_retry(JournalSender *j) {
        if (!j->retry)
                return sd_event_add_time_relative(
                                j->event, &j->retry, CLOCK_MONOTONIC, RECONNECT_USEC, 0, on_retry, j);
        (void) sd_event_source_set_time_relative(j->retry, RECONNECT_USEC);
        return sd_event_source_set_enabled(j->retry, SD_EVENT_ONESHOT);
}

static int send_entry(JournalSender *j, const struct iovec *iov, size_t n) {
        struct msghdr mh = { .msg_iov = (struct iovec *) iov, .msg_iovlen = n };

        if (j->fd < 0) {
                int fd = log_daemon_connect(LOG_DAEMON_JOURNAL);

                if (fd < 0)
                        return -ENOTCONN;
                j->fd = fd;
        }
        return sendmsg(j->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? negative_errno() : 0;
}

int journal_sender_send(JournalSender *j, const struct iovec *iov, size_t n) {
        int r = send_entry(j, iov, n);

        if (r == -ECONNREFUSED || r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE) {
                disconnect(j); /* from a socket that is nobody's any more: there may be a new one */
                r = send_entry(j, iov, n);
        }
        if (r == -EAGAIN || r == -ENOBUFS || r == -ENOMEM)
                return wait_writable(j) < 0 ? -EIO : -EAGAIN;
        if (r == -ECONNREFUSED || r == -ENOTCONN) {
                disconnect(j);
                return wait_retry(j) < 0 ? -EIO : -EAGAIN;
        }
        return r;
}

bool journal_sender_wait(JournalSender *j, uint64_t usec) {
        struct pollfd p = { .fd = j->fd, .events = POLLOUT }; /* without a connection it is only the time */
        uint64_t most = j->fd < 0 ? MIN(usec, RECONNECT_USEC) : usec;

        return poll(&p, 1, (int) (most / 1000)) > 0 || most < usec;
}
