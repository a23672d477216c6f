/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading and writing a cgroup's files, on a plain directory with files of the same names. What the kernel
 * does with them is tested in the machine. */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/resources.h"

typedef struct Fixture {
        char *path;
        int fd;
} Fixture;

static void write_file(int dir_fd, const char *name, const char *text) {
        g_assert_cmpint(write_file_atomic_at(dir_fd, name, text, strlen(text), 0644), ==, 0);
}

static char *read_text(int dir_fd, const char *name) {
        char *text;

        g_assert_cmpint(read_file_at(dir_fd, name, &text, NULL), ==, 0);
        return text;
}

static void set_up(Fixture *f, gconstpointer data) {
        f->path = g_dir_make_tmp("berth-cgroup-XXXXXX", NULL);
        g_assert_nonnull(f->path);
        f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(f->fd, >=, 0);
}

static void tear_down(Fixture *f, gconstpointer data) {
        g_assert_cmpint(close(f->fd), ==, 0);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, f->path), ==, 0);
        g_free(f->path);
}

static void test_read_key(Fixture *f, gconstpointer data) {
        static const struct {
                const char *file, *key;
                int result;
                uint64_t value;
        } cases[] = {
                { "memory.events", "oom", 0, 1 },
                { "memory.events", "oom_kill", 0, 18446744073709551615u },
                { "memory.events", "low", 0, 7 },
                { "memory.events", "oom_", -ENXIO },
                { "memory.events", "bad", -EINVAL },
                { "memory.events", "last", 0, 3 },
                { "none", "low", -ENOENT },
        };

        write_file(f->fd, "memory.events", "low 7\noom 1\noom_kill 18446744073709551615\nbad x\nlast 3");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t value = 0;

                g_assert_cmpint(cgroup_read_key(f->fd, cases[i].file, cases[i].key, &value), ==,
                                cases[i].result);
                g_assert_cmpuint(value, ==, cases[i].value);
        }
}

static void test_events(Fixture *f, gconstpointer data) {
        /* without its files, it has been removed */
        g_assert_cmpint(cgroup_is_populated(f->fd), ==, 0);
        g_assert_cmpint(cgroup_wait_empty(f->fd, -1), ==, 0);
        g_assert_cmpint(cgroup_is_frozen(f->fd), ==, -ENOENT);

        write_file(f->fd, "cgroup.events", "populated 1\nfrozen 0\n");
        g_assert_cmpint(cgroup_is_populated(f->fd), ==, 1);
        g_assert_cmpint(cgroup_is_frozen(f->fd), ==, 0);
        g_assert_cmpint(cgroup_wait_empty(f->fd, 0), ==, -ETIMEDOUT);

        write_file(f->fd, "cgroup.events", "populated 0\nfrozen 1\n");
        g_assert_cmpint(cgroup_is_populated(f->fd), ==, 0);
        g_assert_cmpint(cgroup_is_frozen(f->fd), ==, 1);
        g_assert_cmpint(cgroup_wait_empty(f->fd, -1), ==, 0);
}

/* A freeze that does not come about is taken back. */
static void test_freeze(Fixture *f, gconstpointer data) {
        _cleanup_free_ char *undone = NULL;
        _cleanup_free_ char *done = NULL;

        write_file(f->fd, "cgroup.freeze", "0");
        write_file(f->fd, "cgroup.events", "populated 1\nfrozen 0\n");
        g_assert_cmpint(cgroup_freeze(f->fd, true, 0), ==, -ETIMEDOUT);
        undone = read_text(f->fd, "cgroup.freeze");
        g_assert_cmpstr(undone, ==, "0");

        write_file(f->fd, "cgroup.events", "populated 1\nfrozen 1\n");
        g_assert_cmpint(cgroup_freeze(f->fd, true, 0), ==, 0);
        done = read_text(f->fd, "cgroup.freeze");
        g_assert_cmpstr(done, ==, "1");
}

static void test_pids(Fixture *f, gconstpointer data) {
        static const pid_t expected[] = { 1, 22, 333 };
        _cleanup_free_ pid_t *pids = NULL;
        _cleanup_close_ int below_fd = -EBADF;
        size_t n;

        write_file(f->fd, "cgroup.procs", "1\n0\n22\n");
        g_assert_cmpint(mkdirat(f->fd, "below", 0755), ==, 0);
        g_assert_cmpint(mkdirat(f->fd, "below/empty", 0755), ==, 0);
        below_fd = openat(f->fd, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        write_file(below_fd, "cgroup.procs", "333\n");
        g_assert_cmpint(cgroup_pids(f->fd, &pids, &n), ==, 0);
        g_assert_cmpmem(pids, n * sizeof *pids, expected, sizeof expected);
}

static pid_t fork_sleeper(void) {
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                (void) pause();
                _exit(0);
        }
        return pid;
}

