/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A container's pty, from a devpts in a root file system. */

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "basic/fs-util.h"
#include "basic/socket-util.h"
#include "sandbox-root.h"
#include "sandbox/console.h"

static int root_with_devpts(void) {
        _cleanup_free_ char *path = NULL, *pts = NULL;
        int fd;

        g_assert_true(sandbox_root_enter(&path, &fd));
        g_assert_cmpint(mkdirat(fd, "dev", 0755), ==, 0);
        g_assert_cmpint(mkdirat(fd, "dev/pts", 0755), ==, 0);
        pts = g_build_filename(path, "dev/pts", NULL);
        g_assert_cmpint(mount("devpts", pts, "devpts", 0, "newinstance,ptmxmode=0666,mode=0620"), ==, 0);
        return fd;
}

static void run_open(const void *data) {
        const SpecProcess process = {
                .console_height = { true, 33 },
                .console_width = { true, 77 },
                .user = { .uid = 1001 },
        };
        _cleanup_(console_done) Console console = CONSOLE_NULL, second = CONSOLE_NULL;
        _cleanup_close_ int root_fd = root_with_devpts();
        struct winsize size;
        struct stat st;
        char buffer[16] = "";

        assert_ok(console_open(root_fd, &process, &console));
        g_assert_cmpstr(console.name, ==, "/dev/pts/0"); /* an instance of its own counts from 0 */
        g_assert_true(isatty(console.master) && isatty(console.slave));
        g_assert_true(fcntl(console.master, F_GETFD) & FD_CLOEXEC);
        g_assert_true(fcntl(console.slave, F_GETFD) & FD_CLOEXEC);

        g_assert_cmpint(ioctl(console.slave, TIOCGWINSZ, &size), ==, 0);
        g_assert_cmpint(size.ws_row, ==, 33);
        g_assert_cmpint(size.ws_col, ==, 77);
        g_assert_cmpint(fstat(console.slave, &st), ==, 0);
        g_assert_cmpuint(st.st_uid, ==, 1001);

        g_assert_cmpint(write(console.master, "hello\n", 6), ==, 6);
        g_assert_cmpint(read(console.slave, buffer, sizeof buffer - 1), ==, 6);
        g_assert_cmpstr(buffer, ==, "hello\n");

        assert_ok(console_open(root_fd, &process, &second));
        g_assert_cmpstr(second.name, ==, "/dev/pts/1");
}

static void run_mount(const void *data) {
        _cleanup_(console_done) Console console = CONSOLE_NULL;
        _cleanup_close_ int root_fd = root_with_devpts();
        const SpecProcess process = {};
        struct stat st, slave;

        assert_ok(console_open(root_fd, &process, &console));
        assert_ok(console_mount(root_fd, &console));
        g_assert_cmpint(fstatat(root_fd, "dev/console", &st, AT_SYMLINK_NOFOLLOW), ==, 0);
        g_assert_cmpint(fstat(console.slave, &slave), ==, 0);
        g_assert_true(S_ISCHR(st.st_mode));
        g_assert_true(st.st_rdev == slave.st_rdev && st.st_ino == slave.st_ino);
}

/* An image with /dev/console leading elsewhere must not get the terminal mounted there. */
static void run_symlink(const void *data) {
        _cleanup_(console_done) Console console = CONSOLE_NULL;
        _cleanup_close_ int root_fd = root_with_devpts();
        const SpecProcess process = {};
        struct stat st;

        assert_ok(write_file_atomic_at(root_fd, "victim", "untouched", 9, 0644));
        g_assert_cmpint(symlinkat("../victim", root_fd, "dev/console"), ==, 0);
        assert_ok(console_open(root_fd, &process, &console));
        g_assert_cmpint(console_mount(root_fd, &console), ==, -ELOOP);
        g_assert_cmpint(fstatat(root_fd, "victim", &st, 0), ==, 0);
        g_assert_true(S_ISREG(st.st_mode));
}

static void run_no_devpts(const void *data) {
        _cleanup_(console_done) Console console = CONSOLE_NULL;
        _cleanup_free_ char *path = NULL;
        const SpecProcess process = {};
        int root_fd;

        g_assert_true(sandbox_root_enter(&path, &root_fd));
        g_assert_cmpint(console_open(root_fd, &process, &console), ==, -ENOENT);

        g_assert_cmpint(mkdirat(root_fd, "dev", 0755), ==, 0);
        g_assert_cmpint(mkdirat(root_fd, "dev/pts", 0755), ==, 0);
        assert_ok(write_file_atomic_at(root_fd, "dev/pts/ptmx", "", 0, 0666));
        g_assert_cmpint(console_open(root_fd, &process, &console), ==, -ENODEV);
        g_assert_cmpint(console.master, ==, -EBADF);
}

static void run_attach(const void *data) {
        _cleanup_(console_done) Console console = CONSOLE_NULL;
        _cleanup_close_ int root_fd = root_with_devpts(), tty = -EBADF;
        const SpecProcess process = {};

        assert_ok(console_open(root_fd, &process, &console));
        assert_ok(console_attach(&console));

        g_assert_cmpint(getsid(0), ==, getpid());
        for (int fd = 0; fd < 3; fd++) {
                g_assert_true(isatty(fd));
                g_assert_cmpint(tcgetsid(fd), ==, getpid());
                g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, 0);
        }
        tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(tty, >=, 0);
        /* Closing it would be a hangup for this session. */
        (void) TAKE_FD(console.master);
}

/* What a listener gets: one message, the name, one descriptor, then the end. */
static void test_send(void) {
        _cleanup_free_ char *dir = g_dir_make_tmp("berth-console-XXXXXX", NULL);
        _cleanup_free_ char *path = g_build_filename(dir, "socket", NULL);
        _cleanup_close_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int listener = -EBADF, connection = -EBADF, received = -EBADF;
        int fds[4], pair[2];
        char buffer[64] = "";
        size_t n = ELEMENTSOF(fds);

        g_assert_cmpint(console_send(path, STDIN_FILENO, "/dev/pts/0"), ==, -ENOENT);

        listener = socket_bind_unix(dir_fd, "socket", SOCK_STREAM, 0600);
        assert_ok(listener);
        g_assert_cmpint(pipe2(pair, O_CLOEXEC), ==, 0);
        assert_ok(console_send(path, pair[1], "/dev/pts/0"));
        (void) close(pair[1]);

        connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_ok(connection);
        g_assert_cmpint(socket_receive_fds(connection, buffer, sizeof buffer - 1, fds, &n), ==,
                        STRLEN("/dev/pts/0"));
        g_assert_cmpstr(buffer, ==, "/dev/pts/0");
        g_assert_cmpuint(n, ==, 1);
        received = fds[0];
        g_assert_cmpint(write(received, "x", 1), ==, 1);
        g_assert_cmpint(read(pair[0], buffer, 1), ==, 1);
        g_assert_cmpint(read(connection, buffer, 1), ==, 0);
        (void) close(pair[0]);
        assert_ok(remove_tree_at(AT_FDCWD, dir));
}

/* The data of a test is the function that runs in a child. */
static void test_as_root(const void *data) {
        if (test_needs_root())
                test_in_child((void (*)(const void *)) data, NULL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_data_func("/console/open", run_open, test_as_root);
        g_test_add_data_func("/console/mount", run_mount, test_as_root);
        g_test_add_data_func("/console/symlink", run_symlink, test_as_root);
        g_test_add_data_func("/console/no-devpts", run_no_devpts, test_as_root);
        g_test_add_data_func("/console/attach", run_attach, test_as_root);
        g_test_add_func("/console/send", test_send);
        return g_test_run();
}
