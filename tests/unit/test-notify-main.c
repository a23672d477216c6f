/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which process a payload may call its main one. The pid namespace is our own here: others take rights. */

#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "notify/main-process.h"

#include "basic/cleanup.h"

typedef struct Fixture {
        PidRef self, child;
        char *cgroup; /* NULL: no unified hierarchy */
} Fixture;

static void set_up(Fixture *f, const void *data) {
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                for (;;)
                        pause();
        f->child = PIDREF_NULL;
        g_assert_cmpint(pidref_open(pid, 0, &f->child), ==, 0);
        g_assert_cmpint(pidref_open(getpid(), 0, &f->self), ==, 0);
        if (pid_cgroup(0, &f->cgroup) >= 0 && streq(f->cgroup, "/"))
                f->cgroup[0] = '\0'; /* everything is below the root */
}

static void end_child(Fixture *f, bool reap) {
        siginfo_t si;

        (void) kill(f->child.pid, SIGKILL);
        g_assert_cmpint(waitid(P_PID, (id_t) f->child.pid, &si, WEXITED | (reap ? 0 : WNOWAIT)), ==, 0);
}

static void tear_down(Fixture *f, const void *data) {
        (void) kill(f->child.pid, SIGKILL);
        (void) waitpid(f->child.pid, NULL, 0);
        pidref_done(&f->self);
        pidref_done(&f->child);
        g_free(f->cgroup);
}

static int find(const Fixture *f, const NotifyClaim *claim, const char *cgroup) {
        _cleanup_(pidref_done) PidRef found = PIDREF_NULL;
        int r;

        r = notify_main_process_find(claim, &f->self, cgroup, &found);
        if (r >= 0) {
                g_assert_cmpint(found.pid, ==, f->child.pid);
                g_assert_cmpint(pidref_kill(&found, 0), ==, 0);
        }
        return r;
}

static uint64_t inode(int fd) {
        struct stat st;

        g_assert_cmpint(fstat(fd, &st), ==, 0);
        return st.st_ino;
}

static void test_number(Fixture *f, const void *data) {
        NotifyClaim claim = { .pid = f->child.pid, .pidfd = -EBADF };

        g_assert_cmpint(find(f, &claim, NULL), ==, 0);
        if (own_pidfd_inode() != 0) {
                claim.pidfdid = inode(f->child.fd);
                g_assert_cmpint(find(f, &claim, NULL), ==, 0);
                claim.pidfdid = inode(f->self.fd); /* the number has been given to another process */
                g_assert_cmpint(find(f, &claim, NULL), ==, -ESRCH);
        }
        claim = (NotifyClaim) { .pid = G_MAXINT, .pidfd = -EBADF };
        g_assert_cmpint(find(f, &claim, NULL), ==, -ESRCH);
}

static void test_pidfd(Fixture *f, const void *data) {
        _cleanup_close_ int other = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(find(f, &(NotifyClaim) { .pidfd = f->child.fd }, NULL), ==, 0);
        g_assert_cmpint(find(f, &(NotifyClaim) { .pidfd = other }, NULL), ==, -EBADF);
        g_assert_cmpint(find(f, &(NotifyClaim) { .pidfd = -EBADF }, NULL), ==, -EBADF);
}

static void test_dead(Fixture *f, const void *data) {
        const NotifyClaim number = { .pid = f->child.pid, .pidfd = -EBADF },
                          pidfd = { .pidfd = f->child.fd };

        end_child(f, /* reap= */ false);
        g_assert_cmpint(find(f, &number, NULL), ==, -ESRCH);
        g_assert_cmpint(find(f, &pidfd, NULL), ==, -ESRCH);
        end_child(f, /* reap= */ true);
        g_assert_cmpint(find(f, &number, NULL), ==, -ESRCH);
        g_assert_cmpint(find(f, &pidfd, NULL), ==, -ESRCH);
}

static void test_elsewhere(Fixture *f, const void *data) {
        const NotifyClaim number = { .pid = f->child.pid, .pidfd = -EBADF },
                          pidfd = { .pidfd = f->child.fd };

        if (!f->cgroup)
                return g_test_skip("there is no unified cgroup hierarchy");
        g_assert_cmpint(find(f, &number, f->cgroup), ==, 0);
        g_assert_cmpint(find(f, &number, "/no/such.scope"), ==, -EXDEV);
        g_assert_cmpint(find(f, &pidfd, "/no/such.scope"), ==, -EXDEV);
}

/* init has gone, and so has its namespace. */
static void test_no_namespace(Fixture *f, const void *data) {
        const NotifyClaim claim = { .pid = getpid(), .pidfd = -EBADF };
        PidRef found = PIDREF_NULL;

        end_child(f, /* reap= */ true);
        g_assert_cmpint(notify_main_process_find(&claim, &f->child, NULL, &found), ==, -ESRCH);
        g_assert_cmpint(found.fd, <, 0);
}

static void test_search(Fixture *f, const void *data) {
        pid_t found = 0;

        g_assert_cmpint(notify_pid_search(f->child.pid, &f->self, NULL, &found), ==, 0);
        g_assert_cmpint(found, ==, f->child.pid);
        g_assert_cmpint(notify_pid_search(G_MAXINT, &f->self, NULL, &found), ==, -ESRCH);
        if (f->cgroup)
                g_assert_cmpint(notify_pid_search(f->child.pid, &f->self, "/no/such.scope", &found), ==,
                                -ESRCH);
}

static void test_status(void) {
        static const struct {
                const char *status;
                size_t index;
                pid_t pid;
                size_t n;
        } cases[] = {
                { "Name:\tx\nNSpid:\t4711\t12\t1\nThreads:\t1\n", 0, 4711, 3 },
                { "Name:\tx\nNSpid:\t4711\t12\t1\nThreads:\t1\n", 1, 12, 3 },
                { "Name:\tx\nNSpid:\t4711\t12\t1\nThreads:\t1\n", 2, 1, 3 },
                { "Name:\tx\nNSpid:\t4711\t12\t1\nThreads:\t1\n", 3, 0, 3 },
                { "Name:\tx\nNSpid:\t4711\nNSpgid:\t12\t1\n", 1, 0, 1 },
                { "Name:\tx\nNSpid:\t4711", 0, 4711, 1 },
                { "Name:\tNSpid:\t1\n", 0, 0, 0 },
                { "Name:\tx\nNSpid:\n", 0, 0, 0 },
                { "", 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                size_t n;

                g_test_message("case %zu", i);
                g_assert_cmpint(notify_pid_in_namespace(cases[i].status, cases[i].index, &n), ==,
                                cases[i].pid);
                g_assert_cmpuint(n, ==, cases[i].n);
        }
}

#define ADD(name, function) g_test_add("/notify-main/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        ADD("number", test_number);
        ADD("pidfd", test_pidfd);
        ADD("dead", test_dead);
        ADD("elsewhere", test_elsewhere);
        ADD("no-namespace", test_no_namespace);
        ADD("search", test_search);
        g_test_add_func("/notify-main/status", test_status);
        return g_test_run();
}
