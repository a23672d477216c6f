/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what of an image becomes a member of config.json. */

#include "basic/macro.h"
#include "config/to-json-parts.h"

#define PREFIX "org.opencontainers.image."

int config_json_overlay(
                JsonDocument *document, const char *name, const char *const *lower, const char *upper,
                const char *work) {
        JsonValue root, overlay;
        int r;

        r = config_json_object(document, name, "/root", &root);
        if (r < 0)
                return r;
        overlay = json_set_object(root, "berth.overlay");
        json_set_strv(overlay, "lower", lower);
        json_set_string(overlay, "upper", upper);
        json_set_string(overlay, "work", work);
        return 0;
}

/* Annotations that begin like these are orders to the runtime, which an image has not to give. */
static bool is_order(const char *key) {
        static const char *const prefixes[] = { "berth.", "org.systemd.property.", "run.oci." };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (startswith(key, prefixes[i]))
                        return true;
        return isempty(key);
}

static void set_list(JsonValue annotations, const char *key, char **list) {
        g_autofree char *text = list ? g_strjoinv(",", list) : NULL;

        if (!isempty(text))
                json_set_string(annotations, key, text);
}

int config_json_image(
                JsonDocument *document, const char *name, const char *image, const ImageConfig *config) {
        const struct {
                const char *key, *value;
        } strings[] = {
                { PREFIX "architecture", config->architecture }, { PREFIX "author", config->author },
                { PREFIX "created", config->created },           { PREFIX "os", config->os },
                { PREFIX "os.version", config->os_version },     { PREFIX "ref.name", image },
                { PREFIX "stopSignal", config->stop_signal },    { PREFIX "variant", config->variant },
        };
        JsonValue annotations;
        int r;

        r = config_json_object(document, name, "/annotations", &annotations);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (!isempty(strings[i].value))
                        json_set_string(annotations, strings[i].key, strings[i].value);
        set_list(annotations, PREFIX "exposedPorts", config->exposed_ports);
        set_list(annotations, PREFIX "os.features", config->os_features);
        /* Labels go before what is derived. */
        for (size_t i = 0; i < config->labels.n; i++)
                if (!is_order(config->labels.items[i].key))
                        json_set_string(annotations, config->labels.items[i].key,
                                        config->labels.items[i].value);
        return 0;
}
