/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/unit-name.h"

#include <errno.h>
#include <glib.h>

#include "basic/cleanup.h"
#include "basic/declared-name.h"
#include "basic/macro.h"

#define ID_MAX            255U
#define CONNECTION_PREFIX "container-"

bool container_id_is_valid(const char *id) {
        if (isempty(id) || strlen(id) > ID_MAX || streq(id, ".") || streq(id, ".."))
                return false;
        for (const char *p = id; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr("_+-.", *p))
                        return false;
        return true;
}

char *unit_name_escape(const char *s) {
        _cleanup_string_ GString *out = g_string_new(NULL);

        for (const char *p = s; *p; p++)
                if (g_ascii_isalnum(*p) || strchr(":_-", *p) || (*p == '.' && p > s))
                        g_string_append_c(out, *p);
                else
                        g_string_append_printf(out, "\\x%02x", (unsigned char) *p);
        return g_string_free(TAKE_PTR(out), FALSE);
}

char *unit_name_unescape(const char *s) {
        _cleanup_string_ GString *out = g_string_new(NULL);

        for (const char *p = s; *p; p++) {
                if (*p != '\\') {
                        g_string_append_c(out, *p);
                        continue;
                }
                if (p[1] != 'x' || !g_ascii_isxdigit(p[2]) || !g_ascii_isxdigit(p[3]))
                        return NULL;
                g_string_append_c(
                                out, (char) (g_ascii_xdigit_value(p[2]) * 16 + g_ascii_xdigit_value(p[3])));
                p += 3;
        }
        return g_string_free(TAKE_PTR(out), FALSE);
}

/* systemd numbers the connections of a socket and adds both addresses, with colons in them. */
static char *connection_id(const char *declared, const char *instance) {
        char *id = g_strdup_printf("%s-%s", declared, instance);

        return g_strdelimit(id, ":", '_');
}

/* An instance of a template. */
static int instance_parse(const char *argument, const char *at, char **ret_id, char **ret_declared) {
        _cleanup_free_ char *escaped = g_strndup(argument, at - argument),
                            *prefix = unit_name_unescape(escaped), *declared = NULL;

        if (!prefix || !at[1])
                return -EINVAL;
        declared = g_strdup_printf("%s%s", prefix, at);
        if (declared_name_check(declared) < 0)
                return -EINVAL;
        *ret_id = declared_id(declared);
        *ret_declared = TAKE_PTR(declared);
        return 0;
}

int unit_argument_parse(const char *argument, char **ret_id, char **ret_declared) {
        _cleanup_free_ char *prefix = NULL, *id = NULL, *declared = NULL;
        const char *at = strchr(argument, '@');

        if (at && !startswith(argument, CONNECTION_PREFIX))
                return instance_parse(argument, at, ret_id, ret_declared);
        prefix = at ? g_strndup(argument + STRLEN(CONNECTION_PREFIX),
                                at - argument - STRLEN(CONNECTION_PREFIX))
                    : g_strdup(argument);
        declared = unit_name_unescape(prefix);
        if (!declared || !container_id_is_valid(declared))
                return -EINVAL;
        id = at ? connection_id(declared, at + 1) : g_strdup(declared);
        if (!container_id_is_valid(id))
                return -EINVAL;
        *ret_id = TAKE_PTR(id);
        *ret_declared = TAKE_PTR(declared);
        return 0;
}

static char *scope_name(const char *prefix, const char *name) {
        _cleanup_free_ char *joined = NULL, *escaped = NULL;

        if (g_str_has_suffix(name, ".slice"))
                return g_strdup(name);
        joined = isempty(prefix) ? g_strdup(name) : g_strdup_printf("%s-%s", prefix, name);
        escaped = unit_name_escape(joined);
        return g_strdup_printf("%s.scope", escaped);
}

int unit_names_for_container(
                const char *cgroups_path, const char *id, bool user, char **ret_slice, char **ret_scope) {
        _cleanup_strv_ char **parts = NULL;

        if (!cgroups_path || !strchr(cgroups_path, ':')) {
                *ret_slice = g_strdup(user ? "app.slice" : "machine.slice");
                *ret_scope = scope_name("berth", id);
                return 0;
        }

        parts = g_strsplit(cgroups_path, ":", -1);
        if (g_strv_length(parts) != 3 || strchr(cgroups_path, '/'))
                return -EINVAL;
        /* Who leaves the slice out of the form means the one that runc and crun take. */
        *ret_slice = g_strdup(!isempty(parts[0]) ? parts[0] : user ? "app.slice" : "system.slice");
        *ret_scope = scope_name(parts[1], isempty(parts[2]) ? id : parts[2]);
        return 0;
}

char *unit_name_of_cgroup(const char *cgroup, bool *ret_user) {
        _cleanup_strv_ char **names = g_strsplit(cgroup, "/", 0);
        const char *found = NULL;
        bool user = false;

        for (char **name = names; *name; name++)
                if (startswith(*name, "user@"))
                        user = true;
                else if (g_str_has_suffix(*name, ".service"))
                        found = **name == '_' ? *name + 1 : *name; /* which keeps it apart from files */
        *ret_user = user;
        return g_strdup(found);
}
