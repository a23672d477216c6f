/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns when a container's health is checked, and what follows from the results. The rules are in health.c.
 * There is one check at a time, and none while the container is frozen or about to end. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/log.h"
#include "basic/message-id.h"
#include "runtime/health-record.h"
#include "runtime/service-env.h"
#include "runtime/supervise-command.h"
#include "runtime/timestamp.h"
#include "unit/service.h"

/* As systemd's, when it does not tell. */
#define STOP_TIMEOUT_DEFAULT_USEC (90 * UINT64_C(1000000))

struct HealthMonitor {
        Health health;
        sd_event_source *next, *deadline, *input;
        Command command;
        bool timed_out;
        bool ready; /* systemd has been told so by us */
        bool acted; /* the container is about to end because of us */
        int output_fd;
        char output[HEALTH_OUTPUT_MAX + 1];
        size_t output_size;
        char *begun; /* of the check that runs */
};

static void close_output(HealthMonitor *m) {
        m->input = sd_event_source_disable_unref(m->input);
        closep(&m->output_fd);
        m->output_fd = -EBADF;
}

void supervise_health_free(HealthMonitor *m) {
        sd_event_source_disable_unref(m->next);
        sd_event_source_disable_unref(m->deadline);
        close_output(m);
        command_done(&m->command);
        g_free(m->begun);
        g_free(m);
}

static uint64_t now_usec(const Supervisor *s) {
        uint64_t usec;

        return sd_event_now(s->event, CLOCK_MONOTONIC, &usec) < 0 ? 0 : usec;
}

/* Sources stay for the life of the monitor; FOREVER leaves one off. */
static void arm(sd_event_source *timer, uint64_t after_usec) {
        if (after_usec == TIME_SPAN_FOREVER) {
                (void) sd_event_source_set_enabled(timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time_relative(timer, after_usec);
        (void) sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static bool is_over(const Supervisor *s) {
        return s->phase != PHASE_RUNNING || s->stop_requested || s->health->acted;
}

static void arm_next(Supervisor *s) {
        if (!is_over(s))
                arm(s->health->next,
                    health_next_interval(&s->health->health, &s->params.health, now_usec(s)));
}

/* ---- what follows from a status ---- */

static int on_stop_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *s = userdata;

        log_warning("Container '%s' has not ended in time: it is killed.", s->id);
        (void) pidref_kill(&s->init, SIGKILL);
        return 0;
}

/* TimeoutStopSec= of the unit. */
static uint64_t stop_timeout(const Supervisor *s) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_free_ char *unit = NULL;
        uint64_t usec;

        if (service_own_unit(&unit) < 0 || manager_connect(manager_ours(), s->event, &manager) < 0 ||
            service_stop_timeout(manager, unit, &usec) < 0)
                return STOP_TIMEOUT_DEFAULT_USEC;
        return usec;
}

/* systemd does not know yet that the payload is to end, so that the restart is not one that it asked for;
 * so it is us who wait as long as the unit says. */
static void stop_for_restart(Supervisor *s) {
        uint64_t timeout;

        s->restart_wanted = true;
        supervise_signal_payload(s, s->params.stop_signal);
        timeout = stop_timeout(s);
        if (timeout != TIME_SPAN_FOREVER &&
            sd_event_add_time_relative(s->event, NULL, CLOCK_MONOTONIC, timeout, 0, on_stop_timeout, s) < 0)
                (void) pidref_kill(&s->init, SIGKILL);
}

static void act(Supervisor *s) {
        HealthAction action = s->params.health.on_failure;

        if (action == HEALTH_ACTION_STATUS)
                return;
        s->health->acted = true;
        log_warning_id(MESSAGE_HEALTH_ACTION, "Container '%s' is unhealthy: HealthOnFailure=%s", s->id,
                       health_action_to_string(action));
        if (action == HEALTH_ACTION_RESTART)
                stop_for_restart(s);
        else if (action == HEALTH_ACTION_STOP)
                supervise_request_stop(s);
        else
                (void) pidref_kill(&s->init, SIGKILL);
}

static void tell(Supervisor *s, const char *last) {
        const HealthMonitor *m = s->health;
        _cleanup_free_ char *text = health_status_text(&m->health, last);

        notify_proxy_set_status(s->proxy, text);
        if (m->health.status == HEALTH_UNHEALTHY)
                log_warning_id(MESSAGE_UNHEALTHY, "Container '%s' is %s%s%s", s->id, text,
                               m->output_size > 0 ? ": " : "", m->output);
        else
                log_info("Container '%s' is %s.", s->id, text);
}

static void record(Supervisor *s, const HealthResult *result) {
        HealthMonitor *m = s->health;
        _cleanup_free_ char *end = timestamp_now();
        const HealthRecord r = {
                .status = m->health.status,
                .failing_streak = m->health.failing_streak,
                .start = m->begun,
                .end = m->begun ? end : NULL,
                .exit_code = !result || result->timed_out    ? -1
                                : result->code == CLD_EXITED ? result->status
                                                             : 128 + result->status,
                .output = m->output,
        };
        int k;

        k = health_record_write(s->root, s->id, &r);
        if (k < 0 && k != -ENOENT)
                (void) log_warning_errno(k, "Failed to record the health of '%s': %m", s->id);
}

static void take_result(Supervisor *s, const HealthResult *result) {
        const HealthParams *params = &s->params.health;
        HealthMonitor *m = s->health;
        bool good = health_result_is_good(result), changed;
        _cleanup_free_ char *last = health_result_describe(result, params->timeout_usec);

        if (!good)
                log_debug("Health check of '%s' failed: %s: %s", s->id, last, m->output);
        changed = health_update(&m->health, params, good, now_usec(s));
        record(s, result);
        if (good && s->params.notify == NOTIFY_MODE_HEALTHY && !m->ready) {
                m->ready = true;
                supervise_say_ready(s);
        }
        if (!changed)
                return;
        tell(s, last);
        if (m->health.status == HEALTH_UNHEALTHY)
                act(s);
}

/* ---- a check ---- */

/* The beginning is kept; the rest has to be read, too, or the check would hang. */
static ssize_t read_output(HealthMonitor *m) {
        char rest[4096];
        size_t room = HEALTH_OUTPUT_MAX - m->output_size;
        ssize_t n;

        n = read(m->output_fd, room > 0 ? m->output + m->output_size : rest, room > 0 ? room : sizeof rest);
        if (n > 0 && room > 0)
                m->output_size += (size_t) n;
        return n;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Supervisor *s = userdata;
        ssize_t n = read_output(s->health);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                close_output(s->health);
        return 0;
}

static bool is_text(unsigned char c) {
        return c >= ' ' && c != 0x7f;
}

/* What berth exec says itself has a level in front, for the journal. */
static const char *behind_level(const char *text) {
        return text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>' ? text + 3 : text;
}

/* One line of valid text, for people. */
static void end_output(HealthMonitor *m) {
        _cleanup_free_ char *valid = NULL;

        while (m->output_fd >= 0 && m->output_size < HEALTH_OUTPUT_MAX && read_output(m) > 0)
                ;
        close_output(m);
        m->output[m->output_size] = '\0';
        valid = g_utf8_make_valid(m->output, (gssize) strlen(m->output));
        g_strstrip(valid);
        (void) g_strlcpy(m->output, behind_level(valid), sizeof m->output);
        for (char *p = m->output; *p; p++)
                if (!is_text((unsigned char) *p))
                        *p = ' ';
        m->output_size = strlen(m->output);
}

static int start_check(Supervisor *s) {
        HealthMonitor *m = s->health;
        _cleanup_close_ int write_fd = -EBADF;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return log_error_errno(errno, "Failed to make a pipe: %m");
        m->output_fd = fds[0];
        write_fd = fds[1];
        (void) fcntl(m->output_fd, F_SETFL, O_NONBLOCK); /* not for the check, which writes */
        m->output_size = 0;
        m->timed_out = false;
        r = sd_event_add_io(s->event, &m->input, m->output_fd, EPOLLIN, on_output, s);
        if (r < 0)
                return log_error_errno(r, "Failed to watch a health check: %m");
        g_free(m->begun);
        m->begun = timestamp_now();
        r = command_start(&m->command, s, s->params.health.command, write_fd, write_fd);
        if (r < 0)
                return r;
        arm(m->deadline, s->params.health.timeout_usec);
        return 0;
}

static int on_next(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *s = userdata;

        if (is_over(s))
                return 0;
        if (!supervise_is_frozen(s)) {
                if (start_check(s) >= 0)
                        return 0;
                close_output(s->health);
        }
        arm_next(s);
        return 0;
}

/* A check that is frozen with its container has all the time that it needs. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *s = userdata;
        HealthMonitor *m = s->health;

        if (supervise_is_frozen(s)) {
                arm(m->deadline, s->params.health.timeout_usec);
                return 0;
        }
        m->timed_out = true;
        command_kill(&m->command);
        return 0;
}

bool supervise_health_reaped(Supervisor *s, const siginfo_t *si) {
        HealthMonitor *m = s->health;
        HealthResult result = { .code = si->si_code, .status = si->si_status };

        if (!m || m->command.pid <= 0 || si->si_pid != m->command.pid)
                return false;
        arm(m->deadline, TIME_SPAN_FOREVER);
        command_ended(&m->command, /* kill_rest= */ true);
        end_output(m);
        result.timed_out = m->timed_out;
        result.output = m->output;
        /* A container that is frozen in this moment let nobody in. */
        if (!is_over(s) && (health_result_is_good(&result) || !supervise_is_frozen(s)))
                take_result(s, &result);
        arm_next(s);
        return true;
}

