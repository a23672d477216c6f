/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the tables of linux.resources (config-linux.md, "Control groups"). Values that only cgroup v1 has
 * (kernel memory, swappiness, realtime, network) are read and ignored, as by runc. */

#include "spec/spec-internal.h"

/* -1 and absent both are "any". */
static int parse_device_number(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        OptUint *target = json_field_target(field, base);
        int64_t n;
        int r;

        r = json_read_int(context, value, -1, UINT32_MAX, &n);
        if (r < 0)
                return r;
        *target = (OptUint) { .set = n >= 0, .value = n >= 0 ? (uint64_t) n : 0 };
        return 0;
}

static int parse_rule_type(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecDeviceRule *rule = base;
        const char *s = json_value_string(value);

        /* "u" is the unbuffered character device of other systems. */
        if (streq(s, "") || streq(s, "a") || streq(s, "b") || streq(s, "c"))
                rule->type = *s ? *s : 'a';
        else if (streq(s, "u"))
                rule->type = 'c';
        else
                return json_error(context, "unknown value '%s', expected one of a, b, c", s);
        return 0;
}

static int parse_rule_access(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecDeviceRule *rule = base;
        const char *s = json_value_string(value);
        size_t n = 0;

        if (strspn(s, "rwm") != strlen(s))
                return json_error(context, "invalid access '%s', expected letters of 'rwm'", s);
        for (const char *c = "rwm"; *c; c++)
                if (strchr(s, *c))
                        rule->access[n++] = *c;
        rule->access[n] = '\0';
        return 0;
}

static const JsonField device_rule_fields[] = {
        { "allow", JSON_TYPE_BOOLEAN, json_parse_bool, offsetof(SpecDeviceRule, allow) },
        { "type", JSON_TYPE_STRING, parse_rule_type, 0 },
        { "major", JSON_TYPE_INTEGER, parse_device_number, offsetof(SpecDeviceRule, major) },
        { "minor", JSON_TYPE_INTEGER, parse_device_number, offsetof(SpecDeviceRule, minor) },
        { "access", JSON_TYPE_STRING, parse_rule_access, 0 },
        {},
};

/* What is left out means everything. */
static int parse_device_rules(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecResources *resources = base;
        int r;

        r = json_parse_array(context, value, field, base);
        if (r < 0)
                return r;

        for (size_t i = 0; i < resources->n_devices; i++) {
                SpecDeviceRule *rule = &resources->devices[i];

                if (!rule->type)
                        rule->type = 'a';
                if (!rule->access[0])
                        memcpy(rule->access, "rwm", sizeof "rwm");
        }
        return 0;
}

/* ---- cgroup v1 ---- */

/* 0, -1 and false change nothing there either. */
static bool asks_for_something(JsonValue value) {
        int64_t n = 0;

        return json_value_boolean(value) || json_value_int64(value, &n) == -ERANGE || n > 0;
}

static int parse_v1(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        uint64_t number;
        int64_t bounded;
        int r = 0;

        if (field->types & JSON_TYPE_INTEGER)
                r = field->max != 0 ? json_read_int(context, value, field->min, field->max, &bounded)
                                    : json_read_uint64(context, value, &number);
        if (r >= 0 && asks_for_something(value))
                json_debug(context, "ignored, only cgroup v1 has it");
        return r;
}

static int parse_v1_list(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_value_size(value); i++)
                r = json_dispatch_element(context, value, i, field->sub, base);
        if (r >= 0 && json_value_size(value) > 0)
                json_debug(context, "ignored, only cgroup v1 has it");
        return r;
}

/* ---- what cgroup v2 has ---- */

static const JsonField memory_fields[] = {
        { "limit", JSON_TYPE_INTEGER, json_parse_opt_int, offsetof(SpecResources, memory_limit), .min = -1,
          .max = INT64_MAX },
        { "reservation", JSON_TYPE_INTEGER, json_parse_opt_int, offsetof(SpecResources, memory_reservation),
          .min = -1, .max = INT64_MAX },
        { "swap", JSON_TYPE_INTEGER, json_parse_opt_int, offsetof(SpecResources, memory_swap), .min = -1,
          .max = INT64_MAX },
        { "checkBeforeUpdate", JSON_TYPE_BOOLEAN, json_parse_bool,
          offsetof(SpecResources, memory_check_before_update) },
        { "kernel", JSON_TYPE_INTEGER, parse_v1, 0, .min = INT64_MIN, .max = INT64_MAX },
        { "kernelTCP", JSON_TYPE_INTEGER, parse_v1, 0, .min = INT64_MIN, .max = INT64_MAX },
        { "swappiness", JSON_TYPE_INTEGER, parse_v1, 0 },
        { "disableOOMKiller", JSON_TYPE_BOOLEAN, parse_v1, 0 },
        { "useHierarchy", JSON_TYPE_BOOLEAN, parse_v1, 0 },
        {},
};

