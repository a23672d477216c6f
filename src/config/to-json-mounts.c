/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what keys say about mounts. */

#include "config/to-json-parts.h"

#include "basic/macro.h"

static int add_mount_of_type(
                JsonDocument *document, const char *name, const char *destination,
                const char *const *type_and_source, const char *const *options) {
        JsonValue mounts, mount;
        int r;

        r = config_json_array(document, name, "/mounts", &mounts);
        if (r < 0)
                return r;
        mount = json_append_object(mounts);
        json_set_string(mount, "destination", destination);
        json_set_string(mount, "type", type_and_source[0]);
        json_set_string(mount, "source", type_and_source[1]);
        json_set_strv(mount, "options", options);
        return 0;
}

int config_json_add_mount(
                JsonDocument *document, const char *name, const char *destination, const char *source,
                const char *const *options) {
        const char *const words[] = { streq(source, "tmpfs") ? "tmpfs" : "bind", source };

        return add_mount_of_type(document, name, destination, words, options);
}

static bool has_word(char **words, const char *word) {
        for (; words && *words; words++)
                if (streq(*words, word))
                        return true;
        return false;
}

/* Set-uid programs and device nodes in a volume have no effect without being asked for. */
static void add_common_options(GPtrArray *options, const ContainerVolume *volume) {
        if (!has_word(volume->options, "suid"))
                g_ptr_array_add(options, g_strdup("nosuid"));
        if (!has_word(volume->options, "dev"))
                g_ptr_array_add(options, g_strdup("nodev"));
}

static void add_words(GPtrArray *options, char **words) {
        for (; *words; words++)
                g_ptr_array_add(options, g_strdup(*words));
}

static int finish_mount(
                JsonDocument *document, const char *name, const ContainerVolume *volume,
                const char *const *type_and_source, GPtrArray *options) {
        g_ptr_array_add(options, NULL);
        return add_mount_of_type(
                        document, name, volume->destination, type_and_source,
                        (const char *const *) options->pdata);
}

/* What is below the source comes along unless "bind" says otherwise, and is read-only, too, when the volume
 * is. */
static int add_bind(
                JsonDocument *document, const char *name, const ContainerVolume *volume, const char *source,
                bool map_volumes) {
        _cleanup_ptr_array_ GPtrArray *options = g_ptr_array_new_with_free_func(g_free);
        bool recursive = !has_word(volume->options, "bind");

        if (recursive && !has_word(volume->options, "rbind"))
                g_ptr_array_add(options, g_strdup("rbind"));
        add_common_options(options, volume);
        add_words(options, volume->options);
        if (recursive && has_word(volume->options, "ro"))
                g_ptr_array_add(options, g_strdup("rro"));
        if (volume->own)
                g_ptr_array_add(options, g_strdup("own-source"));
        else if (map_volumes && volume->kind != CONTAINER_VOLUME_PATH &&
                 !has_word(volume->options, "ridmap"))
                g_ptr_array_add(options, g_strdup("idmap"));
        return finish_mount(document, name, volume, (const char *const[]) { "bind", source }, options);
}

/* Nothing is executed from a tmpfs unless that is asked for, and it begins with what it covers, as Podman
 * does it. */
static int add_tmpfs(JsonDocument *document, const char *name, const ContainerVolume *volume) {
        _cleanup_ptr_array_ GPtrArray *options = g_ptr_array_new_with_free_func(g_free);

        add_common_options(options, volume);
        if (!has_word(volume->options, "exec") && !has_word(volume->options, "noexec"))
                g_ptr_array_add(options, g_strdup("noexec"));
        if (!has_word(volume->options, "notmpcopyup") && !has_word(volume->options, "tmpcopyup"))
                g_ptr_array_add(options, g_strdup("tmpcopyup"));
        for (char **w = volume->options; *w; w++)
                if (!streq(*w, "notmpcopyup"))
                        g_ptr_array_add(options, g_strdup(*w));
        return finish_mount(document, name, volume, (const char *const[]) { "tmpfs", "tmpfs" }, options);
}

/* Words about a bind mount mean nothing here. */
static int add_overlay(
                JsonDocument *document, const char *name, const ContainerVolume *volume, const char *source,
                const char *directory) {
        static const char *const binds[] = { "bind", "rbind", "idmap", "ridmap", "rro", NULL };
        _cleanup_ptr_array_ GPtrArray *options = g_ptr_array_new_with_free_func(g_free);

        add_common_options(options, volume);
        for (char **w = volume->options; *w; w++)
                if (!g_strv_contains(binds, *w))
                        g_ptr_array_add(options, g_strdup(*w));
        g_ptr_array_add(options, g_strdup_printf("lowerdir=%s", source));
        g_ptr_array_add(options, g_strdup_printf("upperdir=%s/upper", directory));
        g_ptr_array_add(options, g_strdup_printf("workdir=%s/work", directory));
        return finish_mount(document, name, volume, (const char *const[]) { "overlay", "overlay" }, options);
}

static int add_volume(
                JsonDocument *document, const char *name, const ContainerVolume *volume, unsigned i,
                const ContainerFacts *facts) {
        const char *source = facts->sources ? facts->sources->pdata[i] : volume->source;
        const char *overlay = facts->overlays ? facts->overlays->pdata[i] : NULL;

        if (volume->kind == CONTAINER_VOLUME_TMPFS)
                return add_tmpfs(document, name, volume);
        if (overlay)
                return add_overlay(document, name, volume, source, overlay);
        return add_bind(document, name, volume, source, facts->map_volumes);
}

int config_json_volumes(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts) {
        for (unsigned i = 0; i < c->volumes->len; i++) {
                int r = add_volume(document, name, c->volumes->pdata[i], i, facts);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* In the place of the size that the base has; without a mount there, a tmpfs as in the template. */
int config_json_shm_size(JsonDocument *document, const char *name, const ContainerFile *c) {
        _cleanup_free_ char *size = g_strconcat("size=", c->shm_size, NULL);
        const char *const fresh[] = { "nosuid", "noexec", "nodev", "mode=1777", size, NULL };
        JsonValue mounts, options;
        int r;

        if (!c->shm_size)
                return 0;
        r = config_json_array(document, name, "/mounts", &mounts);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_value_size(mounts); i++) {
                _cleanup_ptr_array_ GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);
                JsonValue mount = json_value_element(mounts, i);
                const char *destination = config_json_string(mount, "destination");

                if (!destination || !streq(destination, "/dev/shm"))
                        continue;
                if (json_value_member(mount, "options", &options))
                        for (size_t k = 0; k < json_value_size(options); k++) {
                                const char *s = json_value_string(json_value_element(options, k));

                                if (s && !startswith(s, "size="))
                                        g_ptr_array_add(kept, g_strdup(s));
                        }
                g_ptr_array_add(kept, g_strdup(size));
                g_ptr_array_add(kept, NULL);
                json_set_strv(mount, "options", (const char *const *) kept->pdata);
                return 0;
        }
        return config_json_add_mount(document, name, "/dev/shm", "tmpfs", fresh);
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
