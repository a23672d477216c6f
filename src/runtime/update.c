/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns update: what is checked, applied and saved in which order, and the way back. */

#include "runtime/update.h"

#include <fcntl.h>
#include <inttypes.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "cgroup/cgroup.h"
#include "cgroup/resources.h"
#include "resctrl/group.h"
#include "runtime/placement.h"
#include "runtime/state.h"
#include "spec/resource-limits.h"
#include "spec/spec.h"
#include "unit/properties-from-spec.h"
#include "unit/scope.h"

/* Limits of the mentioned groups, in systemd's and the kernel's terms. */
typedef struct Limits {
        PropertyList *properties;
        char **settings;
} Limits;

typedef struct Update {
        const UpdateOptions *options;
        State *state;
        int dir_fd; /* state directory */
        JsonDocument *patch;
        char *old_text, *new_text; /* config.json */
        Spec *spec;                /* of new_text */
        Limits old_limits, new_limits;
        sd_event *event;
        Manager *manager;
        int cgroup_fd;
} Update;

static void limits_done(Limits *limits) {
        property_list_freep(&limits->properties);
        g_strfreev(limits->settings);
}

static void update_done(Update *u) {
        limits_done(&u->old_limits);
        limits_done(&u->new_limits);
        manager_freep(&u->manager);
        (void) sd_event_unref(u->event);
        spec_freep(&u->spec);
        json_document_freep(&u->patch);
        state_freep(&u->state);
        g_free(u->old_text);
        g_free(u->new_text);
        closep(&u->dir_fd);
        closep(&u->cgroup_fd);
}

/* ---- before the first side effect ---- */

static int load(Update *u) {
        const UpdateOptions *o = u->options;
        ContainerStatus status;
        int r;

        r = state_load(o->root, o->id, &u->state);
        if (r < 0)
                return r;
        status = state_status(o->root, u->state);
        if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
                return log_error_errno(-ESRCH, "container not running: %s", o->id);
        if (!u->state->cgroup)
                return log_error_errno(
                                -EOPNOTSUPP, "Container '%s' has no cgroup whose limits could change",
                                o->id);

        u->cgroup_fd = cgroup_open(u->state->cgroup);
        if (u->cgroup_fd < 0)
                return log_error_errno(u->cgroup_fd, "Failed to open the cgroup '%s': %m", u->state->cgroup);
        u->dir_fd = state_open_directory(o->root, o->id);
        r = u->dir_fd < 0 ? u->dir_fd
                          : read_file_at(u->dir_fd, "config.json", &u->old_text, /* ret_size= */ NULL);
        if (r < 0)
                return log_error_errno(r, "Failed to read the configuration of container '%s': %m", o->id);
        return 0;
}

static int check_resctrl(const UpdateOptions *o, JsonDocument *config) {
        JsonValue linux_, rdt;

        if (!isempty(o->l3_cache_schema) && !resctrl_has_resource(/* root= */ NULL, "L3"))
                return log_error_errno(-EOPNOTSUPP, "Intel RDT/CAT: l3 cache schema is not enabled");
        if (!isempty(o->mem_bw_schema) && !resctrl_has_resource(/* root= */ NULL, "MB"))
                return log_error_errno(-EOPNOTSUPP, "Intel RDT/MBA: memory bandwidth schema is not enabled");
        if (!json_value_member(json_document_root(config), "linux", &linux_) ||
            !json_value_member(linux_, "intelRdt", &rdt))
                return log_error_errno(
                                -EINVAL, "updating a non-existent Intel RDT configuration is not supported");
        if (!isempty(o->l3_cache_schema))
                json_set_string(rdt, "l3CacheSchema", o->l3_cache_schema);
        if (!isempty(o->mem_bw_schema))
                json_set_string(rdt, "memBwSchema", o->mem_bw_schema);
        return 0;
}

static bool changes_resctrl(const UpdateOptions *o) {
        return !isempty(o->l3_cache_schema) || !isempty(o->mem_bw_schema);
}

