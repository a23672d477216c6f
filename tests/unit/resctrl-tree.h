/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A directory that looks like resctrl of a machine with L3 cache and bandwidth allocation and monitoring,
 * two domains. It has no kernel behind it: what is written stays as it was written, and a directory that is
 * made stays empty. */

#include <fcntl.h>
#include <glib/gstdio.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"

typedef struct Tree {
        char *root;
        GString *messages; /* all that was logged, a line each */
} Tree;

static inline void tree_write(Tree *tree, const char *name, const char *text) {
        g_autofree char *path = g_build_filename(tree->root, name, NULL);
        g_autofree char *dir = g_path_get_dirname(path);

        g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static inline void tree_add_group(Tree *tree, const char *group, const char *schemata) {
        g_autofree char *schemata_path = g_build_filename(group, "schemata", NULL);
        g_autofree char *tasks_path = g_build_filename(group, "tasks", NULL);
        g_autofree char *mon_path = g_build_filename(tree->root, group, "mon_groups", NULL);

        tree_write(tree, schemata_path, schemata);
        tree_write(tree, tasks_path, "");
        g_assert_cmpint(g_mkdir(mon_path, 0755), ==, 0);
}

static inline void tree_on_message(int level, int err, const char *message, void *userdata) {
        Tree *tree = userdata;

        g_string_append_printf(tree->messages, "%s\n", message);
}

static inline void tree_setup(Tree *tree, gconstpointer data) {
        tree->root = g_dir_make_tmp("berth-resctrl-XXXXXX", NULL);
        g_assert_nonnull(tree->root);
        tree->messages = g_string_new(NULL);
        log_set_sink(tree_on_message, tree);

        tree_write(tree, "info/last_cmd_status", "the reason\n");
        tree_write(tree, "info/L3/num_closids", "16\n");
        tree_write(tree, "info/MB/num_closids", "8\n");
        tree_write(tree, "info/MB/bandwidth_gran", "10\n");
        tree_add_group(tree, ".", "    MB:0=  100;1=  100\n    L3:0=fffff;1=fffff\n");
}

static inline void tree_teardown(Tree *tree, gconstpointer data) {
        log_set_sink(NULL, NULL);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, tree->root), ==, 0);
        g_free(tree->root);
        g_string_free(tree->messages, TRUE);
}

static inline bool tree_has(Tree *tree, const char *name) {
        g_autofree char *path = g_build_filename(tree->root, name, NULL);

        return g_file_test(path, G_FILE_TEST_EXISTS);
}

static inline void tree_assert_content(Tree *tree, const char *name, const char *wanted) {
        g_autofree char *path = g_build_filename(tree->root, name, NULL);
        g_autofree char *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, wanted);
}

/* Exactly one message was logged since the last call, and it contains the text; NULL: none was. */
static inline void tree_assert_message(Tree *tree, const char *wanted) {
        if (wanted) {
                if (!strstr(tree->messages->str, wanted))
                        g_error("message '%s' has no '%s'", tree->messages->str, wanted);
                g_assert_true(strchr(tree->messages->str, '\n') ==
                              tree->messages->str + tree->messages->len - 1);
        } else
                g_assert_cmpstr(tree->messages->str, ==, "");
        g_string_truncate(tree->messages, 0);
}
