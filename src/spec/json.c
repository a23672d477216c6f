/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns documents: their memory, access to values and changes of them. Reading text is in json-read.c; what
 * can be said in terms of JsonValue is in json-edit.c. */

#include <math.h>

#include "spec/json.h"

#include "basic/log.h"
#include "spec/json-node.h"
#include "spec/json-read.h"

#define BLOCK_SIZE 8192

/* Up to so many members are compared with each other, more are looked up. */
#define COMPARE_MAX 16

typedef struct Block {
        struct Block *next;
        max_align_t data[];
} Block;

struct JsonDocument {
        JsonNode *root;
        Block *blocks;
        char *free; /* in the newest block */
        size_t n_free;
};

/* ---- memory: nothing is freed before the document is ---- */

static void *allocate(JsonDocument *document, size_t size) {
        void *memory;

        size = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
        if (size > document->n_free) {
                size_t capacity = MAX(size, BLOCK_SIZE);
                Block *block = g_malloc(sizeof(Block) + capacity);

                block->next = document->blocks;
                document->blocks = block;
                document->free = (char *) block->data;
                document->n_free = capacity;
        }

        memory = document->free;
        document->free += size;
        document->n_free -= size;
        return memory;
}

JsonNode *json_node_new(JsonDocument *document, JsonType type) {
        JsonNode *node = allocate(document, sizeof *node);

        *node = (JsonNode) { .type = type };
        return node;
}

const char *json_node_copy(JsonDocument *document, const char *text, size_t length) {
        char *copy = allocate(document, length + 1);

        memcpy(copy, text, length);
        copy[length] = '\0';
        return copy;
}

static const char *copy_string(JsonDocument *document, const char *s) {
        return json_node_copy(document, s, strlen(s));
}

void json_node_append(JsonDocument *document, JsonNode *container, JsonNode *child) {
        size_t n = container->n;

        /* There is room up to the next power of two. */
        if ((n & (n - 1)) == 0) {
                JsonNode **children = allocate(document, MAX(2 * n, 1) * sizeof *children);

                if (n > 0)
                        memcpy(children, container->children, n * sizeof *children);
                container->children = children;
        }
        container->children[container->n++] = child;
}

/* Among the first n members. */
static JsonNode **find_member(const JsonNode *object, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (streq(object->children[i]->name, name))
                        return &object->children[i];
        return NULL;
}

void json_node_unify(JsonNode *object) {
        _cleanup_hash_ GHashTable *places = NULL; /* name -> place in children */
        size_t n = 0;

        if (object->n > COMPARE_MAX)
                places = g_hash_table_new(g_str_hash, g_str_equal);

        for (size_t i = 0; i < object->n; i++) {
                JsonNode *member = object->children[i], **place;

                place = places ? g_hash_table_lookup(places, member->name)
                               : find_member(object, n, member->name);
                if (!place) {
                        place = &object->children[n++];
                        if (places)
                                g_hash_table_insert(places, (char *) member->name, place);
                }
                *place = member;
        }
        object->n = n;
}

/* ---- documents ---- */

/* Parses any value into a node of the document. Logs what stands where something else was expected. */
static int parse_node(
                JsonDocument *document, const char *name, const char *text, size_t size, JsonNode **ret) {
        char got[sizeof "byte 0x00"];
        JsonReadError error;
        unsigned char c;
        int r;

        r = json_read(document, text, size, ret, &error);
        if (r >= 0)
                return 0;

        c = (unsigned char) text[error.offset];
        (void) snprintf(got, sizeof got, g_ascii_isprint(c) ? "'%c'" : "byte 0x%02x", c);
        return log_error_errno(
                        r, "%s:%u:%u: expected %s, got %s", name, error.line, error.column, error.expected,
                        error.offset >= size ? "the end of the text" : got);
}

int json_document_parse(const char *name, const char *text, size_t size, JsonDocument **ret) {
        _cleanup_json_document_ JsonDocument *document = g_new0(JsonDocument, 1);
        JsonType type;
        int r;

        r = parse_node(document, name, text, size, &document->root);
        if (r < 0)
                return r;

        type = json_value_type(json_document_root(document));
        if (type != JSON_TYPE_OBJECT)
                return log_error_errno(EINVAL, "%s: expected object, got %s", name, json_type_name(type));

        *ret = TAKE_PTR(document);
        return 0;
}

int json_document_new(JsonDocument **ret) {
        JsonDocument *document = g_new0(JsonDocument, 1);

        document->root = json_node_new(document, JSON_TYPE_OBJECT);
        *ret = document;
        return 0;
}

void json_document_free(JsonDocument *document) {
        if (!document)
                return;
        while (document->blocks) {
                Block *block = document->blocks;

                document->blocks = block->next;
                g_free(block);
        }
        g_free(document);
}

JsonValue json_document_root(JsonDocument *document) {
        return (JsonValue) { document, document->root };
}

/* ---- looking at values ---- */

JsonType json_value_type(JsonValue value) {
        return value.node->type;
}

const char *json_value_string(JsonValue value) {
        return value.node->type == JSON_TYPE_STRING ? value.node->text : NULL;
}

