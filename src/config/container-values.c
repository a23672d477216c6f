/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what the values of declared containers may look like. Touches no file system: whether a path or a
 * user exists is only known when the container starts. */

#include "config/container-values.h"

#include <syslog.h>

#include "basic/macro.h"
#include "basic/parse-util.h"
#include "basic/signal-util.h"
#include "config/words.h"

#define value_error(c, ...) \
        config_message((c)->messages, LOG_ERR, (c)->entry->file, (c)->entry->line, __VA_ARGS__)
#define value_warning(c, ...) \
        config_message((c)->messages, LOG_WARNING, (c)->entry->file, (c)->entry->line, __VA_ARGS__)

void container_volume_free(void *volume) {
        ContainerVolume *v = volume;

        g_free(v->source);
        g_free(v->destination);
        g_strfreev(v->options);
        g_free(v);
}

/* Moves words to the end of a list. */
static void strv_append(char ***list, char **words) {
        size_t n = *list ? g_strv_length(*list) : 0, m = g_strv_length(words);

        *list = g_renew(char *, *list, n + m + 1);
        memcpy(*list + n, words, (m + 1) * sizeof(char *));
        g_free(words);
}

static bool split(const ValueContext *c, char ***ret) {
        const char *error = NULL;

        if (words_split(c->value, ret, &error) >= 0)
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

        if (!split(c, &words))
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

        if (!split(c, &words))
                return;
        if (!*words || !**words) {
                value_error(c, "%s=: the first word is empty, expected a program", c->entry->key);
                return;
        }
        g_strfreev(*list);
        *list = TAKE_PTR(words);
}

void value_line(const ValueContext *c, void *field) {
        char **words = g_new0(char *, 2);

        words[0] = g_strdup(c->value);
        strv_append(field, words);
}

static int find_word(const char *const *words, size_t n, const char *word) {
        for (size_t i = 0; i < n; i++)
                if (words[i] && streq(words[i], word))
                        return i;
        return -ENOENT;
}

void value_network(const ValueContext *c, void *field) {
        static const char *const words[] = {
                [CONTAINER_NETWORK_HOST] = "host",
                [CONTAINER_NETWORK_NONE] = "none",
        };
        int i = find_word(words, ELEMENTSOF(words), c->value);

        if (i < 0)
                value_error(c, "%s=%s: expected host or none", c->entry->key, c->value);
        else
                *(ContainerNetwork *) field = i;
}

/* Quadlet writes true and false. */
void value_notify(const ValueContext *c, void *field) {
        static const char *const words[] = {
                [CONTAINER_NOTIFY_STARTED] = "started",
                [CONTAINER_NOTIFY_READY] = "ready",
        };
        int i = find_word(words, ELEMENTSOF(words), c->value);
        bool wanted;

        if (i < 0 && parse_boolean(c->value, &wanted) >= 0)
                i = wanted ? CONTAINER_NOTIFY_READY : CONTAINER_NOTIFY_STARTED;
        if (i < 0)
                value_error(c, "%s=%s: expected started or ready", c->entry->key, c->value);
        else
                *(ContainerNotify *) field = i;
}

/* A path without "..", no slash twice or at the end; NULL when it is none. */
static char *path_normalize(const char *s) {
        _cleanup_strv_ char **parts = NULL;
        _cleanup_string_ GString *out = NULL;

        if (*s != '/')
                return NULL;
        parts = g_strsplit(s, "/", -1);
        out = g_string_new(NULL);
        for (char **p = parts; *p; p++) {
                if (streq(*p, ".."))
                        return NULL;
                if (**p && !streq(*p, "."))
                        g_string_append_printf(out, "/%s", *p);
        }
        if (out->len == 0)
                g_string_append_c(out, '/');
        return g_string_free(TAKE_PTR(out), FALSE);
}

