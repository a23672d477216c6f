/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the keys of declared containers: which there are, what each stores, and what must hold between them.
 * How a value is written is the business of container-values.c. */

#include "config/container-file.h"

#include <stddef.h>
#include <syslog.h>

#include "basic/macro.h"
#include "config/container-values.h"
#include "config/words.h"

typedef enum SectionKind {
        SECTION_OURS,   /* every key is in the table */
        SECTION_PASSED, /* systemd knows the keys; the table has those that we read */
} SectionKind;

static const struct {
        const char *name;
        SectionKind kind;
} sections[] = {
        { "Container", SECTION_OURS }, { "Install", SECTION_OURS },  { "Resctrl", SECTION_OURS },
        { "Service", SECTION_PASSED }, { "Socket", SECTION_PASSED }, { "Unit", SECTION_PASSED },
};

static void reset_enum(void *field) {
        *(int *) field = 0;
}

static void reset_int_unset(void *field) {
        *(int *) field = -1;
}

static void reset_string(void *field) {
        g_free(*(char **) field);
        *(char **) field = NULL;
}

static void reset_strv(void *field) {
        g_strfreev(*(char ***) field);
        *(char ***) field = NULL;
}

static void reset_volumes(void *field) {
        g_ptr_array_set_size(*(GPtrArray **) field, 0);
}

typedef struct Key {
        const char *section, *name;
        ValueParser parse;
        void (*reset)(void *field); /* what an empty assignment does */
        size_t offset;
} Key;

#define FIELD(name) offsetof(ContainerFile, name)

static const Key keys[] = {
        { "Container", "Bundle", value_path, reset_string, FIELD(bundle) },
        { "Container", "Environment", value_environment, reset_strv, FIELD(environment) },
        { "Container", "Exec", value_exec, reset_strv, FIELD(exec) },
        { "Container", "Group", value_group, reset_string, FIELD(group) },
        { "Container", "HostName", value_string, reset_string, FIELD(host_name) },
        { "Container", "Network", value_network, reset_enum, FIELD(network) },
        { "Container", "Notify", value_notify, reset_enum, FIELD(notify) },
        { "Container", "ReadOnly", value_bool, reset_int_unset, FIELD(read_only) },
        { "Container", "Rootfs", value_path, reset_string, FIELD(rootfs) },
        { "Container", "StopSignal", value_signal, reset_enum, FIELD(stop_signal) },
        { "Container", "Terminal", value_bool, reset_int_unset, FIELD(terminal) },
        { "Container", "User", value_user, reset_string, FIELD(user) },
        { "Container", "Volume", value_volume, reset_volumes, FIELD(volumes) },
        { "Container", "WorkingDir", value_path, reset_string, FIELD(working_dir) },
        { "Install", "RequiredBy", value_units, reset_strv, FIELD(required_by) },
        { "Install", "UpheldBy", value_units, reset_strv, FIELD(upheld_by) },
        { "Install", "WantedBy", value_units, reset_strv, FIELD(wanted_by) },
        { "Resctrl", "ClosID", value_string, reset_string, FIELD(clos_id) },
        { "Resctrl", "Schemata", value_line, reset_strv, FIELD(schemata) },
};

/* Keys that people bring from elsewhere, or that would take the unit apart: what to write instead. */
static const struct {
        const char *section, *name, *hint;
} refused[] = {
        { "Container", "Image",
          "berth does not pull images; unpack it and name the directory with Rootfs= or Bundle=" },
        { "Container", "Memory", "use MemoryMax= in [Service]" },
        { "Container", "PidsLimit", "use TasksMax= in [Service]" },
        { "Container", "PodmanArgs", "there is no engine behind this container" },
        { "Container", "PublishPort",
          "berth sets up no network; with Network=host the port is reachable as it is" },
        { "Container", "StopTimeout", "use TimeoutStopSec= in [Service]" },
        { "Install", "Alias",
          "instances of container@.service have no second names; link another NAME.container to this file" },
        { "Install", "Also", "list the other units in their own files" },
        { "Install", "DefaultInstance", "a declared container is one instance, not a template" },
        { "Service", "BusName", "the unit's type is notify" },
        { "Service", "DynamicUser", "use User= in [Container]" },
        { "Service", "ExecStart", "the unit runs the container; use Exec= in [Container]" },
        { "Service", "GuessMainPID", "the supervisor is the main process" },
        { "Service", "PIDFile", "the supervisor is the main process" },
        { "Service", "RootDirectory", "use Rootfs= in [Container]" },
        { "Service", "RootImage", "use Rootfs= in [Container]" },
        { "Service", "Type", "the supervisor speaks for the container; use Notify= in [Container]" },
        { "Service", "User", "use User= in [Container]" },
        { "Socket", "Accept", "one container serves all connections" },
        { "Socket", "Service", "the socket belongs to this container" },
};

