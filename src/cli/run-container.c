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

/* In Volume=, a colon separates. */
static int share_directory(RunContainer *c) {
        char *path = c->directory = g_get_current_dir();

        if (streq(path, "/"))
                return log_error_errno(-EINVAL, "--same-dir: '/' cannot be a directory of the container");
        if (strchr(path, ':'))
                return log_error_errno(-EINVAL, "--same-dir: '%s' has a colon in it", path);
        g_strfreev(c->volumes);
        c->volumes = g_new0(char *, 2);
        c->volumes[0] = g_strconcat(path, ":", path, NULL);
        return 0;
}

int run_container(const RunCall *call, RunContainer *ret) {
        _cleanup_(run_container_done) RunContainer c = {
                .rootfs = absolute(call->rootfs),
                .bundle = absolute(call->bundle),
                .command = command_of(call),
        };
        int r = call->same_dir ? share_directory(&c) : 0;

        if (r < 0)
                return r;
        c.container = (AdhocContainer) {
                .rootfs = c.rootfs,
                .bundle = c.bundle,
                .working_dir = c.directory ?: call->working_directory,
                .user = call->uid,
                .group = call->gid,
                .environment = call->environment,
                .command = c.command,
                .volumes = c.volumes,
                .properties = call->properties,
                .read_only = call->read_only,
                .notify_ready = call->service_type && streq(call->service_type, "notify"),
                .terminal = call->pty,
        };
        *ret = TAKE(c, (RunContainer) { 0 });
        return 0;
}
