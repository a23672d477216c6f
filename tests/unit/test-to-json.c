/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From declarations to config.json: what is in the result, read back as a Spec, and bases that are not what
 * they should be. */

#include <sched.h>
#include <string.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "config/to-json.h"
#include "config/unit-mounts.h"
#include "spec/spec.h"

static const ContainerFacts no_facts;

static ContainerFile *declare(const char *text) {
        GPtrArray *files = g_ptr_array_new();
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        ContainerFile *c;

        g_ptr_array_add(files, unit_file_parse("web.container", g_strdup(text), strlen(text), messages));
        c = container_file_new("web", files, messages);
        g_assert_cmpuint(messages->len, ==, 0);
        return c;
}

static JsonDocument *parse(const char *text) {
        JsonDocument *document = NULL;

        g_assert_cmpint(json_document_parse("base", text, strlen(text), &document), ==, 0);
        return document;
}

static Spec *finish(JsonDocument *document) {
        _cleanup_free_ char *text = json_value_to_text(json_document_root(document), 0);
        Spec *spec = NULL;

        g_assert_cmpint(spec_parse("result", text, strlen(text), "/bundle", &spec), ==, 0);
        return spec;
}

/* As berth-prepare does it for Rootfs=. */
static Spec *make_rootfs(const char *text, const ContainerUser *user) {
        _cleanup_(container_file_freep) ContainerFile *c = declare(text);
        const ContainerFacts facts = { .has_user = user, .user = user ? *user : (ContainerUser) { 0 } };
        _cleanup_free_ char *template = spec_template(false, 0, 0);
        _cleanup_json_document_ JsonDocument *document = parse(template);

        g_assert_cmpint(config_json_absolute(document, "base", "/bundle"), ==, 0);
        g_assert_cmpint(config_json_rootfs(document, c), ==, 0);
        g_assert_cmpint(config_json_apply(document, "base", c, &facts), ==, 0);
        g_assert_cmpint(config_json_unit(document, "base", "/run/berth-unit/web/notify", false), ==, 0);
        return finish(document);
}

static const SpecMount *find_mount(const Spec *spec, const char *destination) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (streq(spec->mounts[i].destination, destination))
                        return spec->mounts + i;
        return NULL;
}

static bool has_environment(const Spec *spec, const char *assignment) {
        return g_strv_contains((const char *const *) spec->process.env, assignment);
}

static void assert_args(const Spec *spec, const char *expected) {
        _cleanup_free_ char *joined = g_strjoinv("|", spec->process.args);

        g_assert_cmpstr(joined, ==, expected);
}

static void test_rootfs_defaults(void) {
        _cleanup_(spec_freep) Spec *spec =
                        make_rootfs("[Container]\nRootfs=/srv/web\nExec=/bin/httpd -f\n", NULL);
        const SpecMount *notify = find_mount(spec, "/run/notify"), *run = find_mount(spec, "/run");

        g_assert_cmpstr(spec->root_path, ==, "/srv/web");
        g_assert_false(spec->root_readonly);
        assert_args(spec, "/bin/httpd|-f");
        g_assert_false(spec->process.terminal);
        g_assert_true(spec->process.no_new_privileges);
        g_assert_cmpstr(spec->hostname, ==, "web");
        g_assert_null(spec_namespace(spec, CLONE_NEWNET));
        g_assert_nonnull(spec_namespace(spec, CLONE_NEWPID));
        g_assert_cmpuint(g_strv_length(spec->process.capabilities[SPEC_CAP_BOUNDING]), ==, 11);
        g_assert_cmpuint(g_strv_length(spec->process.capabilities[SPEC_CAP_EFFECTIVE]), ==, 11);
        g_assert_cmpuint(spec->process.n_rlimits, ==, 0);
        g_assert_false(spec->linux_.intel_rdt.set);
        g_assert_nonnull(run);
        g_assert_cmpstr(run->type, ==, "tmpfs");
        g_assert_nonnull(notify);
        g_assert_true(notify > run); /* mounted on top of it */
        g_assert_true(notify->bind);
        g_assert_cmpstr(notify->source, ==, "/run/berth-unit/web/notify");
        g_assert_true(has_environment(spec, "NOTIFY_SOCKET=/run/notify/notify.sock"));
}

