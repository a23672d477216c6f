/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the table of the linux object (config-linux.md) and of its small members: devices, network devices,
 * Intel RDT, memory policy, personality. */

#include "spec/spec-internal.h"

static int parse_device_type(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecDevice *device = base;
        const char *s = json_value_string(value);

        if (!s[0] || s[1] || !strchr("bcpu", s[0]))
                return json_error(context, "unknown value '%s', expected one of b, c, p, u", s);
        device->type = s[0] == 'u' ? 'c' : s[0];
        return 0;
}

static const JsonField device_fields[] = {
        { "type", JSON_TYPE_STRING, parse_device_type, 0, .mandatory = true },
        { "path", JSON_TYPE_STRING, json_parse_string, offsetof(SpecDevice, path), .mandatory = true },
        { "major", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecDevice, major) },
        { "minor", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecDevice, minor) },
        { "fileMode", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecDevice, file_mode),
          .max = UINT32_MAX },
        { "uid", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecDevice, uid) },
        { "gid", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecDevice, gid) },
        {},
};

/* Only pipes have no numbers. */
static int check_numbers(JsonContext *context, JsonValue device) {
        static const char *const members[] = { "major", "minor" };
        JsonValue number;

        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (!json_value_member(device, members[i], &number) ||
                    json_value_type(number) == JSON_TYPE_NULL)
                        return json_error_at(context, members[i], "missing, expected integer");
        return 0;
}

/* Engines copy st_mode with its file type: only the permission bits count. */
static int parse_devices(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecLinux *linux_ = base;
        int r;

        r = json_parse_array(context, value, field, base);
        if (r < 0)
                return r;
        for (size_t i = 0; i < linux_->n_devices; i++) {
                SpecDevice *device = &linux_->devices[i];
                JsonPlace place = { .parent = context->place, .index = i };

                device->file_mode.value &= 07777;
                context->place = &place;
                r = device->type == 'p' ? 0 : check_numbers(context, json_value_element(value, i));
                context->place = place.parent;
                if (r < 0)
                        return r;
        }
        return 0;
}

static const JsonField net_device_fields[] = {
        { "name", JSON_TYPE_STRING, json_parse_string, offsetof(SpecNetDevice, container_name) },
        {},
};

/* An object whose keys are the names on the host; without a name of its own a device keeps it. */
static int parse_net_devices(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecLinux *linux_ = base;
        JsonPlace place = { .parent = context->place };
        JsonValue member;
        JsonIter iter;
        int r = 0;

        linux_->net_devices = g_new0(SpecNetDevice, json_value_size(value));
        json_iter_init(&iter, value);
        context->place = &place;
        while (r >= 0 && json_iter_next(&iter, &place.key, &member)) {
                SpecNetDevice *device = &linux_->net_devices[linux_->n_net_devices++];

                device->host_name = g_strdup(place.key);
                r = json_dispatch(context, member, field->sub, device);
                if (r >= 0 && !device->container_name)
                        device->container_name = g_strdup(place.key);
        }
        context->place = place.parent;
        return r;
}

static int parse_propagation(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecLinux *linux_ = base;
        int64_t flags;
        int r;

        if (isempty(json_value_string(value)))
                return 0;
        r = json_read_name(context, value, spec_propagation_names, &flags);
        if (r < 0)
                return r;
        linux_->rootfs_propagation = (unsigned long) flags;
        return 0;
}

/* enableMonitoring took the place of enableCMT and enableMBM of 1.1: each asks for the same group. */
static int parse_monitoring(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecIntelRdt *rdt = base;

        if (json_value_boolean(value))
                rdt->enable_monitoring = true;
        return 0;
}

static const JsonField intel_rdt_fields[] = {
        { "closID", JSON_TYPE_STRING, json_parse_string, offsetof(SpecIntelRdt, clos_id) },
        { "l3CacheSchema", JSON_TYPE_STRING, json_parse_string, offsetof(SpecIntelRdt, l3_cache_schema) },
        { "memBwSchema", JSON_TYPE_STRING, json_parse_string, offsetof(SpecIntelRdt, mem_bw_schema) },
        { "schemata", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecIntelRdt, schemata) },
        { "enableMonitoring", JSON_TYPE_BOOLEAN, parse_monitoring, 0 },
        { "enableCMT", JSON_TYPE_BOOLEAN, parse_monitoring, 0 },
        { "enableMBM", JSON_TYPE_BOOLEAN, parse_monitoring, 0 },
        {},
};

