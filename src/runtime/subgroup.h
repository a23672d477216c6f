/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Cgroups below the container's own that its init is moved to: those of crun's annotations. The limits stay
 * where they are, and so does what other verbs look at, which is recursive. */

#include "runtime/state.h"
#include "spec/spec.h"

/* The cgroup that the container sees as its root: its own, or the subgroup. NULL: none. Caller frees. */
char *subgroup_path(const State *state);

/* Moves init, which is alone in the container's cgroup, into the state's subgroup. Returns a descriptor of
 * it. Logs. */
int subgroup_enter(const State *state, int cgroup_fd, pid_t pid);

/* Moves init, whose cgroup namespace has been made, into the delegated cgroup, and gives that to the
 * container's root. Logs. */
int subgroup_delegate(const State *state, const Spec *spec, pid_t pid);