static int find_section(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                if (streq(sections[i].name, name))
                        return i;
        return -ENOENT;
}

static const Key *find_key(const UnitEntry *entry) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(keys[i].name, entry->key) && streq(keys[i].section, entry->section))
                        return keys + i;
        return NULL;
}

static void unknown_section(const UnitEntry *entry, GPtrArray *messages) {
        const char *names[ELEMENTSOF(sections)], *near;

        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                names[i] = sections[i].name;
        near = config_suggest(entry->section, names, ELEMENTSOF(names));
        config_message(messages, LOG_ERR, entry->file, entry->line, "unknown section [%.60s]%s%s%s",
                       entry->section, near ? ", did you mean [" : "", near ?: "", near ? "]?" : "");
}

static void unknown_key(const UnitEntry *entry, GPtrArray *messages) {
        const char *names[ELEMENTSOF(keys)], *near;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (streq(keys[i].section, entry->section))
                        names[n++] = keys[i].name;
                else if (streq(keys[i].name, entry->key)) {
                        config_message(messages, LOG_ERR, entry->file, entry->line,
                                       "key '%s' is in section [%s], but belongs into [%s]", entry->key,
                                       entry->section, keys[i].section);
                        return;
                }
        }
        near = config_suggest(entry->key, names, n);
        config_message(messages, LOG_ERR, entry->file, entry->line,
                       "unknown key '%.60s' in section [%s]%s%s%s", entry->key, entry->section,
                       near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

/* Lists that the unit itself has entries in: adding is fine, emptying them would leave nobody who prepares
 * and cleans up. */
static const char *const not_emptied[] = { "ExecStartPre", "ExecStopPost" };

static bool empties_unit(const UnitEntry *entry, GPtrArray *messages) {
        if (*entry->value || !streq(entry->section, "Service"))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(not_emptied); i++)
                if (streq(not_emptied[i], entry->key)) {
                        config_message(messages, LOG_ERR, entry->file, entry->line,
                                       "an empty '%s=' would remove what the unit needs to run the "
                                       "container",
                                       entry->key);
                        return true;
                }
        return false;
}

static bool is_refused(const UnitEntry *entry, GPtrArray *messages) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (streq(refused[i].name, entry->key) && streq(refused[i].section, entry->section)) {
                        config_message(messages, LOG_ERR, entry->file, entry->line,
                                       "key '%s' is not possible in section [%s]: %s", entry->key,
                                       entry->section, refused[i].hint);
                        return true;
                }
        return false;
}

static void apply_key(ContainerFile *c, const Key *key, const UnitEntry *entry, GPtrArray *messages) {
        ValueContext context = { .container = c, .entry = entry, .messages = messages };
        void *field = (char *) c + key->offset;
        _cleanup_free_ char *value = NULL;
        char bad;

        if (!*entry->value) {
                key->reset(field);
                return;
        }
        if (specifiers_expand(entry->value, c->name, &value, &bad) < 0) {
                config_message(messages, LOG_ERR, entry->file, entry->line,
                               "%s=: specifier '%%%.*s' is not known here; a percent sign is written '%%%%'",
                               entry->key, bad ? 1 : 0, &bad);
                return;
        }
        context.value = value;
        key->parse(&context, field);
}

static void apply_entry(ContainerFile *c, const UnitEntry *entry, GPtrArray *messages) {
        int section = find_section(entry->section);
        const Key *key;

        if (startswith(entry->section, "X-"))
                return;
        if (!entry->key) {
                if (section < 0)
                        unknown_section(entry, messages);
                else if (streq(entry->section, "Socket"))
                        c->has_socket = true;
                return;
        }
        if (section < 0 || startswith(entry->key, "X-") || is_refused(entry, messages) ||
            empties_unit(entry, messages))
                return;
        key = find_key(entry);
        if (key)
                apply_key(c, key, entry, messages);
        else if (sections[section].kind == SECTION_OURS)
                unknown_key(entry, messages);
}

