/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the order in which a container comes back, and its undoing. CRIU is put where the container will be:
 * into its cgroup and its resctrl group. What it restores is born there, as our child. */

#include "runtime/restore.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "basic/process-util.h"
#include "resctrl/rdt-config.h"
#include "runtime/beginning.h"
#include "runtime/criu-external.h"
#include "runtime/criu-log.h"
#include "runtime/criu.h"
#include "runtime/delete.h"
#include "runtime/foreground.h"
#include "runtime/inherit.h"
#include "runtime/state-text.h"
#include "sandbox/console.h"
#include "sandbox/hooks.h"
#include "sandbox/rootfs.h"

#define ROOT_DIRECTORY "root"

typedef struct Restoration {
        const RestoreOptions *options;
        Spec *spec;
        State *state;
        ResctrlConfig resctrl; /* borrows from spec */
        bool resctrl_created;
        CriuSettings settings;
        char *program;
        CriuDirectories directories;
        int root_fd; /* a detached tree */
        CriuFds fds; /* for CRIU */
        GByteArray *opts;
        sd_event *event;
        Placement *placement;
        int placed; /* the error of that */

        int dir_fd; /* state directory, made by us */
        Criu *criu;
        PidRef init;
        int console_master;
        bool finished;
} Restoration;

/* ---- before the first side effect ---- */

static int choose_place(Restoration *c) {
        const PlacementOptions options = {
                .manager = c->options->cgroup_manager,
                .spec = c->spec,
                .event = c->event,
                .state = c->state,
        };

        return placement_new(&options, &c->placement);
}

static CriuRestored restored(const Restoration *c) {
        return (CriuRestored) { .spec = c->spec,
                                .image_fd = c->directories.image_fd,
                                .root_fd = c->root_fd };
}

static int make_request(Restoration *c) {
        const CriuRestored what = restored(c);

        protobuf_put_int(c->opts, CRIU_OPT_IMAGES_DIR_FD, c->directories.image_fd);
        protobuf_put_int(c->opts, CRIU_OPT_WORK_DIR_FD, c->directories.work_fd);
        protobuf_put_string(c->opts, CRIU_OPT_LOG_FILE, criu_log_name(CRIU_RESTORE));
        protobuf_put_bool(c->opts, CRIU_OPT_RST_SIBLING, true);
        protobuf_put_bool(c->opts, CRIU_OPT_NOTIFY_SCRIPTS, true);
        criu_flags_put(&c->options->flags, &c->settings, c->spec, c->opts);
        return criu_external_put_restore(&what, c->opts, &c->fds);
}

/* Everything that can be refused. */
static int prepare(Restoration *c) {
        const RestoreOptions *o = c->options;
        int r;

        r = container_load_spec(o->id, o->bundle, o->config, &c->spec);
        if (r >= 0)
                r = terminal_check(c->spec->process.terminal, o->detach, o->console_socket);
        if (r >= 0)
                r = container_check_resctrl(c->spec, o->id, &c->resctrl);
        if (r >= 0)
                r = state_check_absent(o->root, o->id);
        if (r >= 0)
                r = criu_flags_check(&o->flags, &c->settings);
        if (r >= 0)
                r = criu_flags_find_program(&o->flags, &c->settings, o->criu, &c->program);
        if (r < 0)
                return r;

        r = sd_event_new(&c->event);
        if (r < 0)
                return log_error_errno(r, "Failed to make the event loop: %m");
        c->state = container_new_state(c->spec, o->id);
        r = choose_place(c);
        if (r < 0)
                return r;
        c->root_fd = rootfs_open(c->spec);
        if (c->root_fd < 0)
                return c->root_fd;
        r = criu_directories_open(&o->flags, /* make_image= */ false, &c->directories);
        return r < 0 ? r : make_request(c);
}

/* ---- CRIU in its place ---- */

static void on_placed(int error, void *userdata) {
        Restoration *c = userdata;

        c->placed = error;
}

static int wait_until_placed(Restoration *c) {
        int r = 0;

        while (r >= 0 && c->placed >= 0 && !placement_is_ready(c->placement))
                r = sd_event_run(c->event, UINT64_MAX);
        return r < 0 ? log_error_errno(r, "Failed to run the event loop: %m") : c->placed;
}

