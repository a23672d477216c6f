/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the choice between the ways to place a container, and each way as a row of one table. */

#include "runtime/placement.h"

#include <sched.h>
#include <signal.h>

#include "basic/log.h"
#include "basic/parse-util.h"
#include "basic/unit-name.h"
#include "basic/user-namespace.h"
#include "cgroup/cgroup.h"
#include "cgroup/resources.h"
#include "runtime/cgroup-owner.h"
#include "runtime/device-rules.h"
#include "runtime/log-settings.h"
#include "runtime/machine.h"
#include "runtime/own-cgroup.h"
#include "runtime/subgroup.h"
#include "spec/resource-limits.h"
#include "unit/properties-from-spec.h"
#include "unit/scope-watch.h"
#include "unit/scope.h"
#include "unit/service.h"

/* One way to place a container. */
typedef struct PlacementKind {
        const char *name;
        int (*prepare)(Placement *p);
        int (*make)(Placement *p); /* NULL: nothing */
        int (*begin)(Placement *p, pid_t pid);
        void (*undo)(Placement *p); /* NULL: nothing */
} PlacementKind;

struct Placement {
        PlacementOptions options;
        const PlacementKind *kind;
        char **settings; /* cgroup files to write */
        PlacementDone done;
        void *userdata;
        pid_t pid;
        bool ready;
        bool tolerant; /* no cgroup is better than no container */

        /* a scope */
        Manager *manager;
        PropertyList *properties;
        ScopeStart *scope;
        bool scope_ended;   /* its start, one way or the other */
        bool device_filter; /* beside systemd's */

        /* a cgroup */
        int cgroup_fd;
        bool made;
};

static bool delegates(const PlacementOptions *options) {
        return !isempty(spec_annotation(options->spec, SPEC_ANNOTATION_DELEGATE));
}

/* ---- a scope ---- */

static int scope_prepare_names(Placement *p) {
        State *s = p->options.state;
        const char *path = p->options.spec->linux_.cgroups_path, *subgroup;
        int r;

        r = unit_names_for_container(path, s->id, manager_is_user(p->manager), &s->slice, &s->scope);
        /* A path is not a place for a scope. A service that runs what was made for another place has one. */
        if (r >= 0 && !isempty(path) && !strchr(path, ':') && !p->options.resources_from)
                r = -EINVAL;
        if (r < 0)
                return log_error_errno(
                                r,
                                "#/linux/cgroupsPath: expected cgroupsPath to be of format "
                                "\"slice:prefix:name\" for systemd cgroups, got \"%s\" instead",
                                path);
        subgroup = spec_annotation(p->options.spec, SPEC_ANNOTATION_SUBGROUP);
        s->subgroup = isempty(subgroup) ? NULL : g_strdup(subgroup);
        return 0;
}

/* What the service that the container is of has been given. */
static int scope_inherit(Placement *p) {
        _cleanup_(property_list_freep) PropertyList *inherited = NULL;
        ServiceLog log = SERVICE_LOG_NULL;
        int r;

        r = service_resource_properties(p->manager, p->options.resources_from, &inherited, &log);
        if (r >= 0) {
                property_list_merge(p->properties, inherited);
                p->options.state->log_settings =
                                log_settings_format(log.identifier, log.priority, log.level_prefix);
        }
        g_free(log.identifier);
        return r;
}

static int scope_prepare(Placement *p) {
        const SpecResources *resources = &p->options.spec->linux_.resources;
        bool devices;
        int r;

        r = p->manager ? 0 : manager_connect(manager_ours(), p->options.event, &p->manager);
        if (r >= 0)
                r = scope_prepare_names(p);
        if (r < 0)
                return r;
        devices = resources->set && !manager_is_user(p->manager);
        p->device_filter = devices && properties_need_device_filter(resources);
        p->options.state->user_manager = manager_is_user(p->manager);
        p->properties = property_list_new();
        r = properties_from_resources(resources, devices, p->properties, &p->settings);
        if (r < 0)
                return r;
        if (p->options.resources_from) {
                r = scope_inherit(p);
                if (r < 0)
                        return r;
                /* At a shutdown, and when their slice is stopped, both are; the service is the one that
                 * knows how: with the stop signal, and behind what depends on it. */
                property_set(p->properties, "Before", g_variant_new_strv(&p->options.resources_from, 1));
                if (machine_wanted(p->options.spec, p->options.state->id) > 0)
                        property_set(p->properties, "KillSignal", g_variant_new_int32(SCOPE_WATCH_SIGNAL));
        }
        r = properties_from_annotations(&p->options.spec->annotations, p->properties);
        if (r >= 0 && p->options.properties)
                property_list_merge(p->properties, p->options.properties);
        return r;
}

