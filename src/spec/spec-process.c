/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the tables of the process object (config.md, "Process"). Which values go together is for the rules.
 */

#include "spec/spec-internal.h"

static int parse_groups(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecUser *user = base;
        size_t n = json_value_size(value);
        JsonPlace place = { .parent = context->place };
        int r = 0;

        g_free(user->additional_gids);
        user->additional_gids = g_new0(uint32_t, n);
        user->n_additional_gids = n;

        context->place = &place;
        for (; place.index < n; place.index++) {
                int64_t gid;

                r = json_read_int(context, json_value_element(value, place.index), 0, UINT32_MAX - 1, &gid);
                if (r < 0)
                        break;
                user->additional_gids[place.index] = (uint32_t) gid;
        }
        context->place = place.parent;
        return r;
}

static const JsonField user_fields[] = {
        { "uid", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecUser, uid), .max = UINT32_MAX - 1 },
        { "gid", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecUser, gid), .max = UINT32_MAX - 1 },
        { "umask", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecUser, umask), .max = 0777 },
        { "additionalGids", JSON_TYPE_ARRAY, parse_groups, 0 },
        {},
};

static const JsonField console_size_fields[] = {
        { "height", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecProcess, console_height),
          .max = UINT16_MAX },
        { "width", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecProcess, console_width),
          .max = UINT16_MAX },
        {},
};

#define CAPABILITY_FIELD(key, set) \
        { key, JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecProcess, capabilities[set]) }

static const JsonField capability_fields[] = {
        CAPABILITY_FIELD("bounding", SPEC_CAP_BOUNDING),
        CAPABILITY_FIELD("effective", SPEC_CAP_EFFECTIVE),
        CAPABILITY_FIELD("inheritable", SPEC_CAP_INHERITABLE),
        CAPABILITY_FIELD("permitted", SPEC_CAP_PERMITTED),
        CAPABILITY_FIELD("ambient", SPEC_CAP_AMBIENT),
        {},
};

static int parse_capabilities(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecProcess *process = base;

        process->capabilities_set = true;
        return json_dispatch(context, value, field->sub, process);
}

static int parse_rlimit_type(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecRlimit *rlimit = base;
        int64_t resource;
        int r;

        r = json_read_name(context, value, spec_rlimit_names, &resource);
        if (r < 0)
                return r;
        rlimit->resource = (int) resource;
        rlimit->name = spec_name_of(spec_rlimit_names, resource);
        return 0;
}

static const JsonField rlimit_fields[] = {
        { "type", JSON_TYPE_STRING, parse_rlimit_type, 0, .mandatory = true },
        { "soft", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecRlimit, soft), .mandatory = true },
        { "hard", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecRlimit, hard), .mandatory = true },
        {},
};

static const JsonField scheduler_fields[] = {
        { "policy", JSON_TYPE_STRING, json_parse_name, offsetof(SpecScheduler, policy), .mandatory = true,
          .names = spec_scheduler_policies },
        { "nice", JSON_TYPE_INTEGER, json_parse_int32, offsetof(SpecScheduler, nice), .min = -20,
          .max = 19 },
        { "priority", JSON_TYPE_INTEGER, json_parse_int32, offsetof(SpecScheduler, priority), .max = 99 },
        { "flags", JSON_TYPE_ARRAY, json_parse_flags64, offsetof(SpecScheduler, flags),
          .names = spec_scheduler_flags },
        { "runtime", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecScheduler, runtime) },
        { "deadline", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecScheduler, deadline) },
        { "period", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecScheduler, period) },
        {},
};

static int parse_scheduler(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecScheduler *scheduler = json_field_target(field, base);

        scheduler->set = true;
        return json_dispatch(context, value, field->sub, scheduler);
}

static const JsonField io_priority_fields[] = {
        { "class", JSON_TYPE_STRING, json_parse_opt_name, offsetof(SpecProcess, io_priority_class),
          .mandatory = true, .names = spec_io_priority_classes },
        { "priority", JSON_TYPE_INTEGER, json_parse_int32, offsetof(SpecProcess, io_priority_priority),
          .max = 7 },
        {},
};

static int parse_io_priority(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecProcess *process = base;

        process->io_priority_priority = 4; /* the kernel's default within a class */
        return json_dispatch(context, value, field->sub, process);
}

static const JsonField affinity_fields[] = {
        { "initial", JSON_TYPE_STRING, json_parse_string, offsetof(SpecProcess, exec_cpu_affinity_initial) },
        { "final", JSON_TYPE_STRING, json_parse_string, offsetof(SpecProcess, exec_cpu_affinity_final) },
        {},
};

const JsonField spec_process_fields[] = {
        { "terminal", JSON_TYPE_BOOLEAN, json_parse_bool, offsetof(SpecProcess, terminal) },
        { "consoleSize", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = console_size_fields },
        { "user", JSON_TYPE_OBJECT, json_parse_object, offsetof(SpecProcess, user), .sub = user_fields },
        { "args", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecProcess, args) },
        { "env", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecProcess, env) },
        { "cwd", JSON_TYPE_STRING, json_parse_string, offsetof(SpecProcess, cwd), .mandatory = true },
        { "capabilities", JSON_TYPE_OBJECT, parse_capabilities, 0, .sub = capability_fields },
        { "rlimits", JSON_TYPE_ARRAY, json_parse_array, offsetof(SpecProcess, rlimits), .sub = rlimit_fields,
          .size = sizeof(SpecRlimit), .count_offset = offsetof(SpecProcess, n_rlimits) },
        { "noNewPrivileges", JSON_TYPE_BOOLEAN, json_parse_bool, offsetof(SpecProcess, no_new_privileges) },
        { "oomScoreAdj", JSON_TYPE_INTEGER, json_parse_opt_int, offsetof(SpecProcess, oom_score_adj),
          .min = -1000, .max = 1000 },
        { "apparmorProfile", JSON_TYPE_STRING, json_parse_string, offsetof(SpecProcess, apparmor_profile) },
        { "selinuxLabel", JSON_TYPE_STRING, json_parse_string, offsetof(SpecProcess, selinux_label) },
        { "scheduler", JSON_TYPE_OBJECT, parse_scheduler, offsetof(SpecProcess, scheduler),
          .sub = scheduler_fields },
        { "ioPriority", JSON_TYPE_OBJECT, parse_io_priority, 0, .sub = io_priority_fields },
        { "execCPUAffinity", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = affinity_fields },
        {},
};
