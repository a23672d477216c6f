/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the kinds of values that many keys share. Touches no file system: whether a path exists is only known
 * when the container starts. */

#include "config/container-values.h"

#include "basic/declared-name.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "basic/signal-util.h"
#include "config/words.h"

void value_append_words(char ***list, char **words) {
        size_t n = *list ? g_strv_length(*list) : 0, m = g_strv_length(words);

        *list = g_renew(char *, *list, n + m + 1);
        memcpy(*list + n, words, (m + 1) * sizeof(char *));
        g_free(words);
}

bool value_split(const ValueContext *c, char ***ret) {
        const char *error = NULL;

        if (words_split(c->words, ret, &error) >= 0)
                return true;
        value_error(c, "%s=: %s in '%.80s'", c->entry->key, error, c->value);
        return false;
}

void value_bool(const ValueContext *c, void *field) {
        bool value;

        if (parse_boolean(c->value, &value) < 0)
                value_error(c, "%s=%s: expected yes or no", c->entry->key, c->value);
        else
                *(int *) field = value;
}

void value_line(const ValueContext *c, void *field) {
        char **words = g_new0(char *, 2);

        words[0] = g_strdup(c->value);
        value_append_words(field, words);
}

int value_find_word(const char *const *words, size_t n, const char *word) {
        for (size_t i = 0; i < n; i++)
                if (words[i] && streq(words[i], word))
                        return i;
        return -ENOENT;
}

char *value_normalize_path(const char *s) {
        _cleanup_free_ char *path = g_malloc(strlen(s) + 2);
        char *end = path;

        if (*s != '/')
                return NULL;
        while (*(s += strspn(s, "/"))) {
                size_t n = strcspn(s, "/");

                if (n == 2 && s[0] == '.' && s[1] == '.')
                        return NULL;
                if (n != 1 || *s != '.') {
                        *end++ = '/';
                        end = (char *) memcpy(end, s, n) + n;
                }
                s += n;
        }
        if (end == path)
                *end++ = '/';
        *end = '\0';
        return TAKE_PTR(path);
}

char *value_resolve_path(const ValueContext *c, const char *s) {
        _cleanup_free_ char *directory = NULL, *path = NULL;

        if (*s == '/')
                return value_normalize_path(s);
        if (*c->entry->file != '/')
                return NULL;
        directory = g_path_get_dirname(c->entry->file);
        path = g_strdup_printf("%s/%s", directory, s);
        return value_normalize_path(path);
}

static void word_free(void *word) {
        g_free(((ContainerWord *) word)->text);
        g_free(word);
}

void value_append_word(const ValueContext *c, GPtrArray **list, char *text, bool optional) {
        ContainerWord *word = g_new(ContainerWord, 1);

        *word = (ContainerWord) {
                .text = text, .optional = optional, .file = c->entry->file, .line = c->entry->line
        };
        if (!*list)
                *list = g_ptr_array_new_with_free_func(word_free);
        g_ptr_array_add(*list, word);
}

void value_file(const ValueContext *c, void *field) {
        bool optional = *c->value == '-';
        char *path = value_resolve_path(c, c->value + optional);

        if (!path)
                value_error(c, "%s=%s: expected a path without '..'", c->entry->key, c->value);
        else
                value_append_word(c, field, path, optional);
}

void value_patch(const ValueContext *c, void *field) {
        char *text = *c->value == '{' ? g_strdup(c->value) : value_resolve_path(c, c->value);

        if (!text)
                value_error(c, "%s=%s: expected a JSON object or a path without '..'", c->entry->key,
                            c->value);
        else
                value_append_word(c, field, text, false);
}

void value_set_assignment(char ***list, char *word) {
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

void value_path(const ValueContext *c, void *field) {
        char *path = value_normalize_path(c->value);

        if (!path) {
                value_error(c, "%s=%s: expected an absolute path without '..'", c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = path;
}

void value_signal(const ValueContext *c, void *field) {
        int sig = signal_from_string(c->value);

        if (sig <= 0)
                value_error(c, "%s=%s: expected the name or number of a signal", c->entry->key, c->value);
        else
                *(int *) field = sig;
}

void value_string(const ValueContext *c, void *field) {
        if (strpbrk(c->value, " \t/") || streq(c->value, ".") || streq(c->value, "..")) {
                value_error(c, "%s=%s: expected a name without spaces and slashes", c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = g_strdup(c->value);
}

bool unit_file_name_is_valid(const char *s) {
        static const char *const types[] = {
                ".automount", ".device", ".mount", ".path",   ".scope", ".service",
                ".slice",     ".socket", ".swap",  ".target", ".timer",
        };
        const char *dot = strrchr(s, '.');

        if (!dot || dot == s || *s == '@' || strlen(s) > 255 ||
            value_find_word(types, ELEMENTSOF(types), dot) < 0)
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr(":-_.\\@", *s))
                        return false;
        return true;
}

void value_units(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;
        bool good = true;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++)
                if (!unit_file_name_is_valid(*w)) {
                        value_error(c, "%s=: '%.80s' is not the name of a unit", c->entry->key, *w);
                        good = false;
                }
        if (good)
                value_append_words(field, TAKE_PTR(words));
}

void value_instance(const ValueContext *c, void *field) {
        _cleanup_free_ char *name = g_strdup_printf("x@%s", c->value);

        if (declared_name_check(name) < 0) {
                value_error(c, "%s=%s: expected letters, digits, ':', '-', '_', '.' and '\\'", c->entry->key,
                            c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = g_strdup(c->value);
}

/* Files of Quadlet have it. The unit has to find the container by the file's name. */
void value_container_name(const ValueContext *c, void *field) {
        const char *id = *(char **) field;

        if (!streq(c->value, id))
                value_error(c,
                            "%s=%.80s: the container has the name of the file, here '%s'; call the file "
                            "%.80s.container, or leave this line out",
                            c->entry->key, c->value, id, c->value);
}
