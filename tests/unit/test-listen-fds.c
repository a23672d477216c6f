/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose descriptors are ours: the rules for LISTEN_PID, LISTEN_PIDFDID and the names. */

#include <fcntl.h>

#include "notify/listen-fds.h"

#include "basic/cleanup.h"

static const struct {
        ListenEnvironment env;
        int result;
        size_t n;
        const char *names; /* joined by "," */
} cases[] = {
        /* pid 42, pidfd inode 777 */
        { { NULL, NULL, NULL, NULL }, 0, 0, "" },
        { { "42", NULL, "2", "http:https" }, 0, 2, "http,https" },
        { { "42", NULL, "2", NULL }, 0, 2, "unknown,unknown" },
        { { "42", NULL, "1", "" }, -EINVAL },
        { { "42", NULL, "2", "a:" }, 0, 2, "a," },
        { { "42", "777", "1", "x" }, 0, 1, "x" },
        { { "42", "778", "1", "x" }, 0, 0, "" },       /* the pid was used again */
        { { "43", "777", "1", "x" }, 0, 0, "" },       /* somebody else's */
        { { "43", NULL, "nonsense", "x" }, 0, 0, "" }, /* not ours to judge either */
        { { NULL, "777", "1", "x" }, 0, 0, "" },
        { { "42", NULL, NULL, "x" }, 0, 0, "" },
        { { "42", NULL, "0", "x" }, 0, 0, "" },
        { { "42", NULL, "2", "one" }, -EINVAL },
        { { "42", NULL, "1", "one:two" }, -EINVAL },
        { { "42", NULL, "-1", "x" }, -EINVAL },
        { { "42", NULL, "4294967295", "x" }, -EINVAL },
        { { "42", "x", "1", "x" }, -EINVAL },
        { { "me", NULL, "1", "x" }, -EINVAL },
};

static void test_parse(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_ char **names = NULL;
                g_autofree char *joined = NULL;
                size_t n = 0;

                g_test_message("case %zu", i);
                g_assert_cmpint(listen_fds_parse(&cases[i].env, 42, 777, &n, &names), ==, cases[i].result);
                if (cases[i].result < 0)
                        continue;
                joined = g_strjoinv(",", names);
                g_assert_cmpuint(n, ==, cases[i].n);
                g_assert_cmpstr(joined, ==, cases[i].names);
        }
}

static void test_unknown_inode(void) {
        static const ListenEnvironment env = { "42", "778", "1", "x" };
        _cleanup_strv_ char **names = NULL;
        size_t n = 0;

        g_assert_cmpint(listen_fds_parse(&env, 42, 0, &n, &names), ==, 0);
        g_assert_cmpuint(n, ==, 1);
}

static void set_environment(const char *pid, const char *fds, const char *names) {
        g_assert_true(g_setenv("LISTEN_PID", pid, TRUE));
        g_assert_true(g_setenv("LISTEN_FDS", fds, TRUE));
        g_assert_true(g_setenv("LISTEN_FDNAMES", names, TRUE));
}

#define FIRST 200 /* nothing of the test program's is there */

static void test_take(void) {
        _cleanup_(listen_fds_done) ListenFds l = LISTEN_FDS_NULL;
        g_autofree char *pid = g_strdup_printf("%d", (int) getpid());
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(dup2(null, FIRST), ==, FIRST);
        g_assert_cmpint(dup2(null, FIRST + 1), ==, FIRST + 1);
        set_environment(pid, "2", "a:b");
        g_assert_cmpint(listen_fds_take(FIRST, &l), ==, 0);
        g_assert_cmpuint(l.n_fds, ==, 2);
        g_assert_cmpint(l.fds[1], ==, FIRST + 1);
        g_assert_cmpint(fcntl(FIRST, F_GETFD), ==, FD_CLOEXEC);
        g_assert_cmpstr(l.names[1], ==, "b");
        g_assert_null(g_getenv("LISTEN_PID"));
        g_assert_null(g_getenv("LISTEN_FDS"));
        g_assert_null(g_getenv("LISTEN_FDNAMES"));

        listen_fds_done(&l);
        g_assert_cmpint(fcntl(FIRST, F_GETFD), ==, -1);
        g_assert_cmpint(close(null), ==, 0);
}

static void test_missing(void) {
        ListenFds l = LISTEN_FDS_NULL;
        g_autofree char *pid = g_strdup_printf("%d", (int) getpid());

        set_environment(pid, "1", "a");
        g_assert_cmpint(listen_fds_take(FIRST, &l), ==, -EBADF);
        g_assert_cmpuint(l.n_fds, ==, 0);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/listen-fds/parse", test_parse);
        g_test_add_func("/listen-fds/unknown-inode", test_unknown_inode);
        g_test_add_func("/listen-fds/take", test_take);
        g_test_add_func("/listen-fds/missing", test_missing);
        return g_test_run();
}
