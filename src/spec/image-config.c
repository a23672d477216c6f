/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the table of an image's configuration. */

#include "spec/image-config.h"

#include "spec/json-dispatch.h"
#include "spec/json.h"
#include "spec/spec-internal.h"

/* Sets are objects whose members have no values. */
static int parse_names(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        char ***target = json_field_target(field, base);
        const char *key;
        JsonValue member;
        JsonIter iter;

        json_iter_init(&iter, value);
        while (json_iter_next(&iter, &key, &member))
                g_strv_builder_add(names, key);
        g_strfreev(*target);
        *target = g_strv_builder_end(names);
        return 0;
}

#define AT(member) offsetof(ImageConfig, member)

static const JsonField process_fields[] = {
        { "Cmd", JSON_TYPE_ARRAY, json_parse_strv, AT(cmd) },
        { "Entrypoint", JSON_TYPE_ARRAY, json_parse_strv, AT(entrypoint) },
        { "Env", JSON_TYPE_ARRAY, json_parse_strv, AT(env) },
        { "ExposedPorts", JSON_TYPE_OBJECT, parse_names, AT(exposed_ports) },
        { "Labels", JSON_TYPE_OBJECT, json_parse_pairs, AT(labels) },
        { "StopSignal", JSON_TYPE_STRING, json_parse_string, AT(stop_signal) },
        { "User", JSON_TYPE_STRING, json_parse_string, AT(user) },
        { "Volumes", JSON_TYPE_OBJECT, parse_names, AT(volumes) },
        { "WorkingDir", JSON_TYPE_STRING, json_parse_string, AT(working_dir) },
        {},
};

static const JsonField config_fields[] = {
        { "architecture", JSON_TYPE_STRING, json_parse_string, AT(architecture) },
        { "author", JSON_TYPE_STRING, json_parse_string, AT(author) },
        { "config", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = process_fields },
        { "created", JSON_TYPE_STRING, json_parse_string, AT(created) },
        { "os", JSON_TYPE_STRING, json_parse_string, AT(os) },
        { "os.features", JSON_TYPE_ARRAY, json_parse_strv, AT(os_features) },
        { "os.version", JSON_TYPE_STRING, json_parse_string, AT(os_version) },
        { "variant", JSON_TYPE_STRING, json_parse_string, AT(variant) },
        {},
};

int image_config_parse(const char *name, const char *text, size_t size, ImageConfig **ret) {
        _cleanup_(image_config_freep) ImageConfig *config = g_new0(ImageConfig, 1);
        _cleanup_json_document_ JsonDocument *document = NULL;
        JsonContext context = { .file = name };
        int r;

        r = json_document_parse(name, text, size, &document);
        if (r < 0)
                return r;
        r = json_dispatch(&context, json_document_root(document), config_fields, config);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(config);
        return 0;
}

void image_config_free(ImageConfig *c) {
        char *strings[] = { c->architecture, c->os,   c->variant,     c->os_version, c->author,
                            c->created,      c->user, c->working_dir, c->stop_signal };
        char **lists[] = { c->os_features, c->env, c->entrypoint, c->cmd, c->exposed_ports, c->volumes };

        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                g_free(strings[i]);
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                g_strfreev(lists[i]);
        spec_pairs_clear(&c->labels);
        g_free(c);
}
