/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what of an engine's description of a container becomes which key. Docker and Podman print the same
 * members, with few exceptions. */

#include "config/convert.h"

#include <errno.h>

#include "basic/log.h"
#include "config/conversion.h"
#include "config/convert-inspect-rest.h"
#include "config/words.h"
#include "spec/json.h"

typedef struct Inspect {
        Conversion out;
        JsonValue container, config, host;
} Inspect;

static const char *string_of(JsonValue object, const char *key) {
        JsonValue value;

        return json_value_member(object, key, &value) ? json_value_string(value) : NULL;
}

static int64_t number_of(JsonValue object, const char *key) {
        JsonValue value;
        int64_t n;

        return json_value_member(object, key, &value) && json_value_int64(value, &n) >= 0 ? n : 0;
}

static bool is_true(JsonValue object, const char *key) {
        JsonValue value;

        return json_value_member(object, key, &value) && json_value_boolean(value);
}

static void set_word(Inspect *in, const char *key, const char *value) {
        g_autofree char *quoted = NULL;

        if (isempty(value))
                return;
        quoted = word_quote(value);
        conversion_set(&in->out, CONVERSION_CONTAINER, key, quoted);
}

/* A value that is a text of its own syntax; specifiers are replaced in it. */
static void set_text(Inspect *in, const char *key, const char *text) {
        g_auto(GStrv) parts = text ? g_strsplit(text, "%", -1) : NULL;
        g_autofree char *escaped = parts ? g_strjoinv("%%", parts) : NULL;

        if (escaped)
                conversion_set(&in->out, CONVERSION_CONTAINER, key, escaped);
}

/* ---- members that are one value ---- */

static const struct {
        const char *member, *key;
} config_strings[] = {
        { "Image", "Image" },           { "User", "User" },
        { "WorkingDir", "WorkingDir" }, { "Hostname", "HostName" },
        { "StopSignal", "StopSignal" }, { "Timezone", "Timezone" },
};

/* One line of [Container] for each element. */
static const struct {
        const char *member, *key;
} host_lists[] = {
        { "CapAdd", "AddCapability" }, { "CapDrop", "DropCapability" }, { "Dns", "DNS" },
        { "DnsOptions", "DNSOption" }, { "DnsSearch", "DNSSearch" },    { "ExtraHosts", "AddHost" },
        { "GroupAdd", "GroupAdd" },
};

/* Numbers that are limits; 0 and less are none. */
static const struct {
        const char *member, *setting;
} host_limits[] = {
        { "Memory", "MemoryMax" },
        { "MemoryReservation", "MemoryLow" },
        { "PidsLimit", "TasksMax" },
};

static void convert_strings(Inspect *in) {
        int64_t signal = number_of(in->config, "StopSignal"); /* of an old Podman */

        if (signal > 0)
                conversion_setf(&in->out, CONVERSION_CONTAINER, "StopSignal", "%" G_GINT64_FORMAT, signal);
        for (size_t i = 0; i < ELEMENTSOF(config_strings); i++)
                set_word(in, config_strings[i].key, string_of(in->config, config_strings[i].member));
}

static void convert_lists(Inspect *in) {
        for (size_t i = 0; i < ELEMENTSOF(host_lists); i++) {
                JsonValue list;

                if (!json_value_member(in->host, host_lists[i].member, &list))
                        continue;
                for (size_t k = 0; k < json_value_size(list); k++)
                        set_word(in, host_lists[i].key, json_value_string(json_value_element(list, k)));
        }
}

static void convert_limits(Inspect *in) {
        int64_t cpus = number_of(in->host, "NanoCpus"), quota = number_of(in->host, "CpuQuota"),
                period = number_of(in->host, "CpuPeriod");
        const char *cpuset = string_of(in->host, "CpusetCpus");

        for (size_t i = 0; i < ELEMENTSOF(host_limits); i++) {
                int64_t n = number_of(in->host, host_limits[i].member);

                if (n > 0)
                        conversion_setf(&in->out, CONVERSION_SERVICE, host_limits[i].setting,
                                        "%" G_GINT64_FORMAT, n);
        }
        if (cpus > 0)
                conversion_setf(&in->out, CONVERSION_SERVICE, "CPUQuota", "%" G_GINT64_FORMAT "%%",
                                cpus / 10000000);
        else if (quota > 0)
                conversion_setf(&in->out, CONVERSION_SERVICE, "CPUQuota", "%" G_GINT64_FORMAT "%%",
                                quota * 100 / (period > 0 ? period : 100000));
        if (!isempty(cpuset))
                conversion_set(&in->out, CONVERSION_SERVICE, "AllowedCPUs", cpuset);
}

