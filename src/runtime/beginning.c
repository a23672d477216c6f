/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what create and restore have in common before there is a process. Decides no order. */

#include "runtime/beginning.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "basic/fs-util.h"
#include "basic/json-text.h"
#include "basic/log.h"
#include "basic/unit-name.h"
#include "resctrl/group.h"
#include "runtime/late-hooks.h"
#include "runtime/rootless.h"
#include "runtime/timestamp.h"

int container_load_spec(const char *id, const char *bundle, const char *config, Spec **ret) {
        _cleanup_free_ char *directory = NULL, *file = NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        int r;

        if (!container_id_is_valid(id))
                return log_error_errno(-EINVAL, "invalid container ID format: '%s'", id);
        directory = realpath(bundle, NULL);
        if (!directory)
                return log_error_errno(negative_errno(), "Failed to find the bundle '%s': %m", bundle);
        file = config ? g_strdup(config) : g_build_filename(directory, "config.json", NULL);
        r = spec_load(file, directory, &spec);
        if (r >= 0)
                r = rootless_adapt(spec);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(spec);
        return 0;
}

/* ---- state ---- */

static char *annotations_text(const Spec *spec) {
        GString *text = g_string_new(NULL);
        JsonText json;

        json_text_init(&json, text, /* indent= */ 0);
        json_text_begin_object(&json, NULL);
        for (size_t i = 0; i < spec->annotations.n; i++)
                json_text_string(&json, spec->annotations.items[i].key, spec->annotations.items[i].value);
        json_text_end_object(&json);
        return g_string_free(text, FALSE);
}

char *container_descriptors(pid_t pid) {
        _cleanup_free_ char *directory =
                        pid == 0 ? g_strdup("/proc/self/fd") : g_strdup_printf("/proc/%d/fd", (int) pid);
        GString *text = g_string_new(NULL);
        JsonText json;

        json_text_init(&json, text, /* indent= */ 0);
        json_text_begin_array(&json, NULL);
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
                _cleanup_free_ char *path = g_strdup_printf("%s/%d", directory, i);
                char target[PATH_MAX];
                ssize_t n = readlink(path, target, sizeof target - 1);

                target[MAX(n, 0)] = '\0';
                json_text_string(&json, NULL, target);
        }
        json_text_end_array(&json);
        return g_string_free(text, FALSE);
}

/* The name of the image that a container was made of, as whoever made the bundle has put it down. */
static const char *image_name(const Spec *spec) {
        static const char *const annotations[] = {
                "org.opencontainers.image.ref.name", /* image-spec, "Pre-Defined Annotation Keys" */
                "io.kubernetes.cri.image-name",      /* containerd */
                "io.kubernetes.cri-o.ImageName",
                "org.opencontainers.image.title",
        };

        for (size_t i = 0; i < ELEMENTSOF(annotations); i++) {
                const char *name = spec_annotation(spec, annotations[i]);

                if (!isempty(name))
                        return name;
        }
        return NULL;
}

State *container_new_state(const Spec *spec, const char *id) {
        State *s = g_new0(State, 1);

        s->id = g_strdup(id);
        s->oci_version = g_strdup(spec->oci_version);
        s->bundle = g_strdup(spec->bundle);
        s->rootfs = g_strdup(spec->root_path);
        s->created = timestamp_now();
        s->owner = geteuid();
        s->image = g_strdup(image_name(spec));
        if (spec->annotations.n > 0)
                s->annotations = annotations_text(spec);
        s->late_hooks = late_hooks_of(spec);
        if (!spec->process.terminal)
                s->descriptors = container_descriptors(0);
        return s;
}

int container_make_directory(const char *root, const Spec *spec, const State *state) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = state_make_directory(root, state->id);
        if (fd < 0)
                return fd;
        r = state_save(fd, state);
        if (r >= 0) {
                r = write_file_atomic_at(fd, "config.json", spec->source_text, spec->source_size, 0600);
                if (r < 0)
                        (void) log_error_errno(r, "Failed to copy the configuration: %m");
        }
        if (r < 0) {
                container_remove_directory(root, state->id);
                return r;
        }
        return TAKE_FD(fd);
}

void container_remove_directory(const char *root, const char *id) {
        _cleanup_free_ char *path = g_build_filename(root, id, NULL);
        int r;

        r = remove_tree_at(AT_FDCWD, path);
        if (r < 0)
                (void) log_error_errno(r, "Failed to remove '%s': %m", path);
}

/* ---- resctrl ---- */

int container_check_resctrl(const Spec *spec, const char *id, ResctrlConfig *ret) {
        const SpecIntelRdt *rdt = &spec->linux_.intel_rdt;

        if (!rdt->set)
                return 0;
        *ret = (ResctrlConfig) {
                .clos_id = rdt->clos_id,
                .l3_cache_schema = rdt->l3_cache_schema,
                .mem_bw_schema = rdt->mem_bw_schema,
                .schemata = rdt->schemata,
                .enable_monitoring = rdt->enable_monitoring,
        };
        return resctrl_check(/* root= */ NULL, ret, id);
}

int container_make_resctrl(
                int dir_fd, const Spec *spec, State *state, const ResctrlConfig *config, bool *ret_created) {
        const char *group = resctrl_config_group(config, state->id);
        int r;

        if (!spec->linux_.intel_rdt.set)
                return 0;

        /* Recorded before it is made, in case we are killed in between. Only a group of the container's own
         * name is the runtime's to remove, but every monitoring group is (runtime-spec, "IntelRdt"). */
        if (isempty(config->clos_id) && !resctrl_group_exists(/* root= */ NULL, group))
                state->resctrl_group = g_strdup(group);
        if (config->enable_monitoring)
                state->resctrl_monitor = g_strdup(group);
        r = state_save(dir_fd, state);
        if (r < 0)
                return r;
        return resctrl_group_ensure(/* root= */ NULL, config, state->id, ret_created);
}

int container_join_resctrl(const Spec *spec, const ResctrlConfig *config, const char *id, pid_t pid) {
        if (!spec->linux_.intel_rdt.set)
                return 0;
        return resctrl_group_add_pid(
                        /* root= */ NULL, resctrl_config_group(config, id),
                        config->enable_monitoring ? id : NULL, pid);
}

void container_undo_resctrl(const State *state, const ResctrlConfig *config, bool created) {
        if (state->resctrl_monitor)
                (void) resctrl_monitor_remove(/* root= */ NULL, state->resctrl_monitor, state->id);
        if (created)
                (void) resctrl_group_remove(/* root= */ NULL, resctrl_config_group(config, state->id));
}
