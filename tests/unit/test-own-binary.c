/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program file out of the reach of a container, in both ways: let go of, and executed from a copy. */

#include <fcntl.h>
#include <linux/capability.h>

#include <sys/syscall.h>

#include "basic/fs-util.h"
#include "basic/own-binary.h"
#include "sandbox-root.h"

#define AGAIN "BERTH_TEST_AGAIN"

static int counter = 17; /* in the writable part of the program */

static char *own_file(void) {
        char *path = g_file_read_link("/proc/self/exe", NULL);

        g_assert_nonnull(path);
        return path;
}

static char *text_of(const char *path) {
        char *text;
        size_t size;

        g_assert_cmpint(read_file_at(AT_FDCWD, path, &text, &size), ==, 0);
        for (size_t i = 0; i + 1 < size; i++)
                if (text[i] == '\0')
                        text[i] = ' ';
        return text;
}

/* Whoever opens the file can neither write to it nor give it another mode and write then. */
static void check_sealed(void) {
        _cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(fcntl(fd, F_GET_SEALS), ==,
                        F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
        g_assert_cmpint(open("/proc/self/exe", O_WRONLY | O_CLOEXEC), <, 0);
}

static void run_let_go(const void *data) {
        _cleanup_free_ char *file = own_file(), *hidden = NULL, *maps = NULL, *before = NULL, *after = NULL;
        _cleanup_free_ void *memory = NULL;
        char *const words[] = { (char *) "x", NULL };
        struct stat st;

        counter++;
        before = text_of("/proc/self/cmdline");
        g_assert_cmpint(own_binary_hide(), ==, 0);

        hidden = own_file();
        maps = text_of("/proc/self/maps");
        after = text_of("/proc/self/cmdline");
        g_assert_cmpstr(hidden, ==, "/memfd:berth (deleted)");
        g_assert_null(strstr(maps, file));
        g_assert_cmpstr(after, ==, before);
        g_assert_cmpint(stat("/proc/self/exe", &st), ==, 0);
        g_assert_cmpint(st.st_size, ==, 0);
        check_sealed();
        g_assert_cmpint(execv("/proc/self/exe", words), <, 0);
        g_assert_cmpint(errno, ==, ENOEXEC);

        /* All of the program is as it was. */
        g_assert_cmpint(counter, ==, 18);
        memory = g_malloc0(1 << 16);
        g_assert_cmpint(own_binary_hide(), ==, 0);
}

static void test_let_go(void) {
        if (test_needs_root())
                test_in_child(run_let_go, NULL);
}

static void drop_capabilities(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = { 0 };

        g_assert_cmpint(syscall(SYS_capset, &header, none), ==, 0);
}

/* The program is ours, so that we could write to it, but the kernel lets only the privileged let go of it.
 */
static void run_copy(const void *data) {
        drop_capabilities();
        g_assert_true(g_setenv(AGAIN, "copied", TRUE));
        (void) own_binary_hide();
        g_assert_not_reached();
}

static void test_copy(void) {
        struct stat st;

        g_assert_cmpint(stat("/proc/self/exe", &st), ==, 0);
        if (st.st_uid != geteuid()) {
                g_test_skip("the program is somebody else's, and out of reach anyway");
                return;
        }
        test_in_child(run_copy, NULL);
}

/* From a mount that nobody can write to. */
static void run_read_only(const void *data) {
        _cleanup_free_ char *file = own_file(), *path = NULL;
        char *const words[] = { file, NULL };
        int fd;

        g_assert_true(sandbox_root_enter(&path, &fd));
        fd = open("/tmp/own", O_CREAT | O_CLOEXEC, 0600);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(mount(file, "/tmp/own", NULL, MS_BIND, NULL), ==, 0);
        g_assert_cmpint(mount(NULL, "/tmp/own", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
        g_assert_true(g_setenv(AGAIN, "read-only", TRUE));
        (void) execv("/tmp/own", words);
        g_assert_not_reached();
}

static void test_read_only(void) {
        if (test_needs_root())
                test_in_child(run_read_only, NULL);
}

/* What the program does when it has executed itself. */
static int again(const char *how, char **argv) {
        bool copied = streq(how, "copied");
        _cleanup_free_ char *file = NULL;

        g_assert_nonnull(strstr(argv[0], "own-binary"));
        g_assert_cmpint(own_binary_hide(), ==, 0);
        file = own_file();
        g_assert_cmpstr(file, ==, copied ? "/memfd:berth (deleted)" : "/tmp/own");
        if (copied)
                check_sealed();
        return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        if (g_getenv(AGAIN))
                return again(g_getenv(AGAIN), argv);
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/own-binary/let-go", test_let_go);
        g_test_add_func("/own-binary/copy", test_copy);
        g_test_add_func("/own-binary/read-only", test_read_only);
        return g_test_run();
}
