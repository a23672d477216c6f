/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writing JSON text without a JSON library: strings for log records, and a small writer for what verbs
 * print. Pure. */

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

/* Appends s quoted and escaped as RFC 8259 wants it. Slashes stay as they are; invalid UTF-8 becomes U+FFFD.
 */
void json_text_append_string(GString *out, const char *s);

/* A writer that puts commas and indentation where they belong. indent 0 writes everything on one line. */
typedef struct JsonText {
        GString *out;
        unsigned indent;
        unsigned depth;
        bool need_comma;
} JsonText;

void json_text_init(JsonText *j, GString *out, unsigned indent);

/* Each takes the member's name; NULL inside of arrays and for the outermost value. */
void json_text_begin_object(JsonText *j, const char *name);
void json_text_end_object(JsonText *j);
void json_text_begin_array(JsonText *j, const char *name);
void json_text_end_array(JsonText *j);
void json_text_string(JsonText *j, const char *name, const char *value);
void json_text_int(JsonText *j, const char *name, int64_t value);
void json_text_bool(JsonText *j, const char *name, bool value);
void json_text_strv(JsonText *j, const char *name, const char *const *values);

/* Inserts text that is JSON already. */
void json_text_raw(JsonText *j, const char *name, const char *json);