static const JsonField cpu_fields[] = {
        { "shares", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecResources, cpu_shares) },
        { "quota", JSON_TYPE_INTEGER, json_parse_opt_int, offsetof(SpecResources, cpu_quota) },
        { "period", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecResources, cpu_period) },
        { "burst", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecResources, cpu_burst) },
        { "cpus", JSON_TYPE_STRING, json_parse_string, offsetof(SpecResources, cpuset_cpus) },
        { "mems", JSON_TYPE_STRING, json_parse_string, offsetof(SpecResources, cpuset_mems) },
        { "idle", JSON_TYPE_INTEGER, json_parse_opt_int, offsetof(SpecResources, cpu_idle), .max = 1 },
        { "realtimeRuntime", JSON_TYPE_INTEGER, parse_v1, 0, .min = INT64_MIN, .max = INT64_MAX },
        { "realtimePeriod", JSON_TYPE_INTEGER, parse_v1, 0 },
        {},
};

static const JsonField pids_fields[] = {
        { "limit", JSON_TYPE_INTEGER, json_parse_opt_int, offsetof(SpecResources, pids_limit) },
        {},
};

static const JsonField weight_device_fields[] = {
        { "major", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecBlockDevice, major),
          .mandatory = true },
        { "minor", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecBlockDevice, minor),
          .mandatory = true },
        { "weight", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecBlockDevice, value),
          .max = UINT16_MAX },
        { "leafWeight", JSON_TYPE_INTEGER, parse_v1, 0, .max = UINT16_MAX },
        {},
};

static const JsonField throttle_device_fields[] = {
        { "major", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecBlockDevice, major),
          .mandatory = true },
        { "minor", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecBlockDevice, minor),
          .mandatory = true },
        { "rate", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecBlockDevice, value),
          .mandatory = true },
        {},
};

#define BLOCK_FIELD(name, list, members)                                     \
        { name,                                                              \
          JSON_TYPE_ARRAY,                                                   \
          json_parse_array,                                                  \
          offsetof(SpecResources, list) + offsetof(SpecBlockDevices, items), \
          .sub = (members),                                                  \
          .size = sizeof(SpecBlockDevice),                                   \
          .count_offset = offsetof(SpecResources, list) + offsetof(SpecBlockDevices, n) }

static const JsonField block_io_fields[] = {
        { "weight", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecResources, blkio_weight),
          .max = UINT16_MAX },
        { "leafWeight", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecResources, blkio_leaf_weight),
          .max = UINT16_MAX },
        BLOCK_FIELD("weightDevice", blkio_weight_devices, weight_device_fields),
        BLOCK_FIELD("throttleReadBpsDevice", throttle_read_bps, throttle_device_fields),
        BLOCK_FIELD("throttleWriteBpsDevice", throttle_write_bps, throttle_device_fields),
        BLOCK_FIELD("throttleReadIOPSDevice", throttle_read_iops, throttle_device_fields),
        BLOCK_FIELD("throttleWriteIOPSDevice", throttle_write_iops, throttle_device_fields),
        {},
};

static const JsonField hugepage_fields[] = {
        { "pageSize", JSON_TYPE_STRING, json_parse_string, offsetof(SpecHugepageLimit, page_size),
          .mandatory = true },
        { "limit", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecHugepageLimit, limit),
          .mandatory = true },
        {},
};

static const JsonField rdma_fields[] = {
        { "hcaHandles", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecRdma, hca_handles),
          .max = UINT32_MAX },
        { "hcaObjects", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecRdma, hca_objects),
          .max = UINT32_MAX },
        {},
};

/* An object whose keys are device names. */
static int parse_rdma(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecResources *resources = base;
        JsonPlace place = { .parent = context->place };
        JsonValue member;
        JsonIter iter;
        int r = 0;

        resources->rdma = g_new0(SpecRdma, json_value_size(value));
        json_iter_init(&iter, value);
        context->place = &place;
        while (r >= 0 && json_iter_next(&iter, &place.key, &member)) {
                SpecRdma *rdma = &resources->rdma[resources->n_rdma++];

                rdma->device = g_strdup(place.key);
                r = json_dispatch(context, member, field->sub, rdma);
        }
        context->place = place.parent;
        return r;
}

static const JsonField priority_fields[] = {
        { "name", JSON_TYPE_STRING, parse_v1, 0, .mandatory = true },
        { "priority", JSON_TYPE_INTEGER, parse_v1, 0, .mandatory = true, .max = UINT32_MAX },
        {},
};

static const JsonField network_fields[] = {
        { "classID", JSON_TYPE_INTEGER, parse_v1, 0, .max = UINT32_MAX },
        { "priorities", JSON_TYPE_ARRAY, parse_v1_list, 0, .sub = priority_fields },
        {},
};

const JsonField spec_resources_fields[] = {
        { "devices", JSON_TYPE_ARRAY, parse_device_rules, offsetof(SpecResources, devices),
          .sub = device_rule_fields, .size = sizeof(SpecDeviceRule),
          .count_offset = offsetof(SpecResources, n_devices) },
        { "memory", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = memory_fields },
        { "cpu", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = cpu_fields },
        { "pids", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = pids_fields },
        { "blockIO", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = block_io_fields },
        { "hugepageLimits", JSON_TYPE_ARRAY, json_parse_array, offsetof(SpecResources, hugepages),
          .sub = hugepage_fields, .size = sizeof(SpecHugepageLimit),
          .count_offset = offsetof(SpecResources, n_hugepages) },
        { "rdma", JSON_TYPE_OBJECT, parse_rdma, 0, .sub = rdma_fields },
        { "network", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = network_fields },
        { "unified", JSON_TYPE_OBJECT, json_parse_pairs, offsetof(SpecResources, unified) },
        {},
};
