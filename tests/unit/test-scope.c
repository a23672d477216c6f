/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The start of a scope against a systemd that answers by script, in the same event loop. What a real one
 * does with it is tested in the machine. */

#include <sys/socket.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "basic/process-util.h"
#include "unit/bus.h"
#include "unit/scope.h"

#define JOB       "/org/freedesktop/systemd1/job/7"
#define OTHER_JOB "/org/freedesktop/systemd1/job/8"

typedef enum Answer {
        ANSWER_OK,
        ANSWER_JOB,
        ANSWER_ERROR,   /* name in arg */
        ANSWER_UNKNOWN, /* property in arg is not known */
        ANSWER_STATE,   /* in arg */
        ANSWER_PROCESS, /* one */
        ANSWER_NO_PROCESS,
        ANSWER_NOTHING,
} Answer;

typedef enum Event {
        EVENT_NONE,
        EVENT_JOB,     /* JobRemoved with the result in event_arg, after that of another job */
        EVENT_REMOVED, /* UnitRemoved of our unit, after that of another one */
        EVENT_CLOSE,
} Event;

/* One call that is expected, how it is answered, and what happens then. */
typedef struct Step {
        const char *method;
        Answer answer;
        const char *arg;
        Event event;
        const char *event_arg;
} Step;

#define MAX_STEPS 8

typedef struct Case {
        const char *name;
        Step steps[MAX_STEPS];
        bool in_scope; /* the process is where the job is said to have moved it */
        int error;
        const char *message; /* part of the one error message */
} Case;

#define START  "StartTransientUnit"
#define UNDO   { "StopUnit", ANSWER_ERROR, ERROR_NO_SUCH_UNIT }
#define EXISTS { START, ANSWER_ERROR, ERROR_UNIT_EXISTS }

static const Case cases[] = {
        { "done", { { START, ANSWER_JOB, NULL, EVENT_JOB, "done" } }, true, 0 },
        { "refused",
          { { START, ANSWER_ERROR, SD_BUS_ERROR_ACCESS_DENIED } },
          true,
          -EACCES,
          "words of systemd" },
        { "job-failed", { { START, ANSWER_JOB, NULL, EVENT_JOB, "failed" }, UNDO }, true, -EIO, "'failed'" },
        { "undone",
          { { START, ANSWER_JOB, NULL, EVENT_JOB, "timeout" },
            { "StopUnit", ANSWER_JOB },
            { "ResetFailedUnit" } },
          true,
          -EIO,
          "'timeout'" },
        { "optional-property",
          { { START, ANSWER_UNKNOWN, "Newer" }, { START, ANSWER_JOB, NULL, EVENT_JOB, "done" } },
          true,
          0 },
        { "needed-property", { { START, ANSWER_UNKNOWN, "MemoryMax" } }, true, -EROFS, "MemoryMax" },
        { "not-moved",
          { { START, ANSWER_JOB, NULL, EVENT_JOB, "done" },
            { START, ANSWER_JOB, NULL, EVENT_JOB, "done" },
            UNDO },
          false,
          -EIO,
          "says that it created" },
        { "exists-failed",
          { EXISTS,
            { "Get", ANSWER_STATE, "failed" },
            { "ResetFailedUnit" },
            { START, ANSWER_JOB, NULL, EVENT_JOB, "done" } },
          true,
          0 },
        { "exists-running",
          { EXISTS, { "Get", ANSWER_STATE, "active" }, { "GetUnitProcesses", ANSWER_PROCESS } },
          true,
          -EEXIST,
          "process 42 (sleep 1000)" },
        { "exists-going",
          { EXISTS,
            { "Get", ANSWER_STATE, "active" },
            { "GetUnitProcesses", ANSWER_NO_PROCESS },
            { "StopUnit", ANSWER_NOTHING, NULL, EVENT_REMOVED },
            { START, ANSWER_JOB, NULL, EVENT_JOB, "done" } },
          true,
          0 },
        { "exists-gone-meanwhile",
          { { START, ANSWER_ERROR, ERROR_UNIT_EXISTS, EVENT_REMOVED },
            { "Get", ANSWER_ERROR, SD_BUS_ERROR_UNKNOWN_OBJECT },
            { START, ANSWER_JOB, NULL, EVENT_JOB, "done" } },
          true,
          0 },
        { "exists-removed-before-asked",
          { { START, ANSWER_ERROR, ERROR_UNIT_EXISTS, EVENT_REMOVED },
            { "Get", ANSWER_STATE, "deactivating" },
            { "GetUnitProcesses", ANSWER_ERROR, ERROR_NO_SUCH_UNIT },
            { START, ANSWER_JOB, NULL, EVENT_JOB, "done" } },
          true,
          0 },
        { "closed-in-call",
          { { START, ANSWER_NOTHING, NULL, EVENT_CLOSE } },
          true,
          -ECONNRESET,
          "closed the connection" },
        { "closed-in-job",
          { { START, ANSWER_JOB, NULL, EVENT_CLOSE } },
          true,
          -ECONNRESET,
          "closed the connection" },
};

