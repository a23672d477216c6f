/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a unit is going to run: its declaration, image or bundle found, checked and put together. Nothing in
 * here changes anything on the machine, but that layers of an image that was not used before are unpacked.
 */

#include "config/container-file.h"
#include "runtime/params.h"
#include "runtime/prepare-changes.h"
#include "runtime/prepare-disk.h"
#include "runtime/prepare-image.h"
#include "runtime/prepare-userns.h"
#include "spec/spec.h"

typedef struct PreparedConfig {
        char *text;         /* the complete config.json */
        Spec *spec;         /* the same, parsed */
        GPtrArray *files;   /* of ContainerFileText*, for the unit's directory; NULL: none */
        GPtrArray *volumes; /* of PreparedVolume*; NULL: none */
        UnitParams params;
        PreparedImage image;
        PreparedChanges changes;
        PreparedUserns userns;
        PreparedDisk disk;
        bool accept; /* for each connection one */
        bool trial;  /* not to be started */
} PreparedConfig;

void prepared_config_done(PreparedConfig *config);

/* Looks for ID.container, then for the bundle /var/lib/berth/ID ($XDG_DATA_HOME/berth/ID,
 * ~/.local/share/berth/ID for users), and makes the configuration of the unit whose directory is unit_dir.
 * Logs all that is wrong. -ENOENT: there is neither; -ESHUTDOWN: the declaration is masked; -EINVAL:
 * something in it is wrong. */
int prepare_config(const char *id, const char *unit_dir, PreparedConfig *ret);

/* The same for a declaration without errors that the caller has read, which gets defaults of its image;
 * nothing is unpacked. */
int prepare_config_declared(ContainerFile *container, const char *unit_dir, PreparedConfig *ret);

/* Logs the errors of a declaration, for a unit that berth-generator made to fail. Never returns 0: -EINVAL,
 * or -ESTALE when there are no errors any more, so that systemd has to be told to read it again. */
int prepare_explain(const char *id);
