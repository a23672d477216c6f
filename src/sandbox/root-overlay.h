/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A root made of several directories (Documentation/filesystems/overlayfs.rst). */

#include "spec/spec.h"

/* Makes the overlay as a detached mount and returns its descriptor. In a user namespace it is made with
 * userxattr. Logs; -EPERM, which the caller may have an answer to, does not. */
int root_overlay_open(const Spec *spec);

/* The same for layers alone, to look into them. */
int root_overlay_open_lower(char **lower);
