/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of the keys about health checks, which Quadlet has, too, and hands to Podman. */

#include "config/container-values.h"

#include "basic/macro.h"
#include "basic/parse-util.h"
#include "basic/time-span.h"
#include "config/json-words.h"

/* How images and Podman say what kind of command it is. */
#define KIND_EXEC  "CMD"
#define KIND_NONE  "NONE"
#define KIND_SHELL "CMD-SHELL"

static char **for_shell(const char *text) {
        char **words = g_new0(char *, 4);

        words[0] = g_strdup("/bin/sh");
        words[1] = g_strdup("-c");
        words[2] = g_strdup(text);
        return words;
}

/* ["CMD", WORD...], ["CMD-SHELL", TEXT], ["NONE"], [TEXT], or the words alone. NULL: there is no command. */
static char **from_array(char **array) {
        size_t n = g_strv_length(array);

        if (n == 1 && g_ascii_strcasecmp(array[0], KIND_NONE) == 0)
                return g_new0(char *, 1);
        if (n >= 2 && g_ascii_strcasecmp(array[0], KIND_SHELL) == 0) {
                _cleanup_free_ char *text = g_strjoinv(" ", array + 1);

                return for_shell(text);
        }
        if (n >= 1 && g_ascii_strcasecmp(array[0], KIND_EXEC) == 0)
                return n >= 2 ? g_strdupv(array + 1) : NULL;
        if (n == 1)
                return for_shell(array[0]);
        return n > 0 ? g_strdupv(array) : NULL;
}

/* The rest of a text behind its first word, if that is kind. */
static const char *behind_kind(const char *text, const char *kind) {
        size_t n = strlen(kind);

        if (g_ascii_strncasecmp(text, kind, n) != 0 || (text[n] != ' ' && text[n] != '\t'))
                return NULL;
        return text + n + strspn(text + n, " \t");
}

static char **from_text(const ValueContext *c, const char *text, const char *words) {
        const char *rest;
        char **list = NULL;

        if (g_ascii_strcasecmp(text, KIND_NONE) == 0)
                return g_new0(char *, 1);
        if (streq(text, KIND_EXEC) || streq(text, KIND_SHELL))
                return NULL;
        rest = behind_kind(text, KIND_SHELL);
        if (rest)
                return for_shell(rest);
        rest = behind_kind(text, KIND_EXEC);
        if (rest) {
                ValueContext words_only = *c;

                words_only.value = rest;
                words_only.words = behind_kind(words, KIND_EXEC);
                return value_split(&words_only, &list) ? list : NULL;
        }
        return for_shell(text);
}

/* A command that is written as one quoted word is that word. */
static char *unquote(const char *value) {
        size_t n = strlen(value);

        if (n >= 2 && (*value == '"' || *value == '\'') && strchr(value + 1, *value) == value + n - 1)
                return g_strndup(value + 1, n - 2);
        return g_strdup(value);
}

void value_health_cmd(const ValueContext *c, void *field) {
        _cleanup_free_ char *text = unquote(c->value), *for_words = unquote(c->words);
        _cleanup_strv_ char **array = NULL;
        char **words, ***list = field;

        if (*text == '[' && json_words_split(text, &array) >= 0)
                words = from_array(array);
        else
                words = from_text(c, text, for_words);
        if (!words || (words[0] && !*words[0])) {
                g_strfreev(words);
                value_error(c, "%s=: expected a command, a JSON array with one, or none", c->entry->key);
                return;
        }
        g_strfreev(*list);
        *list = words;
}

static bool parse_span(const ValueContext *c, uint64_t *ret) {
        int r = parse_time_span(c->value, ret);

        if (r < 0)
                value_error(c, "%s=%.60s: expected a length of time, such as 30s or 1min 30s", c->entry->key,
                            c->value);
        return r >= 0;
}

void value_health_interval(const ValueContext *c, void *field) {
        uint64_t usec = TIME_SPAN_FOREVER;

        if (!streq(c->value, "disable") && !parse_span(c, &usec))
                return;
        *(uint64_t *) field = usec > 0 ? usec : TIME_SPAN_FOREVER;
}

void value_health_timeout(const ValueContext *c, void *field) {
        uint64_t usec;

        if (!parse_span(c, &usec))
                return;
        if (usec == 0)
                value_error(c, "%s=%s: no check can be made in no time", c->entry->key, c->value);
        else
                *(uint64_t *) field = usec;
}

void value_time_span(const ValueContext *c, void *field) {
        uint64_t usec;

        if (parse_span(c, &usec))
                *(uint64_t *) field = usec;
}

void value_health_retries(const ValueContext *c, void *field) {
        uint32_t n;

        if (parse_uint32(c->value, &n) < 0 || n == 0)
                value_error(c, "%s=%s: expected a number above 0", c->entry->key, c->value);
        else
                *(uint32_t *) field = n;
}

void value_health_on_failure(const ValueContext *c, void *field) {
        static const struct {
                const char *word;
                ContainerOnFailure action;
        } words[] = {
                { "status", CONTAINER_ON_FAILURE_STATUS },
                { "none", CONTAINER_ON_FAILURE_STATUS }, /* Quadlet's word */
                { "restart", CONTAINER_ON_FAILURE_RESTART },
                { "stop", CONTAINER_ON_FAILURE_STOP },
                { "kill", CONTAINER_ON_FAILURE_KILL },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(words[i].word, c->value)) {
                        *(ContainerOnFailure *) field = words[i].action;
                        return;
                }
        value_error(c, "%s=%s: expected status, restart, stop or kill", c->entry->key, c->value);
}
