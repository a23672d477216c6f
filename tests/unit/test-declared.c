/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Declarations to config.json as a whole: each NAME.container of tests/data/declared gives exactly
 * NAME.json, over a base that has little in it, so that one sees what the keys do; with Rootfs= over the
 * usual template. With BERTH_TEST_UPDATE in the environment the files are written instead: look at the
 * difference before you believe it. With arguments, DIRECTORY:... and NAME, it only prints the configuration
 * of NAME.container with its drop-ins, or what NAME.volume says, for golden.py. */

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "config/search.h"
#include "config/to-json.h"
#include "config/volume-file.h"
#include "spec/spec.h"

#define BASE                                                                                         \
        "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{\"uid\":0," \
        "\"gid\":0},"                                                                                \
        "\"args\":[\"from-bundle\"],\"env\":[\"PATH=/bin\",\"COLOUR=bundle\"],\"cwd\":\"/\","        \
        "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":5,\"soft\":5},"                           \
        "{\"type\":\"RLIMIT_CORE\",\"hard\":0,\"soft\":0}],"                                         \
        "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"effective\":[\"CAP_CHOWN\"]," \
        "\"permitted\":[\"CAP_CHOWN\"]}},"                                                           \
        "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},"     \
        "{\"type\":\"ipc\"},{\"type\":\"network\"}]}}"

/* As engines have them: each rule says by its name whether it has to be in the result. */
static const char profile[] =
                "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"defaultErrno\":\"ENOSYS\","
                "\"archMap\":[{\"architecture\":\"SCMP_ARCH_MIPS\",\"subArchitectures\":[]}],"
                "\"syscalls\":["
                "{\"names\":[\"in\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[],\"comment\":\"\","
                "\"includes\":{},"
                "\"excludes\":{}},"
                "{\"name\":\"in-single\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":null},"
                "{\"names\":[\"in-caps\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_"
                "TIME\"]}},"
                "{\"names\":[\"out-caps\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_"
                "TIME\","
                "\"CAP_SYS_ADMIN\"]}},"
                "{\"names\":[\"out-excluded-caps\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1,\"errno\":"
                "\"EPERM\","
                "\"excludes\":{\"caps\":[\"CAP_SYS_TIME\"]}},"
                "{\"names\":[\"in-excluded-caps\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1,\"errno\":"
                "\"EPERM\","
                "\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}},"
                "{\"names\":[\"out-arch\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"mips\"]"
                "}},"
                "{\"names\":[\"in-arch\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"arches\":[\"mips\"]}"
                "},"
                "{\"names\":[\"in-kernel\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"5."
                "14\"}},"
                "{\"names\":[\"out-kernel\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"5."
                "15\"}},"
                "{\"names\":[\"in-args\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":8,"
                "\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}";

static void node_free(void *node) {
        g_free(((ContainerNode *) node)->path);
        g_free(node);
}

static uint32_t look_up(const char *name, uint32_t id_of_names) {
        uint32_t id;

        return parse_uint32(name, &id) >= 0 ? id : id_of_names;
}

static void make_groups(char **names, ContainerFacts *ret) {
        ret->groups = g_new(uint32_t, g_strv_length(names));
        for (; *names; names++)
                if (!streq(*names, "keep-groups"))
                        ret->groups[ret->n_groups++] = look_up(*names, 44);
}

