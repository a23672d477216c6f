/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what keys say about the network, and how namespaces are changed. */

#include "config/to-json-parts.h"

#include "basic/json-text.h"
#include "basic/macro.h"

int config_json_namespace(
                JsonDocument *document, const char *name, const char *type, bool own, const char *path) {
        _cleanup_string_ GString *text = g_string_new("{\"type\":");
        _cleanup_ptr_array_ GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);
        JsonValue linux_, namespaces;
        int r;

        r = config_json_array(document, name, "/linux/namespaces", &namespaces);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_value_size(namespaces); i++) {
                JsonValue entry = json_value_element(namespaces, i);
                const char *word = config_json_string(entry, "type");

                if (!word || !streq(word, type))
                        g_ptr_array_add(kept, json_value_to_text(entry, 0));
        }
        json_text_append_string(text, type);
        if (path) {
                g_string_append(text, ",\"path\":");
                json_text_append_string(text, path);
        }
        g_string_append_c(text, '}');
        if (own)
                g_ptr_array_add(kept, g_strdup(text->str));
        r = config_json_object(document, name, "/linux", &linux_);
        if (r < 0)
                return r;
        namespaces = json_set_array(linux_, "namespaces");
        for (unsigned i = 0; i < kept->len; i++) {
                r = json_append_text(namespaces, name, kept->pdata[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_json_network(JsonDocument *document, const char *name, bool own, const char *path) {
        return config_json_namespace(document, name, "network", own, path);
}