/* ---- the process ---- */

/* NULL: it is not there, or empty. */
static char *words_of(JsonValue object, const char *key) {
        GString *out = g_string_new(NULL);
        JsonValue list;

        if (json_value_member(object, key, &list))
                for (size_t i = 0; i < json_value_size(list); i++) {
                        g_autofree char *word =
                                        word_quote(json_value_string(json_value_element(list, i)) ?: "");

                        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", word);
                }
        if (out->len == 0) {
                g_string_free(out, TRUE);
                return NULL;
        }
        return g_string_free(out, FALSE);
}

static void convert_process(Inspect *in) {
        g_autofree char *entrypoint = words_of(in->config, "Entrypoint"),
                        *command = words_of(in->config, "Cmd");
        const char *text = string_of(in->config, "Entrypoint"); /* of an old Podman */
        JsonValue env;

        if (entrypoint || !isempty(text))
                conversion_set(&in->out, CONVERSION_CONTAINER, "Entrypoint", entrypoint ?: text);
        if (command)
                conversion_set(&in->out, CONVERSION_CONTAINER, "Exec", command);
        if (json_value_member(in->config, "Env", &env))
                for (size_t i = 0; i < json_value_size(env); i++)
                        set_word(in, "Environment", json_value_string(json_value_element(env, i)));
        if (is_true(in->config, "Tty"))
                conversion_set(&in->out, CONVERSION_CONTAINER, "Terminal", "yes");
        if (is_true(in->host, "Init"))
                conversion_set(&in->out, CONVERSION_CONTAINER, "RunInit", "yes");
        if (is_true(in->host, "ReadonlyRootfs"))
                conversion_set(&in->out, CONVERSION_CONTAINER, "ReadOnly", "yes");
        if (is_true(in->host, "Privileged"))
                conversion_note(&in->out, CONVERSION_CONTAINER, "Privileged",
                                "say which rights it needs: AddCapability=, AddDevice=, Volume=");
}

static void convert_labels(Inspect *in) {
        JsonValue labels, value;
        const char *key;
        JsonIter iter;

        if (!json_value_member(in->config, "Labels", &labels))
                return;
        json_iter_init(&iter, labels);
        while (json_iter_next(&iter, &key, &value)) {
                g_autofree char *text = g_strdup_printf("%s=%s", key, json_value_string(value) ?: "");

                set_word(in, "Label", text);
        }
}

/* ---- files, devices ---- */

static void convert_mount(Inspect *in, JsonValue mount) {
        const char *type = string_of(mount, "Type") ?: "bind",
                   *destination = string_of(mount, "Destination"), *name = string_of(mount, "Name"),
                   *source = string_of(mount, "Source");
        JsonValue writable;
        bool read_only = json_value_member(mount, "RW", &writable) && !json_value_boolean(writable);
        const char *propagation = string_of(mount, "Propagation");
        g_autofree char *value = NULL, *options = NULL;

        if (!destination)
                return;
        if (streq(type, "tmpfs")) {
                set_word(in, "Tmpfs", destination);
                return;
        }
        if (!streq(type, "bind") && !streq(type, "volume")) {
                g_autofree char *what = g_strdup_printf("%s at %s", type, destination);

                conversion_note(&in->out, CONVERSION_CONTAINER, what, "mount it with OCIPatch=");
                return;
        }
        if (!isempty(propagation) && !streq(propagation, "rprivate"))
                options = g_strconcat(":", read_only ? "ro," : "", propagation, NULL);
        value =
                        g_strconcat((streq(type, "volume") ? name : source) ?: "", ":", destination,
                                    options ?: (read_only ? ":ro" : ""), NULL);
        set_word(in, "Volume", value);
}

