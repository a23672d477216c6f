/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what differs between Quadlet's .container files and ours (podman-systemd.unit(5)). */

#include "config/convert.h"

#include <errno.h>

#include "config/conversion.h"

/* Engines write sizes as 1g, 1gb and 1G, systemd as 1G. */
static char *size_of(const char *value) {
        char *text = g_ascii_strup(value, -1);
        size_t n = strlen(text);

        if (n > 1 && text[n - 1] == 'B')
                text[n - 1] = '\0';
        return text;
}

static char *count_of(const char *value) {
        return g_strdup(*value == '-' || streq(value, "0") ? "infinity" : value);
}

/* Keys of [Container] that are settings of the unit here. */
static const struct {
        const char *key, *setting;
        char *(*value)(const char *value); /* NULL: the same */
} moved[] = {
        { "Memory", "MemoryMax", size_of },
        { "PidsLimit", "TasksMax", count_of },
        { "StopTimeout", "TimeoutStopSec" },
};

/* Keys that are about an engine, or about what is different here. */
static const struct {
        const char *key, *why;
} dropped[] = {
        { "AutoUpdate", "images change with berth pull only" },
        { "CgroupsMode", "a container is a scope of its own" },
        { "ContainerName", "the name is that of the file" },
        { "ContainersConfModule", "there is no engine behind this container" },
        { "ExposeHostPort", "with the host's network every port is reachable" },
        { "GlobalArgs", "there is no engine behind this container" },
        { "IP", "berth sets up no network" },
        { "IP6", "berth sets up no network" },
        { "LogOpt", "the journal's own settings apply" },
        { "NetworkAlias", "berth sets up no network" },
        { "Pod", "there are no pods; PartOf= and Network=container:NAME in their place" },
        { "PodmanArgs", "there is no engine behind this container" },
        { "Pull", "images change with berth pull only" },
        { "Retry", "images change with berth pull only" },
        { "RetryDelay", "images change with berth pull only" },
        { "Secret", "write LoadCredential=NAME:FILE into [Service]; it is in $CREDENTIALS_DIRECTORY then" },
        { "ServiceName", "the unit is container@NAME.service" },
        { "StartWithPod", "there are no pods" },
};

/* Units of Quadlet that have no counterpart. */
static bool is_other_kind(const char *unit) {
        static const char *const suffixes[] = {
                ".artifact", ".build", ".image", ".kube", ".network", ".pod", ".volume",
        };

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (g_str_has_suffix(unit, suffixes[i]))
                        return true;
        return false;
}

static void note_entry(Conversion *c, ConversionSection section, const UnitEntry *e, const char *why) {
        g_autofree char *what = g_strdup_printf("%s=%s", e->key, e->value);

        conversion_note(c, section, what, why);
}

/* What listens on all addresses in the host's network need not have been published on all. */
static bool is_all_addresses(const char *address) {
        return isempty(address) || streq(address, "0.0.0.0") || streq(address, "[::]");
}

/* "[[IP:][HOST]:]PORT[/PROTOCOL]". The host's network is the default here, so a port that is not changed is
 * reachable as it is. */
static void convert_port(Conversion *c, const UnitEntry *e) {
        g_autofree char *value = g_strndup(e->value, strcspn(e->value, "/"));
        const char *protocol = strchr(e->value, '/'), *inside, *host_port, *address = NULL;
        char *colon = strrchr(value, ':');
        g_autofree char *buffer = NULL;

        if (colon)
                *colon = '\0';
        inside = colon ? colon + 1 : value;
        host_port = colon ? value : inside;
        if (strrchr(host_port, ':')) {
                host_port = strrchr(host_port, ':') + 1;
                address = buffer = g_strndup(value, host_port - 1 - value);
        }
        if (strchr(inside, '-') || strchr(host_port, '-'))
                note_entry(c, CONVERSION_CONTAINER, e, "write each port of the range as a ProxyPort=");
        else if (protocol && !streq(protocol, "/tcp"))
                note_entry(c, CONVERSION_CONTAINER, e, "only TCP ports can be forwarded");
        else if ((isempty(host_port) || streq(host_port, inside)) && !is_all_addresses(address))
                note_entry(c, CONVERSION_CONTAINER, e,
                           "in the host's network, the default here, let the program itself listen on that "
                           "address only");
        else if (isempty(host_port) || streq(host_port, inside))
                note_entry(c, CONVERSION_CONTAINER, e,
                           "with the host's network, the default here, the port is reachable as it is");
        else
                conversion_setf(c, CONVERSION_CONTAINER, "ProxyPort", "%s:%s", value, inside);
}

