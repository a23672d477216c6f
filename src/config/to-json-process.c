/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what keys say about the process: arguments, environment, user, capabilities. */

#include "config/to-json-parts.h"

#include <string.h>

#include "basic/log.h"
#include "basic/macro.h"

static const char *const root_capabilities[] = {
        "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",     "CAP_FSETID",
        "CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",    "CAP_SETGID",
        "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT", NULL,
};

void container_user_done(ContainerUser *user) {
        g_free(user->groups);
        g_free(user->home);
        *user = (ContainerUser) { 0 };
}

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

static void set_capabilities(JsonValue process, bool root) {
        static const char *const none[] = { NULL };
        JsonValue capabilities = json_set_object(process, "capabilities");

        json_set_strv(capabilities, "bounding", root_capabilities);
        json_set_strv(capabilities, "effective", root ? root_capabilities : none);
        json_set_strv(capabilities, "permitted", root ? root_capabilities : none);
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

int config_json_process(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerUser *user) {
        JsonValue process;
        int r;

        r = config_json_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        if (c->exec)
                json_set_strv(process, "args", (const char *const *) c->exec);
        if (c->working_dir)
                json_set_string(process, "cwd", c->working_dir);
        if (c->rootfs)
                set_capabilities(process, !user || user->uid == 0);
        if (user)
                r = apply_user(document, name, user);
        return r < 0 ? r : config_json_environment(document, name, (const char *const *) c->environment);
}
