/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which files declare a container: directories, templates and their instances, drop-ins, masks. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs-util.h"
#include "basic/macro.h"
#include "config/container-file.h"

static void write_text(const char *directory, const char *name, const char *text) {
        _cleanup_free_ char *path = g_strdup_printf("%s/%s", directory, name),
                            *parent = g_path_get_dirname(path);

        g_assert_cmpint(make_directories(parent, 0755), ==, 0);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_cmpint(chmod(path, 0644), ==, 0);
}

static char *describe(const char *top, const ConfigFound *f) {
        GString *out = g_string_new(f->path + strlen(top) + 1);

        for (unsigned i = 0; f->dropins && i < f->dropins->len; i++)
                g_string_append_printf(out, " %s", (const char *) f->dropins->pdata[i] + strlen(top) + 1);
        return g_string_free(out, FALSE);
}

static void test_search(void) {
        _cleanup_free_ char *top = g_dir_make_tmp("berth-search-XXXXXX", NULL);
        _cleanup_free_ char *etc = g_strdup_printf("%s/etc", top), *usr = g_strdup_printf("%s/usr", top),
                            *none = g_strdup_printf("%s/none", top),
                            *null = g_strdup_printf("%s/m.container", etc);
        const char *const directories[] = { etc, none, usr, NULL };
        static const char *const expected[] = {
                "etc/a.container etc/a.container.d/10.conf usr/a.container.d/20.conf "
                "etc/a.container.d/30.conf",
                "usr/b.container usr/b.container.d/x.conf",
                "etc/m.container",
        };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new(), *found = NULL;

        write_text(etc, "a.container", "etc");
        write_text(usr, "a.container", "usr");
        write_text(usr, "b.container", "usr");
        write_text(usr, "b.container.d/x.conf", "x");
        write_text(usr, "m.container", "usr");
        write_text(etc, "a.container.d/30.conf", "x");
        write_text(etc, "a.container.d/10.conf", "x");
        write_text(usr, "a.container.d/10.conf", "x");
        write_text(usr, "a.container.d/20.conf", "x");
        write_text(usr, "a.container.d/20.conf~", "x");
        write_text(etc, ".h.container", "x");
        write_text(etc, "c.container.rpmsave", "x");
        write_text(usr, "not good.container", "x");
        write_text(etc, "dir.container/file", "x"); /* a directory of that name is none of ours */
        g_assert_cmpint(symlink("/dev/null", null), ==, 0);

        found = config_enumerate(directories, messages);
        g_assert_cmpuint(found->len, ==, ELEMENTSOF(expected));
        for (unsigned i = 0; i < found->len; i++) {
                const ConfigFound *f = found->pdata[i];
                _cleanup_(config_found_freep) ConfigFound *single = NULL;
                _cleanup_free_ char *all = describe(top, f), *one = NULL;

                g_assert_cmpstr(all, ==, expected[i]);
                g_assert_cmpint(config_find(directories, f->name, &single), ==, 0);
                one = describe(top, single);
                g_assert_cmpstr(one, ==, expected[i]);
        }
        g_assert_cmpuint(messages->len, ==, 1);
        g_assert_nonnull(
                        strstr(((const ConfigMessage *) messages->pdata[0])->text,
                               "'not good' cannot be the name"));
        {
                ConfigFound *dummy = NULL;

                g_assert_cmpint(config_find(directories, "zzz", &dummy), ==, -ENOENT);
        }
        g_assert_cmpint(remove_tree_at(AT_FDCWD, top), ==, 0);
}

