/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Image layouts: the way from the index to the layers, what is refused, unpacked layers. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "image/layer-store.h"
#include "image/layout.h"

/* ---- a layout ---- */

typedef struct Layout {
        char *path;
        GString *log;
} Layout;

static void collect(int level, int err, const char *message, void *userdata) {
        g_string_append_printf(userdata, "%s\n", message);
}

static void setup(Layout *l, const void *data) {
        g_autofree char *blobs = NULL;

        l->path = g_dir_make_tmp("berth-image-XXXXXX", NULL);
        l->log = g_string_new(NULL);
        blobs = g_build_filename(l->path, "blobs/sha256", NULL);
        g_assert_cmpint(g_mkdir_with_parents(blobs, 0755), ==, 0);
        log_set_sink(collect, l->log);
}

static void teardown(Layout *l, const void *data) {
        log_set_sink(NULL, NULL);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, l->path), ==, 0);
        g_free(l->path);
        g_string_free(l->log, TRUE);
}

/* Writes a blob and returns a descriptor of it. */
static char *add_blob(const Layout *l, const char *type, const char *data, size_t size) {
        g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *) data, size),
                        *path = g_build_filename(l->path, "blobs/sha256", sum, NULL);

        g_assert_true(g_file_set_contents(path, data, (gssize) size, NULL));
        return g_strdup_printf(
                        "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%zu", type, sum, size);
}

static char *add_text(const Layout *l, const char *type, const char *text) {
        return add_blob(l, type, text, strlen(text));
}

/* An archive of what a shell command makes in an empty directory. */
static char *add_layer(const Layout *l, const char *command) {
        g_autofree char *directory = g_dir_make_tmp("berth-layer-XXXXXX", NULL),
                        *quoted = g_shell_quote(directory), *script = NULL, *data = NULL;
        const char *argv[] = { "/bin/sh", "-ec", NULL, NULL };
        g_autofree char *archive = g_strconcat(directory, ".tar", NULL);
        gsize size;
        int status;

        script = g_strdup_printf("cd %s; %s; tar -czf %s.tar .", quoted, command, quoted);
        argv[2] = script;
        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
        g_assert_true(g_file_get_contents(archive, &data, &size, NULL));
        g_assert_cmpint(unlink(archive), ==, 0);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, directory), ==, 0);
        return add_blob(l, "application/vnd.oci.image.layer.v1.tar+gzip", data, size);
}

static char *architecture(void) {
        struct utsname u;

        (void) uname(&u);
        return g_strdup(streq(u.machine, "x86_64")                    ? "amd64"
                                        : streq(u.machine, "aarch64") ? "arm64"
                                                                      : u.machine);
}

static char *add_manifest(const Layout *l, const char *config, const char *layers) {
        g_autofree char *blob = add_text(l, "application/vnd.oci.image.config.v1+json", config),
                        *manifest = g_strdup_printf(
                                        "{\"schemaVersion\":2,\"config\":%s},\"layers\":[%s]}", blob,
                                        layers);

        return add_text(l, "application/vnd.oci.image.manifest.v1+json", manifest);
}