/* What the host would say. */
static void make_facts(const ContainerFile *c, ContainerFacts *ret) {
        *ret = (ContainerFacts) { .has_user = c->user };
        if (c->user)
                ret->user = (ContainerUser) {
                        .uid = look_up(c->user, 33),
                        .gid = c->group ? look_up(c->group, 35) : 34,
                        .home = g_strdup("/var/www"),
                };
        if (c->group_add)
                make_groups(c->group_add, ret);
        ret->network = c->network == CONTAINER_NETWORK_CONTAINER
                        ? g_strdup_printf("/network/of/%s", c->network_target)
                        : g_strdup(c->network_target);
        for (unsigned i = 0; c->patches && i < c->patches->len; i++) {
                ContainerFileText *patch = g_new0(ContainerFileText, 1);

                patch->name = g_strdup("patch");
                patch->text = g_strdup(((const ContainerWord *) c->patches->pdata[i])->text);
                if (!ret->patches)
                        ret->patches = g_ptr_array_new_with_free_func(container_file_text_free);
                g_ptr_array_add(ret->patches, patch);
        }
        if (c->volumes->len > 0) {
                ret->sources = g_ptr_array_new_with_free_func(g_free);
                ret->overlays = g_ptr_array_new_with_free_func(g_free);
        }
        for (unsigned i = 0; i < c->volumes->len; i++) {
                const ContainerVolume *v = c->volumes->pdata[i];

                if (v->kind == CONTAINER_VOLUME_NAMED)
                        g_ptr_array_add(ret->sources, g_strconcat("/volumes/", v->source, NULL));
                else if (v->kind == CONTAINER_VOLUME_ANONYMOUS)
                        g_ptr_array_add(ret->sources, g_strdup_printf("/changes/volume-%u", i));
                else
                        g_ptr_array_add(ret->sources, g_strdup(v->source));
                g_ptr_array_add(ret->overlays, v->overlay ? g_strdup_printf("/overlay-%u", i) : NULL);
        }
        if (c->devices)
                ret->nodes = g_ptr_array_new_with_free_func(node_free);
        for (unsigned i = 0; c->devices && i < c->devices->len; i++) {
                const ContainerDevice *d = c->devices->pdata[i];
                ContainerNode *node = g_new0(ContainerNode, 1);

                *node = (ContainerNode) {
                        .path = g_strdup(d->destination),
                        .type = 'c',
                        .major = 10,
                        .minor = 229,
                        .mode = 0666,
                };
                (void) g_strlcpy(node->access, d->access, sizeof node->access);
                g_ptr_array_add(ret->nodes, node);
        }
        if (c->seccomp_profile && !streq(c->seccomp_profile, "unconfined")) {
                ret->seccomp = g_strdup(profile);
                ret->kernel = g_strdup("5.14.0-1-test");
        }
        if (c->run_init > 0)
                ret->init = g_strdup("/usr/libexec/berth/berth-init");
        if (c->add_host)
                container_facts_add_bind(ret, "/run/berth-unit/x/hosts", "/etc/hosts", false);
        if (c->timezone)
                container_facts_add_bind(ret, "/zone", "/etc/localtime", true);
        if (c->environment_files) {
                ret->environment = g_new0(char *, 3);
                ret->environment[0] = g_strdup("COLOUR=file");
                ret->environment[1] = g_strdup("FILE=1");
        }
}

static char *convert(ContainerFile *c) {
        _cleanup_free_ char *base = c->bundle ? g_strdup(BASE) : spec_template(false, 0, 0), *json = NULL;
        _cleanup_json_document_ JsonDocument *document = NULL;
        _cleanup_(container_facts_done) ContainerFacts facts = { 0 };
        _cleanup_(spec_freep) Spec *spec = NULL;

        if (c->image || c->root_image)
                c->rootfs = g_strdup(c->image ? "/unpacked" : "/mounted");
        make_facts(c, &facts);
        g_assert_cmpint(json_document_parse("base", base, strlen(base), &document), ==, 0);
        g_assert_cmpint(config_json_absolute(document, "base", "/bundle"), ==, 0);
        if (!c->bundle)
                g_assert_cmpint(config_json_rootfs(document, c), ==, 0);
        g_assert_cmpint(config_json_apply(document, "base", c, &facts), ==, 0);
        json = json_value_to_text(json_document_root(document), 2);
        g_assert_cmpint(spec_parse(c->name, json, strlen(json), "/bundle", &spec), ==, 0);
        return g_strconcat(json, "\n", NULL);
}