/* ---- life ---- */

static int add_timer(
                Supervisor *s, sd_event_source **ret, uint64_t after_usec, sd_event_time_handler_t handler) {
        int r;

        r = sd_event_add_time_relative(s->event, ret, CLOCK_MONOTONIC, 0, 0, handler, s);
        if (r < 0)
                return log_error_errno(r, "Failed to add a timer for health checks: %m");
        arm(*ret, after_usec);
        return 0;
}

/* What an earlier supervisor has found out. If it was about to act on that, a failure more does it again. */
static void recall(Supervisor *s, const HealthRecord *before) {
        Health *h = &s->health->health;

        h->status = before->status;
        h->failing_streak = before->failing_streak;
        if (h->status == HEALTH_UNHEALTHY && s->params.health.on_failure != HEALTH_ACTION_STATUS) {
                h->status = HEALTH_STARTING;
                h->started_usec = 0;
        }
}

int supervise_health_start(Supervisor *s) {
        _cleanup_(health_record_done) HealthRecord before = { 0 };
        HealthMonitor *m;
        int r;

        if (!s->params.health.command)
                return 0;
        m = s->health = g_new0(HealthMonitor, 1);
        m->output_fd = -EBADF;
        m->command = COMMAND_NULL("berth-health");
        m->health.started_usec = now_usec(s);
        if (health_record_read(s->root, s->id, &before) >= 0)
                recall(s, &before);
        else
                record(s, NULL);
        notify_proxy_set_status(s->proxy, health_status_to_string(m->health.status));
        r = add_timer(s, &m->deadline, TIME_SPAN_FOREVER, on_deadline);
        return r < 0 ? r : add_timer(s, &m->next, 0, on_next);
}
