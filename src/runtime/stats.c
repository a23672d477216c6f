/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns which file of cgroup v2 stands for which member of runc's statistics, whose names are those of cgroup
 * v1. Source: the kernel's Documentation/admin-guide/cgroup-v2.rst. */

#include "runtime/stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/parse-util.h"
#include "cgroup/cgroup.h"

#define NSEC_PER_USEC UINT64_C(1000)

void stats_append_number(JsonText *json, const char *name, uint64_t value) {
        char text[sizeof "18446744073709551615"];

        (void) g_snprintf(text, sizeof text, "%" PRIu64, value);
        json_text_raw(json, name, text);
}

/* The text of a file without the newline at its end; NULL: there is none. Caller frees. */
static char *read_text(int cgroup_fd, const char *file) {
        char *text;

        return read_file_at(cgroup_fd, file, &text, /* ret_size= */ NULL) < 0 ? NULL : g_strchomp(text);
}

/* "max" is the largest number. 0: no such file. */
static uint64_t read_number(int cgroup_fd, const char *file) {
        _cleanup_free_ char *text = read_text(cgroup_fd, file);
        uint64_t n;

        if (!text)
                return 0;
        if (streq(text, "max"))
                return UINT64_MAX;
        return parse_uint64(text, &n) < 0 ? 0 : n;
}

static uint64_t read_key(int cgroup_fd, const char *file, const char *key) {
        uint64_t n;

        return cgroup_read_key(cgroup_fd, file, key, &n) < 0 ? 0 : n;
}

/* ---- pressure ---- */

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void append_pressure_line(JsonText *json, const char *line) {
        _cleanup_strv_ char **words = g_strsplit(line, " ", -1);

        if (!words[0])
                return;
        json_text_begin_object(json, words[0]);
        for (char **word = words + 1; *word; word++) {
                char *equals = strchr(*word, '=');

                if (!equals)
                        continue;
                *equals = '\0';
                json_text_raw(json, *word, equals + 1);
        }
        json_text_end_object(json);
}

static void append_pressure(JsonText *json, int cgroup_fd, const char *file) {
        _cleanup_free_ char *text = read_text(cgroup_fd, file);
        _cleanup_strv_ char **lines = NULL;

        if (!text)
                return;
        lines = g_strsplit(text, "\n", -1);
        json_text_begin_object(json, "psi");
        for (char **line = lines; *line; line++)
                append_pressure_line(json, *line);
        json_text_end_object(json);
}

/* ---- cpu ---- */

static void append_cpu(JsonText *json, int cgroup_fd) {
        static const char file[] = "cpu.stat";

        json_text_begin_object(json, "cpu");
        json_text_begin_object(json, "usage");
        stats_append_number(json, "total", read_key(cgroup_fd, file, "usage_usec") * NSEC_PER_USEC);
        stats_append_number(json, "kernel", read_key(cgroup_fd, file, "system_usec") * NSEC_PER_USEC);
        stats_append_number(json, "user", read_key(cgroup_fd, file, "user_usec") * NSEC_PER_USEC);
        json_text_end_object(json);
        json_text_begin_object(json, "throttling");
        stats_append_number(json, "periods", read_key(cgroup_fd, file, "nr_periods"));
        stats_append_number(json, "throttledPeriods", read_key(cgroup_fd, file, "nr_throttled"));
        stats_append_number(
                        json, "throttledTime", read_key(cgroup_fd, file, "throttled_usec") * NSEC_PER_USEC);
        json_text_end_object(json);
        append_pressure(json, cgroup_fd, "cpu.pressure");
        json_text_end_object(json);
}

static void append_number_list(JsonText *json, const char *name, int cgroup_fd, const char *file) {
        _cleanup_free_ char *text = read_text(cgroup_fd, file);
        _cleanup_free_ uint8_t *mask = NULL;
        unsigned size;

        if (isempty(text) || parse_cpu_list(text, &mask, &size) < 0)
                return;
        json_text_begin_array(json, name);
        for (unsigned i = 0; i < size * 8; i++)
                if (mask[i / 8] & (1u << i % 8))
                        stats_append_number(json, NULL, i);
        json_text_end_array(json);
}

