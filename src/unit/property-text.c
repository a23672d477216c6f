/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the settings of scopes as text: which there are, and how the values of each kind are written. */

#include "unit/property-text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse-util.h"
#include "basic/signal-util.h"
#include "basic/time-span.h"

/* ---- numbers ---- */

/* "12.5%" */
static int parse_percent(const char *s, double *ret) {
        char *end;
        double value = g_ascii_strtod(s, &end);

        if (end == s || !streq(end, "%") || !(value >= 0) || !isfinite(value))
                return -EINVAL;
        *ret = value;
        return 0;
}

/* "64M", "1.5G", "infinity" */
static int parse_size(const char *s, uint64_t *ret) {
        static const char units[] = "KMGTPE";
        const char *unit;
        double value;
        char *end;

        if (streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        if (parse_uint64(s, ret) >= 0)
                return 0;
        value = g_ascii_strtod(s, &end);
        if (end == s || !g_ascii_isdigit(*s) || !*end)
                return -EINVAL;
        unit = strchr(units, *end);
        if (unit)
                value = ldexp(value, 10 * (int) (unit - units + 1));
        if ((!unit && *end != 'B') || end[1] || !(value < ldexp(1, 64)))
                return -EINVAL;
        *ret = (uint64_t) value;
        return 0;
}

static int parse_count(const char *s, uint64_t *ret) {
        if (!streq(s, "infinity"))
                return parse_uint64(s, ret);
        *ret = UINT64_MAX;
        return 0;
}

static int parse_weight(const char *s, uint64_t *ret) {
        uint64_t weight;

        if (parse_uint64(s, &weight) < 0 || weight < 1 || weight > 10000)
                return -EINVAL;
        *ret = weight;
        return 0;
}

/* ---- kinds of values ---- */

/* Of what there is, as systemd writes it: NAMEScale, a part of 2^32. */
static int set_scale(PropertyList *list, const char *name, const char *value) {
        _cleanup_free_ char *scale = g_strconcat(name, "Scale", NULL);
        double percent;

        if (parse_percent(value, &percent) < 0 || percent > 100)
                return -EINVAL;
        property_set(list, scale, g_variant_new_uint32((uint32_t) (percent / 100 * UINT32_MAX)));
        return 0;
}

static int set_bytes(PropertyList *list, const char *name, const char *value) {
        uint64_t bytes;

        if (strchr(value, '%'))
                return set_scale(list, name, value);
        if (parse_size(value, &bytes) < 0)
                return -EINVAL;
        property_set_uint64(list, name, bytes);
        return 0;
}

static int set_count(PropertyList *list, const char *name, const char *value) {
        uint64_t count;

        if (strchr(value, '%'))
                return set_scale(list, name, value);
        if (parse_count(value, &count) < 0 || count == 0)
                return -EINVAL;
        property_set_uint64(list, name, count);
        return 0;
}

static int set_weight(PropertyList *list, const char *name, const char *value) {
        uint64_t weight = 0;

        if (parse_weight(value, &weight) < 0 && !(streq(value, "idle") && strstr(name, "CPU")))
                return -EINVAL;
        property_set_uint64(list, name, weight);
        return 0;
}

/* The one of these that has not the name of its property: microseconds of each second. */
static int set_quota(PropertyList *list, const char *name, const char *value) {
        double percent;

        if (parse_percent(value, &percent) < 0 || !(percent > 0) || percent > 1e9)
                return -EINVAL;
        property_set_uint64(list, "CPUQuotaPerSecUSec", (uint64_t) (percent * 10000));
        return 0;
}

/* Of limits, a part of 2^32 that has the name of the setting. */
static int set_limit(PropertyList *list, const char *name, const char *value) {
        double percent;

        if (parse_percent(value, &percent) < 0 || percent > 100)
                return -EINVAL;
        property_set(list, name, g_variant_new_uint32((uint32_t) (percent / 100 * UINT32_MAX)));
        return 0;
}

static char *name_in_usec(const char *name) {
        return g_strdup_printf("%.*sUSec", (int) (strlen(name) - STRLEN("Sec")), name);
}

static int set_time(PropertyList *list, const char *name, const char *value) {
        _cleanup_free_ char *usec_name = name_in_usec(name);
        uint64_t usec;

        if (parse_time_span(value, &usec) < 0)
                return -EINVAL;
        property_set_uint64(list, usec_name, usec);
        return 0;
}

static int set_cpus(PropertyList *list, const char *name, const char *value) {
        _cleanup_free_ char *commas = g_strdelimit(g_strdup(value), " ", ',');
        _cleanup_free_ uint8_t *mask = NULL;
        unsigned size;

        if (parse_cpu_list(commas, &mask, &size) < 0)
                return -EINVAL;
        property_set_bytes(list, name, mask, size);
        return 0;
}

static int set_bool(PropertyList *list, const char *name, const char *value) {
        bool on;

        if (parse_boolean(value, &on) < 0)
                return -EINVAL;
        property_set_bool(list, name, on);
        return 0;
}

static int set_string(PropertyList *list, const char *name, const char *value) {
        property_set_string(list, name, value);
        return 0;
}

static int set_signal(PropertyList *list, const char *name, const char *value) {
        int sig = signal_from_string(value);

        if (sig <= 0)
                return -EINVAL;
        property_set(list, name, g_variant_new_int32(sig));
        return 0;
}

/* ---- lists ---- */

/* NULL: nothing is added, and what there was goes. */
static void add_item(PropertyList *list, const char *name, const char *type, GVariant *item) {
        const Property *old = item ? property_find(list, name) : NULL;
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE(type));
        for (size_t i = 0; old && i < g_variant_n_children(old->value); i++) {
                GVariant *child = g_variant_get_child_value(old->value, i);

                g_variant_builder_add_value(&builder, child);
                g_variant_unref(child);
        }
        if (item)
                g_variant_builder_add_value(&builder, item);
        property_set(list, name, g_variant_builder_end(&builder));
}

