/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of linux.resources.unified: files of cgroup v2 that have a property become it, the
 * rest is written as it is. Values are those of the kernel's Documentation/admin-guide/cgroup-v2.rst. */

#include <inttypes.h>

#include "basic/log.h"
#include "basic/parse-util.h"
#include "spec/resource-limits.h"
#include "unit/properties-internal.h"

/* Returns 0 when the value was translated, 1 when it has to be written, -EINVAL or -ERANGE. */
typedef int (*Translate)(Translation *t, const char *file, const char *property, const char *value);

static int parse_limit(const char *s, uint64_t *ret) {
        if (streq(s, "max")) {
                *ret = LIMIT_NONE;
                return 0;
        }
        return parse_uint64(s, ret);
}

static int translate_limit(Translation *t, const char *file, const char *property, const char *value) {
        uint64_t n;
        int r;

        r = parse_limit(value, &n);
        if (r < 0)
                return r;
        property_set_uint64(t->properties, property, n);
        return 0;
}

/* systemd 253 */
static int translate_zswap(Translation *t, const char *file, const char *property, const char *value) {
        uint64_t n;
        int r;

        r = parse_limit(value, &n);
        if (r < 0)
                return r;
        property_set_optional(t->properties, property, g_variant_new_uint64(n));
        return 1;
}

/* OOMPolicy= of scopes came with 253, and to later versions of 252; the file is written as well, for older
 * ones. */
static int translate_oom_group(Translation *t, const char *file, const char *property, const char *value) {
        bool group;
        int r;

        r = parse_boolean(value, &group);
        if (r < 0)
                return r;
        property_set_optional(t->properties, property, g_variant_new_string(group ? "kill" : "continue"));
        return 1;
}

static int translate_tasks(Translation *t, const char *file, const char *property, const char *value) {
        uint64_t n;
        int r;

        r = parse_limit(value, &n);
        if (r < 0)
                return r;
        property_set_uint64(t->properties, property, n > 0 ? n : 1);
        return 0;
}

static int translate_quota(Translation *t, const char *file, const char *property, const char *value) {
        _cleanup_strv_ char **words = g_strsplit(value, " ", -1);
        uint64_t quota, period = 0;
        int r;

        if (!words[0] || (words[1] && words[2]))
                return -EINVAL;
        r = parse_limit(words[0], &quota);
        if (r < 0)
                return r;
        if (words[1]) {
                r = parse_uint64(words[1], &period);
                if (r < 0)
                        return r;
        }
        translate_cpu_max(t, quota > INT64_MAX ? -1 : (int64_t) quota, period);
        return 0;
}

static int translate_idle(Translation *t, const char *file, const char *property, const char *value) {
        bool idle;
        int r;

        r = parse_boolean(value, &idle);
        if (r < 0)
                return r;
        if (idle)
                property_set_uint64(t->properties, property, 0);
        return 0;
}

static int translate_weight(Translation *t, const char *file, const char *property, const char *value) {
        uint64_t n;
        int r;

        r = parse_uint64(value, &n);
        if (r < 0)
                return r;
        if (n < 1 || n > 10000)
                return -ERANGE;
        property_set_uint64(t->properties, property, n);
        return 0;
}

static int translate_cpuset_file(Translation *t, const char *file, const char *property, const char *value) {
        return isempty(value) ? 0 : translate_cpu_list(t, property, value);
}

static int parse_device(const char *s, uint32_t *ret_major, uint32_t *ret_minor) {
        _cleanup_strv_ char **numbers = g_strsplit(s, ":", 2);
        int r;

        if (g_strv_length(numbers) != 2)
                return -EINVAL;
        r = parse_uint32(numbers[0], ret_major);
        if (r < 0)
                return r;
        return parse_uint32(numbers[1], ret_minor);
}

