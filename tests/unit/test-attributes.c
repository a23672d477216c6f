/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attributes are set in a child and read back from the kernel; and the names of sysctls. */

#include <linux/keyctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox-root.h"
#include "sandbox/attributes.h"
#include "sandbox/security-label.h"
#include "sandbox/sysctl.h"

static void run_limits(const void *data) {
        SpecRlimit limits[] = {
                { RLIMIT_CORE, "RLIMIT_CORE", 0, 0 },
                { RLIMIT_NOFILE, "RLIMIT_NOFILE", 100, 200 },
        };
        const SpecProcess process = { .rlimits = limits, .n_rlimits = ELEMENTSOF(limits) };
        struct rlimit present;

        assert_ok(attributes_set_rlimits(&process));
        g_assert_cmpint(getrlimit(RLIMIT_CORE, &present), ==, 0);
        g_assert_true(present.rlim_cur == 0 && present.rlim_max == 0);
        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &present), ==, 0);
        g_assert_true(present.rlim_cur == 100 && present.rlim_max == 200);

        limits[0] = (SpecRlimit) { RLIMIT_NOFILE, "RLIMIT_NOFILE", 3, 2 };
        g_assert_cmpint(attributes_set_rlimits(&process), ==, -EINVAL);
}

static void find_words(int level, int err, const char *message, void *userdata) {
        *(bool *) userdata = strstr(message, "RLIMIT_NPROC") && strstr(message, "hard 20") &&
                        strstr(message, "above the present 10") && strstr(message, "CAP_SYS_RESOURCE");
}

/* Nobody without privileges may raise a hard limit. */
static void run_limit_refused(const void *data) {
        SpecRlimit limit = { RLIMIT_NPROC, "RLIMIT_NPROC", 10, 10 };
        const SpecProcess process = { .rlimits = &limit, .n_rlimits = 1 };
        bool found = false;

        assert_ok(attributes_set_rlimits(&process));
        g_assert_cmpint(setresuid(65534, 65534, 65534), ==, 0);
        limit.hard = 20;
        log_set_sink(find_words, &found);
        g_assert_cmpint(attributes_set_rlimits(&process), ==, -EPERM);
        g_assert_true(found);
}

static void run_oom_score(const void *data) {
        const SpecProcess process = { .oom_score_adj = { true, 777 } }, nothing = {};
        _cleanup_free_ char *text = NULL;
        size_t size;

        assert_ok(attributes_set_oom_score(getpid(), &process));
        assert_ok(attributes_set_oom_score(getpid(), &nothing));
        assert_ok(read_file_at(AT_FDCWD, "/proc/self/oom_score_adj", &text, &size));
        g_assert_cmpstr(g_strchomp(text), ==, "777");
}

static void run_names(const void *data) {
        struct utsname name;

        g_assert_cmpint(unshare(CLONE_NEWUTS), ==, 0);
        assert_ok(attributes_set_hostname("ship", "sea"));
        assert_ok(attributes_set_hostname(NULL, NULL));
        g_assert_cmpint(uname(&name), ==, 0);
        g_assert_cmpstr(name.nodename, ==, "ship");
        g_assert_cmpstr(name.domainname, ==, "sea");
}

static void run_small_ones(const void *data) {
        const SpecProcess process = { .no_new_privileges = true,
                                      .io_priority_class = { true, 2 },
                                      .io_priority_priority = 6 };
        const SpecScheduler scheduler = { .set = true, .policy = SCHED_BATCH, .nice = 7 }, none = {};

        assert_ok(attributes_set_personality((OptUint) {}));
        g_assert_cmpint(personality(0xffffffff), ==, PER_LINUX);
        assert_ok(attributes_set_personality((OptUint) { true, PER_LINUX32 }));
        g_assert_cmpint(personality(0xffffffff), ==, PER_LINUX32);

        assert_ok(attributes_set_scheduler(&none));
        g_assert_cmpint(sched_getscheduler(0), ==, SCHED_OTHER);
        assert_ok(attributes_set_scheduler(&scheduler));
        g_assert_cmpint(sched_getscheduler(0), ==, SCHED_BATCH);
        g_assert_cmpint(getpriority(PRIO_PROCESS, 0), ==, 7);

        assert_ok(attributes_set_io_priority(&process));
        g_assert_cmpint(syscall(SYS_ioprio_get, 1, 0), ==, 2 << 13 | 6);

        assert_ok(attributes_set_no_new_privileges(&(const SpecProcess) {}));
        g_assert_cmpint(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), ==, 0);
        assert_ok(attributes_set_no_new_privileges(&process));
        g_assert_cmpint(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), ==, 1);
}