typedef struct Fake {
        sd_bus *bus;
        const Step *step;
        const char *unit;
        bool wrong;
} Fake;

typedef struct Outcome {
        int calls, error;
        char *path;
} Outcome;

static void answer(Fake *fake, sd_bus_message *call, const Step *step) {
        switch (step->answer) {
        case ANSWER_OK:
                g_assert_cmpint(sd_bus_reply_method_return(call, NULL), >=, 0);
                break;
        case ANSWER_JOB:
                g_assert_cmpint(sd_bus_reply_method_return(call, "o", JOB), >=, 0);
                break;
        case ANSWER_ERROR:
                g_assert_cmpint(sd_bus_reply_method_errorf(call, step->arg, "words of systemd"), >=, 0);
                break;
        case ANSWER_UNKNOWN:
                g_assert_cmpint(sd_bus_reply_method_errorf(
                                                call, SD_BUS_ERROR_PROPERTY_READ_ONLY,
                                                "Cannot set property %s, or unknown property.", step->arg),
                                >=, 0);
                break;
        case ANSWER_STATE:
                g_assert_cmpint(sd_bus_reply_method_return(call, "v", "s", step->arg), >=, 0);
                break;
        case ANSWER_PROCESS:
                g_assert_cmpint(sd_bus_reply_method_return(call, "a(sus)", 1, "/a.scope", 42, "sleep 1000"),
                                >=, 0);
                break;
        case ANSWER_NO_PROCESS:
                g_assert_cmpint(sd_bus_reply_method_return(call, "a(sus)", 0), >=, 0);
                break;
        case ANSWER_NOTHING:
                break;
        }
}

static void signal_job(Fake *fake, const char *job, const char *result) {
        g_assert_cmpint(sd_bus_emit_signal(
                                        fake->bus, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved", "uoss", 7,
                                        job, fake->unit, result),
                        >=, 0);
}

static void signal_removed(Fake *fake, const char *unit) {
        g_assert_cmpint(sd_bus_emit_signal(
                                        fake->bus, SYSTEMD_PATH, SYSTEMD_MANAGER, "UnitRemoved", "so", unit,
                                        "/unit"),
                        >=, 0);
}

static void happen(Fake *fake, const Step *step) {
        if (step->event == EVENT_JOB) {
                signal_job(fake, OTHER_JOB, "canceled");
                signal_job(fake, JOB, step->event_arg);
        } else if (step->event == EVENT_REMOVED) {
                signal_removed(fake, "other.scope");
                signal_removed(fake, fake->unit);
        } else if (step->event == EVENT_CLOSE)
                sd_bus_close(fake->bus);
}

static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        const Step *step;
        Fake *fake = userdata;

        if (!sd_bus_message_is_method_call(call, NULL, NULL))
                return 0;
        step = fake->step++;
        if (!step->method || !streq(step->method, sd_bus_message_get_member(call))) {
                g_test_message("expected %s, got %s", step->method ?: "nothing",
                               sd_bus_message_get_member(call));
                fake->wrong = true;
                sd_bus_close(fake->bus);
                return 1;
        }
        answer(fake, call, step);
        happen(fake, step);
        return 1;
}

