/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how an instance of a template becomes known to systemd at its first start. */

#include "runtime/prepare-instance.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "basic/declared-name.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "config/search.h"
#include "unit/manager.h"
#include "unit/service-start.h"

/* /run, or what it is for a user. */
static const char *runtime_directory(void) {
        const char *user = getenv("XDG_RUNTIME_DIR");

        if (geteuid() == 0)
                return "/run";
        return isempty(user) || *user != '/' ? NULL : user;
}

static bool is_known(const char *runtime, const char *unit) {
        _cleanup_free_ char *path =
                        g_strdup_printf("%s/systemd/generator/%s.d/50-berth.conf", runtime, unit);

        return access(path, F_OK) >= 0;
}

/* Whether the template is all that declares it. */
static bool is_without_file(const char *declared) {
        _cleanup_strv_ char **path = config_search_path(geteuid() != 0);
        _cleanup_(config_found_freep) ConfigFound *found = NULL;

        return config_find((const char *const *) path, declared, &found) >= 0 && !found->named;
}

/* NULL: not an instance, or nowhere. */
static char *instance_directory(const char *declared) {
        const char *runtime = runtime_directory();

        return declared_instance(declared) && runtime
                        ? g_strdup_printf("%s/berth/%s.container.d", runtime, declared)
                        : NULL;
}

static int tell_systemd(const char *runtime, const char *unit) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = manager_connect(manager_ours(), event, &manager);
        if (r >= 0)
                r = manager_reload(manager);
        if (r < 0)
                return r;
        if (!is_known(runtime, unit))
                return log_error_errno(-ENXIO, "berth-generator made nothing for '%s'", unit);
        return service_start_dependencies(manager, unit);
}

int prepare_instance(const char *declared) {
        _cleanup_free_ char *directory = instance_directory(declared), *escaped = declared_escape(declared),
                            *unit = g_strdup_printf("container@%s.service", escaped);
        int r;

        if (!directory || !is_without_file(declared))
                return 0;
        r = make_directories(directory, 0755);
        if (r < 0)
                return log_error_errno(r, "Failed to make '%s': %m", directory);
        return is_known(runtime_directory(), unit) ? 0 : tell_systemd(runtime_directory(), unit);
}

void prepare_instance_end(const char *declared) {
        _cleanup_free_ char *directory = instance_directory(declared);

        if (directory)
                (void) rmdir(directory); /* one that somebody has put something into stays */
}
