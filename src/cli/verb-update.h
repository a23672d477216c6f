/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of update, too many for the table of verbs. */

#include "cli/options.h"

extern const Option update_options[];
