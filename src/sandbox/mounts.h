/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The mounts of the configuration, with the new mount API: made detached, then moved onto a descriptor of
 * their destination. All functions log. */

#include <stdbool.h>

#include "sandbox/mount-copy.h"
#include "spec/spec.h"

/* The mounts as detached trees, one per mount of the Spec; -EBADF where it has not been made yet, or has
 * been attached and mounts_finish() need not change it. With copy-symlink a source that is a symlink is its
 * text instead. */
typedef struct MountSources {
        int *fds;
        char **links;       /* NULL where there is none */
        MountCopy **copies; /* likewise, of mounts with the option copy */
        size_t n;
} MountSources;

void mount_sources_done(MountSources *sources);

/* What becomes of the peer groups that copies of host mounts are in (MS_SLAVE, ...): 0 when the
 * configuration wants to share mounts with the host. Does not log. */
unsigned mounts_source_propagation(const Spec *spec);

/* In the parent, with all its rights and before anything is made: copies what will be bind-mounted and what
 * the child could not open, with its final attributes. -ENOENT: a source does not exist. */
int mounts_open_sources(const Spec *spec, MountSources *ret);

/* The same at once for what the child would open: for a container that exists. */
int mounts_open_binds(const Spec *spec, MountSources *sources);

/* In the parent, when init will have to open them: whether they can be. -ENOENT: a source does not exist;
 * -EPERM: ids cannot be mapped without rights. */
int mounts_check_sources(const Spec *spec);

/* In the child, which has its namespaces, before the container's root is attached: makes the rest, in the
 * order of the configuration; still detached, and the host's paths lead nowhere else. What depends on where
 * it is attached is left. */
int mounts_make(const Spec *spec, MountSources *sources);

/* In the child, before the change of root: attaches all mounts but those that wait for the cgroup. */
int mounts_apply(const Spec *spec, MountSources *sources, int root_fd);

/* Whether there is a cgroup mount that has to be made before the change of root (no cgroup namespace: it may
 * become a bind mount of the host's directory; or something is mounted on it) or can be made after it. */
bool mounts_need_cgroup_early(const Spec *spec);

/* Whether one of the paths is on a mount that waits for the cgroup. */
bool mounts_cover_any(const Spec *spec, char **paths);

/* In the child, when it is in its cgroup: makes and attaches the cgroup mount (and what is mounted on it).
 */
int mounts_apply_cgroup(const Spec *spec, MountSources *sources, int root_fd);

/* In the child, when nothing more is to be put into the root file system: makes those read-only that had to
 * be written to (tmpfs). */
int mounts_finish(const Spec *spec, const MountSources *sources);
