/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the directories for what is written over a root. They are on disk, or in the unit's directory in
 * memory for Volatile=, and go with the container. */

#include "runtime/prepare-changes.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "config/to-json.h"
#include "runtime/image-root.h"
#include "runtime/prepare-usr.h"

void prepared_changes_done(PreparedChanges *changes) {
        g_strfreev(changes->lower);
        g_free(changes->directory);
        if (changes->hidden)
                closep(&changes->root_fd);
        *changes = PREPARED_CHANGES_NULL;
}

static bool is_in_memory(const ContainerFile *c) {
        return c->volatile_mode == CONTAINER_VOLATILE_OVERLAY || c->volatile_mode == CONTAINER_VOLATILE_YES;
}

static int find_place(const ContainerFile *c, const char *unit_dir, char **ret) {
        /* That of a connection's container is not the declaration's. */
        _cleanup_free_ char *id = g_path_get_basename(unit_dir);

        *ret = is_in_memory(c) ? g_build_filename(unit_dir, "changes", NULL) : image_changes_path(id);
        if (!*ret)
                return log_error_errno(
                                -ENXIO, "%s: HOME is not set: there is no place for changes of the root",
                                c->path);
        return 0;
}

static char **list_lower(const PreparedChanges *changes, char **layers, const char *root) {
        g_autoptr(GStrvBuilder) lower = g_strv_builder_new();

        if (changes->only_usr) {
                _cleanup_free_ char *hidden = g_build_filename(changes->directory, "hidden", NULL);

                g_strv_builder_add(lower, hidden);
        }
        if (layers)
                g_strv_builder_addv(lower, (const char **) layers);
        else
                g_strv_builder_add(lower, root);
        return g_strv_builder_end(lower);
}

int prepare_changes(
                const ContainerFile *c, const char *unit_dir, char **layers, const PreparedRoot *root,
                PreparedChanges *ret) {
        _cleanup_(prepared_changes_done)
                        PreparedChanges changes = { .only_usr = c->volatile_mode == CONTAINER_VOLATILE_YES };
        int r;

        if (!layers && !(c->rootfs && c->rootfs_overlay) && c->ephemeral <= 0 && !is_in_memory(c))
                return 0;
        r = changes.only_usr ? prepare_usr_check(c, root) : 0;
        if (r >= 0)
                r = find_place(c, unit_dir, &changes.directory);
        if (r >= 0 && c->root_image) {
                changes.root_fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 3);
                changes.hidden = changes.root_fd >= 0;
                r = changes.hidden ? 0
                                   : log_error_errno(negative_errno(), "Failed to copy a descriptor: %m");
        }
        if (r < 0)
                return r;
        changes.lower = list_lower(&changes, layers, root->path);
        *ret = TAKE(changes, PREPARED_CHANGES_NULL);
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
static int make_upper(const char *path, const char *lower, const PreparedUserns *userns) {
        struct stat st;

        if (stat(lower, &st) < 0)
                return negative_errno();
        if (mkdir(path, 0755) < 0 ||
            chown(path, prepare_userns_uid(userns, st.st_uid), prepare_userns_gid(userns, st.st_gid)) < 0 ||
            chmod(path, st.st_mode & ALLPERMS) < 0)
                return negative_errno();
        return 0;
}

static int make_changes(const char *directory, const char *lower, const PreparedUserns *userns) {
        _cleanup_free_ char *upper = g_build_filename(directory, "upper", NULL),
                            *work = g_build_filename(directory, "work", NULL);
        int r;

        r = make_directories(directory, 0700);
        if (r >= 0)
                r = make_upper(upper, lower, userns);
        if (r >= 0 && mkdir(work, 0755) < 0)
                r = negative_errno();
        return r < 0 ? log_error_errno(r, "Failed to make '%s': %m", directory)
                     : check_file_system(directory);
}

/* The same directories by paths that exist already. */
static char **visible_lower(const PreparedChanges *changes) {
        char **lower = g_strdupv(changes->lower);
        guint n = g_strv_length(lower);

        if (changes->hidden) {
                g_free(lower[n - 1]);
                lower[n - 1] = g_strdup_printf("/proc/self/fd/%d", changes->root_fd);
        }
        return lower;
}

int prepare_changes_start(const PreparedChanges *changes, const PreparedUserns *userns) {
        _cleanup_strv_ char **lower = NULL;
        int r;

        if (!changes->lower)
                return 0;
        lower = visible_lower(changes);
        r = remove_changes(changes->directory);
        if (r >= 0 && changes->only_usr)
                return prepare_usr_start(changes->directory, lower, userns);
        return r < 0 ? r : make_changes(changes->directory, lower[0], userns);
}

int prepare_changes_stop(const char *id) {
        _cleanup_free_ char *directory = image_changes_path(id);

        return directory ? remove_changes(directory) : 0;
}
