/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what keys say about capabilities, security modules and masked paths. */

#include "config/to-json-parts.h"

#include <fnmatch.h>

#include "basic/capability-names.h"
#include "basic/log.h"
#include "basic/macro.h"

/* ---- capabilities ---- */

/* What Podman gives root in a container. */
#define ROOT_CAPABILITIES                                                                                  \
        (CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) | CAPABILITY_BIT(CAP_FOWNER) |       \
         CAPABILITY_BIT(CAP_FSETID) | CAPABILITY_BIT(CAP_KILL) | CAPABILITY_BIT(CAP_SETGID) |              \
         CAPABILITY_BIT(CAP_SETUID) | CAPABILITY_BIT(CAP_SETPCAP) | CAPABILITY_BIT(CAP_NET_BIND_SERVICE) | \
         CAPABILITY_BIT(CAP_SYS_CHROOT) | CAPABILITY_BIT(CAP_SETFCAP))

typedef enum CapSet {
        CAP_SET_BOUNDING,
        CAP_SET_EFFECTIVE,
        CAP_SET_PERMITTED,
        CAP_SET_INHERITABLE,
        CAP_SET_AMBIENT,
        _CAP_SET_MAX,
} CapSet;

static const char *const set_names[_CAP_SET_MAX] = {
        [CAP_SET_BOUNDING] = "bounding",   [CAP_SET_EFFECTIVE] = "effective",
        [CAP_SET_PERMITTED] = "permitted", [CAP_SET_INHERITABLE] = "inheritable",
        [CAP_SET_AMBIENT] = "ambient",
};

static uint64_t read_set(JsonValue capabilities, const char *name) {
        uint64_t mask = 0;
        JsonValue list;

        if (!json_value_member(capabilities, name, &list))
                return 0;
        for (size_t i = 0; i < json_value_size(list); i++) {
                const char *s = json_value_string(json_value_element(list, i));
                int cap = s ? capability_from_name(s) : -EINVAL;

                if (cap >= 0)
                        mask |= CAPABILITY_BIT(cap);
        }
        return mask;
}

static void write_set(JsonValue capabilities, const char *name, uint64_t mask) {
        const char *words[CAPABILITY_COUNT + 1];
        size_t n = 0;

        for (unsigned cap = 0; cap < CAPABILITY_COUNT; cap++)
                if (mask & CAPABILITY_BIT(cap))
                        words[n++] = capability_name(cap);
        words[n] = NULL;
        json_set_strv(capabilities, name, words);
}

/* "all" is where a set starts from, and the other key makes exceptions. */
static uint64_t change_set(uint64_t set, const ContainerFile *c) {
        if (c->add_capability == CAPABILITY_ALL)
                return CAPABILITY_ALL & ~c->drop_capability;
        return (set & ~c->drop_capability) | c->add_capability;
}

/* Who is not root keeps nothing over exec but what is ambient: what is added by name is meant to be had. */
static void change_sets(uint64_t *sets, const ContainerFile *c, bool root) {
        uint64_t ambient = c->ambient_capability;

        if (!root)
                ambient |= c->add_capability == CAPABILITY_ALL ? change_set(0, c) : c->add_capability;
        sets[CAP_SET_BOUNDING] = change_set(sets[CAP_SET_BOUNDING], c);
        for (CapSet set = CAP_SET_EFFECTIVE; set < _CAP_SET_MAX; set++)
                sets[set] &= ~c->drop_capability;
        if (root) {
                sets[CAP_SET_EFFECTIVE] = change_set(sets[CAP_SET_EFFECTIVE], c);
                sets[CAP_SET_PERMITTED] = change_set(sets[CAP_SET_PERMITTED], c);
        }
        for (CapSet set = 0; set < _CAP_SET_MAX; set++)
                sets[set] |= ambient;
}

static bool is_root(JsonDocument *document, const ContainerFacts *facts) {
        JsonValue process, user, uid;
        int64_t number = 0;

        if (facts->has_user)
                return facts->user.uid == 0;
        return !json_value_member(json_document_root(document), "process", &process) ||
                        !json_value_member(process, "user", &user) ||
                        !json_value_member(user, "uid", &uid) || json_value_int64(uid, &number) < 0 ||
                        number == 0;
}

/* Returns what is in the bounding set. */
static int apply_capabilities(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts, uint64_t *ret) {
        uint64_t sets[_CAP_SET_MAX] = { 0 };
        bool root = is_root(document, facts);
        JsonValue object;
        int r;

        r = config_json_object(document, name, "/process/capabilities", &object);
        if (r < 0)
                return r;
        for (CapSet set = 0; set < _CAP_SET_MAX && !c->rootfs; set++)
                sets[set] = read_set(object, set_names[set]);
        if (c->rootfs) {
                sets[CAP_SET_BOUNDING] = ROOT_CAPABILITIES;
                sets[CAP_SET_EFFECTIVE] = sets[CAP_SET_PERMITTED] = root ? ROOT_CAPABILITIES : 0;
        }
        *ret = sets[CAP_SET_BOUNDING];
        if (!c->rootfs && !c->add_capability && !c->drop_capability && !c->ambient_capability)
                return 0;
        change_sets(sets, c, root);
        for (CapSet set = 0; set < _CAP_SET_MAX; set++) {
                if (facts->known_capabilities)
                        sets[set] &= facts->known_capabilities;
                if (sets[set] || set <= CAP_SET_PERMITTED || !c->rootfs)
                        write_set(object, set_names[set], sets[set]);
                else
                        json_remove(object, set_names[set]);
        }
        *ret = sets[CAP_SET_BOUNDING];
        return 0;
}

