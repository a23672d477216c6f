/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the order in which a container comes to be, and its undoing. What is refused is refused before the
 * first side effect (creation_prepare); from then on everything made is recorded in the Creation. */

#include "runtime/create.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "basic/log.h"
#include "basic/own-binary.h"
#include "basic/socket-util.h"
#include "runtime/activation.h"
#include "runtime/beginning.h"
#include "runtime/delete.h"
#include "runtime/inherit.h"
#include "runtime/late-hooks.h"
#include "runtime/machine.h"
#include "runtime/placement.h"
#include "runtime/state-text.h"
#include "sandbox/console.h"
#include "sandbox/hooks.h"
#include "sandbox/host-root.h"

struct Creation {
        const CreateOptions *options;
        Spec *spec;
        State *state;
        SandboxOptions sandbox_options;
        Sandbox *sandbox;
        Activation activation;
        char **payload_env;
        const char *notify_address; /* NULL: nobody to notify */
        NotifyEndpoint notify;
        sd_event *event;
        Placement *placement;
        ResctrlConfig resctrl; /* borrows from spec */

        int dir_fd; /* state directory, made by us */
        int start_fd;
        bool resctrl_created;
        SandboxEvent init_wants; /* what init waits for; SANDBOX_PROGRESS: nothing */
        bool init_ready;
        int error; /* of what happened in the event loop */
        bool finished;
};

/* ---- before the first side effect ---- */

static int check_options(const CreateOptions *o, const Spec *spec) {
        if (!spec->process_set)
                return log_error_errno(
                                -EINVAL, "%s: /process: expected an object, found nothing", o->bundle);
        return terminal_check(spec->process.terminal, o->detach, o->console_socket);
}

/* Descriptors and variables that the payload gets from our caller. */
static int collect_activation(Creation *c) {
        g_autoptr(GStrvBuilder) env = g_strv_builder_new();
        int r;

        c->notify_address = notify_usable_address(getenv("NOTIFY_SOCKET"));
        r = activation_collect(c->options->preserve_fds, c->notify_address, &c->activation);
        if (r < 0)
                return r;
        g_strv_builder_addv(env, (const char **) c->activation.env);
        if (c->notify_address)
                g_strv_builder_add(env, "NOTIFY_SOCKET=" NOTIFY_PAYLOAD_ADDRESS);
        c->payload_env = g_strv_builder_end(env);

        c->sandbox_options.payload_fds = c->activation.fds;
        c->sandbox_options.n_payload_fds = c->activation.n_fds;
        c->sandbox_options.payload_env = (const char *const *) c->payload_env;
        return 0;
}

/* In our own cgroup the container could move and kill us and our neighbours. */
static void protect_shared_cgroup(Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                SpecMount *m = &spec->mounts[i];

                if (!m->bind && m->type && (streq(m->type, "cgroup") || streq(m->type, "cgroup2"))) {
                        m->attr_set |= MOUNT_ATTR_RDONLY;
                        m->attr_clear &= ~(uint64_t) MOUNT_ATTR_RDONLY;
                }
        }
}

static int choose_place(Creation *c) {
        const PlacementOptions options = {
                .manager = c->options->cgroup_manager,
                .rootless = c->options->rootless,
                .spec = c->spec,
                .resources_from = c->options->resources_from,
                .properties = c->options->properties,
                .event = c->event,
                .state = c->state,
        };

        int r;

        r = machine_wanted(c->spec, c->options->id);
        if (r >= 0)
                r = placement_new(&options, &c->placement);
        if (r >= 0 && !placement_has_cgroup(c->placement))
                protect_shared_cgroup(c->spec);
        return r;
}

static char *describe(const char *status, pid_t pid, void *userdata) {
        return state_text(userdata, status, pid);
}

/* Everything that can be refused. */
static int creation_prepare(Creation *c) {
        int r;

        r = container_load_spec(c->options->id, c->options->bundle, c->options->config, &c->spec);
        if (r >= 0)
                r = check_options(c->options, c->spec);
        if (r >= 0)
                r = container_check_resctrl(c->spec, c->options->id, &c->resctrl);
        if (r >= 0)
                r = collect_activation(c);
        if (r < 0)
                return r;

        r = sd_event_new(&c->event);
        if (r < 0)
                return log_error_errno(r, "Failed to make the event loop: %m");
        c->state = container_new_state(c->spec, c->options->id);
        c->state->notify_socket = g_strdup(c->notify_address);
        r = choose_place(c);
        if (r < 0)
                return r;

        c->sandbox_options.id = c->options->id;
        c->sandbox_options.describe = describe;
        c->sandbox_options.describe_userdata = c->state;
        c->sandbox_options.seccomp_cache = runtime_seccomp_cache();
        c->sandbox_options.ids_later = placement_needs_our_ids(c->placement);
        c->sandbox_options.no_pivot = c->options->no_pivot;
        c->sandbox_options.exec_error = c->options->exec_error;
        c->sandbox_options.no_new_keyring = c->options->no_new_keyring;
        c->state->no_new_keyring = c->options->no_new_keyring;
        /* CPUAffinity= of a container's unit is meant for its payload. */
        c->sandbox_options.keep_affinity = c->options->resources_from != NULL;
        return sandbox_new(c->spec, &c->sandbox_options, &c->sandbox);
}

