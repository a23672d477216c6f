/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Capability sets of the payload, capabilities(7). */

#include <stdint.h>

#include "basic/capability-names.h"
#include "spec/spec.h"

/* Masks by capability number, as the kernel wants them. */
typedef struct CapabilityPlan {
        uint64_t sets[_SPEC_CAP_SET_MAX];
} CapabilityPlan;

/* Translates the names. One that this berth or this kernel does not know is ignored with a warning;
 * process.capabilities absent is the same as empty. Ambient loses what is not both permitted and
 * inheritable. Logs. No side effects. */
int capability_plan(const SpecProcess *process, CapabilityPlan *ret);

/* Child: leaves only what the plan has in the bounding set. Before the change of user: needs CAP_SETPCAP.
 * Logs. */
int capability_drop_bounding(const CapabilityPlan *plan);

/* Child: sets effective, permitted, inheritable and ambient, after the change of user. extra: bits that stay
 * effective and permitted besides (CAP_SYS_ADMIN for the seccomp filter); they are gone after execve(),
 * which computes both sets from bounding, inheritable and ambient. Logs. -EPERM: the message names what this
 * process lacks. */
int capability_apply(const CapabilityPlan *plan, uint64_t extra);

/* Effective capabilities of this process. Does not log. */
int capability_get_effective(uint64_t *ret);

/* Names of the capabilities that this kernel knows, in the order of their numbers, for "features". Owned by
 * the caller. */
char **capability_names(void);
