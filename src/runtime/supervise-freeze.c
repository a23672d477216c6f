/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what a frozen container needs: its watchdog fed, since it cannot do that itself, and to be thawed
 * when it has to end. It does not matter who froze it: systemctl, berth pause, or something above the scope.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/log.h"
#include "basic/parse-util.h"
#include "cgroup/cgroup.h"
#include "runtime/pause.h"
#include "runtime/state.h"

struct FreezeWatch {
        int cgroup_fd;
        int events_fd; /* its cgroup.events */
        sd_event_source *change, *timer;
        uint64_t interval_usec; /* of feeding */
        NotifyProxy *proxy;
};

/* 0: the unit has no watchdog, or it is not for us. */
static uint64_t watchdog_usec(void) {
        const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
        uint64_t value, process;

        if (!usec || parse_uint64(usec, &value) < 0 || value == UINT64_MAX)
                return 0;
        if (pid && (parse_uint64(pid, &process) < 0 || process != (uint64_t) getpid()))
                return 0;
        return value;
}

static int on_feed(sd_event_source *source, uint64_t usec, void *userdata) {
        FreezeWatch *w = userdata;
        int r;

        notify_proxy_send(w->proxy, "WATCHDOG=1");
        r = sd_event_source_set_time_relative(source, w->interval_usec);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Feeds at once in both cases: how long ago the payload did is not known; and when it goes on, it has all of
 * its time again. */
static int on_change(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        FreezeWatch *w = userdata;
        char text[128];
        int r;

        /* Reading takes the mark of a change away. A removed cgroup would have it for ever. */
        if (pread(fd, text, sizeof text, 0) < 0)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        r = cgroup_is_frozen(w->cgroup_fd);
        if (r > 0)
                return on_feed(w->timer, 0, w);
        if (sd_event_source_get_enabled(w->timer, NULL) > 0)
                notify_proxy_send(w->proxy, "WATCHDOG=1");
        return sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
}

static int watch_cgroup(Supervisor *s, const char *cgroup, uint64_t usec) {
        _cleanup_(freeze_watch_freep) FreezeWatch *w = g_new(FreezeWatch, 1);
        int r;

        *w = (FreezeWatch) {
                .cgroup_fd = cgroup_open(cgroup),
                .events_fd = -EBADF,
                .interval_usec = usec / 2,
                .proxy = s->proxy,
        };
        if (w->cgroup_fd < 0)
                return log_error_errno(w->cgroup_fd, "Failed to open cgroup '%s': %m", cgroup);
        w->events_fd = openat(w->cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
        if (w->events_fd < 0)
                return log_error_errno(errno, "Failed to open cgroup.events of '%s': %m", cgroup);

        r = sd_event_add_time_relative(s->event, &w->timer, CLOCK_MONOTONIC, 0, 0, on_feed, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_io(s->event, &w->change, w->events_fd, EPOLLPRI, on_change, w);
        /* It may be frozen already. */
        if (r >= 0)
                r = on_change(w->change, w->events_fd, 0, w);
        if (r < 0)
                return log_error_errno(r, "Failed to watch cgroup.events of '%s': %m", cgroup);
        s->freezer = TAKE_PTR(w);
        return 0;
}

int supervise_watch_freezer(Supervisor *s, const char *cgroup) {
        uint64_t usec = watchdog_usec();

        return usec > 0 ? watch_cgroup(s, cgroup, usec) : 0;
}

void supervise_change_watchdog(Supervisor *s, uint64_t usec) {
        _cleanup_(state_freep) State *state = NULL;

        freeze_watch_freep(&s->freezer);
        s->freezer = NULL;
        if (usec > 0 && usec < UINT64_MAX && state_try_load(s->root, s->id, &state) >= 0 && state->cgroup)
                (void) watch_cgroup(s, state->cgroup, usec);
}

void freeze_watch_free(FreezeWatch *w) {
        sd_event_source_disable_unref(w->change);
        sd_event_source_disable_unref(w->timer);
        closep(&w->events_fd);
        closep(&w->cgroup_fd);
        g_free(w);
}

bool supervise_is_frozen(const Supervisor *s) {
        _cleanup_(state_freep) State *state = NULL;

        return s->phase == PHASE_RUNNING && state_try_load(s->root, s->id, &state) >= 0 &&
                        state_status(s->root, state) == CONTAINER_PAUSED;
}

void supervise_let_go_on(const Supervisor *s) {
        _cleanup_(state_freep) State *state = NULL;

        if (state_try_load(s->root, s->id, &state) >= 0)
                container_let_go_on(state);
}
