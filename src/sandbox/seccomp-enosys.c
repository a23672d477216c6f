/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the ENOSYS prologue. Uses only instructions that the kernel can evaluate in advance for its cache of
 * allowed system calls (seccomp_is_const_allow() in kernel/seccomp.c). */

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "sandbox/seccomp-enosys.h"

#include "basic/macro.h"

/* Native system calls of x86-64 and those of x32 have the same architecture and differ in this bit. */
#define X32_BIT 0x40000000u

static void append(GArray *code, const struct sock_filter *block, size_t n) {
        g_array_append_vals(code, block, n);
}

static void append_plain(GArray *code, const SeccompNewest *newest) {
        const struct sock_filter block[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, newest->audit_arch, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest->number, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        };

        append(code, block, ELEMENTSOF(block));
}

/* Without x32 in the profile its calls have to reach the profile, which refuses them as a foreign
 * architecture. */
static void append_x86_64(GArray *code, const SeccompNewest *newest) {
        const struct sock_filter block[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, newest->audit_arch, 0, 5),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 1, 0),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest->number, 1, 2),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest->x32_number ? newest->x32_number : UINT32_MAX, 0,
                         1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        };

        append(code, block, ELEMENTSOF(block));
}

void seccomp_enosys_append(GArray *code, const SeccompNewest *newest, size_t n_newest) {
        for (size_t i = 0; i < n_newest; i++)
                if (newest[i].audit_arch == AUDIT_ARCH_X86_64)
                        append_x86_64(code, &newest[i]);
                else
                        append_plain(code, &newest[i]);
}
