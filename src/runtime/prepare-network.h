/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files by which a payload finds names and the time: hosts, resolv.conf, localtime. */

#include "config/to-json.h"

/* Adds to facts what has to be written and mounted for HostName=, AddHost=, DNS=, Timezone= and their kin;
 * without such a key, the host's resolv.conf for a root that uses the host's network. root_fd: the
 * container's root; unit_dir: where written files will be. Changes nothing. Logs. */
int prepare_network(
                const ContainerFile *container, int root_fd, const char *unit_dir, ContainerFacts *facts);
