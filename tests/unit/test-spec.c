/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Configurations: a corpus of valid ones (tests/data/spec/valid, some as other runtimes write them), a
 * corpus of invalid ones with what is said about each (NAME.json, NAME.expected), and the values that come
 * out. */

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "messages.h"
#include "spec/spec.h"

static char *data_path(const char *name) {
        return g_build_filename(g_getenv("BERTH_TEST_DATA"), "spec", name, NULL);
}

static Spec *load_valid(const char *name) {
        g_autofree char *path = g_strdup_printf("%s/spec/valid/%s.json", g_getenv("BERTH_TEST_DATA"), name);
        Spec *spec;

        g_assert_cmpint(spec_load(path, "/bundle", &spec), ==, 0);
        return spec;
}

static void test_valid_file(gconstpointer userdata) {
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_messages_ Messages messages;
        g_autofree char *text = NULL;
        size_t size;

        messages_catch(&messages);
        g_assert_cmpint(spec_load(userdata, "/bundle", &spec), ==, 0);
        g_assert_cmpuint(messages.n, ==, 0);
        g_assert_true(spec->process_set);
        g_assert_true(spec->root_path[0] == '/');

        g_assert_true(g_file_get_contents(userdata, &text, &size, NULL));
        g_assert_cmpmem(spec->source_text, spec->source_size, text, size);
}

/* The first line of NAME.expected is the errno, the second a part of the message. */
static void test_invalid_file(gconstpointer userdata) {
        g_autofree char *stem = g_strndup(userdata, strlen(userdata) - STRLEN(".json"));
        g_autofree char *expected_path = g_strconcat(stem, ".expected", NULL);
        g_autofree char *expected = NULL;
        _cleanup_messages_ Messages messages;
        _cleanup_strv_ char **lines = NULL;
        Spec *spec = NULL;
        int r;

        g_assert_true(g_file_get_contents(expected_path, &expected, NULL, NULL));
        lines = g_strsplit(expected, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), >=, 2);
        g_assert_cmpuint(strlen(lines[1]), >, 0);

        messages_catch(&messages);
        r = spec_load(userdata, "/bundle", &spec);
        g_assert_null(spec);
        g_assert_cmpstr(strerrorname_np(-r), ==, lines[0]);
        messages_assert_one(&messages, lines[1]);
        g_assert_cmpint(messages.err, ==, -r);
        /* All of them name the file. */
        g_assert_nonnull(strstr(messages.last, userdata));
}

/* One test for each file of a directory. */
static void add_corpus(const char *directory, GTestDataFunc function) {
        g_autofree char *path = data_path(directory);
        GDir *dir = g_dir_open(path, 0, NULL);
        unsigned n = 0;
        const char *name;

        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *test = g_strdup_printf("/spec/%s/%s", directory, name);

                if (!g_str_has_suffix(name, ".json"))
                        continue;
                g_test_add_data_func_full(test, g_build_filename(path, name, NULL), function, g_free);
                n++;
        }
        g_dir_close(dir);
        g_assert_cmpuint(n, >, 0);
}

static void test_missing(void) {
        _cleanup_messages_ Messages messages;
        Spec *spec = NULL;

        messages_catch(&messages);
        g_assert_cmpint(spec_load("/nonexistent/config.json", "/nonexistent", &spec), ==, -ENOENT);
        messages_assert_one(&messages, "JSON specification file /nonexistent/config.json not found");
        g_assert_null(spec);
}

static void test_top_level(void) {
        _cleanup_(spec_freep) Spec *spec = load_valid("everything");

        g_assert_cmpstr(spec->oci_version, ==, "1.2.1");
        g_assert_cmpstr(spec->bundle, ==, "/bundle");
        g_assert_cmpstr(spec->root_path, ==, "/bundle/rootfs/x");
        g_assert_true(spec->root_readonly);
        g_assert_cmpstr(spec->hostname, ==, "4f2b8a0c17de");
        g_assert_cmpstr(spec->domainname, ==, "example.org");
        g_assert_cmpstr(spec_annotation(spec, "io.container.manager"), ==, "libpod");
        g_assert_null(spec_annotation(spec, "io.container"));
        g_assert_cmpstr(spec->annotations.items[0].key, ==, "io.container.manager");
        for (size_t i = 0; i < _SPEC_HOOK_KIND_MAX; i++)
                g_assert_cmpuint(spec->n_hooks[i], ==, 1);
        g_assert_cmpuint(spec->hooks[SPEC_HOOK_POSTSTOP][0].timeout_sec, ==, 10);
        g_assert_cmpstr(spec->hooks[SPEC_HOOK_POSTSTOP][0].args[1], ==, "teardown");
        g_assert_cmpstr(spec->hooks[SPEC_HOOK_PRESTART][0].path, ==, "/bin/true");
}

