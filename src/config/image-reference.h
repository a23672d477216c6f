/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of images. */

#include <stdbool.h>

/* Where an image is. */
typedef struct ImageReference {
        char *layout; /* absolute path of an OCI image layout */
        char *name;   /* of the image in there (org.opencontainers.image.ref.name); NULL: its only one */
        bool pulled;  /* name is one of a registry, and layout where berth pull puts those */
} ImageReference;

void image_reference_done(ImageReference *reference);

/* Reads the value of Image=: "oci:DIR[:NAME]" with an absolute DIR, or a name as registries have them.
 * -EINVAL: neither; *ret_error (borrowed, constant) says what is wrong. Does not log. store is the directory
 * of pulled images. */
int image_reference_parse(const char *text, const char *store, ImageReference *ret, const char **ret_error);

/* The full form of a name: "nginx" becomes "docker.io/library/nginx:latest", as with Docker and skopeo.
 * NULL: it cannot be one. Caller frees. Pure. */
char *image_name_normalize(const char *name);
