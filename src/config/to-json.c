/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the order in which keys become members of config.json, and what belongs to no subject of its own; the
 * subjects are to-json-*.c. Whether the result is valid is for spec_parse() to say. */

#include "config/to-json.h"

#include "basic/log.h"
#include "basic/macro.h"
#include "config/to-json-parts.h"
#include "spec/spec.h"

#define NOTIFY_DESTINATION "/run/notify"

/* ---- the base ---- */

static bool is_bind(JsonValue mount) {
        const char *type = config_json_string(mount, "type");
        JsonValue options;

        if (type && streq(type, "bind"))
                return true;
        if (!json_value_member(mount, "options", &options))
                return false;
        for (size_t i = 0; i < json_value_size(options); i++) {
                const char *word = json_value_string(json_value_element(options, i));

                if (word && (streq(word, "bind") || streq(word, "rbind")))
                        return true;
        }
        return false;
}

static void make_absolute(JsonValue object, const char *key, const char *bundle) {
        const char *path = config_json_string(object, key);
        _cleanup_free_ char *absolute = NULL;

        if (isempty(path) || *path == '/')
                return;
        absolute = g_strdup_printf("%s/%s", bundle, path);
        json_set_string(object, key, absolute);
}

int config_json_absolute(JsonDocument *document, const char *name, const char *bundle) {
        JsonValue root, mounts;
        int r;

        r = config_json_object(document, name, "/root", &root);
        if (r < 0)
                return r;
        make_absolute(root, "path", bundle);
        r = config_json_array(document, name, "/mounts", &mounts);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_value_size(mounts); i++) {
                JsonValue mount = json_value_element(mounts, i);

                if (is_bind(mount))
                        make_absolute(mount, "source", bundle);
        }
        return 0;
}

static int add_tmpfs(JsonDocument *document, const char *name, const char *destination, const char *mode) {
        const char *const options[] = { "nosuid", "nodev", "strictatime", mode, NULL };

        return config_json_add_mount(document, name, destination, "tmpfs", options);
}

int config_json_rootfs(JsonDocument *document, const ContainerFile *c) {
        _cleanup_free_ char *hostname = g_strndup(c->id, 64);
        JsonValue process, root;
        int r;

        r = config_json_object(document, c->path, "/root", &root);
        if (r < 0)
                return r;
        json_set_boolean(root, "readonly", config_root_is_read_only(c));
        r = config_json_object(document, c->path, "/process", &process);
        if (r < 0)
                return r;
        json_set_boolean(process, "noNewPrivileges", true);
        json_set_boolean(process, "terminal", false);
        json_remove(process, "rlimits"); /* LimitNOFILE= and its kin in [Service] are inherited */
        json_set_string(json_document_root(document), "hostname", hostname);
        r = config_json_network(document, c->path, false, NULL);
        if (r < 0)
                return r;
        if (config_root_is_read_only(c) && c->read_only_tmpfs == 0)
                return 0;
        r = add_tmpfs(document, c->path, "/run", "mode=755");
        if (r < 0 || !config_root_is_read_only(c))
                return r;
        r = add_tmpfs(document, c->path, "/tmp", "mode=1777");
        return r < 0 ? r : add_tmpfs(document, c->path, "/var/tmp", "mode=1777");
}

/* ---- the declaration ---- */

static int apply_resctrl(JsonDocument *document, const char *name, const ContainerFile *c) {
        JsonValue rdt;
        int r;

        if (!c->schemata && !c->clos_id)
                return 0;
        r = config_json_object(document, name, "/linux/intelRdt", &rdt);
        if (r < 0)
                return r;
        if (c->clos_id)
                json_set_string(rdt, "closID", c->clos_id);
        if (c->schemata) {
                json_remove(rdt, "l3CacheSchema");
                json_remove(rdt, "memBwSchema");
                json_set_strv(rdt, "schemata", (const char *const *) c->schemata);
        }
        return 0;
}

static int apply_root(JsonDocument *document, const char *name, const ContainerFile *c) {
        JsonValue root;
        int r;

        r = config_json_object(document, name, "/root", &root);
        if (r < 0)
                return r;
        if (c->rootfs)
                json_set_string(root, "path", c->rootfs);
        if (c->read_only >= 0 || c->volatile_mode == CONTAINER_VOLATILE_STATE)
                json_set_boolean(root, "readonly", config_root_is_read_only(c));
        if (c->host_name)
                json_set_string(json_document_root(document), "hostname", c->host_name);
        return 0;
}

