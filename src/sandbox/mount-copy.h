/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The mount option "copy": a new file system in memory with copies of the files of a directory of the host.
 * They are the payload's alone: its user owns them, nobody can write to them, and they are gone with the
 * last process that sees them. */

#include "spec/spec.h"

/* The files of a directory, in memory. */
typedef struct MountCopy MountCopy;

/* Reads the regular files of the mount's source; what is deeper is left out. Logs. -EFBIG: more than 16 MiB.
 */
int mount_copy_read(const SpecMount *m, MountCopy **ret);

/* Overwrites what was read. NULL is nothing. */
void mount_copy_free(MountCopy *copy);

/* In the child: makes the mount with all of its attributes, detached. Logs. Returns the descriptor. */
int mount_copy_make(const MountCopy *copy, const Spec *spec, const SpecMount *m);
