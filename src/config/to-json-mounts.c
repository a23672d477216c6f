/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what keys say about mounts. */

#include "config/to-json-parts.h"

#include "basic/macro.h"

int config_json_add_mount(
                JsonDocument *document, const char *name, const char *destination, const char *source,
                const char *const *options) {
        JsonValue mounts, mount;
        int r;

        r = config_json_array(document, name, "/mounts", &mounts);
        if (r < 0)
                return r;
        mount = json_append_object(mounts);
        json_set_string(mount, "destination", destination);
        json_set_string(mount, "type", streq(source, "tmpfs") ? "tmpfs" : "bind");
        json_set_string(mount, "source", source);
        json_set_strv(mount, "options", options);
        return 0;
}

static bool has_word(char **words, const char *word) {
        for (; words && *words; words++)
                if (streq(*words, word))
                        return true;
        return false;
}

/* What is below the source comes along unless "bind" says otherwise, and is read-only, too, when the volume
 * is. Set-uid programs and device nodes in a volume have no effect without being asked for. */
static int add_volume(JsonDocument *document, const char *name, const ContainerVolume *volume) {
        _cleanup_ptr_array_ GPtrArray *options = g_ptr_array_new();
        bool recursive = !has_word(volume->options, "bind");

        if (recursive && !has_word(volume->options, "rbind"))
                g_ptr_array_add(options, (char *) "rbind");
        if (!has_word(volume->options, "suid"))
                g_ptr_array_add(options, (char *) "nosuid");
        if (!has_word(volume->options, "dev"))
                g_ptr_array_add(options, (char *) "nodev");
        for (char **w = volume->options; *w; w++)
                g_ptr_array_add(options, *w);
        if (recursive && has_word(volume->options, "ro"))
                g_ptr_array_add(options, (char *) "rro");
        g_ptr_array_add(options, NULL);
        return config_json_add_mount(
                        document, name, volume->destination, volume->source,
                        (const char *const *) options->pdata);
}

int config_json_volumes(JsonDocument *document, const char *name, const ContainerFile *c) {
        for (unsigned i = 0; i < c->volumes->len; i++) {
                int r = add_volume(document, name, c->volumes->pdata[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

int config_json_binds(JsonDocument *document, const char *name, const ContainerFacts *facts) {
        static const char *const init_options[] = { "bind", "ro", "nosuid", "nodev", NULL };
        int r = 0;

        if (facts->init)
                r = config_json_add_mount(document, name, CONTAINER_INIT, facts->init, init_options);
        for (unsigned i = 0; r >= 0 && facts->binds && i < facts->binds->len; i++) {
                const ContainerBind *b = facts->binds->pdata[i];
                const char *const options[] = {
                        "bind", "ro", "nosuid", "nodev", "noexec", b->nofollow ? "dest-nofollow" : NULL,
                        NULL,
                };

                r = config_json_add_mount(document, name, b->destination, b->source, options);
        }
        return r;
}