/* What systemd has no property for. */
static int scope_complete(const Placement *p, const char *cgroup_path) {
        const SpecResources *resources = &p->options.spec->linux_.resources;
        const char *const *settings = (const char *const *) p->settings;
        bool any_settings = settings && *settings, owner = cgroup_owner_wanted(p->options.spec);
        _cleanup_close_ int fd = -EBADF, subgroup_fd = -EBADF;
        const State *s = p->options.state;
        int r;

        if (!any_settings && !p->device_filter && !owner && !s->subgroup)
                return 0;
        fd = cgroup_open(cgroup_path);
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the cgroup '%s': %m", cgroup_path);
        r = any_settings ? cgroup_reach_settings(fd, cgroup_path, settings) : 0;
        if (r >= 0)
                r = cgroup_write_settings(fd, settings);
        if (r >= 0 && p->device_filter)
                r = device_rules_apply(resources, fd);
        if (r >= 0 && s->subgroup)
                r = subgroup_fd = subgroup_enter(s, fd, p->pid);
        if (r < 0 || !owner)
                return r < 0 ? r : 0;
        return cgroup_owner_apply(p->options.spec, s->subgroup ? subgroup_fd : fd);
}

static void on_scope(int error, const char *cgroup_path, void *userdata) {
        Placement *p = userdata;
        int r = error;

        p->scope_ended = true;
        if (r >= 0) {
                p->ready = true;
                p->options.state->cgroup = g_strdup(cgroup_path);
                r = scope_complete(p, cgroup_path);
        }
        p->done(r, p->userdata);
}

static int scope_begin(Placement *p, pid_t pid) {
        const State *s = p->options.state;
        _cleanup_free_ char *description = g_strdup_printf("Container %s", s->id);
        const ScopeOptions options = {
                .name = s->scope,
                .slice = s->slice,
                .description = description,
                .pid = pid,
                .properties = p->properties,
        };

        return scope_start(p->manager, &options, on_scope, p, &p->scope);
}

static void say_nothing(int error, void *userdata) {
}

/* systemd may be about to make the scope: it is waited for, since nobody can remove what does not exist yet.
 * What it says about a process that we have killed is no news. */
static void scope_undo(Placement *p) {
        int level = log_get_level(), r = 0;

        p->done = say_nothing;
        log_set_level(LOG_CRIT);
        while (p->scope && !p->scope_ended && r >= 0)
                r = sd_event_run(p->options.event, UINT64_MAX);
        log_set_level(level);
        if (p->ready)
                (void) scope_stop(p->manager, p->options.state->scope, /* wait= */ true);
}

/* ---- a cgroup that the caller has named ---- */

static int cgroupfs_prepare(Placement *p) {
        const Spec *spec = p->options.spec;
        State *s = p->options.state;
        int r;

        if (p->options.resources_from)
                return log_error_errno(
                                -EINVAL,
                                "--resources-from: settings of a unit need --cgroup-manager=systemd");
        r = limits_to_files(&spec->linux_.resources, &p->settings);
        if (r < 0)
                return r;
        if (p->tolerant && !own_cgroup_is_possible()) {
                log_debug("No right to make a cgroup, or none to make it in: going on without");
                return 0;
        }
        return own_cgroup_find(spec->linux_.cgroups_path, s->id, &s->cgroup, &s->cgroup_made);
}

static int cgroupfs_make(Placement *p) {
        if (!p->options.state->cgroup)
                return 0;
        p->made = true;
        p->cgroup_fd =
                        own_cgroup_make(p->options.state->cgroup, &p->options.spec->linux_.resources,
                                        (const char *const *) p->settings);
        return p->cgroup_fd < 0 ? p->cgroup_fd : cgroup_owner_apply(p->options.spec, p->cgroup_fd);
}

static void cgroupfs_undo(Placement *p) {
        if (p->made)
                (void) own_cgroup_end(p->options.state, /* kill= */ true);
}

/* ---- no cgroup ---- */

/* Device rules are in every configuration; whoever wants no cgroups does without them. */
static int disabled_prepare(Placement *p) {
        _cleanup_strv_ char **settings = NULL;
        int r;

        if (p->options.resources_from)
                return log_error_errno(
                                -EINVAL,
                                "--resources-from: settings of a unit need --cgroup-manager=systemd");
        if (delegates(&p->options))
                return log_error_errno(
                                -EINVAL,
                                "#/annotations/" SPEC_ANNOTATION_DELEGATE ": needs a cgroup, and there is "
                                "none with --cgroup-manager=disabled");
        r = limits_to_files(&p->options.spec->linux_.resources, &settings);
        if (r < 0)
                return r;
        if (*settings)
                return log_error_errno(
                                -EINVAL,
                                "#/linux/resources: '%s' needs a cgroup, and there is none with "
                                "--cgroup-manager=disabled",
                                *settings + (**settings == '-'));
        return 0;
}

/* It has been cloned where it belongs. */
static int already_there(Placement *p, pid_t pid) {
        p->ready = true;
        p->done(0, p->userdata);
        return 0;
}

/* ---- what they have in common ---- */

static const PlacementKind kinds[_CGROUP_MANAGER_MAX] = {
        [CGROUP_MANAGER_SYSTEMD] = { "systemd", scope_prepare, NULL, scope_begin, scope_undo },
        [CGROUP_MANAGER_CGROUPFS] = { "cgroupfs", cgroupfs_prepare, cgroupfs_make, already_there,
                                      cgroupfs_undo },
        [CGROUP_MANAGER_DISABLED] = { "disabled", disabled_prepare, NULL, already_there, NULL },
};

