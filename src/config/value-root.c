/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about the root and what may be written to it. */

#include "config/container-values.h"

#include "basic/macro.h"
#include "basic/parse-util.h"

static const struct {
        const char *options;
        bool overlay;
} rootfs_options[] = {
        { ":O", true },
        { ":idmap", false },
        { ":O,idmap", true },
        { ":idmap,O", true },
};

/* As with Podman, what follows the last colon is an option if it is known as one, else it is of the path. */
void value_rootfs(const ValueContext *c, void *field) {
        const char *colon = strrchr(c->value, ':');
        _cleanup_free_ char *text = NULL;
        bool overlay = false;
        char *path;

        if (colon && startswith(colon, ":idmap=")) {
                value_error(c, "%s=%s: which ids are mapped is said by UserNS= or UIDMap=", c->entry->key,
                            c->value);
                return;
        }
        for (size_t i = 0; colon && !text && i < ELEMENTSOF(rootfs_options); i++)
                if (streq(colon, rootfs_options[i].options)) {
                        overlay = rootfs_options[i].overlay;
                        text = g_strndup(c->value, (size_t) (colon - c->value));
                }
        path = value_normalize_path(text ?: c->value);
        if (!path) {
                value_error(c, "%s=%s: expected an absolute path without '..'", c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = path;
        c->container->rootfs_overlay = overlay;
}

void value_volatile(const ValueContext *c, void *field) {
        static const char *const words[] = {
                [CONTAINER_VOLATILE_OVERLAY] = "overlay",
                [CONTAINER_VOLATILE_STATE] = "state",
        };
        int i = value_find_word(words, ELEMENTSOF(words), c->value);
        bool wanted;

        if (i < 0 && parse_boolean(c->value, &wanted) >= 0)
                i = wanted ? CONTAINER_VOLATILE_YES : CONTAINER_VOLATILE_NO;
        if (i < 0)
                value_error(c, "%s=%s: expected yes, no, overlay or state", c->entry->key, c->value);
        else
                *(ContainerVolatile *) field = i;
}