static void write_index(const Layout *l, const char *manifests) {
        g_autofree char *text = g_strdup_printf("{\"schemaVersion\":2,\"manifests\":[%s]}", manifests),
                        *path = g_build_filename(l->path, "index.json", NULL);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

#define NAMED ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}}"

static void assert_said(Layout *l, const char *text) {
        if (!strstr(l->log->str, text))
                g_test_message("said: %s", l->log->str);
        g_assert_nonnull(strstr(l->log->str, text));
        g_string_truncate(l->log, 0);
}

/* ---- reading ---- */

static void test_config_and_layers(Layout *l, const void *data) {
        g_autofree char *arch = architecture(), *layer1 = add_layer(l, "echo 1 > a"),
                        *layer2 = add_layer(l, "echo 2 > b"),
                        *layers = g_strdup_printf("%s},%s}", layer1, layer2);
        g_autofree char *config = g_strdup_printf(
                                        "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Env\":[\"A="
                                        "1\"],"
                                        "\"Entrypoint\":[\"/"
                                        "e\"],\"Cmd\":null,\"User\":\"www:33\",\"WorkingDir\":\"/w\","
                                        "\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/data\":{}},"
                                        "\"Labels\":{\"k\":\"v\"},\"StopSignal\":\"SIGINT\"}}",
                                        arch),
                        *manifest = add_manifest(l, config, layers),
                        *index = g_strdup_printf("%s}", manifest);
        _cleanup_(image_freep) Image *image = NULL;

        write_index(l, index);
        g_assert_cmpint(image_open(l->path, NULL, &image), ==, 0);
        g_assert_cmpuint(image->n_layers, ==, 2);
        g_assert_nonnull(strstr(layer1, image->layers[0].digest));
        g_assert_cmpint(image->layers[0].compression, ==, IMAGE_COMPRESSION_GZIP);
        g_assert_cmpstr(image->config->user, ==, "www:33");
        g_assert_cmpstr(image->config->working_dir, ==, "/w");
        g_assert_cmpstr(image->config->stop_signal, ==, "SIGINT");
        g_assert_cmpstr(image->config->entrypoint[0], ==, "/e");
        g_assert_null(image->config->cmd);
        g_assert_cmpstr(image->config->exposed_ports[0], ==, "80/tcp");
        g_assert_cmpstr(image->config->volumes[0], ==, "/data");
        g_assert_cmpstr(image->config->labels.items[0].value, ==, "v");
        g_assert_cmpint(image_open(l->path, "other", &image), ==, -ENOENT);
        assert_said(l, "there is no image 'other'");
}

static void test_names_in_a_layout(Layout *l, const void *data) {
        g_autofree char *layer = add_layer(l, "echo 1 > a"), *layers = g_strdup_printf("%s}", layer),
                        *one = add_manifest(l, "{\"author\":\"one\"}", layers),
                        *two = add_manifest(l, "{\"author\":\"two\"}", layers),
                        *index = g_strdup_printf("%s" NAMED ",%s" NAMED, one, "v1", two, "latest");
        _cleanup_(image_freep) Image *first = NULL, *second = NULL;

        write_index(l, index);
        g_assert_cmpint(image_open(l->path, "v1", &first), ==, 0);
        g_assert_cmpstr(first->config->author, ==, "one");
        g_assert_cmpint(image_open(l->path, NULL, &second), ==, 0);
        g_assert_cmpstr(second->config->author, ==, "two");
}

static void test_architectures(Layout *l, const void *data) {
        g_autofree char *arch = architecture(), *layer = add_layer(l, "echo 1 > a"),
                        *layers = g_strdup_printf("%s}", layer),
                        *other = add_manifest(l, "{\"author\":\"other\"}", layers),
                        *ours = add_manifest(l, "{\"author\":\"ours\"}", layers),
                        *text = g_strdup_printf(
                                        "{\"schemaVersion\":2,\"manifests\":["
                                        "%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"mips\"}},"
                                        "%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}]}",
                                        other, ours, arch),
                        *nested = add_text(l, "application/vnd.oci.image.index.v1+json", text),
                        *index = g_strdup_printf("%s}", nested);
        _cleanup_(image_freep) Image *image = NULL;

        write_index(l, index);
        g_assert_cmpint(image_open(l->path, NULL, &image), ==, 0);
        g_assert_cmpstr(image->config->author, ==, "ours");
}

static void test_wrong_architecture(Layout *l, const void *data) {
        g_autofree char *layer = add_layer(l, "echo 1 > a"), *layers = g_strdup_printf("%s}", layer),
                        *manifest = add_manifest(l, "{\"architecture\":\"mips\",\"os\":\"linux\"}", layers),
                        *index = g_strdup_printf("%s}", manifest);
        _cleanup_(image_freep) Image *image = NULL;

        write_index(l, index);
        g_assert_cmpint(image_open(l->path, NULL, &image), ==, -ENOENT);
        assert_said(l, "the image is for linux/mips");
}

/* manifest text, with %s for the descriptor of a good configuration -> what is said */
static const struct {
        const char *manifest;
        int error;
        const char *said;
} bad[] = {
        { "{\"schemaVersion\":1}", -EINVAL, "#/schemaVersion: expected 2" },
        { "{\"schemaVersion\":2,\"layers\":[]}", -EINVAL, "#/config: expected an object, is missing" },
        { "{\"schemaVersion\":2,\"config\":%s},\"layers\":[]}", -EINVAL, "an image without layers" },
        { "{\"schemaVersion\":2,\"config\":%s},\"layers\":[{\"digest\":\"sha256:../../x\",\"size\":1}]}",
          -EINVAL, "#/layers/0/digest: 'sha256:../../x' is not a digest" },
        { "{\"schemaVersion\":2,\"config\":%s},\"layers\":[{\"mediaType\":\"text/"
          "plain\",\"size\":1,\"digest\":"
          "\"sha256:0123456789012345678901234567890123456789012345678901234567890123\"}]}",
          -EOPNOTSUPP, "#/layers/0/mediaType: 'text/plain' cannot be unpacked here" },
        { "not json", -EINVAL, "blobs/sha256/" },
};

static void test_bad_manifests(Layout *l, const void *data) {
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                g_autofree char *config = add_text(l, "x", "{}"), *text = NULL, *manifest = NULL,
                                *index = NULL;
                g_auto(GStrv) parts = g_strsplit(bad[i].manifest, "%s", 2);
                _cleanup_(image_freep) Image *image = NULL;

                text = g_strjoinv(config, parts);
                manifest = add_text(l, "x", text);
                index = g_strdup_printf("%s}", manifest);
                write_index(l, index);
                g_assert_cmpint(image_open(l->path, NULL, &image), ==, bad[i].error);
                assert_said(l, bad[i].said);
        }
}

