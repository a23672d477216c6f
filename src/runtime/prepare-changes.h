/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a container writes over a root that stays as it is: the root becomes the lower layer of an overlay,
 * which only the container mounts. */

#include "config/container-file.h"
#include "runtime/prepare-facts.h"
#include "runtime/prepare-userns.h"
#include "spec/json.h"

typedef struct PreparedChanges {
        char **lower;    /* directories of the root, the topmost first; NULL: the root is written to */
        char *directory; /* has "upper" and "work" while the container is there */
        bool hidden;     /* the last of lower stands for what only the container will have there */
        int root_fd;     /* that, if it is hidden */
        bool only_usr;   /* nothing but /usr is seen of the root: lower begins with a layer that hides it */
} PreparedChanges;

#define PREPARED_CHANGES_NULL ((PreparedChanges) { 0 })

void prepared_changes_done(PreparedChanges *changes);

/* Decides whether and where changes are kept. layers: those of an image, copied; NULL: the root is the
 * directory that root names. Logs. -ENXIO: there is no place for them; -EOPNOTSUPP: as prepare_usr_check().
 */
int prepare_changes(
                const ContainerFile *container, const char *unit_dir, char **layers,
                const PreparedRoot *root, PreparedChanges *ret);

/* Makes the overlay the root of the document. Logs. */
int prepare_changes_json(
                const PreparedChanges *changes, const ContainerFile *container, JsonDocument *document);

/* Makes the directories that the overlay needs, in the place of what an earlier run left; they belong to
 * whom the root belongs to in the container. Logs. */
int prepare_changes_start(const PreparedChanges *changes, const PreparedUserns *userns);

/* Removes what the container of that name has written. Logs. */
int prepare_changes_stop(const char *id);
