/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what a unit with an image has besides one with a directory: layers below, and a directory for what is
 * written over them. It is on disk, not in /run, and goes with the container. */

#include "runtime/prepare-image.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "basic/fs-util.h"
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
        g_free(prepared->directory);
        *prepared = PREPARED_IMAGE_NULL;
}

static int apply_defaults(ContainerFile *c, const Image *image) {
        _cleanup_free_ char *error = NULL;
        int r = image_defaults_apply(c, image->config, &error);

        return r < 0 ? log_error_errno(r, "%s: Image=%s: %s", c->path, c->image, error) : 0;
}

int prepare_image(ContainerFile *c, const char *unit_dir, bool unpack, PreparedImage *ret) {
        _cleanup_(prepared_image_done) PreparedImage prepared = PREPARED_IMAGE_NULL;
        _cleanup_free_ char *id =
                        g_path_get_basename(unit_dir); /* a connection's is not the declaration's */
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
        prepared.directory = image_changes_path(id);
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
        _cleanup_free_ char *upper = g_build_filename(prepared->directory, "upper", NULL),
                            *work = g_build_filename(prepared->directory, "work", NULL);
        int r;

        r = config_json_overlay(document, c->path, (const char *const *) prepared->lower, upper, work);
        return r < 0 ? r : config_json_image(document, c->path, c->image, prepared->image->config);
}

/* ---- directories ---- */

static int remove_changes(const char *directory) {
        int r = remove_tree_at(AT_FDCWD, directory);

        return r < 0 ? log_error_errno(r, "Failed to remove '%s': %m", directory) : 0;
}

/* The kernel says no more than that an argument is invalid. */
static int check_file_system(const char *directory) {
        struct statfs fs;

        if (statfs(directory, &fs) < 0 || fs.f_type != OVERLAYFS_SUPER_MAGIC)
                return 0;
        return log_error_errno(
                        -EOPNOTSUPP,
                        "'%s' is on an overlay itself, where the changes of an image cannot be kept: mount "
                        "another "
                        "file system there",
                        directory);
}

static int make_changes(const char *directory) {
        static const char *const names[] = { "upper", "work" };
        int r = make_directories(directory, 0700);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = g_build_filename(directory, names[i], NULL);

                r = mkdir(path, 0755) < 0 || chmod(path, 0755) < 0 ? negative_errno() : 0;
        }
        return r < 0 ? log_error_errno(r, "Failed to make '%s': %m", directory)
                     : check_file_system(directory);
}

int prepare_image_start(const PreparedImage *prepared, int unit_dir_fd) {
        int r;

        if (!prepared->image)
                return 0;
        if (mkdirat(unit_dir_fd, ROOTFS, 0755) < 0)
                return log_error_errno(negative_errno(), "Failed to make directory '" ROOTFS "': %m");
        r = remove_changes(prepared->directory);
        return r < 0 ? r : make_changes(prepared->directory);
}

int prepare_image_stop(const char *id) {
        _cleanup_free_ char *directory = image_changes_path(id);

        return directory ? remove_changes(directory) : 0;
}