static int set_units(PropertyList *list, const char *name, const char *value) {
        _cleanup_strv_ char **words = g_strsplit(value, " ", -1);

        if (!*value)
                add_item(list, name, "as", NULL);
        for (char **word = words; *word; word++)
                if (**word)
                        add_item(list, name, "as", g_variant_new_string(*word));
        return 0;
}

/* "/dev/sda 10M": two words. */
static int split_device(const char *value, char ***ret) {
        _cleanup_strv_ char **words = g_strsplit(value, " ", 2);

        if (!words[0] || !words[1] || *words[0] != '/')
                return -EINVAL;
        g_strstrip(words[1]);
        *ret = TAKE_PTR(words);
        return 0;
}

static int add_device(
                PropertyList *list, const char *name, const char *value,
                int (*parse)(const char *s, uint64_t *ret)) {
        _cleanup_strv_ char **words = NULL;
        uint64_t number;

        if (!*value) {
                add_item(list, name, "a(st)", NULL);
                return 0;
        }
        if (split_device(value, &words) < 0 || parse(words[1], &number) < 0)
                return -EINVAL;
        add_item(list, name, "a(st)", g_variant_new("(st)", words[0], number));
        return 0;
}

static int set_device_bytes(PropertyList *list, const char *name, const char *value) {
        return add_device(list, name, value, parse_size);
}

static int set_device_count(PropertyList *list, const char *name, const char *value) {
        return add_device(list, name, value, parse_count);
}

static int set_device_weight(PropertyList *list, const char *name, const char *value) {
        return add_device(list, name, value, parse_weight);
}

static int set_device_time(PropertyList *list, const char *name, const char *value) {
        _cleanup_free_ char *usec_name = name_in_usec(name);

        return add_device(list, usec_name, value, parse_time_span);
}

/* "/dev/null rw", "char-pts rw"; without rights, all. */
static int set_device_allow(PropertyList *list, const char *name, const char *value) {
        _cleanup_strv_ char **words = g_strsplit(value, " ", 2);

        if (!*value)
                add_item(list, name, "a(ss)", NULL);
        else if (words[1] && strspn(words[1], "rwm") != strlen(words[1]))
                return -EINVAL;
        else
                add_item(list, name, "a(ss)", g_variant_new("(ss)", words[0], words[1] ?: "rwm"));
        return 0;
}

static void add_address(
                PropertyList *list, const char *name, const uint8_t *bytes, int family, uint32_t bits) {
        size_t n = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

        add_item(list, name, "a(iayu)",
                 g_variant_new("(i@ayu)", family,
                               g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, n, 1), bits));
}

static int add_prefix(PropertyList *list, const char *name, const char *word) {
        _cleanup_strv_ char **parts = g_strsplit(word, "/", 2);
        int family = strchr(word, ':') ? AF_INET6 : AF_INET;
        uint32_t most = family == AF_INET ? 32 : 128, bits = most;
        uint8_t bytes[sizeof(struct in6_addr)];

        if (inet_pton(family, parts[0], bytes) != 1 ||
            (parts[1] && (parse_uint32(parts[1], &bits) < 0 || bits > most)))
                return -EINVAL;
        add_address(list, name, bytes, family, bits);
        return 0;
}

