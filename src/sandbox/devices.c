/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the contents of the container's /dev, but for console (console.c) and mounts (mounts.c). The rootfs
 * belongs to somebody else, who may change it meanwhile: directories are opened in the root, nodes are made
 * relative to them and looked at again by descriptor before anything is done to them. */

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sandbox/devices.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/mount-fd.h"

/* config-linux.md, "Default Devices"; ptmx is a link and console a mount. */
static const struct {
        const char *path;
        uint32_t major, minor;
} default_devices[] = {
        { "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },   { "/dev/full", 1, 7 },
        { "/dev/tty", 5, 0 },  { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 },
};

static const struct {
        const char *name; /* in /dev */
        const char *target;
        const char *condition; /* only when that exists in the container */
        bool replace;          /* whatever is there */
} links[] = {
        { "fd", "/proc/self/fd" },
        { "stdin", "/proc/self/fd/0" },
        { "stdout", "/proc/self/fd/1" },
        { "stderr", "/proc/self/fd/2" },
        { "core", "/proc/kcore", .condition = "/proc/kcore" },
        { "ptmx", "pts/ptmx",
          .replace = true }, /* The host's would make ptys that this container's pts does not have. */
};

static mode_t device_type(const SpecDevice *device) {
        return device->type == 'b' ? S_IFBLK : device->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool is_device(int fd, const SpecDevice *device) {
        struct stat st;

        if (fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != device_type(device))
                return false;
        return device->type == 'p' || st.st_rdev == makedev(device->major, device->minor);
}

/* ---- nodes of our own ---- */

/* -EEXIST: something else is there. Does not log. */
static int make_node(int dir_fd, const char *name, const SpecDevice *device) {
        mode_t mode = device->file_mode.set ? device->file_mode.value : 0666;
        _cleanup_close_ int fd = -EBADF;
        bool made = true;

        if (mknodat(dir_fd, name, device_type(device) | mode, makedev(device->major, device->minor)) < 0) {
                if (errno != EEXIST)
                        return negative_errno();
                made = false;
        }

        fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        if (!is_device(fd, device))
                return -EEXIST;
        if (!made)
                return 0;

        if (fchownat(fd, "", device->uid, device->gid, AT_EMPTY_PATH) < 0)
                return negative_errno();
        return 0;
}

/* ---- nodes of the host ---- */

/* Opens a detached mount of the host's node. Does not log. */
static int clone_host_node(const SpecDevice *device) {
        _cleanup_close_ int fd = -EBADF;

        fd = open_tree(AT_FDCWD, device->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
                return negative_errno();
        if (!is_device(fd, device))
                return -ENODEV;
        return TAKE_FD(fd);
}

/* Whether the host's file of that name is the device, so that it can cover what an image has in its place.
 */
static bool host_has_node(const SpecDevice *device) {
        _cleanup_close_ int fd = open(device->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

        return fd >= 0 && is_device(fd, device);
}

static int bind_node(int dir_fd, const char *name, const SpecDevice *device) {
        _cleanup_close_ int source = -EBADF, target = -EBADF;
        int r;

        source = clone_host_node(device);
        if (source < 0)
                return log_error_errno(
                                source, "Failed to open the host's '%s' as device %c %u:%u: %m",
                                device->path, device->type, device->major, device->minor);

        target = mount_fd_file_target(dir_fd, name);
        if (target < 0)
                return log_error_errno(
                                target, "Failed to make a file for '%s' in the container: %m", device->path);
        /* Made by an earlier step, or by the image. */
        if (is_device(target, device))
                return 0;

        r = mount_fd_attach(source, target);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to mount the host's '%s' in the container: %m", device->path);
        return 0;
}

static int create_device(int root_fd, const SpecDevice *device, bool bind) {
        _cleanup_close_ int dir_fd = -EBADF;
        const char *name;
        int r;

        dir_fd = open_parent_in_root(root_fd, device->path, &name);
        if (dir_fd < 0)
                return log_error_errno(
                                dir_fd, "Failed to open the directory of '%s' in the container: %m",
                                device->path);
        if (isempty(name)) {
                log_error("Failed to make device '%s': not the path of a file", device->path);
                return -EINVAL;
        }

        /* Pipes need no privilege. */
        if (bind && device->type != 'p')
                return bind_node(dir_fd, name, device);

        r = make_node(dir_fd, name, device);
        if ((r == -EPERM || (r == -EEXIST && host_has_node(device))) && device->type != 'p')
                return bind_node(dir_fd, name, device);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to make device '%s' (%c %u:%u): %m", device->path, device->type,
                                device->major, device->minor);
        return 0;
}

static bool is_listed(const SpecLinux *linux_, const char *path) {
        for (size_t i = 0; i < linux_->n_devices; i++) {
                _cleanup_free_ char *listed = g_canonicalize_filename(linux_->devices[i].path, "/");

                if (streq(listed, path))
                        return true;
        }
        return false;
}

static int create_all(int root_fd, const SpecLinux *linux_, bool bind) {
        int r;

        for (size_t i = 0; i < linux_->n_devices; i++) {
                r = create_device(root_fd, &linux_->devices[i], bind);
                if (r < 0)
                        return r;
        }

        for (size_t i = 0; i < ELEMENTSOF(default_devices); i++) {
                SpecDevice device = {
                        .type = 'c',
                        .path = (char *) default_devices[i].path,
                        .major = default_devices[i].major,
                        .minor = default_devices[i].minor,
                };

                if (is_listed(linux_, device.path))
                        continue;
                r = create_device(root_fd, &device, bind);
                if (r < 0)
                        return r;
        }
        return 0;
}

bool devices_wanted(const Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                _cleanup_free_ char *destination = g_canonicalize_filename(spec->mounts[i].destination, "/");

                if (spec->mounts[i].bind && streq(destination, "/dev"))
                        return false;
        }
        return true;
}

int devices_create(int root_fd, const SpecLinux *linux_, bool bind) {
        mode_t saved;
        int r;

        /* Modes are given to mknod(2): changing them later would need a path. */
        saved = umask(0);
        r = create_all(root_fd, linux_, bind);
        (void) umask(saved);
        return r;
}

/* ---- links ---- */

static bool exists(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH);

        return fd >= 0;
}

int devices_link(int root_fd) {
        _cleanup_close_ int dir_fd = -EBADF;

        dir_fd = open_in_root(root_fd, "/dev", O_PATH | O_DIRECTORY);
        if (dir_fd < 0)
                return log_error_errno(dir_fd, "Failed to open '/dev' of the container: %m");

        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                if (links[i].condition && !exists(root_fd, links[i].condition))
                        continue;
                if (links[i].replace && unlinkat(dir_fd, links[i].name, 0) < 0 && errno != ENOENT)
                        return log_error_errno(
                                        negative_errno(), "Failed to remove '/dev/%s' of the container: %m",
                                        links[i].name);
                if (symlinkat(links[i].target, dir_fd, links[i].name) < 0 && errno != EEXIST)
                        return log_error_errno(
                                        negative_errno(), "Failed to make '/dev/%s' of the container: %m",
                                        links[i].name);
        }
        return 0;
}
