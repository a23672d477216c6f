/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Resources and annotations as unit properties: each tests/data/properties/NAME.json against NAME.expected.
 */

#include <stdlib.h>

#include "basic/log.h"
#include "spec/spec.h"
#include "unit/properties-from-spec.h"

static char *translate(const Spec *spec) {
        _cleanup_(property_list_freep) PropertyList *list = property_list_new();
        _cleanup_strv_ char **settings = NULL;
        _cleanup_free_ char *dump = NULL;
        const SpecResources *resources = &spec->linux_.resources;
        GString *text = g_string_new(NULL);

        g_assert_cmpint(properties_from_resources(resources, resources->n_devices > 0, list, &settings), ==,
                        0);
        g_assert_cmpint(properties_from_annotations(&spec->annotations, list), ==, 0);
        dump = property_list_dump(list);
        g_string_append(text, dump);
        for (char **setting = settings; *setting; setting++)
                g_string_append_printf(text, "file %s\n", *setting);
        if (properties_need_device_filter(&spec->linux_.resources))
                g_string_append(text, "and a device filter\n");
        return g_string_free(text, FALSE);
}

static void test_golden(gconstpointer data) {
        g_autofree char *expected_path = g_strndup(data, strlen(data) - strlen(".json"));
        g_autofree char *path = g_strconcat(expected_path, ".expected", NULL);
        _cleanup_(spec_freep) Spec *spec = NULL;
        g_autofree char *expected = NULL;
        g_autofree char *text = NULL;

        g_assert_cmpint(spec_load(data, "/bundle", &spec), ==, 0);
        text = translate(spec);
        g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
        g_assert_cmpstr(text, ==, expected);
}

static void count(int level, int err, const char *message, void *userdata) {
        GString *last = userdata;

        g_string_append_printf(last, "%s\n", message);
}

