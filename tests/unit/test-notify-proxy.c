/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The proxy between a payload's socket and a service manager's, both of them real: order, descriptors,
 * senders, a service manager that does not read. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "notify/proxy.h"

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "basic/socket-util.h"
#include "notify/message.h"

typedef struct Fixture {
        sd_event *event;
        char *dir;
        char *host_path;
        int dir_fd;
        int host_fd;    /* what systemd would read from */
        int payload_fd; /* what the payload sends on */
        NotifyProxy *proxy;
        unsigned actions;
        unsigned n_warnings;
        bool again; /* each message is followed by another */
        int exit_status;
        PidRef self, main;
} Fixture;

static void count_warnings(int level, int err, const char *message, void *userdata) {
        if (level <= LOG_WARNING)
                ((Fixture *) userdata)->n_warnings++;
        g_test_message("log: %s", message);
}

static void collect_actions(const NotifyEvent *event, void *userdata) {
        Fixture *f = userdata;

        f->actions |= event->actions;
        if (f->again)
                g_assert_cmpint(send(f->payload_fd, "READY=1", STRLEN("READY=1"), 0), >, 0);
        if (event->actions & NOTIFY_ACTION_EXIT_STATUS)
                f->exit_status = event->exit_status;
        if (event->actions & NOTIFY_ACTION_MAIN_PROCESS) {
                pidref_done(&f->main);
                f->main = TAKE(*event->main, PIDREF_NULL);
        }
}

static int bind_abstract(const char *address) {
        struct sockaddr_un {
                sa_family_t family;
                char path[108];
        } sa = { .family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        memcpy(sa.path + 1, address + 1, strlen(address) - 1);
        g_assert_cmpint(bind(fd, (struct sockaddr *) &sa,
                             (socklen_t) (sizeof(sa_family_t) + strlen(address))),
                        ==, 0);
        return fd;
}

static void connect_payload(Fixture *f) {
        g_autofree char *path = g_build_filename(f->dir, NOTIFY_SOCKET_NAME, NULL);

        f->payload_fd = socket_connect_unix(path, SOCK_DGRAM);
        g_assert_cmpint(f->payload_fd, >=, 0);
}

static void bind_socket(NotifyProxy *p, int dir_fd) {
        int fd;

        fd = notify_socket_bind(dir_fd);
        g_assert_cmpint(fd, >=, 0);
        notify_proxy_set_socket(p, fd);
}

/* data: the host address (a name that starts with "@" is made unique), "" for none */
static void set_up(Fixture *f, const void *data) {
        const char *kind = data;
        g_autofree char *abstract = g_strdup_printf("@berth-test-notify-%d", (int) getpid());
        const char *address = NULL;

        f->dir = g_dir_make_tmp("berth-notify-XXXXXX", NULL);
        f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        f->host_path = g_build_filename(f->dir, "host", NULL);
        f->host_fd = f->payload_fd = -EBADF;
        f->main = PIDREF_NULL;
        g_assert_cmpint(pidref_open(getpid(), 0, &f->self), ==, 0);
        g_assert_cmpint(sd_event_new(&f->event), ==, 0);
        log_set_sink(count_warnings, f);

        if (streq(kind, "@")) {
                f->host_fd = bind_abstract(abstract);
                address = abstract;
        } else if (streq(kind, "/")) {
                f->host_fd = socket_bind_unix(f->dir_fd, "host", SOCK_DGRAM, 0600);
                address = f->host_path;
        }
        g_assert_cmpint(notify_proxy_new(f->event, address, collect_actions, f, &f->proxy), ==, 0);
        bind_socket(f->proxy, f->dir_fd);
        connect_payload(f);
}

static void tear_down(Fixture *f, const void *data) {
        notify_proxy_free(f->proxy);
        sd_event_unref(f->event);
        closep(&f->host_fd);
        closep(&f->payload_fd);
        closep(&f->dir_fd);
        pidref_done(&f->self);
        pidref_done(&f->main);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, f->dir), ==, 0);
        g_free(f->dir);
        g_free(f->host_path);
        log_set_sink(NULL, NULL);
}

static void start(Fixture *f, const char *cgroup, bool hold_ready) {
        const NotifyPayload payload = { .cgroup = cgroup, .hold_ready = hold_ready, .init = &f->self };

        g_assert_cmpint(notify_proxy_start(f->proxy, &payload), ==, 0);
}

static void send_text(Fixture *f, const char *text) {
        g_assert_cmpint(socket_send_fds(f->payload_fd, text, strlen(text), NULL, 0), ==, 0);
}

/* Lets the loop do all it can do now. */
static void run(Fixture *f) {
        while (sd_event_run(f->event, 0) > 0)
                ;
}

