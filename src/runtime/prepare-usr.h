/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Volatile=yes: a root of which nothing but /usr is seen, and all else is new and in memory. */

#include "config/container-file.h"
#include "runtime/prepare-facts.h"
#include "runtime/prepare-userns.h"

/* Whether that is enough of a root. Logs. -EOPNOTSUPP: there is no /usr, or programs are elsewhere, too. */
int prepare_usr_check(const ContainerFile *container, const PreparedRoot *root);

/* Makes the directories of the overlay: "upper" with what a root has to have, "work", and "hidden", the
 * first of lower, a layer that takes away what the others have. They are the container's root's. Logs. */
int prepare_usr_start(const char *directory, char **lower, const PreparedUserns *userns);
