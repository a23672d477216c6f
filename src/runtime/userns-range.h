/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ranges of ids of which each container has one that no other has. What is given away is a file for each
 * range, "FIRST-SIZE", with the name of the container in it. */

#include <stdint.h>

#include "spec/spec.h"

#define USERNS_REGISTRY "/run/berth-userns"

/* Picks size ids for a container, the same as before if nobody else has them by now: from what "containers"
 * has in /etc/subuid and /etc/subgid, or else from those that systemd sets aside for containers. Changes
 * nothing. Logs. -ENOSPC: all are in use. */
int userns_range_pick(const char *id, uint32_t size, uint32_t *ret_first);

/* The name of its file; caller frees. Pure. */
char *userns_range_name(uint32_t first, uint32_t size);

/* Takes what was picked. Logs. -EAGAIN, which is not logged: somebody else has taken a part of it meanwhile.
 */
int userns_range_take(const char *id, uint32_t first, uint32_t size);

/* Gives it back, if it is that container's. Logs. */
int userns_range_give_back(const char *id, const char *name);
