/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of capabilities, capabilities(7). */

#include <linux/capability.h>
#include <stdint.h>

/* How many there are that have names here. */
#define CAPABILITY_COUNT 41U

#define CAPABILITY_BIT(cap) (UINT64_C(1) << (cap))
#define CAPABILITY_ALL      (CAPABILITY_BIT(CAPABILITY_COUNT) - 1)

/* "CAP_CHOWN" for the number; cap has to be below CAPABILITY_COUNT. Pure. */
const char *capability_name(unsigned cap);

/* "CAP_CHOWN" (or "chown", in any case) to its number; -EINVAL when there is none. Pure. */
int capability_from_name(const char *name);