static void convert_network(Conversion *c, const UnitEntry *e) {
        if (streq(e->value, "host") || streq(e->value, "none") || startswith(e->value, "ns:") ||
            startswith(e->value, "container:") || g_str_has_suffix(e->value, ".container"))
                conversion_set(c, CONVERSION_CONTAINER, e->key, e->value);
        else
                note_entry(c, CONVERSION_CONTAINER, e,
                           "berth sets up no network; the host's is the default");
}

static void convert_log_driver(Conversion *c, const UnitEntry *e) {
        if (streq(e->value, "none"))
                conversion_set(c, CONVERSION_SERVICE, "StandardOutput", "null");
        else if (!streq(e->value, "journald") && !streq(e->value, "passthrough"))
                note_entry(c, CONVERSION_CONTAINER, e,
                           "output goes to the journal, or where StandardOutput= says");
}

static void convert_image(Conversion *c, const UnitEntry *e) {
        if (is_other_kind(e->value)) {
                note_entry(c, CONVERSION_CONTAINER, e,
                           "name the image itself, and fetch it with berth pull");
                return;
        }
        conversion_set(c, CONVERSION_CONTAINER, e->key, e->value);
        if (!startswith(e->value, "oci:") && *e->value) {
                g_autofree char *command = g_strdup_printf("berth pull %s", e->value);

                conversion_note(c, CONVERSION_CONTAINER, command,
                                "fetches the image, which no start of the unit does");
        }
}

static const struct {
        const char *key;
        void (*convert)(Conversion *c, const UnitEntry *e);
} changed[] = {
        { "Image", convert_image },
        { "LogDriver", convert_log_driver },
        { "Network", convert_network },
        { "PublishPort", convert_port },
};

static void convert_container_key(Conversion *c, const UnitEntry *e) {
        for (size_t i = 0; i < ELEMENTSOF(changed); i++)
                if (streq(changed[i].key, e->key)) {
                        changed[i].convert(c, e);
                        return;
                }
        for (size_t i = 0; i < ELEMENTSOF(moved); i++)
                if (streq(moved[i].key, e->key)) {
                        g_autofree char *value = moved[i].value ? moved[i].value(e->value) : NULL;

                        conversion_set(c, CONVERSION_SERVICE, moved[i].setting, value ?: e->value);
                        return;
                }
        for (size_t i = 0; i < ELEMENTSOF(dropped); i++)
                if (streq(dropped[i].key, e->key)) {
                        note_entry(c, CONVERSION_CONTAINER, e, dropped[i].why);
                        return;
                }
        conversion_set(c, CONVERSION_CONTAINER, e->key, e->value);
}

/* Dependencies are lists, of which each name counts for itself. */
static void convert_unit_key(Conversion *c, const UnitEntry *e) {
        g_auto(GStrv) words = g_strsplit_set(e->value, " \t", -1);
        GString *kept = g_string_new(NULL);
        bool dropped_one = false;

        for (char **w = words; *w; w++)
                if (is_other_kind(*w)) {
                        g_autofree char *what = g_strdup_printf("%s=%s", e->key, *w);

                        conversion_note(c, CONVERSION_UNIT, what,
                                        "volumes, pods, networks, images and builds are no units here");
                        dropped_one = true;
                } else if (**w)
                        g_string_append_printf(kept, "%s%s", kept->len > 0 ? " " : "", *w);
        if (!dropped_one)
                conversion_set(c, CONVERSION_UNIT, e->key, e->value);
        else if (kept->len > 0)
                conversion_set(c, CONVERSION_UNIT, e->key, kept->str);
        g_string_free(kept, TRUE);
}

static void convert_entry(Conversion *c, const UnitEntry *e) {
        int section = conversion_section_from_string(e->section);

        if (!e->key)
                return;
        if (section < 0)
                note_entry(c, CONVERSION_UNIT, e, "this section is Quadlet's");
        else if (section == CONVERSION_CONTAINER)
                convert_container_key(c, e);
        else if (section == CONVERSION_UNIT)
                convert_unit_key(c, e);
        else
                conversion_set(c, (ConversionSection) section, e->key, e->value);
}

char *convert_quadlet(const UnitFile *file) {
        Conversion c;
        char *text;

        conversion_init(&c);
        c.remark = CONVERSION_ENGINE_DEFAULTS;
        for (unsigned i = 0; i < file->entries->len; i++)
                convert_entry(&c, &g_array_index(file->entries, UnitEntry, i));
        text = conversion_text(&c, file->path);
        conversion_done(&c);
        return text;
}
