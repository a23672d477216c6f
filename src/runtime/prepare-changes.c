/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the directories for what is written over a root. They are on disk, not in /run, and go with the
 * container. */

#include "runtime/prepare-changes.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "config/to-json.h"
#include "runtime/image-root.h"

void prepared_changes_done(PreparedChanges *changes) {
        g_strfreev(changes->lower);
        g_free(changes->directory);
        *changes = PREPARED_CHANGES_NULL;
}

static char **root_as_lower(const char *root) {
        char **lower = g_new0(char *, 2);

        lower[0] = g_strdup(root);
        return lower;
}

int prepare_changes(
                const ContainerFile *c, const char *unit_dir, char **lower, const char *root,
                PreparedChanges *ret) {
        /* That of a connection's container is not the declaration's. */
        _cleanup_free_ char *id = g_path_get_basename(unit_dir);
        char *directory;

        if (!lower && !(c->rootfs && c->rootfs_overlay) && c->ephemeral <= 0)
                return 0;
        directory = image_changes_path(id);
        if (!directory)
                return log_error_errno(
                                -ENXIO, "%s: HOME is not set: there is no place for changes of the root",
                                c->path);
        *ret = (PreparedChanges) { .lower = lower ? g_strdupv(lower) : root_as_lower(root),
                                   .directory = directory };
        return 0;
}

/* ---- the configuration ---- */

int prepare_changes_json(const PreparedChanges *changes, const ContainerFile *c, JsonDocument *document) {
        _cleanup_free_ char *upper = NULL, *work = NULL;

        if (!changes->lower)
                return 0;
        upper = g_build_filename(changes->directory, "upper", NULL);
        work = g_build_filename(changes->directory, "work", NULL);
        return config_json_overlay(document, c->path, (const char *const *) changes->lower, upper, work);
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
                        "'%s' is on an overlay itself, where the changes of a container cannot be kept: "
                        "mount another file system there",
                        directory);
}

/* The root of an overlay looks like its upper directory. */
static int make_upper(const char *path, const char *lower) {
        struct stat st;

        if (stat(lower, &st) < 0)
                return negative_errno();
        if (mkdir(path, 0755) < 0 || chown(path, st.st_uid, st.st_gid) < 0 ||
            chmod(path, st.st_mode & ALLPERMS) < 0)
                return negative_errno();
        return 0;
}

static int make_changes(const char *directory, const char *lower) {
        _cleanup_free_ char *upper = g_build_filename(directory, "upper", NULL),
                            *work = g_build_filename(directory, "work", NULL);
        int r;

        r = make_directories(directory, 0700);
        if (r >= 0)
                r = make_upper(upper, lower);
        if (r >= 0 && mkdir(work, 0755) < 0)
                r = negative_errno();
        return r < 0 ? log_error_errno(r, "Failed to make '%s': %m", directory)
                     : check_file_system(directory);
}

int prepare_changes_start(const PreparedChanges *changes) {
        int r;

        if (!changes->lower)
                return 0;
        r = remove_changes(changes->directory);
        return r < 0 ? r : make_changes(changes->directory, changes->lower[0]);
}

int prepare_changes_stop(const char *id) {
        _cleanup_free_ char *directory = image_changes_path(id);

        return directory ? remove_changes(directory) : 0;
}
