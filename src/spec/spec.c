/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from a file to a Spec: reading, parsing by the tables, completing what depends on the bundle,
 * the rules. Makes no system call but those that read the file and tell the caller's user. */

#include <fcntl.h>
#include <linux/sched.h>
#include <unistd.h>

#include "spec/spec.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "spec/spec-internal.h"

static const JsonField overlay_fields[] = {
        { "lower", JSON_TYPE_ARRAY, json_parse_strv, offsetof(SpecOverlay, lower), .mandatory = true },
        { "upper", JSON_TYPE_STRING, json_parse_string, offsetof(SpecOverlay, upper), .mandatory = true },
        { "work", JSON_TYPE_STRING, json_parse_string, offsetof(SpecOverlay, work), .mandatory = true },
        {},
};

static const JsonField image_fields[] = {
        { "offset", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecRootImage, offset) },
        { "path", JSON_TYPE_STRING, json_parse_string, offsetof(SpecRootImage, path), .mandatory = true },
        { "readonly", JSON_TYPE_BOOLEAN, json_parse_bool, offsetof(SpecRootImage, readonly) },
        { "size", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(SpecRootImage, size) },
        { "type", JSON_TYPE_STRING, json_parse_string, offsetof(SpecRootImage, type), .mandatory = true },
        {},
};

static const JsonField root_fields[] = {
        { "berth.idmap", JSON_TYPE_BOOLEAN, json_parse_bool, offsetof(Spec, root_idmap) },
        { "berth.image", JSON_TYPE_OBJECT, json_parse_object, offsetof(Spec, root_image),
          .sub = image_fields },
        { "berth.overlay", JSON_TYPE_OBJECT, json_parse_object, offsetof(Spec, overlay),
          .sub = overlay_fields },
        { "path", JSON_TYPE_STRING, json_parse_string, offsetof(Spec, root_path), .mandatory = true },
        { "readonly", JSON_TYPE_BOOLEAN, json_parse_bool, offsetof(Spec, root_readonly) },
        {},
};

static int parse_process(JsonContext *context, JsonValue value, const JsonField *field, void *base) {
        Spec *spec = base;

        spec->process_set = true;
        return json_dispatch(context, value, field->sub, &spec->process);
}

const JsonField spec_top_fields[] = {
        { "ociVersion", JSON_TYPE_STRING, json_parse_string, offsetof(Spec, oci_version),
          .mandatory = true },
        { "process", JSON_TYPE_OBJECT, parse_process, 0, .sub = spec_process_fields },
        { "root", JSON_TYPE_OBJECT, json_parse_object, 0, .mandatory = true, .sub = root_fields },
        { "hostname", JSON_TYPE_STRING, json_parse_string, offsetof(Spec, hostname) },
        { "domainname", JSON_TYPE_STRING, json_parse_string, offsetof(Spec, domainname) },
        { "mounts", JSON_TYPE_ARRAY, json_parse_array, offsetof(Spec, mounts), .sub = spec_mount_fields,
          .size = sizeof(SpecMount), .count_offset = offsetof(Spec, n_mounts) },
        { "hooks", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = spec_hooks_fields },
        { "annotations", JSON_TYPE_OBJECT, json_parse_pairs, offsetof(Spec, annotations) },
        { "linux", JSON_TYPE_OBJECT, json_parse_object, offsetof(Spec, linux_), .sub = spec_linux_fields },
        {},
};

/* ---- completion ---- */

static void make_absolute(char **path, const char *directory) {
        char *absolute;

        if (!*path || **path == '/')
                return;
        absolute = g_build_filename(directory, *path, NULL);
        g_free(*path);
        *path = absolute;
}

static void warn_destination(const char *file, size_t index, const char *destination) {
        _cleanup_free_ char *message = NULL;

        message =
                        g_strdup_printf("/mounts/%zu/destination: expected an absolute path, got '%s', "
                                        "which is taken as '/%s'",
                                        index, destination, destination);
        (void) json_log(LOG_WARNING, file, "", message);
}

/* Logs a warning for what is only tolerated. */
static void complete_mount(const char *file, const Spec *spec, size_t index) {
        SpecMount *mount = &spec->mounts[index];

        if (mount->type && streq(mount->type, "bind"))
                mount->bind = true;
        if (mount->bind) {
                g_free(mount->type);
                mount->type = g_strdup("bind");
                make_absolute(&mount->source, spec->bundle);
        }

        /* An empty one is for the rules. */
        if (mount->destination && *mount->destination != '/') {
                warn_destination(file, index, mount->destination);
                make_absolute(&mount->destination, "/");
        }

        /* Mappings alone ask for them to be applied. */
        if (mount->id_map.n_uid > 0 || mount->id_map.n_gid > 0)
                mount->idmap = true;
}

/* Members where 0 is what engines write for "no limit given". */
static void complete_resources(SpecResources *resources) {
        OptInt *const ints[] = { &resources->cpu_quota, &resources->memory_limit,
                                 &resources->memory_reservation, &resources->memory_swap };
        OptUint *const uints[] = { &resources->blkio_leaf_weight, &resources->blkio_weight,
                                   &resources->cpu_period, &resources->cpu_shares };

        for (size_t i = 0; i < ELEMENTSOF(ints); i++)
                if (ints[i]->value == 0)
                        ints[i]->set = false;
        for (size_t i = 0; i < ELEMENTSOF(uints); i++)
                if (uints[i]->value == 0)
                        uints[i]->set = false;
}