void value_path(const ValueContext *c, void *field) {
        char *path = path_normalize(c->value);

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

        if (!dot || dot == s || *s == '@' || strlen(s) > 255 || find_word(types, ELEMENTSOF(types), dot) < 0)
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr(":-_.\\@", *s))
                        return false;
        return true;
}

void value_units(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;
        bool good = true;

        if (!split(c, &words))
                return;
        for (char **w = words; *w; w++)
                if (!unit_file_name_is_valid(*w)) {
                        value_error(c, "%s=: '%.80s' is not the name of a unit", c->entry->key, *w);
                        good = false;
                }
        if (good)
                strv_append(field, TAKE_PTR(words));
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

/* Words of mount(8) that make sense for a bind mount; NULL stands for words that are left out, with a
 * warning. */
static const struct {
        const char *word;
        const char *ignored; /* why it has no effect */
} volume_options[] = {
        { "ro" },
        { "rw" },
        { "bind" },
        { "rbind" },
        { "nosuid" },
        { "suid" },
        { "nodev" },
        { "dev" },
        { "noexec" },
        { "exec" },
        { "noatime" },
        { "relatime" },
        { "private" },
        { "rprivate" },
        { "shared" },
        { "rshared" },
        { "slave" },
        { "rslave" },
        { "idmap" },
        { "ridmap" },
        { "rro" },
        { "nosymfollow" },
        { "z", "SELinux labels are not changed" },
        { "Z", "SELinux labels are not changed" },
};

static bool check_volume_option(const ValueContext *c, const char *word, bool *ret_keep) {
        const char *names[ELEMENTSOF(volume_options)], *near;

        for (size_t i = 0; i < ELEMENTSOF(volume_options); i++) {
                names[i] = volume_options[i].word;
                if (!streq(names[i], word))
                        continue;
                if (volume_options[i].ignored)
                        value_warning(c, "%s=: option '%s' is ignored: %s", c->entry->key, word,
                                      volume_options[i].ignored);
                *ret_keep = !volume_options[i].ignored;
                return true;
        }
        near = config_suggest(word, names, ELEMENTSOF(names));
        value_error(c, "%s=: unknown option '%.40s'%s%s%s", c->entry->key, word,
                    near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
        return false;
}

static bool parse_volume_options(const ValueContext *c, const char *text, char ***ret) {
        _cleanup_strv_ char **words = g_strsplit(text, ",", -1);
        GPtrArray *kept = g_ptr_array_new();
        bool good = true;

        for (char **w = words; *w; w++) {
                bool keep = false;

                if (**w && !check_volume_option(c, *w, &keep))
                        good = false;
                if (keep)
                        g_ptr_array_add(kept, g_strdup(*w));
        }
        g_ptr_array_add(kept, NULL);
        *ret = (char **) g_ptr_array_free(kept, FALSE);
        return good;
}

void value_volume(const ValueContext *c, void *field) {
        _cleanup_strv_ char **parts = g_strsplit(c->value, ":", 3);
        ContainerVolume *volume = g_new0(ContainerVolume, 1);
        bool good = true;

        if (!parts[1]) {
                value_error(c, "%s=%s: expected SOURCE:DESTINATION[:OPTIONS]", c->entry->key, c->value);
                container_volume_free(volume);
                return;
        }
        volume->file = c->entry->file;
        volume->line = c->entry->line;
        volume->source = path_normalize(parts[0]);
        volume->destination = path_normalize(parts[1]);
        if (!volume->source || !volume->destination) {
                value_error(c, "%s=: '%.80s' is not an absolute path without '..'", c->entry->key,
                            volume->source ? parts[1] : parts[0]);
                good = false;
        } else if (streq(volume->destination, "/")) {
                value_error(c, "%s=: the destination cannot be '/'", c->entry->key);
                good = false;
        }
        if (!parse_volume_options(c, parts[2] ?: "", &volume->options) || !good) {
                container_volume_free(volume);
                return;
        }
        g_ptr_array_add(*(GPtrArray **) field, volume);
}
