/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the driver that goes through an object with a table, the generic field parsers and the wording of
 * what they refuse. Knows no member of any configuration. */

#include <inttypes.h>
#include <stdarg.h>

#include "spec/json-dispatch.h"

#include "basic/log.h"
#include "spec/spec.h"

/* ---- messages ---- */

/* RFC 6901. */
static void append_token(GString *out, const char *key) {
        g_string_append_c(out, '/');
        for (; *key; key++)
                if (*key == '/')
                        g_string_append(out, "~1");
                else if (*key == '~')
                        g_string_append(out, "~0");
                else
                        g_string_append_c(out, *key);
}

static void append_place(GString *out, const JsonPlace *place) {
        if (!place)
                return;
        append_place(out, place->parent);
        if (place->key)
                append_token(out, place->key);
        else
                g_string_append_printf(out, "/%zu", place->index);
}

int json_log(int level, const char *file, const char *pointer, const char *message) {
        _cleanup_string_ GString *line = g_string_new(NULL);

        g_string_append_printf(line, "%s#%s%s", file, pointer, message);
        for (size_t i = 0; i < line->len; i++)
                if (g_ascii_iscntrl(line->str[i]))
                        line->str[i] = '?';
        return log_full(level, EINVAL, "%s", line->str);
}

static int log_place(int level, const JsonContext *context, const char *key, const char *message) {
        _cleanup_string_ GString *pointer = g_string_new(NULL);

        append_place(pointer, context->place);
        if (key)
                append_token(pointer, key);
        g_string_append(pointer, ": ");
        return json_log(level, context->file, pointer->str, message);
}

int json_error(const JsonContext *context, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        return log_place(LOG_ERR, context, NULL, message);
}

int json_error_at(const JsonContext *context, const char *key, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        return log_place(LOG_ERR, context, key, message);
}

int json_expect(const JsonContext *context, JsonValue value, unsigned types) {
        JsonType got = json_value_type(value);
        unsigned lowest = types & -types;

        if (got & types)
                return 0;
        return json_error(context, "expected %s, got %s", json_type_name(lowest), json_type_name(got));
}

int json_expect_element(JsonContext *context, JsonValue array, size_t index, unsigned types) {
        JsonPlace place = { .parent = context->place, .index = index };
        int r;

        context->place = &place;
        r = json_expect(context, json_value_element(array, index), types);
        context->place = place.parent;
        return r;
}

void json_debug(const JsonContext *context, const char *message) {
        (void) log_place(LOG_DEBUG, context, NULL, message);
}

/* ---- driver ---- */

static int dispatch_member(
                JsonContext *context, const char *key, JsonValue value, const JsonField *field, void *base) {
        JsonPlace place = { .parent = context->place, .key = key };
        int r;

        context->place = &place;
        r = json_expect(context, value, field->types);
        if (r >= 0)
                r = field->parse(context, value, field, base);
        context->place = place.parent;
        return r;
}

static int check_mandatory(const JsonContext *context, JsonValue object, const JsonField *fields) {
        JsonValue value;

        for (const JsonField *field = fields; field->key; field++) {
                if (!field->mandatory)
                        continue;
                if (!json_value_member(object, field->key, &value) ||
                    json_value_type(value) == JSON_TYPE_NULL)
                        return json_error_at(
                                        context, field->key, "missing, expected %s",
                                        json_type_name(field->types & -field->types));
        }
        return 0;
}

int json_dispatch(JsonContext *context, JsonValue object, const JsonField *fields, void *base) {
        const char *key;
        JsonValue value;
        JsonIter iter;
        int r;

        r = json_expect(context, object, JSON_TYPE_OBJECT);
        if (r < 0)
                return r;
        r = check_mandatory(context, object, fields);
        if (r < 0)
                return r;

        json_iter_init(&iter, object);
        while (json_iter_next(&iter, &key, &value)) {
                const JsonField *field = fields;

                while (field->key && !streq(field->key, key))
                        field++;
                if (!field->key || json_value_type(value) == JSON_TYPE_NULL)
                        continue;
                r = dispatch_member(context, key, value, field, base);
                if (r < 0)
                        return r;
        }
        return 0;
}

int json_dispatch_element(
                JsonContext *context, JsonValue array, size_t index, const JsonField *fields, void *base) {
        JsonPlace place = { .parent = context->place, .index = index };
        int r;

        context->place = &place;
        r = json_dispatch(context, json_value_element(array, index), fields, base);
        context->place = place.parent;
        return r;
}

