/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the annotations that set unit properties directly. */

#include <math.h>

#include "basic/log.h"
#include "unit/properties-internal.h"

#define PREFIX "org.systemd.property."

/* Types of properties that are written with a bare number or an empty list, which say too little by
 * themselves. Others have the type that their text has. */
static const struct {
        const char *name;
        const char *type;
} known_types[] = {
        { "After", "as" },
        { "AllowedCPUs", "ay" },
        { "AllowedMemoryNodes", "ay" },
        { "Before", "as" },
        { "BindsTo", "as" },
        { "CPUQuotaPerSecUSec", "t" },
        { "CPUQuotaPeriodUSec", "t" },
        { "CPUWeight", "t" },
        { "Conflicts", "as" },
        { "Documentation", "as" },
        { "FinalKillSignal", "i" },
        { "IOWeight", "t" },
        { "KillSignal", "i" },
        { "ManagedOOMMemoryPressureLimit", "u" },
        { "MemoryHigh", "t" },
        { "MemoryLow", "t" },
        { "MemoryMax", "t" },
        { "MemoryMin", "t" },
        { "MemorySwapMax", "t" },
        { "MemoryZSwapMax", "t" },
        { "PartOf", "as" },
        { "Requires", "as" },
        { "RequiresMountsFor", "as" },
        { "RestartKillSignal", "i" },
        { "RuntimeMaxUSec", "t" },
        { "RuntimeRandomizedExtraUSec", "t" },
        { "StartupCPUWeight", "t" },
        { "StartupIOWeight", "t" },
        { "TasksMax", "t" },
        { "TimeoutStopUSec", "t" },
        { "Wants", "as" },
        { "WatchdogSignal", "i" },
};

static const GVariantType *known_type(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(known_types); i++)
                if (streq(known_types[i].name, name))
                        return G_VARIANT_TYPE(known_types[i].type);
        return NULL;
}

/* Letters only, the first a capital, at least three: what runc takes. */
static bool name_is_valid(const char *name) {
        if (strlen(name) < 3 || !g_ascii_isupper(name[0]))
                return false;
        for (; *name; name++)
                if (!g_ascii_isalpha(*name))
                        return false;
        return true;
}

/* FooSec, but not FooUSec or FooSEC. */
static bool counts_seconds(const char *name) {
        size_t n = strlen(name);

        return n > STRLEN("Sec") && streq(name + n - STRLEN("Sec"), "Sec") &&
                        g_ascii_islower(name[n - STRLEN("Sec") - 1]);
}

/* A number of any type. -EINVAL: not a number. */
static int get_number(GVariant *value, double *ret) {
        switch (g_variant_classify(value)) {
        case G_VARIANT_CLASS_BYTE:
                *ret = g_variant_get_byte(value);
                return 0;
        case G_VARIANT_CLASS_INT16:
                *ret = g_variant_get_int16(value);
                return 0;
        case G_VARIANT_CLASS_UINT16:
                *ret = g_variant_get_uint16(value);
                return 0;
        case G_VARIANT_CLASS_INT32:
                *ret = g_variant_get_int32(value);
                return 0;
        case G_VARIANT_CLASS_UINT32:
                *ret = g_variant_get_uint32(value);
                return 0;
        case G_VARIANT_CLASS_INT64:
                *ret = g_variant_get_int64(value);
                return 0;
        case G_VARIANT_CLASS_UINT64:
                *ret = g_variant_get_uint64(value);
                return 0;
        case G_VARIANT_CLASS_DOUBLE:
                *ret = g_variant_get_double(value);
                return 0;
        default:
                return -EINVAL;
        }
}

/* The type a property is known to have wins where the text leaves it open ("5", "[]"). Returns a full
 * reference, or NULL with what is wrong in *ret_problem. */
static GVariant *parse_value(const char *text, const GVariantType *type, char **ret_problem) {
        GError *error = NULL;
        GVariant *value;

        if (type) {
                value = g_variant_parse(type, text, NULL, NULL, NULL);
                if (value)
                        return value;
        }
        value = g_variant_parse(NULL, text, NULL, NULL, &error);
        if (!value) {
                *ret_problem = g_strdup(error->message);
                g_error_free(error);
        }
        return value;
}

/* "5", "2.5", "uint64 7" seconds. */
static int set_seconds(PropertyList *properties, const char *name, GVariant *value) {
        _cleanup_free_ char *usec_name =
                        g_strdup_printf("%.*sUSec", (int) (strlen(name) - STRLEN("Sec")), name);
        double seconds;

        if (get_number(value, &seconds) < 0 || !(seconds >= 0))
                return -EINVAL;
        property_set_uint64(
                        properties, usec_name,
                        seconds >= UINT64_MAX / 1e6 ? UINT64_MAX : (uint64_t) (seconds * 1e6));
        return 0;
}

static int set_annotation(PropertyList *properties, const char *name, const char *text) {
        _cleanup_free_ char *problem = NULL;
        GVariant *value;
        int r = 0;

        if (!name_is_valid(name))
                return log_error_errno(
                                -EINVAL,
                                "#/annotations/" PREFIX "%s: '%s' is not the name of a unit property", name,
                                name);
        value = parse_value(text, known_type(name), &problem);
        if (!value)
                return log_error_errno(
                                -EINVAL,
                                "#/annotations/" PREFIX
                                "%s: '%s' is not a value as GVariant writes them ('text', true, "
                                "uint64 5, ['a', 'b']): %s",
                                name, text, problem);
        if (counts_seconds(name))
                r = set_seconds(properties, name, value);
        else
                property_set(properties, name, value);
        g_variant_unref(value);
        if (r < 0)
                return log_error_errno(
                                r, "#/annotations/" PREFIX "%s: '%s' is not a number of seconds", name,
                                text);
        return 0;
}

int properties_from_annotations(const SpecPairs *annotations, PropertyList *properties) {
        for (size_t i = 0; i < annotations->n; i++) {
                const char *name = startswith(annotations->items[i].key, PREFIX);
                int r;

                if (!name)
                        continue;
                r = set_annotation(properties, name, annotations->items[i].value);
                if (r < 0)
                        return r;
        }
        return 0;
}
