/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which ids beside the own one an ordinary user may map: /etc/subuid and /etc/subgid, subuid(5). */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/spec.h"

/* The ranges of a user in the text of such a file: lines "NAME:FIRST:COUNT", where NAME may be the uid as a
 * number. Lines that say something else are passed over. *ret_n mappings of which container_id is left 0;
 * caller frees *ret. name may be NULL. Pure. */
void subid_parse(const char *text, const char *name, uid_t uid, SpecIdMapping **ret, size_t *ret_n);

/* The usual mapping for a user without privileges: root in the container is own, the ranges follow from 1
 * on. Caller frees *ret. Pure. */
void subid_map(uint32_t own, const SpecIdMapping *ranges, size_t n, SpecIdMapping **ret, size_t *ret_n);
