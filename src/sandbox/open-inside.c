/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/open-inside.h"

#include <unistd.h>

#include "basic/log.h"
#include "sandbox/notify-mount.h"
#include "sandbox/rootfs.h"

static int log_root(const SandboxContext *c, int r) {
        return log_error_errno(r, "Failed to open the root file system '%s': %m", c->spec->root_path);
}

int open_inside_later(SandboxContext *c) {
        c->opens_inside = true;
        if (!c->spec->overlay.upper && access(c->spec->root_path, F_OK) < 0 &&
            (errno == ENOENT || errno == ENOTDIR))
                return log_root(c, negative_errno());
        return mounts_check_sources(c->spec);
}

int open_inside(SandboxContext *c) {
        int notify_fd = c->options->notify_mount_fd;

        c->root_fd = rootfs_open(c->spec);
        if (c->root_fd == -EPERM)
                return log_root(c, -EPERM);
        if (c->root_fd < 0)
                return c->root_fd;
        if (notify_fd >= 0) {
                c->notify_mount_fd = notify_mount_open_inside(notify_fd);
                if (c->notify_mount_fd < 0)
                        return c->notify_mount_fd;
        }
        return mounts_open_sources(c->spec, &c->mounts);
}
