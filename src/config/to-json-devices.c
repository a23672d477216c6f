/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what keys say about devices and annotations. */

#include "config/to-json-parts.h"

#include "basic/json-text.h"
#include "basic/log.h"
#include "basic/macro.h"

static int add_node(JsonValue devices, const char *name, const ContainerNode *node) {
        _cleanup_string_ GString *text = g_string_new(NULL);
        const char type[] = { node->type, '\0' };
        JsonText j;

        json_text_init(&j, text, 0);
        json_text_begin_object(&j, NULL);
        json_text_string(&j, "path", node->path);
        json_text_string(&j, "type", type);
        json_text_int(&j, "major", node->major);
        json_text_int(&j, "minor", node->minor);
        json_text_int(&j, "fileMode", node->mode);
        json_text_int(&j, "uid", node->uid);
        json_text_int(&j, "gid", node->gid);
        json_text_end_object(&j);
        return json_append_text(devices, name, text->str);
}

static int add_rule(JsonValue rules, const char *name, const ContainerNode *node) {
        _cleanup_free_ char *text = g_strdup_printf(
                        "{\"allow\":true,\"type\":\"%c\",\"major\":%u,\"minor\":%u,\"access\":\"%s\"}",
                        node->type, node->major, node->minor, node->access);

        return json_append_text(rules, name, text);
}

static int add_annotations(JsonDocument *document, const char *name, char **assignments) {
        JsonValue annotations;
        int r;

        if (!assignments)
                return 0;
        r = config_json_object(document, name, "/annotations", &annotations);
        for (; r >= 0 && *assignments; assignments++) {
                const char *equals = strchr(*assignments, '=');
                _cleanup_free_ char *key = g_strndup(*assignments, equals - *assignments);

                json_set_string(annotations, key, equals + 1);
        }
        return r;
}

int config_json_devices(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts) {
        JsonValue devices, rules;
        int r;

        r = add_annotations(document, name, c->annotations);
        if (r < 0 || !facts->nodes)
                return r;
        r = config_json_array(document, name, "/linux/devices", &devices);
        if (r >= 0)
                r = config_json_array(document, name, "/linux/resources/devices", &rules);
        for (unsigned i = 0; r >= 0 && i < facts->nodes->len; i++) {
                const ContainerNode *node = facts->nodes->pdata[i];

                r = add_node(devices, name, node);
                if (r >= 0)
                        r = add_rule(rules, name, node);
        }
        return r;
}
