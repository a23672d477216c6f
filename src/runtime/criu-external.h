/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a container has from outside of itself: CRIU does not save it, but remembers its name, and gets its
 * like under that name when the container is restored. The names are runc's, so that either can restore what
 * the other has saved: bind mounts are called by their destination, what hides a file "/dev/null",
 * namespaces "extRootNetNS" and so on, and the pipes on stdin, stdout and stderr by their number, which is
 * in descriptors.json beside the image. */

#include "basic/cleanup.h"
#include "basic/process-util.h"
#include "basic/protobuf.h"
#include "runtime/state.h"
#include "spec/spec.h"

/* Adds the names for a dump of the container with that init. Logs. */
int criu_external_put_dump(const Spec *spec, const PidRef *init, GByteArray *opts);

/* Writes descriptors.json. Logs. */
int criu_external_write_descriptors(const State *state, int image_fd);

/* Descriptors that CRIU has to get. */
#define CRIU_FDS_MAX 4
typedef struct CriuFds {
        int fds[CRIU_FDS_MAX]; /* owned */
        size_t n;
} CriuFds;

void criu_fds_done(CriuFds *fds);

/* What is restored. */
typedef struct CriuRestored {
        const Spec *spec;
        int image_fd;
        int root_fd; /* the root file system as a detached tree */
} CriuRestored;

/* Adds what the names stand for now: bind mounts and namespaces of the configuration, and our own stdin,
 * stdout and stderr. Logs. -ENOENT: descriptors.json is not there, so it is no image; or a namespace is not.
 */
int criu_external_put_restore(const CriuRestored *restored, GByteArray *opts, CriuFds *ret);

/* The same for cgroup mounts, when the cgroup is there (NULL: there is none of its own). */
void criu_external_put_cgroup(const CriuRestored *restored, const char *cgroup, GByteArray *opts);

/* Makes the mount points in the root that are missing. Logs. */
int criu_external_make_mount_points(const Spec *spec, int root_fd);
