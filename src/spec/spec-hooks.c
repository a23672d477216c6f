/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the tables of the hooks object (config.md, "POSIX-platform Hooks"). */

#include "spec/spec-internal.h"

static const JsonField hook_fields[] = {
        { "path", JSON_TYPE_STRING, json_parse_string, offsetof(SpecHook, path), .mandatory = true },
        { "args", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecHook, args) },
        { "env", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecHook, env) },
        { "timeout", JSON_TYPE_INTEGER, json_parse_uint32, offsetof(SpecHook, timeout_sec), .min = 1,
          .max = INT32_MAX / 1000 },
        {},
};

#define HOOK_FIELD(name, kind)         \
        { name,                        \
          JSON_TYPE_ARRAY,             \
          json_parse_array,            \
          offsetof(Spec, hooks[kind]), \
          .sub = hook_fields,          \
          .size = sizeof(SpecHook),    \
          .count_offset = offsetof(Spec, n_hooks[kind]) }

const JsonField spec_hooks_fields[] = {
        HOOK_FIELD("prestart", SPEC_HOOK_PRESTART),
        HOOK_FIELD("createRuntime", SPEC_HOOK_CREATE_RUNTIME),
        HOOK_FIELD("createContainer", SPEC_HOOK_CREATE_CONTAINER),
        HOOK_FIELD("startContainer", SPEC_HOOK_START_CONTAINER),
        HOOK_FIELD("poststart", SPEC_HOOK_POSTSTART),
        HOOK_FIELD("poststop", SPEC_HOOK_POSTSTOP),
        {},
};
