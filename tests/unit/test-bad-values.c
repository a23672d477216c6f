/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bad value for each member of a configuration. tests/data/spec/bad-values has them, three lines each: the
 * member as the tables name it, a patch (RFC 7386) of a configuration that is fine, and what is said about
 * it, which begins with the JSON pointer. The tables are walked: a member without a case fails the test. */

#include <errno.h>

#include "messages.h"
#include "spec/json.h"
#include "spec/spec-internal.h"
#include "spec/spec.h"

static const char base[] =
                "{ \"ociVersion\": \"1.3.0\", \"root\": { \"path\": \"rootfs\" },"
                "  \"process\": { \"cwd\": \"/\", \"args\": [\"sh\"], \"user\": { \"uid\": 0, \"gid\": 0 } "
                "},"
                "  \"linux\": { \"namespaces\": [ { \"type\": \"mount\" }, { \"type\": \"pid\" },"
                "    { \"type\": \"uts\" }, { \"type\": \"ipc\" }, { \"type\": \"network\" } ] } }";

typedef struct Case {
        char *member; /* "/process/rlimits/soft" */
        char *patch;
        char *message;
} Case;

static void case_free(gpointer data) {
        Case *c = data;

        g_free(c->member);
        g_free(c->patch);
        g_free(c->message);
        g_free(c);
}

static char *data_path(void) {
        return g_build_filename(g_getenv("BERTH_TEST_DATA"), "spec", "bad-values", NULL);
}

/* Cases are apart by empty lines; lines that begin with # are for people. */
static GPtrArray *read_cases(void) {
        GPtrArray *cases = g_ptr_array_new_with_free_func(case_free);
        g_autofree char *path = data_path(), *text = NULL;
        _cleanup_strv_ char **lines = NULL;
        char *part[3];
        size_t n = 0;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (!**line || **line == '#') {
                        g_assert_cmpuint(n, ==, 0);
                        continue;
                }
                part[n++] = *line;
                if (n < ELEMENTSOF(part))
                        continue;
                n = 0;
                g_ptr_array_add(cases, g_new(Case, 1));
                *(Case *) g_ptr_array_index(cases, cases->len - 1) =
                                (Case) { g_strdup(part[0]), g_strdup(part[1]), g_strdup(part[2]) };
        }
        return cases;
}

/* ---- each is refused ---- */

static void merge(JsonValue target, JsonValue patch) {
        JsonValue value, old;
        const char *key;
        JsonIter iter;

        json_iter_init(&iter, patch);
        while (json_iter_next(&iter, &key, &value)) {
                g_autofree char *text = NULL;

                if (json_value_type(value) == JSON_TYPE_NULL) {
                        json_remove(target, key);
                        continue;
                }
                if (json_value_type(value) == JSON_TYPE_OBJECT) {
                        if (!json_value_member(target, key, &old) ||
                            json_value_type(old) != JSON_TYPE_OBJECT)
                                old = json_set_object(target, key);
                        merge(old, value);
                        continue;
                }
                text = json_value_to_text(value, 0);
                g_assert_cmpint(json_set_text(target, key, "patch", text), ==, 0);
        }
}

static char *patched(const char *patch) {
        _cleanup_json_document_ JsonDocument *target = NULL, *change = NULL;

        g_assert_cmpint(json_document_parse("base", base, strlen(base), &target), ==, 0);
        g_assert_cmpint(json_document_parse("patch", patch, strlen(patch), &change), ==, 0);
        merge(json_document_root(target), json_document_root(change));
        return json_value_to_text(json_document_root(target), 0);
}

static void test_refused(gconstpointer userdata) {
        const Case *c = userdata;
        g_autofree char *text = patched(c->patch), *expected = g_strconcat("config.json#", c->message, NULL);
        _cleanup_messages_ Messages messages;
        Spec *spec = NULL;

        messages_catch(&messages);
        g_assert_cmpint(spec_parse("config.json", text, strlen(text), "/bundle", &spec), ==, -EINVAL);
        g_assert_null(spec);
        g_assert_cmpuint(messages.n, ==, 1);
        g_assert_cmpstr(messages.last, ==, expected);
}

static void test_base(void) {
        _cleanup_(spec_freep) Spec *spec = NULL;

        g_assert_cmpint(spec_parse("config.json", base, strlen(base), "/bundle", &spec), ==, 0);
}

/* ---- and none is missing ---- */

static bool has_case(const GPtrArray *cases, const char *member) {
        for (guint i = 0; i < cases->len; i++)
                if (streq(((const Case *) g_ptr_array_index(cases, i))->member, member))
                        return true;
        return false;
}

static void walk(const GPtrArray *cases, const JsonField *fields, const char *pointer, GString *missing) {
        for (; fields->key; fields++) {
                g_autofree char *member = g_strdup_printf("%s/%s", pointer, fields->key);

                if (!has_case(cases, member))
                        g_string_append_printf(missing, " %s", member);
                if (fields->sub)
                        walk(cases, fields->sub, member, missing);
        }
}

static void test_complete(gconstpointer userdata) {
        g_autoptr(GString) missing = g_string_new(NULL);

        walk(userdata, spec_top_fields, "", missing);
        g_assert_cmpstr(missing->str, ==, "");
}

int main(int argc, char **argv) {
        g_autoptr(GPtrArray) cases = read_cases();

        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/bad-values/base", test_base);
        g_test_add_data_func("/bad-values/complete", cases, test_complete);
        for (guint i = 0; i < cases->len; i++) {
                const Case *c = g_ptr_array_index(cases, i);
                g_autofree char *name = g_strdup_printf("/bad-values/%03u%s", i + 1, c->member);

                g_test_add_data_func(name, c, test_refused);
        }
        return g_test_run();
}
