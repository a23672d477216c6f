/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ENOSYS prologue, run by a small interpreter of the instructions that it uses. */

#include <errno.h>
#include <glib.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "basic/macro.h"
#include "sandbox/seccomp-enosys.h"

/* What the program behind the prologue answers. */
#define PROFILE 0x12345678u
#define REFUSED (SECCOMP_RET_ERRNO | ENOSYS)

static uint32_t run(const struct sock_filter *code, size_t n, uint32_t arch, uint32_t number) {
        uint32_t a = 0;

        for (size_t i = 0; i < n; i++)
                switch (code[i].code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        a = code[i].k == offsetof(struct seccomp_data, arch) ? arch : number;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        i += a == code[i].k ? code[i].jt : code[i].jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        i += a > code[i].k ? code[i].jt : code[i].jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        i += a >= code[i].k ? code[i].jt : code[i].jf;
                        break;
                case BPF_RET | BPF_K:
                        return code[i].k;
                default:
                        g_assert_not_reached();
                }
        g_assert_not_reached();
}

static const SeccompNewest several[] = {
        { AUDIT_ARCH_X86_64, 300, 0 },
        { AUDIT_ARCH_I386, 400, 0 },
};

static const SeccompNewest with_x32[] = {
        { AUDIT_ARCH_X86_64, 300, 0x40000200 },
};

static const SeccompNewest arm[] = {
        { AUDIT_ARCH_AARCH64, 290, 0 },
};

static const struct {
        const char *name;
        const SeccompNewest *newest;
        size_t n_newest;
        uint32_t arch, number, expected;
} cases[] = {
        { "the newest", several, 2, AUDIT_ARCH_X86_64, 300, PROFILE },
        { "newer", several, 2, AUDIT_ARCH_X86_64, 301, REFUSED },
        { "oldest", several, 2, AUDIT_ARCH_X86_64, 0, PROFILE },
        { "second architecture, the newest", several, 2, AUDIT_ARCH_I386, 400, PROFILE },
        { "second architecture, newer", several, 2, AUDIT_ARCH_I386, 401, REFUSED },
        { "not an architecture of the profile", several, 2, AUDIT_ARCH_ARM, 5000, PROFILE },
        { "x32 in a profile without it", several, 2, AUDIT_ARCH_X86_64, 0x40000000, PROFILE },
        { "skipped by a tracer", several, 2, AUDIT_ARCH_X86_64, UINT32_MAX, PROFILE },
        { "x32, the newest", with_x32, 1, AUDIT_ARCH_X86_64, 0x40000200, PROFILE },
        { "x32, newer", with_x32, 1, AUDIT_ARCH_X86_64, 0x40000201, REFUSED },
        { "native beside x32, newer", with_x32, 1, AUDIT_ARCH_X86_64, 301, REFUSED },
        { "native beside x32, the newest", with_x32, 1, AUDIT_ARCH_X86_64, 300, PROFILE },
        { "arm64, newer", arm, 1, AUDIT_ARCH_AARCH64, 291, REFUSED },
        { "arm64, the newest", arm, 1, AUDIT_ARCH_AARCH64, 290, PROFILE },
        { "no architecture", NULL, 0, AUDIT_ARCH_X86_64, 5000, PROFILE },
};

static void test_prologue(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const struct sock_filter profile = BPF_STMT(BPF_RET | BPF_K, PROFILE);
                GArray *code = g_array_new(FALSE, FALSE, sizeof(struct sock_filter));

                g_test_message("%s", cases[i].name);
                seccomp_enosys_append(code, cases[i].newest, cases[i].n_newest);
                g_array_append_val(code, profile);
                g_assert_cmphex(run((const struct sock_filter *) code->data, code->len, cases[i].arch,
                                    cases[i].number),
                                ==, cases[i].expected);
                g_array_unref(code);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/seccomp-enosys/prologue", test_prologue);
        return g_test_run();
}
