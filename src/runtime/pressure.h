/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Memory pressure of a cgroup, told by a FIFO as of MEMORY_PRESSURE_WATCH
 * (https://systemd.io/MEMORY_PRESSURE): there is something to be read whenever there is pressure, what it is
 * does not matter. A FIFO and not a socket, since it outlives whoever writes to it: sd-event takes the end
 * of a connection for pressure, again and again. */

#include <stddef.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

/* What the kernel takes as the text of a trigger (cgroup-v2.rst, PSI). */
#define PRESSURE_TRIGGER_MAX 32

/* MEMORY_PRESSURE_WRITE for a FIFO: an end of line. With something to write, a FIFO is opened for both, and
 * that is what keeps it from a hang-up when its other side goes. */
#define PRESSURE_FIFO_WRITE "Cg=="

typedef struct PressureWatch PressureWatch;

/* Decodes what is to be written into the PSI file ($MEMORY_PRESSURE_WRITE; NULL: not set). What it cannot be
 * gives systemd's default. Returns the size. Pure. */
size_t pressure_trigger(const char *base64, char ret[static PRESSURE_TRIGGER_MAX]);

/* Makes the FIFO, or takes the one that is there. Returns it opened. Does not log. */
int pressure_fifo_open(int dir_fd, const char *name);

/* Writes the trigger into the PSI file (memory.pressure, open for writing), and tells of pressure by the
 * FIFO from now on. Takes both descriptors in any case. Logs. */
int pressure_watch_new(
                sd_event *event, const int fds[static 2] /* FIFO, PSI */, const char *trigger_base64,
                PressureWatch **ret);

/* There is pressure. If there is still something to be read from the last time, nothing is added. */
void pressure_watch_tell(PressureWatch *w);

void pressure_watch_free(PressureWatch *w);
DEFINE_CLEANUP(PressureWatch *, pressure_watch_free);
