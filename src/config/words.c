/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns quoting: how a value becomes words, and a word part of a value. Knows no key. */

#include "config/words.h"

#include <stdint.h>
#include <string.h>

#include "basic/macro.h"

#define SPACE " \t\n\r"

static const struct {
        char letter, means;
} simple_escapes[] = {
        { 'a', '\a' }, { 'b', '\b' }, { 'f', '\f' },  { 'n', '\n' }, { 'r', '\r' },  { 't', '\t' },
        { 'v', '\v' }, { 's', ' ' },  { '\\', '\\' }, { '"', '"' },  { '\'', '\'' },
};

static const struct {
        char letter;
        unsigned digits;
} number_escapes[] = {
        { 'x', 2 },
        { 'u', 4 },
        { 'U', 8 },
};

/* Reads exactly n digits. False when there are fewer. */
static bool read_number(const char *s, unsigned n, unsigned base, uint32_t *ret) {
        uint32_t value = 0;

        for (unsigned i = 0; i < n; i++) {
                int digit = g_ascii_xdigit_value(s[i]);

                if (digit < 0 || (unsigned) digit >= base)
                        return false;
                value = value * base + digit;
        }
        *ret = value;
        return true;
}

/* Numbers below 256 of \x and octal escapes are bytes, those of \u and \U characters. NUL cannot be in a
 * word. */
static size_t append_number_escape(GString *word, const char *s) {
        uint32_t value;

        for (size_t i = 0; i < ELEMENTSOF(number_escapes); i++) {
                unsigned n = number_escapes[i].digits;

                if (*s != number_escapes[i].letter || !read_number(s + 1, n, 16, &value) || value == 0)
                        continue;
                if (n == 2)
                        g_string_append_c(word, (char) value);
                else if (value <= 0x10ffff && g_unichar_validate(value))
                        g_string_append_unichar(word, value);
                else
                        return 0;
                return 1 + n;
        }
        if (read_number(s, 3, 8, &value) && value > 0 && value < 256) {
                g_string_append_c(word, (char) value);
                return 3;
        }
        return 0;
}

/* s is behind the backslash. Returns how much of it was used. */
static size_t append_escape(GString *word, const char *s) {
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(simple_escapes); i++)
                if (*s == simple_escapes[i].letter) {
                        g_string_append_c(word, simple_escapes[i].means);
                        return 1;
                }
        n = append_number_escape(word, s);
        if (n > 0)
                return n;
        g_string_append_c(word, '\\');
        return 0;
}

/* Reads one word; *s is at its first character, afterwards behind its last. */
static int read_word(const char **s, GString *word, const char **ret_error) {
        const char *p = *s;
        char quote = 0;

        for (; *p && (quote || !strchr(SPACE, *p)); p++) {
                if (*p == '\\') {
                        if (!p[1]) {
                                *ret_error = "backslash at the end of the value";
                                return -EINVAL;
                        }
                        p += append_escape(word, p + 1);
                } else if (quote ? *p == quote : (*p == '"' || *p == '\''))
                        quote = quote ? 0 : *p;
                else
                        g_string_append_c(word, *p);
        }
        if (quote) {
                *ret_error = quote == '"' ? "the closing \" is missing" : "the closing ' is missing";
                return -EINVAL;
        }
        *s = p;
        return 0;
}

int words_split(const char *s, char ***ret, const char **ret_error) {
        _cleanup_ptr_array_ GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
        _cleanup_string_ GString *word = g_string_new(NULL);
        int r;

        for (s += strspn(s, SPACE); *s; s += strspn(s, SPACE)) {
                size_t n = strcspn(s, SPACE "\\\"'");

                if (!s[n] || strchr(SPACE, s[n])) { /* the usual case: what is there is the word */
                        g_ptr_array_add(words, g_strndup(s, n));
                        s += n;
                        continue;
                }
                g_string_truncate(word, 0);
                r = read_word(&s, word, ret_error);
                if (r < 0)
                        return r;
                if (!g_utf8_validate(word->str, -1, NULL)) {
                        *ret_error = "the escapes do not make valid UTF-8";
                        return -EINVAL;
                }
                g_ptr_array_add(words, g_strdup(word->str));
        }
        g_ptr_array_add(words, NULL);
        *ret = (char **) g_ptr_array_steal(words, NULL);
        return 0;
}

static bool is_plain(const char *s) {
        if (!*s)
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr("/._-+:=@,", *s))
                        return false;
        return true;
}

char *word_quote(const char *s) {
        GString *out;

        if (is_plain(s))
                return g_strdup(s);
        out = g_string_new("\"");
        for (; *s; s++) {
                if (*s == '"' || *s == '\\')
                        g_string_append_c(out, '\\');
                if (*s == '%')
                        g_string_append_c(out, '%');
                if ((unsigned char) *s < ' ' || *s == 0x7f)
                        g_string_append_printf(out, "\\x%02x", (unsigned char) *s);
                else
                        g_string_append_c(out, *s);
        }
        g_string_append_c(out, '"');
        return g_string_free(out, FALSE);
}
