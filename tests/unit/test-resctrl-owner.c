/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The registry of users: the last one removes the group, if berth made it; also after a crash at any point.
 */

#include <sys/file.h>

#include "resctrl/owner.h"

#include "resctrl-tree.h"

/* What a call of resctrl_owner_release() answers. */
static bool release(const char *dir, const char *group, const char *id) {
        bool remove = false;

        g_assert_cmpint(resctrl_owner_release(dir, group, id, &remove), ==, 0);
        return remove;
}

static void test_registry(Tree *tree, gconstpointer data) {
        g_autofree char *dir = g_build_filename(tree->root, "registry", "below", NULL);
        _cleanup_close_ int lock = -EBADF;

        g_assert_cmpint(resctrl_owner_lock(dir, &lock), ==, 0);

        /* made by berth, two users, each recorded twice */
        g_assert_cmpint(resctrl_owner_acquire(dir, "gold", "a", true), ==, 0);
        g_assert_cmpint(resctrl_owner_acquire(dir, "gold", "a", false), ==, 0);
        g_assert_cmpint(resctrl_owner_acquire(dir, "gold", "b", false), ==, 0);
        g_assert_cmpint(resctrl_owner_acquire(dir, "gold", "b", false), ==, 0);
        g_assert_false(release(dir, "gold", "stranger"));
        g_assert_false(release(dir, "gold", "a"));
        g_assert_false(release(dir, "gold", "a"));
        g_assert_true(release(dir, "gold", "b"));
        g_assert_true(release(dir, "gold", "b")); /* as after a crash before the removal */
        g_assert_cmpint(resctrl_owner_forget(dir, "gold"), ==, 0);
        g_assert_cmpint(resctrl_owner_forget(dir, "gold"), ==, 0);
        g_assert_false(release(dir, "gold", "b"));

        /* made by somebody else */
        g_assert_cmpint(resctrl_owner_acquire(dir, "silver", "a", false), ==, 0);
        g_assert_false(release(dir, "silver", "a"));

        /* the root group */
        g_assert_cmpint(resctrl_owner_acquire(dir, "/", "a", true), ==, 0);
        g_assert_false(release(dir, "/", "a"));

        g_assert_false(tree_has(tree, "registry/below/group-gold"));
        g_assert_false(tree_has(tree, "registry/below/group-silver"));
        tree_assert_message(tree, NULL);
}

static void test_lock(Tree *tree, gconstpointer data) {
        g_autofree char *dir = g_build_filename(tree->root, "registry", NULL);
        _cleanup_close_ int other = -EBADF;
        int lock;

        g_assert_cmpint(resctrl_owner_lock(dir, &lock), ==, 0);
        other = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(flock(other, LOCK_EX | LOCK_NB), ==, -1);
        g_assert_cmpint(close(lock), ==, 0);
        g_assert_cmpint(flock(other, LOCK_EX | LOCK_NB), ==, 0);
}

static void test_start_and_stop(Tree *tree, gconstpointer data) {
        g_autofree char *dir = g_build_filename(tree->root, "registry", NULL);
        ResctrlConfig config = {};

        g_assert_cmpint(resctrl_owner_start(tree->root, dir, &config, "web"), ==, 0);
        g_assert_true(tree_has(tree, "web"));
        g_assert_cmpint(resctrl_owner_stop(tree->root, dir, "web", "web"), ==, 0);
        g_assert_false(tree_has(tree, "web"));
        g_assert_false(tree_has(tree, "registry/group-web"));
        g_assert_cmpint(resctrl_owner_stop(tree->root, dir, "web", "web"), ==, 0);

        /* killed after the record, before the group */
        g_assert_cmpint(resctrl_owner_acquire(dir, "web", "web", true), ==, 0);
        g_assert_cmpint(resctrl_owner_stop(tree->root, dir, "web", "web"), ==, 0);
        g_assert_false(tree_has(tree, "registry/group-web"));
        tree_assert_message(tree, NULL);
}

static void test_foreign_group(Tree *tree, gconstpointer data) {
        g_autofree char *dir = g_build_filename(tree->root, "registry", NULL);
        ResctrlConfig config = { .clos_id = (char *) "admin", .enable_monitoring = true };

        tree_add_group(tree, "admin", "L3:0=ff\n");
        g_assert_cmpint(resctrl_owner_start(tree->root, dir, &config, "web"), ==, 0);
        g_assert_true(tree_has(tree, "admin/mon_groups/web"));
        g_assert_cmpint(resctrl_owner_stop(tree->root, dir, "admin", "web"), ==, 0);
        g_assert_false(tree_has(tree, "admin/mon_groups/web"));
        tree_assert_content(tree, "admin/schemata", "L3:0=ff\n");
        tree_assert_message(tree, NULL);
}

static void test_failed_start(Tree *tree, gconstpointer data) {
        g_autofree char *dir = g_build_filename(tree->root, "registry", NULL);
        ResctrlConfig refused = { .clos_id = (char *) "../x" };
        ResctrlConfig failing = { .clos_id = (char *) "gold", .l3_cache_schema = (char *) "L3:0=f" };

        g_assert_cmpint(resctrl_owner_start(tree->root, dir, &refused, "web"), ==, -EINVAL);
        tree_assert_message(tree, "../x");
        g_assert_false(tree_has(tree, "registry"));

        /* The new group has no schemata file here, so the write fails. */
        g_assert_cmpint(resctrl_owner_start(tree->root, dir, &failing, "web"), ==, -ENOENT);
        tree_assert_message(tree, "gold");
        g_assert_false(tree_has(tree, "gold"));
        g_assert_false(tree_has(tree, "registry/group-gold"));
}

#define ADD(name, function) g_test_add(name, Tree, NULL, tree_setup, function, tree_teardown)

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        ADD("/resctrl/owner/registry", test_registry);
        ADD("/resctrl/owner/lock", test_lock);
        ADD("/resctrl/owner/start-and-stop", test_start_and_stop);
        ADD("/resctrl/owner/foreign-group", test_foreign_group);
        ADD("/resctrl/owner/failed-start", test_failed_start);
        return g_test_run();
}
