/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings of scopes as people write them ("MemoryMax=64M"), for scopes that we make ourselves: the names
 * and values of systemd.resource-control(5), systemd.kill(5), systemd.scope(5) and what of systemd.unit(5)
 * makes sense for a unit without a file. */

#include "unit/property.h"

/* Adds NAME=VALUE to the properties; a list adds to what it has, and is emptied by an empty value. Does not
 * log. Pure. -ENOENT: a scope has no such setting; -EINVAL: the value is wrong. *ret_expected (borrowed,
 * constant) says for -EINVAL what would be right. */
int property_from_text(const char *assignment, PropertyList *properties, const char **ret_expected);
