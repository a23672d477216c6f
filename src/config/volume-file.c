/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the keys of volumes. */

#include "config/volume-file.h"

#include <errno.h>
#include <stddef.h>
#include <syslog.h>

#include "basic/macro.h"
#include "basic/parse-util.h"
#include "config/specifiers.h"

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

/* The entry with its value's specifiers replaced. */
static void expand_entry(VolumeFile *v, const char *name, const UnitEntry *e, GPtrArray *messages) {
        const SpecifierContext context = { .container = name, .file = v->path, .volume = true };
        _cleanup_free_ char *value = NULL;
        UnitEntry expanded = *e;
        char bad;

        if (specifiers_expand(e->value, &context, /* escape= */ false, &value, &bad) < 0) {
                config_message(messages, LOG_ERR, e->file, e->line,
                               "%s=: specifier '%%%.*s' is not known here; a percent sign is written '%%%%'",
                               e->key, bad ? 1 : 0, &bad);
                return;
        }
        expanded.value = value;
        apply_entry(v, &expanded, messages);
}

static VolumeFile *parse(const ConfigFound *found, const GPtrArray *files, GPtrArray *messages) {
        VolumeFile *v = g_new0(VolumeFile, 1);

        v->path = g_strdup(found->path);
        v->copy = -1;
        for (unsigned i = 0; i < files->len; i++) {
                const GArray *entries = ((const UnitFile *) files->pdata[i])->entries;

                for (unsigned k = 0; k < entries->len; k++) {
                        const UnitEntry *e = &g_array_index(entries, UnitEntry, k);

                        if (is_ours(e, messages) && e->key)
                                expand_entry(v, found->name, e, messages);
                }
        }
        if (v->volume_name && !g_ascii_isalnum(*v->volume_name))
                config_message(messages, LOG_ERR, v->path, 0,
                               "VolumeName=%s: expected a letter or digit first", v->volume_name);
        return v;
}

int volume_file_load(
                const char *const *directories, const char *name, GPtrArray *messages, VolumeFile **ret) {
        _cleanup_(config_found_freep) ConfigFound *found = NULL;
        _cleanup_ptr_array_ GPtrArray *files = NULL;
        int r;

        r = config_find_volume(directories, name, &found);
        if (r < 0)
                return r;
        files = config_load_files(found, messages);
        if (!files)
                return -ESHUTDOWN;
        *ret = parse(found, files, messages);
        return 0;
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
