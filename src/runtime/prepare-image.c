/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what a unit with an image has besides one with a directory: defaults, and layers in its place. */

#include "runtime/prepare-image.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "config/image-defaults.h"
#include "config/to-json.h"
#include "runtime/image-root.h"
#include "sandbox/root-overlay.h"

#define ROOTFS "rootfs"

void prepared_image_done(PreparedImage *prepared) {
        if (prepared->image)
                image_free(prepared->image);
        g_strfreev(prepared->lower);
        *prepared = PREPARED_IMAGE_NULL;
}

static int apply_defaults(ContainerFile *c, const Image *image) {
        _cleanup_free_ char *error = NULL;
        int r = image_defaults_apply(c, image->config, &error);

        return r < 0 ? log_error_errno(r, "%s: Image=%s: %s", c->path, c->image, error) : 0;
}

int prepare_image(ContainerFile *c, const char *unit_dir, bool unpack, PreparedImage *ret) {
        _cleanup_(prepared_image_done) PreparedImage prepared = PREPARED_IMAGE_NULL;
        int r;

        if (!c->image)
                return 0;
        r = image_root_open(c->image, &prepared.image);
        if (r >= 0)
                r = apply_defaults(c, prepared.image);
        if (r >= 0 && unpack)
                r = image_root_unpack(prepared.image);
        if (r < 0)
                return r;
        prepared.lower = image_root_layers(prepared.image);
        c->rootfs = g_build_filename(unit_dir, ROOTFS, NULL);
        *ret = TAKE(prepared, PREPARED_IMAGE_NULL);
        return 0;
}

/* ---- looking into it ---- */

static bool is_unpacked(char **lower) {
        for (; *lower; lower++)
                if (access(*lower, F_OK) < 0)
                        return false;
        return true;
}

static int open_one_layer(char **lower) {
        const char *found = *lower;
        int fd;

        for (char **path = lower; *path; path++) {
                _cleanup_free_ char *passwd = g_build_filename(*path, "etc/passwd", NULL);

                if (faccessat(AT_FDCWD, passwd, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                found = *path;
                break;
        }
        fd = open(found, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? log_error_errno(negative_errno(), "Failed to open layer '%s': %m", found) : fd;
}

int prepare_image_tree(const PreparedImage *prepared) {
        int fd;

        if (!is_unpacked(prepared->lower))
                return -ENOENT;
        fd = root_overlay_open_lower(prepared->lower);
        return fd == -EPERM ? open_one_layer(prepared->lower) : fd;
}

/* ---- the configuration ---- */

int prepare_image_json(const PreparedImage *prepared, const ContainerFile *c, JsonDocument *document) {
        return prepared->image ? config_json_image(document, c->path, c->image, prepared->image->config) : 0;
}

/* ---- directories ---- */

int prepare_image_start(bool wanted, int unit_dir_fd) {
        if (!wanted)
                return 0;
        if (mkdirat(unit_dir_fd, ROOTFS, 0755) < 0)
                return log_error_errno(negative_errno(), "Failed to make directory '" ROOTFS "': %m");
        return 0;
}
