/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how each kind of a unit's directory is mounted. */

#include "config/unit-mounts.h"

#include <glib.h>

#include "basic/log.h"
#include "basic/macro.h"

static const struct {
        const char *type;
        const char *options[7];
} kinds[] = {
        [UNIT_DIRECTORY_PLAIN] = { "bind", { "rbind", "nosuid", "nodev" } },
        [UNIT_DIRECTORY_OWN] = { "bind", { "rbind", "nosuid", "nodev", "own" } },
        [UNIT_DIRECTORY_SECRET] = { "ramfs", { "copy", "ro", "nosuid", "nodev", "noexec", "nosymfollow" } },
};

void unit_directory_clear(void *p) {
        UnitDirectory *directory = p;

        g_free(directory->path);
}

static bool is_mounted(JsonValue mounts, const char *path) {
        _cleanup_free_ char *clean = g_canonicalize_filename(path, "/");

        for (size_t i = 0; i < json_value_size(mounts); i++) {
                _cleanup_free_ char *other = NULL;
                JsonValue value;
                const char *destination;

                if (!json_value_member(json_value_element(mounts, i), "destination", &value))
                        continue;
                destination = json_value_string(value);
                other = destination ? g_canonicalize_filename(destination, "/") : NULL;
                if (other && streq(other, clean))
                        return true;
        }
        return false;
}

int config_json_directories(JsonDocument *document, const char *name, const GArray *directories) {
        JsonValue mounts, mount;

        if (directories->len == 0)
                return 0;
        if (json_make_array(document, "/mounts", &mounts) < 0)
                return log_error_errno(-EINVAL, "%s#/mounts: expected an array", name);
        for (guint i = 0; i < directories->len; i++) {
                const UnitDirectory *d = &g_array_index(directories, UnitDirectory, i);

                if (is_mounted(mounts, d->path))
                        continue;
                mount = json_append_object(mounts);
                json_set_string(mount, "destination", d->path);
                json_set_string(mount, "type", kinds[d->kind].type);
                json_set_string(mount, "source", d->path);
                json_set_strv(mount, "options", kinds[d->kind].options);
        }
        return 0;
}
