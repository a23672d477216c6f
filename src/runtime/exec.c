/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns exec: which process, where it belongs (namespaces, cgroup, resctrl group), who stays with it. */

#include "runtime/exec.h"

#include <fcntl.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/own-binary.h"
#include "basic/parse-util.h"
#include "resctrl/group.h"
#include "runtime/console-forward.h"
#include "runtime/create.h"
#include "runtime/exec-cgroup.h"
#include "runtime/foreground.h"
#include "runtime/inherit.h"
#include "runtime/placement.h"
#include "runtime/rootless.h"
#include "runtime/state-text.h"
#include "sandbox/console.h"
#include "sandbox/sandbox.h"
#include "unit/scope.h"

typedef struct Execution {
        const ExecOptions *options;
        State *state;
        Spec *spec; /* the container's, with the process to execute */
        PidRef init;
        char *cgroup; /* where it belongs; NULL: where we are */
        int cgroup_fd;
        int *payload_fds;
        SandboxOptions sandbox_options;
        Sandbox *sandbox;
} Execution;

static void execution_done(Execution *e) {
        if (e->sandbox)
                sandbox_free(e->sandbox);
        g_free(e->payload_fds);
        closep(&e->cgroup_fd);
        g_free(e->cgroup);
        pidref_done(&e->init);
        if (e->spec)
                spec_free(e->spec);
        if (e->state)
                state_free(e->state);
}

static int check_status(const ExecOptions *o, const State *state) {
        switch (state_status(o->root, state)) {
        case CONTAINER_STOPPED:
        case CONTAINER_CREATING:
                return log_error_errno(
                                -EBUSY, "cannot exec in a stopped container: container not running: %s",
                                o->id);
        case CONTAINER_PAUSED:
                if (!o->ignore_paused)
                        return log_error_errno(
                                        -EBUSY,
                                        "cannot exec in a paused container (use --ignore-paused to "
                                        "override)");
                return 0;
        default:
                return 0;
        }
}

/* Appends b to a, both NULL-terminated; a is consumed. */
static char **strv_extend(char **a, char **b) {
        _cleanup_ptr_array_ GPtrArray *joined = g_ptr_array_new();

        for (char **p = a; p && *p; p++)
                g_ptr_array_add(joined, *p);
        g_free(a);
        for (char **p = b; p && *p; p++)
                g_ptr_array_add(joined, g_strdup(*p));
        g_ptr_array_add(joined, NULL);
        return (char **) g_ptr_array_steal(joined, NULL);
}

static int add_gids(SpecUser *user, char **gids) {
        for (; gids && *gids; gids++) {
                uint32_t gid;

                if (parse_uint32(*gids, &gid) < 0)
                        return log_error_errno(
                                        -EINVAL, "--additional-gids: expected a number, found '%s'", *gids);
                user->additional_gids =
                                g_renew(uint32_t, user->additional_gids, user->n_additional_gids + 1);
                user->additional_gids[user->n_additional_gids++] = gid;
        }
        return 0;
}

static void add_capabilities(SpecProcess *p, char **names) {
        static const SpecCapabilitySet sets[] = { SPEC_CAP_BOUNDING, SPEC_CAP_EFFECTIVE,
                                                  SPEC_CAP_PERMITTED };

        /* Not to the inheritable ones, which would let files of the container raise rights (CVE-2022-29162).
         */
        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                p->capabilities[sets[i]] = strv_extend(p->capabilities[sets[i]], names);
}

static void set_string(char **member, const char *value) {
        if (isempty(value))
                return;
        g_free(*member);
        *member = g_strdup(value);
}

/* The container's own process with the changes of the command line. */
static int change_process(SpecProcess *p, const ExecOptions *o) {
        if (!o->args || !*o->args)
                return log_error_errno(-EINVAL, "process args cannot be empty");
        if (!isempty(o->cwd) && *o->cwd != '/')
                return log_error_errno(-EINVAL, "--cwd: expected an absolute path, found '%s'", o->cwd);
        if (!isempty(o->user) && parse_uid_gid(o->user, &p->user.uid, &p->user.gid) < 0)
                return log_error_errno(-EINVAL, "--user: expected UID[:GID], found '%s'", o->user);

        g_strfreev(p->args);
        p->args = g_strdupv(o->args);
        set_string(&p->cwd, o->cwd);
        set_string(&p->apparmor_profile, o->apparmor);
        set_string(&p->selinux_label, o->process_label);
        p->terminal = o->tty;
        p->no_new_privileges |= o->no_new_privileges;
        /* Who speaks for the container is the container, and not who looks into it. */
        p->env = g_environ_unsetenv(p->env, "NOTIFY_SOCKET");
        for (char **assignment = o->env; assignment && *assignment; assignment++) {
                const char *value = strchr(*assignment, '=');
                _cleanup_free_ char *name =
                                value ? g_strndup(*assignment, (size_t) (value - *assignment)) : NULL;

                if (isempty(name))
                        return log_error_errno(
                                        -EINVAL, "--env: expected NAME=VALUE, found '%s'", *assignment);
                p->env = g_environ_setenv(p->env, name, value + 1, TRUE);
        }
        add_capabilities(p, o->capabilities);
        return add_gids(&p->user, o->additional_gids);
}

