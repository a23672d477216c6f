/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns reading an array of strings. The layer that reads JSON as a whole is too large for the generator. */

#include "config/json-words.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

#define SPACE " \t\n\r"

static const struct {
        char letter, means;
} escapes[] = {
        { '"', '"' },  { '\\', '\\' }, { '/', '/' },  { 'b', '\b' },
        { 'f', '\f' }, { 'n', '\n' },  { 'r', '\r' }, { 't', '\t' },
};

/* Four digits; 0 when there are fewer, or they mean nothing that a word can have. */
static gunichar read_unit(const char *s) {
        gunichar value = 0;

        for (unsigned i = 0; i < 4; i++) {
                int digit = g_ascii_xdigit_value(s[i]);

                if (digit < 0)
                        return 0;
                value = value * 16 + digit;
        }
        return value;
}

/* s is behind "\u". Returns how much of it was used, 0 when it is wrong. */
static size_t append_unicode(GString *out, const char *s) {
        gunichar first = read_unit(s), second;
        size_t used = 4;

        if (first >= 0xd800 && first < 0xdc00 && s[4] == '\\' && s[5] == 'u') {
                second = read_unit(s + 6);
                if (second < 0xdc00 || second > 0xdfff)
                        return 0;
                first = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                used = 10;
        }
        if (first == 0 || !g_unichar_validate(first))
                return 0;
        g_string_append_unichar(out, first);
        return used;
}

/* s is behind the backslash. */
static size_t append_escape(GString *out, const char *s) {
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(escapes); i++)
                if (*s == escapes[i].letter) {
                        g_string_append_c(out, escapes[i].means);
                        return 1;
                }
        if (*s != 'u')
                return 0;
        n = append_unicode(out, s + 1);
        return n > 0 ? n + 1 : 0;
}

/* *s is at the first quote, afterwards behind the last. */
static int read_string(const char **s, char **ret) {
        _cleanup_string_ GString *out = g_string_new(NULL);
        const char *p = *s;

        if (*p++ != '"')
                return -EINVAL;
        while (*p != '"') {
                size_t used = 1;

                if ((unsigned char) *p < ' ')
                        return -EINVAL;
                if (*p == '\\') {
                        used = append_escape(out, p + 1);
                        if (used++ == 0)
                                return -EINVAL;
                } else
                        g_string_append_c(out, *p);
                p += used;
        }
        *s = p + 1;
        *ret = g_string_free(TAKE_PTR(out), FALSE);
        return 0;
}

int json_words_split(const char *s, char ***ret) {
        _cleanup_ptr_array_ GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

        if (*s++ != '[')
                return -EINVAL;
        s += strspn(s, SPACE);
        while (*s != ']') {
                char *word = NULL;

                if (read_string(&s, &word) < 0)
                        return -EINVAL;
                g_ptr_array_add(words, word);
                s += strspn(s, SPACE);
                if (*s == ',') {
                        s++;
                        s += strspn(s, SPACE);
                        if (*s == ']')
                                return -EINVAL;
                } else if (*s != ']')
                        return -EINVAL;
        }
        s++;
        if (s[strspn(s, SPACE)])
                return -EINVAL;
        g_ptr_array_add(words, NULL);
        *ret = (char **) g_ptr_array_steal(words, NULL);
        return 0;
}
