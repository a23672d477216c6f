/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* linux.resources and annotations of a configuration as unit properties. Pure: text and numbers in,
 * properties out. */

#include <stdbool.h>

#include "spec/spec.h"
#include "unit/property.h"

/* Translates resource limits into properties of the scope. devices: the device rules, too (with the
 * runtime-spec's default devices always allowed; a create wants them, an update leaves them as they are, and
 * a user's systemd cannot apply them). What has no property comes back as settings for
 * cgroup_write_settings() ("cpu.max.burst=1000", with a "-" in front when a missing file is no error), a
 * NULL-terminated list that the caller frees; never NULL. v1-only values are ignored. Logs one message that
 * names the JSON pointer. -EINVAL: a value out of its range, or values that contradict. Source: runtime-spec
 * config-linux.md "Control groups", systemd.resource-control(5). */
int properties_from_resources(
                const SpecResources *resources, bool devices, PropertyList *properties,
                char ***ret_settings);

/* Whether the properties for the device rules allow more than the rules do, as systemd has no exceptions:
 * then they have to be enforced beside it. Pure. */
bool properties_need_device_filter(const SpecResources *resources);

/* Annotations "org.systemd.property.NAME": the value is a GVariant text ("uint64 5", "'str'",
 * "['a.service']"). NAME that ends in Sec takes seconds and sets NAME with USec, as runc and crun do. Others
 * win over what is in the list. Logs. -EINVAL: not a property name, or not a value of its type. */
int properties_from_annotations(const SpecPairs *annotations, PropertyList *properties);
