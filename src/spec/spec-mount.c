/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the table of a mount (config.md, "Mounts"). What the words in its options mean is in
 * spec-mount-options.c. */

#include "spec/spec-internal.h"

static int parse_options(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecMount *mount = base;
        JsonPlace place = { .parent = context->place };
        size_t n = json_value_size(value);
        int r = 0;

        context->place = &place;
        for (; place.index < n; place.index++) {
                JsonValue element = json_value_element(value, place.index);
                const char *rejected = NULL;

                r = json_expect(context, element, JSON_TYPE_STRING);
                if (r < 0)
                        break;
                r = spec_mount_apply_option(mount, json_value_string(element), &rejected);
                if (r < 0) {
                        r = json_error(context, "invalid option '%s': %s", json_value_string(element),
                                       rejected);
                        break;
                }
        }
        context->place = place.parent;
        return r;
}

/* The members win over the text of an idmap option. */
static int parse_mappings(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecIdMapping **list = json_field_target(field, base);

        g_free(*list);
        *list = NULL;
        return json_parse_array(context, value, field, base);
}

const JsonField spec_mount_fields[] = {
        { "destination", JSON_TYPE_STRING, json_parse_string, offsetof(SpecMount, destination),
          .mandatory = true },
        { "type", JSON_TYPE_STRING, json_parse_string, offsetof(SpecMount, type) },
        { "source", JSON_TYPE_STRING, json_parse_string, offsetof(SpecMount, source) },
        { "options", JSON_TYPE_ARRAY, parse_options, 0 },
        { "uidMappings", JSON_TYPE_ARRAY, parse_mappings, offsetof(SpecMount, id_map.uid),
          .sub = spec_id_mapping_fields, .size = sizeof(SpecIdMapping),
          .count_offset = offsetof(SpecMount, id_map.n_uid) },
        { "gidMappings", JSON_TYPE_ARRAY, parse_mappings, offsetof(SpecMount, id_map.gid),
          .sub = spec_id_mapping_fields, .size = sizeof(SpecIdMapping),
          .count_offset = offsetof(SpecMount, id_map.n_gid) },
        {},
};
