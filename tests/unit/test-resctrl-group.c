/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Groups, on a tree without a kernel: what is refused and with which words, what is written, what is undone.
 * The virtual machine's tests show the same with the kernel's resctrl. */

#include "resctrl/group.h"

#include "resctrl-tree.h"

typedef struct Case {
        ResctrlConfig config;
        const char *id; /* default "web" */
        int result;
        const char *message;
} Case;

#define LINES(...) ((char *[]) { __VA_ARGS__, NULL })
#define S(literal) ((char *) (literal))

/* The tree of this table has a group "shared" with these schemata. */
#define SHARED "    MB:0=   40;1=  100\n    L3:0=000ff;1=fffff\n"

static const Case cases[] = {
        /* allowed */
        { {}, .result = 0 },
        { { .clos_id = S("/") }, .result = 0 },
        { { .clos_id = S("shared") }, .result = 0 },
        { { .clos_id = S("new"), .l3_cache_schema = S("L3:0=f") }, .result = 0 },
        { { .clos_id = S("shared"), .l3_cache_schema = S("L3:0=ff"), .mem_bw_schema = S("MB:0=33") },
          .result = 0 },
        { { .clos_id = S("shared"), .schemata = LINES(S("MB:1=100"), S("L3:1=fffff")) }, .result = 0 },
        { { .clos_id = S("/"), .l3_cache_schema = S("L3:0=fffff") }, .result = 0 },
        { { .clos_id = S(""), .enable_monitoring = true }, .result = 0 },

        /* names */
        { { .clos_id = S(".") }, .result = -EINVAL, .message = "closID '.'" },
        { { .clos_id = S("..") }, .result = -EINVAL, .message = "closID '..'" },
        { { .clos_id = S("../x") }, .result = -EINVAL, .message = "without '/'" },
        { { .clos_id = S("/x") }, .result = -EINVAL, .message = "without '/'" },
        { { .clos_id = S("x/") }, .result = -EINVAL, .message = "without '/'" },
        { { .clos_id = S("//") }, .result = -EINVAL, .message = "without '/'" },
        { { .clos_id = S("a\nb") }, .result = -EINVAL, .message = "closID: expected one line" },
        { { .clos_id = S("info") }, .result = -EINVAL, .message = "resctrl uses it itself" },
        { { .clos_id = S("mon_groups") }, .result = -EINVAL, .message = "resctrl uses it itself" },
        { {}, .id = "mon_data", .result = -EINVAL, .message = "the container's id 'mon_data'" },

        /* lines */
        { { .l3_cache_schema = S("L3:0=f\nMB:0=10") },
          .result = -EINVAL,
          .message = "l3CacheSchema: expected one line" },
        { { .l3_cache_schema = S("L3") }, .result = -EINVAL, .message = "'RESOURCE:DOMAIN=VALUE;...'" },
        { { .mem_bw_schema = S("L3:0=f") }, .result = -EINVAL, .message = "begins with 'MB:'" },
        { { .schemata = LINES(S("L3:0=f"), S("")) },
          .result = -EINVAL,
          .message = "/linux/intelRdt/schemata/1" },
        { { .schemata = LINES(S("L3:0=f\n")) }, .result = -EINVAL, .message = "/linux/intelRdt/schemata/0" },

        /* the machine */
        { { .schemata = LINES(S("L2:0=f")) },
          .result = -EOPNOTSUPP,
          .message = "no resource 'L2' (it has: L3 MB)" },
        { { .schemata = LINES(S("../L3:0=f")) }, .result = -EOPNOTSUPP, .message = "no resource '../L3'" },
        { { .schemata = LINES(S("MB:0=10"), S("L3:0=f;7=f")) },
          .result = -EOPNOTSUPP,
          .message = "no domain 7 of 'L3'" },
        { { .clos_id = S("absent") }, .result = -ENOENT, .message = "'absent' does not exist" },
        { { .clos_id = S("shared"), .l3_cache_schema = S("L3:0=f") },
          .result = -EEXIST,
          .message = "'shared' exists with a different configuration: expected 'L3:0=f'" },
        { { .clos_id = S("shared"), .mem_bw_schema = S("MB:0=50") },
          .result = -EEXIST,
          .message = "'MB:0=50'" },
        { { .clos_id = S("shared"), .schemata = LINES(S("L3:0=ff"), S("L3:1=1")) },
          .result = -EEXIST,
          .message = "'L3:1=1'" },
        { { .clos_id = S("shared"), .l3_cache_schema = S("L3:0=xyz") },
          .result = -EINVAL,
          .message = "L3:0=xyz" },
        { { .clos_id = S("/"), .l3_cache_schema = S("L3:0=f") },
          .result = -EEXIST,
          .message = "'/' exists" },
};

