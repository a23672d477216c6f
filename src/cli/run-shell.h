/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/run-options.h"

/* Does what --shell stands for, if it was given. Logs. -EINVAL: there is a command, too. */
int run_shell_apply(RunCall *call);
