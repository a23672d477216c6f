/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/root-idmap.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "sandbox/idmap.h"
#include "sandbox/userns.h"

/* Those that some kernel since 5.12 refuses. */
static const struct {
        unsigned long magic;
        const char *name;
} file_systems[] = {
        { 0x01021997, "9p" },
        { 0xff534d42, "cifs" },
        { FUSE_SUPER_MAGIC, "fuse" },
        { NFS_SUPER_MAGIC, "nfs" },
        { OVERLAYFS_SUPER_MAGIC, "overlay" },
        { 0x858458f6, "ramfs" },
        { SQUASHFS_MAGIC, "squashfs" },
        { TMPFS_MAGIC, "tmpfs" },
        { 0x2fc12fc1, "zfs" },
};

void root_idmap_done(RootIdmap *map) {
        closep(&map->userns_fd);
}

bool root_idmap_wanted(const Spec *spec, int fd) {
        struct stat st;
        uid_t uid;

        if (!spec->root_idmap)
                return false;
        return userns_outside_uid(&spec->linux_.id_map, 0, &uid) < 0 || fstat(fd, &st) < 0 ||
                        st.st_uid != uid;
}

static const char *file_system_name(int fd) {
        struct statfs fs;

        for (size_t i = 0; i < ELEMENTSOF(file_systems) && fstatfs(fd, &fs) >= 0; i++)
                if (file_systems[i].magic == (unsigned long) fs.f_type)
                        return file_systems[i].name;
        return NULL;
}

static int open_userns(RootIdmap *map) {
        const SpecMount m = { .destination = (char *) "/", .idmap = true };

        if (map->userns_fd < 0)
                map->userns_fd = idmap_open_userns(map->spec, &m);
        return map->userns_fd;
}

/* Does not log a failure of the mapping itself. */
static int apply(RootIdmap *map, int mount_fd) {
        const SpecMount m = { .idmap = true };
        int r = open_userns(map);

        return r < 0 ? r : idmap_set(&m, map->userns_fd, mount_fd);
}

static int log_failure(int r, const char *prefix, const char *path, int fd) {
        const char *name = r == -EINVAL ? file_system_name(fd) : NULL;

        return log_error_errno(
                        r, "%sFailed to give the root file system '%s' to the user namespace: %m%s%s%s%s",
                        prefix, path,
                        r == -EINVAL ? " (its file system does not support id-mapped mounts" : "",
                        name ? ": " : "", name ?: "", r == -EINVAL ? ")" : "");
}

int root_idmap_apply(RootIdmap *map, const char *path, int mount_fd) {
        int r = apply(map, mount_fd);

        return r < 0 ? log_failure(r, "", path, mount_fd) : 0;
}

int root_idmap_clone(RootIdmap *map, const char *path, int *fd) {
        _cleanup_close_ int mount_fd =
                        open_tree(*fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        struct mount_attr private = { .propagation = MS_PRIVATE };
        int r;

        /* As a peer of the host's mount, it would show there what is mounted on it. */
        if (mount_fd < 0 || mount_setattr(mount_fd, "", AT_EMPTY_PATH, &private, sizeof private) < 0)
                return log_failure(negative_errno(), "", path, *fd);
        r = root_idmap_apply(map, path, mount_fd);
        if (r < 0)
                return r;
        (void) close(*fd);
        *fd = TAKE_FD(mount_fd);
        return 0;
}

/* ---- checks ---- */

static int check(RootIdmap *map, const char *name, const char *path) {
        _cleanup_free_ char *prefix = g_strdup_printf("%s: ", name);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), mount_fd = -EBADF;
        int r;

        if (fd < 0 || !root_idmap_wanted(map->spec, fd))
                return 0;
        mount_fd = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        r = mount_fd < 0 ? negative_errno() : apply(map, mount_fd);
        return r < 0 ? log_failure(r, prefix, path, fd) : 0;
}

int root_idmap_check(const Spec *spec, const char *name) {
        _cleanup_(root_idmap_done) RootIdmap map = ROOT_IDMAP_NULL;
        int r = 0;

        map.spec = spec;
        if (!spec->root_idmap)
                return 0;
        if (!spec->overlay.lower)
                return check(&map, name, spec->root_path);
        for (char **path = spec->overlay.lower; r >= 0 && *path; path++)
                r = check(&map, name, *path);
        return r;
}
