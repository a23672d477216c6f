/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of checkpoint (into a CriuFlags) and restore, too many for the table of verbs. */

#include "cli/options.h"
#include "runtime/criu-flags.h"

extern const Option checkpoint_options[];
extern const Option restore_options[];

typedef struct RestoreCall {
        CriuFlags flags;
        const char *bundle;
        const char *config;
        const char *console_socket;
        const char *pid_file;
        bool detach;
} RestoreCall;
