/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the tables of namespaces, id mappings and time offsets (config-linux.md). */

#include "spec/spec-internal.h"

static int parse_namespace_type(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecNamespace *namespace = base;
        int64_t flag;
        int r;

        r = json_read_name(context, value, spec_namespace_names, &flag);
        if (r < 0)
                return r;
        namespace->flag = (int) flag;
        namespace->name = spec_name_of(spec_namespace_names, flag);
        return 0;
}

const JsonField spec_namespace_fields[] = {
        { "type", JSON_TYPE_STRING, parse_namespace_type, 0, .mandatory = true },
        { "path", JSON_TYPE_STRING, json_parse_string, offsetof(SpecNamespace, path) },
        {},
};

const JsonField spec_id_mapping_fields[] = {
        { "containerID", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecIdMapping, container_id),
          .mandatory = true },
        { "hostID", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecIdMapping, host_id),
          .mandatory = true },
        { "size", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecIdMapping, size), .mandatory = true,
          .min = 1, .max = UINT32_MAX },
        {},
};

static const JsonField time_offset_fields[] = {
        { "secs", JSON_TYPE_INTEGER, json_parse_int64, offsetof(SpecTimeOffset, secs) },
        { "nanosecs", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecTimeOffset, nanosecs),
          .max = 999999999 },
        {},
};

static int parse_time_offset(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecTimeOffset *offset = json_field_target(field, base);

        offset->set = true;
        return json_dispatch(context, value, field->sub, offset);
}

const JsonField spec_time_offsets_fields[] = {
        { "monotonic", JSON_TYPE_OBJECT, parse_time_offset, offsetof(SpecLinux, monotonic_offset),
          .sub = time_offset_fields },
        { "boottime", JSON_TYPE_OBJECT, parse_time_offset, offsetof(SpecLinux, boottime_offset),
          .sub = time_offset_fields },
        {},
};
