/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a container's processes live, and who limits them: a scope of systemd, a cgroup that the caller has
 * named, or no cgroup of its own. */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "runtime/state.h"
#include "spec/spec.h"
#include "unit/manager.h"
#include "unit/property.h"

typedef enum CgroupManager {
        CGROUP_MANAGER_AUTO, /* systemd, unless linux.cgroupsPath is a path */
        CGROUP_MANAGER_SYSTEMD,
        CGROUP_MANAGER_CGROUPFS,
        CGROUP_MANAGER_DISABLED,
        _CGROUP_MANAGER_MAX,
} CgroupManager;

/* "systemd", "cgroupfs", "disabled"; -EINVAL for other words. Does not log. */
int cgroup_manager_from_string(const char *s);

/* Whether a container that asks for nothing in its cgroup may do without one: --rootless. */
typedef enum Rootless {
        ROOTLESS_AUTO, /* yes, unless we are root of the machine */
        ROOTLESS_NO,
        ROOTLESS_YES,
} Rootless;

/* "auto", "true", "false" and what else Go takes for a bool; -EINVAL for other words. Does not log. */
int rootless_from_string(const char *s);

typedef struct PlacementOptions {
        CgroupManager manager;
        Rootless rootless;
        const Spec *spec;
        const char *resources_from;     /* unit whose resource settings the scope gets, too; NULL: none */
        const PropertyList *properties; /* of the scope, which win over all others; NULL: none */
        sd_event *event;
        State *state; /* gets what a later verb needs to find the place again */
} PlacementOptions;

typedef struct Placement Placement;

/* The process is in its place, with its limits in force; or why not (a message was logged). Called once,
 * from placement_begin() or from the event loop. */
typedef void (*PlacementDone)(int error, void *userdata);

/* Decides, and checks all that can be refused, without side effects; what options point to must stay valid.
 * Who is not root of the machine and has not said who shall make the cgroup gets a scope, or else a cgroup
 * beside ours, or, when no limits and no cgroupsPath were given, none. Logs. -EHOSTDOWN: a scope is needed,
 * and there is no systemd; -EINVAL: the configuration; -EBUSY: the cgroup that was named has processes. */
int placement_new(const PlacementOptions *options, Placement **ret);

/* Releases it; what was made stays. */
void placement_free(Placement *p);
DEFINE_CLEANUP(Placement *, placement_free);

/* What has to exist before the process does. *ret_fd, borrowed, is the cgroup to clone it into, -EBADF:
 * none. The state has been saved. Logs. */
int placement_make(Placement *p, int *ret_fd);

/* Whether the container gets a cgroup that is not also somebody else's. */
bool placement_has_cgroup(const Placement *p);

/* Whether the process has to keep its ids until it is in its place: as somebody else's, systemd would not
 * move it there for us. */
bool placement_needs_our_ids(const Placement *p);

/* Puts the process in its place, at the same time as other things happen. Logs. */
int placement_begin(Placement *p, pid_t pid, PlacementDone done, void *userdata);

/* Moves the process, which is in its place, into the cgroup below that the configuration delegates. Logs. */
int placement_delegate(Placement *p);

/* Whether the process is in its place. */
bool placement_is_ready(const Placement *p);

/* Whose systemd has made the container's scope. */
ManagerOwner state_manager(const State *state);

/* Takes back what was made; the process has been killed. */
void placement_undo(Placement *p);
