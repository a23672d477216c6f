/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The mount options "own" and "own-source": what belongs to the host's root in a bind mount, or to whom the
 * source belongs to, belongs to the payload's user in the container, and what that user makes belongs to the
 * other outside. */

#include "spec/spec.h"

/* The mapping of the mount's ids: those of the container with the payload's user in the place of uid and
 * gid, and the other way round. Caller releases it with spec_id_map_clear(). Pure. */
void mount_owner_map(const Spec *spec, uint32_t uid, uint32_t gid, SpecIdMap *ret);

/* Whether there may be anything to do: the payload's user is not the host's root, or somebody else's source
 * is to be the user's. Pure. */
bool mount_owner_wanted(const Spec *spec, const SpecMount *m);

/* Maps the ids of a detached mount. Where its file system cannot do that, the tree is given to the payload's
 * user for good, unless it is his already. Without the host's rights nothing is done. Logs. */
int mount_owner_apply(const Spec *spec, const SpecMount *m, int mount_fd);