static bool has_listener(const ContainerFile *c) {
        for (unsigned i = 0; i < c->files->len; i++) {
                const UnitFile *file = c->files->pdata[i];

                for (unsigned k = 0; k < file->entries->len; k++) {
                        const UnitEntry *e = &g_array_index(file->entries, UnitEntry, k);

                        if (e->key && streq(e->section, "Socket") && startswith(e->key, "Listen"))
                                return true;
                }
        }
        return false;
}

/* What must hold between keys. */
static void check_together(const ContainerFile *c, GPtrArray *messages) {
        const struct {
                bool wrong;
                const char *text;
        } rules[] = {
                { !c->rootfs && !c->bundle, "neither Rootfs= nor Bundle= is given in section [Container]" },
                { c->rootfs && c->bundle, "Rootfs= and Bundle= exclude each other" },
                { c->rootfs && !c->exec, "Rootfs= needs Exec=: a directory does not say what to run" },
                { c->group && !c->user, "Group= needs User=" },
                { c->clos_id && streq(c->clos_id, "info"),
                  "ClosID=info is a name that resctrl uses itself" },
                { c->has_socket && !has_listener(c), "section [Socket] has no Listen...= setting" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (rules[i].wrong)
                        config_message(messages, LOG_ERR, c->path, 0, "%s", rules[i].text);
}

static void unit_file_destroy(void *p) {
        unit_file_free(p);
}

ContainerFile *container_file_new(const char *name, GPtrArray *files, GPtrArray *messages) {
        ContainerFile *c = g_new0(ContainerFile, 1);
        bool broken = config_messages_have_errors(messages);

        c->name = g_strdup(name);
        c->path = g_strdup(((const UnitFile *) files->pdata[0])->path);
        c->files = files;
        g_ptr_array_set_free_func(files, unit_file_destroy);
        c->volumes = g_ptr_array_new_with_free_func(container_volume_free);
        c->read_only = -1;
        c->terminal = -1;
        for (unsigned i = 0; i < files->len; i++) {
                const GArray *entries = ((const UnitFile *) files->pdata[i])->entries;

                for (unsigned k = 0; k < entries->len; k++)
                        apply_entry(c, &g_array_index(entries, UnitEntry, k), messages);
        }
        /* A value that was refused is missing, too: saying so again would only hide the reason. */
        if (!broken && !config_messages_have_errors(messages))
                check_together(c, messages);
        config_messages_sort(messages);
        return c;
}

static const char *read_error(int r) {
        if (r == -EPERM)
                return "everybody may write this file, so it is not used";
        if (r == -EINVAL)
                return "not a regular file";
        return g_strerror(-r);
}

/* A file that cannot be read counts as an empty one with an error. Returns what config_read() returns. */
static int load_file(const ConfigFound *found, const char *path, GPtrArray *files, GPtrArray *messages) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = config_read(path, found->checked, &text, &size);

        if (r == 0)
                return 0;
        if (r < 0) {
                config_message(messages, LOG_ERR, path, 0, "%s", read_error(r));
                text = g_strdup("");
        }
        g_ptr_array_add(files, unit_file_parse(path, TAKE_PTR(text), size, messages));
        return r;
}

int container_file_load(const ConfigFound *found, GPtrArray *messages, ContainerFile **ret) {
        _cleanup_ptr_array_ GPtrArray *files = g_ptr_array_new_with_free_func(unit_file_destroy);

        if (load_file(found, found->path, files, messages) == 0)
                return -ESHUTDOWN;
        for (unsigned i = 0; i < found->dropins->len; i++)
                (void) load_file(found, found->dropins->pdata[i], files, messages);
        *ret = container_file_new(found->name, TAKE_PTR(files), messages);
        return 0;
}

void container_file_free(ContainerFile *c) {
        if (!c)
                return;
        g_free(c->name);
        g_free(c->path);
        g_ptr_array_unref(c->files);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (keys[i].reset == reset_string || keys[i].reset == reset_strv)
                        keys[i].reset((char *) c + keys[i].offset);
        g_ptr_array_unref(c->volumes);
        g_free(c);
}