static void convert_mounts(Inspect *in) {
        JsonValue mounts, tmpfs, value;
        const char *key;
        JsonIter iter;

        if (json_value_member(in->container, "Mounts", &mounts))
                for (size_t i = 0; i < json_value_size(mounts); i++)
                        convert_mount(in, json_value_element(mounts, i));
        if (!json_value_member(in->host, "Tmpfs", &tmpfs))
                return;
        json_iter_init(&iter, tmpfs);
        while (json_iter_next(&iter, &key, &value)) {
                const char *options = json_value_string(value);
                g_autofree char *text = g_strconcat(key, isempty(options) ? "" : ":", options, NULL);

                set_word(in, "Tmpfs", text);
        }
}

static void convert_devices(Inspect *in) {
        JsonValue devices;

        if (!json_value_member(in->host, "Devices", &devices))
                return;
        for (size_t i = 0; i < json_value_size(devices); i++) {
                JsonValue device = json_value_element(devices, i);
                const char *outside = string_of(device, "PathOnHost"),
                           *inside = string_of(device, "PathInContainer"),
                           *rights = string_of(device, "CgroupPermissions");
                g_autofree char *text = g_strdup_printf(
                                "%s:%s:%s", outside ?: "", inside ?: outside, rights ?: "rwm");

                if (outside)
                        set_word(in, "AddDevice", text);
        }
}

static void convert_ulimits(Inspect *in) {
        JsonValue limits;

        if (!json_value_member(in->host, "Ulimits", &limits))
                return;
        for (size_t i = 0; i < json_value_size(limits); i++) {
                JsonValue limit = json_value_element(limits, i);
                const char *name = string_of(limit, "Name");

                if (!name)
                        continue;
                if (startswith(name, "RLIMIT_"))
                        name += STRLEN("RLIMIT_");
                g_autofree char *lower = g_ascii_strdown(name, -1);
                conversion_setf(&in->out, CONVERSION_CONTAINER, "Ulimit",
                                "%s=%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, lower, number_of(limit, "Soft"),
                                number_of(limit, "Hard"));
        }
}

static void convert_sysctls(Inspect *in) {
        JsonValue sysctls, value;
        const char *key;
        JsonIter iter;

        if (!json_value_member(in->host, "Sysctls", &sysctls))
                return;
        json_iter_init(&iter, sysctls);
        while (json_iter_next(&iter, &key, &value)) {
                g_autofree char *text = g_strdup_printf("%s=%s", key, json_value_string(value) ?: "");

                set_word(in, "Sysctl", text);
        }
}

/* ---- network ---- */

static void note_port(Inspect *in, const char *binding, const char *port, const char *why) {
        g_autofree char *what = g_strdup_printf("port %s%s", binding, strchr(port, '/') ?: "");

        conversion_note(&in->out, CONVERSION_CONTAINER, what, why);
}

static void convert_binding(Inspect *in, const char *port, JsonValue binding) {
        const char *address = string_of(binding, "HostIp"), *host = string_of(binding, "HostPort");
        bool everywhere = isempty(address) || streq(address, "0.0.0.0") || streq(address, "::");
        g_autofree char *number = g_strndup(port, strcspn(port, "/")), *text = NULL;
        const char *v6 = !isempty(address) && strchr(address, ':') ? "[" : "";

        text =
                        g_strconcat(v6, address ?: "", *v6 ? "]" : "", isempty(address) ? "" : ":",
                                    isempty(host) ? number : host, ":", number, NULL);
        if (!g_str_has_suffix(port, "/tcp"))
                note_port(in, text, port, "only TCP ports can be forwarded");
        else if ((isempty(host) || streq(host, number)) && !everywhere)
                note_port(in, text, port,
                          "in the host's network, the default here, let the program itself listen on that "
                          "address only");
        else if (isempty(host) || streq(host, number))
                note_port(in, text, port,
                          "with the host's network, the default here, the port is reachable as it is");
        else
                conversion_set(&in->out, CONVERSION_CONTAINER, "ProxyPort", text);
}

