/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which file system is the root in a file or on a block device: it is all of it, or one partition of a GPT
 * (Discoverable Partitions Specification). Only reads what tells that. */

#include <stdint.h>

typedef struct Disk {
        const char *type;      /* of the file system, as the kernel calls it; static */
        uint64_t offset, size; /* of it, bytes; size 0: to the end */
} Disk;

/* -EOPNOTSUPP: it is something else, *ret_error says what; static. -EIO and others as of pread(2). Does not
 * log. */
int disk_probe(int fd, Disk *ret, const char **ret_error);
