/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from options to the container that they mean. */

#include "cli/run-container.h"

#include <errno.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "config/expand.h"

void run_container_done(RunContainer *c) {
        g_free(c->rootfs);
        g_free(c->bundle);
        g_free(c->image);
        g_free(c->directory);
        g_strfreev(c->command);
        g_strfreev(c->volumes);
        *c = (RunContainer) { 0 };
}

static char *absolute(const char *path) {
        return path ? g_canonicalize_filename(path, NULL) : NULL;
}

static char **command_of(const RunCall *call) {
        bool expand = false;

        (void) parse_boolean(call->expand ?: "no", &expand);
        return expand ? expand_variables(call->command, call->environment) : g_strdupv(call->command);
}

/* Names of images and of layouts in the store stay as they are. */
static char *absolute_image(const char *image) {
        const char *layout = image ? startswith(image, "oci:") : NULL;
        _cleanup_free_ char *path = isempty(layout) ? NULL : absolute(layout);

        return path ? g_strconcat("oci:", path, NULL) : g_strdup(image);
}

/* Only what has a slash, or begins with a dot, is a path. */
static char *absolute_volume(const char *volume) {
        size_t n = strcspn(volume, ":");
        _cleanup_free_ char *source = g_strndup(volume, n), *path = NULL;

        if (!volume[n]) /* a place in the container */
                return g_strdup(volume);
        if (*source == '.' || strchr(source, '/'))
                path = absolute(source);
        return g_strconcat(path ?: source, volume + n, NULL);
}

/* In Volume=, a colon separates. */
static int share_directory(RunContainer *c, GStrvBuilder *volumes) {
        char *path = c->directory = g_get_current_dir();
        _cleanup_free_ char *volume = g_strconcat(path, ":", path, NULL);

        if (streq(path, "/"))
                return log_error_errno(-EINVAL, "--same-dir: '/' cannot be a directory of the container");
        if (strchr(path, ':'))
                return log_error_errno(-EINVAL, "--same-dir: '%s' has a colon in it", path);
        g_strv_builder_add(volumes, volume);
        return 0;
}

static int find_volumes(const RunCall *call, RunContainer *c) {
        g_autoptr(GStrvBuilder) volumes = g_strv_builder_new();
        int r = call->same_dir ? share_directory(c, volumes) : 0;

        for (char **v = call->volumes; v && *v; v++) {
                _cleanup_free_ char *volume = absolute_volume(*v);

                g_strv_builder_add(volumes, volume);
        }
        c->volumes = g_strv_builder_end(volumes);
        return r;
}

int run_container(const RunCall *call, RunContainer *ret) {
        _cleanup_(run_container_done) RunContainer c = {
                .rootfs = absolute(call->rootfs),
                .bundle = absolute(call->bundle),
                .image = absolute_image(call->image),
                .command = command_of(call),
        };
        bool by_entrypoint = call->shell && call->image; /* which would get the shell as an argument */
        int r = find_volumes(call, &c);

        if (r < 0)
                return r;
        c.container = (AdhocContainer) {
                .rootfs = c.rootfs,
                .bundle = c.bundle,
                .image = c.image,
                .network = call->network,
                .working_dir = c.directory ?: call->working_directory,
                .user = call->uid,
                .group = call->gid,
                .environment = call->environment,
                .command = by_entrypoint ? NULL : c.command,
                .entrypoint = by_entrypoint ? c.command[0] : NULL,
                .volumes = c.volumes,
                .properties = call->properties,
                .read_only = call->read_only,
                .notify_ready = call->service_type && streq(call->service_type, "notify"),
                .terminal = call->pty,
                .terminal_type = getenv("TERM"),
        };
        *ret = TAKE(c, (RunContainer) { 0 });
        return 0;
}
