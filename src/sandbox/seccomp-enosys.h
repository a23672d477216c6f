/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Instructions in front of a seccomp program that answer ENOSYS to system calls that its author cannot have
 * known. Programs and libraries try new system calls first and fall back only on ENOSYS; any other refusal
 * breaks them. */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* The newest system call that a profile names, by the architecture that seccomp_data has. */
typedef struct SeccompNewest {
        uint32_t audit_arch; /* AUDIT_ARCH_* */
        uint32_t number;
        uint32_t x32_number; /* with __X32_SYSCALL_BIT; 0: the profile is not for x32 */
} SeccompNewest;

/* Appends the instructions (struct sock_filter) to code; what is appended after them runs for everything
 * else, other architectures included. The accumulator is undefined then. Pure. */
void seccomp_enosys_append(GArray *code, const SeccompNewest *newest, size_t n_newest);