/* "100", "default 100", "8:0 100"; one per line. */
static int translate_io_weight_line(Translation *t, const char *property, const char *line) {
        const char *space = strchr(line, ' ');
        _cleanup_free_ char *device = NULL;
        uint32_t major, minor;
        uint64_t weight;
        int r;

        if (!space)
                return translate_weight(t, NULL, property, line);
        if (startswith(line, "default "))
                return translate_weight(t, NULL, property, space + 1);
        device = g_strndup(line, space - line);
        r = parse_device(device, &major, &minor);
        if (r < 0)
                return r;
        r = parse_uint64(space + 1, &weight);
        if (r < 0)
                return r;
        translate_device_value(t, "IODeviceWeight", major, minor, weight);
        return 0;
}

static int translate_io_weight(Translation *t, const char *file, const char *property, const char *value) {
        _cleanup_strv_ char **lines = g_strsplit(value, "\n", -1);

        for (char **line = lines; *line; line++) {
                int r = **line ? translate_io_weight_line(t, property, *line) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* "8:0 rbps=1000 wiops=max" */
static int translate_io_max_line(Translation *t, char **words) {
        static const struct {
                const char *key, *property;
        } limits[] = {
                { "rbps=", "IOReadBandwidthMax" },
                { "wbps=", "IOWriteBandwidthMax" },
                { "riops=", "IOReadIOPSMax" },
                { "wiops=", "IOWriteIOPSMax" },
        };
        uint32_t major, minor;
        int r;

        r = parse_device(words[0], &major, &minor);
        for (words++; r >= 0 && *words; words++) {
                r = -EINVAL;
                for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                        const char *value = startswith(*words, limits[i].key);
                        uint64_t n;

                        if (!value)
                                continue;
                        r = parse_limit(value, &n);
                        if (r >= 0)
                                translate_device_value(t, limits[i].property, major, minor, n);
                }
        }
        return r;
}

static int translate_io_max(Translation *t, const char *file, const char *property, const char *value) {
        _cleanup_strv_ char **lines = g_strsplit(value, "\n", -1);

        for (char **line = lines; *line; line++) {
                _cleanup_strv_ char **words = g_strsplit(*line, " ", -1);
                int r = words[0] ? translate_io_max_line(t, words) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static const struct {
        const char *file;
        const char *property;
        Translate translate;
} unified_files[] = {
        { "cpu.idle", "CPUWeight", translate_idle },
        { "cpu.max", NULL, translate_quota },
        { "cpu.weight", "CPUWeight", translate_weight },
        { "cpuset.cpus", "AllowedCPUs", translate_cpuset_file },
        { "cpuset.mems", "AllowedMemoryNodes", translate_cpuset_file },
        { "io.max", NULL, translate_io_max },
        { "io.weight", "IOWeight", translate_io_weight },
        { "memory.high", "MemoryHigh", translate_limit },
        { "memory.low", "MemoryLow", translate_limit },
        { "memory.max", "MemoryMax", translate_limit },
        { "memory.min", "MemoryMin", translate_limit },
        { "memory.oom.group", "OOMPolicy", translate_oom_group },
        { "memory.swap.max", "MemorySwapMax", translate_limit },
        { "memory.zswap.max", "MemoryZSwapMax", translate_zswap },
        { "pids.max", "TasksMax", translate_tasks },
};

static int translate_pair(Translation *t, const SpecPair *pair) {
        for (size_t i = 0; i < ELEMENTSOF(unified_files); i++)
                if (streq(unified_files[i].file, pair->key))
                        return unified_files[i].translate(
                                        t, pair->key, unified_files[i].property, pair->value);
        return 1;
}

int translate_unified(Translation *t, const SpecPairs *unified) {
        for (size_t i = 0; i < unified->n; i++) {
                const SpecPair *pair = unified->items + i;
                int r;

                if (isempty(pair->key) || strchr(pair->key, '/') || strchr(pair->key, '=') ||
                    pair->key[0] == '-')
                        return log_error_errno(
                                        -EINVAL,
                                        "#/linux/resources/unified: '%s' is not the name of a cgroup file",
                                        pair->key);
                r = translate_pair(t, pair);
                if (r < 0)
                        return log_error_errno(
                                        -EINVAL,
                                        "#/linux/resources/unified/%s: '%s' is not a value of this file: %s",
                                        pair->key, pair->value, g_strerror(-r));
                if (r > 0)
                        limits_add(t->settings, pair->key, "%s", pair->value);
        }
        return 0;
}