bool json_value_boolean(JsonValue value) {
        return value.node->type == JSON_TYPE_BOOLEAN && value.node->boolean;
}

int json_value_int64(JsonValue value, int64_t *ret) {
        int64_t n;

        if (value.node->type != JSON_TYPE_INTEGER)
                return -EINVAL;
        errno = 0;
        n = g_ascii_strtoll(value.node->text, NULL, 10);
        if (errno == ERANGE)
                return -ERANGE;

        *ret = n;
        return 0;
}

int json_value_uint64(JsonValue value, uint64_t *ret) {
        int64_t n;

        if (value.node->type != JSON_TYPE_INTEGER)
                return -EINVAL;
        if (json_value_int64(value, &n) == 0 && n < 0)
                return -ERANGE;

        /* All that was read fits 64 bits. */
        *ret = g_ascii_strtoull(value.node->text, NULL, 10);
        return 0;
}

int json_value_double(JsonValue value, double *ret) {
        double number;

        if (!(value.node->type & (JSON_TYPE_INTEGER | JSON_TYPE_DOUBLE)))
                return -EINVAL;
        number = g_ascii_strtod(value.node->text, NULL);
        if (!isfinite(number))
                return -ERANGE;

        *ret = number;
        return 0;
}

const char *json_value_number(JsonValue value) {
        return value.node->type & (JSON_TYPE_INTEGER | JSON_TYPE_DOUBLE) ? value.node->text : NULL;
}

bool json_value_member(JsonValue value, const char *key, JsonValue *ret) {
        JsonNode **place;

        if (value.node->type != JSON_TYPE_OBJECT)
                return false;
        place = find_member(value.node, value.node->n, key);
        if (!place)
                return false;

        *ret = (JsonValue) { value.document, *place };
        return true;
}

size_t json_value_size(JsonValue value) {
        return value.node->n;
}

JsonValue json_value_element(JsonValue value, size_t index) {
        return (JsonValue) { value.document, value.node->children[index] };
}

void json_iter_init(JsonIter *iter, JsonValue object) {
        *iter = (JsonIter) { .object = object };
}

bool json_iter_next(JsonIter *iter, const char **ret_key, JsonValue *ret_value) {
        if (iter->index >= json_value_size(iter->object))
                return false;
        *ret_value = json_value_element(iter->object, iter->index++);
        *ret_key = ret_value->node->name;
        return true;
}

/* ---- changes ---- */

static JsonValue set_node(JsonValue object, const char *key, JsonNode *node) {
        JsonNode **place = find_member(object.node, object.node->n, key);

        node->name = place ? (*place)->name : copy_string(object.document, key);
        if (place)
                *place = node;
        else
                json_node_append(object.document, object.node, node);
        return (JsonValue) { object.document, node };
}

static JsonNode *text_node(JsonDocument *document, JsonType type, const char *text) {
        JsonNode *node = json_node_new(document, type);

        node->text = copy_string(document, text);
        return node;
}

void json_set_string(JsonValue object, const char *key, const char *s) {
        set_node(object, key, text_node(object.document, JSON_TYPE_STRING, s));
}

void json_set_int(JsonValue object, const char *key, int64_t n) {
        char digits[sizeof "-9223372036854775808"];

        (void) snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, n);
        set_node(object, key, text_node(object.document, JSON_TYPE_INTEGER, digits));
}

void json_set_boolean(JsonValue object, const char *key, bool b) {
        JsonNode *node = json_node_new(object.document, JSON_TYPE_BOOLEAN);

        node->boolean = b;
        set_node(object, key, node);
}

JsonValue json_set_object(JsonValue object, const char *key) {
        return set_node(object, key, json_node_new(object.document, JSON_TYPE_OBJECT));
}

JsonValue json_set_array(JsonValue object, const char *key) {
        return set_node(object, key, json_node_new(object.document, JSON_TYPE_ARRAY));
}

void json_remove(JsonValue object, const char *key) {
        JsonNode **place = find_member(object.node, object.node->n, key);

        if (!place)
                return;
        object.node->n--;
        memmove(place, place + 1, (char *) (object.node->children + object.node->n) - (char *) place);
}

void json_append_string(JsonValue array, const char *s) {
        json_node_append(array.document, array.node, text_node(array.document, JSON_TYPE_STRING, s));
}

JsonValue json_append_object(JsonValue array) {
        JsonNode *node = json_node_new(array.document, JSON_TYPE_OBJECT);

        json_node_append(array.document, array.node, node);
        return (JsonValue) { array.document, node };
}

int json_set_text(JsonValue object, const char *key, const char *name, const char *text) {
        JsonNode *node;
        int r;

        r = parse_node(object.document, name, text, strlen(text), &node);
        if (r < 0)
                return r;
        set_node(object, key, node);
        return 0;
}

int json_append_text(JsonValue array, const char *name, const char *text) {
        JsonNode *node;
        int r;

        r = parse_node(array.document, name, text, strlen(text), &node);
        if (r < 0)
                return r;
        json_node_append(array.document, array.node, node);
        return 0;
}
