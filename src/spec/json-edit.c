/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what can be done to documents without knowing how they are kept: names of types, writing as text, and
 * making what a JSON pointer (RFC 6901) names. */

#include "spec/json.h"

#include "basic/json-text.h"

const char *json_type_name(JsonType type) {
        static const char *const names[] = { "null",   "boolean", "integer", "number with a fraction",
                                             "string", "array",   "object" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (type == 1u << i)
                        return names[i];
        return "value";
}

static void write_value(JsonText *out, const char *name, JsonValue value);

static void write_object(JsonText *out, const char *name, JsonValue object) {
        const char *key;
        JsonValue member;
        JsonIter iter;

        json_text_begin_object(out, name);
        json_iter_init(&iter, object);
        while (json_iter_next(&iter, &key, &member))
                write_value(out, key, member);
        json_text_end_object(out);
}

static void write_array(JsonText *out, const char *name, JsonValue array) {
        size_t n = json_value_size(array);

        json_text_begin_array(out, name);
        for (size_t i = 0; i < n; i++)
                write_value(out, NULL, json_value_element(array, i));
        json_text_end_array(out);
}

static void write_value(JsonText *out, const char *name, JsonValue value) {
        switch (json_value_type(value)) {
        case JSON_TYPE_NULL:
                json_text_raw(out, name, "null");
                break;
        case JSON_TYPE_BOOLEAN:
                json_text_bool(out, name, json_value_boolean(value));
                break;
        case JSON_TYPE_INTEGER:
        case JSON_TYPE_DOUBLE:
                json_text_raw(out, name, json_value_number(value));
                break;
        case JSON_TYPE_STRING:
                json_text_string(out, name, json_value_string(value));
                break;
        case JSON_TYPE_ARRAY:
                write_array(out, name, value);
                break;
        case JSON_TYPE_OBJECT:
                write_object(out, name, value);
                break;
        }
}

char *json_value_to_text(JsonValue value, unsigned indent) {
        GString *text = g_string_new(NULL);
        JsonText out;

        json_text_init(&out, text, indent);
        write_value(&out, NULL, value);
        return g_string_free(text, FALSE);
}

void json_set_strv(JsonValue object, const char *key, const char *const *strv) {
        JsonValue array = json_set_array(object, key);

        for (; strv && *strv; strv++)
                json_append_string(array, *strv);
}

/* "~1" is a slash, "~0" a tilde. Caller frees. */
static char *unescape(const char *token, size_t length) {
        GString *out = g_string_sized_new(length);

        for (size_t i = 0; i < length; i++)
                if (token[i] == '~' && i + 1 < length && (token[i + 1] == '0' || token[i + 1] == '1'))
                        g_string_append_c(out, token[++i] == '1' ? '/' : '~');
                else
                        g_string_append_c(out, token[i]);
        return g_string_free(out, FALSE);
}

/* The member, made if it is not there or null. */
static int make_member(JsonValue object, const char *key, JsonType type, JsonValue *ret) {
        JsonValue value;

        if (json_value_member(object, key, &value) && json_value_type(value) != JSON_TYPE_NULL) {
                if (json_value_type(value) != type)
                        return -ENOTDIR;
                *ret = value;
                return 0;
        }

        *ret = type == JSON_TYPE_OBJECT ? json_set_object(object, key) : json_set_array(object, key);
        return 0;
}

static int make_container(JsonDocument *document, const char *pointer, JsonType type, JsonValue *ret) {
        JsonValue value = json_document_root(document);
        int r;

        while (*pointer) {
                _cleanup_free_ char *key = NULL;
                size_t length;

                if (*pointer++ != '/')
                        return -EINVAL;
                length = strcspn(pointer, "/");
                key = unescape(pointer, length);
                pointer += length;

                r = make_member(value, key, *pointer ? JSON_TYPE_OBJECT : type, &value);
                if (r < 0)
                        return r;
        }

        *ret = value;
        return 0;
}

int json_make_object(JsonDocument *document, const char *pointer, JsonValue *ret) {
        return make_container(document, pointer, JSON_TYPE_OBJECT, ret);
}

int json_make_array(JsonDocument *document, const char *pointer, JsonValue *ret) {
        if (!*pointer)
                return -ENOTDIR;
        return make_container(document, pointer, JSON_TYPE_ARRAY, ret);
}
