/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root file system of a container without a mount namespace of its own: a mount on the host, over the
 * directory that it is a copy of. What the container mounts lies on it and goes with it. All functions log.
 */

#include <stdbool.h>
#include <stdint.h>

#include "spec/spec.h"

bool host_root_wanted(const Spec *spec);

/* The id by which host_root_detach() will know the mount, attached or not. */
int host_root_id(int root_fd, uint64_t *ret);

/* Mounts it over path. Nothing that is mounted on it later will be seen in other mount namespaces. */
int host_root_attach(int root_fd, const char *path);

/* Makes it our root directory. */
int host_root_enter(int root_fd);

/* Takes it off again, if it is what is mounted on path. */
int host_root_detach(const char *path, uint64_t id);
