/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the places of images and layers. */

#include "runtime/image-root.h"

#include <errno.h>

#include "basic/digest.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "config/image-reference.h"
#include "image/layer-store.h"
#include "image/pull.h"

static char *data_path(const char *name) {
        const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

        if (geteuid() == 0)
                return g_build_filename("/var/lib/berth", name, NULL);
        if (!isempty(data) && *data == '/')
                return g_build_filename(data, "berth", name, NULL);
        return isempty(home) ? NULL : g_build_filename(home, ".local/share/berth", name, NULL);
}

char *image_store_path(void) {
        return data_path("images");
}

char *layer_store_path(void) {
        return data_path("layers");
}

char *image_changes_path(const char *id) {
        _cleanup_free_ char *parent = data_path("changes");

        return parent ? g_build_filename(parent, id, NULL) : NULL;
}

static int parse_reference(const char *text, ImageReference *ret) {
        _cleanup_free_ char *store = image_store_path();
        const char *error;
        int r;

        if (!store)
                return log_error_errno(-ENXIO, "HOME is not set: there is no place for images");
        r = image_reference_parse(text, store, ret, &error);
        return r < 0 ? log_error_errno(r, "Image '%s': %s", text, error) : 0;
}

/* What is not there can be had, which is worth saying instead of that a file is missing. */
static int check_pulled(const ImageReference *reference) {
        _cleanup_free_ char *index = g_build_filename(reference->layout, "index.json", NULL);

        if (!reference->pulled || access(index, F_OK) >= 0)
                return 0;
        return log_error_errno_id(
                        -ENOENT, MESSAGE_IMAGE_MISSING, "There is no image '%s' here: run 'berth pull %s'",
                        reference->name, reference->name);
}

int image_root_open(const char *text, Image **ret) {
        _cleanup_(image_reference_done) ImageReference reference = { 0 };
        int r;

        r = parse_reference(text, &reference);
        if (r >= 0)
                r = check_pulled(&reference);
        if (r < 0)
                return r;
        r = image_open(reference.layout, reference.name, ret);
        if (r == -ENOENT && reference.pulled)
                log_error_id(MESSAGE_IMAGE_MISSING, "Image '%s': run 'berth pull %s'", text, reference.name);
        return r;
}

char **image_root_layers(const Image *image) {
        _cleanup_free_ char *store = layer_store_path();
        g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

        for (size_t i = image->n_layers; i > 0; i--) {
                _cleanup_free_ char *name = digest_path(image->layers[i - 1].digest),
                                    *path = g_build_filename(store ?: "/", name, NULL);

                g_strv_builder_add(paths, path);
        }
        return g_strv_builder_end(paths);
}

int image_root_unpack(const Image *image) {
        _cleanup_free_ char *store = layer_store_path();
        _cleanup_strv_ char **paths = NULL;

        if (!store)
                return log_error_errno(-ENXIO, "HOME is not set: there is no place for images");
        return layer_store_add(store, image, &paths);
}

int image_root_pull(const ImagePullOptions *options, char **ret_digest) {
        _cleanup_(image_reference_done) ImageReference reference = { 0 };
        _cleanup_(image_freep) Image *image = NULL;
        ImagePull pull = {
                .source = options->source,
                .authfile = options->authfile,
                .without_tls = options->without_tls,
                .quiet = options->quiet,
        };
        int r;

        r = parse_reference(options->name, &reference);
        if (r < 0)
                return r;
        if (!reference.pulled)
                return log_error_errno(-EINVAL, "Image '%s' is a directory here already", options->name);
        pull.store = reference.layout;
        pull.name = reference.name;
        r = image_pull(&pull);
        if (r >= 0)
                r = image_open(reference.layout, reference.name, &image);
        if (r >= 0)
                r = image_root_unpack(image);
        if (r < 0)
                return r;
        *ret_digest = g_strdup(image->digest);
        return 0;
}
