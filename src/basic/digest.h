/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Digests of content, written as the image-spec does (descriptor.md): "sha256:" and 64 hexadecimal digits.
 */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether it is a digest that can be checked here: sha256 or sha512, lower case. What is valid has no "/"
 * and no ".", so its parts can be names of files. Pure. */
bool digest_is_valid(const char *digest);

/* The directory and file of a blob below "blobs": "sha256/0123...". Caller frees. Pure; digest is valid. */
char *digest_path(const char *digest);

/* A running sum for the digest's algorithm. Caller frees with g_checksum_free(). digest is valid. */
GChecksum *digest_begin(const char *digest);

/* Whether the sum is the digest's; nothing can be added to it any more. */
bool digest_matches(GChecksum *sum, const char *digest);