/* What messages call the configuration that is being made. */
static const char *source_name(const UpdateOptions *o) {
        return isempty(o->resources) || streq(o->resources, "-") ? "update" : o->resources;
}

static int merge(Update *u) {
        const UpdateOptions *o = u->options;
        _cleanup_json_document_ JsonDocument *config = NULL;
        int r;

        r = json_document_parse("config.json", u->old_text, strlen(u->old_text), &config);
        if (r >= 0)
                r = update_patch_apply(u->patch, config);
        if (r >= 0 && changes_resctrl(o))
                r = check_resctrl(o, config);
        if (r < 0)
                return r;
        u->new_text = json_value_to_text(json_document_root(config), /* indent= */ 0);
        return spec_parse(source_name(o), u->new_text, strlen(u->new_text), u->state->bundle, &u->spec);
}

/* The members of linux.resources that the patch does not mention: others may have changed those limits in
 * the meantime (systemctl set-property). */
static char **other_groups(JsonValue resources, JsonValue patch) {
        _cleanup_ptr_array_ GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        JsonValue value;
        const char *key;
        JsonIter iter;

        json_iter_init(&iter, resources);
        while (json_iter_next(&iter, &key, &value))
                if (!json_value_member(patch, key, &value))
                        g_ptr_array_add(names, g_strdup(key));
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_steal(names, NULL);
}

/* Reads the groups of limits that the patch mentions from a configuration. */
static int parse_groups(const Update *u, const char *text, Spec **ret) {
        _cleanup_json_document_ JsonDocument *config = NULL;
        _cleanup_strv_ char **others = NULL;
        _cleanup_free_ char *reduced = NULL;
        JsonValue resources;
        int r;

        r = json_document_parse("config.json", text, strlen(text), &config);
        if (r >= 0)
                r = json_make_object(config, "/linux/resources", &resources);
        if (r < 0)
                return r;
        others = other_groups(resources, json_document_root(u->patch));
        for (char **name = others; *name; name++)
                json_remove(resources, *name);
        reduced = json_value_to_text(json_document_root(config), /* indent= */ 0);
        return spec_parse(source_name(u->options), reduced, strlen(reduced), u->state->bundle, ret);
}

/* A lower limit than what is in use makes the kernel kill: the configuration may ask to be refused instead.
 */
static int check_memory(const Update *u, const SpecResources *resources) {
        _cleanup_free_ char *text = NULL;
        uint64_t usage;

        if (!resources->memory_check_before_update || resources->memory_limit.value <= 0 ||
            read_file_at(u->cgroup_fd, "memory.current", &text, /* ret_size= */ NULL) < 0 ||
            parse_uint64(g_strchomp(text), &usage) < 0 || usage <= (uint64_t) resources->memory_limit.value)
                return 0;
        return log_error_errno(
                        -EBUSY,
                        "/linux/resources/memory/limit: %" PRIi64 " is less than the %" PRIu64
                        " bytes in use",
                        resources->memory_limit.value, usage);
}

static int translate(const Update *u, const char *text, bool check, Limits *limits) {
        _cleanup_(spec_freep) Spec *spec = NULL;
        const SpecResources *resources;
        int r;

        r = parse_groups(u, text, &spec);
        if (r < 0)
                return r;
        resources = &spec->linux_.resources;
        limits->properties = property_list_new();
        r = check ? check_memory(u, resources) : 0;
        if (r < 0)
                return r;
        if (!u->state->scope)
                return limits_to_files(resources, &limits->settings);
        r = properties_from_resources(
                        resources, /* devices= */ false, limits->properties, &limits->settings);
        if (r < 0)
                return r;
        /* Without a weight it would stay idle. */
        if (resources->cpu_idle.set && !property_find(limits->properties, "CPUWeight"))
                property_set_uint64(limits->properties, "CPUWeight", UINT64_MAX);
        return 0;
}

