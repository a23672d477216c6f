/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two ptys: "user" stands for the caller's terminal, "payload" for the container's. A child forwards between
 * them. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/console-forward.h"

#include "basic/cleanup.h"

typedef struct Pty {
        int master, slave;
} Pty;

static Pty pty_open(void) {
        int unlocked = 0;
        Pty pty;

        pty.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(pty.master, >=, 0);
        g_assert_cmpint(ioctl(pty.master, TIOCSPTLCK, &unlocked), ==, 0);
        pty.slave = ioctl(pty.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(pty.slave, >=, 0);
        return pty;
}

static void set_size(int fd, unsigned short rows, unsigned short columns) {
        const struct winsize size = { .ws_row = rows, .ws_col = columns };

        g_assert_cmpint(ioctl(fd, TIOCSWINSZ, &size), ==, 0);
}

static void expect_size(int fd, unsigned short rows, unsigned short columns) {
        struct winsize size;

        do {
                g_assert_cmpint(ioctl(fd, TIOCGWINSZ, &size), ==, 0);
                (void) poll(NULL, 0, 1);
        } while (size.ws_row != rows || size.ws_col != columns);
}

/* Reads until exactly that text has come; the test runner's limit ends a wait in vain. */
static void expect_text(int fd, const char *text) {
        size_t size = 0, wanted = strlen(text);
        char buffer[128];

        while (size < wanted) {
                ssize_t n = read(fd, buffer + size, MIN(wanted - size, sizeof buffer - size));

                g_assert_cmpint(n, >, 0);
                size += n;
        }
        g_assert_cmpmem(buffer, size, text, wanted);
}

static void make_raw(int fd) {
        struct termios raw;

        g_assert_cmpint(tcgetattr(fd, &raw), ==, 0);
        cfmakeraw(&raw);
        g_assert_cmpint(tcsetattr(fd, TCSANOW, &raw), ==, 0);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Forwards until SIGTERM; tells on ready_fd that it has begun. */
static void forward(const Pty *user, int stdin_fd, int payload_master, int ready_fd) {
        _cleanup_(console_forward_freep) ConsoleForward *f = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        sigset_t set;

        g_assert_cmpint(setsid(), >, 0);
        g_assert_cmpint(ioctl(user->slave, TIOCSCTTY, 0), ==, 0);
        g_assert_cmpint(dup2(stdin_fd, STDIN_FILENO), >=, 0);
        g_assert_cmpint(dup2(user->slave, STDOUT_FILENO), >=, 0);
        (void) close(user->master);

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        g_assert_cmpint(sigprocmask(SIG_BLOCK, &set, NULL), ==, 0);
        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(sd_event_add_signal(event, NULL, SIGTERM, on_end, NULL), >=, 0);
        g_assert_cmpint(console_forward_new(event, payload_master, &f), >=, 0);
        g_assert_cmpint(write(ready_fd, "x", 1), ==, 1);
        g_assert_cmpint(sd_event_loop(event), ==, 0);
        console_forward_drain(f);
}

static pid_t start_forward(const Pty *user, int stdin_fd, int payload_master) {
        int ready[2];
        char byte;
        pid_t pid;

        g_assert_cmpint(pipe2(ready, O_CLOEXEC), ==, 0);
        (void) fflush(NULL);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                forward(user, stdin_fd, payload_master, ready[1]);
                _exit(0);
        }
        (void) close(ready[1]);
        g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
        (void) close(ready[0]);
        return pid;
}

static void stop_forward(pid_t pid) {
        int status;

        g_assert_cmpint(kill(pid, SIGTERM), ==, 0);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(status, ==, 0);
}

static void test_terminal(void) {
        Pty user = pty_open(), payload = pty_open();
        struct termios before, during, after;
        pid_t pid;

        make_raw(payload.slave);
        set_size(user.master, 20, 60);
        g_assert_cmpint(tcgetattr(user.slave, &before), ==, 0);
        g_assert_true(before.c_lflag & ICANON);
        pid = start_forward(&user, user.slave, payload.master);

        g_assert_cmpint(tcgetattr(user.slave, &during), ==, 0);
        g_assert_false(during.c_lflag & (ICANON | ECHO | ISIG));
        expect_size(payload.slave, 20, 60);

        /* Control characters are the payload's. */
        g_assert_cmpint(write(user.master, "a\003b", 3), ==, 3);
        expect_text(payload.slave, "a\003b");
        g_assert_cmpint(write(payload.slave, "answer", 6), ==, 6);
        expect_text(user.master, "answer");

        set_size(user.master, 30, 100);
        expect_size(payload.slave, 30, 100);

        stop_forward(pid);
        g_assert_cmpint(tcgetattr(user.slave, &after), ==, 0);
        g_assert_cmphex(after.c_lflag, ==, before.c_lflag);
        g_assert_cmphex(after.c_iflag, ==, before.c_iflag);
        g_assert_cmphex(after.c_oflag, ==, before.c_oflag);
        g_assert_false(fcntl(payload.master, F_GETFL) & O_NONBLOCK);
}

/* What the payload wrote last is not lost, though it has closed its terminal before anybody read. */
static void test_last_words(void) {
        Pty user = pty_open(), payload = pty_open();
        pid_t pid;

        make_raw(payload.slave);
        make_raw(user.slave);
        pid = start_forward(&user, user.slave, payload.master);
        g_assert_cmpint(kill(pid, SIGSTOP), ==, 0);
        g_assert_cmpint(write(payload.slave, "bye", 3), ==, 3);
        (void) close(payload.slave);
        g_assert_cmpint(kill(pid, SIGTERM), ==, 0);
        g_assert_cmpint(kill(pid, SIGCONT), ==, 0);
        expect_text(user.master, "bye");
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

/* epoll does not take regular files. */
static void test_input_from_file(void) {
        _cleanup_free_ char *path = NULL;
        Pty user = pty_open(), payload = pty_open();
        int fd = g_file_open_tmp("berth-input-XXXXXX", &path, NULL);
        pid_t pid;

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, "typed", 5), ==, 5);
        g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
        make_raw(payload.slave);
        pid = start_forward(&user, fd, payload.master);
        expect_text(payload.slave, "typed");
        g_assert_cmpint(write(payload.slave, "still here", 10), ==, 10);
        expect_text(user.master, "still here");
        stop_forward(pid);
        g_assert_cmpint(unlink(path), ==, 0);
}

/* More than a pty holds at once, to a payload that starts reading late. */
static void test_much_input(void) {
        _cleanup_free_ char *path = NULL, *text = g_malloc(100000);
        Pty user = pty_open(), payload = pty_open();
        int fd = g_file_open_tmp("berth-input-XXXXXX", &path, NULL);
        char buffer[1000];
        pid_t pid;

        for (size_t i = 0; i < 100000; i++)
                text[i] = 'a' + i % 23;
        g_assert_cmpint(write(fd, text, 100000), ==, 100000);
        g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
        make_raw(payload.slave);
        pid = start_forward(&user, fd, payload.master);

        for (size_t size = 0; size < 100000;) {
                ssize_t n = read(payload.slave, buffer, sizeof buffer);

                g_assert_cmpint(n, >, 0);
                g_assert_cmpmem(buffer, n, text + size, n);
                size += n;
        }
        stop_forward(pid);
        g_assert_cmpint(unlink(path), ==, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/console-forward/terminal", test_terminal);
        g_test_add_func("/console-forward/last-words", test_last_words);
        g_test_add_func("/console-forward/input-from-file", test_input_from_file);
        g_test_add_func("/console-forward/much-input", test_much_input);
        return g_test_run();
}
