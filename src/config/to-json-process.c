/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what keys say about the process: arguments, environment, user, capabilities. */

#include "config/to-json-parts.h"

#include <string.h>

#include "basic/log.h"
#include "basic/macro.h"

/* Puts NAME=value in the place of an earlier one, or at the end. */
static void put_variable(GPtrArray *list, const char *assignment) {
        size_t n = strcspn(assignment, "=") + 1;

        for (unsigned i = 0; i < list->len; i++)
                if (strncmp(list->pdata[i], assignment, n) == 0) {
                        g_free(list->pdata[i]);
                        list->pdata[i] = g_strdup(assignment);
                        return;
                }
        g_ptr_array_add(list, g_strdup(assignment));
}

/* The variables of the base as a list that can be changed; the caller writes it back. */
static int read_environment(JsonDocument *document, const char *name, GPtrArray **ret) {
        GPtrArray *list;
        JsonValue env;
        int r;

        r = config_json_array(document, name, "/process/env", &env);
        if (r < 0)
                return r;
        list = g_ptr_array_new_with_free_func(g_free);
        for (size_t i = 0; i < json_value_size(env); i++) {
                const char *s = json_value_string(json_value_element(env, i));

                if (!s) {
                        g_ptr_array_unref(list);
                        return log_error_errno(-EINVAL, "%s#/process/env/%zu: expected a string", name, i);
                }
                g_ptr_array_add(list, g_strdup(s));
        }
        *ret = list;
        return 0;
}

static int write_environment(JsonDocument *document, const char *name, GPtrArray *list) {
        JsonValue process;
        int r;

        r = config_json_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        g_ptr_array_add(list, NULL);
        json_set_strv(process, "env", (const char *const *) list->pdata);
        return 0;
}

int config_json_environment(JsonDocument *document, const char *name, const char *const *assignments) {
        _cleanup_ptr_array_ GPtrArray *list = NULL;
        int r;

        if (!assignments)
                return 0;
        r = read_environment(document, name, &list);
        if (r < 0)
                return r;
        for (; *assignments; assignments++)
                put_variable(list, *assignments);
        return write_environment(document, name, list);
}

static int apply_user(JsonDocument *document, const char *name, const ContainerUser *user) {
        _cleanup_string_ GString *groups = g_string_new("[");
        _cleanup_free_ char *home = NULL;
        const char *assignments[] = { NULL, NULL };
        JsonValue object;
        int r;

        r = config_json_object(document, name, "/process/user", &object);
        if (r < 0)
                return r;
        json_set_int(object, "uid", user->uid);
        json_set_int(object, "gid", user->gid);
        for (size_t i = 0; i < user->n_groups; i++)
                g_string_append_printf(groups, "%s%u", i > 0 ? "," : "", user->groups[i]);
        g_string_append_c(groups, ']');
        r = json_set_text(object, "additionalGids", name, groups->str);
        if (r < 0 || !user->home)
                return r;
        home = g_strdup_printf("HOME=%s", user->home);
        assignments[0] = home;
        return config_json_environment(document, name, assignments);
}

static bool has_number(JsonValue array, uint32_t number) {
        int64_t value;

        for (size_t i = 0; i < json_value_size(array); i++)
                if (json_value_int64(json_value_element(array, i), &value) >= 0 && value == number)
                        return true;
        return false;
}

static int apply_groups(JsonDocument *document, const char *name, const ContainerFacts *facts) {
        JsonValue list;
        int r;

        if (facts->n_groups == 0)
                return 0;
        r = config_json_array(document, name, "/process/user/additionalGids", &list);
        for (size_t i = 0; r >= 0 && i < facts->n_groups; i++) {
                _cleanup_free_ char *text = g_strdup_printf("%u", facts->groups[i]);

                if (!has_number(list, facts->groups[i]))
                        r = json_append_text(list, name, text);
        }
        return r;
}

/* "keep-groups" is no group: those that the supervisor has stay. */
static int apply_kept_groups(JsonDocument *document, const char *name, const ContainerFile *c) {
        JsonValue annotations;
        int r;

        if (!c->group_add || !g_strv_contains((const char *const *) c->group_add, CONTAINER_KEEP_GROUPS))
                return 0;
        r = config_json_object(document, name, "/annotations", &annotations);
        if (r >= 0)
                json_set_string(annotations, "run.oci.keep_original_groups", "1");
        return r;
}

static void append_limit(GString *out, const char *name, uint64_t value) {
        if (value == UINT64_MAX)
                g_string_append_printf(out, ",\"%s\":18446744073709551615", name);
        else
                g_string_append_printf(out, ",\"%s\":%" G_GUINT64_FORMAT, name, value);
}

