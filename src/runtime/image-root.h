/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Images on this machine: where they are kept, and how one becomes the directories of a root. */

#include "image/layout.h"

/* Directories below /var/lib/berth; for users $XDG_DATA_HOME/berth, ~/.local/share/berth. NULL: there is no
 * home. Caller frees. */
char *image_store_path(void); /* the layout of pulled images */
char *layer_store_path(void); /* unpacked layers */

/* What the container of that name writes over its root. NULL as above; caller frees. */
char *image_changes_path(const char *id);

/* Opens the image that Image= names. Logs; as image_open(), and -EINVAL for a name that is none. */
int image_root_open(const char *text, Image **ret);

/* Paths of the image's layers in the store, the topmost first, whether they are there or not. Caller frees.
 */
char **image_root_layers(const Image *image);

/* Unpacks what is not there yet. Logs. */
int image_root_unpack(const Image *image);

typedef struct ImagePullOptions {
        const char *name; /* as a user writes it */
        const char *source, *authfile;
        bool without_tls, quiet;
} ImagePullOptions;

/* Fetches an image and unpacks it. *ret_digest is its manifest's; caller frees. Logs. */
int image_root_pull(const ImagePullOptions *options, char **ret_digest);