/* All else that runc has here was of cgroup v1. */
static void append_cpuset(JsonText *json, int cgroup_fd) {
        static const char *const v1_only[] = { "cpu_exclusive",           "mem_hardwall",
                                               "mem_exclusive",           "memory_migrate",
                                               "memory_spread_page",      "memory_spread_slab",
                                               "memory_pressure",         "sched_load_balance",
                                               "sched_relax_domain_level" };

        json_text_begin_object(json, "cpuset");
        append_number_list(json, "cpus", cgroup_fd, "cpuset.cpus.effective");
        append_number_list(json, "mems", cgroup_fd, "cpuset.mems.effective");
        for (size_t i = 0; i < ELEMENTSOF(v1_only); i++)
                json_text_int(json, v1_only[i], 0);
        json_text_end_object(json);
}

/* ---- memory ---- */

typedef struct MemoryEntry {
        uint64_t limit, usage, max, failures;
} MemoryEntry;

static void append_memory_entry(JsonText *json, const char *name, const MemoryEntry *entry) {
        json_text_begin_object(json, name);
        stats_append_number(json, "limit", entry->limit);
        stats_append_number(json, "usage", entry->usage);
        stats_append_number(json, "max", entry->max);
        stats_append_number(json, "failcnt", entry->failures);
        json_text_end_object(json);
}