static int parse_intel_rdt(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecIntelRdt *rdt = json_field_target(field, base);

        rdt->set = true;
        return json_dispatch(context, value, field->sub, rdt);
}

static int parse_personality_domain(
                JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecLinux *linux_ = base;
        int64_t domain;
        int r;

        r = json_read_name(context, value, spec_personality_domains, &domain);
        if (r < 0)
                return r;
        linux_->personality = (OptUint) { .set = true, .value = (uint64_t) domain };
        return 0;
}

/* None is defined yet. */
static int parse_personality_flags(
                JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_value_size(value); i++)
                r = json_expect_element(context, value, i, JSON_TYPE_STRING);
        if (r >= 0 && json_value_size(value) > 0)
                json_debug(context, "ignored, there are no flags");
        return r;
}

static const JsonField personality_fields[] = {
        { "domain", JSON_TYPE_STRING, parse_personality_domain, 0, .mandatory = true },
        { "flags", JSON_TYPE_ARRAY, parse_personality_flags, 0 },
        {},
};

static const JsonField memory_policy_fields[] = {
        { "mode", JSON_TYPE_STRING, json_parse_opt_name, offsetof(SpecLinux, memory_policy_mode),
          .mandatory = true, .names = spec_memory_policy_modes },
        { "nodes", JSON_TYPE_STRING, json_parse_string, offsetof(SpecLinux, memory_policy_nodes) },
        { "flags", JSON_TYPE_ARRAY, json_parse_flags, offsetof(SpecLinux, memory_policy_flags),
          .names = spec_memory_policy_flags },
        {},
};

static int parse_resources(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecResources *resources = json_field_target(field, base);

        resources->set = true;
        return json_dispatch(context, value, field->sub, resources);
}

static int parse_seccomp(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecSeccomp *seccomp = json_field_target(field, base);

        seccomp->set = true;
        return json_dispatch(context, value, field->sub, seccomp);
}

const JsonField spec_linux_fields[] = {
        { "namespaces", JSON_TYPE_ARRAY, json_parse_array, offsetof(SpecLinux, namespaces),
          .sub = spec_namespace_fields, .size = sizeof(SpecNamespace),
          .count_offset = offsetof(SpecLinux, n_namespaces) },
        { "uidMappings", JSON_TYPE_ARRAY, json_parse_array, offsetof(SpecLinux, id_map.uid),
          .sub = spec_id_mapping_fields, .size = sizeof(SpecIdMapping),
          .count_offset = offsetof(SpecLinux, id_map.n_uid) },
        { "gidMappings", JSON_TYPE_ARRAY, json_parse_array, offsetof(SpecLinux, id_map.gid),
          .sub = spec_id_mapping_fields, .size = sizeof(SpecIdMapping),
          .count_offset = offsetof(SpecLinux, id_map.n_gid) },
        { "timeOffsets", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = spec_time_offsets_fields },
        { "devices", JSON_TYPE_ARRAY, parse_devices, offsetof(SpecLinux, devices), .sub = device_fields,
          .size = sizeof(SpecDevice), .count_offset = offsetof(SpecLinux, n_devices) },
        { "netDevices", JSON_TYPE_OBJECT, parse_net_devices, 0, .sub = net_device_fields },
        { "cgroupsPath", JSON_TYPE_STRING, json_parse_string, offsetof(SpecLinux, cgroups_path) },
        { "resources", JSON_TYPE_OBJECT, parse_resources, offsetof(SpecLinux, resources),
          .sub = spec_resources_fields },
        { "rootfsPropagation", JSON_TYPE_STRING, parse_propagation, 0 },
        { "maskedPaths", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecLinux, masked_paths) },
        { "readonlyPaths", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecLinux, readonly_paths) },
        { "mountLabel", JSON_TYPE_STRING, json_parse_string, offsetof(SpecLinux, mount_label) },
        { "sysctl", JSON_TYPE_OBJECT, json_parse_pairs, offsetof(SpecLinux, sysctl) },
        { "seccomp", JSON_TYPE_OBJECT, parse_seccomp, offsetof(SpecLinux, seccomp),
          .sub = spec_seccomp_fields },
        { "intelRdt", JSON_TYPE_OBJECT, parse_intel_rdt, offsetof(SpecLinux, intel_rdt),
          .sub = intel_rdt_fields },
        { "personality", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = personality_fields },
        { "memoryPolicy", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = memory_policy_fields },
        {},
};
