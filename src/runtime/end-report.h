/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What passes between berth-run, while it waits for a container, and the container's supervisor: a file that
 * exists only while berth-run wants it. It holds a lock on it; what nobody locks is left behind and is
 * removed with the unit. The same version of the same project writes and reads it. */

#include <stdbool.h>
#include <stdint.h>

#define END_REPORT_UNKNOWN UINT64_MAX

/* Numbers that are not known are END_REPORT_UNKNOWN. */
typedef struct EndReport {
        /* berth-run's words */
        uint64_t terminal; /* number of the pty that the unit gets; unknown: none */
        uint64_t summary;  /* 1: what the container uses will be told */
        uint64_t detached; /* 1: whoever sat at the terminal has left on purpose */
        /* the supervisor's */
        uint64_t code, status; /* of the payload, as in siginfo_t; unknown: it never ran */
        uint64_t cpu_usec, memory_peak, swap_peak, io_read, io_written; /* of the scope; bytes */
        uint64_t ip_received, ip_sent;                                  /* bytes; IPAccounting= */
        uint64_t oom_kills;
        uint64_t llc_occupancy, bandwidth_total, bandwidth_local; /* of the resctrl group; bytes */
} EndReport;

/* Everything unknown. */
extern const EndReport end_report_null;

/* ---- berth-run ---- */

/* Makes the file for a container, empty and locked. The lock goes with the descriptor. Logs. -EBUSY: another
 * berth-run waits for a container of that name. */
int end_report_open(const char *id, int *ret_fd);

/* What the file says. Does not log. */
int end_report_read(int fd, EndReport *ret);

/* Replaces what it says. Does not log. */
int end_report_write(int fd, const EndReport *report);

/* Does not log. */
void end_report_remove(const char *id);

/* ---- the supervisor, berth-prepare ---- */

/* The file, if somebody wants it: -ENOENT otherwise. Does not log. */
int end_report_find(const char *id);

/* Reads the file. Returns 1 when its berth-run waits, 0 when there is no file or nobody waits. Does not log.
 */
int end_report_wanted(const char *id, EndReport *ret);

/* Whether a terminal was promised by somebody who has ended since, and has not left it on purpose. Does not
 * log. */
bool end_report_lost_terminal(const char *id);

/* Whether the terminal's end is no reason for the payload to end. Does not log. */
bool end_report_is_detached(const char *id);

/* Removes a file that nobody waits for. Does not log. */
void end_report_remove_stale(const char *id);