static void test_rootfs_settings(void) {
        uint32_t groups[] = { 4, 5 };
        const ContainerUser user = {
                .uid = 33, .gid = 34, .groups = groups, .n_groups = 2, .home = (char *) "/var/www"
        };
        _cleanup_(spec_freep) Spec *spec =
                        make_rootfs("[Container]\nRootfs=/srv/web\nExec=x\nEnvironment=PATH=/x NEW=1 "
                                    "HOME=/h\nVolume=/data:/data:ro\nVolume=/dev/x:/x:dev,suid,bind\n"
                                    "User=www\nReadOnly=yes\nNetwork=none\nWorkingDir=/w\nHostName=other\n"
                                    "[Resctrl]\nSchemata=L3:0=f\nSchemata=MB:0=50\n",
                                    &user);
        const SpecMount *data = find_mount(spec, "/data"), *device = find_mount(spec, "/x");

        g_assert_cmpuint(spec->process.user.uid, ==, 33);
        g_assert_cmpuint(spec->process.user.gid, ==, 34);
        g_assert_cmpuint(spec->process.user.n_additional_gids, ==, 2);
        g_assert_cmpuint(spec->process.user.additional_gids[1], ==, 5);
        g_assert_cmpuint(g_strv_length(spec->process.capabilities[SPEC_CAP_BOUNDING]), ==, 11);
        g_assert_true(!spec->process.capabilities[SPEC_CAP_EFFECTIVE] ||
                      !*spec->process.capabilities[SPEC_CAP_EFFECTIVE]);
        g_assert_true(has_environment(spec, "PATH=/x"));
        g_assert_true(has_environment(spec, "NEW=1"));
        g_assert_true(has_environment(spec, "HOME=/h")); /* what is declared goes before passwd */
        g_assert_false(has_environment(spec, "HOME=/var/www"));
        g_assert_cmpstr(spec->process.cwd, ==, "/w");
        g_assert_cmpstr(spec->hostname, ==, "other");
        g_assert_true(spec->root_readonly);
        g_assert_nonnull(find_mount(spec, "/tmp"));
        g_assert_nonnull(spec_namespace(spec, CLONE_NEWNET));
        g_assert_nonnull(data);
        g_assert_true(data->recursive);
        g_assert_true(data->attr_set & 1); /* MOUNT_ATTR_RDONLY */
        g_assert_true(data->rec_attr_set & 1);
        g_assert_true(data->attr_set & 2); /* MOUNT_ATTR_NOSUID */
        g_assert_nonnull(device);
        g_assert_false(device->recursive);
        g_assert_false(device->attr_set & (2 | 4)); /* neither nosuid nor nodev */
        g_assert_cmpstr(spec->linux_.intel_rdt.schemata[1], ==, "MB:0=50");
        g_assert_null(spec->linux_.intel_rdt.clos_id);
}

static void test_home(void) {
        const ContainerUser user = { .uid = 33, .gid = 34, .home = (char *) "/var/www" };
        _cleanup_(spec_freep) Spec *spec =
                        make_rootfs("[Container]\nRootfs=/srv/web\nExec=x\nUser=www\n", &user);

        g_assert_true(has_environment(spec, "HOME=/var/www"));
}

static const char bundle[] =
                "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
                "\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":2},\"user\":{"
                "\"uid\":0,\"gid\":0},"
                "\"args\":[\"sh\"],\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/\"},"
                "\"mounts\":[{\"destination\":\"/d\",\"source\":\"sub/dir\",\"options\":[\"rbind\"]},"
                "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}],"
                "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/proc/1/ns/"
                "net\"},"
                "{\"type\":\"mount\"}],\"intelRdt\":{\"l3CacheSchema\":\"L3:0=1\",\"closID\":\"old\"}},"
                "\"annotations\":{\"x\":\"y\"}}";

/* A bundle keeps what the declaration does not name. */
static void test_bundle(void) {
        _cleanup_(container_file_freep) ContainerFile *c = declare(
                        "[Container]\nBundle=/bundle\nEnvironment=B=3\n[Resctrl]\nSchemata=L3:0=f\n");
        _cleanup_json_document_ JsonDocument *document = parse(bundle);
        _cleanup_(spec_freep) Spec *spec = NULL;

        g_assert_cmpint(config_json_absolute(document, "base", "/bundle"), ==, 0);
        g_assert_cmpint(config_json_apply(document, "base", c, &no_facts), ==, 0);
        g_assert_cmpint(config_json_unit(document, "base", "/n", false), ==, 0);
        spec = finish(document);
        g_assert_cmpstr(spec->root_path, ==, "/bundle/rootfs");
        g_assert_true(spec->root_readonly);
        assert_args(spec, "sh");
        g_assert_true(has_environment(spec, "A=1"));
        g_assert_true(has_environment(spec, "B=3"));
        g_assert_false(has_environment(spec, "B=2"));
        g_assert_false(spec->process.terminal);
        g_assert_false(spec->process.console_width.set);
        g_assert_cmpstr(find_mount(spec, "/d")->source, ==, "/bundle/sub/dir");
        g_assert_cmpstr(find_mount(spec, "/proc")->source, ==, "proc");
        g_assert_cmpstr(spec_namespace(spec, CLONE_NEWNET)->path, ==, "/proc/1/ns/net");
        g_assert_cmpstr(spec->linux_.intel_rdt.clos_id, ==, "old");
        g_assert_null(spec->linux_.intel_rdt.l3_cache_schema);
        g_assert_cmpstr(spec->linux_.intel_rdt.schemata[0], ==, "L3:0=f");
        g_assert_cmpstr(spec_annotation(spec, "x"), ==, "y");
}

