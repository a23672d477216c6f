/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of keys into members of config.json. Whether the result is valid is for spec_parse()
 * to say. */

#include "config/to-json.h"

#include <string.h>

#include "basic/log.h"
#include "basic/macro.h"

#define NOTIFY_DESTINATION "/run/notify"

static const char *const root_capabilities[] = {
        "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",     "CAP_FSETID",
        "CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",    "CAP_SETGID",
        "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT", NULL,
};

void container_user_done(ContainerUser *user) {
        g_free(user->groups);
        g_free(user->home);
        *user = (ContainerUser) { 0 };
}

/* ---- access with one message when the base has another type there ---- */

static int get_object(JsonDocument *document, const char *name, const char *pointer, JsonValue *ret) {
        int r = json_make_object(document, pointer, ret);

        return r < 0 ? log_error_errno(-EINVAL, "%s#%s: expected an object", name, pointer) : 0;
}

static int get_array(JsonDocument *document, const char *name, const char *pointer, JsonValue *ret) {
        int r = json_make_array(document, pointer, ret);

        return r < 0 ? log_error_errno(-EINVAL, "%s#%s: expected an array", name, pointer) : 0;
}

static const char *member_string(JsonValue object, const char *key) {
        JsonValue value;

        return json_value_member(object, key, &value) ? json_value_string(value) : NULL;
}

/* ---- environment ---- */

/* Puts NAME=value in the place of an earlier one, or at the end. */
static void put_variable(GPtrArray *list, const char *assignment) {
        size_t n = strcspn(assignment, "=") + 1;

        for (unsigned i = 0; i < list->len; i++)
                if (strncmp(list->pdata[i], assignment, n) == 0) {
                        g_free(list->pdata[i]);
                        list->pdata[i] = g_strdup(assignment);
                        return;
                }
        g_ptr_array_add(list, g_strdup(assignment));
}

/* The variables of the base as a list that can be changed; the caller writes it back. */
static int read_environment(JsonDocument *document, const char *name, GPtrArray **ret) {
        GPtrArray *list;
        JsonValue env;
        int r;

        r = get_array(document, name, "/process/env", &env);
        if (r < 0)
                return r;
        list = g_ptr_array_new_with_free_func(g_free);
        for (size_t i = 0; i < json_value_size(env); i++) {
                const char *s = json_value_string(json_value_element(env, i));

                if (!s) {
                        g_ptr_array_unref(list);
                        return log_error_errno(-EINVAL, "%s#/process/env/%zu: expected a string", name, i);
                }
                g_ptr_array_add(list, g_strdup(s));
        }
        *ret = list;
        return 0;
}

static int write_environment(JsonDocument *document, const char *name, GPtrArray *list) {
        JsonValue process;
        int r;

        r = get_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        g_ptr_array_add(list, NULL);
        json_set_strv(process, "env", (const char *const *) list->pdata);
        return 0;
}

static int apply_environment(JsonDocument *document, const char *name, const char *const *assignments) {
        _cleanup_ptr_array_ GPtrArray *list = NULL;
        int r;

        if (!assignments)
                return 0;
        r = read_environment(document, name, &list);
        if (r < 0)
                return r;
        for (; *assignments; assignments++)
                put_variable(list, *assignments);
        return write_environment(document, name, list);
}

/* ---- mounts ---- */

static int add_mount(
                JsonDocument *document, const char *name, const char *destination, const char *source,
                const char *const *options) {
        JsonValue mounts, mount;
        int r;

        r = get_array(document, name, "/mounts", &mounts);
        if (r < 0)
                return r;
        mount = json_append_object(mounts);
        json_set_string(mount, "destination", destination);
        json_set_string(mount, "type", streq(source, "tmpfs") ? "tmpfs" : "bind");
        json_set_string(mount, "source", source);
        json_set_strv(mount, "options", options);
        return 0;
}

static bool has_word(char **words, const char *word) {
        for (; words && *words; words++)
                if (streq(*words, word))
                        return true;
        return false;
}

/* What is below the source comes along unless "bind" says otherwise, and is read-only, too, when the volume
 * is. Set-uid programs and device nodes in a volume have no effect without being asked for. */
static int add_volume(JsonDocument *document, const char *name, const ContainerVolume *volume) {
        _cleanup_ptr_array_ GPtrArray *options = g_ptr_array_new();
        bool recursive = !has_word(volume->options, "bind");

        if (recursive && !has_word(volume->options, "rbind"))
                g_ptr_array_add(options, (char *) "rbind");
        if (!has_word(volume->options, "suid"))
                g_ptr_array_add(options, (char *) "nosuid");
        if (!has_word(volume->options, "dev"))
                g_ptr_array_add(options, (char *) "nodev");
        for (char **w = volume->options; *w; w++)
                g_ptr_array_add(options, *w);
        if (recursive && has_word(volume->options, "ro"))
                g_ptr_array_add(options, (char *) "rro");
        g_ptr_array_add(options, NULL);
        return add_mount(
                        document, name, volume->destination, volume->source,
                        (const char *const *) options->pdata);
}

/* ---- namespaces ---- */

/* Takes the network namespace out, and puts a new one in when own is set. */
static int set_network(JsonDocument *document, const char *name, bool own) {
        _cleanup_ptr_array_ GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);
        JsonValue linux_, namespaces;
        int r;

        r = get_array(document, name, "/linux/namespaces", &namespaces);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_value_size(namespaces); i++) {
                JsonValue entry = json_value_element(namespaces, i);
                const char *type = member_string(entry, "type");

                if (!type || !streq(type, "network"))
                        g_ptr_array_add(kept, json_value_to_text(entry, 0));
        }
        if (own)
                g_ptr_array_add(kept, g_strdup("{\"type\":\"network\"}"));
        r = get_object(document, name, "/linux", &linux_);
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