static int load_process(Execution *e) {
        const ExecOptions *o = e->options;
        _cleanup_(spec_process_freep) SpecProcess *process = NULL;
        _cleanup_free_ char *file = g_build_filename(o->root, o->id, "config.json", NULL);
        SpecProcess old;
        int r;

        r = spec_load(file, e->state->bundle, &e->spec);
        if (r >= 0)
                r = rootless_adapt(e->spec);
        if (r < 0)
                return r;
        if (!o->process_file)
                return change_process(&e->spec->process, o);

        r = spec_process_load(o->process_file, &process);
        if (r < 0)
                return r;
        old = e->spec->process; /* Freed with the object that held the new one. */
        e->spec->process = *process;
        *process = old;
        if (o->tty)
                e->spec->process.terminal = true;
        return 0;
}

static char *describe(const char *status, pid_t pid, void *userdata) {
        return state_text(userdata, status, pid);
}

static int execution_prepare(Execution *e) {
        const ExecOptions *o = e->options;
        int r;

        r = state_load(o->root, o->id, &e->state);
        if (r >= 0)
                r = check_status(o, e->state);
        if (r >= 0)
                r = load_process(e);
        if (r >= 0)
                r = terminal_check(e->spec->process.terminal, o->detach, o->console_socket);
        if (r < 0)
                return r;

        r = state_open_init(e->state, &e->init);
        if (r < 0)
                return log_error_errno(r, "container not running: %s", o->id);
        r = exec_cgroup_open(e->state, e->init.pid, o->cgroup, &e->cgroup_fd, &e->cgroup);
        if (r < 0)
                return r;

        e->payload_fds = inherited_fds(o->preserve_fds);
        e->sandbox_options = (SandboxOptions) {
                .id = o->id,
                .describe = describe,
                .describe_userdata = e->state,
                .seccomp_cache = runtime_seccomp_cache(),
                .join = &e->init,
                .cgroup_fd = e->cgroup_fd,
                .no_new_keyring = e->state->no_new_keyring,
                .start_fd = -EBADF,
                .notify_mount_fd = -EBADF,
                .notify_fd = -EBADF,
                .payload_fds = e->payload_fds,
                .n_payload_fds = o->preserve_fds,
        };
        return sandbox_new(e->spec, &e->sandbox_options, &e->sandbox);
}

static int join_resctrl(const Execution *e) {
        const SpecIntelRdt *rdt = &e->spec->linux_.intel_rdt;
        const ResctrlConfig config = { .clos_id = rdt->clos_id };

        if (!rdt->set)
                return 0;
        return resctrl_group_add_pid(
                        /* root= */ NULL, resctrl_config_group(&config, e->options->id),
                        rdt->enable_monitoring ? e->options->id : NULL, sandbox_init(e->sandbox)->pid);
}

static int wait_for(Execution *e, SandboxEvent wanted) {
        SandboxEvent event = SANDBOX_PROGRESS;
        int r = 0;

        while (r >= 0 && event != wanted)
                r = sandbox_dispatch(e->sandbox, &event);
        return r;
}

/* For who may not move processes between cgroups but through systemd: a user outside of what the user's
 * systemd has, say, in the session of a login. The process still has our ids: pid 1 moves no other for us.
 */
static int place(Execution *e) {
        const State *state = e->state;
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        const char *below;
        int r;

        if (!sandbox_is_unplaced(e->sandbox))
                return 0;
        below = startswith(e->cgroup, state->cgroup);
        if (!state->scope || !below) {
                log_debug("No right to move a process into the cgroup '%s': it stays in ours", e->cgroup);
                return sandbox_allow(e->sandbox);
        }
        r = sd_event_new(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make the event loop: %m");
        r = manager_connect(state_manager(state), event, &manager);
        if (r >= 0)
                r = scope_attach(manager, state->scope, below, sandbox_init(e->sandbox)->pid);
        return r < 0 ? r : sandbox_allow(e->sandbox);
}

static int execution_run(Execution *e) {
        const ExecOptions *o = e->options;
        int r;

        r = sandbox_clone(e->sandbox);
        if (r >= 0)
                r = place(e);
        if (r >= 0)
                r = join_resctrl(e);
        if (r >= 0)
                r = wait_for(e, SANDBOX_READY);
        if (r >= 0 && o->console_socket)
                r =
                                console_send(o->console_socket, sandbox_console_master(e->sandbox),
                                             sandbox_console_name(e->sandbox));
        if (r >= 0)
                r = pidfd_send(o->pidfd_socket, sandbox_init(e->sandbox), "setns");
        if (r >= 0)
                r = pid_file_write(o->pid_file, sandbox_init(e->sandbox)->pid);
        if (r >= 0 && !o->detach)
                console_copy_size(sandbox_console_master(e->sandbox));
        if (r >= 0)
                r = sandbox_start_payload(e->sandbox);
        if (r >= 0)
                r = wait_for(e, SANDBOX_EXECUTED);
        return r;
}

int container_exec(const ExecOptions *options, int *ret_status) {
        _cleanup_(execution_done)
                        Execution e = { .options = options, .init = PIDREF_NULL, .cgroup_fd = -EBADF };
        int r;

        if (!options->detach)
                foreground_block_signals();
        r = own_binary_hide();
        if (r >= 0)
                r = execution_prepare(&e);
        if (r >= 0)
                r = execution_run(&e);
        if (r < 0)
                return r;

        if (options->detach) {
                *ret_status = 0;
                return 0;
        }
        return foreground_wait(
                        sandbox_init(e.sandbox), sandbox_console_master(e.sandbox), /* route= */ NULL,
                        ret_status);
}
