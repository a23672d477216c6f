/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Hooks that run after create: which there are is in the state, so that verbs without them read no
 * configuration. */

#include "runtime/state.h"
#include "spec/spec.h"

/* What State.late_hooks is: the names of the kinds that the configuration has, NULL: none. Caller frees. */
char *late_hooks_of(const Spec *spec);

/* Runs the hooks of a kind (poststart, poststop) if the container has any. root: where the state directory
 * is. Logs. The outcomes of hooks_run() and spec_load(). */
int late_hooks_run(const char *root, const State *state, SpecHookKind kind, const char *status);