static void assert_host_gets(Fixture *f, const char *expected) {
        char data[NOTIFY_MESSAGE_MAX + 1] = "";
        struct pollfd p = { .fd = f->host_fd, .events = POLLIN };
        ssize_t n;

        g_assert_cmpint(poll(&p, 1, 10000), ==, 1);
        n = recv(f->host_fd, data, sizeof data - 1, 0);
        g_assert_cmpint(n, >=, 0);
        g_assert_cmpstr(data, ==, expected);
}

static void assert_host_gets_nothing(Fixture *f) {
        char data[16];

        g_assert_cmpint(recv(f->host_fd, data, sizeof data, MSG_DONTWAIT), ==, -1);
        g_assert_cmpint(errno, ==, EAGAIN);
}

static void test_passes(Fixture *f, const void *data) {
        send_text(f, "STATUS=early\nREADY=1"); /* before anybody reads */
        start(f, NULL, false);
        notify_proxy_send(f->proxy, "STATUS=ours");
        run(f);
        assert_host_gets(f, "STATUS=ours");
        assert_host_gets(f, "STATUS=early\nREADY=1");
        g_assert_cmpuint(f->actions, ==, NOTIFY_ACTION_READY);
        g_assert_cmpuint(f->n_warnings, ==, 0);
}

static void test_held(Fixture *f, const void *data) {
        start(f, NULL, true);
        send_text(f, "READY=1");
        send_text(f, "STATUS=x");
        run(f);
        assert_host_gets(f, "STATUS=x");
        assert_host_gets_nothing(f);
        g_assert_cmpuint(f->actions, ==, NOTIFY_ACTION_READY);

        /* said once when it is time, and not held any more */
        notify_proxy_release_ready(f->proxy);
        notify_proxy_release_ready(f->proxy);
        assert_host_gets(f, "READY=1");
        send_text(f, "READY=1");
        run(f);
        assert_host_gets(f, "READY=1");
        assert_host_gets_nothing(f);
}

/* What nobody holds is nothing to release. */
static void test_not_held(Fixture *f, const void *data) {
        start(f, NULL, false);
        notify_proxy_release_ready(f->proxy);
        assert_host_gets_nothing(f);
}

