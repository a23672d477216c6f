/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a configuration needs to be run by an ordinary user. */

#include "spec/spec.h"

/* Gives a configuration without a user namespace one, when we are not root: nothing of it could be made
 * otherwise. The ids are the user's own, as root of the container, and those of /etc/subuid and /etc/subgid;
 * without these, the user's own as the process's. As from crun: a configuration made for root runs for
 * everybody (runc refuses it). Then refuses what the id mapping rules out: -EINVAL. Does nothing for root.
 * Logs. */
int rootless_adapt(Spec *spec);
