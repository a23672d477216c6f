/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* JSON documents: parsing, looking at values, changing a tree and writing it. There are libraries for this;
 * the one of GLib's family takes longer to load than most verbs run, and accepts what is not JSON. Here text
 * is read strictly (RFC 8259), and numbers are written as they were read. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"

typedef struct JsonDocument JsonDocument;

/* A value in a document: valid as long as the document is and nobody replaces the value. Passed by value. */
typedef struct JsonValue {
        JsonDocument *document;
        struct JsonNode *node;
} JsonValue;

/* Bits, so that a table can allow more than one. */
typedef enum JsonType {
        JSON_TYPE_NULL = 1 << 0,
        JSON_TYPE_BOOLEAN = 1 << 1,
        JSON_TYPE_INTEGER = 1 << 2,
        JSON_TYPE_DOUBLE = 1 << 3,
        JSON_TYPE_STRING = 1 << 4,
        JSON_TYPE_ARRAY = 1 << 5,
        JSON_TYPE_OBJECT = 1 << 6,
} JsonType;

/* ---- documents ---- */

/* Parses a text whose outermost value has to be an object; text[size] must be NUL. name stands for the file
 * in messages. Of members with the same name the last one counts. Logs one message, "NAME:LINE:COLUMN: ...".
 * -EINVAL: not such a text. */
int json_document_parse(const char *name, const char *text, size_t size, JsonDocument **ret);

/* Makes a document with an empty object. Always returns 0. */
int json_document_new(JsonDocument **ret);

void json_document_free(JsonDocument *document);

DEFINE_CLEANUP(JsonDocument *, json_document_free);
#define _cleanup_json_document_ _cleanup_(json_document_freep)

/* The outermost object. */
JsonValue json_document_root(JsonDocument *document);

/* ---- values; none of these log ---- */

JsonType json_value_type(JsonValue value);

/* "object", "string", ..., for messages. */
const char *json_type_name(JsonType type);

/* Borrowed; NULL when it is not a string. */
const char *json_value_string(JsonValue value);

/* false when it is not a boolean. */
bool json_value_boolean(JsonValue value);

/* -EINVAL: not a number, or one with a fraction; -ERANGE: does not fit. */
int json_value_int64(JsonValue value, int64_t *ret);
int json_value_uint64(JsonValue value, uint64_t *ret);

/* Any number. -EINVAL: not one; -ERANGE: a double cannot hold it. */
int json_value_double(JsonValue value, double *ret);

/* Any number as it is written in the text. Borrowed; NULL when it is not a number. */
const char *json_value_number(JsonValue value);

/* Looks up a member of an object; false when it is not there or value is not an object. */
bool json_value_member(JsonValue value, const char *key, JsonValue *ret);

/* Elements of an array, members of an object, otherwise 0. */
size_t json_value_size(JsonValue value);

/* Element of an array; index has to be smaller than json_value_size(). */
JsonValue json_value_element(JsonValue value, size_t index);

/* Goes through the members of an object in the order of the text. */
typedef struct JsonIter {
        JsonValue object;
        size_t index;
} JsonIter;

void json_iter_init(JsonIter *iter, JsonValue object);
bool json_iter_next(JsonIter *iter, const char **ret_key, JsonValue *ret_value);

/* JSON text of a value; indent 0: on one line. Caller frees. */
char *json_value_to_text(JsonValue value, unsigned indent);

/* ---- changes; values of the replaced member become invalid. Only json_set_text() and json_append_text()
 * log. ---- */

void json_set_string(JsonValue object, const char *key, const char *s);
void json_set_int(JsonValue object, const char *key, int64_t n);
void json_set_boolean(JsonValue object, const char *key, bool b);
void json_set_strv(JsonValue object, const char *key, const char *const *strv);
void json_remove(JsonValue object, const char *key);

/* Makes the member an empty object or array, whatever it was. */
JsonValue json_set_object(JsonValue object, const char *key);
JsonValue json_set_array(JsonValue object, const char *key);

void json_append_string(JsonValue array, const char *s);
JsonValue json_append_object(JsonValue array);

/* Sets a member to a value given as JSON text of any type; appends one to an array. name is what messages
 * call the text. Log as json_document_parse() does. */
int json_set_text(JsonValue object, const char *key, const char *name, const char *text);
int json_append_text(JsonValue array, const char *name, const char *text);

/* The object at a JSON pointer ("/linux/resources"; "" is the root), made with all that leads to it unless
 * it is there. null counts as not there. Members only: an array on the way is -ENOTDIR, as every other
 * value. -EINVAL: not a pointer. */
int json_make_object(JsonDocument *document, const char *pointer, JsonValue *ret);

/* The same for an array. */
int json_make_array(JsonDocument *document, const char *pointer, JsonValue *ret);
