/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Writes a configuration to begin with as config.json into a directory; does not overwrite one (-EEXIST).
 * Logs. */
int bundle_write_template(const char *directory, bool rootless);
