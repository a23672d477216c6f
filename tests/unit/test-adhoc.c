/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is written on a command line has to come back from the declaration as it was, whatever is in it. */

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "basic/macro.h"
#include "config/adhoc.h"
#include "config/container-file.h"

static ContainerFile *read_back(const char *text, GPtrArray *messages) {
        GPtrArray *files = g_ptr_array_new();

        g_ptr_array_add(files, unit_file_parse("command line", g_strdup(text), strlen(text), messages));
        return container_file_new("x", files, messages);
}

static void assert_strv(char **found, const char *const *expected) {
        g_assert_true(g_strv_equal((const char *const *) found, expected));
}

static void test_words(void) {
        static const char *const words[] = {
                "sh",
                "-c",
                "echo \"$A\" '$B' ${C} 100% %i %%",
                "",
                " ",
                "a\nb\tc",
                "\\x41",
                "back\\slash\\",
                "#no comment",
                ";",
                "[Unit]",
                "späß",
                NULL,
        };
        static const char *const environment[] = { "A=", "B=x \"y\" %h", "C=two\nlines", NULL };
        const AdhocContainer c = {
                .rootfs = "/srv/50% off/é",
                .command = (char **) words,
                .environment = (char **) environment,
        };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_free_ char *text = adhoc_declaration(&c);
        _cleanup_(container_file_freep) ContainerFile *file = read_back(text, messages);

        g_assert_cmpuint(messages->len, ==, 0);
        g_assert_cmpstr(file->rootfs, ==, c.rootfs);
        assert_strv(file->exec, words);
        assert_strv(file->environment, environment);
}

static void test_settings(void) {
        const AdhocContainer c = {
                .bundle = "/b",
                .working_dir = "/w",
                .user = "www",
                .group = "7",
                .read_only = true,
                .notify_ready = true,
                .terminal = true,
        };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_free_ char *text = adhoc_declaration(&c);
        _cleanup_(container_file_freep) ContainerFile *file = read_back(text, messages);

        g_assert_cmpuint(messages->len, ==, 0);
        g_assert_cmpstr(file->bundle, ==, "/b");
        g_assert_null(file->rootfs);
        g_assert_null(file->exec);
        g_assert_cmpstr(file->working_dir, ==, "/w");
        g_assert_cmpstr(file->user, ==, "www");
        g_assert_cmpstr(file->group, ==, "7");
        g_assert_cmpint(file->read_only, ==, 1);
        g_assert_cmpint(file->terminal, ==, 1);
        g_assert_cmpint(file->notify, ==, CONTAINER_NOTIFY_READY);
}

static void test_sources(void) {
        static const char *const volumes[] = { "/srv/50%:/a:ro", "data:/b", NULL };
        const AdhocContainer c = { .image = "oci:/srv/50%/x",
                                   .network = "none",
                                   .volumes = (char **) volumes };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_free_ char *text = adhoc_declaration(&c);
        _cleanup_(container_file_freep) ContainerFile *file = read_back(text, messages);

        g_assert_cmpuint(messages->len, ==, 0);
        g_assert_cmpstr(file->image, ==, "oci:/srv/50%/x");
        g_assert_cmpint(file->network, ==, CONTAINER_NETWORK_NONE);
        g_assert_cmpuint(file->volumes->len, ==, 2);
        g_assert_cmpstr(((const ContainerVolume *) file->volumes->pdata[0])->source, ==, "/srv/50%");
        g_assert_cmpstr(((const ContainerVolume *) file->volumes->pdata[1])->destination, ==, "/b");
}

/* Nobody has written "Volume=" there. */
static void test_message(void) {
        static const char *const cases[][2] = {
                { "Volume=x: expected", "--volume=x: expected" },
                { "WorkingDir=x", "--working-directory=x" },
                { "User: strange", "User: strange" },
                { "key 'User' is not possible", "key 'User' is not possible" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *said = adhoc_message(cases[i][0]);

                g_assert_cmpstr(said, ==, cases[i][1]);
        }
}

static void test_defaults(void) {
        const AdhocContainer c = { .bundle = "/b" };
        _cleanup_free_ char *text = adhoc_declaration(&c);

        g_assert_cmpstr(text, ==, "[Container]\nBundle=/b\n");
}

static void test_refused_property(void) {
        static const char *const properties[] = { "MemoryMax=1G", "User=nobody", NULL };
        const AdhocContainer c = { .bundle = "/b", .properties = (char **) properties };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_free_ char *text = adhoc_declaration(&c);
        _cleanup_(container_file_freep) ContainerFile *file = read_back(text, messages);

        g_assert_nonnull(file);
        g_assert_cmpuint(messages->len, ==, 1);
        g_assert_nonnull(strstr(((const ConfigMessage *) messages->pdata[0])->text, "'User'"));
}

static void test_container_id(void) {
        static const struct {
                const char *unit, *id; /* NULL: refused */
        } cases[] = {
                { "berth-run-r1.service", "run-r1" }, { "web.service", "web" },  { "web", "web" },
                { "a\\x2bb.service", "a+b" },         { "web@1.service", NULL }, { "a\\x20b.service", NULL },
                { "berth-.service", NULL },           { ".service", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *id = NULL;
                int r = adhoc_container_id(cases[i].unit, &id);

                g_assert_cmpint(r, ==, cases[i].id ? 0 : -EINVAL);
                g_assert_cmpstr(id, ==, cases[i].id);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/adhoc/words", test_words);
        g_test_add_func("/adhoc/settings", test_settings);
        g_test_add_func("/adhoc/sources", test_sources);
        g_test_add_func("/adhoc/message", test_message);
        g_test_add_func("/adhoc/defaults", test_defaults);
        g_test_add_func("/adhoc/refused-property", test_refused_property);
        g_test_add_func("/adhoc/container-id", test_container_id);
        return g_test_run();
}
