/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two ends of a container unit: what has to exist before the container is made, and what must be gone
 * after it. */

#include <stdbool.h>

#include "config/container-file.h"

/* File in the unit's directory with the name of the resctrl group, while the unit has one. */
#define RESCTRL_FILE "resctrl"

/* Checks all that prepare_start() checks, and changes nothing. Logs; the same outcomes. */
int prepare_check(const char *id);

/* The same for a declaration without errors that the caller has read; whether a container of that name runs
 * does not matter. */
int prepare_check_declared(ContainerFile *container);

/* Checks everything, then makes the unit's directory (see params.h) with config.json, params and notify/,
 * and the resctrl group if one is configured. What an earlier run of the unit left behind is removed first.
 * On failure nothing is left. A container of this unit whose supervisor died (see rebirth.h) stays as it is,
 * and so does all that belongs to it. declared is the name of its declaration, another than id for the
 * container of a connection. Logs. -EBUSY: a container of that name is running; otherwise as
 * prepare_config(). */
int prepare_start(const char *id, const char *declared);

/* Whether prepare_start() has been run for this start of the unit, by an ExecStartPre=. Does not log. */
bool prepare_is_done(const char *id);

/* Removes the container and all that prepare_start() made, whatever state it is in; again and again without
 * harm. Does not touch a container of the same name that is not the unit's. Logs; goes on after a failure
 * and returns the first one. */
int prepare_stop(const char *id);

/* ExecStopPost=: prepare_stop(), or nothing when the container waits for a new supervisor. systemd does not
 * start the unit of a connection again. Logs. */
int prepare_end(const char *id, const char *declared);

/* Stays until the unit of such a container has been started, and does prepare_stop() if it is not. Logs. */
int prepare_guard(const char *id, const char *unit);
