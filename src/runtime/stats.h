/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a container uses, in the words of runc's events. */

#include "basic/json-text.h"
#include "spec/spec.h"

/* Writes the member "data" of a "stats" event from the files of the cgroup. Files that do not exist (no such
 * controller, no PSI) leave members out or zero. Times are nanoseconds, as in cgroup v1. Does not log. */
void stats_append(JsonText *json, int cgroup_fd, const Spec *spec, const char *id);

/* Writes the member "intel_rdt": resources, schemata and monitoring data of the container's resctrl group,
 * as far as they exist. Does not log. In stats-resctrl.c. */
void stats_append_resctrl(JsonText *json, const SpecIntelRdt *rdt, const char *id);

/* Writes a number that may be larger than an int64. */
void stats_append_number(JsonText *json, const char *name, uint64_t value);
