/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* RootImage= of a declaration as the root of a unit. */

#include "config/container-file.h"
#include "spec/json.h"
#include "spec/spec.h"

typedef struct PreparedDisk {
        SpecRootImage image; /* no path: there is none */
} PreparedDisk;

void prepared_disk_done(PreparedDisk *disk);

/* Looks at the file that the declaration names, and makes unit_dir/rootfs, which stands for it, the
 * declaration's root. A file system that cannot be written to makes it read-only, unless what is written
 * goes somewhere else. Logs. -EPERM: not for users; -EOPNOTSUPP: there is no root in it that can be used. */
int prepare_disk(ContainerFile *container, const char *unit_dir, PreparedDisk *ret);

/* Opens the tree in it, to look into it. Returns a descriptor. Logs. */
int prepare_disk_tree(const PreparedDisk *disk, const ContainerFile *container);

/* Makes it the root of the document. Logs. */
int prepare_disk_json(const PreparedDisk *disk, const ContainerFile *container, JsonDocument *document);
