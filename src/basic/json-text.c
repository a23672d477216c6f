/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/json-text.h"

#include "basic/cleanup.h"

static void append_char(GString *out, gunichar c) {
        switch (c) {
        case '"':
                g_string_append(out, "\\\"");
                break;
        case '\\':
                g_string_append(out, "\\\\");
                break;
        case '\n':
                g_string_append(out, "\\n");
                break;
        case '\r':
                g_string_append(out, "\\r");
                break;
        case '\t':
                g_string_append(out, "\\t");
                break;
        default:
                if (c < 0x20 || c == 0x7f)
                        g_string_append_printf(out, "\\u%04x", c);
                else
                        g_string_append_unichar(out, c);
        }
}

void json_text_append_string(GString *out, const char *s) {
        g_string_append_c(out, '"');
        while (*s) {
                gunichar c = g_utf8_get_char_validated(s, -1);

                if (c == (gunichar) -1 || c == (gunichar) -2) {
                        append_char(out, 0xfffd);
                        s++;
                        continue;
                }
                append_char(out, c);
                s = g_utf8_next_char(s);
        }
        g_string_append_c(out, '"');
}

void json_text_init(JsonText *j, GString *out, unsigned indent) {
        *j = (JsonText) { .out = out, .indent = indent };
}

static void newline(JsonText *j) {
        if (j->indent == 0)
                return;
        g_string_append_c(j->out, '\n');
        for (unsigned i = 0; i < j->depth * j->indent; i++)
                g_string_append_c(j->out, ' ');
}

static void begin_value(JsonText *j, const char *name) {
        if (j->need_comma)
                g_string_append_c(j->out, ',');
        if (j->depth > 0)
                newline(j);
        if (name) {
                json_text_append_string(j->out, name);
                g_string_append(j->out, j->indent > 0 ? ": " : ":");
        }
        j->need_comma = true;
}

static void begin_container(JsonText *j, const char *name, char opening) {
        begin_value(j, name);
        g_string_append_c(j->out, opening);
        j->depth++;
        j->need_comma = false;
}

static void end_container(JsonText *j, char closing) {
        bool empty = !j->need_comma;

        j->depth--;
        if (!empty)
                newline(j);
        g_string_append_c(j->out, closing);
        j->need_comma = true;
}

void json_text_begin_object(JsonText *j, const char *name) {
        begin_container(j, name, '{');
}

void json_text_end_object(JsonText *j) {
        end_container(j, '}');
}

void json_text_begin_array(JsonText *j, const char *name) {
        begin_container(j, name, '[');
}

void json_text_end_array(JsonText *j) {
        end_container(j, ']');
}

void json_text_string(JsonText *j, const char *name, const char *value) {
        begin_value(j, name);
        json_text_append_string(j->out, value);
}

void json_text_int(JsonText *j, const char *name, int64_t value) {
        begin_value(j, name);
        g_string_append_printf(j->out, "%" PRIi64, value);
}

void json_text_bool(JsonText *j, const char *name, bool value) {
        begin_value(j, name);
        g_string_append(j->out, value ? "true" : "false");
}

void json_text_strv(JsonText *j, const char *name, const char *const *values) {
        json_text_begin_array(j, name);
        for (; values && *values; values++)
                json_text_string(j, NULL, *values);
        json_text_end_array(j);
}

void json_text_raw(JsonText *j, const char *name, const char *json) {
        begin_value(j, name);
        g_string_append(j->out, json);
}
