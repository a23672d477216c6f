/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the order of a checkpoint. What CRIU has to be told is criu-flags' and criu-external's. */

#include "runtime/checkpoint.h"

#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "runtime/criu-external.h"
#include "runtime/criu-log.h"
#include "runtime/criu.h"
#include "runtime/delete.h"
#include "runtime/kill.h"
#include "runtime/state.h"

#define THAW_TIMEOUT_MS 10000

typedef struct Checkpoint {
        const CheckpointOptions *options;
        State *state;
        Spec *spec;
        PidRef init;
        bool paused;
        CriuSettings settings;
        char *program;
        CriuDirectories directories;
} Checkpoint;

static void checkpoint_done(Checkpoint *c) {
        if (c->state)
                state_free(c->state);
        if (c->spec)
                spec_free(c->spec);
        pidref_done(&c->init);
        criu_settings_done(&c->settings);
        g_free(c->program);
        criu_directories_done(&c->directories);
}

static int find_container(Checkpoint *c) {
        const CheckpointOptions *o = c->options;
        _cleanup_free_ char *file = NULL;
        ContainerStatus status;
        int r;

        r = state_load(o->root, o->id, &c->state);
        if (r < 0)
                return r;
        status = state_status(o->root, c->state);
        if (status != CONTAINER_RUNNING && status != CONTAINER_PAUSED)
                return log_error_errno(
                                -EBUSY, "Container cannot be checkpointed in %s state",
                                container_status_to_string(status));
        c->paused = status == CONTAINER_PAUSED;
        r = state_open_init(c->state, &c->init);
        if (r < 0)
                return log_error_errno(r, "container not running: %s", o->id);
        file = g_build_filename(o->root, o->id, "config.json", NULL);
        return spec_load(file, c->state->bundle, &c->spec);
}

static CriuRequest request_type(const Checkpoint *c) {
        return c->options->flags.pre_dump ? CRIU_SINGLE_PRE_DUMP : CRIU_DUMP;
}

static int make_request(const Checkpoint *c, GByteArray *opts) {
        protobuf_put_int(opts, CRIU_OPT_IMAGES_DIR_FD, c->directories.image_fd);
        protobuf_put_int(opts, CRIU_OPT_WORK_DIR_FD, c->directories.work_fd);
        protobuf_put_string(opts, CRIU_OPT_LOG_FILE, criu_log_name(CRIU_DUMP));
        protobuf_put_int(opts, CRIU_OPT_PID, c->init.pid);
        protobuf_put_string(opts, CRIU_OPT_ROOT, c->state->rootfs);
        if (c->state->cgroup) {
                _cleanup_free_ char *path = g_strconcat("/sys/fs/cgroup", c->state->cgroup, NULL);

                protobuf_put_string(opts, CRIU_OPT_FREEZE_CGROUP, path);
        }
        criu_flags_put(&c->options->flags, &c->settings, c->spec, opts);
        return c->options->flags.pre_dump ? 0 : criu_external_put_dump(c->spec, &c->init, opts);
}

/* A CRIU that was killed leaves its victims frozen. */
static void thaw(const Checkpoint *c) {
        _cleanup_close_ int fd = c->state->cgroup ? cgroup_open(c->state->cgroup) : -EBADF;

        if (fd >= 0 && !c->paused && cgroup_is_frozen(fd) > 0)
                (void) cgroup_freeze(fd, false, THAW_TIMEOUT_MS);
}

static int dump(const Checkpoint *c) {
        const int fds[] = { c->directories.image_fd, c->directories.work_fd, c->settings.status_fd };
        const CriuStart start = {
                .program = c->program,
                .cgroup_fd = -EBADF,
                .pass_fds = fds,
                .n_pass_fds = c->settings.status_fd >= 0 ? 3 : 2,
        };
        _cleanup_bytes_ GByteArray *opts = g_byte_array_new();
        _cleanup_(criu_freep) Criu *criu = NULL;
        CriuReply reply;
        int r;

        r = make_request(c, opts);
        if (r >= 0)
                r = criu_start(&start, &criu);
        if (r < 0)
                return r;
        r = criu_call(criu, request_type(c), opts, &reply);
        if (r < 0) {
                thaw(c);
                return criu_log_failure(request_type(c), r, &reply, &c->directories);
        }
        return 0;
}

/* CRIU has killed what it saved. */
static int end_container(const Checkpoint *c) {
        int r;

        r = pidref_wait(&c->init, KILL_TIMEOUT_MS);
        if (r < 0)
                return log_error_errno(r, "container init still running: %s", c->options->id);
        return container_delete(c->options->root, c->options->id, /* force= */ true);
}

int container_checkpoint(const CheckpointOptions *options) {
        _cleanup_(checkpoint_done) Checkpoint c = {
                .options = options,
                .init = PIDREF_NULL,
                .directories = CRIU_DIRECTORIES_NULL,
        };
        int r;

        r = find_container(&c);
        if (r >= 0)
                r = criu_flags_check(&options->flags, &c.settings);
        if (r >= 0)
                r = criu_flags_find_program(&options->flags, &c.settings, options->criu, &c.program);
        if (r >= 0)
                r = criu_directories_open(&options->flags, /* make_image= */ true, &c.directories);
        if (r >= 0 && !options->flags.pre_dump)
                r = criu_external_write_descriptors(c.state, c.directories.image_fd);
        if (r >= 0)
                r = dump(&c);
        if (r < 0 || options->flags.pre_dump || options->flags.leave_running)
                return r;
        return end_container(&c);
}
