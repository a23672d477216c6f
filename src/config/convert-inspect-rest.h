/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/conversion.h"
#include "spec/json.h"

/* What has no key of [Container]: limits become settings of the unit, and all that is neither converted nor
 * the same here without being said becomes a comment. Pure. */
void convert_inspect_rest(Conversion *c, JsonValue container, JsonValue config, JsonValue host);