/* Each is refused with one message, which has the words given. */
static void test_refused_resources(void) {
        static const struct {
                SpecResources resources;
                const char *message;
        } cases[] = {
                { { .memory_limit = { true, 100 }, .memory_swap = { true, 50 } },
                  "#/linux/resources/memory/swap: " },
                { { .memory_swap = { true, 50 } }, "#/linux/resources/memory/swap: " },
                { { .cpu_idle = { true, 2 } }, "#/linux/resources/cpu/idle: " },
                { { .cpuset_cpus = (char *) "0-" }, "#/linux/resources/cpu/cpus: '0-'" },
                { { .cpuset_mems = (char *) "x" }, "#/linux/resources/cpu/mems: 'x'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                _cleanup_string_ GString *log = g_string_new(NULL);
                _cleanup_strv_ char **settings = NULL;

                log_set_sink(count, log);
                g_assert_cmpint(properties_from_resources(&cases[i].resources, false, list, &settings), ==,
                                -EINVAL);
                log_set_sink(NULL, NULL);
                g_assert_nonnull(startswith(log->str, cases[i].message));
                g_assert_true(strchr(log->str, '\n') == log->str + log->len - 1);
        }
}

static void test_refused_unified(void) {
        static const SpecPair cases[] = {
                { (char *) "memory.max", (char *) "1G" },
                { (char *) "memory.max", (char *) "" },
                { (char *) "cpu.max", (char *) "max 1 2" },
                { (char *) "cpu.weight", (char *) "0" },
                { (char *) "cpu.weight", (char *) "10001" },
                { (char *) "cpuset.cpus", (char *) "a" },
                { (char *) "io.max", (char *) "8:0 x=1" },
                { (char *) "io.max", (char *) "8 rbps=1" },
                { (char *) "io.weight", (char *) "8:x 100" },
                { (char *) "memory.oom.group", (char *) "maybe" },
                { (char *) "pids.max", (char *) "-1" },
                { (char *) "-a", (char *) "1" },
                { (char *) "a/b", (char *) "1" },
                { (char *) "a=b", (char *) "1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SpecPair pair = cases[i];
                SpecResources resources = { .unified = { &pair, 1 } };
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                _cleanup_string_ GString *log = g_string_new(NULL);
                _cleanup_strv_ char **settings = NULL;

                log_set_sink(count, log);
                g_assert_cmpint(properties_from_resources(&resources, false, list, &settings), ==, -EINVAL);
                log_set_sink(NULL, NULL);
                g_assert_nonnull(startswith(log->str, "#/linux/resources/unified"));
                g_assert_nonnull(strstr(log->str, cases[i].key));
        }
}

static void test_refused_annotations(void) {
        static const SpecPair cases[] = {
                { (char *) "org.systemd.property.memoryMax", (char *) "uint64 5" },
                { (char *) "org.systemd.property.Me", (char *) "uint64 5" },
                { (char *) "org.systemd.property.Memory-Max", (char *) "uint64 5" },
                { (char *) "org.systemd.property.MemoryMax", (char *) "5G" },
                { (char *) "org.systemd.property.Description", (char *) "no quotes" },
                { (char *) "org.systemd.property.TimeoutStopSec", (char *) "'5'" },
                { (char *) "org.systemd.property.TimeoutStopSec", (char *) "-1" },
                { (char *) "org.systemd.property.Wants", (char *) "['a'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SpecPair pair = cases[i];
                SpecPairs annotations = { &pair, 1 };
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                _cleanup_string_ GString *log = g_string_new(NULL);

                log_set_sink(count, log);
                g_assert_cmpint(properties_from_annotations(&annotations, list), ==, -EINVAL);
                log_set_sink(NULL, NULL);
                g_assert_nonnull(startswith(log->str, "#/annotations/org.systemd.property."));
        }
}

static GVariant *devices(const char *text) {
        return g_variant_parse(G_VARIANT_TYPE("a(ss)"), text, NULL, NULL, NULL);
}

static void test_merge(void) {
        _cleanup_(property_list_freep) PropertyList *dst = property_list_new();
        _cleanup_(property_list_freep) PropertyList *src = property_list_new();
        _cleanup_free_ char *dump = NULL;
        GVariant *a = devices("[('/dev/a', 'r')]"), *b = devices("[('/dev/b', 'w')]");

        property_set_string(dst, "DevicePolicy", "strict");
        property_set(dst, "DeviceAllow", a);
        property_set_uint64(dst, "MemoryMax", 1);
        property_set_uint64(src, "TasksMax", 2);
        property_set_uint64(src, "MemoryMax", 3);
        property_set_string(src, "DevicePolicy", "closed");
        property_set(src, "DeviceAllow", b);
        property_list_merge(dst, src);
        dump = property_list_dump(dst);
        g_assert_cmpstr(dump, ==,
                        "DevicePolicy = 'strict'\nDeviceAllow = [('/dev/a', 'r'), ('/dev/b', 'w')]\n"
                        "MemoryMax = uint64 3\nTasksMax = uint64 2\n");
        g_variant_unref(a);
        g_variant_unref(b);
}

/* 1024 shares are the normal weight, and each share more is never less weight. */
static void test_shares(void) {
        static const uint64_t cases[][2] = {
                { 1, 1 }, { 2, 1 }, { 1024, 100 }, { 262144, 10000 }, { 1 << 20, 10000 }
        };
        uint64_t last = 0;

        for (uint64_t shares = 2; shares < 300000; shares += 7) {
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                SpecResources resources = { .cpu_shares = { true, shares } };
                _cleanup_strv_ char **settings = NULL;
                uint64_t weight;

                g_assert_cmpint(properties_from_resources(&resources, false, list, &settings), ==, 0);
                weight = g_variant_get_uint64(property_find(list, "CPUWeight")->value);
                g_assert_cmpuint(weight, >=, MAX(last, 1));
                g_assert_cmpuint(weight, <=, 10000);
                last = weight;
        }
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(property_list_freep) PropertyList *list = property_list_new();
                SpecResources resources = { .cpu_shares = { true, cases[i][0] } };
                _cleanup_strv_ char **settings = NULL;

                g_assert_cmpint(properties_from_resources(&resources, false, list, &settings), ==, 0);
                g_assert_cmpuint(
                                g_variant_get_uint64(property_find(list, "CPUWeight")->value), ==,
                                cases[i][1]);
        }
}

static void add_golden_tests(void) {
        const char *data = getenv("BERTH_TEST_DATA");
        g_autofree char *folder = g_build_filename(data ?: "tests/data", "properties", NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        const char *name;

        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *test = g_strdup_printf("/properties/golden/%s", name);

                if (g_str_has_suffix(name, ".json"))
                        g_test_add_data_func_full(
                                        test, g_build_filename(folder, name, NULL), test_golden, g_free);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        add_golden_tests();
        g_test_add_func("/properties/refused/resources", test_refused_resources);
        g_test_add_func("/properties/refused/unified", test_refused_unified);
        g_test_add_func("/properties/refused/annotations", test_refused_annotations);
        g_test_add_func("/properties/merge", test_merge);
        g_test_add_func("/properties/shares", test_shares);
        return g_test_run();
}
