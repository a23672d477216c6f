/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the device program: its generation and its way into the kernel. */

#include "cgroup/device-filter.h"

#include <sys/syscall.h>

#include "basic/cleanup.h"

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* Registers of the program. */
enum {
        RESULT = BPF_REG_0,
        CONTEXT = BPF_REG_1,
        WANTED = BPF_REG_2, /* kinds of access that no rule has decided yet */
        TYPE = BPF_REG_3,
        MAJOR = BPF_REG_4,
        MINOR = BPF_REG_5,
        SCRATCH = BPF_REG_6,
};

static uint32_t parse_access(const char *access) {
        uint32_t mask = 0;

        for (; *access; access++)
                mask |= *access == 'r'           ? BPF_DEVCG_ACC_READ
                                : *access == 'w' ? BPF_DEVCG_ACC_WRITE
                                                 : BPF_DEVCG_ACC_MKNOD;
        return mask;
}

static void add(GArray *program, uint8_t code, int dst, int16_t off, int32_t imm) {
        const struct bpf_insn insn = { .code = code, .dst_reg = dst & 0xf, .off = off, .imm = imm };

        g_array_append_val(program, insn);
}

static void add_load(GArray *program, int dst, size_t offset) {
        const struct bpf_insn insn = { .code = BPF_LDX | BPF_MEM | BPF_W,
                                       .dst_reg = dst & 0xf,
                                       .src_reg = CONTEXT,
                                       .off = (int16_t) offset };

        g_array_append_val(program, insn);
}

static void add_copy(GArray *program, int dst, int src) {
        const struct bpf_insn insn = { .code = BPF_ALU | BPF_MOV | BPF_X,
                                       .dst_reg = dst & 0xf,
                                       .src_reg = src & 0xf };

        g_array_append_val(program, insn);
}

static void add_return(GArray *program, bool allow) {
        add(program, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, allow);
        add(program, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* access_type has the kind of device in its lower half and the kinds of access in the upper one. */
static void add_head(GArray *program) {
        add_load(program, WANTED, offsetof(struct bpf_cgroup_dev_ctx, access_type));
        add_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
        add_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
        add_copy(program, TYPE, WANTED);
        add(program, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0xffff);
        add(program, BPF_ALU | BPF_RSH | BPF_K, WANTED, 0, 16);
}

/* A jump past the rule, patched when its end is known. */
static void add_skip_unless(GArray *program, int reg, uint32_t value, GArray *skips) {
        g_array_append_val(skips, program->len);
        add(program, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, (int32_t) value);
}

static void add_rule(GArray *program, const DeviceFilterRule *rule, GArray *skips) {
        uint32_t mask = parse_access(rule->access);

        add_skip_unless(program, TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, skips);
        if (rule->major != DEVICE_ANY)
                add_skip_unless(program, MAJOR, (uint32_t) rule->major, skips);
        if (rule->minor != DEVICE_ANY)
                add_skip_unless(program, MINOR, (uint32_t) rule->minor, skips);
        if (rule->allow) {
                /* What it allows needs no further rule; when nothing is left, the answer is found. */
                add(program, BPF_ALU | BPF_AND | BPF_K, WANTED, 0, (int32_t) ~mask);
                add_skip_unless(program, WANTED, 0, skips);
        } else {
                add_copy(program, SCRATCH, WANTED);
                add(program, BPF_ALU | BPF_AND | BPF_K, SCRATCH, 0, (int32_t) mask);
                g_array_append_val(skips, program->len);
                add(program, BPF_JMP32 | BPF_JEQ | BPF_K, SCRATCH, 0, 0);
        }
        add_return(program, rule->allow);
}

static void patch_skips(GArray *program, const GArray *skips) {
        for (guint i = 0; i < skips->len; i++) {
                guint at = g_array_index(skips, guint, i);

                g_array_index(program, struct bpf_insn, at).off = (int16_t) (program->len - at - 1);
        }
}

bool device_filter_allows_all(const DeviceFilterRule *rules, size_t n) {
        while (n-- > 0) {
                if (rules[n].type == 'a')
                        return rules[n].allow;
                if (!rules[n].allow)
                        return false;
        }
        return false;
}

void device_filter_program(const DeviceFilterRule *rules, size_t n, struct bpf_insn **ret, size_t *ret_n) {
        GArray *program = g_array_new(FALSE, FALSE, sizeof(struct bpf_insn));
        GArray *skips = g_array_new(FALSE, FALSE, sizeof(guint));
        bool otherwise = false;

        add_head(program);
        /* From the last to the first: what a later rule says has been decided. */
        while (n-- > 0) {
                if (rules[n].type == 'a') {
                        otherwise = rules[n].allow;
                        break;
                }
                g_array_set_size(skips, 0);
                add_rule(program, rules + n, skips);
                patch_skips(program, skips);
        }
        add_return(program, otherwise);
        g_array_unref(skips);
        *ret_n = program->len;
        *ret = (struct bpf_insn *) g_array_free(program, FALSE);
}

static int call_bpf(int command, union bpf_attr *attr) {
        long r = syscall(SYS_bpf, command, attr, sizeof *attr);

        return r < 0 ? negative_errno() : (int) r;
}

int device_filter_attach(int cgroup_fd, const struct bpf_insn *program, size_t n) {
        union bpf_attr load = {
                .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                .insn_cnt = (uint32_t) n,
                .insns = (uint64_t) (uintptr_t) program,
                .license = (uint64_t) (uintptr_t) "LGPL",
                .prog_name = "berth_devices",
        };
        union bpf_attr attach = { 0 };
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = call_bpf(BPF_PROG_LOAD, &load);
        if (fd < 0)
                return fd;
        attach.target_fd = (uint32_t) cgroup_fd;
        attach.attach_bpf_fd = (uint32_t) fd;
        attach.attach_type = BPF_CGROUP_DEVICE;
        attach.attach_flags = BPF_F_ALLOW_MULTI;
        r = call_bpf(BPF_PROG_ATTACH, &attach);
        return r < 0 ? r : 0;
}