static bool has_ulimit(const ContainerFile *c, const char *type) {
        for (unsigned i = 0; type && i < c->ulimits->len; i++)
                if (streq(((const ContainerUlimit *) c->ulimits->pdata[i])->type, type))
                        return true;
        return false;
}

/* Replaces what the base says about the same limit. */
static int apply_ulimits(JsonDocument *document, const char *name, const ContainerFile *c) {
        _cleanup_ptr_array_ GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
        JsonValue list, process;
        int r;

        if (!c->ulimits || c->ulimits->len == 0)
                return 0;
        r = config_json_array(document, name, "/process/rlimits", &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_value_size(list); i++)
                if (!has_ulimit(c, config_json_string(json_value_element(list, i), "type")))
                        g_ptr_array_add(texts, json_value_to_text(json_value_element(list, i), 0));
        for (unsigned i = 0; i < c->ulimits->len; i++) {
                const ContainerUlimit *limit = c->ulimits->pdata[i];
                GString *text = g_string_new(NULL);

                g_string_append_printf(text, "{\"type\":\"%s\"", limit->type);
                append_limit(text, "hard", limit->hard);
                append_limit(text, "soft", limit->soft);
                g_string_append_c(text, '}');
                g_ptr_array_add(texts, g_string_free(text, FALSE));
        }
        r = config_json_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        list = json_set_array(process, "rlimits");
        for (unsigned i = 0; r >= 0 && i < texts->len; i++)
                r = json_append_text(list, name, texts->pdata[i]);
        return r;
}

static int apply_sysctl(JsonDocument *document, const char *name, const ContainerFile *c) {
        JsonValue sysctl;
        int r;

        if (!c->sysctl)
                return 0;
        r = config_json_object(document, name, "/linux/sysctl", &sysctl);
        for (char **s = c->sysctl; r >= 0 && *s; s++) {
                const char *equals = strchr(*s, '=');
                _cleanup_free_ char *key = g_strndup(*s, equals - *s);

                json_set_string(sysctl, key, equals + 1);
        }
        return r;
}

/* Exec= is what the entrypoint gets, or the command line itself when there is none. */
static void apply_arguments(JsonValue process, const ContainerFile *c) {
        _cleanup_ptr_array_ GPtrArray *words = NULL;

        if (!c->exec && (!c->entrypoint || !*c->entrypoint))
                return;
        words = g_ptr_array_new();
        for (char **w = c->entrypoint; w && *w; w++)
                g_ptr_array_add(words, *w);
        for (char **w = c->exec; w && *w; w++)
                g_ptr_array_add(words, *w);
        g_ptr_array_add(words, NULL);
        json_set_strv(process, "args", (const char *const *) words->pdata);
}

/* Whatever is executed becomes an argument of init. */
static int apply_init(JsonDocument *document, const char *name, const ContainerFacts *facts) {
        _cleanup_ptr_array_ GPtrArray *words = NULL;
        JsonValue args, process;
        int r;

        if (!facts->init)
                return 0;
        r = config_json_array(document, name, "/process/args", &args);
        if (r >= 0)
                r = config_json_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        words = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(words, g_strdup(CONTAINER_INIT));
        g_ptr_array_add(words, g_strdup("--"));
        for (size_t i = 0; i < json_value_size(args); i++) {
                const char *word = json_value_string(json_value_element(args, i));

                if (!word)
                        return log_error_errno(-EINVAL, "%s#/process/args/%zu: expected a string", name, i);
                g_ptr_array_add(words, g_strdup(word));
        }
        g_ptr_array_add(words, NULL);
        json_set_strv(process, "args", (const char *const *) words->pdata);
        return 0;
}

int config_json_process(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts) {
        JsonValue process;
        int r;

        r = config_json_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        apply_arguments(process, c);
        r = apply_init(document, name, facts);
        if (r < 0)
                return r;
        if (c->working_dir)
                json_set_string(process, "cwd", c->working_dir);
        if (facts->has_user)
                r = apply_user(document, name, &facts->user);
        if (r >= 0)
                r = apply_groups(document, name, facts);
        if (r >= 0)
                r = apply_kept_groups(document, name, c);
        if (r >= 0)
                r = apply_ulimits(document, name, c);
        if (r >= 0)
                r = apply_sysctl(document, name, c);
        if (r >= 0)
                r = config_json_environment(document, name, (const char *const *) facts->environment);
        if (r >= 0)
                r = config_json_environment(document, name, (const char *const *) c->environment);
        return r;
}