static void test_process(void) {
        _cleanup_(spec_freep) Spec *spec = load_valid("everything");
        const SpecProcess *p = &spec->process;

        g_assert_true(p->terminal && p->no_new_privileges && p->capabilities_set);
        g_assert_cmpuint(p->console_height.value, ==, 24);
        g_assert_cmpuint(p->console_width.value, ==, 80);
        g_assert_cmpuint(p->user.n_additional_gids, ==, 11);
        g_assert_cmpuint(p->user.additional_gids[10], ==, 27);
        g_assert_true(p->user.umask.set && p->user.umask.value == 022);
        g_assert_cmpstr(p->args[2], ==, "daemon off;");
        g_assert_null(p->args[3]);
        g_assert_cmpstr(p->env[4], ==, "EMPTY=");
        g_assert_cmpstr(p->capabilities[SPEC_CAP_EFFECTIVE][0], ==, "CAP_CHOWN");
        g_assert_null(p->capabilities[SPEC_CAP_AMBIENT]);
        g_assert_cmpuint(p->n_rlimits, ==, 2);
        g_assert_cmpint(p->rlimits[1].resource, ==, RLIMIT_NPROC);
        g_assert_cmpstr(p->rlimits[1].name, ==, "RLIMIT_NPROC");
        g_assert_cmpuint(p->rlimits[1].hard, ==, RLIM_INFINITY);
        g_assert_cmpuint(p->rlimits[1].soft, ==, 4194304);
        g_assert_true(p->oom_score_adj.set && p->oom_score_adj.value == 0);
        g_assert_cmpstr(p->apparmor_profile, ==, "berth-default");
        g_assert_true(p->scheduler.set);
        g_assert_cmpint(p->scheduler.policy, ==, SCHED_DEADLINE);
        g_assert_cmpuint(p->scheduler.flags, ==, SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM);
        g_assert_cmpuint(p->scheduler.period, ==, 30000000);
        g_assert_cmpint(p->io_priority_class.value, ==, IOPRIO_CLASS_BE);
        g_assert_cmpint(p->io_priority_priority, ==, 4);
        g_assert_cmpstr(p->exec_cpu_affinity_final, ==, "1");
}

static void test_linux(void) {
        _cleanup_(spec_freep) Spec *spec = load_valid("everything");
        const SpecLinux *l = &spec->linux_;

        g_assert_cmpuint(l->n_namespaces, ==, 8);
        g_assert_cmpstr(spec_namespace(spec, CLONE_NEWNET)->path, ==, "/run/netns/netns-1b2c");
        g_assert_cmpstr(spec_namespace(spec, CLONE_NEWNS)->name, ==, "mount");
        g_assert_null(spec_namespace(spec, CLONE_NEWNS)->path);
        g_assert_cmpuint(l->id_map.uid[0].host_id, ==, 100000);
        g_assert_cmpuint(l->id_map.gid[0].size, ==, 65536);
        g_assert_true(l->monotonic_offset.set && l->monotonic_offset.secs == -5);
        g_assert_cmpuint(l->monotonic_offset.nanosecs, ==, 7);
        g_assert_cmpint(l->boottime_offset.secs, ==, 100);
        g_assert_true(l->devices[0].type == 'c' && l->devices[0].minor == 229);
        g_assert_cmpuint(l->devices[0].file_mode.value, ==, 0666);
        g_assert_cmpuint(l->n_net_devices, ==, 2);
        g_assert_cmpstr(l->net_devices[0].container_name, ==, "inner0");
        g_assert_cmpstr(l->net_devices[1].container_name, ==, "eth2");
        g_assert_cmpstr(l->cgroups_path, ==, "machine.slice:libpod:4f2b8a0c17de");
        g_assert_cmpuint(l->rootfs_propagation, ==, MS_SHARED);
        g_assert_null(l->mount_label);
        g_assert_cmpstr(l->masked_paths[1], ==, "/proc/kcore");
        g_assert_cmpuint(l->sysctl.n, ==, 4);
        g_assert_cmpstr(l->sysctl.items[0].value, ==, "0 0");
        g_assert_true(l->intel_rdt.set && l->intel_rdt.enable_monitoring);
        g_assert_cmpstr(l->intel_rdt.clos_id, ==, "gold");
        g_assert_cmpstr(l->intel_rdt.schemata[0], ==, "L2:0=f");
        g_assert_true(l->personality.set && l->personality.value == 8);
        g_assert_cmpint(l->memory_policy_mode.value, ==, MPOL_BIND);
        g_assert_cmpuint(l->memory_policy_flags, ==, MPOL_F_STATIC_NODES);
}