static SpecIdMapping *single_mapping(uint32_t container_id, uint32_t host_id) {
        SpecIdMapping *mapping = g_new(SpecIdMapping, 1);

        *mapping = (SpecIdMapping) { .container_id = container_id, .host_id = host_id, .size = 1 };
        return mapping;
}

/* A new user namespace without any mapping, as "crun spec --rootless" writes it: the process's user is the
 * caller. */
static void complete_id_map(Spec *spec) {
        const SpecNamespace *namespace = spec_namespace(spec, CLONE_NEWUSER);
        SpecIdMap *map = &spec->linux_.id_map;

        if (!namespace || namespace->path || map->n_uid > 0 || map->n_gid > 0)
                return;
        spec_id_map_clear(map); /* empty lists are not NULL */
        map->uid = single_mapping(spec->process.user.uid, geteuid());
        map->gid = single_mapping(spec->process.user.gid, getegid());
        map->n_uid = map->n_gid = 1;
}

/* What has no id on the host keeps its mark, for the rules. */
static void resolve_mappings(
                SpecIdMapping *list, size_t n, const SpecIdMapping *container, size_t n_container) {
        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n_container && list[i].relative; j++) {
                        uint64_t first = list[i].host_id, end = first + list[i].size;
                        uint64_t from = container[j].container_id;

                        if (first < from || end > from + container[j].size)
                                continue;
                        list[i].host_id = container[j].host_id + (uint32_t) (first - from);
                        list[i].relative = false;
                }
}

static void complete(const char *file, Spec *spec) {
        const char *context = spec_annotation(spec, SPEC_ANNOTATION_CONTEXT);

        make_absolute(&spec->root_path, spec->bundle);
        for (size_t i = 0; i < spec->n_mounts; i++) {
                complete_mount(file, spec, i);
                spec_mount_set_label(&spec->mounts[i], context ?: "context", spec->linux_.mount_label);
        }
        complete_resources(&spec->linux_.resources);
        spec->linux_.seccomp.strict = spec_annotation(spec, SPEC_ANNOTATION_SECCOMP_STRICT) != NULL;
        complete_id_map(spec);
        for (size_t i = 0; i < spec->n_mounts; i++) {
                SpecIdMap *map = &spec->mounts[i].id_map, *container = &spec->linux_.id_map;

                resolve_mappings(map->uid, map->n_uid, container->uid, container->n_uid);
                resolve_mappings(map->gid, map->n_gid, container->gid, container->n_gid);
        }
}

/* ---- reading ---- */

int spec_parse(const char *name, const char *text, size_t size, const char *bundle, Spec **ret) {
        _cleanup_json_document_ JsonDocument *document = NULL;
        _cleanup_(spec_freep) Spec *spec = g_new0(Spec, 1);
        JsonContext context = { .file = name };
        int r;

        spec->bundle = g_strdup(bundle);

        r = json_document_parse(name, text, size, &document);
        if (r < 0)
                return r;
        r = json_dispatch(&context, json_document_root(document), spec_top_fields, spec);
        if (r < 0)
                return r;

        complete(name, spec);
        r = spec_validate(name, spec);
        if (r < 0)
                return r;

        spec->source_text = g_strndup(text, size);
        spec->source_size = size;
        *ret = TAKE_PTR(spec);
        return 0;
}

int spec_load(const char *file, const char *bundle, Spec **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_at(AT_FDCWD, file, &text, &size);
        if (r == -ENOENT)
                return log_error_errno(r, "JSON specification file %s not found", file);
        if (r < 0)
                return log_error_errno(r, "Failed to read '%s': %m", file);

        return spec_parse(file, text, size, bundle, ret);
}

int spec_process_load(const char *file, SpecProcess **ret) {
        _cleanup_(spec_process_freep) SpecProcess *process = g_new0(SpecProcess, 1);
        _cleanup_json_document_ JsonDocument *document = NULL;
        JsonContext context = { .file = file };
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_at(AT_FDCWD, file, &text, &size);
        if (r < 0)
                return log_error_errno(r, "Failed to read '%s': %m", file);
        r = json_document_parse(file, text, size, &document);
        if (r < 0)
                return r;
        r = json_dispatch(&context, json_document_root(document), spec_process_fields, process);
        if (r < 0)
                return r;
        r = spec_validate_process(file, process);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(process);
        return 0;
}

/* ---- looking up ---- */

const char *spec_annotation(const Spec *spec, const char *key) {
        for (size_t i = 0; i < spec->annotations.n; i++)
                if (streq(spec->annotations.items[i].key, key))
                        return spec->annotations.items[i].value;
        return NULL;
}

const SpecNamespace *spec_namespace(const Spec *spec, int flag) {
        for (size_t i = 0; i < spec->linux_.n_namespaces; i++)
                if (spec->linux_.namespaces[i].flag == flag)
                        return &spec->linux_.namespaces[i];
        return NULL;
}
