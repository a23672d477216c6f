/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Strict reading of JSON text (RFC 8259) in one pass: no comments, no NUL in strings, no integers that 64
 * bits cannot hold, no nesting that would exhaust the stack of who walks through the tree. Does not log. */

#include <glib.h>

#include "spec/json-node.h"

/* Objects and arrays within each other. */
#define JSON_DEPTH_MAX 256

typedef struct JsonReadError {
        const char *expected; /* what should stand there; static */
        size_t offset;        /* where it is wrong */
        unsigned line;        /* of offset, from 1 */
        unsigned column;      /* in bytes, from 1 */
} JsonReadError;

/* Makes nodes of the document from text, whose outermost value may be of any type; text[size] must be NUL.
 * Returns 0, or -EINVAL with the place and what was expected. */
int json_read(JsonDocument *document, const char *text, size_t size, JsonNode **ret,
              JsonReadError *ret_error);
