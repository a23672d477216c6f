/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Nodes and links in a root file system, also in one that was prepared to lead us out of it. */

#include <sys/sysmacros.h>

#include "basic/fs-util.h"
#include "sandbox-root.h"
#include "sandbox/devices.h"

typedef struct Root {
        char *path;
        int fd;
} Root;

/* false: skipped. */
static bool root_enter(Root *ret) {
        return sandbox_root_enter(&ret->path, &ret->fd);
}

static void assert_device(
                int root_fd, const char *path, mode_t type, unsigned major_number, unsigned minor_number) {
        struct stat st;

        g_test_message("%s", path);
        g_assert_cmpint(fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW), ==, 0);
        g_assert_cmphex(st.st_mode & S_IFMT, ==, type);
        g_assert_cmphex(st.st_rdev, ==, makedev(major_number, minor_number));
}

static void assert_defaults(int root_fd) {
        assert_device(root_fd, "dev/null", S_IFCHR, 1, 3);
        assert_device(root_fd, "dev/zero", S_IFCHR, 1, 5);
        assert_device(root_fd, "dev/full", S_IFCHR, 1, 7);
        assert_device(root_fd, "dev/random", S_IFCHR, 1, 8);
        assert_device(root_fd, "dev/urandom", S_IFCHR, 1, 9);
        assert_device(root_fd, "dev/tty", S_IFCHR, 5, 0);
}

static void run_nodes(const void *data) {
        SpecDevice devices[] = {
                { 'c', (char *) "/dev/loud", 1, 3, { true, 0640 }, 1001, 1002 },
                { 'b', (char *) "/dev/deep/down/disk", 7, 200 },
                { 'p', (char *) "/run/pipe", 0, 0, { true, 0622 } },
                { 'c', (char *) "/dev//zero", 1, 5, { true, 0600 } }, /* instead of the default one */
        };
        const SpecLinux linux_ = { .devices = devices, .n_devices = ELEMENTSOF(devices) };
        struct stat st;
        Root root;

        g_assert_true(root_enter(&root));
        (void) umask(077);
        assert_ok(devices_create(root.fd, &linux_, false));
        g_assert_cmpint(umask(0), ==, 077);

        assert_defaults(root.fd);
        assert_device(root.fd, "dev/loud", S_IFCHR, 1, 3);
        assert_device(root.fd, "dev/deep/down/disk", S_IFBLK, 7, 200);
        assert_device(root.fd, "run/pipe", S_IFIFO, 0, 0);

        g_assert_cmpint(fstatat(root.fd, "dev/loud", &st, 0), ==, 0);
        g_assert_cmphex(st.st_mode & 07777, ==, 0640);
        g_assert_true(st.st_uid == 1001 && st.st_gid == 1002);
        g_assert_cmpint(fstatat(root.fd, "dev/zero", &st, 0), ==, 0);
        g_assert_cmphex(st.st_mode & 07777, ==, 0600);
        g_assert_cmpint(fstatat(root.fd, "dev/null", &st, 0), ==, 0);
        g_assert_cmphex(st.st_mode & 07777, ==, 0666);

        /* A second time changes nothing. */
        assert_ok(devices_create(root.fd, &linux_, false));
}

/* The host's node is mounted: on files made for it, on what an image has, but not on what a symlink points
 * to. */
static void run_bind(const void *data) {
        SpecDevice missing = { 'c', (char *) "/dev/not-on-this-host", 1, 3 };
        SpecDevice wrong = { 'c', (char *) "/dev/null", 1, 5 };
        SpecLinux linux_ = {};
        Root root;

        g_assert_true(root_enter(&root));
        g_assert_cmpint(mkdirat(root.fd, "dev", 0755), ==, 0);
        assert_ok(write_file_atomic_at(root.fd, "dev/full", "image", 5, 0644));
        assert_ok(devices_create(root.fd, &linux_, true));
        assert_defaults(root.fd);

        linux_ = (SpecLinux) { .devices = &missing, .n_devices = 1 };
        g_assert_cmpint(devices_create(root.fd, &linux_, true), ==, -ENOENT);
        linux_ = (SpecLinux) { .devices = &wrong, .n_devices = 1 };
        g_assert_cmpint(devices_create(root.fd, &linux_, true), ==, -ENODEV);
}

/* A file where a node has to be: the node is mounted on it. A symlink there is an error and its target is
 * left alone. */
