/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about the process: what runs, as whom, in which environment. */

#include "config/container-values.h"

#include "basic/macro.h"
#include "basic/parse-util.h"
#include "config/json-words.h"

/* Others read what is in here: names that no shell can use are names all the same. */
static bool environment_name_is_valid(const char *s, size_t n) {
        if (n == 0)
                return false;
        for (size_t i = 0; i < n; i++)
                if (!g_ascii_isgraph(s[i]))
                        return false;
        return true;
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
                        value_set_assignment(field, g_strdup(*w));
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

/* Podman takes more than one word as JSON. */
void value_entrypoint(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;
        char ***list = field;

        if (*c->value != '[') {
                value_exec(c, field);
                return;
        }
        if (json_words_split(c->value, &words) < 0 || !*words || !**words) {
                value_error(c, "%s=%s: expected a JSON array of strings, the first of them a program",
                            c->entry->key, c->value);
                return;
        }
        g_strfreev(*list);
        *list = TAKE_PTR(words);
}

void value_sysctl(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++) {
                const char *equals = strchr(*w, '=');

                if (!equals || equals == *w || strcspn(*w, " /") < (size_t) (equals - *w))
                        value_error(c, "%s=: expected NAME=value, found '%.60s'", c->entry->key, *w);
                else
                        value_set_assignment(field, g_strdup(*w));
        }
}

/* ---- limits ---- */

static const char *const limit_names[] = {
        "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
        "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack",
};

static bool parse_limit(const char *s, uint64_t *ret) {
        if (streq(s, "-1") || streq(s, "unlimited") || streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return true;
        }
        return parse_uint64(s, ret) >= 0;
}

static void ulimit_free(void *p) {
        g_free(((ContainerUlimit *) p)->type);
        g_free(p);
}

static void set_ulimit(GPtrArray **list, const char *name, uint64_t soft, uint64_t hard) {
        _cleanup_free_ char *upper = g_ascii_strup(name, -1);
        ContainerUlimit *limit = g_new(ContainerUlimit, 1);

        *limit = (ContainerUlimit) { .type = g_strconcat("RLIMIT_", upper, NULL),
                                     .soft = soft,
                                     .hard = hard };
        if (!*list)
                *list = g_ptr_array_new_with_free_func(ulimit_free);
        for (unsigned i = 0; i < (*list)->len; i++)
                if (streq(((ContainerUlimit *) (*list)->pdata[i])->type, limit->type)) {
                        g_ptr_array_remove_index(*list, i);
                        break;
                }
        g_ptr_array_add(*list, limit);
}

static void add_ulimit(const ValueContext *c, GPtrArray **list, const char *word) {
        _cleanup_strv_ char **parts = g_strsplit_set(word, "=:", 3);
        uint64_t soft, hard;

        if (g_strv_length(parts) < 2 || !strchr(word, '=') || !parse_limit(parts[1], &soft) ||
            !parse_limit(parts[2] ?: parts[1], &hard)) {
                value_error(c, "%s=: expected NAME=SOFT[:HARD], found '%.60s'", c->entry->key, word);
                return;
        }
        if (value_find_word(limit_names, ELEMENTSOF(limit_names), parts[0]) < 0) {
                const char *near = config_suggest(parts[0], limit_names, ELEMENTSOF(limit_names));

                value_error(c, "%s=: unknown limit '%.40s'%s%s%s", c->entry->key, parts[0],
                            near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
        } else if (soft > hard)
                value_error(c, "%s=: the soft limit of '%.60s' is above the hard one", c->entry->key, word);
        else
                set_ulimit(list, parts[0], soft, hard);
}

/* The host's are what a container has without being told. */
void value_ulimit(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;
        GPtrArray **list = field;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++)
                if (!streq(*w, "host"))
                        add_ulimit(c, list, *w);
                else if (*list)
                        g_ptr_array_set_size(*list, 0);
}

/* ---- users ---- */

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
        c->container->group_of_user = false;
}

void value_group_add(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;
        bool good = true;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++)
                if (!user_name_is_valid(*w)) {
                        value_error(c, "%s=: expected a number or a name, found '%.60s'", c->entry->key, *w);
                        good = false;
                }
        if (good)
                value_append_words(field, TAKE_PTR(words));
}

void reset_user(void *field) {
        ContainerFile *c = (ContainerFile *) ((char *) field - offsetof(ContainerFile, user));

        g_free(c->user);
        c->user = NULL;
        if (!c->group_of_user)
                return;
        g_free(c->group);
        c->group = NULL;
        c->group_of_user = false;
}

void value_user(const ValueContext *c, void *field) {
        _cleanup_strv_ char **parts = g_strsplit(c->value, ":", 2);

        reset_user(field);
        set_user(c, field, parts[0]);
        if (!parts[1])
                return;
        set_user(c, &c->container->group, parts[1]);
        c->container->group_of_user = true;
}
