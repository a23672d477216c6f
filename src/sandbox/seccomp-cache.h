/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Compiled seccomp programs kept by content, so that a start does not compile what an earlier one did. */

#include "sandbox/seccomp-filter.h"

/* The program of a profile: from a file below cache_dir/seccomp, or compiled and put there. A file that is
 * not ours alone (owner, mode), damaged, or made by another libseccomp is not used. cache_dir NULL, or one
 * that cannot be written: compiles every time. Logs. Outcomes as seccomp_filter_compile(). */
int seccomp_cache_get(const char *cache_dir, const SpecSeccomp *seccomp, SeccompProgram *ret);

/* Name of the file in the cache: hexadecimal SHA-256 of all that decides over the program but the library.
 * Caller frees. Pure. */
char *seccomp_cache_key(const SpecSeccomp *seccomp);
