/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of a JsonDocument: for json.c, which owns it, and json-read.c, which fills it. */

#include "spec/json.h"

typedef struct JsonNode {
        JsonType type;
        const char *name; /* of a member, NULL: an element or the root */
        size_t n;         /* children */
        union {
                struct JsonNode **children; /* object, array: in the order of the text */
                const char *text;           /* string; numbers: as they were written */
                bool boolean;
        };
} JsonNode;

/* None of these log. All memory belongs to the document and stays until that is freed. */

/* An empty value. */
JsonNode *json_node_new(JsonDocument *document, JsonType type);

/* A copy of a text that ends with NUL. */
const char *json_node_copy(JsonDocument *document, const char *text, size_t length);

/* Adds a member or an element. Whether a member of that name is there already is the caller's business. */
void json_node_append(JsonDocument *document, JsonNode *container, JsonNode *child);

/* Of members with the same name the last one takes the place of the first one. Linear in their number. */
void json_node_unify(JsonNode *object);
