/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the command line of systemd-run: which settings a transient unit needs to be the same as
 * container@.service, and how its result comes back. */

#include "runtime/adhoc-run.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "basic/log.h"
#include "runtime/adhoc-terminal.h"
#include "runtime/adhoc-wait.h"
#include "runtime/prepare.h"

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

typedef struct AdhocUnit {
        const char *unit, *id, *declaration;
} AdhocUnit;

static char **command_line(const AdhocRun *run, const AdhocUnit *names) {
        _cleanup_free_ char *description =
                        run->description ? g_strdup(run->description) : default_description(run->container);
        GPtrArray *words = g_ptr_array_new();

        add(words, "systemd-run");
        if (geteuid() != 0)
                add(words, "--user");
        g_ptr_array_add(words, g_strconcat("--unit=", names->unit, NULL));
        g_ptr_array_add(words, g_strconcat("--description=", description, NULL));
        g_ptr_array_add(words, g_strconcat("--setenv=" ADHOC_VARIABLE "=", names->declaration, NULL));
        add(words, geteuid() == 0 ? "--property=Slice=machine.slice" : "--property=Slice=app.slice");
        for (size_t i = 0; i < ELEMENTSOF(settings); i++)
                add(words, settings[i]);
        g_ptr_array_add(words, g_strconcat(run->wait ? STOP_POST_WAITED : STOP_POST, names->id, NULL));
        if (run->collect && !run->wait)
                add(words, "--collect");
        for (char **option = run->options; option && *option; option++)
                add(words, *option);
        if (run->container->terminal || run->json != ADHOC_JSON_OFF)
                add(words, "--quiet"); /* what it says has to be said before the terminal is raw */
        add(words, "--");
        add(words, BERTH_LIBEXECDIR "/berth-supervise");
        add(words, names->id);
        g_ptr_array_add(words, NULL);
        return (char **) g_ptr_array_free(words, FALSE);
}

/* systemd-run calls it like the service. NULL: there is none. */
static char *trigger_name(const AdhocRun *run, const char *unit) {
        if (!run->trigger)
                return NULL;
        return g_strdup_printf("%.*s.%s", (int) (strlen(unit) - strlen(".service")), unit, run->trigger);
}

static bool has_option(const AdhocRun *run, const char *option) {
        return run->options && g_strv_contains((const char *const *) run->options, option);
}

int adhoc_run(const AdhocRun *run, int *ret_status) {
        _cleanup_free_ char *unit = NULL, *id = NULL, *trigger = NULL,
                            *declaration = adhoc_declaration(run->container);
        _cleanup_(adhoc_terminal_done) AdhocTerminal terminal = ADHOC_TERMINAL_NULL;
        _cleanup_strv_ char **argv = NULL;
        int r;

        r = choose_names(run->unit, &unit, &id);
        if (r < 0)
                return r;
        (void) setenv(ADHOC_VARIABLE, declaration, 1);
        r = prepare_check(id);
        if (r < 0)
                return r;
        (void) unsetenv(ADHOC_VARIABLE);

        if (run->container->terminal) {
                r = adhoc_terminal_open(&terminal);
                if (r < 0)
                        return r;
        }
        trigger = trigger_name(run, unit);
        argv = command_line(run, &(AdhocUnit) { unit, id, declaration });
        return adhoc_wait(
                        &(AdhocWait) {
                                        .unit = unit,
                                        .id = id,
                                        .argv = argv,
                                        .terminal = run->container->terminal ? &terminal : NULL,
                                        .trigger = trigger,
                                        .json = run->json,
                                        .wait = run->wait,
                                        .stay = run->stay,
                                        .quiet = has_option(run, "--quiet"),
                                        .ignore_failure = run->ignore_failure,
                                        .collect = run->collect,
                        },
                        ret_status);
}