static void test_check(Tree *tree, gconstpointer data) {
        tree_add_group(tree, "shared", SHARED);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Case *c = &cases[i];
                const char *id = c->id ?: "web";

                g_assert_cmpint(resctrl_check(tree->root, &c->config, id), ==, c->result);
                tree_assert_message(tree, c->message);

                /* What the check refuses, the function that acts refuses before it acts. */
                if (c->result < 0) {
                        g_assert_cmpint(resctrl_group_ensure(tree->root, &c->config, id, NULL), ==,
                                        c->result);
                        tree_assert_message(tree, c->message);
                }
                g_assert_false(tree_has(tree, "web"));
        }
        tree_assert_content(tree, "shared/schemata", SHARED);
}

static void test_not_mounted(void) {
        g_autofree char *mountinfo = NULL;
        Tree tree = {};

        g_assert_true(g_file_get_contents("/proc/self/mountinfo", &mountinfo, NULL, NULL));
        if (strstr(mountinfo, " - resctrl ")) {
                g_test_skip("resctrl is mounted here");
                return;
        }

        tree_setup(&tree, NULL);
        g_assert_cmpint(resctrl_check(NULL, &(ResctrlConfig) {}, "web"), ==, -ENODEV);
        tree_assert_message(
                        &tree,
                        "intelRdt is specified in config, but the resctrl file system is not mounted");
        g_assert_cmpint(resctrl_group_ensure(NULL, &(ResctrlConfig) {}, "web", NULL), ==, -ENODEV);
        tree_assert_message(&tree, "not mounted");
        g_assert_cmpint(resctrl_group_add_pid(NULL, "web", NULL, getpid()), ==, -ENODEV);
        tree_assert_message(&tree, "not mounted");

        /* Nothing can be left of a group when there is no file system. */
        g_assert_false(resctrl_group_exists(NULL, "web"));
        g_assert_cmpint(resctrl_group_remove(NULL, "web"), ==, 0);
        g_assert_cmpint(resctrl_monitor_remove(NULL, "web", "web"), ==, 0);
        tree_assert_message(&tree, NULL);
        tree_teardown(&tree, NULL);
}

static void test_no_monitoring(Tree *tree, gconstpointer data) {
        ResctrlConfig config = { .enable_monitoring = true };
        g_autofree char *path = g_build_filename(tree->root, "mon_groups", NULL);

        g_assert_cmpint(rmdir(path), ==, 0);
        g_assert_cmpint(resctrl_group_ensure(tree->root, &config, "web", NULL), ==, -EOPNOTSUPP);
        tree_assert_message(tree, "cannot monitor");
        g_assert_false(tree_has(tree, "web"));
}

static void test_make_and_remove(Tree *tree, gconstpointer data) {
        ResctrlConfig config = {};
        bool created = false;

        g_assert_cmpint(resctrl_group_ensure(tree->root, &config, "web", &created), ==, 0);
        g_assert_true(created);
        g_assert_true(tree_has(tree, "web"));

        g_assert_cmpint(resctrl_group_remove(tree->root, "web"), ==, 0);
        g_assert_false(tree_has(tree, "web"));
        g_assert_cmpint(resctrl_group_remove(tree->root, "web"), ==, 0);
        g_assert_cmpint(resctrl_group_remove(tree->root, "/"), ==, 0);
        g_assert_true(tree_has(tree, "schemata"));
        tree_assert_message(tree, NULL);
}

