/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Layers as directories: each layer is unpacked once, by tar(1), into a directory that is called as its
 * digest, and is used by all images that have it, as a lower directory of overlayfs. Such a directory is
 * complete or not there. */

#include "image/layout.h"

/* Unpacks the layers of an image that are not in the store yet; store is a directory, which is made. *ret
 * are the paths, the lowest first; caller frees. Logs. -EBADMSG: a blob is not what its digest says, or no
 * tar archive; -ENOENT also when tar is not installed. What is half unpacked is removed. */
int layer_store_add(const char *store, const Image *image, char ***ret);

/* Turns the marks of a layer (image-spec, layer.md: ".wh.NAME", ".wh..wh..opq") into those of overlayfs.
 * They lie in a tree of their own in the layer's directory, called marks, which is removed; it need not
 * exist. userxattr: the overlay will be mounted by a user (option userxattr). Does not follow symlinks. Does
 * not log.
 */
int layer_convert_whiteouts(int dir_fd, const char *marks, bool userxattr);
