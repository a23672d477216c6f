/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the capability sets. Talks to the kernel without libcap: what is needed of it is the table of names,
 * and it would cost every exec of berth something. */

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/capabilities.h"

#include "basic/log.h"

static const char *const set_names[_SPEC_CAP_SET_MAX] = {
        [SPEC_CAP_BOUNDING] = "bounding",       [SPEC_CAP_EFFECTIVE] = "effective",
        [SPEC_CAP_INHERITABLE] = "inheritable", [SPEC_CAP_PERMITTED] = "permitted",
        [SPEC_CAP_AMBIENT] = "ambient",
};

/* How many of the table this kernel knows: it refuses to read the others. */
static int known_count(void) {
        int n = CAPABILITY_COUNT;

        while (n > 0 && prctl(PR_CAPBSET_READ, n - 1, 0, 0, 0) < 0)
                n--;
        return n;
}

char **capability_names(void) {
        GPtrArray *result = g_ptr_array_new();

        for (int i = 0, n = known_count(); i < n; i++)
                g_ptr_array_add(result, g_strdup(capability_name(i)));
        g_ptr_array_add(result, NULL);
        return (char **) g_ptr_array_free(result, FALSE);
}

/* ---- the plan ---- */

static uint64_t translate_set(char **list, SpecCapabilitySet set, int known) {
        uint64_t mask = 0;

        for (char **name = list; name && *name; name++) {
                int cap = capability_from_name(*name);

                /* As runc: only the exact name grants anything. */
                if (cap >= 0 && !streq(*name, capability_name(cap)))
                        cap = -EINVAL;
                if (cap < 0 || cap >= known)
                        log_warning("Ignoring capability '%s' in the %s set: %s does not know it", *name,
                                    set_names[set], cap < 0 ? "berth" : "the kernel");
                else
                        mask |= CAPABILITY_BIT(cap);
        }
        return mask;
}

int capability_plan(const SpecProcess *process, CapabilityPlan *ret) {
        CapabilityPlan plan = {};
        int known = known_count();

        for (SpecCapabilitySet set = 0; set < _SPEC_CAP_SET_MAX; set++)
                plan.sets[set] = translate_set(process->capabilities[set], set, known);
        plan.sets[SPEC_CAP_AMBIENT] &= plan.sets[SPEC_CAP_PERMITTED] & plan.sets[SPEC_CAP_INHERITABLE];

        *ret = plan;
        return 0;
}

/* ---- the child ---- */

int capability_drop_bounding(const CapabilityPlan *plan) {
        for (int cap = 0; cap < 64; cap++) {
                int present = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

                if (present < 0)
                        break; /* Behind the last one that the kernel has. */
                if (!present || (plan->sets[SPEC_CAP_BOUNDING] & CAPABILITY_BIT(cap)))
                        continue;
                if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
                        return log_error_errno(
                                        negative_errno(),
                                        "Failed to drop capability %d from the bounding set: %m", cap);
        }
        return 0;
}

static int get_sets(struct __user_cap_data_struct data[static 2]) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

        return syscall(SYS_capget, &header, data) < 0 ? negative_errno() : 0;
}

int capability_get_effective(uint64_t *ret) {
        struct __user_cap_data_struct data[2] = {};
        int r;

        r = get_sets(data);
        if (r < 0)
                return r;
        *ret = data[0].effective | (uint64_t) data[1].effective << 32;
        return 0;
}

/* What is asked for and not permitted to this process, as words with a space in front. */
static char *describe_missing(uint64_t wanted) {
        struct __user_cap_data_struct data[2] = {};
        GString *text = g_string_new(NULL);
        uint64_t permitted;

        (void) get_sets(data);
        permitted = data[0].permitted | (uint64_t) data[1].permitted << 32;
        for (size_t i = 0; i < CAPABILITY_COUNT; i++)
                if (wanted & ~permitted & CAPABILITY_BIT(i))
                        g_string_append_printf(text, " %s", capability_name(i));
        return g_string_free(text, FALSE);
}

static int set_sets(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {
                { effective, permitted, inheritable },
                { effective >> 32, permitted >> 32, inheritable >> 32 },
        };
        _cleanup_free_ char *missing = NULL;
        int r;

        if (syscall(SYS_capset, &header, data) >= 0)
                return 0;

        r = negative_errno();
        missing = describe_missing(effective | permitted | inheritable);
        if (isempty(missing))
                return log_error_errno(r, "Failed to set capabilities: %m");
        return log_error_errno(r, "Failed to set capabilities: %m (berth itself does not have%s)", missing);
}

static int raise_ambient(uint64_t mask) {
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return log_error_errno(negative_errno(), "Failed to clear the ambient capabilities: %m");

        for (size_t i = 0; i < CAPABILITY_COUNT; i++)
                if ((mask & CAPABILITY_BIT(i)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
                        return log_error_errno(
                                        negative_errno(), "Failed to make %s an ambient capability: %m",
                                        capability_name(i));
        return 0;
}

int capability_apply(const CapabilityPlan *plan, uint64_t extra) {
        const uint64_t *sets = plan->sets;
        int r;

        r = set_sets(sets[SPEC_CAP_EFFECTIVE] | extra, sets[SPEC_CAP_PERMITTED] | extra,
                     sets[SPEC_CAP_INHERITABLE]);
        if (r < 0)
                return r;
        return raise_ambient(sets[SPEC_CAP_AMBIENT]);
}
