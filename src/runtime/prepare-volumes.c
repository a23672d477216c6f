/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the place of volumes. A volume of ours is made once and never removed: it is somebody's data. */

#include "runtime/prepare-volumes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "basic/declared-name.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "config/search.h"
#include "config/volume-file.h"
#include "runtime/image-root.h"
#include "runtime/rootfs-user.h"
#include "sandbox/copy-up.h"

static void prepared_volume_free(void *volume) {
        PreparedVolume *v = volume;

        g_free(v->path);
        g_free(v->lower);
        closep(&v->root_fd);
        g_free(v->destination);
        g_free(v);
}

/* NULL: nowhere. */
static char *volumes_directory(void) {
        const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

        if (geteuid() == 0)
                return g_strdup("/var/lib/berth/volumes");
        if (!isempty(state) && *state == '/')
                return g_strdup_printf("%s/berth/volumes", state);
        return isempty(home) ? NULL : g_strdup_printf("%s/.local/state/berth/volumes", home);
}

/* ---- finding ---- */

typedef struct Finder {
        const ContainerFile *container;
        ContainerFacts *facts;
        const char *root;
        int root_fd;
        const char *unit_dir;
} Finder;

/* "FILE:LINE: KEY=". Options have no lines. Caller frees. */
static char *place_of(const ContainerVolume *v) {
        return v->line == 0 ? g_strdup_printf("%s: --volume=", v->file)
                            : g_strdup_printf("%s:%u: %s=", v->file, v->line, v->key);
}

static void log_messages(const GPtrArray *messages) {
        for (unsigned i = 0; i < messages->len; i++) {
                _cleanup_free_ char *line = config_message_format(messages->pdata[i]);

                log_error("%s", line);
        }
}

static int load_file(const ContainerVolume *v, VolumeFile **ret) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_strv_ char **path = config_search_path(geteuid() != 0);
        _cleanup_(volume_file_freep) VolumeFile *file = NULL;
        _cleanup_free_ char *place = place_of(v);
        int r;

        r = volume_file_load((const char *const *) path, v->source, messages, &file);
        if (r == -ESHUTDOWN)
                return log_error_errno(r, "%s: '%s.volume' is masked", place, v->source);
        if (r < 0)
                return log_error_errno(r, "%s: '%s.volume': %m", place, v->source);
        log_messages(messages);
        if (config_messages_have_errors(messages))
                return -EINVAL;
        *ret = TAKE_PTR(file);
        return 0;
}

static int find_owner(const Finder *f, const VolumeFile *file, PreparedVolume *volume) {
        _cleanup_(container_user_done) ContainerUser user = { 0 };
        const RootfsUserQuery query = {
                .name = file->path,
                .root_fd = f->root_fd,
                .root = f->root,
                .user = file->user ?: "0",
                .group = file->group,
        };
        int r;

        if (!file->user && !file->group)
                return 0;
        r = rootfs_user_lookup(&query, &user);
        if (r < 0)
                return r;
        volume->has_owner = true;
        volume->uid = user.uid;
        volume->gid = user.gid;
        return 0;
}

/* A volume of ours: where it is, and what it is to be made with. */
static int find_own(const Finder *f, const ContainerVolume *v, char **ret) {
        _cleanup_(volume_file_freep) VolumeFile *file = NULL;
        _cleanup_free_ char *directory = volumes_directory(), *name = declared_id(v->source),
                            *place = place_of(v);
        PreparedVolume *volume;
        bool copy;
        int r = 0;

        if (!directory)
                return log_error_errno(-ENXIO, "%s%s: HOME is not set", place, v->source);
        if (v->kind == CONTAINER_VOLUME_FILE)
                r = load_file(v, &file);
        if (r < 0)
                return r;
        volume = g_new0(PreparedVolume, 1);
        volume->path = g_strdup_printf(
                        "%s/%s", directory, file && file->volume_name ? file->volume_name : name);
        copy = !v->no_copy && (!file || file->copy != 0);
        volume->root_fd = copy ? fcntl(f->root_fd, F_DUPFD_CLOEXEC, 3) : -EBADF;
        volume->destination = copy ? g_strdup(v->destination) : NULL;
        g_ptr_array_add(f->facts->volumes, volume);
        *ret = g_strdup(volume->path);
        return file ? find_owner(f, file, volume) : 0;
}

static int find_overlay(const Finder *f, const char *source, unsigned i, char **ret) {
        PreparedVolume *volume = g_new0(PreparedVolume, 1);

        volume->root_fd = -EBADF;
        volume->path = g_strdup_printf("%s/overlay-%u", f->unit_dir, i);
        volume->lower = g_strdup(source);
        g_ptr_array_add(f->facts->volumes, volume);
        *ret = g_strdup(volume->path);
        return 0;
}

