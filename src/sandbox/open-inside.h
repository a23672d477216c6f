/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Root and mount sources of who has no rights over his mount namespace: init opens them, in its own. Both
 * functions log. */

#include "sandbox/child.h"

/* In the parent: leaves it to init, and tells now what can be told now. -ENOENT: something does not exist.
 */
int open_inside_later(SandboxContext *c);

/* In the child, before it is root of the user namespace, as who we were: so paths that only the caller may
 * walk can be walked, and what belongs to ids of the user namespace can be, too. */
int open_inside(SandboxContext *c);
