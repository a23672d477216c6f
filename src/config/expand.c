/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what a dollar means in a command line that systemd would execute. */

#include "config/expand.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

static size_t name_length(const char *s) {
        size_t n = 0;

        if (g_ascii_isdigit(*s))
                return 0;
        while (g_ascii_isalnum(s[n]) || s[n] == '_')
                n++;
        return n;
}

/* Borrowed; empty when it is not set. */
static const char *value_of(const char *name, size_t n, char **environment) {
        const char *value = "";

        for (; environment && *environment; environment++)
                if (strncmp(*environment, name, n) == 0 && (*environment)[n] == '=')
                        value = *environment + n + 1;
        return value;
}

static char *expand_inside(const char *word, char **environment) {
        GString *text = g_string_new(NULL);

        while (*word) {
                size_t n = strncmp(word, "${", 2) == 0 ? name_length(word + 2) : 0;

                if (strncmp(word, "$$", 2) == 0) {
                        g_string_append_c(text, '$');
                        word += 2;
                } else if (n > 0 && word[2 + n] == '}') {
                        g_string_append(text, value_of(word + 2, n, environment));
                        word += n + STRLEN("${}");
                } else
                        g_string_append_c(text, *word++);
        }
        return g_string_free(text, FALSE);
}

static void add_split(GStrvBuilder *words, const char *value) {
        _cleanup_strv_ char **parts = g_strsplit_set(value, " \t\n\r", -1);

        for (char **part = parts; *part; part++)
                if (**part)
                        g_strv_builder_add(words, *part);
}

char **expand_variables(char **words, char **environment) {
        g_autoptr(GStrvBuilder) expanded = g_strv_builder_new();

        for (; words && *words; words++) {
                size_t n = **words == '$' ? name_length(*words + 1) : 0;

                if (n > 0 && !(*words)[1 + n])
                        add_split(expanded, value_of(*words + 1, n, environment));
                else {
                        _cleanup_free_ char *word = expand_inside(*words, environment);

                        g_strv_builder_add(expanded, word);
                }
        }
        return g_strv_builder_end(expanded);
}
