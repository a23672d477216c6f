/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Strict parsing of numbers and words: the whole string must be the value. -EINVAL: not one; -ERANGE: too
 * large. Pure. */

#include <stdbool.h>
#include <stdint.h>

int parse_uint64(const char *s, uint64_t *ret);
int parse_uint32(const char *s, uint32_t *ret);
int parse_int64(const char *s, int64_t *ret);
int parse_int(const char *s, int *ret);

/* 1/yes/y/true/t/on and 0/no/n/false/f/off, as systemd reads them. */
int parse_boolean(const char *s, bool *ret);

/* "0-3,7" as a bit mask, bit 0 in byte 0 (the form of AllowedCPUs=). Caller frees. */
int parse_cpu_list(const char *s, uint8_t **ret_mask, unsigned *ret_size);

/* "UID[:GID]", numeric; gid is left alone when it is not given. */
int parse_uid_gid(const char *s, uint32_t *ret_uid, uint32_t *ret_gid);
