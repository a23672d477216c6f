/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what Volatile= says about mounts, and a root in a file. What is written over the root itself is made
 * by the layer above. */

#include "config/to-json-parts.h"

#include "basic/macro.h"

#define VAR_MOUNT                                                            \
        "{\"destination\":\"/var\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"," \
        "\"options\":[\"nosuid\",\"nodev\",\"strictatime\",\"mode=755\"]}"

bool config_root_is_read_only(const ContainerFile *c) {
        return c->read_only > 0 || c->volatile_mode == CONTAINER_VOLATILE_STATE;
}

int config_json_root_image(JsonDocument *document, const char *name, const SpecRootImage *image) {
        JsonValue root, member;
        int r = config_json_object(document, name, "/root", &root);

        if (r < 0)
                return r;
        member = json_set_object(root, "berth.image");
        json_set_string(member, "path", image->path);
        json_set_string(member, "type", image->type);
        json_set_int(member, "offset", (int64_t) image->offset);
        json_set_int(member, "size", (int64_t) image->size);
        json_set_boolean(member, "readonly", image->readonly);
        return 0;
}

/* Before all others, of which some may be below it. */
static int mount_var(JsonDocument *document, const char *name) {
        _cleanup_free_ char *others = NULL, *text = NULL;
        JsonValue mounts;
        int r;

        r = config_json_array(document, name, "/mounts", &mounts);
        if (r < 0)
                return r;
        others = json_value_to_text(mounts, 0);
        text = g_strconcat("[" VAR_MOUNT, json_value_size(mounts) > 0 ? "," : "", others + 1, NULL);
        return json_set_text(json_document_root(document), "mounts", name, text);
}

static int protect_usr(JsonDocument *document, const char *name) {
        JsonValue paths;
        int r = config_json_array(document, name, "/linux/readonlyPaths", &paths);

        if (r >= 0)
                json_append_string(paths, "/usr");
        return r;
}

int config_json_volatile(JsonDocument *document, const char *name, const ContainerFile *c) {
        if (c->volatile_mode == CONTAINER_VOLATILE_STATE)
                return mount_var(document, name);
        return c->volatile_mode == CONTAINER_VOLATILE_YES ? protect_usr(document, name) : 0;
}
