/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Containers that are machines, too: the annotation berth.machine (Machine= in a .container file). */

#include <sys/types.h>

#include "runtime/state.h"
#include "spec/spec.h"

/* Whether the configuration asks for it: 1 or 0. All that can be refused before anything is made is refused
 * here. Logs. -EINVAL: the annotation is no boolean, or id no name for a machine; -EPERM: not root. */
int machine_wanted(const Spec *spec, const char *id);

/* Registers the container, whose init is in its scope, if the configuration asks for it. Logs. */
int machine_announce(const Spec *spec, const State *state, pid_t init);
