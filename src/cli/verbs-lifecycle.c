/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Verbs that change a container: each turns its options into one call of the runtime. */

#include <signal.h>
#include <stdlib.h>

#include "basic/log.h"
#include "basic/signal-util.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "runtime/create.h"
#include "runtime/delete.h"
#include "runtime/exec-status.h"
#include "runtime/exec.h"
#include "runtime/kill.h"
#include "runtime/live-mounts.h"
#include "runtime/matching.h"
#include "runtime/pause.h"
#include "runtime/run.h"
#include "runtime/start.h"

static int exit_status(int r) {
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static CreateOptions create_options_from(const VerbCall *call) {
        const CreateCall *o = call->options;

        return (CreateOptions) {
                .root = call->global->root,
                .id = call->args[0],
                .bundle = o->bundle ? o->bundle : ".",
                .config = o->config,
                .pid_file = o->pid_file,
                .console_socket = o->console_socket,
                .pidfd_socket = o->pidfd_socket,
                .resources_from = o->resources_from,
                .cgroup_manager = call->global->cgroup_manager,
                .rootless = call->global->rootless,
                .preserve_fds = o->preserve_fds,
                .no_pivot = o->no_pivot,
                .no_new_keyring = o->no_new_keyring,
                .detach = o->detach,
                .keep = o->keep,
        };
}

int verb_create(const VerbCall *call) {
        _cleanup_(creation_freep) Creation *creation = NULL;
        CreateOptions options = create_options_from(call);
        int r, exec_error = 0;

        options.exec_error = &exec_error;
        options.detach = true;
        options.wait_for_start = true;
        r = creation_new(&options, &creation);
        if (r >= 0)
                r = creation_release(creation);
        /* To engines each failure is 1; who names a unit is its supervisor. */
        return options.resources_from && r < 0 ? exec_exit_status(exec_error, EXIT_FAILURE) : exit_status(r);
}

int verb_run_container(const VerbCall *call) {
        const CreateOptions options = create_options_from(call);
        int r, status;

        r = container_run(&options, &status);
        return r < 0 ? EXIT_FAILURE : status;
}

int verb_start(const VerbCall *call) {
        return exit_status(container_start_from_environment(call->global->root, call->args[0]));
}

/* Calls one() for the id, or for all ids that match it; a failure does not keep the others from their turn.
 */
static int for_each(const VerbCall *call, bool regex, int (*one)(const VerbCall *call, const char *id)) {
        _cleanup_strv_ char **ids = NULL;
        int r, q;

        if (!regex)
                return one(call, call->args[0]);
        r = containers_matching(call->global->root, call->args[0], &ids);
        for (char **id = ids; id && *id; id++) {
                q = one(call, *id);
                r = q < 0 ? q : r;
        }
        return r;
}

/* 0 only asks whether there is somebody, as in kill(2). */
static int parse_signal(const char *name) {
        if (isempty(name))
                return SIGTERM;
        return streq(name, "0") ? 0 : signal_from_string(name);
}

static int kill_one(const VerbCall *call, const char *id) {
        const KillCall *o = call->options;

        return container_kill(call->global->root, id, parse_signal(call->args[1]), o->all);
}

int verb_kill(const VerbCall *call) {
        const KillCall *o = call->options;

        if (parse_signal(call->args[1]) < 0) {
                log_error("unknown signal \"%s\"", call->args[1]);
                return EXIT_FAILURE;
        }
        return exit_status(for_each(call, o->regex, kill_one));
}

static int delete_one(const VerbCall *call, const char *id) {
        const DeleteCall *o = call->options;

        return container_delete(call->global->root, id, o->force);
}

int verb_delete(const VerbCall *call) {
        const DeleteCall *o = call->options;

        return exit_status(for_each(call, o->regex, delete_one));
}

int verb_mounts(const VerbCall *call) {
        bool add = streq(call->args[0], "add");

        if (!add && !streq(call->args[0], "remove")) {
                log_error("unknown subcommand \"%s\": expected add or remove", call->args[0]);
                return EXIT_FAILURE;
        }
        return exit_status(container_mounts_change(call->global->root, call->args[1], call->args[2], add));
}

int verb_pause(const VerbCall *call) {
        return exit_status(container_pause(call->global->root, call->args[0]));
}

int verb_resume(const VerbCall *call) {
        return exit_status(container_resume(call->global->root, call->args[0]));
}

int verb_exec(const VerbCall *call) {
        const ExecCall *o = call->options;
        const ExecOptions options = {
                .root = call->global->root,
                .id = call->args[0],
                .process_file = o->process,
                .args = call->args + 1,
                .cwd = o->cwd,
                .user = o->user,
                .env = o->env,
                .capabilities = o->capabilities,
                .additional_gids = o->additional_gids,
                .cgroup = o->cgroup,
                .apparmor = o->apparmor,
                .process_label = o->process_label,
                .tty = o->tty,
                .no_new_privileges = o->no_new_privileges,
                .detach = o->detach,
                .ignore_paused = o->ignore_paused,
                .pid_file = o->pid_file,
                .console_socket = o->console_socket,
                .pidfd_socket = o->pidfd_socket,
                .preserve_fds = o->preserve_fds,
        };
        int r, status;

        r = container_exec(&options, &status);
        return r < 0 ? EXIT_EXEC_FAILURE : status;
}
