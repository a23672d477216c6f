/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Directories copied as they are. */

#include <sys/sysmacros.h>

#include "basic/fs-util.h"
#include "sandbox-root.h"
#include "sandbox/copy-up.h"

/* A root with /from, full of things, and an empty /to. */
static int make_root(void) {
        static const struct timespec old[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
        _cleanup_free_ char *path = NULL;
        int fd;

        g_assert_true(sandbox_root_enter(&path, &fd));
        g_assert_cmpint(mkdirat(fd, "from", 0750), ==, 0);
        g_assert_cmpint(mkdirat(fd, "to", 0755), ==, 0);
        g_assert_cmpint(mkdirat(fd, "from/sub", 01777), ==, 0);
        g_assert_cmpint(fchmodat(fd, "from/sub", 01777, 0), ==, 0);
        assert_ok(write_file_atomic_at(fd, "from/sub/file", "text", 4, 0640));
        g_assert_cmpint(fchownat(fd, "from/sub/file", 7, 8, 0), ==, 0);
        g_assert_cmpint(fchmodat(fd, "from/sub/file", 06755, 0), ==, 0);
        g_assert_cmpint(utimensat(fd, "from/sub/file", old, 0), ==, 0);
        g_assert_cmpint(symlinkat("/etc/shadow", fd, "from/link"), ==, 0);
        g_assert_cmpint(fchownat(fd, "from/link", 9, 9, AT_SYMLINK_NOFOLLOW), ==, 0);
        g_assert_cmpint(mknodat(fd, "from/fifo", S_IFIFO | 0600, 0), ==, 0);
        g_assert_cmpint(mknodat(fd, "from/null", S_IFCHR | 0666, makedev(1, 3)), ==, 0);
        g_assert_cmpint(fchownat(fd, "from", 5, 6, 0), ==, 0);
        return fd;
}

static struct stat stat_of(int fd, const char *name) {
        struct stat st;

        g_assert_cmpint(fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW), ==, 0);
        return st;
}

static int copy(int fd) {
        _cleanup_close_ int from = openat(fd, "from", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int to = openat(fd, "to", O_PATH | O_DIRECTORY | O_CLOEXEC);

        return copy_up(from, to, /* metadata= */ true);
}

static void run_everything(const void *data) {
        static const struct {
                const char *name;
                mode_t mode;
                uid_t uid;
                gid_t gid;
        } expected[] = {
                { "to", S_IFDIR | 0750, 5, 6 },           { "to/sub", S_IFDIR | 01777, 0, 0 },
                { "to/sub/file", S_IFREG | 06755, 7, 8 }, { "to/link", S_IFLNK | 0777, 9, 9 },
                { "to/fifo", S_IFIFO | 0600, 0, 0 },
        };
        _cleanup_free_ char *text = NULL;
        char target[64] = "";
        size_t size;
        int fd = make_root();

        assert_ok(copy(fd));
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                struct stat st = stat_of(fd, expected[i].name);

                g_assert_cmpuint(st.st_mode, ==, expected[i].mode);
                g_assert_cmpuint(st.st_uid, ==, expected[i].uid);
                g_assert_cmpuint(st.st_gid, ==, expected[i].gid);
        }
        assert_ok(read_file_at(fd, "to/sub/file", &text, &size));
        g_assert_cmpstr(text, ==, "text");
        g_assert_cmpint(stat_of(fd, "to/sub/file").st_mtime, ==, 1000);
        g_assert_cmphex(stat_of(fd, "to/null").st_rdev, ==, makedev(1, 3));
        g_assert_cmpint(readlinkat(fd, "to/link", target, sizeof target), ==, strlen("/etc/shadow"));
        g_assert_cmpstr(target, ==, "/etc/shadow");
}

/* The tmpfs has a size. */
static void run_too_large(const void *data) {
        _cleanup_free_ char *text = g_malloc0(1 << 20), *path = NULL, *to = NULL;
        int fd = make_root();

        assert_ok(write_file_atomic_at(fd, "from/large", text, 1 << 20, 0644));
        path = g_strdup_printf("/proc/self/fd/%d", fd);
        to = g_build_filename(path, "to", NULL);
        g_assert_cmpint(mount("tmpfs", to, "tmpfs", 0, "size=64k"), ==, 0);
        g_assert_cmpint(copy(fd), ==, -ENOSPC);
}

static void test_copy_up(const void *data) {
        if (test_needs_root())
                test_in_child((void (*)(const void *)) data, NULL);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_data_func("/copy-up/everything", run_everything, test_copy_up);
        g_test_add_data_func("/copy-up/too-large", run_too_large, test_copy_up);
        return g_test_run();
}
