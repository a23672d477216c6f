/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* NAME.volume: a directory that containers share or keep, with Quadlet's keys as far as they make sense. */

#include "config/container-file.h"

typedef struct VolumeFile {
        char *path;
        char *volume_name;  /* NULL: that of the file */
        char *user, *group; /* numbers, or names of the root that it is first used with; NULL: not given */
        int copy;           /* -1: not given */
} VolumeFile;

/* Reads NAME.volume of the first directory that has it, and its drop-ins. Appends to messages what is wrong.
 * -ENOENT: none has; -ESHUTDOWN: it is masked. Does not log. */
int volume_file_load(
                const char *const *directories, const char *name, GPtrArray *messages, VolumeFile **ret);

void volume_file_free(VolumeFile *file);
DEFINE_CLEANUP(VolumeFile *, volume_file_free);
