/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the reading of declared containers: what happens to each line, and what must hold between them.
 * The tables of keys are container-keys.c and container-refused.c. */

#include "config/container-file.h"

#include <syslog.h>

#include "basic/capability-names.h"
#include "basic/declared-name.h"
#include "basic/macro.h"
#include "basic/time-span.h"
#include "config/container-keys.h"
#include "config/specifiers.h"
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

static int find_section(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                if (streq(sections[i].name, name))
                        return i;
        return -ENOENT;
}

static void unknown_section(const UnitEntry *entry, GPtrArray *messages) {
        const char *names[ELEMENTSOF(sections)], *near;

        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                names[i] = sections[i].name;
        near = config_suggest(entry->section, names, ELEMENTSOF(names));
        config_message(messages, LOG_ERR, entry->file, entry->line, "unknown section [%.60s]%s%s%s",
                       entry->section, near ? ", did you mean [" : "", near ?: "", near ? "]?" : "");
}

static void wrong_section(const UnitEntry *entry, const char *section, GPtrArray *messages) {
        config_message(messages, LOG_ERR, entry->file, entry->line,
                       "key '%s' is in section [%s], but belongs into [%s]", entry->key, entry->section,
                       section);
}

static void unknown_key(const UnitEntry *entry, GPtrArray *messages) {
        _cleanup_ptr_array_ GPtrArray *names = g_ptr_array_new();
        const char *section = container_key_belongs(entry->key), *near;
        const ContainerKey *key;

        for (size_t i = 0; (key = container_key_at(i)); i++) {
                if (streq(key->section, entry->section))
                        g_ptr_array_add(names, (char *) key->name);
                else if (streq(key->name, entry->key))
                        section = key->section;
        }
        if (section) {
                wrong_section(entry, section, messages);
                return;
        }
        near = config_suggest(entry->key, (const char *const *) names->pdata, names->len);
        config_message(messages, LOG_ERR, entry->file, entry->line,
                       "unknown key '%.60s' in section [%s]%s%s%s", entry->key, entry->section,
                       near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

/* Lists that the unit itself has entries in: adding is fine, emptying them would leave nobody who cleans up.
 */
static const char *const not_emptied[] = { "ExecStopPost" };

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

/* Files of Quadlet have this section, which is about a dependency that there is not. */
static bool is_quadlet(const UnitEntry *entry, GPtrArray *messages) {
        if (!streq(entry->section, "Quadlet"))
                return false;
        if (entry->key)
                config_message(messages, LOG_WARNING, entry->file, entry->line,
                               "key '%.60s' in section [Quadlet] is ignored: berth adds no dependency on "
                               "the "
                               "network",
                               entry->key);
        return true;
}

static bool is_refused(const UnitEntry *entry, GPtrArray *messages) {
        const char *hint = container_key_refused(entry->section, entry->key);

        if (hint)
                config_message(messages, LOG_ERR, entry->file, entry->line,
                               "key '%s' is not possible in section [%s]: %s", entry->key, entry->section,
                               hint);
        return hint;
}

static void apply_key(
                ContainerFile *c, const ContainerKey *key, const UnitEntry *entry, GPtrArray *messages) {
        ValueContext context = { .container = c, .entry = entry, .messages = messages };
        const SpecifierContext specifiers = { .container = c->name, .file = c->path };
        void *field = (char *) c + key->offset;
        _cleanup_free_ char *value = NULL, *words = NULL;
        char bad;

        if (!*entry->value) {
                key->reset(field);
                return;
        }
        context.value = context.words = entry->value;
        if (!strchr(entry->value, '%')) {
                key->parse(&context, field);
                return;
        }
        if (specifiers_expand(entry->value, &specifiers, false, &value, &bad) < 0 ||
            specifiers_expand(entry->value, &specifiers, true, &words, &bad) < 0) {
                config_message(messages, LOG_ERR, entry->file, entry->line,
                               "%s=: specifier '%%%.*s' is not known here; a percent sign is written '%%%%'",
                               entry->key, bad ? 1 : 0, &bad);
                return;
        }
        context.value = value;
        context.words = words;
        key->parse(&context, field);
}

static void apply_entry(ContainerFile *c, const UnitEntry *entry, GPtrArray *messages) {
        int section = find_section(entry->section);
        const ContainerKey *key;
        const char *ours;

        if (startswith(entry->section, "X-") || is_quadlet(entry, messages))
                return;
        if (!entry->key) {
                if (section < 0)
                        unknown_section(entry, messages);
                else if (streq(entry->section, "Socket"))
                        c->has_socket = true;
                return;
        }
        if (section < 0 || startswith(entry->key, "X-"))
                return;
        key = container_key_find(entry->section, entry->key);
        if (key)
                apply_key(c, key, entry, messages);
        else if (is_refused(entry, messages) || empties_unit(entry, messages))
                return;
        else if (sections[section].kind == SECTION_OURS)
                unknown_key(entry, messages);
        else {
                ours = container_key_ours(entry->key);
                if (ours)
                        wrong_section(entry, ours, messages);
        }
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

bool container_health_is_checked(const ContainerHealth *h) {
        return h->command && *h->command && h->interval_usec != TIME_SPAN_FOREVER;
}

static bool has_health_settings(const ContainerHealth *h) {
        return h->interval_usec > 0 || h->timeout_usec > 0 || h->start_period_usec > 0 || h->retries > 0 ||
                        h->on_failure != CONTAINER_ON_FAILURE_UNSET;
}

/* "all" in one of them is what the other makes exceptions from. */
static uint64_t both_all(const ContainerFile *c) {
        return c->add_capability == CAPABILITY_ALL || c->drop_capability == CAPABILITY_ALL ? CAPABILITY_ALL
                                                                                           : 0;
}

/* The payload would ask for a port that systemd has. What a bundle says of the network is not known here. */
static void check_proxy_ports(const ContainerFile *c, GPtrArray *messages) {
        bool host = c->network == CONTAINER_NETWORK_HOST ||
                        (c->network == CONTAINER_NETWORK_UNSET && !c->bundle);

        for (unsigned i = 0; i < c->proxy_ports->len && host; i++) {
                const ContainerProxyPort *port = c->proxy_ports->pdata[i];

                if (container_proxy_port_clashes(port))
                        config_message(messages, LOG_ERR, c->path, 0,
                                       "ProxyPort=%s:%s: in the host's network both cannot listen there; "
                                       "use "
                                       "Network=none, or another port",
                                       port->listen, port->target);
        }
}

/* Possible, since a tmpfs begins with what it covers, but seldom meant: later lines are mounted over earlier
 * ones. */
static void check_destinations(const ContainerFile *c, GPtrArray *messages) {
        g_autoptr(GHashTable) seen = NULL;

        if (c->volumes->len < 2)
                return;
        seen = g_hash_table_new(g_str_hash, g_str_equal);
        for (unsigned i = 0; i < c->volumes->len; i++) {
                ContainerVolume *v = c->volumes->pdata[i];
                const ContainerVolume *earlier = g_hash_table_lookup(seen, v->destination);

                if (earlier)
                        config_message(messages, LOG_WARNING, earlier->file, earlier->line,
                                       "%s=: '%s' is mounted over by %s= in %s:%u", earlier->key,
                                       v->destination, v->key, v->file, v->line);
                (void) g_hash_table_insert(seen, v->destination, v);
        }
}

/* What must hold between keys. */
static void check_together(const ContainerFile *c, GPtrArray *messages) {
        int n_roots = !!c->rootfs + !!c->bundle + !!c->image + !!c->root_image;
        const struct {
                bool wrong;
                const char *text;
        } rules[] = {
                { n_roots == 0,
                  "neither Image=, Rootfs=, RootImage= nor Bundle= is given in section [Container]" },
                { n_roots > 1, "Image=, Rootfs=, RootImage= and Bundle= exclude each other" },
                { c->rootfs && !c->exec && (!c->entrypoint || !*c->entrypoint),
                  "Rootfs= needs Exec=: a directory does not say what to run" },
                { c->root_image && !c->exec && (!c->entrypoint || !*c->entrypoint),
                  "RootImage= needs Exec=: a file system does not say what to run" },
                { c->read_only > 0 && c->volatile_mode > CONTAINER_VOLATILE_NO,
                  "ReadOnly=yes and Volatile= exclude each other: the latter says what can be written to" },
                { c->add_capability & c->drop_capability & ~both_all(c),
                  "AddCapability= and DropCapability= name the same capability" },
                { c->group && !c->user, "Group= needs User=" },
                { c->reload_cmd && c->reload_signal > 0, "ReloadCmd= and ReloadSignal= exclude each other" },
                { !c->health.command && has_health_settings(&c->health),
                  "Health...= settings need HealthCmd=, which says how to check" },
                { c->notify == CONTAINER_NOTIFY_HEALTHY && !container_health_is_checked(&c->health),
                  "Notify=healthy needs HealthCmd=, and checks that are not disabled" },
                { c->clos_id && streq(c->clos_id, "info"),
                  "ClosID=info is a name that resctrl uses itself" },
                { c->accept > 0 && c->terminal > 0,
                  "Terminal=yes and Accept=yes exclude each other: stdin and stdout are the connection" },
                { c->accept > 0 && c->proxy_ports->len > 0,
                  "ProxyPort= and Accept=yes exclude each other: the one is for a container that stays" },
                { c->idle_stop && c->proxy_ports->len == 0,
                  "IdleStopSec= needs ProxyPort=: a container is idle when nothing goes through that" },
                { c->accept > 0 && declared_instance(c->name),
                  "Accept=yes is not possible in a template: there is a container for each connection "
                  "anyway" },
                { c->network == CONTAINER_NETWORK_CONTAINER && streq(c->network_target, c->name),
                  "Network=container: names the container itself" },
                { c->has_socket && !has_listener(c), "section [Socket] has no Listen...= setting" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (rules[i].wrong)
                        config_message(messages, LOG_ERR, c->path, 0, "%s", rules[i].text);
        check_proxy_ports(c, messages);
        check_destinations(c, messages);
        if (c->default_instance && !declared_instance(c->name))
                config_message(messages, LOG_WARNING, c->path, 0,
                               "DefaultInstance= has no effect: a template is called NAME@.container");
}

static void unit_file_destroy(void *p) {
        unit_file_free(p);
}

ContainerFile *container_file_new(const char *name, GPtrArray *files, GPtrArray *messages) {
        ContainerFile *c = g_new0(ContainerFile, 1);
        bool broken = config_messages_have_errors(messages);
        _cleanup_free_ char *any_instance = declared_is_template(name)
                        ? g_strdup_printf("%s" SPECIFIER_ANY_INSTANCE, name)
                        : NULL;

        c->name = g_strdup(name);
        c->id = any_instance ? declared_id(any_instance) : declared_id(name);
        c->path = g_strdup(((const UnitFile *) files->pdata[0])->path);
        c->files = files;
        g_ptr_array_set_free_func(files, unit_file_destroy);
        c->volumes = g_ptr_array_new_with_free_func(container_volume_free);
        c->environment_host = -1;
        c->ephemeral = -1;
        c->http_proxy = -1;
        c->label_disable = -1;
        c->label_nested = -1;
        c->no_new_privileges = -1;
        c->proxy_ports = g_ptr_array_new_with_free_func(container_proxy_port_free);
        c->read_only = -1;
        c->read_only_tmpfs = -1;
        c->run_init = -1;
        c->machine = -1;
        c->terminal = -1;
        c->accept = -1;
        for (unsigned i = 0; i < files->len; i++) {
                const GArray *entries = ((const UnitFile *) files->pdata[i])->entries;

                for (unsigned k = 0; k < entries->len; k++)
                        apply_entry(c, &g_array_index(entries, UnitEntry, k), messages);
        }
        /* A value that was refused is missing, too: saying so again would only hide the reason. */
        if (!broken && !config_messages_have_errors(messages))
                check_together(c, messages);
        if (!broken && !config_messages_have_errors(messages))
                container_userns_complete(c, messages);
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

/* Who has drop-ins for an instance has not asked for it, except for the template's own choice. */
static void forget_install(ContainerFile *c) {
        char ***lists[] = { &c->wanted_by, &c->required_by, &c->upheld_by };

        if (c->default_instance && streq(c->default_instance, declared_instance(c->name)))
                return;
        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                g_strfreev(*lists[i]);
                *lists[i] = NULL;
        }
}

GPtrArray *config_load_files(const ConfigFound *found, GPtrArray *messages) {
        _cleanup_ptr_array_ GPtrArray *files = g_ptr_array_new_with_free_func(unit_file_destroy);

        if (load_file(found, found->path, files, messages) == 0)
                return NULL;
        for (unsigned i = 0; found->dropins && i < found->dropins->len; i++)
                (void) load_file(found, found->dropins->pdata[i], files, messages);
        return TAKE_PTR(files);
}

int container_file_load(const ConfigFound *found, GPtrArray *messages, ContainerFile **ret) {
        _cleanup_ptr_array_ GPtrArray *files = config_load_files(found, messages);

        if (!files)
                return -ESHUTDOWN;
        *ret = container_file_new(found->name, TAKE_PTR(files), messages);
        if (!found->named)
                forget_install(*ret);
        return 0;
}

static bool is_listed(const GPtrArray *list, const char *name) {
        for (unsigned i = 0; i < list->len; i++)
                if (streq(((const ConfigFound *) list->pdata[i])->name, name))
                        return true;
        return false;
}

void container_file_add_default(const ContainerFile *c, const char *const *directories, GPtrArray *list) {
        _cleanup_free_ char *name = NULL;
        ConfigFound *found;

        if (!declared_is_template(c->name) || !c->default_instance)
                return;
        name = g_strdup_printf("%s%s", c->name, c->default_instance);
        if (!is_listed(list, name) && config_find(directories, name, &found) >= 0)
                g_ptr_array_add(list, found);
}

void container_file_free(ContainerFile *c) {
        const ContainerKey *key;

        if (!c)
                return;
        g_free(c->name);
        g_free(c->id);
        g_free(c->path);
        for (size_t i = 0; (key = container_key_at(i)); i++)
                key->reset((char *) c + key->offset);
        g_strfreev(c->entrypoint);
        g_free(c->network_target);
        g_ptr_array_unref(c->volumes);
        g_ptr_array_unref(c->proxy_ports);
        g_ptr_array_unref(c->files); /* what the lists hold points into them */
        g_free(c);
}
