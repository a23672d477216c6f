/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The image of a declaration as the root of a unit. */

#include <stdbool.h>

#include "config/container-file.h"
#include "image/layout.h"
#include "spec/json.h"

typedef struct PreparedImage {
        Image *image; /* NULL: the declaration has none */
        char **lower; /* paths of its layers, the topmost first */
} PreparedImage;

#define PREPARED_IMAGE_NULL ((PreparedImage) { 0 })

void prepared_image_done(PreparedImage *prepared);

/* Opens the image that the declaration names, fills in what it says as defaults of keys, and makes
 * unit_dir/rootfs the declaration's root. unpack: its layers, too, if they are not; that changes nothing but
 * the store of layers. Logs; as image_root_open(), and -EINVAL for an image that cannot be run. */
int prepare_image(ContainerFile *container, const char *unit_dir, bool unpack, PreparedImage *ret);

/* Opens the tree that the container will see. Returns a descriptor. Without the right to mount it is the
 * layer that has users, or the topmost. -ENOENT: it is not unpacked. Does not log that; else logs. */
int prepare_image_tree(const PreparedImage *prepared);

/* Makes the image's labels annotations of the document. Logs. */
int prepare_image_json(
                const PreparedImage *prepared, const ContainerFile *container, JsonDocument *document);

/* Makes the directory that stands for the root. Logs. */
int prepare_image_start(bool wanted, int unit_dir_fd);
