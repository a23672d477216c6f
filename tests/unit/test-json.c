/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JSON documents: what is accepted, where errors are said to be, exact numbers, order, changes, writing. */

#include "messages.h"
#include "spec/json-read.h"
#include "spec/json.h"

static JsonDocument *parse(const char *text) {
        JsonDocument *document;

        g_assert_cmpint(json_document_parse("x", text, strlen(text), &document), ==, 0);
        return document;
}

static JsonValue member(JsonDocument *document, const char *key) {
        JsonValue value;

        g_assert_true(json_value_member(json_document_root(document), key, &value));
        return value;
}

/* Reads into a document that is thrown away; the error is empty when there is none. */
static int check(const char *text, size_t size, JsonReadError *ret) {
        _cleanup_json_document_ JsonDocument *document = NULL;
        JsonNode *node = NULL;
        int r;

        *ret = (JsonReadError) {};
        g_assert_cmpint(json_document_new(&document), ==, 0);
        r = json_read(document, text, size, &node, ret);
        g_assert_true((r == 0) == (node != NULL));
        return r;
}

/* The strict grammar, for values of any type. */
static void test_grammar(void) {
        static const struct {
                const char *text;
                unsigned line, column; /* 0: valid */
        } cases[] = {
                { "0", 0, 0 },
                { "-0", 0, 0 },
                { " -12.5e+3 ", 0, 0 },
                { "1E5", 0, 0 },
                { "\"\\u00e9\\ud83d\\ude00 \\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, 0 },
                { "\"\xc3\xa9\x7f\"", 0, 0 },
                { "[]", 0, 0 },
                { "{}", 0, 0 },
                { "[true,false,null,{\"a\":[1]}]", 0, 0 },
                { "\r\n\t [ 1 , 2 ]", 0, 0 },
                { "", 1, 1 },
                { "01", 1, 2 },
                { "+1", 1, 1 },
                { "-", 1, 2 },
                { "1.", 1, 3 },
                { ".5", 1, 1 },
                { "1e", 1, 3 },
                { "0x10", 1, 2 },
                { "NaN", 1, 1 },
                { "tru", 1, 1 },
                { "truest", 1, 5 },
                { "[1,]", 1, 4 },
                { "[1 2]", 1, 4 },
                { "[1}", 1, 3 },
                { "{\"a\" 1}", 1, 6 },
                { "{\"a\":1,}", 1, 8 },
                { "{a:1}", 1, 2 },
                { "{}\n{}", 2, 1 },
                { "[1]\n// x", 2, 1 },
                { "[\n1\n", 3, 1 },
                { "\"a", 1, 3 },
                { "\"a\tb\"", 1, 3 },
                { "\"\\u12g4\"", 1, 4 },
                { "\"\\u0000\"", 1, 4 },
                { "\"\\ud800\"", 1, 4 },
                { "\"\\ud800\\u0041\"", 1, 4 },
                { "\"\\udc00\"", 1, 4 },
                { "\"\\v\"", 1, 2 },
                { "\"\xff\"", 1, 2 },
                { "\"\xc0\xaf\"", 1, 2 },
                { "\"\xed\xa0\x80\"", 1, 2 },
                { "\xef\xbb\xbf{}", 1, 1 },
                { "1e400", 0, 0 },
                { "-9223372036854775808", 0, 0 },
                { "18446744073709551615", 0, 0 },
                { " ", 1, 2 },
                { "00", 1, 2 },
                { "-01", 1, 3 },
                { "1e+", 1, 4 },
                { "-NaN", 1, 2 },
                { "Infinity", 1, 1 },
                { "{} x", 1, 4 },
                { "{},", 1, 3 },
                { "]", 1, 1 },
                { "[,1]", 1, 2 },
                { "{\"a\"}", 1, 5 },
                { "{\"a\":}", 1, 6 },
                { "{\"a\":1 \"b\":2}", 1, 8 },
                { "{\"a\":1]", 1, 7 },
                { "{1:2}", 1, 2 },
                { "[1] /* x */", 1, 5 },
                { "// x\n[1]", 1, 1 },
                { "[1, # x\n2]", 1, 5 },
                { "\"a\x1f\"", 1, 3 },
                { "\"a\x7f\"", 0, 0 },
                { "\"a\nb\"", 1, 3 },
                { "\"\\", 1, 2 },
                { "\"\\u00", 1, 4 },
                { "\"\\ud800\\", 1, 4 },
                { "\"\\ud800\\u\"", 1, 4 },
                { "\"\\ud800\\ud800\"", 1, 4 },
                { "\"\\udbff\\udfff\"", 0, 0 },
                { "\"\xf0\x9f\x98\"", 1, 2 },
                { "\"\xf4\x90\x80\x80\"", 1, 2 },
                { "\"ab\x80\"", 1, 4 },
                { "'a'", 1, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JsonReadError error;
                int r;

                g_test_message("case %zu", i);
                r = check(cases[i].text, strlen(cases[i].text), &error);
                g_assert_cmpint(r, ==, cases[i].line == 0 ? 0 : -EINVAL);
                g_assert_cmpuint(error.line, ==, cases[i].line);
                g_assert_cmpuint(error.column, ==, cases[i].column);
                g_assert_true(r == 0 || error.expected);
        }
}

/* NUL bytes are not the end of the text. */
static void test_nul_byte(void) {
        JsonReadError error;

        g_assert_cmpint(check("{}\0{}", 5, &error), ==, -EINVAL);
        g_assert_cmpuint(error.column, ==, 3);
        g_assert_cmpint(check("\"a\0b\"", 5, &error), ==, -EINVAL);
        g_assert_cmpuint(error.column, ==, 3);
}

static void test_depth(void) {
        g_autofree char *deep = g_strnfill(JSON_DEPTH_MAX + 1, '[');
        g_autofree char *closed = g_strnfill(2 * (size_t) JSON_DEPTH_MAX, ']');
        JsonReadError error;

        g_assert_cmpint(check(deep, strlen(deep), &error), ==, -EINVAL);
        g_assert_cmpuint(error.column, ==, JSON_DEPTH_MAX + 1);

        memset(closed, '[', JSON_DEPTH_MAX);
        g_assert_cmpint(check(closed, strlen(closed), &error), ==, 0);
}

static void test_messages(void) {
        static const struct {
                const char *text, *message;
        } cases[] = {
                { "", "FILE:1:1: expected a value, got the end of the text" },
                { "{\n \"a\": 1\n \"b\": 2 }",
                  "FILE:3:2: expected ',' or the end of the object or array, got '\"'" },
                { "{\"a\":\"x\ny\"}",
                  "FILE:1:8: expected a string without control characters, got byte 0x0a" },
                { "[]", "FILE: expected object, got array" },
                { "\"x\"", "FILE: expected object, got string" },
                { "null", "FILE: expected object, got null" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_messages_ Messages messages;
                JsonDocument *document = NULL;
                int r;

                messages_catch(&messages);
                r = json_document_parse("FILE", cases[i].text, strlen(cases[i].text), &document);
                g_assert_cmpint(r, ==, -EINVAL);
                g_assert_null(document);
                g_assert_cmpuint(messages.n, ==, 1);
                g_assert_cmpstr(messages.last, ==, cases[i].message);
        }
}

static void test_types(void) {
        _cleanup_json_document_ JsonDocument *d = parse(
                        "{\"n\":null,\"b\":true,\"i\":7,\"d\":7.5,\"s\":\"x\",\"a\":[1,2],\"o\":{\"k\":1}}");
        static const struct {
                const char *key;
                JsonType type;
                size_t size;
        } cases[] = {
                { "n", JSON_TYPE_NULL, 0 },   { "b", JSON_TYPE_BOOLEAN, 0 }, { "i", JSON_TYPE_INTEGER, 0 },
                { "d", JSON_TYPE_DOUBLE, 0 }, { "s", JSON_TYPE_STRING, 0 },  { "a", JSON_TYPE_ARRAY, 2 },
                { "o", JSON_TYPE_OBJECT, 1 },
        };
        JsonIter iter;
        JsonValue value;
        const char *key;
        double number;
        int64_t i64;

        json_iter_init(&iter, json_document_root(d));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_assert_true(json_iter_next(&iter, &key, &value));
                g_assert_cmpstr(key, ==, cases[i].key);
                g_assert_cmpint(json_value_type(value), ==, cases[i].type);
                g_assert_cmpuint(json_value_size(value), ==, cases[i].size);
                g_assert_cmpstr(json_value_string(value), ==,
                                cases[i].type == JSON_TYPE_STRING ? "x" : NULL);
                g_assert_true(json_value_boolean(value) == (cases[i].type == JSON_TYPE_BOOLEAN));
                g_assert_cmpint(json_value_int64(value, &i64), ==,
                                cases[i].type == JSON_TYPE_INTEGER ? 0 : -EINVAL);
                if (json_value_double(value, &number) == 0)
                        g_assert_true(number == 7 || number == 7.5);
        }
        g_assert_false(json_iter_next(&iter, &key, &value));
        g_assert_false(json_value_member(member(d, "s"), "k", &value));
}

/* All 64 bits must survive reading and writing, and be told from negative ones. */
static void test_numbers(void) {
        static const struct {
                const char *text;
                int signed_result, unsigned_result;
                int64_t i;
                uint64_t u;
        } cases[] = {
                { "0", 0, 0, 0, 0 },
                { "-1", 0, -ERANGE, -1, 0 },
                { "9223372036854775807", 0, 0, INT64_MAX, INT64_MAX },
                { "9223372036854775808", -ERANGE, 0, 0, 9223372036854775808u },
                { "18446744073709551614", -ERANGE, 0, 0, UINT64_MAX - 1 },
                { "18446744073709551615", -ERANGE, 0, 0, UINT64_MAX },
                { "-9223372036854775807", 0, -ERANGE, -INT64_MAX, 0 },
                { "-9223372036854775808", 0, -ERANGE, INT64_MIN, 0 },
                { "-0", 0, 0, 0, 0 },
                { "100000000000000000000000000000.0", -EINVAL, -EINVAL, 0, 0 },
                { "0.10", -EINVAL, -EINVAL, 0, 0 },
                { "1E+05", -EINVAL, -EINVAL, 0, 0 },
                { "1e400", -EINVAL, -EINVAL, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *text = g_strdup_printf(
                                "{\"x\":18446744073709551000,\"v\":%s,\"y\":[18446744073709551001]}",
                                cases[i].text);
                _cleanup_json_document_ JsonDocument *d = parse(text);
                g_autofree char *written = json_value_to_text(json_document_root(d), 0);
                int64_t n = 0;
                uint64_t u = 0;

                g_assert_cmpint(json_value_int64(member(d, "v"), &n), ==, cases[i].signed_result);
                g_assert_cmpint(json_value_uint64(member(d, "v"), &u), ==, cases[i].unsigned_result);
                g_assert_cmpint(n, ==, cases[i].i);
                g_assert_cmpuint(u, ==, cases[i].u);
                g_assert_cmpint(json_value_uint64(json_value_element(member(d, "y"), 0), &u), ==, 0);
                g_assert_cmpuint(u, ==, 18446744073709551001u);
                g_assert_cmpstr(written, ==, text);
        }
}

static void test_number_limits(void) {
        static const char *const cases[] = {
                "18446744073709551616",
                "99999999999999999999999",
                "-9223372036854775809",
                "-18446744073709551615",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JsonReadError error;

                g_assert_cmpint(check(cases[i], strlen(cases[i]), &error), ==, -EINVAL);
                g_assert_cmpstr(error.expected, ==, "an integer of at most 64 bits");
        }
}

static void test_doubles(void) {
        static const struct {
                const char *text;
                int result;
                double number;
        } cases[] = {
                { "0.5", 0, 0.5 },
                { "-25e-1", 0, -2.5 },
                { "18446744073709551615", 0, 18446744073709551615.0 },
                { "1e-400", 0, 0 },
                { "1e400", -ERANGE, -1 },
                { "-1e400", -ERANGE, -1 },
                { "\"1\"", -EINVAL, -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *text = g_strdup_printf("{\"v\":%s}", cases[i].text);
                _cleanup_json_document_ JsonDocument *d = parse(text);
                double number = -1;

                g_assert_cmpint(json_value_double(member(d, "v"), &number), ==, cases[i].result);
                g_assert_true(number == cases[i].number);
        }
}

static void test_strings(void) {
        _cleanup_json_document_ JsonDocument *d = parse("{\"a\":\"\\u00e9\\ud83d\\ude00\\\"\\n\\u0001/\"}");
        g_autofree char *text = json_value_to_text(json_document_root(d), 0);

        g_assert_cmpstr(json_value_string(member(d, "a")), ==, "é😀\"\n\001/");
        g_assert_cmpstr(text, ==, "{\"a\":\"é😀\\\"\\n\\u0001/\"}");
}

static void test_duplicates(void) {
        _cleanup_json_document_ JsonDocument *d = parse("{\"a\":1,\"b\":2,\"a\":{\"c\":3}}");

        g_assert_cmpuint(json_value_size(json_document_root(d)), ==, 2);
        g_assert_cmpint(json_value_type(member(d, "a")), ==, JSON_TYPE_OBJECT);
}

/* Each name twice, in objects of all sizes: the last value, at the place of the first. */
static void test_many_duplicates(void) {
        for (unsigned n = 1; n <= 40; n++) {
                _cleanup_string_ GString *text = g_string_new("{"), *expected = g_string_new("{");
                _cleanup_json_document_ JsonDocument *d = NULL;
                g_autofree char *written = NULL;

                for (unsigned i = 0; i < n; i++) {
                        g_string_append_printf(text, "\"%u\":null,", i);
                        g_string_append_printf(expected, "%s\"%u\":%u", i > 0 ? "," : "", i, i);
                }
                for (unsigned i = n; i-- > 0;)
                        g_string_append_printf(text, "\"%u\":%u%s", i, i, i > 0 ? "," : "}");
                g_string_append_c(expected, '}');

                d = parse(text->str);
                json_set_int(json_document_root(d), "0", 0);
                written = json_value_to_text(json_document_root(d), 0);
                g_assert_cmpstr(written, ==, expected->str);
                g_assert_cmpuint(json_value_size(json_document_root(d)), ==, n);
        }
}

static void test_write(void) {
        static const char text[] = "{\"a\":[1,-2,0.5,\"x\",true,null,{},[]],\"b\":{\"c\":\"d\"}}";
        _cleanup_json_document_ JsonDocument *d = parse(text);
        g_autofree char *compact = json_value_to_text(json_document_root(d), 0);
        g_autofree char *pretty = json_value_to_text(member(d, "b"), 2);

        g_assert_cmpstr(compact, ==, text);
        g_assert_cmpstr(pretty, ==, "{\n  \"c\": \"d\"\n}");
}

static void test_change(void) {
        _cleanup_json_document_ JsonDocument *d = parse("{\"a\":{\"b\":1,\"n\":null},\"l\":[1]}");
        JsonValue root = json_document_root(d), object, array;
        g_autofree char *text = NULL;

        g_assert_cmpint(json_make_object(d, "", &object), ==, 0);
        g_assert_true(object.node == root.node);
        g_assert_cmpint(json_make_object(d, "/a", &object), ==, 0);
        json_set_string(object, "b", "two");
        json_set_int(object, "i", -5);
        json_set_boolean(object, "t", true);
        json_set_strv(object, "v", (const char *const[]) { "x", "y", NULL });
        json_set_strv(object, "e", NULL);
        g_assert_cmpint(json_make_object(d, "/a/n/m", &object), ==, 0);
        json_set_int(object, "deep", 1);
        g_assert_cmpint(json_make_object(d, "/x~1y/z~0", &object), ==, 0);
        g_assert_cmpint(json_set_text(object, "big", "text", "[18446744073709551615]"), ==, 0);
        g_assert_cmpint(json_make_array(d, "/l", &array), ==, 0);
        json_append_string(array, "s");
        json_set_int(json_append_object(array), "k", 2);
        g_assert_cmpint(json_append_text(array, "text", "18446744073709551614"), ==, 0);
        json_remove(root, "not there");
        json_set_int(root, "gone", 1);
        json_remove(root, "gone");

        text = json_value_to_text(root, 0);
        g_assert_cmpstr(text, ==,
                        "{\"a\":{\"b\":\"two\",\"n\":{\"m\":{\"deep\":1}},\"i\":-5,\"t\":true,\"v\":[\"x\","
                        "\"y\"],\"e\":[]},"
                        "\"l\":[1,\"s\",{\"k\":2},18446744073709551614],"
                        "\"x/y\":{\"z~\":{\"big\":[18446744073709551615]}}}");
}

static void test_change_errors(void) {
        _cleanup_json_document_ JsonDocument *d = parse("{\"a\":[1],\"s\":\"x\"}");
        _cleanup_messages_ Messages messages;
        g_autofree char *text = NULL;
        JsonValue value;

        messages_catch(&messages);
        g_assert_cmpint(json_make_object(d, "a", &value), ==, -EINVAL);
        g_assert_cmpint(json_make_object(d, "/a", &value), ==, -ENOTDIR);
        g_assert_cmpint(json_make_object(d, "/a/0", &value), ==, -ENOTDIR);
        g_assert_cmpint(json_make_array(d, "/s", &value), ==, -ENOTDIR);
        g_assert_cmpint(json_make_array(d, "", &value), ==, -ENOTDIR);
        g_assert_cmpuint(messages.n, ==, 0);

        g_assert_cmpint(json_set_text(json_document_root(d), "k", "OPTION", "[1"), ==, -EINVAL);
        messages_assert_one(&messages, "OPTION:1:3: expected ','");

        text = json_value_to_text(json_document_root(d), 0);
        g_assert_cmpstr(text, ==, "{\"a\":[1],\"s\":\"x\"}");
}

/* Growing, shrinking and growing again keeps the members and their order. */
static void test_change_many(void) {
        _cleanup_json_document_ JsonDocument *d = NULL;
        _cleanup_string_ GString *expected = g_string_new("{");
        g_autofree char *text = NULL;
        JsonValue root;

        g_assert_cmpint(json_document_new(&d), ==, 0);
        root = json_document_root(d);
        for (int round = 0; round < 2; round++)
                for (int i = 0; i < 40; i++) {
                        g_autofree char *name = g_strdup_printf("%d", i);

                        json_set_int(root, name, INT64_MIN + i);
                        if (i % 3 != 0)
                                json_remove(root, name);
                        else if (round == 0)
                                g_string_append_printf(
                                                expected, "%s\"%d\":%" G_GINT64_FORMAT, i > 0 ? "," : "", i,
                                                INT64_MIN + i);
                }
        g_string_append_c(expected, '}');

        text = json_value_to_text(root, 0);
        g_assert_cmpstr(text, ==, expected->str);
}

static void test_new(void) {
        _cleanup_json_document_ JsonDocument *d = NULL;
        g_autofree char *text = NULL;

        g_assert_cmpint(json_document_new(&d), ==, 0);
        json_set_string(json_document_root(d), "k", "v");
        text = json_value_to_text(json_document_root(d), 0);
        g_assert_cmpstr(text, ==, "{\"k\":\"v\"}");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/json/grammar", test_grammar);
        g_test_add_func("/json/nul-byte", test_nul_byte);
        g_test_add_func("/json/depth", test_depth);
        g_test_add_func("/json/messages", test_messages);
        g_test_add_func("/json/types", test_types);
        g_test_add_func("/json/numbers", test_numbers);
        g_test_add_func("/json/number-limits", test_number_limits);
        g_test_add_func("/json/doubles", test_doubles);
        g_test_add_func("/json/strings", test_strings);
        g_test_add_func("/json/duplicates", test_duplicates);
        g_test_add_func("/json/many-duplicates", test_many_duplicates);
        g_test_add_func("/json/write", test_write);
        g_test_add_func("/json/change", test_change);
        g_test_add_func("/json/change-errors", test_change_errors);
        g_test_add_func("/json/change-many", test_change_many);
        g_test_add_func("/json/new", test_new);
        return g_test_run();
}
