/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files of others and the declarations that they become, byte by byte: tests/data/convert/FILE and
 * FILE.expected. BERTH_UPDATE=1 in the environment writes the expected ones: look at them before you believe
 * them. */

#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "config/container-file.h"
#include "config/convert.h"
#include "config/messages.h"

static char *convert(const char *path, const char *name) {
        g_autoptr(GPtrArray) messages = config_messages_new();
        char *text, *result = NULL;
        gsize size;

        g_assert_true(g_file_get_contents(path, &text, &size, NULL));
        if (g_str_has_suffix(name, ".json"))
                g_assert_cmpint(convert_inspect(name, text, size, &result), ==, 0);
        else {
                _cleanup_(unit_file_freep) UnitFile *file = unit_file_parse(name, text, size, messages);

                result = g_str_has_suffix(name, ".nspawn") ? convert_nspawn(file, "box")
                                                           : convert_quadlet(file);
                g_assert_cmpuint(messages->len, ==, 0);
                return result;
        }
        g_free(text);
        return result;
}

/* The result is a declaration. */
static void check_declaration(const char *text) {
        g_autoptr(GPtrArray) messages = config_messages_new();
        GPtrArray *files = g_ptr_array_new();
        _cleanup_(container_file_freep) ContainerFile *container = NULL;

        g_ptr_array_add(files, unit_file_parse("converted", g_strdup(text), strlen(text), messages));
        container = container_file_new("web", files, messages);
        for (unsigned i = 0; i < messages->len; i++) {
                g_autofree char *line = config_message_format(messages->pdata[i]);

                g_test_message("%s", line);
        }
        g_assert_false(config_messages_have_errors(messages));
}

static void test_file(const void *data) {
        const char *name = data;
        g_autofree char *path = g_build_filename(g_getenv("BERTH_TEST_DATA"), "convert", name, NULL),
                        *expected_path = g_strconcat(path, ".expected", NULL), *found = convert(path, name),
                        *expected = NULL;

        if (g_getenv("BERTH_UPDATE"))
                g_assert_true(g_file_set_contents(expected_path, found, -1, NULL));
        g_assert_true(g_file_get_contents(expected_path, &expected, NULL, NULL));
        g_assert_cmpstr(found, ==, expected);
        check_declaration(found);
}

static void discard(int level, int err, const char *message, void *userdata) {
        g_assert_nonnull(strstr(message, userdata));
}

static void test_not_an_inspection(void) {
        static const struct {
                const char *text, *said;
        } cases[] = {
                { "[]", "expected an array with a container" },
                { "[{}]", "expected an object with Config and HostConfig" },
                { "[{\"Config\":5,\"HostConfig\":{}}]", "expected an object with Config and HostConfig" },
                { "[{\"Config\":{},\"HostConfig\":{}},{}]", "expected one container, found 2" },
                { "[", "x.json:" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *result = NULL;

                log_set_sink(discard, (void *) cases[i].said);
                g_assert_cmpint(convert_inspect("x.json", cases[i].text, strlen(cases[i].text), &result), ==,
                                -EINVAL);
                log_set_sink(NULL, NULL);
        }
}

int main(int argc, char **argv) {
        static const char *const files[] = {
                "box.nspawn",         "docker.json",      "everything.container", "everything.json",
                "everything.nspawn",  "job.nspawn",       "podman.json",          "ranges.container",
                "remapped.container", "subids.container", "userns.container",     "web.container",
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                g_autofree char *path = g_strconcat("/convert/", files[i], NULL);

                g_test_add_data_func(path, files[i], test_file);
        }
        g_test_add_func("/convert/not-an-inspection", test_not_an_inspection);
        return g_test_run();
}
