/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the command line of systemd-run: which settings a transient unit needs to be the same as
 * container@.service, and how its result comes back. */

#include "runtime/adhoc-run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/process-util.h"
#include "runtime/prepare.h"
#include "unit/outcome.h"

/* As in container@.service. SuccessExitStatus=143 is not here: the caller is told each exit status. */
static const char *const settings[] = {
        "--service-type=notify",   "--property=NotifyAccess=exec", "--property=KillMode=mixed",
        "--property=Delegate=yes", "--property=OOMPolicy=stop",    "--property=OOMScoreAdjust=-900",
};

/* Who waits is told of the first end that systemd sees: there must not be another one. */
#define STOP_POST        "--property=ExecStopPost=" BERTH_LIBEXECDIR "/berth-prepare stop "
#define STOP_POST_WAITED "--property=ExecStopPost=" BERTH_LIBEXECDIR "/berth-prepare remove "

static int new_unit_name(char **ret) {
        uint64_t number;

        if (getrandom(&number, sizeof number, 0) != sizeof number)
                return log_error_errno(negative_errno(), "Failed to make a name for the unit: %m");
        *ret = g_strdup_printf("berth-run-r%016" G_GINT64_MODIFIER "x.service", number);
        return 0;
}

static int choose_names(const char *wanted, char **ret_unit, char **ret_id) {
        _cleanup_free_ char *unit = NULL, *id = NULL;
        int r;

        if (!wanted) {
                r = new_unit_name(&unit);
                if (r < 0)
                        return r;
        } else
                unit = g_str_has_suffix(wanted, ".service") ? g_strdup(wanted)
                                                            : g_strconcat(wanted, ".service", NULL);
        r = adhoc_container_id(unit, &id);
        if (r < 0)
                return log_error_errno(r, "'%s' cannot be the name of a container", wanted);
        *ret_unit = TAKE_PTR(unit);
        *ret_id = TAKE_PTR(id);
        return 0;
}

/* One line for systemctl status. */
static char *default_description(const AdhocContainer *c) {
        char *text = c->command && *c->command ? g_strjoinv(" ", c->command)
                                               : g_strdup(c->bundle ?: c->image);

        for (char *p = text; *p; p++)
                if (g_ascii_iscntrl(*p))
                        *p = ' ';
        return text;
}

static void add(GPtrArray *words, const char *word) {
        g_ptr_array_add(words, g_strdup(word));
}

static char **command_line(const AdhocRun *run, const char *unit, const char *id, const char *declaration) {
        _cleanup_free_ char *description =
                        run->description ? g_strdup(run->description) : default_description(run->container);
        GPtrArray *words = g_ptr_array_new();

        add(words, "systemd-run");
        if (geteuid() != 0)
                add(words, "--user");
        g_ptr_array_add(words, g_strconcat("--unit=", unit, NULL));
        g_ptr_array_add(words, g_strconcat("--description=", description, NULL));
        g_ptr_array_add(words, g_strconcat("--setenv=" ADHOC_VARIABLE "=", declaration, NULL));
        add(words, geteuid() == 0 ? "--property=Slice=machine.slice" : "--property=Slice=app.slice");
        for (size_t i = 0; i < ELEMENTSOF(settings); i++)
                add(words, settings[i]);
        g_ptr_array_add(words, g_strconcat(run->wait ? STOP_POST_WAITED : STOP_POST, id, NULL));
        if (run->collect && !run->wait)
                add(words, "--collect");
        for (char **option = run->options; option && *option; option++)
                add(words, *option);
        add(words, "--");
        add(words, BERTH_LIBEXECDIR "/berth-supervise");
        add(words, id);
        g_ptr_array_add(words, NULL);
        return (char **) g_ptr_array_free(words, FALSE);
}

static int execute(char **argv) {
        (void) execvp(argv[0], argv);
        return log_error_errno(negative_errno(), "Failed to execute '%s': %m", argv[0]);
}

/* Its exit status; 128 + signal. */
static int run_and_wait(char **argv, int *ret_status) {
        _cleanup_close_ int pidfd = -EBADF;
        int code, status, r;
        pid_t pid;

        pid = process_clone(/* flags= */ 0, /* cgroup_fd= */ -EBADF, &pidfd);
        if (pid < 0)
                return log_error_errno(pid, "Failed to make a process for '%s': %m", argv[0]);
        if (pid == 0) {
                /* It gives the terminal back when it is asked to end. */
                (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
                (void) execute(argv);
                _exit(127);
        }
        r = process_reap(pid, &code, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to wait for '%s': %m", argv[0]);
        *ret_status = code == CLD_EXITED ? status : 128 + status;
        return 0;
}

static uint64_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

/* systemd-run has one number for all signals. The unit that failed is still there, because it is us who
 * collects it. */
static int refine_status(const AdhocRun *run, const char *unit, uint64_t since, int *status) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        ServiceOutcome outcome;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = manager_connect(manager_ours(), event, &manager);
        if (r < 0)
                return r;
        r = service_outcome(manager, unit, since, &outcome);
        if (r <= 0)
                return r;
        if (outcome.code == CLD_KILLED || outcome.code == CLD_DUMPED)
                *status = 128 + outcome.status;
        return run->collect ? unit_reset_failed(manager, unit) : 0;
}

int adhoc_run(const AdhocRun *run, int *ret_status) {
        _cleanup_free_ char *unit = NULL, *id = NULL, *declaration = adhoc_declaration(run->container);
        _cleanup_strv_ char **argv = NULL;
        uint64_t since = now_usec();
        int r, status = EXIT_FAILURE;

        r = choose_names(run->unit, &unit, &id);
        if (r < 0)
                return r;
        (void) setenv(ADHOC_VARIABLE, declaration, 1);
        r = prepare_check(id);
        if (r < 0)
                return r;
        (void) unsetenv(ADHOC_VARIABLE);

        argv = command_line(run, unit, id, declaration);
        if (!run->wait || run->later)
                return execute(argv);
        r = run_and_wait(argv, &status);
        if (r >= 0 && status != 0)
                r = refine_status(run, unit, since, &status);
        if (r < 0)
                return r;
        *ret_status = status;
        return 0;
}
