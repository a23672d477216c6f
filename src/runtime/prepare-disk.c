/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/prepare-disk.h"

#include <fcntl.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "config/to-json.h"
#include "image/disk.h"
#include "sandbox/root-image.h"

void prepared_disk_done(PreparedDisk *disk) {
        g_free(disk->image.path);
        g_free(disk->image.type);
        *disk = (PreparedDisk) { 0 };
}

static int probe(const ContainerFile *c, Disk *ret) {
        _cleanup_close_ int fd = open(c->root_image, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        const char *error = NULL;
        int r;

        if (fd < 0)
                return log_error_errno(negative_errno(), "%s: RootImage=%s: %m", c->path, c->root_image);
        r = disk_probe(fd, ret, &error);
        if (r == -EOPNOTSUPP)
                return log_error_errno(r, "%s: RootImage=%s: %s", c->path, c->root_image, error);
        return r < 0 ? log_error_errno(r, "%s: RootImage=%s: %m", c->path, c->root_image) : 0;
}

static bool is_below_changes(const ContainerFile *c) {
        return c->ephemeral > 0 || c->volatile_mode == CONTAINER_VOLATILE_OVERLAY ||
                        c->volatile_mode == CONTAINER_VOLATILE_YES;
}

int prepare_disk(ContainerFile *c, const char *unit_dir, PreparedDisk *ret) {
        Disk disk;
        int r;

        if (!c->root_image)
                return 0;
        if (geteuid() != 0)
                return log_error_errno(
                                -EPERM,
                                "%s: RootImage=: users cannot mount images; use Rootfs= or Image=", c->path);
        r = probe(c, &disk);
        if (r < 0)
                return r;
        if ((streq(disk.type, "squashfs") || streq(disk.type, "erofs")) && !is_below_changes(c))
                c->read_only = true;
        c->rootfs = g_build_filename(unit_dir, "rootfs", NULL);
        ret->image = (SpecRootImage) {
                .path = g_strdup(c->root_image),
                .type = g_strdup(disk.type),
                .offset = disk.offset,
                .size = disk.size,
                .readonly = c->read_only > 0 || is_below_changes(c) ||
                                c->volatile_mode == CONTAINER_VOLATILE_STATE,
        };
        return 0;
}

int prepare_disk_tree(const PreparedDisk *disk, const ContainerFile *c) {
        return root_image_open(&disk->image, /* look= */ true, c->path);
}

int prepare_disk_json(const PreparedDisk *disk, const ContainerFile *c, JsonDocument *document) {
        return disk->image.path ? config_json_root_image(document, c->path, &disk->image) : 0;
}