static void test_changed_blob(Layout *l, const void *data) {
        g_autofree char *layer = add_layer(l, "echo 1 > a"), *layers = g_strdup_printf("%s}", layer),
                        *manifest = add_manifest(l, "{}", layers), *index = g_strdup_printf("%s}", manifest),
                        *digest = g_strndup(strstr(manifest, "sha256:") + 7, 64),
                        *path = g_build_filename(l->path, "blobs/sha256", digest, NULL);
        _cleanup_(image_freep) Image *image = NULL;

        write_index(l, index);
        g_assert_true(g_file_set_contents(path, "{\"schemaVersion\":2}", -1, NULL));
        g_assert_cmpint(image_open(l->path, NULL, &image), ==, -EBADMSG);
        assert_said(l, "its content is not what its name says");
}

/* ---- layers ---- */

static Image *open_layers(const Layout *l, const char *layers) {
        g_autofree char *manifest = add_manifest(l, "{}", layers), *index = g_strdup_printf("%s}", manifest);
        Image *image;

        write_index(l, index);
        g_assert_cmpint(image_open(l->path, NULL, &image), ==, 0);
        return image;
}

static void test_unpack(Layout *l, const void *data) {
        g_autofree char *layer1 = add_layer(l, "mkdir d e; echo 1 > d/a; echo 1 > e/x; ln -s /etc link"),
                        *layer2 =
                                        add_layer(l,
                                                  "mkdir d e; touch d/.wh.a; touch e/.wh..wh..opq; mkdir n; "
                                                  "touch .wh.n"),
                        *layers = g_strdup_printf("%s},%s}", layer1, layer2),
                        *store = g_build_filename(l->path, "store", NULL);
        _cleanup_(image_freep) Image *image = open_layers(l, layers);
        const char *opaque = geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
        _cleanup_strv_ char **paths = NULL, **again = NULL;
        g_autofree char *file = NULL, *mark = NULL, *whiteout = NULL, *directory = NULL;
        struct stat st, st2;
        char value;

        if (layer_store_add(store, image, &paths) < 0 && strstr(l->log->str, "not supported")) {
                g_test_skip("the file system of temporary files has no extended attributes");
                return;
        }
        g_assert_cmpuint(g_strv_length(paths), ==, 2);
        file = g_build_filename(paths[0], "d/a", NULL);
        g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));
        whiteout = g_build_filename(paths[1], "d/a", NULL);
        g_assert_cmpint(lstat(whiteout, &st), ==, 0);
        g_assert_true(S_ISCHR(st.st_mode));
        g_assert_cmpuint(st.st_rdev, ==, 0);
        mark = g_build_filename(paths[1], "d/.wh.a", NULL);
        g_assert_cmpint(lstat(mark, &st), <, 0);
        directory = g_build_filename(paths[1], "e", NULL);
        g_assert_cmpint(getxattr(directory, opaque, &value, 1), ==, 1);
        g_free(directory);
        directory = g_build_filename(paths[1], "n", NULL);
        g_assert_cmpint(getxattr(directory, opaque, &value, 1), ==, 1);

        g_assert_cmpint(stat(paths[0], &st), ==, 0);
        g_assert_cmpint(layer_store_add(store, image, &again), ==, 0); /* once is enough */
        g_assert_cmpint(stat(again[0], &st2), ==, 0);
        g_assert_cmpuint(st.st_ino, ==, st2.st_ino);
}

static unsigned count_entries(const char *path) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(dir))
                n++;
        return n;
}

static void test_layers_that_are_not_what_they_say(Layout *l, const void *data) {
        static const char *const contents[] = { "something else", "" };

        for (size_t i = 0; i < ELEMENTSOF(contents); i++) {
                g_autofree char *layer = add_layer(l, "echo 1 > a"), *layers = g_strdup_printf("%s}", layer),
                                *store = g_build_filename(l->path, "store", NULL),
                                *kept = g_build_filename(store, "sha256", NULL), *blob = NULL, *path = NULL;
                _cleanup_(image_freep) Image *image = open_layers(l, layers);
                _cleanup_strv_ char **paths = NULL;

                path = g_build_filename(l->path, "blobs/sha256", image->layers[0].digest + 7, NULL);
                g_assert_true(g_file_set_contents(path, contents[i], -1, NULL));
                g_assert_cmpint(layer_store_add(store, image, &paths), ==, -EBADMSG);
                g_assert_null(paths);
                g_assert_cmpuint(count_entries(kept), ==, 0);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add("/image/" name, Layout, NULL, setup, function, teardown)
        TEST("config-and-layers", test_config_and_layers);
        TEST("names-in-a-layout", test_names_in_a_layout);
        TEST("architectures", test_architectures);
        TEST("wrong-architecture", test_wrong_architecture);
        TEST("bad-manifests", test_bad_manifests);
        TEST("changed-blob", test_changed_blob);
        TEST("unpack", test_unpack);
        TEST("layers-that-are-not-what-they-say", test_layers_that_are_not_what_they_say);
        return g_test_run();
}