/* ---- side effects ---- */

static int make_start_socket(Creation *c) {
        if (!c->options->wait_for_start)
                return 0;
        c->start_fd = socket_bind_unix(c->dir_fd, "start", SOCK_SEQPACKET, 0600);
        if (c->start_fd < 0)
                return log_error_errno(c->start_fd, "Failed to make the start socket: %m");
        c->sandbox_options.start_fd = c->start_fd;
        return 0;
}

static int make_notify_socket(Creation *c) {
        int r;

        if (!c->notify_address)
                return 0;
        r = notify_endpoint_make(c->dir_fd, &c->notify);
        if (r < 0)
                return r;
        c->sandbox_options.notify_mount_fd = c->notify.mount_fd;
        c->sandbox_options.notify_fd = c->notify.socket_fd;
        return 0;
}

/* ---- place and init, at the same time ---- */

/* Hooks that run outside of the container, when it is in its cgroup but not yet in its root. */
static int run_runtime_hooks(Creation *c) {
        pid_t pid = sandbox_init(c->sandbox)->pid;
        /* In the specification, prestart hooks come after "start" has been called (config.md, "Prestart"),
         * though no runtime waits that long: what they read is what they would read then. */
        _cleanup_free_ char *prestart = state_text(c->state, "created", pid);
        _cleanup_free_ char *state = state_text(c->state, "creating", pid);
        int r;

        r = hooks_run(c->spec, SPEC_HOOK_PRESTART, prestart);
        if (r >= 0)
                r = hooks_run(c->spec, SPEC_HOOK_CREATE_RUNTIME, state);
        return r;
}

static int let_init_go_on(Creation *c) {
        int r = 0;

        if (!placement_is_ready(c->placement) || c->init_wants == SANDBOX_PROGRESS)
                return 0;
        if (c->init_wants == SANDBOX_WANT_HOOKS)
                r = run_runtime_hooks(c);
        c->init_wants = SANDBOX_PROGRESS;
        return r < 0 ? r : sandbox_allow(c->sandbox);
}

static void on_placed(int error, void *userdata) {
        Creation *c = userdata;
        int r = error;

        if (r >= 0 && c->sandbox_options.ids_later)
                r = sandbox_map_ids(c->sandbox);
        if (r >= 0)
                r = machine_announce(c->spec, c->state, sandbox_init(c->sandbox)->pid);
        if (r >= 0)
                r = let_init_go_on(c);
        if (r < 0)
                c->error = r;
}

