/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What can be found wrong with berth-run's command line without looking anywhere else. All of it logs, and
 * returns -EINVAL. */

#include "cli/run-options.h"

/* Whether a value is one of those that the placeholder of its option stands for. NULL: a switch. */
int run_check_value(const char *option, const char *placeholder, const char *value);

/* Whether this system's systemd-run has an option that came with a version. -EOPNOTSUPP: it has not. */
int run_check_since(const char *option, int version);

/* Whether what was given makes sense together. */
int run_check_together(const RunCall *call);

/* The kind of unit that is to start the container later: "timer", "path" or "socket"; NULL: none. */
const char *run_trigger(const RunCall *call);
