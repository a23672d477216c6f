/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what an update means for the text of a configuration. Nothing is applied here. */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "runtime/update.h"

#define RESOURCES "/linux/resources"

/* ---- command line ---- */

/* "512m", "1.5g", "10KiB": powers of 1024, whatever the case. -1 is kept. */
static int parse_bytes(const char *s, int64_t *ret) {
        static const char units[] = "kmgtp";
        const char *unit;
        double value;
        char *end;

        if (streq(s, "-1")) {
                *ret = -1;
                return 0;
        }
        if (!g_ascii_isdigit(*s))
                return -EINVAL;
        value = g_ascii_strtod(s, &end);
        unit = *end ? strchr(units, g_ascii_tolower(*end)) : NULL;
        for (ptrdiff_t i = unit ? unit - units : -1; i >= 0; i--)
                value *= 1024;
        if (unit)
                end++;
        if (unit && g_ascii_tolower(*end) == 'i')
                end++;
        if (g_ascii_tolower(*end) == 'b')
                end++;
        if (*end)
                return -EINVAL;
        if (value >= (double) INT64_MAX)
                return -ERANGE;
        *ret = (int64_t) value;
        return 0;
}

static int parse_unsigned(const char *s, int64_t *ret) {
        int64_t n;
        int r;

        r = parse_int64(s, &n);
        if (r < 0 || n < 0)
                return r < 0 ? r : -EINVAL;
        *ret = n;
        return 0;
}

/* The flags: where their values belong. No group: only cgroup v1 has it. */
static const struct {
        const char *flag;
        size_t offset;
        const char *group, *member;
        int (*parse)(const char *s, int64_t *ret); /* NULL: a text */
        const char *expected;
} flags[] = {
#define FLAG(name, field, ...) { name, offsetof(UpdateOptions, field), __VA_ARGS__ }
        FLAG("blkio-weight", blkio_weight, "blockIO", "weight", parse_unsigned, "a number"),
        FLAG("cpu-burst", cpu_burst, "cpu", "burst", parse_unsigned, "microseconds"),
        FLAG("cpu-idle", cpu_idle, "cpu", "idle", parse_unsigned, "0 or 1"),
        FLAG("cpu-period", cpu_period, "cpu", "period", parse_unsigned, "microseconds"),
        FLAG("cpu-quota", cpu_quota, "cpu", "quota", parse_int64, "microseconds or -1"),
        FLAG("cpu-rt-period", cpu_rt_period, NULL, NULL, parse_unsigned, "microseconds"),
        FLAG("cpu-rt-runtime", cpu_rt_runtime, NULL, NULL, parse_int64, "microseconds"),
        FLAG("cpu-share", cpu_share, "cpu", "shares", parse_unsigned, "a number"),
        FLAG("cpuset-cpus", cpuset_cpus, "cpu", "cpus", NULL, NULL),
        FLAG("cpuset-mems", cpuset_mems, "cpu", "mems", NULL, NULL),
        FLAG("kernel-memory", kernel_memory, NULL, NULL, parse_bytes, "bytes"),
        FLAG("kernel-memory-tcp", kernel_memory_tcp, NULL, NULL, parse_bytes, "bytes"),
        FLAG("memory", memory, "memory", "limit", parse_bytes, "bytes (512m) or -1"),
        FLAG("memory-reservation", memory_reservation, "memory", "reservation", parse_bytes,
             "bytes (512m) or -1"),
        FLAG("memory-swap", memory_swap, "memory", "swap", parse_bytes, "bytes (512m) or -1"),
        FLAG("pids-limit", pids_limit, "pids", "limit", parse_int64, "a number"),
#undef FLAG
};

static int add_flag(JsonDocument *patch, size_t i, const char *text) {
        _cleanup_free_ char *pointer = NULL;
        int64_t value = 0;
        JsonValue group;
        int r;

        r = flags[i].parse ? flags[i].parse(text, &value) : 0;
        if (r < 0)
                return log_error_errno(
                                r, "invalid value for --%s: expected %s, found '%s'", flags[i].flag,
                                flags[i].expected, text);
        if (!flags[i].group) {
                log_warning("--%s is ignored: cgroup v2 has no such limit", flags[i].flag);
                return 0;
        }
        pointer = g_strdup_printf("/%s", flags[i].group);
        r = json_make_object(patch, pointer, &group);
        if (r < 0)
                return log_error_errno(r, "%s: expected an object", pointer);
        if (flags[i].parse)
                json_set_int(group, flags[i].member, value);
        else
                json_set_string(group, flags[i].member, text);
        return 0;
}

