/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the tables of linux.seccomp (config-linux.md, "Seccomp"). Names of system calls are not checked:
 * profiles name calls that this kernel or libseccomp does not know yet. */

#include "spec/spec-internal.h"

static const JsonField arg_fields[] = {
        { "index", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecSeccompArg, index), .mandatory = true,
          .max = 5 },
        { "value", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecSeccompArg, value),
          .mandatory = true },
        { "valueTwo", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecSeccompArg, value_two) },
        { "op", JSON_TYPE_STRING, json_parse_string_name, offsetof(SpecSeccompArg, op), .mandatory = true,
          .names = spec_seccomp_operators },
        {},
};

static const JsonField rule_fields[] = {
        { "names", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecSeccompRule, names), .mandatory = true },
        { "action", JSON_TYPE_STRING, json_parse_string_name, offsetof(SpecSeccompRule, action),
          .mandatory = true, .names = spec_seccomp_actions },
        { "errnoRet", JSON_TYPE_INTEGER, json_parse_opt_uint, offsetof(SpecSeccompRule, errno_ret),
          .max = UINT16_MAX },
        { "args", JSON_TYPE_ARRAY, json_parse_array, offsetof(SpecSeccompRule, args), .sub = arg_fields,
          .size = sizeof(SpecSeccompArg), .count_offset = offsetof(SpecSeccompRule, n_args) },
        {},
};

static int parse_flags(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        SpecSeccomp *seccomp = base;

        seccomp->flags_set = true;
        return json_parse_strv_names(context, value, field, base);
}

const JsonField spec_seccomp_fields[] = {
        { "defaultAction", JSON_TYPE_STRING, json_parse_string_name, offsetof(SpecSeccomp, default_action),
          .mandatory = true, .names = spec_seccomp_actions },
        { "defaultErrnoRet", JSON_TYPE_INTEGER, json_parse_opt_uint,
          offsetof(SpecSeccomp, default_errno_ret), .max = UINT16_MAX },
        { "architectures", JSON_TYPE_ARRAY, json_parse_strv_names, offsetof(SpecSeccomp, architectures),
          .names = spec_seccomp_architectures },
        { "flags", JSON_TYPE_ARRAY, parse_flags, offsetof(SpecSeccomp, flags), .names = spec_seccomp_flags },
        { "listenerPath", JSON_TYPE_STRING, json_parse_string, offsetof(SpecSeccomp, listener_path) },
        { "listenerMetadata", JSON_TYPE_STRING, json_parse_string,
          offsetof(SpecSeccomp, listener_metadata) },
        { "syscalls", JSON_TYPE_ARRAY, json_parse_array, offsetof(SpecSeccomp, rules), .sub = rule_fields,
          .size = sizeof(SpecSeccompRule), .count_offset = offsetof(SpecSeccomp, n_rules) },
        {},
};
