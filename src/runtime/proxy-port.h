/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The proxy of a container unit: connections to sockets of systemd go on to a port or socket in the
 * container. systemd-socket-proxyd carries the bytes; here it gets into the container's network, once
 * somebody listens there. */

/* Forwards the listeners that systemd passed, one to each of the targets: the number of a TCP port, or a
 * path in the container. With one, this process becomes systemd-socket-proxyd. With several, each listener
 * gets one of its own at its first connection, and this returns when all of them have left. idle is how long
 * one stays without connections, as systemd.time(7) writes it; NULL: forever. Logs. Connections that wait
 * when a target is given up are closed, so that nobody waits for nothing. */
int proxy_ports_forward(const char *id, const char *const *targets, const char *idle);