static int start_criu(Restoration *c) {
        _cleanup_free_ char *root = g_build_filename(c->options->root, c->options->id, ROOT_DIRECTORY, NULL);
        int fds[2 + CRIU_FDS_MAX] = { c->directories.image_fd, c->directories.work_fd };
        CriuStart start = {
                .program = c->program,
                .inherit_stdio = true,
                .pass_fds = fds,
                .n_pass_fds = 2 + c->fds.n,
                .root_fd = c->root_fd,
                .root_path = root,
        };
        int r;

        memcpy(fds + 2, c->fds.fds, c->fds.n * sizeof(int));
        if (mkdirat(c->dir_fd, ROOT_DIRECTORY, 0700) < 0)
                return log_error_errno(negative_errno(), "Failed to make '%s': %m", root);
        protobuf_put_string(c->opts, CRIU_OPT_ROOT, root);
        r = placement_make(c->placement, &start.cgroup_fd);
        return r < 0 ? r : criu_start(&start, &c->criu);
}

static int place_criu(Restoration *c) {
        int r;

        r = placement_begin(c->placement, criu_pid(c->criu), on_placed, c);
        if (r >= 0)
                r = container_join_resctrl(c->spec, &c->resctrl, c->options->id, criu_pid(c->criu));
        return r < 0 ? r : wait_until_placed(c);
}

/* The image says which cgroup the container was in; it comes back into the one that it has now, and what was
 * below comes back below. */
static void put_cgroup(Restoration *c) {
        _cleanup_bytes_ GByteArray *root = g_byte_array_new();
        const CriuRestored what = restored(c);

        criu_external_put_cgroup(&what, c->state->cgroup, c->opts);
        if (!c->state->cgroup)
                return;
        protobuf_put_string(root, 1, ""); /* the unified hierarchy */
        protobuf_put_string(root, 2, c->state->cgroup);
        protobuf_put_message(c->opts, CRIU_OPT_CG_ROOT, root);
}

/* ---- what CRIU tells on its way ---- */

/* Outside of its cgroup nobody would limit or kill it. */
static int check_cgroup(const Restoration *c) {
        _cleanup_free_ char *cgroup = NULL;
        const char *rest;
        int r;

        if (!c->state->cgroup)
                return 0;
        r = pid_cgroup(c->init.pid, &cgroup);
        if (r < 0)
                return log_error_errno(r, "Failed to find the cgroup of the restored process: %m");
        rest = startswith(cgroup, c->state->cgroup);
        if (!rest || (*rest != '\0' && *rest != '/'))
                return log_error_errno(
                                -EXDEV, "CRIU restored the container in the cgroup '%s', not in '%s'",
                                cgroup, c->state->cgroup);
        return 0;
}

static int send_console(const Restoration *c) {
        char name[sizeof "/dev/pts/" + 10] = "";
        unsigned number;

        if (!c->options->console_socket)
                return 0;
        if (c->console_master < 0)
                return log_error_errno(-ENOTTY, "The image has no terminal, but /process/terminal is true");
        if (ioctl(c->console_master, TIOCGPTN, &number) >= 0)
                (void) g_snprintf(name, sizeof name, "/dev/pts/%u", number);
        return console_send(c->options->console_socket, c->console_master, name);
}

/* From here on other verbs see a container with a process; it does not run yet. */
static int publish(Restoration *c, pid_t pid) {
        int r;

        r = pidref_open(pid, /* start_time= */ 0, &c->init);
        if (r < 0)
                return log_error_errno(r, "Failed to find the restored process: %m");
        r = check_cgroup(c);
        if (r >= 0)
                r = send_console(c);
        if (r < 0)
                return r;
        c->state->pid = c->init.pid;
        c->state->start_time = c->init.start_time;
        r = state_save(c->dir_fd, c->state);
        return r < 0 ? r : pid_file_write(c->options->pid_file, c->init.pid);
}

