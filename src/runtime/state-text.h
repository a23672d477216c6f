/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state of a container as the runtime-spec writes it (runtime.md, "State"): JSON for hooks. Pure. */

#include "runtime/state.h"

/* One line, with this status and pid instead of the recorded ones. Caller frees. */
char *state_text(const State *state, const char *status, pid_t pid);
