/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how images are named in a declaration. */

#include "config/container-values.h"
#include "config/image-reference.h"

void value_image(const ValueContext *c, void *field) {
        _cleanup_(image_reference_done) ImageReference reference = { 0 };
        char **image = field;
        const char *error;

        if (image_reference_parse(c->value, "", &reference, &error) < 0) {
                value_error(c, "%s=%s: %s", c->entry->key, c->value, error);
                return;
        }
        g_free(*image);
        *image = g_strdup(c->value);
}
