/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the translation of device rules, which are a program ("deny all; allow these; deny that"), into
 * systemd's form, a list of what is allowed (DevicePolicy=strict with DeviceAllow=) or no policy at all.
 * Where the list cannot say it all, it allows what a filter beside it then narrows. */

#include <inttypes.h>

#include "basic/log.h"
#include "spec/resource-limits.h"
#include "unit/properties-internal.h"

enum {
        ACCESS_READ = 1 << 0,
        ACCESS_WRITE = 1 << 1,
        ACCESS_MKNOD = 1 << 2,
};

#define ANY INT64_C(-1)

typedef struct DeviceRule {
        char type;            /* 'c' or 'b' */
        int64_t major, minor; /* ANY */
        unsigned access;
} DeviceRule;

/* The state of the program. Rules are exceptions from the default, the opposite of it. */
typedef struct DeviceState {
        bool allow_by_default;
        bool inexact;  /* a list cannot say it: what it allows is more */
        GArray *rules; /* of DeviceRule */
} DeviceState;

static unsigned parse_access(const char *access) {
        unsigned mask = 0;

        for (; *access; access++)
                mask |= *access == 'r' ? ACCESS_READ : *access == 'w' ? ACCESS_WRITE : ACCESS_MKNOD;
        return mask;
}

static bool same_devices(const DeviceRule *a, const DeviceRule *b) {
        return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static bool overlap(const DeviceRule *a, const DeviceRule *b) {
        return a->type == b->type && (a->major == b->major || a->major == ANY || b->major == ANY) &&
                        (a->minor == b->minor || a->minor == ANY || b->minor == ANY);
}

static void add_exception(DeviceState *state, const DeviceRule *rule) {
        for (guint i = 0; i < state->rules->len; i++) {
                DeviceRule *old = &g_array_index(state->rules, DeviceRule, i);

                if (same_devices(old, rule)) {
                        old->access |= rule->access;
                        return;
                }
        }
        g_array_append_vals(state->rules, rule, 1);
}

/* Takes access back from the same devices; from a part of those of another rule it cannot be taken. */
static void remove_exception(DeviceState *state, const DeviceRule *rule) {
        for (guint i = state->rules->len; i-- > 0;) {
                DeviceRule *old = &g_array_index(state->rules, DeviceRule, i);
                bool covered = same_devices(old, rule) ||
                                (overlap(old, rule) && (rule->major == ANY || rule->major == old->major) &&
                                 (rule->minor == ANY || rule->minor == old->minor));

                if (covered)
                        old->access &= ~rule->access;
                else if (overlap(old, rule) && (old->access & rule->access))
                        state->inexact = true;
                if (old->access == 0)
                        g_array_remove_index(state->rules, i);
        }
}

static void apply_rule(DeviceState *state, bool allow, const DeviceRule *rule) {
        if (allow != state->allow_by_default)
                add_exception(state, rule);
        else
                remove_exception(state, rule);
}

static void apply_spec_rule(DeviceState *state, const SpecDeviceRule *spec) {
        DeviceRule rule = {
                .type = spec->type,
                .major = spec->major.set ? (int64_t) spec->major.value : ANY,
                .minor = spec->minor.set ? (int64_t) spec->minor.value : ANY,
                .access = parse_access(spec->access),
        };

        /* "all devices" starts over, whatever else the rule says, as it did in cgroup v1 */
        if (spec->type == 'a') {
                state->allow_by_default = spec->allow;
                state->inexact = false;
                g_array_set_size(state->rules, 0);
                return;
        }
        apply_rule(state, spec->allow, &rule);
}

static void apply_default_rules(DeviceState *state) {
        for (size_t i = 0; i < limits_n_default_devices; i++)
                apply_spec_rule(state, limits_default_devices + i);
}

/* The name that systemd takes for a rule. It has none for one minor of all majors. A path by number needs no
 * node of that name to exist. */
static char *device_name(const DeviceRule *rule) {
        const char *type = rule->type == 'b' ? "block" : "char";

        if (rule->major == ANY)
                return g_strdup_printf("%s-*", type);
        if (rule->minor == ANY)
                return g_strdup_printf("%s-%" PRIi64, type, rule->major);
        return g_strdup_printf("/dev/%s/%" PRIi64 ":%" PRIi64, type, rule->major, rule->minor);
}

static void add_allow(GVariantBuilder *list, const DeviceRule *rule) {
        _cleanup_free_ char *name = device_name(rule);
        char access[4] = "", *p = access;

        if (rule->access & ACCESS_READ)
                *p++ = 'r';
        if (rule->access & ACCESS_WRITE)
                *p++ = 'w';
        if (rule->access & ACCESS_MKNOD)
                *p++ = 'm';
        g_variant_builder_add(list, "(ss)", name, access);
}

/* systemd has no name for one minor of all majors; and of two entries with the same name it takes the last.
 */
static void widen_rules(DeviceState *state) {
        GArray *rules = state->rules;

        state->rules = g_array_new(FALSE, FALSE, sizeof(DeviceRule));
        for (guint i = 0; i < rules->len; i++) {
                DeviceRule *rule = &g_array_index(rules, DeviceRule, i);

                if (rule->major == ANY && rule->minor != ANY) {
                        rule->minor = ANY;
                        state->inexact = true;
                }
                add_exception(state, rule);
        }
        g_array_unref(rules);
}

static void read_rules(const SpecResources *resources, DeviceState *ret) {
        DeviceState state = { .rules = g_array_new(FALSE, FALSE, sizeof(DeviceRule)) };

        for (size_t i = 0; i < resources->n_devices; i++)
                apply_spec_rule(&state, resources->devices + i);
        apply_default_rules(&state);

        if (state.allow_by_default && state.rules->len > 0) {
                state.inexact = true;
                g_array_set_size(state.rules, 0);
        }
        widen_rules(&state);
        *ret = state;
}

bool properties_need_device_filter(const SpecResources *resources) {
        DeviceState state;

        read_rules(resources, &state);
        g_array_unref(state.rules);
        return state.inexact;
}

void translate_devices(Translation *t, const SpecResources *resources) {
        GVariantBuilder list;
        DeviceState state;

        read_rules(resources, &state);
        g_variant_builder_init(&list, G_VARIANT_TYPE("a(ss)"));
        for (guint i = 0; i < state.rules->len; i++)
                add_allow(&list, &g_array_index(state.rules, DeviceRule, i));
        property_set_string(t->properties, "DevicePolicy", state.allow_by_default ? "auto" : "strict");
        property_set(t->properties, "DeviceAllow", g_variant_builder_end(&list));
        g_array_unref(state.rules);
}
