/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The written configuration: what runc's says but for the name, a cgroup namespace (which runc adds on the
 * unified hierarchy), and valid. */

#include "messages.h"
#include "spec/json.h"
#include "spec/spec.h"

/* A configuration as runc wrote it, with the two differences, on one line. */
static char *expected_text(const char *name) {
        g_autofree char *path = g_build_filename(g_getenv("BERTH_TEST_DATA"), "spec", "valid", name, NULL);
        _cleanup_json_document_ JsonDocument *document = NULL;
        g_autofree char *text = NULL;
        JsonValue namespaces, rest;
        size_t size, n;

        g_assert_true(g_file_get_contents(path, &text, &size, NULL));
        g_assert_cmpint(json_document_parse(name, text, size, &document), ==, 0);
        json_set_string(json_document_root(document), "hostname", "berth");

        g_assert_cmpint(json_make_array(document, "/linux/namespaces", &namespaces), ==, 0);
        n = json_value_size(namespaces);
        rest = json_append_object(namespaces);
        json_set_string(rest, "type", "cgroup");
        /* In the rootless one the user namespace comes last. */
        if (json_value_member(json_value_element(namespaces, n - 1), "type", &rest) &&
            streq(json_value_string(rest), "user")) {
                json_set_string(json_value_element(namespaces, n - 1), "type", "cgroup");
                json_set_string(json_value_element(namespaces, n), "type", "user");
        }
        return json_value_to_text(json_document_root(document), 0);
}

static void check(bool rootless, const char *name) {
        g_autofree char *text = spec_template(rootless, 0, 0), *expected = expected_text(name),
                        *compact = NULL;
        _cleanup_json_document_ JsonDocument *document = NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;

        g_assert_cmpint(json_document_parse("template", text, strlen(text), &document), ==, 0);
        compact = json_value_to_text(json_document_root(document), 0);
        g_assert_cmpstr(compact, ==, expected);
        g_assert_cmpint(spec_parse("template", text, strlen(text), "/b", &spec), ==, 0);
        g_assert_true(g_str_has_prefix(text, "{\n\t\"ociVersion\": "));
        g_assert_null(strstr(text, "\n "));
        g_assert_nonnull(strstr(text, "\n\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n"));
}

static void test_root(void) {
        check(false, "runc-spec.json");
}

static void test_rootless(void) {
        g_autofree char *text = spec_template(true, 1000, 1001);
        _cleanup_(spec_freep) Spec *spec = NULL;

        check(true, "runc-spec-rootless.json");
        g_assert_cmpint(spec_parse("template", text, strlen(text), "/b", &spec), ==, 0);
        g_assert_cmpuint(spec->linux_.id_map.uid[0].host_id, ==, 1000);
        g_assert_cmpuint(spec->linux_.id_map.gid[0].host_id, ==, 1001);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/spec/template/root", test_root);
        g_test_add_func("/spec/template/rootless", test_rootless);
        return g_test_run();
}
