/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about what the supervisor does beside running the payload. */

#include "config/container-values.h"

#include "basic/macro.h"
#include "basic/parse-util.h"

/* Quadlet writes true and false. */
void value_notify(const ValueContext *c, void *field) {
        static const char *const words[] = {
                [CONTAINER_NOTIFY_STARTED] = "started",
                [CONTAINER_NOTIFY_READY] = "ready",
                [CONTAINER_NOTIFY_HEALTHY] = "healthy",
        };
        int i = value_find_word(words, ELEMENTSOF(words), c->value);
        bool wanted;

        if (i < 0 && parse_boolean(c->value, &wanted) >= 0)
                i = wanted ? CONTAINER_NOTIFY_READY : CONTAINER_NOTIFY_STARTED;
        if (i < 0)
                value_error(c, "%s=%s: expected started, ready or healthy", c->entry->key, c->value);
        else
                *(ContainerNotify *) field = i;
}

void value_notify_allow(const ValueContext *c, void *field) {
        static const char *const known[] = { "restart-reset", "watchdog-usec" };
        _cleanup_strv_ char **words = NULL;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++)
                if (value_find_word(known, ELEMENTSOF(known), *w) < 0)
                        return value_error(
                                        c, "%s=%.80s: expected restart-reset or watchdog-usec",
                                        c->entry->key, *w);
        value_append_words(field, TAKE_PTR(words));
}