static int add_flags(JsonDocument *patch, const UpdateOptions *o) {
        for (size_t i = 0; i < ELEMENTSOF(flags); i++) {
                const char *text = *(const char *const *) ((const char *) o + flags[i].offset);
                int r;

                r = isempty(text) ? 0 : add_flag(patch, i, text);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- file ---- */

static int read_resources(const char *file, JsonDocument **ret) {
        bool from_stdin = streq(file, "-");
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = from_stdin ? read_fd(STDIN_FILENO, &text, &size) : read_file_at(AT_FDCWD, file, &text, &size);
        if (r < 0)
                return log_error_errno(r, "Failed to read the resources from '%s': %m", file);
        return json_document_parse(from_stdin ? "standard input" : file, text, size, ret);
}

static bool member_int(JsonValue object, const char *key, int64_t *ret) {
        JsonValue value;

        return json_value_member(object, key, &value) && json_value_int64(value, ret) >= 0;
}

/* Where a zero is what engines write for "no limit given". */
static const struct {
        const char *group, *member;
} zero_is_absent[] = {
        { "memory", "limit" },   { "memory", "reservation" }, { "memory", "swap" }, { "cpu", "shares" },
        { "cpu", "quota" },      { "cpu", "period" },         { "cpu", "cpus" },    { "cpu", "mems" },
        { "blockIO", "weight" }, { "blockIO", "leafWeight" },
};

static bool is_absent(JsonValue value) {
        const char *text = json_value_string(value);
        int64_t n;

        return text ? !*text : json_value_int64(value, &n) >= 0 && n == 0;
}

static void drop_absent(JsonValue resources) {
        for (size_t i = 0; i < ELEMENTSOF(zero_is_absent); i++) {
                JsonValue group, value;

                if (json_value_member(resources, zero_is_absent[i].group, &group) &&
                    json_value_member(group, zero_is_absent[i].member, &value) && is_absent(value))
                        json_remove(group, zero_is_absent[i].member);
        }
        json_remove(resources, "devices"); /* Only create sets them. */
}

int update_patch_new(const UpdateOptions *o, JsonDocument **ret) {
        _cleanup_json_document_ JsonDocument *patch = NULL;
        int r;

        r = isempty(o->resources) ? json_document_new(&patch) : read_resources(o->resources, &patch);
        if (r >= 0)
                r = add_flags(patch, o);
        if (r < 0)
                return r;
        drop_absent(json_document_root(patch));

        *ret = TAKE_PTR(patch);
        return 0;
}

/* ---- merging ---- */

static int merge_object(JsonValue target, JsonValue source);

/* Whether two entries of a list are about the same thing. */
static bool same_entry(JsonValue a, JsonValue b) {
        JsonValue x, y;
        int64_t major_a, major_b, minor_a, minor_b;

        if (json_value_member(a, "pageSize", &x) && json_value_member(b, "pageSize", &y))
                return g_strcmp0(json_value_string(x), json_value_string(y)) == 0;
        return member_int(a, "major", &major_a) && member_int(b, "major", &major_b) &&
                        member_int(a, "minor", &minor_a) && member_int(b, "minor", &minor_b) &&
                        major_a == major_b && minor_a == minor_b;
}

static int merge_entry(JsonValue list, JsonValue entry) {
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < json_value_size(list); i++)
                if (same_entry(json_value_element(list, i), entry))
                        return merge_object(json_value_element(list, i), entry);
        text = json_value_to_text(entry, /* indent= */ 0);
        return json_append_text(list, "resources", text);
}

static int merge_list(JsonValue target, JsonValue source) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_value_size(source); i++)
                r = merge_entry(target, json_value_element(source, i));
        return r;
}

static int merge_member(JsonValue target, const char *key, JsonValue value) {
        JsonType type = json_value_type(value);
        _cleanup_free_ char *text = NULL;
        JsonValue old;

        if (type == JSON_TYPE_NULL)
                return 0;
        if (json_value_member(target, key, &old) && json_value_type(old) == type) {
                if (type == JSON_TYPE_OBJECT)
                        return merge_object(old, value);
                if (type == JSON_TYPE_ARRAY)
                        return merge_list(old, value);
        }
        text = json_value_to_text(value, /* indent= */ 0);
        return json_set_text(target, key, "resources", text);
}

static int merge_object(JsonValue target, JsonValue source) {
        const char *key;
        JsonValue value;
        JsonIter iter;
        int r = 0;

        json_iter_init(&iter, source);
        while (r >= 0 && json_iter_next(&iter, &key, &value))
                r = merge_member(target, key, value);
        return r;
}

/* memory.swap counts memory, too: a new limit alone must leave the amount of swap as it is. Without any
 * limit there is none for swap either, as in runc. */
static void keep_swap(JsonValue patch, JsonValue target) {
        JsonValue memory, old_memory;
        int64_t limit, swap, old_limit, old_swap;

        if (!json_value_member(patch, "memory", &memory) || !member_int(memory, "limit", &limit) ||
            member_int(memory, "swap", &swap))
                return;
        if (limit == -1)
                json_set_int(memory, "swap", -1);
        else if (json_value_member(target, "memory", &old_memory) &&
                 member_int(old_memory, "limit", &old_limit) && old_limit > 0 &&
                 member_int(old_memory, "swap", &old_swap) && old_swap >= old_limit)
                json_set_int(memory, "swap", limit + (old_swap - old_limit));
}

/* An idle cgroup has no weight. */
static void forget_shares(JsonValue patch, JsonValue target) {
        JsonValue cpu, old_cpu;
        int64_t idle;

        if (json_value_member(patch, "cpu", &cpu) && member_int(cpu, "idle", &idle) && idle == 1 &&
            json_value_member(target, "cpu", &old_cpu))
                json_remove(old_cpu, "shares");
}

int update_patch_apply(JsonDocument *patch, JsonDocument *config) {
        JsonValue source = json_document_root(patch), target;
        int r;

        r = json_make_object(config, RESOURCES, &target);
        if (r < 0)
                return log_error_errno(r, RESOURCES ": expected an object");
        keep_swap(source, target);
        forget_shares(source, target);
        return merge_object(target, source);
}
