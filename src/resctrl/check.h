/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The checks behind resctrl_check(), for use by this folder only: on an open root directory. */

#include <stdbool.h>

#include "resctrl/rdt-config.h"

/* resctrl_check() once the root directory is open; lines is resctrl_config_lines(). Logs. */
int resctrl_check_at(int root_fd, const ResctrlConfig *config, const char *id, GPtrArray *lines);

/* Whether this machine has what the lines name. Logs. */
int resctrl_check_lines_at(int root_fd, GPtrArray *lines);

/* Whether this machine can allocate the resource. Does not log. */
bool resctrl_has_resource_at(int root_fd, const char *resource);

/* Whether there is a group of that name. Does not log. */
bool resctrl_group_exists_at(int root_fd, const char *group);

/* A file of the group, relative to the root directory. Caller frees. */
char *resctrl_group_file(const char *group, const char *name);
