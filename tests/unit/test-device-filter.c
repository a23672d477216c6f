/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device program, run by an interpreter of the few instructions that it consists of. */

#include "cgroup/device-filter.h"

#include "basic/cleanup.h"

typedef struct Machine {
        uint64_t reg[11];
        struct bpf_cgroup_dev_ctx context;
} Machine;

static uint32_t load(const Machine *m, int offset) {
        switch (offset) {
        case offsetof(struct bpf_cgroup_dev_ctx, access_type):
                return m->context.access_type;
        case offsetof(struct bpf_cgroup_dev_ctx, major):
                return m->context.major;
        default:
                g_assert_cmpint(offset, ==, offsetof(struct bpf_cgroup_dev_ctx, minor));
                return m->context.minor;
        }
}

/* Returns how far to jump. */
static int step(Machine *m, const struct bpf_insn *insn) {
        uint64_t *dst = &m->reg[insn->dst_reg];

        switch (insn->code) {
        case BPF_LDX | BPF_MEM | BPF_W:
                *dst = load(m, insn->off);
                return 0;
        case BPF_ALU64 | BPF_MOV | BPF_K:
                *dst = (uint64_t) insn->imm;
                return 0;
        case BPF_ALU | BPF_MOV | BPF_X:
                *dst = (uint32_t) m->reg[insn->src_reg];
                return 0;
        case BPF_ALU | BPF_AND | BPF_K:
                *dst = (uint32_t) *dst & (uint32_t) insn->imm;
                return 0;
        case BPF_ALU | BPF_RSH | BPF_K:
                *dst = (uint32_t) *dst >> insn->imm;
                return 0;
        case BPF_JMP32 | BPF_JNE | BPF_K:
                return (uint32_t) *dst != (uint32_t) insn->imm ? insn->off : 0;
        case BPF_JMP32 | BPF_JEQ | BPF_K:
                return (uint32_t) *dst == (uint32_t) insn->imm ? insn->off : 0;
        default:
                g_assert_not_reached();
        }
}

static bool run(const struct bpf_insn *program, size_t n, struct bpf_cgroup_dev_ctx context) {
        Machine m = { .context = context };

        for (size_t at = 0; at < n; at++) {
                if (program[at].code == (BPF_JMP | BPF_EXIT)) {
                        g_assert_cmpuint(m.reg[0], <=, 1);
                        return m.reg[0];
                }
                at += (size_t) step(&m, program + at);
        }
        g_assert_not_reached(); /* The program runs past its end. */
}

#define MAX_RULES 5

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD

typedef struct Question {
        char type;
        uint32_t major, minor, access;
        bool allowed;
} Question;

static const struct {
        const char *name;
        DeviceFilterRule rules[MAX_RULES]; /* ends with one without type */
        Question questions[8];
} cases[] = {
        { "no-rules", { { 0 } }, { { 'c', 1, 3, R, false }, { 'b', 8, 0, M, false } } },
        { "allow-all",
          { { true, 'a', DEVICE_ANY, DEVICE_ANY, "rwm" } },
          { { 'c', 1, 3, R | W | M, true }, { 'b', 8, 0, M, true } } },
        { "some-of-none",
          { { false, 'a', DEVICE_ANY, DEVICE_ANY, "rwm" },
            { true, 'c', 1, 3, "rw" },
            { true, 'b', 8, DEVICE_ANY, "r" } },
          { { 'c', 1, 3, R, true },
            { 'c', 1, 3, R | W, true },
            { 'c', 1, 3, M, false },
            { 'c', 1, 3, R | M, false },
            { 'c', 1, 4, R, false },
            { 'b', 1, 3, R, false },
            { 'b', 8, 1, R, true },
            { 'b', 8, 1, W, false } } },
        { "all-but-some",
          { { true, 'a', DEVICE_ANY, DEVICE_ANY, "rwm" }, { false, 'b', DEVICE_ANY, DEVICE_ANY, "w" } },
          { { 'b', 8, 0, R, true },
            { 'b', 8, 0, W, false },
            { 'b', 8, 0, R | W, false },
            { 'c', 8, 0, R | W, true } } },
        { "last-wins",
          { { true, 'c', 10, DEVICE_ANY, "rwm" },
            { false, 'c', 10, 200, "w" },
            { true, 'c', 10, 229, "r" },
            { false, 'c', 10, 229, "rm" } },
          { { 'c', 10, 1, R | W | M, true },
            { 'c', 10, 200, R, true },
            { 'c', 10, 200, W, false },
            { 'c', 10, 229, W, true },
            { 'c', 10, 229, R, false } } },
        { "together",
          { { true, 'c', 5, 1, "r" }, { true, 'c', 5, 1, "w" } },
          { { 'c', 5, 1, R | W, true }, { 'c', 5, 1, R | W | M, false } } },
        { "all-starts-over",
          { { true, 'c', 1, 3, "rwm" }, { false, 'a', DEVICE_ANY, DEVICE_ANY, "rwm" } },
          { { 'c', 1, 3, R, false } } },
        { "any-major",
          { { true, 'c', DEVICE_ANY, 7, "r" } },
          { { 'c', 1, 7, R, true }, { 'c', 200, 7, R, true }, { 'c', 7, 1, R, false } } },
};

static size_t count_rules(const DeviceFilterRule *rules) {
        size_t n = 0;

        while (n < MAX_RULES && rules[n].type)
                n++;
        return n;
}

static void test_case(gconstpointer data) {
        size_t i = GPOINTER_TO_SIZE(data), n;
        _cleanup_free_ struct bpf_insn *program = NULL;

        device_filter_program(cases[i].rules, count_rules(cases[i].rules), &program, &n);
        for (const Question *q = cases[i].questions; q < cases[i].questions + 8 && q->type; q++) {
                uint32_t type = q->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

                g_assert_cmpint(run(program, n,
                                    (struct bpf_cgroup_dev_ctx) { q->access << 16 | type, q->major,
                                                                  q->minor }),
                                ==, q->allowed);
        }
}

static void test_allows_all(void) {
        static const DeviceFilterRule all = { true, 'a', DEVICE_ANY, DEVICE_ANY, "rwm" };
        static const DeviceFilterRule none = { false, 'a', DEVICE_ANY, DEVICE_ANY, "rwm" };
        static const DeviceFilterRule some = { true, 'c', 1, 3, "rwm" };
        static const DeviceFilterRule not_some = { false, 'c', 1, 3, "rwm" };

        g_assert_true(device_filter_allows_all((DeviceFilterRule[]) { all }, 1));
        g_assert_true(device_filter_allows_all((DeviceFilterRule[]) { none, all, some }, 3));
        g_assert_false(device_filter_allows_all(NULL, 0));
        g_assert_false(device_filter_allows_all((DeviceFilterRule[]) { all, none, some }, 3));
        g_assert_false(device_filter_allows_all((DeviceFilterRule[]) { all, not_some }, 2));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *path = g_strdup_printf("/device-filter/%s", cases[i].name);

                g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
        }
        g_test_add_func("/device-filter/allows-all", test_allows_all);
        return g_test_run();
}