static void convert_network(Inspect *in) {
        const char *mode = string_of(in->host, "NetworkMode"), *port;
        JsonValue bindings, list;
        JsonIter iter;

        if (mode && (streq(mode, "host") || streq(mode, "none")))
                conversion_set(&in->out, CONVERSION_CONTAINER, "Network", mode);
        else if (mode && startswith(mode, "container:"))
                conversion_note(&in->out, CONVERSION_CONTAINER, mode,
                                "write the name: Network=container:NAME");
        else if (!isempty(mode)) {
                g_autofree char *what = g_strdup_printf("network %s", mode);

                conversion_note(&in->out, CONVERSION_CONTAINER, what,
                                "berth sets up no network; the host's is the default");
        }
        if (!json_value_member(in->host, "PortBindings", &bindings))
                return;
        json_iter_init(&iter, bindings);
        while (json_iter_next(&iter, &port, &list))
                for (size_t i = 0; i < json_value_size(list); i++)
                        convert_binding(in, port, json_value_element(list, i));
}

/* ---- the unit ---- */

static void convert_restart(Inspect *in) {
        static const struct {
                const char *policy, *restart;
        } policies[] = {
                { "always", "always" },
                { "on-failure", "on-failure" },
                { "unless-stopped", "always" },
        };
        JsonValue policy;
        const char *name;

        if (!json_value_member(in->host, "RestartPolicy", &policy))
                return;
        name = string_of(policy, "Name");
        for (size_t i = 0; name && i < ELEMENTSOF(policies); i++)
                if (streq(policies[i].policy, name)) {
                        conversion_set(&in->out, CONVERSION_SERVICE, "Restart", policies[i].restart);
                        if (!streq(name, "on-failure"))
                                conversion_set(&in->out, CONVERSION_INSTALL, "WantedBy",
                                               "multi-user.target");
                }
        if (number_of(policy, "MaximumRetryCount") > 0)
                conversion_setf(&in->out, CONVERSION_UNIT, "StartLimitBurst", "%" G_GINT64_FORMAT,
                                number_of(policy, "MaximumRetryCount") + 1);
}

static void convert_stop(Inspect *in) {
        int64_t timeout = number_of(in->config, "StopTimeout");

        if (timeout > 0)
                conversion_setf(&in->out, CONVERSION_SERVICE, "TimeoutStopSec", "%" G_GINT64_FORMAT,
                                timeout);
}

/* Times are nanoseconds. "CMD-SHELL" is followed by a line for a shell, "CMD" by words. */
static void convert_health(Inspect *in) {
        static const struct {
                const char *member, *key;
        } times[] = {
                { "Interval", "HealthInterval" },
                { "StartPeriod", "HealthStartPeriod" },
                { "Timeout", "HealthTimeout" },
        };
        JsonValue check, test;
        const char *kind;

        if (!json_value_member(in->config, "Healthcheck", &check) ||
            !json_value_member(check, "Test", &test) || json_value_size(test) < 1)
                return;
        kind = json_value_string(json_value_element(test, 0));
        if (kind && streq(kind, "NONE")) {
                conversion_set(&in->out, CONVERSION_CONTAINER, "HealthCmd", "none");
                return;
        }
        if (json_value_size(test) < 2)
                return;
        if (kind && streq(kind, "CMD-SHELL"))
                set_text(in, "HealthCmd", json_value_string(json_value_element(test, 1)));
        else {
                g_autofree char *array = json_value_to_text(test, /* indent= */ 0);

                set_text(in, "HealthCmd", array);
        }
        set_word(in, "HealthOnFailure", string_of(in->config, "HealthcheckOnFailureAction"));
        for (size_t i = 0; i < ELEMENTSOF(times); i++) {
                int64_t ns = number_of(check, times[i].member);

                if (ns > 0)
                        conversion_setf(&in->out, CONVERSION_CONTAINER, times[i].key,
                                        "%" G_GINT64_FORMAT "ms", ns / 1000000);
        }
        if (number_of(check, "Retries") > 0)
                conversion_setf(&in->out, CONVERSION_CONTAINER, "HealthRetries", "%" G_GINT64_FORMAT,
                                number_of(check, "Retries"));
}

