/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about the process: what runs, as whom, in which environment. */

#include "config/container-values.h"

#include "basic/macro.h"
#include "basic/parse-util.h"

static bool environment_name_is_valid(const char *s, size_t n) {
        if (n == 0 || g_ascii_isdigit(*s))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!g_ascii_isalnum(s[i]) && s[i] != '_')
                        return false;
        return true;
}

/* Puts NAME=value in the place of an earlier one of that name, or at the end. Takes the word over. */
static void environment_set(char ***list, char *word) {
        size_t name = strchr(word, '=') + 1 - word, n = 0;

        for (; *list && (*list)[n]; n++)
                if (strncmp((*list)[n], word, name) == 0) {
                        g_free((*list)[n]);
                        (*list)[n] = word;
                        return;
                }
        *list = g_renew(char *, *list, n + 2);
        (*list)[n] = word;
        (*list)[n + 1] = NULL;
}

void value_environment(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++) {
                const char *equals = strchr(*w, '=');

                if (!equals)
                        value_error(c, "%s=: expected NAME=value, found '%.60s'", c->entry->key, *w);
                else if (!environment_name_is_valid(*w, equals - *w))
                        value_error(c, "%s=: '%.*s' cannot be the name of a variable", c->entry->key,
                                    (int) MIN(equals - *w, 60), *w);
                else
                        environment_set(field, g_strdup(*w));
        }
}

void value_exec(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;
        char ***list = field;

        if (!value_split(c, &words))
                return;
        if (!*words || !**words) {
                value_error(c, "%s=: the first word is empty, expected a program", c->entry->key);
                return;
        }
        g_strfreev(*list);
        *list = TAKE_PTR(words);
}

/* A number, or a name as useradd(8) accepts it. */
static bool user_name_is_valid(const char *s) {
        uint32_t id;

        if (parse_uint32(s, &id) >= 0)
                return id != UINT32_MAX;
        if (!g_ascii_isalpha(*s) && *s != '_')
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr("_-.$", *s))
                        return false;
        return true;
}

static void set_user(const ValueContext *c, char **field, const char *name) {
        if (!user_name_is_valid(name)) {
                value_error(c, "%s=%s: expected a number or a name", c->entry->key, c->value);
                return;
        }
        g_free(*field);
        *field = g_strdup(name);
}

void value_group(const ValueContext *c, void *field) {
        set_user(c, field, c->value);
}

void value_user(const ValueContext *c, void *field) {
        _cleanup_strv_ char **parts = g_strsplit(c->value, ":", 2);

        set_user(c, field, parts[0]);
        if (parts[1])
                set_user(c, &c->container->group, parts[1]);
}
