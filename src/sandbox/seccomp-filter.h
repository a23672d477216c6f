/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A seccomp profile as the program that the kernel runs. The only place that knows libseccomp, which is
 * opened at run time: it costs every exec something, and a cached program does not need it. */

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "spec/spec.h"

struct sock_filter; /* <linux/filter.h> */

typedef struct SeccompProgram {
        struct sock_filter *code;
        size_t n_code;
        unsigned flags; /* SECCOMP_FILTER_FLAG_* of seccomp(2) */
} SeccompProgram;

#define SECCOMP_PROGRAM_NULL ((SeccompProgram) { 0 })

void seccomp_program_done(SeccompProgram *program);

/* What goes into the flags of seccomp(2): those of the profile (SPEC_ALLOW when it has no list) and
 * NEW_LISTENER when an action is SCMP_ACT_NOTIFY. Pure; does not need libseccomp. */
unsigned seccomp_filter_flags(const SpecSeccomp *seccomp);

/* Compiles a profile (config-linux.md, "Seccomp"). Names of system calls that the library does not know are
 * ignored. A profile that denies by default answers ENOSYS to system calls newer than all that it names, so
 * that programs fall back to older ones, as runc does. Logs. -ENOENT: no libseccomp here; -EINVAL,
 * -EOPNOTSUPP: a word that this libseccomp does not know. */
int seccomp_filter_compile(const SpecSeccomp *seccomp, SeccompProgram *ret);

/* A program as base64. Logs. -EINVAL: it is none. The kernel checks it when it is loaded. */
int seccomp_filter_decode(const char *text, SeccompProgram *ret);

/* Path of the libseccomp that seccomp_filter_compile() uses. Opens it. Borrowed, NULL when there is none.
 * Does not log. */
const char *seccomp_filter_library_path(void);

/* "2.5.4"; -ENOENT: no libseccomp here. Does not log. Caller frees. */
int seccomp_filter_library_version(char **ret);

/* Whether the running kernel takes that flag ("SECCOMP_FILTER_FLAG_LOG"), for "features"; the words
 * themselves are in seccomp-words.h. Does not log. */
bool seccomp_filter_flag_is_supported(const char *name);