/* Where changes of the root are, which go with the container, too. */
static int find_anonymous(const Finder *f, const ContainerVolume *v, unsigned i, char **ret) {
        /* That of a connection's container is not the declaration's. */
        _cleanup_free_ char *id = g_path_get_basename(f->unit_dir), *directory = image_changes_path(id),
                            *place = place_of(v);
        PreparedVolume *volume;

        if (!directory)
                return log_error_errno(-ENXIO, "%s%s: HOME is not set", place, v->destination);
        volume = g_new0(PreparedVolume, 1);
        volume->anonymous = true;
        volume->path = g_strdup_printf("%s/volume-%u", directory, i);
        volume->root_fd = v->no_copy ? -EBADF : fcntl(f->root_fd, F_DUPFD_CLOEXEC, 3);
        volume->destination = g_strdup(v->destination);
        g_ptr_array_add(f->facts->volumes, volume);
        *ret = g_strdup(volume->path);
        return 0;
}

/* Users cannot change whose files are. */
static int check_own(const ContainerVolume *v, const Finder *f) {
        _cleanup_free_ char *place = place_of(v);

        if (!v->own || geteuid() == 0 || !f->facts->has_user ||
            f->container->userns.mode == CONTAINER_USERNS_KEEP_ID || f->facts->user.uid == 0)
                return 0;
        return log_error_errno(
                        -EPERM,
                        "%s: option U: users cannot give files away; use UserNS=keep-id:uid=%u,gid=%u",
                        place, f->facts->user.uid, f->facts->user.gid);
}

/* init mounts it, for whom what is the host's belongs to nobody, and cannot be copied up. */
static int check_overlay(const ContainerVolume *v, const Finder *f) {
        _cleanup_free_ char *place = place_of(v);

        if (!v->overlay || !f->facts->map_volumes)
                return 0;
        return log_error_errno(
                        -EOPNOTSUPP,
                        "%s: option O is not possible in a container with a user namespace; U and "
                        "idmap are",
                        place);
}

static int find_volume(const Finder *f, const ContainerVolume *v, unsigned i) {
        _cleanup_free_ char *place = place_of(v);
        char *source = NULL, *overlay = NULL;
        int r = 0;

        if (v->kind == CONTAINER_VOLUME_PATH) {
                source = g_strdup(v->source);
                /* mount(2) would notice, too, but only after the first side effects. */
                if (access(source, F_OK) < 0)
                        r = log_error_errno(negative_errno(), "%s: '%s': %m", place, source);
        } else if (v->kind == CONTAINER_VOLUME_ANONYMOUS)
                r = find_anonymous(f, v, i, &source);
        else if (v->kind != CONTAINER_VOLUME_TMPFS)
                r = find_own(f, v, &source);
        if (r >= 0)
                r = check_own(v, f);
        if (r >= 0)
                r = check_overlay(v, f);
        if (r >= 0 && v->overlay)
                r = find_overlay(f, source, i, &overlay);
        g_ptr_array_add(f->facts->sources, source);
        g_ptr_array_add(f->facts->overlays, overlay);
        return r;
}

/* ---- devices ---- */

static void node_free(void *node) {
        g_free(((ContainerNode *) node)->path);
        g_free(node);
}

static int find_device(const ContainerDevice *d, GPtrArray *nodes) {
        ContainerNode *node;
        struct stat st;

        if (stat(d->source, &st) < 0) {
                if (errno == ENOENT && d->optional)
                        return 0;
                return log_error_errno(
                                negative_errno(), "%s:%u: AddDevice=: '%s': %m", d->file, d->line,
                                d->source);
        }
        if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
                return log_error_errno(
                                -ENODEV, "%s:%u: AddDevice=: '%s' is not a device", d->file, d->line,
                                d->source);
        node = g_new0(ContainerNode, 1);
        node->path = g_strdup(d->destination);
        node->type = S_ISCHR(st.st_mode) ? 'c' : 'b';
        node->major = major(st.st_rdev);
        node->minor = minor(st.st_rdev);
        node->mode = st.st_mode & 07777;
        node->uid = st.st_uid;
        node->gid = st.st_gid;
        (void) g_strlcpy(node->access, d->access, sizeof node->access);
        g_ptr_array_add(nodes, node);
        return 0;
}

