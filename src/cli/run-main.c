/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from berth-run's options to a transient unit. */

#include "cli/run-main.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/log.h"
#include "cli/i18n.h"
#include "cli/run-options.h"
#include "runtime/adhoc-run.h"
#include "runtime/feature-list.h"

static int print_help(void) {
        i18n_setup();
        printf("%s\n  berth-run [OPTION...] --rootfs=DIR -- %s\n  berth-run [OPTION...] --bundle=DIR [-- "
               "%s]\n\n%s\n\n%s\n",
               _("Usage:"), _("COMMAND [ARG...]"), _("COMMAND [ARG...]"),
               _("Run a container as a transient unit."), _("Options:"));
        run_options_print();
        printf("\n%s\n",
               _("The exit status is the payload's with --wait, --pipe and --pty (128 + N for signal N)."));
        return EXIT_SUCCESS;
}

static int print_version(void) {
        _cleanup_free_ char *text = features_version_text();

        fputs(text, stdout);
        return EXIT_SUCCESS;
}

static char *absolute(const char *path) {
        return path ? g_canonicalize_filename(path, NULL) : NULL;
}

/* With both --pty and --pipe, a terminal is used where there is one. */
static void choose_stdio(RunCall *call) {
        if (call->pty && call->pipe) {
                call->pty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
                call->pipe = !call->pty;
        }
}

/* The options that say something to us and to systemd-run. */
static void pass_options(RunCall *call) {
        const struct {
                bool set;
                const char *option;
        } shared[] = {
                { call->pipe, "--pipe" },
                { call->pty, "--pty" },
                { call->wait, "--wait" },
        };

        for (size_t i = 0; i < ELEMENTSOF(shared); i++)
                if (shared[i].set)
                        g_ptr_array_add(call->passed, g_strdup(shared[i].option));
        g_ptr_array_add(call->passed, NULL);
}

static int run(RunCall *call, int *ret_status) {
        _cleanup_free_ char *rootfs = absolute(call->rootfs), *bundle = absolute(call->bundle);

        choose_stdio(call);
        pass_options(call);
        const AdhocContainer container = {
                .rootfs = rootfs,
                .bundle = bundle,
                .working_dir = call->working_directory,
                .user = call->uid,
                .group = call->gid,
                .environment = call->environment,
                .command = call->command,
                .properties = call->properties,
                .read_only = call->read_only,
                .notify_ready = call->service_type && streq(call->service_type, "notify"),
                .terminal = call->pty,
        };
        const AdhocRun options = {
                .container = &container,
                .unit = call->unit,
                .description = call->description,
                .options = (char **) call->passed->pdata,
                .wait = call->wait || call->pipe || call->pty,
                .collect = call->collect,
        };
        return adhoc_run(&options, ret_status);
}

int run_main(int argc, char **argv) {
        _cleanup_(run_call_done) RunCall call = { 0 };
        int status = EXIT_SUCCESS;

        log_set_program("berth-run");
        if (run_options_parse(argc, argv, &call) < 0)
                return EXIT_FAILURE;
        if (call.help)
                return print_help();
        if (call.version)
                return print_version();
        if (run(&call, &status) < 0)
                return EXIT_FAILURE;
        return status;
}
