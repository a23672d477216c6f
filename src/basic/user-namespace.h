/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who we are, when there are user namespaces. Nothing here logs. */

#include <stdbool.h>

/* Whether we are in the user namespace that the kernel began with. Its inode has the same number on each
 * machine; what the id maps look like proves nothing, since another one may map everything to itself. True
 * without a procfs. */
bool user_namespace_is_initial(void);

/* Whether the system is ours to administer: uid 0, and what is root's there is root's here. True for root of
 * a machine and of a container that is one (its /run is its own); false for uid 0 that is an ordinary user
 * in a user namespace of his own ("unshare -r", "podman unshare"). */
bool system_is_ours(void);