static long session_keyring(void) {
        return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static void run_keyring(const void *data) {
        long before = session_keyring();
        char text[256] = "";

        assert_ok(attributes_join_keyring("test", false));
        if (session_keyring() ==
            before) /* The kernel or a filter has no keyrings for us, which is passed over. */
                return;
        g_assert_cmpint(syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text,
                                sizeof text - 1),
                        >, 0);
        g_assert_true(g_str_has_suffix(text, ";_ses.test"));
}

static void test_sysctl_path(void) {
        static const struct {
                const char *key, *path;
        } cases[] = {
                { "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
                { "net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding" },
                { "net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding" },
                { "kernel.msgmax", "kernel/msgmax" },
                { "plain", "plain" },
                { "", NULL },
                { "net..ipv4", NULL },
                { "/net", NULL },
                { "net/../kernel/core_pattern", NULL },
                { "net.//.kernel", NULL },
                { "net.ipv4.", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *path = NULL;
                int r = sysctl_path(cases[i].key, &path);

                g_test_message("%s", cases[i].key);
                g_assert_cmpstr(path, ==, cases[i].path);
                g_assert_cmpint(r, ==, cases[i].path ? 0 : -EINVAL);
        }
}

/* The procfs of a process shows the sysctls of that process's namespaces. */
static void run_sysctl(const void *data) {
        SpecPair pairs[] = {
                { (char *) "kernel.msgmax", (char *) "4242" },
                { (char *) "kernel.no_such_thing", (char *) "1" },
        };
        const SpecPairs good = { pairs, 1 }, bad = { pairs, 2 };
        _cleanup_free_ char *text = NULL;
        int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        size_t size;

        g_assert_cmpint(unshare(CLONE_NEWIPC), ==, 0);
        assert_ok(sysctl_apply(&good, proc_fd));
        assert_ok(read_file_at(proc_fd, "sys/kernel/msgmax", &text, &size));
        g_assert_cmpstr(g_strchomp(text), ==, "4242");
        g_assert_cmpint(sysctl_apply(&bad, proc_fd), ==, -ENOENT);
}

/* A label that is written into something else than procfs protects nobody. */
static void run_labels(const void *data) {
        _cleanup_free_ char *path = NULL, *attr = g_strdup_printf("%d/attr", getpid());
        _cleanup_free_ char *file = g_build_filename(attr, "exec", NULL);
        int fd;

        g_assert_true(sandbox_root_enter(&path, &fd));
        assert_ok(make_directories_in_root(fd, attr, 0755));
        assert_ok(write_file_atomic_at(fd, file, "", 0, 0666));
        assert_ok(security_label_set_apparmor(NULL, fd));
        assert_ok(security_label_set_selinux("", fd));
        g_assert_cmpint(security_label_set_apparmor("profile", fd), ==, -ENODEV);
        g_assert_cmpint(security_label_set_selinux("a_u:b_r:c_t:s0", fd), ==, -ENODEV);
}

static void test_as_anybody(const void *data) {
        test_in_child((void (*)(const void *)) data, NULL);
}

/* The data of a test is the function that runs in a child. */
static void test_as_root(const void *data) {
        if (test_needs_root())
                test_in_child((void (*)(const void *)) data, NULL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_data_func("/attributes/limits", run_limits, test_as_anybody);
        g_test_add_data_func("/attributes/limit-refused", run_limit_refused, test_as_root);
        g_test_add_data_func("/attributes/oom-score", run_oom_score, test_as_anybody);
        g_test_add_data_func("/attributes/names", run_names, test_as_root);
        g_test_add_data_func("/attributes/small-ones", run_small_ones, test_as_anybody);
        g_test_add_data_func("/attributes/keyring", run_keyring, test_as_anybody);
        g_test_add_func("/attributes/sysctl-path", test_sysctl_path);
        g_test_add_data_func("/attributes/sysctl", run_sysctl, test_as_root);
        g_test_add_data_func("/attributes/labels", run_labels, test_as_root);
        return g_test_run();
}
