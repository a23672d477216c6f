/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An OCI image layout (image-spec, image-layout.md): a directory with blobs, and images in it by name. Read
 * only. All that is read here is checked against its digest; the blobs of layers are checked by who reads
 * them. */

#include <glib.h>

#include "basic/cleanup.h"
#include "spec/image-config.h"

typedef enum ImageCompression {
        IMAGE_COMPRESSION_NONE,
        IMAGE_COMPRESSION_GZIP,
        IMAGE_COMPRESSION_ZSTD,
} ImageCompression;

typedef struct ImageLayer {
        char *digest;
        ImageCompression compression;
} ImageLayer;

typedef struct Image {
        char *layout; /* path of the directory */
        int blobs_fd; /* its "blobs" */
        char *digest; /* of the manifest */
        ImageConfig *config;
        ImageLayer *layers; /* the lowest first */
        size_t n_layers;
} Image;

/* Reads the image called name (annotation org.opencontainers.image.ref.name) for this machine's
 * architecture; NULL: the only one in the layout, or "latest". Logs, with file and JSON pointer. -ENOENT: no
 * such layout or image, or not for this architecture; -EBADMSG: a blob is not what its digest says; -EINVAL:
 * it is not as the specification wants it; -EOPNOTSUPP: layers of a kind that cannot be read here. */
int image_open(const char *layout, const char *name, Image **ret);

void image_free(Image *image);
DEFINE_CLEANUP(Image *, image_free);