/* Of one file name, the earlier directory wins, in it the longer name, and container.d last. */
static void test_search_instances(void) {
        _cleanup_free_ char *top = g_dir_make_tmp("berth-search-XXXXXX", NULL);
        _cleanup_free_ char *etc = g_strdup_printf("%s/etc", top), *usr = g_strdup_printf("%s/usr", top);
        const char *const directories[] = { etc, usr, NULL };
        static const struct {
                const char *name, *files;
                bool named;
        } expected[] = {
                { "a-b-c",
                  "usr/a-b-c.container usr/a-b-.container.d/1.conf etc/a-.container.d/2.conf "
                  "usr/container.d/4.conf",
                  true },
                { "w-x@",
                  "usr/w-x@.container etc/w-x@.container.d/1.conf usr/w-@.container.d/2.conf "
                  "usr/w-.container.d/3.conf usr/container.d/4.conf",
                  true },
                { "w-x@1",
                  "usr/w-x@.container usr/w-x@1.container.d/0.conf etc/w-x@.container.d/1.conf "
                  "usr/w-@.container.d/2.conf usr/w-.container.d/3.conf usr/container.d/4.conf",
                  false },
                { "w-x@2",
                  "etc/w-x@2.container etc/w-x@.container.d/1.conf usr/w-@.container.d/2.conf "
                  "usr/w-.container.d/3.conf usr/container.d/4.conf",
                  true },
        };
        static const char *const files[] = {
                "a-b-c.container",
                "a-b-.container.d/1.conf",
                "a-.container.d/1.conf",
                "a-.container.d/2.conf",
                "w-x@.container",
                "w-x@1.container.d/0.conf",
                "w-x@1.container.d/1.conf",
                "w-@.container.d/2.conf",
                "w-.container.d/2.conf",
                "w-.container.d/3.conf",
                "container.d/2.conf",
                "container.d/4.conf",
                "nothing@1.container.d/0.conf",
        };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new(), *found = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
                write_text(usr, files[i], "x");
        write_text(etc, "a-.container.d/2.conf", "x");
        write_text(etc, "w-x@.container.d/1.conf", "x");
        write_text(etc, "w-x@2.container", "x");
        found = config_enumerate(directories, messages);
        g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(expected));
        for (unsigned i = 0; i < found->len; i++) {
                const ConfigFound *f = found->pdata[i];
                _cleanup_(config_found_freep) ConfigFound *single = NULL;
                _cleanup_free_ char *all = describe(top, f), *one = NULL;

                g_assert_cmpstr(f->name, ==, expected[i].name);
                g_assert_cmpint(f->named, ==, expected[i].named);
                g_assert_cmpstr(all, ==, expected[i].files);
                g_assert_cmpint(config_find(directories, f->name, &single), ==, 0);
                one = describe(top, single);
                g_assert_cmpstr(one, ==, expected[i].files);
                g_assert_cmpint(single->named, ==, expected[i].named);
        }
        g_assert_cmpuint(messages->len, ==, 0);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, top), ==, 0);
}

static void test_read(void) {
        _cleanup_free_ char *top = g_dir_make_tmp("berth-read-XXXXXX", NULL);
        _cleanup_free_ char *good = g_strdup_printf("%s/good", top),
                            *empty = g_strdup_printf("%s/empty", top),
                            *null = g_strdup_printf("%s/null", top), *fifo = g_strdup_printf("%s/fifo", top),
                            *open_ = g_strdup_printf("%s/open", top),
                            *loop = g_strdup_printf("%s/loop", top);
        const struct {
                const char *path;
                int result;
        } cases[] = {
                { good, 1 },       { empty, 0 },     { null, 0 },      { fifo, -EINVAL },
                { open_, -EPERM }, { top, -EINVAL }, { loop, -ELOOP }, { "/nonexistent/x", -ENOENT },
        };

        write_text(top, "good", "text");
        write_text(top, "empty", "");
        write_text(top, "open", "text");
        g_assert_cmpint(chmod(open_, 0666), ==, 0);
        g_assert_cmpint(symlink("/dev/null", null), ==, 0);
        g_assert_cmpint(symlink("loop", loop), ==, 0);
        g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL;
                size_t size = 0;

                g_assert_cmpint(config_read(cases[i].path, true, &text, &size), ==, cases[i].result);
                g_assert_cmpstr(text, ==, cases[i].result > 0 ? "text" : NULL);
        }
        g_assert_cmpint(remove_tree_at(AT_FDCWD, top), ==, 0);
}

static void test_load_masked(void) {
        _cleanup_free_ char *top = g_dir_make_tmp("berth-load-XXXXXX", NULL);
        const char *const directories[] = { top, NULL };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(config_found_freep) ConfigFound *found = NULL;
        ContainerFile *c = NULL;

        write_text(top, "m.container", "");
        g_assert_cmpint(config_find(directories, "m", &found), ==, 0);
        g_assert_cmpint(container_file_load(found, messages, &c), ==, -ESHUTDOWN);
        g_assert_cmpuint(messages->len, ==, 0);
        g_assert_null(c);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, top), ==, 0);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/search/load-masked", test_load_masked);
        g_test_add_func("/search/precedence", test_search);
        g_test_add_func("/search/precedence-instances", test_search_instances);
        g_test_add_func("/search/read", test_read);
        return g_test_run();
}
