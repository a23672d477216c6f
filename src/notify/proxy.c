/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the two sockets, the check of senders and the queue. While the service manager's socket is full the
 * payload's is not read, so its senders wait as they would without us and the queue holds only what was read
 * or said before. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "notify/proxy.h"

#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/socket-util.h"
#include "notify/host.h"
#include "notify/main-process.h"
#include "notify/message.h"

/* Linux 6.5 */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

#define WARNING_INTERVAL_USEC (60 * UINT64_C(1000000))

/* More than a socket holds: who has sent so much to one that is being drained goes on doing so. */
#define DRAIN_MAX 10000U

/* A datagram that found the service manager's socket full. */
typedef struct Pending {
        char *text;
        size_t size;
        int *fds;
        size_t n_fds;
} Pending;

struct NotifyProxy {
        sd_event *event;
        NotifyHandler handler;
        void *userdata;
        NotifyHost host;
        int socket_fd; /* the payload's */
        sd_event_source *input, *output;
        GQueue queue;       /* of Pending, oldest first */
        char *cgroup;       /* of the payload */
        const PidRef *init; /* NULL: nobody asks for the main process */
        NotifyPolicy policy;
        char status_prefix[NOTIFY_STATUS_MAX + 1], status[NOTIFY_STATUS_MAX + 1]; /* ours, the payload's */
        uint64_t last_warning_usec;
        unsigned n_suppressed;
        bool told_pause;
};

/* What came in one recvmsg(). */
typedef struct Datagram {
        char data[NOTIFY_MESSAGE_MAX + 2]; /* one more than the longest with its NUL: longer ones show */
        size_t size;
        int fds[SOCKET_FDS_MAX];
        size_t n_fds;
        pid_t pid;
        int pidfd;
        bool gone;           /* the sender had been reaped before we read */
        const char *cut_off; /* what did not come whole; NULL: everything did */
} Datagram;

static void datagram_close_fds(Datagram *d) {
        for (size_t i = 0; i < d->n_fds; i++)
                (void) close(d->fds[i]);
        d->n_fds = 0;
        closep(&d->pidfd);
        d->pidfd = -EBADF;
}

static void pending_free(Pending *m) {
        for (size_t i = 0; i < m->n_fds; i++)
                (void) close(m->fds[i]);
        g_free(m->fds);
        g_free(m->text);
        g_free(m);
}

/* ---- to the service manager ---- */

/* Level of both sources: what is queued has to go out before anything more comes in. */
static void update_sources(NotifyProxy *p) {
        bool queued = !g_queue_is_empty(&p->queue);

        if (p->output) {
                (void) sd_event_source_set_io_fd(
                                p->output, p->host.fd); /* it may have been connected again */
                (void) sd_event_source_set_enabled(p->output, queued ? SD_EVENT_ON : SD_EVENT_OFF);
        }
        if (p->input)
                (void) sd_event_source_set_enabled(p->input, queued ? SD_EVENT_OFF : SD_EVENT_ON);
}

static void flush_queue(NotifyProxy *p) {
        Pending *m;

        while ((m = g_queue_peek_head(&p->queue))) {
                int r = notify_host_send(&p->host, m->text, m->size, m->fds, m->n_fds);

                if (r == -EAGAIN)
                        break;
                if (r < 0)
                        (void) log_warning_errno(r, "Failed to pass a notification on to systemd: %m");
                pending_free(g_queue_pop_head(&p->queue));
        }
        update_sources(p);
}

static int on_host_writable(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        flush_queue(userdata);
        return 0;
}

/* Sends now or queues; the descriptors are duplicated when they have to wait, and stay the caller's. */
static void send_or_queue(NotifyProxy *p, const char *text, size_t size, const int *fds, size_t n_fds) {
        Pending *later;
        int r;

        if (p->host.fd < 0)
                return;
        if (g_queue_is_empty(&p->queue)) {
                r = notify_host_send(&p->host, text, size, fds, n_fds);
                if (r < 0 && r != -EAGAIN)
                        (void) log_warning_errno(r, "Failed to pass a notification on to systemd: %m");
                if (r != -EAGAIN)
                        return;
        }

        later = g_new0(Pending, 1);
        later->text = g_memdup2(text, size);
        later->size = size;
        later->fds = g_new(int, n_fds);
        for (size_t i = 0; i < n_fds; i++) {
                int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
                if (fd >= 0)
                        later->fds[later->n_fds++] = fd;
        }
        g_queue_push_tail(&p->queue, later);
        update_sources(p);
}