static void fake_start(Fake *fake, sd_event *event, int fd) {
        sd_id128_t id;

        g_assert_cmpint(sd_id128_randomize(&id), >=, 0);
        g_assert_cmpint(sd_bus_new(&fake->bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(fake->bus, fd, fd), >=, 0);
        g_assert_cmpint(sd_bus_set_server(fake->bus, true, id), >=, 0);
        g_assert_cmpint(sd_bus_start(fake->bus), >=, 0);
        g_assert_cmpint(sd_bus_add_filter(fake->bus, NULL, on_call, fake), >=, 0);
        g_assert_cmpint(sd_bus_attach_event(fake->bus, event, 0), >=, 0);
}

static Manager *manager_to(sd_event *event, int fd) {
        Manager *m = g_new0(Manager, 1);

        m->event = sd_event_ref(event);
        m->private_socket = true;
        m->description = g_strdup("the test");
        g_assert_cmpint(sd_bus_new(&m->bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(m->bus, fd, fd), >=, 0);
        g_assert_cmpint(sd_bus_start(m->bus), >=, 0);
        g_assert_cmpint(sd_bus_attach_event(m->bus, event, 0), >=, 0);
        return m;
}

static void on_done(int error, const char *cgroup_path, void *userdata) {
        Outcome *outcome = userdata;

        outcome->calls++;
        outcome->error = error;
        outcome->path = g_strdup(cgroup_path);
}

static void collect(int level, int err, const char *message, void *userdata) {
        if (level <= LOG_ERR)
                g_string_append_printf(userdata, "%s\n", message);
}

static bool run_case(const Case *c, const char *unit, Outcome *ret, GString *messages) {
        _cleanup_(property_list_freep) PropertyList *properties = property_list_new();
        ScopeOptions options = { .name = unit, .pid = getpid(), .properties = properties };
        _cleanup_(scope_start_freep) ScopeStart *start = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *m = NULL;
        Fake fake = { .step = c->steps, .unit = unit };
        int pair[2];

        property_set_uint64(properties, "MemoryMax", 1);
        property_set_optional(properties, "Newer", g_variant_new_uint64(1));
        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        fake_start(&fake, event, pair[0]);
        m = manager_to(event, pair[1]);

        log_set_sink(collect, messages);
        g_assert_cmpint(scope_start(m, &options, on_done, ret, &start), ==, 0);
        while (ret->calls == 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
        log_set_sink(NULL, NULL);
        sd_bus_close_unref(fake.bus);
        return !fake.wrong && !fake.step->method;
}

static unsigned count_lines(const char *s) {
        unsigned n = 0;

        for (; *s; s++)
                n += *s == '\n';
        return n;
}

static void test_case(gconstpointer data) {
        _cleanup_string_ GString *messages = g_string_new(NULL);
        _cleanup_free_ char *own = NULL;
        Outcome outcome = { 0 };
        const Case *c = data;
        const char *unit;

        if (pid_cgroup(0, &own) < 0) {
                g_test_skip("there is no unified cgroup hierarchy");
                return;
        }
        /* The start takes the last part of the process's cgroup for the unit: ours has the name that it has.
         */
        unit = c->in_scope ? strrchr(own, '/') + 1 : "elsewhere.scope";
        g_assert_true(run_case(c, unit, &outcome, messages));
        g_assert_cmpint(outcome.calls, ==, 1);
        g_assert_cmpint(outcome.error, ==, c->error);
        g_assert_cmpstr(outcome.path, ==, c->error == 0 ? own : NULL);
        g_assert_cmpuint(count_lines(messages->str), ==, c->error != 0);
        if (c->message)
                g_assert_nonnull(strstr(messages->str, c->message));
        g_free(outcome.path);
}

/* Whoever does not answer is given up; the process has ended before, the other way round, is an error of its
 * own. */
static void test_deadline(void) {
        static const Step steps[] = {
                { START, ANSWER_NOTHING }, { "StopUnit" }, { "ResetFailedUnit" }, { 0 }
        };
        ScopeOptions options = { .name = "x.scope", .pid = getpid(), .timeout_usec = 1000 };
        _cleanup_string_ GString *messages = g_string_new(NULL);
        _cleanup_(scope_start_freep) ScopeStart *start = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *m = NULL;
        Fake fake = { .step = steps, .unit = "x.scope" };
        Outcome outcome = { 0 };
        int pair[2];

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        fake_start(&fake, event, pair[0]);
        m = manager_to(event, pair[1]);
        log_set_sink(collect, messages);
        g_assert_cmpint(scope_start(m, &options, on_done, &outcome, &start), ==, 0);
        /* after the deadline, what was sent is undone */
        while (outcome.calls == 0 || (fake.step > steps && fake.step->method && !fake.wrong))
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
        log_set_sink(NULL, NULL);
        g_assert_false(fake.wrong);
        g_assert_cmpint(outcome.error, ==, -ETIMEDOUT);
        g_assert_nonnull(strstr(messages->str, "systemd did not create x.scope within"));
        sd_bus_close_unref(fake.bus);
}

static void test_process_ended(void) {
        static const Case c = { "ended",
                                { { START, ANSWER_JOB, NULL, EVENT_JOB, "failed" }, UNDO },
                                true,
                                -ESRCH,
                                "ended before" };
        _cleanup_string_ GString *messages = g_string_new(NULL);
        ScopeOptions options = { .name = "x.scope" };
        _cleanup_(scope_start_freep) ScopeStart *start = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *m = NULL;
        Fake fake = { .step = c.steps, .unit = "x.scope" };
        Outcome outcome = { 0 };
        siginfo_t info;
        int pair[2];

        options.pid = fork();
        g_assert_cmpint(options.pid, >=, 0);
        if (options.pid == 0)
                _exit(0);
        g_assert_cmpint(waitid(P_PID, options.pid, &info, WEXITED | WNOWAIT), ==, 0);
        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        fake_start(&fake, event, pair[0]);
        m = manager_to(event, pair[1]);
        log_set_sink(collect, messages);
        g_assert_cmpint(scope_start(m, &options, on_done, &outcome, &start), ==, 0);
        while (outcome.calls == 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
        log_set_sink(NULL, NULL);
        g_assert_cmpint(outcome.error, ==, c.error);
        g_assert_nonnull(strstr(messages->str, c.message));
        g_assert_cmpint(waitpid(options.pid, NULL, 0), ==, options.pid);
        sd_bus_close_unref(fake.bus);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *name = g_strdup_printf("/scope/start/%s", cases[i].name);

                g_test_add_data_func(name, cases + i, test_case);
        }
        g_test_add_func("/scope/start/deadline", test_deadline);
        g_test_add_func("/scope/start/process-ended", test_process_ended);
        return g_test_run();
}