/* ---- the base ---- */

static bool is_bind(JsonValue mount) {
        const char *type = member_string(mount, "type");
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
        const char *path = member_string(object, key);
        _cleanup_free_ char *absolute = NULL;

        if (isempty(path) || *path == '/')
                return;
        absolute = g_strdup_printf("%s/%s", bundle, path);
        json_set_string(object, key, absolute);
}

int config_json_absolute(JsonDocument *document, const char *name, const char *bundle) {
        JsonValue root, mounts;
        int r;

        r = get_object(document, name, "/root", &root);
        if (r < 0)
                return r;
        make_absolute(root, "path", bundle);
        r = get_array(document, name, "/mounts", &mounts);
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

        return add_mount(document, name, destination, "tmpfs", options);
}

int config_json_rootfs(JsonDocument *document, const ContainerFile *c) {
        _cleanup_free_ char *hostname = g_strndup(c->name, 64);
        JsonValue process, root;
        int r;

        r = get_object(document, c->path, "/root", &root);
        if (r < 0)
                return r;
        json_set_boolean(root, "readonly", c->read_only > 0);
        r = get_object(document, c->path, "/process", &process);
        if (r < 0)
                return r;
        json_set_boolean(process, "noNewPrivileges", true);
        json_set_boolean(process, "terminal", false);
        json_remove(process, "rlimits"); /* LimitNOFILE= and its kin in [Service] are inherited */
        json_set_string(json_document_root(document), "hostname", hostname);
        r = set_network(document, c->path, false);
        if (r < 0)
                return r;
        r = add_tmpfs(document, c->path, "/run", "mode=755");
        if (r < 0 || c->read_only <= 0)
                return r;
        r = add_tmpfs(document, c->path, "/tmp", "mode=1777");
        return r < 0 ? r : add_tmpfs(document, c->path, "/var/tmp", "mode=1777");
}

/* ---- the declaration ---- */

static void set_capabilities(JsonValue process, bool root) {
        static const char *const none[] = { NULL };
        JsonValue capabilities = json_set_object(process, "capabilities");

        json_set_strv(capabilities, "bounding", root_capabilities);
        json_set_strv(capabilities, "effective", root ? root_capabilities : none);
        json_set_strv(capabilities, "permitted", root ? root_capabilities : none);
}

static int apply_process(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerUser *user) {
        JsonValue process;
        int r;

        r = get_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        if (c->exec)
                json_set_strv(process, "args", (const char *const *) c->exec);
        if (c->working_dir)
                json_set_string(process, "cwd", c->working_dir);
        if (c->rootfs)
                set_capabilities(process, !user || user->uid == 0);
        return 0;
}

static int apply_user(JsonDocument *document, const char *name, const ContainerUser *user) {
        _cleanup_string_ GString *groups = g_string_new("[");
        _cleanup_free_ char *home = NULL;
        const char *assignments[] = { NULL, NULL };
        JsonValue object;
        int r;

        r = get_object(document, name, "/process/user", &object);
        if (r < 0)
                return r;
        json_set_int(object, "uid", user->uid);
        json_set_int(object, "gid", user->gid);
        for (size_t i = 0; i < user->n_groups; i++)
                g_string_append_printf(groups, "%s%u", i > 0 ? "," : "", user->groups[i]);
        g_string_append_c(groups, ']');
        r = json_set_text(object, "additionalGids", name, groups->str);
        if (r < 0 || !user->home)
                return r;
        home = g_strdup_printf("HOME=%s", user->home);
        assignments[0] = home;
        return apply_environment(document, name, assignments);
}

static int apply_resctrl(JsonDocument *document, const char *name, const ContainerFile *c) {
        JsonValue rdt;
        int r;

        if (!c->schemata && !c->clos_id)
                return 0;
        r = get_object(document, name, "/linux/intelRdt", &rdt);
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

static int apply_volumes(JsonDocument *document, const char *name, const ContainerFile *c) {
        for (unsigned i = 0; i < c->volumes->len; i++) {
                int r = add_volume(document, name, c->volumes->pdata[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int apply_root(JsonDocument *document, const char *name, const ContainerFile *c) {
        JsonValue root;
        int r;

        r = get_object(document, name, "/root", &root);
        if (r < 0)
                return r;
        if (c->rootfs)
                json_set_string(root, "path", c->rootfs);
        if (c->read_only >= 0)
                json_set_boolean(root, "readonly", c->read_only);
        if (c->host_name)
                json_set_string(json_document_root(document), "hostname", c->host_name);
        return 0;
}

int config_json_apply(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerUser *user) {
        int r;

        r = apply_root(document, name, c);
        if (r < 0)
                return r;
        r = apply_process(document, name, c, user);
        if (r < 0)
                return r;
        if (user)
                r = apply_user(document, name, user);
        if (r < 0)
                return r;
        r = apply_environment(document, name, (const char *const *) c->environment);
        if (r < 0)
                return r;
        r = apply_volumes(document, name, c);
        if (r < 0)
                return r;
        if (c->network != CONTAINER_NETWORK_UNSET)
                r = set_network(document, name, c->network == CONTAINER_NETWORK_NONE);
        return r < 0 ? r : apply_resctrl(document, name, c);
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

        r = get_object(document, name, "/process", &process);
        if (r < 0)
                return r;
        set_terminal(process, name, terminal);
        r = apply_environment(document, name, variables);
        if (r < 0)
                return r;
        return add_mount(document, name, NOTIFY_DESTINATION, notify_directory, options);
}