static void test_write(Tree *tree, gconstpointer data) {
        ResctrlConfig config = {
                .l3_cache_schema = S("L3:0=f"),
                .mem_bw_schema = S("MB:0=20"),
                .schemata = LINES(S("L3:1=f0"), S("MB:1=30")),
                .enable_monitoring = true,
        };
        bool created = true;

        /* A group named after the container that is there already (from the run before a crash) is written
         * again. */
        tree_add_group(tree, "web", "");
        g_assert_cmpint(resctrl_group_ensure(tree->root, &config, "web", &created), ==, 0);
        g_assert_false(created);
        tree_assert_content(tree, "web/schemata", "L3:0=f\nMB:0=20\nL3:1=f0\nMB:1=30\n");
        g_assert_true(tree_has(tree, "web/mon_groups/web"));

        tree_write(tree, "web/mon_groups/web/tasks", "");
        g_assert_cmpint(resctrl_group_add_pid(tree->root, "web", "web", 12345), ==, 0);
        tree_assert_content(tree, "web/tasks", "12345");
        tree_assert_content(tree, "web/mon_groups/web/tasks", "12345");
        tree_assert_message(tree, NULL);
}

static void test_change(Tree *tree, gconstpointer data) {
        ResctrlConfig config = { .clos_id = S("shared"), .mem_bw_schema = S("MB:0=20") };
        ResctrlConfig absent = { .clos_id = S("absent"), .mem_bw_schema = S("MB:0=20") };
        ResctrlConfig wrong = { .clos_id = S("shared"), .l3_cache_schema = S("L2:0=f") };

        tree_add_group(tree, "shared", SHARED);
        g_assert_cmpint(resctrl_group_change(tree->root, &absent, "web"), ==, -ENOENT);
        tree_assert_message(tree, "'absent' does not exist");
        g_assert_cmpint(resctrl_group_change(tree->root, &wrong, "web"), ==, -EOPNOTSUPP);
        tree_assert_message(tree, "no resource 'L2'");
        tree_assert_content(tree, "shared/schemata", SHARED);

        /* Unlike resctrl_group_ensure(), which must not change what others share. */
        tree_write(tree, "shared/schemata", "");
        g_assert_cmpint(resctrl_group_change(tree->root, &config, "web"), ==, 0);
        tree_assert_content(tree, "shared/schemata", "MB:0=20\n");
        g_assert_true(resctrl_has_resource(tree->root, "MB"));
        g_assert_false(resctrl_has_resource(tree->root, "L2"));
        tree_assert_message(tree, NULL);
}

static void test_undo(Tree *tree, gconstpointer data) {
        ResctrlConfig config = { .clos_id = S("gold"), .l3_cache_schema = S("L3:0=f") };
        bool created = false;

        /* The new directory has no schemata file here, so the write fails. */
        g_assert_cmpint(resctrl_group_ensure(tree->root, &config, "web", &created), ==, -ENOENT);
        tree_assert_message(
                        tree,
                        "Failed to write the schemata 'L3:0=f' of resctrl group 'gold': "
                        "No such file or directory (the kernel says: the reason)");
        g_assert_false(created);
        g_assert_false(tree_has(tree, "gold"));
}

static void test_add_pid_errors(Tree *tree, gconstpointer data) {
        g_assert_cmpint(resctrl_group_add_pid(tree->root, "absent", NULL, 1), ==, -ENOENT);
        tree_assert_message(tree, "process 1 into the resctrl group 'absent'");

        g_assert_cmpint(resctrl_group_add_pid(tree->root, "/", "absent", 1), ==, -ENOENT);
        tree_assert_message(tree, "process 1 into the resctrl group 'mon_groups/absent'");
        tree_assert_content(tree, "tasks", "1");
}

#define ADD(name, function) g_test_add(name, Tree, NULL, tree_setup, function, tree_teardown)

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        ADD("/resctrl/group/check", test_check);
        g_test_add_func("/resctrl/group/not-mounted", test_not_mounted);
        ADD("/resctrl/group/no-monitoring", test_no_monitoring);
        ADD("/resctrl/group/make-and-remove", test_make_and_remove);
        ADD("/resctrl/group/write", test_write);
        ADD("/resctrl/group/change", test_change);
        ADD("/resctrl/group/undo", test_undo);
        ADD("/resctrl/group/add-pid-errors", test_add_pid_errors);
        return g_test_run();
}