static uint64_t add_limits(uint64_t a, uint64_t b) {
        return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

/* Lines "key number". */
static void append_pairs(JsonText *json, const char *name, int cgroup_fd, const char *file) {
        _cleanup_free_ char *text = read_text(cgroup_fd, file);
        _cleanup_strv_ char **lines = text ? g_strsplit(text, "\n", -1) : NULL;

        json_text_begin_object(json, name);
        for (char **line = lines; line && *line; line++) {
                char *space = strchr(*line, ' ');
                uint64_t n;

                if (!space || parse_uint64(space + 1, &n) < 0)
                        continue;
                *space = '\0';
                stats_append_number(json, *line, n);
        }
        json_text_end_object(json);
}

static void append_memory(JsonText *json, int cgroup_fd) {
        const MemoryEntry memory = {
                .limit = read_number(cgroup_fd, "memory.max"),
                .usage = read_number(cgroup_fd, "memory.current"),
                .max = read_number(cgroup_fd, "memory.peak"),
                .failures = read_key(cgroup_fd, "memory.events", "max"),
        };
        /* Members of the name swap have always counted memory, too. */
        const MemoryEntry swap = {
                .limit = add_limits(read_number(cgroup_fd, "memory.swap.max"), memory.limit),
                .usage = read_number(cgroup_fd, "memory.swap.current") + memory.usage,
                .failures = read_key(cgroup_fd, "memory.swap.events", "max"),
        };
        const MemoryEntry kernel = { .usage = read_key(cgroup_fd, "memory.stat", "kernel") };
        const MemoryEntry tcp = { .usage = read_key(cgroup_fd, "memory.stat", "sock") };

        json_text_begin_object(json, "memory");
        stats_append_number(json, "cache", read_key(cgroup_fd, "memory.stat", "file"));
        append_memory_entry(json, "usage", &memory);
        append_memory_entry(json, "swap", &swap);
        append_memory_entry(json, "kernel", &kernel);
        append_memory_entry(json, "kernelTCP", &tcp);
        append_pairs(json, "raw", cgroup_fd, "memory.stat");
        append_pressure(json, cgroup_fd, "memory.pressure");
        json_text_end_object(json);
}

/* ---- pids, io, huge pages ---- */

/* Without a limit it is 0. */
static void append_pids(JsonText *json, int cgroup_fd) {
        uint64_t limit = read_number(cgroup_fd, "pids.max");

        json_text_begin_object(json, "pids");
        stats_append_number(json, "current", read_number(cgroup_fd, "pids.current"));
        stats_append_number(json, "limit", limit == UINT64_MAX ? 0 : limit);
        json_text_end_object(json);
}

typedef struct IoKey {
        const char *key, *op;
} IoKey;

static const IoKey io_bytes[] = { { "rbytes=", "Read" }, { "wbytes=", "Write" }, { "dbytes=", "Discard" } };
static const IoKey io_operations[] = { { "rios=", "Read" }, { "wios=", "Write" }, { "dios=", "Discard" } };

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0" */
static void append_io_line(JsonText *json, const char *line, const IoKey *keys) {
        _cleanup_strv_ char **words = g_strsplit(line, " ", -1);
        unsigned device_major, device_minor;

        if (!words[0] || sscanf(words[0], "%u:%u", &device_major, &device_minor) != 2)
                return;
        for (size_t i = 0; i < ELEMENTSOF(io_bytes); i++)
                for (char **word = words + 1; *word; word++) {
                        const char *value = startswith(*word, keys[i].key);
                        uint64_t n;

                        if (!value || parse_uint64(value, &n) < 0)
                                continue;
                        json_text_begin_object(json, NULL);
                        stats_append_number(json, "major", device_major);
                        stats_append_number(json, "minor", device_minor);
                        json_text_string(json, "op", keys[i].op);
                        stats_append_number(json, "value", n);
                        json_text_end_object(json);
                }
}

static void append_io(JsonText *json, int cgroup_fd) {
        static const struct {
                const char *name;
                const IoKey *keys;
        } members[] = { { "ioServiceBytesRecursive", io_bytes }, { "ioServicedRecursive", io_operations } };
        _cleanup_free_ char *text = read_text(cgroup_fd, "io.stat");
        _cleanup_strv_ char **lines = text ? g_strsplit(text, "\n", -1) : NULL;

        json_text_begin_object(json, "blkio");
        for (size_t i = 0; lines && i < ELEMENTSOF(members); i++) {
                json_text_begin_array(json, members[i].name);
                for (char **line = lines; *line; line++)
                        append_io_line(json, *line, members[i].keys);
                json_text_end_array(json);
        }
        append_pressure(json, cgroup_fd, "io.pressure");
        json_text_end_object(json);
}

static void append_huge_pages_of(JsonText *json, int cgroup_fd, const char *page_size) {
        _cleanup_free_ char *current = g_strdup_printf("hugetlb.%s.current", page_size);
        _cleanup_free_ char *events = g_strdup_printf("hugetlb.%s.events", page_size);

        json_text_begin_object(json, page_size);
        stats_append_number(json, "usage", read_number(cgroup_fd, current));
        stats_append_number(json, "failcnt", read_key(cgroup_fd, events, "max"));
        json_text_end_object(json);
}

static void append_huge_pages(JsonText *json, int cgroup_fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;

        if (directory_open_at(cgroup_fd, ".", &dir) < 0)
                return;
        json_text_begin_object(json, "hugetlb");
        while ((entry = readdir(dir))) {
                const char *page_size = startswith(entry->d_name, "hugetlb.");
                _cleanup_free_ char *name = NULL;

                /* Not the rsvd files, which have one more part. */
                if (!page_size || !g_str_has_suffix(page_size, ".current"))
                        continue;
                name = g_strndup(page_size, strlen(page_size) - strlen(".current"));
                if (!strchr(name, '.'))
                        append_huge_pages_of(json, cgroup_fd, name);
        }
        json_text_end_object(json);
}

void stats_append(JsonText *json, int cgroup_fd, const Spec *spec, const char *id) {
        json_text_begin_object(json, "data");
        append_cpu(json, cgroup_fd);
        append_cpuset(json, cgroup_fd);
        append_memory(json, cgroup_fd);
        append_pids(json, cgroup_fd);
        append_io(json, cgroup_fd);
        append_huge_pages(json, cgroup_fd);
        stats_append_resctrl(json, &spec->linux_.intel_rdt, id);
        json_text_raw(json, "network_interfaces", "null");
        json_text_end_object(json);
}