static void test_resources(void) {
        _cleanup_(spec_freep) Spec *spec = load_valid("everything");
        const SpecResources *r = &spec->linux_.resources;

        g_assert_true(r->set);
        g_assert_cmpuint(r->n_devices, ==, 2);
        g_assert_true(!r->devices[0].allow && r->devices[0].type == 'a' && !r->devices[0].major.set);
        g_assert_cmpstr(r->devices[0].access, ==, "rwm");
        g_assert_true(r->devices[1].allow && r->devices[1].type == 'c' && r->devices[1].minor.value == 229);
        g_assert_cmpint(r->memory_limit.value, ==, 268435456);
        g_assert_cmpint(r->memory_swap.value, ==, 536870912);
        g_assert_cmpint(r->memory_reservation.value, ==, 134217728);
        g_assert_true(r->memory_check_before_update);
        g_assert_cmpuint(r->cpu_shares.value, ==, 512);
        g_assert_cmpint(r->cpu_quota.value, ==, 50000);
        g_assert_cmpuint(r->cpu_burst.value, ==, 1000);
        g_assert_true(r->cpu_idle.set && r->cpu_idle.value == 0);
        g_assert_cmpstr(r->cpuset_cpus, ==, "0-1");
        g_assert_cmpint(r->pids_limit.value, ==, 2048);
        g_assert_cmpuint(r->blkio_weight.value, ==, 500);
        g_assert_cmpuint(r->blkio_leaf_weight.value, ==, 10);
        g_assert_cmpuint(r->blkio_weight_devices.items[0].value, ==, 500);
        g_assert_cmpuint(r->throttle_read_bps.items[0].value, ==, 600);
        g_assert_cmpuint(r->throttle_write_bps.items[0].value, ==, 601);
        g_assert_cmpuint(r->throttle_read_iops.items[0].value, ==, 602);
        g_assert_cmpuint(r->throttle_write_iops.items[0].value, ==, 603);
        g_assert_cmpuint(r->hugepages[0].limit, ==, 9223372036854772000u);
        g_assert_cmpuint(r->n_rdma, ==, 2);
        g_assert_cmpuint(r->rdma[0].hca_handles.value, ==, 3);
        g_assert_false(r->rdma[1].hca_handles.set);
        g_assert_cmpstr(r->unified.items[1].key, ==, "io.max");
}

static void test_seccomp(void) {
        _cleanup_(spec_freep) Spec *spec = load_valid("everything");
        const SpecSeccomp *s = &spec->linux_.seccomp;

        g_assert_true(s->set && s->flags_set);
        g_assert_cmpstr(s->default_action, ==, "SCMP_ACT_ERRNO");
        g_assert_cmpuint(s->default_errno_ret.value, ==, 38);
        g_assert_cmpstr(s->architectures[2], ==, "SCMP_ARCH_X32");
        g_assert_cmpstr(s->flags[0], ==, "SECCOMP_FILTER_FLAG_LOG");
        g_assert_cmpstr(s->listener_path, ==, "/run/agent.sock");
        g_assert_cmpuint(s->n_rules, ==, 5);
        g_assert_true(s->rules[0].errno_ret.set && !s->rules[1].errno_ret.set);
        g_assert_cmpstr(s->rules[1].names[3], ==, "close");
        g_assert_cmpuint(s->rules[3].args[0].value_two, ==, UINT64_MAX);
        g_assert_cmpstr(s->rules[3].args[0].op, ==, "SCMP_CMP_MASKED_EQ");
}

