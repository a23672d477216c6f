/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a declaration says about reload and health, as the supervisor needs it. */

#include "config/container-file.h"
#include "runtime/params.h"

/* Fills in these members of params, with defaults for what is not given. Pure. */
void prepare_life(const ContainerFile *container, UnitParams *params);
