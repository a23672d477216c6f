/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of an image (image-spec, config.md) as checked values. */

#include <stddef.h>

#include "basic/cleanup.h"
#include "spec/spec.h"

typedef struct ImageConfig {
        char *architecture, *os, *variant, *os_version, *author, *created; /* NULL: not said */
        char **os_features;
        char *user; /* "USER[:GROUP]", names or numbers */
        char *working_dir;
        char *stop_signal;
        char **env; /* NAME=value */
        char **entrypoint, **cmd;
        char **exposed_ports; /* "80/tcp" */
        char **volumes;       /* paths in the container */
        SpecPairs labels;
} ImageConfig;

/* Parses the text (size bytes and a NUL) of a configuration; name stands for it in messages. Logs
 * "NAME#/pointer: ..."; -EINVAL: it is none. */
int image_config_parse(const char *name, const char *text, size_t size, ImageConfig **ret);

void image_config_free(ImageConfig *config);
DEFINE_CLEANUP(ImageConfig *, image_config_free);