int prepare_volumes(
                const ContainerFile *container, int root_fd, const char *root, const char *unit_dir,
                ContainerFacts *facts) {
        const Finder f = {
                .container = container,
                .facts = facts,
                .root = root,
                .root_fd = root_fd,
                .unit_dir = unit_dir,
        };
        int r = 0, q;

        facts->sources = g_ptr_array_new_with_free_func(g_free);
        facts->overlays = g_ptr_array_new_with_free_func(g_free);
        facts->volumes = g_ptr_array_new_with_free_func(prepared_volume_free);
        for (unsigned i = 0; i < container->volumes->len; i++) {
                q = find_volume(&f, container->volumes->pdata[i], i);
                r = q < 0 ? q : r;
        }
        if (!container->devices)
                return r;
        facts->nodes = g_ptr_array_new_with_free_func(node_free);
        for (unsigned i = 0; i < container->devices->len; i++) {
                q = find_device(container->devices->pdata[i], facts->nodes);
                r = q < 0 ? q : r;
        }
        return r;
}

/* ---- making ---- */

/* The root of an overlay looks like its upper directory. */
static int make_overlay(const PreparedVolume *v) {
        _cleanup_free_ char *upper = g_strdup_printf("%s/upper", v->path),
                            *work = g_strdup_printf("%s/work", v->path);
        struct stat st;

        if (stat(v->lower, &st) < 0)
                return log_error_errno(negative_errno(), "Failed to look at '%s': %m", v->lower);
        if (!S_ISDIR(st.st_mode))
                return log_error_errno(-ENOTDIR, "'%s' cannot be the source of an overlay: %m", v->lower);
        if (mkdir(v->path, 0700) < 0 || mkdir(work, 0700) < 0 || mkdir(upper, 0755) < 0 ||
            chown(upper, st.st_uid, st.st_gid) < 0 || chmod(upper, st.st_mode & 07777) < 0)
                return log_error_errno(negative_errno(), "Failed to make '%s': %m", v->path);
        return 0;
}

/* The root belongs to somebody else: what it has at the destination may be anything. */
static int fill(const PreparedVolume *v, const char *temporary) {
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;
        int r;

        if (v->root_fd < 0)
                return 0;
        from_fd = open_in_root(v->root_fd, v->destination, O_PATH | O_DIRECTORY);
        if (from_fd == -ENOENT || from_fd == -ENOTDIR)
                return 0;
        if (from_fd < 0)
                return from_fd;
        to_fd = open(temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (to_fd < 0)
                return negative_errno();
        r = copy_up(from_fd, to_fd, /* metadata= */ true);
        return r < 0 ? r : 0;
}

/* Under another name until it is complete, so that a start that is interrupted leaves nothing that looks
 * filled. */
static int make_own(const PreparedVolume *v) {
        _cleanup_free_ char *parent = g_path_get_dirname(v->path),
                            *temporary = g_strdup_printf("%s.%d~", v->path, (int) getpid());
        int r;

        if (access(v->path, F_OK) >= 0)
                return 0;
        r = make_directories(parent, 0755);
        if (r >= 0 && mkdir(temporary, 0755) < 0)
                r = negative_errno();
        if (r < 0)
                return log_error_errno(r, "Failed to make volume '%s': %m", v->path);
        r = fill(v, temporary);
        if (r >= 0 && v->has_owner && chown(temporary, v->uid, v->gid) < 0)
                r = negative_errno();
        if (r >= 0 && renameat2(AT_FDCWD, temporary, AT_FDCWD, v->path, RENAME_NOREPLACE) < 0)
                r = errno == EEXIST ? 1 : negative_errno(); /* another container was first */
        if (r != 0)
                (void) remove_tree_at(AT_FDCWD, temporary);
        return r < 0 ? log_error_errno(r, "Failed to make volume '%s': %m", v->path) : 0;
}

static int make_anonymous(const PreparedVolume *v) {
        _cleanup_free_ char *parent = g_path_get_dirname(v->path);
        int r = remove_tree_at(AT_FDCWD, v->path);

        if (r >= 0)
                r = make_directories(parent, 0700);
        if (r >= 0 && mkdir(v->path, 0755) < 0)
                r = negative_errno();
        if (r >= 0)
                r = fill(v, v->path);
        return r < 0 ? log_error_errno(r, "Failed to make volume '%s': %m", v->path) : 0;
}

static int make_one(const PreparedVolume *v) {
        if (v->anonymous)
                return make_anonymous(v);
        return v->lower ? make_overlay(v) : make_own(v);
}

int prepare_volumes_make(const GPtrArray *volumes) {
        for (unsigned i = 0; volumes && i < volumes->len; i++) {
                const PreparedVolume *v = volumes->pdata[i];
                int r = make_one(v);

                if (r < 0)
                        return r;
        }
        return 0;
}