void notify_proxy_send(NotifyProxy *p, const char *text) {
        send_or_queue(p, text, strlen(text), NULL, 0);
}

void notify_proxy_set_status(NotifyProxy *p, const char *text) {
        char message[STRLEN("STATUS=") + sizeof p->status_prefix + STRLEN("; ") + sizeof p->status] =
                        "STATUS=";
        size_t n = STRLEN("STATUS=");

        (void) notify_status_join(p->status_prefix, sizeof p->status_prefix, text, NULL);
        p->policy.status_prefix = p->status_prefix;
        n += notify_status_join(message + n, sizeof message - n, p->status_prefix, p->status);
        send_or_queue(p, message, n, NULL, 0);
}

/* ---- from the payload ---- */

static uint64_t now_monotonic_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

/* One warning a minute: a payload must not be able to fill the journal through us. */
static void warn_limited(NotifyProxy *p, pid_t pid, const char *problem, const char *field) {
        uint64_t now = now_monotonic_usec();

        if (p->last_warning_usec > 0 && now - p->last_warning_usec < WARNING_INTERVAL_USEC) {
                p->n_suppressed++;
                return;
        }
        log_warning_id(MESSAGE_NOTIFICATION_DROPPED, "Notification from process %d: dropped %s%s%s.",
                       (int) pid, problem, isempty(field) ? "" : ", ", field);
        if (p->n_suppressed > 0)
                log_warning("%u more notifications were dropped and not logged.", p->n_suppressed);
        p->last_warning_usec = now;
        p->n_suppressed = 0;
}

bool notify_cgroup_contains(const char *container, const char *process) {
        const char *rest = startswith(process, container);

        return rest && (*rest == '\0' || *rest == '/');
}

/* The pid in the credentials may have been given to another process since; the pidfd, where the kernel gives
 * one, cannot. A sender that has exited cannot be looked at any more and is accepted: only the container can
 * reach the socket. */
static bool sender_is_ours(NotifyProxy *p, const Datagram *d) {
        _cleanup_free_ char *cgroup = NULL;
        int r;

        if (!p->cgroup || d->gone)
                return true;
        if (d->pid <= 0)
                return false;
        r = pid_cgroup(d->pid, &cgroup);
        if (d->pidfd >= 0 && pidfd_send_signal(d->pidfd, 0, NULL, 0) < 0 && errno == ESRCH)
                return true;
        if (r == -ESRCH)
                return true;
        return r >= 0 &&
                        (notify_cgroup_contains(p->cgroup, cgroup) ||
                         g_str_has_suffix(cgroup, " (deleted)"));
}

static void take_control(struct msghdr *mh, Datagram *d) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
                size_t size = c->cmsg_len - CMSG_LEN(0);

                if (c->cmsg_level != SOL_SOCKET)
                        continue;
                if (c->cmsg_type == SCM_RIGHTS) {
                        memcpy(d->fds, CMSG_DATA(c), size);
                        d->n_fds = size / sizeof(int);
                } else if (c->cmsg_type == SCM_PIDFD && size == sizeof(int)) {
                        memcpy(&d->pidfd, CMSG_DATA(c), sizeof(int));
                        /* The number may be another's then. Which of the two it is depends on the kernel. */
                        d->gone = d->pidfd == -ESRCH || d->pidfd == -EINVAL;
                } else if (c->cmsg_type == SCM_CREDENTIALS && size == sizeof(struct ucred)) {
                        struct ucred creds;

                        memcpy(&creds, CMSG_DATA(c), sizeof creds);
                        d->pid = creds.pid;
                }
        }
}

