/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules about a configuration as a whole and the running of all rules: what tables of members
 * cannot say because it takes more than one value. Everything is decided from the text, nothing from the
 * system. */

#include <limits.h>
#include <linux/sched.h>
#include <stdarg.h>

#include "basic/log.h"
#include "spec/spec-internal.h"

int spec_reject(const SpecCheck *check, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        return json_log(LOG_ERR, check->file, "", message);
}

int spec_check_rules(const SpecCheck *check, const SpecRule *rules) {
        int r;

        for (; *rules; rules++) {
                r = (*rules)(check);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Any 1.x: minor versions add members only. */
static int check_version(const SpecCheck *check) {
        const char *version = check->spec->oci_version;
        const char *minor = version ? startswith(version, "1.") : NULL;

        if (!minor || !g_ascii_isdigit(*minor))
                return spec_reject(
                                check, "/ociVersion: unsupported version '%s', expected 1.x", version ?: "");
        return 0;
}

static int check_root(const SpecCheck *check) {
        if (!check->spec->root_path)
                return spec_reject(check, "/root/path: must not be empty");
        if (check->spec->root_idmap && !spec_namespace(check->spec, CLONE_NEWUSER))
                return spec_reject(
                                check,
                                "/root/berth.idmap: needs a namespace of type 'user' in /linux/namespaces");
        return 0;
}

static int check_image(const SpecCheck *check) {
        const SpecRootImage *image = &check->spec->root_image;

        if (image->type && (!image->path || *image->path != '/'))
                return spec_reject(
                                check, "/root/berth.image/path: expected an absolute path, got '%s'",
                                image->path ?: "");
        if (image->type && !spec_namespace(check->spec, CLONE_NEWNS))
                return spec_reject(
                                check,
                                "/root/berth.image: needs a namespace of type 'mount' in /linux/namespaces");
        return 0;
}

static int check_overlay_path(const SpecCheck *check, const char *member, const char *path) {
        if (path && *path == '/')
                return 0;
        return spec_reject(
                        check, "/root/berth.overlay/%s: expected an absolute path, got '%s'", member,
                        path ?: "");
}

static int check_overlay(const SpecCheck *check) {
        const SpecOverlay *overlay = &check->spec->overlay;
        int r = 0;

        if (!overlay->upper)
                return 0;
        if (!spec_namespace(check->spec, CLONE_NEWNS))
                return spec_reject(
                                check,
                                "/root/berth.overlay: needs a namespace of type 'mount' in "
                                "/linux/namespaces");
        if (!overlay->lower || !*overlay->lower)
                return spec_reject(check, "/root/berth.overlay/lower: must not be empty");
        for (char **lower = overlay->lower; r >= 0 && *lower; lower++)
                r = check_overlay_path(check, "lower", *lower);
        if (r >= 0)
                r = check_overlay_path(check, "upper", overlay->upper);
        return r < 0 ? r : check_overlay_path(check, "work", overlay->work);
}

/* uts(7): 64 bytes. */
static int check_name(const SpecCheck *check, const char *member, const char *name) {
        if (!name)
                return 0;
        if (!spec_namespace(check->spec, CLONE_NEWUTS))
                return spec_reject(check, "/%s: cannot be set without a uts namespace", member);
        if (strlen(name) > 64)
                return spec_reject(check, "/%s: expected at most 64 bytes, got %zu", member, strlen(name));
        return 0;
}

static int check_hostname(const SpecCheck *check) {
        return check_name(check, "hostname", check->spec->hostname);
}

static int check_domainname(const SpecCheck *check) {
        return check_name(check, "domainname", check->spec->domainname);
}

static int check_hook(const SpecCheck *check, const SpecHook *hook, const char *kind, size_t index) {
        if (!hook->path || *hook->path != '/')
                return spec_reject(
                                check, "/hooks/%s/%zu/path: expected an absolute path, got '%s'", kind,
                                index, hook->path ?: "");

        for (size_t i = 0; hook->env && hook->env[i]; i++)
                if (!strchr(hook->env[i], '=') || *hook->env[i] == '=')
                        return spec_reject(
                                        check, "/hooks/%s/%zu/env/%zu: expected NAME=VALUE, got '%s'", kind,
                                        index, i, hook->env[i]);
        return 0;
}

static int check_hooks(const SpecCheck *check) {
        int r;

        for (size_t kind = 0; kind < _SPEC_HOOK_KIND_MAX; kind++)
                for (size_t i = 0; i < check->spec->n_hooks[kind]; i++) {
                        r = check_hook(check, &check->spec->hooks[kind][i], spec_hook_kind_to_string(kind),
                                       i);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* What others use for themselves is theirs; an empty list of names: any text. */
static const struct {
        const char *key;
        const JsonName *values;
} annotations[] = {
        { SPEC_ANNOTATION_CONTEXT, spec_label_contexts },
};

static int check_known_annotations(const SpecCheck *check) {
        for (size_t i = 0; i < ELEMENTSOF(annotations); i++) {
                const char *value = spec_annotation(check->spec, annotations[i].key);
                const JsonName *name = annotations[i].values;

                while (value && name->name && !streq(name->name, value))
                        name++;
                if (value && !name->name)
                        return spec_reject(
                                        check, "/annotations/%s: unknown value '%s'", annotations[i].key,
                                        value);
        }
        return 0;
}

/* Pure path of names, so that it stays below the container's cgroup. */
static bool is_path_below(const char *path) {
        _cleanup_strv_ char **names = g_strsplit(path, "/", -1);

        for (char **name = names; *name; name++)
                if (isempty(*name) || streq(*name, ".") || streq(*name, "..") || strlen(*name) > NAME_MAX)
                        return false;
        return true;
}

static int check_cgroup_annotations(const SpecCheck *check) {
        static const char *const keys[] = { SPEC_ANNOTATION_SUBGROUP, SPEC_ANNOTATION_DELEGATE };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const char *value = spec_annotation(check->spec, keys[i]);

                if (!isempty(value) && !is_path_below(value))
                        return spec_reject(
                                        check,
                                        "/annotations/%s: expected the name of a cgroup below the "
                                        "container's, not absolute and without \"..\", got '%s'",
                                        keys[i], value);
        }
        return 0;
}

static int check_annotations(const SpecCheck *check) {
        for (size_t i = 0; i < check->spec->annotations.n; i++)
                if (isempty(check->spec->annotations.items[i].key))
                        return spec_reject(check, "/annotations/: keys must not be empty");
        return check_known_annotations(check);
}

static const SpecRule spec_rules[] = {
        check_version,  check_root,        check_image,
        check_overlay,  check_hostname,    check_domainname,
        check_hooks,    check_annotations, check_cgroup_annotations,
        SPEC_RULES_END,
};

int spec_validate(const char *file, const Spec *spec) {
        const SpecCheck check = {
                .file = file,
                .spec = spec,
                .process = spec->process_set ? &spec->process : NULL,
                .process_pointer = "/process",
        };
        static const SpecRule *const lists[] = { spec_rules, spec_process_rules, spec_mount_rules,
                                                 spec_linux_rules, spec_resource_rules };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                if (lists[i] == spec_process_rules && !check.process)
                        continue;
                r = spec_check_rules(&check, lists[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int spec_validate_process(const char *file, const SpecProcess *process) {
        const SpecCheck check = { .file = file, .process = process, .process_pointer = "" };

        return spec_check_rules(&check, spec_process_rules);
}