int cgroup_manager_from_string(const char *s) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (kinds[i].name && streq(kinds[i].name, s))
                        return (int) i;
        return -EINVAL;
}

static bool is_rootless(const PlacementOptions *options) {
        if (options->rootless != ROOTLESS_AUTO)
                return options->rootless == ROOTLESS_YES;
        return geteuid() != 0 || !user_namespace_is_initial();
}

/* Whether nothing in the configuration needs a cgroup of the container's own. Device rules do not count:
 * they are in every configuration, and without rights nobody makes device nodes. Logs. */
static int asks_for_nothing(const PlacementOptions *options) {
        const SpecLinux *linux_ = &options->spec->linux_;
        _cleanup_strv_ char **settings = NULL;
        int r;

        r = limits_to_files(&linux_->resources, &settings);
        if (r < 0)
                return r;
        return isempty(linux_->cgroups_path) && !options->resources_from && !*settings &&
                        !delegates(options);
}

static int connect_to_systemd(Placement *p) {
        return manager_connect(manager_ours(), p->options.event, &p->manager);
}

/* For who is not root of the system: a systemd is used if there is one. Else, root of a user namespace may
 * have been left cgroups to make more in; nothing is insisted on that is not needed; and to who needs it, it
 * is said why there is no scope. */
static int choose_for_user(Placement *p) {
        bool scope = p->kind == &kinds[CGROUP_MANAGER_SYSTEMD];
        int r;

        if (scope &&
            (p->options.manager == CGROUP_MANAGER_SYSTEMD ||
             manager_try_connect(manager_ours(), p->options.event, &p->manager) >= 0))
                return 0;
        r = asks_for_nothing(&p->options);
        if (r < 0)
                return r;
        p->tolerant = r > 0;
        if (scope && !p->tolerant && geteuid() != 0)
                return connect_to_systemd(p);
        p->kind = &kinds[CGROUP_MANAGER_CGROUPFS];
        return 0;
}

/* Who names a path has decided the place: the limits of what is above it depend on that. */
static CgroupManager choose(const PlacementOptions *options) {
        const char *path = options->spec->linux_.cgroups_path;

        if (options->manager != CGROUP_MANAGER_AUTO)
                return options->manager;
        if (isempty(path) || (strchr(path, ':') && !strchr(path, '/')))
                return CGROUP_MANAGER_SYSTEMD;
        return CGROUP_MANAGER_CGROUPFS;
}

int placement_new(const PlacementOptions *options, Placement **ret) {
        _cleanup_(placement_freep) Placement *p = g_new(Placement, 1);
        int r;

        *p = (Placement) { .options = *options, .kind = &kinds[choose(options)], .cgroup_fd = -EBADF };
        if (p->kind != &kinds[CGROUP_MANAGER_DISABLED] && is_rootless(options)) {
                r = choose_for_user(p);
                if (r < 0)
                        return r;
        }
        r = p->kind->prepare(p);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(p);
        return 0;
}

void placement_free(Placement *p) {
        if (p->scope)
                scope_start_free(p->scope);
        if (p->properties)
                property_list_free(p->properties);
        if (p->manager)
                manager_free(p->manager);
        closep(&p->cgroup_fd);
        g_strfreev(p->settings);
        g_free(p);
}

int placement_make(Placement *p, int *ret_fd) {
        int r;

        r = p->kind->make ? p->kind->make(p) : 0;
        if (r < 0)
                return r;
        *ret_fd = p->cgroup_fd;
        return 0;
}

bool placement_has_cgroup(const Placement *p) {
        return p->kind == &kinds[CGROUP_MANAGER_SYSTEMD] || p->options.state->cgroup;
}

/* The user's systemd has to ask pid 1 to move a process from where the user logged in, and pid 1 moves only
 * the processes of who asks. */
bool placement_needs_our_ids(const Placement *p) {
        const SpecIdMap *map = &p->options.spec->linux_.id_map;

        if (geteuid() == 0 || !p->manager)
                return false;
        for (size_t i = 0; i < map->n_uid; i++)
                if (map->uid[i].container_id == 0)
                        return map->uid[i].host_id != geteuid();
        return false;
}

int placement_begin(Placement *p, pid_t pid, PlacementDone done, void *userdata) {
        p->done = done;
        p->userdata = userdata;
        p->pid = pid;
        return p->kind->begin(p, pid);
}

int placement_delegate(Placement *p) {
        return subgroup_delegate(p->options.state, p->options.spec, p->pid);
}

bool placement_is_ready(const Placement *p) {
        return p->ready;
}

ManagerOwner state_manager(const State *state) {
        return (ManagerOwner) { .user = state->user_manager, .uid = state->owner };
}

int rootless_from_string(const char *s) {
        bool b;

        if (streq(s, "auto"))
                return ROOTLESS_AUTO;
        if (parse_boolean(s, &b) < 0)
                return -EINVAL;
        return b ? ROOTLESS_YES : ROOTLESS_NO;
}

void placement_undo(Placement *p) {
        if (p->kind->undo)
                p->kind->undo(p);
}
