/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the user namespace of a configuration. */

#include "config/to-json-parts.h"

#include "basic/macro.h"
#include "basic/parse-util.h"

static int set_map(
                JsonDocument *document, const char *name, const char *key, const SpecIdMapping *map,
                size_t n) {
        _cleanup_string_ GString *text = g_string_new("[");
        JsonValue linux_;
        int r;

        r = config_json_object(document, name, "/linux", &linux_);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                g_string_append_printf(
                                text, "%s{\"containerID\":%u,\"hostID\":%u,\"size\":%u}", i > 0 ? "," : "",
                                map[i].container_id, map[i].host_id, map[i].size);
        g_string_append_c(text, ']');
        return json_set_text(linux_, key, name, text->str);
}

static bool is_mapped(const SpecIdMapping *map, size_t n, uint32_t id) {
        for (size_t i = 0; i < n; i++)
                if (id >= map[i].container_id && id - map[i].container_id < map[i].size)
                        return true;
        return false;
}

/* The template has "gid=5" for /dev/pts, which nothing depends on. */
static int drop_unmapped_group(JsonDocument *document, const char *name, const SpecIdMap *map) {
        JsonValue mounts, options;
        int r;

        r = config_json_array(document, name, "/mounts", &mounts);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_value_size(mounts); i++) {
                _cleanup_ptr_array_ GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);
                JsonValue mount = json_value_element(mounts, i);
                const char *type = config_json_string(mount, "type");

                if (!type || !streq(type, "devpts") || !json_value_member(mount, "options", &options))
                        continue;
                for (size_t k = 0; k < json_value_size(options); k++) {
                        const char *s = json_value_string(json_value_element(options, k));
                        const char *gid = s ? startswith(s, "gid=") : NULL;
                        uint32_t id;

                        if (s && (!gid || parse_uint32(gid, &id) < 0 || is_mapped(map->gid, map->n_gid, id)))
                                g_ptr_array_add(kept, g_strdup(s));
                }
                g_ptr_array_add(kept, NULL);
                json_set_strv(mount, "options", (const char *const *) kept->pdata);
        }
        return 0;
}

int config_json_userns(JsonDocument *document, const char *name, const SpecIdMap *map, bool map_root) {
        JsonValue root;
        int r;

        r = config_json_object(document, name, "/root", &root);
        if (r >= 0)
                r = config_json_namespace(document, name, "user", true, NULL);
        if (r >= 0)
                r = set_map(document, name, "uidMappings", map->uid, map->n_uid);
        if (r >= 0)
                r = set_map(document, name, "gidMappings", map->gid, map->n_gid);
        if (r >= 0)
                r = drop_unmapped_group(document, name, map);
        if (r >= 0 && map_root)
                json_set_boolean(root, "berth.idmap", true);
        return r;
}