static int run_runtime_hooks(const Restoration *c, pid_t pid) {
        /* The two words are those of create. */
        _cleanup_free_ char *prestart = state_text(c->state, "created", pid);
        _cleanup_free_ char *state = state_text(c->state, "creating", pid);
        int r;

        r = hooks_run(c->spec, SPEC_HOOK_PRESTART, prestart);
        return r < 0 ? r : hooks_run(c->spec, SPEC_HOOK_CREATE_RUNTIME, state);
}

static int on_notify(const char *action, pid_t pid, int fd, void *userdata) {
        _cleanup_close_ int owned = fd;
        Restoration *c = userdata;

        log_debug("CRIU: %s", action);
        if (streq(action, "setup-namespaces"))
                return run_runtime_hooks(c, pid);
        if (streq(action, "post-restore"))
                return publish(c, pid);
        if (streq(action, "orphan-pts-master") && owned >= 0 && c->console_master < 0)
                c->console_master = TAKE_FD(owned);
        return 0;
}

static int call_criu(Restoration *c) {
        CriuReply reply;
        int r;

        put_cgroup(c);
        criu_set_notify(c->criu, on_notify, c);
        r = criu_call(c->criu, CRIU_RESTORE, c->opts, &reply);
        if (r < 0)
                return criu_log_failure(CRIU_RESTORE, r, &reply, &c->directories);
        if (c->init.pid <= 0)
                return log_error_errno(-EPROTO, "criu failed: it did not tell which process it restored");
        return 0;
}

static int make(Restoration *c) {
        int r;

        c->dir_fd = container_make_directory(c->options->root, c->spec, c->state);
        if (c->dir_fd < 0)
                return c->dir_fd;
        r = container_make_resctrl(c->dir_fd, c->spec, c->state, &c->resctrl, &c->resctrl_created);
        if (r >= 0)
                r = criu_external_make_mount_points(c->spec, c->root_fd);
        if (r >= 0)
                r = start_criu(c);
        if (r >= 0)
                r = place_criu(c);
        return r < 0 ? r : call_criu(c);
}

/* ---- the end of it ---- */

static void restoration_done(Restoration *c) {
        if (c->criu)
                criu_free(c->criu);
        if (!c->finished && c->init.pid > 0)
                (void) pidref_kill(&c->init, SIGKILL);
        if (!c->finished && c->placement)
                placement_undo(c->placement);
        if (!c->finished && c->state)
                container_undo_resctrl(c->state, &c->resctrl, c->resctrl_created);
        if (!c->finished && c->dir_fd >= 0)
                container_remove_directory(c->options->root, c->options->id);
        if (c->placement)
                placement_free(c->placement);
        (void) sd_event_unref(c->event);
        criu_settings_done(&c->settings);
        criu_directories_done(&c->directories);
        criu_fds_done(&c->fds);
        g_byte_array_unref(c->opts);
        closep(&c->root_fd);
        closep(&c->dir_fd);
        closep(&c->console_master);
        pidref_done(&c->init);
        if (c->state)
                state_free(c->state);
        if (c->spec)
                spec_free(c->spec);
        g_free(c->program);
}

static int wait_for_end(const Restoration *c, int *ret_status) {
        int r, status;

        r = foreground_wait(&c->init, c->console_master, /* route= */ NULL, &status);
        if (r >= 0)
                r = container_forget(c->options->root, c->options->id);
        if (r >= 0)
                *ret_status = status;
        return r;
}

int container_restore(const RestoreOptions *options, int *ret_status) {
        _cleanup_(restoration_done) Restoration c = {
                .options = options,
                .directories = CRIU_DIRECTORIES_NULL,
                .root_fd = -EBADF,
                .opts = g_byte_array_new(),
                .dir_fd = -EBADF,
                .init = PIDREF_NULL,
                .console_master = -EBADF,
        };
        int r;

        if (!options->detach)
                foreground_block_signals();
        r = prepare(&c);
        if (r >= 0)
                r = make(&c);
        if (r < 0)
                return r;
        c.finished = true;
        if (!options->detach)
                return wait_for_end(&c, ret_status);
        *ret_status = 0;
        return 0;
}
