/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about the network. */

#include "config/container-values.h"

#include "basic/macro.h"

void value_network(const ValueContext *c, void *field) {
        static const char *const words[] = {
                [CONTAINER_NETWORK_HOST] = "host",
                [CONTAINER_NETWORK_NONE] = "none",
        };
        int i = value_find_word(words, ELEMENTSOF(words), c->value);

        if (i < 0)
                value_error(c, "%s=%s: expected host or none", c->entry->key, c->value);
        else
                *(ContainerNetwork *) field = i;
}
