/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be seen of masked paths and written to read-only ones. */

#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "basic/fs-util.h"
#include "sandbox-root.h"
#include "sandbox/masks.h"

/* A root with /secret/{file,more/file}, /other/file, /link -> /secret/file, and /dev/null. */
static int make_root(void) {
        static const char *const directories[] = { "secret", "secret/more", "other", "dev" };
        static const char *const files[] = { "secret/file", "secret/more/file", "other/file" };
        _cleanup_free_ char *path = NULL;
        int fd;

        g_assert_true(sandbox_root_enter(&path, &fd));
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                g_assert_cmpint(mkdirat(fd, directories[i], 0755), ==, 0);
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                assert_ok(write_file_atomic_at(fd, files[i], "text", 4, 0644));
        g_assert_cmpint(symlinkat("/secret/file", fd, "link"), ==, 0);
        g_assert_cmpint(mknodat(fd, "dev/null", S_IFCHR | 0666, makedev(1, 3)), ==, 0);
        return fd;
}

static int try_write(int root_fd, const char *path) {
        _cleanup_close_ int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : 0;
}

static void assert_null(int root_fd, const char *path) {
        struct stat st;

        g_assert_cmpint(fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW), ==, 0);
        g_assert_true(S_ISCHR(st.st_mode));
        g_assert_cmphex(st.st_rdev, ==, makedev(1, 3));
}

static void assert_empty(int root_fd, const char *path) {
        _cleanup_close_ int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;
        GDir *dir;
        _cleanup_free_ char *name = g_strdup_printf("/proc/self/fd/%d", fd);

        assert_ok(fd);
        g_assert_cmpint(fstatfs(fd, &fs), ==, 0);
        g_assert_cmphex(fs.f_type, ==, TMPFS_MAGIC);
        g_assert_cmpint(try_write(fd, "new"), ==, -EROFS);

        dir = g_dir_open(name, 0, NULL);
        g_assert_nonnull(dir);
        g_assert_null(g_dir_read_name(dir));
        g_dir_close(dir);
}

static void run_hide(const void *data) {
        static char *paths[] = { (char *) "/secret/more", (char *) "/link",
                                 (char *) "/missing",     (char *) "/other/file/below-a-file",
                                 (char *) "/other",       NULL };
        _cleanup_close_ int fd = make_root();
        struct stat first, second;

        assert_ok(masks_hide(fd, NULL, NULL));
        assert_ok(masks_hide(fd, paths, NULL));
        assert_null(fd, "secret/file"); /* where the link leads to */
        assert_empty(fd, "secret/more");
        assert_empty(fd, "other");

        /* One tmpfs for all of them. */
        g_assert_cmpint(fstatat(fd, "secret/more", &first, 0), ==, 0);
        g_assert_cmpint(fstatat(fd, "other", &second, 0), ==, 0);
        g_assert_cmphex(first.st_dev, ==, second.st_dev);
}

/* An image that brings its own /dev/null would have its file shown in place of what is masked. */
static void run_false_null(const void *data) {
        static char *paths[] = { (char *) "/secret/file", NULL };
        _cleanup_close_ int fd = make_root();
        struct stat st;

        g_assert_cmpint(unlinkat(fd, "dev/null", 0), ==, 0);
        g_assert_cmpint(symlinkat("/other/file", fd, "dev/null"), ==, 0);
        g_assert_cmpint(masks_hide(fd, paths, NULL), ==, -ENODEV);
        g_assert_cmpint(fstatat(fd, "secret/file", &st, 0), ==, 0);
        g_assert_cmpint(st.st_size, ==, 4);
}

/* Links cannot lead out of the root. */
static void run_escape(const void *data) {
        static char *paths[] = { (char *) "/way-out", NULL };
        _cleanup_close_ int fd = make_root();
        struct stat before, after;

        g_assert_cmpint(mkdir("/tmp/outside", 0755), ==, 0);
        g_assert_cmpint(symlinkat("../../../../tmp/outside", fd, "way-out"), ==, 0);
        g_assert_cmpint(stat("/tmp/outside", &before), ==, 0);
        assert_ok(masks_hide(fd, paths, NULL)); /* not there, in the root */
        assert_ok(masks_make_readonly(fd, paths));
        g_assert_cmpint(stat("/tmp/outside", &after), ==, 0);
        g_assert_cmphex(before.st_dev, ==, after.st_dev);
}

static void run_readonly(const void *data) {
        static char *paths[] = { (char *) "/secret", (char *) "/missing", (char *) "/other/file", NULL };
        _cleanup_close_ int fd = make_root(), dir = -EBADF;
        _cleanup_free_ char *below = NULL;
        struct statvfs vfs;

        /* What is mounted below, and the flags that are there already, stay. */
        below = g_strdup_printf("/proc/self/fd/%d/secret/more", fd);
        g_assert_cmpint(mount("tmpfs", below, "tmpfs", MS_NOEXEC | MS_NOSUID, NULL), ==, 0);

        assert_ok(masks_make_readonly(fd, NULL));
        assert_ok(masks_make_readonly(fd, paths));
        g_assert_cmpint(try_write(fd, "secret/new"), ==, -EROFS);
        g_assert_cmpint(try_write(fd, "other/file"), ==, -EROFS);
        g_assert_cmpint(try_write(fd, "other/new"), ==, 0);
        g_assert_cmpint(try_write(fd, "secret/more/new"), ==, 0);

        dir = openat(fd, "secret/more", O_PATH | O_CLOEXEC);
        g_assert_cmpint(fstatvfs(dir, &vfs), ==, 0);
        g_assert_true((vfs.f_flag & (ST_NOEXEC | ST_NOSUID)) == (ST_NOEXEC | ST_NOSUID));

        paths[0] = (char *) "/secret/more";
        assert_ok(masks_make_readonly(fd, paths));
        g_assert_cmpint(try_write(fd, "secret/more/newer"), ==, -EROFS);
        closep(&dir);
        dir = openat(fd, "secret/more", O_PATH | O_CLOEXEC);
        g_assert_cmpint(fstatvfs(dir, &vfs), ==, 0);
        g_assert_true((vfs.f_flag & (ST_NOEXEC | ST_NOSUID)) == (ST_NOEXEC | ST_NOSUID));
}

/* The data of a test is the function that runs in a child. */
static void test_as_root(const void *data) {
        if (test_needs_root())
                test_in_child((void (*)(const void *)) data, NULL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_data_func("/masks/hide", run_hide, test_as_root);
        g_test_add_data_func("/masks/false-null", run_false_null, test_as_root);
        g_test_add_data_func("/masks/escape", run_escape, test_as_root);
        g_test_add_data_func("/masks/readonly", run_readonly, test_as_root);
        return g_test_run();
}
