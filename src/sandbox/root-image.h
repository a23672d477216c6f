/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A root that is a file system in a file, behind a loop device, or on a block device. */

#include "spec/spec.h"

/* A detached mount of it, which is all that holds the loop device: with the mount that is gone, too. look:
 * only to look into it, read-only, also while somebody else writes to it; otherwise who writes to a file is
 * alone with it. Returns a descriptor. Logs, name in front (NULL: nothing). -EBUSY: somebody else has the
 * file; -EPERM: we have not the right; others of loop(4) and mount(2). */
int root_image_open(const SpecRootImage *image, bool look, const char *name);
