/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/declared-name.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/unit-name.h"

#define LETTERS        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define ID_CHARS       LETTERS "_+-."
#define INSTANCE_CHARS LETTERS ":-_.\\"

/* In units of a template's connections, the names of which have this in front (unit-name.h). */
#define CONNECTION_PREFIX "container-"

/* The longest name of a file that the generator makes. */
#define NAME_LENGTH_MAX (NAME_MAX - STRLEN("container-proxy@.service.d"))

const char *declared_instance(const char *name) {
        const char *at = strchr(name, '@');

        return at ? at + 1 : NULL;
}

bool declared_is_template(const char *name) {
        const char *instance = declared_instance(name);

        return instance && !*instance;
}

static char *prefix_of(const char *name) {
        return g_strndup(name, strcspn(name, "@"));
}

int declared_name_check(const char *name) {
        _cleanup_free_ char *prefix = prefix_of(name), *id = NULL, *escaped = NULL;
        const char *instance = declared_instance(name);

        if (!container_id_is_valid(prefix))
                return strlen(prefix) > NAME_LENGTH_MAX ? -ENAMETOOLONG : -EINVAL;
        if (instance &&
            (startswith(prefix, CONNECTION_PREFIX) || strspn(instance, INSTANCE_CHARS) != strlen(instance)))
                return -EINVAL;
        id = declared_id(name);
        escaped = declared_escape(name);
        return strlen(escaped) > NAME_LENGTH_MAX || !container_id_is_valid(id) ? -ENAMETOOLONG : 0;
}

char *declared_id(const char *name) {
        _cleanup_free_ char *prefix = prefix_of(name);
        const char *instance = declared_instance(name);
        char *id;

        if (!instance)
                return TAKE_PTR(prefix);
        id = g_strdup_printf("%s-%s", prefix, instance);
        return g_strcanon(id, ID_CHARS, '_');
}

char *declared_escape(const char *name) {
        _cleanup_free_ char *prefix = prefix_of(name), *escaped = unit_name_escape(prefix);
        const char *instance = declared_instance(name);

        return instance ? g_strdup_printf("%s@%s", escaped, instance) : TAKE_PTR(escaped);
}
