/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which keys our sections have, and which are refused with advice. */

#include <stdbool.h>
#include <stddef.h>

#include "config/container-values.h"

typedef struct ContainerKey {
        const char *section, *name;
        ValueParser parse;
        void (*reset)(void *field); /* what an empty assignment does; also frees what the field owns */
        size_t offset;              /* of the field in ContainerFile */
} ContainerKey;

/* NULL: there is no such key. Pure. */
const ContainerKey *container_key_find(const char *section, const char *name);

/* Whether a further assignment adds to what is there, instead of replacing it. Pure. */
bool container_key_adds(const ContainerKey *key);

/* The keys one after the other, NULL behind the last. Pure. */
const ContainerKey *container_key_at(size_t i);

/* The section for which systemd knows such a key; NULL: none is known. Pure. */
const char *container_key_belongs(const char *name);

/* The section of ours that such a key can only be meant for; NULL: none, or systemd knows it, too. Pure. */
const char *container_key_ours(const char *name);

/* What to write instead of a key that is refused; NULL: it is not refused. Pure. */
const char *container_key_refused(const char *section, const char *name);
