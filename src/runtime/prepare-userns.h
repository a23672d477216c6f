/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The user namespace of a declaration: which ids of the host its ids are. */

#include "config/container-file.h"
#include "spec/json.h"
#include "spec/spec.h"

typedef struct PreparedUserns {
        SpecIdMap map;        /* empty: there is none */
        bool map_root;        /* the root's files are to have the container's ids */
        uint32_t first, size; /* a range to take; size 0: none */
} PreparedUserns;

#define PREPARED_USERNS_NULL ((PreparedUserns) { 0 })

void prepared_userns_done(PreparedUserns *userns);

/* Finds out the mapping. With UserNS=keep-id, the declaration gets that user if it names none. Changes
 * nothing on the machine. Logs. -EINVAL: what it names is not this user's, or not there; -EPERM: users
 * cannot have it; -ENOSPC: as userns_range_pick(). */
int prepare_userns(ContainerFile *container, const char *id, PreparedUserns *ret);

/* Puts it into the document. Logs. */
int prepare_userns_json(
                const PreparedUserns *userns, const ContainerFile *container, JsonDocument *document);

/* The id outside of an id on disk; the same where nothing is mapped. Pure. */
uint32_t prepare_userns_uid(const PreparedUserns *userns, uint32_t uid);
uint32_t prepare_userns_gid(const PreparedUserns *userns, uint32_t gid);

/* Takes the range for a container, of whose unit dir_fd is the directory. Logs; -EAGAIN: another one has to
 * be picked. */
int prepare_userns_start(const PreparedUserns *userns, const char *id, int dir_fd);

/* Gives it back. Logs. */
int prepare_userns_stop(const char *id, int dir_fd);