/* Returns 1 for a datagram, 0 when there is none. */
static int receive(int fd, Datagram *d) {
        union {
                struct cmsghdr header;
                char data[CMSG_SPACE(sizeof(int) * SOCKET_FDS_MAX) + CMSG_SPACE(sizeof(struct ucred)) +
                          CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec iov = { .iov_base = d->data, .iov_len = sizeof d->data };
        struct msghdr mh = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };
        ssize_t n;

        d->n_fds = 0;
        d->pid = 0;
        d->pidfd = -EBADF;
        d->gone = false;
        do
                n = recvmsg(fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN ? 0 : negative_errno();

        take_control(&mh, d);
        d->size = (size_t) n;
        d->cut_off = mh.msg_flags & MSG_TRUNC ? "everything, it was too long"
                        : mh.msg_flags & MSG_CTRUNC
                        ? "everything, there was no room for its descriptors (LimitNOFILE=)"
                        : NULL;
        return 1;
}

/* Which process the payload calls its main one, if it is one of its own. */
static int find_main(NotifyProxy *p, const Datagram *d, const NotifyMessage *m, PidRef *ret) {
        const NotifyClaim claim = {
                .pid = m->main_pid,
                .pidfdid = m->main_pidfdid,
                .pidfd = d->n_fds > 0 ? d->fds[0] : -EBADF,
        };
        int r;

        if (!p->init)
                return -EOPNOTSUPP;
        r = notify_main_process_find(&claim, p->init, p->cgroup, ret);
        if (r < 0)
                warn_limited(p, d->pid, "a main process that is none of the container", "MAINPID");
        return r;
}

static void tell_handler(NotifyProxy *p, const Datagram *d, const NotifyMessage *m) {
        _cleanup_(pidref_done) PidRef process = PIDREF_NULL;
        NotifyEvent event = {
                .actions = m->actions,
                .sender = d->pid,
                .exit_status = m->exit_status,
                .main = &process,
                .watchdog_usec = m->watchdog_usec,
        };

        if ((event.actions & NOTIFY_ACTION_MAIN_PROCESS) && find_main(p, d, m, &process) < 0)
                event.actions &= ~(unsigned) NOTIFY_ACTION_MAIN_PROCESS;
        if (event.actions)
                p->handler(&event, p->userdata);
}

static void pass_on(NotifyProxy *p, const Datagram *d) {
        NotifyMessage m;

        if (!sender_is_ours(p, d))
                return warn_limited(p, d->pid, "everything, the sender is not in the container", "");
        if (d->cut_off)
                return warn_limited(p, d->pid, d->cut_off, "");

        p->policy.now_usec = now_monotonic_usec();
        notify_message_translate(d->data, d->size, d->n_fds, &p->policy, &m);
        if (m.problem)
                warn_limited(p, d->pid, m.problem, m.field);
        if (m.has_status)
                memcpy(p->status, m.status, sizeof p->status);
        if (m.size > 0)
                send_or_queue(p, m.text, m.size, d->fds, m.with_fds ? d->n_fds : 0);
        if (m.actions && p->handler)
                tell_handler(p, d, &m);
}

/* Returns whether there was a datagram. */
static int handle_one(NotifyProxy *p) {
        Datagram d;
        int r;

        r = receive(p->socket_fd, &d);
        if (r <= 0)
                return r;
        pass_on(p, &d);
        datagram_close_fds(&d);
        return 1;
}

static int on_datagram(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        int r;

        r = handle_one(userdata);
        return r < 0 ? log_error_errno(r, "Failed to receive from the notification socket: %m") : 0;
}

/* Who sends more has waited, as for a service manager that is slow, which it is then. */
static int on_pause_over(sd_event_source *s, void *userdata) {
        NotifyProxy *p = userdata;

        if (!p->told_pause)
                log_warning_id(MESSAGE_NOTIFICATION_RATE,
                               "The container sends more than %u notifications in %u s, and has to wait.",
                               NOTIFY_BURST_MAX, (unsigned) (NOTIFY_BURST_USEC / 1000000));
        p->told_pause = true;
        return 0;
}

/* ---- life ---- */

int notify_proxy_new(
                sd_event *event, const char *host_address, NotifyHandler handler, void *userdata,
                NotifyProxy **ret) {
        _cleanup_(notify_proxy_freep) NotifyProxy *p = g_new0(NotifyProxy, 1);
        int r;

        p->event = sd_event_ref(event);
        p->handler = handler;
        p->userdata = userdata;
        p->host = NOTIFY_HOST_NULL;
        p->socket_fd = -EBADF;
        g_queue_init(&p->queue);

        if (!isempty(host_address)) {
                r = notify_host_connect(host_address, &p->host);
                if (r < 0)
                        return log_error_errno(
                                        r, "Failed to connect to NOTIFY_SOCKET '%s': %m", host_address);
                r = sd_event_add_io(event, &p->output, p->host.fd, EPOLLOUT, on_host_writable, p);
                if (r < 0)
                        return log_error_errno(r, "Failed to watch NOTIFY_SOCKET '%s': %m", host_address);
        }
        update_sources(p);

        *ret = TAKE_PTR(p);
        return 0;
}

void notify_proxy_free(NotifyProxy *p) {
        sd_event_source_disable_unref(p->input);
        sd_event_source_disable_unref(p->output);
        g_queue_clear_full(&p->queue, (GDestroyNotify) pending_free);
        notify_host_done(&p->host);
        closep(&p->socket_fd);
        sd_event_unref(p->event);
        g_free(p->cgroup);
        g_free(p);
}

int notify_socket_bind(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        int r, yes = 1;

        if (unlinkat(dir_fd, NOTIFY_SOCKET_NAME, 0) < 0 && errno != ENOENT)
                return log_error_errno(errno, "Failed to remove an old notification socket: %m");
        fd = r = socket_bind_unix(dir_fd, NOTIFY_SOCKET_NAME, SOCK_DGRAM, 0666);
        if (r < 0)
                return log_error_errno(r, "Failed to make the notification socket: %m");
        if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0)
                return log_error_errno(errno, "Failed to ask for the senders of notifications: %m");
        (void) setsockopt(
                        fd, SOL_SOCKET, SO_PASSPIDFD, &yes,
                        sizeof yes); /* older kernels: the pid has to do */
        return TAKE_FD(fd);
}

void notify_proxy_set_socket(NotifyProxy *p, int fd) {
        closep(&p->socket_fd);
        p->socket_fd = fd;
}

void notify_proxy_allow_store(NotifyProxy *p) {
        p->policy.fd_store = true;
}

void notify_proxy_set_sender(NotifyProxy *p, const PidRef *sender) {
        p->host.sender = *sender;
}

int notify_proxy_start(NotifyProxy *p, const NotifyPayload *payload) {
        int r;

        p->cgroup = g_strdup(payload->cgroup);
        p->init = payload->init;
        p->policy.hold_ready = payload->hold_ready;
        p->policy.allow = payload->allow;
        p->policy.clock_offset_usec = payload->clock_offset_usec;
        r = sd_event_add_io(p->event, &p->input, p->socket_fd, EPOLLIN, on_datagram, p);
        if (r < 0)
                return log_error_errno(r, "Failed to watch the notification socket: %m");
        r = sd_event_source_set_ratelimit(p->input, NOTIFY_BURST_USEC, NOTIFY_BURST_MAX);
        if (r >= 0)
                r = sd_event_source_set_ratelimit_expire_callback(p->input, on_pause_over);
        if (r < 0)
                return log_error_errno(r, "Failed to limit what comes from the notification socket: %m");
        update_sources(p);
        return 0;
}

void notify_proxy_release_ready(NotifyProxy *p) {
        if (!p->policy.hold_ready)
                return;
        p->policy.hold_ready = false;
        notify_proxy_send(p, "READY=1");
}

/* What there was no time for. It is not counted to its end: there may be none. */
static void tell_lost(NotifyProxy *p, const char *reason) {
        unsigned n = g_queue_get_length(&p->queue);
        Datagram d;

        while (n < DRAIN_MAX && p->socket_fd >= 0 && receive(p->socket_fd, &d) > 0) {
                datagram_close_fds(&d);
                n++;
        }
        log_error("%s: the last %u%s notifications of the container are lost.", reason, n,
                  n < DRAIN_MAX ? "" : " or more");
}

void notify_proxy_drain(NotifyProxy *p, int timeout_ms) {
        uint64_t until = now_monotonic_usec() + (uint64_t) timeout_ms * 1000;

        for (unsigned n = 0;;) {
                struct pollfd poll_host = { .fd = p->host.fd, .events = POLLOUT };
                uint64_t now = now_monotonic_usec();

                flush_queue(p);
                if (g_queue_is_empty(&p->queue)) {
                        if (n == DRAIN_MAX)
                                return tell_lost(p, "The container sends without a pause");
                        if (p->socket_fd < 0 || handle_one(p) <= 0)
                                return;
                        n++;
                        continue;
                }
                if (now >= until || poll(&poll_host, 1, (int) ((until - now) / 1000) + 1) < 0)
                        return tell_lost(p, "The service manager does not read its notification socket");
        }
}
