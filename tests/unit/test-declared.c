/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Declarations to config.json as a whole: each NAME.container of tests/data/declared gives exactly
 * NAME.json, over a base that has little in it, so that one sees what the keys do; with Rootfs= over the
 * usual template. With BERTH_TEST_UPDATE in the environment the files are written instead: look at the
 * difference before you believe it. */

#include <string.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "config/to-json.h"
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

/* What the host would say. */
static void make_facts(const ContainerFile *c, ContainerFacts *ret) {
        *ret = (ContainerFacts) { .has_user = c->user };
        if (c->user)
                ret->user = (ContainerUser) { .uid = 33, .gid = 34, .home = g_strdup("/var/www") };
        if (c->group_add) {
                ret->groups = g_new(uint32_t, 1);
                ret->groups[ret->n_groups++] = 44;
        }
        ret->network = g_strdup(c->network_target);
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

                g_ptr_array_add(ret->sources,
                                v->kind == CONTAINER_VOLUME_NAMED ? g_strconcat("/volumes/", v->source, NULL)
                                                                  : g_strdup(v->source));
                g_ptr_array_add(ret->overlays, v->overlay ? g_strdup_printf("/overlay-%u", i) : NULL);
        }
        if (c->devices) {
                const ContainerDevice *d = c->devices->pdata[0];
                ContainerNode *node = g_new0(ContainerNode, 1);

                *node = (ContainerNode) {
                        .path = g_strdup(d->destination),
                        .type = 'c',
                        .major = 10,
                        .minor = 229,
                        .mode = 0666,
                };
                (void) g_strlcpy(node->access, d->access, sizeof node->access);
                ret->nodes = g_ptr_array_new_with_free_func(node_free);
                g_ptr_array_add(ret->nodes, node);
        }
        if (c->seccomp_profile) {
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

static char *convert(const char *name, const char *text, size_t size) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_free_ char *path = g_strdup_printf("/etc/berth/%s.container", name), *base = NULL,
                            *json = NULL;
        _cleanup_(container_file_freep) ContainerFile *c = NULL;
        _cleanup_json_document_ JsonDocument *document = NULL;
        _cleanup_(container_facts_done) ContainerFacts facts = { 0 };
        _cleanup_(spec_freep) Spec *spec = NULL;
        GPtrArray *files = g_ptr_array_new();

        g_ptr_array_add(files, unit_file_parse(path, g_strndup(text, size), size, messages));
        c = container_file_new(name, files, messages);
        for (unsigned i = 0; i < messages->len; i++)
                g_error("%s", config_message_format(messages->pdata[i]));
        make_facts(c, &facts);
        base = c->rootfs ? spec_template(false, 0, 0) : g_strdup(BASE);
        g_assert_cmpint(json_document_parse("base", base, strlen(base), &document), ==, 0);
        g_assert_cmpint(config_json_absolute(document, "base", "/bundle"), ==, 0);
        if (c->rootfs)
                g_assert_cmpint(config_json_rootfs(document, c), ==, 0);
        g_assert_cmpint(config_json_apply(document, "base", c, &facts), ==, 0);
        json = json_value_to_text(json_document_root(document), 2);
        g_assert_cmpint(spec_parse(name, json, strlen(json), "/bundle", &spec), ==, 0);
        return g_strconcat(json, "\n", NULL);
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
        got = convert(name, text, size);
        json = g_strdup_printf("%.*s.json", (int) (strlen(path) - strlen(".container")), path);
        compare(json, got);
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
