/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All that can be known to be wrong with a declared container before somebody starts it. */

#include <glib.h>

#include "config/container-file.h"

/* Checks a declaration in three steps: its own text; if that has no errors, what its values name on this
 * machine (root, bundle, users, profiles, volumes, resctrl), without changing anything; and what systemd's
 * own parser (systemd-analyze verify) says about the sections that are passed on to it, told for the lines
 * of the declaration. Appends to messages (see config/messages.h). Returns 0, also when there are errors
 * among them; -ESHUTDOWN: the name is masked; else the errno of making a temporary directory. Does not log.
 */
int verify_declaration(const ConfigFound *found, GPtrArray *messages);
