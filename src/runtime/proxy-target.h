/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who listens in a container, from the inside of its network. */

#include <stdbool.h>
#include <stdint.h>

/* What systemd-socket-proxyd has to connect to for a TCP port: an address on which somebody listens in the
 * network namespace that procfs says is ours. Nobody is connected to, since that would be a connection to
 * the payload. -ECONNREFUSED: nobody listens. Caller frees. Does not log. */
int proxy_target_tcp(uint16_t port, char **ret);

/* The same for the text of a table of sockets as of /proc/net/tcp (or tcp6): whether one of its lines is a
 * listener on that port on a loopback address or on all; *ret_address is what to connect to. Caller frees.
 * Pure. */
bool proxy_target_in_table(const char *table, uint16_t port, char **ret_address);

/* The same for a socket at a path below root_fd, links resolved in there. Returns a descriptor (O_PATH) that
 * stands for it. Somebody is connected to, since a file does not say whether anybody listens.
 * -ECONNREFUSED, -ENOENT: not yet; -ENOTSOCK: something else is there. Does not log. */
int proxy_target_unix(int root_fd, const char *path);
