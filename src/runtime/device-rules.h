/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* linux.resources.devices as the kernel enforces them, rule by rule. */

#include "spec/spec.h"

/* Lets only those devices through that the rules, and the default ones behind them, allow; beside other
 * filters of the cgroup: all have to allow. Logs. */
int device_rules_apply(const SpecResources *resources, int cgroup_fd);
