/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users, groups and home directories. */

#include <grp.h>
#include <sys/resource.h>

#include "basic/fs-util.h"
#include "sandbox-root.h"
#include "sandbox/identity.h"

static void run_identity(const void *data) {
        static uint32_t groups[] = { 7, 1005, 70000 };
        const SpecUser user = {
                .uid = 1001, .gid = 1002, .additional_gids = groups, .n_additional_gids = 3
        };
        uid_t r, e, s;
        gid_t list[8];

        assert_ok(identity_apply(&user, /* keep_groups= */ false, -EBADF));
        g_assert_cmpint(getresuid(&r, &e, &s), ==, 0);
        g_assert_true(r == 1001 && e == 1001 && s == 1001);
        g_assert_cmpint(getresgid(&r, &e, &s), ==, 0);
        g_assert_true(r == 1002 && e == 1002 && s == 1002);
        g_assert_cmpint(getgroups(8, list), ==, 3);
        for (size_t i = 0; i < 3; i++)
                g_assert_cmpuint(list[i], ==, groups[i]);
        g_assert_cmpint(umask(0), ==, 0022);
}

static void run_umask(const void *data) {
        const SpecUser user = { .umask = { true, 0077 } };

        assert_ok(identity_apply(&user, /* keep_groups= */ false, -EBADF));
        g_assert_cmpint(umask(0), ==, 0077);
        g_assert_cmpint(getgroups(0, NULL), ==, 0);
}

static void run_keep_groups(const void *data) {
        static const gid_t groups[] = { 12, 13 };
        static uint32_t more[] = { 7 };
        const SpecUser user = { .gid = 5, .additional_gids = more, .n_additional_gids = 1 };
        gid_t list[8];

        g_assert_cmpint(setgroups(2, groups), ==, 0);
        assert_ok(identity_apply(&user, /* keep_groups= */ true, -EBADF));
        g_assert_cmpint(getgroups(8, list), ==, 2);
        g_assert_true(list[0] == 12 && list[1] == 13);
        g_assert_cmpint(getgid(), ==, 5);
}

static void test_apply(void) {
        if (!test_needs_root())
                return;
        test_in_child(run_keep_groups, NULL);
        test_in_child(run_identity, NULL);
        test_in_child(run_umask, NULL);
}

/* Maps only the caller, which needs "deny" in setgroups first (user_namespaces(7)). */
static void enter_user_namespace(void) {
        _cleanup_free_ char *uid_map = g_strdup_printf("0 %u 1", geteuid());
        _cleanup_free_ char *gid_map = g_strdup_printf("0 %u 1", getegid());

        if (unshare(CLONE_NEWUSER) < 0)
                _exit(77);
        assert_ok(write_string_at(AT_FDCWD, "/proc/self/setgroups", "deny"));
        assert_ok(write_string_at(AT_FDCWD, "/proc/self/uid_map", uid_map));
        assert_ok(write_string_at(AT_FDCWD, "/proc/self/gid_map", gid_map));
}

static void run_denied(const void *data) {
        static uint32_t groups[] = { 5 };
        const SpecUser plain = { .uid = 0 }, more = { .additional_gids = groups, .n_additional_gids = 1 };
        int proc_fd;

        enter_user_namespace();
        proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_ok(identity_apply(&plain, /* keep_groups= */ false, proc_fd));
        g_assert_cmpint(identity_apply(&more, /* keep_groups= */ false, proc_fd), ==, -EPERM);
}

static void test_denied(void) {
        int status;
        pid_t pid;

        (void) fflush(NULL);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                run_denied(NULL);
                _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                g_test_skip("user namespaces cannot be made here");
        else
                g_assert_cmpint(status, ==, 0);
}

static void test_home(void) {
        static const struct {
                uid_t uid;
                const char *home;
        } cases[] = {
                { 0, "/root" },   { 1, "/" }, /* empty */
                { 2, "/second" },             /* the first complete line counts */
                { 3, "/" },                   /* relative */
                { 12345, "/" },               /* not there */
        };
        static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                                     "daemon:x:1:1:::\n"
                                     "broken:x:2\n"
                                     "two:x:2:2::/second:\n"
                                     "three:x:3:3::home/three:/bin/sh";
        _cleanup_free_ char *root = g_dir_make_tmp("berth-home-XXXXXX", NULL);
        _cleanup_close_ int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *none = identity_home(fd, 0), *fifo = NULL;

        g_assert_cmpstr(none, ==, "/");

        g_assert_cmpint(mkdirat(fd, "etc", 0755), ==, 0);
        g_assert_cmpint(mkfifoat(fd, "etc/passwd", 0644), ==, 0);
        fifo = identity_home(fd, 0);
        g_assert_cmpstr(fifo, ==, "/");
        g_assert_cmpint(unlinkat(fd, "etc/passwd", 0), ==, 0);

        assert_ok(write_file_atomic_at(fd, "etc/passwd", passwd, strlen(passwd), 0644));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *home = identity_home(fd, cases[i].uid);

                g_assert_cmpstr(home, ==, cases[i].home);
        }
        assert_ok(remove_tree_at(AT_FDCWD, root));
}

static void run_stdio(const void *data) {
        struct stat st;
        int null = open("/dev/null", O_RDWR | O_CLOEXEC), pair[2];

        g_assert_cmpint(pipe2(pair, O_CLOEXEC), ==, 0);
        g_assert_cmpint(dup2(null, STDIN_FILENO), ==, STDIN_FILENO);
        g_assert_cmpint(dup2(pair[1], STDOUT_FILENO), ==, STDOUT_FILENO);
        assert_ok(identity_chown_stdio(1001));

        g_assert_cmpint(fstat(STDIN_FILENO, &st), ==, 0);
        g_assert_cmpuint(st.st_uid, !=, 1001);
        g_assert_cmpint(fstat(STDOUT_FILENO, &st), ==, 0);
        g_assert_cmpuint(st.st_uid, ==, 1001);
}

static void test_stdio(void) {
        if (test_needs_root())
                test_in_child(run_stdio, NULL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/identity/apply", test_apply);
        g_test_add_func("/identity/setgroups-denied", test_denied);
        g_test_add_func("/identity/home", test_home);
        g_test_add_func("/identity/stdio", test_stdio);
        return g_test_run();
}
