/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the options that say something to us and to systemd-run. */

#include "cli/run-passed.h"

#include <signal.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "basic/signal-util.h"

const char *run_passed_value(const RunCall *call, const char *beginning) {
        const char *found = NULL;

        for (unsigned i = 0; i < call->passed->len; i++) {
                const char *rest = startswith(call->passed->pdata[i], beginning);

                if (rest && (g_str_has_suffix(beginning, "=") || !*rest))
                        found = rest;
        }
        return found;
}

static void pass(RunCall *call, char *option) {
        g_ptr_array_add(call->passed, option);
}

/* There are types of systemd's that are ours, too; a container that says itself when it is ready, and one
 * that does not, are one to systemd. */
static void pass_service_type(RunCall *call) {
        const char *type = call->service_type;

        if (type && !streq(type, "exec") && !streq(type, "notify"))
                pass(call, g_strconcat("--service-type=", type, NULL));
}

/* systemd-run colors the terminal that it forwards, and this one is ours. It is not worth a failure. */
static void ignore_background(const RunCall *call) {
        if (call->background)
                log_warning("--background=: the terminal keeps its colors, ignored");
}

static void pass_every_end(RunCall *call) {
        char buffer[16];
        GString *text = g_string_new("--property=SuccessExitStatus=");

        for (int status = 1; status <= UINT8_MAX; status++)
                g_string_append_printf(text, "%d ", status);
        for (int sig = 1; sig < SIGRTMIN; sig++) {
                /* systemd has another of its two names */
                const char *name = sig == SIGPOLL ? "SIGIO" : signal_to_string(sig, buffer);

                if (name)
                        g_string_append_printf(text, "%s ", name);
        }
        pass(call, g_string_free(text, FALSE));
}

/* A path is one of the host's. */
static void pass_listeners(RunCall *call) {
        for (char **address = call->listen; address && *address; address++) {
                _cleanup_free_ char *path =
                                **address == '.' ? g_canonicalize_filename(*address, NULL) : NULL;

                pass(call, g_strconcat("--socket-property=ListenStream=", path ?: *address, NULL));
        }
}

/* Waiting, and the terminal, are ours. */
void run_pass_options(RunCall *call) {
        if (call->pipe)
                pass(call, g_strdup("--pipe"));
        pass_service_type(call);
        ignore_background(call);
        pass_listeners(call);
        if (call->ignore_failure)
                pass_every_end(call);
        pass(call, NULL);
}
