/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Making and removing cgroup directories, in a plain directory. What the kernel does with them is tested in
 * the machine. */

#include "cgroup/make.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"

typedef struct Fixture {
        char *path;
        int fd;
} Fixture;

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

static void make_directory(const Fixture *f, const char *name) {
        g_assert_cmpint(mkdirat(f->fd, name, 0755), ==, 0);
}

static void write_file(const Fixture *f, const char *name, const char *text) {
        g_assert_cmpint(write_file_atomic_at(f->fd, name, text, strlen(text), 0644), ==, 0);
}

static bool exists(const Fixture *f, const char *name) {
        return faccessat(f->fd, name, F_OK, 0) >= 0;
}

static void make(const Fixture *f, const char *path) {
        _cleanup_close_ int fd = cgroup_make(f->fd, path);

        g_assert_cmpint(fd, >=, 0);
}

static void test_paths(Fixture *f, gconstpointer data) {
        static const struct {
                const char *path;
                bool valid;
        } cases[] = {
                { "/a", true },   { "/a/b.scope", true }, { "//a/", true }, { "", false },
                { "a/b", false }, { "/", false },         { "//", false },  { "/a/../b", false },
                { "/..", false }, { "/a/.", false },      { "/...", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                g_assert_cmpint(cgroup_path_is_valid(cases[i].path), ==, cases[i].valid);
}

static void test_first_missing(Fixture *f, gconstpointer data) {
        static const struct {
                const char *path, *missing;
        } cases[] = {
                { "/a", NULL }, { "/a/b", "/a/b" }, { "/a/b/c", "/a/b" }, { "/x", "/x" }, { "//x/y", "//x" },
        };
        char *missing;

        make_directory(f, "a");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_assert_cmpint(cgroup_first_missing(f->fd, cases[i].path, &missing), ==, 0);
                g_assert_cmpstr(missing, ==, cases[i].missing);
                g_free(missing);
        }
        write_file(f, "a/cgroup.events", "populated 1\nfrozen 0\n");
        g_assert_cmpint(cgroup_first_missing(f->fd, "/a", &missing), ==, -EBUSY);
}

static void test_make_enables_controllers(Fixture *f, gconstpointer data) {
        _cleanup_free_ char *root = NULL, *parent = NULL;

        make_directory(f, "a");
        write_file(f, "cgroup.controllers", "cpu memory pids\n");
        write_file(f, "cgroup.subtree_control", "");
        write_file(f, "a/cgroup.controllers", "memory\n");
        write_file(f, "a/cgroup.subtree_control", "");
        make(f, "/a/b/c");
        g_assert_true(exists(f, "a/b/c"));
        g_assert_cmpint(read_file_at(f->fd, "cgroup.subtree_control", &root, NULL), ==, 0);
        g_assert_cmpstr(root, ==, "+cpu +memory +pids");
        g_assert_cmpint(read_file_at(f->fd, "a/cgroup.subtree_control", &parent, NULL), ==, 0);
        g_assert_cmpstr(parent, ==, "+memory");
}

static void test_make_follows_no_links(Fixture *f, gconstpointer data) {
        g_assert_cmpint(symlinkat("/tmp", f->fd, "link"), ==, 0);
        log_set_level(LOG_CRIT);
        g_assert_cmpint(cgroup_make(f->fd, "/link/x"), <, 0);
        g_assert_cmpint(cgroup_remove(f->fd, "/link/x", "/link", 0), <, 0);
        log_set_level(LOG_ERR);
}

/* The directories of a removed cgroup are told by from. */
static void test_remove(Fixture *f, gconstpointer data) {
        make(f, "/a/b/c/sub/deeper");
        make(f, "/a/other");
        g_assert_cmpint(cgroup_remove(f->fd, "/a/b/c", NULL, 0), ==, 0);
        g_assert_true(exists(f, "a/b/c/sub"));

        /* nothing of the kernel's says that there are no processes here */
        write_file(f, "a/b/c/cgroup.events", "populated 1\n");
        log_set_level(LOG_CRIT);
        g_assert_cmpint(cgroup_remove(f->fd, "/a/b/c", "/a", 0), ==, -EBUSY);
        log_set_level(LOG_ERR);
        g_assert_cmpint(unlinkat(f->fd, "a/b/c/cgroup.events", 0), ==, 0);

        g_assert_cmpint(cgroup_remove(f->fd, "/a/b/c", "/a", 0), ==, 0);
        g_assert_false(exists(f, "a/b"));
        g_assert_true(exists(f, "a/other"));

        g_assert_cmpint(cgroup_remove(f->fd, "/a/b/c", "/a/b", 0), ==, 0);
        g_assert_cmpint(cgroup_remove(f->fd, "/a/other", "/a/other", 0), ==, 0);
        g_assert_true(exists(f, "a"));
}

#define ADD(name, function) g_test_add("/cgroup-make/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        ADD("paths", test_paths);
        ADD("first-missing", test_first_missing);
        ADD("controllers", test_make_enables_controllers);
        ADD("no-links", test_make_follows_no_links);
        ADD("remove", test_remove);
        return g_test_run();
}