static int prepare(Update *u) {
        int r;

        r = load(u);
        if (r >= 0)
                r = update_patch_new(u->options, &u->patch);
        if (r >= 0)
                r = merge(u);
        if (r >= 0)
                r = translate(u, u->old_text, /* check= */ false, &u->old_limits);
        if (r >= 0)
                r = translate(u, u->new_text, /* check= */ true, &u->new_limits);
        return r;
}

/* ---- side effects ---- */

static int set_limits(Update *u, const Limits *limits) {
        const char *const *settings = (const char *const *) limits->settings;
        int r;

        if (limits->properties->items->len > 0) {
                r = scope_set_properties(u->manager, u->state->scope, limits->properties);
                if (r < 0)
                        return r;
        }
        r = cgroup_reach_settings(u->cgroup_fd, u->state->cgroup, settings);
        return r < 0 ? r : cgroup_write_settings(u->cgroup_fd, settings);
}

/* What a property is when nobody sets it. */
static void add_defaults(Limits *old, const Limits *new) {
        static const struct {
                const char *property;
                uint64_t value;
        } defaults[] = {
                { "CPUQuotaPerSecUSec", UINT64_MAX }, { "CPUQuotaPeriodUSec", UINT64_MAX },
                { "CPUWeight", UINT64_MAX },          { "IOWeight", UINT64_MAX },
                { "MemoryHigh", UINT64_MAX },         { "MemoryLow", 0 },
                { "MemoryMax", UINT64_MAX },          { "MemoryMin", 0 },
                { "MemorySwapMax", UINT64_MAX },      { "TasksMax", UINT64_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(defaults); i++) {
                const char *name = defaults[i].property;

                if (property_find(new->properties, name) && !property_find(old->properties, name))
                        property_set_uint64(old->properties, name, defaults[i].value);
        }
}

/* The first message tells the reason: failures on the way back stay silent. */
static void restore(Update *u) {
        int level = log_get_level();

        log_set_level(LOG_CRIT);
        add_defaults(&u->old_limits, &u->new_limits);
        (void) set_limits(u, &u->old_limits);
        (void) write_file_atomic_at(u->dir_fd, "config.json", u->old_text, strlen(u->old_text), 0600);
        log_set_level(level);
}

static int set_resctrl(const Update *u) {
        const UpdateOptions *o = u->options;
        const ResctrlConfig config = {
                .clos_id = u->spec->linux_.intel_rdt.clos_id,
                .l3_cache_schema = isempty(o->l3_cache_schema) ? NULL
                                                               : u->spec->linux_.intel_rdt.l3_cache_schema,
                .mem_bw_schema = isempty(o->mem_bw_schema) ? NULL : u->spec->linux_.intel_rdt.mem_bw_schema,
        };

        return changes_resctrl(o) ? resctrl_group_change(/* root= */ NULL, &config, o->id) : 0;
}

static int apply(Update *u) {
        int r;

        r = set_limits(u, &u->new_limits);
        if (r < 0)
                return r;
        r = write_file_atomic_at(u->dir_fd, "config.json", u->new_text, strlen(u->new_text), 0600);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to save the configuration of container '%s': %m", u->options->id);
        return set_resctrl(u); /* Last: in one write, so there is nothing to undo if it fails. */
}

static int connect_to_systemd(Update *u) {
        int r;

        if (!u->state->scope)
                return 0;
        r = sd_event_new(&u->event);
        if (r < 0)
                return log_error_errno(r, "Failed to make the event loop: %m");
        return manager_connect(state_manager(u->state), u->event, &u->manager);
}

int container_update(const UpdateOptions *options) {
        _cleanup_(update_done) Update u = { .options = options, .dir_fd = -EBADF, .cgroup_fd = -EBADF };
        int r;

        r = prepare(&u);
        if (r >= 0)
                r = connect_to_systemd(&u);
        if (r < 0)
                return r;
        r = apply(&u);
        if (r < 0)
                restore(&u);
        return r;
}