static void test_network(void) {
        static const struct {
                const char *setting;
                bool own;
        } cases[] = { { "host", false }, { "none", true } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text =
                                g_strdup_printf("[Container]\nBundle=/b\nNetwork=%s\n", cases[i].setting);
                _cleanup_(container_file_freep) ContainerFile *c = declare(text);
                _cleanup_json_document_ JsonDocument *document = parse(bundle);
                _cleanup_(spec_freep) Spec *spec = NULL;
                const SpecNamespace *net;

                g_assert_cmpint(config_json_apply(document, "base", c, &no_facts), ==, 0);
                spec = finish(document);
                net = spec_namespace(spec, CLONE_NEWNET);
                g_assert_cmpint(net != NULL, ==, cases[i].own);
                if (net)
                        g_assert_null(net->path);
                g_assert_nonnull(spec_namespace(spec, CLONE_NEWPID));
                g_assert_nonnull(spec_namespace(spec, CLONE_NEWNS));
        }
}

static void take_message(int level, int err, const char *message, void *userdata) {
        g_string_append_printf(userdata, "%s\n", message);
}

/* A base with the wrong types is refused with the place, before anything is changed on the machine. */
static void test_wrong_types(void) {
        static const struct {
                const char *base, *message;
        } cases[] = {
                { "{\"process\":5}", "base#/process: expected an object\n" },
                { "{\"process\":{\"env\":{}}}", "base#/process/env: expected an array\n" },
                { "{\"process\":{\"env\":[1]}}", "base#/process/env/0: expected a string\n" },
                { "{\"process\":{\"user\":\"me\"}}", "base#/process/user: expected an object\n" },
                { "{\"mounts\":\"all\"}", "base#/mounts: expected an array\n" },
                { "{\"root\":[]}", "base#/root: expected an object\n" },
                { "{\"linux\":{\"namespaces\":{}}}", "base#/linux/namespaces: expected an array\n" },
                { "{\"linux\":{\"intelRdt\":1}}", "base#/linux/intelRdt: expected an object\n" },
        };
        const ContainerFacts facts = { .has_user = true, .user = { .uid = 1, .gid = 1 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(container_file_freep) ContainerFile *c =
                                declare("[Container]\nBundle=/b\nUser=1\nEnvironment=A=b\nVolume=/a:/"
                                        "a\nNetwork=none\nExec=x\n"
                                        "[Resctrl]\nSchemata=L3:0=f\n");
                _cleanup_json_document_ JsonDocument *document = parse(cases[i].base);
                _cleanup_string_ GString *log = g_string_new(NULL);

                log_set_sink(take_message, log);
                g_assert_cmpint(config_json_apply(document, "base", c, &facts), ==, -EINVAL);
                log_set_sink(NULL, NULL);
                g_assert_cmpstr(log->str, ==, cases[i].message);
        }
}

/* What the configuration mounts there itself stays. */
static void test_directories(void) {
        UnitDirectory given[] = { { (char *) "/var/lib/a", UNIT_DIRECTORY_OWN },
                                  { (char *) "/etc/a", UNIT_DIRECTORY_PLAIN },
                                  { (char *) "/run/credentials/a", UNIT_DIRECTORY_SECRET },
                                  { (char *) "/taken", UNIT_DIRECTORY_OWN } };
        _cleanup_json_document_ JsonDocument *document =
                        parse("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"},\"process\":{\"cwd\":\"/"
                              "\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0}},\"mounts\":"
                              "[{\"destination\":\"/taken/\",\"type\":\"tmpfs\"}]}");
        GArray *directories = g_array_new(FALSE, FALSE, sizeof(UnitDirectory));
        _cleanup_(spec_freep) Spec *spec = NULL;
        const SpecMount *m;

        g_array_append_vals(directories, given, ELEMENTSOF(given));
        g_assert_cmpint(config_json_directories(document, "base", directories), ==, 0);
        g_array_unref(directories);
        spec = finish(document);
        g_assert_cmpuint(spec->n_mounts, ==, 4);
        m = find_mount(spec, "/var/lib/a");
        g_assert_true(m->bind && m->recursive && m->own);
        g_assert_cmpstr(m->source, ==, "/var/lib/a");
        m = find_mount(spec, "/etc/a");
        g_assert_true(m->bind && !m->own);
        m = find_mount(spec, "/run/credentials/a");
        g_assert_true(!m->bind && m->copy);
        g_assert_cmpstr(m->type, ==, "ramfs");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/to-json/rootfs-defaults", test_rootfs_defaults);
        g_test_add_func("/to-json/rootfs-settings", test_rootfs_settings);
        g_test_add_func("/to-json/home", test_home);
        g_test_add_func("/to-json/bundle", test_bundle);
        g_test_add_func("/to-json/network", test_network);
        g_test_add_func("/to-json/wrong-types", test_wrong_types);
        g_test_add_func("/to-json/directories", test_directories);
        return g_test_run();
}
