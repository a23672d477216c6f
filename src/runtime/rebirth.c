/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the time between two supervisors of a container: the decision whether there is a next one, and the
 * guard, which exists because systemd can change its mind when ExecStopPost= has ended: no program of the
 * unit would run then, and the container would be nobody's. */

#include "runtime/rebirth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/parse-util.h"
#include "basic/unit-name.h"
#include "runtime/params.h"
#include "runtime/service-env.h"
#include "unit/service-start.h"
#include "unit/unit-state.h"

/* Files in the unit's directory. */
#define STOPPING_FILE "stopping"
#define LEFT_FILE     "left" /* the count of crashes */

#define CRASHES_MAX         5
#define CRASHES_WINDOW_USEC (UINT64_C(10) * 60 * 1000 * 1000)

/* How often and after what time systemd is asked again when it is away, as while it executes itself anew. */
#define SYSTEMD_TRIES      50
#define SYSTEMD_PAUSE_NSEC (100 * 1000 * 1000L)

/* How long a unit may be on its way before it is looked at again. */
#define HELD_USEC (UINT64_C(2) * 1000 * 1000)

/* ---- the decision ---- */

static bool is_one_of(const char *word, const char *const *list) {
        for (; *list; list++)
                if (streq(*list, word))
                        return true;
        return false;
}

const char *rebirth_refusal(const RebirthFacts *f) {
        /* Not "timeout" or "watchdog": systemd wants an end then. */
        static const char *const accidents[] = { "signal", "core-dump", "oom-kill", NULL };
        static const char *const stops[] = { "stop", "restart", "try-restart", NULL };

        if (!f->service_result || !is_one_of(f->service_result, accidents) || !f->payload_runs)
                return "";
        if (f->stopping || (f->job && is_one_of(f->job, stops)))
                return "it is to end";
        if (f->n_crashes > CRASHES_MAX)
                return "its supervisors crash again and again";
        return NULL;
}

CrashCount crash_count_next(CrashCount count, const char *signal_name, uint64_t now_usec) {
        if (signal_name && streq(signal_name, "KILL"))
                return count;
        if (count.n == 0 || now_usec - count.since_usec > CRASHES_WINDOW_USEC)
                return (CrashCount) { .n = 1, .since_usec = now_usec };
        return (CrashCount) { .n = count.n + 1, .since_usec = count.since_usec };
}

char *crash_count_format(CrashCount count) {
        return g_strdup_printf("%u %" PRIu64 "\n", count.n, count.since_usec);
}

CrashCount crash_count_parse(const char *text) {
        CrashCount count;

        if (sscanf(text, "%u %" SCNu64, &count.n, &count.since_usec) != 2)
                return (CrashCount) { 0 };
        return count;
}

/* ---- marks ---- */

static bool has_file(int dir_fd, const char *name) {
        return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

void rebirth_mark_stopping(int unit_dir_fd) {
        _cleanup_close_ int fd = openat(
                        unit_dir_fd, STOPPING_FILE, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        (void) fd;
}

int rebirth_load_own(const char *root, const char *id, int unit_dir_fd, State **ret) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_free_ char *text = NULL;
        uint32_t pid;
        int r;

        r = read_file_at(unit_dir_fd, "pid", &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = '\0';
        r = state_try_load(root, id, &state);
        if (r < 0)
                return r;
        if (parse_uint32(text, &pid) < 0 || (pid_t) pid != state->pid)
                return -ENOENT;
        *ret = TAKE_PTR(state);
        return 0;
}

/* Waits for whoever removes the container. A directory that is gone then is none. */
static int lock_unit_dir(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 || flock(fd, LOCK_EX) < 0)
                return negative_errno();
        return has_file(fd, "params") ? TAKE_FD(fd) : -ENOENT;
}

bool rebirth_is_due(const char *root, const char *id, const char *unit_dir) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_close_ int fd = lock_unit_dir(unit_dir);

        if (fd < 0 || has_file(fd, STOPPING_FILE) || rebirth_load_own(root, id, fd, &state) < 0)
                return false;
        switch (state_status(root, state)) {
        case CONTAINER_RUNNING:
        case CONTAINER_PAUSED:
                return true;
        case CONTAINER_STOPPED:
                return has_file(fd, LEFT_FILE);
        default:
                return false;
        }
}