/* cgroup.kill where there is one; otherwise each process, frozen meanwhile. */
static void test_kill(Fixture *f, gconstpointer data) {
        g_autofree char *procs = NULL;
        _cleanup_free_ char *freeze = NULL;
        _cleanup_free_ char *kill_file = NULL;
        pid_t pid = fork_sleeper();
        int status;

        procs = g_strdup_printf("%d\n", pid);
        write_file(f->fd, "cgroup.procs", procs);
        write_file(f->fd, "cgroup.freeze", "0");
        write_file(f->fd, "cgroup.events", "populated 1\nfrozen 1\n");
        g_assert_cmpint(cgroup_kill(f->fd), ==, 0);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        freeze = read_text(f->fd, "cgroup.freeze");
        g_assert_cmpstr(freeze, ==, "0");

        write_file(f->fd, "cgroup.kill", "");
        g_assert_cmpint(cgroup_kill(f->fd), ==, 0);
        kill_file = read_text(f->fd, "cgroup.kill");
        g_assert_cmpstr(kill_file, ==, "1");
}

static void keep(int level, int err, const char *message, void *userdata) {
        g_string_append_printf(userdata, "%s\n", message);
}

static void test_settings(Fixture *f, gconstpointer data) {
        static const char *const settings[] = { "cpu.max.burst=1000", "-hugetlb.1GB.max=0", "rdma.max=a b=c",
                                                NULL };
        _cleanup_free_ char *burst = NULL;
        _cleanup_free_ char *rdma = NULL;

        write_file(f->fd, "cpu.max.burst", "");
        write_file(f->fd, "rdma.max", "");
        g_assert_cmpint(cgroup_write_settings(f->fd, NULL), ==, 0);
        g_assert_cmpint(cgroup_write_settings(f->fd, settings), ==, 0);
        burst = read_text(f->fd, "cpu.max.burst");
        g_assert_cmpstr(burst, ==, "1000");
        rdma = read_text(f->fd, "rdma.max");
        g_assert_cmpstr(rdma, ==, "a b=c");
}

static void test_refused_settings(Fixture *f, gconstpointer data) {
        static const struct {
                const char *setting;
                int result;
                const char *message;
        } cases[] = {
                { "memory.oom.group=1", -ENOENT,
                  "'memory.oom.group': there is none; controllers available here: cpu io" },
                { "../x=1", -EINVAL, "'../x'" },
                { "=1", -EINVAL, "''" },
                { "-=1", -EINVAL, "''" },
                { "cpu.max", -EINVAL, "expected FILE=VALUE" },
        };

        write_file(f->fd, "cgroup.controllers", "cpu io\n");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *const settings[] = { cases[i].setting, NULL };
                _cleanup_string_ GString *log = g_string_new(NULL);

                log_set_sink(keep, log);
                g_assert_cmpint(cgroup_write_settings(f->fd, settings), ==, cases[i].result);
                log_set_sink(NULL, NULL);
                g_assert_nonnull(strstr(log->str, cases[i].message));
        }
}

static void test_open(void) {
        _cleanup_close_ int root_fd = cgroup_open_root();
        _cleanup_close_ int fd = -EBADF;

        g_assert_cmpint(cgroup_open("relative"), ==, -EINVAL);
        if (root_fd == -EOPNOTSUPP) {
                g_test_skip("there is no unified cgroup hierarchy");
                return;
        }
        g_assert_cmpint(root_fd, >=, 0);
        fd = cgroup_open("/");
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(cgroup_open("/berth-no-such-cgroup"), ==, -ENOENT);
        g_assert_cmpint(cgroup_open("/../../etc"), <, 0);
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                void (*run)(Fixture *f, gconstpointer data);
        } tests[] = {
                { "/cgroup/read-key", test_read_key },
                { "/cgroup/events", test_events },
                { "/cgroup/freeze", test_freeze },
                { "/cgroup/pids", test_pids },
                { "/cgroup/kill", test_kill },
                { "/cgroup/settings", test_settings },
                { "/cgroup/refused-settings", test_refused_settings },
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < ELEMENTSOF(tests); i++)
                g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
        g_test_add_func("/cgroup/open", test_open);
        return g_test_run();
}
