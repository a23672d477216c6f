/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From JSON objects to C structures by tables: one row per member, one small driver. Members that no row
 * names are ignored, as the runtime-spec wants it ("Extensibility"); null is the same as absent, as for
 * runc. Everything here that returns an error has logged one message: "FILE#/json/pointer: what is wrong".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/json.h"

/* Where the driver is; lives on the stack, so that a pointer text costs nothing until there is an error. */
typedef struct JsonPlace {
        const struct JsonPlace *parent;
        const char *key; /* NULL: element index */
        size_t index;
} JsonPlace;

typedef struct JsonContext {
        const char *file;
        const JsonPlace *place; /* NULL: the root */
} JsonContext;

typedef struct JsonField JsonField;

/* Stores value in the structure base as field says. Returns 0 or, having logged, a negative errno. What it
 * has allocated before an error belongs to base, whose owner frees it. */
typedef int (*JsonFieldParser)(JsonContext *context, JsonValue value, const JsonField *field, void *base);

typedef struct JsonName {
        const char *name; /* NULL ends a list */
        int64_t value;
} JsonName;

struct JsonField {
        const char *key; /* NULL ends a table */
        unsigned types;  /* JsonType bits */
        JsonFieldParser parse;
        size_t offset;
        bool mandatory;
        const JsonField *sub;  /* parse_object, parse_array: members of the object or of each element */
        size_t size;           /* parse_array: bytes of an element */
        size_t count_offset;   /* parse_array: where the size_t with the number of elements is */
        const JsonName *names; /* parse_name*, parse_string_name: what is allowed */
        int64_t min, max;      /* integers: bounds; both 0: those of the type */
};

/* Parses the members of object into base. */
int json_dispatch(JsonContext *context, JsonValue object, const JsonField *fields, void *base);

/* json_dispatch() for one element of an array. */
int json_dispatch_element(
                JsonContext *context, JsonValue array, size_t index, const JsonField *fields, void *base);

/* Where a field's value is to be stored. */
static inline void *json_field_target(const JsonField *field, void *base) {
        return (char *) base + field->offset;
}

/* Logs file, pointer and message as one line: what is cited from a configuration may contain line ends.
 * Returns -EINVAL. */
int json_log(int level, const char *file, const char *pointer, const char *message);

/* Logs "FILE#POINTER: ..." and returns -EINVAL. */
int json_error(const JsonContext *context, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a member of the object where the driver is. */
int json_error_at(const JsonContext *context, const char *key, const char *format, ...)
                __attribute__((format(printf, 3, 4)));

/* -EINVAL and a message unless the value has one of the types. */
int json_expect(const JsonContext *context, JsonValue value, unsigned types);

/* The same for an element of an array. */
int json_expect_element(JsonContext *context, JsonValue array, size_t index, unsigned types);

/* Logs "FILE#POINTER: ...", for debugging. */
void json_debug(const JsonContext *context, const char *message);

/* Integers within bounds (-EINVAL and a message otherwise). */
int json_read_int(const JsonContext *context, JsonValue value, int64_t min, int64_t max, int64_t *ret);
int json_read_uint64(const JsonContext *context, JsonValue value, uint64_t *ret);

/* A string that is one of names. */
int json_read_name(const JsonContext *context, JsonValue value, const JsonName *names, int64_t *ret);

/* ---- parsers for tables; the type of the target is in the name. An empty string is the same as none, as
 * for runc. ---- */

int json_parse_bool(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_string(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_strv(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_int32(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_int64(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_uint32(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_uint64(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_opt_int(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_opt_uint(JsonContext *context, JsonValue value, const JsonField *field, void *base);

/* A word out of field->names: its number as int; as OptInt; the word itself as char *, or a list of such
 * words as char **. */
int json_parse_name(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_opt_name(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_string_name(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_strv_names(JsonContext *context, JsonValue value, const JsonField *field, void *base);

/* A list of words whose numbers are or-ed into an unsigned and a uint64_t. */
int json_parse_flags(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_flags64(JsonContext *context, JsonValue value, const JsonField *field, void *base);

/* Object with string values into SpecPairs, in the order of the text. */
int json_parse_pairs(JsonContext *context, JsonValue value, const JsonField *field, void *base);

/* Members of field->sub into base + offset; elements into a new array of field->size bytes each. */
int json_parse_object(JsonContext *context, JsonValue value, const JsonField *field, void *base);
int json_parse_array(JsonContext *context, JsonValue value, const JsonField *field, void *base);
