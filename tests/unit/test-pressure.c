/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is told of memory pressure, and what is written for the kernel. A pair of sockets is in the place of
 * memory.pressure. */

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/pressure.h"

#include "basic/macro.h"

#define DEFAULT "some 200000 2000000"

static void test_trigger(void) {
        static const struct {
                const char *base64, *text;
                size_t size;
        } cases[] = {
                { "c29tZSAxMDAwIDIwMDAwMDAA", "some 1000 2000000\0", 18 },
                { "ZnVsbCA1MDAwMCA0MDAwMDAw", "full 50000 4000000", 18 },
                { NULL, DEFAULT, 19 },
                { "", DEFAULT, 19 },
                { "!", DEFAULT, 19 },
                { "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "01234567890123456789012345678901", 32 },
                { "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy", DEFAULT, 19 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[PRESSURE_TRIGGER_MAX];
                size_t size = pressure_trigger(cases[i].base64, text);

                g_assert_cmpmem(text, size, cases[i].text, cases[i].size);
        }
}

/* ---- the FIFO ---- */

typedef struct Fixture {
        char *dir;
        int dir_fd, fifo_fd, psi_fd,
                        kernel_fd; /* the watch has the FIFO and psi_fd; kernel_fd: its other end */
        sd_event *event;
        PressureWatch *watch;
} Fixture;

static void set_up(Fixture *f, gconstpointer data) {
        int psi[2];

        f->dir = g_dir_make_tmp("pressure-XXXXXX", NULL);
        f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        f->fifo_fd = pressure_fifo_open(f->dir_fd, "fifo");
        g_assert_cmpint(f->fifo_fd, >=, 0);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, psi), ==, 0);
        f->psi_fd = psi[0];
        f->kernel_fd = psi[1];
        g_assert_cmpint(sd_event_new(&f->event), >=, 0);
}

static void watch(Fixture *f) {
        g_assert_cmpint(pressure_watch_new(
                                        f->event, (const int[]) { f->fifo_fd, f->psi_fd }, NULL, &f->watch),
                        ==, 0);
}

static void tear_down(Fixture *f, gconstpointer data) {
        pressure_watch_freep(&f->watch);
        sd_event_unref(f->event);
        (void) unlinkat(f->dir_fd, "fifo", 0);
        g_assert_cmpint(rmdir(f->dir), ==, 0);
        closep(&f->kernel_fd);
        closep(&f->dir_fd);
        g_free(f->dir);
}

static int client(Fixture *f) {
        int fd = openat(f->dir_fd, "fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        return fd;
}

/* What is to be read: its size, or -EAGAIN. */
static ssize_t received(int fd) {
        char text[100];
        ssize_t n;

        g_assert_true(g_unix_set_fd_nonblocking(fd, TRUE, NULL));
        n = read(fd, text, sizeof text);
        return n < 0 ? -errno : n;
}

static void test_tell(Fixture *f, gconstpointer data) {
        _cleanup_close_ int fd = -EBADF;

        watch(f);
        g_assert_cmpint(received(f->kernel_fd), ==, strlen(DEFAULT));
        fd = client(f);
        g_assert_cmpint(received(fd), ==, -EAGAIN);
        for (size_t i = 0; i < 100000; i++)
                pressure_watch_tell(f->watch);
        g_assert_cmpint(received(fd), ==, 1);
        pressure_watch_tell(f->watch);
        g_assert_cmpint(received(fd), ==, 1);
}

/* Nobody waits for a payload that fills the FIFO. */
static void test_full(Fixture *f, gconstpointer data) {
        _cleanup_close_ int fd = -EBADF;
        char much[4096] = {};

        watch(f);
        fd = client(f);
        while (write(fd, much, sizeof much) > 0)
                ;
        pressure_watch_tell(f->watch);
        g_assert_cmpint(received(fd), >, 0);
}

/* Another supervisor: who has opened the FIFO before gets no hang-up, and is told by the next one. */
static void test_again(Fixture *f, gconstpointer data) {
        _cleanup_close_ int fd = -EBADF;
        int psi[2];

        watch(f);
        fd = client(f);
        pressure_watch_free(f->watch);
        g_assert_cmpint(received(fd), ==, -EAGAIN);

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, psi), ==, 0);
        closep(&f->kernel_fd);
        f->psi_fd = psi[0];
        f->kernel_fd = psi[1];
        f->fifo_fd = pressure_fifo_open(f->dir_fd, "fifo");
        g_assert_cmpint(f->fifo_fd, >=, 0);
        watch(f);
        g_assert_cmpint(received(f->kernel_fd), ==, strlen(DEFAULT));
        pressure_watch_tell(f->watch);
        g_assert_cmpint(received(fd), ==, 1);
}

/* The kernel does not take the trigger. */
static void test_refused(Fixture *f, gconstpointer data) {
        closep(&f->kernel_fd);
        f->kernel_fd = -EBADF;
        g_assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
        g_assert_cmpint(pressure_watch_new(
                                        f->event, (const int[]) { f->fifo_fd, f->psi_fd }, NULL, &f->watch),
                        ==, -EPIPE);
}

static void test_no_fifo(void) {
        g_autofree char *dir = g_dir_make_tmp("pressure-XXXXXX", NULL);
        _cleanup_close_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;

        g_assert_cmpint(symlinkat("/dev/null", dir_fd, "fifo"), ==, 0);
        g_assert_cmpint(pressure_fifo_open(dir_fd, "fifo"), ==, -ELOOP);
        g_assert_cmpint(unlinkat(dir_fd, "fifo", 0), ==, 0);
        fd = openat(dir_fd, "fifo", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(pressure_fifo_open(dir_fd, "fifo"), ==, -EEXIST);
        g_assert_cmpint(unlinkat(dir_fd, "fifo", 0), ==, 0);
        g_assert_cmpint(rmdir(dir), ==, 0);
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                void (*run)(Fixture *f, gconstpointer data);
        } tests[] = {
                { "/pressure/tell", test_tell },
                { "/pressure/full", test_full },
                { "/pressure/again", test_again },
                { "/pressure/refused", test_refused },
        };

        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/pressure/trigger", test_trigger);
        g_test_add_func("/pressure/no-fifo", test_no_fifo);
        for (size_t i = 0; i < ELEMENTSOF(tests); i++)
                g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
        return g_test_run();
}