static void run_occupied(const void *data) {
        const SpecLinux linux_ = {};
        _cleanup_free_ char *text = NULL;
        size_t size;
        Root root;

        g_assert_true(root_enter(&root));
        g_assert_cmpint(mkdirat(root.fd, "dev", 0755), ==, 0);
        assert_ok(write_file_atomic_at(root.fd, "dev/null", "image", 5, 0644));
        assert_ok(devices_create(root.fd, &linux_, false));
        assert_defaults(root.fd);

        g_assert_cmpint(unlinkat(root.fd, "dev/zero", 0), ==, 0);
        assert_ok(write_file_atomic_at(root.fd, "victim", "untouched", 9, 0644));
        g_assert_cmpint(symlinkat("/victim", root.fd, "dev/zero"), ==, 0);
        g_assert_cmpint(devices_create(root.fd, &linux_, false), ==, -ELOOP);
        assert_ok(read_file_at(root.fd, "victim", &text, &size));
        g_assert_cmpstr(text, ==, "untouched");
}

/* The image's /dev points out of it: everything has to happen inside. */
static void run_escape(const void *data) {
        const SpecLinux linux_ = {};
        Root root;
        struct stat st;

        g_assert_true(root_enter(&root));
        g_assert_cmpint(mkdir("/tmp/outside", 0755), ==, 0);
        g_assert_cmpint(mkdirat(root.fd, "tmp", 0755), ==, 0);
        g_assert_cmpint(mkdirat(root.fd, "tmp/outside", 0755), ==, 0);
        g_assert_cmpint(symlinkat("../../../../tmp/outside", root.fd, "dev"), ==, 0);

        assert_ok(devices_create(root.fd, &linux_, false));
        assert_ok(devices_link(root.fd));
        assert_device(root.fd, "tmp/outside/null", S_IFCHR, 1, 3);
        g_assert_cmpint(lstat("/tmp/outside/null", &st), <, 0);
        g_assert_cmpint(lstat("/tmp/outside/fd", &st), <, 0);
}

static void assert_link(int root_fd, const char *path, const char *target) {
        char buffer[64] = "";

        g_assert_cmpint(readlinkat(root_fd, path, buffer, sizeof buffer - 1), >, 0);
        g_assert_cmpstr(buffer, ==, target);
}

static void run_links(const void *data) {
        struct stat st;
        Root root;

        g_assert_true(root_enter(&root));
        g_assert_cmpint(devices_link(root.fd), ==, -ENOENT); /* no /dev at all */

        g_assert_cmpint(mkdirat(root.fd, "dev", 0755), ==, 0);
        g_assert_cmpint(symlinkat("/kept", root.fd, "dev/stdin"), ==, 0);
        assert_ok(write_file_atomic_at(root.fd, "dev/ptmx", "image", 5, 0644));
        assert_ok(devices_link(root.fd));
        assert_link(root.fd, "dev/fd", "/proc/self/fd");
        assert_link(root.fd, "dev/stdin", "/kept");
        assert_link(root.fd, "dev/stdout", "/proc/self/fd/1");
        assert_link(root.fd, "dev/stderr", "/proc/self/fd/2");
        assert_link(root.fd, "dev/ptmx", "pts/ptmx");
        g_assert_cmpint(fstatat(root.fd, "dev/core", &st, AT_SYMLINK_NOFOLLOW), <, 0);

        g_assert_cmpint(mkdirat(root.fd, "proc", 0755), ==, 0);
        assert_ok(write_file_atomic_at(root.fd, "proc/kcore", "", 0, 0400));
        assert_ok(devices_link(root.fd));
        assert_link(root.fd, "dev/core", "/proc/kcore");
}

static void test_wanted(void) {
        static const struct {
                const char *destination;
                bool bind, wanted;
        } cases[] = {
                { "/dev", true, false },    { "/dev/", true, false },   { "/dev", false, true },
                { "/dev/shm", true, true }, { "/devices", true, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SpecMount mount = { .destination = (char *) cases[i].destination, .bind = cases[i].bind };
                const Spec spec = { .mounts = &mount, .n_mounts = 1 };

                g_assert_cmpint(devices_wanted(&spec), ==, cases[i].wanted);
        }
        g_assert_true(devices_wanted(&(const Spec) {}));
}

/* The data of a test is the function that runs in a child. */
static void test_as_root(const void *data) {
        if (test_needs_root())
                test_in_child((void (*)(const void *)) data, NULL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_data_func("/devices/nodes", run_nodes, test_as_root);
        g_test_add_data_func("/devices/bind", run_bind, test_as_root);
        g_test_add_data_func("/devices/occupied", run_occupied, test_as_root);
        g_test_add_data_func("/devices/escape", run_escape, test_as_root);
        g_test_add_data_func("/devices/links", run_links, test_as_root);
        g_test_add_func("/devices/wanted", test_wanted);
        return g_test_run();
}
