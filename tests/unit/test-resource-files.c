/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* linux.resources as files of cgroup v2, and the arithmetic behind it. */

#include "basic/log.h"
#include "spec/resource-limits.h"

static void test_weights(void) {
        static const struct {
                uint64_t shares, weight;
        } cases[] = {
                { 0, 1 }, { 2, 1 }, { 1024, 100 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                g_assert_cmpuint(limits_cpu_weight(cases[i].shares), ==, cases[i].weight);
        for (uint64_t shares = 3; shares < 262144; shares++)
                g_assert_cmpuint(limits_cpu_weight(shares), >=, limits_cpu_weight(shares - 1));

        g_assert_cmpuint(limits_io_weight(10), ==, 10);
        g_assert_cmpuint(limits_io_weight(100), ==, 100);
        g_assert_cmpuint(limits_io_weight(1000), ==, 10000);
}

/* (members of linux.resources, the settings they become) */
static const struct {
        const char *resources, *files;
} cases[] = {
        { "", "" },
        { "\"memory\": {\"limit\": 0, \"swap\": 0, \"reservation\": 0}, \"cpu\": {\"shares\": 0}", "" },
        { "\"memory\": {\"limit\": 1000, \"swap\": 1500, \"reservation\": 500}",
          "memory.max=1000 | memory.low=500 | memory.swap.max=500" },
        { "\"memory\": {\"limit\": -1, \"reservation\": -1}",
          "-memory.max=max | -memory.low=max | -memory.swap.max=max" },
        { "\"memory\": {\"limit\": 1000, \"swap\": -1}", "memory.max=1000 | -memory.swap.max=max" },
        { "\"memory\": {\"limit\": 1000, \"swap\": 1000}", "memory.max=1000 | memory.swap.max=0" },
        { "\"cpu\": {\"shares\": 1024, \"idle\": 0}", "-cpu.idle=0 | cpu.weight=100" },
        { "\"cpu\": {\"shares\": 1024, \"idle\": 1}", "cpu.idle=1" },
        { "\"cpu\": {\"quota\": 50000}", "cpu.max=50000" },
        { "\"cpu\": {\"quota\": 50000, \"period\": 200000, \"burst\": 1000}",
          "cpu.max=50000 200000 | cpu.max.burst=1000" },
        { "\"cpu\": {\"quota\": -1}", "-cpu.max=max" },
        { "\"cpu\": {\"period\": 200000}", "cpu.max=max 200000" },
        { "\"cpu\": {\"cpus\": \"0-1\", \"mems\": \"0\"}", "cpuset.cpus=0-1 | cpuset.mems=0" },
        { "\"pids\": {\"limit\": 5}", "pids.max=5" },
        { "\"pids\": {\"limit\": 0}", "pids.max=1" },
        { "\"pids\": {\"limit\": -1}", "-pids.max=max" },
        { "\"blockIO\": {\"weight\": 1000, \"weightDevice\": [{\"major\": 8, \"minor\": 0, \"weight\": "
          "10}]}",
          "-io.bfq.weight=1000 | io.weight=default 10000 | -io.bfq.weight=8:0 10 | io.weight=8:0 10" },
        { "\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 7}],"
          " \"throttleWriteIOPSDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 0}]}",
          "io.max=8:16 rbps=7 | io.max=8:16 wiops=max" },
        { "\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 4194304}]",
          "hugetlb.2MB.max=4194304 | -hugetlb.2MB.rsvd.max=4194304" },
        { "\"rdma\": {\"mlx5_1\": {\"hcaHandles\": 3, \"hcaObjects\": 10}}",
          "rdma.max=mlx5_1 hca_handle=3 hca_object=10" },
        { "\"memory\": {\"limit\": 1000}, \"unified\": {\"memory.max\": \"2000\"}",
          "memory.max=1000 | memory.max=2000" },
        { "\"unified\": {\"io.max\": \"8:0 rbps=1\\n8:16 wbps=2\\n\"}",
          "io.max=8:0 rbps=1 | io.max=8:16 wbps=2" },
};

static Spec *parse(const char *resources) {
        _cleanup_free_ char *text = g_strdup_printf(
                        "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}, "
                        "\"linux\": {\"namespaces\": [{\"type\": \"mount\"}], \"resources\": {%s}}}",
                        resources);
        Spec *spec;

        g_assert_cmpint(spec_parse("test", text, strlen(text), "/bundle", &spec), ==, 0);
        return spec;
}

static void test_files(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(spec_freep) Spec *spec = parse(cases[i].resources);
                _cleanup_strv_ char **settings = NULL;
                _cleanup_free_ char *joined = NULL;

                g_assert_cmpint(limits_to_files(&spec->linux_.resources, &settings), ==, 0);
                joined = g_strjoinv(" | ", settings);
                g_assert_cmpstr(joined, ==, cases[i].files);
        }
}

static void collect(int level, int err, const char *message, void *userdata) {
        g_string_append_printf(userdata, "%s\n", message);
}

static void test_refused(void) {
        static SpecPair bad_pair = { (char *) "a/b", (char *) "1" };
        static const struct {
                SpecResources resources;
                const char *message;
        } refused[] = {
                { { .memory_swap = { true, 50 } }, "#/linux/resources/memory/swap: " },
                { { .memory_limit = { true, 100 }, .memory_swap = { true, 50 } },
                  "#/linux/resources/memory/swap: " },
                { { .cpu_idle = { true, 2 } }, "#/linux/resources/cpu/idle: " },
                { { .unified = { &bad_pair, 1 } }, "#/linux/resources/unified: 'a/b'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_string_ GString *log = g_string_new(NULL);
                _cleanup_strv_ char **settings = NULL;

                log_set_sink(collect, log);
                g_assert_cmpint(limits_to_files(&refused[i].resources, &settings), ==, -EINVAL);
                log_set_sink(NULL, NULL);
                g_assert_nonnull(startswith(log->str, refused[i].message));
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/resource-files/weights", test_weights);
        g_test_add_func("/resource-files/files", test_files);
        g_test_add_func("/resource-files/refused", test_refused);
        return g_test_run();
}
