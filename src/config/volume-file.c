/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the keys of volumes. */

#include "config/volume-file.h"

#include <errno.h>
#include <stddef.h>
#include <syslog.h>

#include "basic/macro.h"
#include "basic/parse-util.h"

static const struct {
        const char *name;
        size_t offset;
} strings[] = {
        { "VolumeName", offsetof(VolumeFile, volume_name) },
        { "User", offsetof(VolumeFile, user) },
        { "UID", offsetof(VolumeFile, user) },
        { "Group", offsetof(VolumeFile, group) },
        { "GID", offsetof(VolumeFile, group) },
};

static const struct {
        const char *name, *hint;
} refused[] = {
        { "ContainersConfModule", "there is no engine behind this volume" },
        { "Device", "write a .mount unit, or use Mount= in the container's file" },
        { "Driver", "volumes are directories" },
        { "GlobalArgs", "there is no engine behind this volume" },
        { "Image", "volumes are directories" },
        { "Options", "write a .mount unit, or use Mount= in the container's file" },
        { "PodmanArgs", "there is no engine behind this volume" },
        { "ServiceName", "a volume is no unit" },
        { "Type", "write a .mount unit, or use Mount= in the container's file" },
};

static void set_string(VolumeFile *v, size_t offset, const UnitEntry *e, GPtrArray *messages) {
        char **field = (char **) ((char *) v + offset);

        for (const char *s = e->value; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr("_.-", *s)) {
                        config_message(messages, LOG_ERR, e->file, e->line,
                                       "%s=%s: expected letters, digits, '_', '-' and '.'", e->key,
                                       e->value);
                        return;
                }
        g_free(*field);
        *field = *e->value ? g_strdup(e->value) : NULL;
}

static void set_copy(VolumeFile *v, const UnitEntry *e, GPtrArray *messages) {
        bool value = true;

        if (*e->value && parse_boolean(e->value, &value) < 0)
                config_message(messages, LOG_ERR, e->file, e->line, "%s=%s: expected yes or no", e->key,
                               e->value);
        else
                v->copy = *e->value ? value : -1;
}

static void unknown(const UnitEntry *e, GPtrArray *messages) {
        const char *names[ELEMENTSOF(strings) + 2], *near;

        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                names[i] = strings[i].name;
        names[ELEMENTSOF(strings)] = "Copy";
        names[ELEMENTSOF(strings) + 1] = "Label";
        near = config_suggest(e->key, names, ELEMENTSOF(names));
        config_message(messages, LOG_ERR, e->file, e->line, "unknown key '%.60s' in section [Volume]%s%s%s",
                       e->key, near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

static void apply_entry(VolumeFile *v, const UnitEntry *e, GPtrArray *messages) {
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (streq(strings[i].name, e->key)) {
                        set_string(v, strings[i].offset, e, messages);
                        return;
                }
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (streq(refused[i].name, e->key)) {
                        config_message(messages, LOG_ERR, e->file, e->line,
                                       "key '%s' is not possible in section [Volume]: %s", e->key,
                                       refused[i].hint);
                        return;
                }
        if (streq(e->key, "Copy"))
                set_copy(v, e, messages);
        else if (!streq(e->key, "Label") && !startswith(e->key, "X-"))
                unknown(e, messages);
}

/* A volume is no unit: sections of units are passed over, since Quadlet's files have them. */
static bool is_ours(const UnitEntry *e, GPtrArray *messages) {
        static const char *const others[] = { "Install", "Quadlet", "Service", "Unit", NULL };

        if (streq(e->section, "Volume"))
                return true;
        if (!e->key && !startswith(e->section, "X-") && !g_strv_contains(others, e->section))
                config_message(messages, LOG_ERR, e->file, e->line, "unknown section [%.60s]", e->section);
        return false;
}

static VolumeFile *parse(const char *path, char *text, size_t size, GPtrArray *messages) {
        _cleanup_(unit_file_freep) UnitFile *file = unit_file_parse(path, text, size, messages);
        VolumeFile *v = g_new0(VolumeFile, 1);

        v->path = g_strdup(path);
        v->copy = -1;
        for (unsigned i = 0; i < file->entries->len; i++) {
                const UnitEntry *e = &g_array_index(file->entries, UnitEntry, i);

                if (is_ours(e, messages) && e->key)
                        apply_entry(v, e, messages);
        }
        if (v->volume_name && !g_ascii_isalnum(*v->volume_name))
                config_message(messages, LOG_ERR, path, 0, "VolumeName=%s: expected a letter or digit first",
                               v->volume_name);
        return v;
}

int volume_file_load(
                const char *const *directories, const char *name, GPtrArray *messages, VolumeFile **ret) {
        for (; *directories; directories++) {
                _cleanup_free_ char *path = g_strdup_printf("%s/%s.volume", *directories, name);
                char *text = NULL;
                size_t size = 0;
                int r = config_read(path, /* checked= */ !g_getenv("BERTH_UNIT_PATH"), &text, &size);

                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return r;
                *ret = parse(path, text ?: g_strdup(""), size, messages);
                return 0;
        }
        return -ENOENT;
}

void volume_file_free(VolumeFile *file) {
        if (!file)
                return;
        g_free(file->path);
        g_free(file->volume_name);
        g_free(file->user);
        g_free(file->group);
        g_free(file);
}