static void convert_security(Inspect *in) {
        JsonValue options;

        if (!json_value_member(in->host, "SecurityOpt", &options))
                return;
        for (size_t i = 0; i < json_value_size(options); i++) {
                const char *option = json_value_string(json_value_element(options, i)), *profile, *apparmor;

                if (!option)
                        continue;
                profile = startswith(option, "seccomp=");
                apparmor = startswith(option, "apparmor=");
                if (profile && *profile != '{')
                        set_word(in, "SeccompProfile", profile);
                else if (apparmor)
                        set_word(in, "AppArmor", apparmor);
                else if (startswith(option, "no-new-privileges"))
                        conversion_set(&in->out, CONVERSION_CONTAINER, "NoNewPrivileges",
                                       g_str_has_suffix(option, "false") ? "no" : "yes");
                else if (streq(option, "label=disable") || streq(option, "label:disable"))
                        conversion_set(&in->out, CONVERSION_CONTAINER, "SecurityLabelDisable", "yes");
                else if (startswith(option, "label=type:"))
                        set_word(in, "SecurityLabelType", startswith(option, "label=type:"));
                else if (startswith(option, "label=level:"))
                        set_word(in, "SecurityLabelLevel", startswith(option, "label=level:"));
                else if (streq(option, "systempaths=unconfined"))
                        conversion_set(&in->out, CONVERSION_CONTAINER, "Unmask", "ALL");
                else if (startswith(option, "mask="))
                        set_word(in, "Mask", startswith(option, "mask="));
                else if (startswith(option, "unmask="))
                        set_word(in, "Unmask", startswith(option, "unmask="));
                else if (profile)
                        conversion_note(&in->out, CONVERSION_CONTAINER, "seccomp={...}",
                                        "write it into a file, and its name into SeccompProfile=");
                else
                        conversion_note(&in->out, CONVERSION_CONTAINER, option, "this option is not known");
        }
}

/* Each writes its lines. */
static void (*const parts[])(Inspect *in) = {
        convert_strings, convert_process, convert_mounts,  convert_devices,  convert_lists,
        convert_ulimits, convert_sysctls, convert_network, convert_security, convert_health,
        convert_labels,  convert_limits,  convert_restart, convert_stop,
};

static bool object_member(JsonValue value, const char *name, JsonValue *ret) {
        return json_value_member(value, name, ret) && json_value_type(*ret) == JSON_TYPE_OBJECT;
}

static int find_container(const char *name, JsonDocument *document, Inspect *in) {
        JsonValue list;

        if (!json_value_member(json_document_root(document), "inspect", &list) || json_value_size(list) == 0)
                return log_error_errno(-EINVAL, "%s: expected an array with a container", name);
        if (json_value_size(list) > 1)
                return log_error_errno(
                                -EINVAL, "%s: expected one container, found %zu: convert each by itself",
                                name, json_value_size(list));
        in->container = json_value_element(list, 0);
        if (!object_member(in->container, "Config", &in->config) ||
            !object_member(in->container, "HostConfig", &in->host))
                return log_error_errno(
                                -EINVAL,
                                "%s#/0: expected an object with Config and HostConfig, as of a container",
                                name);
        return 0;
}

int convert_inspect(const char *name, const char *text, size_t size, char **ret) {
        /* The reader takes objects; the array is what the engines print. */
        g_autofree char *object = g_strdup_printf("{\"inspect\":%s}", text), *from = NULL;
        _cleanup_json_document_ JsonDocument *document = NULL;
        Inspect in = { 0 };
        int r;

        r = json_document_parse(name, object, strlen(object), &document);
        if (r < 0)
                return r;
        r = find_container(name, document, &in);
        if (r < 0)
                return r;
        if (!isempty(string_of(in.container, "Name")))
                from = g_strdup_printf("%s, container %s", name, string_of(in.container, "Name"));
        conversion_init(&in.out);
        in.out.remark = CONVERSION_ENGINE_DEFAULTS;
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                parts[i](&in);
        convert_inspect_rest(&in.out, in.container, in.config, in.host);
        *ret = conversion_text(&in.out, from ?: name);
        conversion_done(&in.out);
        return 0;
}