/* Whether the other end of a pipe whose write end was sent is closed everywhere but here and in data. */
static bool pipe_hung_up(int read_fd) {
        struct pollfd p = { .fd = read_fd };

        return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

static void test_barrier(Fixture *f, const void *data) {
        int fds[2], received[4];
        size_t n = ELEMENTSOF(received);
        char text[32] = "";
        struct stat sent_st, received_st;

        start(f, NULL, false);
        g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
        g_assert_cmpint(fstat(fds[1], &sent_st), ==, 0);
        send_text(f, "READY=1");
        g_assert_cmpint(socket_send_fds(f->payload_fd, "BARRIER=1", 9, &fds[1], 1), ==, 0);
        g_assert_cmpint(close(fds[1]), ==, 0);
        run(f);

        assert_host_gets(f, "READY=1");
        g_assert_false(pipe_hung_up(fds[0])); /* on its way */
        g_assert_cmpint(socket_receive_fds(f->host_fd, text, sizeof text, received, &n), ==, 9);
        g_assert_cmpstr(text, ==, "BARRIER=1");
        g_assert_cmpuint(n, ==, 1);
        g_assert_cmpint(fstat(received[0], &received_st), ==, 0);
        g_assert_cmpuint(sent_st.st_ino, ==, received_st.st_ino);

        /* nobody but the service manager holds it: when it closes, the payload goes on */
        g_assert_false(pipe_hung_up(fds[0]));
        g_assert_cmpint(close(received[0]), ==, 0);
        g_assert_true(pipe_hung_up(fds[0]));
        g_assert_cmpint(close(fds[0]), ==, 0);
        g_assert_cmpuint(f->n_warnings, ==, 0);
}

static void send_pipe(Fixture *f, const char *text, int *ret_read_fd) {
        int fds[2];

        g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
        g_assert_cmpint(socket_send_fds(f->payload_fd, text, strlen(text), &fds[1], 1), ==, 0);
        g_assert_cmpint(close(fds[1]), ==, 0);
        *ret_read_fd = fds[0];
}

static void test_unexpected_fds(Fixture *f, const void *data) {
        int fd;

        start(f, NULL, false);
        send_pipe(f, "READY=1", &fd);
        run(f);
        assert_host_gets(f, "READY=1");
        g_assert_true(pipe_hung_up(fd));
        g_assert_cmpuint(f->n_warnings, ==, 1);
        g_assert_cmpint(close(fd), ==, 0);
}

static void test_too_long(Fixture *f, const void *data) {
        g_autofree char *text = g_strnfill(NOTIFY_MESSAGE_MAX + 100, 'x');
        int fd;

        memcpy(text, "STATUS=", 7);
        start(f, NULL, false);
        send_pipe(f, text, &fd);
        run(f);
        assert_host_gets_nothing(f);
        g_assert_true(pipe_hung_up(fd));
        g_assert_cmpuint(f->n_warnings, ==, 1);
        g_assert_cmpint(close(fd), ==, 0);
}

/* The service manager does not read: what it cannot take waits, in order and with its descriptors, and
 * nothing blocks. */
static void test_queue(Fixture *f, const void *data) {
        unsigned sent = 0, max = 2000;
        struct pollfd writable = { .fd = f->payload_fd, .events = POLLOUT };
        int fd;

        start(f, NULL, false);
        g_assert_cmpint(fcntl(f->payload_fd, F_SETFL, O_NONBLOCK), ==, 0);
        while (sent < max && poll(&writable, 1, 0) == 1) {
                g_autofree char *text = g_strdup_printf("STATUS=%u", sent);

                if (socket_send_fds(f->payload_fd, text, strlen(text), NULL, 0) < 0)
                        break;
                sent++;
                run(f);
        }
        g_assert_cmpuint(sent, <, max); /* both sockets are full now: the payload feels it */
        notify_proxy_send(f->proxy, "STOPPING=1");

        for (unsigned i = 0; i < sent; i++) {
                g_autofree char *text = g_strdup_printf("STATUS=%u", i);
                char got[64] = "";

                run(f);
                g_assert_cmpint(recv(f->host_fd, got, sizeof got - 1, 0), >, 0);
                if (streq(got, "STOPPING=1")) /* behind what was queued, before what was not read yet */
                        g_assert_cmpint(recv(f->host_fd, memset(got, 0, sizeof got), sizeof got - 1, 0), >,
                                        0);
                g_assert_cmpstr(got, ==, text);
        }

        send_pipe(f, "BARRIER=1", &fd);
        run(f);
        g_assert_false(pipe_hung_up(fd));
        assert_host_gets(f, "BARRIER=1"); /* read without control data: closed */
        g_assert_true(pipe_hung_up(fd));
        assert_host_gets_nothing(f);
        g_assert_cmpint(close(fd), ==, 0);
}

static void test_barrier_without_host(Fixture *f, const void *data) {
        int fd;

        start(f, NULL, false);
        send_text(f, "READY=1");
        send_pipe(f, "BARRIER=1", &fd);
        run(f);
        g_assert_true(pipe_hung_up(fd));
        g_assert_cmpuint(f->actions, ==, NOTIFY_ACTION_READY | NOTIFY_ACTION_BARRIER);
        g_assert_cmpint(close(fd), ==, 0);
}

static void test_drain(Fixture *f, const void *data) {
        send_text(f, "STATUS=1");
        send_text(f, "STATUS=2");
        notify_proxy_drain(f->proxy, 1000);
        assert_host_gets(f, "STATUS=1");
        assert_host_gets(f, "STATUS=2");
        assert_host_gets_nothing(f);
}

/* A payload cannot keep us for ever; it would keep a supervisor that is to leave. */
static void test_drain_of_flood(Fixture *f, const void *data) {
        f->again = true;
        send_text(f, "READY=1");
        notify_proxy_drain(f->proxy, 1000);
        g_assert_cmpuint(f->n_warnings, ==, 1);
}

static void count_events(const NotifyEvent *event, void *userdata) {
        (*(unsigned *) userdata)++;
}

/* Who sends without end waits from time to time, so that systemd can do something else. Nothing is lost. */
static void test_flood(Fixture *f, const void *data) {
        unsigned n = 0;

        notify_proxy_free(f->proxy);
        g_assert_cmpint(notify_proxy_new(f->event, NULL, count_events, &n, &f->proxy), ==, 0);
        bind_socket(f->proxy, f->dir_fd);
        (void) close(f->payload_fd);
        connect_payload(f);
        start(f, NULL, false);
        for (unsigned i = 0; i < NOTIFY_BURST_MAX; i++) {
                send_text(f, "READY=1");
                run(f);
        }
        g_assert_cmpuint(n, ==, NOTIFY_BURST_MAX);
        send_text(f, "READY=1");
        run(f);
        g_assert_cmpuint(n, ==, NOTIFY_BURST_MAX);
        notify_proxy_drain(f->proxy, 1000);
        g_assert_cmpuint(n, ==, NOTIFY_BURST_MAX + 1);
}

static void test_sender_elsewhere(Fixture *f, const void *data) {
        start(f, "/no/such.scope", false);
        send_text(f, "READY=1");
        send_text(f, "READY=1");
        run(f);
        assert_host_gets_nothing(f);
        g_assert_cmpuint(f->actions, ==, 0);
        g_assert_cmpuint(f->n_warnings, ==, 1); /* the second one is not worth another */
}

static void test_sender_ours(Fixture *f, const void *data) {
        _cleanup_free_ char *cgroup = NULL;

        if (pid_cgroup(0, &cgroup) < 0)
                return g_test_skip("there is no unified cgroup hierarchy");
        if (streq(cgroup, "/"))
                cgroup[0] = '\0'; /* everything is below the root */
        start(f, cgroup, false);
        send_text(f, "READY=1");
        run(f);
        assert_host_gets(f, "READY=1");
}

static void test_sender_gone(Fixture *f, const void *data) {
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                _exit(socket_send_fds(f->payload_fd, "READY=1", 7, NULL, 0) < 0);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        start(f, "/no/such.scope", false);
        run(f);
        assert_host_gets(f, "READY=1");
}

static void test_bind_again(Fixture *f, const void *data) {
        NotifyProxy *next = NULL;

        g_assert_cmpint(notify_proxy_new(f->event, f->host_path, collect_actions, f, &next), ==, 0);
        bind_socket(next, f->dir_fd);
        notify_proxy_free(f->proxy);
        f->proxy = next;
        closep(&f->payload_fd);
        connect_payload(f);
        start(f, NULL, false);
        send_text(f, "READY=1");
        run(f);
        assert_host_gets(f, "READY=1");
}

/* What is said about a container and what it says are one text, whichever of the two changes. */
static void test_status(Fixture *f, const void *data) {
        start(f, NULL, false);
        notify_proxy_set_status(f->proxy, "starting");
        assert_host_gets(f, "STATUS=starting");
        send_text(f, "READY=1\nSTATUS=12 clients");
        run(f);
        assert_host_gets(f, "READY=1\nSTATUS=starting; 12 clients");
        notify_proxy_set_status(f->proxy, "healthy");
        assert_host_gets(f, "STATUS=healthy; 12 clients");
        send_text(f, "STATUS=");
        run(f);
        assert_host_gets(f, "STATUS=healthy");
}

static void test_bad_address(Fixture *f, const void *data) {
        NotifyProxy *p = NULL;

        g_assert_cmpint(notify_proxy_new(f->event, "vsock:2:1234", NULL, NULL, &p), ==, -EAFNOSUPPORT);
        g_assert_cmpint(notify_proxy_new(f->event, "@", NULL, NULL, &p), ==, -EAFNOSUPPORT);
        g_assert_cmpint(notify_proxy_new(f->event, "/no/such/socket", NULL, NULL, &p), ==, -ENOENT);
        g_assert_null(p);
}

static void test_cgroup_contains(void) {
        g_assert_true(notify_cgroup_contains("/a.slice/b.scope", "/a.slice/b.scope"));
        g_assert_true(notify_cgroup_contains("/a.slice/b.scope", "/a.slice/b.scope/child"));
        g_assert_false(notify_cgroup_contains("/a.slice/b.scope", "/a.slice/b.scope2"));
        g_assert_false(notify_cgroup_contains("/a.slice/b.scope", "/a.slice"));
        g_assert_false(notify_cgroup_contains("/a.slice/b.scope", "/"));
}

#define ADD(name, kind, function) \
        g_test_add("/notify-proxy/" name, Fixture, kind, set_up, function, tear_down)

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        ADD("passes/path", "/", test_passes);
        ADD("passes/abstract", "@", test_passes);
        ADD("held", "/", test_held);
        ADD("not-held", "/", test_not_held);
        ADD("barrier/forwarded", "/", test_barrier);
        ADD("barrier/no-host", "", test_barrier_without_host);
        ADD("unexpected-fds", "/", test_unexpected_fds);
        ADD("too-long", "/", test_too_long);
        ADD("queue", "/", test_queue);
        ADD("drain", "/", test_drain);
        ADD("flood", "", test_flood);
        ADD("drain-of-flood", "", test_drain_of_flood);
        ADD("sender/elsewhere", "/", test_sender_elsewhere);
        ADD("sender/ours", "/", test_sender_ours);
        ADD("sender/gone", "/", test_sender_gone);
        ADD("bind-again", "/", test_bind_again);
        ADD("status", "/", test_status);
        ADD("bad-address", "/", test_bad_address);
        g_test_add_func("/notify-proxy/cgroup-contains", test_cgroup_contains);
        return g_test_run();
}