static int set_addresses(PropertyList *list, const char *name, const char *value) {
        static const struct {
                const char *word, *prefixes[2];
        } known[] = {
                { "any", { "0.0.0.0/0", "::/0" } },
                { "localhost", { "127.0.0.0/8", "::1/128" } },
                { "link-local", { "169.254.0.0/16", "fe80::/64" } },
                { "multicast", { "224.0.0.0/4", "ff00::/8" } },
        };
        _cleanup_strv_ char **words = g_strsplit(value, " ", -1);

        if (!*value)
                add_item(list, name, "a(iayu)", NULL);
        for (char **word = words; *word; word++) {
                bool found = !**word;

                for (size_t i = 0; i < ELEMENTSOF(known); i++)
                        if (streq(known[i].word, *word)) {
                                found = true;
                                (void) add_prefix(list, name, known[i].prefixes[0]);
                                (void) add_prefix(list, name, known[i].prefixes[1]);
                        }
                if (!found && add_prefix(list, name, *word) < 0)
                        return -EINVAL;
        }
        return 0;
}

/* ---- the settings ---- */

typedef int (*SetText)(PropertyList *list, const char *name, const char *value);

static const struct {
        SetText set;
        const char *expected;
        const char *names; /* with a space around each */
} kinds[] = {
        { set_bytes, "bytes, such as 64M, a percentage, or infinity",
          " MemoryHigh MemoryLow MemoryMax MemoryMin MemorySwapMax MemoryZSwapMax StartupMemoryHigh "
          "StartupMemoryLow StartupMemoryMax StartupMemorySwapMax StartupMemoryZSwapMax " },
        { set_count, "a number above zero, a percentage, or infinity", " TasksMax " },
        { set_weight, "a number from 1 to 10000", " CPUWeight IOWeight StartupCPUWeight StartupIOWeight " },
        { set_quota, "a percentage, such as 50%", " CPUQuota " },
        { set_limit, "a percentage from 0% to 100%", " ManagedOOMMemoryPressureLimit " },
        { set_time, "a length of time, such as 90 or 1min 30s",
          " CPUQuotaPeriodSec ManagedOOMMemoryPressureDurationSec MemoryPressureThresholdSec RuntimeMaxSec "
          "RuntimeRandomizedExtraSec TimeoutStopSec " },
        { set_cpus, "numbers and ranges, such as 0-3,7",
          " AllowedCPUs AllowedMemoryNodes StartupAllowedCPUs StartupAllowedMemoryNodes " },
        { set_bool, "yes or no",
          " CPUAccounting CoredumpReceive IOAccounting IPAccounting MemoryAccounting MemoryZSwapWriteback "
          "SendSIGHUP SendSIGKILL TasksAccounting " },
        { set_string, "text",
          " CollectMode Description DevicePolicy KillMode ManagedOOMMemoryPressure ManagedOOMPreference "
          "ManagedOOMSwap MemoryPressureWatch OOMPolicy " },
        { set_signal, "the name of a signal", " FinalKillSignal KillSignal RestartKillSignal " },
        { set_units, "names",
          " After Before BindsTo Conflicts Documentation PartOf Requires RequiresMountsFor Requisite "
          "Upholds Wants " },
        { set_device_bytes, "a device and bytes, such as /dev/sda 10M",
          " IOReadBandwidthMax IOWriteBandwidthMax " },
        { set_device_count, "a device and a number", " IOReadIOPSMax IOWriteIOPSMax " },
        { set_device_weight, "a device and a number from 1 to 10000", " IODeviceWeight " },
        { set_device_time, "a device and a length of time", " IODeviceLatencyTargetSec " },
        { set_device_allow, "a device and its rights, such as /dev/null rw", " DeviceAllow " },
        { set_addresses, "addresses with or without /PREFIX, any, localhost, link-local or multicast",
          " IPAddressAllow IPAddressDeny " },
};

int property_from_text(const char *assignment, PropertyList *properties, const char **ret_expected) {
        size_t n = strcspn(assignment, "=");
        _cleanup_free_ char *name = g_strndup(assignment, n), *word = g_strconcat(" ", name, " ", NULL);

        if (assignment[n] != '=' || n == 0 || strchr(name, ' '))
                return -ENOENT;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                if (!strstr(kinds[i].names, word))
                        continue;
                *ret_expected = kinds[i].expected;
                return kinds[i].set(properties, name, assignment + n + 1);
        }
        return -ENOENT;
}