/* ---- security modules ---- */

#define DEFAULT_TYPE  "container_t"
#define DEFAULT_LEVEL "s0"

/* The context USER:ROLE:TYPE:LEVEL of the base with the parts that are given. */
static char *change_context(const char *base, const char *type, const char *level) {
        _cleanup_strv_ char **parts = g_strsplit(base, ":", 4);

        return g_strdup_printf("%s:%s:%s:%s", parts[0], parts[1], type ?: parts[2], level ?: parts[3]);
}

static const char *usable_context(const char *context, const char *fallback) {
        _cleanup_strv_ char **parts = context ? g_strsplit(context, ":", 4) : NULL;

        return parts && g_strv_length(parts) == 4 ? context : fallback;
}

static int apply_labels(JsonDocument *document, const char *name, const ContainerFile *c) {
        _cleanup_free_ char *process_label = NULL, *mount_label = NULL;
        JsonValue process, linux_;
        int r;

        r = config_json_object(document, name, "/process", &process);
        if (r >= 0)
                r = config_json_object(document, name, "/linux", &linux_);
        if (r < 0)
                return r;
        if (c->label_disable > 0) {
                json_remove(process, "selinuxLabel");
                json_remove(linux_, "mountLabel");
                return 0;
        }
        if (c->label_type || c->label_level) {
                process_label = change_context(
                                usable_context(config_json_string(process, "selinuxLabel"),
                                               "system_u:system_r:" DEFAULT_TYPE ":" DEFAULT_LEVEL),
                                c->label_type, c->label_level);
                json_set_string(process, "selinuxLabel", process_label);
        }
        if (c->file_type) {
                mount_label = change_context(
                                usable_context(config_json_string(linux_, "mountLabel"),
                                               "system_u:object_r:container_file_t:" DEFAULT_LEVEL),
                                c->file_type, c->label_level);
                json_set_string(linux_, "mountLabel", mount_label);
        }
        return 0;
}

static int apply_nested_labels(JsonDocument *document, const char *name, const ContainerFile *c) {
        static const char *const options[] = { "bind", "rw", "nosuid", "noexec", NULL };

        if (c->label_nested <= 0)
                return 0;
        return config_json_add_mount(document, name, "/sys/fs/selinux", "/sys/fs/selinux", options);
}

static void apply_apparmor(JsonValue process, const ContainerFile *c) {
        if (!c->apparmor)
                return;
        if (streq(c->apparmor, "unconfined"))
                json_remove(process, "apparmorProfile");
        else
                json_set_string(process, "apparmorProfile", c->apparmor);
}

/* ---- masked paths ---- */

static bool is_unmasked(const ContainerFile *c, const char *path) {
        for (char **pattern = c->unmask; pattern && *pattern; pattern++)
                if (streq(*pattern, "ALL") || fnmatch(*pattern, path, FNM_PATHNAME) == 0)
                        return true;
        return false;
}

/* The paths of a list that stay, then those that are added. */
static int change_paths(
                JsonDocument *document, const char *name, const ContainerFile *c, const char *member,
                char **added) {
        _cleanup_ptr_array_ GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
        _cleanup_free_ char *pointer = g_strdup_printf("/linux/%s", member);
        JsonValue list, linux_;
        int r;

        r = config_json_array(document, name, pointer, &list);
        if (r >= 0)
                r = config_json_object(document, name, "/linux", &linux_);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_value_size(list); i++) {
                const char *path = json_value_string(json_value_element(list, i));

                if (path && !is_unmasked(c, path))
                        g_ptr_array_add(paths, g_strdup(path));
        }
        for (; added && *added; added++)
                g_ptr_array_add(paths, g_strdup(*added));
        g_ptr_array_add(paths, NULL);
        json_set_strv(linux_, member, (const char *const *) paths->pdata);
        return 0;
}

static int apply_masks(JsonDocument *document, const char *name, const ContainerFile *c) {
        int r;

        if (!c->mask && !c->unmask)
                return 0;
        r = change_paths(document, name, c, "maskedPaths", c->mask);
        return r < 0 ? r : change_paths(document, name, c, "readonlyPaths", NULL);
}

int config_json_security(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts) {
        uint64_t capabilities = 0;
        JsonValue process, linux_;
        int r;

        r = apply_capabilities(document, name, c, facts, &capabilities);
        if (r >= 0)
                r = config_json_object(document, name, "/process", &process);
        if (r >= 0)
                r = config_json_object(document, name, "/linux", &linux_);
        if (r < 0)
                return r;
        if (c->no_new_privileges >= 0)
                json_set_boolean(process, "noNewPrivileges", c->no_new_privileges);
        apply_apparmor(process, c);
        r = apply_labels(document, name, c);
        if (r >= 0)
                r = apply_nested_labels(document, name, c);
        if (r >= 0)
                r = apply_masks(document, name, c);
        if (r < 0 || !c->seccomp_profile)
                return r;
        json_remove(linux_, "seccomp");
        return facts->seccomp ? config_json_seccomp(document, c->seccomp_profile, facts, capabilities) : 0;
}
