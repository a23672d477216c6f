/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns when which event is printed. What is in them is stats.c's. */

#include "runtime/events.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "basic/json-text.h"
#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "runtime/oom.h"
#include "runtime/state.h"
#include "runtime/stats.h"

typedef struct Events {
        const EventsOptions *options;
        State *state;
        Spec *spec;
        PidRef init;
        int cgroup_fd;
        int memory_fd; /* memory.events; -EBADF: no memory controller here */
        uint64_t n_killed;
} Events;

static void events_done(Events *e) {
        state_freep(&e->state);
        spec_freep(&e->spec);
        pidref_done(&e->init);
        closep(&e->cgroup_fd);
        closep(&e->memory_fd);
}

int events_interval_parse(const char *s, uint64_t *ret_usec) {
        static const struct {
                const char *unit;
                double usec;
        } units[] = {
                { "ns", 1e-3 }, { "us", 1 },  { "µs", 1 },    { "ms", 1e3 },
                { "s", 1e6 },   { "m", 6e7 }, { "h", 3.6e9 },
        };
        double sum = 0;

        while (*s) {
                const char *rest = NULL;
                double value;
                char *end;

                if (!g_ascii_isdigit(*s) && *s != '.')
                        return -EINVAL;
                value = g_ascii_strtod(s, &end);
                for (size_t i = 0; !rest && end > s && i < ELEMENTSOF(units); i++) {
                        rest = startswith(end, units[i].unit);
                        if (rest)
                                sum += value * units[i].usec;
                }
                if (!rest)
                        return -EINVAL;
                s = rest;
        }
        if (!(sum < (double) INT64_MAX))
                return -ERANGE;
        if (sum < 1)
                return -EINVAL;
        *ret_usec = (uint64_t) sum;
        return 0;
}

/* ---- printing ---- */

/* One write a line: the reader may be a program. */
static int print(const Events *e, const char *type, bool with_stats) {
        _cleanup_string_ GString *out = g_string_new(NULL);
        JsonText json;

        json_text_init(&json, out, /* indent= */ 0);
        json_text_begin_object(&json, NULL);
        json_text_string(&json, "type", type);
        json_text_string(&json, "id", e->options->id);
        if (with_stats)
                stats_append(&json, e->cgroup_fd, e->spec, e->options->id);
        json_text_end_object(&json);
        g_string_append_c(out, '\n');
        if (fputs(out->str, stdout) < 0 || fflush(stdout) < 0)
                return log_error_errno(negative_errno(), "Failed to print an event: %m");
        return 0;
}

/* ---- watching ---- */

static uint64_t now_usec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* Reading takes the mark of a change away. A cgroup that has been removed changes no more. */
static int check_memory(Events *e) {
        char text[512];
        uint64_t n;
        ssize_t size;

        if (e->memory_fd < 0)
                return 0;
        size = pread(e->memory_fd, text, sizeof text - 1, 0);
        if (size < 0) {
                closep(&e->memory_fd);
                e->memory_fd = -EBADF;
                return 0;
        }
        text[size] = '\0';
        n = cgroup_event_count(text, "oom_kill");
        if (n == e->n_killed)
                return 0;
        e->n_killed = n;
        return print(e, "oom", /* with_stats= */ false);
}

static int timeout_until(uint64_t deadline) {
        uint64_t now = now_usec();

        return now >= deadline ? 0 : (int) MIN((deadline - now + 999) / 1000, (uint64_t) INT32_MAX);
}

static int watch(Events *e) {
        uint64_t next = now_usec() + e->options->interval_usec;
        int r = 0;

        while (r >= 0) {
                struct pollfd fds[] = {
                        { .fd = e->init.fd, .events = POLLIN },
                        { .fd = e->memory_fd, .events = POLLPRI },
                };

                if (poll(fds, ELEMENTSOF(fds), timeout_until(next)) < 0) {
                        if (errno == EINTR)
                                continue;
                        return log_error_errno(negative_errno(), "Failed to wait for events: %m");
                }
                r = check_memory(e); /* Before the end, which may be its consequence. */
                if (r < 0 || fds[0].revents != 0)
                        return r;
                if (now_usec() >= next) {
                        next += e->options->interval_usec;
                        r = print(e, "stats", /* with_stats= */ true);
                }
        }
        return r;
}

static int events_open(Events *e) {
        const EventsOptions *o = e->options;
        _cleanup_free_ char *config = g_build_filename(o->root, o->id, "config.json", NULL);
        int r;

        r = state_load(o->root, o->id, &e->state);
        if (r < 0)
                return r;
        r = state_open_init(e->state, &e->init);
        if (r < 0)
                return log_error_errno(-ESRCH, "container not running: %s", o->id);
        e->cgroup_fd = e->state->cgroup ? cgroup_open(e->state->cgroup) : -ENOENT;
        if (e->cgroup_fd < 0)
                return log_error_errno(
                                e->cgroup_fd, "Failed to open the cgroup of container '%s': %m", o->id);
        return spec_load(config, e->state->bundle, &e->spec);
}

int container_events(const EventsOptions *options) {
        _cleanup_(events_done) Events e = {
                .options = options, .init = PIDREF_NULL, .cgroup_fd = -EBADF, .memory_fd = -EBADF
        };
        int r;

        r = events_open(&e);
        if (r < 0)
                return r;
        if (options->stats)
                return print(&e, "stats", /* with_stats= */ true);

        if (cgroup_read_key(e.cgroup_fd, "memory.events", "oom_kill", &e.n_killed) >= 0)
                e.memory_fd = openat(e.cgroup_fd, "memory.events", O_RDONLY | O_CLOEXEC);
        return watch(&e);
}
