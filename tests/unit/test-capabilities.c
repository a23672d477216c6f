/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names become masks, masks become what the kernel says about the process. */

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "basic/log.h"
#include "sandbox-root.h"
#include "sandbox/capabilities.h"
#include "sandbox/identity.h"

#define CHOWN      CAPABILITY_BIT(CAP_CHOWN)
#define KILL       CAPABILITY_BIT(CAP_KILL)
#define NET_RAW    CAPABILITY_BIT(CAP_NET_RAW)
#define CHECKPOINT CAPABILITY_BIT(CAP_CHECKPOINT_RESTORE)

static void test_names(void) {
        static const struct {
                const char *name;
                int number;
        } cases[] = {
                { "CAP_CHOWN", 0 },
                { "cap_chown", 0 },
                { "chown", 0 },
                { "CAP_SYS_ADMIN", 21 },
                { "CAP_CHECKPOINT_RESTORE", 40 },
                { "CAP_", -EINVAL },
                { "", -EINVAL },
                { "CAP_FLY", -EINVAL },
                { "CAP_CHOWNX", -EINVAL },
        };
        _cleanup_strv_ char **names = capability_names();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                g_assert_cmpint(capability_from_name(cases[i].name), ==, cases[i].number);

        for (int i = 0; names[i]; i++)
                g_assert_cmpint(capability_from_name(names[i]), ==, i);
        g_assert_cmpuint(g_strv_length(names), >, CAP_AUDIT_READ);
        g_assert_true(prctl(PR_CAPBSET_READ, g_strv_length(names) - 1, 0, 0, 0) >= 0);
}

static void count_warnings(int level, int err, const char *message, void *userdata) {
        if (level == LOG_WARNING && strstr(message, "CAP_FLY"))
                ++*(int *) userdata;
}

static void test_plan(void) {
        static char *some[] = { (char *) "CAP_CHOWN", (char *) "CAP_FLY", (char *) "CAP_KILL", NULL };
        static char *kill[] = { (char *) "CAP_KILL", NULL };
        static char *both[] = { (char *) "CAP_KILL", (char *) "CAP_CHOWN", (char *) "CAP_NET_RAW", NULL };
        SpecProcess process = { .capabilities_set = true };
        CapabilityPlan plan;
        int warnings = 0;

        process.capabilities[SPEC_CAP_PERMITTED] = some;
        process.capabilities[SPEC_CAP_INHERITABLE] = kill;
        process.capabilities[SPEC_CAP_AMBIENT] = both;

        log_set_sink(count_warnings, &warnings);
        assert_ok(capability_plan(&process, &plan));
        log_set_sink(NULL, NULL);

        g_assert_cmpint(warnings, ==, 1);
        g_assert_cmphex(plan.sets[SPEC_CAP_BOUNDING], ==, 0);
        g_assert_cmphex(plan.sets[SPEC_CAP_PERMITTED], ==, CHOWN | KILL);
        g_assert_cmphex(plan.sets[SPEC_CAP_INHERITABLE], ==, KILL);
        g_assert_cmphex(plan.sets[SPEC_CAP_AMBIENT], ==, KILL); /* the others are not in both */
}

static uint64_t get_set(SpecCapabilitySet set) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};
        uint64_t mask = 0;

        if (set == SPEC_CAP_BOUNDING || set == SPEC_CAP_AMBIENT) {
                for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
                        if ((set == SPEC_CAP_BOUNDING
                                             ? prctl(PR_CAPBSET_READ, cap, 0, 0, 0)
                                             : prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0)) == 1)
                                mask |= CAPABILITY_BIT(cap);
                return mask;
        }

        g_assert_cmpint(syscall(SYS_capget, &header, data), ==, 0);
        for (int i = 1; i >= 0; i--)
                mask = mask << 32 |
                                (set == SPEC_CAP_EFFECTIVE                   ? data[i].effective
                                                 : set == SPEC_CAP_PERMITTED ? data[i].permitted
                                                                             : data[i].inheritable);
        return mask;
}

typedef struct Change {
        CapabilityPlan plan;
        uid_t uid;
        uint64_t extra;
} Change;

static void run_change(const void *data) {
        const Change *change = data;
        const SpecUser user = { .uid = change->uid, .gid = change->uid };
        const uint64_t *sets = change->plan.sets;
        uint64_t effective;

        assert_ok(capability_drop_bounding(&change->plan));
        assert_ok(identity_apply(&user, /* keep_groups= */ false, -EBADF));
        assert_ok(capability_apply(&change->plan, change->extra));

        g_assert_cmpuint(geteuid(), ==, change->uid);
        for (SpecCapabilitySet set = 0; set < _SPEC_CAP_SET_MAX; set++) {
                bool with_extra = set == SPEC_CAP_EFFECTIVE || set == SPEC_CAP_PERMITTED;

                g_assert_cmphex(get_set(set), ==, sets[set] | (with_extra ? change->extra : 0));
        }
        assert_ok(capability_get_effective(&effective));
        g_assert_cmphex(effective, ==, sets[SPEC_CAP_EFFECTIVE] | change->extra);
}

static void test_apply(void) {
        static const Change changes[] = {
                { .uid = 0 },
                { .uid = 1000 },
                { .plan = { { [SPEC_CAP_BOUNDING] = CHOWN | KILL,
                              [SPEC_CAP_EFFECTIVE] = KILL,
                              [SPEC_CAP_PERMITTED] = KILL } } },
                { .plan = { { [SPEC_CAP_BOUNDING] = CHECKPOINT | KILL,
                              [SPEC_CAP_EFFECTIVE] = CHECKPOINT,
                              [SPEC_CAP_PERMITTED] = CHECKPOINT | KILL,
                              [SPEC_CAP_INHERITABLE] = CHECKPOINT,
                              [SPEC_CAP_AMBIENT] = CHECKPOINT } },
                  .uid = 1000 },
                { .plan = { { [SPEC_CAP_BOUNDING] = CHOWN,
                              [SPEC_CAP_EFFECTIVE] = CHOWN,
                              [SPEC_CAP_PERMITTED] = CHOWN } },
                  .uid = 1000,
                  .extra = CAPABILITY_BIT(CAP_SYS_ADMIN) },
        };

        if (!test_needs_root())
                return;
        for (size_t i = 0; i < ELEMENTSOF(changes); i++)
                test_in_child(run_change, &changes[i]);
}

static void find_name(int level, int err, const char *message, void *userdata) {
        *(bool *) userdata = err == EPERM && strstr(message, "CAP_NET_RAW") && !strstr(message, "CAP_KILL");
}

static void run_missing(const void *data) {
        const CapabilityPlan less = { { [SPEC_CAP_PERMITTED] = KILL } };
        const CapabilityPlan more = { { [SPEC_CAP_PERMITTED] = KILL | NET_RAW } };
        bool found = false;

        assert_ok(capability_apply(&less, 0));
        log_set_sink(find_name, &found);
        g_assert_cmpint(capability_apply(&more, 0), ==, -EPERM);
        g_assert_true(found);
}

static void test_missing(void) {
        if (test_needs_root())
                test_in_child(run_missing, NULL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/capabilities/names", test_names);
        g_test_add_func("/capabilities/plan", test_plan);
        g_test_add_func("/capabilities/apply", test_apply);
        g_test_add_func("/capabilities/missing", test_missing);
        return g_test_run();
}