int json_parse_object(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        return json_dispatch(context, value, field->sub, json_field_target(field, base));
}

int json_parse_array(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        size_t *count = (size_t *) ((char *) base + field->count_offset);
        size_t n = json_value_size(value);
        char *items = g_malloc0_n(n, field->size);
        int r;

        /* The owner has the array from now on, elements that are not reached stay empty. */
        *(void **) json_field_target(field, base) = items;
        *count = n;

        for (size_t i = 0; i < n; i++) {
                r = json_dispatch_element(context, value, i, field->sub, items + i * field->size);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- numbers ---- */

int json_read_int(const JsonContext *context, JsonValue value, int64_t min, int64_t max, int64_t *ret) {
        int64_t n = 0;
        int r;

        r = json_expect(context, value, JSON_TYPE_INTEGER);
        if (r < 0)
                return r;

        r = json_value_int64(value, &n);
        if (r < 0 && max == INT64_MAX)
                return json_error(context, "number is too large");
        if (r < 0)
                return json_error(
                                context,
                                "expected a number from %" PRIi64 " to %" PRIi64 ", got a larger one", min,
                                max);
        if (n < min || n > max)
                return json_error(
                                context, "expected a number from %" PRIi64 " to %" PRIi64 ", got %" PRIi64,
                                min, max, n);

        *ret = n;
        return 0;
}

int json_read_uint64(const JsonContext *context, JsonValue value, uint64_t *ret) {
        int64_t n = 0;
        int r;

        r = json_expect(context, value, JSON_TYPE_INTEGER);
        if (r < 0)
                return r;
        if (json_value_uint64(value, ret) < 0) {
                (void) json_value_int64(value, &n);
                return json_error(context, "expected a number that is not negative, got %" PRIi64, n);
        }
        return 0;
}

/* A number within the field's bounds, or else within those given. */
static int read_bounded(
                JsonContext *context, JsonValue value, const JsonField *field, int64_t bounds[static 2],
                int64_t *ret) {
        bool own = field->min != 0 || field->max != 0;

        return json_read_int(
                        context, value, own ? field->min : bounds[0], own ? field->max : bounds[1], ret);
}

int json_parse_int32(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        int64_t n;
        int r;

        r = read_bounded(context, value, field, (int64_t[]) { INT32_MIN, INT32_MAX }, &n);
        if (r < 0)
                return r;
        *(int32_t *) json_field_target(field, base) = (int32_t) n;
        return 0;
}

int json_parse_uint32(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        int64_t n;
        int r;

        r = read_bounded(context, value, field, (int64_t[]) { 0, UINT32_MAX }, &n);
        if (r < 0)
                return r;
        *(uint32_t *) json_field_target(field, base) = (uint32_t) n;
        return 0;
}

int json_parse_int64(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        return read_bounded(
                        context, value, field, (int64_t[]) { INT64_MIN, INT64_MAX },
                        json_field_target(field, base));
}

int json_parse_uint64(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        uint64_t *target = json_field_target(field, base);
        int64_t n;
        int r;

        if (field->max == 0)
                return json_read_uint64(context, value, target);
        r = json_read_int(context, value, field->min, field->max, &n);
        if (r < 0)
                return r;
        *target = (uint64_t) n;
        return 0;
}

int json_parse_opt_int(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        OptInt *target = json_field_target(field, base);
        int r;

        r = read_bounded(context, value, field, (int64_t[]) { INT64_MIN, INT64_MAX }, &target->value);
        if (r < 0)
                return r;
        target->set = true;
        return 0;
}

int json_parse_opt_uint(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        OptUint *target = json_field_target(field, base);
        int64_t n;
        int r;

        if (field->max != 0) {
                r = json_read_int(context, value, field->min, field->max, &n);
                target->value = r < 0 ? 0 : (uint64_t) n;
        } else
                r = json_read_uint64(context, value, &target->value);
        if (r < 0)
                return r;
        target->set = true;
        return 0;
}

/* ---- words ---- */

static char *join_names(const JsonName *names) {
        GString *out = g_string_new(NULL);

        for (const JsonName *name = names; name->name; name++)
                g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", name->name);
        return g_string_free(out, FALSE);
}

int json_read_name(const JsonContext *context, JsonValue value, const JsonName *names, int64_t *ret) {
        _cleanup_free_ char *allowed = NULL;
        const char *s;
        int r;

        r = json_expect(context, value, JSON_TYPE_STRING);
        if (r < 0)
                return r;

        s = json_value_string(value);
        for (const JsonName *name = names; name->name; name++)
                if (streq(name->name, s)) {
                        *ret = name->value;
                        return 0;
                }

        allowed = join_names(names);
        return json_error(context, "unknown value '%s', expected one of %s", s, allowed);
}

int json_parse_bool(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        *(bool *) json_field_target(field, base) = json_value_boolean(value);
        return 0;
}

int json_parse_string(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        const char *s = json_value_string(value);
        char **target = json_field_target(field, base);

        g_free(*target);
        *target = isempty(s) ? NULL : g_strdup(s);
        return 0;
}

int json_parse_name(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        int64_t n;
        int r;

        r = json_read_name(context, value, field->names, &n);
        if (r < 0)
                return r;
        *(int *) json_field_target(field, base) = (int) n;
        return 0;
}

int json_parse_opt_name(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        OptInt *target = json_field_target(field, base);
        int r;

        r = json_read_name(context, value, field->names, &target->value);
        if (r < 0)
                return r;
        target->set = true;
        return 0;
}

int json_parse_string_name(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        int64_t n;
        int r;

        r = json_read_name(context, value, field->names, &n);
        if (r < 0)
                return r;
        return json_parse_string(context, value, field, base);
}

/* ---- lists ---- */

/* Does check for each element, at its place. */
typedef int (*ElementCheck)(
                const JsonContext *context, JsonValue value, const JsonField *field, uint64_t *flags);

static int each_element(
                JsonContext *context, JsonValue array, const JsonField *field, ElementCheck check,
                uint64_t *flags) {
        size_t n = json_value_size(array);
        JsonPlace place = { .parent = context->place };
        int r = 0;

        context->place = &place;
        for (; place.index < n && r >= 0; place.index += r >= 0)
                r = check(context, json_value_element(array, place.index), field, flags);
        context->place = place.parent;
        return r;
}

static int check_string(
                const JsonContext *context, JsonValue value, const JsonField *field, uint64_t *flags) {
        return json_expect(context, value, JSON_TYPE_STRING);
}

static int check_name(const JsonContext *context, JsonValue value, const JsonField *field, uint64_t *flags) {
        int64_t n;
        int r;

        r = json_read_name(context, value, field->names, &n);
        if (r < 0)
                return r;
        *flags |= (uint64_t) n;
        return 0;
}

static void copy_strings(JsonValue array, const JsonField *field, void *base) {
        char ***target = json_field_target(field, base);
        size_t n = json_value_size(array);

        g_strfreev(*target);
        *target = g_new0(char *, n + 1);
        for (size_t i = 0; i < n; i++)
                (*target)[i] = g_strdup(json_value_string(json_value_element(array, i)));
}

int json_parse_strv(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        int r;

        r = each_element(context, value, field, check_string, NULL);
        if (r < 0)
                return r;
        copy_strings(value, field, base);
        return 0;
}

int json_parse_strv_names(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        uint64_t ignored = 0;
        int r;

        r = each_element(context, value, field, check_name, &ignored);
        if (r < 0)
                return r;
        copy_strings(value, field, base);
        return 0;
}

int json_parse_flags64(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        return each_element(context, value, field, check_name, json_field_target(field, base));
}

int json_parse_flags(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        uint64_t flags = 0;
        int r;

        r = each_element(context, value, field, check_name, &flags);
        if (r < 0)
                return r;
        *(unsigned *) json_field_target(field, base) = (unsigned) flags;
        return 0;
}

int json_parse_pairs(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecPairs *pairs = json_field_target(field, base);
        JsonPlace place = { .parent = context->place };
        JsonIter iter;
        JsonValue member;
        int r = 0;

        pairs->items = g_new0(SpecPair, json_value_size(value));
        json_iter_init(&iter, value);
        context->place = &place;
        while (r >= 0 && json_iter_next(&iter, &place.key, &member)) {
                r = json_expect(context, member, JSON_TYPE_STRING);
                if (r < 0)
                        break;
                pairs->items[pairs->n++] = (SpecPair) {
                        .key = g_strdup(place.key),
                        .value = g_strdup(json_value_string(member)),
                };
        }
        context->place = place.parent;
        return r;
}
