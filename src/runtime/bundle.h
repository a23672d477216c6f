/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Writes a configuration to begin with as file (NULL: config.json) into a directory (NULL: where we are);
 * does not overwrite one (-EEXIST). Logs. */
int bundle_write_template(const char *directory, const char *file, bool rootless);