static int on_init(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Creation *c = userdata;
        SandboxEvent event;
        int r;

        r = sandbox_dispatch(c->sandbox, &event);
        if (r >= 0 && (event == SANDBOX_WANT_CGROUP || event == SANDBOX_WANT_HOOKS)) {
                c->init_wants = event;
                r = let_init_go_on(c);
        }
        if (r >= 0 && event == SANDBOX_WANT_DELEGATE) {
                r = placement_delegate(c->placement);
                if (r >= 0)
                        r = sandbox_allow(c->sandbox);
        }
        if (r >= 0 && event == SANDBOX_READY)
                c->init_ready = true;
        if (r < 0)
                c->error = r;
        if (r < 0 || c->init_ready)
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static int make_container(Creation *c) {
        sd_event_source *source = NULL;
        int r;

        r = placement_make(c->placement, &c->sandbox_options.cgroup_fd);
        if (r >= 0)
                r = sandbox_clone(c->sandbox);
        if (r >= 0)
                r = placement_begin(c->placement, sandbox_init(c->sandbox)->pid, on_placed, c);
        if (r >= 0)
                r = container_join_resctrl(
                                c->spec, &c->resctrl, c->options->id, sandbox_init(c->sandbox)->pid);
        if (r < 0)
                return r;

        r = sd_event_add_io(c->event, &source, sandbox_fd(c->sandbox), EPOLLIN, on_init, c);
        if (r < 0)
                return log_error_errno(r, "Failed to watch the container's init: %m");
        while (r >= 0 && c->error >= 0 && !(c->init_ready && placement_is_ready(c->placement)))
                r = sd_event_run(c->event, UINT64_MAX);
        sd_event_source_disable_unref(source);
        return r < 0 ? log_error_errno(r, "Failed to run the event loop: %m") : c->error;
}

/* Recorded before it is made, in case we are killed in between. */
static int attach_root(Creation *c) {
        int r;

        if (!host_root_wanted(c->spec))
                return 0;
        r = sandbox_root_id(c->sandbox, &c->state->root_mount);
        if (r >= 0)
                r = state_save(c->dir_fd, c->state);
        return r < 0 ? r : sandbox_attach_root(c->sandbox);
}

static int creation_make(Creation *c) {
        int r;

        c->dir_fd = container_make_directory(c->options->root, c->spec, c->state);
        r = c->dir_fd < 0 ? c->dir_fd : make_start_socket(c);
        if (r >= 0)
                r = make_notify_socket(c);
        if (r >= 0)
                r = container_make_resctrl(c->dir_fd, c->spec, c->state, &c->resctrl, &c->resctrl_created);
        if (r >= 0)
                r = attach_root(c);
        if (r >= 0)
                r = make_container(c);
        return r;
}

int creation_new(const CreateOptions *options, Creation **ret) {
        _cleanup_(creation_freep) Creation *c = g_new(Creation, 1);
        int r;

        *c = (Creation) {
                .options = options,
                .sandbox_options = { .start_fd = -EBADF,
                                     .cgroup_fd = -EBADF,
                                     .notify_mount_fd = -EBADF,
                                     .notify_fd = -EBADF },
                .activation = ACTIVATION_NULL,
                .notify = NOTIFY_ENDPOINT_NULL,
                .dir_fd = -EBADF,
                .start_fd = -EBADF,
        };
        r = own_binary_hide();
        if (r >= 0)
                r = creation_prepare(c);
        if (r >= 0)
                r = creation_make(c);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(c);
        return 0;
}

/* ---- the end of it ---- */

/* Whatever the hooks before it made has to be taken back, as by delete (runtime.md, "Lifecycle"). */
static void run_poststop_hooks(const Creation *c) {
        _cleanup_free_ char *state = state_text(c->state, "stopped", /* pid= */ 0);

        (void) hooks_run(c->spec, SPEC_HOOK_POSTSTOP, state);
}

static void undo(Creation *c, bool had_init) {
        if (c->placement)
                placement_undo(c->placement);
        if (c->state && c->state->root_mount > 0)
                (void) host_root_detach(c->state->rootfs, c->state->root_mount);
        if (c->state)
                container_undo_resctrl(c->state, &c->resctrl, c->resctrl_created);
        if (had_init)
                run_poststop_hooks(c);
        if (c->dir_fd >= 0)
                container_remove_directory(c->options->root, c->options->id);
}

void creation_free(Creation *c) {
        bool had_init = c->sandbox && sandbox_init(c->sandbox)->pid > 0;

        if (c->sandbox)
                sandbox_free(c->sandbox);
        if (!c->finished)
                undo(c, had_init);
        if (c->placement)
                placement_free(c->placement);
        (void) sd_event_unref(c->event);
        closep(&c->dir_fd);
        closep(&c->start_fd);
        activation_done(&c->activation);
        notify_endpoint_done(&c->notify);
        g_strfreev(c->payload_env);
        if (c->state)
                state_free(c->state);
        if (c->spec)
                spec_free(c->spec);
        g_free(c);
}

/* From here on other verbs see a container with a process. */
static int publish(Creation *c) {
        const PidRef *init = sandbox_init(c->sandbox);
        const char *pidfd_socket = c->options->pidfd_socket;
        int r;

        if (!pidfd_socket) /* crun's name for the same */
                pidfd_socket = spec_annotation(c->spec, "run.oci.pidfd_receiver");

        if (c->options->console_socket) {
                r =
                                console_send(c->options->console_socket, sandbox_console_master(c->sandbox),
                                             sandbox_console_name(c->sandbox));
                if (r < 0)
                        return r;
        }
        r = pidfd_send(pidfd_socket, init, "standard");
        if (r < 0)
                return r;
        c->state->pid = init->pid;
        c->state->start_time = init->start_time;
        r = state_save(c->dir_fd, c->state);
        if (r < 0)
                return r;
        return pid_file_write(c->options->pid_file, init->pid);
}

int creation_release(Creation *c) {
        int r;

        r = publish(c);
        if (r >= 0)
                r = sandbox_release(c->sandbox);
        if (r >= 0)
                c->finished = true;
        return r;
}

bool creation_notify_route(const Creation *c, NotifyRoute *ret) {
        if (!c->notify_address)
                return false;
        *ret = (NotifyRoute) {
                .root = c->options->root,
                .id = c->options->id,
                .address = c->notify_address,
                .socket_fd = c->notify.socket_fd,
                .cgroup = c->state->cgroup,
                .init = sandbox_init(c->sandbox),
        };
        return true;
}

int creation_start(Creation *c) {
        SandboxEvent event = SANDBOX_PROGRESS;
        NotifyRoute route;
        int r;

        r = publish(c);
        if (r >= 0)
                r = sandbox_start_payload(c->sandbox);
        while (r >= 0 && event != SANDBOX_EXECUTED)
                r = sandbox_dispatch(c->sandbox, &event);
        if (r < 0)
                return r;
        c->finished = true;
        r = late_hooks_run(c->options->root, c->state, SPEC_HOOK_POSTSTART, "running");
        if (r < 0)
                (void) container_delete(c->options->root, c->options->id, /* force= */ true);
        else if (c->options->detach && creation_notify_route(c, &route))
                notify_route_leave(&route, c->dir_fd, c->state);
        return r;
}

const PidRef *creation_init(const Creation *c) {
        return sandbox_init(c->sandbox);
}

int creation_console_master(const Creation *c) {
        return sandbox_console_master(c->sandbox);
}
