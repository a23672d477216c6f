/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Declarations made of what others declare: Quadlet's .container files, .nspawn files, and what "docker
 * inspect" and "podman inspect" tell about a container. What has no counterpart stays as a comment that says
 * why: nothing is lost silently. The result is a text to begin with; berth verify tells what it still lacks.
 */

#include <stddef.h>

#include "config/unit-file.h"

/* Quadlet's: most keys are ours, too. Caller frees. Pure. */
char *convert_quadlet(const UnitFile *file);

/* systemd.nspawn(5); machine is the name of the file, and of the tree in /var/lib/machines. Caller frees.
 * Pure. */
char *convert_nspawn(const UnitFile *file, const char *machine);

/* The first container of an array as both engines print it. name stands for the text in messages. Logs;
 * -EINVAL: it is not such a text. Caller frees *ret. */
int convert_inspect(const char *name, const char *text, size_t size, char **ret);
