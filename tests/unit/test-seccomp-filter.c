/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Profiles are compiled, loaded into a child, and judged by what the kernel then answers. */

#include <errno.h>
#include <glib.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox-root.h"
#include "sandbox/seccomp-filter.h"
#include "sandbox/seccomp-load.h"
#include "sandbox/seccomp-words.h"
#include "seccomp-profile.h"

typedef struct Call {
        long number;
        long args[3];
        int expected; /* errno, 0: works */
} Call;

typedef struct Trial {
        SpecSeccomp profile;
        const Call *calls;
        size_t n_calls;
} Trial;

static int load(const SpecSeccomp *profile) {
        _cleanup_(seccomp_program_done) SeccompProgram program = SECCOMP_PROGRAM_NULL;
        int listener;

        assert_ok(seccomp_filter_compile(profile, &program));
        g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
        assert_ok(seccomp_load(&program, &listener));
        return listener;
}

static void run_trial(const void *data) {
        const Trial *trial = data;

        g_assert_cmpint(load(&trial->profile), ==, -EBADF);
        for (size_t i = 0; i < trial->n_calls; i++) {
                const Call *call = &trial->calls[i];
                long r = syscall(call->number, call->args[0], call->args[1], call->args[2]);

                g_test_message("system call %ld", call->number);
                g_assert_cmpint(r < 0 ? errno : 0, ==, call->expected);
        }
}

static void test_engine_profile(void) {
        static const Call calls[] = {
                { SYS_getpid, {}, 0 },
                { SYS_personality, { 0 }, 0 },
                { SYS_personality, { 8 }, 0 },             /* the second condition */
                { SYS_personality, { 0x0040000 }, EPERM }, /* neither */
                { SYS_clone3, { 0, 0 }, ENOSYS },          /* a rule's own errno */
                { SYS_mount, { 0, 0, 0 }, EPERM },         /* known, not allowed */
                { SYS_keyctl, { 0, 0, 0 }, EPERM },
                { 4000, {}, ENOSYS },                         /* nobody knows it */
                { SYS_faccessat2 + 1, { -1, 0, 0 }, ENOSYS }, /* newer than all that the profile names */
        };
        const Trial trial = { profile_make(), calls, ELEMENTSOF(calls) };

        test_in_child(run_trial, &trial);
}

static void test_default_errno(void) {
        static const Call calls[] = {
                { SYS_getpid, {}, 0 },
                { SYS_mount, { 0, 0, 0 }, EXDEV },
        };
        Trial trial = { profile_make(), calls, ELEMENTSOF(calls) };

        trial.profile.default_errno_ret = (OptUint) { true, EXDEV };
        test_in_child(run_trial, &trial);
}

static void test_allow_by_default(void) {
        static char *names[] = { (char *) "getppid", NULL };
        static SpecSeccompRule rules[] = {
                { .names = names, .action = (char *) "SCMP_ACT_ERRNO", .errno_ret = { true, EBUSY } },
        };
        static const Call calls[] = {
                { SYS_getpid, {}, 0 },
                { SYS_getppid, {}, EBUSY },
                { SYS_getuid, {}, 0 }, /* newer than getppid */
        };
        const Trial trial = {
                { .default_action = (char *) "SCMP_ACT_ALLOW", .rules = rules, .n_rules = 1 },
                calls,
                ELEMENTSOF(calls),
        };

        test_in_child(run_trial, &trial);
}

/* The prologue is there or not: seen by the size of the program. */
static void test_enosys_wanted(void) {
        static const struct {
                const char *action;
                OptUint errno_ret;
                bool wanted;
        } cases[] = {
                { "SCMP_ACT_ERRNO", {}, true }, { "SCMP_ACT_ERRNO", { true, ENOSYS }, false },
                { "SCMP_ACT_KILL", {}, true },  { "SCMP_ACT_KILL_PROCESS", {}, true },
                { "SCMP_ACT_TRAP", {}, true },  { "SCMP_ACT_TRACE", {}, false },
                { "SCMP_ACT_LOG", {}, false },  { "SCMP_ACT_ALLOW", {}, false },
        };
        static char *names[] = { (char *) "getppid", NULL };
        static SpecSeccompRule rules[] = {
                { .names = names, .action = (char *) "SCMP_ACT_ERRNO", .errno_ret = { true, EBUSY } },
        };
        _cleanup_(seccomp_program_done) SeccompProgram plain = SECCOMP_PROGRAM_NULL;
        SpecSeccomp profile = { .default_action = (char *) "SCMP_ACT_ALLOW", .rules = rules, .n_rules = 1 };

        assert_ok(seccomp_filter_compile(&profile, &plain));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(seccomp_program_done) SeccompProgram program = SECCOMP_PROGRAM_NULL;

                g_test_message("%s", cases[i].action);
                profile.default_action = (char *) cases[i].action;
                profile.default_errno_ret = cases[i].errno_ret;
                assert_ok(seccomp_filter_compile(&profile, &program));
                g_assert_cmpint(program.n_code > plain.n_code, ==, cases[i].wanted);
        }
}

