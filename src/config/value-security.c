/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about what the container may do. */

#include "config/container-values.h"

#include <string.h>

#include "basic/capability-names.h"
#include "basic/macro.h"

static void unknown_capability(const ValueContext *c, const char *word) {
        const char *all[CAPABILITY_COUNT], *near;
        _cleanup_free_ char *full = NULL;

        for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
                all[i] = capability_name(i);
        full = g_ascii_strncasecmp(word, "CAP_", 4) == 0 ? g_strdup(word) : g_strconcat("CAP_", word, NULL);
        near = config_suggest(full, all, CAPABILITY_COUNT);
        value_error(c, "%s=: unknown capability '%.40s'%s%s%s", c->entry->key, word,
                    near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

void value_capabilities(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;
        uint64_t *mask = field;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++) {
                int cap = capability_from_name(*w);

                if (g_ascii_strcasecmp(*w, "all") == 0)
                        *mask = CAPABILITY_ALL;
                else if (cap >= 0)
                        *mask |= CAPABILITY_BIT(cap);
                else
                        unknown_capability(c, *w);
        }
}

/* Profiles of programs are called by their paths. */
void value_apparmor(const ValueContext *c, void *field) {
        g_free(*(char **) field);
        *(char **) field = g_strdup(c->value);
}

void value_seccomp(const ValueContext *c, void *field) {
        char *path = streq(c->value, "unconfined") ? g_strdup(c->value) : value_resolve_path(c, c->value);

        if (!path) {
                value_error(c, "%s=%s: expected a path without '..' or unconfined", c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = path;
}

static void set_label(const ValueContext *c, char **field, const char *allowed, const char *expected) {
        for (const char *s = c->value; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr(allowed, *s)) {
                        value_error(c, "%s=%s: expected %s", c->entry->key, c->value, expected);
                        return;
                }
        g_free(*field);
        *field = g_strdup(c->value);
}

void value_label(const ValueContext *c, void *field) {
        set_label(c, field, "_", "a type of SELinux, such as container_t");
}

void value_label_level(const ValueContext *c, void *field) {
        set_label(c, field, ":,.-", "a level of SELinux, such as s0:c1,c2");
}

static void add_paths(const ValueContext *c, char ***list, bool patterns) {
        _cleanup_strv_ char **paths = g_strsplit(c->value, ":", -1);
        GPtrArray *good = g_ptr_array_new();

        for (char **p = paths; *p; p++) {
                char *path = patterns && g_ascii_strcasecmp(*p, "all") == 0 ? g_strdup("ALL")
                                                                            : value_normalize_path(*p);

                if (path)
                        g_ptr_array_add(good, path);
                else
                        value_error(c, "%s=: expected absolute paths with colons in between, found '%.80s'",
                                    c->entry->key, *p);
        }
        g_ptr_array_add(good, NULL);
        value_append_words(list, (char **) g_ptr_array_free(good, FALSE));
}

void value_mask(const ValueContext *c, void *field) {
        add_paths(c, field, false);
}

void value_unmask(const ValueContext *c, void *field) {
        add_paths(c, field, true);
}
