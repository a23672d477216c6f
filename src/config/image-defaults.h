/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an image says about the process that runs in it, as defaults of a declaration's keys (image-spec,
 * conversion.md). */

#include "config/container-file.h"
#include "spec/image-config.h"

/* Fills in what the declaration does not say. Exec= replaces the image's command; Entrypoint= its entrypoint
 * and, since that is what it was made for, its command. Returns 0, -EINVAL when then nothing is to be run,
 * or the image names a signal that does not exist; *ret_error (caller frees) says so. Does not log. */
int image_defaults_apply(ContainerFile *container, const ImageConfig *config, char **ret_error);