/* What engines write for "not given". */
static void test_absent(void) {
        static const char text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/"
                                   "r\"},\"process\":null,\"hostname\":\"\",\"mounts\":null,"
                                   "\"linux\":{\"cgroupsPath\":\"\",\"namespaces\":[{\"type\":\"mount\","
                                   "\"path\":\"\"}],"
                                   "\"resources\":{\"memory\":{\"limit\":0,\"swap\":0},\"cpu\":{\"shares\":"
                                   "0,\"quota\":0,\"cpus\":\"\"},"
                                   "\"pids\":{\"limit\":0},\"devices\":[{\"allow\":true,\"major\":-1}]},"
                                   "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}}";
        _cleanup_(spec_freep) Spec *spec = NULL;
        const SpecResources *r;

        g_assert_cmpint(spec_parse("x", text, strlen(text), "/b", &spec), ==, 0);
        r = &spec->linux_.resources;
        g_assert_false(spec->process_set);
        g_assert_cmpstr(spec->root_path, ==, "/r");
        g_assert_null(spec->hostname);
        g_assert_null(spec->linux_.cgroups_path);
        g_assert_null(spec->linux_.namespaces[0].path);
        g_assert_null(r->cpuset_cpus);
        g_assert_false(r->memory_limit.set || r->memory_swap.set || r->cpu_shares.set || r->cpu_quota.set);
        g_assert_true(r->pids_limit.set); /* 0 is a limit */
        g_assert_false(r->devices[0].major.set);
        g_assert_false(spec->linux_.seccomp.flags_set);
        g_assert_false(spec->linux_.intel_rdt.set);
}

static void test_default_mapping(void) {
        _cleanup_(spec_freep) Spec *spec = load_valid("crun-spec-rootless");

        g_assert_cmpuint(spec->linux_.id_map.n_uid, ==, 1);
        g_assert_cmpuint(spec->linux_.id_map.uid[0].host_id, ==, geteuid());
        g_assert_cmpuint(spec->linux_.id_map.gid[0].host_id, ==, getegid());
        g_assert_cmpuint(spec->linux_.id_map.gid[0].size, ==, 1);
}

static int process_load(const char *text, SpecProcess **ret) {
        g_autofree char *path = NULL;
        int fd, r;

        fd = g_file_open_tmp("berth-test-XXXXXX", &path, NULL);
        g_assert_cmpint(fd, >=, 0);
        (void) close(fd);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        r = spec_process_load(path, ret);
        g_assert_cmpint(unlink(path), ==, 0);
        return r;
}

static void test_process_load(void) {
        _cleanup_(spec_process_freep) SpecProcess *process = NULL;

        g_assert_cmpint(process_load("{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":5}}", &process), ==,
                        0);
        g_assert_cmpuint(process->user.uid, ==, 5);
        g_assert_cmpstr(process->args[0], ==, "sh");
}

static void test_process_load_errors(void) {
        static const struct {
                const char *text, *message;
        } cases[] = {
                { "{\"cwd\":\"x\",\"args\":[\"sh\"]}", "#/cwd: cwd must be an absolute path, got 'x'" },
                { "{\"cwd\":\"/\"}", "#/args: args must not be empty" },
                { "{\"cwd\":\"/\",\"args\":\"sh\"}", "#/args: expected array, got string" },
                { "{", ":1:2: expected a member name" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_messages_ Messages messages;
                SpecProcess *process = NULL;

                messages_catch(&messages);
                g_assert_cmpint(process_load(cases[i].text, &process), ==, -EINVAL);
                g_assert_null(process);
                messages_assert_one(&messages, cases[i].message);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        add_corpus("valid", test_valid_file);
        add_corpus("invalid", test_invalid_file);
        g_test_add_func("/spec/missing", test_missing);
        g_test_add_func("/spec/top-level", test_top_level);
        g_test_add_func("/spec/process", test_process);
        g_test_add_func("/spec/linux", test_linux);
        g_test_add_func("/spec/resources", test_resources);
        g_test_add_func("/spec/seccomp", test_seccomp);
        g_test_add_func("/spec/absent", test_absent);
        g_test_add_func("/spec/default-mapping", test_default_mapping);
        g_test_add_func("/spec/process-load", test_process_load);
        g_test_add_func("/spec/process-load-errors", test_process_load_errors);
        return g_test_run();
}