bool rebirth_was_to_end(const char *root, const char *id, const char *unit_dir) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_close_ int fd = lock_unit_dir(unit_dir);

        return fd >= 0 && has_file(fd, STOPPING_FILE) && rebirth_load_own(root, id, fd, &state) >= 0;
}

/* ---- ExecStopPost= ---- */

static uint64_t now_usec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_BOOTTIME, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static CrashCount count_crash(int unit_dir_fd, const char *signal_name) {
        _cleanup_free_ char *text = NULL;
        CrashCount count = { 0 };

        if (read_file_at(unit_dir_fd, LEFT_FILE, &text, NULL) >= 0)
                count = crash_count_parse(text);
        return crash_count_next(count, signal_name, now_usec());
}

static int mark_left(int unit_dir_fd, CrashCount count) {
        _cleanup_free_ char *text = crash_count_format(count);

        return write_file_atomic_at(unit_dir_fd, LEFT_FILE, text, strlen(text), 0600);
}

static bool payload_runs(const char *root, const char *id, int unit_dir_fd) {
        _cleanup_(state_freep) State *state = NULL;
        ContainerStatus status;

        if (rebirth_load_own(root, id, unit_dir_fd, &state) < 0)
                return false;
        status = state_status(root, state);
        return status == CONTAINER_RUNNING || status == CONTAINER_PAUSED;
}

static int connect_systemd(sd_event **ret_event, Manager **ret) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = manager_connect(manager_ours(), event, ret);
        if (r < 0)
                return r;
        *ret_event = TAKE_PTR(event);
        return 0;
}

/* Without it the container is only in danger of being forgotten, which is less than to be killed. */
static void start_guard(Manager *m, const char *id, const char *unit) {
        static const char program[] = BERTH_LIBEXECDIR "/berth-prepare";
        _cleanup_free_ char *escaped = unit_name_escape(id),
                            *name = g_strdup_printf(
                                            "container-rebirth-%s-%d.service", escaped, (int) getpid()),
                            *description = g_strdup_printf("New supervisor for container %s", id);
        const char *argv[] = { program, "guard", escaped, unit, NULL };

        (void) service_start_transient(m, name, description, (char *const *) argv);
}

/* -EDEADLK: the unit is to be stopped. */
static int ask_systemd(const RebirthFacts *known, const char *id, const char *unit) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(unit_state_done) UnitState state = UNIT_STATE_NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        RebirthFacts facts = *known;
        int r;

        r = connect_systemd(&event, &manager);
        if (r < 0)
                return r;
        r = unit_state_read(manager, unit, &state);
        if (r < 0)
                return r;
        facts.job = state.job;
        if (rebirth_refusal(&facts))
                return -EDEADLK;
        r = service_start_again(manager, unit, state.job);
        if (r < 0)
                return r;
        start_guard(manager, id, unit);
        return 0;
}

static int ask_systemd_patiently(const RebirthFacts *facts, const char *id, const char *unit) {
        int r = -EAGAIN;

        for (unsigned i = 0; r < 0 && r != -EDEADLK && i < SYSTEMD_TRIES; i++) {
                if (i > 0)
                        (void) nanosleep(&(struct timespec) { .tv_nsec = SYSTEMD_PAUSE_NSEC }, NULL);
                r = ask_systemd(facts, id, unit);
        }
        return r;
}

int rebirth_leave(const char *root, const char *id, int unit_dir_fd) {
        RebirthFacts facts = {
                .service_result = getenv("SERVICE_RESULT"),
                .exit_status = getenv("EXIT_STATUS"),
                .stopping = has_file(unit_dir_fd, STOPPING_FILE),
                .payload_runs = payload_runs(root, id, unit_dir_fd),
        };
        _cleanup_free_ char *unit = NULL;
        const char *refusal;
        CrashCount count;
        int r;

        count = count_crash(unit_dir_fd, facts.exit_status);
        facts.n_crashes = count.n;
        refusal = rebirth_refusal(&facts);
        if (!refusal) {
                r = service_own_unit(&unit);
                if (r >= 0)
                        r = mark_left(unit_dir_fd, count);
                if (r >= 0)
                        r = ask_systemd_patiently(&facts, id, unit);
                if (r >= 0) {
                        log_info_id(MESSAGE_SUPERVISOR_REPLACED,
                                    "The supervisor of container '%s' was killed (%s). The container goes "
                                    "on, "
                                    "and gets a new one.",
                                    id, facts.exit_status ?: "?");
                        return 1;
                }
                refusal = r == -EDEADLK ? "it is to end" : "systemd does not start a new one";
        }
        if (!isempty(refusal))
                log_warning_id(MESSAGE_SUPERVISOR_LOST,
                               "The supervisor of container '%s' was killed, and the container is removed: "
                               "%s.",
                               id, refusal);
        return 0;
}