static char *convert_text(const char *name, const char *text, size_t size) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_free_ char *path = g_strdup_printf("/etc/berth/%s.container", name);
        _cleanup_(container_file_freep) ContainerFile *c = NULL;
        GPtrArray *files = g_ptr_array_new();

        g_ptr_array_add(files, unit_file_parse(path, g_strndup(text, size), size, messages));
        c = container_file_new(name, files, messages);
        for (unsigned i = 0; i < messages->len; i++)
                g_error("%s", config_message_format(messages->pdata[i]));
        return convert(c);
}

static void compare(const char *path, const char *got) {
        _cleanup_free_ char *expected = NULL;
        _cleanup_strv_ char **wanted = NULL, **lines = NULL;

        if (g_getenv("BERTH_TEST_UPDATE"))
                g_assert_true(g_file_set_contents(path, got, -1, NULL));
        g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
        wanted = g_strsplit(expected, "\n", -1);
        lines = g_strsplit(got, "\n", -1);
        for (unsigned i = 0; wanted[i] && lines[i]; i++)
                g_assert_cmpstr(lines[i], ==, wanted[i]);
        g_assert_cmpstr(got, ==, expected);
}

static void test_file(const void *userdata) {
        const char *path = userdata;
        _cleanup_free_ char *base = g_path_get_basename(path), *text = NULL, *got = NULL, *json = NULL;
        _cleanup_free_ char *name = g_strndup(base, strlen(base) - strlen(".container"));
        size_t size = 0;

        g_assert_true(g_file_get_contents(path, &text, &size, NULL));
        got = convert_text(name, text, size);
        json = g_strdup_printf("%.*s.json", (int) (strlen(path) - strlen(".container")), path);
        compare(json, got);
}

static int print_messages(const GPtrArray *messages) {
        for (unsigned i = 0; i < messages->len; i++) {
                _cleanup_free_ char *line = config_message_format(messages->pdata[i]);

                printf("%s\n", line);
        }
        return config_messages_have_errors(messages) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_volume(const char *const *directories, const char *name) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(volume_file_freep) VolumeFile *v = NULL;

        g_assert_cmpint(volume_file_load(directories, name, messages, &v), ==, 0);
        if (print_messages(messages) == EXIT_FAILURE)
                return EXIT_FAILURE;
        printf("name=%s user=%s group=%s copy=%d\n", v->volume_name ?: name, v->user ?: "", v->group ?: "",
               v->copy);
        return EXIT_SUCCESS;
}

#define FIELD(name) offsetof(ContainerFile, name)

/* What is in no configuration, because the unit or who prepares the start does it. */
static const struct {
        const char *key;
        enum {
                TOLD_INT,
                TOLD_TIME,
                TOLD_STRING,
                TOLD_WORDS
        } kind;
        size_t offset;
        int unset;
} told[] = {
        { "Ephemeral", TOLD_INT, FIELD(ephemeral), -1 },
        { "Volatile", TOLD_INT, FIELD(volatile_mode) },
        { "Rootfs overlay", TOLD_INT, FIELD(rootfs_overlay) },
        { "EnvironmentHost", TOLD_INT, FIELD(environment_host), -1 },
        { "HttpProxy", TOLD_INT, FIELD(http_proxy), -1 },
        { "Terminal", TOLD_INT, FIELD(terminal), -1 },
        { "AddHost", TOLD_WORDS, FIELD(add_host) },
        { "DNS", TOLD_WORDS, FIELD(dns) },
        { "DNSOption", TOLD_WORDS, FIELD(dns_option) },
        { "DNSSearch", TOLD_WORDS, FIELD(dns_search) },
        { "Timezone", TOLD_STRING, FIELD(timezone) },
        { "Notify", TOLD_INT, FIELD(notify) },
        { "NotifyAllow", TOLD_WORDS, FIELD(notify_allow) },
        { "ReloadCmd", TOLD_WORDS, FIELD(reload_cmd) },
        { "ReloadSignal", TOLD_INT, FIELD(reload_signal) },
        { "StopSignal", TOLD_INT, FIELD(stop_signal) },
        { "HealthCmd", TOLD_WORDS, FIELD(health.command) },
        { "HealthInterval", TOLD_TIME, FIELD(health.interval_usec) },
        { "HealthOnFailure", TOLD_INT, FIELD(health.on_failure) },
        { "HealthRetries", TOLD_INT, FIELD(health.retries) },
        { "HealthStartPeriod", TOLD_TIME, FIELD(health.start_period_usec) },
        { "HealthTimeout", TOLD_TIME, FIELD(health.timeout_usec) },
};

