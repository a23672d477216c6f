/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the access to members of a base that may have another type than ours. */

#include "config/to-json-parts.h"

#include "basic/log.h"

int config_json_object(JsonDocument *document, const char *name, const char *pointer, JsonValue *ret) {
        int r = json_make_object(document, pointer, ret);

        return r < 0 ? log_error_errno(-EINVAL, "%s#%s: expected an object", name, pointer) : 0;
}

int config_json_array(JsonDocument *document, const char *name, const char *pointer, JsonValue *ret) {
        int r = json_make_array(document, pointer, ret);

        return r < 0 ? log_error_errno(-EINVAL, "%s#%s: expected an array", name, pointer) : 0;
}

const char *config_json_string(JsonValue object, const char *key) {
        JsonValue value;

        return json_value_member(object, key, &value) ? json_value_string(value) : NULL;
}