/* ---- the guard ---- */

typedef enum Outcome {
        OUTCOME_STARTED,
        OUTCOME_ABANDONED,
} Outcome;

/* When ExecStart= runs, ExecStopPost= will: the unit looks after the container again. */
static bool is_decided(const UnitState *s, void *userdata) {
        static const char *const down[] = { "inactive", "failed", NULL };
        static const char *const up[] = { "active", "reloading", "refreshing", "activating", NULL };
        Outcome *outcome = userdata;

        if (is_one_of(s->active, down) && !s->job) {
                *outcome = OUTCOME_ABANDONED;
                return true;
        }
        *outcome = OUTCOME_STARTED;
        return is_one_of(s->active, up) && !startswith(s->sub, "auto-restart");
}

/* A start that comes now waits in rebirth_is_due(). */
static int remove_abandoned(Manager *m, const char *id, const char *unit, int (*remove)(const char *id)) {
        _cleanup_(unit_state_done) UnitState state = UNIT_STATE_NULL;
        _cleanup_free_ char *path = unit_dir_path(id);
        _cleanup_close_ int lock = path ? lock_unit_dir(path) : -ENXIO;
        Outcome outcome;
        int r;

        if (lock < 0)
                return 0;
        r = unit_state_read(m, unit, &state);
        if (r < 0)
                return r;
        if (!is_decided(&state, &outcome) || outcome != OUTCOME_ABANDONED)
                return 0;
        log_warning_id(MESSAGE_SUPERVISOR_LOST, "No new supervisor comes for container '%s': removing it.",
                       id);
        return remove(id);
}

/* A start that meets the service waiting for its RestartSec= waits, too. systemd 252 comes to that when it
 * looks at the jobs of a service that has ended in another order than usual; it was seen once in hundreds.
 */
static int release_held(Manager *m, const char *unit) {
        _cleanup_(unit_state_done) UnitState state = UNIT_STATE_NULL;
        int r;

        r = unit_state_read(m, unit, &state);
        if (r < 0 || !streq(state.sub ?: "", "auto-restart"))
                return r;
        log_info("Unit '%s' waits for its restart by itself: it is started now.", unit);
        return service_start_at_once(m, unit);
}

/* Waits until it is known what becomes of the unit. */
static int wait_for_decision(Manager *m, const char *unit, Outcome *ret) {
        int r;

        do {
                r = unit_state_wait(m, unit, is_decided, ret, HELD_USEC);
                if (r == -ETIMEDOUT) {
                        r = release_held(m, unit);
                        if (r >= 0)
                                r = -ETIMEDOUT;
                }
        } while (r == -ETIMEDOUT);
        return r;
}

static int guard_once(const char *id, const char *unit, int (*remove)(const char *id)) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        Outcome outcome;
        int r;

        r = connect_systemd(&event, &manager);
        if (r < 0)
                return r;
        r = wait_for_decision(manager, unit, &outcome);
        if (r < 0 || outcome == OUTCOME_STARTED)
                return r;
        return remove_abandoned(manager, id, unit, remove);
}

int rebirth_guard(const char *id, const char *unit, int (*remove)(const char *id)) {
        int r = -EAGAIN;

        for (unsigned i = 0; r < 0 && i < SYSTEMD_TRIES; i++) {
                if (i > 0)
                        (void) nanosleep(&(struct timespec) { .tv_nsec = SYSTEMD_PAUSE_NSEC }, NULL);
                r = guard_once(id, unit, remove);
        }
        return r;
}