static void print_told(const ContainerFile *c) {
        for (size_t i = 0; i < ELEMENTSOF(told); i++) {
                const void *field = (const char *) c + told[i].offset;

                if (told[i].kind == TOLD_INT) {
                        int value = 0;

                        memcpy(&value, field,
                               told[i].offset == FIELD(rootfs_overlay) ? sizeof(bool) : sizeof value);
                        if (value != told[i].unset)
                                printf("%s=%d\n", told[i].key, value);
                } else if (told[i].kind == TOLD_TIME && *(const uint64_t *) field > 0)
                        printf("%s=%" PRIu64 "us\n", told[i].key, *(const uint64_t *) field);
                else if (told[i].kind == TOLD_STRING && *(char *const *) field)
                        printf("%s=%s\n", told[i].key, *(char *const *) field);
                else if (told[i].kind == TOLD_WORDS && *(char **const *) field) {
                        _cleanup_free_ char *words = g_strjoinv("|", *(char **const *) field);

                        printf("%s=%s\n", told[i].key, words);
                }
        }
}

static int print_container(const char *const *directories, const char *name) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(container_file_freep) ContainerFile *c = NULL;
        _cleanup_(config_found_freep) ConfigFound *found = NULL;
        _cleanup_free_ char *json = NULL;

        g_assert_cmpint(config_find(directories, name, &found), ==, 0);
        if (container_file_load(found, messages, &c) < 0)
                return EXIT_FAILURE; /* masked */
        if (config_messages_have_errors(messages))
                return EXIT_FAILURE;
        json = convert(c);
        printf("%s", json);
        print_told(c);
        return EXIT_SUCCESS;
}

static int print(const char *search_path, const char *file) {
        _cleanup_strv_ char **directories = g_strsplit(search_path, ":", -1);
        _cleanup_free_ char *name = g_strndup(file, strrchr(file, '.') - file);

        if (g_str_has_suffix(file, ".volume"))
                return print_volume((const char *const *) directories, name);
        return print_container((const char *const *) directories, name);
}

static int by_text(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

int main(int argc, char **argv) {
        _cleanup_ptr_array_ GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
        _cleanup_free_ char *directory =
                        g_strdup_printf("%s/declared", g_getenv("BERTH_TEST_DATA") ?: "data");
        GDir *dir = g_dir_open(directory, 0, NULL);
        const char *name;

        if (argc == 3)
                return print(argv[1], argv[2]);
        g_test_init(&argc, &argv, NULL);
        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir)))
                if (g_str_has_suffix(name, ".container"))
                        g_ptr_array_add(paths, g_strdup_printf("%s/%s", directory, name));
        g_dir_close(dir);
        g_ptr_array_sort(paths, by_text);
        for (unsigned i = 0; i < paths->len; i++) {
                _cleanup_free_ char *base = g_path_get_basename(paths->pdata[i]);
                _cleanup_free_ char *test = g_strdup_printf("/declared/%s", base);

                g_test_add_data_func(test, paths->pdata[i], test_file);
        }
        return g_test_run();
}