static void run_listener(const void *data) {
        int fd = load(data);

        assert_ok(fd);
        g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
}

static void test_notify(void) {
        static char *names[] = { (char *) "getppid", NULL };
        static char *flags[] = { (char *) "SECCOMP_FILTER_FLAG_TSYNC",
                                 (char *) "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL };
        SpecSeccompRule rule = { .names = names, .action = (char *) "SCMP_ACT_NOTIFY" };
        SpecSeccomp profile = { .default_action = (char *) "SCMP_ACT_ALLOW", .rules = &rule, .n_rules = 1 };

        test_in_child(run_listener, &profile);
        profile.flags = flags;
        profile.flags_set = true;
        if (seccomp_filter_flag_is_supported("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
                test_in_child(run_listener, &profile);
}

static void test_flags(void) {
        static char *log[] = { (char *) "SECCOMP_FILTER_FLAG_LOG", NULL };
        static char *kill[] = { (char *) "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL };
        static const struct {
                char **flags;
                bool set;
                unsigned expected;
        } cases[] = {
                { NULL, false, SECCOMP_FILTER_FLAG_SPEC_ALLOW },
                { NULL, true, 0 },
                { log, true, SECCOMP_FILTER_FLAG_LOG },
                { kill, true, 0 }, /* means something only with a listener */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const SpecSeccomp profile = { .flags = cases[i].flags, .flags_set = cases[i].set };

                g_assert_cmphex(seccomp_filter_flags(&profile), ==, cases[i].expected);
        }
        g_assert_true(seccomp_filter_flag_is_supported("SECCOMP_FILTER_FLAG_TSYNC"));
        g_assert_false(seccomp_filter_flag_is_supported("SECCOMP_FILTER_FLAG_OF_TOMORROW"));
}

static void test_unknown_words(void) {
        static char *names[] = { (char *) "getppid", NULL };
        static char *architectures[] = { (char *) "SCMP_ARCH_Z80", NULL };
        SpecSeccompRule rule = { .names = names, .action = (char *) "SCMP_ACT_DANCE" };
        SpecSeccomp profile = { .default_action = (char *) "SCMP_ACT_ALLOW", .rules = &rule, .n_rules = 1 };
        SeccompProgram program = SECCOMP_PROGRAM_NULL;

        g_assert_cmpint(seccomp_filter_compile(&profile, &program), ==, -EINVAL);
        rule.action = (char *) "SCMP_ACT_LOG";
        profile.architectures = architectures;
        g_assert_cmpint(seccomp_filter_compile(&profile, &program), ==, -EINVAL);
        g_assert_null(program.code);
}

#if defined(__x86_64__)
static void test_more_architectures(void) {
        static char *architectures[] = { (char *) "SCMP_ARCH_X86_64", (char *) "SCMP_ARCH_X86",
                                         (char *) "SCMP_ARCH_X32", NULL };
        static const Call calls[] = {
                { SYS_getpid, {}, 0 },
                { SYS_mount, { 0, 0, 0 }, EPERM },
                { 4000, {}, ENOSYS },
        };
        Trial trial = { profile_make(), calls, ELEMENTSOF(calls) };

        trial.profile.architectures = architectures;
        test_in_child(run_trial, &trial);
}
#endif

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/seccomp-filter/engine-profile", test_engine_profile);
        g_test_add_func("/seccomp-filter/default-errno", test_default_errno);
        g_test_add_func("/seccomp-filter/allow-by-default", test_allow_by_default);
        g_test_add_func("/seccomp-filter/enosys-wanted", test_enosys_wanted);
        g_test_add_func("/seccomp-filter/notify", test_notify);
        g_test_add_func("/seccomp-filter/flags", test_flags);
        g_test_add_func("/seccomp-filter/unknown-words", test_unknown_words);
#if defined(__x86_64__)
        g_test_add_func("/seccomp-filter/more-architectures", test_more_architectures);
#endif
        return g_test_run();
}
