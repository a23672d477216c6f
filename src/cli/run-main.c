/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from berth-run's options to a transient unit. */

#include "cli/run-main.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "basic/fd-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "cli/i18n.h"
#include "cli/run-check.h"
#include "cli/run-container.h"
#include "cli/run-options.h"
#include "cli/run-passed.h"
#include "runtime/adhoc-run.h"
#include "runtime/adhoc-scope.h"
#include "runtime/exec-status.h"
#include "runtime/feature-list.h"

static int print_help(void) {
        i18n_setup();
        printf("%s\n", _("Usage:"));
        printf("  berth-run [OPTION...] --rootfs=DIR -- %s\n", _("COMMAND [ARG...]"));
        printf("  berth-run [OPTION...] --bundle=DIR [-- %s]\n", _("COMMAND [ARG...]"));
        printf("  berth-run [OPTION...] --image=IMAGE [-- %s]\n", _("COMMAND [ARG...]"));
        printf("\n%s\n\n%s\n", _("Run a container as a transient unit."), _("Options:"));
        run_options_print();
        printf("\n%s\n",
               _("The exit status is the payload's with --wait, --pipe, --pty, --shell and --scope (128 + N "
                 "for signal N);\n"
                 "125, 126 and 127: nothing was started, see berth-run(1)."));
        return EXIT_SUCCESS;
}

static int print_version(void) {
        _cleanup_free_ char *text = features_version_text();

        fputs(text, stdout);
        return EXIT_SUCCESS;
}

/* With both --pty and --pipe, a terminal is used where there is one. */
static void choose_stdio(RunCall *call) {
        if (call->pty && call->pipe) {
                call->pty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
                call->pipe = !call->pty;
        }
}

static AdhocJson json_format(const RunCall *call) {
        if (!call->json || streq(call->json, "off"))
                return ADHOC_JSON_OFF;
        return streq(call->json, "short") ? ADHOC_JSON_SHORT : ADHOC_JSON_PRETTY;
}

static int run_scope(const RunCall *call, const AdhocContainer *declared, int *ret_status) {
        AdhocContainer container = *declared;
        const char *nice = run_passed_value(call, "--nice=");
        const AdhocScope scope = {
                .container = &container,
                .unit = call->unit,
                .description = call->description,
                .slice = run_passed_value(call, "--slice="),
                .properties = call->properties,
                .json = json_format(call),
                .inherit_slice = run_passed_value(call, "--slice-inherit"),
                .send_sighup = run_passed_value(call, "--send-sighup"),
                .quiet = run_passed_value(call, "--quiet"),
        };

        container.properties = NULL;
        if (nice && setpriority(PRIO_PROCESS, 0, atoi(nice)) < 0)
                return log_error_errno(negative_errno(), "--nice=%s: %m", nice);
        return adhoc_scope(&scope, ret_status);
}

static int run(RunCall *call, int *ret_status) {
        _cleanup_(run_container_done) RunContainer container = { 0 };
        int r;

        choose_stdio(call);
        r = run_container(call, &container);
        if (r < 0)
                return r;
        if (call->scope)
                return run_scope(call, &container.container, ret_status);
        run_pass_options(call);
        const AdhocRun options = {
                .container = &container.container,
                .unit = call->unit,
                .description = call->description,
                .options = (char **) call->passed->pdata,
                .wait = call->wait || call->pipe || call->pty,
                .trigger = run_trigger(call),
                .json = json_format(call),
                .stay = call->wait,
                .ignore_failure = call->ignore_failure,
                .collect = call->collect,
        };
        return adhoc_run(&options, ret_status);
}

int run_main(int argc, char **argv) {
        _cleanup_(run_call_done) RunCall call = { 0 };
        int status = EXIT_SUCCESS;

        log_set_program("berth-run");
        if (fd_fill_stdio() < 0)
                return EXIT_LAUNCHER; /* and nowhere to say so */
        if (run_options_parse(argc, argv, &call) < 0)
                return EXIT_LAUNCHER;
        if (call.help)
                return print_help();
        if (call.version)
                return print_version();
        if (run(&call, &status) < 0)
                return EXIT_LAUNCHER;
        return status;
}