static int apply_machine(JsonDocument *document, const char *name, const ContainerFile *c) {
        JsonValue annotations;
        int r;

        if (c->machine < 0)
                return 0;
        r = config_json_object(document, name, "/annotations", &annotations);
        if (r >= 0)
                json_set_string(annotations, SPEC_ANNOTATION_MACHINE, c->machine > 0 ? "yes" : "no");
        return r;
}

/* A JSON merge patch (RFC 7396): objects are merged, null takes away, all else is put in the place of what
 * is there. */
static int merge(JsonValue target, JsonValue patch, const char *name) {
        JsonValue value, member;
        const char *key;
        JsonIter iter;
        int r = 0;

        json_iter_init(&iter, patch);
        while (r >= 0 && json_iter_next(&iter, &key, &value)) {
                if (json_value_type(value) == JSON_TYPE_NULL)
                        json_remove(target, key);
                else if (json_value_type(value) == JSON_TYPE_OBJECT) {
                        if (!json_value_member(target, key, &member) ||
                            json_value_type(member) != JSON_TYPE_OBJECT)
                                member = json_set_object(target, key);
                        r = merge(member, value, name);
                } else {
                        _cleanup_free_ char *text = json_value_to_text(value, 0);

                        r = json_set_text(target, key, name, text);
                }
        }
        return r;
}

static int apply_patches(JsonDocument *document, const ContainerFacts *facts) {
        for (unsigned i = 0; facts->patches && i < facts->patches->len; i++) {
                const ContainerFileText *patch = facts->patches->pdata[i];
                _cleanup_json_document_ JsonDocument *parsed = NULL;
                int r;

                r = json_document_parse(patch->name, patch->text, strlen(patch->text), &parsed);
                if (r >= 0)
                        r = merge(json_document_root(document), json_document_root(parsed), patch->name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_json_apply(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts) {
        int r;

        r = apply_root(document, name, c);
        if (r < 0)
                return r;
        r = apply_machine(document, name, c);
        if (r < 0)
                return r;
        r = config_json_process(document, name, c, facts);
        if (r < 0)
                return r;
        r = config_json_security(document, name, c, facts);
        if (r < 0)
                return r;
        r = config_json_volatile(document, name, c);
        if (r >= 0)
                r = config_json_binds(document, name, facts);
        if (r < 0)
                return r;
        r = config_json_volumes(document, name, c, facts);
        if (r >= 0)
                r = config_json_shm_size(document, name, c);
        if (r >= 0)
                r = config_json_devices(document, name, c, facts);
        if (r < 0)
                return r;
        if (c->network != CONTAINER_NETWORK_UNSET)
                r = config_json_network(
                                document, name, c->network != CONTAINER_NETWORK_HOST, facts->network);
        if (r >= 0)
                r = apply_resctrl(document, name, c);
        return r < 0 ? r : apply_patches(document, facts);
}

/* ---- the unit ---- */

static void set_terminal(JsonValue process, const char *name, bool terminal) {
        JsonValue value;
        bool wanted = json_value_member(process, "terminal", &value) && json_value_boolean(value);

        if (wanted && !terminal)
                log_info("%s#/process/terminal: a container of a unit has no terminal, its output goes to "
                         "the journal",
                         name);
        json_set_boolean(process, "terminal", terminal);
        json_remove(process, "consoleSize"); /* the service's terminal has a size */
}

int config_json_unit(JsonDocument *document, const char *name, const char *notify_directory, bool terminal) {
        static const char *const options[] = { "bind", "ro", "nosuid", "nodev", "noexec", NULL };
        static const char *const variables[] = { "NOTIFY_SOCKET=" NOTIFY_DESTINATION "/notify.sock", NULL };
        JsonValue process;
        int r;

        r = config_json_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        set_terminal(process, name, terminal);
        r = config_json_environment(document, name, variables);
        if (r < 0)
                return r;
        return config_json_add_mount(document, name, NOTIFY_DESTINATION, notify_directory, options);
}
