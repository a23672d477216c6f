/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What becomes of a container whose supervisor has died: when it goes on, and who sees to it that there is a
 * new supervisor, or else no container. */

#include <stdbool.h>
#include <stdint.h>

#include "runtime/state.h"

/* ---- the decision: pure ---- */

typedef struct RebirthFacts {
        const char *service_result; /* $SERVICE_RESULT of ExecStopPost=; NULL: not run by it */
        const char *exit_status;    /* $EXIT_STATUS: the signal's name without "SIG" */
        const char *job;            /* kind of the unit's job; NULL: none */
        bool payload_runs;
        bool stopping;      /* somebody asked for the end */
        unsigned n_crashes; /* of supervisors of this container lately, the latest one included */
} RebirthFacts;

/* NULL: the container is left for a new supervisor. Otherwise why it is not; "" when there is nothing to
 * say. */
const char *rebirth_refusal(const RebirthFacts *facts);

/* Crashes are counted for a while: a supervisor that crashes each time does not come back for ever. */
typedef struct CrashCount {
        unsigned n;
        uint64_t since_usec; /* of the first one, CLOCK_BOOTTIME */
} CrashCount;

/* The count after a death at now_usec by the signal with that name. SIGKILL is what others send, and does
 * not count. */
CrashCount crash_count_next(CrashCount count, const char *signal_name, uint64_t now_usec);

/* The file in which it is kept. A text of another form counts as none. Caller frees. */
char *crash_count_format(CrashCount count);
CrashCount crash_count_parse(const char *text);

/* ---- marks in the unit's directory ---- */

/* Somebody wants the container to end: it will not be left behind from now on. Does not log. */
void rebirth_mark_stopping(int unit_dir_fd);

/* Loads the state of the unit's own container, not of another one of that name. Does not log. -ENOENT: there
 * is none. */
int rebirth_load_own(const char *root, const char *id, int unit_dir_fd, State **ret);

/* Whether the container that is there waits for a supervisor: it runs, or it ended since the last one died
 * and nobody has told. Nobody removes it while this looks. Does not log. */
bool rebirth_is_due(const char *root, const char *id, const char *unit_dir);

/* Whether the container that is there is the unit's own and was to end. Does not log. */
bool rebirth_was_to_end(const char *root, const char *id, const char *unit_dir);

/* ---- doing it ---- */

/* From ExecStopPost=: decides from its environment, and has systemd start the unit again. Returns 1 when the
 * container is left, 0 when it is to be removed. Logs. */
int rebirth_leave(const char *root, const char *id, int unit_dir_fd);

/* Waits until the unit of a container that was left is being started. When that does not come, because
 * somebody stopped it or systemd refuses, the container is removed by calling remove(). Logs. */
int rebirth_guard(const char *id, const char *unit, int (*remove)(const char *id));
